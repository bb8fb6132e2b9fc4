package cms_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// A zeroReader gives n zeros.
type zeroReader struct{ n int64 }

func (z *zeroReader) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.n)
	clear(p[:n])
	z.n -= n
	return int(n), nil
}

// A heapWatch is a destination that looks at the heap every 16 MiB.
type heapWatch struct {
	io.Writer
	n, next int64
	peak    uint64
}

func (h *heapWatch) Write(p []byte) (int, error) {
	if h.n += int64(len(p)); h.n >= h.next {
		h.next += 16 << 20
		h.look()
	}
	return h.Writer.Write(p)
}

func (h *heapWatch) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.peak = max(h.peak, m.HeapInuse)
}

// 256 MiB in and out: the heap does not follow.
func TestMemoryIsFlat(t *testing.T) {
	const size = 256 << 20
	const ceiling = 4 << 20
	for name, announced := range map[string]int64{"DER": size, "BER": -1} {
		path := filepath.Join(t.TempDir(), "sealed")
		f, err := os.Create(path)
		require.NoError(t, err)
		defer f.Close()
		runtime.GC()
		start := &heapWatch{}
		start.look()
		sealing := &heapWatch{Writer: f}
		require.NoError(t, cms.WriteAuthEnveloped(context.Background(), sealing, &zeroReader{size}, announced, []cms.Recipient{keyP256().byIssuer()}))
		opening := &heapWatch{Writer: io.Discard}
		info, err := f.Stat()
		require.NoError(t, err)
		_, err = cms.ReadAuthEnveloped(context.Background(), f, info.Size(), opening, keyP256().opener())
		require.NoError(t, err)
		require.Equal(t, int64(size), opening.n)
		require.Less(t, sealing.peak, start.peak+ceiling, "%s: %d KiB while sealing", name, (sealing.peak-start.peak)>>10)
		require.Less(t, opening.peak, start.peak+ceiling, "%s: %d KiB while opening", name, (opening.peak-start.peak)>>10)
		require.NoError(t, os.Remove(path))
	}
}

// Lengths that are only said cost nothing.
func TestLengthsSaidAllocateNothing(t *testing.T) {
	sealed := sealBytes(t, []byte("contenu"), keyP256().byIssuer())
	huge := append([]byte{0x30, 0x86, 0x40, 0, 0, 0, 0, 0}, sealed[4:]...)
	for _, b := range [][]byte{huge, {0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 6, 0x84, 0x7F, 0xFF, 0xFF, 0xFF}} {
		before := allocated()
		_, _, err := cms.OpenAuthEnveloped(b, keyP256().opener())
		require.ErrorIs(t, err, cms.ErrEnvelope)
		_, _, err = readBytes(b, keyP256().opener())
		require.ErrorIs(t, err, cms.ErrEnvelope)
		require.Less(t, allocated()-before, uint64(1<<20))
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
