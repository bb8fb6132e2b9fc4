package der

// Normalize returns the DER encoding of the one BER element (X.690 §8) that is the whole of b: definite lengths in their
// shortest form, strings in one piece. It does not reorder sets, and does not touch the content of primitives: the octets
// of a SET OF out of order, or of a BOOLEAN that is neither 00 nor FF, come out as they went in, for [Check] to name.
// A constructed element under a tag that is not universal stays constructed, even if its type is a string: only the type
// could tell.
//
// The result shares memory with b when b is DER already. Normalize is idempotent. It reads b once, keeps 16 octets for each
// element, and writes once. The error is a [*SyntaxError].
func Normalize(b []byte, l Limits) ([]byte, error) {
	out, n, err := NormalizePrefix(b, l)
	if err == nil && n < len(b) {
		return nil, syntax(n, "octets after the element")
	}
	return out, err
}

// NormalizePrefix is [Normalize] of the element at the start of b, whatever follows it. n is the octets it takes in b.
func NormalizePrefix(b []byte, l Limits) (out []byte, n int, err error) {
	l = l.orDefault()
	if h, reason, _ := parseHeader(b); reason == "" && h.Minimal && h.Length <= len(b)-h.Size {
		// Most inputs are DER: one pass without an allocation finds out.
		n = h.Size + h.Length
		if check(b[:n], l, structure) == nil {
			return b[:n:n], n, nil
		}
	}
	list, n, err := scan(b, l)
	if err != nil {
		return nil, 0, err
	}
	return write(b, list), n, nil
}

// What becomes of an element in the output.
type shape uint8

const (
	whole    shape = iota // header and, if primitive, content are written
	joined                // a constructed string: written primitive, its segments give the content
	segment               // a piece of a joined string: only content is written
	bitPiece              // the same of a BIT STRING: without its first octet
	silent                // constructed inside a joined string: nothing of its own is written
)

// An element is one entry of the flat list that scan makes and write reads, parents before children, as in the input.
type element struct {
	at     uint32 // offset of the identifier
	length uint32 // content octets in the output; in the input too if primitive
	size   uint32 // header octets in the input
	unused uint8  // of a joined BIT STRING: unused bits of its last piece
	id     uint8  // identifier octets
	shape  shape
	leaf   bool // primitive in the input
}

// A frame is a constructed element that is open while scan runs.
type frame struct {
	index      int // in the list
	end        int // offset after its content; that of the parent while indefinite
	indefinite bool
	join       uint32 // tag number its segments must have, 0 when it is no string
	closed     bool   // a piece with unused bits has come: no other may follow
}

// scan reads one BER element and all that it holds into a flat list, and computes output lengths as elements close: a child
// closes before its parent, so one pass does it.
func scan(b []byte, l Limits) ([]element, int, error) {
	size := min(len(b), l.Size)
	var list []element
	var room [24]frame
	stack := room[:0]
	for at := 0; ; {
		end := size
		if len(stack) > 0 {
			top := &stack[len(stack)-1]
			end = top.end
			if !top.indefinite && at == end || top.indefinite && hasEnd(b[at:end]) {
				if top.indefinite {
					at += 2
				}
				closeFrame(list, stack)
				if stack = stack[:len(stack)-1]; len(stack) == 0 {
					return list, at, nil
				}
				continue
			}
		}
		h, reason, where := parseHeader(b[at:end])
		if reason != "" {
			if end == l.Size && end < len(b) && at+where >= end {
				return nil, 0, beyond(at, "the input is too long", l.Size)
			}
			return nil, 0, syntax(at+where, reason)
		}
		if h.Length > end-at-h.Size {
			if end == l.Size && end < len(b) {
				return nil, 0, beyond(at, "the input is too long", l.Size)
			}
			return nil, 0, syntax(at, "a length that goes beyond the parent")
		}
		if reason := formFault(h); reason != "" {
			return nil, 0, syntax(at, reason)
		}
		if len(list) == l.Elements {
			return nil, 0, beyond(at, "too many elements", l.Elements)
		}
		e := element{at: uint32(at), size: uint32(h.Size), id: uint8(h.ID), leaf: !h.Constructed}
		join, reason := place(&e, h, stack, b[at+h.Size:end])
		if reason != "" {
			return nil, 0, syntax(at, reason)
		}
		if !h.Constructed {
			e.length = uint32(h.Length)
			list = append(list, e)
			if at += h.Size + h.Length; len(stack) == 0 {
				return list, at, nil
			}
			addLength(list, stack, len(list)-1)
			continue
		}
		if len(stack) == l.Depth {
			return nil, 0, beyond(at, "elements nest too deep", l.Depth)
		}
		f := frame{index: len(list), end: at + h.Size + h.Length, join: join}
		if h.Length == Indefinite {
			f.end, f.indefinite = end, true
		}
		list, stack = append(list, e), append(stack, f)
		at += h.Size
	}
}

func hasEnd(b []byte) bool { return len(b) >= 2 && b[0] == 0 && b[1] == 0 }

// place decides what becomes of an element, from its header and from the string it may be a segment of. join is the tag
// number that its own segments must have, 0 if it is no constructed string.
func place(e *element, h Header, stack []frame, content []byte) (join uint32, reason string) {
	isString := h.Class == ClassUniversal && h.Constructed && joinable(h.Number)
	if isString {
		join = tagOctetString // a character string is an implicitly tagged OCTET STRING (X.690 §8.23.6)
		if h.Number == tagBitString {
			join = tagBitString
		}
		e.shape = joined
	}
	if len(stack) == 0 || stack[len(stack)-1].join == 0 {
		return join, ""
	}
	parent := &stack[len(stack)-1]
	if h.Class != ClassUniversal || h.Number != parent.join {
		return 0, "a segment of a string of another type (X.690 §8.6.4, §8.7.3, §8.23.6)"
	}
	if parent.closed {
		return 0, "a segment of a BIT STRING after one that has unused bits (X.690 §8.6.4)"
	}
	switch {
	case h.Constructed:
		e.shape = silent
	case join == 0 && parent.join == tagOctetString:
		e.shape = segment
	default:
		piece := content[:h.Length]
		if len(piece) == 0 || piece[0] > 7 || (len(piece) == 1 && piece[0] != 0) {
			return 0, "a BIT STRING with a wrong count of unused bits (X.690 §8.6.2)"
		}
		e.shape, e.unused = bitPiece, piece[0]
		parent.closed = piece[0] != 0
	}
	return join, ""
}

// addLength adds what the closed element i puts into the output to the innermost open frame.
func addLength(list []element, stack []frame, i int) {
	parent := &list[stack[len(stack)-1].index]
	e := &list[i]
	switch e.shape {
	case segment, silent:
		parent.length += e.length
		parent.unused |= e.unused
	case bitPiece:
		parent.length += e.length - 1
		parent.unused |= e.unused
	default:
		parent.length += uint32(e.id) + lengthSize(e.length) + e.length
	}
}

func closeFrame(list []element, stack []frame) {
	f := stack[len(stack)-1]
	e := &list[f.index]
	if e.shape == joined && f.join == tagBitString {
		e.length++ // the octet that counts unused bits
	}
	if len(stack) > 1 {
		outer := &stack[len(stack)-2]
		outer.closed = outer.closed || (e.shape == silent && f.closed)
		addLength(list, stack[:len(stack)-1], f.index)
	}
}

func write(b []byte, list []element) []byte {
	total := int(list[0].id) + int(lengthSize(list[0].length)) + int(list[0].length)
	out := make([]byte, 0, total)
	for i := range list {
		e := &list[i]
		start := e.at + e.size
		switch e.shape {
		case silent:
			continue
		case segment:
			out = append(out, b[start:start+e.length]...)
			continue
		case bitPiece:
			out = append(out, b[start+1:start+e.length]...)
			continue
		case joined:
			out = append(out, b[e.at]&^0x20)
			out = appendLength(out, e.length)
			if b[e.at] == 0x20|tagBitString {
				out = append(out, e.unused)
			}
			continue
		}
		out = append(out, b[e.at:e.at+uint32(e.id)]...)
		out = appendLength(out, e.length)
		if e.leaf {
			out = append(out, b[start:start+e.length]...)
		}
	}
	return out
}

func lengthSize(length uint32) uint32 {
	switch {
	case length < 0x80:
		return 1
	case length < 1<<8:
		return 2
	case length < 1<<16:
		return 3
	case length < 1<<24:
		return 4
	}
	return 5
}

func appendLength(b []byte, length uint32) []byte {
	n := lengthSize(length) - 1
	if n == 0 {
		return append(b, byte(length))
	}
	b = append(b, 0x80|byte(n))
	for ; n > 0; n-- {
		b = append(b, byte(length>>(8*(n-1))))
	}
	return b
}
