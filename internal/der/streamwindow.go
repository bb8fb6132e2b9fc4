package der

import "io"

// streamWindow is how much of a reader is held, and how much flows in one operation.
const streamWindow = 64 << 10

// need makes n octets available, at most one window, and reports whether they are there. It sets no error when the input
// just ends.
func (s *Stream) need(n int) bool {
	for len(s.buf)-s.pos < n {
		if s.drained || s.err != nil {
			return false
		}
		s.fill()
	}
	return true
}

// fill moves what is left to the start of the window and reads once behind it.
func (s *Stream) fill() {
	left := copy(s.buf[:cap(s.buf)], s.buf[s.pos:])
	s.base += int64(s.pos)
	s.buf, s.pos = s.buf[:left], 0
	for range 100 {
		if err := s.ctx.Err(); err != nil {
			s.Fail(err)
			return
		}
		n, err := s.src.Read(s.buf[left:cap(s.buf)])
		if n < 0 || n > cap(s.buf)-left {
			s.Refuse("a reader that says it read more than it was asked")
			return
		}
		s.buf = s.buf[:left+n]
		switch {
		case err == io.EOF:
			s.drained = true
			return
		case err != nil:
			s.Fail(err)
			return
		case n > 0:
			return
		}
	}
	s.Fail(io.ErrNoProgress)
}

// take consumes n octets and gives them away in pieces of at most one window.
func (s *Stream) take(n int64, give func([]byte) error) bool {
	for n > 0 {
		if !s.need(1) {
			s.Refuse("the input ends within an element")
			return false
		}
		piece := s.buf[s.pos:]
		piece = piece[:min(int64(len(piece)), n, streamWindow)]
		if err := give(piece); err != nil {
			s.Fail(err)
			return false
		}
		s.pos += len(piece)
		n -= int64(len(piece))
	}
	return s.err == nil
}

type streamHeader struct {
	tag        byte // first identifier octet
	size       int  // identifier and length octets
	length     int64
	indefinite bool
}

const cutHeader = "the input ends within an identifier or a length"

// header parses the next header and consumes nothing. A stream has lengths of 56 bits, where [ReadHeader] has 31.
func (s *Stream) header() (h streamHeader, ok bool) {
	if s.err != nil {
		return h, false
	}
	s.need(16) // the longest header has 1+5 identifier and 1+8 length octets; fewer may be left
	if s.err != nil {
		return h, false
	}
	b := s.buf[s.pos:]
	if len(b) < 2 {
		s.Refuse(cutHeader)
		return h, false
	}
	h.tag, h.size = b[0], 1
	if b[0]&0x1f == 0x1f {
		id, reason, _ := parseHeader(append(idOctets(b), 0)) // the rules of high tag numbers are written once
		if reason != "" {
			s.Refuse(reason)
			return h, false
		}
		h.size = id.ID
	} else if reason := formFault(Header{Class: b[0] >> 6, Constructed: b[0]&0x20 != 0, Number: uint32(b[0] & 0x1f)}); reason != "" {
		s.Refuse(reason)
		return h, false
	}
	if h.size >= len(b) {
		s.Refuse(cutHeader)
		return h, false
	}
	octet := b[h.size]
	h.size++
	switch {
	case octet < 0x80:
		h.length = int64(octet)
	case octet == 0x80:
		if h.tag&0x20 == 0 {
			s.Refuse("an indefinite length on a primitive element (X.690 §8.1.3.2)")
			return h, false
		}
		h.indefinite = true
	default:
		n := int(octet & 0x7f)
		if n > 8 {
			s.Refuse("a length in more than 8 octets")
			return h, false
		}
		if len(b)-h.size < n {
			s.Refuse(cutHeader)
			return h, false
		}
		for _, digit := range b[h.size : h.size+n] {
			if h.length >= 1<<48 {
				s.Refuse("a length of more than 56 bits")
				return h, false
			}
			h.length = h.length<<8 | int64(digit)
		}
		h.size += n
	}
	if room := s.limit() - s.Offset() - int64(h.size); room < 0 || h.length > room {
		s.Refuse("a length that goes beyond the parent")
		return h, false
	}
	return h, true
}

// idOctets returns a copy of the identifier octets at the start of b, at most the 6 that parseHeader looks at.
func idOctets(b []byte) []byte {
	n := 1
	for n < len(b) && n < 6 {
		n++
		if b[n-1]&0x80 == 0 {
			break
		}
	}
	return append(make([]byte, 0, 8), b[:n]...)
}
