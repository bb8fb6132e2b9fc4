package cms_test

import (
	"crypto"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// A value that could not be computed is never taken for one that was: CheckValue alone says why, as Verify does.
func TestCheckValueNeverSaysNothingOfWhatItDidNotCompute(t *testing.T) {
	leaf := pkitest.New().Root("Racine").Leaf("Essai")
	certificate, err := pkix.ParseCertificate(leaf.DER)
	require.NoError(t, err)
	scheme, err := pkix.SchemeFor(&certificate.PublicKey, crypto.SHA256, false)
	require.NoError(t, err)
	si := &cms.SignerInfo{SID: cms.IssuerSerialOf(certificate), DigestAlgorithm: pkix.DigestAlgorithm(crypto.SHA256),
		SignatureAlgorithm: scheme.AlgorithmIdentifier(&certificate.PublicKey), Signature: []byte{1}}
	sd := &cms.SignedData{ContentType: cms.OIDData, SignerInfos: []*cms.SignerInfo{si}}
	unknown := func(crypto.Hash) ([]byte, bool) { return nil, false }

	findings := sd.CheckValue(0, certificate, unknown)
	require.Len(t, findings, 1)
	require.Equal(t, cms.ContentMissing, findings[0].Reason)

	si.DigestAlgorithm = pkix.AlgorithmIdentifier{OID: cms.OIDData}
	si.SignatureAlgorithm = pkix.AlgorithmIdentifier{OID: certificate.PublicKey.Algorithm.OID}
	findings = sd.CheckValue(0, certificate, unknown)
	require.NotEmpty(t, findings)
}
