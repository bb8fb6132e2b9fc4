package der

import (
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ReadInteger reads an INTEGER of any sign and size, in minimal form (X.690 §8.3.2).
func ReadInteger(s *cryptobyte.String, out *big.Int) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.INTEGER) || !MinimalInteger(content) {
		return false
	}
	SetInteger(out, content)
	return true
}

// MinimalInteger reports whether content octets of an INTEGER are there and the fewest possible (X.690 §8.3.2).
func MinimalInteger(content []byte) bool {
	switch {
	case len(content) == 0:
		return false
	case len(content) == 1:
		return true
	}
	return !(content[0] == 0 && content[1] < 0x80) && !(content[0] == 0xff && content[1] >= 0x80)
}

// SetInteger sets out to the two's complement value of the content octets of an INTEGER, minimal or not.
func SetInteger(out *big.Int, content []byte) {
	out.SetBytes(content)
	if len(content) > 0 && content[0] >= 0x80 {
		out.Sub(out, new(big.Int).Lsh(big.NewInt(1), uint(8*len(content))))
	}
}

// IntegerContent returns the content octets of n as an INTEGER: two's complement, the fewest octets.
func IntegerContent(n *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1BigInt(n)
	s := cryptobyte.String(b.BytesOrPanic()) // a Builder fails on nothing a big.Int can hold
	var content cryptobyte.String
	s.ReadASN1(&content, asn1.INTEGER)
	return content
}
