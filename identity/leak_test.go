package identity_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/identity"
)

// secret is a personal scheme of letters that no address, length or mask has.
var secret = identity.MustScheme(identity.Definition{
	Name: "test.secret", Personal: true,
	Check: func(v string) error {
		if len(v) < 4 {
			return identity.ErrLength
		}
		if strings.Trim(v, "GHJKLMNPQRSTUVWXYZ") != "" {
			return identity.ErrFormat
		}
		return nil
	},
})

const canary = "QWZXJKVHGMLPNRTS"

// leaks reports whether out has four characters in a row of the value: as they are, or each as a number in base 10, 16, 8 or 2.
func leaks(out, value string) bool {
	lower := strings.ToLower(out)
	digits := strings.Join(strings.FieldsFunc(lower, func(r rune) bool { return !(r >= '0' && r <= '9') }), " ")
	for i := range len(value) - 3 {
		run := value[i : i+4]
		decimal := strings.Trim(fmt.Sprint([]byte(run)), "[]")
		octal, binary := strings.Trim(fmt.Sprintf("%o", []byte(run)), "[]"), strings.Trim(fmt.Sprintf("%b", []byte(run)), "[]")
		spaced := strings.Trim(fmt.Sprintf("% x", run), "[]")
		listed := strings.ReplaceAll(fmt.Sprintf("% #x", run), " ", ", ")
		for _, form := range []string{strings.ToLower(run), hex.EncodeToString([]byte(run)), spaced, listed} {
			if strings.Contains(lower, form) {
				return true
			}
		}
		for _, form := range []string{decimal, octal, binary} {
			if strings.Contains(digits, form) {
				return true
			}
		}
	}
	return false
}

// The detector sees what it is there for.
func TestLeaksSees(t *testing.T) {
	for _, verb := range []string{"%v", "%q", "%x", "%X", "% x", "%s", "%+q"} {
		require.True(t, leaks(fmt.Sprintf(verb, canary), canary), verb)
	}
	for _, verb := range []string{"%v", "%d", "%x", "%#v", "%o", "%b"} {
		require.True(t, leaks(fmt.Sprintf(verb, []byte(canary)), canary), verb)
	}
	require.False(t, leaks("test.secret:•••• 0xc000123456", canary))
}

// renderings shows a value in every way that we know of. Each is a text that someone might read.
func renderings(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range "vsqxXdobcUeEfFgGtpTOw" {
		for _, flags := range []string{"", "+", "#", " ", "-20", "020", ".3"} {
			f := "%" + flags + string(verb)
			out["fmt "+f] = fmt.Sprintf(f, v)
		}
	}
	text := func(name string, b []byte, err error) {
		out[name] = string(b)
		if err != nil {
			out[name] += err.Error()
		}
	}
	b, err := json.Marshal(v)
	text("json", b, err)
	b, err = json.MarshalIndent(map[string]any{"x": v}, "", " ")
	text("json in a map", b, err)
	b, err = xml.Marshal(v)
	text("xml", b, err)
	var buffer bytes.Buffer
	err = gob.NewEncoder(&buffer).Encode(v)
	text("gob", buffer.Bytes(), err)

	buffer.Reset()
	slog.New(slog.NewTextHandler(&buffer, nil)).Info("x", "v", v, slog.Group("g", slog.Any("v", v)))
	text("slog text", buffer.Bytes(), nil)
	buffer.Reset()
	slog.New(slog.NewJSONHandler(&buffer, nil)).Info("x", "v", v, slog.Group("g", slog.Any("v", v)))
	text("slog json", buffer.Bytes(), nil)
	buffer.Reset()
	log.New(&buffer, "", 0).Println(v)
	text("log", buffer.Bytes(), nil)
	buffer.Reset()
	err = template.Must(template.New("").Parse("{{.}} {{printf `%+v` .}}")).Execute(&buffer, v)
	text("text/template", buffer.Bytes(), err)
	buffer.Reset()
	err = htmltemplate.Must(htmltemplate.New("").Parse("<a href='{{.}}'>{{.}}</a><script>{{.}}</script>")).Execute(&buffer, v)
	text("html/template", buffer.Bytes(), err)
	out["error"] = fmt.Errorf("cannot do it for %v", v).Error()
	func() {
		defer func() { out["panic"] = fmt.Sprint(recover()) }()
		panic(v)
	}()
	func() {
		defer func() { out["map key"] = fmt.Sprint(recover()) }()
		_ = map[any]bool{v: true}
	}()

	// testify prints differences with go-spew, methods on and off.
	said := &recorder{}
	assert.Equal(said, v, nil)
	assert.Equal(said, v, reflect.New(reflect.TypeOf(v)).Elem().Interface())
	assert.Exactly(said, v, 1)
	assert.ElementsMatch(said, []any{v}, []any{1})
	assert.Contains(said, []any{v}, 1)
	assert.Nil(said, v)
	assert.Empty(said, v)
	assert.Zero(said, v)
	assert.Len(said, v, 99)
	assert.IsType(said, 1, v)
	out["testify"] = strings.Join(said.texts, "\n")
	return out
}

type recorder struct{ texts []string }

func (r *recorder) Errorf(format string, args ...any) {
	r.texts = append(r.texts, fmt.Sprintf(format, args...))
}

type embedding struct{ identity.ID }

// holder is a user's struct with an ID wherever one may be.
type holder struct {
	Name     string
	Exported identity.ID
	Pointer  *identity.ID
	List     []identity.ID
	Map      map[string]identity.ID
	Any      any
	hidden   identity.ID
	pointer  *identity.ID
	list     []identity.ID
	byName   map[string]identity.ID
	inner    struct{ id identity.ID }
	function func() identity.ID
}

func newHolder(id identity.ID) holder {
	list, byName := []identity.ID{id, id}, map[string]identity.ID{"a": id}
	h := holder{"n", id, &id, list, byName, id, id, &id, list, byName, struct{ id identity.ID }{id}, nil}
	return h
}

func TestNothingLeaks(t *testing.T) {
	id, err := secret.Parse(canary)
	require.NoError(t, err)
	h := newHolder(id)
	for where, v := range map[string]any{
		"value": id, "pointer": &id, "slice": []identity.ID{id}, "array": [1]identity.ID{id}, "map": map[string]identity.ID{"k": id},
		"struct": h, "pointer to struct": &h, "slice of structs": []holder{h}, "embedded": embedding{id},
		"unexported": struct{ id identity.ID }{id}, "channel": make(chan identity.ID), "event": identity.Event{Request: identity.Request{ID: id}},
	} {
		all := renderings(v)
		require.Greater(t, len(all), 100)
		for how, out := range all {
			require.False(t, leaks(out, canary), "%s by %s", where, how)
		}
	}
}

// Two ways to do it wrong, which the same test must catch: a field, and a pointer. Both have every method.
type plainID struct{ v string }
type pointerID struct{ v *string }

func (plainID) String() string                 { return "••••" }
func (plainID) Format(f fmt.State, _ rune)     { f.Write([]byte("••••")) }
func (plainID) MarshalText() ([]byte, error)   { return []byte("••••"), nil }
func (pointerID) String() string               { return "••••" }
func (pointerID) Format(f fmt.State, _ rune)   { f.Write([]byte("••••")) }
func (pointerID) MarshalText() ([]byte, error) { return []byte("••••"), nil }
func (plainID) GobEncode() ([]byte, error)     { return nil, errors.New("no") }
func (pointerID) GobEncode() ([]byte, error)   { return nil, errors.New("no") }

func TestLeakTestCatchesWeakDesigns(t *testing.T) {
	value := canary
	for name, v := range map[string]any{
		"plain": struct{ id plainID }{plainID{canary}}, "pointer": struct{ id pointerID }{pointerID{&value}},
	} {
		caught := []string{}
		for how, out := range renderings(v) {
			if leaks(out, canary) {
				caught = append(caught, how)
			}
		}
		require.Contains(t, caught, "testify", name)
		if name == "plain" {
			require.Contains(t, caught, "fmt %+v")
		}
	}
}

func TestNothingCompares(t *testing.T) {
	a, err := secret.Parse(canary)
	require.NoError(t, err)
	b, err := secret.Parse(canary)
	require.NoError(t, err)
	other, err := secret.Parse("GGGGGGGG")
	require.NoError(t, err)
	require.False(t, reflect.TypeOf(a).Comparable(), "== must not compile")
	require.False(t, reflect.DeepEqual(a, b))
	require.False(t, reflect.DeepEqual(a, a))
	require.False(t, reflect.DeepEqual(newHolder(a), newHolder(b)))
	require.False(t, assert.ObjectsAreEqual(a, b))
	require.Equal(t, a.String(), other.String(), "nor does what it shows tell two values apart")

	require.True(t, identity.Equal(a, b))
	require.False(t, identity.Equal(a, other))
	require.False(t, identity.Equal(identity.ID{}, identity.ID{}))
	require.False(t, identity.Equal(a, identity.ID{}))
	twin := identity.MustScheme(identity.Definition{Name: "test.twin", Check: func(string) error { return nil }})
	c, err := twin.Parse(canary)
	require.NoError(t, err)
	require.False(t, identity.Equal(a, c), "another scheme")
}

// Encoders that show are given a mask; those that store, and all decoders, an error.
func TestEncoders(t *testing.T) {
	id, err := secret.Parse(canary)
	require.NoError(t, err)
	b, err := json.Marshal(map[string]any{"id": id})
	require.NoError(t, err)
	require.Equal(t, `{"id":"test.secret:••••"}`, string(b))
	b, err = xml.Marshal(struct {
		XMLName xml.Name    `xml:"x"`
		ID      identity.ID `xml:"id,attr"`
	}{ID: id})
	require.NoError(t, err)
	require.Equal(t, `<x id="test.secret:••••"></x>`, string(b))
	require.Equal(t, "test.secret:••••", fmt.Sprintf("%08.3x", id))
	require.Equal(t, "••••", identity.ID{}.String())

	require.ErrorIs(t, gob.NewEncoder(&bytes.Buffer{}).Encode(id), identity.ErrSealed)
	_, err = driver.DefaultParameterConverter.ConvertValue(id)
	require.ErrorIs(t, err, identity.ErrSealed)
	require.ErrorIs(t, json.Unmarshal([]byte(`"`+canary+`"`), &id), identity.ErrSealed)
	require.ErrorIs(t, xml.Unmarshal([]byte(`<x>`+canary+`</x>`), &id), identity.ErrSealed)
	require.ErrorIs(t, id.Scan(canary), identity.ErrSealed)
	require.ErrorIs(t, id.UnmarshalBinary(nil), identity.ErrSealed)
}

func FuzzNothingLeaks(f *testing.F) {
	f.Add("QWZXJKVH", "n")
	f.Fuzz(func(t *testing.T, value, other string) {
		id, err := secret.Parse(value)
		if err != nil {
			require.False(t, len(value) >= 4 && leaks(err.Error(), value))
			return
		}
		for _, v := range []any{id, &id, struct{ id identity.ID }{id}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x", "%d"} {
				require.False(t, leaks(fmt.Sprintf(verb, v), value))
			}
		}
		got, err := gateThatAllows().Reveal(context.Background(), id, "essai")
		require.NoError(t, err)
		require.Equal(t, value, got)
	})
}
