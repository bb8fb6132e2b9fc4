package facts

import (
	"context"
	"slices"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// formsOf are the attributes that hold revocation data.
var formsOf = map[string]RevocationForm{
	cms.OIDRevocationValues.String():       FormValues,
	cms.OIDRevocationInfoArchival.String(): FormArchival,
}

// ReadEmbeddedRevocations adds to the document the revocation data that a signature or token carries: those of its
// SignedData.crls (RFC 5652 §10.2.1), which the caller gives as found, and those of its attributes revocation-values
// (EN 319 122-1 §A.1.2.2) and adbe-revocationInfoArchival (ISO 32000-2 §12.8.3.3.2). Call it when the certificates of the
// document are there, see [Document.ReadRevocations]. What cannot be read is no evidence, and one Problem for each structure
// that holds such says so. The error is that of the context.
func (d *Document) ReadEmbeddedRevocations(ctx context.Context, s *Signed, crls [][]byte, origin Origin) ([]Problem, error) {
	var problems []Problem
	read := func(form RevocationForm, raw []byte, clause string) error {
		err := d.ReadRevocations(ctx, form, raw, origin)
		if ctx.Err() != nil {
			return err
		}
		if err != nil && len(problems) < embeddedProblems {
			problems = append(problems, Problem{Code: "revocation.unreadable", Clause: clause, Message: err.Error()})
		}
		return nil
	}
	for _, raw := range crls {
		if err := read(FormChoice, raw, "RFC 5652 §10.2.1"); err != nil {
			return nil, err
		}
	}
	for _, a := range slices.Concat(s.SignedAttributes, s.UnsignedAttributes) {
		form, ok := formsOf[a.OID]
		if !ok {
			continue
		}
		for _, value := range a.Values {
			if err := read(form, value, "EN 319 122-1 §A.1.2.2"); err != nil {
				return nil, err
			}
		}
	}
	return problems, nil
}

// embeddedProblems is how many unreadable structures of one signature are told.
const embeddedProblems = 5
