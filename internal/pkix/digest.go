package pkix

import (
	"crypto"
	_ "crypto/sha1" // registers, for verification of old signatures
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/der"
)

// A digest algorithm that can be computed here.
type digest struct {
	hash crypto.Hash
	name string
	oid  der.OID
}

// digests lists every digest this module computes: FIPS 180-4 and FIPS 202, OIDs of RFC 5754 §2, RFC 8017 §B.1, RFC 9688 §2.
var digests = []digest{
	{crypto.SHA1, "SHA-1", der.MustOID("1.3.14.3.2.26")},
	{crypto.SHA256, "SHA-256", der.MustOID("2.16.840.1.101.3.4.2.1")},
	{crypto.SHA384, "SHA-384", der.MustOID("2.16.840.1.101.3.4.2.2")},
	{crypto.SHA512, "SHA-512", der.MustOID("2.16.840.1.101.3.4.2.3")},
	{crypto.SHA224, "SHA-224", der.MustOID("2.16.840.1.101.3.4.2.4")},
	{crypto.SHA512_224, "SHA-512/224", der.MustOID("2.16.840.1.101.3.4.2.5")},
	{crypto.SHA512_256, "SHA-512/256", der.MustOID("2.16.840.1.101.3.4.2.6")},
	{crypto.SHA3_224, "SHA3-224", der.MustOID("2.16.840.1.101.3.4.2.7")},
	{crypto.SHA3_256, "SHA3-256", der.MustOID("2.16.840.1.101.3.4.2.8")},
	{crypto.SHA3_384, "SHA3-384", der.MustOID("2.16.840.1.101.3.4.2.9")},
	{crypto.SHA3_512, "SHA3-512", der.MustOID("2.16.840.1.101.3.4.2.10")},
}

// foreignDigests are recognised so that a finding can name them, and never computed.
var foreignDigests = map[der.OID]string{
	der.MustOID("1.2.840.113549.2.2"):      "MD2",
	der.MustOID("1.2.840.113549.2.4"):      "MD4",
	der.MustOID("1.2.840.113549.2.5"):      "MD5",
	der.MustOID("1.3.36.3.2.1"):            "RIPEMD-160",
	der.MustOID("1.3.36.3.2.2"):            "RIPEMD-128",
	der.MustOID("1.3.36.3.2.3"):            "RIPEMD-256",
	der.MustOID("1.0.10118.3.0.55"):        "Whirlpool",
	der.MustOID("1.2.643.2.2.9"):           "GOST R 34.11-94",
	der.MustOID("1.2.643.7.1.1.2.2"):       "GOST R 34.11-2012 (256 bits)",
	der.MustOID("1.2.643.7.1.1.2.3"):       "GOST R 34.11-2012 (512 bits)",
	der.MustOID("1.2.156.10197.1.401"):     "SM3",
	der.MustOID("2.16.840.1.101.3.4.2.11"): "SHAKE128",
	der.MustOID("2.16.840.1.101.3.4.2.12"): "SHAKE256",
	der.MustOID("2.16.840.1.101.3.4.2.17"): "SHAKE128 with a length",
	der.MustOID("2.16.840.1.101.3.4.2.18"): "SHAKE256 with a length",
}

// DigestByOID returns the digest that a names. Parameters are absent or NULL (RFC 5754 §2), anything else is ErrAlgorithm; a
// digest that is not computed here is ErrUnsupported, by its name where it has one.
func DigestByOID(a AlgorithmIdentifier) (crypto.Hash, error) {
	for i := range digests {
		if digests[i].oid != a.OID {
			continue
		}
		if !a.plain() {
			return 0, fmt.Errorf("pkix: digest algorithm %s with parameters: %w", digests[i].name, ErrAlgorithm)
		}
		return digests[i].hash, nil
	}
	if name, ok := foreignDigests[a.OID]; ok {
		return 0, fmt.Errorf("pkix: digest algorithm %s: %w", name, ErrUnsupported)
	}
	return 0, fmt.Errorf("pkix: digest algorithm %s: %w", a.OID, ErrUnsupported)
}

// DigestAlgorithm returns the AlgorithmIdentifier of h with its parameters absent (RFC 5754 §2, RFC 9688 §2). It is the zero
// value for a digest that DigestByOID does not know.
func DigestAlgorithm(h crypto.Hash) AlgorithmIdentifier {
	for i := range digests {
		if digests[i].hash == h {
			return AlgorithmIdentifier{OID: digests[i].oid}
		}
	}
	return AlgorithmIdentifier{}
}

// DigestName returns the name the standards use: "SHA-256", "SHA3-512". It is "unknown" for anything else.
func DigestName(h crypto.Hash) string {
	for i := range digests {
		if digests[i].hash == h {
			return digests[i].name
		}
	}
	return "unknown"
}

// knownDigest reports whether h is one of digests.
func knownDigest(h crypto.Hash) bool { return DigestAlgorithm(h).OID != "" }
