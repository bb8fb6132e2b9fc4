package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func TestLoadPKCS12(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("pkcs12"))
	root := pki.Root("Racine")
	ca := root.Intermediate("AC", pkitest.LegacySHA1())
	for _, key := range []pkitest.KeyType{pkitest.P256, pkitest.P521, pkitest.RSA2048, pkitest.Ed25519} {
		id := ca.Leaf("Maire", key)
		modern, err := id.PKCS12("été")
		require.NoError(t, err)
		old, err := id.LegacyPKCS12("été")
		require.NoError(t, err)
		for name, file := range map[string][]byte{"modern": modern, "of old": old} {
			credentials, err := signature.LoadPKCS12(bytes.NewReader(file), "été")
			require.NoError(t, err, name)
			require.Len(t, credentials.Chain, 3)
			require.Equal(t, id.DER, credentials.Chain[0].Raw)
			require.Equal(t, root.DER, credentials.Chain[2].Raw)
			switch k := credentials.Key.(type) {
			case *ecdsa.PrivateKey:
				require.True(t, k.Equal(id.Key))
			case *rsa.PrivateKey:
				require.True(t, k.Equal(id.Key))
			case ed25519.PrivateKey:
				require.True(t, k.Equal(id.Key))
			}
			signer, err := credentials.Signer()
			require.NoError(t, err)
			require.Len(t, signer.Chain(), 2, "the root stays at home")
			_, err = signer.Sign(t.Context(), ades.NewRequest([]byte("1"), crypto.SHA256, false))
			require.NoError(t, err)
			require.True(t, ades.IsLocal(signer))

			for _, password := range []string{"", "ete", "été "} {
				_, err := signature.LoadPKCS12(bytes.NewReader(file), password)
				require.ErrorIs(t, err, signature.ErrPassword)
			}
		}
	}
}

// Certificates come in any order, and some in the file are of nobody's business.
func TestPKCS12InAnyOrder(t *testing.T) {
	root := pkitest.New(pkitest.Deterministic("order")).Root("Racine")
	ca := root.Intermediate("AC")
	id, other := ca.Leaf("Maire"), ca.Leaf("Autre")
	file, err := pkcs12.Modern2023.Encode(id.Key, root.Certificate, []*x509.Certificate{other.Certificate, ca.Certificate, id.Certificate}, "mot")
	require.NoError(t, err)
	credentials, err := signature.LoadPKCS12(bytes.NewReader(file), "mot")
	require.NoError(t, err)
	require.Equal(t, []*x509.Certificate{id.Certificate, ca.Certificate, root.Certificate}, credentials.Chain)

	file, err = pkcs12.Modern2023.Encode(id.Key, id.Certificate, nil, "mot")
	require.NoError(t, err)
	credentials, err = signature.LoadPKCS12(bytes.NewReader(file), "mot")
	require.NoError(t, err)
	require.Len(t, credentials.Chain, 1)
	_, err = credentials.Signer()
	require.NoError(t, err)
}

func TestPKCS12Errors(t *testing.T) {
	ca := pkitest.New(pkitest.Deterministic("errors")).Root("Racine")
	id, other := ca.Leaf("Maire"), ca.Leaf("Autre")
	mismatch, err := pkcs12.Modern2023.Encode(id.Key, other.Certificate, []*x509.Certificate{ca.Certificate}, "mot")
	require.NoError(t, err)
	store, err := pkcs12.Modern2023.EncodeTrustStore([]*x509.Certificate{ca.Certificate}, "mot")
	require.NoError(t, err)
	open, err := pkcs12.Passwordless.Encode(id.Key, id.Certificate, nil, "")
	require.NoError(t, err)
	costly, err := pkcs12.Modern2023.WithIterations(1).Encode(id.Key, id.Certificate, nil, "mot")
	require.NoError(t, err)
	costly = withIterations(t, costly)
	good, err := id.PKCS12("mot")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"the certificate of another": {mismatch, signature.ErrKeyCertificate},
		"no key":                     {store, signature.ErrNoKey},
		"two keys":                   {twoKeys(t, id, other), signature.ErrSeveralKeys},
		"no certificate":             {noCertificate(t, id), signature.ErrKeyCertificate},
		"not protected":              {open, signature.ErrPassword},
		"hours of work":              {costly, signature.ErrPKCS12},
		"text":                       {[]byte("bonjour"), signature.ErrPKCS12},
		"nothing":                    {nil, signature.ErrPKCS12},
		"cut":                        {good[:len(good)-1], signature.ErrPKCS12},
		"too long":                   {make([]byte, 2<<20), signature.ErrPKCS12},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			password := "mot"
			if name == "two keys" || name == "no certificate" {
				password = ""
			}
			_, err := signature.LoadPKCS12(bytes.NewReader(c.file), password)
			require.ErrorIs(t, err, c.want)
			require.Less(t, time.Since(start), 5*time.Second)
			require.False(t, strings.Contains(err.Error(), "mot"), "no password in an error")
			require.NotContains(t, err.Error(), "asn1", "an operator reads it")
		})
	}
	_, err = signature.LoadPKCS12(iotest.ErrReader(iotest.ErrTimeout), "mot")
	require.ErrorIs(t, err, iotest.ErrTimeout)
	credentials, err := signature.LoadPKCS12(bytes.NewReader(open), "")
	require.NoError(t, err, "a file without password has the empty one")
	require.Len(t, credentials.Chain, 1)
}

// withIterations makes the MAC of a file ask for two thousand million iterations: its last INTEGER.
func withIterations(t *testing.T, file []byte) []byte {
	require.NotEqual(t, []byte{2, 1, 1}, file[len(file)-3:], "iterations of 1 are the default, and left out")
	input := cryptobyte.String(file)
	var pfx, version, safe, mac cryptobyte.String
	require.True(t, input.ReadASN1(&pfx, asn1.SEQUENCE) && pfx.ReadASN1Element(&version, asn1.INTEGER) &&
		pfx.ReadASN1Element(&safe, asn1.SEQUENCE) && pfx.ReadASN1(&mac, asn1.SEQUENCE))
	var digest, salt cryptobyte.String
	require.True(t, mac.ReadASN1Element(&digest, asn1.SEQUENCE) && mac.ReadASN1Element(&salt, asn1.OCTET_STRING))
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(version)
		b.AddBytes(safe)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(digest)
			b.AddBytes(salt)
			b.AddASN1Int64(2_000_000_001)
		})
	})
	out, err := b.Bytes()
	require.NoError(t, err)
	return out
}

// bags makes a PKCS#12 file without MAC or encryption out of safe bags.
func bags(t *testing.T, contents ...func(*cryptobyte.Builder)) []byte {
	data := func(b *cryptobyte.Builder, content []byte) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier([]int{1, 2, 840, 113549, 1, 7, 1})
			b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
		})
	}
	var safe, authenticated, pfx cryptobyte.Builder
	safe.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, content := range contents {
			b.AddASN1(asn1.SEQUENCE, content)
		}
	})
	authenticated.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { data(b, safe.BytesOrPanic()) })
	pfx.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		data(b, authenticated.BytesOrPanic())
	})
	out, err := pfx.Bytes()
	require.NoError(t, err)
	return out
}

func keyBag(id *pkitest.Identity) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier([]int{1, 2, 840, 113549, 1, 12, 10, 1, 1})
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(id.KeyDER()) })
	}
}

func twoKeys(t *testing.T, a, b *pkitest.Identity) []byte { return bags(t, keyBag(a), keyBag(b)) }

func noCertificate(t *testing.T, id *pkitest.Identity) []byte { return bags(t, keyBag(id)) }

func FuzzLoadPKCS12(f *testing.F) {
	id := pkitest.New(pkitest.Deterministic("fuzz")).Root("Racine").Leaf("Maire")
	for _, encoder := range []*pkcs12.Encoder{pkcs12.Passwordless, pkcs12.Modern2023.WithIterations(1), pkcs12.LegacyDES.WithIterations(1)} {
		file, err := encoder.Encode(id.Key, id.Certificate, nil, "")
		require.NoError(f, err)
		_, err = signature.LoadPKCS12(bytes.NewReader(file), "")
		require.NoError(f, err)
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		credentials, err := signature.LoadPKCS12(bytes.NewReader(file), "")
		if err == nil {
			require.NotEmpty(t, credentials.Chain)
		}
	})
}
