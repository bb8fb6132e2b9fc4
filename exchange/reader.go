package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A Reader reads one part of an opened pli, from its start or at any offset. Each MiB is decrypted and checked against the signed
// hashes before any octet of it is handed out. It is an io.Reader, io.ReaderAt, io.Seeker and, fastest, io.WriterTo, which uses
// several cores. It is safe for concurrent use, one leaf at a time.
type Reader struct {
	ctx  context.Context
	p    *payload
	part int
	size int64
	used int // workers

	mu    sync.Mutex
	pos   int64
	w     *window
	cache pageCache
	leaf  []byte // of number at, nil when none
	at    int64
}

// Part returns a reader of part i of the manifest. ctx serves for all that it reads.
func (m *Message) Part(ctx context.Context, i int) (*Reader, error) {
	if i < 0 || i >= len(m.Manifest.Parts) {
		return nil, fmt.Errorf("exchange: there is no part %d", i)
	}
	return &Reader{ctx: ctx, p: m.payload, part: i, size: m.Manifest.Parts[i].Size, used: workers(m.o.Workers)}, nil
}

// Size is the length of the part in octets.
func (r *Reader) Size() int64 { return r.size }

// Read reads on from where the last Read or Seek ended.
func (r *Reader) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.readAt(b, r.pos, false)
	r.pos += int64(n)
	return n, err
}

// ReadAt reads len(b) octets at an offset.
func (r *Reader) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("exchange: negative offset")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readAt(b, off, true)
}

func (r *Reader) readAt(b []byte, off int64, whole bool) (n int, err error) {
	for n < len(b) {
		if off >= r.size {
			return n, io.EOF
		}
		if err := r.load(off / LeafSize); err != nil {
			return n, err
		}
		m := copy(b[n:], r.leaf[off%LeafSize:])
		n, off = n+m, off+int64(m)
		if !whole {
			break
		}
	}
	return n, nil
}

func (r *Reader) load(i int64) error {
	if r.leaf != nil && r.at == i {
		return nil
	}
	if r.w == nil {
		r.w = newWindow()
	}
	r.leaf = nil
	want, err := r.p.leaf(r.ctx, &r.cache, r.part, i)
	if err != nil {
		return err
	}
	r.leaf, err = r.p.loadLeaf(r.ctx, r.w, r.part, i, want)
	r.at = i
	return err
}

// Seek sets where the next Read begins.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, errors.New("exchange: unknown whence")
	}
	if offset < 0 {
		return 0, errors.New("exchange: negative offset")
	}
	r.pos = offset
	return offset, nil
}

// WriteTo writes the rest of the part to w, decrypting and hashing on several cores. After an error, w has received checked
// content only, but not all of it.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.pos%LeafSize != 0 && r.pos < r.size {
		if err := r.load(r.pos / LeafSize); err != nil {
			return written, err
		}
		n, err := w.Write(r.leaf[r.pos%LeafSize:])
		written, r.pos = written+int64(n), r.pos+int64(n)
		if err != nil {
			return written, err
		}
	}
	err = r.p.stream(r.ctx, r.part, r.part+1, leafCount(r.pos), r.used, func(_ int, leaf []byte) error {
		n, err := writeAll(r.ctx, w, leaf)
		written, r.pos = written+n, r.pos+n
		return err
	})
	return written, err
}

// writeAll writes at most writeSize octets at a time, and looks at ctx before each.
func writeAll(ctx context.Context, w io.Writer, b []byte) (written int64, err error) {
	for len(b) > 0 {
		if err := ctx.Err(); err != nil {
			return written, err
		}
		n, err := w.Write(b[:min(len(b), writeSize)])
		written += int64(n)
		if err != nil {
			return written, err
		}
		if n == 0 {
			return written, io.ErrShortWrite
		}
		b = b[n:]
	}
	return written, nil
}

// Check reads the whole content and hands out nothing: it returns nil if all of it is what the sender signed. progress, if not
// nil, is called with the octets checked so far.
func (m *Message) Check(ctx context.Context, progress func(done int64)) error {
	done := int64(0)
	return m.payload.stream(ctx, 0, len(m.Manifest.Parts), 0, workers(m.o.Workers), func(_ int, leaf []byte) error {
		if done += int64(len(leaf)); progress != nil {
			progress(done)
		}
		return nil
	})
}
