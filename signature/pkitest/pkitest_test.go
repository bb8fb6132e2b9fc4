package pkitest_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

var keyTypes = []pkitest.KeyType{pkitest.P256, pkitest.P384, pkitest.P521, pkitest.RSA2048, pkitest.RSA3072,
	pkitest.RSA4096, pkitest.RSAPSS2048, pkitest.Ed25519}

func verify(root *pkitest.Authority, id *pkitest.Identity, at time.Time) error {
	roots, inter := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root.Certificate)
	for _, c := range id.Chain()[1:] {
		inter.AddCert(c)
	}
	_, err := id.Certificate.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

func TestChainsVerify(t *testing.T) {
	pki := pkitest.New()
	root := pki.Root("Racine d'essai")
	for _, k := range keyTypes {
		t.Run(k.String(), func(t *testing.T) {
			if k != pkitest.RSAPSS2048 { // crypto/x509 does not verify under an id-RSASSA-PSS key
				own := pki.Root("Racine "+k.String(), k)
				ca := own.Intermediate("AC d'essai", k)
				leaf := ca.Leaf("Mairie", k)
				require.NoError(t, verify(own, leaf, pki.Now()))
				list, err := x509.ParseRevocationList(ca.CRL())
				require.NoError(t, err)
				require.NoError(t, list.CheckSignatureFrom(ca.Certificate))
			}
			require.NoError(t, verify(root, root.Leaf("Mairie", k), pki.Now()))
		})
	}
}
