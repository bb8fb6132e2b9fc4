package exchange

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// A sample of the sweeps: one bit in 61. The tag "sweep" runs them all (TestSweep).
func TestSweepSample(t *testing.T) { sweep(t, 61) }

// sweep advances by step bits.
func sweep(t *testing.T, step int) {
	t.Run("file", func(t *testing.T) { sweepFile(t, step) })
	t.Run("capsule", func(t *testing.T) { sweepCapsule(t, step) })
	t.Run("content", func(t *testing.T) { sweepContent(t, step) })
	t.Run("manifest", func(t *testing.T) { sweepManifest(t, step) })
}

// leaks reports whether a reader gets content out of a pli, to fail on. Nothing may panic, and whatever comes out must be refused
// before the first octet: the plis swept are smaller than a leaf.
func leaks(t *testing.T, pli []byte, id *pkitest.Identity) bool {
	t.Helper()
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), identityOf(id), readingNow())
	if err != nil {
		require.NotEmpty(t, Reason(err), "%v", err)
		return false
	}
	leaked := false
	for i := range m.Manifest.Parts {
		r, err := m.Part(t.Context(), i)
		require.NoError(t, err)
		var out bytes.Buffer
		_, err = r.WriteTo(&out)
		leaked = leaked || out.Len() > 0 || err == nil && m.Manifest.Parts[i].Size > 0
	}
	return leaked
}

// Each bit of a small pli flipped.
func sweepFile(t *testing.T, step int) {
	w := theCast()
	k := newCraft()
	pli := k.build(t)
	for bit := 0; bit < 8*len(pli); bit += step {
		altered := bytes.Clone(pli)
		altered[bit/8] ^= 1 << (bit % 8)
		for _, id := range []*pkitest.Identity{w.b, w.c} {
			require.False(t, leaks(t, altered, id), "octet %d, bit %d", bit/8, bit%8)
		}
	}
}

// Each bit of the capsule flipped by a carrier who writes the header that agrees with it.
func sweepCapsule(t *testing.T, step int) {
	w := theCast()
	k := newCraft()
	var capsule []byte
	k.capsule = func(b []byte) []byte { capsule = b; return b }
	pli := k.build(t)
	c := must(readContainer(bytes.NewReader(pli), int64(len(pli))))
	h := must(ParseHeader(pli[c.headerAt() : len(pli)-trailerSize]))
	for bit := 0; bit < 8*len(capsule); bit += step {
		altered := bytes.Clone(pli)
		there := altered[c.capsuleAt():c.headerAt()]
		there[bit/8] ^= 1 << (bit % 8)
		h.CapsuleHash = sha256.Sum256(there)
		copy(altered[c.headerAt():], h.marshal())
		for _, id := range []*pkitest.Identity{w.b, w.c} {
			_, err := Open(t.Context(), bytes.NewReader(altered), int64(len(altered)), identityOf(id), readingNow())
			require.ErrorIs(t, err, ErrCapsule, "octet %d, bit %d", bit/8, bit%8)
		}
	}
}

// Each bit of the capsule's content flipped by a co-recipient, who can seal it anew: only what the sender signed is safe from him,
// and what he changes of the rest is refused or changes nothing that is read.
func sweepContent(t *testing.T, step int) {
	w := theCast()
	k := newCraft()
	k.to = []*pkitest.Identity{w.c}
	var size int
	k.plain = func(b []byte) []byte { size = len(b); return b }
	k.build(t)
	for bit := 0; bit < 8*size; bit += step {
		k.plain = flip(bit/8, bit%8)
		require.False(t, leaks(t, k.build(t), w.c), "octet %d, bit %d", bit/8, bit%8)
	}
}

// Each bit of the signed manifest flipped.
func sweepManifest(t *testing.T, step int) {
	k := newCraft()
	var signed []byte
	k.signed = func(b []byte) []byte { signed = b; return b }
	k.build(t)
	want := must(readStatement(signed, manifestType))
	for bit := 0; bit < 8*len(signed); bit += step {
		altered := bytes.Clone(signed)
		altered[bit/8] ^= 1 << (bit % 8)
		got, err := readStatement(altered, manifestType)
		if err != nil {
			require.NotEmpty(t, Reason(err))
			continue
		}
		// What is left outside the signature is a certificate of the chain that is not the signer's: it only helps to find the anchor.
		require.Equal(t, want.content, got.content, "octet %d, bit %d", bit/8, bit%8)
		require.Equal(t, want.signer.ID, got.signer.ID)
		require.Equal(t, want.sd.SignerInfos[0].Signature, got.sd.SignerInfos[0].Signature)
		sd, _, err := cms.Parse(altered)
		require.NoError(t, err)
		require.NotEqual(t, want.sd.Certificates, sd.Certificates, "octet %d, bit %d: accepted, and no certificate differs", bit/8, bit%8)
	}
}
