package exchange_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

const (
	commune    = "99900001100018"
	prefecture = "99900002900010"
	region     = "99900003700013"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// A world is a commune that sends to two establishments.
type world struct {
	pki       *pkitest.PKI
	root      *pkitest.Authority
	ca        *pkitest.Authority
	seal      *pkitest.Identity
	rsa, ec   *pkitest.Identity // encryption keys of the préfecture and of the région
	anchors   *trust.Set
	recipient []exchange.RecipientKey
}

var theWorld = sync.OnceValue(func() *world {
	w := &world{pki: pkitest.New(pkitest.At(now), pkitest.Deterministic("exchange"))}
	w.root = w.pki.Root("Racine d'essai")
	w.ca = w.root.Intermediate("AC d'essai")
	w.seal = w.ca.Leaf("Commune d'essai", pkitest.Seal, pkitest.SIRET(commune))
	w.rsa = w.ca.Leaf("Préfecture d'essai", pkitest.Encrypt, pkitest.RSA2048, pkitest.SIRET(prefecture))
	w.ec = w.ca.Leaf("Région d'essai", pkitest.Encrypt, pkitest.P384, pkitest.SIRET(region))
	var err error
	if w.anchors, err = trust.NewSet(trust.Anchor{Certificate: w.root.DER}); err != nil {
		panic(err)
	}
	w.recipient = []exchange.RecipientKey{
		{SIRET: prefecture, Certificates: []*x509.Certificate{w.rsa.Certificate}},
		{SIRET: region, Certificates: []*x509.Certificate{w.ec.Certificate}},
	}
	return w
})

func (w *world) signer(t testing.TB, id *pkitest.Identity) ades.Signer {
	t.Helper()
	s, err := ades.FromKey(id.Key, id.Chain())
	require.NoError(t, err)
	return s
}

func (w *world) identity(t testing.TB, id *pkitest.Identity) *exchange.Identity {
	t.Helper()
	i, err := exchange.NewIdentity(id.Certificate, id.Key)
	require.NoError(t, err)
	return i
}

func (w *world) options(t testing.TB) exchange.SealOptions {
	return exchange.SealOptions{Signer: w.signer(t, w.seal), Recipients: w.recipient, Created: now, Purpose: "Contrôle de légalité"}
}

func (w *world) reading() exchange.OpenOptions {
	return exchange.OpenOptions{Anchors: w.anchors, At: now.Add(time.Hour), UnsafeNoRevocation: true}
}

func (w *world) seals(t testing.TB, o exchange.SealOptions, parts ...exchange.Part) ([]byte, *exchange.Sealed) {
	t.Helper()
	var out bytes.Buffer
	sealed, err := exchange.Seal(t.Context(), &out, exchange.Parts(parts...), o)
	require.NoError(t, err)
	require.EqualValues(t, out.Len(), sealed.Size)
	return out.Bytes(), sealed
}

func (w *world) opens(t testing.TB, pli []byte, id *pkitest.Identity, o exchange.OpenOptions) (*exchange.Message, error) {
	t.Helper()
	return exchange.Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), []*exchange.Identity{w.identity(t, id)}, o)
}

func text(name, content string) exchange.Part {
	return exchange.Part{Name: name, MediaType: "text/plain", Size: int64(len(content)), Content: bytes.NewReader([]byte(content))}
}

func TestSealAndOpen(t *testing.T) {
	w := theWorld()
	big := bytes.Repeat([]byte("délibération "), 300_000) // 4 MiB
	pli, sealed := w.seals(t, w.options(t),
		text("délibération.pdf", "%PDF"),
		text("annexes/vide.txt", ""),
		exchange.Part{Name: "annexes/plan.bin", Size: -1, Content: bytes.NewReader(big)})
	for _, id := range []*pkitest.Identity{w.rsa, w.ec} {
		m, err := w.opens(t, pli, id, w.reading())
		require.NoError(t, err)
		require.Equal(t, sealed.Manifest, m.Manifest)
		require.Equal(t, sealed.ManifestDigest, m.ManifestDigest)
		require.Equal(t, sealed.Header, m.Header)
		require.NoError(t, m.Check(context.Background(), nil))
		for i, want := range [][]byte{[]byte("%PDF"), nil, big} {
			r, err := m.Part(t.Context(), i)
			require.NoError(t, err)
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		}
		dir := filepath.Join(t.TempDir(), "a", "b")
		require.NoError(t, m.Extract(t.Context(), dir, exchange.ExtractOptions{}))
		got, err := os.ReadFile(filepath.Join(dir, "annexes", "plan.bin"))
		require.NoError(t, err)
		require.True(t, bytes.Equal(big, got))
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 2)
	}
}
