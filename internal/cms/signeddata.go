package cms

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A SignedData is content, or a reference to it, with the signatures over it (RFC 5652 §5.1). It is made by a caller, then
// written; or read by [Read] or [Parse], perhaps edited, then written again.
//
// One that was read shares memory with what was read, and keeps every part as found: a part that was not changed is written
// with the same octets.
type SignedData struct {
	// Version is what was read. Writing computes it (RFC 5652 §5.1), except of a message that was read and not changed.
	Version int
	// DigestAlgorithms need not be filled by a caller: those of the SignerInfos are written anyway, each once.
	DigestAlgorithms []pkix.AlgorithmIdentifier
	// ContentType is eContentType: OIDData, OIDTSTInfo, …
	ContentType der.OID
	// Attached says that the content is inside. ContentSize is its length in octets, -1 when unknown.
	Attached    bool
	ContentSize int64
	// ContentHead is the first octets of the content, at most limits.CMSContentHead. See [SignedData.SetContent].
	ContentHead []byte
	// ContentDigests holds the digests taken of attached content while it flowed, or of detached content by SetContent.
	ContentDigests map[crypto.Hash][]byte
	// Certificates are CertificateChoices (RFC 5652 §10.2.2), each as found: nothing says that they can be parsed.
	Certificates [][]byte
	// CRLs are RevocationInfoChoices (RFC 5652 §10.2.1), each as found: CRLs, and with tag [1] other revocation
	// information such as OCSP responses (RFC 5940).
	CRLs [][]byte
	// SignerInfos may be empty: such a message carries certificates and signs nothing.
	SignerInfos []*SignerInfo
	// Problems are the faults of form that reading it met, besides those of each SignerInfo.
	Problems []Problem

	found *found
}

// found is a message as it was read.
type found struct {
	version           int
	algorithms        []pkix.AlgorithmIdentifier
	rawAlgorithms     [][]byte
	encap             []byte // encapContentInfo, in memory only
	encapAt, encapEnd int64  // where it is in the input
	content           []byte // in memory only; nil when detached
	hasCertificates   bool   // the field is there, perhaps empty
	certificates      [][]byte
	hasCRLs           bool
	crls              [][]byte
	signers           [][]byte
	memo
}

// A Problem is a fault of form. Its fields are those of facts.Problem.
type Problem struct {
	Code        string // stable, dotted: "cms.attributes-not-der"
	Clause      string // "RFC 5652 §5.3"
	Message     string
	Fatal       bool
	Unsupported bool
}

// Errors of reading. A syntax error wraps a *der.SyntaxError, a bound that was met matches der.ErrLimit.
var (
	// ErrNotSignedData: the message is no SignedData: EnvelopedData, or something that is no CMS at all.
	ErrNotSignedData = errors.New("cms: not a SignedData")
	// ErrTooLarge: the content is longer than ReadOptions.MaxContent, or the message too long to be held in memory.
	ErrTooLarge = errors.New("cms: larger than the bound")
)

var keptLimits = der.Limits{Depth: limits.CMSDepth, Size: limits.CMSKept}

// wrap says in which part of a message an error happened.
func wrap(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cms: %s: %w", part, err)
}

// computedVersion is the version that RFC 5652 §5.1 asks for.
func (sd *SignedData) computedVersion() int {
	version := 1
	if sd.ContentType != OIDData {
		version = 3
	}
	for _, si := range sd.SignerInfos {
		if si.Version == 3 || si.SID.SubjectKeyID != nil {
			version = 3
		}
	}
	for _, c := range sd.Certificates {
		if len(c) == 0 {
			continue
		}
		switch c[0] {
		case 0xa1: // [1] v1AttrCert
			version = max(version, 3)
		case 0xa2: // [2] v2AttrCert
			version = max(version, 4)
		case 0xa3: // [3] other
			version = 5
		}
	}
	for _, c := range sd.CRLs {
		if len(c) > 0 && c[0] == tagContext1 { // [1] other
			version = 5
		}
	}
	return version
}
