package identity

import (
	"crypto/subtle"
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"

	"github.com/cadre-confiance/confiance/internal/sealed"
)

// An ID is an identifier that was validated, and sealed. Whatever is done to it without [Gate.Reveal] or [Public] shows the scheme and no
// character of the value:
//
//   - every verb of fmt, text/template, slog, encoding/json, encoding/xml and whatever else asks for text get "fr.siret:••••", also
//     from a pointer, a slice, a map or a field;
//   - encoders that store (gob, BinaryMarshaler, database/sql) and all decoders get [ErrSealed]: what they wrote would be lost;
//   - what walks over values by reflection (fmt on an unexported field, the dumps of test libraries, reflect.DeepEqual) finds an address;
//     two IDs of the same value are different to it, and to == the type does not compile. Compare with [Equal].
//
// The length of the value, and whether two values are the same, do not show either. A debugger or a core dump does see the value.
// An ID is small and is passed by value. The zero ID holds nothing.
type ID struct {
	_      [0]func()
	scheme *definition
	value  sealed.Value
}

func init() {
	sealed.Provide(func(id any) (sealed.Value, bool) {
		i, ok := id.(ID)
		return i.value, ok
	})
}

// Scheme returns the scheme of the identifier, the zero Scheme for the zero ID.
func (id ID) Scheme() Scheme { return Scheme{id.scheme} }

// IsZero reports whether id holds nothing.
func (id ID) IsZero() bool { return id.scheme == nil }

// String returns the name of the scheme and a mask that is always the same.
func (id ID) String() string {
	if id.scheme == nil {
		return "••••"
	}
	return id.scheme.Name + ":••••"
}

// Format writes [ID.String], whatever the verb and its flags. It implements fmt.Formatter.
func (id ID) Format(f fmt.State, _ rune) { io.WriteString(f, id.String()) }

// LogValue is [ID.String] for log/slog.
func (id ID) LogValue() slog.Value { return slog.StringValue(id.String()) }

// MarshalText is [ID.String] for encoders that show: JSON, XML, YAML.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText refuses with [ErrSealed]: what was masked cannot be read back, and what was not goes through [Scheme.Parse].
func (*ID) UnmarshalText([]byte) error { return ErrSealed }

// MarshalBinary refuses with [ErrSealed].
func (ID) MarshalBinary() ([]byte, error) { return nil, ErrSealed }

// UnmarshalBinary refuses with [ErrSealed].
func (*ID) UnmarshalBinary([]byte) error { return ErrSealed }

// Value refuses with [ErrSealed]: it keeps an ID out of database/sql.
func (ID) Value() (driver.Value, error) { return nil, ErrSealed }

// Scan refuses with [ErrSealed].
func (*ID) Scan(any) error { return ErrSealed }

// Equal reports whether two IDs have the same scheme and the same value, in a time that does not depend on where values differ. It
// is not a method, so that test libraries do not find it. The zero ID equals nothing.
func Equal(a, b ID) bool {
	if a.scheme == nil || b.scheme == nil || a.scheme.Name != b.scheme.Name {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(sealed.Open(a.value)), []byte(sealed.Open(b.value))) == 1
}

// Public returns the canonical value of an identifier whose scheme does not number persons, such as a SIRET; [ErrPersonal] if it
// does, [ErrNone] for the zero ID.
func Public(id ID) (string, error) {
	switch {
	case id.scheme == nil:
		return "", ErrNone
	case id.scheme.Personal:
		return "", ErrPersonal
	}
	return sealed.Open(id.value), nil
}
