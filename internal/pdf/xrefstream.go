package pdf

import (
	"io"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// entries are those of a cross-reference stream (§7.5.8.3), packed as they are and inflated as far as they are asked for.
type entries struct {
	r      io.Reader
	data   []byte
	total  int    // octets that the subsections announce
	widths [3]int // of the three fields
	start  int64
}

// crossReferenceStream reads the stream object at an offset.
func (f *File) crossReferenceStream(at int64) (*section, error) {
	object, err := f.indirectAt(at, f.source.size)
	if err != nil {
		return nil, err
	}
	stream, ok := object.Value.(*Stream)
	if !ok || stream.Dict.Get("Type") != Name("XRef") {
		return nil, damaged(at, "neither a cross-reference table nor a cross-reference stream")
	}
	// §7.5.8.2: what describes a cross-reference stream is written in it directly.
	length, ok := stream.Dict.Get("Length").(Integer)
	if !ok || length < 0 || int64(length) > f.source.size-stream.Start {
		return nil, damaged(at, "a cross-reference stream without a /Length inside the file")
	}
	s := &section{offset: at, trailer: stream.Dict, number: object.Number}
	if s.end, err = f.afterData(stream.Start+int64(length), f.source.size); err != nil {
		return nil, err
	}
	s.stream = &entries{start: stream.Start}
	if err := s.describe(); err != nil {
		return nil, err
	}
	if f.announced += s.stream.total; f.announced > limits.PDFCrossReference {
		return nil, limit(s.offset, "cross-reference streams of more than %d octets", limits.PDFCrossReference)
	}
	s.stream.r, err = f.decoder(stream.Dict, stream.Start, int64(length))
	return s, err
}

// describe reads /W and /Index.
func (s *section) describe() error {
	w, ok := s.trailer.Get("W").(Array)
	if !ok || len(w) < 3 {
		return damaged(s.offset, "a cross-reference stream without three widths in /W")
	}
	width := 0
	for i := range 3 {
		v, ok := w[i].(Integer)
		if !ok || v < 0 || v > 8 {
			return damaged(s.offset, "/W of a cross-reference stream")
		}
		s.stream.widths[i] = int(v)
		width += int(v)
	}
	if width == 0 || len(w) > 3 {
		return damaged(s.offset, "/W of a cross-reference stream")
	}
	index, ok := s.trailer.Get("Index").(Array)
	if !ok {
		index = Array{Integer(0), s.trailer.Get("Size")}
	}
	if len(index)%2 != 0 {
		return damaged(s.offset, "/Index of a cross-reference stream has an odd length")
	}
	rank := 0
	for i := 0; i < len(index); i += 2 {
		first, ok := index[i].(Integer)
		count, ok2 := index[i+1].(Integer)
		if !ok || !ok2 || first < 0 || count < 0 || first > limits.PDFNumber || count > limits.PDFNumber-first {
			return damaged(s.offset, "/Index or /Size of a cross-reference stream")
		}
		s.runs = append(s.runs, run{first: int(first), count: int(count), at: int64(rank)})
		if rank += int(count); rank*width > limits.PDFCrossReference {
			return limit(s.offset, "cross-reference streams of more than %d octets", limits.PDFCrossReference)
		}
	}
	s.stream.total = rank * width
	return nil
}

// streamEntry returns one entry, inflating up to it if that was not done yet.
func (f *File) streamEntry(s *section, r run, rank int) (Location, error) {
	e := s.stream
	width := e.widths[0] + e.widths[1] + e.widths[2]
	i := (int(r.at) + rank) * width
	for i+width > len(e.data) {
		if err := e.more(); err != nil {
			return Location{}, err
		}
	}
	field := func(at, width int) (v uint64) {
		for _, c := range e.data[at : at+width] {
			v = v<<8 | uint64(c)
		}
		return v
	}
	kind := uint64(1) // §7.5.8.2: the default of the first field
	if e.widths[0] > 0 {
		kind = field(i, e.widths[0])
	}
	second := field(i+e.widths[0], e.widths[1])
	third := field(i+e.widths[0]+e.widths[1], e.widths[2])
	switch kind {
	case 0:
		return Location{Kind: Free, Generation: int(third & 0xffff)}, nil
	case 1:
		if second >= 1<<62 || third > 0xffff {
			return Location{}, damaged(s.offset, "entry of object %d", r.first+rank)
		}
		if second == 0 {
			return Location{Kind: Free, Generation: int(third)}, nil
		}
		return Location{Kind: InUse, Offset: int64(second) + f.base, Generation: int(third)}, nil
	case 2:
		if second > limits.PDFNumber || third >= limits.PDFObjectStreamObjects {
			return Location{}, damaged(s.offset, "entry of object %d", r.first+rank)
		}
		return Location{Kind: Compressed, Container: int(second), Index: int(third)}, nil
	}
	return Location{}, nil // §7.5.8.3: another type is a reference to null
}

// more inflates some more entries.
func (e *entries) more() error {
	const step = 64 << 10
	want := min(step, e.total-len(e.data))
	if want == 0 {
		return damaged(e.start, "a cross-reference stream shorter than it announces")
	}
	have := len(e.data)
	if cap(e.data)-have < want { // at most doubles what is already there: never by what is only announced
		grown := make([]byte, have, max(have+want, min(2*have, e.total)))
		copy(grown, e.data)
		e.data = grown
	}
	n, err := io.ReadFull(e.r, e.data[have:have+want])
	e.data = e.data[:have+n]
	if n == 0 {
		if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
			return damaged(e.start, "a cross-reference stream shorter than it announces")
		}
		return damaged(e.start, "a cross-reference stream that cannot be inflated: %v", err)
	}
	return nil
}
