package pades

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// judgeRevisions lists the revisions, and compares each that follows a signature with the one before it. What a revision
// changed counts for every signature that closes an earlier one: the work does not grow with their number.
func judgeRevisions(ctx context.Context, file *pdf.File, found []*signature, out *facts.Document) error {
	revisions := file.Revisions()
	out.Revisions = make([]facts.Revision, len(revisions))
	first := len(revisions)
	for i, r := range revisions {
		out.Revisions[i].End = r.End
	}
	for i, s := range found {
		if s.revision >= 0 {
			first = min(first, s.revision+1)
			out.Revisions[s.revision].Signature = signatureID(i)
		}
	}
	changes, err := compare(ctx, file, found, first)
	if err != nil {
		return err
	}
	for _, c := range changes {
		r := &out.Revisions[c.index]
		r.Added, r.Freed = names(c.added), names(c.freed)
		changed := map[int]bool{}
		for number := range c.values {
			changed[number] = true
		}
		r.Changed = names(changed)
	}
	trailing, err := file.Trailing()
	if err != nil {
		return err
	}
	for _, s := range found {
		for _, c := range changes {
			if s.revision < 0 || c.index <= s.revision {
				continue
			}
			if len(s.changes) < limits.PDFModifications {
				s.changes = append(append(s.changes, c.modifications...), s.permission.forbids(c)...)
			}
		}
		if trailing >= 0 {
			s.changes = append(s.changes, facts.Modification{Revision: len(revisions) + 1, Kind: "undefined",
				Message: fmt.Sprintf("octets at offset %d, after the end of the last revision", trailing)})
		}
	}
	return nil
}

// compare judges the revisions from index first on. A document whose revisions cannot be followed at all has one change
// that says so.
func compare(ctx context.Context, file *pdf.File, found []*signature, first int) ([]*change, error) {
	if first >= len(file.Revisions()) {
		return nil, nil
	}
	var changes []*change
	failed := func(err error) ([]*change, error) {
		if !isFormatError(err) {
			return nil, err
		}
		c := &change{index: len(file.Revisions()) - 1}
		c.modified(0, "the later revisions cannot be judged: %v", err)
		return append(changes, c), nil
	}
	g, touched, err := newGraph(ctx, file, first)
	if err != nil {
		return failed(err)
	}
	if err := g.walk(ctx, file.At(first-1)); err != nil {
		return failed(err)
	}
	byField := map[pdf.Ref][]*signature{}
	for _, s := range found {
		byField[s.field.ref] = append(byField[s.field.ref], s)
	}
	forms := &form{}
	for i := first; i < len(touched); i++ {
		c := &change{file: file, index: i, before: file.At(i - 1), after: file.At(i), graph: g, signatures: byField, forms: forms}
		if err := c.judge(ctx, touched[i]); err != nil {
			return failed(err)
		}
		changes = append(changes, c)
	}
	return changes, nil
}

func signatureID(i int) string { return fmt.Sprintf("S-%d", i+1) }

// names lists objects as "12 0" does references; at most limits.PDFListed of them.
func names(numbers map[int]bool) (out []string) {
	for _, number := range slices.Sorted(maps.Keys(numbers)) {
		if len(out) == limits.PDFListed {
			break
		}
		out = append(out, pdf.Ref{Number: number}.String())
	}
	return out
}
