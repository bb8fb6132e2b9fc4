package cms_test

import (
	"crypto"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// TestSecondOpinion has another implementation verify what we write. It is only given DER of ours: see docs/dependencies.md.
func TestSecondOpinion(t *testing.T) {
	for _, test := range []struct {
		key    string
		scheme ours.Scheme
	}{
		{"rsa2048", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA256}},
		{"rsa2048", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA512}},
		{"p256", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA256}},
		{"p384", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA384}},
		{"p521", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA512}},
		{"ed25519", ours.Scheme{Kind: ours.EdDSA, Hash: crypto.SHA512}},
	} {
		t.Run(test.key+" "+test.scheme.Name(), func(t *testing.T) {
			id := identityOf(t, test.key)
			si := id.signer(t, deal, func(r *cms.SignerRequest) {
				r.Scheme = test.scheme
				r.Attributes = []cms.Attribute{cms.SigningTime(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)), cms.SigningCertificateV2(id.cert, test.scheme.Hash)}
			})
			si.UnsignedAttributes = []cms.Attribute{token}
			sd := message([]*cms.SignerInfo{si, identityOf(t, "p256").signer(t, deal, nil)}, id, identityOf(t, "p256"))
			if test.key == "p256" {
				sd = message([]*cms.SignerInfo{si}, id)
			}
			attached, err := sd.MarshalAttached(deal)
			require.NoError(t, err)
			p7, err := pkcs7.Parse(attached)
			require.NoError(t, err)
			require.Len(t, p7.Signers, len(sd.SignerInfos))
			require.Equal(t, deal, p7.Content)
			require.NoError(t, p7.Verify())

			detached, err := sd.Marshal()
			require.NoError(t, err)
			p7, err = pkcs7.Parse(detached)
			require.NoError(t, err)
			p7.Content = deal
			require.NoError(t, p7.Verify())
			p7.Content = []byte("autre chose")
			require.Error(t, p7.Verify())
		})
	}
}
