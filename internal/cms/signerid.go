package cms

import (
	"bytes"
	"crypto/sha1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A SignerID says which certificate a signer claims (RFC 5652 §5.3): by issuer and serial number, or by key identifier.
// Recipients are named the same way.
type SignerID struct {
	RawIssuer    []byte // DER of the Name
	RawSerial    []byte // content octets of the INTEGER
	SubjectKeyID []byte // not nil: the other two are not used
}

// IssuerSerialOf names a certificate by issuer and serial number. It shares the certificate's memory.
func IssuerSerialOf(c *pkix.Certificate) SignerID {
	return SignerID{RawIssuer: c.RawIssuer, RawSerial: c.RawSerial}
}

// KeyIDOf names a certificate by its subject key identifier: that of its extension, else the SHA-1 of its public key (RFC
// 5280 §4.2.1.2, method 1), which names the key and protects nothing.
func KeyIDOf(c *pkix.Certificate) SignerID {
	if len(c.SubjectKeyID) > 0 {
		return SignerID{SubjectKeyID: c.SubjectKeyID}
	}
	sum := sha1.Sum(c.PublicKey.Key)
	return SignerID{SubjectKeyID: sum[:]}
}

// Matches reports whether id designates c.
func (id SignerID) Matches(c *pkix.Certificate) bool {
	if id.SubjectKeyID != nil {
		return len(id.SubjectKeyID) > 0 && bytes.Equal(id.SubjectKeyID, KeyIDOf(c).SubjectKeyID)
	}
	return len(id.RawSerial) > 0 && sameInteger(id.RawSerial, c.RawSerial) && sameName(id.RawIssuer, c.RawIssuer)
}

// Equal reports whether two identifiers have the same octets.
func (id SignerID) Equal(o SignerID) bool {
	return (id.SubjectKeyID == nil) == (o.SubjectKeyID == nil) && bytes.Equal(id.SubjectKeyID, o.SubjectKeyID) &&
		bytes.Equal(id.RawIssuer, o.RawIssuer) && bytes.Equal(id.RawSerial, o.RawSerial)
}

var errSignerID = errors.New("cms: a signer identifier needs an issuer and a serial number, or a key identifier")

func (id SignerID) marshal() ([]byte, error) {
	if id.SubjectKeyID != nil {
		if len(id.SubjectKeyID) == 0 {
			return nil, errSignerID
		}
		return appendElement(make([]byte, 0, elementSize(len(id.SubjectKeyID))), tagKeyID, id.SubjectKeyID), nil
	}
	if len(id.RawIssuer) == 0 || len(id.RawSerial) == 0 {
		return nil, errSignerID
	}
	n := len(id.RawIssuer) + elementSize(len(id.RawSerial))
	b := appendHeader(make([]byte, 0, elementSize(n)), tagSequence, int64(n))
	b = append(b, id.RawIssuer...)
	return appendElement(b, tagInteger, id.RawSerial), nil
}

func readSignerID(s *der.Stream) (id SignerID) {
	switch s.Peek() {
	case tagKeyID, tagKeyID | 0x20:
		id.SubjectKeyID = readOctets(s, tagKeyID, limits.CMSSignature)
	default:
		s.Enter(asn1.SEQUENCE)
		if s.Err() == nil && s.Peek() != asn1.SEQUENCE {
			s.Refuse("not a Name")
		}
		id.RawIssuer = readName(s)
		if s.Err() == nil && s.Peek() != asn1.INTEGER {
			s.Refuse("not a serial number")
		}
		_, id.RawSerial = split(s.Element())
		s.Leave()
	}
	return id
}

// readName reads a Name whose outer length is in DER, as nearly all are; another one is brought to DER, to be compared.
func readName(s *der.Stream) []byte {
	raw := s.Raw()
	if h, err := der.ReadHeader(raw); s.Err() != nil || err == nil && h.Minimal {
		return raw
	}
	normal, err := der.Normalize(raw, keptLimits)
	if err != nil {
		s.Fail(err)
	}
	return normal
}

// sameInteger compares content octets, whatever zero octets a sloppy encoder put in front.
func sameInteger(a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(trimInteger(a), trimInteger(b))
}

func trimInteger(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}

// issuerAndSerial finds the two in the octets of a certificate without parsing the rest of it: designating one certificate
// out of a hundred must not cost a hundred parses. It is false for octets that do not look like a certificate.
func issuerAndSerial(raw []byte) (issuer, serial []byte, ok bool) {
	input := cryptobyte.String(raw)
	var certificate, tbs, number, name cryptobyte.String
	ok = input.ReadASN1(&certificate, asn1.SEQUENCE) &&
		certificate.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) &&
		tbs.ReadASN1(&number, asn1.INTEGER) &&
		tbs.SkipASN1(asn1.SEQUENCE) &&
		tbs.ReadASN1Element(&name, asn1.SEQUENCE)
	return name, number, ok
}

// sameName compares names by their octets, else as RFC 5280 §7.1 says: a signer may write an issuer with other string types
// than those of the certificate.
func sameName(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	first, ok := pkix.CanonicalName(a)
	if !ok {
		return false
	}
	second, ok := pkix.CanonicalName(b)
	return ok && first == second
}
