package cms

import (
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
)

// Object identifiers of AuthEnvelopedData and of the algorithms that it may name here. Nothing else is written or opened.
var (
	oidAES256GCM        = der.MustOID("2.16.840.1.101.3.4.1.46") // RFC 5084 §3.2
	oidAES256Wrap       = der.MustOID("2.16.840.1.101.3.4.1.45") // RFC 3565 §2.3.2
	oidRSAESOAEP        = der.MustOID("1.2.840.113549.1.1.7")    // RFC 3560 §2.2
	oidMGF1             = der.MustOID("1.2.840.113549.1.1.8")
	oidPSpecified       = der.MustOID("1.2.840.113549.1.1.9")
	oidEnvelopeSHA256   = der.MustOID("2.16.840.1.101.3.4.2.1")
	oidECPublicKey      = der.MustOID("1.2.840.10045.2.1")
	oidStdDHSHA256KDF   = der.MustOID("1.3.132.1.11.1") // dhSinglePass-stdDH-sha256kdf-scheme, RFC 5753 §7.1.4
	oidStdDHSHA384KDF   = der.MustOID("1.3.132.1.11.2")
	oidCurveP256        = der.MustOID("1.2.840.10045.3.1.7")
	oidCurveP384        = der.MustOID("1.3.132.0.34")
	oidCurveP521        = der.MustOID("1.3.132.0.35")
	refusedKeyTransport = map[der.OID]string{
		der.MustOID("1.2.840.113549.1.1.1"): "RSAES-PKCS1-v1_5",
	}
	refusedKeyAgreement = map[der.OID]string{
		der.MustOID("1.3.133.16.840.63.0.2"): "ECDH with SHA-1",
		der.MustOID("1.3.133.16.840.63.0.3"): "cofactor ECDH with SHA-1",
		der.MustOID("1.3.132.1.11.3"):        "ECDH with SHA-512",
		der.MustOID("1.3.132.1.14.1"):        "cofactor ECDH with SHA-256",
		der.MustOID("1.3.132.1.14.2"):        "cofactor ECDH with SHA-384",
		der.MustOID("1.3.132.1.14.3"):        "cofactor ECDH with SHA-512",
	}
	refusedCiphers = map[der.OID]string{
		der.MustOID("2.16.840.1.101.3.4.1.2"):  "AES-128-CBC",
		der.MustOID("2.16.840.1.101.3.4.1.6"):  "AES-128-GCM",
		der.MustOID("2.16.840.1.101.3.4.1.22"): "AES-192-CBC",
		der.MustOID("2.16.840.1.101.3.4.1.26"): "AES-192-GCM",
		der.MustOID("2.16.840.1.101.3.4.1.42"): "AES-256-CBC",
		der.MustOID("2.16.840.1.101.3.4.1.47"): "AES-256-CCM",
		der.MustOID("1.2.840.113549.3.7"):      "triple DES",
	}
)

// Whole AlgorithmIdentifiers, as this package writes them: hash algorithms without NULL, defaults left out only where DER
// says so, no label, no source of parameters.
var (
	algAES256Wrap = []byte{0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2D}
	// RSAES-OAEP-params { hashAlgorithm [0] sha256, maskGenAlgorithm [1] mgf1 sha256 } (RFC 4055 §4.1)
	algOAEP = []byte{
		0x30, 0x38, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x07,
		0x30, 0x2B,
		0xA0, 0x0D, 0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
		0xA1, 0x1A, 0x30, 0x18, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08,
		0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
	}
	// AlgorithmIdentifier of an ephemeral key: the curve is that of the recipient (RFC 5753 §3.1.1)
	algECPublicKey = []byte{0x30, 0x09, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01}
)

func contextTag(n int) asn1.Tag     { return asn1.Tag(n).ContextSpecific() }
func constructedTag(n int) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
