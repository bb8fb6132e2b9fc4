package pades_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// FuzzRead reads anything, and signs what can be.
func FuzzRead(f *testing.F) {
	seeds, err := filepath.Glob("../../internal/pdf/testdata/*.pdf")
	require.NoError(f, err)
	require.NotEmpty(f, seeds)
	for _, path := range seeds {
		b, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(b)
		once := sign(f, b, pades.Options{Room: 4000})
		f.Add(once)
		f.Add(update(f, once, func(e *edit) { e.u.Put(e.root, e.catalog.With("DSS", e.store(""))) }))
		f.Add(sign(f, once, pades.Options{Room: 4000}))
	}
	w := theWorld()
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		doc, err := pades.Read(t.Context(), ades.Bytes(b))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(64<<20+8192*len(b)) {
			t.Fatalf("%d octets made us allocate %d", len(b), used)
		}
		if err != nil {
			known := false
			for _, kind := range []error{pades.ErrNotPDF, pades.ErrDamaged, pades.ErrEncrypted, pades.ErrUnsupported, pades.ErrLimit} {
				known = known || errors.Is(err, kind)
			}
			require.True(t, known, "an error of no kind: %v", err)
			return
		}
		for i := range doc.Signatures {
			s := &doc.Signatures[i]
			require.NotEmpty(t, s.ID)
			if stands(doc, s) == "valid" {
				require.Len(t, s.ByteRange, 4)
				require.NoError(t, pades.WriteRevision(t.Context(), io.Discard, ades.Bytes(b), s))
			}
		}
		_ = pades.Sign(t.Context(), io.Discard, ades.Bytes(b), w.signer(t, w.leaf), pades.Options{Time: pkitest.DefaultTime, Room: 4000})
	})
}
