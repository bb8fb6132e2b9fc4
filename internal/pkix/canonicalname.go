package pkix

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// CanonicalName returns a string that two distinguished names share when RFC 5280 §7.1 says that they match: attribute
// values that are character strings are compared without regard to case, to the string type, or to how much white space
// there is; anything else by its octets; and the attributes of one RDN in any order. It is a map key, not something to show.
// What is not an RDNSequence, or exceeds the bounds of internal/limits, gives ok false.
//
// The Unicode normalisation of RFC 4518 is left out: names that differ only by composition do not match.
func CanonicalName(raw []byte) (name string, ok bool) {
	rdns, ok := canonicalRDNs(raw)
	return strings.Join(rdns, ""), ok
}

// canonicalRDNs returns one string per RDN. Each begins with its length, so that joining them loses nothing.
func canonicalRDNs(raw []byte) ([]string, bool) {
	input := cryptobyte.String(raw)
	var sequence cryptobyte.String
	if !input.ReadASN1(&sequence, asn1.SEQUENCE) || !input.Empty() {
		return nil, false
	}
	var rdns []string
	for attributes := 0; !sequence.Empty(); {
		var set cryptobyte.String
		if !sequence.ReadASN1(&set, asn1.SET) {
			return nil, false
		}
		var members []string
		for !set.Empty() {
			var attribute, value cryptobyte.String
			var oid der.OID
			var tag asn1.Tag
			if attributes++; attributes > limits.NameAttributes || !set.ReadASN1(&attribute, asn1.SEQUENCE) ||
				!der.ReadOID(&attribute, &oid) || !attribute.ReadAnyASN1Element(&value, &tag) || !attribute.Empty() {
				return nil, false
			}
			members = append(members, delimited(string(oid))+delimited(canonicalValue(value, tag)))
		}
		slices.Sort(members)
		rdns = append(rdns, delimited(strings.Join(members, "")))
	}
	return rdns, true
}

func delimited(s string) string {
	return string(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(s)), uint32(len(s)))) + s
}

// canonicalValue folds a character string and returns anything else, header included, as it is. A text never begins with the
// octet that marks the second kind.
func canonicalValue(element cryptobyte.String, tag asn1.Tag) string {
	whole := string(element)
	var content cryptobyte.String
	switch tag {
	case 12, 18, 19, 20, 22, 26, 28, 30: // the string types that NameAttribute.Text reads
		if element.ReadASN1(&content, tag) {
			text := NameAttribute{Tag: byte(tag), Value: content}.Text()
			return strings.Join(strings.Fields(strings.Map(foldRune, text)), " ")
		}
	}
	return "\x00" + whole
}

func foldRune(r rune) rune {
	if r == 0 {
		return unicode.ReplacementChar
	}
	return unicode.ToLower(unicode.ToUpper(r))
}
