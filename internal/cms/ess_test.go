package cms_test

import (
	"crypto"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

func TestSigningCertificateV2(t *testing.T) {
	id, other := identityOf(t, "p256"), identityOf(t, "p384")
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256} {
		a := cms.SigningCertificateV2(id.cert, h)
		require.NoError(t, der.Check(a.Marshal(), der.Limits{}))
		ids, err := cms.ParseSigningCertificates(a)
		require.NoError(t, err)
		require.Len(t, ids, 1)
		require.Equal(t, h, ids[0].Hash)
		require.True(t, ids[0].Matches(id.cert))
		require.False(t, ids[0].Matches(other.cert))
		require.Nil(t, ids[0].IssuerSerial)
		require.False(t, ids[0].NamesIssuerOf(id.cert))
	}
	// SHA-256 is the default: DER leaves it out (X.690 §11.5).
	value := cms.SigningCertificateV2(id.cert, crypto.SHA256).Values[0]
	require.Equal(t, tlv(0x30, tlv(0x30, tlv(0x30, tlv(4, id.cert.ID[:])))), value)
}

func TestParseSigningCertificates(t *testing.T) {
	id := identityOf(t, "p256")
	sha1, sha256 := hashOf(crypto.SHA1, id.cert.Raw), id.cert.ID[:]
	issuerSerial := tlv(0x30, tlv(0x30, tlv(0xa4, id.cert.RawIssuer)), tlv(2, id.cert.RawSerial))
	v1 := func(certs ...[]byte) cms.Attribute {
		return cms.NewAttribute(cms.OIDSigningCertificate, tlv(0x30, tlv(0x30, certs...)))
	}
	v2 := func(certs ...[]byte) cms.Attribute {
		return cms.NewAttribute(cms.OIDSigningCertificateV2, tlv(0x30, tlv(0x30, certs...)))
	}
	ids, err := cms.ParseSigningCertificates(v1(tlv(0x30, tlv(4, sha1), issuerSerial), tlv(0x30, tlv(4, make([]byte, 20)))))
	require.NoError(t, err)
	require.Len(t, ids, 2)
	require.Equal(t, crypto.SHA1, ids[0].Hash)
	require.True(t, ids[0].Matches(id.cert))
	require.True(t, ids[0].NamesIssuerOf(id.cert))
	require.False(t, ids[0].NamesIssuerOf(identityOf(t, "p384").cert))
	require.Equal(t, issuerSerial, ids[0].IssuerSerial)
	require.False(t, ids[1].Matches(id.cert))

	explicit := ours.DigestAlgorithm(crypto.SHA256).Marshal() // DEFAULT written out: BER, and common
	ids, err = cms.ParseSigningCertificates(v2(tlv(0x30, explicit, tlv(4, sha256), issuerSerial)))
	require.NoError(t, err)
	require.True(t, ids[0].Matches(id.cert) && ids[0].NamesIssuerOf(id.cert))

	md5 := tlv(0x30, oid(der.MustOID("1.2.840.113549.2.5")))
	ids, err = cms.ParseSigningCertificates(v2(tlv(0x30, md5, tlv(4, make([]byte, 16)))))
	require.NoError(t, err)
	require.Zero(t, ids[0].Hash)
	require.False(t, ids[0].Matches(id.cert), "a digest that is not computed matches nothing")

	otherName := tlv(0x30, tlv(0x30, tlv(0x82, []byte("example.org"))), tlv(2, id.cert.RawSerial))
	ids, err = cms.ParseSigningCertificates(v2(tlv(0x30, tlv(4, sha256), otherName)))
	require.NoError(t, err)
	require.Nil(t, ids[0].Issuer)
	require.False(t, ids[0].NamesIssuerOf(id.cert))

	policies := cms.NewAttribute(cms.OIDSigningCertificateV2, tlv(0x30, tlv(0x30, tlv(0x30, tlv(4, sha256))), tlv(0x30)))
	_, err = cms.ParseSigningCertificates(policies)
	require.NoError(t, err)

	many := make([][]byte, 257)
	for i := range many {
		many[i] = tlv(0x30, tlv(4, sha256))
	}
	_, err = cms.ParseSigningCertificates(v2(many...))
	require.ErrorIs(t, err, der.ErrLimit)
	for name, a := range map[string]cms.Attribute{
		"another attribute":            cms.NewAttribute(cms.OIDSigningTime, []byte{5, 0}),
		"no value":                     cms.NewAttribute(cms.OIDSigningCertificateV2),
		"two values":                   cms.NewAttribute(cms.OIDSigningCertificateV2, v2(tlv(0x30, tlv(4, sha256))).Values[0], v2(tlv(0x30, tlv(4, sha256))).Values[0]),
		"no certificate":               v2(),
		"not a sequence":               cms.NewAttribute(cms.OIDSigningCertificateV2, []byte{5, 0}),
		"octets after":                 cms.NewAttribute(cms.OIDSigningCertificateV2, append(v2(tlv(0x30, tlv(4, sha256))).Values[0], 0)),
		"digest of another size":       v2(tlv(0x30, tlv(4, sha1))),
		"SHA-1 of another size":        v1(tlv(0x30, tlv(4, sha256))),
		"no digest":                    v2(tlv(0x30)),
		"an issuer serial too many":    v2(tlv(0x30, tlv(4, sha256), issuerSerial, issuerSerial)),
		"issuer serial without serial": v2(tlv(0x30, tlv(4, sha256), tlv(0x30, tlv(0x30, tlv(0xa4, id.cert.RawIssuer))))),
		"issuer serial that is none":   v2(tlv(0x30, tlv(4, sha256), []byte{5, 0})),
	} {
		_, err := cms.ParseSigningCertificates(a)
		require.ErrorIs(t, err, cms.ErrESS, name)
	}
}

func TestSigningTime(t *testing.T) {
	paris := time.FixedZone("CET", 3600)
	for _, at := range []time.Time{
		time.Date(2026, 3, 1, 12, 30, 45, 0, time.UTC), time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 1, 12, 30, 45, 678, paris),
	} {
		a := cms.SigningTime(at)
		wantTag := byte(0x17) // UTCTime to 2049, GeneralizedTime from 2050 (RFC 5652 §11.3)
		if at.UTC().Year() >= 2050 {
			wantTag = 0x18
		}
		require.Equal(t, wantTag, a.Values[0][0])
		read, err := cms.ParseSigningTime(a)
		require.NoError(t, err)
		require.True(t, at.Truncate(time.Second).Equal(read))
	}
	require.Empty(t, cms.SigningTime(time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)).Values, "refused when written")
	for _, a := range []cms.Attribute{
		{}, cms.NewAttribute(cms.OIDSigningTime), cms.NewAttribute(cms.OIDSigningTime, []byte{5, 0}),
		cms.NewAttribute(cms.OIDSigningTime, tlv(0x17, []byte("260301123045Z")), tlv(0x17, []byte("260301123045Z"))),
		cms.NewAttribute(cms.OIDSigningTime, tlv(0x17, []byte("260301123045+0100"))),
		cms.NewAttribute(cms.OIDSigningTime, append(tlv(0x17, []byte("260301123045Z")), 0)),
		cms.NewAttribute(cms.OIDContentType, tlv(0x17, []byte("260301123045Z"))),
	} {
		_, err := cms.ParseSigningTime(a)
		require.ErrorIs(t, err, cms.ErrESS)
	}
}
