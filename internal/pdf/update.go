package pdf

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// An Update is an incremental update (§7.5.6) being written: octets to append to the file, of which not one is rewritten.
// Its cross-reference section has the form of the one that it follows; after a hybrid file it is a table, which every reader
// reads.
type Update struct {
	state   *State
	next    int
	objects []written
}

type written struct {
	ref  Ref
	body []byte // between "obj" and "endobj"
}

// ErrTooFar is returned when a cross-reference table cannot hold an offset: ten digits (§7.5.4).
var ErrTooFar = errors.New("pdf: the document is too long for its cross-reference tables")

// Update begins an update of the document as it is. s must be the last state.
func (s *State) Update() (*Update, error) {
	u := &Update{state: s}
	if size, ok := s.Trailer().Get("Size").(Integer); ok && size > 0 && size <= limits.PDFNumber {
		u.next = int(size)
	}
	for _, r := range s.f.revisions { // a wrong /Size must not make us take a number that is in use
		for _, main := range r.sections {
			for _, s := range []*section{main, main.hybrid} {
				if s == nil || len(s.runs) == 0 {
					continue
				}
				last := s.runs[len(s.runs)-1]
				u.next = max(u.next, last.first+last.count)
			}
		}
	}
	if u.next = max(u.next, 1); u.next > limits.PDFNumber-16 {
		return nil, limit(-1, "object numbers above %d", limits.PDFNumber)
	}
	return u, nil
}

// New reserves the number of a new object.
func (u *Update) New() Ref {
	u.next++
	return Ref{u.next - 1, 0}
}

// Put writes an object, new or changed.
func (u *Update) Put(ref Ref, o Object) { u.put(ref, Append(nil, o)) }

// PutStream writes a stream object. /Length is added.
func (u *Update) PutStream(ref Ref, d Dict, data []byte) {
	body := Append(nil, d.With("Length", Integer(len(data))))
	body = append(append(append(body, "\nstream\n"...), data...), "\nendstream"...)
	u.put(ref, body)
}

func (u *Update) put(ref Ref, body []byte) {
	for i := range u.objects {
		if u.objects[i].ref.Number == ref.Number {
			u.objects[i].body = body
			return
		}
	}
	u.objects = append(u.objects, written{ref, body})
}

// Written is an update as it is to be appended.
type Written struct {
	Bytes []byte
	// Offsets are where the body of each object begins in Bytes.
	Offsets map[Ref]int
}

// Write returns the octets to append. id becomes the second part of the file identifier (§14.4), and the first if the file
// has none.
func (u *Update) Write(id []byte) (*Written, error) {
	f := u.state.f
	out := &Written{Offsets: map[Ref]int{}}
	last, err := f.source.at(f.source.size-1, 1)
	if err != nil {
		return nil, err
	}
	if len(last) == 1 && last[0] != '\n' && last[0] != '\r' {
		out.Bytes = append(out.Bytes, '\n')
	}
	slices.SortFunc(u.objects, func(a, b written) int { return a.ref.Number - b.ref.Number })
	var entries []Location
	for _, o := range u.objects {
		entries = append(entries, u.place(out, o.ref))
		out.Bytes = fmt.Appendf(out.Bytes, "%s obj\n", o.ref)
		out.Offsets[o.ref] = len(out.Bytes)
		out.Bytes = append(append(out.Bytes, o.body...), "\nendobj\n"...)
	}
	revision := &f.revisions[u.state.revision]
	at := f.source.size + int64(len(out.Bytes)) - f.base
	if revision.Stream {
		u.stream(out, entries, u.trailer(id))
	} else if err := u.table(out, entries, u.trailer(id)); err != nil {
		return nil, err
	}
	out.Bytes = fmt.Appendf(out.Bytes, "startxref\n%d\n%%%%EOF\n", at)
	return out, nil
}

// place is where the next octet of an update goes.
func (u *Update) place(out *Written, ref Ref) Location {
	return Location{Kind: InUse, Offset: u.state.f.source.size + int64(len(out.Bytes)) - u.state.f.base, Generation: ref.Generation}
}

// trailer is that of the update (§7.5.6): all entries of the one before, but those that describe its section.
func (u *Update) trailer(id []byte) Dict {
	f := u.state.f
	t := u.state.Trailer().Without("Prev", "XRefStm", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "DL", "F", "FFilter", "FDecodeParms")
	t = t.With("Size", Integer(u.next)).With("Prev", Integer(f.revisions[u.state.revision].sections[0].offset-f.base))
	first := String{Value: id, Hex: true}
	if ids, err := u.state.Array(t.Get("ID")); err == nil && len(ids) == 2 {
		if s, ok := ids[0].(String); ok {
			first = String{Value: s.Value, Hex: true}
		}
	}
	return t.With("ID", Array{first, String{Value: id, Hex: true}})
}

// ranges calls fn for each range of consecutive object numbers.
func (u *Update) ranges(fn func(from, to int)) {
	for i := 0; i < len(u.objects); {
		j := i + 1
		for j < len(u.objects) && u.objects[j].ref.Number == u.objects[j-1].ref.Number+1 {
			j++
		}
		fn(i, j)
		i = j
	}
}

// table writes a cross-reference table and its trailer (§7.5.4, §7.5.5).
func (u *Update) table(out *Written, entries []Location, trailer Dict) error {
	out.Bytes = append(out.Bytes, "xref\n"...)
	var err error
	u.ranges(func(from, to int) {
		out.Bytes = fmt.Appendf(out.Bytes, "%d %d\n", u.objects[from].ref.Number, to-from)
		for _, l := range entries[from:to] {
			if l.Offset > 9_999_999_999 {
				err = ErrTooFar
			}
			out.Bytes = fmt.Appendf(out.Bytes, "%010d %05d n\r\n", l.Offset, l.Generation)
		}
	})
	out.Bytes = append(out.Bytes, "trailer\n"...)
	out.Bytes = append(Append(out.Bytes, trailer), '\n')
	return err
}

// stream writes a cross-reference stream (§7.5.8), which lists itself.
func (u *Update) stream(out *Written, entries []Location, trailer Dict) {
	self := Ref{u.next, 0}
	u.next++
	entries = append(entries, u.place(out, self))
	u.objects = append(u.objects, written{ref: self})
	var index Array
	u.ranges(func(from, to int) {
		index = append(index, Integer(u.objects[from].ref.Number), Integer(to-from))
	})
	width := 4
	var data []byte
	if entries[len(entries)-1].Offset >= 1<<32 {
		width = 8
	}
	for _, l := range entries {
		data = append(data, 1)
		for shift := (width - 1) * 8; shift >= 0; shift -= 8 {
			data = append(data, byte(l.Offset>>shift))
		}
		data = append(data, byte(l.Generation>>8), byte(l.Generation))
	}
	trailer = trailer.With("Size", Integer(u.next)).With("Type", Name("XRef")).
		With("W", Array{Integer(1), Integer(width), Integer(2)}).With("Index", index).With("Length", Integer(len(data)))
	out.Bytes = fmt.Appendf(out.Bytes, "%s obj\n", self)
	out.Bytes = append(Append(out.Bytes, trailer), "\nstream\n"...)
	out.Bytes = append(append(out.Bytes, data...), "\nendstream\nendobj\n"...)
}
