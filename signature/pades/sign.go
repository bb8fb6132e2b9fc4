package pades

import (
	"context"
	"crypto"
	"hash"
	"io"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
)

// Sign appends an invisible signature to a PDF and writes the whole to dst: level B-B or B-T of EN 319 142-1. The document is
// read once, copied and hashed in the same pass; the update that is appended has the form of the cross-reference section that
// it follows, and signatures that were there stay valid.
//
// Errors before anything is written: ErrOptions, ErrField, ErrForbidden, those of [Read] about the document, and those of
// package cades about the certificate, such as a *cades.CertificateError. After that, a *RoomError and those of the signer,
// of the authority, of dst and of ctx: what dst received is then the document without a usable signature, to be thrown away.
func Sign(ctx context.Context, dst io.Writer, doc *ades.Document, signer ades.Signer, o Options) error {
	p, err := newPlan(ctx, doc, signer, o, true)
	if err != nil {
		return err
	}
	digest, err := p.digest(ctx, dst, doc)
	if err != nil {
		return err
	}
	draft, err := cades.NewDraft(digest, signer.Chain(), o.cades())
	if err != nil {
		return err
	}
	value, err := signer.Sign(ctx, draft.Request())
	if err != nil {
		return err
	}
	var token []byte
	if o.Level == ades.BaselineT {
		if token, err = draft.Timestamp(ctx, value, o.Authority); err != nil {
			return err
		}
	}
	return p.finish(dst, draft, value, token)
}

// A plan is a layout and the digest to take of the document with it.
type plan struct {
	request request
	layout  *layout
	hash    crypto.Hash
}

// newPlan checks everything that can be before the document is read whole.
func newPlan(ctx context.Context, doc *ades.Document, signer chainer, o Options, needAuthority bool) (*plan, error) {
	if err := o.check(needAuthority); err != nil {
		return nil, err
	}
	file, err := openFile(ctx, doc)
	if err != nil {
		return nil, err
	}
	h, err := cades.DigestFor(signer.Chain(), o.cades())
	if err != nil {
		return nil, err
	}
	dry, err := cades.NewDraft(ades.Digest{Algorithm: h, Sum: make([]byte, h.Size()), Size: -1}, signer.Chain(), o.cades())
	if err != nil {
		return nil, err
	}
	p := &plan{request: o.request(o.room(dry)), hash: h}
	p.layout, err = p.request.lay(ctx, file)
	return p, err
}

// digest copies the document to dst and returns the digest of what the signature covers.
func (p *plan) digest(ctx context.Context, dst io.Writer, doc *ades.Document) (ades.Digest, error) {
	h := p.hash.New()
	if err := copyHash(ctx, dst, h, doc); err != nil {
		return ades.Digest{}, err
	}
	h.Write(p.layout.update[:p.layout.start])
	h.Write(p.layout.update[p.layout.end:])
	covered := doc.Size() + int64(len(p.layout.update)-p.layout.end+p.layout.start)
	return ades.Digest{Algorithm: p.hash, Sum: h.Sum(nil), Size: covered}, nil
}

// finish writes the update with the signature in it.
func (p *plan) finish(dst io.Writer, draft *cades.Draft, value, token []byte) error {
	message, err := draft.Marshal(value, token)
	if err != nil {
		return err
	}
	if err := p.layout.fill(message); err != nil {
		return err
	}
	_, err = dst.Write(p.layout.update)
	return err
}

// copyHash reads the document once and writes it to dst; h is fed meanwhile by a goroutine of its own. ctx is looked at every
// 64 KiB.
func copyHash(ctx context.Context, dst io.Writer, h hash.Hash, doc *ades.Document) error {
	const buffers = 8 // enough for neither side to wait for the other at every piece
	free, full := make(chan []byte, buffers), make(chan []byte, buffers)
	for range buffers {
		free <- make([]byte, 64<<10)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := range full {
			h.Write(b)
			free <- b[:cap(b)]
		}
	}()
	defer func() {
		close(full)
		<-done
	}()
	for at := int64(0); at < doc.Size(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := <-free
		b = b[:min(int64(len(b)), doc.Size()-at)]
		if n, err := doc.ReadAt(b, at); n < len(b) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		full <- b
		if _, err := dst.Write(b); err != nil {
			return err
		}
		at += int64(len(b))
	}
	return nil
}
