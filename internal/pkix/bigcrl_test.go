package pkix_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A bigCRL is a list of any length that is made while it is read: entry i has the serial number 0x40 followed by i in 15
// octets, a date, and the reason keyCompromise. It is signed, so that its octets are hashed once to be made.
type bigCRL struct {
	head, tail []byte
	entries    int
}

const bigEntry = 49 // octets

func bigSerial(i int) []byte {
	serial := make([]byte, 16)
	serial[0] = 0x40
	binary.BigEndian.PutUint64(serial[8:], uint64(i))
	return serial
}

func appendBigEntry(b []byte, i int) []byte {
	b = append(b, 0x30, bigEntry-2, 2, 16)
	b = append(b, bigSerial(i)...)
	b = append(b, 23, 13)
	b = append(b, "260102030405Z"...)
	return append(b, 0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1, 1)
}

// header returns the identifier and length octets of an element.
func header(tag byte, length int) []byte {
	if length < 0x80 {
		return []byte{tag, byte(length)}
	}
	digits := bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, uint64(length)), "\x00")
	return append([]byte{tag, 0x80 | byte(len(digits))}, digits...)
}

func newBigCRL(t testing.TB, entries int) *bigCRL {
	key := ecKey()
	public, err := pkix.NewPublicKeyInfo(key.Public())
	require.NoError(t, err)
	scheme, err := pkix.SchemeFor(public, crypto.SHA256, false)
	require.NoError(t, err)
	algorithm := scheme.AlgorithmIdentifier(public).Marshal()
	before := append([]byte{2, 1, 1}, algorithm...)
	before = append(before, 0x30, 13, 0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 3, 12, 2, 'A', 'C') // CN=AC
	before = append(before, 23, 13)
	before = append(before, "260301000000Z"...)
	before = append(before, 23, 13)
	before = append(before, "260401000000Z"...)
	before = append(before, header(0x30, entries*bigEntry)...)
	var after cryptobyte.Builder
	after.AddASN1(asn1.Tag(0xa0), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				der.AddOID(b, pkix.OIDCRLNumber)
				b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1Int64(77) })
			})
		})
	})
	extensions := after.BytesOrPanic()
	content := len(before) + entries*bigEntry + len(extensions)
	tbs := header(0x30, content)
	c := &bigCRL{head: append(tbs, before...), tail: extensions, entries: entries}
	digest := sha256.New()
	_, err = io.Copy(digest, c.Reader())
	require.NoError(t, err)
	value, err := ecdsa.SignASN1(rand.Reader, key, digest.Sum(nil))
	require.NoError(t, err)
	c.tail = append(append(append(c.tail, algorithm...), header(3, len(value)+1)...), 0)
	c.tail = append(c.tail, value...)
	c.head = append(header(0x30, len(tbs)+content+len(algorithm)+len(header(3, len(value)+1))+1+len(value)), c.head...)
	return c
}

func (c *bigCRL) Size() int64 { return int64(len(c.head) + c.entries*bigEntry + len(c.tail)) }

func (c *bigCRL) Reader() io.Reader {
	return io.MultiReader(bytes.NewReader(c.head), &bigEntries{left: c.entries}, bytes.NewReader(c.tail))
}

// bigEntries makes entries as they are read.
type bigEntries struct {
	next, left int
	ready      []byte
	room       []byte
}

func (b *bigEntries) Read(p []byte) (int, error) {
	if len(b.ready) == 0 {
		if b.left == 0 {
			return 0, io.EOF
		}
		b.room = b.room[:0]
		for range min(b.left, 512) {
			b.room = appendBigEntry(b.room, b.next)
			b.next++
			b.left--
		}
		b.ready = b.room
	}
	n := copy(p, b.ready)
	b.ready = b.ready[n:]
	return n, nil
}

// A list of a million entries, 50 MB, is read and its signature verified in a few hundred KiB.
func TestReadBigCRL(t *testing.T) {
	const entries = 1_050_000
	list := newBigCRL(t, entries)
	require.Greater(t, list.Size(), int64(50_000_000))
	public, err := pkix.NewPublicKeyInfo(ecKey().Public())
	require.NoError(t, err)

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	crl, err := pkix.ReadCRL(context.Background(), list.Reader(), bigSerial(0), bigSerial(777_777), bigSerial(entries-1), bigSerial(entries))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "all that was allocated, collected or not")

	require.NoError(t, crl.Verify(public))
	require.Equal(t, list.Size(), crl.Size)
	require.Equal(t, entries, crl.Count)
	require.False(t, crl.Complete)
	require.Len(t, crl.Entries, 3)
	for i, n := range []int{0, 777_777, entries - 1} {
		require.Equal(t, bigSerial(n), crl.Entries[i].Serial)
		require.Equal(t, 1, crl.Entries[i].Reason)
		require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), crl.Entries[i].Date)
	}
	require.Equal(t, "77", crl.Number.String())

	digest := sha256.New()
	io.Copy(digest, list.Reader())
	require.Equal(t, digest.Sum(nil), crl.ID[:])
}

var bigInMemory = sync.OnceValue(func() []byte {
	list := newBigCRL(&testing.B{}, 1_050_000)
	raw, err := io.ReadAll(list.Reader())
	if err != nil {
		panic(err)
	}
	return raw
})

// Beside BenchmarkBigCRLHash: the ratio is what reading costs over one SHA-256 of the same octets.
func BenchmarkBigCRL(b *testing.B) {
	raw, wanted := bigInMemory(), bigSerial(777_777)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pkix.ReadCRL(context.Background(), bytes.NewReader(raw), wanted); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBigCRLHash(b *testing.B) {
	raw := bigInMemory()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		sha256.Sum256(raw)
	}
}

// A list of the size that a signature carries.
func BenchmarkSmallCRL(b *testing.B) {
	raw := list(b, march, april, seq(entry([]byte{1}, reason(1)), entry([]byte{2})), crlExtensions(crlExtension(pkix.OIDCRLNumber, false, []byte{2, 1, 7})))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pkix.ParseCRL(raw, []byte{1}); err != nil {
			b.Fatal(err)
		}
	}
}
