package signature

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// The formats of [Options].
const (
	CAdES = facts.CAdES
	PAdES = facts.PAdES
)

// ErrOptions is matched by the error of options that contradict each other or the format.
var ErrOptions = errors.New("signature: options")

// Options say which signature is made. Time is required; every other zero value is a sound choice. What belongs to one format is
// refused by the other, rather than forgotten.
type Options struct {
	// Format is PAdES or CAdES. Empty, a PDF gets PAdES unless Detached, and anything else CAdES.
	Format facts.Format
	Level  ades.Level // BaselineB when zero, or BaselineT
	// Time is the signing time that the signer claims. It proves nothing and is never taken from a clock here.
	Time time.Time
	// Authority timestamps the signature value; required from BaselineT on.
	Authority timestamp.Authority

	Digest crypto.Hash // of the document and of the signed attributes; zero for what suits the key
	PSS    bool        // RSASSA-PSS instead of PKCS#1 v1.5

	Commitment string   // OID of the commitment made, such as cades.ProofOfApproval
	Roles      []string // roles that the signer claims, "Maire de Boisjoli"

	Detached bool            // CAdES: the signature does not hold the document
	MIMEType string          // CAdES: of the document
	Place    *cades.Location // CAdES: where the signer says to be

	Field                               string // PAdES: an empty signature field of the document, or the name of a new one
	Name, Reason, Location, ContactInfo string // PAdES: what the signature says for a reader

	// UnsafeUnfitCertificate signs even with a certificate that is expired, not yet valid at Time, or whose key usage does not
	// sign: see cades.Options.
	UnsafeUnfitCertificate bool
}

// format decides the format and refuses what belongs to the other.
func (o Options) format(doc *ades.Document) (facts.Format, error) {
	format := o.Format
	if format == "" {
		if format = CAdES; !o.Detached && isPDF(doc) {
			format = PAdES
		}
	}
	switch {
	case format != CAdES && format != PAdES:
		return "", fmt.Errorf("%w: format %q is not made", ErrOptions, format)
	case format == PAdES && (o.Detached || o.MIMEType != "" || o.Place != nil):
		return "", fmt.Errorf("%w: Detached, MIMEType and Place are for CAdES", ErrOptions)
	case format == CAdES && (o.Field != "" || o.Name != "" || o.Reason != "" || o.Location != "" || o.ContactInfo != ""):
		return "", fmt.Errorf("%w: Field, Name, Reason, Location and ContactInfo are for PAdES", ErrOptions)
	}
	return format, nil
}

func isPDF(doc *ades.Document) bool {
	if _, digestOnly := doc.Digest(); digestOnly {
		return false
	}
	start := make([]byte, pdfHeader)
	n, _ := doc.ReadAt(start, 0)
	return n > 0 && start[0] != 0x30 && bytes.Contains(start[:n], []byte("%PDF-"))
}

func (o Options) cades() cades.Options {
	return cades.Options{Level: o.Level, Time: o.Time, Authority: o.Authority, Detached: o.Detached, Digest: o.Digest, PSS: o.PSS,
		MIMEType: o.MIMEType, Commitment: o.Commitment, Location: o.Place, Roles: o.Roles, UnsafeUnfitCertificate: o.UnsafeUnfitCertificate}
}

func (o Options) pades() pades.Options {
	return pades.Options{Level: o.Level, Time: o.Time, Authority: o.Authority, Digest: o.Digest, PSS: o.PSS, Field: o.Field,
		Name: o.Name, Reason: o.Reason, Location: o.Location, ContactInfo: o.ContactInfo, Commitment: o.Commitment, Roles: o.Roles,
		UnsafeUnfitCertificate: o.UnsafeUnfitCertificate}
}

// Sign signs a document and writes the result to dst: the signed PDF, the CMS that holds the document, or with Detached the CMS
// alone. Errors are ErrOptions and those of cades.Sign and pades.Sign; after an error what dst received must be thrown away.
func Sign(ctx context.Context, dst io.Writer, doc *ades.Document, signer ades.Signer, o Options) error {
	format, err := o.format(doc)
	switch {
	case err != nil:
		return err
	case format == PAdES:
		return pades.Sign(ctx, dst, doc, signer, o.pades())
	}
	return cades.Sign(ctx, dst, doc, signer, o.cades())
}

// Prepare is the first of two steps to sign with a key that is elsewhere. It reads the document, decides every octet that is
// signed, and returns what the key must sign (Prepared.Request) with all that Complete needs; it can be saved as JSON. certificates
// are the signing certificate, then its issuers.
func Prepare(ctx context.Context, doc *ades.Document, certificates []*x509.Certificate, o Options) (*ades.Prepared, error) {
	format, err := o.format(doc)
	switch {
	case err != nil:
		return nil, err
	case format == PAdES:
		return pades.Prepare(ctx, doc, certificates, o.pades())
	}
	return cades.Prepare(ctx, doc, certificates, o.cades())
}

// Complete is the second step: it checks the value under the signing certificate and that doc is the document that was
// prepared, and writes the signed result to dst. authority is required when BaselineT was prepared. Errors: ades.ErrPrepared,
// ades.ErrWrongValue, ades.ErrOtherDocument, and those of Sign.
func Complete(ctx context.Context, dst io.Writer, doc *ades.Document, prepared *ades.Prepared, value []byte, authority timestamp.Authority) error {
	switch facts.Format(prepared.Format) {
	case PAdES:
		return pades.Complete(ctx, dst, doc, prepared, value, authority)
	case CAdES:
		return cades.Complete(ctx, dst, doc, prepared, value, authority)
	}
	return fmt.Errorf("%w: format %q", ades.ErrPrepared, prepared.Format)
}
