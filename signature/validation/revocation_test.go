package validation_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// TestRevocation gives lists and responses beside a sound signature, with revocation required. A row gives those of the authorities
// by itself; verdict "" is TOTAL-PASSED, and check "" asks that nothing was found wanting.
func TestRevocation(t *testing.T) {
	yesterday, lastWeek := now.AddDate(0, 0, -1), now.AddDate(0, 0, -7)
	signedAt := func(s *scene, at time.Time) { // by a timestamp of another authority, which is in order
		*s.signature().ClaimedTime = at
		s.addToken("T-1", facts.SignatureTimestamp, at, s.root.Leaf("Horodatage de la racine", pkitest.TSA))
	}
	strict := func(s *scene) {
		policy := validation.AES()
		policy.Checks["revocation.fresh"] = validation.Fail
		s.in.Policy = policy
	}
	expired := []pkitest.Option{pkitest.Expired()} // since yesterday
	type rule struct {
		name    string
		options []pkitest.Option
		edit    func(s *scene)
		verdict string
		check   string
		message string
		status  validation.Status
		best    time.Time
	}
	rows := []rule{
		{name: "good lists", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL()) }},
		{name: "good response", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.OCSP(s.leaf)) }},
		{name: "good response, named by name", edit: func(s *scene) { s.give(s.root.OCSP(&s.ca.Identity), s.ca.OCSP(s.leaf, pkitest.ByName())) }},
		{name: "good response of a delegate", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.Responder("Répondeur").OCSP(s.leaf)) }},
		{name: "anchor above the signer alone", edit: func(s *scene) {
			s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.ca.DER})
			s.give(s.ca.CRL())
		}},
		{
			name: "nothing about the signer", edit: func(s *scene) { s.give(s.root.CRL()) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available", message: "no revocation data",
		},
		{
			name: "nothing about the authority", edit: func(s *scene) { s.give(s.ca.CRL()) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available",
		},
		{
			name: "a list of another authority", edit: func(s *scene) { s.give(s.root.CRL(), s.root.Intermediate("Autre AC").CRL()) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available",
		},
		{
			name: "a response about another certificate", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.OCSP(s.ca.Leaf("Autre mairie"))) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available",
		},
		{
			name: "a list of a namesake", edit: func(s *scene) {
				namesake := s.pki.Root("Racine d'ailleurs").Intermediate("AC d'essai")
				s.doc.AddCertificate(namesake.DER, facts.FromSignature)
				s.give(s.root.CRL(), namesake.CRL())
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable",
		},
		{
			name: "a forged list", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL(pkitest.BadSignature())) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "not signed with the key",
		},
		{name: "a forged list beside a good one", edit: func(s *scene) {
			s.give(s.root.CRL(), s.ca.CRL(pkitest.At(yesterday), pkitest.NextUpdate(now.Add(time.Hour))))
			s.ca.Revoke(s.leaf, yesterday, pkitest.KeyCompromise)
			s.give(s.ca.CRL(pkitest.WrongKey()))
		}},
		{
			name: "a forged response", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.OCSP(s.leaf, pkitest.WrongKey())) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable",
		},
		{
			name: "a list of another scope", edit: func(s *scene) {
				s.give(s.root.CRL(), s.ca.CRL(pkitest.Scope{OnlyAuthorities: true}))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "only for certificates of authorities",
		},
		{
			name: "a list of some reasons", edit: func(s *scene) {
				s.give(s.root.CRL(), s.ca.CRL(pkitest.Scope{Reasons: []pkitest.Reason{pkitest.KeyCompromise}}))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "some reasons",
		},
		{
			name: "a responder that nobody appointed", edit: func(s *scene) {
				s.give(s.root.CRL(), s.ca.ResponderOf(s.ca.Leaf("Employé")).OCSP(s.leaf))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "id-kp-OCSPSigning",
		},
		{
			name: "a responder of another authority", edit: func(s *scene) {
				stranger := s.root.Leaf("Répondeur", pkitest.OCSPSigner)
				s.give(s.root.CRL(), s.ca.ResponderOf(stranger).OCSP(s.leaf))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "was not issued by",
		},
		{
			name: "a responder whose own status is not known", edit: func(s *scene) {
				s.give(s.root.CRL(), s.ca.Responder("Répondeur", pkitest.ForCertificate{pkitest.Without(pkitest.OIDOCSPNoCheck)}).OCSP(s.leaf))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "whether who signed the data is revoked",
		},
		{
			name: "a responder that vouches for itself", edit: func(s *scene) {
				r := s.ca.Leaf("Répondeur", pkitest.OCSPSigner, pkitest.Without(pkitest.OIDOCSPNoCheck))
				s.give(s.root.CRL(), s.ca.ResponderOf(r).OCSP(s.leaf), s.ca.ResponderOf(r).OCSP(r))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable",
		},
		{name: "a responder whose own status is known", edit: func(s *scene) {
			r := s.ca.Leaf("Répondeur", pkitest.OCSPSigner, pkitest.Without(pkitest.OIDOCSPNoCheck))
			s.give(s.root.CRL(), s.ca.ResponderOf(r).OCSP(s.leaf), s.ca.OCSP(r))
		}},
		{
			name: "a responder that is revoked", edit: func(s *scene) {
				r := s.ca.Leaf("Répondeur", pkitest.OCSPSigner, pkitest.Without(pkitest.OIDOCSPNoCheck), pkitest.Revoked(lastWeek, pkitest.KeyCompromise))
				s.give(s.root.CRL(), s.ca.ResponderOf(r).OCSP(s.leaf), s.ca.OCSP(r))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "who signed the data is revoked",
		},
		{
			name: "the responder does not know", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.OCSP(s.leaf, pkitest.Says(pkitest.Unknown))) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "does not know",
		},
		{
			name: "the digest of another certificate", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.OCSP(s.leaf, pkitest.CertHash(false))) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "digest differs",
		},
		{
			name: "a list from before the certificate", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL(pkitest.At(now.AddDate(-5, 0, 0)))) },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "before the certificate existed",
		},
		{
			name: "unacceptable, and not required", edit: func(s *scene) {
				s.in.UnsafeNoRevocation = true
				s.give(s.root.CRL(), s.ca.CRL(pkitest.BadSignature()))
			},
			check: "revocation.acceptable", status: validation.Warning,
		},

		{
			name: "late, weak, and not required", edit: func(s *scene) {
				strict(s)
				s.in.UnsafeNoRevocation = true
				s.give(s.root.CRL(pkitest.Late()), s.ca.CRL(pkitest.LegacySHA1()))
			},
			check: "revocation.algorithm", message: "was not required", status: validation.Warning,
		},

		// Revoked.
		{
			name: "revoked", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL()) },
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "signer.not-revoked", message: "2026-03-01T09:00:00Z, reason keyCompromise",
		},
		{
			name: "revoked, by a response", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.Superseded)}, edit: func(s *scene) { s.give(s.root.CRL(), s.ca.OCSP(s.leaf)) },
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "signer.not-revoked",
		},
		{
			name: "revoked, and revocation not required", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				s.in.UnsafeNoRevocation = true
				s.give(s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "signer.not-revoked",
		},
		{
			name: "revoked after an older good response", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				s.give(s.root.CRL(), s.ca.OCSP(s.leaf, pkitest.At(lastWeek)), s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "signer.not-revoked",
		},
		{
			name: "revoked after the timestamp", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				signedAt(s, lastWeek)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			check: "signer.not-revoked", best: lastWeek,
		},
		{
			name: "revoked before the timestamp", options: []pkitest.Option{pkitest.Revoked(lastWeek, pkitest.KeyCompromise)}, edit: func(s *scene) {
				signedAt(s, yesterday)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "time.before-revocation", message: "the earliest proof is of 2026-03-01T09:00:00Z", best: yesterday,
		},
		{
			name: "revoked at the instant of the timestamp", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				signedAt(s, yesterday)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "time.before-revocation", best: yesterday,
		},
		{
			name: "revoked after a proof of existence", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				*s.signature().ClaimedTime = lastWeek
				s.in.ProofsOfExistence = []validation.ProofOfExistence{{Time: lastWeek}}
				s.give(s.root.CRL(), s.ca.CRL())
			},
			check: "signer.not-revoked", best: lastWeek,
		},
		{
			name: "revoked after the timestamp, and nothing about the authority", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				*s.signature().ClaimedTime = lastWeek
				s.in.ProofsOfExistence = []validation.ProofOfExistence{{Time: lastWeek}}
				s.give(s.ca.CRL())
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available", best: lastWeek,
		},
		{
			name: "content timestamped after revocation", options: []pkitest.Option{pkitest.Revoked(lastWeek, pkitest.KeyCompromise)}, edit: func(s *scene) {
				s.addToken("T-1", facts.ContentTimestamp, yesterday, s.root.Leaf("Horodatage de la racine", pkitest.TSA))
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "TOTAL-FAILED (REVOKED)", check: "time.content-timestamp-revocation",
		},
		{
			name: "content timestamped before revocation", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				s.addToken("T-1", facts.ContentTimestamp, lastWeek, s.root.Leaf("Horodatage de la racine", pkitest.TSA))
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "signer.not-revoked",
		},
		{
			name: "timestamp of a revoked authority", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.KeyCompromise)}, edit: func(s *scene) {
				*s.signature().ClaimedTime = lastWeek
				s.addToken("T-1", facts.SignatureTimestamp, lastWeek, s.root.Leaf("Horodatage", pkitest.TSA, pkitest.Revoked(yesterday, pkitest.KeyCompromise)))
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_NO_POE)", check: "timestamp.used", status: validation.Information,
		},
		{
			name: "authority revoked", edit: func(s *scene) {
				s.root.Revoke(&s.ca.Identity, yesterday, pkitest.CACompromise)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_CA_NO_POE)", check: "ca.not-revoked", message: "cACompromise",
		},
		{
			name: "authority revoked after the timestamp", edit: func(s *scene) {
				s.root.Revoke(&s.ca.Identity, yesterday, pkitest.CACompromise)
				signedAt(s, lastWeek)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			check: "ca.not-revoked", best: lastWeek,
		},
		{
			name: "authority revoked before the timestamp", edit: func(s *scene) {
				s.root.Revoke(&s.ca.Identity, lastWeek, pkitest.CACompromise)
				signedAt(s, yesterday)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (REVOKED_CA_NO_POE)", check: "time.before-revocation", best: yesterday,
		},

		// Suspended.
		{
			name: "on hold", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.CertificateHold)}, edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL()) },
			verdict: "INDETERMINATE (TRY_LATER)", check: "revocation.not-on-hold", message: "suspended since 2026-03-01",
		},
		{
			name: "on hold after the timestamp", options: []pkitest.Option{pkitest.Revoked(yesterday, pkitest.CertificateHold)}, edit: func(s *scene) {
				signedAt(s, lastWeek)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			check: "revocation.not-on-hold", best: lastWeek,
		},
		{
			name: "on hold before the timestamp", options: []pkitest.Option{pkitest.Revoked(lastWeek, pkitest.CertificateHold)}, edit: func(s *scene) {
				signedAt(s, yesterday)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (TRY_LATER)", check: "time.before-suspension", best: yesterday,
		},
		{name: "released", options: []pkitest.Option{pkitest.Revoked(lastWeek, pkitest.CertificateHold)}, edit: func(s *scene) {
			s.ca.Release(s.leaf, yesterday)
			s.give(s.root.CRL(), s.ca.CRL())
		}},

		// Freshness.
		{name: "a late list", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL(pkitest.Late())) }},
		{
			name: "a late list, freshness required", edit: func(s *scene) {
				strict(s)
				s.give(s.root.CRL(), s.ca.CRL(pkitest.Late()))
			},
			verdict: "INDETERMINATE (TRY_LATER)", check: "revocation.fresh", message: "older than",
		},
		{
			name: "a late list that was fresh when signing", edit: func(s *scene) {
				strict(s)
				signedAt(s, lastWeek)
				s.give(s.root.CRL(), s.ca.CRL(pkitest.Late()))
			},
			check: "revocation.fresh", best: lastWeek,
		},
		{
			name: "a list that was late when signing", edit: func(s *scene) {
				strict(s)
				signedAt(s, yesterday)
				s.give(s.root.CRL(), s.ca.CRL(pkitest.At(now.AddDate(0, 0, -20))))
			},
			verdict: "INDETERMINATE (TRY_LATER)", check: "time.revocation-fresh", best: yesterday,
		},
		{
			name: "older than the policy allows", edit: func(s *scene) {
				strict(s)
				day := facts.Duration(24 * time.Hour)
				s.in.Policy.RevocationFreshness = &day
				s.give(s.root.CRL(), s.ca.OCSP(s.leaf, pkitest.At(now.AddDate(0, 0, -2)), pkitest.NextUpdate(now.AddDate(0, 0, 2))))
			},
			verdict: "INDETERMINATE (TRY_LATER)", check: "revocation.fresh", message: "older than 24h",
		},
		{
			name: "without an announced end", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL(pkitest.NoNextUpdate())) },
			check: "revocation.next-update", status: validation.Warning,
		},
		{
			name: "without an announced end, freshness required", edit: func(s *scene) {
				strict(s)
				s.give(s.root.CRL(), s.ca.OCSP(s.leaf, pkitest.NoNextUpdate()))
			},
			verdict: "INDETERMINATE (TRY_LATER)", check: "revocation.fresh", message: "nothing says",
		},

		// Algorithms and validity.
		{
			name: "a list under SHA-1", edit: func(s *scene) { s.give(s.root.CRL(), s.ca.CRL(pkitest.LegacySHA1())) },
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", check: "revocation.algorithm", message: "SHA-1",
		},
		{
			name: "expired, and not revoked before", options: expired, edit: func(s *scene) {
				*s.signature().ClaimedTime = lastWeek
				s.give(s.root.CRL(), s.ca.CRL(pkitest.At(now.AddDate(0, 0, -2))))
			},
			verdict: "INDETERMINATE (OUT_OF_BOUNDS_NOT_REVOKED)", check: "signer.validity", message: "not revoked before",
		},
		{
			name: "expired, not revoked before, and timestamped", options: expired, edit: func(s *scene) {
				signedAt(s, lastWeek)
				s.give(s.root.CRL(), s.ca.CRL(pkitest.At(now.AddDate(0, 0, -2))))
			},
			check: "signer.validity", best: lastWeek,
		},
		{
			name: "expired, timestamped, and perhaps forgotten", options: expired, edit: func(s *scene) {
				signedAt(s, lastWeek)
				s.give(s.root.CRL(), s.ca.CRL())
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "may have forgotten",
		},
		{name: "the responder remembers", options: expired, edit: func(s *scene) {
			signedAt(s, lastWeek)
			s.give(s.root.CRL(), s.ca.OCSP(s.leaf, pkitest.ArchiveCutOff(now.AddDate(-1, 0, 0))))
		}, check: "signer.validity", best: lastWeek},
		{
			name: "expired, revoked before, and timestamped before both", options: append([]pkitest.Option{pkitest.Revoked(now.AddDate(0, 0, -3), pkitest.Superseded)}, expired...), edit: func(s *scene) {
				signedAt(s, lastWeek)
				s.give(s.root.CRL(), s.ca.CRL(pkitest.At(now.AddDate(0, 0, -2))))
			},
			check: "signer.not-revoked", best: lastWeek,
		},
		{
			name: "the responder has expired since", edit: func(s *scene) {
				r := s.ca.Responder("Répondeur", pkitest.ForCertificate{pkitest.Expired()}, pkitest.At(now.AddDate(0, 0, -2)))
				s.give(s.root.CRL(), r.OCSP(s.leaf))
			},
			verdict: "INDETERMINATE (REVOCATION_OUT_OF_BOUNDS_NO_POE)", check: "revocation.signer-validity",
		},
		{
			name: "the responder had expired", edit: func(s *scene) {
				r := s.ca.Responder("Répondeur", pkitest.ForCertificate{pkitest.Expired()})
				s.give(s.root.CRL(), r.OCSP(s.leaf))
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.acceptable", message: "was not valid then",
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := newScene(t, r.options...)
			s.in.UnsafeNoRevocation = false
			r.edit(s)
			if r.verdict == "" {
				r.verdict = passed
			}
			if r.best.IsZero() {
				r.best = now
			}
			if r.status == "" {
				r.status = validation.Broken
			}
			c := s.conclude().Signatures[0]
			require.Equal(t, r.verdict, c.Verdict.String(), "%+v", c.Findings())
			require.Equal(t, validation.CryptoValid, c.Crypto)
			require.Equal(t, r.best, c.BestSignatureTime, "%+v", c.Findings())
			if r.check == "" {
				require.Empty(t, c.Findings())
			} else {
				f, ok := finding(c.Findings(), r.check)
				require.True(t, ok, "no finding %s in %+v", r.check, c.Findings())
				require.Contains(t, f.Message, r.message)
				require.Equal(t, r.status, f.Status)
			}
			// The order of the facts does not matter.
			before, err := json.Marshal(c)
			require.NoError(t, err)
			slices.Reverse(s.doc.Revocations)
			slices.Reverse(s.doc.Certificates)
			slices.Reverse(s.doc.Issuance)
			after, err := json.Marshal(s.conclude().Signatures[0])
			require.NoError(t, err)
			require.Equal(t, string(before), string(after))
		})
	}
}

// TestRevocationNeeds: what is missing about revocation is named, so that it can be fetched and verified.
func TestRevocationNeeds(t *testing.T) {
	kinds := func(c validation.Conclusion) (list []validation.NeedKind) {
		for _, n := range c.Needs {
			list = append(list, n.Kind)
		}
		return list
	}
	s := newScene(t)
	s.in.UnsafeNoRevocation = false
	c := s.conclude()
	require.Equal(t, []validation.NeedKind{validation.NeedRevocation, validation.NeedRevocation}, kinds(c), "of the signer, of the authority")

	s.give(s.root.CRL(), s.ca.CRL())
	c = s.conclude()
	require.Contains(t, kinds(c), validation.NeedValue)
	require.False(t, c.Signatures[0].Passed(), "a list that nobody has verified is believed")
	s.doc.Issuance = nil
	c = s.conclude()
	require.Empty(t, c.Needs)
	require.True(t, c.Signatures[0].Passed())

	s = newScene(t)
	s.give(s.root.CRL(), s.ca.CRL(pkitest.Late()))
	c = s.conclude()
	require.Equal(t, []validation.NeedKind{validation.NeedRevocation}, kinds(c), "the authority has announced a newer list")
	require.NotNil(t, c.Needs[0].NotBefore)
}
