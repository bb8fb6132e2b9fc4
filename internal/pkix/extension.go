package pkix

import (
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// Extensions of certificates (RFC 5280 §4.2, RFC 3739, RFC 6960 §4.2.2.2.1) and the purposes and methods inside them.
var (
	OIDSubjectKeyID           = der.MustOID("2.5.29.14")
	OIDKeyUsage               = der.MustOID("2.5.29.15")
	OIDSubjectAltName         = der.MustOID("2.5.29.17")
	OIDIssuerAltName          = der.MustOID("2.5.29.18")
	OIDBasicConstraints       = der.MustOID("2.5.29.19")
	OIDNameConstraints        = der.MustOID("2.5.29.30")
	OIDCRLDistributionPoints  = der.MustOID("2.5.29.31")
	OIDCertificatePolicies    = der.MustOID("2.5.29.32")
	OIDAnyPolicy              = der.MustOID("2.5.29.32.0")
	OIDPolicyMappings         = der.MustOID("2.5.29.33")
	OIDAuthorityKeyID         = der.MustOID("2.5.29.35")
	OIDPolicyConstraints      = der.MustOID("2.5.29.36")
	OIDExtKeyUsage            = der.MustOID("2.5.29.37")
	OIDFreshestCRL            = der.MustOID("2.5.29.46")
	OIDInhibitAnyPolicy       = der.MustOID("2.5.29.54")
	OIDAuthorityInfoAccess    = der.MustOID("1.3.6.1.5.5.7.1.1")
	OIDQCStatements           = der.MustOID("1.3.6.1.5.5.7.1.3")
	OIDOCSPNoCheck            = der.MustOID("1.3.6.1.5.5.7.48.1.5")
	OIDValidityAssuranceShort = der.MustOID("0.4.0.194121.2.1")

	OIDAccessOCSP      = der.MustOID("1.3.6.1.5.5.7.48.1")
	OIDAccessCAIssuers = der.MustOID("1.3.6.1.5.5.7.48.2")

	OIDPurposeAny             = der.MustOID("2.5.29.37.0")
	OIDPurposeServerAuth      = der.MustOID("1.3.6.1.5.5.7.3.1")
	OIDPurposeClientAuth      = der.MustOID("1.3.6.1.5.5.7.3.2")
	OIDPurposeCodeSigning     = der.MustOID("1.3.6.1.5.5.7.3.3")
	OIDPurposeEmailProtection = der.MustOID("1.3.6.1.5.5.7.3.4")
	OIDPurposeTimeStamping    = der.MustOID("1.3.6.1.5.5.7.3.8")
	OIDPurposeOCSPSigning     = der.MustOID("1.3.6.1.5.5.7.3.9")
)

// BasicConstraints is RFC 5280 §4.2.1.9.
type BasicConstraints struct {
	CA       bool
	PathLen  int // -1 when absent
	Critical bool
}

// KeyUsage is RFC 5280 §4.2.1.3. Bit i of Bits is bit i of the named bit list.
type KeyUsage struct {
	Bits     uint16
	Critical bool
}

// The bits of KeyUsage.
const (
	DigitalSignature  uint16 = 1 << iota
	ContentCommitment        // nonRepudiation, its older name
	KeyEncipherment
	DataEncipherment
	KeyAgreement
	KeyCertSign
	CRLSign
	EncipherOnly
	DecipherOnly
)

// Has reports whether every one of the given bits is set.
func (k *KeyUsage) Has(bits uint16) bool { return k != nil && k.Bits&bits == bits }

func (c *Certificate) readExtensions(explicit cryptobyte.String, o *collector) {
	var list cryptobyte.String
	const path = "extensions"
	if !explicit.ReadASN1(&list, asn1.SEQUENCE) {
		c.UnreadCritical = true
		o.at(explicit, CodeExtension, path, "not a SEQUENCE (RFC 5280 §4.2)")
		return
	}
	if !explicit.Empty() {
		o.at(explicit, CodeTrailing, path, "fields after the list")
	}
	if list.Empty() {
		o.at(list, CodeExtension, path, "an empty list (RFC 5280 §4.1)")
		return
	}
	c.Extensions = make([]Extension, 0, 12)
	for !list.Empty() {
		if len(c.Extensions) == limits.CertificateExtensions {
			c.UnreadCritical = true
			o.at(list, CodeMore, path, "more extensions than are read")
			return
		}
		e, start := Extension{Offset: o.offset(list)}, list
		if !e.read(&list, o) {
			c.UnreadCritical = true
			o.at(start, CodeExtension, path, "not an Extension (RFC 5280 §4.2)")
			if list = start; !list.ReadAnyASN1(&start, nil) {
				return
			}
			continue
		}
		_, isTwice := c.Extension(e.OID)
		c.Extensions = append(c.Extensions, e)
		if isTwice {
			o.add(CodeDuplicate, path+"."+e.OID.String(), e.Offset, "comes twice (RFC 5280 §4.2)")
			continue
		}
		c.decode(e, o)
	}
}

func (e *Extension) read(list *cryptobyte.String, o *collector) bool {
	var content, value cryptobyte.String
	if !list.ReadASN1(&content, asn1.SEQUENCE) || !der.ReadOID(&content, &e.OID) {
		return false
	}
	var ok bool
	if e.Critical, ok = readDefaultFalse(&content, o, "extensions.critical", e.Offset); !ok {
		return false
	}
	if !content.ReadASN1(&value, asn1.OCTET_STRING) {
		return false
	}
	if !content.Empty() {
		o.add(CodeTrailing, "extensions", e.Offset, "fields after extnValue")
	}
	e.Value = value
	return true
}

// readDefaultFalse reads a BOOLEAN DEFAULT FALSE: any octet but 0 is true, as in BER.
func readDefaultFalse(s *cryptobyte.String, o *collector, path string, offset int) (value, ok bool) {
	if !s.PeekASN1Tag(asn1.BOOLEAN) {
		return false, true
	}
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.BOOLEAN) || len(content) != 1 {
		return false, false
	}
	switch content[0] {
	case 0:
		o.add(CodeBoolean, path, offset, "FALSE is the default and must not be written (X.690 §11.5)")
		return false, true
	case 0xff:
	default:
		o.add(CodeBoolean, path, offset, "a BOOLEAN that is neither 00 nor FF (X.690 §11.1)")
	}
	return true, true
}

// A decoder fills its fields of a Certificate from the value of an extension, and reports whether it could.
type decoder struct {
	name string
	read func(c *Certificate, e Extension, o *collector) bool
}

// decode reads the value of the extensions that Certificate has fields for.
func (c *Certificate) decode(e Extension, o *collector) {
	var d decoder
	switch e.OID {
	case OIDBasicConstraints:
		d = decoder{"basicConstraints", (*Certificate).readBasicConstraints}
	case OIDKeyUsage:
		d = decoder{"keyUsage", (*Certificate).readKeyUsage}
	case OIDExtKeyUsage:
		d = decoder{"extKeyUsage", (*Certificate).readExtKeyUsage}
	case OIDSubjectKeyID:
		d = decoder{"subjectKeyIdentifier", (*Certificate).readSubjectKeyID}
	case OIDAuthorityKeyID:
		d = decoder{"authorityKeyIdentifier", (*Certificate).readAuthorityKeyID}
	case OIDCertificatePolicies:
		d = decoder{"certificatePolicies", (*Certificate).readPolicies}
	case OIDCRLDistributionPoints:
		d = decoder{"cRLDistributionPoints", (*Certificate).readDistributionPoints}
	case OIDAuthorityInfoAccess:
		d = decoder{"authorityInfoAccess", (*Certificate).readInfoAccess}
	case OIDSubjectAltName:
		d = decoder{"subjectAltName", (*Certificate).readSubjectAltName}
	default:
		return
	}
	if d.read(c, e, o) {
		return
	}
	path := "extensions." + d.name
	if clean, err := der.Normalize(e.Value, der.Limits{Size: limits.CertificateSize}); err == nil && len(e.Value) > 0 && &clean[0] != &e.Value[0] {
		o.add(CodeBER, path, e.Offset, "a value in BER that is not DER (X.690 §10)")
		e.Value = clean
		if d.read(c, e, o) {
			return
		}
	}
	c.UnreadCritical = c.UnreadCritical || e.Critical
	o.add(CodeExtension, path, e.Offset, "a value that cannot be read (RFC 5280 §4.2.1)")
}

func (c *Certificate) readBasicConstraints(e Extension, o *collector) bool {
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	b := BasicConstraints{PathLen: -1, Critical: e.Critical}
	var ok bool
	if !input.ReadASN1(&content, asn1.SEQUENCE) || !input.Empty() {
		return false
	}
	if b.CA, ok = readDefaultFalse(&content, o, "extensions.basicConstraints.cA", e.Offset); !ok {
		return false
	}
	if !content.Empty() && (!content.ReadASN1Integer(&b.PathLen) || b.PathLen < 0 || !content.Empty()) {
		return false
	}
	c.BasicConstraints = &b
	return true
}

func (c *Certificate) readKeyUsage(e Extension, o *collector) bool {
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&content, asn1.BIT_STRING) || !input.Empty() || len(content) < 1 || content[0] > 7 || len(content) == 1 && content[0] != 0 {
		return false
	}
	unused, flags := content[0], content[1:]
	usage := &KeyUsage{Critical: e.Critical}
	for i, octet := range flags {
		if i < 2 {
			usage.Bits |= uint16(bits.Reverse8(octet)) << (8 * i)
		}
	}
	if n := len(flags); n > 0 && bits.TrailingZeros8(flags[n-1]) != int(unused) {
		o.add(CodeBitString, "extensions.keyUsage", e.Offset, "a named bit list with trailing zero bits, or set unused ones (X.690 §11.2)")
	}
	c.KeyUsage = usage
	return true
}

func (c *Certificate) readExtKeyUsage(e Extension, _ *collector) bool {
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&content, asn1.SEQUENCE) || !input.Empty() || content.Empty() {
		return false
	}
	var purposes []der.OID
	for !content.Empty() {
		var oid der.OID
		if len(purposes) == limits.ExtensionItems || !der.ReadOID(&content, &oid) {
			return false
		}
		purposes = append(purposes, oid)
	}
	c.ExtKeyUsage, c.ExtKeyUsageCritical = purposes, e.Critical
	return true
}

func (c *Certificate) readSubjectKeyID(e Extension, _ *collector) bool {
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&content, asn1.OCTET_STRING) || !input.Empty() {
		return false
	}
	c.SubjectKeyID = content
	return true
}

func (c *Certificate) readAuthorityKeyID(e Extension, _ *collector) bool {
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	var id cryptobyte.String
	if !input.ReadASN1(&content, asn1.SEQUENCE) || !input.Empty() ||
		!content.ReadOptionalASN1(&id, nil, asn1.Tag(0).ContextSpecific()) {
		return false
	}
	c.AuthorityKeyID = id
	return true
}

func (c *Certificate) readPolicies(e Extension, _ *collector) bool {
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&content, asn1.SEQUENCE) || !input.Empty() || content.Empty() {
		return false
	}
	var policies []der.OID
	for !content.Empty() {
		var information cryptobyte.String
		var oid der.OID
		if len(policies) == limits.ExtensionItems || !content.ReadASN1(&information, asn1.SEQUENCE) || !der.ReadOID(&information, &oid) {
			return false
		}
		policies = append(policies, oid)
	}
	c.Policies = policies
	return true
}
