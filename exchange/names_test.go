package exchange_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
)

func TestCheckName(t *testing.T) {
	for _, name := range []string{
		"a", "délibération n° 12.pdf", "a/b/c", ".profile", "…", "été/Ete", "conseil.txt", "com", "com10", "lpt", "null", "CONSEIL",
		strings.Repeat("a", 255), strings.Repeat("a/", 31) + "a", "名前.pdf", "naïve œuvre", "a-b", "a b", "~", "#1 & 2",
	} {
		require.NoError(t, exchange.CheckName(name), "%q", name)
	}
	for name, why := range map[string]string{
		"":                               "empty",
		"/a":                             "absolute",
		"a/":                             "empty element",
		"a//b":                           "empty element",
		".":                              "dot",
		"..":                             "dot",
		"a/../b":                         "dot",
		"a.":                             "dot",
		"a ":                             "space",
		"a./b":                           "dot",
		"-rf":                            "hyphen",
		"a/-rf":                          "hyphen",
		`a\b`:                            `'\\'`,
		"c:/a":                           "':'",
		"a:b":                            "':'",
		"a*":                             "'*'",
		"a?":                             "'?'",
		"a\x00b":                         "U+0000",
		"a\nb":                           "U+000A",
		"a\x7fb":                         "U+007F",
		"a\u0085b":                       "U+0085",
		"fac\u202efdp.exe":               "U+202E",
		"a\u2066b":                       "U+2066",
		"a\u200bb":                       "U+200B",
		"a\ufeffb":                       "U+FEFF",
		"a\u00adb":                       "U+00AD",
		"a\U000e0041":                    "U+E0041",
		"a\ufffeb":                       "U+FFFE",
		"e\u0301te\u0301":                "NFC",
		"\u212b":                         "NFC",
		"a\xffb":                         "UTF-8",
		"a\xed\xa0\x80":                  "UTF-8",
		"con":                            "device",
		"CON":                            "device",
		"Aux.txt":                        "device",
		"nul .tar.gz":                    "device",
		"a/prn":                          "device",
		"COM1":                           "device",
		"com¹":                           "device",
		"lpt9.x":                         "device",
		"ＣＯＮ":                            "device",
		"conin$":                         "device",
		strings.Repeat("a", 256):         "255",
		strings.Repeat("é", 128):         "255",
		strings.Repeat("a/", 32) + "a":   "elements",
		strings.Repeat("abcdefgh/", 112): "1000",
	} {
		err := exchange.CheckName(name)
		require.ErrorIs(t, err, exchange.ErrName, "%q", name)
		require.ErrorContains(t, err, why, "%q", name)
		require.NotContains(t, err.Error(), "fdp", "a name that deceives is not repeated")
	}
	require.Equal(t, "\u00e9", exchange.NormalName("e\u0301"))
}

// Two names that one of the usual systems would take for one are refused by the writer too.
func TestNamesTogether(t *testing.T) {
	w := theWorld()
	for _, names := range [][]string{
		{"a", "a"}, {"a", "A"}, {"Été.pdf", "été.pdf"}, {"ﬁn", "fin"}, {"ＡＢ", "ab"}, {"straße", "STRASSE"},
		{"a", "a/b"}, {"a/b", "a"}, {"A/b", "a"}, {"a/b/c", "a/B"}, {"x", "a/b", "a/b/c"},
	} {
		var parts []exchange.Part
		for _, n := range names {
			parts = append(parts, text(n, "x"))
		}
		_, err := exchange.Seal(t.Context(), discard{}, exchange.Parts(parts...), w.options(t))
		require.ErrorIs(t, err, exchange.ErrName, "%q", names)
	}
	w.seals(t, w.options(t), text("a/b", ""), text("a/c", ""), text("A/d", ""), text("ab", ""), text("a b", ""))
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
