package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// At the top there is what a newcomer needs and no more.
func TestTopLevel(t *testing.T) {
	want := map[string]bool{"signature": true, "exchange": true, "identity": true, "rgs": true, "examples": true, "internal": true, "docs": true,
		"go.mod": true, "go.sum": true, "README.md": true, "CHANGELOG.md": true, "CONTRIBUTING.md": true, "SECURITY.md": true, "LICENSE": true}
	ignored, err := os.ReadFile("../.gitignore")
	require.NoError(t, err)
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	there := map[string]bool{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.Contains(string(ignored), "/"+e.Name()+"/\n") {
			continue
		}
		there[e.Name()] = true
	}
	require.Equal(t, want, there)
	require.FileExists(t, "../.ci/run")
	licence, err := os.ReadFile("../LICENSE")
	require.NoError(t, err)
	require.Contains(t, string(licence), "EUROPEAN UNION PUBLIC LICENCE v. 1.2")
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)`)

// What a page points at exists.
func TestLinksLead(t *testing.T) {
	var pages []string
	for _, folder := range []string{"..", ".", "../examples/*", "../internal/*/testdata"} {
		found, err := filepath.Glob(filepath.Join(folder, "*.md"))
		require.NoError(t, err)
		pages = append(pages, found...)
	}
	require.Greater(t, len(pages), 8)
	links := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			_, err := os.Stat(filepath.Join(filepath.Dir(page), m[1]))
			require.NoError(t, err, "%s points at %s", page, m[1])
		}
	}
	require.Greater(t, links, 10)
}
