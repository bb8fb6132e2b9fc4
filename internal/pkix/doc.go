// Package pkix reads X.509 certificates and public keys leniently, writes algorithm identifiers and keys exactly, and verifies
// signature values.
//
// Three functions do most of it:
//
//	cert, err := pkix.ParseCertificate(raw)                                      // err: not a certificate at all
//	scheme, err := pkix.ParseScheme(signerInfo.Algorithm, &cert.PublicKey, hash) // err: not supported, or disagrees with the key
//	err = scheme.VerifyDigest(&cert.PublicKey, digest, value)                    // nil, or why not
//
// # Reading
//
// A validator that refuses a certificate says nothing about the signature that depends on it. So [ParseCertificate] keeps on
// as long as the fields of RFC 5280 §4.1 are in their places: negative or padded serial numbers, BER, odd times, extensions that
// come twice or cannot be read become [Anomaly] values with the path of the field and its offset. Whoever judges a certificate
// looks at them; UnreadCritical tells path validation to stop. Everything a signature or a digest covers (Raw, RawTBS) stays as
// found, and slices share memory with the input, which must not change afterwards.
//
// Keys that the standard library cannot compute (brainpool, FRP256v1, secp256k1, binary curves, Ed448, RSA under 1024 bits) are
// named and measured all the same; only Public is nil.
//
// # Verifying
//
// A [Scheme] is everything but the key: family, digest, PSS parameters. [ParseScheme] reads it from an AlgorithmIdentifier and
// checks it against the key, restrictions of id-RSASSA-PSS keys included; [SchemeFor] chooses it for writing. Four sentinels
// tell outcomes apart: [ErrSignature] (the value is wrong), [ErrUnsupported] (it cannot be computed here, so nothing is said),
// [ErrAlgorithm] (identifier and key disagree), [ErrKey] (the key is malformed). Only the first and the last two condemn a
// signature.
//
// # Bounds
//
// Sizes and counts are in internal/limits. A usual certificate costs about 6 µs and 30 allocations, two thirds of
// crypto/x509 (BenchmarkParseCertificate).
package pkix
