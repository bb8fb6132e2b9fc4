package validation_test

import (
	"bytes"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
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
			check: "attribute.signing-certificate", message: "another certificate on the same key", status: validation.Warning,
		},
		{
			name: "signing-certificate attribute twice", edit: func(s *scene) {
				s.signature().SignedAttributes = append(s.signature().SignedAttributes, s.signature().SignedAttributes[2])
			},
			check: "attribute.signing-certificate-unique", message: "2 signed attributes", status: validation.Warning,
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

		// Chain.
		{
			name: "nothing is trusted", edit: func(s *scene) { s.in.Anchors = nil },
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored", message: "it stops at CN=AC d'essai",
		},
		{
			name: "anchor for timestamps only", edit: func(s *scene) {
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.root.DER, Purposes: []trust.Purpose{trust.Timestamp}})
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "impostor root of the same name in the file", edit: func(s *scene) {
				impostor := pkitest.New(pkitest.At(now)).Root("Racine d'essai")
				s.doc.AddCertificate(impostor.DER, facts.FromSignature)
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: impostor.DER})
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "whole chain made by an impostor, root in the file", edit: func(s *scene) {
				impostor := pkitest.New(pkitest.At(now)).Root("Racine d'essai")
				ca := impostor.Intermediate("AC d'essai")
				leaf := ca.Leaf("Mairie de Boisjoli")
				s.doc = &facts.Document{Schema: facts.Schema, Format: facts.CAdES}
				s.doc.Signatures = []facts.Signature{{Signed: s.signed("S-1", leaf), Format: facts.CAdES, Level: "B-B"}}
				s.doc.AddCertificate(impostor.DER, facts.FromSignature)
				s.doc.AddCertificate(s.root.DER, facts.FromSignature)
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "anchors from the file", edit: func(s *scene) {
				s.in.Anchors, s.in.UnsafeAnchorsFromFile = nil, true
				s.doc.AddCertificate(s.root.DER, facts.FromSignature)
			},
			check: "chain.anchor-given", message: "anybody can have made it", status: validation.Warning,
		},
		{
			name: "anchors from a file that holds no authority", edit: func(s *scene) {
				s.in.Anchors, s.in.UnsafeAnchorsFromFile = nil, true
				s.doc.Certificates = s.doc.Certificates[:1]
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "issuance not verified", edit: func(s *scene) { s.doc.Issuance = []facts.Issuance{} },
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "facts that contradict each other on the issuance", edit: func(s *scene) {
				s.issue()
				wrong := s.doc.Issuance[0]
				wrong.Result = facts.Wrong
				s.doc.Issuance = append(s.doc.Issuance, wrong)
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "signer issued by an unknown authority", options: []pkitest.Option{pkitest.UnknownIssuer()}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored", message: "it stops at CN=Mairie de Boisjoli",
		},
		{
			name: "signer certified by another key than its issuer's", options: []pkitest.Option{pkitest.WrongKey()}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "signer trusted directly", edit: func(s *scene) { s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.leaf.DER}) },
		},
		{
			name: "signer trusted directly, expired", options: []pkitest.Option{pkitest.Expired()}, edit: func(s *scene) {
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.leaf.DER})
			},
			verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", check: "signer.validity",
		},
		{
			name: "sunset", edit: func(s *scene) {
				sunset := now
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.root.DER, Sunset: &sunset})
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND_NO_POE)", check: "chain.sunset", message: "no longer believed since 2026-03-02",
		},
		{
			name: "before the sunset", edit: func(s *scene) {
				sunset := now.Add(time.Second)
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.root.DER, Sunset: &sunset})
			},
		},
		{
			name: "period over", edit: func(s *scene) {
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.root.DER, Periods: []trust.Period{{To: now}}})
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND_NO_POE)", check: "chain.sunset", message: "none of the periods",
		},
		{
			name: "period to come", edit: func(s *scene) {
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.root.DER, Periods: []trust.Period{{From: now.Add(1)}}})
			},
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.sunset",
		},
		{
			name: "within a period", edit: func(s *scene) {
				s.in.Anchors = s.anchors(trust.Anchor{Certificate: s.root.DER, Periods: []trust.Period{{To: now}, {From: now, To: now.Add(1)}}})
			},
		},
		{
			name: "key for encryption", options: []pkitest.Option{pkitest.KeyUsage(x509.KeyUsageKeyEncipherment)}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", check: "signer.key-signs", message: "neither",
		},
		{
			name: "key for digital signature", options: []pkitest.Option{pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}, edit: func(s *scene) {},
			check: "signer.key-usage", message: "not for non-repudiation", status: validation.Warning,
		},
		{
			name: "no key usage", options: []pkitest.Option{pkitest.Without(pkitest.OIDKeyUsage)}, edit: func(s *scene) {},
			check: "signer.key-usage", message: "does not say", status: validation.Warning,
		},
		{
			name: "unknown critical extension", options: []pkitest.Option{pkitest.Extension("1.3.6.1.4.1.32473.9", true, []byte{5, 0})}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.extensions", message: "1.3.6.1.4.1.32473.9 is not known",
		},
		{name: "unknown extension", options: []pkitest.Option{pkitest.Extension("1.3.6.1.4.1.32473.9", false, []byte{5, 0})}, edit: func(s *scene) {}},
		{
			name: "key usage unreadable", options: []pkitest.Option{pkitest.Extension(pkitest.OIDKeyUsage, true, []byte{4, 0})}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.extensions", message: "keyUsage",
		},
		{
			name: "ocsp-nocheck on a signer", options: []pkitest.Option{pkitest.Extension(pkitest.OIDOCSPNoCheck, false, []byte{5, 0})}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.forbidden-extensions", message: "OCSP responders",
		},
		{
			name: "a policy is required and is not that of the authority", options: []pkitest.Option{pkitest.Extension("2.5.29.36", true, []byte{0x30, 3, 0x80, 1, 0})}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.policies", message: "a policy is required and none is left",
		},
		{
			name:    "a policy is required and is that of the authority",
			options: []pkitest.Option{pkitest.Extension("2.5.29.36", true, []byte{0x30, 3, 0x80, 1, 0}), pkitest.Policies(pkitest.PolicyPrefix + "0")}, edit: func(s *scene) {},
		},
		{
			name: "policy constraints that cannot be read", options: []pkitest.Option{pkitest.Extension("2.5.29.36", true, []byte{0x30, 3, 0x80, 1})}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.policies", message: "policyConstraints cannot be read",
		},
		{name: "policy mapping is inhibited, no policy is required", options: []pkitest.Option{pkitest.Extension("2.5.29.36", true, []byte{0x30, 3, 0x81, 1, 0})}, edit: func(s *scene) {}},
		{
			name: "no authority key identifier", options: []pkitest.Option{pkitest.Without(pkitest.OIDAuthorityKeyIdentifier)}, edit: func(s *scene) {},
			check: "certificate.authority-key-identifier", message: "does not say under which key", status: validation.Warning,
		},
		{
			name: "certificate signed with SHA-1", options: []pkitest.Option{pkitest.LegacySHA1()}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", check: "certificate.algorithm", message: "SHA-1 is not accepted since 2012-08-01",
		},
		{
			name: "certificate that names two algorithms", options: []pkitest.Option{pkitest.EditTBS(func(tbs []byte) []byte {
				return bytes.Replace(tbs, identifierDER("1.2.840.10045.4.3.2"), identifierDER("1.2.840.10045.4.3.3"), 1)
			})}, edit: func(s *scene) {
				s.issue()
				for i := range s.doc.Issuance {
					s.doc.Issuance[i].Result = facts.Verified // as a careless reader would have it
				}
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.algorithm-agreement", message: "differ",
		},
		{
			name: "certificate with bits left over in its signature", edit: func(s *scene) {
				s.doc.Signatures[0].Signed = s.signed("S-1", s.ca.Leaf("Mairie du bout"))
				leaf := &s.doc.Certificates[len(s.doc.Certificates)-1]
				c, err := pkix.ParseCertificate(leaf.Raw)
				require.NoError(s.t, err)
				at := len(leaf.Raw) - len(c.Signature) - 1
				leaf.Raw = slices.Clone(leaf.Raw)
				leaf.Raw[at] = 1 // of unused bits
				s.rename(leaf)
			},
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.envelope", message: "whole octets",
		},
		{
			name: "signer with the name of its issuer", edit: func(s *scene) {
				twin := s.root.Leaf("Racine d'essai", pkitest.RawSubject(s.root.Certificate.RawSubject))
				s.doc.Signatures[0].Signed = s.signed("S-1", twin)
			},
			check: "signer.not-self-signed", message: "issued the certificate to himself", status: validation.Warning,
		},
		{
			name: "serial number negative", options: []pkitest.Option{pkitest.SerialOctets([]byte{0x80})}, edit: func(s *scene) {},
			check: "certificate.encoding", message: "negative", status: validation.Warning,
		},

		// Validity.
		{
			name: "expired", options: []pkitest.Option{pkitest.Expired()}, edit: func(s *scene) { *s.signature().ClaimedTime = now.AddDate(0, 0, -2) },
			verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", check: "signer.validity", message: "not valid after 2026-03-01",
		},
		{
			name: "expired and no chain", options: []pkitest.Option{pkitest.Expired()}, edit: func(s *scene) { s.in.Anchors = nil },
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "not yet valid", options: []pkitest.Option{pkitest.NotYetValid()}, edit: func(s *scene) {},
			verdict: "TOTAL-FAILED (NOT_YET_VALID)", check: "time.not-before", message: "before its certificate was valid",
		},
		{
			name: "valid at the very last second", edit: func(s *scene) { s.in.Time = s.leaf.Certificate.NotAfter },
		},
		{
			name: "one second too late", edit: func(s *scene) { s.in.Time = s.leaf.Certificate.NotAfter.Add(time.Second) },
			verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", check: "signer.validity",
		},
	}
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
