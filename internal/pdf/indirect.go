package pdf

import "strconv"

// An Indirect is an indirect object as found at its place.
type Indirect struct {
	Ref
	Value    Object
	Location Location
	// End is just after the value (of a stream: just after the keyword stream and its end of line), -1 inside an object stream.
	End int64
}

// indirectAt reads "12 0 obj" and the object that follows, within bound.
func (f *File) indirectAt(offset, bound int64) (*Indirect, error) {
	out := &Indirect{Location: Location{Kind: InUse, Offset: offset}}
	err := f.parse(offset, bound, func(p *parser) error {
		var err error
		if out.Number, out.Generation, err = p.objectHeader(); err != nil {
			return err
		}
		out.Location.Generation = out.Generation
		if out.Value, err = p.object(); err != nil {
			return err
		}
		out.End = p.offset()
		dict, ok := out.Value.(Dict)
		if !ok {
			return nil
		}
		p.skip()
		word, err := p.word()
		if err != nil {
			return err
		}
		if string(word) != "stream" {
			return nil
		}
		if err := p.streamStart(); err != nil {
			return err
		}
		out.End = p.offset()
		out.Value = &Stream{Dict: dict, Start: out.End}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// objectHeader reads "12 0 obj" (§7.3.10).
func (p *parser) objectHeader() (number, generation int, err error) {
	for _, into := range []*int{&number, &generation} {
		p.skip()
		word, err := p.word()
		if err != nil {
			return 0, 0, err
		}
		v, err := strconv.ParseUint(string(word), 10, 31)
		if err != nil {
			return 0, 0, p.fail("%q where an object number is expected", clip(word))
		}
		*into = int(v)
	}
	p.skip()
	if len(p.b)-p.pos < 3 {
		return 0, 0, p.end()
	}
	if string(p.b[p.pos:p.pos+3]) != "obj" { // what follows may touch it: "obj<<"
		return 0, 0, p.fail("%q where obj is expected", clip(p.b[p.pos:]))
	}
	p.pos += 3
	return number, generation, nil
}

// streamStart passes the end of line after the keyword stream (§7.3.8.1): CR LF or LF, and CR alone from some producers.
func (p *parser) streamStart() error {
	if p.pos >= len(p.b) {
		return p.end()
	}
	switch p.b[p.pos] {
	case '\n':
		p.pos++
		return nil
	case '\r':
		if p.pos+1 >= len(p.b) {
			return p.end()
		}
		p.pos++
		if p.b[p.pos] == '\n' {
			p.pos++
		}
		return nil
	}
	return p.fail("no end of line after stream")
}

// afterValue reads what must follow a value: "endobj".
func (f *File) afterValue(at, bound int64) (end int64, err error) {
	err = f.parse(at, bound, func(p *parser) error {
		if err := p.keyword("endobj"); err != nil {
			return err
		}
		end = p.offset()
		return nil
	})
	return end, err
}

// afterData reads what must follow a stream's data: at most one end of line, "endstream", "endobj".
func (f *File) afterData(at, bound int64) (end int64, err error) {
	err = f.parse(at, bound, func(p *parser) error {
		for p.pos < len(p.b) && class[p.b[p.pos]] == space {
			p.pos++
		}
		if err := p.keyword("endstream"); err != nil {
			return err
		}
		end = p.offset()
		return nil
	})
	if err != nil {
		return 0, err
	}
	return f.afterValue(end, bound)
}
