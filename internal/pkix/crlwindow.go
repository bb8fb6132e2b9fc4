package pkix

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

const crlWindowSize = 64 << 10

// A crlWindow is the part of a CRL that is being read. What was consumed goes through the hashes when the window moves, so
// that each octet is touched once by the parser and once by each hash. The first error stays.
type crlWindow struct {
	ctx     context.Context
	src     io.Reader
	buf     []byte // buf[pos:] was read and not consumed
	pos     int
	hashed  int   // buf[:hashed] went through the hashes
	base    int64 // offset of buf[0]
	whole   hash.Hash
	signed  io.Writer // nil outside tbsCertList
	drained bool
	isPEM   bool
	err     error
}

func newCRLWindow(ctx context.Context, r io.Reader) *crlWindow {
	w := &crlWindow{ctx: ctx, src: r, buf: make([]byte, 0, crlWindowSize), whole: sha256.New()}
	if w.need(1); w.err == nil && len(w.buf) > 0 && w.buf[0] != 0x30 {
		w.unarmour()
	}
	return w
}

// unarmour goes on with the DER inside PEM (RFC 7468), if there is any.
func (w *crlWindow) unarmour() {
	w.need(1024)
	head := bytes.TrimLeft(w.buf, "\r\n\t ")
	const begin = "-----BEGIN "
	if w.err != nil || !bytes.HasPrefix(head, []byte(begin)) {
		return
	}
	line, _, ok := bytes.Cut(head, []byte("\n"))
	if !ok {
		return
	}
	rest := io.MultiReader(bytes.NewReader(bytes.Clone(head[len(line)+1:])), w.src)
	w.src = base64.NewDecoder(base64.StdEncoding, &armoured{src: rest})
	w.buf, w.isPEM, w.drained = w.buf[:0], true, false
}

// armoured reads the lines of a PEM block up to the one that ends it.
type armoured struct {
	src   io.Reader
	ended bool
}

func (a *armoured) Read(p []byte) (int, error) {
	if a.ended {
		return 0, io.EOF
	}
	n, err := a.src.Read(p)
	if end := bytes.IndexByte(p[:n], '-'); end >= 0 {
		a.ended, n, err = true, end, nil
	}
	if n == 0 && err == nil && a.ended {
		err = io.EOF
	}
	return n, err
}

func (w *crlWindow) offset() int64 { return w.base + int64(w.pos) }

func (w *crlWindow) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *crlWindow) refuse(reason string) {
	w.fail(fmt.Errorf("%w: at octet %d: %s", ErrCRL, w.offset(), reason))
}

func (w *crlWindow) refuseBeyond(what string, bound int) {
	w.fail(fmt.Errorf("%w: at octet %d: %s, the bound is %d: %w", ErrCRL, w.offset(), what, bound, der.ErrLimit))
}

// flush hashes what was consumed.
func (w *crlWindow) flush() {
	if w.hashed < w.pos {
		piece := w.buf[w.hashed:w.pos]
		w.whole.Write(piece)
		if w.signed != nil {
			w.signed.Write(piece)
		}
		w.hashed = w.pos
	}
}

// need makes n octets available, at most one window, and reports whether they are there.
func (w *crlWindow) need(n int) bool {
	for len(w.buf)-w.pos < n {
		if w.drained || w.err != nil {
			return false
		}
		w.fill()
	}
	return true
}

func (w *crlWindow) fill() {
	w.flush()
	left := copy(w.buf[:cap(w.buf)], w.buf[w.pos:])
	w.base += int64(w.pos)
	w.buf, w.pos, w.hashed = w.buf[:left], 0, 0
	if w.base > limits.CRLSize {
		w.refuseBeyond("the list is too long", limits.CRLSize)
		return
	}
	for range 100 {
		if err := w.ctx.Err(); err != nil {
			w.fail(err)
			return
		}
		n, err := w.src.Read(w.buf[left:cap(w.buf)])
		if n < 0 || n > cap(w.buf)-left {
			w.fail(errors.New("pkix: a reader that says it read more than it was asked"))
			return
		}
		w.buf = w.buf[:left+n]
		var corrupt base64.CorruptInputError
		switch {
		case err == io.EOF:
			w.drained = true
			return
		case w.isPEM && (errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF)):
			w.refuse("PEM whose base64 cannot be read")
			return
		case err != nil:
			w.fail(err)
			return
		case n > 0:
			return
		}
	}
	w.fail(io.ErrNoProgress)
}

const crlCut = "the list ends within an element"

// peek returns the identifier octet of the next element, 0 if there is none before end.
func (w *crlWindow) peek(end int64) byte {
	if w.err != nil || w.offset() >= end || !w.need(1) {
		return 0
	}
	return w.buf[w.pos]
}

// header reads, without consuming it, the header of the next element, which must end before end.
func (w *crlWindow) header(end int64) (tag byte, size int, length int64, ok bool) {
	w.need(6)
	if w.err != nil {
		return 0, 0, 0, false
	}
	h, err := der.ReadHeader(w.buf[w.pos:min(len(w.buf), w.pos+16)])
	var syntax *der.SyntaxError
	switch {
	case errors.As(err, &syntax):
		w.refuse(syntax.Reason)
	case h.Number > 30 || !h.Minimal: // an indefinite length is not minimal
		w.refuse("an identifier or a length that is not DER (X.690 §10.1)")
	case w.offset()+int64(h.Size)+int64(h.Length) > end:
		w.refuse("a length that goes beyond the parent")
	default:
		return h.Tag(), h.Size, int64(h.Length), true
	}
	return 0, 0, 0, false
}

// enter consumes the header of a constructed element and returns where it ends.
func (w *crlWindow) enter(tag byte, end int64, what string) (inner int64) {
	found, size, length, ok := w.header(end)
	switch {
	case !ok:
		return 0
	case found != tag:
		w.refuse(what + " is missing or misplaced")
		return 0
	}
	w.pos += size
	return w.offset() + length
}

// element consumes the next element and returns a copy of it, header included.
func (w *crlWindow) element(end int64, bound int) []byte {
	_, size, length, ok := w.header(end)
	if !ok {
		return nil
	}
	total := int64(size) + length
	if total > int64(bound) {
		w.refuseBeyond("an element is too long", bound)
		return nil
	}
	out := make([]byte, 0, min(total, crlWindowSize)) // longer ones grow with what really comes
	for left := int(total); left > 0; {
		if !w.need(1) {
			w.refuse(crlCut)
			return nil
		}
		n := min(left, len(w.buf)-w.pos)
		out = append(out, w.buf[w.pos:w.pos+n]...)
		w.pos += n
		left -= n
	}
	return out
}
