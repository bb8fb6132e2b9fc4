package sealed_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/sealed"
)

func TestValue(t *testing.T) {
	v := sealed.New("QWZXJKVH")
	require.Equal(t, "QWZXJKVH", sealed.Open(v))
	require.False(t, v.IsZero())
	require.True(t, sealed.Value{}.IsZero())
	require.Equal(t, "", sealed.Open(sealed.Value{}))
	require.False(t, reflect.DeepEqual(v, sealed.New("QWZXJKVH")), "nothing compares")
	require.False(t, reflect.TypeOf(v).Comparable(), "== does not compile")
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x", "%s", "%d"} {
		out := fmt.Sprintf(verb, struct{ v sealed.Value }{v})
		require.False(t, strings.Contains(out, "QWZX") || strings.Contains(out, fmt.Sprintf("%x", "QWZX")), "%s: %s", verb, out)
	}
}

// What was sealed does not keep what it was cut from, nor follow it.
func TestNewCopies(t *testing.T) {
	line := []byte("QWZXJKVH")
	v := sealed.New(string(line))
	line[0] = 'A'
	require.Equal(t, "QWZXJKVH", sealed.Open(v))
}

func TestOfWithoutIdentity(t *testing.T) {
	_, ok := sealed.Of("QWZXJKVH")
	require.False(t, ok, "nothing is provided here")
	sealed.Provide(func(id any) (sealed.Value, bool) { v, ok := id.(sealed.Value); return v, ok })
	s, ok := sealed.Of(sealed.New("x"))
	require.True(t, ok)
	require.Equal(t, "x", s)
	_, ok = sealed.Of(sealed.Value{})
	require.False(t, ok)
	require.Panics(t, func() { sealed.Provide(nil) })
}
