package validation_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// TestTimestamps judges tokens by the process of §5.4. The signature they are on passes whatever they are worth.
func TestTimestamps(t *testing.T) {
	rows := []struct {
		name    string
		options []pkitest.Option
		edit    func(s *scene, token *facts.Token)
		verdict string
		crypto  validation.Crypto
		check   string
		message string
	}{
		{name: "sound"},
		{
			name: "not a TSTInfo", edit: func(s *scene, token *facts.Token) { token.ContentType = oidData },
			verdict: "FAILED (FORMAT_FAILURE)", crypto: validation.CryptoInvalid, check: "timestamp.content-type",
		},
		{
			name: "another imprint", edit: func(s *scene, token *facts.Token) {
				token.References[1].Computed, token.References[1].Intact = []byte{3}, false
			},
			verdict: "FAILED (HASH_FAILURE)", crypto: validation.CryptoInvalid, check: "reference.intact", message: "imprint",
		},
		{
			name: "imprint that was not computed", edit: func(s *scene, token *facts.Token) {
				token.References[1].Computed, token.References[1].Intact, token.References[1].Found = nil, false, false
			},
			verdict: "INDETERMINATE (SIGNED_DATA_NOT_FOUND)", crypto: validation.CryptoUnknown, check: "reference.found",
		},
		{
			name: "value wrong", edit: func(s *scene, token *facts.Token) { token.Keys[0].Result = facts.Wrong },
			verdict: "FAILED (SIG_CRYPTO_FAILURE)", crypto: validation.CryptoInvalid, check: "value.intact",
		},
		{
			name: "imprint by SHA-1", edit: func(s *scene, token *facts.Token) { token.References[1].Digest = "SHA-1" },
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", crypto: validation.CryptoValid, check: "algorithm.digest", message: "SHA-1",
		},
		{
			name: "no signing-certificate attribute", edit: func(s *scene, token *facts.Token) { token.SigningCertificate = nil },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "attribute.signing-certificate",
		},
		{
			name: "made before its authority's certificate", edit: func(s *scene, token *facts.Token) { token.Time = now.AddDate(-9, 0, 0) },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "attribute.signing-time-in-validity", message: "outside the validity",
		},
		{
			name: "authority expired", options: []pkitest.Option{pkitest.Expired()}, edit: func(s *scene, token *facts.Token) { token.Time = now.AddDate(0, 0, -2) },
			verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", crypto: validation.CryptoValid, check: "signer.validity",
		},
		{
			name: "not for timestamps", options: []pkitest.Option{pkitest.ExtKeyUsage(pkitest.EKUClientAuth)},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "timestamp.extended-key-usage",
		},
		{
			name: "not for timestamps alone", options: []pkitest.Option{pkitest.ExtKeyUsage(pkitest.EKUTimeStamping, pkitest.EKUClientAuth)},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "timestamp.extended-key-usage",
		},
		{
			name: "for timestamps, not critically", options: []pkitest.Option{pkitest.Critical(pkitest.OIDExtKeyUsage, false)},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "timestamp.extended-key-usage",
		},
		{
			name: "no extended key usage", options: []pkitest.Option{pkitest.Without(pkitest.OIDExtKeyUsage)},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "timestamp.extended-key-usage",
		},
		{
			name: "authority that is a certification authority", options: []pkitest.Option{pkitest.AsCA(true)},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "timestamp.authority-not-ca",
		},
		{
			name: "key that may not sign", options: []pkitest.Option{pkitest.KeyUsage(x509.KeyUsageKeyAgreement)},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", crypto: validation.CryptoValid, check: "signer.key-signs",
		},
		{
			name: "anchors of timestamps are others", edit: func(s *scene, token *facts.Token) {
				s.in.TimestampAnchors = s.anchors(trust.Anchor{Certificate: s.pki.Root("Autre racine").DER})
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", crypto: validation.CryptoValid, check: "chain.anchored",
		},
		{
			name: "revocation is required", edit: func(s *scene, token *facts.Token) { s.in.UnsafeNoRevocation = false },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", crypto: validation.CryptoValid, check: "revocation.available",
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := newScene(t)
			token := s.addToken("T-1", facts.SignatureTimestamp, now.Add(-time.Minute), s.tsa(r.options...))
			if r.edit != nil {
				r.edit(s, token)
			}
			conclusion := s.conclude()
			c := conclusion.Timestamp("T-1")
			if r.verdict == "" {
				require.Equal(t, "PASSED", c.Verdict.String(), "%+v", c.Findings())
				require.Equal(t, now.Add(-time.Minute), conclusion.Signatures[0].BestSignatureTime)
				return
			}
			require.Equal(t, r.verdict, c.Verdict.String(), "%+v", c.Findings())
			require.Equal(t, r.crypto, c.Crypto)
			f, ok := finding(c.Findings(), r.check)
			require.True(t, ok, "no finding %s in %+v", r.check, c.Findings())
			require.Contains(t, f.Message, r.message)
			require.Equal(t, now, conclusion.Signatures[0].BestSignatureTime, "a timestamp that does not hold moved the time of the signature")
			if s.in.UnsafeNoRevocation {
				require.True(t, conclusion.Signatures[0].Passed())
				_, ok = finding(conclusion.Signatures[0].Findings(), "timestamp.used")
				require.True(t, ok)
			}
		})
	}
}

// TestTime judges signatures by what is proved of their time, §5.5.
func TestTime(t *testing.T) {
	yesterday, lastWeek := now.AddDate(0, 0, -1), now.AddDate(0, 0, -7)
	expired := []pkitest.Option{pkitest.Expired()} // since yesterday
	claim := func(s *scene) { *s.signature().ClaimedTime = lastWeek }
	weak := func(s *scene) {
		s.signature().SignatureAlgorithm = facts.Algorithm{OID: "1.2.840.10045.4.1", Digest: "SHA-1"}
		s.signature().DigestAlgorithm = facts.Algorithm{OID: "1.3.14.3.2.26", Name: "SHA-1"}
		s.signature().References[0].Digest = "SHA-1"
	}
	long := []pkitest.Option{pkitest.Validity(now.AddDate(-20, 0, 0), now.AddDate(2, 0, 0))}
	rows := []struct {
		row
		best time.Time
	}{
		{
			row: row{name: "timestamp while valid, expired since", options: expired, edit: func(s *scene) {
				claim(s)
				s.addToken("T-1", facts.SignatureTimestamp, lastWeek, s.tsa())
			}, check: "signer.validity", message: "not valid after"},
			best: lastWeek,
		},
		{
			row: row{name: "the same, revocation required", options: expired, edit: func(s *scene) {
				claim(s)
				s.addToken("T-1", facts.SignatureTimestamp, lastWeek, s.tsa())
				s.in.UnsafeNoRevocation = false
			}, verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available"},
			best: now,
		},
		{
			row: row{name: "short-lived, revocation required", options: append([]pkitest.Option{pkitest.Extension("0.4.0.194121.2.1", false, []byte{5, 0})}, expired...), edit: func(s *scene) {
				claim(s)
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.ca.DER})
				s.in.UnsafeNoRevocation = false
			}, verdict: "INDETERMINATE (OUT_OF_BOUNDS_NOT_REVOKED)", check: "time.not-after"},
			best: now,
		},
		{
			row: row{name: "timestamp after the end", options: expired, edit: func(s *scene) {
				claim(s)
				s.addToken("T-1", facts.SignatureTimestamp, yesterday.Add(time.Hour), s.tsa())
			}, verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", check: "time.not-after", message: "nothing proves"},
			best: yesterday.Add(time.Hour),
		},
		{
			row: row{name: "timestamp before the beginning", edit: func(s *scene) {
				s.addToken("T-1", facts.SignatureTimestamp, now.AddDate(-5, 0, 0), s.tsa(long...))
			}, verdict: "TOTAL-FAILED (NOT_YET_VALID)", check: "time.not-before", message: "before its certificate was valid"},
			best: now.AddDate(-5, 0, 0),
		},
		{
			row: row{name: "the earliest of two", edit: func(s *scene) {
				tsa := s.tsa()
				s.addToken("T-1", facts.SignatureTimestamp, now.Add(-time.Minute), tsa)
				s.addToken("T-2", facts.SignatureTimestamp, now.Add(-time.Hour), tsa)
			}},
			best: now.Add(-time.Hour),
		},
		{
			row: row{name: "content timestamp after the end", options: expired, edit: func(s *scene) {
				claim(s)
				s.addToken("T-1", facts.ContentTimestamp, yesterday.Add(time.Hour), s.tsa())
			}, verdict: "TOTAL-FAILED (EXPIRED)", check: "time.content-timestamp", message: "after the end of the signer's validity"},
			best: now,
		},
		{
			row: row{name: "content timestamp that does not hold, after the end", options: expired, edit: func(s *scene) {
				claim(s)
				s.addToken("T-1", facts.ContentTimestamp, yesterday.Add(time.Hour), s.tsa()).Keys[0].Result = facts.Wrong
			}, verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", check: "signer.validity"},
			best: now,
		},
		{
			row: row{name: "content, then signature", edit: func(s *scene) {
				tsa := s.tsa()
				s.addToken("T-1", facts.ContentTimestamp, now.Add(-time.Hour), tsa)
				s.addToken("T-2", facts.SignatureTimestamp, now.Add(-time.Minute), tsa)
			}},
			best: now.Add(-time.Minute),
		},
		{
			row: row{name: "signature, then content", edit: func(s *scene) {
				tsa := s.tsa()
				s.addToken("T-1", facts.ContentTimestamp, now.Add(-time.Minute), tsa)
				s.addToken("T-2", facts.SignatureTimestamp, now.Add(-time.Hour), tsa)
			}, verdict: "INDETERMINATE (TIMESTAMP_ORDER_FAILURE)", check: "timestamp.order"},
			best: now.Add(-time.Hour),
		},
		{
			row: row{name: "signature, then content, within their accuracy", edit: func(s *scene) {
				tsa := s.tsa()
				s.addToken("T-1", facts.ContentTimestamp, now.Add(-time.Hour+2*time.Second), tsa).Accuracy = facts.Duration(time.Second)
				s.addToken("T-2", facts.SignatureTimestamp, now.Add(-time.Hour), tsa).Accuracy = facts.Duration(time.Second)
			}},
			best: now.Add(-time.Hour),
		},
		{
			row: row{name: "weak now, reliable then", options: long, edit: func(s *scene) {
				weak(s)
				*s.signature().ClaimedTime = time.Date(2011, 6, 1, 0, 0, 0, 0, time.UTC)
				s.in.ProofsOfExistence = []validation.ProofOfExistence{{Object: "S-1", Time: time.Date(2011, 6, 2, 0, 0, 0, 0, time.UTC)}}
			}},
			best: time.Date(2011, 6, 2, 0, 0, 0, 0, time.UTC),
		},
		{
			row: row{name: "weak then already", options: long, edit: func(s *scene) {
				weak(s)
				s.in.ProofsOfExistence = []validation.ProofOfExistence{{Time: lastWeek}}
			}, verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", check: "time.algorithms", message: "the earliest proof is of"},
			best: lastWeek,
		},
		{
			row: row{name: "proof of existence of the file", options: expired, edit: func(s *scene) {
				claim(s)
				s.in.ProofsOfExistence = []validation.ProofOfExistence{{Time: lastWeek}}
			}, check: "signer.validity"},
			best: lastWeek,
		},
		{
			row: row{name: "proof of existence of something else", options: expired, edit: func(s *scene) {
				claim(s)
				s.in.ProofsOfExistence = []validation.ProofOfExistence{{Object: "S-9", Time: lastWeek}}
			}, verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", check: "time.not-after"},
			best: now,
		},
		{
			row: row{name: "document timestamp of a later revision", edit: func(s *scene) {
				s.signature().Revision = 1
				s.addToken("T-1", facts.DocumentTimestamp, lastWeek, s.tsa()).Revision = 2
			}},
			best: lastWeek,
		},
		{
			row: row{name: "document timestamp of an earlier revision", edit: func(s *scene) {
				s.signature().Revision = 2
				s.addToken("T-1", facts.DocumentTimestamp, lastWeek, s.tsa()).Revision = 1
			}},
			best: now,
		},
		{
			row: row{name: "timestamp of another signature", edit: func(s *scene) {
				s.addToken("T-1", facts.SignatureTimestamp, lastWeek, s.tsa()).Parent = "S-2"
			}},
			best: now,
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := newScene(t, r.options...)
			r.edit(s)
			if r.check == "signer.validity" && r.verdict == "" {
				r.status = validation.Broken
			}
			c := s.conclude().Signatures[0]
			require.Equal(t, r.best, c.BestSignatureTime, "%+v", c.Findings())
			if r.check == "" {
				require.True(t, c.Passed(), "%s %+v", c.Verdict, c.Findings())
				return
			}
			checkRow(t, r.row, s)
		})
	}
}
