package pdf

import (
	"bytes"
	"context"
	"io"
	"strconv"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// A File is a PDF being read. It is not safe for concurrent use.
type File struct {
	source source
	base   int64 // what offsets are relative to: 0, or where the header begins when the producer counted from there
	// Header is the version that the header announces, "1.7".
	Header       string
	HeaderOffset int64 // of "%PDF-": 0 but for files that begin with something else
	revisions    []Revision
	closing      startxref // the last of the file
	announced    int       // octets of all cross-reference streams once inflated
	parsed       int64     // octets that the parser went through
	probes       int       // times that a section was asked for an object
	compared     int64     // octets of streams compared
	streams      streamCache
}

// Open finds the revisions of a PDF. It reads the header, the end, and the cross-reference sections from the last to the
// first: tables are passed over, streams are not inflated yet. r is read at any offset under size until the File is dropped.
//
// Errors: ErrNotPDF, ErrEncrypted, ErrDamaged, ErrUnsupported, ErrLimit, those of r and of ctx.
func Open(ctx context.Context, r io.ReaderAt, size int64) (*File, error) {
	f := &File{source: source{r: r, size: size}}
	if err := f.header(); err != nil {
		return nil, err
	}
	var err error
	if f.closing, err = f.lastStartxref(); err != nil {
		return nil, err
	}
	sections, err := f.sections(ctx, f.closing.target)
	if err != nil && f.HeaderOffset > 0 && ctx.Err() == nil {
		f.base = f.HeaderOffset
		sections, err = f.sections(ctx, f.closing.target)
	}
	if err != nil {
		return nil, err
	}
	if err := f.cutRevisions(sections); err != nil {
		return nil, err
	}
	if f.Last().Trailer().Get("Encrypt") != nil {
		return nil, ErrEncrypted
	}
	return f, nil
}

// Size is the length of the file in octets.
func (f *File) Size() int64 { return f.source.size }

// header finds "%PDF-" (§7.5.2).
func (f *File) header() error {
	head, err := f.source.at(0, limits.PDFHeader+8)
	if err != nil {
		return err
	}
	i := bytes.Index(head, []byte("%PDF-"))
	if i < 0 || i > limits.PDFHeader {
		return ErrNotPDF
	}
	version := head[i+5:]
	n := 0
	for n < len(version) && n < 8 && (version[n] >= '0' && version[n] <= '9' || version[n] == '.') {
		n++
	}
	f.Header, f.HeaderOffset = string(version[:n]), int64(i)
	return nil
}

// A startxref is the end of a cross-reference section (§7.5.5): startxref, an offset, %%EOF.
type startxref struct {
	start  int64 // of the keyword
	target int64 // the offset written
	end    int64 // just after %%EOF
}

// lastStartxref finds the last startxref in the tail of the file.
func (f *File) lastStartxref() (startxref, error) {
	from := max(0, f.source.size-limits.PDFTail-64)
	tail, err := f.source.at(from, int(f.source.size-from))
	if err != nil {
		return startxref{}, err
	}
	i := bytes.LastIndex(tail, []byte("startxref"))
	if i < 0 {
		return startxref{}, damaged(f.source.size, "no startxref in the last %d octets", limits.PDFTail)
	}
	return f.startxref(from + int64(i))
}

// startxref reads "startxref 123 %%EOF" at an offset, white space and comments before it allowed.
func (f *File) startxref(at int64) (startxref, error) {
	var s startxref
	err := f.parse(at, f.source.size, func(p *parser) error {
		if err := p.skipToStartxref(); err != nil {
			return err
		}
		s.start = p.offset()
		if err := p.keyword("startxref"); err != nil {
			return err
		}
		p.skip()
		word, err := p.word()
		if err != nil {
			return err
		}
		target, err := strconv.ParseUint(string(word), 10, 62)
		if err != nil {
			return p.fail("startxref %q", clip(word))
		}
		s.target = int64(target)
		for p.pos < len(p.b) && class[p.b[p.pos]] == space {
			p.pos++
		}
		if len(p.b)-p.pos < 5 {
			return p.end()
		}
		if string(p.b[p.pos:p.pos+5]) != "%%EOF" {
			return p.fail("no %%%%EOF after startxref")
		}
		p.pos += 5
		s.end = p.offset()
		return nil
	})
	return s, err
}

// skipToStartxref passes white space and comments, such as producers write after a trailer, but no end-of-file marker.
func (p *parser) skipToStartxref() error {
	for p.pos < len(p.b) {
		switch c := p.b[p.pos]; {
		case class[c] == space:
			p.pos++
		case c == '%':
			if len(p.b)-p.pos >= 5 && string(p.b[p.pos:p.pos+5]) == "%%EOF" {
				return p.fail("%%%%EOF before startxref")
			}
			for p.pos < len(p.b) && p.b[p.pos] != '\n' && p.b[p.pos] != '\r' {
				p.pos++
			}
		default:
			return nil
		}
		if p.pos > 4096 {
			return p.fail("no startxref after a trailer")
		}
	}
	return p.end()
}

// parse runs fn over the octets from an offset up to bound, through a window that grows until fn finds what it needs. fn
// may run several times.
func (f *File) parse(offset, bound int64, fn func(*parser) error) error {
	bound = min(bound, f.source.size)
	if offset < 0 || offset >= bound {
		return damaged(offset, "nothing there: the data ends at %d", max(bound, 0))
	}
	for window := blockSize / 4; ; window *= 4 {
		if rest := blockSize - int(offset%blockSize); window < rest {
			window = rest // what the block holds costs nothing
		}
		whole := int64(window) >= bound-offset
		b, err := f.source.at(offset, int(min(int64(window), bound-offset)))
		if err != nil {
			return err
		}
		p := parser{b: b, base: offset, final: whole}
		err = fn(&p)
		if err == errShort {
			p.pos = len(b)
		}
		if err := f.spend(p.pos); err != nil {
			return err
		}
		if err != errShort {
			return err
		}
		if window > limits.PDFObject {
			return limit(offset, "an object longer than %d octets", limits.PDFObject)
		}
	}
}

// spend counts octets parsed. Many entries may designate one long run of white space or one endless string: the whole work has
// a bound.
func (f *File) spend(n int) error {
	if f.parsed += int64(n); f.parsed > limits.PDFParsed+limits.PDFParsedRatio*f.source.size {
		return limit(-1, "more than %d octets to parse", f.parsed)
	}
	return nil
}
