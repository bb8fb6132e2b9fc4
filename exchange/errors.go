package exchange

import (
	"errors"
	"fmt"
)

// The reasons for which a pli is refused, one per group of checks of docs/pli.md. Every error of Seal, Open, Verify, reading and
// extracting wraps one of them, unless the source, the destination or the context failed.
var (
	ErrContainer = errors.New("exchange: the file is not a pli: its mark, its trailer or its sums are wrong")
	ErrHeader    = errors.New("exchange: the header is not the one spelling of a header, or not that of this capsule")
	ErrCapsule   = errors.New("exchange: the capsule cannot be opened: the key is not one of its recipients', or it was altered") // one message for every recipient, key and octet that fails
	ErrSignature = errors.New("exchange: the signature is not that of a trusted sender")
	ErrType      = errors.New("exchange: what was signed is not what this place calls for")
	ErrTime      = errors.New("exchange: the dates do not allow it")
	ErrMismatch  = errors.New("exchange: two places that must agree do not")
	ErrAddressee = errors.New("exchange: not addressed to this establishment")
	ErrAddendum  = errors.New("exchange: an addendum does not belong to this manifest")
	ErrPayload   = errors.New("exchange: the payload is not intact")
	ErrIndex     = errors.New("exchange: the index does not lead to the hashes that were signed")
	ErrContent   = errors.New("exchange: the content is not what was signed")
	ErrLimit     = errors.New("exchange: beyond the limits of the format")
	ErrName      = errors.New("exchange: a name that not every system can hold, or that hides another")
)

// Errors of a caller, not of a pli.
var (
	ErrOptions  = errors.New("exchange: the options do not allow this")
	ErrExists   = errors.New("exchange: the file is there already")
	ErrReceipt  = errors.New("exchange: the receipt is not one for this pli")
	ErrIdentity = errors.New("exchange: the key cannot serve to open plis")
)

var reasons = []struct {
	err  error
	word string
}{
	{ErrContainer, "container"}, {ErrHeader, "header"}, {ErrCapsule, "capsule"}, {ErrSignature, "signature"}, {ErrType, "type"},
	{ErrTime, "time"}, {ErrMismatch, "mismatch"}, {ErrAddressee, "addressee"}, {ErrAddendum, "addendum"}, {ErrPayload, "payload"},
	{ErrIndex, "index"}, {ErrContent, "content"}, {ErrLimit, "limit"}, {ErrName, "name"}, {ErrReceipt, "receipt"},
	{ErrExists, "exists"}, {ErrIdentity, "identity"}, {ErrOptions, "options"},
}

// Reason returns the stable word of an error of this package, "container", "header", … as in docs/pli.md, for logs and for
// programs; it is empty for other errors. An error with several reasons has that of the outermost: an addendum that is badly signed
// is "addendum".
func Reason(err error) string {
	for err != nil {
		for _, r := range reasons {
			if err == r.err {
				return r.word
			}
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				if word := Reason(inner); word != "" {
					return word
				}
			}
			return ""
		default:
			return ""
		}
	}
	return ""
}

// refuse wraps a reason with what was found, so that errors.Is knows the first and a person reads the second.
func refuse(reason error, format string, args ...any) error {
	return fmt.Errorf("%w: %w", reason, fmt.Errorf(format, args...))
}
