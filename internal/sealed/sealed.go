// Package sealed keeps a string where nothing that walks over values finds it: formatting, encoding, dumping, comparing. The string
// is captured by a function; a function prints as an address, encodes as an error and equals nothing but nil. A plain field
// would leak through fmt even when it is unexported, a pointer through tools that follow pointers.
//
// A debugger, a core dump or package unsafe do find it. That is not what this protects from.
//
// It is also how the packages under identity read the value of an identity.ID, which has no method for that: [Of].
package sealed

import "strings"

// A Value is a sealed string. The zero Value is empty. Values do not compare.
type Value struct {
	_    [0]func()
	open func() string
}

// New seals a copy of s, so that what s was cut from is not kept.
func New(s string) Value {
	s = strings.Clone(s)
	return Value{open: func() string { return s }}
}

// IsZero reports whether v is the zero Value.
func (v Value) IsZero() bool { return v.open == nil }

// Open returns the string.
func Open(v Value) string {
	if v.open == nil {
		return ""
	}
	return v.open()
}

var find func(id any) (Value, bool)

// Provide says how to find the Value of an identity.ID. Package identity calls it once, when it is initialised.
func Provide(f func(id any) (Value, bool)) {
	if find != nil {
		panic("sealed: provided twice")
	}
	find = f
}

// Of returns the value of an identity.ID, and false for anything else and for an ID that holds nothing.
func Of(id any) (string, bool) {
	if find == nil {
		return "", false
	}
	v, ok := find(id)
	if !ok || v.IsZero() {
		return "", false
	}
	return Open(v), true
}
