package pdf

import (
	"bytes"
	"errors"
	"io"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// An objectStream is an inflated object stream (§7.5.7).
type objectStream struct {
	data    []byte
	numbers []int32
	starts  []int32 // of each object in data
	used    uint64
}

// A streamCache keeps the object streams used last.
type streamCache struct {
	streams  map[int64]*objectStream // by offset in the file
	size     int
	clock    uint64
	inflated int64 // of all streams, in all
}

// compressed reads an object of an object stream.
func (s *State) compressed(ref Ref, l Location) (*Indirect, error) {
	if ref.Number == l.Container {
		return nil, damaged(l.Offset, "object stream %d is inside itself", l.Container)
	}
	stream, err := s.objectStream(l)
	if err != nil {
		return nil, err
	}
	if l.Index >= len(stream.numbers) || int(stream.numbers[l.Index]) != ref.Number {
		return nil, damaged(l.Offset, "object %d is not number %d of object stream %d", ref.Number, l.Index, l.Container)
	}
	start, end := int(stream.starts[l.Index]), len(stream.data)
	p := parser{b: stream.data[start:end], base: -1, final: true}
	value, err := p.object()
	if err := s.f.spend(p.pos); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return &Indirect{Ref: Ref{ref.Number, 0}, Value: value, Location: l, End: -1}, nil
}

// objectStream inflates an object stream, or returns it from the cache.
func (s *State) objectStream(l Location) (*objectStream, error) {
	cache := &s.f.streams
	cache.clock++
	if stream, ok := cache.streams[l.Offset]; ok {
		stream.used = cache.clock
		return stream, nil
	}
	object, err := s.f.indirectAt(l.Offset, s.bound)
	if err != nil {
		return nil, err
	}
	raw, ok := object.Value.(*Stream)
	if !ok || object.Number != l.Container || raw.Dict.Get("Type") != Name("ObjStm") {
		return nil, damaged(l.Offset, "object %d is not an object stream", l.Container)
	}
	if key, twice := raw.Dict.duplicate(); twice {
		return nil, damaged(l.Offset, "an object stream with two /%s", key)
	}
	length, err := s.StreamLength(raw)
	if err != nil {
		return nil, err
	}
	r, err := s.f.decoder(raw.Dict, raw.Start, length)
	if err != nil {
		return nil, err
	}
	r = &meteredReader{s.f, r}
	var data bytes.Buffer
	n, err := io.Copy(&data, io.LimitReader(r, limits.PDFObjectStream+1))
	if n > limits.PDFObjectStream {
		return nil, limit(l.Offset, "an object stream that inflates to more than %d octets", limits.PDFObjectStream)
	}
	if errors.Is(err, ErrLimit) {
		return nil, err
	}
	if err != nil && err != io.ErrUnexpectedEOF { // a cut checksum or last block: the objects tell
		return nil, damaged(l.Offset, "object stream %d: %v", l.Container, err)
	}
	stream, err := readObjectStream(raw.Dict, data.Bytes(), l.Offset)
	if err != nil {
		return nil, err
	}
	cache.put(l.Offset, stream)
	return stream, nil
}

// readObjectStream reads the pairs of numbers at the head of an object stream.
func readObjectStream(d Dict, data []byte, offset int64) (*objectStream, error) {
	n, ok := d.Get("N").(Integer)
	first, ok2 := d.Get("First").(Integer)
	if !ok || !ok2 || n < 0 || first < 0 || int64(first) > int64(len(data)) || n > limits.PDFObjectStreamObjects || int64(n) > int64(len(data)) {
		return nil, damaged(offset, "/N or /First of an object stream")
	}
	stream := &objectStream{data: data, numbers: make([]int32, n), starts: make([]int32, n)}
	p := parser{b: data[:first], base: -1, final: true}
	for i := range stream.numbers {
		p.skip()
		number, err := p.word()
		if err != nil {
			return nil, err
		}
		p.skip()
		start, err := p.word()
		if err != nil {
			return nil, err
		}
		a, err := p.count31(number)
		if err != nil {
			return nil, err
		}
		b, err := p.count31(start)
		if err != nil {
			return nil, err
		}
		if int64(b)+int64(first) > int64(len(data)) {
			return nil, damaged(offset, "an object stream shorter than it announces")
		}
		stream.numbers[i], stream.starts[i] = int32(a), int32(b+int(first))
	}
	return stream, nil
}

// put adds a stream and forgets those used least lately.
func (c *streamCache) put(offset int64, stream *objectStream) {
	if c.streams == nil {
		c.streams = map[int64]*objectStream{}
	}
	c.streams[offset] = stream
	c.size += cap(stream.data)
	for c.size > limits.PDFCache && len(c.streams) > 1 {
		oldest, at := uint64(1<<63), int64(0)
		for o, s := range c.streams {
			if o != offset && s.used < oldest {
				oldest, at = s.used, o
			}
		}
		c.size -= cap(c.streams[at].data)
		delete(c.streams, at)
	}
	stream.used = c.clock
}

// StreamLength returns how many octets of data a stream has. An indirect /Length is read in this state.
func (s *State) StreamLength(stream *Stream) (int64, error) {
	o, err := s.lengthObject(stream.Dict.Get("Length"))
	if err != nil {
		return 0, err
	}
	length, ok := o.(Integer)
	if !ok || length < 0 || int64(length) > s.bound-stream.Start {
		return 0, damaged(stream.Start, "a stream without a /Length inside the file")
	}
	return int64(length), nil
}

// lengthObject resolves a /Length. It must not lie in an object stream whose own length would then be asked for, without end.
func (s *State) lengthObject(o Object) (Object, error) {
	ref, ok := o.(Ref)
	if !ok {
		return o, nil
	}
	l, err := s.locate(ref.Number)
	if err != nil {
		return nil, err
	}
	if l.Kind != InUse || l.Generation != ref.Generation {
		return nil, damaged(-1, "the /Length of a stream, object %s, is not there", ref)
	}
	object, err := s.ObjectAt(ref, l)
	if err != nil {
		return nil, err
	}
	return object.Value, nil
}

// Ends reports, by an error, that the data of a stream does not end where its /Length says, with "endstream", or that this is
// beyond what the state reads: octets that come later could then become part of it.
func (s *State) Ends(stream *Stream) error {
	length, err := s.StreamLength(stream)
	if err != nil {
		return err
	}
	_, err = s.f.afterData(stream.Start+length, s.bound)
	return err
}

// Decode returns a reader of a stream's decoded data; see [ErrUnsupported] for the filters. It must be read before s is asked
// for anything else of the same file, and with a bound.
func (s *State) Decode(stream *Stream) (io.Reader, error) {
	length, err := s.StreamLength(stream)
	if err != nil {
		return nil, err
	}
	r, err := s.f.decoder(stream.Dict, stream.Start, length)
	return &meteredReader{s.f, r}, err
}

// A meteredReader counts what streams inflate to against the bound of the file.
type meteredReader struct {
	f *File
	r io.Reader
}

func (m *meteredReader) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	if m.f.streams.inflated += int64(n); m.f.streams.inflated > limits.PDFInflated+limits.PDFInflatedRatio*m.f.source.size {
		return n, limit(-1, "streams that inflate to more than %d octets", m.f.streams.inflated)
	}
	return n, err
}
