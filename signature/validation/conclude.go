// Package validation draws conclusions from facts: the procedures of ETSI EN 319 102-1 over a [facts.Document], with a
// policy, trust anchors and a time.
//
//	conclusion := validation.Conclude(doc, validation.Input{
//		Policy: validation.AES(), Anchors: anchors, Time: time.Now(),
//	})
//	for _, s := range conclusion.Signatures {
//		fmt.Println(s.ID, s.Verdict, s.Findings())
//	}
//
// [Conclude] is a function: it reads no file, no clock and no network and verifies no value; the same arguments give the same
// conclusion, octet for octet once written as JSON, and the order in which certificates and signatures come in the facts does
// not matter. What it lacks to conclude better it names in Needs; package collect satisfies them and concludes again.
//
// Every check that was made is in the conclusion with its clause, its level under the policy and its outcome. Certificates
// that a file carries are never trusted for being there. Revocation is required of every certificate below an anchor, unless
// UnsafeNoRevocation is set: the most recent acceptable statement of the CRLs and OCSP responses among the facts counts (§5.2.5),
// signed by the issuer or by someone whose own chain holds. A certificate that nothing speaks of ends at INDETERMINATE
// (CERTIFICATE_CHAIN_GENERAL_FAILURE), and not TRY_LATER, because path validation fails for want of a status, and no later time is
// known to bring one (EN 319 102-1 §5.2.6.4 (3)); TRY_LATER is for data that exist and are not fresh, and for a suspension. What
// was revoked, suspended or expired after the signature is proved to have existed does not count against it (§5.5).
package validation

import (
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// Schema is the number of the JSON form of a [Conclusion].
const Schema = 1

// Input is everything besides the facts that a conclusion depends on.
type Input struct {
	// Policy says what a signature must satisfy. Nil is AES().
	Policy *Policy
	// Anchors are believed without proof. Nil trusts nothing.
	Anchors *trust.Set
	// TimestampAnchors are believed for timestamp authorities. Nil is those of Anchors that serve timestamps.
	TimestampAnchors *trust.Set
	// Time is the time at which the signature is validated, "now" in the standard. It is required: the zero time is the
	// year 1, before every certificate.
	Time time.Time
	// ProofsOfExistence are dates that the caller vouches for, such as that of a deposit in an archive.
	ProofsOfExistence []ProofOfExistence

	// UnsafeNoRevocation lets certificates pass whose revocation status is not known, or known from data that are late or weak,
	// and leaves a finding. Someone whose key was stolen and whose certificate was revoked then still signs, unless data among
	// the facts say so. For trials, and for certificates that are known by other means not to be revoked.
	UnsafeNoRevocation bool
	// UnsafeAnchorsFromFile believes the topmost certificates that the file itself carries, and leaves a finding. Anybody can
	// then sign as anybody: it tells whether a file is coherent, never whether to believe it.
	UnsafeAnchorsFromFile bool

	// Memo, if not nil, keeps certificates parsed between calls. It changes nothing but the time taken.
	Memo *Memo
}

// A ProofOfExistence says that something existed at a time.
type ProofOfExistence struct {
	Object string    `json:"object,omitempty"` // ID of a signature or token in the facts; empty is the whole file
	Time   time.Time `json:"time"`
}

// A Conclusion is what the standard makes of a document.
type Conclusion struct {
	Schema     int                   `json:"schema"`
	Policy     string                `json:"policy"`
	Time       time.Time             `json:"time"`
	Signatures []SignatureConclusion `json:"signatures,omitempty"`
	Timestamps []TimestampConclusion `json:"timestamps,omitempty"`
	Needs      []Need                `json:"needs,omitempty"`
}

// A Crypto says whether the signed octets are what was signed, whoever signed and whatever is trusted.
type Crypto string

// The states of a Crypto.
const (
	// CryptoValid: the format is right, everything signed is there with its digest, the value verifies under the signing
	// certificate and, in a PDF, later revisions hold only what may follow a signature.
	CryptoValid Crypto = "valid"
	// CryptoInvalid: one of these is known to be false.
	CryptoInvalid Crypto = "invalid"
	// CryptoUnknown: one of these cannot be known: an algorithm that is not supported, no content, no signing certificate.
	CryptoUnknown Crypto = "unknown"
)

// A Signer is a signing certificate as it presents itself.
type Signer struct {
	Certificate string `json:"certificate"` // ID in the facts
	Subject     string `json:"subject"`     // RFC 4514
	Issuer      string `json:"issuer"`
	Serial      string `json:"serial"` // decimal
}

// A SignatureConclusion is the verdict on one signature, and how it was reached.
type SignatureConclusion struct {
	ID     string       `json:"id"`
	Parent string       `json:"parent,omitempty"`
	Format facts.Format `json:"format"`
	Level  string       `json:"level"`
	Crypto Crypto       `json:"crypto"`
	// Verdict is the main indication: of the process for long-term validation (§5.5), which for a signature without
	// timestamp is that of the basic one.
	Verdict
	Basic  Verdict  `json:"basic"` // of the basic process alone (§5.3)
	Signer *Signer  `json:"signer,omitempty"`
	Chain  []string `json:"chain,omitempty"` // certificate IDs, the signer's first, the anchor last if there is one
	// ClaimedTime is what the signer says. Nothing but the checks on it depends on it.
	ClaimedTime *time.Time `json:"claimedTime,omitempty"`
	// BestSignatureTime is the earliest time at which the signature is proved to have existed; the time of validation when
	// nothing proves more.
	BestSignatureTime time.Time `json:"bestSignatureTime"`
	Timestamps        []string  `json:"timestamps,omitempty"` // IDs of the timestamps that were looked at
	Blocks            []Block   `json:"blocks"`
}

// A TimestampConclusion is the verdict on one timestamp (§5.4), and how it was reached.
type TimestampConclusion struct {
	ID     string          `json:"id"`
	Parent string          `json:"parent,omitempty"`
	Type   facts.TokenType `json:"type"`
	Crypto Crypto          `json:"crypto"`
	Verdict
	Signer *Signer   `json:"signer,omitempty"`
	Chain  []string  `json:"chain,omitempty"`
	Time   time.Time `json:"time"` // genTime
	Blocks []Block   `json:"blocks"`
}

// Findings returns the checks that did not hold, in the order they were made.
func (s *SignatureConclusion) Findings() []Check { return findings(s.Blocks) }

// Findings returns the checks that did not hold, in the order they were made.
func (t *TimestampConclusion) Findings() []Check { return findings(t.Blocks) }

func findings(blocks []Block) []Check {
	var out []Check
	for _, b := range blocks {
		for _, c := range b.Checks {
			if c.Status != Held {
				out = append(out, c)
			}
		}
	}
	return out
}

// Timestamp returns the conclusion on the token with that ID, or nil.
func (c *Conclusion) Timestamp(id string) *TimestampConclusion {
	for i := range c.Timestamps {
		if c.Timestamps[i].ID == id {
			return &c.Timestamps[i]
		}
	}
	return nil
}

// Conclude applies the procedures of EN 319 102-1 to every timestamp and every signature of a document.
func Conclude(doc *facts.Document, in Input) Conclusion {
	if in.Policy == nil {
		in.Policy = aes()
	}
	in.Time = in.Time.UTC()
	e := newEngine(doc, in)
	out := Conclusion{Schema: Schema, Policy: in.Policy.Name, Time: in.Time}
	for i := range doc.Timestamps {
		x := e.token(&doc.Timestamps[i])
		out.Timestamps = append(out.Timestamps, x.concludeTimestamp(&doc.Timestamps[i]))
	}
	e.timestamps = out.Timestamps
	for i := range doc.Signatures {
		x := e.signature(&doc.Signatures[i])
		out.Signatures = append(out.Signatures, x.concludeSignature(&doc.Signatures[i]))
	}
	for _, n := range e.needs {
		out.Needs = append(out.Needs, n.list...)
	}
	return out
}

// needs collects what is missing, each thing once.
type needs struct {
	seen map[needKey]bool
	list []Need
}

type needKey struct {
	kind                        NeedKind
	signed, certificate, issuer string
}

func (n *needs) add(need Need) {
	key := needKey{need.Kind, need.Signed, need.Certificate, need.Issuer}
	if n.seen[key] || len(n.list) == limits.ValidationNeeds {
		return
	}
	if n.seen == nil {
		n.seen = map[needKey]bool{}
	}
	n.seen[key] = true
	n.list = append(n.list, need)
}
