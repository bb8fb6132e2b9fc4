package pades_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pades"
)

func TestWriteRevision(t *testing.T) {
	for name, b := range producers(t) {
		once := sign(t, b, pades.Options{})
		twice := sign(t, once, pades.Options{})
		// Whatever came later does not come out.
		file := update(t, twice, func(e *edit) { e.u.Put(e.pageRef, e.page.With("Rotate", pdf.Integer(90))) })
		doc := read(t, file)
		n := len(doc.Signatures)
		for i, want := range [][]byte{once, twice} {
			var out bytes.Buffer
			require.NoError(t, pades.WriteRevision(t.Context(), &out, ades.Bytes(file), &doc.Signatures[n-2+i]), name)
			require.Equal(t, want, out.Bytes(), name)
		}
	}
}

func TestWriteRevisionRefuses(t *testing.T) {
	b := sign(t, sample(t, "table.pdf"), pades.Options{})
	doc := read(t, b)
	s := doc.Signatures[0]
	write := func(b []byte) (int, error) {
		var out bytes.Buffer
		err := pades.WriteRevision(t.Context(), &out, ades.Bytes(b), &s)
		return out.Len(), err
	}
	changed := bytes.Replace(b, []byte("Deliberation"), []byte("deliberation"), 1)
	n, err := write(changed)
	require.ErrorIs(t, err, pades.ErrNotSigned)
	require.Zero(t, n)
	n, err = write(sample(t, "table.pdf"))
	require.ErrorIs(t, err, pades.ErrNotSigned)
	require.Zero(t, n)
	s.ByteRange[3]--
	_, err = write(b)
	require.ErrorIs(t, err, pades.ErrNotSigned)
	s.ByteRange[3]++
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, pades.WriteRevision(ctx, io.Discard, ades.Bytes(b), &s), context.Canceled)

	// A document that changes before it is read for the last time is found out.
	for _, at := range []int{bytes.Index(b, []byte("Deliberation")), int(s.ByteRange[1]) + 100} {
		honest := &turncoat{b: b, at: int64(at), turn: -1}
		require.NoError(t, pades.WriteRevision(t.Context(), io.Discard, ades.NewDocument(honest, int64(len(b))), &s))
		turning := &turncoat{b: b, at: int64(at), turn: honest.reads}
		err = pades.WriteRevision(t.Context(), io.Discard, ades.NewDocument(turning, int64(len(b))), &s)
		require.ErrorIs(t, err, pades.ErrNotSigned)
	}
}

// A turncoat gives another octet at one offset when it is read for the turn-th time.
type turncoat struct {
	b           []byte
	at          int64
	reads, turn int
}

func (r *turncoat) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(r.b).ReadAt(p, off)
	if i := r.at - off; i >= 0 && i < int64(n) {
		if r.reads++; r.reads == r.turn {
			p[i] ^= 0x01
		}
	}
	return n, err
}
