package identity

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cadre-confiance/confiance/internal/sealed"
)

// A Definition describes an identifier scheme. [NewScheme] makes a [Scheme] of it.
type Definition struct {
	Name     string // "fr.siret": lower-case ASCII letters, digits, "-", at least one "."; at most 64
	Title    string // in the scheme's own language: "Numéro SIRET"
	Country  string // ISO 3166-1 alpha-2, or "EU"; empty for the world
	Source   string // who defines it, and where
	Personal bool   // it numbers natural persons: only a [Gate] discloses it

	// Check looks at the canonical form, and at nothing else: exactly the characters, no separator. It returns nil, ErrFormat,
	// ErrLength, ErrChecksum or ErrComponent, and allocates nothing. It sees inputs of any length and any octets.
	Check func(string) error
	// CheckBytes is the same over octets, which it does not keep. nil: Check is given a copy.
	CheckBytes func([]byte) error
	// Separators are the characters that may stand alone between two characters of a written identifier, for [Lenient].
	Separators string
	// Layout writes the canonical form for people. nil: it is written as it is.
	Layout func(string) string
}

// A Scheme is a kind of identifier: a value, to be passed around and listed in a [Registry]. Safe for concurrent use. The zero Scheme
// refuses everything with ErrUnknownScheme.
type Scheme struct{ d *definition }

type definition struct {
	Definition
	format, length, checksum, component error // what Check may find, made once
}

// NewScheme checks a definition. Errors match [ErrDefinition].
func NewScheme(d Definition) (Scheme, error) {
	switch {
	case !isName(d.Name):
		return Scheme{}, fmt.Errorf("%w: the name %q", ErrDefinition, d.Name)
	case d.Check == nil:
		return Scheme{}, fmt.Errorf("%w: %s has no Check", ErrDefinition, d.Name)
	}
	if d.CheckBytes == nil {
		check := d.Check
		d.CheckBytes = func(b []byte) error { return check(string(b)) }
	}
	fault := func(kind error) error { return &Error{Scheme: d.Name, Kind: kind} }
	return Scheme{&definition{d, fault(ErrFormat), fault(ErrLength), fault(ErrChecksum), fault(ErrComponent)}}, nil
}

// MustScheme is NewScheme for variables of packages: it panics on a definition that is wrong.
func MustScheme(d Definition) Scheme {
	s, err := NewScheme(d)
	if err != nil {
		panic(err)
	}
	return s
}

func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' && i > 0 && s[i-1] != '.') {
			return false
		}
	}
	return len(s) <= 64 && strings.Contains(s, ".") && !strings.HasSuffix(s, ".")
}

// Name is the scheme's name, such as "fr.siret". Empty for the zero Scheme.
func (s Scheme) Name() string { return s.Definition().Name }

// Personal reports whether the scheme numbers natural persons.
func (s Scheme) Personal() bool { return s.Definition().Personal }

// Definition returns what the scheme was made of.
func (s Scheme) Definition() Definition {
	if s.d == nil {
		return Definition{}
	}
	return s.d.Definition
}

// String is the name.
func (s Scheme) String() string { return s.Name() }

// An Option changes how an input is read. Without any, only the canonical form is.
type Option struct{ lenient bool }

// Lenient also reads identifiers written for people: the separators that the scheme documents, each alone between two
// characters. Keys and components are as strict as ever.
var Lenient = Option{lenient: true}

// Validate reports whether v is an identifier of the scheme: nil, or an [*Error]. It allocates nothing unless [Lenient], and
// takes a bounded time whatever the length of v.
func (s Scheme) Validate(v string, options ...Option) error {
	if s.d == nil {
		return errUnknownScheme
	}
	if isLenient(options) {
		canonical, err := s.d.strip(v)
		if err != nil {
			return err
		}
		return s.d.fault(s.d.Check(canonical))
	}
	return s.d.fault(s.d.Check(v))
}

// ValidateBytes is [Scheme.Validate] over octets, which it does not keep.
func (s Scheme) ValidateBytes(v []byte, options ...Option) error {
	if s.d == nil {
		return errUnknownScheme
	}
	if isLenient(options) {
		if len(v) > maxWritten {
			return s.d.length
		}
		return s.Validate(string(v), options...)
	}
	return s.d.fault(s.d.CheckBytes(v))
}

// Parse validates v and seals its canonical form. Errors are those of [Scheme.Validate].
func (s Scheme) Parse(v string, options ...Option) (ID, error) {
	canonical, err := s.canonical(v, options)
	if err != nil {
		return ID{}, err
	}
	return ID{scheme: s.d, value: sealed.New(canonical)}, nil
}

// Format validates v and writes it as people do: "732 829 320 00074". The result is as personal as v. Errors are those of
// [Scheme.Validate].
func (s Scheme) Format(v string, options ...Option) (string, error) {
	canonical, err := s.canonical(v, options)
	if err != nil || s.d.Layout == nil {
		return canonical, err
	}
	return s.d.Layout(canonical), nil
}

func (s Scheme) canonical(v string, options []Option) (canonical string, err error) {
	if s.d == nil {
		return "", errUnknownScheme
	}
	if isLenient(options) {
		if v, err = s.d.strip(v); err != nil {
			return "", err
		}
	}
	if err := s.d.fault(s.d.Check(v)); err != nil {
		return "", err
	}
	return v, nil
}

// fault maps what Check found to the error made for it. Nothing else of Check's error goes further: it might hold the input.
func (d *definition) fault(err error) error {
	switch {
	case err == nil:
		return nil
	case err == ErrLength:
		return d.length
	case err == ErrChecksum:
		return d.checksum
	case err == ErrFormat:
		return d.format
	case err == ErrComponent:
		return d.component
	case errors.Is(err, ErrLength):
		return d.length
	case errors.Is(err, ErrChecksum):
		return d.checksum
	case errors.Is(err, ErrComponent):
		return d.component
	}
	return d.format
}

// maxWritten is the longest input that Lenient looks at, in octets. The longest identifiers have about 50 characters.
const maxWritten = 256

// strip removes separators, each of which must stand alone between two other characters.
func (d *definition) strip(v string) (string, error) {
	if len(v) > maxWritten {
		return "", d.length
	}
	if !strings.ContainsAny(v, d.Separators) {
		return v, nil
	}
	var b strings.Builder
	mayCome := false // a separator: something else came before
	for _, c := range v {
		if !strings.ContainsRune(d.Separators, c) {
			b.WriteRune(c) // an octet that is not UTF-8 becomes U+FFFD, which no scheme has
			mayCome = true
			continue
		}
		if !mayCome {
			return "", d.format
		}
		mayCome = false
	}
	if !mayCome {
		return "", d.format
	}
	return b.String(), nil
}

func isLenient(options []Option) bool {
	for _, o := range options {
		if o.lenient {
			return true
		}
	}
	return false
}
