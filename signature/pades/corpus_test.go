//go:build corpus

package pades_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
)

// refused are the valid files that are not found so here, and why.
var refused = map[string]string{
	"dss/DSS-2155.pdf":                 "text after the CMS in /Contents: padding that is not zero is refused",
	"dss/pades-ltv-with-reason.pdf":    "each update changes a trailer entry that designates a missing object, which the next one then makes",
	"dss/dss-1376/DSS1376-rev_n-1.pdf": "form filling",
	"dss/dss-1376/DSS1376-rev_n-2.pdf": "form filling",
	"itext/DocumentRevisionsValidatorIntegrationTest/fullCompressionModeLevel2.pdf": "form filling",
	"pyhanko/form-update-override-appearance-stream-ap-indirect.pdf":                "form filling",
	"pyhanko/extensions-indirect.pdf":                                               "a metadata stream appears",
	"pyhanko/extensions-update-indirect.pdf":                                        "a metadata stream appears",
	"itext/PdfPKCS7Test/extensions/sample-brainpoolP384r1-sha384.pdf":               "a curve that is not computed here: unknown, not invalid",
}

// TestCorpus reads every PDF of the corpus and compares with what is expected of each.
func TestCorpus(t *testing.T) {
	corpus := filepath.Join(shared(t), "corpus")
	table, err := os.ReadFile(filepath.Join(corpus, "expected.tsv"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")
	count := map[string]int{}
	var slowest time.Duration
	var slowestPath string
	for _, line := range lines[1:] {
		row := strings.Split(line, "\t")
		if row[1] != "pades" {
			continue
		}
		path, password, crypto, signatures, levels, tokens := row[0], row[3], row[4], row[5], row[6], row[7]
		doc, err := ades.OpenDocument(filepath.Join(corpus, path))
		require.NoError(t, err)
		start := time.Now()
		found, err := pades.Read(context.Background(), doc)
		if took := time.Since(start); took > slowest {
			slowest, slowestPath = took, path
		}
		doc.Close()
		got := verdict(found, err)
		count[crypto+" -> "+got]++
		t.Logf("%-8s %-8s %s: %s", crypto, got, path, explain(found, err))
		switch {
		case crypto == "invalid":
			if got == "valid" {
				t.Errorf("ACCEPTED %s: %s", path, row[10])
			}
		case password != "":
			require.ErrorIs(t, err, pades.ErrEncrypted)
		case crypto == "none":
			if got != "none" && !errors.Is(err, pades.ErrEncrypted) {
				t.Errorf("SIGNED %s %s", path, got)
			}
		case crypto == "valid":
			reason := refused[strings.TrimPrefix(path, "pades/")]
			if (got == "valid") != (reason == "") {
				t.Errorf("%s %s, which is not expected (%s): %s", got, path, reason, explain(found, err))
			}
		}
		if crypto == "valid" && err == nil && refused[strings.TrimPrefix(path, "pades/")] == "" {
			if signatures != "-" && signatures != strconv.Itoa(len(found.Signatures)) {
				t.Errorf("COUNT %s: %d signatures, not %s", path, len(found.Signatures), signatures)
			}
			if tokens != "-" && tokens != strconv.Itoa(len(found.Timestamps)) {
				t.Errorf("TOKENS %s: %d timestamps, not %s", path, len(found.Timestamps), tokens)
			}
			if levels != "-" {
				var names []string
				for _, s := range found.Signatures {
					names = append(names, s.Level)
				}
				want := strings.Split(levels, ";")
				sort.Strings(names)
				sort.Strings(want)
				if strings.Join(names, ";") != strings.Join(want, ";") {
					t.Errorf("LEVEL %s: %v, not %v", path, names, want)
				}
			}
		}
	}
	t.Logf("%v, slowest %v: %s", count, slowest, slowestPath)
	require.Less(t, slowest, 10*time.Second)
}

// verdict is the corpus README's: valid if every signature stands, whatever the trust.
func verdict(doc *facts.Document, err error) string {
	if err != nil {
		return "error"
	}
	if len(doc.Signatures) == 0 {
		return "none"
	}
	out := "valid"
	for i := range doc.Signatures {
		switch stands(doc, &doc.Signatures[i]) {
		case "invalid":
			return "invalid"
		case "unknown":
			out = "unknown"
		}
	}
	return out
}

func explain(doc *facts.Document, err error) string {
	if err != nil {
		return err.Error()
	}
	var out []string
	for i := range doc.Signatures {
		s := &doc.Signatures[i]
		out = append(out, s.ID+" "+stands(doc, s))
		for _, p := range s.Problems {
			if p.Fatal || p.Unsupported {
				out = append(out, p.Code+" "+p.Message)
			}
		}
		for _, r := range s.References {
			if !r.Intact {
				out = append(out, r.Name+" not intact")
			}
		}
		for _, m := range s.Modifications {
			out = append(out, "["+strconv.Itoa(m.Revision)+" "+m.Object+" "+m.Kind+" "+m.Message+"]")
		}
	}
	return strings.Join(out, "; ")
}
