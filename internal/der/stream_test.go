package der_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
)

func unhex(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return b
}

// streams reads the same input from memory and from readers of several habits.
func streams(b []byte, l der.Limits) map[string]*der.Stream {
	ctx := context.Background()
	return map[string]*der.Stream{
		"memory":          der.NewMemoryStream(b, l),
		"reader":          der.NewStream(ctx, bytes.NewReader(b), l),
		"one octet":       der.NewStream(ctx, iotest.OneByteReader(bytes.NewReader(b)), l),
		"data with EOF":   der.NewStream(ctx, iotest.DataErrReader(bytes.NewReader(b)), l),
		"half reads":      der.NewStream(ctx, iotest.HalfReader(bytes.NewReader(b)), l),
		"some empty read": der.NewStream(ctx, &lazyReader{bytes.NewReader(b), 0}, l),
	}
}

// lazyReader returns nothing, and no error, two times out of three.
type lazyReader struct {
	r io.Reader
	n int
}

func (l *lazyReader) Read(p []byte) (int, error) {
	if l.n++; l.n%3 != 0 {
		return 0, nil
	}
	return l.r.Read(p)
}

func TestStreamWalks(t *testing.T) {
	// SEQUENCE { INTEGER 5, indefinite SEQUENCE { NULL, indefinite [1] { OCTET STRING } }, segmented OCTET STRING, [31] "x" }
	input := unhex(t, "30 80 02 01 05  30 80 05 00 a1 80 04 01 aa 00 00 00 00  24 80 04 02 0102 24 04 04 02 0304 04 00 00 00  9f 1f 01 78  00 00")
	for name, s := range streams(input, der.Limits{}) {
		t.Run(name, func(t *testing.T) {
			require.True(t, s.More())
			require.EqualValues(t, asn1.SEQUENCE, s.Peek())
			require.True(t, s.Enter(asn1.SEQUENCE))
			require.EqualValues(t, 2, s.Offset())
			require.True(t, s.Definite())
			require.Equal(t, unhex(t, "020105"), s.Raw())
			require.False(t, s.Definite())
			require.Equal(t, unhex(t, "30 80 05 00 a1 80 04 01 aa 00 00 00 00"), s.Raw())
			var octets bytes.Buffer
			require.EqualValues(t, 4, s.Octets(asn1.OCTET_STRING, &octets))
			require.Equal(t, unhex(t, "01020304"), octets.Bytes())
			require.EqualValues(t, 0x9f, s.Peek())
			require.EqualValues(t, 1, s.Contents(nil))
			require.False(t, s.More())
			require.EqualValues(t, 0, s.Peek())
			require.True(t, s.Leave())
			require.True(t, s.End())
			require.NoError(t, s.Err())
			require.EqualValues(t, len(input), s.Offset())
		})
	}
}

func TestStreamElementIsDER(t *testing.T) {
	input := unhex(t, "30 80 02 81 01 05 24 80 04 01 01 04 01 02 00 00 00 00")
	for name, s := range streams(input, der.Limits{}) {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, unhex(t, "30 07 02 01 05 04 02 0102"), s.Element())
			require.True(t, s.End())
		})
	}
}

func TestStreamSince(t *testing.T) {
	s := der.NewMemoryStream(unhex(t, "30 05 02 01 05 05 00"), der.Limits{})
	s.Enter(asn1.SEQUENCE)
	start := s.Offset()
	s.Skip()
	s.Skip()
	require.Equal(t, unhex(t, "02 01 05 05 00"), s.Since(start))
	require.Nil(t, s.Since(-1))
	require.Nil(t, s.Since(99))
	require.Nil(t, der.NewStream(context.Background(), bytes.NewReader(nil), der.Limits{}).Since(0))
}

// TestStreamRefuses gives inputs that are no BER, and says why each is not.
func TestStreamRefuses(t *testing.T) {
	deep := strings.Repeat("3080", 100) + strings.Repeat("0000", 100)
	tests := []struct{ name, input, reason string }{
		{"nothing", "", "ends within an identifier"},
		{"half a header", "30", "ends within an identifier"},
		{"half a length", "30 82 01", "ends within an identifier"},
		{"less than the length", "04 05 01 02", "ends within an element"},
		{"length of a child beyond its parent", "30 03 04 02 01 01", "goes beyond the parent"},
		{"header of a child beyond its parent", "30 01 04 00", "goes beyond the parent"},
		{"end-of-contents in a definite length", "30 02 00 00", "end-of-contents"},
		{"end-of-contents alone", "00 00", "end-of-contents"},
		{"end-of-contents with a length", "30 80 00 01 00 00 00", "end-of-contents"},
		{"no end-of-contents", "30 80 02 01 05", "ends within an identifier"},
		{"half an end-of-contents", "30 80 02 01 05 00", "ends within an identifier"},
		{"indefinite primitive", "04 80 00 00", "indefinite length on a primitive"},
		{"reserved length", "04 ff", "more than 8 octets"},
		{"nine length octets", "04 89 00 00 00 00 00 00 00 00 01 aa", "more than 8 octets"},
		{"64-bit length", "04 88 ff ff ff ff ff ff ff ff", "more than 56 bits"},
		{"primitive SEQUENCE", "10 00", "primitive form"},
		{"constructed INTEGER", "22 03 02 01 05", "always primitive"},
		{"high tag number in the low form", "9f 05 00", "under 31"},
		{"high tag number that never ends", "9f ff ff ff ff ff ff", "28 bits"},
		{"half a high tag number", "9f 81", "the input ends"},
		{"too deep", deep, "nest too deep"},
	}
	for _, test := range tests {
		for name, s := range streams(unhex(t, test.input), der.Limits{}) {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				for s.More() || s.Err() == nil && s.Offset() == 0 {
					if tag := s.Peek(); tag&0x20 != 0 && tag&0xc0 == 0 && s.Offset() == 0 && test.name != "too deep" {
						if s.Enter(tag) {
							for s.More() {
								s.Raw()
							}
							s.Leave()
						}
						continue
					}
					s.Raw()
				}
				require.ErrorContains(t, s.Err(), test.reason)
				var syntax *der.SyntaxError
				require.ErrorAs(t, s.Err(), &syntax)
				require.Equal(t, strings.Contains(test.reason, "too deep"), errors.Is(s.Err(), der.ErrLimit))
				first := s.Err()
				require.Nil(t, s.Raw())
				require.Zero(t, s.Octets(asn1.OCTET_STRING, nil))
				require.False(t, s.Enter(asn1.SEQUENCE))
				require.False(t, s.Leave())
				require.False(t, s.End())
				require.Equal(t, first, s.Err(), "the first error stays")
			})
		}
	}
}

func TestStreamRefusesStructure(t *testing.T) {
	expect := func(input, reason string, do func(*der.Stream)) {
		t.Helper()
		for name, s := range streams(unhex(t, input), der.Limits{}) {
			do(s)
			require.ErrorContains(t, s.Err(), reason, name)
		}
	}
	expect("30 00", "another type", func(s *der.Stream) { s.Enter(asn1.SET) })
	expect("04 00", "another type", func(s *der.Stream) { s.Enter(asn1.OCTET_STRING) })
	expect("30 02 05 00", "where its parent should end", func(s *der.Stream) { s.Enter(asn1.SEQUENCE); s.Leave() })
	expect("30 80 05", "where its parent should end", func(s *der.Stream) { s.Enter(asn1.SEQUENCE); s.Leave() })
	expect("30 80", "ends within an element", func(s *der.Stream) { s.Enter(asn1.SEQUENCE); s.Leave() })
	expect("05 00 00", "octets after", func(s *der.Stream) { s.Skip(); s.End() })
	expect("05 00", "none was entered", func(s *der.Stream) { s.Skip(); s.Leave() })
	expect("24 03 0c 01 78", "OCTET STRING", func(s *der.Stream) { s.Octets(asn1.OCTET_STRING, nil) })
	expect("24 80 a0 00 00 00", "OCTET STRING", func(s *der.Stream) { s.Octets(asn1.OCTET_STRING, nil) })
	expect("30 00", "OCTET STRING", func(s *der.Stream) { s.Octets(asn1.OCTET_STRING, nil) })
	expect("24 80 00 00", "definite", func(s *der.Stream) { s.Contents(nil) })
	expect("a0 80 04 01 78 00 00", "", func(s *der.Stream) { require.EqualValues(t, 1, s.Octets(0x80, nil)); s.End(); s.Refuse("") })
	expect("05 00", "because", func(s *der.Stream) { s.Refuse("because"); s.Refuse("later") })
	expect("05 00", "the bound is 7", func(s *der.Stream) { s.RefuseBeyond("x", 7) })
}

func TestStreamLimits(t *testing.T) {
	many := append([]byte{0x30, 0x80}, append(bytes.Repeat([]byte{5, 0}, 50), 0, 0)...)
	for name, s := range streams(many, der.Limits{Elements: 40}) {
		s.Raw()
		require.ErrorIs(t, s.Err(), der.ErrLimit, name)
	}
	for name, s := range streams(many, der.Limits{Elements: 51, Size: len(many)}) {
		require.Equal(t, many, s.Raw(), name)
		require.NoError(t, s.Err())
	}
	for name, s := range streams(many, der.Limits{Size: len(many) - 1}) {
		s.Raw()
		require.ErrorIs(t, s.Err(), der.ErrLimit, name)
	}
	// Segments of a string that flows are not kept and not counted, their depth is.
	segments := append([]byte{0x24, 0x80}, append(bytes.Repeat([]byte{4, 1, 7}, 50), 0, 0)...)
	for name, s := range streams(segments, der.Limits{Elements: 2, Size: 8, Depth: 1}) {
		require.EqualValues(t, 50, s.Octets(asn1.OCTET_STRING, nil), name)
		require.True(t, s.End(), name)
	}
	nested := unhex(t, "24 80 24 80 04 01 07 00 00 00 00")
	for name, s := range streams(nested, der.Limits{Depth: 1}) {
		s.Octets(asn1.OCTET_STRING, nil)
		require.ErrorIs(t, s.Err(), der.ErrLimit, name)
	}
}

// TestStreamLengthOnlyRead: a length that no octet follows costs no memory.
func TestStreamLengthOnlyRead(t *testing.T) {
	liar := unhex(t, "04 84 03 ff 00 00 01")
	before := totalAllocated()
	s := der.NewStream(context.Background(), bytes.NewReader(liar), der.Limits{})
	require.Nil(t, s.Raw())
	require.ErrorContains(t, s.Err(), "ends within")
	require.Less(t, totalAllocated()-before, uint64(256<<10))
}

func totalAllocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestStreamHostile is the input that costs digitorus/pkcs7 15 s and 3.7 GB.
func TestStreamHostile(t *testing.T) {
	input := hostileVector(t)
	for name, s := range streams(input, der.Limits{}) {
		start := time.Now()
		s.Element()
		require.Error(t, s.Err(), name)
		require.Less(t, time.Since(start), 2*time.Second, name)
	}
}

func hostileVector(t testing.TB) []byte {
	b, err := base64.StdEncoding.DecodeString(overlapping)
	require.NoError(t, err)
	require.Len(t, b, 137)
	return b
}

func TestStreamErrorsOfOthers(t *testing.T) {
	broken := errors.New("broken pipe")
	s := der.NewStream(context.Background(), io.MultiReader(bytes.NewReader([]byte{0x04, 0x05, 1}), iotest.ErrReader(broken)), der.Limits{})
	s.Octets(asn1.OCTET_STRING, nil)
	require.Equal(t, broken, s.Err(), "an error of the reader is not a syntax error")

	s = der.NewStream(context.Background(), iotest.ErrReader(nil), der.Limits{})
	s.Raw()
	require.Equal(t, io.ErrNoProgress, s.Err())

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s = der.NewStream(ctx, bytes.NewReader([]byte{5, 0}), der.Limits{})
	require.False(t, s.More())
	require.Equal(t, context.Canceled, s.Err())

	s = der.NewMemoryStream([]byte{4, 2, 1, 2}, der.Limits{})
	s.Octets(asn1.OCTET_STRING, writerFunc(func([]byte) (int, error) { return 0, broken }))
	require.Equal(t, broken, s.Err())
	s = der.NewMemoryStream([]byte{4, 2, 1, 2}, der.Limits{})
	s.Contents(writerFunc(func(p []byte) (int, error) { return 1, nil }))
	require.Equal(t, io.ErrShortWrite, s.Err())

	s = der.NewStream(context.Background(), readerFunc(func(p []byte) (int, error) { return len(p) + 1, nil }), der.Limits{})
	s.Raw()
	require.ErrorContains(t, s.Err(), "more than it was asked")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestStreamFlows passes 9 GiB, more than a 32-bit length, in memory that does not depend on it, in operations of at most
// 64 KiB. The source costs nothing: it does not fill the buffer.
func TestStreamFlows(t *testing.T) {
	const size = 9 << 30
	head := unhex(t, "04 85 02 40 00 00 00")
	largest := 0
	left := int64(size)
	source := readerFunc(func(p []byte) (int, error) {
		if len(head) > 0 {
			n := copy(p, head)
			head = head[n:]
			return n, nil
		}
		n := min(int64(len(p)), left)
		if left -= n; n == 0 {
			return 0, io.EOF
		}
		return int(n), nil
	})
	before := totalAllocated()
	s := der.NewStream(context.Background(), source, der.Limits{})
	n := s.Octets(asn1.OCTET_STRING, writerFunc(func(p []byte) (int, error) { largest = max(largest, len(p)); return len(p), nil }))
	require.EqualValues(t, size, n)
	require.True(t, s.End())
	require.LessOrEqual(t, largest, 64<<10)
	require.Less(t, totalAllocated()-before, uint64(256<<10))
}

// TestStreamPrefixes cuts a message everywhere: no prefix is taken for the whole.
func TestStreamPrefixes(t *testing.T) {
	whole := unhex(t, "30 80 02 01 05 a0 80 24 80 04 02 0102 00 00 00 00 31 03 02 01 07 00 00")
	for n := range whole {
		for name, s := range streams(whole[:n], der.Limits{}) {
			s.Raw()
			require.Error(t, s.Err(), "%s, %d octets", name, n)
		}
	}
}

// FuzzStream compares a Stream with Normalize, which was written apart, and memory with a reader.
func FuzzStream(f *testing.F) {
	f.Add(hostileVector(f))
	for _, seed := range []string{
		"3000", "0500", "308002010530800500a18004 01aa0000000024800402010224040402030404000000 9f1f01780000",
		"24800402010224800401030000 0000", "a08004017800 00", "308102 0500", "30840000000205 00", "2380 0302 00ff 0301 00 0000",
		strings.Repeat("3080", 70) + strings.Repeat("0000", 70),
	} {
		f.Add(unhex(f, seed))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(randomBER(r, 0))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		before := totalAllocated()
		memory := der.NewMemoryStream(input, der.Limits{})
		raw := memory.Raw()
		spent := totalAllocated() - before
		require.Less(t, spent, uint64(64<<10), "from memory nothing is copied")
		reader := der.NewStream(context.Background(), iotest.HalfReader(bytes.NewReader(input)), der.Limits{})
		copied := reader.Raw()
		require.Equal(t, memory.Err() == nil, reader.Err() == nil, "%v, %v", memory.Err(), reader.Err())
		require.True(t, bytes.Equal(raw, copied))
		if out, n, err := der.NormalizePrefix(input, der.Limits{}); err == nil {
			require.NoError(t, memory.Err())
			require.Len(t, raw, n)
			element := der.NewMemoryStream(input, der.Limits{}).Element()
			require.True(t, bytes.Equal(out, element))
		}
		var a, b bytes.Buffer
		memory, reader = der.NewMemoryStream(input, der.Limits{}), der.NewStream(context.Background(), iotest.OneByteReader(bytes.NewReader(input)), der.Limits{})
		memory.Octets(asn1.OCTET_STRING, &a)
		reader.Octets(asn1.OCTET_STRING, &b)
		require.Equal(t, memory.Err() == nil, reader.Err() == nil)
		require.True(t, bytes.Equal(a.Bytes(), b.Bytes()))
		require.LessOrEqual(t, a.Len(), len(input))
		if memory.Err() == nil && len(input) > 0 && input[0]&0x1f == 4 { // the content of a string is that of its DER
			if out, _, err := der.NormalizePrefix(input, der.Limits{}); err == nil {
				h, err := der.ReadHeader(out)
				require.NoError(t, err)
				require.True(t, bytes.Equal(out[h.Size:], a.Bytes()))
			}
		}
	})
}

// randomBER makes an element with indefinite lengths and long ones.
func randomBER(r *rand.Rand, depth int) []byte {
	if depth > 4 || r.IntN(3) == 0 {
		n := r.IntN(5)
		return append([]byte{0x04, 0x81, byte(n)}, make([]byte, n)...)
	}
	var content []byte
	for range r.IntN(4) {
		content = append(content, randomBER(r, depth+1)...)
	}
	tag := []byte{0x30, 0x31, 0xa0, 0x24}[r.IntN(4)]
	if r.IntN(2) == 0 {
		return append(append([]byte{tag, 0x80}, content...), 0, 0)
	}
	return append([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
}
