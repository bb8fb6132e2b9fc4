package exchange

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// The statements of a pli (manifest, header, addendum, receipt) are JSON that is signed or compared octet by octet, so they are
// read more strictly than encoding/json does: exact names, no unknown, missing or duplicate member, UTF-8 without lone surrogates,
// integers in plain decimal, nothing after the value. Each string has a bound.

// errJSON is the reason of every refusal of form; the callers wrap it in that of their object.
var errJSON = errors.New("not the JSON that is expected")

type jsonReader struct {
	b     []byte
	pos   int
	depth int
}

func (r *jsonReader) fail(format string, args ...any) error {
	return fmt.Errorf("%w: at octet %d, %s", errJSON, r.pos, fmt.Sprintf(format, args...))
}

func (r *jsonReader) space() {
	for r.pos < len(r.b) {
		switch r.b[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// take skips white space and consumes c if it comes next.
func (r *jsonReader) take(c byte) bool {
	r.space()
	if r.pos < len(r.b) && r.b[r.pos] == c {
		r.pos++
		return true
	}
	return false
}

func (r *jsonReader) expect(c byte) error {
	if !r.take(c) {
		return r.fail("%q is missing", c)
	}
	return nil
}

func (r *jsonReader) enter() error {
	if r.depth++; r.depth > limits.PliJSONDepth {
		return r.fail("more than %d levels", limits.PliJSONDepth)
	}
	return nil
}

// end checks that nothing follows.
func (r *jsonReader) end() error {
	if r.space(); r.pos != len(r.b) {
		return r.fail("something follows")
	}
	return nil
}

// A member is one name that an object may hold and what reads its value.
type member struct {
	name     string
	read     func() error
	optional bool
}

// object reads an object that holds exactly these members, in any order.
func (r *jsonReader) object(members ...member) error {
	if err := r.enter(); err != nil {
		return err
	}
	if err := r.expect('{'); err != nil {
		return err
	}
	var seen uint64
	for first := true; !r.take('}'); first = false {
		if !first {
			if err := r.expect(','); err != nil {
				return err
			}
		}
		name, err := r.text(64)
		if err != nil {
			return err
		}
		i := 0
		for i < len(members) && members[i].name != name {
			i++
		}
		switch {
		case i == len(members):
			return r.fail("a member that this version does not know")
		case seen&(1<<i) != 0:
			return r.fail("member %s twice", name)
		}
		seen |= 1 << i
		if err := r.expect(':'); err != nil {
			return err
		}
		if err := members[i].read(); err != nil {
			return err
		}
	}
	for i, m := range members {
		if !m.optional && seen&(1<<i) == 0 {
			return r.fail("member %s is missing", m.name)
		}
	}
	r.depth--
	return nil
}

// array reads an array of at most limit elements.
func (r *jsonReader) array(limit int, element func() error) error {
	if err := r.enter(); err != nil {
		return err
	}
	if err := r.expect('['); err != nil {
		return err
	}
	for n := 0; !r.take(']'); n++ {
		if n == limit {
			return fmt.Errorf("%w: %w", ErrLimit, r.fail("more than %d elements", limit))
		}
		if n > 0 {
			if err := r.expect(','); err != nil {
				return err
			}
		}
		if err := element(); err != nil {
			return err
		}
	}
	r.depth--
	return nil
}

// integer reads 0 … 2^53-1 in plain decimal.
func (r *jsonReader) integer() (int64, error) {
	r.space()
	start := r.pos
	for r.pos < len(r.b) && '0' <= r.b[r.pos] && r.b[r.pos] <= '9' {
		r.pos++
	}
	digits := string(r.b[start:r.pos])
	if len(digits) == 0 || len(digits) > 16 || len(digits) > 1 && digits[0] == '0' {
		return 0, r.fail("not an integer in plain decimal")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > limits.PliInteger {
		return 0, r.fail("an integer beyond 2^53-1")
	}
	return n, nil
}

// text reads a string of at most limit octets once decoded.
func (r *jsonReader) text(limit int) (string, error) {
	if err := r.expect('"'); err != nil {
		return "", err
	}
	start := r.pos
	var decoded []byte // nil as long as there was no escape
	for {
		if r.pos >= len(r.b) {
			return "", r.fail("a string does not end")
		}
		if r.pos-start > 6*limit+1 {
			return "", fmt.Errorf("%w: %w", ErrLimit, r.fail("a string of more than %d octets", limit))
		}
		c := r.b[r.pos]
		switch {
		case c == '"':
			s := r.b[start:r.pos]
			if decoded != nil {
				s = decoded
			}
			r.pos++
			if len(s) > limit {
				return "", fmt.Errorf("%w: %w", ErrLimit, r.fail("a string of more than %d octets", limit))
			}
			return string(s), nil
		case c < 0x20:
			return "", r.fail("a control character")
		case c == '\\':
			if decoded == nil {
				decoded = append(make([]byte, 0, r.pos-start+16), r.b[start:r.pos]...)
			}
			var err error
			if decoded, err = r.escape(decoded); err != nil {
				return "", err
			}
		default:
			_, size := utf8.DecodeRune(r.b[r.pos:])
			if size == 1 && c >= utf8.RuneSelf {
				return "", r.fail("octets that are not UTF-8")
			}
			if decoded != nil {
				decoded = append(decoded, r.b[r.pos:r.pos+size]...)
			}
			r.pos += size
		}
	}
}

func (r *jsonReader) escape(decoded []byte) ([]byte, error) {
	r.pos++
	if r.pos >= len(r.b) {
		return nil, r.fail("a string does not end")
	}
	c := r.b[r.pos]
	r.pos++
	switch c {
	case '"', '\\', '/':
		return append(decoded, c), nil
	case 'b':
		return append(decoded, '\b'), nil
	case 'f':
		return append(decoded, '\f'), nil
	case 'n':
		return append(decoded, '\n'), nil
	case 'r':
		return append(decoded, '\r'), nil
	case 't':
		return append(decoded, '\t'), nil
	case 'u':
		code, err := r.hex4()
		if err != nil {
			return nil, err
		}
		if 0xD800 <= code && code < 0xDC00 && r.pos+1 < len(r.b) && r.b[r.pos] == '\\' && r.b[r.pos+1] == 'u' {
			r.pos += 2
			low, err := r.hex4()
			if err != nil {
				return nil, err
			}
			if low < 0xDC00 || low > 0xDFFF {
				return nil, r.fail("half of a surrogate pair")
			}
			return utf8.AppendRune(decoded, 0x10000+(code-0xD800)<<10+(low-0xDC00)), nil
		}
		if 0xD800 <= code && code <= 0xDFFF {
			return nil, r.fail("half of a surrogate pair")
		}
		return utf8.AppendRune(decoded, code), nil
	}
	return nil, r.fail("an escape that JSON does not have")
}

func (r *jsonReader) hex4() (rune, error) {
	if r.pos+4 > len(r.b) {
		return 0, r.fail("an escape does not end")
	}
	var code rune
	for _, c := range r.b[r.pos : r.pos+4] {
		switch {
		case '0' <= c && c <= '9':
			code = code<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			code = code<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			code = code<<4 | rune(c-'A'+10)
		default:
			return 0, r.fail("an escape that is not hexadecimal")
		}
	}
	r.pos += 4
	return code, nil
}

// appendText writes a string as this package does: UTF-8, escaping nothing but what JSON cannot hold.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// A jsonWriter writes the one spelling of a statement: compact, members in the order of the calls.
type jsonWriter struct {
	b     []byte
	comma bool
}

func (w *jsonWriter) open(c byte) { w.separate(); w.b, w.comma = append(w.b, c), false }

func (w *jsonWriter) close(c byte) { w.b, w.comma = append(w.b, c), true }

func (w *jsonWriter) separate() {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = true
}

func (w *jsonWriter) name(name string) {
	w.separate()
	w.b, w.comma = append(appendText(w.b, name), ':'), false
}

func (w *jsonWriter) text(name, value string) {
	w.name(name)
	w.b, w.comma = appendText(w.b, value), true
}

func (w *jsonWriter) integer(name string, value int64) {
	w.name(name)
	w.b, w.comma = strconv.AppendInt(w.b, value, 10), true
}
