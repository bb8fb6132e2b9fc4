package der_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
)

func TestCheckAccepts(t *testing.T) {
	for _, text := range []string{
		"0500", "0101ff", "010100", "020100", "0201ff", "02020080", "0202ff7f", "030100", "03020780", "0400", "0c00",
		"3000", "3100", "a000", "8000", "06032a0304", "0a0101", "180f32303234303232393031303230335a",
		"3003020100", "3105 0401 61 0500",
		"1f1f00", "3f81 00 02 0500", "5f8fffff7f 00", // high tags, in their shortest form
		"bf1f03 020100",
		"048180" + zeros(128), "04820100" + zeros(256),
	} {
		b := mustHex(t, text)
		require.NoError(t, der.Check(b, der.Limits{}), text)
		require.NoError(t, der.CheckStructure(b, der.Limits{}), text)
	}
	require.NoError(t, der.CheckSets(mustHex(t, "3106 020101 020102"), der.Limits{}))
	require.NoError(t, der.CheckSets(mustHex(t, "3106 020101 020101"), der.Limits{}), "equal neighbours are in order")
	require.NoError(t, der.CheckSets(mustHex(t, "310a 3103 020102 3103 020103"), der.Limits{}), "sets of sets")
}

// Each refusal is at its octet and for its reason; structure tells whether CheckStructure refuses too.
func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct {
		name, input string
		offset      int
		reason      string
		structure   bool
	}{
		{"nothing", "", 0, "empty", true},
		{"an identifier alone", "30", 1, "ends within", true},
		{"panic seed of another parser", "1f80", 1, "zero digit", true},
		{"panic seed of another parser, length", "3081", 2, "ends within a length", true},
		{"a high tag cut", "1f81", 2, "ends within an identifier", true},
		{"a high tag without length", "1f1f", 2, "before a length", true},
		{"a high tag for a low number", "1f1e00", 0, "under 31", true},
		{"a tag of 29 bits", "1f818080800000", 5, "more than 28 bits", true},
		{"short length in long form", "3081020500", 0, "more octets than needed", true},
		{"leading zero in length", "0482000100", 0, "more octets than needed", true},
		{"indefinite", "30800000", 0, "indefinite", true},
		{"indefinite primitive", "04800000", 1, "indefinite length on a primitive", true},
		{"reserved length", "04ff", 1, "reserved", true},
		{"length of 5 octets", "0485010000000000", 1, "more than 32 bits", true},
		{"length of 2 GiB", "048480000000", 1, "more than 31 bits", true},
		{"beyond the input", "040200", 0, "beyond the parent", true},
		{"beyond the parent", "3003040200 00", 2, "beyond the parent", true},
		{"trailing", "050000", 2, "after the element", true},
		{"end of contents", "30020000", 2, "end-of-contents", true},
		{"constructed octet string", "2403040100", 0, "constructed form", true},
		{"constructed utf8", "2c03040100", 0, "constructed form", true},
		{"constructed time", "3703040100", 0, "constructed form", true},
		{"primitive sequence", "1000", 0, "primitive form", true},
		{"primitive set", "1100", 0, "primitive form", true},
		{"constructed integer", "2203020100", 0, "always primitive", true},
		{"constructed null", "2500", 0, "always primitive", true},
		{"boolean 01", "010101", 2, "BOOLEAN", false},
		{"empty boolean", "0100", 2, "BOOLEAN", false},
		{"empty integer", "0200", 2, "INTEGER", false},
		{"padded integer", "02020001", 2, "INTEGER", false},
		{"padded negative", "0202ff80", 2, "INTEGER", false},
		{"padded enumerated", "0a020001", 2, "INTEGER", false},
		{"null with content", "050100", 2, "NULL", false},
		{"bit string without count", "0300", 2, "unused bits", false},
		{"bit string of 8 unused", "03020800", 2, "unused bits", false},
		{"empty bit string with unused", "030101", 2, "unused bits", false},
		{"bit string padded with ones", "03020781", 2, "not zero", false},
		{"padded arc", "06032a8001", 2, "OBJECT IDENTIFIER", false},
		{"cut arc", "06022a80", 2, "OBJECT IDENTIFIER", false},
		{"empty oid", "0600", 2, "OBJECT IDENTIFIER", false},
		{"deep inside", "30073005a003010101", 8, "BOOLEAN", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := mustHex(t, c.input)
			err := der.Check(b, der.Limits{})
			var syntax *der.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Contains(t, syntax.Reason, c.reason)
			require.Equal(t, c.offset, syntax.Offset)
			require.NotErrorIs(t, err, der.ErrLimit)
			if c.structure {
				require.Error(t, der.CheckStructure(b, der.Limits{}))
			} else {
				require.NoError(t, der.CheckStructure(b, der.Limits{}))
			}
		})
	}
	err := der.CheckSets(mustHex(t, "3008 3106 020102 020101"), der.Limits{})
	require.ErrorContains(t, err, "at octet 7: elements of a SET OF out of order")
	require.NoError(t, der.Check(mustHex(t, "3106 020102 020101"), der.Limits{}), "order is asked for separately")
}

func TestCheckBounds(t *testing.T) {
	nested := nest(10)
	require.NoError(t, der.Check(nested, der.Limits{Depth: 10}))
	require.ErrorIs(t, der.Check(nested, der.Limits{Depth: 9}), der.ErrLimit)
	require.NoError(t, der.Check(nest(64), der.Limits{}))
	require.ErrorIs(t, der.Check(nest(65), der.Limits{}), der.ErrLimit, "the default")

	wide := append([]byte{0x30, 0x14}, bytes.Repeat([]byte{5, 0}, 10)...)
	require.NoError(t, der.Check(wide, der.Limits{Elements: 11}))
	require.ErrorIs(t, der.Check(wide, der.Limits{Elements: 10}), der.ErrLimit)
	require.NoError(t, der.Check(wide, der.Limits{Size: len(wide)}))
	require.ErrorIs(t, der.Check(wide, der.Limits{Size: len(wide) - 1}), der.ErrLimit)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = der.Check(wide, der.Limits{}) }))
}

// nest returns n SEQUENCEs one in another, in DER.
func nest(n int) []byte {
	var b []byte
	for range n {
		header := []byte{0x30, byte(len(b))}
		if len(b) > 127 {
			header = []byte{0x30, 0x81, byte(len(b))}
		}
		b = append(header, b...)
	}
	return b
}

func zeros(n int) string { return string(bytes.Repeat([]byte("00"), n)) }
