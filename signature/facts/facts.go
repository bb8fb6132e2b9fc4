// Package facts holds what was parsed out of a signed file, as plain values and with no verdict.
//
// Every format package (cades, pades, timestamp) reads its bytes into one [Document]; collect adds to it what cryptography
// found (which key verified which value, who issued which certificate); validation concludes from it, and from nothing else.
// A Document is saved as JSON and concluded again years later under another policy:
//
//	saved, err := json.Marshal(doc)            // keep it beside the file
//	doc, err = facts.Read(bytes.NewReader(saved))
//
// Raw bytes that a conclusion may need again (certificates, signature values, the octets that were signed, digests of the
// signed parts) are kept; signed documents themselves are not. Object identifiers are dotted strings, octets are base64 in
// JSON, digests are raw octets, times are UTC.
package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Schema is the number of the saved form that this version writes. Readers accept every number up to it.
const Schema = 1

// A Format names the form of a file or of a signature in it.
type Format string

// The formats that this version reads.
const (
	CAdES     Format = "cades" // a CMS SignedData: RFC 5652, EN 319 122-1
	PAdES     Format = "pades" // a PDF: EN 319 142-1, ISO 32000-2 §12.8
	Timestamp Format = "tst"   // an RFC 3161 token or response alone
)

// A Document is what was found in one file.
type Document struct {
	Schema       int           `json:"schema"`
	Format       Format        `json:"format"`
	Signatures   []Signature   `json:"signatures,omitempty"`
	Timestamps   []Token       `json:"timestamps,omitempty"`   // every token of the file, whether or not it belongs to a signature
	Certificates []Certificate `json:"certificates,omitempty"` // each once, in order of first appearance
	Revisions    []Revision    `json:"revisions,omitempty"`    // PDF only, oldest first
	Issuance     []Issuance    `json:"issuance,omitempty"`     // added by collect
	Revocations  []Revocation  `json:"revocations,omitempty"`  // CRLs and OCSP responses, each once

	positions map[string]int // of Certificates by ID, when AddCertificate met many
}

// A Certificate is one certificate as found, identified by the SHA-256 of its DER.
type Certificate struct {
	ID     string `json:"id"` // lower-case hex SHA-256 of Raw
	Raw    []byte `json:"raw"`
	Origin Origin `json:"origin"`
}

// Origin says where a certificate came from. It never implies trust.
type Origin string

// The origins of a certificate.
const (
	FromSignature Origin = "signature" // SignedData.certificates
	FromTimestamp Origin = "timestamp" // certificates of a token
	FromDocument  Origin = "document"  // a PDF document security store
	FromCaller    Origin = "caller"    // given beside the file
	FromAnchor    Origin = "anchor"    // a trust anchor
)

// Issuance records that the value of certificate Subject verified, or did not, under the key of certificate Issuer
// (RFC 5280 §6.1.3 (a)(1)). collect tries every pair whose names match.
type Issuance struct {
	Subject string     `json:"subject"` // certificate ID
	Issuer  string     `json:"issuer"`  // certificate ID
	Result  ValueState `json:"result"`
}

// A ValueState is the outcome of verifying one signature value under one key.
type ValueState string

// The states of a value.
const (
	Verified    ValueState = "verified"
	Wrong       ValueState = "wrong"
	Unsupported ValueState = "unsupported" // algorithm, curve or key size that this build cannot compute
)

// An Algorithm is an AlgorithmIdentifier and what it means.
type Algorithm struct {
	OID        string `json:"oid"`
	Name       string `json:"name,omitempty"`       // "SHA-256", "RSASSA-PSS with SHA-256", "ECDSA with SHA-384"
	Digest     string `json:"digest,omitempty"`     // the digest inside a signature algorithm, "SHA-256"
	Parameters []byte `json:"parameters,omitempty"` // DER, absent when absent
}

// An Attribute is a signed or unsigned attribute with its raw values.
type Attribute struct {
	OID    string   `json:"oid"`
	Values [][]byte `json:"values"` // DER of each value
}

// A Reference is something that a signature or token covers by digest.
type Reference struct {
	Type     string `json:"type"`           // "message-digest", "byte-range", "imprint"
	Name     string `json:"name,omitempty"` // for a reader: "content", "bytes 0-1023, 4096-9000"
	Digest   string `json:"digest"`         // name of the digest algorithm
	Expected []byte `json:"expected"`       // as written in the signature
	Computed []byte `json:"computed,omitempty"`
	Found    bool   `json:"found"`  // the referenced octets were at hand
	Intact   bool   `json:"intact"` // Found, and Computed equals Expected
}

// A CertificateReference is one ESSCertID or ESSCertIDv2 (RFC 5035 §4).
type CertificateReference struct {
	Digest       string `json:"digest"` // algorithm name
	Value        []byte `json:"value"`
	IssuerSerial []byte `json:"issuerSerial,omitempty"` // DER of IssuerSerial
	// First says that it is the first of its attribute, which is that of the signer (RFC 5035 §3); a signature may have an
	// attribute of each kind. The first of all is one in any case.
	First bool `json:"first,omitempty"`
	// IssuerSerialMatches names the certificates of the document whose issuer and serial are those of IssuerSerial.
	IssuerSerialMatches []string `json:"issuerSerialMatches,omitempty"`
	// Matches names the certificates of the document whose digest is Value.
	Matches []string `json:"matches,omitempty"`
}

// A SignerIdentifier says which certificate a signer claims (RFC 5652 §5.3): by issuer and serial, or by key identifier.
type SignerIdentifier struct {
	Issuer       []byte `json:"issuer,omitempty"` // DER of the Name
	Serial       []byte `json:"serial,omitempty"` // content octets of the INTEGER
	SubjectKeyID []byte `json:"subjectKeyId,omitempty"`
}

// A Problem is a deviation of form that the parser met. Fatal ones make the format check fail (EN 319 102-1 §5.2.2).
type Problem struct {
	Code    string `json:"code"`   // stable, dotted: "cms.attributes-not-der"
	Clause  string `json:"clause"` // "RFC 5652 §5.3"
	Message string `json:"message"`
	Fatal   bool   `json:"fatal,omitempty"`
	// Unsupported says that the signature may be sound but uses what this build cannot compute.
	Unsupported bool `json:"unsupported,omitempty"`
}

// Signed is what a signature and a timestamp token have in common: one SignerInfo over some octets.
type Signed struct {
	ID                 string                 `json:"id"`
	DigestAlgorithm    Algorithm              `json:"digestAlgorithm"`
	SignatureAlgorithm Algorithm              `json:"signatureAlgorithm"`
	Signer             SignerIdentifier       `json:"signer"`
	Candidates         []string               `json:"candidates,omitempty"` // certificates that Signer designates, in order of appearance
	SigningCertificate []CertificateReference `json:"signingCertificate,omitempty"`
	ContentType        string                 `json:"contentType,omitempty"` // eContentType OID
	ClaimedTime        *time.Time             `json:"claimedTime,omitempty"`
	SignedAttributes   []Attribute            `json:"signedAttributes,omitempty"`
	UnsignedAttributes []Attribute            `json:"unsignedAttributes,omitempty"`
	// ToBeSigned is the octets under the value: the DER SET OF of the signed attributes. When there are none it is
	// empty, and the value covers the content, whose digest is References[0].Computed.
	ToBeSigned []byte      `json:"toBeSigned,omitempty"`
	Value      []byte      `json:"value"`
	References []Reference `json:"references,omitempty"`
	Problems   []Problem   `json:"problems,omitempty"`
	// Keys holds, per candidate certificate, whether Value verified under its key. Added by collect.
	Keys []KeyResult `json:"keys,omitempty"`
}

// A KeyResult is the outcome of verifying a signature value under one candidate certificate's key.
type KeyResult struct {
	Certificate string     `json:"certificate"`
	Result      ValueState `json:"result"`
	Detail      string     `json:"detail,omitempty"`
}

// A Signature is one signature of the file.
type Signature struct {
	Signed
	Parent    string   `json:"parent,omitempty"` // the signature that this one counter-signs
	Format    Format   `json:"format"`
	Level     string   `json:"level"`                // "B-B", "B-T", … as claimed by the attributes present, whatever their validity
	SubFilter string   `json:"subFilter,omitempty"`  // PDF
	Field     string   `json:"field,omitempty"`      // PDF form field
	Revision  int      `json:"revision,omitempty"`   // PDF revision that it closes, from 1; 0 when it closes none
	ByteRange []int64  `json:"byteRange,omitempty"`  // PDF: what it covers, as offset and length twice
	PDF       *PDF     `json:"pdf,omitempty"`        // what the signature dictionary of a PDF says besides
	Tokens    []string `json:"timestamps,omitempty"` // IDs of its timestamps in Document.Timestamps
	// Modifications are the changes that later revisions of the PDF made and that no rule allows.
	Modifications []Modification `json:"modifications,omitempty"`
}

// A Token is an RFC 3161 timestamp token.
type Token struct {
	Signed
	Parent    string    `json:"parent,omitempty"` // signature that carries it; empty for a document timestamp or a token alone
	Type      TokenType `json:"type"`
	Time      time.Time `json:"time"` // genTime
	Policy    string    `json:"policy,omitempty"`
	Serial    []byte    `json:"serial,omitempty"`
	Accuracy  Duration  `json:"accuracy,omitempty"`
	Ordering  bool      `json:"ordering,omitempty"`
	Field     string    `json:"field,omitempty"`
	Revision  int       `json:"revision,omitempty"`
	ByteRange []int64   `json:"byteRange,omitempty"` // PDF
	// Modifications are, for a document timestamp, the forbidden changes of later revisions.
	Modifications []Modification `json:"modifications,omitempty"`
}

// PDF is what a PDF signature dictionary says of its signature besides the value (ISO 32000-2 table 255). The signer wrote it,
// nobody vouches for it.
type PDF struct {
	Name        string `json:"name,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Location    string `json:"location,omitempty"`
	ContactInfo string `json:"contactInfo,omitempty"`
	// Permission is the level of changes that a certification signature (DocMDP) or a lock of the field allows: 1 none, 2
	// form filling and signing, 3 annotations too; 0 when the signature says nothing (ISO 32000-2 §12.8.2.2).
	Permission int `json:"permission,omitempty"`
	// Certification says that Permission is that of a DocMDP transform.
	Certification bool `json:"certification,omitempty"`
}

// A TokenType says what a token covers.
type TokenType string

// The types of token.
const (
	ContentTimestamp   TokenType = "content"   // signed attribute; made before the signature
	SignatureTimestamp TokenType = "signature" // EN 319 122-1 §5.3
	ArchiveTimestamp   TokenType = "archive"   // EN 319 122-1 §5.5.3
	// ReferencesTimestamp covers the references to validation data, with the signature or without: EN 319 122-1 §A.1.5.
	ReferencesTimestamp TokenType = "references"
	DocumentTimestamp   TokenType = "document" // EN 319 142-1 §5.4.3
	DetachedTimestamp   TokenType = "alone"
)

// Duration is a time.Duration that is written in JSON as Go prints it, "1s".
type Duration time.Duration

// MarshalText writes the duration as Go prints it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// A Revision is one saved state of a PDF, closed by an end-of-file marker.
type Revision struct {
	End       int64    `json:"end"` // offset just after it
	Signature string   `json:"signature,omitempty"`
	Added     []string `json:"added,omitempty"`   // objects it adds, "12 0"
	Changed   []string `json:"changed,omitempty"` // objects it writes again with other content
	Freed     []string `json:"freed,omitempty"`
}

// A Modification is a change that a later PDF revision made and that the rules after a signature do not allow.
type Modification struct {
	Revision int    `json:"revision"` // from 1
	Object   string `json:"object,omitempty"`
	// Kind is "undefined" for a change that nothing allows, "docmdp" for one that would be allowed had the signature not
	// forbidden it by its Permission, "lock" for one of a field that the signature locks.
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// ErrSchema is returned by [Read] for a saved form that is newer than this version, or none.
var ErrSchema = errors.New("facts: unknown schema number")

// Read reads a Document that was saved as JSON.
func Read(r io.Reader) (*Document, error) {
	var d Document
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	if d.Schema < 1 || d.Schema > Schema {
		return nil, fmt.Errorf("%w: %d", ErrSchema, d.Schema)
	}
	return &d, nil
}

// manyCertificates is from how many on AddCertificate keeps an index.
const manyCertificates = 64

// Certificate returns the certificate with that ID, or nil.
func (d *Document) Certificate(id string) *Certificate {
	if len(d.positions) == len(d.Certificates) { // Certificates may have been changed by hand
		if i, ok := d.positions[id]; ok && d.Certificates[i].ID == id {
			return &d.Certificates[i]
		}
	}
	for i := range d.Certificates {
		if d.Certificates[i].ID == id {
			return &d.Certificates[i]
		}
	}
	return nil
}

// Token returns the timestamp with that ID, or nil.
func (d *Document) Token(id string) *Token {
	for i := range d.Timestamps {
		if d.Timestamps[i].ID == id {
			return &d.Timestamps[i]
		}
	}
	return nil
}

// AddCertificate adds a certificate if its ID is not there yet, and returns its ID.
func (d *Document) AddCertificate(raw []byte, origin Origin) string {
	sum := sha256.Sum256(raw)
	id := hex.EncodeToString(sum[:])
	if !d.has(id) {
		d.Certificates = append(d.Certificates, Certificate{ID: id, Raw: raw, Origin: origin})
		if d.positions != nil {
			d.positions[id] = len(d.Certificates) - 1
		}
	}
	return id
}

func (d *Document) has(id string) bool {
	if len(d.Certificates) < manyCertificates {
		return d.Certificate(id) != nil
	}
	if len(d.positions) != len(d.Certificates) {
		d.positions = make(map[string]int, 2*len(d.Certificates))
		for i := len(d.Certificates) - 1; i >= 0; i-- {
			d.positions[d.Certificates[i].ID] = i
		}
		if len(d.positions) != len(d.Certificates) { // the same one twice, by hand
			d.positions = nil
			return d.Certificate(id) != nil
		}
	}
	i, ok := d.positions[id]
	return ok && d.Certificates[i].ID == id
}
