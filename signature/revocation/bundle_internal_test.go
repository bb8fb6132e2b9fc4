package revocation

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"runtime"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func bundleScene() (root, ca *pkitest.Authority) {
	pki := pkitest.New(pkitest.Deterministic("bundle"))
	root = pki.Root("Racine d'essai")
	return root, root.Intermediate("AC d'essai")
}

// certsOnly is a SignedData without content and signers.
func certsOnly(t testing.TB, certificates ...[]byte) []byte {
	raw, err := (&cms.SignedData{ContentType: cms.OIDData, Certificates: certificates}).Marshal()
	require.NoError(t, err)
	return raw
}

// brainpool is a public key that the standard library does not know: 1.3.36.3.3.2.8.1.1.7.
func brainpool() []byte {
	point := append([]byte{3, 66, 0, 4}, bytes.Repeat([]byte{7}, 64)...)
	algorithm := []byte{0x30, 20, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 9, 0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7}
	return append([]byte{0x30, byte(len(algorithm) + len(point))}, append(algorithm, point...)...)
}

func TestParseBundle(t *testing.T) {
	root, ca := bundleScene()
	odd := root.Intermediate("AC brainpool", pkitest.PublicKey(brainpool()))
	degenerate, err := pkcs7.DegenerateCertificate(append(bytes.Clone(ca.DER), root.DER...))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		raw  []byte
		want [][]byte
	}{
		"certificate":             {ca.DER, [][]byte{ca.DER}},
		"certificates end to end": {append(bytes.Clone(ca.DER), root.DER...), [][]byte{ca.DER, root.DER}},
		"PEM":                     {append(ca.PEM(), root.PEM()...), [][]byte{ca.DER, root.DER}},
		"certs-only":              {certsOnly(t, ca.DER, root.DER), [][]byte{ca.DER, root.DER}},
		"certs-only of pkcs7":     {degenerate, [][]byte{ca.DER, root.DER}},
		"certs-only in PEM":       {pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: certsOnly(t, ca.DER)}), [][]byte{ca.DER}},
		"a key nobody knows":      {certsOnly(t, ca.DER, odd.DER), [][]byte{ca.DER, odd.DER}},
		"a certificate unread":    {certsOnly(t, ca.DER, []byte{0x30, 3, 2, 1, 1}), [][]byte{ca.DER}},
		"more than are read":      {bytes.Repeat(ca.DER, limits.IssuerCertificates+5), repeat(ca.DER, limits.IssuerCertificates)},
	} {
		t.Run(name, func(t *testing.T) {
			certificates, err := parseBundle(c.raw)
			require.NoError(t, err)
			var raw [][]byte
			for _, one := range certificates {
				raw = append(raw, one.Raw)
			}
			require.ElementsMatch(t, c.want, raw)
		})
	}
	for name, raw := range map[string][]byte{
		"nothing": nil, "a page": []byte("<html>"), "certs-only of none": certsOnly(t), "cut": certsOnly(t, ca.DER)[:200],
		"certificates that are none": certsOnly(t, []byte{0x30, 3, 2, 1, 1}),
	} {
		_, err := parseBundle(raw)
		require.ErrorIs(t, err, ErrCertificate, name)
	}
	_, err = parseBundle(make([]byte, limits.IssuerBundle+1))
	require.ErrorIs(t, err, ErrTooLarge)
}

func repeat(raw []byte, n int) (list [][]byte) {
	for range n {
		list = append(list, raw)
	}
	return list
}

// bomb takes the parser of pkcs7 15 seconds and 3.7 GB when it is given as it is.
const bomb = "MIAwAjACMAIwAjACMAIwMDACMDAwAjAwMAIwIDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwMDACMAIwAjACMAIwAjACMDAwAjAwMAIwMDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwAjACMAIwAjACQQIwMDA="

func TestParseBundleBomb(t *testing.T) {
	raw, err := base64.StdEncoding.DecodeString(bomb)
	require.NoError(t, err)
	started := time.Now()
	_, err = parseBundle(raw)
	require.ErrorIs(t, err, ErrCertificate)
	require.Less(t, time.Since(started), 5*time.Second)
}

func FuzzParseBundle(f *testing.F) {
	root, ca := bundleScene()
	f.Add(ca.DER)
	f.Add(append(ca.PEM(), root.PEM()...))
	f.Add(certsOnly(f, ca.DER, root.DER))
	raw, err := base64.StdEncoding.DecodeString(bomb)
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte{0x1f, 0x80})
	f.Add([]byte{0x30, 0x81})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		certificates, err := parseBundle(raw)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 4<<20+1024*uint64(len(raw)) {
			t.Fatalf("%d octets allocated for %d", spent, len(raw))
		}
		require.Equal(t, err != nil, len(certificates) == 0)
	})
}
