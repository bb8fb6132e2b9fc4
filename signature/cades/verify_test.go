package cades_test

import (
	"crypto"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
)

var (
	digestNames = func() map[string]crypto.Hash {
		table := map[string]crypto.Hash{}
		for _, h := range []crypto.Hash{
			crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_384, crypto.SHA3_512,
		} {
			table[pkix.DigestName(h)] = h
		}
		return table
	}()
	parsedOIDs = map[string]der.OID{}
)

// verifies does what package collect does for one candidate: the value, under a key.
func verifies(s *facts.Signature, key *pkix.PublicKeyInfo) bool {
	oid, ok := parsedOIDs[s.SignatureAlgorithm.OID]
	if !ok {
		oid = der.MustOID(s.SignatureAlgorithm.OID)
		parsedOIDs[s.SignatureAlgorithm.OID] = oid
	}
	algorithm := pkix.AlgorithmIdentifier{OID: oid, Parameters: s.SignatureAlgorithm.Parameters}
	scheme, err := pkix.ParseScheme(algorithm, key, digestNames[s.DigestAlgorithm.Name])
	if err != nil {
		return false
	}
	if len(s.ToBeSigned) > 0 {
		return scheme.Verify(key, s.ToBeSigned, s.Value) == nil
	}
	return scheme.VerifyDigest(key, s.References[0].Computed, s.Value) == nil
}

func parsed(t testing.TB, raw []byte) *pkix.Certificate {
	c, err := pkix.ParseCertificate(raw)
	require.NoError(t, err)
	return c
}
