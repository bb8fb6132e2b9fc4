package pkitest

import (
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
)

// A few DER writers that read like the structure they write. The package writes what it is told to, sound or not, so it does
// not go through a certificate writer that would refuse.

// element is one DER element around the concatenation of its parts.
func element(tag asn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, part := range parts {
			b.AddBytes(part)
		}
	})
	return b.BytesOrPanic()
}

func sequence(parts ...[]byte) []byte { return element(asn1.SEQUENCE, parts...) }
func set(parts ...[]byte) []byte      { return element(asn1.SET, parts...) }
func octets(content []byte) []byte    { return element(asn1.OCTET_STRING, content) }
func bitString(content []byte) []byte { return element(asn1.BIT_STRING, []byte{0}, content) }
func integer(content []byte) []byte   { return element(asn1.INTEGER, content) }
func enumerated(v byte) []byte        { return element(asn1.ENUM, []byte{v}) }

// explicit wraps an element in the constructed context tag [n]; implicit replaces a primitive's tag by [n].
func explicit(n uint8, parts ...[]byte) []byte {
	return element(asn1.Tag(n).ContextSpecific().Constructed(), parts...)
}
func implicit(n uint8, content []byte) []byte {
	return element(asn1.Tag(n).ContextSpecific(), content)
}

func null() []byte { return []byte{5, 0} }

func boolean(v bool) []byte {
	if v {
		return []byte{1, 1, 0xff}
	}
	return []byte{1, 1, 0}
}

func bigInteger(n *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1BigInt(n)
	return b.BytesOrPanic()
}

func smallInteger(n int64) []byte { return bigInteger(big.NewInt(n)) }

// namedBits is a BIT STRING of a list of named bits: bit i is the i-th flag, trailing zeros are cut (X.690 §11.2.2).
func namedBits(bits uint32) []byte {
	if bits == 0 {
		return element(asn1.BIT_STRING, []byte{0})
	}
	var content [5]byte
	last := 0
	for i := range 32 {
		if bits&(1<<i) != 0 {
			content[1+i/8] |= 0x80 >> (i % 8)
			last = i
		}
	}
	content[0] = byte(7 - last%8)
	return element(asn1.BIT_STRING, content[:2+last/8])
}

// oid writes a dotted object identifier.
func oid(dotted string) []byte {
	o, err := der.ParseOID(dotted)
	if err != nil {
		panic("pkitest: " + err.Error())
	}
	return element(asn1.OBJECT_IDENTIFIER, []byte(o))
}

// validityTime is UTCTime until 2049 and GeneralizedTime after: RFC 5280 §4.1.2.5.
func validityTime(t time.Time) []byte {
	var b cryptobyte.Builder
	der.AddTime(&b, t)
	return b.BytesOrPanic()
}

func generalizedTime(t time.Time) []byte {
	var b cryptobyte.Builder
	der.AddGeneralizedTime(&b, t)
	return b.BytesOrPanic()
}
