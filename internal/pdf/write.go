package pdf

import (
	"fmt"
	"strconv"
)

// Append writes an object as source. Strings are written so that their octets are ASCII. It panics on what is not an Object,
// and on a *Stream, which is written with its data by [Update.PutStream].
func Append(b []byte, o Object) []byte {
	switch o := o.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, o)
	case Integer:
		return strconv.AppendInt(b, int64(o), 10)
	case int:
		return strconv.AppendInt(b, int64(o), 10)
	case Real:
		return append(b, o...)
	case String:
		return appendString(b, o)
	case Name:
		return appendName(b, o)
	case Ref:
		return append(append(b, o.String()...), " R"...)
	case Raw:
		return append(b, o...)
	case Array:
		b = append(b, '[')
		for i, v := range o {
			if i > 0 {
				b = append(b, ' ')
			}
			b = Append(b, v)
		}
		return append(b, ']')
	case Dict:
		b = append(b, "<<"...)
		for _, e := range o {
			b = append(appendName(b, e.Key), ' ')
			b = append(Append(b, e.Value), '\n')
		}
		if n := len(b); b[n-1] == '\n' {
			b = b[:n-1]
		}
		return append(b, ">>"...)
	}
	panic(fmt.Sprintf("pdf: %T cannot be written", o))
}

// appendName writes a name (§7.3.5).
func appendName(b []byte, name Name) []byte {
	b = append(b, '/')
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c >= 0x7f || c == '#' || class[c] == delimiter {
			b = fmt.Appendf(b, "#%02X", c)
		} else {
			b = append(b, c)
		}
	}
	return b
}

// appendString writes a string, in hexadecimal when it was so or when it is not plain ASCII.
func appendString(b []byte, s String) []byte {
	plain := !s.Hex
	for _, c := range s.Value {
		plain = plain && c >= ' ' && c < 0x7f
	}
	if !plain {
		return fmt.Appendf(b, "<%X>", s.Value)
	}
	b = append(b, '(')
	for _, c := range s.Value {
		if c == '(' || c == ')' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, ')')
}
