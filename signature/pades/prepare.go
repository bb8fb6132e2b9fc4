package pades

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// preparedFormat marks an ades.Prepared of this package.
const preparedFormat = "pades"

type chainer interface{ Chain() []*x509.Certificate }

type chain []*x509.Certificate

func (c chain) Chain() []*x509.Certificate { return c }

// Prepare is the first of two steps to sign with a key that is elsewhere: it reads the document, decides every octet that is
// signed, and returns what the key must sign (Request) with all that [Complete] needs, to be saved as JSON if need be. certificates
// are the signing certificate, then its issuers. o.Authority is given to Complete and may be nil here: see Options.TokenSize.
//
// Errors are those of [Sign] before anything is written.
func Prepare(ctx context.Context, doc *ades.Document, certificates []*x509.Certificate, o Options) (*ades.Prepared, error) {
	p, err := newPlan(ctx, doc, chain(certificates), o, false)
	if err != nil {
		return nil, err
	}
	digest, err := p.digest(ctx, io.Discard, doc)
	if err != nil {
		return nil, err
	}
	draft, err := cades.NewDraft(digest, certificates, o.cades())
	if err != nil {
		return nil, err
	}
	saved, err := json.Marshal(p.request)
	if err != nil {
		return nil, fmt.Errorf("pades: %w", err)
	}
	prepared := &ades.Prepared{
		Schema: ades.PreparedSchema, Format: preparedFormat, Level: max(o.Level, ades.BaselineB), Request: draft.Request(),
		Time: o.Time.UTC(), Parameters: saved,
	}
	for _, c := range certificates {
		prepared.Chain = append(prepared.Chain, c.Raw)
	}
	prepared.Document.Size, prepared.Document.Algorithm, prepared.Document.Digest = digest.Size, uint(digest.Algorithm), digest.Sum
	return prepared, nil
}

// Complete is the second step: it checks the value under the signing certificate, reads the document again while it copies
// it to dst, and appends the signature. authority is required when the level prepared is BaselineT.
//
// Errors: ades.ErrPrepared, ades.ErrWrongValue and ades.ErrOtherDocument, for a prepared signature that was damaged, is of
// another format or of another version of this library, a value that is not one of its key over its attributes, and another
// document than was prepared; the last may come after the document was copied, and dst must then be thrown away. Then those of [Sign].
func Complete(ctx context.Context, dst io.Writer, doc *ades.Document, prepared *ades.Prepared, value []byte, authority timestamp.Authority) error {
	r, err := readRequest(prepared)
	if err != nil {
		return err
	}
	if prepared.Level == ades.BaselineT && authority == nil {
		return fmt.Errorf("%w: level B-T needs an authority", ErrOptions)
	}
	draft, err := cades.ResumeDraft(prepared)
	if err != nil {
		return err
	}
	if err := draft.Verify(value); err != nil {
		return err
	}
	file, err := openFile(ctx, doc)
	if err != nil {
		return err
	}
	p := &plan{request: r, hash: prepared.Request.Hash}
	if p.layout, err = r.lay(ctx, file); err != nil {
		return fmt.Errorf("%w: %w", ades.ErrOtherDocument, err)
	}
	if covered := doc.Size() + int64(len(p.layout.update)-p.layout.end+p.layout.start); covered != prepared.Document.Size {
		return fmt.Errorf("%w: the signature would cover %d octets and not %d", ades.ErrOtherDocument, covered, prepared.Document.Size)
	}
	digest, err := p.digest(ctx, dst, doc)
	if err != nil {
		return err
	}
	if !bytes.Equal(digest.Sum, prepared.Document.Digest) {
		return fmt.Errorf("%w: its digest is another", ades.ErrOtherDocument)
	}
	var token []byte
	if prepared.Level == ades.BaselineT {
		if token, err = draft.Timestamp(ctx, value, authority); err != nil {
			return err
		}
	}
	return p.finish(dst, draft, value, token)
}

// readRequest finds what decides the layout.
func readRequest(prepared *ades.Prepared) (r request, err error) {
	if prepared.Format != preparedFormat {
		return r, fmt.Errorf("%w: its format is %q and not %q", ades.ErrPrepared, prepared.Format, preparedFormat)
	}
	if err := json.Unmarshal(prepared.Parameters, &r); err != nil {
		return r, fmt.Errorf("%w: parameters: %w", ades.ErrPrepared, err)
	}
	if r.Layout != layoutVersion {
		return r, fmt.Errorf("%w: it was prepared by another version of this library (layout %d, not %d): prepare it again", ades.ErrPrepared, r.Layout, layoutVersion)
	}
	if r.Room <= 0 || r.Room > maxRoom {
		return r, fmt.Errorf("%w: a room of %d octets", ades.ErrPrepared, r.Room)
	}
	r.Time = prepared.Time
	return r, nil
}
