package cms

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	mathrand "math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// wholeGCM seals and opens a message of any size with a gcmStream, segment by segment.
func wholeGCM(t testing.TB, key *[32]byte, iv, plaintext, aad []byte) (ciphertext []byte, tag [16]byte) {
	g, err := newGCMStream(key, iv)
	require.NoError(t, err)
	buffer := make([]byte, gcmBuffer)
	for rest := plaintext; len(rest) > 0; {
		n := copy(buffer[:gcmSegment], rest)
		rest = rest[n:]
		require.NoError(t, g.seal(buffer, n))
		ciphertext = append(ciphertext, buffer[:n]...)
		require.Equal(t, make([]byte, 16), buffer[n:n+16], "the internal value stays in the buffer")
	}
	tag = g.tag(aad)

	hashed, err := newGCMStream(key, iv)
	require.NoError(t, err)
	var values []gcmValue
	for rest := ciphertext; len(rest) > 0; {
		n := min(len(rest), gcmSegment)
		q, err := hashed.hash(rest[:n])
		require.NoError(t, err)
		values = append(values, q)
		rest = rest[n:]
	}
	require.Equal(t, tag, hashed.tag(aad), "hashing alone gives another tag")
	var opened []byte
	for i, q := range values {
		n := copy(buffer[:gcmSegment], ciphertext[i*gcmSegment:])
		require.NoError(t, hashed.open(buffer, n, uint64(i*gcmSegment), q))
		opened = append(opened, buffer[:n]...)
	}
	require.True(t, bytes.Equal(plaintext, opened))
	return ciphertext, tag
}

func requireSameAsLibrary(t testing.TB, key *[32]byte, iv, plaintext, aad []byte) {
	block, err := aes.NewCipher(key[:])
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	want := gcm.Seal(nil, iv, plaintext, aad)
	ciphertext, tag := wholeGCM(t, key, iv, plaintext, aad)
	require.True(t, bytes.Equal(want, append(ciphertext, tag[:]...)), "size %d, additional data %d", len(plaintext), len(aad))
}

func TestGCMStreamEqualsLibrary(t *testing.T) {
	var key [32]byte
	iv := make([]byte, 12)
	content := make([]byte, 1000000)
	rand.Read(content)
	for _, size := range []int{0, 1, 15, 16, 17, 31, 32, 33, 65520, 65535, 65536, 65537, 131071, 131072, 131073, 200003, 1000000} {
		for _, a := range []int{0, 1, 5, 16, 40, 65536, 65537} {
			rand.Read(key[:])
			rand.Read(iv)
			requireSameAsLibrary(t, &key, iv, content[:size], content[1:1+a])
		}
	}
}

func FuzzGCMStream(f *testing.F) {
	f.Add(uint64(1), uint32(0), uint16(0))
	f.Add(uint64(2), uint32(65536), uint16(16))
	f.Add(uint64(3), uint32(131073), uint16(5))
	f.Fuzz(func(t *testing.T, seed uint64, size uint32, aad uint16) {
		var s [32]byte
		s[0], s[1], s[2], s[3] = byte(seed), byte(seed>>8), byte(seed>>16), byte(seed>>24)
		r := mathrand.NewChaCha8(s)
		var key [32]byte
		iv, content, data := make([]byte, 12), make([]byte, size%300000), make([]byte, aad)
		r.Read(key[:])
		r.Read(iv)
		r.Read(content)
		r.Read(data)
		requireSameAsLibrary(t, &key, iv, content, data)
	})
}

// A counter near its end: no test can encrypt 64 GiB, so the state is put there and one segment compared with the library's CTR.
func TestGCMStreamHighCounter(t *testing.T) {
	var key [32]byte
	rand.Read(key[:])
	iv := bytes.Repeat([]byte{0xFF}, 12)
	for _, segment := range []uint64{1, 2, 1023, 65535, 1 << 19, 1<<20 - 1} {
		g, err := newGCMStream(&key, iv)
		require.NoError(t, err)
		g.absorbed = segment * gcmSegment
		n := gcmSegment
		if segment == 1<<20-1 {
			n -= 32 // the very last segment allowed
		}
		plaintext := make([]byte, n, gcmBuffer)
		rand.Read(plaintext)
		counter := g.counter(uint32(segment*gcmSegment/16 + 2))
		want := make([]byte, n)
		cipher.NewCTR(g.block, counter[:]).XORKeyStream(want, plaintext)
		buffer := append(make([]byte, 0, gcmBuffer), plaintext...)
		require.NoError(t, g.seal(buffer[:gcmBuffer], n))
		require.True(t, bytes.Equal(want, buffer[:n]), "segment %d", segment)
	}
}

func TestGCMStreamLimits(t *testing.T) {
	var key [32]byte
	_, err := newGCMStream(&key, make([]byte, 16))
	require.Error(t, err)
	g, err := newGCMStream(&key, make([]byte, 12))
	require.NoError(t, err)
	buffer := make([]byte, gcmBuffer+1)

	require.ErrorIs(t, g.seal(buffer, 0), errGCMSegment)
	require.ErrorIs(t, g.seal(buffer, gcmSegment+1), errGCMSegment)
	g.absorbed = gcmMaxContent - gcmSegment + 32
	require.ErrorIs(t, g.seal(buffer, gcmSegment), errGCMTooLong)
	require.ErrorIs(t, g.seal(buffer, gcmSegment-31), errGCMTooLong)
	require.NoError(t, g.seal(buffer, gcmSegment-32))
	_, err = g.hash(buffer[:1])
	require.ErrorIs(t, err, errGCMSegment, "nothing follows a short segment")
}

// What open lets through is what hash saw: any other octet, or another place, gives an error and zeros.
func TestGCMStreamOpenNoticesChange(t *testing.T) {
	var key [32]byte
	rand.Read(key[:])
	g, err := newGCMStream(&key, make([]byte, 12))
	require.NoError(t, err)
	segment := make([]byte, gcmSegment)
	rand.Read(segment)
	first, err := g.hash(segment)
	require.NoError(t, err)
	short, err := g.hash(segment[:1000])
	require.NoError(t, err)

	try := func(n int, offset uint64, q gcmValue, change func([]byte)) error {
		buffer := make([]byte, gcmBuffer)
		copy(buffer, segment)
		change(buffer)
		err := g.open(buffer, n, offset, q)
		if err != nil {
			require.Equal(t, make([]byte, n+16), buffer[:n+16])
		}
		return err
	}
	same := func([]byte) {}
	require.NoError(t, try(gcmSegment, 0, first, same))
	require.NoError(t, try(1000, gcmSegment, short, same))
	require.ErrorIs(t, try(gcmSegment, 0, short, same), errGCMChanged)
	require.ErrorIs(t, try(999, gcmSegment, short, same), errGCMChanged)
	for _, at := range []int{0, 1, 65535, 30000} {
		require.ErrorIs(t, try(gcmSegment, 0, first, func(b []byte) { b[at] ^= 1 }), errGCMChanged)
	}
	g.wipe()
	require.Equal(t, gcmStream{}, *g)
}

func TestGCMField(t *testing.T) {
	random := func() gcmElement {
		var b [16]byte
		rand.Read(b[:])
		return gcmElementOf(&b)
	}
	for range 100 {
		a, b, c := random(), random(), random()
		require.Equal(t, a, a.mul(gcmOne))
		require.Equal(t, a.mul(b), b.mul(a))
		require.Equal(t, a.mul(b.add(c)), a.mul(b).add(a.mul(c)))
		require.Equal(t, gcmOne, a.mul(a.inverse()))
		require.Equal(t, a.timesX(), a.mul(gcmElement{hi: 1 << 62}))
		require.Equal(t, a.mul(a).mul(a).mul(a).mul(a), a.pow(5))
	}
	require.Equal(t, gcmElement{}, gcmElement{}.inverse())
	require.Equal(t, gcmOne, random().pow(0))
}

func BenchmarkGCM(b *testing.B) {
	const size = 16 << 20
	var key [32]byte
	iv := make([]byte, 12)
	content := make([]byte, size, size+16)
	block, _ := aes.NewCipher(key[:])
	gcm, _ := cipher.NewGCM(block)
	b.Run("library, whole", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			gcm.Seal(content[:0], iv, content, nil)
		}
	})
	b.Run("library, 64 KiB at once", func(b *testing.B) {
		b.SetBytes(size)
		buffer := make([]byte, gcmBuffer)
		for b.Loop() {
			for range size / gcmSegment {
				gcm.Seal(buffer[:0], iv, buffer[:gcmSegment], nil)
			}
		}
	})
	b.Run("CTR and hash", func(b *testing.B) {
		b.SetBytes(size)
		buffer := make([]byte, gcmBuffer)
		for b.Loop() {
			g, _ := newGCMStream(&key, iv)
			c := g.counter(2)
			ctr := cipher.NewCTR(block, c[:])
			for range size / gcmSegment {
				ctr.XORKeyStream(buffer[:gcmSegment], buffer[:gcmSegment])
				g.hash(buffer[:gcmSegment])
			}
		}
	})
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(size)
		buffer := make([]byte, gcmBuffer)
		for b.Loop() {
			g, _ := newGCMStream(&key, iv)
			for range size / gcmSegment {
				g.seal(buffer, gcmSegment)
			}
		}
	})
	b.Run("hash", func(b *testing.B) {
		b.SetBytes(size)
		buffer := make([]byte, gcmBuffer)
		for b.Loop() {
			g, _ := newGCMStream(&key, iv)
			for range size / gcmSegment {
				g.hash(buffer[:gcmSegment])
			}
		}
	})
	b.Run("setup", func(b *testing.B) {
		for b.Loop() {
			newGCMStream(&key, iv)
		}
	})
}
