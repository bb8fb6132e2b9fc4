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
	states := make(states, 0, len(hashes))
	for _, h := range hashes {
		if !h.Available() {
			return nil, fmt.Errorf("ades: digest algorithm %v is not linked in", h)
		}
		states = append(states, h.New())
	}
	if len(hashes) == 0 {
		return sums, nil
	}
	if err := states.read(ctx, d); err != nil {
		return nil, fmt.Errorf("ades: reading the document: %w", err)
	}
	for i, h := range hashes {
		sums[h] = states[i].Sum(nil)
	}
	return sums, nil
}

// piece is how much is hashed between two looks at the context.
const piece = 64 << 10

// states are hashes that are fed together.
type states []hash.Hash

func (s states) write(b []byte) {
	for _, state := range s {
		state.Write(b)
	}
}

func (s states) read(ctx context.Context, d *Document) error {
	for left := d.memory; len(left) > 0; left = left[min(piece, len(left)):] {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.write(left[:min(piece, len(left))])
	}
	if d.memory != nil {
		return ctx.Err()
	}
	r, buffer := d.Reader(ctx), make([]byte, min(max(d.size, 1), piece))
	for {
		n, err := r.Read(buffer)
		s.write(buffer[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
