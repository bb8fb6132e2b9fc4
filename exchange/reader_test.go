package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
)

func TestReader(t *testing.T) {
	small := []byte("petit")
	big := make([]byte, 2*exchange.LeafSize+12_345)
	rand.NewChaCha8([32]byte{1}).Read(big)
	m := message(t, text("petit", string(small)), exchange.Part{Name: "grand", Size: -1, Content: bytes.NewReader(big)}, text("vide", ""))
	open := func(i int) *exchange.Reader {
		r, err := m.Part(t.Context(), i)
		require.NoError(t, err)
		return r
	}
	require.NoError(t, iotest.TestReader(open(0), small))
	require.NoError(t, iotest.TestReader(open(2), nil))

	r := open(1)
	require.EqualValues(t, len(big), r.Size())
	for _, at := range []int64{0, 1, exchange.LeafSize - 3, exchange.LeafSize, 2*exchange.LeafSize + 12_000} {
		b := make([]byte, 345)
		n, err := r.ReadAt(b, at)
		require.NoError(t, err)
		require.Equal(t, big[at:at+345], b[:n])
	}
	n, err := r.ReadAt(make([]byte, 10), int64(len(big))-4)
	require.Equal(t, 4, n)
	require.ErrorIs(t, err, io.EOF)
	_, err = r.ReadAt(nil, -1)
	require.Error(t, err)

	// WriteTo goes on from wherever Read or Seek was.
	for _, at := range []int64{0, 5, exchange.LeafSize, exchange.LeafSize + 7, int64(len(big)) - 1, int64(len(big)), int64(len(big)) + 9} {
		_, err := r.Seek(at, io.SeekStart)
		require.NoError(t, err)
		var out bytes.Buffer
		n, err := r.WriteTo(&out)
		require.NoError(t, err)
		require.EqualValues(t, out.Len(), n)
		require.True(t, bytes.Equal(big[min(at, int64(len(big))):], out.Bytes()), "from %d", at)
	}
	_, err = r.Seek(-5, io.SeekEnd)
	require.NoError(t, err)
	tail, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, big[len(big)-5:], tail)
	_, err = r.Seek(-1, io.SeekStart)
	require.Error(t, err)
	_, err = r.Seek(0, 9)
	require.Error(t, err)

	// Several goroutines, one reader.
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				b := make([]byte, 100)
				at := rand.Int64N(int64(len(big) - 100))
				if _, err := r.ReadAt(b, at); err != nil || !bytes.Equal(b, big[at:at+100]) {
					t.Error("a wrong read", err)
				}
			}
		})
	}
	group.Wait()

	_, err = m.Part(t.Context(), 3)
	require.Error(t, err)
	_, err = m.Part(t.Context(), -1)
	require.Error(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	cancelled, err := m.Part(ctx, 1)
	require.NoError(t, err)
	cancel()
	_, err = cancelled.Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled)
	fail := errors.New("full")
	_, err = open(1).WriteTo(writerFunc(func([]byte) (int, error) { return 0, fail }))
	require.ErrorIs(t, err, fail)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A source that fails is not a pli that is wrong.
func TestSourceErrors(t *testing.T) {
	w := theWorld()
	pli, _ := w.seals(t, w.options(t), text("a", "b"))
	fail := errors.New("disk")
	for n := range 20 {
		src := &failing{bytes.NewReader(pli), n, fail}
		_, err := exchange.Open(t.Context(), src, int64(len(pli)), []*exchange.Identity{w.identity(t, w.ec)}, w.reading())
		if err == nil {
			require.Greater(t, n, 4)
			break
		}
		require.ErrorIs(t, err, fail)
		require.Empty(t, exchange.Reason(err))
	}
	_, err := exchange.Open(t.Context(), bytes.NewReader(pli), int64(len(pli))+1, []*exchange.Identity{w.identity(t, w.ec)}, w.reading())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = exchange.Open(ctx, bytes.NewReader(pli), int64(len(pli)), []*exchange.Identity{w.identity(t, w.ec)}, w.reading())
	require.ErrorIs(t, err, context.Canceled)
}

type failing struct {
	r     io.ReaderAt
	left  int
	fails error
}

func (f *failing) ReadAt(b []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.fails
	}
	return f.r.ReadAt(b, off)
}
