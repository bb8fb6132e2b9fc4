package cades

import (
	"bytes"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// addRevocations takes what the message and the signatures in it, from the first, hold about revocation. It comes last: lists
// are searched for the certificates that are there.
func (r *reader) addRevocations(first int) error {
	crls := r.sd.CRLs
	for i := first; i < len(r.doc.Signatures); i++ {
		s := &r.doc.Signatures[i]
		problems, err := r.doc.ReadEmbeddedRevocations(r.ctx, &s.Signed, crls, facts.FromSignature)
		if err != nil {
			return fmt.Errorf("cades: %w", err)
		}
		s.Problems, crls = append(s.Problems, problems...), nil
	}
	return nil
}

// revocationHead is how far into a CRL its issuer is looked for.
const revocationHead = 4 << 10

// A revocation is a CRL or something that answers for single certificates (OCSP), by its octets.
type revocation struct {
	isCRL bool
	raw   []byte
}

// revocationsOf collects those of SignedData.crls, and of the revocation-values attribute of one signature.
func revocationsOf(s *facts.Signature, sd *cms.SignedData) (list []revocation) {
	for _, raw := range sd.CRLs {
		list = append(list, revocation{raw[0] == 0x30, raw})
	}
	for _, a := range s.UnsignedAttributes {
		if a.OID != oidRevocationValues {
			continue
		}
		for _, value := range a.Values {
			list = append(list, revocationValuesOf(value)...)
		}
	}
	return list
}

var oidRevocationValues = cms.OIDRevocationValues.String()

// revocationValuesOf reads RevocationValues ::= SEQUENCE { crlVals [0] SEQUENCE OF CertificateList OPTIONAL, ocspVals [1] SEQUENCE
// OF BasicOCSPResponse OPTIONAL, … }: EN 319 122-1 §A.1.2.2.
func revocationValuesOf(value []byte) (list []revocation) {
	input := cryptobyte.String(value)
	var content cryptobyte.String
	if !input.ReadASN1(&content, asn1.SEQUENCE) {
		return nil
	}
	for n := range uint8(2) {
		var explicit, values, raw cryptobyte.String
		var present bool
		if !content.ReadOptionalASN1(&explicit, &present, asn1.Tag(n).ContextSpecific().Constructed()) {
			return list
		}
		if !present || !explicit.ReadASN1(&values, asn1.SEQUENCE) {
			continue
		}
		for len(list) < limits.CMSCertificates && values.ReadASN1Element(&raw, asn1.SEQUENCE) {
			list = append(list, revocation{n == 0, raw})
		}
	}
	return list
}

// holdsRevocation reports whether the message holds something about the revocation of each certificate of the signer's chain
// that is in the file, self-issued ones aside. That tells the level claimed (EN 319 122-1 §6.3, B-LT); whether it is right is for
// validation.
func holdsRevocation(s *facts.Signature, doc *facts.Document, sd *cms.SignedData) bool {
	revocations := revocationsOf(s, sd)
	if len(revocations) == 0 || len(s.Candidates) == 0 {
		return false
	}
	issuers := map[string]*pkix.Certificate{}
	var certificate *pkix.Certificate
	for _, c := range doc.Certificates {
		parsed, err := pkix.ParseCertificate(c.Raw)
		if err != nil {
			continue
		}
		issuers[string(parsed.RawSubject)] = parsed
		if c.ID == s.Candidates[0] {
			certificate = parsed
		}
	}
	for range len(doc.Certificates) {
		if certificate == nil || bytes.Equal(certificate.RawIssuer, certificate.RawSubject) {
			break
		}
		if !mentioned(certificate, revocations) {
			return false
		}
		certificate = issuers[string(certificate.RawIssuer)]
	}
	return true
}

// mentioned looks for the issuer at the head of a CRL, or for the serial number in another revocation value (OCSP).
func mentioned(c *pkix.Certificate, revocations []revocation) bool {
	serial := append([]byte{2, byte(len(c.RawSerial))}, c.RawSerial...)
	for _, r := range revocations {
		if r.isCRL && bytes.Contains(r.raw[:min(len(r.raw), revocationHead)], c.RawIssuer) || !r.isCRL && bytes.Contains(r.raw, serial) {
			return true
		}
	}
	return false
}
