package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// Strings that a file says of itself come from whoever made it. They are shown, so that they must not lie by their form: no
// control character (they drive terminals), no bidirectional or invisible one (they change what is read), no pile of accents
// over the neighbouring lines, no megabyte.

// clean makes one bounded line of a string. What may not be shown becomes U+FFFD, so that its absence is seen; white space
// becomes one space.
func clean(s string, longest int) string {
	if len(s) <= longest && isPlain(s) {
		return s
	}
	cut := len(s) > limits.ReportRead
	if cut {
		s = s[:limits.ReportRead]
	}
	var b strings.Builder
	n, marks, space := 0, 0, false
	for i, r := range s {
		if r == utf8.RuneError && cut && len(s)-i < utf8.UTFMax {
			break // a character cut in two
		}
		if unicode.IsSpace(r) && r != '\u0085' && r != '\u2028' && r != '\u2029' {
			space = b.Len() > 0
			continue
		}
		switch isLatin := r >= '!' && r <= '~' || r >= 'À' && r <= 'ɏ'; {
		case isLatin:
			marks = 0
		case !shown(r):
			r, marks = unicode.ReplacementChar, 0
		case unicode.Is(unicode.M, r):
			if marks++; marks > accents {
				continue
			}
		default:
			marks = 0
		}
		if space {
			if n++; n < longest {
				b.WriteByte(' ')
			}
			space = false
		}
		if n >= longest {
			cut = true
			break
		}
		b.WriteRune(r)
		n++
	}
	if cut {
		b.WriteString("…")
	}
	return b.String()
}

// isPlain reports whether a string is ASCII that needs no cleaning, as most are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// accents is how many combining marks one letter may carry: no script that names are written in needs more.
const accents = 3

// shown reports whether a character is seen as what it is.
func shown(r rune) bool {
	switch {
	case r == utf8.RuneError, r == '\u034f', r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u17b4', r == '\u17b5':
		return false // not decodable, or a letter in name that draws nothing
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef: // noncharacters
		return false
	case r >= 0xe0000 && r <= 0xe0fff, r >= 0xfe00 && r <= 0xfe0f: // tags and variation selectors
		return false
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp)
}

// name is a string for a reader.
func name(s string) string { return clean(s, limits.ReportName) }

// sentence is a longer one.
func sentence(s string) string { return clean(s, limits.ReportMessage) }

// identifier keeps an identifier of the facts if it has the shape of those that this module makes, "S-1-T2", so that it is
// also an XML identifier and nobody's name.
func identifier(id string) (string, bool) {
	if len(id) == 0 || len(id) > longestID || id[0] != 'S' && id[0] != 'T' {
		return "", false
	}
	for _, c := range []byte(id) {
		if !(c >= '0' && c <= '9' || c == 'S' || c == 'T' || c == 'C' || c == '-' || c == '.') {
			return "", false
		}
	}
	return id, true
}

const longestID = 64

// word keeps what this module calls blocks and checks, "revocation.available", and nothing else.
func word(s string) string {
	if len(s) > longestID || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" {
		return ""
	}
	return s
}

// oneOf returns s if it is among the words that are known, else "".
func oneOf[T ~string](s T, known ...T) T {
	for _, k := range known {
		if s == k {
			return s
		}
	}
	return ""
}
