package collect

import (
	"context"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// foresee does what the first conclusion would ask for, so that for a file whose chains are known there is one conclusion and
// not two: the values under the certificates that the signers designate, and what is remembered of who issued these. It may
// do less than what is needed, since the loop of Run does the rest, and never more.
func (w *work) foresee(ctx context.Context) error {
	var chain []string
	for i := range w.doc.Signatures {
		chain = append(chain, w.foreseen(w.doc.Signatures[i].ID, w.doc.Signatures[i].Candidates)...)
	}
	for i := range w.doc.Timestamps {
		if w.budget < limits.CollectWork/2 { // signatures come first: their chains are still to be verified
			break
		}
		chain = append(chain, w.foreseen(w.doc.Timestamps[i].ID, w.doc.Timestamps[i].Candidates)...)
	}
	if len(w.doc.Issuance) > 0 || w.sources.Cache == nil {
		chain = nil // facts that were collected already need no help
	}
	seen := map[string]bool{}
	for len(chain) > 0 && len(seen) < limits.ValidationNeeds {
		if err := ctx.Err(); err != nil {
			return err
		}
		subject := chain[0]
		chain = chain[1:]
		if seen[subject] || w.isAnchor(subject) {
			continue
		}
		seen[subject] = true
		for _, e := range w.sources.Cache.edges(subject) {
			if w.knows(e.issuer) {
				w.issued(subject, e)
				chain = append(chain, e.issuer)
			}
		}
	}
	return nil
}

// foreseen verifies the value of one signature or token if there is one candidate and it was not done before, and returns the
// candidates.
func (w *work) foreseen(id string, candidates []string) []string {
	if len(candidates) != 1 || len(w.signed[id]) != 1 || len(w.signed[id][0].Keys) > 0 {
		return nil
	}
	need := validation.Need{Kind: validation.NeedValue, Signed: id, Certificate: candidates[0]}
	if !w.verifyValue(need) {
		return nil
	}
	w.asked[ask{kind: need.Kind, signed: id, certificate: candidates[0]}] = true
	return candidates
}

func (w *work) isAnchor(id string) bool {
	for _, set := range w.anchors {
		if _, ok := set.Find(id); ok {
			return true
		}
	}
	return false
}

// knows reports whether a certificate is in the document or among the anchors.
func (w *work) knows(id string) bool {
	w.index()
	_, ok := w.raw[id]
	return ok || w.isAnchor(id)
}
