//go:build interop

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The commands that the journey prints are run as they are printed, and the other tools agree: again after another journey into the
// same folder too.
func TestInteropPrintedCommands(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "l'acte")
	for range 2 {
		status, stdout, stderr := travel(t, "-out", dir)
		require.Equal(t, exitVerified, status, stderr)
		runPrinted(t, stdout)
	}
}

func runPrinted(t *testing.T, stdout string) {
	want := map[string][]string{
		"qpdf":             {"No syntax or stream encoding errors found"},
		"rm":               nil,
		"pdfsig":           {"Signature is Valid.", "Certificate is Trusted.", "Total document signed"},
		"cmp":              nil,
		"openssl cms -ver": {"CAdES Verification successful"},
		"openssl cms -dec": nil,
	}
	ran := 0
	for _, line := range strings.Split(stdout, "\n") {
		command, ok := strings.CutPrefix(line, "  $ ")
		if !ok {
			continue
		}
		ran++
		output, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
		require.NoError(t, err, "%s\n%s", command, output)
		matched := false
		for prefix, says := range want {
			if strings.HasPrefix(command, prefix) {
				matched = true
				for _, text := range says {
					require.Contains(t, string(output), text, command)
				}
			}
		}
		require.True(t, matched, command)
	}
	require.Equal(t, 7, ran)
}
