package cms_test

import (
	"bytes"
	"crypto"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// region is a range of octets of a message, by name.
type region struct {
	name     string
	from, to int
}

// TestFlipEveryBit changes each bit of a message in turn. Either it is refused, or the bit is in a part that no signature
// covers, listed here, and the signer, the value, what it is over and the content are what they were.
func TestFlipEveryBit(t *testing.T) {
	id := identityOf(t, "p256")
	for _, withAttributes := range []bool{true, false} {
		var original []byte
		if withAttributes {
			si := id.signer(t, deal, func(r *cms.SignerRequest) {
				r.Attributes = []cms.Attribute{cms.SigningCertificateV2(id.cert, crypto.SHA256)}
			})
			si.UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDSignatureTimestamp, tlv(0x30, []byte{5, 0}))}
			sd := message([]*cms.SignerInfo{si}, id)
			sd.CRLs = [][]byte{tlv(0xa1, tlv(6, []byte(cms.OIDOtherRevocationOCSP)), tlv(0x30))}
			var err error
			original, err = sd.MarshalAttached(deal)
			require.NoError(t, err)
		} else {
			f := good(t)
			f.attributes = nil
			original = f.message(t)
		}
		sd, _, err := cms.Parse(original)
		require.NoError(t, err)
		require.Empty(t, verify(t, sd, 0))
		want := sd.SignerInfos[0]

		// What may change without a signature noticing, headers included. The signer's certificate is known here, so what
		// becomes of the one inside does not matter.
		algorithms := bytes.Index(original, sd.DigestAlgorithms[0].Marshal())
		certificates := bytes.Index(original, id.cert.Raw)
		signer := bytes.Index(original, want.Raw)
		inner := signer + bytes.Index(want.Raw, []byte{2, 1, 1, 0x30})
		signerInfos := signer - len(tlv(0x31, want.Raw)) + len(want.Raw)
		regions := []region{
			{"version of SignedData, digestAlgorithms", algorithms - 5, algorithms + len(sd.DigestAlgorithms[0].Marshal())},
			{"certificates and crls", certificates - 4, signerInfos},
			{"version of SignerInfo", inner, inner + 3},
			// Not under the signature: the issuer in other letter case or string type names the same certificate.
			{"issuer in sid", inner + 3, inner + 3 + 4 + len(want.SID.RawIssuer)},
		}
		if withAttributes {
			unsigned := signer + bytes.Index(want.Raw, want.RawUnsignedAttributes)
			regions = append(regions, region{"unsignedAttrs", unsigned, unsigned + len(want.RawUnsignedAttributes)})
		}

		accepted := map[string]int{}
		for i := range len(original) * 8 {
			changed := bytes.Clone(original)
			changed[i/8] ^= 1 << (i % 8)
			sd, content, err := cms.Parse(changed)
			if err != nil || len(sd.SignerInfos) == 0 || len(sd.Verify(0, id.cert, nil)) > 0 {
				continue
			}
			name := ""
			for _, r := range regions {
				if i/8 >= r.from && i/8 < r.to {
					name = r.name
				}
			}
			require.NotEmpty(t, name, "bit %d of octet %d (%02x) is in no part that may change\n%x", i%8, i/8, original[i/8], original[i/8-8:i/8+8])
			accepted[name]++
			si := sd.SignerInfos[0]
			require.Len(t, sd.SignerInfos, 1)
			require.Equal(t, want.Signature, si.Signature)
			require.Equal(t, want.RawSignedAttributes, si.RawSignedAttributes)
			require.True(t, si.SID.Matches(id.cert))
			require.Equal(t, want.SID.RawSerial, si.SID.RawSerial)
			require.Equal(t, want.DigestAlgorithm, si.DigestAlgorithm)
			require.Equal(t, want.SignatureAlgorithm, si.SignatureAlgorithm)
			require.Equal(t, deal, content)
		}
		for _, r := range regions {
			require.Positive(t, accepted[r.name], "%s may change and never did: is it signed?", r.name)
		}
		t.Logf("accepted flips: %v of %d", accepted, len(original)*8)
	}
}
