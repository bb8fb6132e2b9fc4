package identity

import "errors"

// What an input can be refused for. Test with errors.Is; every error of a scheme is an [*Error] and matches exactly one of them. No
// error contains any part of the input.
var (
	ErrFormat        = errors.New("a character that does not belong")
	ErrLength        = errors.New("wrong length")
	ErrChecksum      = errors.New("the check digits do not fit")
	ErrComponent     = errors.New("a part has a value that it cannot have")
	ErrUnknownScheme = errors.New("unknown scheme")
)

// Other refusals.
var (
	// ErrSealed: an encoder that stores, or a decoder, was given an ID. Disclose it by [Gate.Reveal], read it by [Scheme.Parse].
	ErrSealed = errors.New("identity: an identifier is neither stored nor read by an encoder; use Gate.Reveal and Scheme.Parse")
	// ErrPersonal: the scheme numbers persons, so [Public] does not disclose it.
	ErrPersonal = errors.New("identity: the scheme is personal; use Gate.Reveal")
	// ErrRefused: the [Gate] does not disclose. The error says why.
	ErrRefused = errors.New("identity: disclosure refused")
	// ErrNone: the zero ID holds no identifier.
	ErrNone = errors.New("identity: no identifier")
	// ErrDefinition: a scheme or a registry is not well defined.
	ErrDefinition = errors.New("identity: not a definition of a scheme")
)

// An Error says which scheme refuses an input, and why.
type Error struct {
	Scheme string // name of the scheme, empty when it is not known: a name that is not known may be an identifier
	Kind   error  // ErrFormat, ErrLength, ErrChecksum, ErrComponent or ErrUnknownScheme
}

func (e *Error) Error() string {
	if e.Scheme == "" {
		return "identity: " + e.Kind.Error()
	}
	return "identity: " + e.Scheme + ": " + e.Kind.Error()
}

// Unwrap returns the Kind.
func (e *Error) Unwrap() error { return e.Kind }

var errUnknownScheme error = &Error{Kind: ErrUnknownScheme}
