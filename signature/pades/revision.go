package pades

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// ErrNotSigned: the document does not hold the octets that the signature is over.
var ErrNotSigned = errors.New("pades: these are not the octets that were signed")

// WriteRevision writes to dst the document as it was when a signature was made: the octets that it covers and its value, and
// not one that came later. s is one of the signatures that [Read] found in doc; whether it is to be believed is for package
// validation to say first.
//
// The octets are hashed before any is written, and again while they are. An error that matches ErrNotSigned means that they are
// not those of the signature; if it came with something written, the document changed meanwhile, and dst must be thrown away.
func WriteRevision(ctx context.Context, dst io.Writer, doc *ades.Document, s *facts.Signature) error {
	file, err := openFile(ctx, doc)
	if err != nil {
		return err
	}
	found, err := signatures(ctx, file)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(c *signature) bool {
		return c.covers && slices.Equal(c.byteRange, s.ByteRange) && c.name == s.Field
	})
	if i < 0 || len(s.References) == 0 {
		return fmt.Errorf("%w: no signature of field %q covers them", ErrNotSigned, s.Field)
	}
	m := found[i].message()
	if m.span == nil {
		return fmt.Errorf("%w: the value in field %q cannot be read", ErrNotSigned, s.Field)
	}
	if err := digestSpans(ctx, doc, []*span{m.span}); err != nil {
		return err
	}
	reference := s.References[0]
	expected := reference.Expected
	if expected == nil { // no signed attributes: the value is over the digest itself
		expected = reference.Computed
	}
	for h, sum := range m.span.sums {
		if pkix.DigestName(h) == reference.Digest && bytes.Equal(sum, expected) {
			return m.write(ctx, dst, doc, h.New(), sum)
		}
	}
	return fmt.Errorf("%w: their digest is another", ErrNotSigned)
}

// write copies what the signature covers, with its value between, and takes the digest again.
func (m *message) write(ctx context.Context, dst io.Writer, doc *ades.Document, h hash.Hash, sum []byte) error {
	copyRange := func(w io.Writer, from, to int64) error {
		r := &contextReader{ctx, io.NewSectionReader(doc, from, to-from)}
		n, err := io.CopyBuffer(w, r, make([]byte, 64<<10))
		if err == nil && n != to-from {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if err := copyRange(io.MultiWriter(h, dst), 0, m.rangeStart); err != nil {
		return err
	}
	var gap bytes.Buffer
	if err := copyRange(&gap, m.rangeStart, m.rangeGap); err != nil {
		return err
	}
	value, err := pdf.Parse(gap.Bytes())
	if contents, ok := value.(pdf.String); err != nil || !ok || !bytes.Equal(contents.Value, m.contents) {
		return fmt.Errorf("%w: the document changed while it was read", ErrNotSigned)
	}
	if _, err := dst.Write(gap.Bytes()); err != nil {
		return err
	}
	if err := copyRange(io.MultiWriter(h, dst), m.rangeGap, m.rangeEnd); err != nil {
		return err
	}
	if !bytes.Equal(h.Sum(nil), sum) {
		return fmt.Errorf("%w: the document changed while it was read", ErrNotSigned)
	}
	return nil
}

// A contextReader looks at ctx before each read.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}
