package cms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// An identity is a key and its self-signed certificate.
type identity struct {
	name string
	key  crypto.Signer
	cert *ours.Certificate
	x509 *x509.Certificate
}

var (
	identities   sync.Map // name -> *identity
	identityLock sync.Mutex
)

// makeKey makes the key that a name stands for.
func makeKey(t testing.TB, name string) crypto.Signer {
	var key crypto.Signer
	var err error
	switch name {
	case "rsa2048", "rsa2048-other":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "rsa3072":
		key, err = rsa.GenerateKey(rand.Reader, 3072)
	case "rsa4096":
		key, err = rsa.GenerateKey(rand.Reader, 4096)
	case "p256", "p256-other":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no key of name %q", name)
	}
	require.NoError(t, err)
	return key
}

// identityOf returns the same identity for the same name throughout a run.
func identityOf(t testing.TB, name string) *identity {
	identityLock.Lock()
	defer identityLock.Unlock()
	if known, ok := identities.Load(name); ok {
		return known.(*identity)
	}
	key := makeKey(t, name)
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	ski := sha1.Sum(spki)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(ski[:9]),
		Subject:      pkix.Name{Country: []string{"FR"}, Organization: []string{"Mairie de Boisjoli"}, CommonName: name},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
		SubjectKeyId: ski[:],
		KeyUsage:     x509.KeyUsageContentCommitment | x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IsCA:         true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := ours.ParseCertificate(raw)
	require.NoError(t, err)
	standard, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	id := &identity{name, key, cert, standard}
	identities.Store(name, id)
	return id
}

// signer returns a SignerInfo of id over content of type id-data.
func (id *identity) signer(t testing.TB, content []byte, change func(*cms.SignerRequest)) *cms.SignerInfo {
	r := cms.SignerRequest{Certificate: id.cert}
	if change != nil {
		change(&r)
	}
	if r.Scheme.Kind == "" {
		scheme, err := ours.SchemeFor(&id.cert.PublicKey, r.Scheme.Hash, false)
		require.NoError(t, err)
		r.Scheme = scheme
	}
	if r.Digest == nil {
		h := r.Scheme.Hash.New()
		h.Write(content)
		r.Digest = h.Sum(nil)
	}
	si, err := cms.Sign(rand.Reader, id.key, r)
	require.NoError(t, err)
	return si
}

// message is a SignedData with these signers and the certificates of ids.
func message(signers []*cms.SignerInfo, ids ...*identity) *cms.SignedData {
	sd := &cms.SignedData{ContentType: cms.OIDData, SignerInfos: signers}
	for _, id := range ids {
		sd.Certificates = append(sd.Certificates, id.cert.Raw)
	}
	return sd
}

// verify judges signer i with the certificate of the message, and returns its reasons.
func verify(t testing.TB, sd *cms.SignedData, i int) []cms.Reason {
	candidates := sd.CertificatesFor(sd.SignerInfos[i])
	if len(candidates) == 0 {
		return reasons(sd.Verify(i, nil, nil))
	}
	require.Len(t, candidates, 1)
	return reasons(sd.Verify(i, candidates[0], nil))
}

func reasons(findings []cms.Finding) []cms.Reason {
	var names []cms.Reason
	for _, f := range findings {
		names = append(names, f.Reason)
	}
	return names
}
