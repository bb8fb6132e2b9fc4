// Package pdf reads the objects of a PDF (ISO 32000-2 §7) where they lie and appends to it, without ever holding the file.
//
//	file, err := pdf.Open(ctx, r, size)       // cross-reference sections only: cost does not grow with the document
//	catalog, err := file.Last().Catalog()     // one object
//	update := file.Last().Update()            // an incremental update, §7.5.6
//
// A [File] has revisions; a [State] is the document as one of them left it, and reads nothing beyond that revision's end.
// What producers get wrong in a way that every reader forgives is forgiven; what would let two readers see two documents is
// an error or is said (see [Revision]). No damaged cross-reference is ever rebuilt by guessing.
package pdf

import (
	"bytes"
	"strconv"
)

// An Object is one of: nil (null), bool, Integer, Real, String, Name, Array, Dict, *Stream, Ref; or Raw when written.
type Object any

type (
	// Integer is an integer of at most 64 bits.
	Integer int64
	// Real is any other number, as written.
	Real string
	// Name is a name, decoded, without its slash.
	Name string
	// Array is an array.
	Array []Object
	// Raw is written as it is. It is never read.
	Raw []byte
)

// A String is a string object, decoded.
type String struct {
	Value []byte
	Hex   bool // written between angle brackets
	Loose bool // Hex, with white space between the digits or an odd number of them
	// Start and End are where it lies in the file, delimiters included. Both are -1 inside an object stream.
	Start, End int64
}

// A Ref is an indirect reference.
type Ref struct {
	Number     int
	Generation int
}

// String returns the reference as "12 0".
func (r Ref) String() string { return strconv.Itoa(r.Number) + " " + strconv.Itoa(r.Generation) }

// A Dict is a dictionary: its entries in the order of the file, duplicates included.
type Dict []Entry

// An Entry is a key of a dictionary and its value.
type Entry struct {
	Key   Name
	Value Object
}

// Get returns the value of a key, nil when it is absent or null.
func (d Dict) Get(key Name) Object {
	for i := range d {
		if d[i].Key == key {
			return d[i].Value
		}
	}
	return nil
}

// With returns a copy of d where key has that value: in its place if it was there, else at the end.
func (d Dict) With(key Name, value Object) Dict {
	out := append(make(Dict, 0, len(d)+1), d...)
	for i := range out {
		if out[i].Key == key {
			out[i].Value = value
			return out
		}
	}
	return append(out, Entry{key, value})
}

// Without returns a copy of d without those keys.
func (d Dict) Without(keys ...Name) Dict {
	out := make(Dict, 0, len(d))
next:
	for _, e := range d {
		for _, k := range keys {
			if e.Key == k {
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}

// duplicate returns a key that d has more than once: two readers would then see two dictionaries.
func (d Dict) duplicate() (Name, bool) {
	if len(d) > 16 {
		seen := make(map[Name]struct{}, len(d))
		for _, e := range d {
			if _, twice := seen[e.Key]; twice {
				return e.Key, true
			}
			seen[e.Key] = struct{}{}
		}
		return "", false
	}
	for i := range d {
		for j := range i {
			if d[i].Key == d[j].Key {
				return d[i].Key, true
			}
		}
	}
	return "", false
}

// Duplicate returns a key that some dictionary directly inside o has more than once.
func Duplicate(o Object) (Name, bool) {
	switch o := o.(type) {
	case Array:
		for _, v := range o {
			if key, found := Duplicate(v); found {
				return key, true
			}
		}
	case Dict:
		if key, found := o.duplicate(); found {
			return key, true
		}
		for _, e := range o {
			if key, found := Duplicate(e.Value); found {
				return key, true
			}
		}
	case *Stream:
		return Duplicate(o.Dict)
	}
	return "", false
}

// A Stream is a stream object: its dictionary and where its data begins in the file.
type Stream struct {
	Dict  Dict
	Start int64
}

// Equal reports whether two objects, streams excepted, have the same value: numbers by value, strings decoded, dictionaries
// without regard to order or to null entries, references by number and generation.
func Equal(a, b Object) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool, Name, Ref:
		return a == b
	case Integer, Real:
		return equalNumbers(a, b)
	case String:
		b, ok := b.(String)
		return ok && bytes.Equal(a.Value, b.Value)
	case Array:
		b, ok := b.(Array)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case Dict:
		b, ok := b.(Dict)
		return ok && len(DiffKeys(a, b)) == 0
	}
	return false
}

func equalNumbers(a, b Object) bool {
	if i, ok := a.(Integer); ok {
		if j, ok := b.(Integer); ok {
			return i == j
		}
	}
	x, okX := number(a)
	y, okY := number(b)
	if !okX || !okY { // "--5": by its letters
		return a == b
	}
	return x == y
}

// number returns a numeric object's value.
func number(o Object) (float64, bool) {
	switch o := o.(type) {
	case Integer:
		return float64(o), true
	case Real:
		v, err := strconv.ParseFloat(string(o), 64)
		return v, err == nil
	}
	return 0, false
}

// DiffKeys returns the keys whose values differ between two dictionaries, in the order of a then b. A key that one of them
// has twice differs.
func DiffKeys(a, b Dict) []Name {
	var keys []Name
	if len(a) > 16 || len(b) > 16 {
		return diffMaps(a, b)
	}
	for _, e := range a {
		if count(a, e.Key) != 1 || count(b, e.Key) > 1 || !Equal(e.Value, b.Get(e.Key)) {
			keys = append(keys, e.Key)
		}
	}
	for _, e := range b {
		if count(a, e.Key) == 0 && (e.Value != nil || count(b, e.Key) > 1) {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// diffMaps is DiffKeys for dictionaries of many keys, in linear time.
func diffMaps(a, b Dict) []Name {
	var keys []Name
	left, right := make(map[Name]Object, len(a)), make(map[Name]Object, len(b))
	twice := map[Name]bool{}
	for _, side := range []struct {
		dict Dict
		into map[Name]Object
	}{{a, left}, {b, right}} {
		for _, e := range side.dict {
			if _, there := side.into[e.Key]; there {
				twice[e.Key] = true
			}
			side.into[e.Key] = e.Value
		}
	}
	for _, e := range a {
		if twice[e.Key] || !Equal(e.Value, right[e.Key]) {
			keys = append(keys, e.Key)
		}
	}
	for _, e := range b {
		if _, there := left[e.Key]; !there && (twice[e.Key] || e.Value != nil) {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

func count(d Dict, key Name) int {
	n := 0
	for i := range d {
		if d[i].Key == key {
			n++
		}
	}
	return n
}
