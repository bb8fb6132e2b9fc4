package exchange_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
)

// tree lists what is in a folder: names, and contents of files.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch {
		case d.IsDir():
			all[name] = "(folder)"
		case d.Type()&fs.ModeSymlink != 0:
			all[name] = "(link)"
		default:
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all[name] = string(b)
		}
		return nil
	}))
	return all
}

func message(t *testing.T, parts ...exchange.Part) *exchange.Message {
	t.Helper()
	w := theWorld()
	pli, _ := w.seals(t, w.options(t), parts...)
	m, err := w.opens(t, pli, w.ec, w.reading())
	require.NoError(t, err)
	return m
}

func TestExtract(t *testing.T) {
	m := message(t, text("a", "1"), text("b/c/d", "2"), text("b/vide", ""), text("z", "3"))
	want := map[string]string{"a": "1", "b": "(folder)", "b/c": "(folder)", "b/c/d": "2", "b/vide": "", "z": "3"}
	dir := t.TempDir()
	var last int64
	require.NoError(t, m.Extract(t.Context(), dir, exchange.ExtractOptions{Sync: true, Progress: func(n int64) { last = n }}))
	require.Equal(t, want, treeOf(t, dir))
	require.EqualValues(t, 3, last)

	require.ErrorIs(t, m.Extract(t.Context(), dir, exchange.ExtractOptions{}), exchange.ErrExists)
	require.Equal(t, want, treeOf(t, dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "z"), []byte("old"), 0o600))
	require.NoError(t, m.Extract(t.Context(), dir, exchange.ExtractOptions{Force: true}))
	require.Equal(t, want, treeOf(t, dir))
}

// What is in the way is found before anything is written, and dir stays as it was.
func TestExtractConflicts(t *testing.T) {
	m := message(t, text("a", "1"), text("b/c", "2"))
	outside := t.TempDir()
	for name, prepare := range map[string]func(dir string) error{
		"file":            func(dir string) error { return os.WriteFile(filepath.Join(dir, "b"), nil, 0o600) },
		"folder for file": func(dir string) error { return os.Mkdir(filepath.Join(dir, "a"), 0o700) },
		"link for folder": func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "b")) },
		"link inside": func(dir string) error {
			if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
				return err
			}
			return os.Symlink("real", filepath.Join(dir, "b"))
		},
		"link for file":    func(dir string) error { return os.Symlink(filepath.Join(outside, "x"), filepath.Join(dir, "a")) },
		"link to existing": func(dir string) error { return os.Symlink("/etc/hostname", filepath.Join(dir, "a")) },
		"deeper":           func(dir string) error { return os.MkdirAll(filepath.Join(dir, "b", "c"), 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("symbolic links take a privilege there")
			}
			dir := t.TempDir()
			require.NoError(t, prepare(dir))
			before := treeOf(t, dir)
			for _, force := range []bool{false, true} {
				require.ErrorIs(t, m.Extract(t.Context(), dir, exchange.ExtractOptions{Force: force}), exchange.ErrExists)
				require.Equal(t, before, treeOf(t, dir))
			}
			require.Empty(t, treeOf(t, outside))
		})
	}
	file := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, m.Extract(t.Context(), filepath.Join(file, "x"), exchange.ExtractOptions{}))
	require.ErrorIs(t, m.Extract(t.Context(), file, exchange.ExtractOptions{}), exchange.ErrExists)
}

// The last octet of the last part is wrong: what was right before it does not stay, and what was replaced comes back.
func TestExtractLeavesNothing(t *testing.T) {
	w := theWorld()
	big := bytes.Repeat([]byte("x"), 3*exchange.LeafSize+10)
	pli, sealed := w.seals(t, w.options(t), text("a", "1"), exchange.Part{Name: "b/c", Size: int64(len(big)), Content: bytes.NewReader(big)})
	src := bytes.NewReader(pli)
	m, err := exchange.Open(t.Context(), src, int64(len(pli)), []*exchange.Identity{w.identity(t, w.ec)}, w.reading())
	require.NoError(t, err)

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o600))
	before := treeOf(t, dir)

	ctx, cancel := context.WithCancel(t.Context())
	err = m.Extract(ctx, dir, exchange.ExtractOptions{Force: true, Progress: func(n int64) {
		if n > exchange.LeafSize {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, treeOf(t, dir))

	pli[16+sealed.Manifest.Payload.Size-20_000] ^= 1 // the source changes after the opening
	err = m.Extract(t.Context(), dir, exchange.ExtractOptions{Force: true})
	require.ErrorIs(t, err, exchange.ErrPayload)
	require.Equal(t, before, treeOf(t, dir))
	fresh := filepath.Join(t.TempDir(), "x", "y")
	require.Error(t, m.Extract(t.Context(), fresh, exchange.ExtractOptions{}))
	require.NoDirExists(t, filepath.Dir(fresh))
	require.DirExists(t, filepath.Dir(filepath.Dir(fresh)))
}

func TestExtractManyParts(t *testing.T) {
	var parts []exchange.Part
	for i := range 300 {
		parts = append(parts, text(string(rune('a'+i%26))+"/"+string(rune('a'+i/26))+"é", string(rune('a'+i))))
	}
	m := message(t, parts...)
	dir := t.TempDir()
	require.NoError(t, m.Extract(t.Context(), dir, exchange.ExtractOptions{}))
	require.Len(t, treeOf(t, dir), 326)
}
