package cms_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// TestDesignated finds a signer's certificate among others, some of which nobody can read.
func TestDesignated(t *testing.T) {
	id, other := identityOf(t, "p256"), identityOf(t, "p384")
	junk := [][]byte{{}, {5, 0}, tlv(0x30), tlv(0x30, tlv(0x30, tlv(2, id.cert.RawSerial))), tlv(0xa3, id.cert.Raw)}
	all := append(append([][]byte{}, junk...), other.cert.Raw, id.cert.Raw, id.cert.Raw)
	for _, sid := range []cms.SignerID{cms.IssuerSerialOf(id.cert), cms.KeyIDOf(id.cert)} {
		found := cms.Designated(sid, all)
		require.Len(t, found, 1)
		require.Equal(t, id.cert.Raw, found[0].Raw)
		require.Empty(t, cms.Designated(sid, append(junk, other.cert.Raw)))
	}
	for _, sid := range []cms.SignerID{
		{}, {SubjectKeyID: []byte{}}, {SubjectKeyID: []byte{1}}, {RawIssuer: id.cert.RawIssuer}, {RawSerial: id.cert.RawSerial},
		{RawIssuer: other.cert.RawIssuer, RawSerial: id.cert.RawSerial}, {RawIssuer: id.cert.RawIssuer, RawSerial: other.cert.RawSerial},
	} {
		require.Empty(t, cms.Designated(sid, all))
	}
}

// TestDesignatedByOtherWords: an issuer written with another string type, a serial number with an octet too many, designate
// the same certificate (RFC 5280 §7.1).
func TestDesignatedByOtherWords(t *testing.T) {
	id := identityOf(t, "p256")
	sid := cms.IssuerSerialOf(id.cert)
	sid.RawSerial = append([]byte{0}, sid.RawSerial...)
	require.Len(t, cms.Designated(sid, [][]byte{id.cert.Raw}), 1)
	sid.RawIssuer = bytes.Replace(sid.RawIssuer, tlv(0x13, []byte("Mairie de Boisjoli")), tlv(0x0c, []byte("MAIRIE de BOISJOLI")), 1)
	require.NotEqual(t, id.cert.RawIssuer, sid.RawIssuer)
	require.Len(t, cms.Designated(sid, [][]byte{id.cert.Raw}), 1)
}

// TestKeyIDWithoutExtension: a certificate without subjectKeyIdentifier is named by the SHA-1 of its key (RFC 5280 §4.2.1.2).
func TestKeyIDWithoutExtension(t *testing.T) {
	id := identityOf(t, "p256")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "sans identifiant"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, id.key.Public(), id.key)
	require.NoError(t, err)
	cert, err := ours.ParseCertificate(raw)
	require.NoError(t, err)
	require.Empty(t, cert.SubjectKeyID)
	sum := sha1.Sum(cert.PublicKey.Key)
	sid := cms.KeyIDOf(cert)
	require.Equal(t, sum[:], sid.SubjectKeyID)
	require.True(t, sid.Matches(cert))
	require.Len(t, cms.Designated(sid, [][]byte{identityOf(t, "p384").cert.Raw, raw}), 1)
	require.True(t, sid.Equal(cms.SignerID{SubjectKeyID: sum[:]}))
	require.False(t, sid.Equal(cms.IssuerSerialOf(cert)))
}
