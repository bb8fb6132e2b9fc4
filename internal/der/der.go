// Package der reads and writes ASN.1 in the Distinguished Encoding Rules (X.690), over
// [golang.org/x/crypto/cryptobyte], and brings BER to DER.
//
// Two functions face hostile bytes before anything else does. [Check] says whether an input is one strict DER element all
// the way down; [Normalize] turns one BER element (indefinite lengths, constructed strings, long lengths) into DER:
//
//	clean, err := der.Normalize(untrusted, der.Limits{}) // bounded in depth, elements, size and work
//	input := cryptobyte.String(clean)                    // then read with cryptobyte and the Read functions below
//
// Both are bounded by [Limits], take time linear in the input, keep 16 octets per element at most, and return a
// [SyntaxError] that says where and why. Everything else is what cryptobyte lacks: object identifiers with arcs of any size
// ([OID]), integers and times by the strict rules, the order of SET OF.
package der

import (
	"errors"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// ErrLimit is matched by the error of an input that goes beyond a bound of [Limits]: it may be well formed, it is not read.
var ErrLimit = errors.New("der: input goes beyond a bound")

// Limits bounds one call. A zero field stands for the default of internal/limits.
type Limits struct {
	Depth    int // how deep elements may nest; the outermost is at depth 1
	Elements int // how many elements in all, primitive and constructed
	Size     int // octets of input
}

func (l Limits) orDefault() Limits {
	if l.Depth <= 0 {
		l.Depth = limits.DERDepth
	}
	if l.Elements <= 0 {
		l.Elements = limits.DERElements
	}
	if l.Size <= 0 {
		l.Size = limits.DERSize
	}
	l.Size = min(l.Size, maxSize)
	return l
}

// maxSize keeps every offset within the 32 bits that Normalize spends on it.
const maxSize = 1<<31 - 1

// A SyntaxError says at which octet of the input, and why, it is not the encoding it should be. It matches [ErrLimit] when
// the cause is a bound and not the encoding.
type SyntaxError struct {
	Offset int    // in octets, from the start of the input
	Reason string // a sentence without final point, with its X.690 clause
	limit  bool
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("der: at octet %d: %s", e.Offset, e.Reason)
}

// Is makes errors.Is(err, ErrLimit) true for an input that met a bound.
func (e *SyntaxError) Is(target error) bool { return e.limit && target == ErrLimit }

func syntax(offset int, reason string) *SyntaxError {
	return &SyntaxError{Offset: offset, Reason: reason}
}

func beyond(offset int, what string, bound int) *SyntaxError {
	return &SyntaxError{Offset: offset, Reason: fmt.Sprintf("%s, the bound is %d", what, bound), limit: true}
}
