package pades

import (
	"context"
	"fmt"
	"strconv"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

// A builder puts a signature field into the form of a document, and its annotation on the first page.
type builder struct {
	request
	state  *pdf.State
	update *pdf.Update

	value     pdf.Ref   // of the signature dictionary
	reference pdf.Array // its /Reference, when the field has a lock
	width     int       // of the numbers of /ByteRange
}

// Flags of the annotation (ISO 32000-2 §12.5.3): Print and Locked, as PDF/A and PAdES want of one that does not show.
const widgetFlags = 4 | 128

// sigFlags of a form: it has signatures, and wants nothing but incremental updates (§12.7.3).
const sigFlags = 1 | 2

func (b *builder) build(ctx context.Context, file *pdf.File) error {
	catalog, root, err := b.state.Catalog()
	if err != nil {
		return err
	}
	fields, err := (&form{}).signatureFields(ctx, b.state)
	if err != nil {
		return err
	}
	var waiting *field
	for i := range fields {
		if fields[i].name == b.Field && b.Field != "" {
			waiting = &fields[i]
		}
	}
	if err := permitted(ctx, file, waiting); err != nil {
		return err
	}
	b.value = b.update.New()
	if waiting != nil {
		if err := b.sign(waiting, root); err != nil {
			return err
		}
		return b.acroForm(catalog, root, nil)
	}
	return b.add(catalog, root)
}

// permitted refuses to sign what a signature of the document forbids to sign.
func permitted(ctx context.Context, file *pdf.File, waiting *field) error {
	all, err := signatures(ctx, file)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.permission.level == 1 {
			return fmt.Errorf("%w: the signature of field %q allows no change", ErrForbidden, s.name)
		}
		if waiting != nil && s.permission.locked(waiting.name) {
			return fmt.Errorf("%w: the signature of field %q locks field %q", ErrForbidden, s.name, waiting.name)
		}
	}
	return nil
}

// sign fills a field that waits for a signature.
func (b *builder) sign(f *field, root pdf.Ref) error {
	switch value, err := b.state.Resolve(f.value); {
	case err != nil:
		return err
	case value != nil:
		return fmt.Errorf("%w: %q is already signed", ErrField, f.name)
	case f.ref == (pdf.Ref{}):
		return fmt.Errorf("%w: %q is not an object of its own", ErrField, f.name)
	}
	seed, err := b.state.Dict(f.dict.Get("SV"))
	if err != nil {
		return err
	}
	if flags, ok := seed.Get("Ff").(pdf.Integer); seed != nil && ok && flags != 0 {
		return fmt.Errorf("%w: %q has a seed value with requirements (ISO 32000-2 table 237), which this version does not follow", ErrField, f.name)
	}
	locked, err := b.state.Dict(f.dict.Get("Lock"))
	if err != nil {
		return err
	}
	if locked != nil { // §12.7.5.5: the signature then says by a FieldMDP transform what the lock says
		params := pdf.Dict{{Key: "Type", Value: pdf.Name("TransformParams")}, {Key: "V", Value: pdf.Name("1.2")}}
		for _, key := range []pdf.Name{"Action", "Fields", "P"} {
			value, err := b.state.Resolve(locked.Get(key))
			if err != nil {
				return err
			}
			if value != nil {
				params = params.With(key, value)
			}
		}
		b.reference = pdf.Array{pdf.Dict{{Key: "Type", Value: pdf.Name("SigRef")}, {Key: "TransformMethod", Value: pdf.Name("FieldMDP")},
			{Key: "TransformParams", Value: params}, {Key: "Data", Value: root}}}
	}
	b.update.Put(f.ref, f.dict.With("V", b.value))
	return nil
}

// add makes a new field, merged with its annotation.
func (b *builder) add(catalog pdf.Dict, root pdf.Ref) error {
	page, ref, err := b.firstPage(catalog)
	if err != nil {
		return err
	}
	name, err := b.newName(catalog)
	if err != nil {
		return err
	}
	field := b.update.New()
	b.update.Put(field, pdf.Dict{
		{Key: "Type", Value: pdf.Name("Annot")}, {Key: "Subtype", Value: pdf.Name("Widget")}, {Key: "FT", Value: pdf.Name("Sig")},
		{Key: "T", Value: pdf.Text(name)}, {Key: "V", Value: b.value}, {Key: "F", Value: pdf.Integer(widgetFlags)},
		{Key: "Rect", Value: pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Integer(0), pdf.Integer(0)}}, {Key: "P", Value: ref},
	})
	if err := b.grow(page, ref, "Annots", field); err != nil {
		return err
	}
	return b.acroForm(catalog, root, &field)
}

// grow appends to an array of a dictionary, where the array is: in the dictionary, or an object of its own.
func (b *builder) grow(holder pdf.Dict, ref pdf.Ref, key pdf.Name, element pdf.Object) error {
	list, err := b.state.Array(holder.Get(key))
	if err != nil {
		return err
	}
	grown := append(append(pdf.Array{}, list...), element)
	if own, ok := holder.Get(key).(pdf.Ref); ok && list != nil {
		b.update.Put(own, grown)
		return nil
	}
	b.update.Put(ref, holder.With(key, grown))
	return nil
}

// acroForm adds a field to the form, and says that there are signatures.
func (b *builder) acroForm(catalog pdf.Dict, root pdf.Ref, field *pdf.Ref) error {
	own, isRef := catalog.Get("AcroForm").(pdf.Ref)
	form, err := b.state.Dict(catalog.Get("AcroForm"))
	if err != nil {
		return err
	}
	if form == nil { // or a reference to nothing
		own, isRef = b.update.New(), false
		catalog = catalog.With("AcroForm", own)
		b.update.Put(root, catalog)
		b.update.Put(own, pdf.Dict{{Key: "Fields", Value: pdf.Array{*field}}, {Key: "SigFlags", Value: pdf.Integer(sigFlags)}})
		return nil
	}
	before := form
	flags, _ := form.Get("SigFlags").(pdf.Integer)
	if flags|sigFlags != flags {
		form = form.With("SigFlags", flags|sigFlags)
	}
	if field != nil {
		list, err := b.state.Array(form.Get("Fields"))
		if err != nil {
			return err
		}
		grown := append(append(pdf.Array{}, list...), *field)
		if array, ok := form.Get("Fields").(pdf.Ref); ok && list != nil {
			b.update.Put(array, grown)
		} else {
			form = form.With("Fields", grown)
		}
	}
	switch {
	case len(pdf.DiffKeys(before, form)) == 0:
	case isRef:
		b.update.Put(own, form)
	default:
		b.update.Put(root, catalog.With("AcroForm", form))
	}
	return nil
}

// newName is the name of the field to add. No field of the form may have it.
func (b *builder) newName(catalog pdf.Dict) (string, error) {
	form, err := b.state.Dict(catalog.Get("AcroForm"))
	if err != nil {
		return "", err
	}
	roots, err := b.state.Array(form.Get("Fields"))
	if err != nil {
		return "", err
	}
	if len(roots) > limits.PDFFields {
		return "", limitError("a form of more than %d fields", limits.PDFFields)
	}
	taken := map[string]bool{}
	for _, o := range roots {
		dict, err := b.state.Dict(o)
		if err != nil {
			return "", err
		}
		if partial, ok := dict.Get("T").(pdf.String); ok {
			taken[pdf.ReadText(partial.Value)] = true
		}
	}
	if b.Field != "" {
		if taken[b.Field] {
			return "", fmt.Errorf("%w: %q is not a signature field", ErrField, b.Field)
		}
		for _, c := range b.Field {
			if c == '.' { // §12.7.4.2
				return "", fmt.Errorf("%w: the name of a new field, %q, has a full stop", ErrField, b.Field)
			}
		}
		return b.Field, nil
	}
	for n := 1; ; n++ {
		if name := "Signature" + strconv.Itoa(n); !taken[name] {
			return name, nil
		}
	}
}

// firstPage walks down the page tree (§7.7.3), along its first leaf.
func (b *builder) firstPage(catalog pdf.Dict) (pdf.Dict, pdf.Ref, error) {
	ref, ok := catalog.Get("Pages").(pdf.Ref)
	if !ok {
		return nil, pdf.Ref{}, fmt.Errorf("%w: the catalog has no page tree", ErrDamaged)
	}
	page, ref, err := b.leaf(ref, 0, new(int))
	if err == nil && page == nil {
		err = fmt.Errorf("%w: the document has no page", ErrDamaged)
	}
	return page, ref, err
}

func (b *builder) leaf(ref pdf.Ref, depth int, visited *int) (pdf.Dict, pdf.Ref, error) {
	if *visited++; depth > limits.PDFPages || *visited > 1000 {
		return nil, ref, limitError("no page is found in the first %d nodes of the page tree", *visited)
	}
	dict, err := b.state.Dict(ref)
	if err != nil || dict == nil {
		return nil, ref, err
	}
	if dict.Get("Type") == pdf.Name("Page") {
		return dict, ref, nil
	}
	kids, err := b.state.Array(dict.Get("Kids"))
	if err != nil {
		return nil, ref, err
	}
	for _, o := range kids {
		kid, ok := o.(pdf.Ref)
		if !ok {
			return nil, ref, fmt.Errorf("%w: a node of the page tree, object %s, has a child that is not an object of its own", ErrDamaged, ref)
		}
		if page, at, err := b.leaf(kid, depth+1, visited); err != nil || page != nil {
			return page, at, err
		}
	}
	return nil, ref, nil
}
