package identity

import (
	"fmt"
	"maps"
	"slices"
)

// A Registry finds schemes by name. It holds what it was given, changes no more, and is safe for concurrent use.
type Registry struct{ schemes map[string]Scheme }

// NewRegistry lists schemes: NewRegistry(fr.Schemes()...). Two of one name, or the zero Scheme, are an error that matches
// [ErrDefinition].
func NewRegistry(schemes ...Scheme) (*Registry, error) {
	r := &Registry{make(map[string]Scheme, len(schemes))}
	for _, s := range schemes {
		if s.d == nil {
			return nil, fmt.Errorf("%w: the zero Scheme in a registry", ErrDefinition)
		}
		if _, known := r.schemes[s.Name()]; known {
			return nil, fmt.Errorf("%w: %s is listed twice", ErrDefinition, s.Name())
		}
		r.schemes[s.Name()] = s
	}
	return r, nil
}

// Lookup returns the scheme of that name. Otherwise the error matches [ErrUnknownScheme], and does not repeat the name: it may be an
// identifier that was put in the wrong place.
func (r *Registry) Lookup(name string) (Scheme, error) {
	s, ok := r.schemes[name]
	if !ok {
		return Scheme{}, errUnknownScheme
	}
	return s, nil
}

// Validate is [Scheme.Validate] of the scheme of that name.
func (r *Registry) Validate(scheme, v string, options ...Option) error {
	return r.schemes[scheme].Validate(v, options...) // the zero Scheme says that it is not known
}

// Parse is [Scheme.Parse] of the scheme of that name.
func (r *Registry) Parse(scheme, v string, options ...Option) (ID, error) {
	return r.schemes[scheme].Parse(v, options...)
}

// Format is [Scheme.Format] of the scheme of that name.
func (r *Registry) Format(scheme, v string, options ...Option) (string, error) {
	return r.schemes[scheme].Format(v, options...)
}

// Schemes returns all schemes, by name.
func (r *Registry) Schemes() []Scheme {
	names := slices.Sorted(maps.Keys(r.schemes))
	schemes := make([]Scheme, len(names))
	for i, name := range names {
		schemes[i] = r.schemes[name]
	}
	return schemes
}
