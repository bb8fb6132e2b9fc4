package pades

import (
	"context"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

// A field is a node of the form that is, or may become, a signature field (ISO 32000-2 §12.7.5.5).
type field struct {
	name  string // fully qualified (§12.7.4.2)
	ref   pdf.Ref
	dict  pdf.Dict
	value pdf.Object // /V
}

// A form lists the signature fields of one state of the document, and remembers the nodes of its tree from one state to the
// next: most of them do not change.
type form struct {
	nodes map[pdf.Location]pdf.Dict
}

// signatureFields walks the tree of fields. A node that is met twice is passed over: trees have no loops. Fields that have a
// damaged node are an error: it could be a signature.
func (f *form) signatureFields(ctx context.Context, state *pdf.State) ([]field, error) {
	w := fieldWalk{form: f, state: state, ctx: ctx, seen: map[int]bool{}}
	err := w.start()
	return w.found, err
}

// start visits the roots.
func (w *fieldWalk) start() error {
	catalog, _, err := w.state.Catalog()
	if err != nil {
		return err
	}
	acroForm, err := w.state.Dict(catalog.Get("AcroForm"))
	if err != nil || acroForm == nil {
		return err
	}
	roots, err := w.state.Array(acroForm.Get("Fields"))
	if err != nil {
		return err
	}
	for _, root := range roots {
		if err := w.visit(root, "", nil, 0); err != nil {
			return err
		}
	}
	return nil
}

type fieldWalk struct {
	form   *form
	state  *pdf.State
	ctx    context.Context
	seen   map[int]bool
	found  []field
	nodes  int
	others bool            // a field is met that is no signature
	names  map[string]bool // filled when it is not nil
}

func (w *fieldWalk) visit(o pdf.Object, parent string, inherited pdf.Object, depth int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.nodes++; w.nodes > limits.PDFFields || depth > limits.PDFFieldDepth {
		return fmt.Errorf("%w: a form of more than %d fields, or more than %d deep", ErrLimit, limits.PDFFields, limits.PDFFieldDepth)
	}
	ref, isRef := o.(pdf.Ref)
	if isRef {
		if w.seen[ref.Number] {
			return nil
		}
		w.seen[ref.Number] = true
	}
	dict, err := w.node(o, ref, isRef)
	if err != nil || dict == nil {
		return err
	}
	name := parent
	title, err := w.state.Resolve(dict.Get("T")) // a name that is an object of its own names the field all the same
	if err != nil {
		return err
	}
	partial, named := title.(pdf.String)
	if named {
		if name != "" {
			name += "."
		}
		name += pdf.ReadText(partial.Value)
		if w.names != nil {
			w.names[name] = true
		}
	}
	kind := dict.Get("FT")
	if kind == nil {
		kind = inherited
	}
	if kind, err = w.state.Resolve(kind); err != nil {
		return err
	}
	if kind == pdf.Name("Sig") && (named || dict.Get("V") != nil) {
		w.found = append(w.found, field{name: name, ref: ref, dict: dict, value: dict.Get("V")})
	}
	w.others = w.others || kind != nil && kind != pdf.Name("Sig")
	kids, err := w.state.Array(dict.Get("Kids"))
	if err != nil {
		return err
	}
	for _, kid := range kids {
		if err := w.visit(kid, name, kind, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// node returns a field dictionary, from memory if it is where it was.
func (w *fieldWalk) node(o pdf.Object, ref pdf.Ref, isRef bool) (pdf.Dict, error) {
	if !isRef {
		return w.state.Dict(o)
	}
	at, err := w.state.Locate(ref.Number)
	if err != nil {
		return nil, err
	}
	if dict, ok := w.form.nodes[at]; ok && at.Present() {
		return dict, nil
	}
	dict, err := w.state.Dict(o)
	if err == nil && at.Present() && weight(dict) < keptWeight {
		if w.form.nodes == nil {
			w.form.nodes = map[pdf.Location]pdf.Dict{}
		}
		w.form.nodes[at] = dict
	}
	return dict, err
}

// keptWeight is the weight of the nodes that a form remembers: fields have some tens of values.
const keptWeight = 256

// names returns the names of the fields of a state, fully qualified, and whether all of them are signatures.
func (f *form) names(state *pdf.State) (names map[string]bool, signaturesOnly bool, err error) {
	w := fieldWalk{form: f, state: state, ctx: context.Background(), seen: map[int]bool{}, names: map[string]bool{}}
	if err := w.start(); err != nil {
		return nil, false, err
	}
	return w.names, !w.others, nil
}
