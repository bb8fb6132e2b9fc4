package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"io"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ourpkix "github.com/cadre-confiance/confiance/internal/pkix"
)

// An envelopeKey is a recipient with everything that other tools may want of it.
type envelopeKey struct {
	private     crypto.PrivateKey
	raw         []byte
	certificate *ourpkix.Certificate
}

// byIssuer and byKeyID encrypt to the key under its two names; opener opens both.
func (k envelopeKey) byIssuer() cms.Recipient { return cms.Recipient{Certificate: k.certificate} }
func (k envelopeKey) byKeyID() cms.Recipient {
	return cms.Recipient{Certificate: k.certificate, SubjectKeyID: k.certificate.SubjectKeyID}
}
func (k envelopeKey) opener() cms.Opener {
	return cms.Opener{Certificate: k.certificate, Key: k.private}
}

func newEnvelopeKey(private crypto.Signer, name string) envelopeKey {
	serial := sha256.Sum256([]byte(name)) // the same in every process of a fuzzing run
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:12]),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Commune d'essai"}, Country: []string{"FR"}},
		SubjectKeyId: []byte(name + " 0123456789")[:10],
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		panic(err)
	}
	certificate, err := ourpkix.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return envelopeKey{private, raw, certificate}
}

func newECKey(curve elliptic.Curve, name string) envelopeKey {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return newEnvelopeKey(private, name)
}

func newRSAKey(bits int, name string) envelopeKey {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return newEnvelopeKey(private, name)
}

// fixedECKey is the same key in every process: the workers of a fuzzing run open what its coordinator sealed.
func fixedECKey(curve elliptic.Curve, name string) envelopeKey {
	scalar := make([]byte, (curve.Params().BitSize+7)/8)
	copy(scalar[1:], name)
	private, err := ecdsa.ParseRawPrivateKey(curve, scalar)
	if err != nil {
		panic(err)
	}
	return newEnvelopeKey(private, name)
}

// fixedRSAKey is what `openssl genrsa 2048` gave once.
//
//go:embed testdata/recipient-rsa2048.pem
var fixedRSAKey []byte

var (
	keyRSA = sync.OnceValue(func() envelopeKey {
		block, _ := pem.Decode(fixedRSAKey)
		private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			panic(err)
		}
		return newEnvelopeKey(private.(crypto.Signer), "rsa")
	})
	keyP256  = sync.OnceValue(func() envelopeKey { return fixedECKey(elliptic.P256(), "p256") })
	keyP384  = sync.OnceValue(func() envelopeKey { return fixedECKey(elliptic.P384(), "p384") })
	keyP521  = sync.OnceValue(func() envelopeKey { return fixedECKey(elliptic.P521(), "p521") })
	stranger = sync.OnceValue(func() envelopeKey { return fixedECKey(elliptic.P256(), "stranger") })
)

func allKeys() map[string]envelopeKey {
	return map[string]envelopeKey{"RSA": keyRSA(), "P-256": keyP256(), "P-384": keyP384(), "P-521": keyP521()}
}

// sealBytes seals a content that does not depend on the recipients.
func sealBytes(t testing.TB, content []byte, recipients ...cms.Recipient) []byte {
	out, err := cms.SealAuthEnveloped(recipients, func([]byte) ([]byte, error) { return content, nil })
	require.NoError(t, err)
	return out
}

// writeBytes is WriteAuthEnveloped in memory; streamed says that the size is not known.
func writeBytes(t testing.TB, content []byte, streamed bool, recipients ...cms.Recipient) []byte {
	size := int64(len(content))
	if streamed {
		size = -1
	}
	var out bytes.Buffer
	require.NoError(t, cms.WriteAuthEnveloped(context.Background(), &out, bytes.NewReader(content), size, recipients))
	return out.Bytes()
}

// readBytes is ReadAuthEnveloped in memory. It returns what reached the destination, whatever the error.
func readBytes(b []byte, openers ...cms.Opener) ([]byte, *cms.AuthEnveloped, error) {
	var out bytes.Buffer
	envelope, err := cms.ReadAuthEnveloped(context.Background(), bytes.NewReader(b), int64(len(b)), &out, openers...)
	return out.Bytes(), envelope, err
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func TestCapsuleRoundTrip(t *testing.T) {
	content := []byte("délibération du conseil municipal")
	for name, key := range allKeys() {
		for _, recipient := range []cms.Recipient{key.byIssuer(), key.byKeyID()} {
			sealed := sealBytes(t, content, recipient)
			opened, infos, err := cms.OpenAuthEnveloped(sealed, key.opener())
			require.NoError(t, err, name)
			require.Equal(t, content, opened)
			require.True(t, bytes.Contains(sealed, infos))
			streamed, envelope, err := readBytes(sealed, key.opener())
			require.NoError(t, err, name)
			require.Equal(t, content, streamed)
			require.Equal(t, infos, envelope.RecipientInfos)
		}
	}
}

func TestCapsuleContentBindsRecipients(t *testing.T) {
	recipients := []cms.Recipient{keyP256().byIssuer(), keyP384().byKeyID(), keyRSA().byIssuer()}
	var seen []byte
	sealed, err := cms.SealAuthEnveloped(recipients, func(infos []byte) ([]byte, error) {
		seen = infos
		sum := sha256.Sum256(infos)
		return sum[:], nil
	})
	require.NoError(t, err)
	for _, key := range []envelopeKey{keyP256(), keyP384(), keyRSA()} {
		content, infos, err := cms.OpenAuthEnveloped(sealed, key.opener())
		require.NoError(t, err)
		require.Equal(t, seen, infos)
		sum := sha256.Sum256(infos)
		require.Equal(t, sum[:], content)
	}
	ids, err := cms.ReadRecipientIDs(seen)
	require.NoError(t, err)
	require.Len(t, ids, 3)

	_, err = cms.SealAuthEnveloped(recipients, func([]byte) ([]byte, error) { return nil, io.ErrClosedPipe })
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestStreamRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, 15, 16, 17, 65535, 65536, 65537, 131072, 200003} {
		content := randomBytes(size)
		for _, streamed := range []bool{false, true} {
			sealed := writeBytes(t, content, streamed, keyP256().byIssuer(), keyP384().byKeyID())
			opened, envelope, err := readBytes(sealed, keyP384().opener())
			require.NoError(t, err)
			require.True(t, bytes.Equal(content, opened), "size %d", size)
			require.Equal(t, int64(size), envelope.Size)
			require.Equal(t, cms.OIDData, envelope.ContentType)
			require.Nil(t, envelope.Attributes)

			opened, _, err = cms.OpenAuthEnveloped(sealed, keyP256().opener())
			if streamed {
				require.ErrorIs(t, err, cms.ErrEnvelope, "the strict reader takes DER only")
				continue
			}
			require.NoError(t, err)
			require.True(t, bytes.Equal(content, opened), "size %d", size)
		}
	}
}

func TestReadFromPipe(t *testing.T) {
	for _, size := range []int{10, 1 << 20, 3<<20 + 7} {
		content := randomBytes(size)
		sealed := writeBytes(t, content, true, keyP256().byIssuer())
		var out bytes.Buffer
		_, err := cms.ReadAuthEnvelopedFrom(context.Background(), onlyReader{bytes.NewReader(sealed)}, int64(len(sealed)), &out, keyP256().opener())
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, out.Bytes()))

		out.Reset()
		_, err = cms.ReadAuthEnvelopedFrom(context.Background(), onlyReader{bytes.NewReader(sealed)}, int64(len(sealed))-1, &out, keyP256().opener())
		require.ErrorIs(t, err, cms.ErrEnvelope)
		require.ErrorContains(t, err, "longer than the limit")
		require.Zero(t, out.Len())
	}
}

type onlyReader struct{ io.Reader }

// Keys as hardware offers them: nothing but the interface.
type opaqueDecrypter struct{ crypto.Decrypter }
type opaqueExchanger struct{ ecdh.KeyExchanger }

func TestOpaqueKeys(t *testing.T) {
	content := []byte("contenu")
	sealed := sealBytes(t, content, keyRSA().byIssuer(), keyP384().byIssuer())
	private, err := keyP384().private.(*ecdsa.PrivateKey).ECDH()
	require.NoError(t, err)
	for _, o := range []cms.Opener{
		{Certificate: keyRSA().certificate, Key: opaqueDecrypter{keyRSA().private.(crypto.Decrypter)}},
		{Certificate: keyP384().certificate, Key: opaqueExchanger{private}},
		{Certificate: keyP384().certificate, Key: private},
	} {
		opened, _, err := cms.OpenAuthEnveloped(sealed, o)
		require.NoError(t, err)
		require.Equal(t, content, opened)
	}
}

// A key that was published without a certificate is named by a subjectKeyIdentifier of its own.
func TestKeyWithoutCertificate(t *testing.T) {
	id := sha256.Sum256(keyP256().certificate.RawSPKI)
	sealed := sealBytes(t, []byte("x"), cms.Recipient{PublicKey: &keyP256().certificate.PublicKey, SubjectKeyID: id[:20]})
	opened, infos, err := cms.OpenAuthEnveloped(sealed, cms.Opener{SubjectKeyID: id[:20], Key: keyP256().private})
	require.NoError(t, err)
	require.Equal(t, []byte("x"), opened)
	ids, err := cms.ReadRecipientIDs(infos)
	require.NoError(t, err)
	require.Equal(t, []cms.RecipientID{{SubjectKeyID: id[:20]}}, ids)
	_, _, err = cms.OpenAuthEnveloped(sealed, keyP256().opener())
	require.Equal(t, cms.ErrDecrypt, err, "the certificate does not carry that identifier")
}

// Several keys, and one key under two names: whichever opens, opens.
func TestSeveralMatches(t *testing.T) {
	sealed := sealBytes(t, []byte("x"), keyP256().byIssuer(), keyP256().byKeyID(), keyP384().byIssuer())
	opened, _, err := cms.OpenAuthEnveloped(sealed, stranger().opener(), keyP384().opener(), keyP256().opener())
	require.NoError(t, err)
	require.Equal(t, []byte("x"), opened)

	// One of the two RecipientInfos of the key is ruined: the other serves.
	at := bytes.Index(sealed, keyP256().certificate.RawIssuer)
	require.Positive(t, at)
	ruined := bytes.Clone(sealed)
	ruined[at+len(keyP256().certificate.RawIssuer)+2+len(keyP256().certificate.RawSerial)+10] ^= 1
	opened, _, err = cms.OpenAuthEnveloped(ruined, keyP256().opener())
	require.NoError(t, err)
	require.Equal(t, []byte("x"), opened)
	opened, _, err = readBytes(ruined, keyP256().opener())
	require.NoError(t, err)
	require.Equal(t, []byte("x"), opened)
}
