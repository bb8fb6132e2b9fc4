package ades

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// A Document is what gets signed or what was signed: octets that can be read at any offset, or a digest alone.
// The zero Document is empty content of length 0.
type Document struct {
	r      io.ReaderAt
	memory []byte // the octets of Bytes, not nil for it
	size   int64
	digest *Digest
	close  func() error
}

// A Digest stands for a document that stays elsewhere. Detached formats can sign and verify it.
type Digest struct {
	Algorithm crypto.Hash
	Sum       []byte // Algorithm.Size() octets
	Size      int64  // length of the document in octets, -1 when unknown
}

// Errors of documents.
var (
	ErrDigestOnly = errors.New("ades: only the digest of the document is known, and this needs its octets")
	ErrTooLarge   = errors.New("ades: the document is larger than the limit given")
)

// NewDocument is a document of size octets read from r. r is used by several goroutines.
func NewDocument(r io.ReaderAt, size int64) *Document { return &Document{r: r, size: size} }

// Bytes is a document held in memory. b must not change afterwards.
func Bytes(b []byte) *Document {
	if b == nil {
		b = []byte{}
	}
	return &Document{r: bytes.NewReader(b), memory: b, size: int64(len(b))}
}

// DigestOnly is a document known by its digest. It fails if the sum does not have the algorithm's length.
func DigestOnly(d Digest) (*Document, error) {
	if !d.Algorithm.Available() || len(d.Sum) != d.Algorithm.Size() {
		return nil, fmt.Errorf("ades: a digest of %d octets is not one of %v", len(d.Sum), d.Algorithm)
	}
	if d.Size < 0 {
		d.Size = -1
	}
	d.Sum = bytes.Clone(d.Sum)
	return &Document{size: d.Size, digest: &d}, nil
}

// OpenDocument opens a regular file. Close it.
func OpenDocument(path string) (*Document, error) {
	info, err := os.Stat(path) // before it is opened: the opening of a pipe waits for who writes to it
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("ades: %s is not a regular file, and only one can be read at any offset: copy what it holds into a file, or give it to Stage", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, err
	}
	return &Document{r: f, size: info.Size(), close: f.Close}, nil
}

// stageInMemory is the size up to which Stage keeps a document in memory: beyond, a private temporary file.
const stageInMemory = 1 << 20

// Stage copies a reader that cannot seek, up to limit octets, into memory or a private temporary file that Close removes.
// Beyond the limit it returns ErrTooLarge and leaves nothing behind. A negative limit is an error: there is no "unlimited".
func Stage(ctx context.Context, r io.Reader, limit int64) (*Document, error) {
	if limit < 0 {
		return nil, fmt.Errorf("ades: a limit of %d octets is not one", limit)
	}
	beyond := limit
	if beyond < math.MaxInt64 {
		beyond++ // one octet more than allowed tells a document that fits from one that does not
	}
	r = &contextReader{ctx, io.LimitReader(r, beyond)}
	head, err := io.ReadAll(io.LimitReader(r, stageInMemory+1))
	if err != nil {
		return nil, err
	}
	if int64(len(head)) > limit {
		return nil, ErrTooLarge
	}
	if len(head) <= stageInMemory {
		return Bytes(head), nil
	}
	f, err := os.CreateTemp("", "confiance-stage-") // mode 0600
	if err != nil {
		return nil, err
	}
	// Where an open file can be removed, the descriptor keeps it and nothing is left even if the process is killed.
	// Elsewhere this fails and release does it.
	os.Remove(f.Name())
	release := func() error {
		err := f.Close()
		os.Remove(f.Name())
		return err
	}
	size, err := io.CopyBuffer(f, io.MultiReader(bytes.NewReader(head), r), make([]byte, 64<<10))
	if err == nil && size > limit {
		err = ErrTooLarge
	}
	if err != nil {
		release()
		return nil, err
	}
	return &Document{r: f, size: size, close: release}, nil
}

// Size is the length in octets, -1 when only a digest of unknown length is held.
func (d *Document) Size() int64 { return d.size }

// ReadAt reads at an offset. A document known by its digest returns ErrDigestOnly.
func (d *Document) ReadAt(p []byte, off int64) (int, error) {
	if d.digest != nil {
		return 0, ErrDigestOnly
	}
	if d.r == nil {
		return 0, io.EOF
	}
	return d.r.ReadAt(p, off)
}

// Digest returns the digest that stands for the document, if it is known by nothing else.
func (d *Document) Digest() (Digest, bool) {
	if d.digest == nil {
		return Digest{}, false
	}
	return *d.digest, true
}

// InMemory returns the octets of a document made by Bytes, which are not a copy and must not be changed.
func (d *Document) InMemory() ([]byte, bool) { return d.memory, d.memory != nil }

// Close frees what OpenDocument or Stage hold. It does nothing on the others.
func (d *Document) Close() error {
	if d.close == nil {
		return nil
	}
	return d.close()
}

// Reader reads the whole document from its start and looks at ctx at every read of at most 64 KiB. It returns
// io.ErrUnexpectedEOF if the document has become shorter than its size.
func (d *Document) Reader(ctx context.Context) io.Reader {
	if d.digest != nil {
		return errorReader{ErrDigestOnly}
	}
	return &contextReader{ctx, &wholeReader{io.NewSectionReader(d, 0, d.size), d.size}}
}

// wholeReader tells a document that ends where it should from one that was cut while it was read.
type wholeReader struct {
	r    io.Reader
	left int64
}

func (w *wholeReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.left -= int64(n)
	if err == io.EOF && w.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if len(p) > 64<<10 {
		p = p[:64<<10]
	}
	return c.r.Read(p)
}
