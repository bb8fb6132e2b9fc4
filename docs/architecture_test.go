// Package docs_test holds the documentation to the code.
package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/cadre-confiance/confiance"

type floor struct {
	number  string
	imports []string
	modules []string
}

// floors reads the table of architecture.md.
func floors(t *testing.T) map[string]floor {
	page, err := os.ReadFile("architecture.md")
	require.NoError(t, err)
	table := map[string]floor{}
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.ContainsAny(cells[1], "012345") {
			continue
		}
		table[strings.TrimSpace(cells[2])] = floor{strings.TrimSpace(cells[1]), strings.Fields(cells[3]), strings.Fields(cells[4])}
	}
	require.NotEmpty(t, table)
	return table
}

// allowed says whether a package may be imported, by a list in which "signature/…" stands for signature and all below it.
func allowed(list []string, path string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		below, all := strings.CutSuffix(entry, "/…")
		return path == entry || all && (path == below || strings.HasPrefix(path, below+"/"))
	})
}

func TestImportsGoDown(t *testing.T) {
	table := floors(t)
	command := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "./...")
	command.Dir = ".."
	listing, err := command.Output()
	require.NoError(t, err)

	seen := map[string]bool{}
	for decoder := json.NewDecoder(bytes.NewReader(listing)); ; {
		var p struct {
			ImportPath       string
			Imports, GoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		if len(p.GoFiles) == 0 { // tests alone
			continue
		}
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		seen[name] = true
		row, known := table[name]
		if !known {
			t.Errorf("%s has no row in docs/architecture.md", name)
			continue
		}
		for _, path := range p.Imports {
			ours, isOurs := strings.CutPrefix(path, module+"/")
			switch {
			case isOurs && !allowed(row.imports, ours):
				t.Errorf("%s imports %s, which its row does not allow", name, ours)
			case isOurs && table[ours].number > row.number:
				t.Errorf("%s, on floor %s, imports %s, on floor %s", name, row.number, ours, table[ours].number)
			case !isOurs && strings.Contains(strings.Split(path, "/")[0], ".") &&
				!slices.ContainsFunc(row.modules, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") }):
				t.Errorf("%s imports %s, whose module its row does not allow", name, path)
			}
		}
	}
	for name := range table {
		if !seen[name] {
			t.Errorf("docs/architecture.md has a row for %s, which does not exist", name)
		}
	}
}

// A table that allowed anything would pass the test above.
func TestAllowedRefuses(t *testing.T) {
	require.True(t, allowed([]string{"signature/…"}, "signature"))
	require.True(t, allowed([]string{"signature/…"}, "signature/cades"))
	require.False(t, allowed([]string{"signature/…"}, "signatures"))
	require.False(t, allowed([]string{"signature"}, "signature/cades"))
	require.False(t, allowed([]string{"rgs", "internal/…"}, "exchange"))
}
