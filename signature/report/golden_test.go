package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/report"
)

// A form is one way to write a report.
type form struct {
	extension string
	write     func(*report.Report, io.Writer) error
}

var forms = []form{
	{"txt", (*report.Report).Text}, {"json", (*report.Report).JSON}, {"html", (*report.Report).HTML}, {"xml", (*report.Report).ETSI},
}

func written(t testing.TB, r *report.Report, f form) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, f.write(r, &out))
	return out.String()
}

// variants are the reports made of each scene.
func variants(s scene) map[string]report.Options {
	return map[string]report.Options{
		"fr":          {File: s.File},
		"en.detailed": {File: s.File, Language: report.English, Detailed: true},
		"fr.redacted": {File: s.File, Redact: true, Detailed: true},
	}
}

// goldens are the variants kept: what a person reads of every scene, and all the forms of those in whole.
var (
	goldens = map[string][]string{"txt": {"fr", "fr.redacted"}, "json": {"fr"}}
	whole   = map[string][]string{
		"txt": {"fr", "fr.redacted", "en.detailed"}, "json": {"fr", "fr.redacted"}, "html": {"fr", "en.detailed"}, "xml": {"en.detailed"},
	}
	wholeScenes = []string{"valid", "pdf-modified", "no-signature"}
)

// TestScenes signs and validates everything again, and says the same in words as of what was saved: what is saved is what the
// library finds today.
func TestScenes(t *testing.T) {
	made := makeScenes(t)
	require.Len(t, made, len(sceneNames))
	if *update {
		for name, s := range made {
			saved, err := json.MarshalIndent(s, "", " ")
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(filepath.Join("testdata", name+".scene.json"), append(saved, '\n'), 0o644))
		}
	}
	for name, saved := range scenes(t) {
		require.Equal(t, french(saved).Verdict, french(made[name]).Verdict, name)
	}
}

func TestGolden(t *testing.T) {
	for name, s := range scenes(t) {
		kept := goldens
		if slices.Contains(wholeScenes, name) {
			kept = whole
		}
		for _, f := range forms {
			for _, variant := range kept[f.extension] {
				t.Run(name+"."+variant+"."+f.extension, func(t *testing.T) {
					got := written(t, report.New(s.Facts, &s.Conclusion, variants(s)[variant]), f)
					path := filepath.Join("testdata", name+"."+variant+"."+f.extension)
					if *update {
						require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
					}
					want, err := os.ReadFile(path)
					require.NoError(t, err)
					require.Equal(t, string(want), got, "if the change is meant, run the test with -update and look at git diff")
				})
			}
		}
	}
}

// The same arguments give the same octets, and writing changes nothing.
func TestDeterministic(t *testing.T) {
	for name, s := range scenes(t) {
		for variant, o := range variants(s) {
			for _, f := range forms {
				r := report.New(s.Facts, &s.Conclusion, o)
				first := written(t, r, f)
				require.Equal(t, first, written(t, r, f), "%s %s", name, variant)
				require.Equal(t, first, written(t, report.New(s.Facts, &s.Conclusion, o), f), "%s %s", name, variant)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriterFails(t *testing.T) {
	s := scenes(t)["valid"]
	for _, f := range forms {
		require.ErrorIs(t, f.write(report.New(s.Facts, &s.Conclusion, report.Options{}), brokenWriter{}), io.ErrClosedPipe, f.extension)
	}
}
