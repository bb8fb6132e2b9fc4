package signature

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/collect"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/revocation"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// ValidatorOptions say what a [Validator] believes and requires. The zero value trusts nobody.
type ValidatorOptions struct {
	// Policy is what signatures must satisfy. Nil is validation.AES().
	Policy *validation.Policy
	// Anchors are believed without proof: a *trust.Set, or a store that changes with time. Nil trusts nothing.
	Anchors trust.Store
	// TimestampAnchors are believed for timestamp authorities. Nil is those of Anchors that serve timestamps.
	TimestampAnchors trust.Store
	// Certificates complete chains and identify signers whose certificate a file does not carry. They are not trusted.
	Certificates *collect.Pool
	// Revocation is asked for CRLs and OCSP responses, besides those of the file: revocation.NewStatic of what is at hand, clients
	// that fetch. Nil is offline.
	Revocation revocation.Source
	// Issuers is asked for certificates that complete chains, where a revocation.IssuerClient fetches what certificates name. Nil
	// is offline.
	Issuers revocation.IssuerSource
	// UnsafeNoRevocation and UnsafeAnchorsFromFile are those of validation.Input, and as dangerous.
	UnsafeNoRevocation, UnsafeAnchorsFromFile bool
	// CacheSize is how many certificates, and how many pairs of certificates, are remembered between files. 0 is 4096.
	CacheSize int
}

// A Validator validates signed files: PDF, CMS attached or detached, timestamps alone. It is safe for concurrent use and
// verifies each chain of certificates once across files, so keep one for all of them.
type Validator struct {
	options ValidatorOptions
	cache   *collect.Cache
}

// Errors of validation. A signature that is not good is no error: see [Validation].
var (
	// ErrNoTime: the time of validation is missing. Give time.Now() for now.
	ErrNoTime = errors.New("signature: the time of validation is required")
	// ErrFormat: the file is nothing that this version reads.
	ErrFormat = errors.New("signature: not a PDF, a CMS signature or a timestamp")
	// ErrLimit: the file has more in it than any honest one.
	ErrLimit = errors.New("signature: the file goes beyond a bound")
	// ErrNotVerified: what a signature covers is only given out when the signature is known to be over it.
	ErrNotVerified = errors.New("signature: the content was not verified")
	// ErrNoContent: the signature holds no document: it is detached, a counter-signature or a timestamp.
	ErrNoContent = errors.New("signature: the signature holds no document")
)

// NewValidator returns a Validator. It fails if the policy cannot be used.
func NewValidator(o ValidatorOptions) (*Validator, error) {
	if o.Policy == nil {
		o.Policy = validation.AES()
	}
	if err := o.Policy.Check(); err != nil {
		return nil, err
	}
	if o.CacheSize < 0 {
		return nil, fmt.Errorf("signature: a cache of %d certificates", o.CacheSize)
	}
	if o.CacheSize == 0 {
		o.CacheSize = limits.ValidatorCache
	}
	return &Validator{options: o, cache: collect.NewCache(o.CacheSize)}, nil
}

// ValidateOptions say how one file is validated.
type ValidateOptions struct {
	// Time is the time of validation. It is required.
	Time time.Time
	// Detached is the document that a detached signature is over; a digest alone is enough.
	Detached *ades.Document
	// ProofsOfExistence are dates that the caller vouches for.
	ProofsOfExistence []validation.ProofOfExistence
}

// A Validation is what a Validator concluded on one file.
type Validation struct {
	validation.Conclusion
	// Facts are what the conclusion was drawn from. Saved, they can be concluded again under another policy.
	Facts *facts.Document

	document *ades.Document
}

// Validate reads a signed file and concludes on every signature and timestamp in it. The format is told by the content. An
// error means that the file could not be read or the work not be done; all that can be said of signatures is in the
// Validation.
func (v *Validator) Validate(ctx context.Context, doc *ades.Document, o ValidateOptions) (*Validation, error) {
	if o.Time.IsZero() {
		return nil, ErrNoTime
	}
	in := validation.Input{
		Policy: v.options.Policy, Time: o.Time, ProofsOfExistence: o.ProofsOfExistence,
		UnsafeNoRevocation: v.options.UnsafeNoRevocation, UnsafeAnchorsFromFile: v.options.UnsafeAnchorsFromFile,
	}
	for _, s := range []struct {
		store trust.Store
		set   **trust.Set
	}{{v.options.Anchors, &in.Anchors}, {v.options.TimestampAnchors, &in.TimestampAnchors}} {
		if s.store == nil {
			continue
		}
		set, err := s.store.Anchors(ctx)
		if err != nil {
			return nil, fmt.Errorf("signature: trust anchors: %w", err)
		}
		*s.set = set
	}
	found, err := Read(ctx, doc, o.Detached)
	if err != nil {
		return nil, err
	}
	if n := len(found.Timestamps); n > limits.ValidatorTokens {
		return nil, fmt.Errorf("%w: %d timestamps, of %d at most", ErrLimit, n, limits.ValidatorTokens)
	}
	conclusion, err := collect.Run(ctx, found, in, collect.Sources{
		Certificates: v.options.Certificates, Revocation: v.options.Revocation, Issuers: v.options.Issuers, Cache: v.cache,
	})
	if err != nil {
		return nil, err
	}
	return &Validation{Conclusion: conclusion, Facts: found, document: doc}, nil
}

// Read parses a signed file into facts, by the format that its content shows: a PDF (ISO 32000), a CMS SignedData in DER, BER
// or PEM (RFC 5652), a timestamp token or response alone (RFC 3161). detached is the document of a detached signature, nil if
// there is none: a signature that is over something else has a Problem that says so. The error matches [ErrFormat] when the
// file is none of these.
func Read(ctx context.Context, doc, detached *ades.Document) (*facts.Document, error) {
	start := make([]byte, pdfHeader)
	n, err := doc.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("signature: reading the file: %w", err)
	}
	start = start[:n]
	isPDF := bytes.Contains(start, []byte("%PDF-"))
	// A SEQUENCE first: the document inside an attached signature may be a PDF whose header is near too.
	if !isPDF || start[0] == 0x30 {
		found, err := cades.Read(ctx, doc, cades.ReadOptions{Detached: detached})
		if err == nil || !errors.Is(err, cades.ErrNotCMS) {
			return found, err
		}
		if !isPDF {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
	}
	found, err := pades.Read(ctx, doc)
	if err == nil && detached != nil {
		coversItself(found)
	}
	return found, err
}

// coversItself answers a caller who names a document and gives a signed PDF as its signature: the PDF is signed, and says
// nothing of the document.
func coversItself(found *facts.Document) {
	problem := facts.Problem{
		Code: "pdf.other-document", Clause: "ISO 32000-2 §12.8.1", Fatal: true,
		Message: "the signature is over the PDF that holds it, and not over the document given beside",
	}
	for i := range found.Signatures {
		found.Signatures[i].Problems = append(found.Signatures[i].Problems, problem)
	}
	for i := range found.Timestamps {
		found.Timestamps[i].Problems = append(found.Timestamps[i].Problems, problem)
	}
}

// pdfHeader is within how many octets readers look for "%PDF-" (ISO 32000-1, implementation note 13).
const pdfHeader = 1024

// Content writes the document that a signature of the file is over: the content of an attached CMS, the revision of a PDF
// that was signed. It refuses with ErrNotVerified unless the cryptography of the signature is valid; whether the signer is
// trusted is for the caller to look at. The octets are hashed again while they flow: when an error is returned, what was
// written before it must not be used.
func (v *Validation) Content(ctx context.Context, id string, dst io.Writer) error {
	var s *facts.Signature
	for i := range v.Facts.Signatures {
		if v.Facts.Signatures[i].ID != id {
			continue
		}
		if v.Signatures[i].ID != id || v.Signatures[i].Crypto != validation.CryptoValid {
			return fmt.Errorf("%w: signature %s", ErrNotVerified, id)
		}
		s = &v.Facts.Signatures[i]
	}
	switch {
	case s == nil:
		return fmt.Errorf("%w: there is no signature %s", ErrNotVerified, id)
	case s.Parent != "":
		return fmt.Errorf("%w: %s is a counter-signature", ErrNoContent, id)
	case v.Facts.Format == facts.PAdES:
		err := pades.WriteRevision(ctx, dst, v.document, s)
		if errors.Is(err, pades.ErrNotSigned) {
			return fmt.Errorf("%w: %w", ErrNotVerified, err)
		}
		return err
	}
	again, err := cades.Read(ctx, v.document, cades.ReadOptions{Content: dst})
	if err != nil {
		return err
	}
	for i := range again.Signatures {
		r := again.Signatures[i].References
		if again.Signatures[i].ID != id || len(r) == 0 || len(s.References) == 0 {
			continue
		}
		if !r[0].Found {
			return fmt.Errorf("%w: %s is detached", ErrNoContent, id)
		}
		if r[0].Digest == s.References[0].Digest && bytes.Equal(r[0].Computed, s.References[0].Computed) {
			return nil
		}
	}
	return fmt.Errorf("%w: the file has changed since it was validated", ErrNotVerified)
}
