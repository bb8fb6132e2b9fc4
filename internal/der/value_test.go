package der_test

import (
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/der"
)

func TestInteger(t *testing.T) {
	for _, n := range []string{"0", "1", "127", "128", "255", "256", "-1", "-128", "-129", "-256", "-257",
		"340282366920938463463374607431768211456", "-340282366920938463463374607431768211456"} {
		want, _ := new(big.Int).SetString(n, 10)
		encoded, err := asn1.Marshal(want)
		require.NoError(t, err)
		s, got := cryptobyte.String(encoded), new(big.Int)
		require.True(t, der.ReadInteger(&s, got), n)
		require.Equal(t, want.String(), got.String())
		require.Equal(t, encoded[2:], der.IntegerContent(want), n)
	}
	for _, text := range []string{"0200", "02020001", "0202007f", "0202ff80", "0202ffff", "030101", "0202 01"} {
		s := cryptobyte.String(mustHex(t, text))
		require.False(t, der.ReadInteger(&s, new(big.Int)), text)
	}
	padded := new(big.Int)
	der.SetInteger(padded, []byte{0, 0, 5})
	require.Equal(t, "5", padded.String(), "not minimal is a value all the same")
	der.SetInteger(padded, []byte{0xff, 0xff, 0xfe})
	require.Equal(t, "-2", padded.String())
}

func TestTimesRead(t *testing.T) {
	for text, want := range map[string]string{
		"500101000000Z":   "1950-01-01T00:00:00Z",
		"491231235959Z":   "2049-12-31T23:59:59Z",
		"000229120000Z":   "2000-02-29T12:00:00Z",
		"20500101000000Z": "2050-01-01T00:00:00Z",
		"20240229010203Z": "2024-02-29T01:02:03Z",
		"00000101000000Z": "0000-01-01T00:00:00Z",
		"99991231235959Z": "9999-12-31T23:59:59Z",
	} {
		var got time.Time
		s := cryptobyte.String(encodeTime(text))
		require.True(t, der.ReadTime(&s, &got), text)
		require.Equal(t, want, got.Format(time.RFC3339), text)
		require.Equal(t, time.UTC, got.Location())
		require.True(t, s.Empty())
	}
	for _, text := range []string{"", "Z", "5001010000Z", "500101000000", "500101000000+0000", "500101000060Z", "500101006000Z", "500101240000Z",
		"500132000000Z", "500100000000Z", "501301000000Z", "010229000000Z", "21000229000000Z", "2024022901020Z", "20240229010203.5Z",
		"20240229010203,5Z", "20240431000000Z", "2024022901 203Z", "50010100000 Z", "+0010100000Z "} {
		got := time.Unix(1, 0)
		s := cryptobyte.String(encodeTime(text))
		require.False(t, der.ReadTime(&s, &got), text)
		require.Equal(t, time.Unix(1, 0), got)
		require.Len(t, s, len(text)+2, "the input is left alone")
	}
}

func TestGeneralizedTimeFraction(t *testing.T) {
	for text, want := range map[string]string{
		"20240229010203Z":           "2024-02-29T01:02:03Z",
		"20240229010203.5Z":         "2024-02-29T01:02:03.5Z",
		"20240229010203.001Z":       "2024-02-29T01:02:03.001Z",
		"20240229010203.123456789Z": "2024-02-29T01:02:03.123456789Z",
	} {
		var got time.Time
		s := cryptobyte.String(encodeTime(text))
		require.True(t, der.ReadGeneralizedTime(&s, &got), text)
		require.Equal(t, want, got.Format(time.RFC3339Nano))
		var b cryptobyte.Builder
		der.AddGeneralizedTime(&b, got)
		require.Equal(t, encodeTime(text), b.BytesOrPanic(), "written back")
	}
	for _, text := range []string{"20240229010203.Z", "20240229010203.0Z", "20240229010203.50Z", "20240229010203,5Z", "20240229010203.5",
		"20240229010203.1234567891Z", "20240229010203.5+0000", "20240229010203.-5Z", "20240229010203.5 Z", "240229010203Z", "202402290102Z"} {
		var got time.Time
		s := cryptobyte.String(encodeTime(text))
		require.False(t, der.ReadGeneralizedTime(&s, &got), text)
		require.Len(t, s, len(text)+2)
	}
}

func TestTimesWritten(t *testing.T) {
	paris := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2049, 12, 31, 23, 59, 59, 999, time.UTC), "491231235959Z"},
		{time.Date(2050, 1, 1, 1, 0, 0, 0, paris), "491231230000Z"},
		{time.Date(2050, 1, 1, 0, 0, 0, 5e8, time.UTC), "20500101000000Z"},
		{time.Date(1949, 12, 31, 23, 59, 59, 0, time.UTC), "19491231235959Z"},
		{time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), "500101000000Z"},
	} {
		var b cryptobyte.Builder
		der.AddTime(&b, c.at)
		require.Equal(t, encodeTime(c.want), b.BytesOrPanic())
	}
	for _, year := range []int{-1, 10000} {
		var b cryptobyte.Builder
		der.AddTime(&b, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		_, err := b.Bytes()
		require.ErrorIs(t, err, der.ErrTime)
	}
}

func TestSets(t *testing.T) {
	elements := [][]byte{mustHex(t, "0402 6262"), mustHex(t, "0401 63"), mustHex(t, "0101ff"), mustHex(t, "0402 6161")}
	require.False(t, der.IsSortedSet(elements))
	var b cryptobyte.Builder
	der.AddSet(&b, 0x31, elements)
	require.Equal(t, "310e 0101ff 040163 04026161 04026262", spaced(b.BytesOrPanic(), 2, 3, 3, 4, 4))
	require.Equal(t, mustHex(t, "04026262"), elements[0], "the caller's slice keeps its order")
	der.SortSet(elements)
	require.True(t, der.IsSortedSet(elements))
	s := cryptobyte.String(b.BytesOrPanic())
	full, tag, ok := der.ReadElement(&s)
	require.True(t, ok)
	require.EqualValues(t, 0x31, tag)
	again, ok := der.ReadElements(full[2:], 4)
	require.True(t, ok)
	require.Equal(t, elements, again)
	_, ok = der.ReadElements(full[2:], 3)
	require.False(t, ok, "one more than the limit")
	_, ok = der.ReadElements(full[2:len(full)-1], 4)
	require.False(t, ok, "cut")
}

func encodeTime(text string) []byte {
	tag := byte(24)
	if len(text) < 15 {
		tag = 23
	}
	return append([]byte{tag, byte(len(text))}, text...)
}

func spaced(b []byte, sizes ...int) string {
	text := ""
	for i, n := range sizes {
		if i > 0 {
			text += " "
		}
		text += hex.EncodeToString(b[:n])
		b = b[n:]
	}
	return text + hex.EncodeToString(b)
}
