package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"io"
	"runtime"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// zeros is content of any size that costs nothing to make.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func limitedZeros(n int64) io.Reader { return io.LimitReader(zeros{}, n) }

func copyZeros(t testing.TB, dst io.Writer, n int64) {
	_, err := io.Copy(dst, limitedZeros(n))
	require.NoError(t, err)
}

// sparse is a file that keeps only the pieces that are not all zero.
type sparse struct {
	size   int64
	pieces []piece
}

type piece struct {
	at int64
	b  []byte
}

var allZero [64 << 10]byte

func (s *sparse) Write(p []byte) (int, error) {
	if len(p) > len(allZero) || !bytes.Equal(p, allZero[:len(p)]) {
		s.pieces = append(s.pieces, piece{s.size, bytes.Clone(p)})
	}
	s.size += int64(len(p))
	return len(p), nil
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-off))
	clear(p[:n])
	first := sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].at+int64(len(s.pieces[i].b)) > off })
	for _, piece := range s.pieces[first:] {
		if piece.at >= off+int64(n) {
			break
		}
		if piece.at >= off {
			copy(p[piece.at-off:n], piece.b)
		} else {
			copy(p[:n], piece.b[off-piece.at:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *sparse) reader() io.Reader { return io.NewSectionReader(s, 0, s.size) }

func memoryInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc // what was ever asked for, so that a peak cannot hide
}

// TestSignedMemoryIsFlat signs, writes and reads contents of very different sizes: what is allocated does not depend on them.
func TestSignedMemoryIsFlat(t *testing.T) {
	id := identityOf(t, "p256")
	for _, size := range []int64{1 << 10, 300 << 20} {
		content := cms.NewContent(crypto.SHA256)
		copyZeros(t, content, size)
		sum, ok := content.Digest(crypto.SHA256)
		require.True(t, ok)
		file := &sparse{}
		before := memoryInUse()
		sd := message([]*cms.SignerInfo{id.signer(t, nil, func(r *cms.SignerRequest) { r.Digest = sum })}, id)
		require.NoError(t, sd.Write(file, limitedZeros(size), size))
		read, err := cms.Read(context.Background(), file.reader(), cms.ReadOptions{Content: io.Discard})
		require.NoError(t, err)
		require.Empty(t, verify(t, read, 0))
		require.Less(t, memoryInUse()-before, uint64(1<<20))
	}
}
