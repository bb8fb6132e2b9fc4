package ades_test

import (
	"bytes"
	"context"
	"crypto"
	_ "crypto/sha256"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
)

func TestStage(t *testing.T) {
	small, large := bytes.Repeat([]byte("mairie"), 100), bytes.Repeat([]byte("préfecture"), 300_000)
	for name, content := range map[string][]byte{"empty": {}, "in memory": small, "in a file": large} {
		t.Run(name, func(t *testing.T) {
			temporary := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			// A reader that returns its last octets together with io.EOF loses nothing.
			document, err := ades.Stage(t.Context(), iotest.DataErrReader(bytes.NewReader(content)), int64(len(content)))
			require.NoError(t, err)
			require.EqualValues(t, len(content), document.Size())
			got, err := io.ReadAll(document.Reader(t.Context()))
			require.NoError(t, err)
			require.True(t, bytes.Equal(content, got))
			require.NoError(t, document.Close())
			left, err := os.ReadDir(temporary)
			require.NoError(t, err)
			require.Empty(t, left)

			if len(content) == 0 {
				return
			}
			_, err = ades.Stage(t.Context(), bytes.NewReader(content), int64(len(content))-1)
			require.ErrorIs(t, err, ades.ErrTooLarge)
			_, err = ades.Stage(t.Context(), io.MultiReader(bytes.NewReader(content), iotest.ErrReader(errDisk)), math.MaxInt64)
			require.ErrorIs(t, err, errDisk)
			left, err = os.ReadDir(temporary)
			require.NoError(t, err)
			require.Empty(t, left, "a failed Stage leaves nothing")
		})
	}
}

var errDisk = errors.New("disk gone")

func TestStageRefusesANegativeLimit(t *testing.T) {
	_, err := ades.Stage(t.Context(), bytes.NewReader(nil), -1)
	require.ErrorContains(t, err, "-1")
}

func TestStageStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reads := 0
	endless := readerFunc(func(p []byte) (int, error) {
		require.LessOrEqual(t, len(p), 64<<10)
		if reads++; reads == 20 {
			cancel()
		}
		return len(p), nil
	})
	_, err := ades.Stage(ctx, endless, math.MaxInt64)
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, reads, 21)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestOpenDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acte.txt")
	require.NoError(t, os.WriteFile(path, []byte("Le conseil municipal décide."), 0o600))
	document, err := ades.OpenDocument(path)
	require.NoError(t, err)
	defer document.Close()
	got, err := io.ReadAll(document.Reader(t.Context()))
	require.NoError(t, err)
	require.Equal(t, "Le conseil municipal décide.", string(got))

	require.NoError(t, os.Truncate(path, 5))
	_, err = io.ReadAll(document.Reader(t.Context()))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a document cut while it is read is not a shorter document")

	_, err = ades.OpenDocument(filepath.Dir(path))
	require.ErrorContains(t, err, "not a regular file")
	_, err = ades.OpenDocument(path + ".none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReaderStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reader := ades.Bytes(make([]byte, 1<<20)).Reader(ctx)
	n, err := reader.Read(make([]byte, 1<<20))
	require.NoError(t, err)
	require.LessOrEqual(t, n, 64<<10)
	cancel()
	_, err = reader.Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled)
}

func TestDigestOnly(t *testing.T) {
	sum := make([]byte, 32)
	document, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: sum, Size: -7})
	require.NoError(t, err)
	require.EqualValues(t, -1, document.Size())
	digest, ok := document.Digest()
	require.True(t, ok)
	sum[0] = 1
	require.Zero(t, digest.Sum[0], "the caller's slice is not kept")
	_, err = document.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, ades.ErrDigestOnly)
	_, err = io.ReadAll(document.Reader(t.Context()))
	require.ErrorIs(t, err, ades.ErrDigestOnly)

	_, err = ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: make([]byte, 20)})
	require.ErrorContains(t, err, "20 octets")
	_, err = ades.DigestOnly(ades.Digest{Algorithm: crypto.MD4, Sum: make([]byte, 16)})
	require.Error(t, err, "an algorithm that is not linked in")
	_, err = ades.DigestOnly(ades.Digest{})
	require.Error(t, err)

	_, ok = ades.Bytes(nil).Digest()
	require.False(t, ok)
}

func TestZeroDocumentIsEmpty(t *testing.T) {
	var document ades.Document
	require.Zero(t, document.Size())
	got, err := io.ReadAll(document.Reader(t.Context()))
	require.NoError(t, err)
	require.Empty(t, got)
	require.NoError(t, document.Close())
}
