package pdf

import (
	"errors"
	"strconv"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// errShort says that the window of octets at hand ends before the object does.
var errShort = errors.New("pdf: window too short")

// A parser reads objects from a window of octets.
type parser struct {
	b     []byte
	pos   int
	base  int64 // offset of b[0] in the file, -1 inside an object stream
	final bool  // nothing follows b: a token may end with it
	depth int
	count int
}

func (p *parser) offset() int64 {
	if p.base < 0 {
		return -1
	}
	return p.base + int64(p.pos)
}

func (p *parser) fail(format string, args ...any) error { return damaged(p.offset(), format, args...) }

// end is what to return when the window ended: more of it is needed, or there is none.
func (p *parser) end() error {
	if p.final {
		return p.fail("the data ends within an object")
	}
	return errShort
}

// Classes of characters (§7.2.3).
const (
	regular = iota
	space
	delimiter
)

var class = func() (table [256]byte) {
	for _, c := range "\x00\t\n\f\r " {
		table[c] = space
	}
	for _, c := range "()<>[]{}/%" {
		table[c] = delimiter
	}
	return table
}()

// skip passes white space and comments (§7.2.4).
func (p *parser) skip() {
	for p.pos < len(p.b) {
		c := p.b[p.pos]
		if c == '%' {
			for p.pos < len(p.b) && p.b[p.pos] != '\n' && p.b[p.pos] != '\r' {
				p.pos++
			}
			continue
		}
		if class[c] != space {
			return
		}
		p.pos++
	}
}

// object reads one object. A reference is one object.
func (p *parser) object() (Object, error) {
	p.skip()
	if p.pos >= len(p.b) {
		return nil, p.end()
	}
	p.count++
	if p.count > limits.PDFElements {
		return nil, limit(p.offset(), "an object of more than %d values", limits.PDFElements)
	}
	switch c := p.b[p.pos]; {
	case c == '/':
		return p.name()
	case c == '(':
		return p.literal()
	case c == '[':
		return p.array()
	case c == '<':
		if p.pos+1 >= len(p.b) {
			return nil, p.end()
		}
		if p.b[p.pos+1] == '<' {
			return p.dict()
		}
		return p.hex()
	case c >= '0' && c <= '9':
		return p.numberOrRef()
	case c == '+' || c == '-' || c == '.':
		return p.number()
	case class[c] == delimiter:
		return nil, p.fail("unexpected %q", c)
	}
	start := p.pos
	word, err := p.word()
	if err != nil {
		return nil, err
	}
	switch string(word) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	p.pos = start
	return nil, p.fail("unexpected %q", clip(word))
}

func clip(b []byte) []byte {
	if len(b) > 20 {
		return b[:20]
	}
	return b
}

// word reads regular characters.
func (p *parser) word() ([]byte, error) {
	start := p.pos
	for p.pos < len(p.b) && class[p.b[p.pos]] == regular {
		p.pos++
	}
	if p.pos == len(p.b) && !p.final {
		return nil, errShort
	}
	return p.b[start:p.pos], nil
}

// keyword passes white space and that word.
func (p *parser) keyword(want string) error {
	p.skip()
	start := p.pos
	word, err := p.word()
	if err != nil {
		return err
	}
	if string(word) != want {
		p.pos = start
		return p.fail("%q where %q is expected", clip(word), want)
	}
	return nil
}

func (p *parser) name() (Object, error) {
	p.pos++
	word, err := p.word()
	if err != nil {
		return nil, err
	}
	return decodeName(word), nil
}

// decodeName resolves #xx (§7.3.5). A number sign that two hexadecimal digits do not follow stands for itself.
func decodeName(word []byte) Name {
	escaped := false
	for _, c := range word {
		escaped = escaped || c == '#'
	}
	if !escaped {
		return Name(word)
	}
	out := make([]byte, 0, len(word))
	for i := 0; i < len(word); i++ {
		if word[i] == '#' && i+2 < len(word) {
			high, low := hexDigit(word[i+1]), hexDigit(word[i+2])
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, word[i])
	}
	return Name(out)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (p *parser) array() (Object, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.pos++
	out := Array{}
	for {
		p.skip()
		if p.pos >= len(p.b) {
			return nil, p.end()
		}
		if p.b[p.pos] == ']' {
			p.pos++
			p.depth--
			return out, nil
		}
		o, err := p.object()
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
}

func (p *parser) dict() (Object, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.pos += 2
	out := Dict{}
	for {
		p.skip()
		if p.pos+1 >= len(p.b) {
			return nil, p.end()
		}
		if p.b[p.pos] == '>' && p.b[p.pos+1] == '>' {
			p.pos += 2
			p.depth--
			return out, nil
		}
		if p.b[p.pos] != '/' {
			return nil, p.fail("a dictionary key that is not a name")
		}
		key, err := p.name()
		if err != nil {
			return nil, err
		}
		value, err := p.object()
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{key.(Name), value})
	}
}

func (p *parser) enter() error {
	if p.depth++; p.depth > limits.PDFDepth {
		return limit(p.offset(), "objects nested more than %d deep", limits.PDFDepth)
	}
	return nil
}

// number reads an integer or a real. What is neither, but made of the same characters ("--5", "1.2.3"), is kept as a Real
// since producers write such things and readers shrug.
func (p *parser) number() (Object, error) {
	start := p.pos
	word, err := p.word()
	if err != nil {
		return nil, err
	}
	if v, err := strconv.ParseInt(string(word), 10, 64); err == nil {
		return Integer(v), nil
	}
	for _, c := range word {
		if (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' {
			p.pos = start
			return nil, p.fail("%q is not a number", clip(word))
		}
	}
	return Real(word), nil
}

// numberOrRef reads a number, or "12 0 R".
func (p *parser) numberOrRef() (Object, error) {
	first, err := p.number()
	if err != nil {
		return nil, err
	}
	number, ok := first.(Integer)
	if !ok || number > limits.PDFNumber {
		return first, nil
	}
	after := p.pos
	p.skip()
	generation, digits := 0, 0
	for p.pos < len(p.b) && p.b[p.pos] >= '0' && p.b[p.pos] <= '9' && digits < 6 {
		generation = generation*10 + int(p.b[p.pos]-'0')
		p.pos++
		digits++
	}
	ended := p.pos >= len(p.b)
	if !ended && digits > 0 && class[p.b[p.pos]] != regular {
		p.skip()
		if p.pos < len(p.b) && p.b[p.pos] == 'R' {
			p.pos++
			if p.pos < len(p.b) && class[p.b[p.pos]] != regular || p.pos == len(p.b) && p.final {
				return Ref{int(number), generation}, nil
			}
		}
		ended = p.pos >= len(p.b)
	}
	if ended && !p.final {
		return nil, errShort
	}
	p.pos = after
	return first, nil
}

// Parse reads one object that stands alone. White space and comments may surround it; nothing else may.
func Parse(b []byte) (Object, error) {
	p := parser{b: b, final: true}
	o, err := p.object()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.pos < len(b) {
		return nil, p.fail("%q after an object", clip(b[p.pos:]))
	}
	return o, nil
}
