package cades_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// sparse is a file of size octets that takes no room.
func sparse(t testing.TB, size int64) *ades.Document {
	path := filepath.Join(t.TempDir(), "grand")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	require.NoError(t, f.Close())
	doc, err := ades.OpenDocument(path)
	require.NoError(t, err)
	t.Cleanup(func() { doc.Close() })
	return doc
}

// allocated is what a function allocates in all, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Memory does not depend on the length of the document: signed, read, given out, prepared and completed.
func TestMemoryIsFlat(t *testing.T) {
	h := sharedHouse()
	s := signer(t, h.leaf(pkitest.P256))
	doc := sparse(t, 48<<20)
	const bound = 1 << 20
	for _, detached := range []bool{true, false} {
		signed, err := os.Create(filepath.Join(t.TempDir(), "signé"))
		require.NoError(t, err)
		defer signed.Close()
		require.Less(t, allocated(func() {
			require.NoError(t, cades.Sign(t.Context(), signed, doc, s, cades.Options{Time: signingTime, Detached: detached}))
		}), uint64(bound), "Sign detached %v", detached)
		file, err := ades.OpenDocument(signed.Name())
		require.NoError(t, err)
		defer file.Close()
		o := cades.ReadOptions{Content: io.Discard}
		var beside *ades.Document
		if detached {
			o.Detached, beside = doc, doc
		}
		require.Less(t, allocated(func() {
			facts, err := cades.Read(t.Context(), file, o)
			require.NoError(t, err)
			require.True(t, isSound(facts, &facts.Signatures[0]))
		}), uint64(bound), "Read detached %v", detached)
		require.Less(t, allocated(func() {
			require.NoError(t, cades.AddSigner(t.Context(), io.Discard, file, beside, s, cades.Options{Time: signingTime}))
			require.NoError(t, cades.Extend(t.Context(), io.Discard, file, cades.ExtendOptions{Level: ades.BaselineT, Authority: h.tsa}))
		}), uint64(2*bound), "AddSigner and Extend detached %v", detached)
		require.Less(t, allocated(func() {
			prepared, err := cades.Prepare(t.Context(), doc, s.Chain(), cades.Options{Time: signingTime, Detached: detached})
			require.NoError(t, err)
			value, err := s.Sign(t.Context(), prepared.Request)
			require.NoError(t, err)
			require.NoError(t, cades.Complete(t.Context(), io.Discard, doc, prepared, value, nil))
		}), uint64(bound), "Prepare and Complete detached %v", detached)
	}
}

// BenchmarkLarge signs and reads 1 GiB, detached, beside one SHA-256 over the same file.
//
//	go test -run - -bench Large -benchtime 3x ./signature/cades
func BenchmarkLarge(b *testing.B) {
	h := sharedHouse()
	s := signer(b, h.leaf(pkitest.P256))
	const size = 1 << 30
	doc := sparse(b, size)
	b.Run("raw", func(b *testing.B) {
		b.SetBytes(size)
		buffer := make([]byte, 64<<10)
		for b.Loop() {
			state := sha256.New()
			if _, err := io.CopyBuffer(struct{ io.Writer }{state}, struct{ io.Reader }{io.NewSectionReader(doc, 0, size)}, buffer); err != nil {
				b.Fatal(err)
			}
			state.Sum(nil)
		}
	})
	var signed bytes.Buffer
	b.Run("sign", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			signed.Reset()
			if err := cades.Sign(b.Context(), &signed, doc, s, cades.Options{Time: signingTime, Detached: true}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			facts, err := cades.Read(b.Context(), ades.Bytes(signed.Bytes()), cades.ReadOptions{Detached: doc})
			if err != nil || !isSound(facts, &facts.Signatures[0]) {
				b.Fatal(err)
			}
		}
	})
}
