package rgs

import (
	"crypto"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

type signatureAlgorithm struct{ family, digest string }

// signatures names the signature algorithms that certificates were ever signed with, the long abandoned included: a report must
// name MD5, not fail on it.
var signatures = func() map[der.OID]signatureAlgorithm {
	table := map[der.OID]signatureAlgorithm{}
	for _, row := range []struct{ oid, family, digest string }{
		{"1.2.840.113549.1.1.2", "RSASSA-PKCS1-v1_5", "MD2"},
		{"1.2.840.113549.1.1.4", "RSASSA-PKCS1-v1_5", "MD5"},
		{"1.2.840.113549.1.1.5", "RSASSA-PKCS1-v1_5", "SHA-1"},
		{"1.3.14.3.2.29", "RSASSA-PKCS1-v1_5", "SHA-1"},
		{"1.3.36.3.3.1.2", "RSASSA-PKCS1-v1_5", "RIPEMD-160"},
		{"1.2.840.113549.1.1.14", "RSASSA-PKCS1-v1_5", "SHA-224"},
		{"1.2.840.113549.1.1.11", "RSASSA-PKCS1-v1_5", "SHA-256"},
		{"1.2.840.113549.1.1.12", "RSASSA-PKCS1-v1_5", "SHA-384"},
		{"1.2.840.113549.1.1.13", "RSASSA-PKCS1-v1_5", "SHA-512"},
		{"1.2.840.113549.1.1.15", "RSASSA-PKCS1-v1_5", "SHA-512/224"},
		{"1.2.840.113549.1.1.16", "RSASSA-PKCS1-v1_5", "SHA-512/256"},
		{"2.16.840.1.101.3.4.3.13", "RSASSA-PKCS1-v1_5", "SHA3-224"},
		{"2.16.840.1.101.3.4.3.14", "RSASSA-PKCS1-v1_5", "SHA3-256"},
		{"2.16.840.1.101.3.4.3.15", "RSASSA-PKCS1-v1_5", "SHA3-384"},
		{"2.16.840.1.101.3.4.3.16", "RSASSA-PKCS1-v1_5", "SHA3-512"},
		{"1.2.840.10045.4.1", "ECDSA", "SHA-1"},
		{"1.2.840.10045.4.3.1", "ECDSA", "SHA-224"},
		{"1.2.840.10045.4.3.2", "ECDSA", "SHA-256"},
		{"1.2.840.10045.4.3.3", "ECDSA", "SHA-384"},
		{"1.2.840.10045.4.3.4", "ECDSA", "SHA-512"},
		{"2.16.840.1.101.3.4.3.9", "ECDSA", "SHA3-224"},
		{"2.16.840.1.101.3.4.3.10", "ECDSA", "SHA3-256"},
		{"2.16.840.1.101.3.4.3.11", "ECDSA", "SHA3-384"},
		{"2.16.840.1.101.3.4.3.12", "ECDSA", "SHA3-512"},
		{"0.4.0.127.0.7.1.1.4.1.1", "plain ECDSA", "SHA-1"},
		{"0.4.0.127.0.7.1.1.4.1.2", "plain ECDSA", "SHA-224"},
		{"0.4.0.127.0.7.1.1.4.1.3", "plain ECDSA", "SHA-256"},
		{"0.4.0.127.0.7.1.1.4.1.4", "plain ECDSA", "SHA-384"},
		{"0.4.0.127.0.7.1.1.4.1.5", "plain ECDSA", "SHA-512"},
		{"1.2.840.10040.4.3", "DSA", "SHA-1"},
		{"2.16.840.1.101.3.4.3.1", "DSA", "SHA-224"},
		{"2.16.840.1.101.3.4.3.2", "DSA", "SHA-256"},
		{"1.3.101.112", "EdDSA", "SHA-512"},
		{"1.3.101.113", "EdDSA", "SHAKE256"},
	} {
		table[der.MustOID(row.oid)] = signatureAlgorithm{row.family, row.digest}
	}
	return table
}()

var oidPSS = der.MustOID("1.2.840.113549.1.1.10")

// signature returns the family and the digest of the algorithm that the certificate was signed with, empty when unknown.
func (c *certificate) signature() (family, digest string) {
	if c.algorithm != nil {
		return c.algorithm.family, c.algorithm.digest
	}
	if c.SignatureAlgorithm.OID == oidPSS { // RFC 4055 §3.1: the digest is in the parameters, SHA-1 by default
		scheme, err := pkix.ParseScheme(c.SignatureAlgorithm, nil, crypto.Hash(0))
		if err != nil {
			return "RSASSA-PSS", ""
		}
		return "RSASSA-PSS", pkix.DigestName(scheme.Hash)
	}
	known := signatures[c.SignatureAlgorithm.OID]
	return known.family, known.digest
}
