//go:build corpus

package report_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/report"
)

// Every signed file of the corpus is reported on, in every form, and no form of a redacted report names a signer.
func TestCorpus(t *testing.T) {
	shared := os.Getenv("CONFIANCE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	table, err := os.ReadFile(filepath.Join(shared, "corpus", "expected.tsv"))
	require.NoError(t, err)
	validator, err := signature.NewValidator(signature.ValidatorOptions{UnsafeAnchorsFromFile: true, UnsafeNoRevocation: true})
	require.NoError(t, err)
	j, schema := newJudge(t)
	reported := 0
	for _, line := range strings.Split(string(table), "\n")[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) < 4 || cells[1] != "cades" && cells[1] != "pades" {
			continue
		}
		doc, err := ades.OpenDocument(filepath.Join(shared, "corpus", cells[0]))
		require.NoError(t, err)
		defer doc.Close()
		of := signature.ValidateOptions{Time: noon}
		if cells[2] != "" {
			of.Detached, err = ades.OpenDocument(filepath.Join(shared, "corpus", strings.Split(cells[2], "|")[0]))
			require.NoError(t, err)
			defer of.Detached.Close()
		}
		v, err := validator.Validate(context.Background(), doc, of)
		if err != nil {
			requireSafe(t, report.Unreadable(err, report.Options{File: cells[0]}), cells[0])
			continue
		}
		reported++
		for _, o := range []report.Options{{File: cells[0], Detailed: true}, {File: cells[0], Language: report.English}} {
			r := report.New(v.Facts, &v.Conclusion, o)
			requireSafe(t, r, cells[0])
			require.NoError(t, j.check(cells[0], schema, parsed(t, written(t, r, forms[1]))))
			references(t, written(t, r, forms[3]))
		}
		redacted := report.New(v.Facts, &v.Conclusion, report.Options{File: cells[0], Detailed: true, Redact: true})
		for _, f := range forms {
			got := written(t, redacted, f)
			for _, c := range v.Facts.Certificates {
				parsed, err := pkix.ParseCertificate(c.Raw)
				if err != nil {
					continue
				}
				if parsed.Serial != nil && parsed.Serial.BitLen() > 40 {
					require.NotContains(t, got, parsed.Serial.String(), cells[0])
				}
				for _, a := range parsed.Subject.Attributes {
					if text := a.Text(); len(text) > 8 && strings.Contains(text, " ") {
						require.NotContains(t, got, text, "%s %s", cells[0], f.extension)
					}
				}
			}
		}
	}
	require.Greater(t, reported, 250)
}
