package facts

import (
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Revocation is one CRL (RFC 5280 §5) or one OCSP response (RFC 6960): what it says, who may have signed it, and what its
// signature covers, so that it can be judged without its octets.
//
// Of a CRL, the facts hold the header, the scope, and the entries of the serial numbers that were looked for; the list itself
// stays outside. An OCSP response is kept whole in Raw.
type Revocation struct {
	// ID is the lower-case hex SHA-256 of the DER: of the CertificateList, or of the BasicOCSPResponse, with or without the
	// OCSPResponse around it.
	ID     string         `json:"id"`
	Kind   RevocationKind `json:"kind"`
	Origin Origin         `json:"origin"`
	URL    string         `json:"url,omitempty"` // where it was fetched
	Size   int64          `json:"size"`          // of the DER, in octets
	Raw    []byte         `json:"raw,omitempty"` // DER of the BasicOCSPResponse; empty for a CRL

	SignatureAlgorithm Algorithm `json:"signatureAlgorithm"`
	Value              []byte    `json:"value"`
	// Digest is that of the signed part (tbsCertList, tbsResponseData) under SignatureAlgorithm.Digest; empty when that digest
	// is not computed here.
	Digest []byte `json:"digest,omitempty"`
	// ToBeSigned is the signed part itself, for an algorithm that signs no digest (Ed25519). It is empty when the list was too
	// long to be held: the value can then not be verified.
	ToBeSigned []byte `json:"toBeSigned,omitempty"`
	// Keys holds, per certificate that may have signed, whether Value verified under its key. Added by collect and by sources.
	Keys []KeyResult `json:"keys,omitempty"`

	CRL  *CRL  `json:"crl,omitempty"`
	OCSP *OCSP `json:"ocsp,omitempty"`
	// Problems are deviations of form. With a fatal one the object must not be relied upon.
	Problems []Problem `json:"problems,omitempty"`
}

// A RevocationKind tells lists from responses.
type RevocationKind string

// The kinds of revocation data.
const (
	KindCRL  RevocationKind = "crl"
	KindOCSP RevocationKind = "ocsp"
)

// Origins of revocation data and of what came with them.
const (
	FromNetwork    Origin = "network"    // fetched, now or earlier
	FromRevocation Origin = "revocation" // a certificate carried by an OCSP response
)

// A CRL is what a certificate revocation list says of itself, and the entries looked for.
type CRL struct {
	Version     int        `json:"version"`               // 1 or 2
	Issuer      []byte     `json:"issuer"`                // DER of the Name
	IssuerKeyID []byte     `json:"issuerKeyId,omitempty"` // of authorityKeyIdentifier
	ThisUpdate  time.Time  `json:"thisUpdate"`
	NextUpdate  *time.Time `json:"nextUpdate,omitempty"`
	Number      string     `json:"number,omitempty"` // CRLNumber, decimal
	// Base is, of a delta CRL, the number of the list that it completes at least (RFC 5280 §5.2.4), decimal. Empty for a
	// complete list.
	Base     string   `json:"base,omitempty"`
	Scope    *Scope   `json:"scope,omitempty"`    // issuingDistributionPoint; nil: every certificate of the issuer
	Freshest []string `json:"freshest,omitempty"` // URIs of delta CRLs
	// ExpiredSince says that certificates which expired at that date or later stay on the list (X.509 §9.5.2.8).
	ExpiredSince *time.Time `json:"expiredSince,omitempty"`

	Count    int        `json:"count"`              // entries on the list
	Complete bool       `json:"complete,omitempty"` // Entries are all of them
	Sought   [][]byte   `json:"sought,omitempty"`   // serials looked for, sorted; an absent entry says nothing of any other, unless Complete
	Entries  []CRLEntry `json:"entries,omitempty"`
}

// A CRLEntry is one revoked certificate.
type CRLEntry struct {
	Serial         []byte           `json:"serial"`           // content octets of the INTEGER
	Issuer         []byte           `json:"issuer,omitempty"` // DER of the Name of the certificate's issuer; empty when it is that of the list
	Date           time.Time        `json:"date"`
	Reason         RevocationReason `json:"reason,omitempty"`
	InvalidityDate *time.Time       `json:"invalidityDate,omitempty"`
}

// A Scope is an issuingDistributionPoint (RFC 5280 §5.2.5): of which certificates a CRL speaks.
type Scope struct {
	Names           []GeneralName `json:"names,omitempty"` // of the distribution point; one relative to the issuer is completed
	OnlyUsers       bool          `json:"onlyUsers,omitempty"`
	OnlyAuthorities bool          `json:"onlyAuthorities,omitempty"`
	OnlyAttributes  bool          `json:"onlyAttributes,omitempty"`
	Indirect        bool          `json:"indirect,omitempty"`
	// Reasons are the only ones of which the list speaks; nil for all, empty for none.
	Reasons []RevocationReason `json:"reasons,omitzero"`
}

// A GeneralName is RFC 5280 §4.2.1.6: its form, which is the tag of the CHOICE (4 directoryName, 6 URI), and its content
// octets (of form 4, the DER of the Name).
type GeneralName struct {
	Form  int    `json:"form"`
	Value []byte `json:"value"`
}

// A RevocationReason is a CRLReason (RFC 5280 §5.3.1), by its name there. Empty when none is given.
type RevocationReason string

// The reasons.
const (
	Unspecified          RevocationReason = "unspecified"
	KeyCompromise        RevocationReason = "keyCompromise"
	CACompromise         RevocationReason = "cACompromise"
	AffiliationChanged   RevocationReason = "affiliationChanged"
	Superseded           RevocationReason = "superseded"
	CessationOfOperation RevocationReason = "cessationOfOperation"
	CertificateHold      RevocationReason = "certificateHold"
	RemoveFromCRL        RevocationReason = "removeFromCRL"
	PrivilegeWithdrawn   RevocationReason = "privilegeWithdrawn"
	AACompromise         RevocationReason = "aACompromise"
)

var reasonNames = map[int]RevocationReason{
	0: Unspecified, 1: KeyCompromise, 2: CACompromise, 3: AffiliationChanged, 4: Superseded, 5: CessationOfOperation,
	6: CertificateHold, 8: RemoveFromCRL, 9: PrivilegeWithdrawn, 10: AACompromise,
}

// flagReasons are the reasons that a list may be limited to, in the order of ReasonFlags (RFC 5280 §4.2.1.13), whose bit 0 is
// unused.
var flagReasons = []RevocationReason{
	"", KeyCompromise, CACompromise, AffiliationChanged, Superseded, CessationOfOperation, CertificateHold, PrivilegeWithdrawn,
	AACompromise,
}

func reasonsOf(flags pkix.ReasonFlags) []RevocationReason {
	if flags == pkix.AllReasons {
		return nil
	}
	list := []RevocationReason{}
	for i, reason := range flagReasons {
		if reason != "" && flags&(1<<i) != 0 {
			list = append(list, reason)
		}
	}
	return list
}

func flagsOf(reasons []RevocationReason) pkix.ReasonFlags {
	if reasons == nil {
		return pkix.AllReasons
	}
	var flags pkix.ReasonFlags
	for i, reason := range flagReasons {
		if reason != "" && slices.Contains(reasons, reason) {
			flags |= 1 << i
		}
	}
	return flags
}

// OCSP is what an OCSP response says.
type OCSP struct {
	// ResponderName is the DER of the Name of who signed, or ResponderKey the SHA-1 of its key (RFC 6960 §4.2.1).
	ResponderName []byte    `json:"responderName,omitempty"`
	ResponderKey  []byte    `json:"responderKey,omitempty"`
	ProducedAt    time.Time `json:"producedAt"`
	Nonce         []byte    `json:"nonce,omitempty"`
	Certificates  []string  `json:"certificates,omitempty"` // IDs of those that it carries
	Answers       []Answer  `json:"answers,omitempty"`
}

// An Answer is a SingleResponse (RFC 6960 §4.2.1): the status of one certificate.
type Answer struct {
	CertID         CertID           `json:"certId"`
	Status         RevocationStatus `json:"status"`
	ThisUpdate     time.Time        `json:"thisUpdate"`
	NextUpdate     *time.Time       `json:"nextUpdate,omitempty"`
	RevokedAt      *time.Time       `json:"revokedAt,omitempty"`
	Reason         RevocationReason `json:"reason,omitempty"`
	InvalidityDate *time.Time       `json:"invalidityDate,omitempty"` // RFC 6960 §4.4.5
	// ArchiveCutoff is since when the responder remembers certificates that expired (RFC 6960 §4.4.4).
	ArchiveCutoff *time.Time `json:"archiveCutoff,omitempty"`
	// CertHash is the digest of the certificate that the responder knows: proof that it was issued (Common PKI part 4 §3.1.2).
	CertHash *CertHash `json:"certHash,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
}

// A CertID names a certificate by its issuer and serial number (RFC 6960 §4.1.1).
type CertID struct {
	Digest   Algorithm `json:"digest"`
	NameHash []byte    `json:"nameHash"`
	KeyHash  []byte    `json:"keyHash"`
	Serial   []byte    `json:"serial"` // content octets of the INTEGER
}

// A CertHash is the digest of a certificate.
type CertHash struct {
	Digest Algorithm `json:"digest"`
	Value  []byte    `json:"value"`
}

// A RevocationStatus is what revocation data say of a certificate.
type RevocationStatus string

// The statuses. A certificate on hold is Revoked for the reason CertificateHold.
const (
	Good          RevocationStatus = "good"
	Revoked       RevocationStatus = "revoked"
	StatusUnknown RevocationStatus = "unknown"
)

// Usable reports whether the form of the object allows relying on it. Whether its signature verifies is in Keys.
func (r *Revocation) Usable() bool {
	return !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Fatal })
}

// Revocation returns the CRL or response with that ID, or nil.
func (d *Document) Revocation(id string) *Revocation {
	for i := range d.Revocations {
		if d.Revocations[i].ID == id {
			return &d.Revocations[i]
		}
	}
	return nil
}

// AddRevocation adds a CRL or a response with the certificates that it carries. One that is there already gains what the other
// reading of it found: more serials looked for, more keys tried. It reports whether the document has more in it now, which is
// never once it holds its bound of them (4,096).
func (d *Document) AddRevocation(r Revocation, certificates ...[]byte) (isMore bool) {
	for _, raw := range certificates {
		before := len(d.Certificates)
		d.AddCertificate(raw, FromRevocation)
		isMore = isMore || len(d.Certificates) > before
	}
	known := d.Revocation(r.ID)
	if known == nil {
		if len(d.Revocations) >= limits.RevocationData {
			return isMore
		}
		d.Revocations = append(d.Revocations, r)
		return true
	}
	if known.CRL != nil && r.CRL != nil && known.CRL.merge(r.CRL) {
		isMore = true
	}
	for _, k := range r.Keys {
		if !slices.Contains(known.Keys, k) {
			known.Keys = append(known.Keys, k)
			isMore = true
		}
	}
	return isMore
}

// merge adds the entries that another reading of the same list looked for.
func (c *CRL) merge(other *CRL) (isMore bool) {
	if c.Complete {
		return false
	}
	if other.Complete {
		c.Complete, c.Entries, c.Sought = true, other.Entries, nil
		return true
	}
	for _, serial := range other.Sought {
		at, found := slices.BinarySearchFunc(c.Sought, serial, slices.Compare[[]byte])
		if found {
			continue
		}
		c.Sought = slices.Insert(c.Sought, at, serial)
		for _, e := range other.Entries {
			if slices.Equal(pkix.TrimInteger(e.Serial), serial) {
				c.Entries = append(c.Entries, e)
			}
		}
		isMore = true
	}
	return isMore
}

// Knows reports whether a serial was looked for in the list, so that its absence says something.
func (c *CRL) Knows(serial []byte) bool {
	if c.Complete {
		return true
	}
	_, found := slices.BinarySearchFunc(c.Sought, pkix.TrimInteger(serial), slices.Compare[[]byte])
	return found
}
