//go:build corpus

package cades_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
)

type row struct{ path, detached, crypto, signatures, levels, timestamps, why string }

func corpus(t testing.TB) (rows []row) {
	table, err := os.ReadFile(filepath.Join(shared(t), "corpus", "expected.tsv"))
	require.NoError(t, err)
	for _, line := range strings.Split(string(table), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) >= 12 && f[1] == "cades" {
			rows = append(rows, row{f[0], f[2], f[4], f[5], f[6], f[7], f[10]})
		}
	}
	require.Greater(t, len(rows), 90)
	return rows
}

// sound says what the facts and the keys say of one signature: valid, invalid or unknown.
func sound(doc *facts.Document, s *facts.Signature) string {
	verdict := "valid"
	for _, p := range s.Problems {
		switch {
		case p.Fatal:
			return "invalid"
		case p.Unsupported:
			verdict = "unknown"
		}
	}
	for _, r := range s.References {
		switch {
		case !r.Found:
			verdict = "unknown"
		case !r.Intact:
			return "invalid"
		}
	}
	if len(s.References) == 0 {
		return "invalid"
	}
	for _, id := range s.Candidates {
		certificate, err := pkix.ParseCertificate(doc.Certificate(id).Raw)
		if err != nil {
			continue
		}
		if verifies(s, &certificate.PublicKey) {
			return verdict
		}
	}
	return "invalid"
}

func TestCorpus(t *testing.T) {
	root := filepath.Join(shared(t), "corpus")
	for _, r := range corpus(t) {
		t.Run(r.path+"|"+r.detached, func(t *testing.T) {
			src, err := ades.OpenDocument(filepath.Join(root, r.path))
			require.NoError(t, err)
			defer src.Close()
			var o cades.ReadOptions
			if r.detached != "" {
				o.Detached, err = ades.OpenDocument(filepath.Join(root, r.detached))
				require.NoError(t, err)
				defer o.Detached.Close()
			}
			doc, err := cades.Read(t.Context(), src, o)
			if r.crypto == "invalid" && err != nil {
				return
			}
			require.NoError(t, err)
			verdict := "valid"
			var levels []string
			for i := range doc.Signatures {
				s := &doc.Signatures[i]
				levels = append(levels, s.Level)
				if v := sound(doc, s); v != "valid" {
					verdict = v
				}
			}
			describe(t, doc)
			if r.crypto != "-" {
				require.Equal(t, r.crypto, verdict, r.why)
			}
			if r.crypto == "invalid" {
				return
			}
			if r.signatures != "-" {
				require.Equal(t, r.signatures, fmt.Sprint(len(doc.Signatures)))
			}
			if r.timestamps != "-" {
				require.Equal(t, r.timestamps, fmt.Sprint(len(doc.Timestamps)))
			}
			if r.levels != "-" {
				wanted := strings.Split(r.levels, ";")
				slices.Sort(wanted)
				slices.Sort(levels)
				require.Equal(t, wanted, levels)
			}
		})
	}
}

func describe(t *testing.T, doc *facts.Document) {
	for _, s := range doc.Signatures {
		t.Logf("%s %s %s %s candidates %d claimed %v", s.ID, s.Level, s.SignatureAlgorithm.Name, s.ContentType, len(s.Candidates), s.ClaimedTime)
		for _, a := range s.SignedAttributes {
			t.Logf("   signed %s", a.OID)
		}
		for _, a := range s.UnsignedAttributes {
			t.Logf("   unsigned %s", a.OID)
		}
		for _, p := range s.Problems {
			t.Logf("   problem %+v", p)
		}
	}
	for _, s := range doc.Timestamps {
		t.Logf("%s %s %s", s.ID, s.Type, s.Time)
		for _, r := range s.References {
			t.Logf("   %s found %v intact %v", r.Type, r.Found, r.Intact)
		}
		for _, p := range s.Problems {
			t.Logf("   problem %+v", p)
		}
	}
}
