package signature_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

func tlv(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	if n := len(content); n >= 128 {
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
	return append([]byte{tag, byte(len(content))}, content...)
}

// TestRevocationInTheFile: a signature that carries its revocation data is judged offline, wherever they are in it.
func TestRevocationInTheFile(t *testing.T) {
	v := newVillage(t)
	required := v.validator(func(o *signature.ValidatorOptions) { o.UnsafeNoRevocation = false })
	places := map[string]func(sd *cms.SignedData, list, response []byte){
		"lists": func(sd *cms.SignedData, list, response []byte) {
			sd.CRLs = [][]byte{list, tlv(0xa1, tlv(6, []byte(cms.OIDOtherRevocationOCSP)), response)}
		},
		"revocation-values": func(sd *cms.SignedData, list, response []byte) {
			value := tlv(0x30, tlv(0xa0, tlv(0x30, list)), tlv(0xa1, tlv(0x30, response)))
			si := sd.SignerInfos[0]
			si.UnsignedAttributes = append(si.UnsignedAttributes, cms.NewAttribute(cms.OIDRevocationValues, value))
		},
	}
	good, revoked := v.ca.Leaf("Mairie de Boisjoli"), v.ca.Leaf("Mairie révoquée", pkitest.Revoked(noon.Add(-2*time.Hour), pkitest.KeyCompromise))
	for name, put := range places {
		for verdict, by := range map[string]*pkitest.Identity{"TOTAL-PASSED": good, "INDETERMINATE (REVOKED_NO_POE)": revoked} {
			t.Run(name+" "+verdict, func(t *testing.T) {
				signed := v.sign(by)
				require.Equal(t, "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", validate(t, required, signed).Signatures[0].Verdict.String())
				var out bytes.Buffer
				require.NoError(t, cms.Rewrite(context.Background(), &out, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
					put(sd, v.root.CRL(), v.ca.OCSP(by))
					return nil
				}))
				got := validate(t, required, out.Bytes())
				require.Equal(t, verdict, got.Signatures[0].Verdict.String(), "%+v", got.Signatures[0].Findings())
				require.Len(t, got.Facts.Revocations, 2)
				for _, r := range got.Facts.Revocations {
					require.Equal(t, facts.FromSignature, r.Origin)
				}
			})
		}
	}

	// What cannot be read is told, and proves nothing.
	signed := v.sign(good)
	var out bytes.Buffer
	require.NoError(t, cms.Rewrite(context.Background(), &out, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
		sd.CRLs = [][]byte{tlv(0x30, []byte{5, 0})}
		return nil
	}))
	got := validate(t, required, out.Bytes())
	require.Equal(t, "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", got.Signatures[0].Verdict.String())
	require.Contains(t, findingOf(got.Signatures[0].Findings(), "format.deviation"), "not revocation data")
}

// TestRevocationBesideTheFile gives a Validator its revocation data.
func TestRevocationBesideTheFile(t *testing.T) {
	v := newVillage(t)
	signer := v.ca.Leaf("Mairie de Boisjoli")
	signed := v.sign(signer, with(v.ca.TimestampAuthority("TSA")))
	judge := func() string {
		given, err := revocation.NewStatic(context.Background(), ades.Bytes(v.root.CRL()), ades.Bytes(v.ca.CRL()))
		require.NoError(t, err)
		got := validate(t, v.validator(func(o *signature.ValidatorOptions) { o.UnsafeNoRevocation, o.Revocation = false, given }), signed)
		requireReplay(t, v, got, func(o *signature.ValidatorOptions) { o.UnsafeNoRevocation = false })
		return got.Signatures[0].Verdict.String()
	}
	require.Equal(t, "TOTAL-PASSED", judge())
	v.ca.Revoke(signer, noon.Add(-2*time.Hour), pkitest.KeyCompromise)
	require.Equal(t, "INDETERMINATE (REVOKED_NO_POE)", judge())
}
