package validation

import "time"

// A NeedKind says what would let a conclusion go further.
type NeedKind string

// The kinds of needs. The first two are cryptography over what the facts hold; the others come from elsewhere.
const (
	// NeedValue: whether the value of Signed verifies under the key of Certificate, for the Keys of facts.Signed or of
	// facts.Revocation.
	NeedValue NeedKind = "value"
	// NeedIssuance: whether Certificate was signed with the key of Issuer, for facts.Document.Issuance.
	NeedIssuance NeedKind = "issuance"
	// NeedSigner: the certificate of the signer of Signed, designated by Name and Serial, or by KeyID.
	NeedSigner NeedKind = "signer"
	// NeedIssuer: a certificate whose subject is Name, which issued Certificate.
	NeedIssuer NeedKind = "issuer"
	// NeedRevocation: revocation data on Certificate, issued by Issuer, not older than NotBefore if it is set.
	NeedRevocation NeedKind = "revocation"
	// NeedContent: the octets that Signed covers and does not hold.
	NeedContent NeedKind = "content"
)

// A Need is one thing without which a conclusion is weaker than it could be.
type Need struct {
	Kind        NeedKind   `json:"kind"`
	Signed      string     `json:"signed,omitempty"`      // ID of a signature or token; for NeedValue of a CRL or OCSP response too
	Certificate string     `json:"certificate,omitempty"` // ID of a certificate
	Issuer      string     `json:"issuer,omitempty"`      // ID of a certificate
	Name        []byte     `json:"name,omitempty"`        // DER of a distinguished name
	Serial      []byte     `json:"serial,omitempty"`      // content octets of an INTEGER
	KeyID       []byte     `json:"keyId,omitempty"`       // subject key identifier
	NotBefore   *time.Time `json:"notBefore,omitempty"`
}
