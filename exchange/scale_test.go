package exchange_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// allocated is what f allocates in all, in octets: several times what it holds at once.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// As many parts as the format has, all small: memory per part is bounded (an implementation of AS4 took 644 MB for 2 MB of them).
func TestTenThousandParts(t *testing.T) {
	w := theWorld()
	content := bytes.Repeat([]byte("x"), 100)
	var pli []byte
	require.Less(t, allocated(func() {
		pli, _ = w.seals(t, w.options(t), func() (parts []exchange.Part) {
			for i := range 10_000 {
				parts = append(parts, exchange.Part{Name: fmt.Sprintf("dossier %d/pièce %d.txt", i%97, i), Size: 100, Content: bytes.NewReader(content)})
			}
			return parts
		}()...)
	}), uint64(128<<20))
	require.Less(t, allocated(func() {
		m, err := w.opens(t, pli, w.ec, w.reading())
		require.NoError(t, err)
		require.Len(t, m.Manifest.Parts, 10_000)
		require.NoError(t, m.Check(t.Context(), nil))
	}), uint64(128<<20))
}

func TestFiveHundredRecipients(t *testing.T) {
	w := theWorld()
	o := w.options(t)
	var last *pkitest.Identity
	for i := range 500 {
		s := siretNumber(2 * i)
		last = w.ca.Leaf(fmt.Sprint("Commune ", i), pkitest.Encrypt, pkitest.SIRET(string(s)))
		o.Recipients = append(o.Recipients, exchange.RecipientKey{SIRET: s, Certificates: []*x509.Certificate{last.Certificate}})
	}
	pli, sealed := w.seals(t, o, text("a", "b"))
	require.Len(t, sealed.Manifest.Recipients, 502)
	for _, id := range []*pkitest.Identity{last, w.rsa} {
		m, err := w.opens(t, pli, id, w.reading())
		require.NoError(t, err)
		require.NoError(t, m.Check(t.Context(), nil))
	}
}

// A timestamp whose authority nobody believes proves nothing, and takes nothing away.
func TestUnknownTimestampAuthority(t *testing.T) {
	w := theWorld()
	o := w.options(t)
	o.Stamper = w.pki.Root("Autre racine").TimestampAuthority("Inconnue")
	pli, _ := w.seals(t, o, text("a", "b"))
	_, err := w.opens(t, pli, w.ec, w.reading())
	require.NoError(t, err)
	reading := w.reading()
	reading.TimestampAnchors, err = trust.NewSet()
	require.NoError(t, err)
	_, err = w.opens(t, pli, w.ec, reading)
	require.NoError(t, err)
}
