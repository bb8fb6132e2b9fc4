package pkitest_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func TestPKCS12(t *testing.T) {
	pki := pkitest.New()
	root := pki.Root("Racine")
	id := root.Intermediate("AC").Leaf("Mairie", pkitest.RSA2048)
	for name, write := range map[string]func(string) ([]byte, error){"modern": id.PKCS12, "legacy": id.LegacyPKCS12} {
		t.Run(name, func(t *testing.T) {
			p12, err := write("secret")
			require.NoError(t, err)
			key, cert, issuers, err := pkcs12.DecodeChain(p12, "secret")
			require.NoError(t, err)
			require.Equal(t, id.Key, key)
			require.Equal(t, id.DER, cert.Raw)
			require.Len(t, issuers, 2)
			require.Equal(t, root.DER, issuers[1].Raw)
			_, _, _, err = pkcs12.DecodeChain(p12, "faux")
			require.ErrorIs(t, err, pkcs12.ErrIncorrectPassword)
		})
	}
}

func TestPEM(t *testing.T) {
	id := pkitest.New().Root("Racine").Intermediate("AC").Leaf("Mairie")
	pair, err := tls.X509KeyPair(id.ChainPEM(), id.KeyPEM())
	require.NoError(t, err)
	require.Equal(t, id.ChainDER(), pair.Certificate)
	block, rest := pem.Decode(id.PEM())
	require.Equal(t, id.DER, block.Bytes)
	require.Empty(t, rest)
	require.Equal(t, id.ChainDER(), id.TLS().Certificate)
	pss := pkitest.New().Root("Racine", pkitest.RSAPSS2048)
	block, _ = pem.Decode(pss.KeyPEM())
	require.Equal(t, "PRIVATE KEY", block.Type)
	require.True(t, bytes.Contains(block.Bytes, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10}), "id-RSASSA-PSS")
}

func TestWriteFiles(t *testing.T) {
	pki := pkitest.New()
	root := pki.Root("Racine")
	id := root.Intermediate("AC").Leaf("Mairie")
	dir := t.TempDir()
	require.NoError(t, id.WriteFiles(dir, "mairie", "secret"))
	for name, want := range map[string][]byte{"mairie.pem": id.PEM(), "mairie-chain.pem": id.ChainPEM(), "mairie-key.pem": id.KeyPEM()} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	p12, err := os.ReadFile(filepath.Join(dir, "mairie.p12"))
	require.NoError(t, err)
	_, cert, _, err := pkcs12.DecodeChain(p12, "secret")
	require.NoError(t, err)
	require.Equal(t, id.DER, cert.Raw)
	require.Error(t, id.WriteFiles(filepath.Join(dir, "absent"), "mairie", "secret"))

	other := pki.Root("Autre racine")
	require.Equal(t, append(root.PEM(), other.PEM()...), pki.RootsPEM())
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pki.RootsPEM()))
	require.Equal(t, 3, bytes.Count(pki.CRLsPEM(), []byte("BEGIN X509 CRL")))
	card := root.Leaf("Carte", pkitest.PublicKey(id.Certificate.RawSubjectPublicKeyInfo))
	require.NoError(t, card.WriteFiles(dir, "carte", ""))
	require.NoFileExists(t, filepath.Join(dir, "carte-key.pem"))
}
