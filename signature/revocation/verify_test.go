package revocation_test

import (
	"bytes"
	"context"
	"crypto"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

// Lists and responses under every kind of key and digest are verified from facts alone; altered facts are not.
func TestVerify(t *testing.T) {
	for name, options := range map[string][]pkitest.Option{
		"P-256": {pkitest.P256}, "P-384": {pkitest.P384}, "P-521": {pkitest.P521}, "RSA": {pkitest.RSA2048}, "RSA-PSS key": {pkitest.RSAPSS2048},
		"Ed25519": {pkitest.Ed25519},
	} {
		for _, how := range [][]pkitest.Option{nil, {pkitest.Digest(crypto.SHA3_256)}, {pkitest.LegacySHA1()}} {
			if name == "Ed25519" && how != nil {
				continue // it has its own digest
			}
			t.Run(name, func(t *testing.T) {
				pki := pkitest.New(pkitest.At(noon))
				ca := pki.Root("Racine d'essai", options...)
				other := pki.Root("Autre racine", options...)
				leaf := ca.Leaf("Mairie")
				list, err := facts.ReadCRL(context.Background(), bytes.NewReader(ca.CRL(how...)))
				require.NoError(t, err)
				response, _, err := facts.ReadOCSP(ca.OCSP(leaf, how...))
				require.NoError(t, err)
				for _, r := range []*facts.Revocation{&list, &response} {
					result := revocation.Verify(r, ca.DER)
					require.Equal(t, facts.Verified, result.Result, result.Detail)
					require.Equal(t, new(facts.Document).AddCertificate(ca.DER, ""), result.Certificate)
					result = revocation.Verify(r, other.DER)
					require.Equal(t, facts.Wrong, result.Result)
					require.NotEmpty(t, result.Detail)
					for _, octets := range [][]byte{r.Value, r.Digest, r.ToBeSigned} {
						if len(octets) > 0 {
							octets[len(octets)-1] ^= 1
							require.NotEqual(t, facts.Verified, revocation.Verify(r, ca.DER).Result)
							octets[len(octets)-1] ^= 1
						}
					}
					require.Equal(t, facts.Wrong, revocation.Verify(r, []byte("x")).Result)
					r.SignatureAlgorithm.OID = "x"
					require.Equal(t, facts.Wrong, revocation.Verify(r, ca.DER).Result)
					r.SignatureAlgorithm = facts.Algorithm{OID: "1.2.840.113549.1.1.4"} // MD5
					require.Equal(t, facts.Unsupported, revocation.Verify(r, ca.DER).Result)
				}
			})
		}
	}
}
