package pdf

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// A Revision is one saved state of a PDF: the octets that an incremental update (§7.5.6) added, or those of the first save.
type Revision struct {
	// Start is the end of the revision before, 0 for the first.
	Start int64
	// End is just after the %%EOF that closes it. It is 0 when nothing closes it, see Closed.
	End int64
	// Closed says that the section is followed by startxref, its own offset, and %%EOF: what a reader of the octets up
	// to End, and of nothing else, takes for the last section.
	Closed bool
	// Hybrid says that a section has an /XRefStm: readers of PDF 1.4 see another document than later ones.
	Hybrid bool
	// Linearized says that the section is in two parts, of which the first in the file is the last to be read (annex F).
	Linearized bool
	// Stream says that the section is a cross-reference stream.
	Stream bool

	sections []*section // newest first
}

// Revisions returns the revisions, oldest first.
func (f *File) Revisions() []Revision { return f.revisions }

// cutRevisions groups the sections into revisions. all is newest first.
func (f *File) cutRevisions(all []*section) error {
	for i := len(all) - 1; i >= 0; i-- {
		r := Revision{sections: all[i : i+1]}
		last := all[i]
		if i == len(all)-1 && i > 0 && all[i].offset > all[i-1].offset {
			i--
			r.sections, r.Linearized = all[i:i+2], true
		}
		first := r.sections[0]
		if n := len(f.revisions); n > 0 {
			before := &f.revisions[n-1]
			r.Start = max(before.End, before.sections[len(before.sections)-1].end)
			if first.offset < r.Start {
				before.End, before.Closed = 0, false
			}
			if first.offset < before.sections[len(before.sections)-1].offset {
				return damaged(first.offset, "a cross-reference section whose /Prev is further on")
			}
		}
		r.Stream = first.stream != nil
		for _, s := range r.sections {
			r.Hybrid = r.Hybrid || s.hybrid != nil
		}
		if err := f.close(&r, last); err != nil {
			return err
		}
		f.revisions = append(f.revisions, r)
	}
	return nil
}

// close finds what closes a revision whose last section in the file is given.
func (f *File) close(r *Revision, last *section) error {
	closing, err := f.startxref(last.end)
	if err != nil {
		if errors.Is(err, ErrDamaged) || errors.Is(err, ErrLimit) {
			return nil
		}
		return err
	}
	if closing.target+f.base != r.sections[0].offset {
		return nil
	}
	for _, s := range r.sections {
		if s.hybrid != nil && s.hybrid.end > closing.start { // it may lie before the revision: Word writes it so
			return nil
		}
	}
	r.End, r.Closed = closing.end, true
	return nil
}

// Trailing returns the offset of the first octet after the last revision that is not white space, -1 when there is none.
// Something is there when octets were appended that no cross-reference section speaks of, or when the last startxref
// designates a section that is not the last: a reader that searches for objects sees another document.
func (f *File) Trailing() (int64, error) {
	last := &f.revisions[len(f.revisions)-1]
	if !last.Closed {
		return last.sections[0].offset, nil
	}
	return f.firstInk(last.End, f.source.size)
}

// firstInk returns the offset of the first octet in [from, to) that is not white space, -1 when there is none.
func (f *File) firstInk(from, to int64) (int64, error) {
	for at := from; at < to; {
		b, err := f.source.at(at, int(min(blockSize-at%blockSize, to-at)))
		if err != nil {
			return 0, err
		}
		for i, c := range b {
			if class[c] != space {
				return at + int64(i), nil
			}
		}
		at += int64(len(b))
	}
	return -1, nil
}

// Blank reports whether nothing but white space lies in [from, to).
func (f *File) Blank(from, to int64) (bool, error) {
	ink, err := f.firstInk(from, to)
	return ink < 0, err
}

// Listed iterates over the object numbers that the sections of revision i list, in no order, maybe twice in linearised and
// hybrid files.
func (f *File) Listed(i int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, s := range f.revisions[i].sections {
			for _, s := range []*section{s, s.hybrid} {
				if s == nil {
					continue
				}
				for _, r := range s.runs {
					for n := range r.count {
						if !yield(r.first + n) {
							return
						}
					}
				}
			}
		}
	}
}

// Stray looks for octets of revision i, not the first, that are neither one of the objects that it lists, nor its section,
// nor white space or comments, and returns the offset of the first, -1 when there is none. A reader that searches the file
// for objects instead of trusting the cross-reference could take them for part of the document.
func (f *File) Stray(ctx context.Context, i int) (int64, error) {
	r := &f.revisions[i]
	state := f.At(i)
	type object struct {
		ref Ref
		at  Location
	}
	var inside []object
	for number := range f.Listed(i) {
		l, err := state.locate(number)
		if err != nil {
			return 0, err
		}
		if l.Kind == InUse && l.Offset >= r.Start && l.Offset < r.sections[0].offset {
			inside = append(inside, object{Ref{number, l.Generation}, l})
		}
	}
	slices.SortFunc(inside, func(a, b object) int { return int(a.at.Offset - b.at.Offset) })
	pos := r.Start
	for _, o := range inside {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		next, err := f.skipAt(pos, state.bound)
		if err != nil {
			return 0, err
		}
		begins, err := f.skipAt(o.at.Offset, state.bound) // some producers count from the end of line before
		if err != nil || next != begins {
			return next, err
		}
		if pos, err = state.end(o.ref, o.at); err != nil {
			return 0, err
		}
	}
	next, err := f.skipAt(pos, state.bound)
	if err != nil {
		return 0, err
	}
	begins, err := f.skipAt(r.sections[0].offset, state.bound)
	if err != nil || next != begins {
		return next, err
	}
	return -1, nil
}

// skipAt returns the offset of the first octet that is neither white space nor in a comment.
func (f *File) skipAt(at, bound int64) (next int64, err error) {
	for at < min(bound, f.source.size) {
		b, err := f.source.at(at, int(min(blockSize, bound-at)))
		if err != nil {
			return 0, err
		}
		p := parser{b: b, base: at}
		p.skip()
		if p.pos < len(b) {
			return at + int64(p.pos), nil
		}
		// The window ended in white space or in a comment: begin again at that comment's first octet, or after the window.
		begin := len(b)
		for i := len(b) - 1; i >= 0 && b[i] != '\n' && b[i] != '\r'; i-- {
			if b[i] == '%' {
				begin = i
			}
		}
		if begin == 0 || at+int64(len(b)) >= min(bound, f.source.size) {
			return at, nil // a comment longer than a window, or to the end
		}
		at += int64(begin)
	}
	return at, nil
}

// end returns the offset just after an object's endobj.
func (s *State) end(ref Ref, l Location) (int64, error) {
	object, err := s.ObjectAt(ref, l)
	if err != nil {
		return 0, err
	}
	stream, ok := object.Value.(*Stream)
	if !ok {
		return s.f.afterValue(object.End, s.bound)
	}
	length, err := s.StreamLength(stream)
	if err != nil {
		return 0, err
	}
	return s.f.afterData(stream.Start+length, s.bound)
}
