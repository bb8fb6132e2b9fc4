//go:build interop

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The commands that the journey prints are run as they are printed, and the other tools agree.
func TestInteropPrintedCommands(t *testing.T) {
	status, stdout, stderr := travel(t, "-out", filepath.Join(t.TempDir(), "l'acte"))
	require.Equal(t, exitVerified, status, stderr)
	want := map[string][]string{
		"qpdf":             {"No syntax or stream encoding errors found"},
		"mkdir":            nil,
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
		output, err := exec.Command("sh", "-c", command).CombinedOutput()
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
