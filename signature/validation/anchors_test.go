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

// TestAnchorsAndCertificates: who is trusted, and which certificate a signer may have.
func TestAnchorsAndCertificates(t *testing.T) {
	runRows(t, []row{
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
			name: "for a web server and programs", options: []pkitest.Option{pkitest.ExtKeyUsage(pkitest.EKUServerAuth, pkitest.EKUCodeSigning)}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", check: "signer.extended-key-usage", message: "alone",
		},
		{
			name: "for timestamps", options: []pkitest.Option{pkitest.TSA}, edit: func(s *scene) {},
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", check: "signer.extended-key-usage", message: "alone",
		},
		{name: "for mail and a web server", options: []pkitest.Option{pkitest.ExtKeyUsage(pkitest.EKUServerAuth, pkitest.EKUEmailProtection)}, edit: func(s *scene) {}},
		{name: "for clients", options: []pkitest.Option{pkitest.ExtKeyUsage(pkitest.EKUClientAuth)}, edit: func(s *scene) {}},
		{name: "for what its authority alone knows", options: []pkitest.Option{pkitest.ExtKeyUsage("1.3.6.1.4.1.32473.9")}, edit: func(s *scene) {}},
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
	})
}
