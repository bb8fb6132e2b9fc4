package exchange

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// The functions below follow the texts word by word, without streaming: what the package computes is compared with them.

func naiveTree(data []byte) Hash {
	var leaves []Hash
	for len(data) > 0 {
		n := min(len(data), LeafSize)
		leaves = append(leaves, sha256.Sum256(append([]byte{0}, data[:n]...)))
		data = data[n:]
	}
	return naiveMTH(leaves)
}

func naiveMTH(d []Hash) Hash { // RFC 6962 §2.1
	switch len(d) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return d[0]
	}
	k := 1
	for 2*k < len(d) {
		k *= 2
	}
	l, r := naiveMTH(d[:k]), naiveMTH(d[k:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

func naiveCobblestone(t testing.TB, key, salt, context, plain []byte) []byte {
	info := append([]byte("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"), salt...)
	derived, err := hkdf.Expand(sha512.New, key, string(append(info, context...)), 76)
	require.NoError(t, err)
	block, err := aes.NewCipher(derived[:32])
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	out := append(bytes.Clone(salt), derived[44:]...)
	for k := uint64(0); ; k++ {
		nonce := bytes.Clone(derived[32:44])
		var counter [12]byte
		binary.BigEndian.PutUint64(counter[4:], k)
		for i := range nonce {
			nonce[i] ^= counter[i]
		}
		n := min(len(plain), 16384)
		out = gcm.Seal(out, nonce, plain[:n], nil)
		plain = plain[n:]
		if n < 16384 {
			return out
		}
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	s := rand.NewChaCha8([32]byte{byte(n)})
	s.Read(b)
	return b
}

func TestTree(t *testing.T) {
	for n := range 70 {
		var leaves []Hash
		var plain tree
		for i := range n {
			leaves = append(leaves, Hash{byte(i), 1})
			plain.add(leaves[i])
		}
		require.Equal(t, naiveMTH(leaves), plain.root(), "%d leaves", n)
	}
	for _, n := range []int{0, 1, 1023, 1024, 1025, 2048, 2049, 5000} {
		var leaves []Hash
		var paged pagedTree
		for i := range n {
			leaves = append(leaves, Hash{byte(i), byte(i >> 8)})
			paged.add(leaves[i])
		}
		require.Equal(t, naiveMTH(leaves), paged.root(), "%d leaves in pages", n)
		require.Len(t, paged.pages, (n+1023)/1024)
	}
}

func TestSizes(t *testing.T) {
	for n := range int64(40_000) {
		plain, ok := plainSize(sealedSize(n))
		require.True(t, ok)
		require.Equal(t, n, plain)
	}
	for _, sealed := range []int64{-1, 0, 55, 56, 57, 71, 56 + sealedChunk, 56 + 2*sealedChunk, 56 + sealedChunk + 15} {
		_, ok := plainSize(sealed)
		require.False(t, ok, "%d", sealed)
	}
	require.EqualValues(t, 72, sealedSize(0))
}

// sealForTest seals parts under fixed secrets and returns the payload and what a manifest says of it.
func sealForTest(t testing.TB, workers int, known bool, parts ...[]byte) ([]byte, *Manifest, *cobblestone) {
	t.Helper()
	c, err := newCobblestone(testKey, testSalt, testContext)
	require.NoError(t, err)
	var out bytes.Buffer
	out.Write(testSalt)
	out.Write(c.commitment[:])
	s := newPayloadSealer(t.Context(), &out, c, workers)
	defer s.close()
	m := new(Manifest)
	for _, p := range parts {
		size := int64(-1)
		if known {
			size = int64(len(p))
		}
		n, err := s.part(bytes.NewReader(p), size)
		require.NoError(t, err)
		require.EqualValues(t, len(p), n)
		m.Parts = append(m.Parts, PartInfo{Size: n})
	}
	roots, err := s.finish()
	require.NoError(t, err)
	for i, root := range roots {
		m.Parts[i].Hash = root
	}
	require.EqualValues(t, out.Len()-payloadHead, s.written)
	return out.Bytes(), m, c
}

var (
	testKey     = bytes.Repeat([]byte{7}, 32)
	testSalt    = bytes.Repeat([]byte{9}, 24)
	testContext = []byte("pli/1test")
)

func openForTest(t testing.TB, sealed []byte, m *Manifest, c *cobblestone) *payload {
	t.Helper()
	p, err := newPayload(bytes.NewReader(sealed), 0, int64(len(sealed)), c, m)
	require.NoError(t, err)
	require.NoError(t, p.checkFinal())
	require.NoError(t, p.checkIndex(t.Context()))
	return p
}

func TestPayload(t *testing.T) {
	many := make([][]byte, 500)
	for i := range many {
		many[i] = random(i * 7)
	}
	cases := map[string][][]byte{
		"empty":      {{}},
		"empties":    {{}, {}, {}},
		"one":        {random(1)},
		"chunk":      {random(chunkSize)},
		"chunk-1":    {random(chunkSize - 1)},
		"less index": {random(chunkSize - 32)},
		"leaf":       {random(LeafSize)},
		"leaf+1":     {random(LeafSize + 1)},
		"leaves":     {random(3 * LeafSize)},
		"uneven":     {random(5), {}, random(LeafSize + 77), random(2*LeafSize - 1), {}, random(100_000), random(3)},
		"many":       many,
	}
	for name, parts := range cases {
		t.Run(name, func(t *testing.T) {
			var plain, index []byte
			for _, p := range parts {
				plain = append(plain, p...)
				for rest := p; len(rest) > 0; rest = rest[min(len(rest), LeafSize):] {
					h := sha256.Sum256(append([]byte{0}, rest[:min(len(rest), LeafSize)]...))
					index = append(index, h[:]...)
				}
			}
			want := naiveCobblestone(t, testKey, testSalt, testContext, append(plain, index...))
			for _, workers := range []int{1, 2, 4} {
				for _, known := range []bool{true, false} {
					sealed, m, c := sealForTest(t, workers, known, parts...)
					require.True(t, bytes.Equal(want, sealed), "%d workers, known %v", workers, known)
					require.Equal(t, m.payloadSize(), int64(len(sealed)))
					for i, p := range parts {
						require.Equal(t, naiveTree(p), m.Parts[i].Hash)
					}
					p := openForTest(t, sealed, m, c)
					got := make([][]byte, len(parts))
					require.NoError(t, p.stream(t.Context(), 0, len(parts), 0, workers, func(part int, leaf []byte) error {
						got[part] = append(got[part], leaf...)
						return nil
					}))
					for i := range parts {
						require.True(t, bytes.Equal(parts[i], got[i]), "part %d", i)
					}
				}
			}
		})
	}
}

func TestPayloadReaders(t *testing.T) {
	data := random(2*LeafSize + 12345)
	want, _, _ := sealForTest(t, 1, true, data)
	for name, r := range map[string]io.Reader{
		"halves":        iotest.HalfReader(bytes.NewReader(data)),
		"data with EOF": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		for _, size := range []int64{-1, int64(len(data))} {
			c, err := newCobblestone(testKey, testSalt, testContext)
			require.NoError(t, err)
			var out bytes.Buffer
			s := newPayloadSealer(t.Context(), &out, c, 2)
			r := r
			if size >= 0 { // the readers are used once each
				r = bytes.NewReader(data)
			}
			_, err = s.part(r, size)
			require.NoError(t, err, name)
			_, err = s.finish()
			require.NoError(t, err)
			s.close()
			require.True(t, bytes.Equal(want[payloadHead:], out.Bytes()), name)
		}
	}

	fail := errors.New("disk")
	for name, test := range map[string]struct {
		r      io.Reader
		size   int64
		reason error
	}{
		"short":  {bytes.NewReader(data), int64(len(data)) + 1, errSize},
		"long":   {bytes.NewReader(data), int64(len(data)) - 1, errSize},
		"zero":   {bytes.NewReader(data), 0, errSize},
		"broken": {io.MultiReader(bytes.NewReader(data), iotest.ErrReader(fail)), -1, fail},
		"stuck":  {stuck{}, -1, io.ErrNoProgress},
	} {
		c, err := newCobblestone(testKey, testSalt, testContext)
		require.NoError(t, err)
		s := newPayloadSealer(t.Context(), io.Discard, c, 3)
		_, err = s.part(test.r, test.size)
		require.ErrorIs(t, err, test.reason, name)
		s.close()
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestPayloadCancelled(t *testing.T) {
	c, err := newCobblestone(testKey, testSalt, testContext)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	s := newPayloadSealer(ctx, io.Discard, c, 2)
	defer s.close()
	n := 0
	_, err = s.part(readerFunc(func(b []byte) (int, error) {
		if n++; n == 200 {
			cancel()
		}
		return len(b), nil
	}), -1)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, n, 210)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// Every octet of a payload is protected; nothing of an altered leaf reaches the sink.
func TestPayloadAltered(t *testing.T) {
	data := random(LeafSize + 40_000)
	sealed, m, c := sealForTest(t, 1, true, data)
	for _, at := range []int{payloadHead, payloadHead + 5, payloadHead + sealedChunk - 1, payloadHead + 64*sealedChunk + 3, len(sealed) - 1, len(sealed) - 17} {
		altered := bytes.Clone(sealed)
		altered[at] ^= 1
		p, err := newPayload(bytes.NewReader(altered), 0, int64(len(altered)), c, m)
		require.NoError(t, err)
		err = errors.Join(p.checkFinal(), p.checkIndex(t.Context()))
		released := 0
		if err == nil {
			err = p.stream(t.Context(), 0, 1, 0, 2, func(_ int, leaf []byte) error { released += len(leaf); return nil })
		}
		require.ErrorIs(t, err, ErrPayload, "octet %d", at)
		require.LessOrEqual(t, released, LeafSize)
		if at < payloadHead+64*sealedChunk {
			require.Zero(t, released)
		}
	}
}

// A co-recipient knows the key: chunks that he encrypts again have good tags. Only the signed tree tells.
func TestPayloadReencrypted(t *testing.T) {
	data := random(2*LeafSize + 100)
	forged := bytes.Clone(data)
	forged[LeafSize+3] ^= 1
	_, m, c := sealForTest(t, 1, true, data)
	sealed, other, _ := sealForTest(t, 1, true, forged)

	// With the index of the forged content, the root is not the signed one.
	p, err := newPayload(bytes.NewReader(sealed), 0, int64(len(sealed)), c, m)
	require.NoError(t, err)
	require.NoError(t, p.checkFinal())
	require.ErrorIs(t, p.checkIndex(t.Context()), ErrIndex)

	// With the index of the signed content, the leaf is not the indexed one.
	var plain []byte
	plain = append(plain, forged...)
	for rest := data; len(rest) > 0; rest = rest[min(len(rest), LeafSize):] {
		h := sha256.Sum256(append([]byte{0}, rest[:min(len(rest), LeafSize)]...))
		plain = append(plain, h[:]...)
	}
	mixed := naiveCobblestone(t, testKey, testSalt, testContext, plain)
	p = openForTest(t, mixed, m, c)
	released := 0
	err = p.stream(t.Context(), 0, 1, 0, 2, func(_ int, leaf []byte) error { released += len(leaf); return nil })
	require.ErrorIs(t, err, ErrContent)
	require.Equal(t, LeafSize, released, "the first leaf was the sender's")

	// The weakened reader, which believes the index that it finds, is the one that this attack fools.
	weak := openForTest(t, sealed, other, c)
	require.NoError(t, weak.stream(t.Context(), 0, 1, 0, 2, func(int, []byte) error { return nil }))
}

// The source may change between the opening and the reading: pages of the index are checked again.
func TestPayloadChangedAfterOpening(t *testing.T) {
	c, err := newCobblestone(testKey, testSalt, testContext)
	require.NoError(t, err)
	// 1,030 leaves of zeros, of which only the index and one leaf are ever written.
	const leaves = 1030
	zero := sha256.Sum256(make([]byte, 1+LeafSize))
	var tr tree
	for range leaves {
		tr.add(zero)
	}
	m := &Manifest{Parts: []PartInfo{{Size: leaves * LeafSize, Hash: tr.root()}}}
	src := &virtual{c: c, index: bytes.Repeat(zero[:], leaves)}
	p, err := newPayload(src, 0, m.payloadSize(), c, m)
	require.NoError(t, err)
	require.NoError(t, p.checkFinal())
	require.NoError(t, p.checkIndex(t.Context()))
	require.Len(t, p.pages[0], 2)

	h, err := p.leaf(t.Context(), new(pageCache), 0, 1029)
	require.NoError(t, err)
	w := newWindow()
	_, err = p.loadLeaf(t.Context(), w, 0, 1029, h)
	require.NoError(t, err)

	src.index[1024*32] ^= 1
	_, err = p.leaf(t.Context(), new(pageCache), 0, 1029)
	require.ErrorIs(t, err, ErrIndex)
}

// virtual is a payload of zeros and an index, encrypted when it is read.
type virtual struct {
	c     *cobblestone
	index []byte
}

func (v *virtual) ReadAt(b []byte, off int64) (int, error) {
	for n := 0; n < len(b); {
		k := (off + int64(n) - payloadHead) / sealedChunk
		var plain [chunkSize + tagSize]byte
		size := copy(plain[:chunkSize], make([]byte, chunkSize))
		if at := k*chunkSize - int64(1030*LeafSize); at >= 0 {
			size = copy(plain[:chunkSize], v.index[min(at, int64(len(v.index))):])
		}
		var nonce [chunkNonce]byte
		v.c.seal(plain[:size+tagSize], k, &nonce)
		n += copy(b[n:], plain[:size+tagSize])
	}
	return len(b), nil
}

func BenchmarkSealPayload(b *testing.B) {
	data := random(64 << 20)
	raw := func(b *testing.B) {
		c, _ := newCobblestone(testKey, testSalt, testContext)
		var nonce [chunkNonce]byte
		buf := make([]byte, sealedChunk)
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			h := sha256.New()
			for k := 0; k*chunkSize < len(data); k++ {
				n := copy(buf, data[k*chunkSize:(k+1)*chunkSize])
				h.Write(buf[:n])
				c.seal(buf[:n+tagSize], int64(k), &nonce)
			}
			h.Sum(nil)
		}
	}
	b.Run("raw", raw)
	for _, workers := range []int{1, 2, 4} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			c, _ := newCobblestone(testKey, testSalt, testContext)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s := newPayloadSealer(b.Context(), io.Discard, c, workers)
				s.part(bytes.NewReader(data), int64(len(data)))
				s.finish()
				s.close()
			}
		})
	}
}

func BenchmarkOpenPayload(b *testing.B) {
	data := random(64 << 20)
	sealed, m, c := sealForTest(b, 2, true, data)
	for _, workers := range []int{1, 2, 4} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			p := openForTest(b, sealed, m, c)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := p.stream(b.Context(), 0, 1, 0, workers, func(int, []byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
