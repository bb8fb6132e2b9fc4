package pkix

import (
	"bytes"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// A Name is a distinguished name (RFC 5280 §4.1.2.4): its attributes in the order of the encoding.
type Name struct {
	Raw        []byte          // DER of the whole; two names are the same in CMS and OCSP if this is
	Attributes []NameAttribute // flat; those of one relative distinguished name share RDN
}

// A NameAttribute is one AttributeTypeAndValue.
type NameAttribute struct {
	Type  der.OID
	Tag   byte   // of the value: 12 UTF8String, 19 PrintableString, 20 TeletexString, 22 IA5String, 30 BMPString…
	Value []byte // content octets of the value, as encoded: see Text
	RDN   int    // index of its relative distinguished name, from 0
}

// Attribute types that this module asks names for (X.520, RFC 4519, ETSI EN 319 412-1).
var (
	OIDCommonName             = der.MustOID("2.5.4.3")
	OIDSurname                = der.MustOID("2.5.4.4")
	OIDSerialNumber           = der.MustOID("2.5.4.5")
	OIDCountry                = der.MustOID("2.5.4.6")
	OIDLocality               = der.MustOID("2.5.4.7")
	OIDState                  = der.MustOID("2.5.4.8")
	OIDStreet                 = der.MustOID("2.5.4.9")
	OIDOrganization           = der.MustOID("2.5.4.10")
	OIDOrganizationalUnit     = der.MustOID("2.5.4.11")
	OIDTitle                  = der.MustOID("2.5.4.12")
	OIDGivenName              = der.MustOID("2.5.4.42")
	OIDPseudonym              = der.MustOID("2.5.4.65")
	OIDOrganizationIdentifier = der.MustOID("2.5.4.97")
	OIDEmailAddress           = der.MustOID("1.2.840.113549.1.9.1")
	OIDDomainComponent        = der.MustOID("0.9.2342.19200300.100.1.25")
	OIDUserID                 = der.MustOID("0.9.2342.19200300.100.1.1")
)

// keywords: RFC 4514 §3, and the names that tools print for the others.
var keywords = map[der.OID]string{
	OIDCommonName: "CN", OIDLocality: "L", OIDState: "ST", OIDOrganization: "O", OIDOrganizationalUnit: "OU", OIDCountry: "C",
	OIDStreet: "STREET", OIDDomainComponent: "DC", OIDUserID: "UID", OIDSurname: "SN", OIDGivenName: "GN", OIDTitle: "title",
	OIDSerialNumber: "serialNumber", OIDPseudonym: "pseudonym", OIDOrganizationIdentifier: "organizationIdentifier",
	OIDEmailAddress: "emailAddress",
}

// ParseName reads a Name that is the whole of raw, strictly.
func ParseName(raw []byte) (Name, bool) {
	input := cryptobyte.String(raw)
	var n Name
	c := &collector{base: raw}
	if !n.read(&input, c, "name") || !input.Empty() || len(c.anomalies) > 0 {
		return Name{}, false
	}
	return n, true
}

// read fills n from the SEQUENCE at the start of s. It reports false only if there is none.
func (n *Name) read(s *cryptobyte.String, c *collector, path string) bool {
	var rdns cryptobyte.String
	if !s.ReadASN1Element((*cryptobyte.String)(&n.Raw), asn1.SEQUENCE) {
		return false
	}
	whole := cryptobyte.String(n.Raw)
	if !whole.ReadASN1(&rdns, asn1.SEQUENCE) {
		return false
	}
	if !rdns.Empty() {
		n.Attributes = make([]NameAttribute, 0, 6)
	}
	for i := 0; !rdns.Empty(); i++ {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, asn1.SET) || set.Empty() {
			c.at(rdns, CodeName, path, "a relative distinguished name that is no SET, or an empty one (RFC 5280 §4.1.2.4)")
			return true
		}
		start, first := set, len(n.Attributes)
		for !set.Empty() {
			var pair cryptobyte.String
			var tag asn1.Tag
			a := NameAttribute{RDN: i}
			if len(n.Attributes) >= limits.NameAttributes || !set.ReadASN1(&pair, asn1.SEQUENCE) || !der.ReadOID(&pair, &a.Type) ||
				!pair.ReadAnyASN1((*cryptobyte.String)(&a.Value), &tag) || !pair.Empty() {
				c.at(start, CodeName, path, "an attribute that is no type and value, or too many (RFC 5280 §4.1.2.4)")
				return true
			}
			a.Tag = byte(tag)
			n.Attributes = append(n.Attributes, a)
		}
		if len(n.Attributes) > first+1 {
			if elements, ok := der.ReadElements(start, limits.NameAttributes); !ok || !der.IsSortedSet(elements) {
				c.at(start, CodeName, path, "attributes of one relative distinguished name out of DER order (X.690 §11.6)")
			}
		}
	}
	return true
}

// Get returns the texts of every attribute of a type, in order; nil if there is none.
func (n Name) Get(oid der.OID) []string {
	var texts []string
	for i := range n.Attributes {
		if n.Attributes[i].Type == oid {
			texts = append(texts, n.Attributes[i].Text())
		}
	}
	return texts
}

// Text returns the value as UTF-8. Octets that are not valid in its string type come out as U+FFFD; a value that is no string
// comes out as "#" and the hexadecimal of its encoding (RFC 4514 §2.4). TeletexString is read as Latin-1, as every writer meant it.
func (a NameAttribute) Text() string {
	switch a.Tag {
	case 12: // UTF8String
		if utf8.Valid(a.Value) {
			return string(a.Value)
		}
		return strings.ToValidUTF8(string(a.Value), "\uFFFD")
	case 18, 19, 22, 26: // NumericString, PrintableString, IA5String, VisibleString
		for i := range a.Value {
			if a.Value[i] >= 0x80 {
				return strings.ToValidUTF8(string(a.Value), "\uFFFD") // UTF-8 is the usual mistake
			}
		}
		return string(a.Value)
	case 20: // TeletexString
		runes := make([]rune, len(a.Value))
		for i, octet := range a.Value {
			runes[i] = rune(octet)
		}
		return string(runes)
	case 30: // BMPString
		units := make([]uint16, len(a.Value)/2)
		for i := range units {
			units[i] = uint16(a.Value[2*i])<<8 | uint16(a.Value[2*i+1])
		}
		return string(utf16.Decode(units))
	case 28: // UniversalString
		runes := make([]rune, len(a.Value)/4)
		for i := range runes {
			r := uint32(a.Value[4*i])<<24 | uint32(a.Value[4*i+1])<<16 | uint32(a.Value[4*i+2])<<8 | uint32(a.Value[4*i+3])
			if runes[i] = utf8.RuneError; r <= utf8.MaxRune {
				runes[i] = rune(r)
			}
		}
		return string(runes)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(a.Tag), func(b *cryptobyte.Builder) { b.AddBytes(a.Value) })
	encoded, err := b.Bytes()
	if err != nil { // a tag over 30, which ParseCertificate does not read
		encoded = a.Value
	}
	return "#" + hex.EncodeToString(encoded)
}

// isText reports whether Text is the value itself and not its encoding.
func (a NameAttribute) isText() bool {
	switch a.Tag {
	case 12, 18, 19, 20, 22, 26, 28, 30:
		return true
	}
	return false
}

// String returns the name as RFC 4514 writes it: the last relative distinguished name first, "," between them, "+" within
// one. Control characters are escaped, so that the text can go into a log. Types beyond RFC 4514 §3 have their usual
// keyword instead of an OID.
func (n Name) String() string {
	var b strings.Builder
	for end := len(n.Attributes); end > 0; {
		start := end - 1
		for start > 0 && n.Attributes[start-1].RDN == n.Attributes[start].RDN {
			start--
		}
		if end != len(n.Attributes) {
			b.WriteByte(',')
		}
		for i := start; i < end; i++ {
			if i > start {
				b.WriteByte('+')
			}
			a := &n.Attributes[i]
			if keyword, ok := keywords[a.Type]; ok {
				b.WriteString(keyword)
			} else {
				b.WriteString(a.Type.String())
			}
			b.WriteByte('=')
			if a.isText() {
				escape(&b, a.Text())
			} else {
				b.WriteString(a.Text())
			}
		}
		end = start
	}
	return b.String()
}

func escape(b *strings.Builder, text string) {
	for i, r := range text {
		switch {
		case strings.ContainsRune(`,+"\<>;=`, r), i == 0 && (r == '#' || r == ' '), i == len(text)-1 && r == ' ':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			// Controls, and the marks that reorder text on a screen.
			for _, octet := range []byte(string(r)) {
				b.WriteByte('\\')
				b.WriteString(hex.EncodeToString([]byte{octet}))
			}
		default:
			b.WriteRune(r)
		}
	}
}

// Equal reports whether two names match by RFC 5280 §7.1. Names with the same octets always do; otherwise see
// [CanonicalName].
func (n Name) Equal(o Name) bool {
	if bytes.Equal(n.Raw, o.Raw) {
		return true
	}
	a, okA := CanonicalName(n.Raw)
	b, okB := CanonicalName(o.Raw)
	return okA && okB && a == b
}
