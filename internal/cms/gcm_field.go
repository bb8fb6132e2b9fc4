package cms

import "encoding/binary"

// A gcmElement is an element of GF(2^128) modulo x^128 + x^7 + x^2 + x + 1 in the bit order of GCM (NIST SP 800-38D §6.3):
// the top bit of hi is the coefficient of x^0, the lowest bit of lo that of x^127. Addition is XOR.
// The elements handled here derive from the secret key: no operation branches on them or indexes with them.
type gcmElement struct{ hi, lo uint64 }

// gcmOne is the unit of the field.
var gcmOne = gcmElement{hi: 1 << 63}

func gcmElementOf(b *[16]byte) gcmElement {
	return gcmElement{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (a gcmElement) bytes() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return b
}

func (a gcmElement) add(b gcmElement) gcmElement { return gcmElement{a.hi ^ b.hi, a.lo ^ b.lo} }

// timesX multiplies by x: a shift towards lo, and the reduction polynomial where a bit falls off.
func (a gcmElement) timesX() gcmElement {
	fallen := -(a.lo & 1)
	return gcmElement{a.hi>>1 ^ fallen&(0xE1<<56), a.lo>>1 | a.hi<<63}
}

func (a gcmElement) mul(b gcmElement) (z gcmElement) {
	for _, word := range [2]uint64{a.hi, a.lo} {
		for range 64 {
			set := -(word >> 63)
			z.hi ^= b.hi & set
			z.lo ^= b.lo & set
			b = b.timesX()
			word <<= 1
		}
	}
	return z
}

// pow is a^n by squaring; n is public.
func (a gcmElement) pow(n uint64) gcmElement {
	z := gcmOne
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			z = z.mul(a)
		}
		a = a.mul(a)
	}
	return z
}

// inverse is a^(2^128-2), the product of a^(2^i) for i from 1 to 127. The inverse of zero is zero.
func (a gcmElement) inverse() gcmElement {
	z := gcmOne
	for range 127 {
		a = a.mul(a)
		z = z.mul(a)
	}
	return z
}
