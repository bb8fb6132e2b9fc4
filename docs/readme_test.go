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

// The commands to try the programs with do what they are there for, on what the first command leaves.
func TestReadmeCommandsToTry(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(page), "To try them on what the journey left:\n\n```sh\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	results := filepath.Join(t.TempDir(), "deliberation-out")
	shell := func(command string) string {
		run := exec.Command("sh", "-c", strings.ReplaceAll(command, "deliberation-out", results))
		run.Dir = ".."
		output, err := run.CombinedOutput()
		require.NoError(t, err, "%s\n%s", command, output)
		return string(output)
	}
	shell("go run ./examples/deliberation -out deliberation-out")
	says := []string{"TOTAL-PASSED", "0 non respectées", "recipient", "opened", `"valid":true`}
	commands := strings.Split(strings.TrimSpace(block), "\n")
	require.Len(t, commands, len(says))
	for i, command := range commands {
		require.Contains(t, shell(command), says[i], command)
	}
}

func TestReadmeNamesItsCommands(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "```sh\ngo run ./examples/deliberation\ngo test ./...\n```")
}
