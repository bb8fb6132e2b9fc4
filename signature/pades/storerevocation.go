package pades

import (
	"context"
	"io"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// addStoreRevocations takes the CRLs and OCSP responses of a document security store and of its entries (EN 319 142-1 §5.4.2,
// ISO 32000-2 tables 261 and 262), once each. One that cannot be read is no evidence.
func addStoreRevocations(ctx context.Context, state *pdf.State, holders []pdf.Dict, out *facts.Document) error {
	seen := map[pdf.Ref]bool{}
	serials := out.Serials()
	for _, holder := range holders {
		for _, key := range []pdf.Name{"CRLs", "OCSPs", "CRL", "OCSP"} {
			list, err := state.Array(holder.Get(key))
			if err != nil {
				continue
			}
			for _, o := range list {
				ref, ok := o.(pdf.Ref)
				if !ok || seen[ref] {
					continue
				}
				if seen[ref] = true; len(seen) > limits.RevocationData {
					return limitError("a document security store of more than %d CRLs and OCSP responses", limits.RevocationData)
				}
				if err := addStoreRevocation(ctx, state, ref, key == "CRLs" || key == "CRL", serials, out); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// addStoreRevocation reads one stream. A list flows, whatever its length.
func addStoreRevocation(ctx context.Context, state *pdf.State, ref pdf.Ref, isList bool, serials [][]byte, out *facts.Document) error {
	value, err := state.Resolve(ref)
	stream, ok := value.(*pdf.Stream)
	if err != nil || !ok {
		return ctx.Err()
	}
	r, err := state.Decode(stream)
	if err != nil {
		return ctx.Err()
	}
	if isList {
		if list, err := facts.ReadCRL(ctx, r, serials...); err == nil {
			list.Origin = facts.FromDocument
			out.AddRevocation(list)
		}
		return ctx.Err()
	}
	raw, err := io.ReadAll(io.LimitReader(r, limits.OCSPResponseSize+1))
	if err != nil || len(raw) > limits.OCSPResponseSize {
		return ctx.Err()
	}
	response, certificates, err := facts.ReadOCSP(raw)
	if err == nil {
		response.Origin = facts.FromDocument
		out.AddRevocation(response, certificates...)
	}
	return ctx.Err()
}
