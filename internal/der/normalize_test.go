package der_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
)

// overlapping is the input that costs other CMS parsers 15 s and 3.7 GB: lengths that overlap under an indefinite one.
const overlapping = "MIAwAjACMAIwAjACMAIwMDACMDAwAjAwMAIwIDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwMDACMAIwAjACMAIwAjACMDAwAjAwMAIwMDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwAjACMAIwAjACQQIwMDA="

func overlap(t testing.TB) []byte {
	b, err := base64.StdEncoding.DecodeString(overlapping)
	require.NoError(t, err)
	require.Len(t, b, 137)
	return b
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ name, ber, want string }{
		{"DER stays", "3003020105", "3003020105"},
		{"indefinite", "3080 0201050000", "3003020105"},
		{"indefinite in indefinite", "3080 3080 0201050000 0500 0000", "3007 3003020105 0500"},
		{"indefinite in definite", "3007 3080 0201050000", "3005 3003020105"},
		{"definite in indefinite", "3080 3003020105 0000", "3005 3003020105"},
		{"empty indefinite", "30800000", "3000"},
		{"long lengths", "3083000007 028400000001 05", "3003020105"},
		{"length shrinks by a digit", "308180" + "04 8200 7c" + zeros(124), "307e 047c" + zeros(124)},
		{"length shrinks", "30820083" + "0482007f" + zeros(127), "308181 047f" + zeros(127)},
		{"octet string joined", "2480 0402 0102 0401 03 0000", "0403 010203"},
		{"octet string joined, definite", "2407 0402 0102 0401 03", "0403 010203"},
		{"octet string of nothing", "24800000", "0400"},
		{"octet string of empty pieces", "2480 0400 0400 0000", "0400"},
		{"octet string nested", "2480 2480 0401 01 2404 0402 0203 0000 0401 04 0000", "0404 01020304"},
		{"bit string joined", "2380 0303 00 0102 0303 04 03f0 0000", "0305 04 010203f0"}, // X.690 §8.6.4
		{"bit string of nothing", "23800000", "0301 00"},
		{"bit string of an empty piece", "2380 0301 00 0000", "0301 00"},
		{"bit string nested", "2380 2305 0303 00 0102 0302 07 80 0000", "0304 07 010280"},
		{"bit string inside a sequence", "3080 2380 0302 01 fe 0000 0302 0001 0000", "3008 0302 01fe 0302 0001"},
		{"character string joined", "3a09 0403 4a6f6e 0402 6573", "1a05 4a6f6e6573"}, // X.690 §8.23.6
		{"utf8 joined", "2c80 0402 c3a9 0000", "0c02 c3a9"},
		{"time joined", "3780 040d 3530303130313030303030305a 0000", "170d 3530303130313030303030305a"},
		{"context class stays constructed", "a080 0401 01 0401 02 0000", "a006 040101 040102"},
		{"high tag", "bf8100 80 020105 0000", "bf810003020105"},
		{"primitives are left alone", "3080 010101 02020001 0300 0000", "3009 010101 02020001 0300"},
		{"sets are left alone", "3180 020102 020101 0000", "3106 020102 020101"},
		{"grows: indefinite is shorter than a long length", "3080 3080 0482 0100" + zeros(256) + "0000 0000", "30820108 30820104 04820100" + zeros(256)},
	} {
		t.Run(c.name, func(t *testing.T) {
			ber, want := mustHex(t, c.ber), mustHex(t, c.want)
			before := bytes.Clone(ber)
			got, err := der.Normalize(ber, der.Limits{})
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%x", want), fmt.Sprintf("%x", got))
			require.Equal(t, before, ber, "the input is not touched")
			require.NoError(t, der.CheckStructure(got, der.Limits{}))
			again, err := der.Normalize(got, der.Limits{})
			require.NoError(t, err)
			require.Equal(t, got, again)

			oracle, n, ok := slowNormalize(ber)
			require.True(t, ok)
			require.Equal(t, len(ber), n)
			require.Equal(t, want, oracle)

			out, n, err := der.NormalizePrefix(append(before, 0, 0, 0), der.Limits{})
			require.NoError(t, err, "zeros after the element, as in a PDF")
			require.Equal(t, len(ber), n)
			require.Equal(t, want, out)
		})
	}
}

func TestNormalizeRefuses(t *testing.T) {
	for _, c := range []struct {
		name, input string
		offset      int
		reason      string
	}{
		{"nothing", "", 0, "ends within"},
		{"panic seed of another parser", "1f80", 1, "zero digit"},
		{"panic seed of another parser, length", "3081", 2, "ends within a length"},
		{"never ends", "3080", 2, "ends within"},
		{"never ends, with content", "3080020105", 5, "ends within"},
		{"half an end", "308002010500", 6, "ends within"},
		{"an end outside", "0000", 0, "end-of-contents"},
		{"an end in a definite length", "30020000", 2, "end-of-contents"},
		{"an end with content", "3080 0001 00 0000", 2, "end-of-contents"},
		{"an end with a long length", "3080 008100 0000", 2, "end-of-contents"},
		{"a second end", "30800000 0000", 4, "after the element"},
		{"indefinite primitive", "0480 0000", 1, "indefinite length on a primitive"},
		{"the parent ends before the end", "3005 3080 020105 0000", 7, "ends within"},
		{"beyond the parent", "3080 040500 0000", 2, "beyond the parent"},
		{"beyond a definite parent", "3004 0403 0000 00", 2, "beyond the parent"},
		{"reserved length", "30ff", 1, "reserved"},
		{"octet string holds another type", "2480 0c0101 0000", 2, "another type"},
		{"octet string holds a context tag", "2480 800101 0000", 2, "another type"},
		{"bit string holds octets", "2380 040101 0000", 2, "another type"},
		{"character string holds itself", "2c80 0c0101 0000", 2, "another type"},
		{"bit string cut in the middle of an octet", "2380 0302 01fe 0302 00ff 0000", 6, "after one that has unused bits"},
		{"the same, nested", "2380 2304 0302 01fe 0302 00ff 0000", 8, "after one that has unused bits"},
		{"a piece without its count", "2380 0300 0000", 2, "unused bits"},
		{"a piece with too many", "2380 0302 0800 0000", 2, "unused bits"},
		{"an empty piece with unused bits", "2380 0301 01 0000", 2, "unused bits"},
		{"constructed integer", "2280 020101 0000", 0, "always primitive"},
		{"primitive sequence", "3080 1000 0000", 2, "primitive form"},
		{"trailing", "30800000 05", 4, "after the element"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := mustHex(t, c.input)
			out, err := der.Normalize(b, der.Limits{})
			require.Nil(t, out)
			var syntax *der.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Contains(t, syntax.Reason, c.reason)
			require.Equal(t, c.offset, syntax.Offset)
			require.NotErrorIs(t, err, der.ErrLimit)
			oracle, n, ok := slowNormalize(b)
			require.False(t, ok && n == len(b), "%x", oracle)
		})
	}
}

func TestNormalizeBounds(t *testing.T) {
	deep := func(n int) []byte {
		return append(bytes.Repeat([]byte{0x30, 0x80}, n), make([]byte, 2*n)...)
	}
	_, err := der.Normalize(deep(64), der.Limits{})
	require.NoError(t, err)
	_, err = der.Normalize(deep(65), der.Limits{})
	require.ErrorIs(t, err, der.ErrLimit)
	require.ErrorContains(t, err, "nest too deep, the bound is 64")
	_, err = der.Normalize(bytes.Repeat([]byte{0x30, 0x80}, 1<<20), der.Limits{})
	require.ErrorIs(t, err, der.ErrLimit, "depth is met first, whatever comes")

	wide := append(append([]byte{0x30, 0x80}, bytes.Repeat([]byte{5, 0}, 10)...), 0, 0)
	_, err = der.Normalize(wide, der.Limits{Elements: 11})
	require.NoError(t, err)
	_, err = der.Normalize(wide, der.Limits{Elements: 10})
	require.ErrorIs(t, err, der.ErrLimit)
	_, err = der.Normalize(wide, der.Limits{Size: len(wide)})
	require.NoError(t, err)
	for size := 1; size < len(wide); size++ {
		_, err = der.Normalize(wide, der.Limits{Size: size})
		require.ErrorIs(t, err, der.ErrLimit, "size %d", size)
	}
	_, err = der.Normalize(wide[:len(wide)-1], der.Limits{Size: len(wide) - 1})
	require.NotErrorIs(t, err, der.ErrLimit, "cut where the bound is: it is cut")
	_, err = der.Normalize(mustHex(t, "04 84 10000000"), der.Limits{})
	require.NotErrorIs(t, err, der.ErrLimit, "a length that is only claimed is no size")

	out, n, err := der.NormalizePrefix(append(wide, make([]byte, 1000)...), der.Limits{Size: len(wide)})
	require.NoError(t, err, "what follows the element does not count")
	require.Equal(t, len(wide), n)
	require.Len(t, out, 22)
}

// The overlapping lengths are refused at the first octet that goes beyond its parent, before a list of any size exists.
func TestNormalizeOverlappingLengths(t *testing.T) {
	input := overlap(t)
	_, err := der.Normalize(input, der.Limits{})
	var syntax *der.SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.Contains(t, syntax.Reason, "beyond the parent")
	require.Equal(t, 4, syntax.Offset, "the second element of the sequence")
	require.LessOrEqual(t, allocatedBy(func() { _, _ = der.Normalize(input, der.Limits{}) }), uint64(2048))
	_, err = der.Normalize(input, der.Limits{Elements: 2})
	require.ErrorContains(t, err, "beyond the parent", "two elements are all it looks at")
}

// Work is proportional to the input however it nests: memory tells, as time would not in a test.
func TestNormalizeIsLinear(t *testing.T) {
	for _, n := range []int{1000, 10000, 100000} {
		for name, input := range map[string][]byte{
			"flat":   append(append([]byte{0x30, 0x80}, bytes.Repeat([]byte{5, 0}, n)...), 0, 0),
			"nested": append(append(bytes.Repeat([]byte{0x30, 0x80}, 40), bytes.Repeat([]byte{4, 1, 1}, n)...), make([]byte, 80)...),
			"pieces": append(append([]byte{0x24, 0x80}, bytes.Repeat([]byte{4, 1, 1}, n)...), 0, 0),
			"towers": append(append([]byte{0x30, 0x80}, bytes.Repeat(mustHex(t, "24802480248004010100000000 0000"), n)...), 0, 0),
		} {
			got := allocatedBy(func() {
				_, err := der.Normalize(input, der.Limits{})
				require.NoError(t, err)
			})
			require.LessOrEqual(t, got, ceiling(len(input)), "%s of %d octets", name, len(input))
		}
	}
}

// ceiling is what Normalize may allocate: 16 octets for each element, of two octets at least, in a list that grows by a
// quarter; then the output. The stacks of deep inputs are the constant.
func ceiling(size int) uint64 { return uint64(50*size) + 16384 }

// allocatedBy returns the octets that f allocates, freed or not.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// slowNormalize is the definition, copied at each level: an oracle for small inputs. It knows no bound on depth: where Normalize
// meets its own there is nothing to compare.
func slowNormalize(b []byte) (out []byte, n int, ok bool) {
	h, err := der.ReadHeader(b)
	if err != nil {
		return nil, 0, false
	}
	n = h.Size
	rest := b[n:]
	if h.Length != der.Indefinite {
		if h.Length > len(rest) {
			return nil, 0, false
		}
		rest = rest[:h.Length]
		n += h.Length
	}
	isUniversal := h.Class == der.ClassUniversal
	isString := isUniversal && (h.Number >= 3 && h.Number <= 4 || h.Number == 7 || h.Number == 12 || h.Number >= 18 && h.Number <= 28 || h.Number == 30)
	isNested := isUniversal && (h.Number == 8 || h.Number == 11 || h.Number == 16 || h.Number == 17 || h.Number == 29)
	switch {
	case isUniversal && h.Number == 0, isNested && !h.Constructed, isUniversal && h.Number <= 36 && h.Constructed && !isString && !isNested:
		return nil, 0, false
	}
	identifier := bytes.Clone(b[:h.ID])
	var content []byte
	if !h.Constructed {
		content = rest
	}
	unused := byte(0)
	for h.Constructed {
		if h.Length == der.Indefinite && len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
			n += 2
			break
		}
		if h.Length != der.Indefinite && len(rest) == 0 {
			break
		}
		child, size, ok := slowNormalize(rest)
		if !ok {
			return nil, 0, false
		}
		if isString {
			want := byte(4)
			if h.Number == 3 {
				want = 3
			}
			if rest[0]&^0x20 != want {
				return nil, 0, false
			}
			header, _ := der.ReadHeader(child)
			child = child[header.Size:]
			if want == 3 {
				if unused != 0 || len(child) == 0 || child[0] > 7 || len(child) == 1 && child[0] != 0 {
					return nil, 0, false
				}
				unused, child = child[0], child[1:]
			}
		}
		content = append(content, child...)
		rest = rest[size:]
		if h.Length == der.Indefinite {
			n += size
		}
	}
	if isString && h.Constructed {
		identifier[0] &^= 0x20
		if h.Number == 3 {
			content = append([]byte{unused}, content...)
		}
	}
	return append(append(identifier, slowLength(len(content))...), content...), n, true
}

func slowLength(n int) []byte {
	if n < 128 {
		return []byte{byte(n)}
	}
	var digits []byte
	for ; n > 0; n >>= 8 {
		digits = append([]byte{byte(n)}, digits...)
	}
	return append([]byte{0x80 | byte(len(digits))}, digits...)
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out []byte
		var err error
		got := allocatedBy(func() { out, err = der.Normalize(b, der.Limits{}) })
		if got > ceiling(len(b)) {
			t.Fatalf("%d octets allocated for %d", got, len(b))
		}
		if err != nil {
			var syntax *der.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(b) {
				t.Fatalf("%v", err)
			}
		} else {
			if err := der.CheckStructure(out, der.Limits{}); err != nil {
				t.Fatalf("what came out is not DER: %v", err)
			}
			again, err := der.Normalize(out, der.Limits{})
			if err != nil || !bytes.Equal(again, out) {
				t.Fatalf("not idempotent: %v", err)
			}
		}
		if len(b) > 4096 || errors.Is(err, der.ErrLimit) {
			return
		}
		oracle, n, ok := slowNormalize(b)
		if ok = ok && n == len(b); ok != (err == nil) || ok && !bytes.Equal(oracle, out) {
			t.Fatalf("the definition says %v %x, Normalize %v %x", ok, oracle, err, out)
		}
	})
}

func FuzzCheck(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var sets, values, structure error
		got := allocatedBy(func() {
			sets, values, structure = der.CheckSets(b, der.Limits{}), der.Check(b, der.Limits{}), der.CheckStructure(b, der.Limits{})
		})
		if got > 16384 {
			t.Fatalf("%d octets allocated", got)
		}
		if sets == nil && values != nil || values == nil && structure != nil {
			t.Fatalf("stricter checks accept more: %v, %v, %v", sets, values, structure)
		}
		out, err := der.Normalize(b, der.Limits{})
		if structure == nil && (err != nil || !bytes.Equal(out, b)) {
			t.Fatalf("DER that Normalize changes: %v", err)
		}
		if structure != nil && err == nil && bytes.Equal(out, b) {
			t.Fatalf("%v, and Normalize leaves it", structure)
		}
	})
}

// seeds are the inputs of the tables above and those that broke others.
func seeds(t testing.TB) [][]byte {
	var list [][]byte
	for _, text := range []string{"1f80", "3081", "30800000", "3080 3080 0201050000 0500 0000", "2380 0303 00 0102 0303 04 03f0 0000",
		"2480 2480 0401 01 2404 0402 0203 0000 0401 04 0000", "3a09 0403 4a6f6e 0402 6573", "bf8100 80 020105 0000",
		"308300000702840000000105", "3106 020102 020101", "3009 010101 02020001 0300", "06032a8001", "03020781"} {
		list = append(list, mustHex(t, text))
	}
	list = append(list, overlap(t), nest(64), nest(66), []byte(strings.Repeat("\x30\x80", 70)))
	require.NotEmpty(t, list)
	return list
}

func BenchmarkNormalizeOverlapping(b *testing.B) {
	input := overlap(b)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = der.Normalize(input, der.Limits{})
	}
}

// BenchmarkNormalize compares with a copy of the same octets, the least that an output costs.
func BenchmarkNormalize(b *testing.B) {
	piece := append([]byte{0x04, 0x82, 0x10, 0x00}, make([]byte, 4096)...)
	chunks := append(append(mustHex(b, "3080 2480"), bytes.Repeat(piece, 256)...), 0, 0, 0, 0)
	small := append(append([]byte{0x30, 0x80}, bytes.Repeat(mustHex(b, "300a 0603551d0e 0403 010203"), 10000)...), 0, 0)
	clean, err := der.Normalize(small, der.Limits{})
	require.NoError(b, err)
	for name, input := range map[string][]byte{"pieces of 4 KiB": chunks, "small elements": small, "DER already": clean} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = der.Normalize(input, der.Limits{})
			}
		})
	}
	b.Run("copy", func(b *testing.B) {
		b.SetBytes(int64(len(small)))
		for b.Loop() {
			_ = bytes.Clone(small)
		}
	})
}
