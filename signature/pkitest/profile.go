package pkitest

import "crypto/x509"

// A Usage is what a certificate is for. It is an option: ca.Leaf("…", pkitest.Seal). RGS A4 II.2, II.3.
type Usage int

// The usages. Sign is the default of [Authority.Leaf].
const (
	Sign       Usage = iota // a person signs: nonRepudiation
	Auth                    // a person authenticates: digitalSignature
	AuthSign                // both, which the RGS allows up to two stars
	Encrypt                 // keyEncipherment (RSA) or keyAgreement (EC)
	Seal                    // an organisation signs: digitalSignature, and organizationIdentifier
	TSA                     // timestamp unit: digitalSignature; EKU timeStamping alone and critical
	OCSPSigner              // delegated responder: digitalSignature; EKU OCSPSigning, ocsp-nocheck
	ServerAuth              // TLS server: digitalSignature; EKU serverAuth; its name is a dNSName unless DNS or IP are given
	ClientAuth              // TLS client of a service: digitalSignature; EKU clientAuth
	Code                    // code signing: digitalSignature; EKU codeSigning
	issuing                 // an authority: keyCertSign, cRLSign
)

// profile is what a usage puts into a certificate.
type profile struct {
	name        string
	keyUsage    x509.KeyUsage
	keyUsageEC  x509.KeyUsage // when the key is not RSA
	extKeyUsage []string
	ekuCritical bool
	orgID       bool // organizationIdentifier beside OU 0002
}

var profiles = map[Usage]profile{
	Sign:       {name: "sign", keyUsage: x509.KeyUsageContentCommitment},
	Auth:       {name: "auth", keyUsage: x509.KeyUsageDigitalSignature},
	AuthSign:   {name: "auth_sign", keyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment},
	Encrypt:    {name: "encrypt", keyUsage: x509.KeyUsageKeyEncipherment, keyUsageEC: x509.KeyUsageKeyAgreement},
	Seal:       {name: "seal", keyUsage: x509.KeyUsageDigitalSignature, orgID: true},
	TSA:        {name: "tsu", keyUsage: x509.KeyUsageDigitalSignature, extKeyUsage: []string{EKUTimeStamping}, ekuCritical: true},
	OCSPSigner: {name: "ocsp", keyUsage: x509.KeyUsageDigitalSignature, extKeyUsage: []string{EKUOCSPSigning}},
	ServerAuth: {name: "server_auth", keyUsage: x509.KeyUsageDigitalSignature, extKeyUsage: []string{EKUServerAuth}},
	ClientAuth: {name: "client_auth", keyUsage: x509.KeyUsageDigitalSignature, extKeyUsage: []string{EKUClientAuth}},
	Code:       {name: "code", keyUsage: x509.KeyUsageDigitalSignature, extKeyUsage: []string{EKUCodeSigning}},
	issuing:    {name: "ca", keyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign},
}

// String returns the usage's short name: "sign", "auth_sign", "tsu"…
func (u Usage) String() string { return profiles[u].name }

func (u Usage) setting() setting {
	return setting{u.String(), onCertificate, func(s *spec) { s.usage = u }}
}

// OIDs of extensions, for [Without], [Critical] and [Extension].
const (
	OIDSubjectKeyIdentifier     = "2.5.29.14"
	OIDKeyUsage                 = "2.5.29.15"
	OIDSubjectAltName           = "2.5.29.17"
	OIDIssuerAltName            = "2.5.29.18"
	OIDBasicConstraints         = "2.5.29.19"
	OIDCRLNumber                = "2.5.29.20"
	OIDDeltaCRLIndicator        = "2.5.29.27"
	OIDIssuingDistributionPoint = "2.5.29.28"
	OIDNameConstraints          = "2.5.29.30"
	OIDCRLDistributionPoints    = "2.5.29.31"
	OIDCertificatePolicies      = "2.5.29.32"
	OIDAuthorityKeyIdentifier   = "2.5.29.35"
	OIDExtKeyUsage              = "2.5.29.37"
	OIDNoRevAvail               = "2.5.29.56"
	OIDAuthorityInfoAccess      = "1.3.6.1.5.5.7.1.1"
	OIDQCStatements             = "1.3.6.1.5.5.7.1.3"
	OIDOCSPNonce                = "1.3.6.1.5.5.7.48.1.2"
	OIDOCSPNoCheck              = "1.3.6.1.5.5.7.48.1.5"
	OIDArchiveCutOff            = "1.3.6.1.5.5.7.48.1.6"
	OIDCertHash                 = "1.3.36.8.3.13" // Common PKI (ISIS-MTT) part 4 §3.1.2
)

// Purposes of extKeyUsage: RFC 5280 §4.2.1.12.
const (
	EKUServerAuth      = "1.3.6.1.5.5.7.3.1"
	EKUClientAuth      = "1.3.6.1.5.5.7.3.2"
	EKUCodeSigning     = "1.3.6.1.5.5.7.3.3"
	EKUEmailProtection = "1.3.6.1.5.5.7.3.4"
	EKUTimeStamping    = "1.3.6.1.5.5.7.3.8"
	EKUOCSPSigning     = "1.3.6.1.5.5.7.3.9"
)

// Defaults of names and policies, all below the documentation arc of RFC 5612 or invented.
const (
	// DefaultSIRET is a number of no organisation whose two keys are right. Its SIREN is the first 9 digits.
	DefaultSIRET = "99900000300015"
	// PolicyPrefix followed by the number of a usage is the policy of its certificates; PolicyPrefix+"0" that of authorities.
	PolicyPrefix = "1.3.6.1.4.1.32473.1."
	// TimestampPolicy is the policy of timestamp tokens.
	TimestampPolicy = "1.3.6.1.4.1.32473.2.1"
)

const (
	defaultCountry      = "FR"
	defaultOrganization = "Collectivité d'essai"
	defaultOperator     = "Prestataire d'essai" // who runs the authorities
)
