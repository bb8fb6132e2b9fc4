// Package cades makes CAdES signatures and reads every CMS signature: EN 319 122-1, RFC 5652.
//
// [Sign] makes one, attached (the document inside) or detached; [Read] parses any SignedData into facts. A document of any
// size flows through both, in pieces of 64 KiB:
//
//	err := cades.Sign(ctx, out, document, signer, cades.Options{Level: ades.BaselineT, Time: now, Detached: true, Authority: authority})
//	doc, err := cades.Read(ctx, signed, cades.ReadOptions{Detached: document})
//
// Facts hold no verdict: package validation concludes from them, and package signature does both in one call.
//
// [Prepare] and [Complete] sign in two steps with a key that is elsewhere; [AddSigner] adds a signature beside those of a
// file, [Extend] a timestamp to them, and neither changes an octet that was signed. [Draft] is what formats that carry a CMS
// inside something else (PAdES) build on.
package cades

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
)

// Sign writes the signature of a document to dst: a SignedData that holds it, or with o.Detached one beside it. Attached, the
// document is read twice, and dst must be thrown away if there is an error; detached, it is read once, and may be known by its
// digest alone. Nothing is written before the key has signed and the timestamp is there.
//
// Errors: [ErrOptions]; a [*CertificateError] when the certificate is not fit to sign, before the key is used;
// ades.ErrDigestOnly; ades.ErrOtherDocument when the document changed between the two readings; those of the signer, of the
// timestamp authority, of the document and of dst.
func Sign(ctx context.Context, dst io.Writer, doc *ades.Document, signer ades.Signer, o Options) error {
	plan, err := o.plan(signer.Chain(), doc)
	if err != nil {
		return err
	}
	digest, err := plan.digest(ctx, doc)
	if err != nil {
		return err
	}
	draft, err := plan.draft(digest)
	if err != nil {
		return err
	}
	si, err := draft.sign(ctx, signer, o)
	if err != nil {
		return err
	}
	return draft.write(ctx, dst, doc, si, o.Detached)
}

// sign has the value made and checked, and the timestamp added.
func (d *Draft) sign(ctx context.Context, signer ades.Signer, o Options) (*cms.SignerInfo, error) {
	value, err := signer.Sign(ctx, d.request)
	if err != nil {
		return nil, fmt.Errorf("cades: the signer did not sign: %w", err)
	}
	if !ades.IsLocal(signer) { // what a key in this process has just computed is right
		if err := d.Verify(value); err != nil {
			return nil, err
		}
	}
	token, err := d.timestamp(ctx, value, o.Level, o.Authority)
	if err != nil {
		return nil, err
	}
	return d.signerInfo(value, token)
}

// write writes the message, the document in it or not.
func (d *Draft) write(ctx context.Context, dst io.Writer, doc *ades.Document, si *cms.SignerInfo, detached bool) error {
	sd := d.message(si)
	if detached {
		message, err := sd.Marshal()
		if err != nil {
			return fmt.Errorf("cades: %w", err)
		}
		_, err = dst.Write(message)
		return err
	}
	return writeAttached(ctx, dst, sd, doc, d.content)
}

// writeAttached copies the document into the message and makes sure that it is still the one that was signed. One in memory
// was compared already, and does not change.
func writeAttached(ctx context.Context, dst io.Writer, sd *cms.SignedData, doc *ades.Document, signed ades.Digest) error {
	if octets, ok := doc.InMemory(); ok && len(octets) <= inMemory && signed.Size == doc.Size() {
		message, err := sd.MarshalAttached(octets)
		if err != nil {
			return fmt.Errorf("cades: %w", err)
		}
		_, err = dst.Write(message)
		return err
	}
	state := signed.Algorithm.New()
	err := sd.Write(dst, io.TeeReader(doc.Reader(ctx), state), doc.Size())
	if errors.Is(err, cms.ErrContentSize) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: its length changed: %w", ades.ErrOtherDocument, err)
	}
	if err != nil {
		return fmt.Errorf("cades: writing the signature: %w", err)
	}
	if string(state.Sum(nil)) != string(signed.Sum) {
		return fmt.Errorf("%w: its %s digest changed while it was signed; throw the output away", ades.ErrOtherDocument, pkix.DigestName(signed.Algorithm))
	}
	return nil
}
