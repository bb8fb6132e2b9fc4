package pades

import (
	"context"
	"io"
	"slices"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// A kept store says what the document security store (EN 319 142-1 §5.4.2) of the last revision holds.
type kept struct {
	revocation bool // CRLs or OCSP responses
	first      int  // revision that has the first store, from 1; 0 when there is none
}

// addStore takes the certificates of the document security store, which may complete chains. A store that cannot be read is
// as if it were not there: nothing in it is signed, and nothing is proved by its absence.
func addStore(ctx context.Context, file *pdf.File, out *facts.Document) (kept, error) {
	var k kept
	for i := range file.Revisions() {
		catalog, _, err := file.At(i).Catalog()
		if err == nil && catalog.Get("DSS") != nil {
			k.first = i + 1
			break
		}
		if err != nil && !isFormatError(err) {
			return k, err
		}
	}
	if k.first == 0 {
		return k, nil
	}
	state := file.Last()
	catalog, _, err := state.Catalog()
	if err == nil {
		err = k.read(ctx, state, catalog.Get("DSS"), out)
	}
	if err != nil && !isFormatError(err) {
		return k, err
	}
	return k, nil
}

// read follows the store of one state.
func (k *kept) read(ctx context.Context, state *pdf.State, o pdf.Object, out *facts.Document) error {
	dss, err := state.Dict(o)
	if err != nil {
		return err
	}
	vri, err := state.Dict(dss.Get("VRI"))
	if err != nil {
		return err
	}
	holders := []pdf.Dict{dss}
	for _, e := range vri {
		if entry, err := state.Dict(e.Value); err == nil {
			holders = append(holders, entry)
		}
	}
	read := 0
	for i, holder := range holders {
		for _, key := range []pdf.Name{"CRLs", "OCSPs", "CRL", "OCSP"} {
			list, err := state.Array(holder.Get(key))
			k.revocation = k.revocation || err == nil && len(list) > 0
		}
		key := pdf.Name("Cert") // of an entry of VRI
		if i == 0 {
			key = "Certs"
		}
		certificates, err := state.Array(holder.Get(key))
		if err != nil {
			return err
		}
		for _, o := range certificates {
			if read++; read > limits.PDFStoreCertificates {
				return limitError("a document security store of more than %d certificates", limits.PDFStoreCertificates)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if raw := certificate(state, o); raw != nil {
				out.AddCertificate(raw, facts.FromDocument)
			}
		}
	}
	return addStoreRevocations(ctx, state, holders, out)
}

// certificate reads a stream that may be one, nil when it cannot be.
func certificate(state *pdf.State, o pdf.Object) []byte {
	value, err := state.Resolve(o)
	stream, ok := value.(*pdf.Stream)
	if err != nil || !ok {
		return nil
	}
	r, err := state.Decode(stream)
	if err != nil {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(r, limits.PDFStoreCertificate+1))
	if err != nil || len(raw) > limits.PDFStoreCertificate || len(raw) == 0 || raw[0] != 0x30 {
		return nil
	}
	return raw
}

// level says which form a signature claims by what is there, whatever its validity: the baseline levels of EN 319 142-1 §6, LTV
// and BES of EN 319 142-2 by their old names, PKCS7 when it is no PAdES.
func level(s *facts.Signature, doc *facts.Document, k kept) string {
	if s.Parent != "" || s.SubFilter != subFilterCAdES || len(s.SigningCertificate) == 0 ||
		len(s.Candidates) > 0 && !slices.ContainsFunc(s.SigningCertificate[0].Matches, func(id string) bool { return slices.Contains(s.Candidates, id) }) {
		return "PKCS7"
	}
	covered, sealed := false, false // by a document timestamp; together with the store
	for _, t := range doc.Timestamps {
		covered = covered || t.Type == facts.DocumentTimestamp && t.Revision > s.Revision
		sealed = sealed || t.Type == facts.DocumentTimestamp && k.first > 0 && t.Revision > s.Revision && t.Revision >= k.first
	}
	token := slices.ContainsFunc(doc.Timestamps, func(t facts.Token) bool { return t.Parent == s.ID && t.Type == facts.SignatureTimestamp })
	signingTime := slices.ContainsFunc(s.SignedAttributes, func(a facts.Attribute) bool { return a.OID == cms.OIDSigningTime.String() })
	switch baseline := !signingTime && s.ClaimedTime != nil; {
	case !baseline && k.first > 0 && covered:
		return "LTV"
	case !baseline && token:
		return "T"
	case !baseline:
		return "BES"
	case !token && !covered:
		return "B-B"
	case !k.revocation:
		return "B-T"
	case sealed:
		return "B-LTA"
	}
	return "B-LT"
}
