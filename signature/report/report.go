// Package report says what a validation concluded: in words on a terminal, as a page for a person, as JSON and as the XML of
// ETSI TS 119 102-2 for programs.
//
//	r := report.New(v.Facts, &v.Conclusion, report.Options{File: "deliberation.pdf", Language: report.French})
//	err := r.Text(os.Stdout) // one screen per signature
//	err = r.HTML(page)       // one page that needs nothing else: no network, no script
//	err = r.JSON(out)        // one line, described by JSONSchema
//	err = r.ETSI(evidence)   // ETSI TS 119 102-2 v1.4.1
//
// v is what signature.Validator returned; a conclusion drawn again from saved facts does as well. A [Report] judges nothing:
// every verdict, check and time in it is the conclusion's. It says the same things in plain words: who signed, when, what is
// covered, why a signature is not valid and what would make it so.
//
// New and the four forms are functions: no clock, no file, no network; the same arguments give the same octets. What a file
// says of itself comes from whoever made it, so names are shortened and stripped of what could deceive or command a
// terminal, every form is escaped, and a report is bounded however large the facts are; what is left out is counted.
//
// With Options.Redact no form names anyone: no subject, issuer or serial number of a certificate, no file name, no text
// from the document; certificates are known by their SHA-256 digest and their role.
package report

import (
	"time"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// Schema is the number of the JSON form of a [Report]. Members are added to it, never changed.
const Schema = 1

// Options say how a report is written. The zero value is a short report in French, with times in UTC.
type Options struct {
	// File is the name of the file, as programs should find it in JSON (up to 4 KiB of it); pages and texts show it cleaned.
	// Redact drops it.
	File string
	// Language is that of Text and HTML, and of Words in JSON. The zero Language is French.
	Language Language
	// Zone is that of the times in words. Nil is UTC. JSON and ETSI have UTC always.
	Zone *time.Location
	// Redact leaves out every name and number that tells who signed: see the package.
	Redact bool
	// Detailed adds every block and check with its clause and outcome, which the ETSI form has in any case; and to that form
	// the certificates themselves.
	Detailed bool
}

// A Verdict is what a whole file is worth.
type Verdict string

// The verdicts on a file.
const (
	Valid         Verdict = "valid"         // every signature is TOTAL-PASSED
	Invalid       Verdict = "invalid"       // one is TOTAL-FAILED, or its cryptography is invalid
	Indeterminate Verdict = "indeterminate" // anything else, and a file that could not be read
	None          Verdict = "none"          // there is no signature
)

// A Report is what is said of one file. Its exported fields are the JSON form; slices are never nil when made by [New] and
// [Unreadable].
type Report struct {
	Schema     int          `json:"schema"`
	File       string       `json:"file"`
	Format     facts.Format `json:"format"`
	Verdict    Verdict      `json:"verdict"`
	Error      string       `json:"error"` // why the file could not be read; empty when it was
	Policy     string       `json:"policy"`
	Time       *time.Time   `json:"time"` // of validation
	Language   Language     `json:"language"`
	Redacted   bool         `json:"redacted"`
	Words      Words        `json:"words"`
	Signatures []Signature  `json:"signatures"`
	// Timestamps are those that belong to no signature: document timestamps, a token alone.
	Timestamps   []Timestamp   `json:"timestamps"`
	Certificates []Certificate `json:"certificates"` // those of the chains shown
	Revocations  []Revocation  `json:"revocations"`  // CRLs and OCSP responses that were at hand
	Revisions    []Revision    `json:"revisions"`    // of a PDF
	Omitted      Omitted       `json:"omitted"`

	prose  *prose
	source source
}

// Words are sentences for a person, in the language of the report.
type Words struct {
	Verdict  string   `json:"verdict"`
	Reasons  []string `json:"reasons"`  // why the verdict is not better
	Remedies []string `json:"remedies"` // what would make it so
	Notes    []string `json:"notes"`    // what a reader of a good verdict should know
}

// Omitted counts what a report leaves out because there was too much of it.
type Omitted struct {
	Signatures   int `json:"signatures"`
	Timestamps   int `json:"timestamps"`
	Certificates int `json:"certificates"`
	Revocations  int `json:"revocations"`
	Revisions    int `json:"revisions"`
	// Others are checks, findings, changes and certificates of a chain.
	Others int `json:"others"`
}

// A Signature is what is said of one signature.
type Signature struct {
	ID            string                   `json:"id"`
	Parent        string                   `json:"parent"` // the signature that this one counter-signs
	Format        facts.Format             `json:"format"`
	Level         string                   `json:"level"` // as claimed by what is there: "B-T"
	Crypto        validation.Crypto        `json:"crypto"`
	Indication    validation.Indication    `json:"indication"`
	SubIndication validation.SubIndication `json:"subIndication"`
	Signer        *Signer                  `json:"signer"`      // nil when not identified
	ClaimedTime   *time.Time               `json:"claimedTime"` // what the signer says
	// BestSignatureTime is the earliest time at which the signature is proved to have existed, and Proof says by what.
	BestSignatureTime *time.Time     `json:"bestSignatureTime"`
	Proof             Proof          `json:"proof"`
	Covers            Coverage       `json:"covers"`
	Chain             []string       `json:"chain"` // IDs in Certificates, the signer's first
	Modifications     []Modification `json:"modifications"`
	Timestamps        []Timestamp    `json:"timestamps"`
	Findings          []Check        `json:"findings"` // every check that did not hold
	Blocks            []Block        `json:"blocks"`   // every check, with Options.Detailed
	Words             Words          `json:"words"`
	// Extracted is for a caller who wrote what was signed somewhere: where.
	Extracted string `json:"extracted,omitempty"`

	anchored bool            // the last of Chain is a trust anchor
	proofs   map[string]bool // IDs of the timestamps that were looked at
	reserved bool            // passed, with a reserve that a reader must know
}

// A Signer is a signing certificate as it presents itself. With Redact only Certificate is set.
type Signer struct {
	Subject      string `json:"subject"` // RFC 4514
	Issuer       string `json:"issuer"`
	Serial       string `json:"serial"`       // decimal
	Certificate  string `json:"certificate"`  // SHA-256 in lower-case hexadecimal
	Name         string `json:"name"`         // common name, or what comes nearest
	Organization string `json:"organization"` // empty when it says no more than Name
}

// A Proof says what proves the best signature time.
type Proof struct {
	Kind      ProofKind `json:"kind"`
	Timestamp string    `json:"timestamp"` // ID, for ProvedByTimestamp
}

// A ProofKind is a kind of proof of existence.
type ProofKind string

// The kinds of proof.
const (
	NotProved         ProofKind = "none"      // nothing: the time is that of validation
	ProvedByTimestamp ProofKind = "timestamp" // a timestamp that is valid
	ProvedByCaller    ProofKind = "caller"    // a proof of existence that the caller vouches for
)

// A Coverage says what a signature or timestamp is over.
type Coverage struct {
	Kind   CoverageKind `json:"kind"`
	Words  string       `json:"words"`
	Found  bool         `json:"found"`  // it was at hand
	Intact bool         `json:"intact"` // and has the digest that was signed
	// Digest of what is covered, as computed, in lower-case hexadecimal, and its algorithm; empty when not found.
	DigestAlgorithm string `json:"digestAlgorithm"`
	Digest          string `json:"digest"`
	Revision        int    `json:"revision"`  // of a PDF, from 1; 0 when it is none
	Revisions       int    `json:"revisions"` // that the PDF has
}

// A CoverageKind is what a signature or timestamp is over.
type CoverageKind string

// The kinds of coverage.
const (
	CoversDocument  CoverageKind = "document"  // a document, held or given beside
	CoversFile      CoverageKind = "file"      // the whole PDF
	CoversRevision  CoverageKind = "revision"  // the PDF as it was before later additions
	CoversPart      CoverageKind = "part"      // octets of the PDF that are no whole revision
	CoversSignature CoverageKind = "signature" // a signature
)

// A Modification is a change that a later PDF revision made and that the rules do not allow.
type Modification struct {
	Revision int    `json:"revision"` // from 1
	Object   string `json:"object"`   // "12 0"
	Kind     string `json:"kind"`     // as in package facts
	Message  string `json:"message"`
}

// A Timestamp is what is said of one timestamp.
type Timestamp struct {
	ID            string                   `json:"id"`
	Parent        string                   `json:"parent"` // the signature that carries it
	Type          facts.TokenType          `json:"type"`
	Time          *time.Time               `json:"time"` // nil when it cannot be read
	Crypto        validation.Crypto        `json:"crypto"`
	Indication    validation.Indication    `json:"indication"`
	SubIndication validation.SubIndication `json:"subIndication"`
	Signer        *Signer                  `json:"signer"` // the timestamp authority
	Covers        Coverage                 `json:"covers"`
	Chain         []string                 `json:"chain"`
	Findings      []Check                  `json:"findings"`
	Blocks        []Block                  `json:"blocks"` // with Options.Detailed
	Words         Words                    `json:"words"`

	anchored bool
	reserved bool
}

// A Block is one building block of EN 319 102-1 §5.2, with its checks in order.
type Block struct {
	Name          string                   `json:"name"` // "FC", "ISC"…
	Title         string                   `json:"title"`
	Indication    validation.Indication    `json:"indication"`
	SubIndication validation.SubIndication `json:"subIndication"`
	Checks        []Check                  `json:"checks"`
}

// A Check is one thing that was looked at, and what was found.
type Check struct {
	ID     string            `json:"check"`  // stable: one of validation.Rules
	Clause string            `json:"clause"` // "EN 319 102-1 §5.2.6"
	Level  validation.Level  `json:"level"`
	Status validation.Status `json:"status"`
	Object string            `json:"object"` // ID of the certificate or timestamp looked at
	// Message is the precise sentence of package validation, in English; with Redact what is asked in general.
	Message string `json:"message"`
	Words   string `json:"words"` // the same in plain words, in the language of the report
}

// A Certificate is one certificate of a chain.
type Certificate struct {
	ID           string     `json:"id"` // SHA-256 in lower-case hexadecimal
	Role         Role       `json:"role"`
	Subject      string     `json:"subject"` // RFC 4514
	Issuer       string     `json:"issuer"`
	Serial       string     `json:"serial"` // decimal
	Name         string     `json:"name"`
	Organization string     `json:"organization"`
	NotBefore    *time.Time `json:"notBefore"`
	NotAfter     *time.Time `json:"notAfter"`
	Anchor       bool       `json:"anchor"` // a chain ends at it
	// Revocation is the latest of what revocation data say that were signed by who may sign them; nil when there are none.
	// Whether a verdict rests on it is told by the checks.
	Revocation *RevocationStatus `json:"revocation"`

	issuerName string
	pseudonym  bool
}

// A Role is what a certificate is for in the chains of a report.
type Role string

// The roles.
const (
	RoleSigner    Role = "signer"
	RoleTimestamp Role = "timestamp-authority"
	RoleAuthority Role = "authority" // a certification authority
)

// A Revocation is a CRL or an OCSP response that was at hand. What was made of it, if anything, is in the checks.
type Revocation struct {
	ID         string               `json:"id"` // SHA-256 in lower-case hexadecimal
	Kind       facts.RevocationKind `json:"kind"`
	Origin     facts.Origin         `json:"origin"`
	ThisUpdate *time.Time           `json:"thisUpdate"` // when it was known to be right; of a response, its earliest answer
	NextUpdate *time.Time           `json:"nextUpdate"` // when the next is due; nil when not told
	Entries    int                  `json:"entries"`    // certificates on the list, answers of the response
	Size       int64                `json:"size"`       // in octets
}

// A RevocationStatus is what revocation data say of a certificate.
type RevocationStatus struct {
	Status     facts.RevocationStatus `json:"status"`
	Data       []string               `json:"data"`       // IDs in Revocations
	ThisUpdate *time.Time             `json:"thisUpdate"` // when it was known to be right
	RevokedAt  *time.Time             `json:"revokedAt"`  // nil unless revoked
	Reason     facts.RevocationReason `json:"reason"`     // RFC 5280 §5.3.1; empty when not told
}

// A Revision is one saved state of a PDF.
type Revision struct {
	Number    int    `json:"number"`    // from 1
	End       int64  `json:"end"`       // offset just after it
	Signature string `json:"signature"` // ID of the signature or timestamp that closes it
	Added     int    `json:"added"`     // how many objects
	Changed   int    `json:"changed"`
	Freed     int    `json:"freed"`
}
