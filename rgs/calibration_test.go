//go:build corpus

package rgs_test

import (
	"encoding/csv"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/rgs"
)

// shared is the folder beside the checkout that holds the corpus.
func shared(t *testing.T) string {
	if given := os.Getenv("CONFIANCE_SHARED"); given != "" {
		return given
	}
	dir, err := filepath.Abs("../../shared")
	require.NoError(t, err)
	return dir
}

// families maps a column that gathers a family of rules to the prefix of their names.
var families = map[string]string{"rgs_a4_ku_usage": "rgs_a4_ku_", "rgs_a4_eku_usage": "rgs_a4_eku_"}

// kinds maps the corpus's kinds to the function that its verdicts are about; the others are derived.
var kinds = map[string]rgs.Function{"tsu": rgs.TSU, "ocsp": rgs.OCSP, "tls": rgs.ServerAuth, "code": rgs.Code, "seal": rgs.Seal}

// Every certain cell of the corpus is agreed with.
func TestCorpusCalibration(t *testing.T) {
	folder := filepath.Join(shared(t), "corpus", "certificates")
	f, err := os.Open(filepath.Join(folder, "expected.tsv"))
	require.NoError(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(rows), 600)
	head := rows[0]
	registry := rgs.Default()
	known := map[string]bool{}
	for _, rule := range registry.Rules() {
		known[rule.ID] = true
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	cells, differ := 0, map[string]int{}
	for _, row := range rows[1:] {
		content, err := os.ReadFile(filepath.Join(folder, row[0]))
		require.NoError(t, err)
		block, _ := pem.Decode(content)
		require.NotNil(t, block, row[0])
		report, err := registry.Certificate(block.Bytes, rgs.Input{Time: at, Function: kinds[row[3]], All: true})
		require.NoError(t, err, row[0])
		for i, column := range head {
			want := row[i]
			prefix, family := families[column]
			if !strings.HasPrefix(column, "rgs_") || want == "open" || want == "" || !known[column] && !family {
				continue
			}
			// A rule's own verdict is its worst finding.
			got := rgs.NotApplicable
			for _, finding := range report.Findings {
				if finding.Rule == column || family && strings.HasPrefix(finding.Rule, prefix) && known[finding.Rule] &&
					finding.Rule != "rgs_a4_ku_present" && finding.Rule != "rgs_a4_ku_critical" {
					if rank[finding.Status] > rank[got] {
						got = finding.Status
					}
				}
			}
			cells++
			agrees := string(got) == want || want == "n-a" && (got == rgs.NotApplicable || got == rgs.NotEffective || got == rgs.Pass || got == rgs.Undetermined)
			if !agrees {
				differ[column]++
				if differ[column] <= 3 {
					t.Errorf("%s: %s is %s, not %s", row[0], column, got, want)
				}
			}
		}
	}
	t.Logf("%d certain cells compared", cells)
	require.Greater(t, cells, 15000)
	require.Empty(t, differ)
}

var rank = map[rgs.Status]int{rgs.NotApplicable: 0, rgs.NotEffective: 1, rgs.Undetermined: 2, rgs.Pass: 3, rgs.Notice: 4, rgs.Warn: 5, rgs.Fail: 6}
