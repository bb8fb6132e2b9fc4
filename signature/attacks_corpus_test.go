//go:build corpus

package signature_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// unlikeTwin are files whose twin is refused, each for a reason.
var unlikeTwin = map[string]string{
	"pades/dss/pades-not-epes.pdf": "it names an object that it does not have, whose number an update then takes",
}

// TestAttacksOnCorpus makes the attacks of every sound file of others: some 23,000, none of which is believed.
func TestAttacksOnCorpus(t *testing.T) {
	folder := filepath.Join(shared(t), "corpus")
	table, err := os.ReadFile(filepath.Join(folder, "expected.tsv"))
	require.NoError(t, err)
	v, err := signature.NewValidator(signature.ValidatorOptions{UnsafeNoRevocation: true, UnsafeAnchorsFromFile: true})
	require.NoError(t, err)
	state := func(file, content []byte) string {
		o := signature.ValidateOptions{Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
		if content != nil {
			o.Detached = ades.Bytes(content)
		}
		got, err := v.Validate(context.Background(), ades.Bytes(file), o)
		if err != nil {
			return "error"
		}
		return summary(got)
	}
	var files, made atomic.Int64
	t.Run("files", func(t *testing.T) {
		for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] {
			f := strings.Split(line, "\t")
			if f[4] != "valid" || f[1] != "cades" && f[1] != "pades" || f[3] != "" || strings.Contains(f[2], "|") {
				continue
			}
			t.Run(f[0]+" "+f[2], func(t *testing.T) {
				t.Parallel()
				file, err := os.ReadFile(filepath.Join(folder, f[0]))
				require.NoError(t, err)
				var content []byte
				if f[2] != "" {
					content, err = os.ReadFile(filepath.Join(folder, f[2]))
					require.NoError(t, err)
				}
				if len(file) > 1<<20 || state(file, content) != string(validation.CryptoValid) {
					return // the second are rows of TestCorpus
				}
				var list []pkitest.Attack
				if f[1] == "pades" {
					list, err = pkitest.AttackPDF(file)
				} else {
					list, err = pkitest.AttackCMS(file, content)
				}
				if err != nil {
					require.ErrorIs(t, err, pkitest.ErrNoAttack)
					return
				}
				files.Add(1)
				made.Add(int64(len(list)))
				var twin []byte
				for _, a := range list {
					if !bytes.Equal(twin, a.Twin) && unlikeTwin[f[0]] == "" {
						twin = a.Twin
						require.Equal(t, "valid", state(a.Twin, a.TwinContent), "the twin of %s", a.Name)
					}
					if _, open := opened[a.Name]; a.Breaks == pkitest.BreaksSignature && !open {
						require.NotEqual(t, "valid", state(a.File, a.Content), "%s is believed", a.Name)
					}
				}
			})
		}
	})
	require.GreaterOrEqual(t, files.Load(), int64(200))
	t.Logf("%d attacks on %d files", made.Load(), files.Load())
}
