package norm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/norm"
)

func TestCaseless(t *testing.T) {
	for _, same := range [][2]string{
		{"Budget.PDF", "budget.pdf"},
		{"\u00e9t\u00e9", "e\u0301te\u0301"}, // NFC and NFD twins
		{"ﬁche", "fiche"},                    // ligature
		{"straße", "STRASSE"},
		{"ＡＢ", "ab"}, // full width
		{"com¹", "com1"},
		{"Å", "\u212b"}, // ångström sign
	} {
		require.Equal(t, norm.Caseless(same[0]), norm.Caseless(same[1]), "%q %q", same[0], same[1])
	}
	for _, other := range [][2]string{{"ete", "été"}, {"a", "b"}, {"ı", "i"}} {
		require.NotEqual(t, norm.Caseless(other[0]), norm.Caseless(other[1]), "%q %q", other[0], other[1])
	}
}

func TestNFC(t *testing.T) {
	require.True(t, norm.IsNFC("\u00e9"))
	require.False(t, norm.IsNFC("e\u0301"))
	require.Equal(t, "\u00e9", norm.NFC("e\u0301"))
}
