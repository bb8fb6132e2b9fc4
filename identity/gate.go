package identity

import (
	"context"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/cadre-confiance/confiance/internal/sealed"
)

// A Purpose is why an identifier is disclosed, in the words of the record of processing: "instruction d'une demande d'aide sociale".
// 1 to 256 octets of UTF-8 without control characters.
type Purpose string

func (p Purpose) valid() bool {
	for _, c := range p {
		if unicode.IsControl(c) {
			return false
		}
	}
	return len(p) > 0 && len(p) <= 256 && utf8.ValidString(string(p))
}

// A Request is what a policy decides on. ID is as sealed as ever.
type Request struct {
	ID      ID
	Purpose Purpose
}

// An Event is what an audit records: a disclosure about to happen, or one that was refused.
type Event struct {
	Request
	Refused error // nil: the value is disclosed as soon as the audit has returned nil
}

// A Gate is the only way to the value of a personal identifier. Policy decides, Audit records; both are called in the caller's goroutine
// with the caller's context, which tells them who asks. The zero Gate refuses everything, and so does one without both.
// A Gate is safe for concurrent use if its functions are.
type Gate struct {
	// Policy returns nil to allow a disclosure, else why not.
	Policy func(context.Context, Request) error
	// Audit records an event. It is called before a disclosure: if it fails there is none.
	Audit func(context.Context, Event) error
}

// Reveal returns the canonical value of an identifier, for a purpose. In this order: the purpose is checked, the policy asked, the audit
// written, the value disclosed; each step that fails is the last. Errors match [ErrRefused], and what Policy, Audit or
// ctx returned; [ErrNone] for the zero ID.
func (g Gate) Reveal(ctx context.Context, id ID, purpose Purpose) (string, error) {
	switch {
	case id.IsZero():
		return "", ErrNone
	case g.Policy == nil || g.Audit == nil:
		return "", fmt.Errorf("%w: the gate has no policy or no audit", ErrRefused)
	case !purpose.valid():
		return "", fmt.Errorf("%w: a purpose has 1 to 256 octets of text", ErrRefused)
	case ctx.Err() != nil:
		return "", fmt.Errorf("%w: %w", ErrRefused, ctx.Err())
	}
	request := Request{ID: id, Purpose: purpose}
	if err := g.Policy(ctx, request); err != nil {
		refusal := fmt.Errorf("%w by the policy: %w", ErrRefused, err)
		return "", errors.Join(refusal, g.Audit(ctx, Event{request, refusal}))
	}
	if err := g.Audit(ctx, Event{Request: request}); err != nil {
		return "", fmt.Errorf("%w: not recorded: %w", ErrRefused, err)
	}
	return sealed.Open(id.value), nil
}
