//go:build corpus || interop

package pades_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// shared is the folder of the corpus and of the peers.
func shared(t testing.TB) string {
	if dir := os.Getenv("CONFIANCE_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared")
		}
		require.NotEqual(t, "/", dir)
	}
}
