package der

import (
	"context"
	"io"
	"math"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// A Stream reads BER or DER one element after the other, from a reader or from memory, so that an OCTET STRING of any size
// goes through in pieces of at most 64 KiB while every other element is bounded and returned whole.
//
//	s := der.NewStream(ctx, r, der.Limits{})
//	s.Enter(asn1.SEQUENCE)
//	head := s.Raw()              // as found
//	size := s.Octets(0x04, dst)  // primitive, or in segments, of definite or indefinite length (X.690 §8.7)
//	for s.More() { … }
//	s.Leave()
//	s.End()                      // nothing follows
//	if err := s.Err(); err != nil { … }
//
// The first error stays: every later call does nothing and returns zero values, so Err is asked once. A [*SyntaxError]
// gives the offset in the whole input; an error of the reader or of a destination is returned as it is.
//
// Limits.Size bounds the octets returned by Raw and Element all together, not those that flow; Limits.Elements counts what
// is returned and what had to be walked over to find the end of an indefinite length.
type Stream struct {
	ctx      context.Context // nil in memory
	src      io.Reader       // nil in memory
	buf      []byte          // buf[pos:] was read and not consumed
	pos      int
	base     int64 // offset of buf[0] in the input
	frames   []streamFrame
	room     [8]streamFrame
	limits   Limits
	elements int
	kept     int
	drained  bool // the reader has nothing more
	err      error
}

// A streamFrame is a constructed element that was entered.
type streamFrame struct {
	end        int64 // where it ends; for an indefinite length, where its nearest definite ancestor does
	indefinite bool
}

// NewStream reads from r, which it may read further than what it returns. ctx is looked at before each read.
func NewStream(ctx context.Context, r io.Reader, l Limits) *Stream {
	s := &Stream{ctx: ctx, src: r, buf: make([]byte, 0, streamWindow), limits: l.orDefault()}
	s.frames = s.room[:0]
	return s
}

// NewMemoryStream reads b, and returns slices that share its memory.
func NewMemoryStream(b []byte, l Limits) *Stream {
	s := &Stream{buf: b, limits: l.orDefault(), drained: true}
	s.frames = s.room[:0]
	return s
}

// Err returns the first error, or nil.
func (s *Stream) Err() error { return s.err }

// Offset is how many octets of the input were consumed.
func (s *Stream) Offset() int64 { return s.base + int64(s.pos) }

// Fail makes err the error of the stream, if it has none.
func (s *Stream) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Refuse is Fail with a SyntaxError at the current offset.
func (s *Stream) Refuse(reason string) {
	if s.err == nil {
		s.err = syntax(int(s.Offset()), reason)
	}
}

// RefuseBeyond is Refuse for a bound that was met: the error matches [ErrLimit].
func (s *Stream) RefuseBeyond(what string, bound int) {
	if s.err == nil {
		s.err = beyond(int(s.Offset()), what, bound)
	}
}

// limit is the offset that the current element may not cross.
func (s *Stream) limit() int64 {
	if len(s.frames) == 0 {
		return math.MaxInt64
	}
	return s.frames[len(s.frames)-1].end
}

// atEnd reports whether the innermost constructed element has nothing more, or the input if none is open.
func (s *Stream) atEnd() bool {
	if len(s.frames) == 0 {
		return !s.need(1)
	}
	f := &s.frames[len(s.frames)-1]
	if f.indefinite {
		return s.need(2) && s.buf[s.pos] == 0 && s.buf[s.pos+1] == 0 && s.Offset()+2 <= f.end
	}
	return s.Offset() >= f.end
}

// More reports whether another element follows inside the innermost constructed element.
func (s *Stream) More() bool { return s.err == nil && !s.atEnd() && s.err == nil }

// Peek returns the first identifier octet of the next element, or 0 if none follows.
func (s *Stream) Peek() asn1.Tag {
	if !s.More() || !s.need(1) {
		return 0
	}
	return asn1.Tag(s.buf[s.pos])
}

// Enter consumes the header of the next element, which must have that tag and be constructed. It reports success.
func (s *Stream) Enter(tag asn1.Tag) bool {
	h, ok := s.header()
	if !ok {
		return false
	}
	if h.tag != byte(tag) || h.tag&0x20 == 0 {
		s.Refuse("an element of another type than the one expected")
		return false
	}
	return s.push(h)
}

// TryEnter enters the next element if it has that tag, and reports whether it did.
func (s *Stream) TryEnter(tag asn1.Tag) bool { return s.Peek() == tag && s.Enter(tag) }

func (s *Stream) push(h streamHeader) bool {
	if !s.count() {
		return false
	}
	if len(s.frames) >= s.limits.Depth {
		s.RefuseBeyond("elements nest too deep", s.limits.Depth)
		return false
	}
	f := streamFrame{end: s.limit(), indefinite: h.indefinite}
	s.pos += h.size
	if !h.indefinite {
		f.end = s.Offset() + h.length
	}
	s.frames = append(s.frames, f)
	return true
}

func (s *Stream) count() bool {
	if s.elements++; s.elements > s.limits.Elements {
		s.RefuseBeyond("too many elements", s.limits.Elements)
		return false
	}
	return true
}

// Leave consumes the end of the innermost constructed element, where the stream must be.
func (s *Stream) Leave() bool {
	if s.err != nil {
		return false
	}
	if len(s.frames) == 0 {
		s.Refuse("the end of an element where none was entered")
		return false
	}
	if !s.atEnd() {
		if s.err == nil && !s.need(1) {
			s.Refuse("the input ends within an element")
		}
		s.Refuse("an element where its parent should end")
		return false
	}
	if s.frames[len(s.frames)-1].indefinite {
		s.pos += 2
	}
	s.frames = s.frames[:len(s.frames)-1]
	return true
}

// End reports whether nothing follows the last element, and refuses the input if something does.
func (s *Stream) End() bool {
	if s.err != nil {
		return false
	}
	if s.need(1) {
		s.Refuse("octets after the element")
	}
	return s.err == nil
}

// Raw returns the next element, header included, as found. From memory it shares the input.
func (s *Stream) Raw() []byte {
	h, ok := s.header()
	if !ok {
		return nil
	}
	if s.src == nil {
		start := s.pos
		if !s.walk(h, nil) {
			return nil
		}
		return s.buf[start:s.pos:s.pos]
	}
	var out []byte
	if !h.indefinite {
		out = make([]byte, 0, min(int64(h.size)+h.length, streamWindow)) // longer ones grow with what really comes
	}
	if !s.walk(h, &out) {
		return nil
	}
	return out
}

// Element is [Stream.Raw] brought to DER by [Normalize].
func (s *Stream) Element() []byte {
	start := int(s.Offset())
	raw := s.Raw()
	if s.err != nil {
		return nil
	}
	out, err := Normalize(raw, s.limits)
	if err != nil {
		if at, ok := err.(*SyntaxError); ok {
			at.Offset += start
		}
		s.Fail(err)
		return nil
	}
	return out
}

// Skip consumes the next element. What it holds is not looked at, save to find the end of an indefinite length.
func (s *Stream) Skip() bool {
	h, ok := s.header()
	return ok && s.walk(h, nil)
}

// walk consumes one element whose header is h, appending it to out unless nil.
func (s *Stream) walk(h streamHeader, out *[]byte) bool {
	depth := len(s.frames)
	for {
		if h.indefinite {
			if !s.keep(int64(h.size), out) || !s.push(streamHeader{indefinite: true}) {
				return false
			}
		} else if !s.count() || !s.keep(int64(h.size)+h.length, out) {
			return false
		}
		for len(s.frames) > depth && s.err == nil && s.atEnd() {
			if !s.keep(2, out) {
				return false
			}
			s.frames = s.frames[:len(s.frames)-1]
		}
		if len(s.frames) == depth {
			return s.err == nil
		}
		var ok bool
		if h, ok = s.header(); !ok {
			return false
		}
	}
}

// keep consumes n octets that count as kept.
func (s *Stream) keep(n int64, out *[]byte) bool {
	if n > int64(s.limits.Size-s.kept) {
		s.RefuseBeyond("the elements kept are too long", s.limits.Size)
		return false
	}
	s.kept += int(n)
	return s.take(n, func(p []byte) error {
		if out != nil {
			*out = append(*out, p...)
		}
		return nil
	})
}

// Octets writes the content of the next OCTET STRING to dst, nil to discard it, in pieces of at most 64 KiB. tag is that of
// the primitive form: 0x04, or 0x80 for [0] IMPLICIT. The constructed form is the same with bit 6; its segments are
// universal OCTET STRINGs, which may be constructed again (X.690 §8.7.3). It returns the octets written.
func (s *Stream) Octets(tag asn1.Tag, dst io.Writer) (n int64) {
	h, ok := s.header()
	if !ok {
		return 0
	}
	depth := len(s.frames)
	for {
		switch h.tag {
		case byte(tag):
			if !s.flow(h, dst) {
				return n
			}
			n += h.length
		case byte(tag) | 0x20:
			if !s.push(h) {
				return n
			}
			s.elements-- // segments flow, they are not kept: an archive of many GiB has millions
		default:
			s.Refuse("an element of another type than OCTET STRING")
			return n
		}
		tag = asn1.OCTET_STRING
		for len(s.frames) > depth && s.atEnd() {
			s.Leave()
		}
		if len(s.frames) == depth || s.err != nil {
			return n
		}
		if h, ok = s.header(); !ok {
			return n
		}
	}
}

// Contents writes the content octets of the next element, whatever its tag, to dst, nil to discard them, in pieces of at
// most 64 KiB. Its length must be definite. It returns the octets written.
func (s *Stream) Contents(dst io.Writer) (n int64) {
	h, ok := s.header()
	if !ok {
		return 0
	}
	if h.indefinite {
		s.Refuse("an indefinite length where the content octets are needed as they are")
		return 0
	}
	if !s.flow(h, dst) {
		return 0
	}
	return h.length
}

func (s *Stream) flow(h streamHeader, dst io.Writer) bool {
	s.pos += h.size
	return s.take(h.length, func(p []byte) error {
		if dst == nil {
			return nil
		}
		n, err := dst.Write(p)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		return err
	})
}

// Since returns the input from an offset to where the stream is, sharing its memory. Only a stream in memory has it.
func (s *Stream) Since(offset int64) []byte {
	if s.src != nil || s.err != nil || offset < 0 || offset > int64(s.pos) {
		return nil
	}
	return s.buf[offset:s.pos:s.pos]
}

// Definite reports whether the next element has a definite length.
func (s *Stream) Definite() bool {
	h, ok := s.header()
	return ok && !h.indefinite
}
