package facts

import (
	"bytes"
	"crypto"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Content is what is known, when a SignerInfo is read, of what its value and its message-digest are over.
type Content struct {
	Type string // dotted OID of eContentType; empty for a countersignature, which is over a signature value
	Name string // for a reader: "content", "signature value"
	// Digest returns the digest of the content under an algorithm; false, or a nil Digest, says that it is not at hand.
	Digest func(crypto.Hash) ([]byte, bool)
	// Head is the first octets of the content, up to 4 KiB, and Size its length, -1 when unknown. They are looked at only when
	// there are no signed attributes, to tell content from a forgery made of another signature's attributes.
	Head []byte
	Size int64
	// Parsed is for the packages of this module, which have parsed the SignerInfo already: it is not parsed again. Leave it nil.
	Parsed any
}

// ReadSigner reads the DER of one SignerInfo (RFC 5652 §5.3), for the packages that read formats: who signs, with which
// algorithms, over which attributes. References[0] is the content, compared with the message-digest attribute; without
// signed attributes its Computed is what the value covers. What departs from the standard is in Problems; an error says that
// there is no SignerInfo to speak of. No signature value is verified.
//
// The result shares memory with signerInfo.
func ReadSigner(signerInfo []byte, content Content) (Signed, error) {
	si, ok := content.Parsed.(*cms.SignerInfo)
	if !ok {
		var err error
		if si, err = cms.ParseSignerInfo(signerInfo); err != nil {
			return Signed{}, fmt.Errorf("facts: %w", err)
		}
	}
	hash, _ := pkix.DigestByOID(si.DigestAlgorithm) // 0 when unknown, and its name then stays empty
	s := Signed{
		DigestAlgorithm:    Algorithm{OID: dotted(si.DigestAlgorithm.OID), Parameters: si.DigestAlgorithm.Parameters},
		SignatureAlgorithm: Algorithm{OID: dotted(si.SignatureAlgorithm.OID), Parameters: si.SignatureAlgorithm.Parameters},
		Signer:             SignerIdentifier{Issuer: si.SID.RawIssuer, Serial: si.SID.RawSerial, SubjectKeyID: si.SID.SubjectKeyID},
		SignedAttributes:   attributesOf(si.SignedAttributes),
		UnsignedAttributes: attributesOf(si.UnsignedAttributes),
		ToBeSigned:         si.RawSignedAttributes,
		Value:              si.Signature,
		ContentType:        content.Type,
	}
	if hash != 0 {
		s.DigestAlgorithm.Name = pkix.DigestName(hash)
	}
	if scheme, err := pkix.ParseScheme(si.SignatureAlgorithm, nil, hash); err == nil {
		s.SignatureAlgorithm.Name, s.SignatureAlgorithm.Digest = scheme.Name(), pkix.DigestName(scheme.Hash)
	} else {
		s.SignatureAlgorithm.Name = pkix.AlgorithmName(si.SignatureAlgorithm)
	}
	for _, p := range si.Problems {
		s.Problems = append(s.Problems, Problem(p))
	}
	for _, attribute := range si.SignedAttributes {
		s.readAttribute(attribute)
	}
	s.refer(content, hash, si)
	for _, finding := range checkForm(si, content) {
		switch finding.Reason {
		case cms.MessageDigestMismatch, cms.ContentMissing:
			continue // the Reference says so
		}
		problem := Problem(finding.Problem())
		// The value is verified over the octets as found: that they are not DER is a deviation, not a forgery.
		problem.Fatal = problem.Fatal && finding.Reason != cms.AttributesNotDER
		s.Problems = append(s.Problems, problem)
	}
	return s, nil
}

// refer compares the content with the message-digest attribute, or notes the digest that the value covers.
func (s *Signed) refer(content Content, hash crypto.Hash, si *cms.SignerInfo) {
	if si.RawSignedAttributes == nil {
		s.References = []Reference{{Type: "message-digest", Digest: s.DigestAlgorithm.Name}}
	}
	if len(s.References) == 0 {
		return // no message-digest attribute: a problem, not a reference
	}
	r := &s.References[0]
	r.Name = content.Name
	if content.Digest == nil {
		return
	}
	if hash == 0 {
		// At hand or not, it cannot be computed, which is a problem of its own.
		_, r.Found = content.Digest(crypto.SHA256)
		return
	}
	r.Computed, r.Found = content.Digest(hash)
	r.Intact = r.Found && (si.RawSignedAttributes == nil || bytes.Equal(r.Computed, r.Expected))
}

func checkForm(si *cms.SignerInfo, content Content) []cms.Finding {
	digest := content.Digest
	if digest == nil {
		digest = func(crypto.Hash) ([]byte, bool) { return nil, false }
	}
	if content.Type == "" {
		return si.CheckCountersignatureForm(digest, content.Head, content.Size)
	}
	contentType, err := parseDotted(content.Type)
	if err != nil {
		return nil // it came from der.OID.String
	}
	sd := &cms.SignedData{ContentType: contentType, SignerInfos: []*cms.SignerInfo{si}, ContentHead: content.Head, ContentSize: content.Size}
	return sd.CheckForm(0, digest)
}

func attributesOf(attributes []cms.Attribute) []Attribute {
	if len(attributes) == 0 {
		return nil
	}
	out := make([]Attribute, len(attributes))
	for i, a := range attributes {
		out[i] = Attribute{OID: dotted(a.Type), Values: a.Values}
	}
	return out
}

// readAttribute takes what a conclusion reads often out of the signed attributes. The first of several values is taken: that
// there are several is a problem of its own, which cms names.
func (s *Signed) readAttribute(a cms.Attribute) {
	if len(a.Values) == 0 {
		return
	}
	var ok bool
	value := cryptobyte.String(a.Values[0])
	switch a.Type {
	case cms.OIDSigningTime:
		claimed, err := cms.ParseSigningTime(a)
		if ok = err == nil; ok && s.ClaimedTime == nil {
			claimed = claimed.UTC()
			s.ClaimedTime = &claimed
		}
	case cms.OIDMessageDigest:
		var digest []byte
		if ok = value.ReadASN1Bytes(&digest, 0x04) && value.Empty(); ok && len(s.References) == 0 {
			s.References = append(s.References, Reference{Type: "message-digest", Digest: s.DigestAlgorithm.Name, Expected: digest})
		}
	case cms.OIDSigningCertificate, cms.OIDSigningCertificateV2:
		ids, err := cms.ParseSigningCertificates(a)
		ok = err == nil
		for i, id := range ids {
			s.SigningCertificate = append(s.SigningCertificate, CertificateReference{
				Digest: digestName(id), Value: id.Digest, IssuerSerial: id.IssuerSerial, First: i == 0,
			})
		}
	default:
		return
	}
	if !ok {
		s.Problems = append(s.Problems, Problem{
			Code: "cms.attribute-unreadable", Clause: "RFC 5652 §11", Message: fmt.Sprintf("the signed attribute %s cannot be read", a.Type),
		})
	}
}

func digestName(id cms.ESSCertID) string {
	if id.Hash == 0 {
		return id.Algorithm.OID.String()
	}
	return pkix.DigestName(id.Hash)
}
