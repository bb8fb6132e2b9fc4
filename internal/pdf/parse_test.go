package pdf_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

func TestParse(t *testing.T) {
	text := func(s string, end int64) pdf.String { return pdf.String{Value: []byte(s), End: end} }
	for source, want := range map[string]pdf.Object{
		"null":                     nil,
		"true":                     true,
		" % comment\r false":       false,
		"42":                       pdf.Integer(42),
		"-17":                      pdf.Integer(-17),
		"+5":                       pdf.Integer(5),
		"0012":                     pdf.Integer(12),
		"3.50":                     pdf.Real("3.50"),
		"-.002":                    pdf.Real("-.002"),
		"--5":                      pdf.Real("--5"),
		"99999999999999999999":     pdf.Real("99999999999999999999"),
		"12 0 R":                   pdf.Ref{Number: 12},
		"12 % x\n 3\tR ":           pdf.Ref{Number: 12, Generation: 3},
		"/Name":                    pdf.Name("Name"),
		"/A#20B#2":                 pdf.Name("A B#2"),
		"/":                        pdf.Name(""),
		"(a(b)c\\)\\\\)":           text("a(b)c)\\", 11),
		"(\\101\\7\\n\\\r\nx\r\n)": text("A\a\nx\n", 16),
		"<48 65 6c6C6F7>":          pdf.String{Value: []byte("Hellop"), Hex: true, Loose: true, End: 15},
		"<48656c>":                 pdf.String{Value: []byte("Hel"), Hex: true, End: 8},
		"[1 2 0 R/A]":              pdf.Array{pdf.Integer(1), pdf.Ref{Number: 2}, pdf.Name("A")},
		"[1 2 3]":                  pdf.Array{pdf.Integer(1), pdf.Integer(2), pdf.Integer(3)},
		"<</A 1/B<</C null>>>>":    pdf.Dict{{"A", pdf.Integer(1)}, {"B", pdf.Dict{{"C", nil}}}},
	} {
		got, err := pdf.Parse([]byte(source))
		require.NoError(t, err, source)
		require.Equal(t, want, got, source)
	}
}

func TestParseRefuses(t *testing.T) {
	deep := limits.PDFDepth
	for source, reason := range map[string]string{
		"":               "ends within an object",
		"(a":             "ends within an object",
		"<4":             "ends within an object",
		"<4g>":           "in a hexadecimal string",
		"[1":             "ends within an object",
		"<</A":           "ends within an object",
		"<</A>>":         "unexpected '>'",
		"<</A 1 0/B 2>>": "a dictionary key that is not a name",
		"<<1 2>>":        "a dictionary key that is not a name",
		")":              "unexpected ')'",
		"]":              "unexpected ']'",
		"nul":            `unexpected "nul"`,
		"1x":             "is not a number",
		"1 2":            "after an object",
		strings.Repeat("[", deep) + "1" + strings.Repeat("]", deep): "",
		strings.Repeat("[", deep+1):                                 "nested more than",
		"[" + strings.Repeat("1 ", limits.PDFElements) + "]":        "values",
	} {
		_, err := pdf.Parse([]byte(source))
		if reason == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, reason, "%.40s", source)
	}
}

func TestAppendReadsBack(t *testing.T) {
	for _, source := range []string{
		"null", "true", "-3", "2.50", "12 3 R", "/A#20#23#28", "(a\\(b\\)\\\\)", "<00ff>", "[1 (a) [] <<>>]", "<</A<</B[1 0 R]>>/C(x)>>",
	} {
		o, err := pdf.Parse([]byte(source))
		require.NoError(t, err)
		again, err := pdf.Parse(pdf.Append(nil, o))
		require.NoError(t, err, "%s", pdf.Append(nil, o))
		require.True(t, pdf.Equal(o, again), source)
	}
}

func TestEqual(t *testing.T) {
	parse := func(s string) pdf.Object {
		o, err := pdf.Parse([]byte(s))
		require.NoError(t, err)
		return o
	}
	for pair, same := range map[[2]string]bool{
		{"1", "1.0"}: true, {"0.5", ".50"}: true, {"1", "2"}: false, {"(A)", "<41>"}: true, {"(A)", "(B)"}: false,
		{"<</A 1/B 2>>", "<</B 2/A 1>>"}: true, {"<</A 1/B null>>", "<</A 1>>"}: true, {"<</A 1>>", "<</A 1/B 2>>"}: false,
		{"<</A 1/A 1>>", "<</A 1>>"}: false, {"<</A 1>>", "<</A 1/A 2>>"}: false, {"[1 2]", "[1]"}: false,
		{"1 0 R", "1 1 R"}: false, {"/A", "(A)"}: false, {"null", "false"}: false, {"[null]", "[null]"}: true,
	} {
		require.Equal(t, same, pdf.Equal(parse(pair[0]), parse(pair[1])), pair)
	}
	many := "<<"
	for _, c := range "ABCDEFGHIJKLMNOPQRST" {
		many += "/" + string(c) + " 1"
	}
	require.True(t, pdf.Equal(parse(many+">>"), parse(many+"/Z null>>")))
	require.False(t, pdf.Equal(parse(many+">>"), parse(many+"/A 1>>")))
	require.Equal(t, []pdf.Name{"Z"}, pdf.DiffKeys(parse(many+">>").(pdf.Dict), parse(many+"/Z 1>>").(pdf.Dict)))
}

func TestText(t *testing.T) {
	for _, s := range []string{"", "Mairie", "Délibération n° 42", "préfet 𝄞", "(\\)"} {
		require.Equal(t, s, pdf.ReadText(pdf.Text(s).Value))
	}
	require.Equal(t, "é", pdf.ReadText([]byte("\xef\xbb\xbf\xc3\xa9")))
	require.Equal(t, "é", pdf.ReadText([]byte{0xe9}))
	require.Equal(t, "vœu à 12 € — ˘˜\ufb01", pdf.ReadText([]byte("v\x9cu \xe0 12 \xa0 \x84 \x18\x1f\x93")))
}

func TestDate(t *testing.T) {
	for source, want := range map[string]string{
		"D:20260402120000Z": "2026-04-02T12:00:00Z", "D:20260402120000+02'00'": "2026-04-02T10:00:00Z",
		"D:20260402120000-05'30": "2026-04-02T17:30:00Z", "D:2026": "2026-01-01T00:00:00Z", "202604021200": "2026-04-02T12:00:00Z",
		"D:20260402120000+02": "2026-04-02T10:00:00Z", "D:20260402120000Z00'00'": "2026-04-02T12:00:00Z",
		"D:": "", "D:20261302": "", "yesterday": "", "D:20260402120000+99'99'": "",
	} {
		got, ok := pdf.ReadDate([]byte(source))
		require.Equal(t, want != "", ok, source)
		if ok {
			require.Equal(t, want, got.Format("2006-01-02T15:04:05Z07:00"), source)
			again, ok := pdf.ReadDate(pdf.Date(got).Value)
			require.True(t, ok && again.Equal(got))
		}
	}
}
