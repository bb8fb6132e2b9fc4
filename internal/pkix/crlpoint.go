package pkix

import (
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// ReasonFlags is a set of reasons for revocation (RFC 5280 §4.2.1.13): bit i is bit i of the named bit list.
type ReasonFlags uint16

// AllReasons is every reason that a CRL may be limited to; bit 0 is unused.
const AllReasons ReasonFlags = 0x1fe

// A DistributionPointName says where a CRL is published (RFC 5280 §4.2.1.13): by full names, or by what to add to the name of
// the CRL's issuer. It is the zero value when absent.
type DistributionPointName struct {
	Full     []GeneralName
	Relative []byte // content octets of the SET of the relative distinguished name; nil when there is none
}

// IsAbsent reports whether there is no name.
func (n DistributionPointName) IsAbsent() bool { return n.Full == nil && n.Relative == nil }

// Names returns the full names, those relative to an issuer completed with the DER of its Name.
func (n DistributionPointName) Names(issuer []byte) []GeneralName {
	if n.Relative == nil {
		return n.Full
	}
	input, rdns := cryptobyte.String(issuer), cryptobyte.String(nil)
	if !input.ReadASN1(&rdns, asn1.SEQUENCE) {
		return nil
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(rdns)
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(n.Relative) })
	})
	name, err := b.Bytes()
	if err != nil {
		return nil
	}
	return []GeneralName{{Form: FormDirectory, Value: name}}
}

// A DistributionPoint is where a certificate says that its status is published (RFC 5280 §4.2.1.13).
type DistributionPoint struct {
	Name       DistributionPointName
	Reasons    ReasonFlags // AllReasons when not limited
	CRLIssuers []GeneralName
}

// An IssuingDistributionPoint is the scope of a CRL (RFC 5280 §5.2.5).
type IssuingDistributionPoint struct {
	Name            DistributionPointName
	OnlyUsers       bool
	OnlyAuthorities bool
	OnlyAttributes  bool
	Indirect        bool
	Reasons         ReasonFlags // AllReasons when not limited
}

// ParseDistributionPoints reads a CRLDistributionPoints or FreshestCRL value.
func ParseDistributionPoints(value []byte) (list []DistributionPoint, ok bool) {
	input, points := cryptobyte.String(value), cryptobyte.String(nil)
	if !input.ReadASN1(&points, asn1.SEQUENCE) || !input.Empty() || points.Empty() {
		return nil, false
	}
	for !points.Empty() {
		var content, issuers cryptobyte.String
		var hasIssuers bool
		p := DistributionPoint{}
		if len(list) == limits.ExtensionItems || !points.ReadASN1(&content, asn1.SEQUENCE) || !readPointName(&content, &p.Name) ||
			!readReasons(&content, 1, &p.Reasons) || !content.ReadOptionalASN1(&issuers, &hasIssuers, contextTag(2)) || !content.Empty() {
			return nil, false
		}
		if p.CRLIssuers, ok = readGeneralNames(issuers); !ok || hasIssuers && p.CRLIssuers == nil {
			return nil, false
		}
		list = append(list, p)
	}
	return list, true
}

// parseIssuingPoint reads an IssuingDistributionPoint. At most one of the three kinds of certificates may be chosen.
func parseIssuingPoint(value []byte) (*IssuingDistributionPoint, bool) {
	input, content := cryptobyte.String(value), cryptobyte.String(nil)
	p := new(IssuingDistributionPoint)
	if !input.ReadASN1(&content, asn1.SEQUENCE) || !input.Empty() || !readPointName(&content, &p.Name) ||
		!readFlag(&content, 1, &p.OnlyUsers) || !readFlag(&content, 2, &p.OnlyAuthorities) ||
		!readReasons(&content, 3, &p.Reasons) ||
		!readFlag(&content, 4, &p.Indirect) || !readFlag(&content, 5, &p.OnlyAttributes) || !content.Empty() {
		return nil, false
	}
	return p, true
}

// readPointName reads DistributionPointName, [0] EXPLICIT since it is a CHOICE.
func readPointName(s *cryptobyte.String, out *DistributionPointName) bool {
	var explicit, content cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&explicit, &present, contextTag(0)) || !present {
		return !present
	}
	switch {
	case explicit.PeekASN1Tag(contextTag(0)):
		if !explicit.ReadASN1(&content, contextTag(0)) || !explicit.Empty() {
			return false
		}
		names, ok := readGeneralNames(content)
		out.Full = names
		return ok && names != nil
	case explicit.PeekASN1Tag(contextTag(1)):
		if !explicit.ReadASN1(&content, contextTag(1)) || !explicit.Empty() || content.Empty() {
			return false
		}
		out.Relative = content
		return true
	}
	return false
}

func readGeneralNames(s cryptobyte.String) (names []GeneralName, ok bool) {
	for !s.Empty() {
		var name GeneralName
		if len(names) == limits.ExtensionItems || !readGeneralName(&s, &name) {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}

// readReasons reads [n] IMPLICIT ReasonFlags OPTIONAL.
func readReasons(s *cryptobyte.String, n uint8, out *ReasonFlags) bool {
	*out = AllReasons
	var content cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&content, &present, asn1.Tag(n).ContextSpecific()) {
		return false
	}
	if !present {
		return true
	}
	if len(content) < 1 || content[0] > 7 || len(content) == 1 && content[0] != 0 {
		return false
	}
	*out = 0
	for i, octet := range content[1:] {
		if i < 2 {
			*out |= ReasonFlags(bits.Reverse8(octet)) << (8 * i)
		}
	}
	*out &= AllReasons
	return true
}

// readFlag reads [n] IMPLICIT BOOLEAN DEFAULT FALSE.
func readFlag(s *cryptobyte.String, n uint8, out *bool) bool {
	var content cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&content, &present, asn1.Tag(n).ContextSpecific()) || present && len(content) != 1 {
		return false
	}
	*out = present && content[0] != 0
	return true
}

// SameName reports whether two general names are the same (RFC 5280 §7): directory names by their rules, anything else octet
// for octet.
func SameName(a, b GeneralName) bool {
	if a.Form != b.Form {
		return false
	}
	if a.Form != FormDirectory {
		return string(a.Value) == string(b.Value)
	}
	return Name{Raw: a.Value}.Equal(Name{Raw: b.Value})
}
