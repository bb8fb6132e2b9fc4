package report_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/report"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// What a file may say of itself to deceive a reader, a terminal or a browser.
var lies = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</svg></style><script>", "{{.}}", "{who} {issuer}", "]]><x>", "&lt;b&gt;&#60;",
	"maire\u202egnis.fdp", "\u2066abc\u2069", "\u200f\u200e\u061c", "\x1b[2J\x1b]0;title\x07", "a\r\nSIGNATURE VALIDE\n", "\x00\x7f\u0085\u2028\u2029", "\ufeff\u200b\u200d\ufffe",
	"\xff\xfe\xc0\x80", "e" + strings.Repeat("\u0301", 5000), strings.Repeat("m", 1<<20), strings.Repeat("\u202e", 100_000), "\U000e0041\U000e0042",
}

// liar is a scene in which every string is a lie.
func liar(t testing.TB, s scene, lie string) scene {
	saved, err := json.Marshal(s)
	require.NoError(t, err)
	var out scene
	require.NoError(t, json.Unmarshal(saved, &out))
	n := 0
	spoil(reflect.ValueOf(out.Facts).Elem(), lie, &n)
	spoil(reflect.ValueOf(&out.Conclusion).Elem(), lie, &n)
	out.File = lie
	return out
}

// half is a scene in which only what an attacker writes freely is a lie: names, and texts of the PDF.
func half(t testing.TB, s scene, lie string) scene {
	out := liar(t, scene{File: s.File, Facts: s.Facts, Conclusion: s.Conclusion}, lie)
	whole := out
	saved, err := json.Marshal(s)
	require.NoError(t, err)
	out = scene{}
	require.NoError(t, json.Unmarshal(saved, &out))
	out.File = lie
	for i := range out.Facts.Signatures {
		if p := out.Facts.Signatures[i].PDF; p != nil {
			p.Name, p.Reason, p.Location, p.ContactInfo = lie, lie, lie, lie
		}
		out.Facts.Signatures[i].Field = lie
		for k := range out.Facts.Signatures[i].Modifications {
			out.Facts.Signatures[i].Modifications[k] = whole.Facts.Signatures[i].Modifications[k]
		}
	}
	for i := range out.Conclusion.Signatures {
		c := &out.Conclusion.Signatures[i]
		if c.Signer != nil {
			c.Signer.Subject, c.Signer.Issuer = lie, lie
		}
		for b := range c.Blocks {
			for k := range c.Blocks[b].Checks {
				c.Blocks[b].Checks[k].Message = lie
			}
		}
	}
	return out
}

// requireSafe holds every form of a report to what its reader relies on.
func requireSafe(t testing.TB, r *report.Report, what string) {
	t.Helper()
	for _, f := range forms {
		got := written(t, r, f)
		require.Less(t, len(got), 4<<20, "%s %s", what, f.extension)
		for _, c := range got {
			allowed := c == '\n' || !unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs)
			if !allowed {
				t.Fatalf("%s: %s holds %U", what, f.extension, c)
			}
		}
		switch f.extension {
		case "txt":
			for _, line := range strings.Split(got, "\n") {
				require.LessOrEqual(t, len([]rune(line)), 600, "%s: %s", what, line)
			}
		case "json":
			require.True(t, json.Valid([]byte(got)), what)
			require.Equal(t, 1, strings.Count(got, "\n"), what)
			require.NotContains(t, got, "<", "a line may be put into a page")
		case "html":
			require.NotContains(t, strings.ToLower(got), "<script", what)
			require.NotContains(t, strings.ToLower(got), "<img", what)
			page(t, got)
		case "xml":
			wellFormed(t, got)
		}
	}
}

func wellFormed(t testing.TB, s string) {
	t.Helper()
	for decoder := xml.NewDecoder(strings.NewReader(s)); ; {
		_, err := decoder.Token()
		if err == io.EOF {
			return
		}
		require.NoError(t, err)
	}
}

func TestHostileStrings(t *testing.T) {
	j, schema := newJudge(t)
	all := scenes(t)
	for i, lie := range lies {
		names := []string{"pdf-modified"}
		if i < 3 {
			names = append(names, "countersigned")
		}
		for _, name := range names {
			for _, s := range []scene{liar(t, all[name], lie), half(t, all[name], lie)} {
				for _, o := range []report.Options{{File: s.File, Detailed: true}, {File: s.File, Redact: true, Language: report.English}} {
					r := report.New(s.Facts, &s.Conclusion, o)
					requireSafe(t, r, fmt.Sprintf("lie %d in %s", i, name))
					require.NoError(t, j.check(name, schema, parsed(t, written(t, r, forms[1]))))
				}
			}
		}
	}
}

// A name is shown as one line, whose oddities are seen.
func TestNamesAreCleaned(t *testing.T) {
	for lie, want := range map[string]string{
		"maire\u202egnis.fdp":                "maire\ufffdgnis.fdp",
		"Mairie\r\n de \t Boisjoli ":         "Mairie de Boisjoli",
		"\x1b[2Jx":                           "\ufffd[2Jx",
		"Zoë\u0301\u0301\u0301\u0301\u0301a": "Zoë\u0301\u0301\u0301a",
		"\xffx":                              "\ufffdx",
		"محمد":                               "محمد", // right to left by itself is no lie
		strings.Repeat("é", 1000):            strings.Repeat("é", 160) + "…",
		strings.Repeat("xy ", 100):           strings.Repeat("xy ", 53) + "x…",
		strings.Repeat("abcd ", 100):         strings.Repeat("abcd ", 31) + "abcd…",
		strings.Repeat("é", 160):             strings.Repeat("é", 160),
		strings.Repeat("x", 5000) + "\u202e": strings.Repeat("x", 160) + "…",
	} {
		c := conclusionWith()
		c.Policy = lie
		require.Equal(t, want, report.New(nil, &c, report.Options{}).Policy)
	}
}

// The name of the file comes from the caller: programs get it back as it was, in JSON that shows nothing false.
func TestFileIsExactInJSON(t *testing.T) {
	for _, file := range []string{"délibération n°1.pdf", strings.Repeat("dossier/", 100) + "acte.pdf", "maire\u202egnis.fdp", "a\U000e0041b", "x\u2028y\u0085z\x7f", "<b>&"} {
		c := conclusionWith()
		line := written(t, report.New(nil, &c, report.Options{File: file}), forms[1])
		require.Equal(t, file, parsed(t, line).(map[string]any)["file"])
		requireSafe(t, report.New(nil, &c, report.Options{File: file}), file)
	}
}

// crowded is a conclusion on n signatures, each with a timestamp, many checks that broke, and many changes after it.
func crowded(t testing.TB, n int) scene {
	base := scenes(t)["pdf-modified"]
	s := scene{File: "foule.pdf", Facts: &facts.Document{Schema: 1, Format: facts.PAdES}, Conclusion: validation.Conclusion{Schema: 1, Policy: "AES", Time: noon}}
	s.Facts.Certificates = base.Facts.Certificates
	for i := range n {
		id := fmt.Sprintf("S-%d", i+1)
		f, c := base.Facts.Signatures[0], base.Conclusion.Signatures[0]
		f.ID, c.ID, c.Timestamps = id, id, []string{id + "-T1"}
		for range 200 {
			f.Modifications = append(f.Modifications, f.Modifications[0])
		}
		c.Blocks = append([]validation.Block(nil), c.Blocks...)
		for range 60 {
			c.Blocks = append(c.Blocks, c.Blocks[0])
		}
		s.Facts.Signatures, s.Conclusion.Signatures = append(s.Facts.Signatures, f), append(s.Conclusion.Signatures, c)
		token, stamped := base.Facts.Timestamps[0], base.Conclusion.Timestamps[0]
		token.ID, token.Parent, stamped.ID, stamped.Parent = id+"-T1", id, id+"-T1", id
		s.Facts.Timestamps, s.Conclusion.Timestamps = append(s.Facts.Timestamps, token), append(s.Conclusion.Timestamps, stamped)
	}
	for i := range n {
		s.Facts.Revisions = append(s.Facts.Revisions, facts.Revision{End: int64(i)})
	}
	return s
}

// A report is bounded, says what it leaves out, and its verdict still counts everything.
func TestBounded(t *testing.T) {
	s := crowded(t, 2000)
	s.Conclusion.Signatures[1999].Indication, s.Conclusion.Signatures[1999].Crypto = validation.TotalFailed, validation.CryptoInvalid
	for _, detailed := range []bool{false, true} {
		start := time.Now()
		r := report.New(s.Facts, &s.Conclusion, report.Options{File: s.File, Detailed: detailed})
		require.Equal(t, report.Invalid, r.Verdict)
		require.Contains(t, r.Words.Verdict, "2000")
		require.Equal(t, 1500, r.Omitted.Signatures)
		require.Positive(t, r.Omitted.Others)
		require.Positive(t, r.Omitted.Revisions)
		require.Len(t, r.Signatures, 500)
		for _, f := range forms {
			got := written(t, r, f)
			require.Less(t, len(got), 24<<20, f.extension)
			if f.extension == "txt" || f.extension == "html" {
				require.Contains(t, got, "Trop long pour être montré", f.extension)
			}
		}
		require.Less(t, time.Since(start), 20*time.Second)
	}
	require.Less(t, len(written(t, report.New(s.Facts, &s.Conclusion, report.Options{}), forms[0])), 64<<10, "a screen per signature, for the first of them")
}

// Facts and conclusions that do not belong together, or repeat their identifiers, are reported all the same.
func TestIncoherent(t *testing.T) {
	all := scenes(t)
	for name, s := range all {
		for other, with := range all {
			for _, f := range forms {
				require.NotEmpty(t, written(t, report.New(with.Facts, &s.Conclusion, report.Options{Detailed: true}), f), "%s with the facts of %s", name, other)
			}
		}
	}
	s := all["countersigned"]
	s.Conclusion.Signatures = append(s.Conclusion.Signatures, s.Conclusion.Signatures...)
	s.Conclusion.Timestamps = append(s.Conclusion.Timestamps, s.Conclusion.Timestamps...)
	for i := range s.Conclusion.Signatures {
		s.Conclusion.Signatures[i].Parent = s.Conclusion.Signatures[i].ID // its own counter-signature
	}
	r := report.New(s.Facts, &s.Conclusion, report.Options{Detailed: true})
	for _, f := range forms {
		written(t, r, f)
	}
	page(t, written(t, r, forms[2]))
	references(t, written(t, r, forms[3]))
}

// Times that no calendar has do not stop a report.
func TestOddTimes(t *testing.T) {
	j, schema := newJudge(t)
	for _, at := range []time.Time{{}, time.Unix(1<<40, 0), time.Unix(-1<<60, 0), time.Unix(1<<60, 999), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)} {
		s := scenes(t)["valid"]
		s.Conclusion.Time = at
		s.Conclusion.Signatures[0].BestSignatureTime, s.Conclusion.Signatures[0].ClaimedTime = at, &at
		s.Conclusion.Timestamps[0].Time, s.Facts.Timestamps[0].Time = at, at
		for _, l := range []report.Language{report.French, report.English} {
			r := report.New(s.Facts, &s.Conclusion, report.Options{Language: l, Detailed: true})
			requireSafe(t, r, at.String())
			require.NoError(t, j.check("", schema, parsed(t, written(t, r, forms[1]))))
		}
	}
}

func FuzzReport(f *testing.F) {
	all := scenes(f)
	require.NotEmpty(f, all)
	for _, s := range all {
		for i := range s.Conclusion.Signatures { // shorter, for what is tried to be new more often
			few(s.Conclusion.Signatures[i].Blocks)
		}
		for i := range s.Conclusion.Timestamps {
			few(s.Conclusion.Timestamps[i].Blocks)
		}
		saved, err := json.Marshal(s)
		require.NoError(f, err)
		f.Add(saved, false)
		f.Add(saved, true)
	}
	f.Fuzz(func(t *testing.T, saved []byte, redact bool) {
		var s scene
		if json.Unmarshal(saved, &s) != nil {
			return
		}
		requireSafe(t, report.New(s.Facts, &s.Conclusion, report.Options{File: s.File, Detailed: true, Redact: redact}), "fuzz")
	})
}

func few(blocks []validation.Block) {
	for i := range blocks {
		blocks[i].Checks = blocks[i].Checks[:min(2, len(blocks[i].Checks))]
	}
}

func BenchmarkReport(b *testing.B) {
	s := scenes(b)["pdf-two-signatures"]
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			report.New(s.Facts, &s.Conclusion, report.Options{})
		}
	})
	for _, f := range forms {
		r := report.New(s.Facts, &s.Conclusion, report.Options{})
		b.Run(f.extension, func(b *testing.B) {
			for b.Loop() {
				if err := f.write(r, io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
