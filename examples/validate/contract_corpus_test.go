//go:build corpus

package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the command prints about every file that others signed honours the contract too.
func TestCorpusHonoursTheContract(t *testing.T) {
	shared := os.Getenv("CONFIANCE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	var files []string
	for _, format := range []string{"cades", "pades"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(shared, "corpus", format), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		}))
	}
	require.Greater(t, len(files), 300)
	var out, complaints bytes.Buffer
	run(t.Context(), append([]string{"-json", "-unsafe-no-revocation", "-unsafe-anchors-from-file", "-at", "2026-11-22T12:00:00Z"}, files...), &out, &complaints, time.Now)
	require.Empty(t, complaints.String())
	printed := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, printed, len(files))
	signatures, tokens := 0, 0
	for i, line := range printed {
		f := honours(t, line)
		require.Equal(t, files[i], f.File)
		signatures += len(f.Signatures)
		tokens += len(f.Timestamps)
	}
	require.Greater(t, signatures, 300)
	require.NotZero(t, tokens, "document timestamps stand at the top")
}
