package exchange

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"sync"
)

// A payload is the encrypted content of an opened pli. What it reads was possibly written by a co-recipient who knows the key:
// a valid GCM tag proves nothing about the sender, the tree of hashes does.
type payload struct {
	src   io.ReaderAt
	at    int64 // offset of its first octet in src
	size  int64
	plain int64 // octets of plaintext: parts and index
	c     *cobblestone

	parts  []PartInfo
	starts []int64  // of the parts in the plaintext
	leaves []int64  // number of leaf hashes before those of the part
	index  int64    // offset of the index in the plaintext
	pages  [][]Hash // roots of the pages of the parts that have more than one
}

func newPayload(src io.ReaderAt, at, size int64, c *cobblestone, m *Manifest) (*payload, error) {
	p := &payload{src: src, at: at, size: size, c: c, parts: m.Parts,
		starts: make([]int64, len(m.Parts)), leaves: make([]int64, len(m.Parts)), pages: make([][]Hash, len(m.Parts))}
	leaves := int64(0)
	for i := range m.Parts {
		p.starts[i], p.leaves[i] = p.index, leaves
		p.index += m.Parts[i].Size
		leaves += leafCount(m.Parts[i].Size)
	}
	p.plain = p.index + leaves*sha256.Size
	if sealedSize(p.plain) != size {
		return nil, refuse(ErrMismatch, "a payload of %d octets for parts that make one of %d", size, sealedSize(p.plain))
	}
	return p, nil
}

// readChunks is the number of chunks read at once: 64 KiB of plaintext.
const readChunks = 4

// A window holds decrypted plaintext, and what it takes to decrypt. One goroutine uses it at a time.
type window struct {
	plain  [jobPlain]byte
	sealed [readChunks * sealedChunk]byte
	nonce  [chunkNonce]byte
	digest hash.Hash
}

// windows are kept between readings: one is a MiB, and many plis are small.
var windows = sync.Pool{New: func() any { return &window{digest: sha256.New()} }}

func newWindow() *window { return windows.Get().(*window) }

// free gives a window back when nothing refers to its plaintext any more.
func (w *window) free() {
	clear(w.plain[:])
	windows.Put(w)
}

// load decrypts octets from … to of the plaintext, at most LeafSize, and returns them. Their GCM tags are right; whether the
// sender signed them remains to be checked. each sees them in pieces as they come.
func (p *payload) load(ctx context.Context, w *window, from, to int64, each func([]byte)) ([]byte, error) {
	chunk := from / chunkSize
	base := chunk * chunkSize
	filled := int64(0) // octets of w.plain
	for base+filled < to {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		offset := payloadHead + chunk*sealedChunk
		last := (to - 1) / chunkSize
		n := min(int64(readChunks), last-chunk+1) * sealedChunk
		sealed := w.sealed[:min(n, p.size-offset)]
		if err := readFull(p.src, sealed, p.at+offset); err != nil {
			return nil, err
		}
		start := max(filled, from-base)
		for len(sealed) > 0 {
			n := min(len(sealed), sealedChunk)
			if _, err := p.c.aead.Open(w.plain[filled:filled], p.c.nonceOf(chunk, &w.nonce), sealed[:n], nil); err != nil {
				clear(w.plain[:])
				return nil, refuse(ErrPayload, "chunk %d was altered", chunk)
			}
			filled += int64(n - tagSize)
			chunk++
			sealed = sealed[n:]
		}
		if each != nil {
			each(w.plain[start:min(filled, to-base)])
		}
	}
	return w.plain[from-base : to-base], nil
}

// checkFinal authenticates the length of the payload: the final chunk is the only short one.
func (p *payload) checkFinal() error {
	w := newWindow()
	defer w.free()
	k := p.plain / chunkSize
	offset := payloadHead + k*sealedChunk
	sealed := w.sealed[:p.size-offset]
	if err := readFull(p.src, sealed, p.at+offset); err != nil {
		return err
	}
	if _, ok := p.c.open(sealed, k, &w.nonce); !ok {
		return refuse(ErrPayload, "the final chunk was altered: the payload may have been cut")
	}
	return nil
}

// checkIndex reads the whole index and compares the root that it gives for each part with the one that was signed. It keeps the
// roots of pages: a later reading of a page is checked against them, since the source may change meanwhile.
func (p *payload) checkIndex(ctx context.Context) error {
	w := newWindow()
	defer w.free()
	part, left := -1, int64(0)
	var t pagedTree
	next := func() error { // ends a part and those without leaves after it
		for left == 0 {
			if part >= 0 {
				if t.root() != p.parts[part].Hash {
					return refuse(ErrIndex, "part %d", part+1)
				}
				if len(t.pages) > 1 {
					p.pages[part] = t.pages
				}
			}
			if part++; part == len(p.parts) {
				return nil
			}
			t, left = pagedTree{}, leafCount(p.parts[part].Size)
		}
		return nil
	}
	if err := next(); err != nil {
		return err
	}
	for at := p.index; at < p.plain; {
		to := min(p.plain, at+LeafSize)
		hashes, err := p.load(ctx, w, at, to, nil)
		if err != nil {
			return err
		}
		for len(hashes) > 0 {
			t.add(Hash(hashes[:sha256.Size]))
			hashes = hashes[sha256.Size:]
			if left--; left == 0 {
				if err := next(); err != nil {
					return err
				}
			}
		}
		at = to
	}
	return nil
}

// A pageCache holds the leaf hashes of one page, checked. The parts of one leaf never need it, and it then stays empty.
type pageCache struct {
	part, page int64
	hashes     []Hash
	w          *window
}

func (c *pageCache) free() {
	if c.w != nil {
		c.w.free()
	}
}

// leaf returns the hash that leaf i of a part must have, after the tree of the manifest.
func (p *payload) leaf(ctx context.Context, cache *pageCache, part int, i int64) (Hash, error) {
	count := leafCount(p.parts[part].Size)
	if count == 1 {
		return p.parts[part].Hash, nil
	}
	page := i / pageLeaves
	if cache.hashes == nil || cache.part != int64(part) || cache.page != page {
		want := p.parts[part].Hash
		if p.pages[part] != nil {
			want = p.pages[part][page]
		}
		first := page * pageLeaves
		n := min(pageLeaves, count-first)
		at := p.index + (p.leaves[part]+first)*sha256.Size
		if cache.w == nil {
			cache.w = newWindow()
		}
		raw, err := p.load(ctx, cache.w, at, at+n*sha256.Size, nil)
		if err != nil {
			return Hash{}, err
		}
		cache.hashes = cache.hashes[:0]
		var t tree
		for len(raw) > 0 {
			h := Hash(raw[:sha256.Size])
			t.add(h)
			cache.hashes = append(cache.hashes, h)
			raw = raw[sha256.Size:]
		}
		if t.root() != want {
			cache.hashes = nil
			return Hash{}, refuse(ErrIndex, "part %d changed since it was opened", part+1)
		}
		cache.part, cache.page = int64(part), page
	}
	return cache.hashes[i%pageLeaves], nil
}

// loadLeaf decrypts leaf i of a part and returns it only if its hash is want.
func (p *payload) loadLeaf(ctx context.Context, w *window, part int, i int64, want Hash) ([]byte, error) {
	from := p.starts[part] + i*LeafSize
	to := min(from+LeafSize, p.starts[part]+p.parts[part].Size)
	w.digest.Reset()
	w.digest.Write(leafMark)
	plain, err := p.load(ctx, w, from, to, func(b []byte) { w.digest.Write(b) })
	if err != nil {
		return nil, err
	}
	var got Hash
	if w.digest.Sum(got[:0]); got != want {
		clear(w.plain[:])
		return nil, refuse(ErrContent, "part %d, MiB %d", part+1, i+1)
	}
	return plain, nil
}
