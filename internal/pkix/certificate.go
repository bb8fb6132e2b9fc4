package pkix

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// ErrCertificate is matched by every error of [ParseCertificate]: the octets have not the shape of a certificate.
var ErrCertificate = errors.New("pkix: not a certificate")

// A Certificate is an X.509 certificate (RFC 5280 §4.1) as read. Slices share memory with Raw, which must not change.
type Certificate struct {
	Raw        []byte // as found: what digests of the certificate are made of
	RawTBS     []byte // as found: what the signature covers
	RawIssuer  []byte // DER of the Name
	RawSubject []byte // DER of the Name
	RawSPKI    []byte // DER of the SubjectPublicKeyInfo
	RawSerial  []byte // content octets of the INTEGER

	ID [32]byte // SHA-256 of Raw

	Version             int // 1, 2 or 3 (encoded 0, 1, 2)
	Serial              *big.Int
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time // UTC; zero if unreadable
	HasUniqueID         bool      // issuerUniqueID or subjectUniqueID is there

	SignatureAlgorithm    AlgorithmIdentifier // beside the signature
	TBSSignatureAlgorithm AlgorithmIdentifier // within what is signed
	Signature             []byte
	PublicKey             PublicKeyInfo

	Extensions []Extension // all that are Extensions, in order
	// UnreadCritical: an entry that is no Extension, or a critical one whose value cannot be read, was passed over. A path
	// through this certificate must be refused (RFC 5280 §4.2).
	UnreadCritical bool

	// Decoded from Extensions; nil or zero when absent or unreadable (an anomaly then says so). Of an extension that comes
	// twice, the first counts.
	BasicConstraints      *BasicConstraints
	KeyUsage              *KeyUsage
	ExtKeyUsage           []der.OID
	ExtKeyUsageCritical   bool
	SubjectKeyID          []byte
	AuthorityKeyID        []byte // keyIdentifier of the extension
	Policies              []der.OID
	CRLDistributionPoints []string // URIs
	OCSPServers           []string // URIs
	CAIssuers             []string // URIs
	DNSNames              []string // of subjectAltName, as EmailAddresses and URIs
	EmailAddresses        []string
	URIs                  []string

	Anomalies []Anomaly
}

// An Extension as found.
type Extension struct {
	OID      der.OID
	Critical bool
	Value    []byte // content of the OCTET STRING: the encoded value
	Offset   int    // of the extension, in octets from the start of the certificate
}

// Extension returns the first extension with an OID.
func (c *Certificate) Extension(oid der.OID) (Extension, bool) {
	for i := range c.Extensions {
		if c.Extensions[i].OID == oid {
			return c.Extensions[i], true
		}
	}
	return Extension{}, false
}

// IsCA reports whether basicConstraints says cA.
func (c *Certificate) IsCA() bool { return c.BasicConstraints != nil && c.BasicConstraints.CA }

// SelfIssued reports whether issuer and subject are the same name. It says nothing of the signature: see [CheckIssued].
func (c *Certificate) SelfIssued() bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// ParseCertificate reads one certificate, the whole of raw, leniently: whatever departs from RFC 5280 or from DER becomes an
// Anomaly as long as the fields are there in their places. It fails only if raw is not a certificate at all, with an error
// that wraps ErrCertificate and says at which field, or der.ErrLimit when a bound was met.
//
// A certificate in BER is read in its DER form. Raw and RawTBS are then as found, the rest is DER, and offsets are in the DER
// form. One that is damaged where no field is looked for (within an attribute value, say) is read as it stands.
func ParseCertificate(raw []byte) (*Certificate, error) {
	if len(raw) > limits.CertificateSize {
		return nil, fmt.Errorf("%w: %d octets, the bound is %d: %w", ErrCertificate, len(raw), limits.CertificateSize, der.ErrLimit)
	}
	o := collector{base: raw}
	clean := raw
	var damage error
	if strict := der.CheckStructure(raw, der.Limits{}); strict != nil {
		var n int
		if clean, n, damage = der.NormalizePrefix(raw, der.Limits{}); damage != nil {
			size, err := elementSize(raw)
			if errors.Is(damage, der.ErrLimit) || err != nil {
				return nil, fmt.Errorf("%w: %w", ErrCertificate, damage)
			}
			clean, n, strict = raw[:size:size], size, damage
		}
		if o.base = clean; n < len(raw) {
			o.add(CodeTrailing, "", n, "octets after the certificate")
			if raw = raw[:n:n]; damage == nil {
				strict = der.CheckStructure(raw, der.Limits{})
			}
		}
		if strict != nil {
			o.addSyntax("", strict)
		}
	}
	c := &Certificate{Raw: raw, ID: sha256.Sum256(raw)}
	switch path := c.read(clean, &o); {
	case path != "" && damage != nil:
		return nil, fmt.Errorf("%w: %s is missing or misplaced: %w", ErrCertificate, path, damage)
	case path != "":
		return nil, fmt.Errorf("%w: %s is missing or misplaced", ErrCertificate, path)
	}
	if len(clean) != len(raw) || &clean[0] != &raw[0] {
		c.RawTBS = outerTBS(raw)
	}
	c.Anomalies = o.anomalies
	return c, nil
}

// outerTBS returns the octets of tbsCertificate in a BER certificate that is known to be well formed.
func outerTBS(raw []byte) []byte {
	h, err := der.ReadHeader(raw)
	if err != nil {
		return nil
	}
	_, n, err := der.NormalizePrefix(raw[h.Size:], der.Limits{})
	if err != nil {
		return nil
	}
	return raw[h.Size : h.Size+n]
}

// read fills c from DER. It returns the path of the field that stops it, or nothing.
func (c *Certificate) read(clean []byte, o *collector) string {
	input := cryptobyte.String(clean)
	var outer, signature cryptobyte.String
	if !input.ReadASN1(&outer, asn1.SEQUENCE) {
		return "Certificate"
	}
	if !outer.ReadASN1Element((*cryptobyte.String)(&c.RawTBS), asn1.SEQUENCE) {
		return "tbsCertificate"
	}
	algorithm := outer
	if !c.SignatureAlgorithm.readLenient(&outer, o, "signatureAlgorithm") {
		return "signatureAlgorithm"
	}
	if !outer.ReadASN1(&signature, asn1.BIT_STRING) || len(signature) == 0 {
		return "signatureValue"
	}
	if signature[0] != 0 {
		o.at(signature, CodeBitString, "signatureValue", "a signature is whole octets (RFC 5280 §4.1.1.3)")
	}
	c.Signature = signature[1:]
	if !outer.Empty() {
		o.at(outer, CodeTrailing, "", "fields after signatureValue")
	}
	o.prefix = "tbsCertificate."
	if path := c.readTBS(o); path != "" {
		return path
	}
	o.prefix = ""
	if !c.SignatureAlgorithm.Equal(c.TBSSignatureAlgorithm) {
		o.at(algorithm, CodeAlgorithmMismatch, "signatureAlgorithm", "signatureAlgorithm and tbsCertificate.signature differ (RFC 5280 §4.1.1.2)")
	}
	if oddity := c.SignatureAlgorithm.Oddity(); oddity != "" {
		o.at(algorithm, CodeAlgorithm, "signatureAlgorithm", oddity)
	}
	return ""
}

func (c *Certificate) readTBS(o *collector) string {
	tbs := cryptobyte.String(c.RawTBS)
	var s, validity cryptobyte.String
	tbs.ReadASN1(&s, asn1.SEQUENCE) // read has seen it
	c.readVersion(&s, o)
	if !s.ReadASN1((*cryptobyte.String)(&c.RawSerial), asn1.INTEGER) {
		return "tbsCertificate.serialNumber"
	}
	c.readSerial(o)
	if !c.TBSSignatureAlgorithm.readLenient(&s, o, "signature") {
		return "tbsCertificate.signature"
	}
	if !c.Issuer.read(&s, o, "issuer") {
		return "tbsCertificate.issuer"
	}
	if !s.ReadASN1(&validity, asn1.SEQUENCE) {
		return "tbsCertificate.validity"
	}
	c.NotBefore = readTime(&validity, o, "validity.notBefore")
	c.NotAfter = readTime(&validity, o, "validity.notAfter")
	if !validity.Empty() {
		o.at(validity, CodeTrailing, "validity", "fields after notAfter")
	}
	if !c.Subject.read(&s, o, "subject") {
		return "tbsCertificate.subject"
	}
	o.prefix = "tbsCertificate.subjectPublicKeyInfo."
	if !c.PublicKey.read(&s, o) {
		return "tbsCertificate.subjectPublicKeyInfo"
	}
	o.prefix = "tbsCertificate."
	c.RawIssuer, c.RawSubject, c.RawSPKI = c.Issuer.Raw, c.Subject.Raw, c.PublicKey.Raw
	for _, tag := range []asn1.Tag{asn1.Tag(1).ContextSpecific(), asn1.Tag(2).ContextSpecific()} {
		var present bool
		var identifier cryptobyte.String
		if s.ReadOptionalASN1(&identifier, &present, tag); present {
			c.HasUniqueID = true
			if c.Version < 2 {
				o.at(s, CodeVersion, "version", "unique identifiers in a version 1 certificate (RFC 5280 §4.1.2.8)")
			}
		}
	}
	var extensions cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&extensions, &present, contextTag(3)) {
		o.at(s, CodeTrailing, "", "a field that is not extensions")
		return ""
	}
	if present {
		if c.Version < 3 {
			o.at(extensions, CodeVersion, "version", "extensions in a certificate before version 3 (RFC 5280 §4.1.2.9)")
		}
		c.readExtensions(extensions, o)
	}
	if !s.Empty() {
		o.at(s, CodeTrailing, "", "fields after the extensions")
	}
	return ""
}

func (c *Certificate) readVersion(s *cryptobyte.String, o *collector) {
	c.Version = 1
	var explicit cryptobyte.String
	var present bool
	start := *s
	if !s.ReadOptionalASN1(&explicit, &present, contextTag(0)) || !present {
		return
	}
	var content cryptobyte.String
	switch ok := explicit.ReadASN1(&content, asn1.INTEGER) && explicit.Empty(); {
	case !ok || len(content) != 1 || content[0] > 2:
		c.Version = 3
		o.at(start, CodeVersion, "version", "not 1, 2 or 3; read as 3 (RFC 5280 §4.1.2.1)")
	case content[0] == 0:
		o.at(start, CodeVersion, "version", "version 1 is the default and must not be written (X.690 §11.5)")
	default:
		c.Version = int(content[0]) + 1
	}
}

func (c *Certificate) readSerial(o *collector) {
	const path = "serialNumber"
	c.Serial = new(big.Int)
	der.SetInteger(c.Serial, c.RawSerial)
	if !der.MinimalInteger(c.RawSerial) {
		o.at(c.RawSerial, CodeInteger, path, "an INTEGER without content or with an octet too many (X.690 §8.3.2)")
	}
	switch c.Serial.Sign() {
	case -1:
		o.at(c.RawSerial, CodeSerialNegative, path, "negative (RFC 5280 §4.1.2.2)")
	case 0:
		o.at(c.RawSerial, CodeSerialZero, path, "zero (RFC 5280 §4.1.2.2)")
	}
	if len(c.RawSerial) > 20 {
		o.at(c.RawSerial, CodeSerialLong, path, "more than 20 octets (RFC 5280 §4.1.2.2)")
	}
}

// readTime reads a Time and is lenient about its form.
func readTime(s *cryptobyte.String, o *collector, path string) time.Time {
	var content cryptobyte.String
	var tag asn1.Tag
	start := *s
	if !s.ReadAnyASN1(&content, &tag) {
		o.at(start, CodeTime, path, "missing")
		return time.Time{}
	}
	t, ok := der.ParseTime(byte(tag), content)
	if ok {
		if tag == asn1.GeneralizedTime && t.Year() >= 1950 && t.Year() < 2050 {
			o.at(start, CodeTime, path, "a GeneralizedTime before 2050 (RFC 5280 §4.1.2.5)")
		}
		return t
	}
	t, ok = parseOddTime(byte(tag), string(content))
	if !ok {
		o.at(start, CodeTime, path, "unreadable (RFC 5280 §4.1.2.5)")
		return time.Time{}
	}
	o.at(start, CodeTime, path, "not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ (RFC 5280 §4.1.2.5)")
	return t
}

// parseOddTime reads what BER allows and RFC 5280 does not: no seconds, a zone other than Z, a fraction.
func parseOddTime(tag byte, text string) (time.Time, bool) {
	var layouts []string
	switch tag {
	case byte(asn1.UTCTime):
		layouts = []string{"0601021504Z0700", "060102150405Z0700"}
	case byte(asn1.GeneralizedTime):
		layouts = []string{"20060102150405Z0700", "200601021504Z0700", "20060102150405.999999999Z0700", "20060102150405"}
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if tag == byte(asn1.UTCTime) && t.Year() >= 2050 { // time.Parse turns at 69, RFC 5280 at 50
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC(), true
	}
	return time.Time{}, false
}
