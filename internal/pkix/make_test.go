package pkix_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	stdname "crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Keys are made once: RSA generation is most of the time of these tests.
var (
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edKey   = sync.OnceValue(func() ed25519.PrivateKey { _, k, err := ed25519.GenerateKey(rand.Reader); return must(k, err) })
	fixed   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	orgName = stdname.Name{Country: []string{"FR"}, Organization: []string{"Commune de Boisjoli"}, OrganizationalUnit: []string{"0002 21750001600019"},
		CommonName: "Mairie de Boisjoli, cachet", ExtraNames: []stdname.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "NTRFR-217500016"}}}
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// usual returns a certificate as authorities make them today, with nine extensions, signed by key for its own public key.
func usual(t testing.TB, key crypto.Signer) []byte {
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(bytes.Repeat([]byte{0x5a}, 16)), Subject: orgName,
		NotBefore: fixed, NotAfter: fixed.AddDate(3, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		BasicConstraintsValid: true, SubjectKeyId: bytes.Repeat([]byte{1}, 20), AuthorityKeyId: bytes.Repeat([]byte{2}, 20),
		Policies:              []x509.OID{must(x509.ParseOID("1.2.250.1.999.1.2")), must(x509.ParseOID("0.4.0.194112.1.3"))},
		CRLDistributionPoints: []string{"http://crl.example.fr/ac.crl"}, OCSPServer: []string{"http://ocsp.example.fr/"},
		IssuingCertificateURL: []string{"http://ac.example.fr/ac.cer"}, EmailAddresses: []string{"mairie@boisjoli.example"},
		DNSNames: []string{"boisjoli.example"}, URIs: []*url.URL{must(url.Parse("https://boisjoli.example/"))},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return raw
}

func parse(t testing.TB, raw []byte) *pkix.Certificate {
	c, err := pkix.ParseCertificate(raw)
	require.NoError(t, err)
	return c
}

// hexOctets decodes hexadecimal, blanks apart.
func hexOctets(text string) []byte { return must(hex.DecodeString(strings.ReplaceAll(text, " ", ""))) }

func pemText(label string, raw []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: raw}))
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
