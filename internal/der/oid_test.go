package der_test

import (
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/der"
)

func TestOIDRoundTrip(t *testing.T) {
	for dotted, content := range map[string]string{
		"0.0":                     "00",
		"0.39":                    "27",
		"1.0":                     "28",
		"1.39":                    "4f",
		"2.0":                     "50",
		"2.47":                    "7f",
		"2.48":                    "8100",
		"2.999.3":                 "883703", // X.690 §8.19.5
		"1.2.840.113549.1.1.1":    "2a864886f70d010101",
		"1.2.250.1.223.101.256.1": "2a817a01815f65820001",
		// The arc of a UUID, 2^128-1 at most (X.667 §7).
		"2.25.340282366920938463463374607431768211455": "69" + "83" + strings.Repeat("ff", 17) + "7f",
		"2.25.329800735698586629295641978511506172918": "6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776",
		// Where 63 and 64 bits end.
		"2.9223372036854775807":         "8180808080808080804f",
		"2.9223372036854775808":         "81808080808080808050",
		"1.2.9223372036854775808":       "2a81808080808080808000",
		"1.2.18446744073709551616":      "2a82808080808080808000",
		"2.18446744073709551616.1":      "828080808080808080" + "5001",
		"2.115792089237316195423570985": "", // only round trip
	} {
		oid, err := der.ParseOID(dotted)
		require.NoError(t, err, dotted)
		if content != "" {
			require.Equal(t, content, hex.EncodeToString([]byte(oid)), dotted)
		}
		require.Equal(t, dotted, oid.String())
		require.True(t, oid.Valid())

		var b cryptobyte.Builder
		der.AddOID(&b, oid)
		input := cryptobyte.String(b.BytesOrPanic())
		var again der.OID
		require.True(t, der.ReadOID(&input, &again))
		require.True(t, input.Empty())
		require.Equal(t, oid, again)
	}
}

func TestOIDAgreesWithStandardLibrary(t *testing.T) {
	for _, arcs := range []asn1.ObjectIdentifier{{1, 2, 840, 113549, 1, 9, 16, 2, 47}, {2, 5, 29, 32, 0}, {0, 9, 2342, 19200300, 100, 1, 25}, {2, 100, 2147483647}} {
		encoded, err := asn1.Marshal(arcs)
		require.NoError(t, err)
		input := cryptobyte.String(encoded)
		var oid der.OID
		require.True(t, der.ReadOID(&input, &oid))
		require.Equal(t, arcs.String(), oid.String())
		require.Equal(t, der.MustOID(arcs.String()), oid)
	}
}

func TestOIDRefused(t *testing.T) {
	for _, dotted := range []string{"", "1", "1.", ".1", "1..2", "3.1", "1.40", "0.40", "1.2.-3", "1.2.+3", "1.02.3", "01.2", "1.2 ", "1.2.x",
		"18446744073709551616.1", "1.18446744073709551616", "1.2." + strings.Repeat("9", 400), "2.1" + strings.Repeat(".1", 600)} {
		_, err := der.ParseOID(dotted)
		require.ErrorIs(t, err, der.ErrOID, dotted)
	}
	require.Panics(t, func() { der.MustOID("x") })

	for _, content := range []string{"0600", "060180", "06028001", "06022a80", "06032a8001", "0603 2a86", "0281 00", "06822a"} {
		input := mustHex(t, content)
		s := cryptobyte.String(input)
		oid := der.OID("kept")
		require.False(t, der.ReadOID(&s, &oid), content)
		require.Equal(t, der.OID("kept"), oid, "out is left alone")
	}
	long := append([]byte{6, 0x81, 0x81}, make([]byte, 129)...)
	s := cryptobyte.String(long)
	require.False(t, der.ReadOID(&s, new(der.OID)), "longer than the bound")

	require.Empty(t, der.OID("").String())
	require.Equal(t, "invalid", der.OID("\x2a\x80").String())
	var b cryptobyte.Builder
	der.AddOID(&b, "")
	_, err := b.Bytes()
	require.ErrorIs(t, err, der.ErrOID)
}

func TestReadFrequentOIDDoesNotAllocate(t *testing.T) {
	encoded := mustHex(t, "06092a864886f70d01010b")
	var oid der.OID
	require.Zero(t, testing.AllocsPerRun(100, func() {
		s := cryptobyte.String(encoded)
		if !der.ReadOID(&s, &oid) {
			t.Error("not read")
		}
	}))
}

func mustHex(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return b
}
