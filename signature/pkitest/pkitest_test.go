package pkitest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"os/exec"
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
			if k != pkitest.RSAPSS2048 { // crypto/x509 does not verify under an id-RSASSA-PSS key; openssl does, see interop
				own := pki.Root("Racine "+k.String(), k)
				ca := own.Intermediate("AC d'essai", k)
				leaf := ca.Leaf("Mairie", k)
				require.NoError(t, verify(own, leaf, pki.Now()))
				list, err := x509.ParseRevocationList(ca.CRL())
				require.NoError(t, err)
				require.NoError(t, list.CheckSignatureFrom(ca.Certificate))
				require.ErrorContains(t, verify(root, leaf, pki.Now()), "unknown authority")
			}
			require.NoError(t, verify(root, root.Leaf("Mairie", k), pki.Now()))
		})
	}
}

func TestChain(t *testing.T) {
	pki := pkitest.New()
	root := pki.Root("Racine")
	ca := root.Intermediate("AC", pkitest.PathLen(1))
	leaf := ca.Intermediate("AC fille").Leaf("Mairie")
	chain := leaf.Chain()
	require.Len(t, chain, 3)
	for i, name := range []string{"Mairie", "AC fille", "AC"} {
		require.Equal(t, name, chain[i].Subject.CommonName)
	}
	require.Same(t, root, leaf.Root())
	require.Nil(t, root.Root())
	require.Equal(t, [][]byte{root.DER}, root.ChainDER())
	require.NoError(t, verify(root, leaf, pki.Now()))
	require.Equal(t, 3, bytes.Count(leaf.ChainPEM(), []byte("BEGIN CERTIFICATE")))

	other := pki.Root("Autre racine")
	cross := other.CrossCertify(ca, pkitest.PathLen(1))
	require.Equal(t, ca.Certificate.RawSubject, cross.Certificate.RawSubject)
	require.Equal(t, ca.Certificate.RawSubjectPublicKeyInfo, cross.Certificate.RawSubjectPublicKeyInfo)
	under := cross.Leaf("Croisée")
	require.NoError(t, verify(other, under, pki.Now()))
	require.NoError(t, under.Certificate.CheckSignatureFrom(ca.Certificate))
}

// The same word and the same declarations give the same octets, whatever the key; an addition changes nothing else.
func TestDeterministic(t *testing.T) {
	type octets struct{ cert, key, crl, ocsp, token []byte }
	build := func(word string, k pkitest.KeyType, before bool) octets {
		pki := pkitest.New(pkitest.Deterministic(word))
		root := pki.Root("Racine", k)
		if before {
			root.Leaf("Une autre", k)
		}
		ca := root.Intermediate("AC", k)
		leaf := ca.Leaf("Mairie", k, pkitest.Revoked(pki.Now(), pkitest.Superseded))
		sum := sha256.Sum256([]byte("bonjour"))
		token, err := ca.TimestampAuthority("Horodatage", k).Timestamp(context.Background(), crypto.SHA256, sum[:])
		require.NoError(t, err)
		return octets{leaf.DER, leaf.KeyDER(), ca.CRL(), ca.OCSP(leaf), token}
	}
	for _, k := range []pkitest.KeyType{pkitest.P256, pkitest.P384, pkitest.P521, pkitest.Ed25519, pkitest.RSA2048, pkitest.RSAPSS2048} {
		t.Run(k.String(), func(t *testing.T) {
			first := build("mot", k, false)
			require.Equal(t, first, build("mot", k, false))
			require.Equal(t, first, build("mot", k, true))
			other := build("autre mot", k, false)
			require.NotEqual(t, first.cert, other.cert)
			require.NotEqual(t, first.key, other.key)
		})
	}
	// Golden: what files made from this package rely on.
	sum := sha256.Sum256(build("mot", pkitest.P256, false).cert)
	require.Equal(t, goldenLeaf, hexString(sum[:]))
	a, b := pkitest.New().Root("Racine"), pkitest.New().Root("Racine")
	require.NotEqual(t, a.DER, b.DER, "without a word, keys are new")
	require.NotEqual(t, a.Key, b.Key)
}

func TestKeysDiffer(t *testing.T) {
	pki := pkitest.New()
	root := pki.Root("Racine")
	seen := map[string]bool{}
	for range 12 { // more than the primes that they take
		key := root.Leaf("Mairie", pkitest.RSA2048).Key.(*rsa.PrivateKey)
		require.Equal(t, 2048, key.N.BitLen())
		require.NoError(t, key.Validate())
		require.False(t, seen[key.N.String()])
		seen[key.N.String()] = true
	}
	strong := pkitest.New(pkitest.StrongKeys()).Root("Racine", pkitest.RSA2048).Key.(*rsa.PrivateKey)
	for _, other := range []*rsa.PrivateKey{root.Leaf("Mairie", pkitest.RSA2048).Key.(*rsa.PrivateKey)} {
		require.NotEqual(t, strong.Primes[0], other.Primes[0])
	}
}

func TestClock(t *testing.T) {
	require.Equal(t, pkitest.DefaultTime, pkitest.New().Now())
	at := time.Date(2019, 5, 1, 12, 0, 0, 0, time.FixedZone("", 7200))
	pki := pkitest.New(pkitest.At(at))
	require.Equal(t, time.Date(2019, 5, 1, 10, 0, 0, 0, time.UTC), pki.Now())
	leaf := pki.Root("Racine").Leaf("Mairie")
	require.True(t, leaf.Certificate.NotBefore.Before(at) && leaf.Certificate.NotAfter.After(at))
	pki.SetTime(at.AddDate(1, 0, 0))
	require.Equal(t, 2020, pki.Now().Year())
	ticks := time.Unix(0, 0)
	moving := pkitest.New(pkitest.Clock(func() time.Time { ticks = ticks.Add(time.Second); return ticks }))
	require.True(t, moving.Now().Before(moving.Now()))
}

func TestMisuse(t *testing.T) {
	pki := pkitest.New()
	ca := pki.Root("Racine")
	cardOnly := ca.Leaf("Mairie", pkitest.PublicKey(pki.Root("Autre").Certificate.RawSubjectPublicKeyInfo))
	for message, misuse := range map[string]func(){
		"the option WrongImprint does not apply to a CRL":    func() { ca.CRL(pkitest.WrongImprint()) },
		"the option Late does not apply to a certificate":    func() { ca.Leaf("Mairie", pkitest.Late()) },
		"the option RSA-2048 does not apply to a PKI":        func() { pkitest.New(pkitest.RSA2048) },
		"the option Expired does not apply to a OCSP":        func() { ca.OCSP(cardOnly, pkitest.Expired()) },
		"\"Mairie\" has no private key":                      func() { cardOnly.KeyPEM() },
		"use LegacySHA1; MD5 is not offered":                 func() { ca.CRL(pkitest.Digest(crypto.MD5)) },
		"not an object identifier":                           func() { ca.Leaf("Mairie", pkitest.Policies("1.2.x")) },
		"signing with digest unknown":                        func() { ca.CRL(pkitest.Digest(crypto.BLAKE2b_256)) },
		"\"Racine\" has no issuer to ask":                    func() { pkitest.OCSPRequest(&ca.Identity, crypto.SHA256, nil) },
		"\"Mairie\" has no private key to sign with":         func() { pki.TimestampAuthorityOf(cardOnly).TokenSize() },
		"the option BasicAuth does not apply to a timestamp": func() { ca.TimestampAuthority("x").Behave(pkitest.BasicAuth("", "")) },
	} {
		func() {
			defer func() {
				said, _ := recover().(string)
				require.Contains(t, said, message)
			}()
			misuse()
		}()
	}
}

// A package for users' tests must not bring their flags.
func TestDoesNotImportTesting(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "crypto/x509\n")
	require.NotContains(t, "\n"+string(out), "\ntesting\n")
}
