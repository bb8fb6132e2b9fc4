package cms

import "github.com/cadre-confiance/confiance/internal/der"

// Content types (RFC 5652 §4 to §10, RFC 5083 §2.1, RFC 3161 §2.4.2).
var (
	OIDData              = der.MustOID("1.2.840.113549.1.7.1")
	OIDSignedData        = der.MustOID("1.2.840.113549.1.7.2")
	OIDEnvelopedData     = der.MustOID("1.2.840.113549.1.7.3")
	OIDEncryptedData     = der.MustOID("1.2.840.113549.1.7.6")
	OIDAuthEnvelopedData = der.MustOID("1.2.840.113549.1.9.16.1.23")
	OIDTSTInfo           = der.MustOID("1.2.840.113549.1.9.16.1.4")
)

// Signed attributes.
var (
	OIDContentType          = der.MustOID("1.2.840.113549.1.9.3")       // RFC 5652 §11.1
	OIDMessageDigest        = der.MustOID("1.2.840.113549.1.9.4")       // RFC 5652 §11.2
	OIDSigningTime          = der.MustOID("1.2.840.113549.1.9.5")       // RFC 5652 §11.3
	OIDAlgorithmProtection  = der.MustOID("1.2.840.113549.1.9.52")      // RFC 6211 §2
	OIDSigningCertificate   = der.MustOID("1.2.840.113549.1.9.16.2.12") // RFC 2634 §5.4, SHA-1
	OIDSigningCertificateV2 = der.MustOID("1.2.840.113549.1.9.16.2.47") // RFC 5035 §3
	OIDSMIMECapabilities    = der.MustOID("1.2.840.113549.1.9.15")      // RFC 8551 §2.5.2
	OIDContentHints         = der.MustOID("1.2.840.113549.1.9.16.2.4")  // RFC 2634 §2.9
	OIDContentIdentifier    = der.MustOID("1.2.840.113549.1.9.16.2.7")  // RFC 2634 §2.7
	OIDContentReference     = der.MustOID("1.2.840.113549.1.9.16.2.10") // RFC 2634 §2.11
	OIDSignaturePolicy      = der.MustOID("1.2.840.113549.1.9.16.2.15") // EN 319 122-1 §5.2.9
	OIDCommitmentType       = der.MustOID("1.2.840.113549.1.9.16.2.16") // EN 319 122-1 §5.2.3
	OIDSignerLocation       = der.MustOID("1.2.840.113549.1.9.16.2.17") // EN 319 122-1 §5.2.5
	OIDSignerAttributes     = der.MustOID("1.2.840.113549.1.9.16.2.18") // EN 319 122-1 §5.2.6
	OIDContentTimestamp     = der.MustOID("1.2.840.113549.1.9.16.2.20") // EN 319 122-1 §5.2.8
	OIDSignerAttributesV2   = der.MustOID("0.4.0.19122.1.1")            // EN 319 122-1 §5.2.6.1
	OIDMIMEType             = der.MustOID("0.4.0.1733.2.1")             // EN 319 122-1 §5.2.4.2
)

// Unsigned attributes.
var (
	OIDCountersignature        = der.MustOID("1.2.840.113549.1.9.6")       // RFC 5652 §11.4
	OIDSignatureTimestamp      = der.MustOID("1.2.840.113549.1.9.16.2.14") // EN 319 122-1 §5.3
	OIDCertificateRefs         = der.MustOID("1.2.840.113549.1.9.16.2.21") // EN 319 122-1 §A.1.1.1
	OIDRevocationRefs          = der.MustOID("1.2.840.113549.1.9.16.2.22") // EN 319 122-1 §A.1.2.1
	OIDCertificateValues       = der.MustOID("1.2.840.113549.1.9.16.2.23") // EN 319 122-1 §A.1.1.2
	OIDRevocationValues        = der.MustOID("1.2.840.113549.1.9.16.2.24") // EN 319 122-1 §A.1.2.2
	OIDReferencesTimestamp     = der.MustOID("1.2.840.113549.1.9.16.2.25") // EN 319 122-1 §A.1.5.1, on signature and references
	OIDCertCRLTimestamp        = der.MustOID("1.2.840.113549.1.9.16.2.26") // EN 319 122-1 §A.1.5.2, on references
	OIDArchiveTimestampV2      = der.MustOID("1.2.840.113549.1.9.16.2.48") // EN 319 122-1 §A.2.4
	OIDArchiveTimestampV3      = der.MustOID("0.4.0.1733.2.4")             // EN 319 122-1 §5.5.3
	OIDHashIndex               = der.MustOID("0.4.0.1733.2.5")             // TS 101 733 §6.4.2, of a token
	OIDHashIndexV3             = der.MustOID("0.4.0.19122.1.5")            // EN 319 122-1 §5.5.2, of a token
	OIDSignaturePolicyStore    = der.MustOID("0.4.0.19122.1.3")            // EN 319 122-1 §5.2.10
	OIDLongTermValidation      = der.MustOID("0.4.0.1733.2.2")             // TS 101 733 §6.5
	OIDEvidenceRecordInternal  = der.MustOID("1.2.840.113549.1.9.16.2.49") // RFC 4998 §A.1
	OIDEvidenceRecordExternal  = der.MustOID("1.2.840.113549.1.9.16.2.50") // RFC 4998 §A.1
	OIDRevocationInfoArchival  = der.MustOID("1.2.840.113583.1.1.8")       // ISO 32000-2 §12.8.3.3.2, a signed attribute
	OIDOtherRevocationOCSP     = der.MustOID("1.3.6.1.5.5.7.16.2")         // RFC 5940 §2.1, of OtherRevocationInfoFormat
	OIDOtherRevocationSCVPResp = der.MustOID("1.3.6.1.5.5.7.16.4")         // RFC 5940 §2.2
)
