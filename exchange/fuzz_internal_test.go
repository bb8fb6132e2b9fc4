package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// ceiling fails when f allocates more than the bound: parsers take memory for what they have read, not for what is announced.
func ceiling(t *testing.T, bound uint64, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > bound {
		t.Fatalf("%d octets allocated, the bound is %d", n, bound)
	}
}

// vectorPlis are the plis of testdata.
func vectorPlis(t testing.TB) (all [][]byte) {
	t.Helper()
	paths, err := filepath.Glob("testdata/v1/*.pli")
	require.NoError(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		all = append(all, b)
	}
	require.NotEmpty(t, all)
	return all
}

func FuzzContainer(f *testing.F) {
	for _, pli := range vectorPlis(f) {
		f.Add(pli)
	}
	f.Add([]byte(mark))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readContainer(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			require.NotEmpty(t, Reason(err))
			return
		}
		require.EqualValues(t, len(b), c.headerAt()+c.header+trailerSize)
		require.Equal(t, b[len(b)-trailerSize:], c.trailer())
	})
}

func FuzzHeader(f *testing.F) {
	for _, pli := range vectorPlis(f) {
		c := must(readContainer(bytes.NewReader(pli), int64(len(pli))))
		f.Add(pli[c.headerAt() : len(pli)-trailerSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ceiling(t, 1<<20+64*uint64(len(b)), func() {
			h, err := ParseHeader(b)
			if err != nil {
				require.NotEmpty(t, Reason(err))
				return
			}
			require.Equal(t, b, h.marshal())
			require.True(t, json.Valid(b))
		})
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(sampleManifest().marshal())
	for _, pli := range vectorPlis(f) {
		f.Add(vectorContent(f, pli).content)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ceiling(t, 1<<20+64*uint64(len(b)), func() {
			m, err := ParseManifest(b)
			if err != nil {
				require.NotEmpty(t, Reason(err))
				return
			}
			require.True(t, json.Valid(b), "encoding/json takes all that is taken here")
			again, err := ParseManifest(m.marshal())
			require.NoError(t, err)
			require.Equal(t, m, again)
		})
	})
}

func FuzzStatements(f *testing.F) {
	f.Add((&Addendum{Version: 1, ID: "01234567-89ab-7cde-8f01-23456789abcd", Recipients: []SIRET{siretB}, Created: craftTime}).marshal())
	f.Add((&Receipt{Version: 1, ID: "01234567-89ab-7cde-8f01-23456789abcd", Recipient: Sender{SIRET: siretB}, Parts: []ReceivedPart{{}},
		Time: craftTime, Verdict: Refused, Reason: "a"}).marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := parseAddendum(b); err == nil {
			require.Equal(t, a, must(parseAddendum(a.marshal())))
		}
		if r, err := parseReceipt(b); err == nil {
			require.Equal(t, r, must(parseReceipt(r.marshal())))
		}
	})
}

func FuzzCapsuleContent(f *testing.F) {
	for _, pli := range vectorPlis(f) {
		f.Add(must(vectorReading(f, pli).content.marshal()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCapsuleContent(b)
		if err != nil {
			require.NotEmpty(t, Reason(err))
			return
		}
		require.Equal(t, b, must(c.marshal()))
		require.LessOrEqual(t, len(c.addenda), limits.PliAddenda)
	})
}

func FuzzSignedStatement(f *testing.F) {
	for _, pli := range vectorPlis(f) {
		f.Add(vectorReading(f, pli).content.manifest)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := readStatement(b, manifestType)
		if err != nil {
			require.NotEmpty(t, Reason(err))
			return
		}
		require.Len(t, s.sd.SignerInfos, 1)
	})
}

// FuzzPayload gives a reader who has the key any payload: nothing comes out of it but what was signed.
func FuzzPayload(f *testing.F) {
	parts := [][]byte{random(40_000), []byte("b"), {}}
	sealed, m, c := sealForTest(f, 1, true, parts...)
	f.Add(sealed, 0, byte(0))
	f.Add(sealed, payloadHead+5, byte(1))
	f.Add(sealed[:len(sealed)-1], 0, byte(0))
	f.Fuzz(func(t *testing.T, b []byte, at int, x byte) {
		b = bytes.Clone(b)
		if len(b) > 0 {
			b[abs(at)%len(b)] ^= x
		}
		p, err := newPayload(bytes.NewReader(b), 0, int64(len(b)), c, m)
		if err != nil {
			require.ErrorIs(t, err, ErrMismatch)
			return
		}
		if err := errors.Join(p.checkFinal(), p.checkIndex(t.Context())); err != nil {
			return
		}
		got := make([][]byte, len(parts))
		err = p.stream(t.Context(), 0, len(parts), 0, 2, func(part int, leaf []byte) error { got[part] = append(got[part], leaf...); return nil })
		for i := range got {
			require.True(t, bytes.HasPrefix(parts[i], got[i]))
			require.True(t, err != nil || len(got[i]) == len(parts[i]))
		}
	})
}

// FuzzOpen alters a pli of testdata anywhere and has its recipient open it.
func FuzzOpen(f *testing.F) {
	plis := vectorPlis(f)
	for i, pli := range plis {
		f.Add(i, 0, byte(0), 0, byte(0))
		f.Add(i, len(pli)-40, byte(1), 3, byte(2))
	}
	f.Fuzz(func(t *testing.T, which, at int, x byte, at2 int, y byte) {
		pli := bytes.Clone(plis[abs(which)%len(plis)])
		pli[abs(at)%len(pli)] ^= x
		pli[abs(at2)%len(pli)] ^= y
		_, err := openVector(t, pli)
		if slices.ContainsFunc(plis, func(p []byte) bool { return bytes.Equal(p, pli) }) {
			require.NoError(t, err)
		} else {
			require.Error(t, err)
		}
	})
}

func abs(n int) int { return n & (1<<62 - 1) }
