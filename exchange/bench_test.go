package exchange_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
)

// The benchmarks run the raw operation, SHA-256 and AES-256-GCM over chunks of 16 KiB in one goroutine, in turn with what they
// measure, and report the ratio of the two:
//
//	for n in 1 2; do GOMAXPROCS=$n CONFIANCE_BENCH_MIB=1024 go test ./exchange -run '^$' -bench 'Seal$|Open$' -benchtime 5x; done

func benchSize(b *testing.B) int {
	if s := os.Getenv("CONFIANCE_BENCH_MIB"); s != "" {
		n, err := strconv.Atoi(s)
		require.NoError(b, err)
		return n << 20
	}
	return 64 << 20
}

// pattern reads like a large file: from memory that stays in no cache.
type pattern struct {
	block []byte
	left  int
}

func newPattern(n int) *pattern { return &pattern{bytes.Repeat([]byte("0123456789abcdef"), 1<<18), n} }

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	at := p.left % len(p.block)
	n := copy(b, p.block[at:])
	n = min(n, p.left)
	p.left -= n
	return n, nil
}

func raw(n int) time.Duration {
	start := time.Now()
	block, _ := aes.NewCipher(make([]byte, 32))
	gcm, _ := cipher.NewGCM(block)
	in, nonce, digest := newPattern(n), make([]byte, 12), sha256.New()
	buf := make([]byte, 16<<10+16)
	for k := 0; ; k++ {
		m, err := io.ReadFull(in, buf[:16<<10])
		digest.Write(buf[:m])
		nonce[0], nonce[1], nonce[2] = byte(k), byte(k>>8), byte(k>>16)
		io.Discard.Write(gcm.Seal(buf[:0], nonce, buf[:m], nil))
		if err != nil {
			digest.Sum(nil)
			return time.Since(start)
		}
	}
}

func compare(b *testing.B, n int, op func()) {
	var rawTime, opTime time.Duration
	b.SetBytes(int64(n))
	for b.Loop() {
		b.StopTimer()
		rawTime += raw(n)
		b.StartTimer()
		start := time.Now()
		op()
		opTime += time.Since(start)
	}
	b.ReportMetric(float64(opTime)/float64(rawTime), "x-raw")
}

func BenchmarkSeal(b *testing.B) {
	w, n := theWorld(), benchSize(b)
	o := w.options(b)
	compare(b, n, func() {
		_, err := exchange.Seal(b.Context(), io.Discard, exchange.Parts(exchange.Part{Name: "a", Size: int64(n), Content: newPattern(n)}), o)
		require.NoError(b, err)
	})
}

func BenchmarkOpen(b *testing.B) {
	w, n := theWorld(), benchSize(b)
	var pli bytes.Buffer
	_, err := exchange.Seal(b.Context(), &pli, exchange.Parts(exchange.Part{Name: "a", Size: int64(n), Content: newPattern(n)}), w.options(b))
	require.NoError(b, err)
	identities := []*exchange.Identity{w.identity(b, w.ec)}
	compare(b, n, func() {
		m, err := exchange.Open(b.Context(), bytes.NewReader(pli.Bytes()), int64(pli.Len()), identities, w.reading())
		require.NoError(b, err)
		part, err := m.Part(b.Context(), 0)
		require.NoError(b, err)
		_, err = part.WriteTo(io.Discard)
		require.NoError(b, err)
	})
}

// BenchmarkSmall seals and opens 10 kB: one signature, two wraps, one unwrap.
func BenchmarkSmall(b *testing.B) {
	w := theWorld()
	content := bytes.Repeat([]byte("x"), 10_000)
	o := w.options(b)
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			_, err := exchange.Seal(b.Context(), io.Discard, exchange.Parts(exchange.Part{Name: "a", Size: 10_000, Content: bytes.NewReader(content)}), o)
			require.NoError(b, err)
		}
	})
	var pli bytes.Buffer
	_, err := exchange.Seal(b.Context(), &pli, exchange.Parts(exchange.Part{Name: "a", Size: 10_000, Content: bytes.NewReader(content)}), o)
	require.NoError(b, err)
	b.Run("open", func(b *testing.B) {
		identities := []*exchange.Identity{w.identity(b, w.ec)}
		for b.Loop() {
			m, err := exchange.Open(b.Context(), bytes.NewReader(pli.Bytes()), int64(pli.Len()), identities, w.reading())
			require.NoError(b, err)
			require.NoError(b, m.Check(context.Background(), nil))
		}
	})
}
