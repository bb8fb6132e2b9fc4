package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// programs returns the Go programs of README.md.
func programs(t *testing.T) []string {
	page, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var found []string
	for _, part := range strings.Split(string(page), "```go\n")[1:] {
		program, _, closed := strings.Cut(part, "```")
		require.True(t, closed)
		found = append(found, program)
	}
	return found
}

// The programs of the README compile as they are printed, run, and say what their last comment says.
func TestReadmePrograms(t *testing.T) {
	found := programs(t)
	require.Len(t, found, 4, "one for each of signature, rgs, exchange, identity")
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	work := t.TempDir()
	for i, program := range found {
		file := filepath.Join(work, fmt.Sprintf("%d.go", i))
		require.NoError(t, os.WriteFile(file, []byte(program), 0o600))
		overlay.Replace[filepath.Join(root, "docs", fmt.Sprintf("readme%d", i), "main.go")] = file
	}
	replaced, err := json.Marshal(overlay)
	require.NoError(t, err)
	mapping := filepath.Join(work, "overlay.json")
	require.NoError(t, os.WriteFile(mapping, replaced, 0o600))
	for i, program := range found {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			command := exec.Command("go", "run", "-overlay", mapping, fmt.Sprintf("./docs/readme%d", i))
			command.Dir = root
			output, err := command.CombinedOutput()
			require.NoError(t, err, string(output))
			_, expected, promised := strings.Cut(program, "// Output: ")
			require.True(t, promised, "a program of the README says what it prints")
			expected, _, _ = strings.Cut(expected, "\n")
			require.Equal(t, expected, strings.TrimSpace(string(output)))
			require.LessOrEqual(t, strings.Count(program, "\n"), 45)
		})
	}
}

func TestReadmeNamesItsCommands(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "```sh\ngo run ./examples/deliberation\ngo test ./...\n```")
}
