package report_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// countersigned adds a countersignature (RFC 5652 §11.4) to the first signature of a CMS.
func countersigned(t *testing.T, v *village, signed []byte, by *pkitest.Identity) []byte {
	certificate, err := pkix.ParseCertificate(by.DER)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, cms.Rewrite(context.Background(), &out, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
		main := sd.SignerInfos[0]
		sum := sha256.Sum256(main.Signature)
		attributes := cms.MarshalAttributes([]cms.Attribute{
			cms.NewAttribute(cms.OIDMessageDigest, append([]byte{4, 32}, sum[:]...)),
			cms.SigningCertificateV2(certificate, crypto.SHA256), cms.SigningTime(noon.Add(-30 * time.Minute)),
		})
		scheme, err := pkix.SchemeFor(&certificate.PublicKey, crypto.SHA256, false)
		require.NoError(t, err)
		value, err := v.signer(by).Sign(context.Background(), ades.NewRequest(attributes, crypto.SHA256, false))
		require.NoError(t, err)
		raw, err := (&cms.SignerInfo{
			SID: cms.IssuerSerialOf(certificate), DigestAlgorithm: pkix.DigestAlgorithm(crypto.SHA256), RawSignedAttributes: attributes,
			SignatureAlgorithm: scheme.AlgorithmIdentifier(&certificate.PublicKey), Signature: value,
		}).Marshal()
		require.NoError(t, err)
		main.UnsignedAttributes = append(main.UnsignedAttributes, cms.NewAttribute(cms.OIDCountersignature, raw))
		sd.Certificates = append(sd.Certificates, by.DER)
		return nil
	}))
	return out.Bytes()
}

// restamped gives a CMS, in place of its own, the timestamp of another signature.
func restamped(t *testing.T, signed []byte, tsa *pkitest.TimestampAuthority) []byte {
	token, err := tsa.Timestamp(context.Background(), crypto.SHA256, bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, cms.Rewrite(context.Background(), &out, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
		sd.SignerInfos[0].UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDSignatureTimestamp, token)}
		return nil
	}))
	return out.Bytes()
}
