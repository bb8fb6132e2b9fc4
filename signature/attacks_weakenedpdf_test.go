package signature_test

import (
	"bytes"
	"context"
	"errors"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

// pdf verifies every signature of the form of the last revision.
func (w weakened) pdf(file []byte) error {
	f, err := pdf.Open(context.Background(), bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return err
	}
	state := f.Last()
	catalog, _, err := state.Catalog()
	if err != nil {
		return err
	}
	form, err := state.Dict(catalog.Get("AcroForm"))
	if err != nil {
		return err
	}
	fields, err := state.Array(form.Get("Fields"))
	if err != nil {
		return err
	}
	found := 0
	for _, o := range fields {
		field, err := state.Dict(o)
		if err != nil {
			return err
		}
		value, err := state.Resolve(field.Get("V"))
		dict, ok := value.(pdf.Dict)
		if err != nil || !ok || dict.Get("SubFilter") == pdf.Name("ETSI.RFC3161") {
			continue
		}
		found++
		if err := w.signature(file, f, dict); err != nil {
			return err
		}
	}
	if found == 0 {
		return errors.New("no signature")
	}
	return nil
}

func (w weakened) signature(file []byte, f *pdf.File, dict pdf.Dict) error {
	if _, twice := pdf.Duplicate(dict); twice && w.checks("keys once") {
		return errors.New("a key twice")
	}
	list, _ := dict.Get("ByteRange").(pdf.Array)
	if len(list) < 4 || len(list)%2 != 0 || len(list) > 4 && w.checks("two ranges") {
		return errors.New("not two ranges")
	}
	var content []byte
	var at, end int64
	for i := 0; i < len(list); i += 2 {
		from, ok := list[i].(pdf.Integer)
		length, ok2 := list[i+1].(pdf.Integer)
		if !ok || !ok2 || from < 0 || length < 0 || int64(from)+int64(length) > int64(len(file)) {
			return errors.New("not a range")
		}
		if i == 0 && from != 0 && w.checks("from the start") {
			return errors.New("not from the start")
		}
		if i > 0 && int64(from) < end && w.checks("ranges in order") {
			return errors.New("ranges overlap")
		}
		if i == 2 {
			at = end
		}
		content = append(content, file[from:from+length]...)
		end = int64(from) + int64(length)
	}
	value, ok := dict.Get("Contents").(pdf.String)
	if !ok {
		return errors.New("no value")
	}
	after, _ := list[2].(pdf.Integer)
	if (value.Start != at || value.End != int64(after)) && w.checks("gap is the value") && w.checks("two ranges") && w.checks("ranges in order") {
		return errors.New("the gap is not the value")
	}
	if err := w.revisions(file, f, end); err != nil {
		return err
	}
	return w.embedded(value.Value, content)
}

func (w weakened) embedded(value, content []byte) error {
	sd, inside, size, err := cms.ParsePrefix(value)
	switch {
	case err != nil:
		return err
	case bytes.Trim(value[size:], "\x00") != nil && len(bytes.Trim(value[size:], "\x00")) > 0 && w.checks("padding"):
		return errors.New("the padding is not zero")
	case len(sd.SignerInfos) != 1 && w.checks("one signer"):
		return errors.New("not one signer")
	case inside != nil && w.checks("detached"):
		return errors.New("the message has a document of its own")
	case inside != nil:
		content = inside
	}
	return w.signers(sd, content)
}

// revisions refuses what later revisions change, but for a store in the catalog and what fills the form.
func (w weakened) revisions(file []byte, f *pdf.File, end int64) error {
	revisions := f.Revisions()
	covered := -1
	for i, r := range revisions {
		if r.End > 0 && (r.End == end || r.End+1 == end) {
			covered = i
		}
	}
	trailing, err := f.Trailing()
	if err != nil || covered < 0 && w.checks("to the end") || trailing >= 0 && w.checks("to the end") {
		return errors.New("not to the end of a revision")
	}
	if covered < 0 || !w.checks("later revisions") {
		return nil
	}
	for i := covered + 1; i < len(revisions); i++ {
		before, after := f.At(i-1), f.At(i)
		_, root, err := before.Catalog()
		if err != nil {
			return err
		}
		if before.Trailer().Get("Root") != after.Trailer().Get("Root") || revisions[i].Hybrid {
			return errors.New("another catalog")
		}
		for number := range f.Listed(i) {
			was, err1 := before.Object(pdf.Ref{Number: number})
			is, err2 := after.Object(pdf.Ref{Number: number})
			if err1 != nil || err2 != nil || was.Value == nil || number == root.Number {
				continue
			}
			same, err := pdf.EqualObjects(context.Background(), before, was.Value, after, is.Value)
			if err != nil || !same && number != 7 && number != 8 { // the form and the annotations of the Forge's documents
				return errors.New("an object is changed")
			}
			if !same && number == 8 && w.annotated(after, is.Value) {
				return errors.New("an annotation is added")
			}
		}
	}
	return nil
}

// annotated says whether a list of annotations has one that belongs to no signature.
func (w weakened) annotated(state *pdf.State, o pdf.Object) bool {
	list, _ := o.(pdf.Array)
	for _, note := range list {
		dict, err := state.Dict(note)
		if err != nil || dict.Get("FT") != pdf.Name("Sig") {
			return true
		}
	}
	return false
}
