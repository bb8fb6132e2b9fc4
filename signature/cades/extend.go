package cades

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"slices"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// ExtendOptions say how far signatures are extended, and which.
type ExtendOptions struct {
	Level     ades.Level // BaselineT
	Authority timestamp.Authority
	// Signatures are the IDs, as [Read] gives them, of the signatures to extend; empty for all but counter-signatures.
	Signatures []string
}

// Extend writes to dst the signatures of a CAdES file, brought to a level (EN 319 122-1 §6): for BaselineT, with a timestamp
// over the value of each. A signature that has one already is left alone. What was signed comes out octet for octet; the
// document is not needed.
//
// A value that is wrong under the certificate that the file holds is not worth a timestamp: ades.ErrWrongValue.
func Extend(ctx context.Context, dst io.Writer, signed *ades.Document, o ExtendOptions) error {
	if o.Level != ades.BaselineT {
		return fmt.Errorf("%w: signatures are extended to level B-T, not to %s", ErrOptions, o.Level)
	}
	if o.Authority == nil {
		return fmt.Errorf("%w: level B-T needs an Authority", ErrOptions)
	}
	file, err := unarmour(ctx, signed)
	if err != nil {
		return err
	}
	defer file.Close()
	err = cms.Rewrite(ctx, dst, file, file.Size(), cms.ReadOptions{}, func(sd *cms.SignedData) error { return o.extend(ctx, sd) })
	return notCMS(err)
}

func (o ExtendOptions) extend(ctx context.Context, sd *cms.SignedData) error {
	wanted := slices.Clone(o.Signatures)
	for i, si := range sd.SignerInfos {
		id := signatureID(i)
		if at := slices.Index(wanted, id); at >= 0 {
			wanted = slices.Delete(wanted, at, at+1)
		} else if len(o.Signatures) > 0 {
			continue
		}
		if len(cms.FindAttribute(si.UnsignedAttributes, cms.OIDSignatureTimestamp)) > 0 {
			continue
		}
		if err := plausible(sd, i); err != nil {
			return fmt.Errorf("signature %s: %w", id, err)
		}
		token, err := timestampValue(ctx, si.Signature, timestampDigest(si), o.Authority)
		if err != nil {
			return err
		}
		si.UnsignedAttributes = append(si.UnsignedAttributes, cms.NewAttribute(cms.OIDSignatureTimestamp, token))
	}
	if len(wanted) > 0 {
		return fmt.Errorf("%w: there is no signature %s in the file", ErrOptions, wanted[0])
	}
	return nil
}

// plausible refuses a value that is wrong under every certificate of the file that may be its signer's.
func plausible(sd *cms.SignedData, i int) error {
	var wrong error
	for _, certificate := range sd.CertificatesFor(sd.SignerInfos[i]) {
		wrong = nil
		for _, finding := range sd.CheckValue(i, certificate, nil) {
			if finding.Reason == cms.SignatureWrong {
				wrong = fmt.Errorf("%w: %s", ades.ErrWrongValue, finding.Message)
			}
		}
		if wrong == nil {
			return nil
		}
	}
	return wrong
}

// timestampDigest is the digest under which a signature value is timestamped: that of the signature, never a broken one.
func timestampDigest(si *cms.SignerInfo) crypto.Hash {
	h, err := pkix.DigestByOID(si.DigestAlgorithm)
	if err != nil {
		return crypto.SHA256
	}
	return referenceDigest(h)
}
