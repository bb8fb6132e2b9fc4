package pdf

import (
	"context"
	"slices"
	"strconv"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// A section is one cross-reference section: a table with its trailer (§7.5.4) or a stream (§7.5.8). Entries stay where they
// are and are read one at a time.
type section struct {
	offset  int64
	end     int64 // just after the trailer dictionary, or the stream object
	trailer Dict
	runs    []run    // in order of object number, without overlap
	stream  *entries // nil for a table
	number  int      // of the object that a stream is
	prev    int64    // -1 when this is the first
	hybrid  *section // what /XRefStm designates (§7.5.8.4)
}

// A run is a subsection: entries of consecutive object numbers.
type run struct {
	first, count int
	at           int64 // offset of its first entry in the file, or its index in the stream
	width        int   // octets per entry of a table: 20, or 19 when a producer wrote a one-octet end of line
}

// sections reads the section at an offset and all before it, newest first.
func (f *File) sections(ctx context.Context, target int64) ([]*section, error) {
	var all []*section
	seen := map[int64]bool{}
	runs := 0
	for at := target; at >= 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if at > f.source.size {
			return nil, damaged(at, "a cross-reference section beyond the end of the file")
		}
		at += f.base
		if seen[at] {
			return nil, damaged(at, "cross-reference sections that designate one another")
		}
		seen[at] = true
		s, err := f.section(at)
		if err != nil {
			return nil, err
		}
		if stm, ok := s.trailer.Get("XRefStm").(Integer); ok && s.stream == nil {
			if int64(stm) < 0 || seen[int64(stm)+f.base] {
				return nil, damaged(at, "/XRefStm %d", stm)
			}
			seen[int64(stm)+f.base] = true
			if s.hybrid, err = f.section(int64(stm) + f.base); err != nil {
				return nil, err
			}
			if s.hybrid.stream == nil {
				return nil, damaged(at, "/XRefStm %d is not a stream", stm)
			}
			runs += len(s.hybrid.runs)
		}
		all = append(all, s)
		if runs += len(s.runs); len(all) > limits.PDFSections || runs > limits.PDFRuns {
			return nil, limit(at, "more than %d cross-reference sections or %d subsections", limits.PDFSections, limits.PDFRuns)
		}
		at = s.prev
	}
	return all, nil
}

// section reads one section.
func (f *File) section(at int64) (*section, error) {
	table := false
	err := f.parse(at, f.source.size, func(p *parser) error {
		p.skip()
		word, err := p.word()
		table = string(word) == "xref"
		return err
	})
	if err != nil {
		return nil, err
	}
	var s *section
	if table {
		s, err = f.table(at)
	} else {
		s, err = f.crossReferenceStream(at)
	}
	if err != nil {
		return nil, err
	}
	if key, twice := s.trailer.duplicate(); twice {
		return nil, damaged(at, "a trailer with two /%s", key)
	}
	s.prev = -1
	switch prev := s.trailer.Get("Prev").(type) {
	case nil:
	case Integer:
		if s.prev = int64(prev); prev < 0 {
			return nil, damaged(at, "/Prev %d", prev)
		}
	case Real: // some producers write 123.0
		if v, ok := number(prev); ok && v >= 0 && v == float64(int64(v)) && v < 1<<52 {
			s.prev = int64(v)
			break
		}
		return nil, damaged(at, "/Prev %s", prev)
	default:
		return nil, damaged(at, "/Prev is not a number")
	}
	return s, s.order()
}

// order sorts the runs and refuses an object number listed twice: two readers could take two entries.
func (s *section) order() error {
	s.runs = slices.DeleteFunc(s.runs, func(r run) bool { return r.count == 0 })
	slices.SortFunc(s.runs, func(a, b run) int { return a.first - b.first })
	for i := 1; i < len(s.runs); i++ {
		if s.runs[i-1].first+s.runs[i-1].count > s.runs[i].first {
			return damaged(s.offset, "a cross-reference section lists object %d twice", s.runs[i].first)
		}
	}
	return nil
}

// table reads "xref", the heads of the subsections and the trailer, and passes over the entries.
func (f *File) table(at int64) (*section, error) {
	s := &section{offset: at}
	pos := at
	err := f.parse(at, f.source.size, func(p *parser) error {
		if err := p.keyword("xref"); err != nil {
			return err
		}
		pos = p.offset()
		return nil
	})
	for err == nil {
		var r run
		var last bool
		if r, last, pos, err = f.subsection(pos); err != nil || last {
			break
		}
		if len(s.runs) >= limits.PDFRuns {
			return nil, limit(at, "a cross-reference table of more than %d subsections", limits.PDFRuns)
		}
		s.runs = append(s.runs, r)
	}
	if err != nil {
		return nil, err
	}
	err = f.parse(pos, f.source.size, func(p *parser) error {
		o, err := p.object()
		if err != nil {
			return err
		}
		dict, ok := o.(Dict)
		if !ok {
			return p.fail("a trailer that is not a dictionary")
		}
		s.trailer, s.end = dict, p.offset()
		return nil
	})
	return s, err
}

// subsection reads "0 6" and passes over its entries, or reads "trailer" (last).
func (f *File) subsection(at int64) (r run, last bool, next int64, err error) {
	err = f.parse(at, f.source.size, func(p *parser) error {
		p.skip()
		word, err := p.word()
		if err != nil {
			return err
		}
		if string(word) == "trailer" {
			last, next = true, p.offset()
			return nil
		}
		if r.first, err = p.count31(word); err != nil {
			return err
		}
		p.skip()
		if word, err = p.word(); err != nil {
			return err
		}
		if r.count, err = p.count31(word); err != nil {
			return err
		}
		for p.pos < len(p.b) && class[p.b[p.pos]] == space {
			p.pos++
		}
		if p.pos == len(p.b) {
			return p.end()
		}
		r.at = p.offset()
		return nil
	})
	if err != nil || last {
		return r, last, next, err
	}
	if r.first+r.count > limits.PDFNumber {
		return r, false, 0, limit(at, "object numbers above %d", limits.PDFNumber)
	}
	if r.count == 0 {
		return r, false, r.at, nil
	}
	if err := f.entryWidth(&r); err != nil {
		return r, false, 0, err
	}
	next = r.at + int64(r.count)*int64(r.width)
	if next > f.source.size {
		return r, false, 0, damaged(at, "a cross-reference table announces %d entries, the file is too short for them", r.count)
	}
	return r, false, next, nil
}

func (p *parser) count31(word []byte) (int, error) {
	v, err := strconv.ParseUint(string(word), 10, 31)
	if err != nil {
		return 0, p.fail("%q in a cross-reference table", clip(word))
	}
	return int(v), nil
}

// entryWidth looks at the first entry of a run: its end of line must have two octets, but some producers write one.
func (f *File) entryWidth(r *run) error {
	b, err := f.source.at(r.at, 20)
	if err != nil {
		return err
	}
	if _, ok := parseEntry(b); !ok {
		return damaged(r.at, "not an entry of a cross-reference table: %q", clip(b))
	}
	r.width = 20
	if len(b) < 20 || class[b[19]] != space {
		r.width = 19
	}
	return nil
}

// parseEntry reads "0000000016 00000 n" and one octet of its end of line.
func parseEntry(b []byte) (Location, bool) {
	if len(b) < 19 || b[10] != ' ' || b[16] != ' ' || class[b[18]] != space {
		return Location{}, false
	}
	offset, ok := digits(b[:10])
	generation, ok2 := digits(b[11:16])
	if !ok || !ok2 {
		return Location{}, false
	}
	switch b[17] {
	case 'n':
		return Location{Kind: InUse, Offset: offset, Generation: int(generation)}, true
	case 'f':
		return Location{Kind: Free, Generation: int(generation)}, true
	}
	return Location{}, false
}

func digits(b []byte) (int64, bool) {
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

// find returns the run that lists an object and its rank there.
func (s *section) find(number int) (run, int, bool) {
	i, exact := slices.BinarySearchFunc(s.runs, number, func(r run, n int) int { return r.first - n })
	if !exact {
		i--
	}
	if i < 0 || number-s.runs[i].first >= s.runs[i].count {
		return run{}, 0, false
	}
	return s.runs[i], number - s.runs[i].first, true
}

// entry returns what a section says of an object; Kind is Absent when it says nothing.
func (f *File) entry(s *section, number int) (Location, error) {
	r, rank, ok := s.find(number)
	if !ok {
		return Location{}, nil
	}
	if s.stream != nil {
		return f.streamEntry(s, r, rank)
	}
	at := r.at + int64(rank)*int64(r.width)
	b, err := f.source.at(at, min(r.width+1, 20))
	if err != nil {
		return Location{}, err
	}
	l, ok := parseEntry(b)
	if !ok {
		return Location{}, damaged(at, "not an entry of a cross-reference table: %q", clip(b))
	}
	if l.Kind == InUse {
		if l.Offset == 0 { // some producers list so the objects that they did not write
			return Location{Kind: Free, Generation: l.Generation}, nil
		}
		l.Offset += f.base
	}
	return l, nil
}
