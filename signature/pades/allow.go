package pades

import (
	"context"
	"slices"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// catalog allows a catalog to differ by its form, its document security store and its list of extensions.
func (c *change) catalog(ctx context.Context) error {
	was, ref, err := c.before.Catalog()
	if err != nil {
		return err
	}
	is, _, err := c.after.Catalog()
	if err != nil {
		return err
	}
	for _, key := range pdf.DiffKeys(was, is) {
		switch key {
		case "AcroForm", "DSS", "Extensions":
			continue
		case "Version":
			if laterVersion(c.file, was.Get(key), is.Get(key)) {
				continue
			}
		case "Metadata":
			if same, err := c.metadata(ctx, was.Get(key), is.Get(key)); err != nil {
				return err
			} else if same {
				continue
			}
		}
		c.modified(ref.Number, "/%s of the catalog is changed", key)
	}
	c.explained[ref.Number] = true
	if err := c.catch(ref.Number, c.extensions(ref.Number, was.Get("Extensions"), is.Get("Extensions"))); err != nil {
		return err
	}
	if err := c.acroForm(was.Get("AcroForm"), is.Get("AcroForm")); err != nil {
		return err
	}
	return c.securityStore(ref.Number, was.Get("DSS"), is.Get("DSS"))
}

// extensions accepts any list of extensions of the standard (ISO 32000-2 §7.12): names and numbers that change nothing of
// how a document shows, and that the PAdES profiles ask for.
func (c *change) extensions(catalog int, was, is pdf.Object) error {
	list, err := c.after.Dict(is)
	if err != nil {
		return err
	}
	holder := c.explain(is, parent{catalog, "Extensions"})
	for _, e := range list {
		if e.Key == "Type" {
			continue
		}
		if holder == 0 {
			holder = catalog
		}
		developers := pdf.Array{e.Value}
		if array, err := c.after.Array(e.Value); err == nil {
			developers = array
			if number := c.explain(e.Value, parent{holder, e.Key}); number != 0 {
				holder = number
			}
		}
		for _, o := range developers {
			developer, err := c.after.Dict(o)
			if err != nil {
				return err
			}
			for _, e := range developer {
				switch e.Value.(type) {
				case pdf.Name, pdf.Integer, pdf.String:
				default:
					if !pdf.Equal(was, is) {
						c.modified(catalog, "/Extensions holds something else than names and numbers")
					}
					return nil
				}
			}
			c.explain(o, parent{holder, e.Key})
		}
	}
	return nil
}

// explain allows the object that o designates, if any, to have changed, provided that nothing else designates it: what it
// shares with the rest of the document would change too. It returns its number.
func (c *change) explain(o pdf.Object, only parent) int {
	ref, ok := o.(pdf.Ref)
	if !ok {
		return 0
	}
	for _, p := range c.graph.parents[ref.Number] {
		if p != only && (p.number != only.number || only.key != "") {
			return ref.Number
		}
	}
	c.explained[ref.Number] = true
	return ref.Number
}

// acroForm allows a form to grow by signature fields that are signed in this revision, and its fields that wait for a
// signature to be signed.
func (c *change) acroForm(was, is pdf.Object) error {
	before, err := c.before.Dict(was)
	if err != nil {
		return err
	}
	after, err := c.after.Dict(is)
	if err != nil {
		return err
	}
	number := 0
	if ref, ok := is.(pdf.Ref); ok {
		number = ref.Number
		c.explained[number] = c.owned(number, "AcroForm")
	}
	if c.names, c.signaturesOnly, err = c.forms.names(c.before); err != nil {
		return err
	}
	for _, key := range pdf.DiffKeys(before, after) {
		switch key {
		case "Fields":
		case "DR", "DA":
			// Defaults of fields that say nothing: they could make a text appear that was signed without showing.
			if !c.signaturesOnly {
				c.modified(number, "/%s of a form with other fields than signatures is changed", key)
			}
		case "SigFlags": // §12.7.3: only says that there are signatures, and that they want incremental updates
			old, _ := before.Get(key).(pdf.Integer)
			if flags, ok := after.Get(key).(pdf.Integer); !ok || (flags^old)&^sigFlags != 0 || old&^flags != 0 {
				c.modified(number, "/SigFlags of the form is changed")
			}
		default:
			c.modified(number, "/%s of the form is changed", key)
		}
	}
	return c.fieldList(number, before.Get("Fields"), after.Get("Fields"))
}

// fieldList allows the list of fields to grow.
func (c *change) fieldList(number int, was, is pdf.Object) error {
	before, err := c.before.Array(was)
	if err != nil {
		return err
	}
	after, err := c.after.Array(is)
	if err != nil {
		return err
	}
	new, ok := grown(before, after)
	if !ok {
		c.modified(number, "fields of the form are taken away or moved")
	}
	if ref, ok := is.(pdf.Ref); ok && c.owned(ref.Number, "Fields") {
		c.explained[ref.Number] = true
	}
	for _, o := range new {
		if err := c.newField(o); err != nil {
			return err
		}
	}
	return c.signedFields()
}

// grown returns what after has more than before, in which every element of before must still be, in its order.
func grown(before, after pdf.Array) (new pdf.Array, ok bool) {
	i := 0
	for _, o := range after {
		if i < len(before) && pdf.Equal(o, before[i]) {
			i++
			continue
		}
		new = append(new, o)
	}
	return new, i == len(before)
}

// owned reports whether nothing but that key designates an object.
func (c *change) owned(number int, keys ...pdf.Name) bool {
	for _, p := range c.graph.parents[number] {
		if !slices.Contains(keys, p.key) {
			return false
		}
	}
	return true
}

// What a field that is signed in a later revision may hold: no action, no script, no value that is shown apart from its
// appearance (ISO 32000-2 tables 166, 191, 226, 231, 232, 234).
var fieldKeys = []pdf.Name{"Type", "Subtype", "FT", "T", "TU", "TM", "Ff", "V", "DV", "Kids", "Lock", "SV", "DA", "Q", "DS",
	"Rect", "P", "NM", "M", "F", "AP", "AS", "Border", "C", "MK", "BS", "H", "StructParent", "Parent", "Contents", "DR"}

// newField allows a signature field, new, and signed by a signature that closes this revision.
func (c *change) newField(o pdf.Object) error {
	ref, ok := o.(pdf.Ref)
	if !ok {
		c.modified(0, "a field that is not an object of its own is added to the form")
		return nil
	}
	dict, err := c.after.Dict(ref)
	if err != nil {
		return err
	}
	if !c.added[ref.Number] {
		c.modified(ref.Number, "an object that was there is added to the form")
		return nil
	}
	if !c.plainField(ref, dict) {
		return nil
	}
	if dict.Get("FT") != pdf.Name("Sig") {
		c.modified(ref.Number, "a field that is not a signature is added to the form")
		return nil
	}
	by := c.signs(ref, dict)
	if by == nil {
		c.modified(ref.Number, "a field is added that no signature of this revision fills")
		return nil
	}
	if dict.Get("Parent") != nil || !c.newName(dict) {
		c.modified(ref.Number, "a field is added that has no name of its own")
	}
	return c.fieldWidgets(ref, dict, by)
}

// newName reports whether a field has a name that no field of the earlier revision has: two of one name are one field.
func (c *change) newName(dict pdf.Dict) bool {
	name, ok := dict.Get("T").(pdf.String)
	return ok && len(name.Value) > 0 && !c.names[pdf.ReadText(name.Value)]
}

func (c *change) plainField(ref pdf.Ref, dict pdf.Dict) bool {
	for _, e := range dict {
		if !slices.Contains(fieldKeys, e.Key) {
			c.modified(ref.Number, "the field that is added has /%s", e.Key)
			return false
		}
	}
	return true
}

// fieldWidgets notes the widget annotations of a new field: itself, or its children. Those of a document timestamp, which
// no verdict on the document counts and which every author allows, may show nothing.
func (c *change) fieldWidgets(ref pdf.Ref, dict pdf.Dict, by *signature) error {
	shown := by.timestamp() && (dict.Get("Subtype") != nil || dict.Get("Rect") != nil) && !emptyRect(dict)
	if shown {
		c.modified(ref.Number, "the field of a document timestamp is not invisible")
	} else if dict.Get("Subtype") == pdf.Name("Widget") {
		c.widgets[ref.Number] = true
	}
	kids, err := c.after.Array(dict.Get("Kids"))
	if err != nil {
		return err
	}
	for _, o := range kids {
		kid, ok := o.(pdf.Ref)
		if !ok || !c.added[kid.Number] {
			c.modified(ref.Number, "the field that is added takes an object that was there")
			continue
		}
		widget, err := c.after.Dict(kid)
		if err != nil {
			return err
		}
		if !c.plainField(kid, widget) {
			continue
		}
		if widget.Get("Subtype") != pdf.Name("Widget") || widget.Get("T") != nil || widget.Get("Kids") != nil || widget.Get("V") != nil ||
			widget.Get("Parent") != nil && widget.Get("Parent") != ref {
			c.modified(kid.Number, "a child of the field that is added is more than its annotation")
			continue
		}
		if by.timestamp() && !emptyRect(widget) {
			c.modified(kid.Number, "the field of a document timestamp is not invisible")
			continue
		}
		c.widgets[kid.Number] = true
	}
	return nil
}

// emptyRect reports whether an annotation has neither width nor height, as that of a signature that is not to be seen (ISO
// 32000-2 §12.7.5.5).
func emptyRect(widget pdf.Dict) bool {
	rect, ok := widget.Get("Rect").(pdf.Array)
	if !ok || len(rect) != 4 {
		return false
	}
	for _, o := range rect {
		switch o.(type) {
		case pdf.Integer, pdf.Real:
		default:
			return false
		}
	}
	return rect[0] == rect[2] && rect[1] == rect[3]
}

// signs returns the signature or document timestamp that is the value of a field and closes this revision or, when the field
// is empty, the one that will fill it and closes a later one; nil when there is none. One that nobody can read or judge
// fills nothing: it would bring an appearance and no verdict.
func (c *change) signs(ref pdf.Ref, dict pdf.Dict) *signature {
	for _, s := range c.signatures[ref] {
		if !s.covers || s.unfit || fatal(s.problems) {
			continue
		}
		if dict.Get("V") == nil && s.revision > c.index {
			c.brings = max(c.brings, signing)
			return s
		}
		if s.first == c.index && s.revision == c.index && pdf.Equal(s.value, dict.Get("V")) {
			if !s.timestamp() {
				c.brings = max(c.brings, signing)
			}
			return s
		}
	}
	return nil
}

// signedFields allows the fields that were waiting for a signature to receive the one that closes this revision: a value
// and an appearance, nothing else; a value alone if it is a document timestamp.
func (c *change) signedFields() error {
	for number, value := range c.values {
		was, ok1 := value.was.(pdf.Dict)
		is, ok2 := value.is.(pdf.Dict)
		if !ok1 || !ok2 || was.Get("V") != nil || is.Get("V") == nil {
			continue
		}
		by := c.signs(pdf.Ref{Number: number}, is)
		if by == nil {
			continue
		}
		allowed := true
		for _, key := range pdf.DiffKeys(was, is) {
			allowed = allowed && (key == "V" || !by.timestamp() && plainSigning(key, is.Get(key)))
		}
		if allowed {
			c.explained[number] = true
			c.filled = append(c.filled, by.name)
		}
	}
	return nil
}

// plainSigning accepts what changes in a field that is signed.
func plainSigning(key pdf.Name, value pdf.Object) (ok bool) {
	switch key {
	case "AP":
		return true
	case "F": // flags
		_, ok = value.(pdf.Integer)
	case "M", "DA":
		_, ok = value.(pdf.String)
	case "AS":
		_, ok = value.(pdf.Name)
	case "MK":
		_, ok = value.(pdf.Dict)
	}
	return ok
}

// page allows a page to differ by the annotations of new signature fields.
func (c *change) page(_ context.Context, number int, value pair) (bool, error) {
	was, ok1 := value.was.(pdf.Dict)
	is, ok2 := value.is.(pdf.Dict)
	if !ok1 || !ok2 || was.Get("Type") != pdf.Name("Page") {
		return false, nil
	}
	for _, key := range pdf.DiffKeys(was, is) {
		if key != "Annots" {
			return false, nil
		}
	}
	before, err := c.before.Array(was.Get("Annots"))
	if err != nil {
		return false, err
	}
	after, err := c.after.Array(is.Get("Annots"))
	if err != nil {
		return false, err
	}
	return c.onlyWidgets(before, after), nil
}

// annotations allows the same of the array itself, when it is an object of its own.
func (c *change) annotations(_ context.Context, number int, value pair) (bool, error) {
	was, ok1 := value.was.(pdf.Array)
	is, ok2 := value.is.(pdf.Array)
	if !ok1 || !ok2 || !c.owned(number, "Annots") {
		return false, nil
	}
	return c.onlyWidgets(was, is), nil
}

func (c *change) onlyWidgets(before, after pdf.Array) bool {
	new, ok := grown(before, after)
	for _, o := range new {
		ref, isRef := o.(pdf.Ref)
		ok = ok && isRef && c.widgets[ref.Number]
	}
	return ok
}
