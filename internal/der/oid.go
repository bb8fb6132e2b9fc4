package der

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// An OID is an object identifier: the content octets of its DER encoding (X.690 §8.19), as a string so that it compares
// with == and is a map key. Arcs have any size: 2.25.UUID is as good as another. The zero value is no identifier.
//
// Only [ParseOID], [MustOID] and [ReadOID] make OIDs that are known to be valid.
type OID string

// ErrOID is matched by every error of [ParseOID].
var ErrOID = errors.New("der: not an object identifier")

// ParseOID reads the dotted form, such as "1.2.250.1.223.101.256.1". Arcs have no sign and no leading zero; the first is 0,
// 1 or 2 and the second under 40 unless the first is 2 (X.660 §A.2).
func ParseOID(dotted string) (OID, error) {
	if len(dotted) > 4*limits.DEROID {
		return "", fmt.Errorf("%w: %d characters", ErrOID, len(dotted))
	}
	arcs := strings.Split(dotted, ".")
	if len(arcs) < 2 {
		return "", fmt.Errorf("%w: %q has fewer than two arcs", ErrOID, dotted)
	}
	var content []byte
	var first uint64
	for i, text := range arcs {
		if !isArc(text) {
			return "", fmt.Errorf("%w: arc %d of %q is not a number", ErrOID, i+1, dotted)
		}
		arc, err := strconv.ParseUint(text, 10, 63)
		switch {
		case i == 0:
			if err != nil || arc > 2 {
				return "", fmt.Errorf("%w: %q begins with neither 0, 1 nor 2", ErrOID, dotted)
			}
			first = arc
			continue
		case i == 1 && first < 2 && (err != nil || arc >= 40):
			return "", fmt.Errorf("%w: second arc of %q is over 39", ErrOID, dotted)
		case err == nil && (i > 1 || arc < 1<<62):
			if i == 1 {
				arc += first * 40
			}
			content = appendBase128(content, arc)
			continue
		}
		large, _ := new(big.Int).SetString(text, 10) // isArc has checked the digits
		if i == 1 {
			large.Add(large, big.NewInt(80))
		}
		content = appendBase128Big(content, large)
	}
	if len(content) > limits.DEROID {
		return "", fmt.Errorf("%w: %q takes more than %d octets", ErrOID, dotted, limits.DEROID)
	}
	return OID(content), nil
}

// MustOID is ParseOID for constants: it panics if the text is not an object identifier.
func MustOID(dotted string) OID {
	o, err := ParseOID(dotted)
	if err != nil {
		panic(err)
	}
	return o
}

func isArc(text string) bool {
	if text == "" || (text[0] == '0' && len(text) > 1) {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func appendBase128(b []byte, arc uint64) []byte {
	shift := 0
	for rest := arc >> 7; rest != 0; rest >>= 7 {
		shift += 7
	}
	for ; shift > 0; shift -= 7 {
		b = append(b, byte(arc>>shift)|0x80)
	}
	return append(b, byte(arc)&0x7f)
}

func appendBase128Big(b []byte, arc *big.Int) []byte {
	for shift := (arc.BitLen() - 1) / 7 * 7; shift > 0; shift -= 7 {
		b = append(b, bits7(arc, shift)|0x80)
	}
	return append(b, bits7(arc, 0))
}

func bits7(n *big.Int, shift int) byte {
	var digit byte
	for i := range 7 {
		digit |= byte(n.Bit(shift+i)) << i
	}
	return digit
}

// Valid reports whether o is a whole object identifier in minimal form.
func (o OID) Valid() bool { return validOID(string(o)) }

// String returns the dotted form, or "" for the zero value. Octets that are no identifier give "invalid".
func (o OID) String() string {
	if o == "" {
		return ""
	}
	if !o.Valid() {
		return "invalid"
	}
	var text []byte
	for i, start := 0, 0; i < len(o); i++ {
		if o[i]&0x80 != 0 {
			continue
		}
		digits := o[start : i+1]
		isFirst := start == 0
		start = i + 1
		if len(digits) > 9 {
			text = appendBigArc(text, digits, isFirst)
			continue
		}
		arc := uint64(0)
		for j := range len(digits) {
			arc = arc<<7 | uint64(digits[j]&0x7f)
		}
		if isFirst {
			root := min(arc/40, 2)
			text = strconv.AppendUint(text, root, 10)
			arc -= root * 40
		}
		text = strconv.AppendUint(append(text, '.'), arc, 10)
	}
	return string(text)
}

func appendBigArc(text []byte, digits OID, isFirst bool) []byte {
	arc := new(big.Int)
	for j := range len(digits) {
		arc.Lsh(arc, 7).Or(arc, big.NewInt(int64(digits[j]&0x7f)))
	}
	if isFirst {
		text = append(text, '2')
		arc.Sub(arc, big.NewInt(80))
	}
	return arc.Append(append(text, '.'), 10)
}

func validOID[T string | []byte](content T) bool {
	n := len(content)
	if n == 0 || n > limits.DEROID || content[n-1]&0x80 != 0 {
		return false
	}
	start := true
	for i := range n {
		if start && content[i] == 0x80 {
			return false
		}
		start = content[i]&0x80 == 0
	}
	return true
}

// ReadOID reads an OBJECT IDENTIFIER with minimal arcs. On failure it leaves out alone.
func ReadOID(s *cryptobyte.String, out *OID) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.OBJECT_IDENTIFIER) || !validOID([]byte(content)) {
		return false
	}
	*out = InternOID(content)
	return true
}

// AddOID writes an OBJECT IDENTIFIER. An OID that is not valid is an error of the builder.
func AddOID(b *cryptobyte.Builder, o OID) {
	if !o.Valid() {
		b.SetError(ErrOID)
		return
	}
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(o)) })
}
