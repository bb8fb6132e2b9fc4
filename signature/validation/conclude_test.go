package validation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// A row edits the scene that passes and says what must come of it.
type row struct {
	name    string
	options []pkitest.Option // of the signer's certificate
	edit    func(s *scene)
	verdict string // "" is TOTAL-PASSED
	crypto  validation.Crypto
	check   string // the finding that must be there, "" for none but the missing revocation
	message string // a part of its message
	status  validation.Status
}

const passed = "TOTAL-PASSED"

func TestConclude(t *testing.T) {
	rows := []row{
		{name: "sound"},
		{
			name: "revocation is required", edit: func(s *scene) { s.in.UnsafeNoRevocation = false },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available", message: "no revocation data",
		},
		{
			name: "revocation is not required of a short-lived certificate", options: []pkitest.Option{pkitest.Extension("0.4.0.194121.2.1", false, []byte{5, 0})},
			edit:  func(s *scene) {},
			check: "revocation.available", message: "no revocation data exist", status: validation.Information,
		},

		// Format.
		{
			name: "fatal problem",
			edit: func(s *scene) {
				s.signature().Problems = []facts.Problem{{Code: "x", Clause: "RFC 5652 §5.3", Message: "attributes are not DER", Fatal: true}}
			},
			verdict: "TOTAL-FAILED (FORMAT_FAILURE)", crypto: validation.CryptoInvalid, check: "format.base", message: "attributes are not DER (RFC 5652 §5.3)",
		},
		{
			name: "tolerated problem",
			edit: func(s *scene) {
				s.signature().Problems = []facts.Problem{{Code: "x", Message: "two digest algorithms"}}
			},
			check: "format.deviation", message: "two digest algorithms", status: validation.Warning,
		},
		{
			name: "unsupported",
			edit: func(s *scene) {
				s.signature().Problems = []facts.Problem{{Code: "x", Message: "a digest of another world", Fatal: true, Unsupported: true}}
			},
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", crypto: validation.CryptoUnknown, check: "value.supported", message: "another world",
		},
		{
			name: "identifier used twice",
			edit: func(s *scene) {
				copied := *s.signature()
				s.doc.Signatures = append(s.doc.Signatures, copied)
			},
			verdict: "TOTAL-FAILED (FORMAT_FAILURE)", crypto: validation.CryptoInvalid, check: "format.unambiguous", message: "2 signatures",
		},
		{
			name: "PDF changed afterwards",
			edit: func(s *scene) {
				s.doc.Format = facts.PAdES
				s.signature().Modifications = []facts.Modification{{Revision: 2, Object: "12 0", Kind: "undefined", Message: "page added"}}
			},
			verdict: "TOTAL-FAILED (FORMAT_FAILURE)", crypto: validation.CryptoInvalid, check: "pdf.modifications", message: "object 12 0: page added",
		},

		// Identification.
		{
			name: "no signing certificate", edit: func(s *scene) { s.signature().Candidates = nil },
			verdict: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", crypto: validation.CryptoUnknown, check: "signer.identified", message: "no certificate at hand",
		},
		{
			name: "candidate that is not in the facts", edit: func(s *scene) { s.signature().Candidates = []string{"00"} },
			verdict: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", crypto: validation.CryptoUnknown, check: "signer.identified",
		},
		{
			name: "certificate filed under another ID",
			edit: func(s *scene) {
				other := s.ca.Leaf("Quelqu'un d'autre")
				s.doc.Certificates[0].Raw = other.DER
			},
			verdict: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", crypto: validation.CryptoUnknown, check: "signer.identified",
		},
		{
			name: "signing-certificate attribute of another", edit: func(s *scene) { s.signature().SigningCertificate[0].Matches = nil },
			verdict: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", check: "signer.digest", message: "of another certificate",
		},
		{
			name: "second reference matches, the first does not",
			edit: func(s *scene) {
				refs := s.signature().SigningCertificate
				s.signature().SigningCertificate = []facts.CertificateReference{{Digest: "SHA-256"}, refs[0]}
			},
			verdict: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", check: "signer.digest",
		},
		{
			name: "the second attribute names another",
			edit: func(s *scene) {
				refs := s.signature().SigningCertificate
				s.signature().SigningCertificate = append(refs, facts.CertificateReference{Digest: "SHA-256", First: true})
			},
			verdict: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", check: "signer.digest",
		},
		{
			name: "issuer and serial of another", edit: func(s *scene) { s.signature().SigningCertificate[0].IssuerSerial = []byte{0x30, 0} },
			check: "signer.issuer-serial", message: "another issuer", status: validation.Warning,
		},
		{
			name: "two certificates designated",
			edit: func(s *scene) {
				twin := s.ca.Leaf("Jumelle")
				s.signature().Candidates = append(s.signature().Candidates, s.doc.AddCertificate(twin.DER, facts.FromSignature))
			},
			check: "signer.unambiguous", message: "2 certificates", status: validation.Information,
		},
		{
			name: "two certificates on the key designated, and no attribute",
			edit: func(s *scene) {
				id := s.doc.AddCertificate(s.ca.Leaf("Jumelle").DER, facts.FromSignature)
				s.signature().Candidates = append(s.signature().Candidates, id)
				s.signature().Keys = append(s.signature().Keys, facts.KeyResult{Certificate: id, Result: facts.Verified})
				s.signature().SigningCertificate = nil
			},
			verdict: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", check: "signer.unambiguous", message: "no signed attribute says",
		},

		// Context.
		{
			name: "signature policy",
			edit: func(s *scene) {
				s.signature().SignedAttributes = append(s.signature().SignedAttributes, facts.Attribute{OID: oidSignaturePolicy, Values: [][]byte{{5, 0}}})
			},
			check: "policy.processed", message: "not processed", status: validation.Information,
		},

		// Cryptography.
		{
			name: "content altered", edit: func(s *scene) {
				s.signature().References[0].Computed, s.signature().References[0].Intact = []byte{9}, false
			},
			verdict: "TOTAL-FAILED (HASH_FAILURE)", crypto: validation.CryptoInvalid, check: "reference.intact", message: "has not the SHA-256 digest",
		},
		{
			name: "facts that say intact and are not", edit: func(s *scene) { s.signature().References[0].Computed = []byte{9} },
			verdict: "TOTAL-FAILED (HASH_FAILURE)", crypto: validation.CryptoInvalid, check: "reference.intact",
		},
		{
			name: "digest never computed", edit: func(s *scene) { s.signature().References[0].Computed = nil },
			verdict: "TOTAL-FAILED (HASH_FAILURE)", crypto: validation.CryptoInvalid, check: "reference.intact", message: "no digest could be computed",
		},
		{
			name: "content not given",
			edit: func(s *scene) {
				r := &s.signature().References[0]
				r.Found, r.Intact, r.Computed = false, false, nil
			},
			verdict: "INDETERMINATE (SIGNED_DATA_NOT_FOUND)", crypto: validation.CryptoUnknown, check: "reference.found", message: "not at hand",
		},
		{
			name: "nothing covered", edit: func(s *scene) { s.signature().References = nil },
			verdict: "INDETERMINATE (SIGNED_DATA_NOT_FOUND)", crypto: validation.CryptoInvalid, check: "reference.found", message: "covers nothing",
		},
		{
			name: "value wrong", edit: func(s *scene) { s.signature().Keys[0].Result, s.signature().Keys[0].Detail = facts.Wrong, "r is off" },
			verdict: "TOTAL-FAILED (SIG_CRYPTO_FAILURE)", crypto: validation.CryptoInvalid, check: "value.intact", message: "r is off",
		},
		{
			name: "facts that contradict each other on the value",
			edit: func(s *scene) {
				k := s.signature().Keys[0]
				k.Result = facts.Unsupported
				s.signature().Keys = append(s.signature().Keys, k)
			},
			verdict: "TOTAL-FAILED (SIG_CRYPTO_FAILURE)", crypto: validation.CryptoInvalid, check: "value.intact", message: "contradict",
		},
		{
			name: "value verified under another key only", edit: func(s *scene) { s.signature().Keys[0].Certificate = "other" },
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", crypto: validation.CryptoUnknown, check: "value.supported", message: "not been verified",
		},
		{
			name: "value not computable", edit: func(s *scene) { s.signature().Keys[0].Result = facts.Unsupported },
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", crypto: validation.CryptoUnknown, check: "value.supported", message: "cannot be verified here",
		},

		// Acceptance.
		{
			name: "no signing-certificate attribute", edit: func(s *scene) {
				s.signature().SigningCertificate = nil
				s.signature().SignedAttributes = s.signature().SignedAttributes[:2]
			},
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.signing-certificate", message: "another certificate on the same key",
		},
		{
			name: "signing-certificate attribute twice", edit: func(s *scene) {
				s.signature().SignedAttributes = append(s.signature().SignedAttributes, s.signature().SignedAttributes[2])
				second := s.signature().SigningCertificate[0]
				second.First = true
				s.signature().SigningCertificate = append(s.signature().SigningCertificate, facts.CertificateReference{Digest: "SHA-256"}, second)
			},
			check: "attribute.signing-certificate-unique", message: "2 signed attributes", status: validation.Warning,
		},
		{
			name: "one of two signing-certificate attributes unreadable", edit: func(s *scene) {
				s.signature().SignedAttributes = append(s.signature().SignedAttributes, s.signature().SignedAttributes[2])
			},
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.signing-certificate", message: "cannot be read",
		},
		{
			name: "no signing time", edit: func(s *scene) { s.signature().ClaimedTime = nil },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.signing-time", message: "no signing time",
		},
		{
			name: "signing time outside validity", edit: func(s *scene) { *s.signature().ClaimedTime = now.AddDate(-30, 0, 0) },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.signing-time-in-validity", message: "outside the validity",
		},
		{
			name: "no message-digest", edit: func(s *scene) { s.signature().SignedAttributes[1].OID = "1.2.3" },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.message-digest", message: "not a signed attribute",
		},
		{
			name: "content type differs", edit: func(s *scene) { s.signature().ContentType = oidTSTInfo },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.content-type", message: "announced",
		},
		{
			name: "no content type", edit: func(s *scene) { s.signature().SignedAttributes[0].OID = "1.2.3" },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.content-type", message: "not a signed attribute",
		},
		{
			name: "countersignature with a content type", edit: func(s *scene) { s.signature().Parent = "S-0" },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.content-type", message: "countersignature",
		},
		{
			name: "countersignature", edit: func(s *scene) {
				s.signature().Parent = "S-0"
				s.signature().SignedAttributes = s.signature().SignedAttributes[1:]
			},
		},
		{
			name: "no signed attributes", edit: func(s *scene) {
				s.signature().SignedAttributes, s.signature().ToBeSigned, s.signature().SigningCertificate = nil, nil, nil
				s.signature().References[0].Expected = nil
			},
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "attribute.message-digest",
		},
		{
			name: "digests disagree", edit: func(s *scene) { s.signature().SignatureAlgorithm.Digest = "SHA-512" },
			verdict: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", check: "algorithm.agreement", message: "SHA-256 and the attributes by SHA-512",
		},
		{
			name: "content hashed by SHA-1", edit: func(s *scene) { s.signature().References[0].Digest = "SHA-1" },
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", check: "algorithm.digest", message: "SHA-1 is not accepted since 2012-08-01",
		},
		{
			name: "signing certificate referred to by SHA-1", edit: func(s *scene) { s.signature().SigningCertificate[0].Digest = "SHA-1" },
			check: "algorithm.signing-certificate-digest", message: "SHA-1", status: validation.Warning,
		},
		{
			name: "signature algorithm unknown", edit: func(s *scene) { s.signature().SignatureAlgorithm = facts.Algorithm{OID: "1.2.3.4"} },
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", check: "algorithm.signature",
		},
		{
			name: "signed with SHA-1", edit: func(s *scene) {
				s.signature().SignatureAlgorithm = facts.Algorithm{OID: "1.2.840.10045.4.1", Digest: "SHA-1"}
				s.signature().DigestAlgorithm = facts.Algorithm{OID: "1.3.14.3.2.26", Name: "SHA-1"}
			},
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", check: "algorithm.signature", message: "SHA-1 is not accepted since 2012-08-01",
		},
		{
			name: "Ed25519", options: []pkitest.Option{pkitest.Ed25519}, edit: func(s *scene) {
				s.signature().SignatureAlgorithm = facts.Algorithm{OID: "1.3.101.112", Digest: "SHA-512"}
				s.signature().DigestAlgorithm = facts.Algorithm{OID: "2.16.840.1.101.3.4.2.3", Name: "SHA-512"}
				s.signature().References[0].Digest = "SHA-512"
			},
			check: "algorithm.signature", message: "with reserve", status: validation.Warning,
		},
		{
			name: "RSA of 2048 bits after 2029", options: []pkitest.Option{pkitest.RSA2048, pkitest.Validity(now, now.AddDate(10, 0, 0))}, edit: func(s *scene) {
				s.signature().SignatureAlgorithm = facts.Algorithm{OID: "1.2.840.113549.1.1.11", Digest: "SHA-256"}
				*s.signature().ClaimedTime = now.Add(time.Hour)
				s.in.Time = time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)
			},
			check: "algorithm.signature", message: "not accepted since 2029-01-01", status: validation.Warning,
		},
	}
	runRows(t, rows)
}

func runRows(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := newScene(t, r.options...)
			if r.edit != nil {
				r.edit(s)
			}
			checkRow(t, r, s)
		})
	}
}

func checkRow(t *testing.T, r row, s *scene) {
	t.Helper()
	c := s.conclude().Signatures[0]
	want := r.verdict
	if want == "" {
		want = passed
	}
	require.Equal(t, want, c.Verdict.String(), "%+v", c.Findings())
	if r.crypto == "" {
		r.crypto = validation.CryptoValid
	}
	require.Equal(t, r.crypto, c.Crypto)
	if r.check == "" {
		for _, f := range c.Findings() {
			require.Equal(t, "revocation.available", f.ID, "an unexpected finding: %+v", f)
		}
		return
	}
	f, ok := finding(c.Findings(), r.check)
	require.True(t, ok, "no finding %s in %+v", r.check, c.Findings())
	require.Contains(t, f.Message, r.message)
	if r.status == "" {
		r.status = validation.Broken
	}
	require.Equal(t, r.status, f.Status)
}
