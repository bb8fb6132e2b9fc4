package cades

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
)

// ErrNotCMS is returned for a file that should hold a CMS signature and does not.
var ErrNotCMS = errors.New("cades: not a CMS signature")

// AddSigner writes to dst the signatures of a CAdES file with one more beside them, over the same content (parallel signatures, RFC
// 5652 §5.1). What was there comes out octet for octet, and so the signatures stay as valid as they were.
// detached is the document of a detached file, nil for an attached one; o.Detached is not looked at.
//
// The document must be the one that those before signed: ades.ErrOtherDocument otherwise. Other errors are those of [Sign],
// and [ErrNotCMS].
func AddSigner(ctx context.Context, dst io.Writer, signed, detached *ades.Document, signer ades.Signer, o Options) error {
	o.Detached = true
	known := detached
	if known == nil {
		known = new(ades.Document)
	}
	p, err := o.plan(signer.Chain(), known)
	if err != nil {
		return err
	}
	file, err := unarmour(ctx, signed)
	if err != nil {
		return err
	}
	defer file.Close()
	read := cms.ReadOptions{Digests: []crypto.Hash{p.scheme.Hash}}
	err = cms.Rewrite(ctx, dst, file, file.Size(), read, func(sd *cms.SignedData) error {
		if err := digestContent(ctx, sd, detached, p.scheme.Hash); err != nil {
			return err
		}
		if err := sameAsBefore(sd); err != nil {
			return err
		}
		sum, ok := sd.Digest(p.scheme.Hash)
		if !ok {
			return fmt.Errorf("%w: only another digest of the document is known than the %s needed", ErrOptions, pkix.DigestName(p.scheme.Hash))
		}
		draft, err := p.draftOf(ades.Digest{Algorithm: p.scheme.Hash, Sum: sum, Size: sd.ContentSize}, sd.ContentType)
		if err != nil {
			return err
		}
		si, err := draft.sign(ctx, signer, o)
		if err != nil {
			return err
		}
		sd.SignerInfos = append(sd.SignerInfos, si)
		sd.Certificates = withoutRepeats(append(sd.Certificates[:len(sd.Certificates):len(sd.Certificates)], p.chain...))
		return nil
	})
	return notCMS(err)
}

// digestContent gives sd the digests of detached content that its signers and h need.
func digestContent(ctx context.Context, sd *cms.SignedData, detached *ades.Document, h crypto.Hash) error {
	switch {
	case sd.Attached && detached != nil:
		return fmt.Errorf("%w: the signature holds its document, and another is given", ErrOptions)
	case sd.Attached:
		return nil
	case detached == nil:
		return fmt.Errorf("%w: the signature is detached, and its document is not given", ErrOptions)
	}
	hashes := append(signerHashes(sd), h)
	sums, err := detached.Digests(ctx, withoutRepeatedHashes(hashes)...)
	if err != nil {
		return err
	}
	sd.ContentDigests, sd.ContentSize = sums, detached.Size()
	return nil
}

func signerHashes(sd *cms.SignedData) (hashes []crypto.Hash) {
	for _, si := range sd.SignerInfos {
		if h, err := pkix.DigestByOID(si.DigestAlgorithm); err == nil {
			hashes = append(hashes, h)
		}
	}
	return withoutRepeatedHashes(hashes)
}

func withoutRepeatedHashes(hashes []crypto.Hash) []crypto.Hash {
	var seen [64]bool
	out := hashes[:0:0]
	for _, h := range hashes {
		if h < 64 && !seen[h] {
			seen[h] = true
			out = append(out, h)
		}
	}
	return out
}

// sameAsBefore makes sure that one does not sign beside others what they did not sign.
func sameAsBefore(sd *cms.SignedData) error {
	for i := range sd.SignerInfos {
		for _, finding := range sd.CheckForm(i, nil) {
			if finding.Reason == cms.MessageDigestMismatch {
				return fmt.Errorf("%w: signature %d of the file is over another", ades.ErrOtherDocument, i+1)
			}
		}
	}
	return nil
}

// notCMS gives the errors of reading one name.
func notCMS(err error) error {
	var syntax *der.SyntaxError
	if errors.Is(err, cms.ErrNotSignedData) || errors.As(err, &syntax) {
		return fmt.Errorf("%w: %w", ErrNotCMS, err)
	}
	return err
}
