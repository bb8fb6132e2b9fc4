package cms

import (
	"math/bits"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Identifier octets that the structures of CMS use.
const (
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagOID         = 0x06
	tagSequence    = 0x30
	tagSet         = 0x31
	tagContext0    = 0xa0 // [0] constructed: content, certificates, signed attributes
	tagContext1    = 0xa1 // [1] constructed: crls, unsigned attributes
	tagKeyID       = 0x80 // [0] IMPLICIT OCTET STRING: subjectKeyIdentifier
)

// These append DER to a slice that the caller has sized: a signature takes one allocation per object, where a builder takes
// one per element. Lengths have 63 bits, because content may be of any size.

func headerSize(length int64) int64 {
	if length < 0x80 {
		return 2
	}
	return 2 + int64(bits.Len64(uint64(length))+7)/8
}

func appendHeader(b []byte, tag byte, length int64) []byte {
	if length < 0x80 {
		return append(b, tag, byte(length))
	}
	n := (bits.Len64(uint64(length)) + 7) / 8
	b = append(b, tag, 0x80|byte(n))
	for n--; n >= 0; n-- {
		b = append(b, byte(length>>(8*n)))
	}
	return b
}

func elementSize(content int) int { return int(headerSize(int64(content))) + content }

func appendElement[T string | []byte](b []byte, tag byte, content T) []byte {
	b = appendHeader(b, tag, int64(len(content)))
	return append(b, content...)
}

func appendOID(b []byte, o der.OID) []byte { return appendElement(b, tagOID, string(o)) }

func algorithmSize(a pkix.AlgorithmIdentifier) int {
	return elementSize(elementSize(len(a.OID)) + len(a.Parameters))
}

func appendAlgorithm(b []byte, a pkix.AlgorithmIdentifier) []byte {
	b = appendHeader(b, tagSequence, int64(elementSize(len(a.OID))+len(a.Parameters)))
	return append(appendOID(b, a.OID), a.Parameters...)
}

// total is the length of the elements together.
func total(elements [][]byte) (n int) {
	for _, e := range elements {
		n += len(e)
	}
	return n
}

func appendAll(b []byte, elements [][]byte) []byte {
	for _, e := range elements {
		b = append(b, e...)
	}
	return b
}
