package ades

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"hash"
	"io"
)

// Digests reads the document once and returns its digest under each algorithm. A document known by its digest alone has that
// one, and no other: what is missing from the result could not be computed. Nothing is read when hashes is empty.
func (d *Document) Digests(ctx context.Context, hashes ...crypto.Hash) (map[crypto.Hash][]byte, error) {
	sums := make(map[crypto.Hash][]byte, len(hashes))
	if known, ok := d.Digest(); ok {
		for _, h := range hashes {
			if h == known.Algorithm {
				sums[h] = bytes.Clone(known.Sum)
			}
		}
		return sums, nil
	}
	states := make([]hash.Hash, 0, len(hashes))
	writers := make([]io.Writer, 0, len(hashes))
	for _, h := range hashes {
		if !h.Available() {
			return nil, fmt.Errorf("ades: digest algorithm %v is not linked in", h)
		}
		states = append(states, h.New())
		writers = append(writers, states[len(states)-1])
	}
	if len(hashes) == 0 {
		return sums, nil
	}
	var dst io.Writer = states[0]
	if len(states) > 1 {
		dst = io.MultiWriter(writers...)
	}
	// A plain writer: a hash that reads for itself would choose its own pieces.
	size := min(max(d.size, 1), 64<<10)
	if _, err := io.CopyBuffer(onlyWriter{dst}, onlyReader{d.Reader(ctx)}, make([]byte, size)); err != nil {
		return nil, fmt.Errorf("ades: reading the document: %w", err)
	}
	for i, h := range hashes {
		sums[h] = states[i].Sum(nil)
	}
	return sums, nil
}

type onlyWriter struct{ io.Writer }

type onlyReader struct{ io.Reader }
