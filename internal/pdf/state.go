package pdf

import (
	"github.com/cadre-confiance/confiance/internal/limits"
)

// A Kind says where an object is.
type Kind uint8

// The places of an object.
const (
	Absent     Kind = iota // no section speaks of it: null
	Free                   // deleted: null
	InUse                  // at an offset
	Compressed             // in an object stream
)

// A Location is where an object is in one state of the document. Two equal locations hold the same octets.
type Location struct {
	Kind       Kind
	Generation int
	Offset     int64 // of the object, or of the object stream that holds it
	Container  int   // number of that object stream
	Index      int   // in that object stream
}

// Present reports whether there is an object.
func (l Location) Present() bool { return l.Kind == InUse || l.Kind == Compressed }

// A State is the document as one of its revisions left it. It reads no octet beyond the end of that revision.
type State struct {
	f        *File
	revision int // index in f.revisions
	bound    int64
}

// Last is the document as it is.
func (f *File) Last() *State { return f.At(len(f.revisions) - 1) }

// At is the document as a revision left it. i counts from 0.
func (f *File) At(i int) *State {
	s := &State{f: f, revision: i, bound: f.source.size}
	if r := &f.revisions[i]; r.Closed && i < len(f.revisions)-1 {
		s.bound = r.End
	}
	return s
}

// File returns the file that s is a state of.
func (s *State) File() *File { return s.f }

// Bound is the offset that nothing is read beyond.
func (s *State) Bound() int64 { return s.bound }

// Trailer is the trailer dictionary of the revision.
func (s *State) Trailer() Dict { return s.f.revisions[s.revision].sections[0].trailer }

// Locate finds an object, through the sections from the revision's own to the first.
func (s *State) Locate(number int) (Location, error) {
	l, err := s.locate(number)
	if err != nil || l.Kind != Compressed {
		return l, err
	}
	container, err := s.locate(l.Container)
	if err != nil {
		return Location{}, err
	}
	if container.Kind != InUse {
		return Location{}, damaged(-1, "object %d is in object stream %d, which is not there", number, l.Container)
	}
	l.Offset = container.Offset
	return l, nil
}

func (s *State) locate(number int) (Location, error) {
	if number < 0 || number > limits.PDFNumber {
		return Location{}, nil
	}
	for i := s.revision; i >= 0; i-- {
		for _, section := range s.f.revisions[i].sections {
			if s.f.probes++; s.f.probes > limits.PDFProbes {
				return Location{}, limit(-1, "more than %d look-ups", limits.PDFProbes)
			}
			l, err := s.f.entry(section, number)
			if err != nil {
				return Location{}, err
			}
			if section.hybrid != nil && l.Kind <= Free { // §7.5.8.4: hidden objects are free in the table
				hidden, err := s.f.entry(section.hybrid, number)
				if err != nil {
					return Location{}, err
				}
				if hidden.Kind != Absent {
					return hidden, nil
				}
			}
			if l.Kind != Absent {
				return l, nil
			}
		}
	}
	return Location{}, nil
}

// Object returns an indirect object; one that is absent, free or of another generation is null (§7.3.10).
func (s *State) Object(ref Ref) (*Indirect, error) {
	l, err := s.Locate(ref.Number)
	if err != nil {
		return nil, err
	}
	if !l.Present() || l.Generation != ref.Generation {
		return &Indirect{Ref: ref, Location: l, End: -1}, nil
	}
	return s.ObjectAt(ref, l)
}

// ObjectAt returns the object at a location that Locate returned for it.
func (s *State) ObjectAt(ref Ref, l Location) (*Indirect, error) {
	if l.Kind == Compressed {
		return s.compressed(ref, l)
	}
	object, err := s.f.indirectAt(l.Offset, s.bound)
	if err != nil {
		return nil, err
	}
	if object.Number != ref.Number || object.Generation != l.Generation {
		return nil, damaged(l.Offset, "object %s where the cross-reference says %s", object.Ref, ref)
	}
	return object, nil
}

// Resolve follows a reference, and returns anything else as it is.
func (s *State) Resolve(o Object) (Object, error) {
	for range limits.PDFReferences {
		ref, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		object, err := s.Object(ref)
		if err != nil {
			return nil, err
		}
		o = object.Value
	}
	return nil, limit(-1, "more than %d references in a row", limits.PDFReferences)
}

// Dict resolves o to a dictionary, nil when it is null. A key written twice in it is an error, since two readers may then
// see two dictionaries.
func (s *State) Dict(o Object) (Dict, error) {
	ref, _ := o.(Ref)
	o, err := s.Resolve(o)
	if err != nil {
		return nil, err
	}
	switch d := o.(type) {
	case nil:
		return nil, nil
	case Dict:
		if key, twice := Duplicate(d); twice {
			return nil, damaged(-1, "object %s has two /%s", ref, key)
		}
		return d, nil
	}
	return nil, damaged(-1, "object %s is not a dictionary", ref)
}

// Array resolves o to an array, nil when it is null.
func (s *State) Array(o Object) (Array, error) {
	ref, _ := o.(Ref)
	o, err := s.Resolve(o)
	if err != nil {
		return nil, err
	}
	switch a := o.(type) {
	case nil:
		return nil, nil
	case Array:
		return a, nil
	}
	return nil, damaged(-1, "object %s is not an array", ref)
}

// Catalog returns the document catalog and its reference.
func (s *State) Catalog() (Dict, Ref, error) {
	ref, ok := s.Trailer().Get("Root").(Ref)
	if !ok {
		return nil, Ref{}, damaged(-1, "a trailer whose /Root is not a reference")
	}
	catalog, err := s.Dict(ref)
	if err == nil && catalog == nil {
		err = damaged(-1, "no catalog: object %s is not there", ref)
	}
	return catalog, ref, err
}
