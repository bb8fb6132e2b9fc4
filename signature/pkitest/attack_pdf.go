package pkitest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// A pdfUpdate is an incremental update (ISO 32000-2 §7.5.6) to append to a document, sound or not. It is the opposite of
// pdf.Update, which writes nothing wrong.
type pdfUpdate struct {
	base    []byte
	trailer pdf.Dict // of the last revision, to be changed
	prev    int64
	next    int
	stream  bool // the cross-reference section is a stream
	objects []pdfObject
	free    []pdfObject // numbers that become free, with their next generation

	hidden                              map[int]bool // indexes of objects that the section does not list
	pointers                            map[int]int  // numbers that the section lists at offsets where nothing is appended
	noSection, noTrailer, noEnd, noMark bool         // neither xref nor trailer; no trailer; no startxref; no %%EOF
	size                                int          // /Size instead of the right one
	skip                                bool         // the attack does not concern this document
}

type pdfObject struct {
	number, generation int
	body               string // between obj and endobj
}

// put writes an object, of generation 0.
func (u *pdfUpdate) put(number int, body string) {
	u.objects = append(u.objects, pdfObject{number, 0, body})
}

// add writes a new object and returns its reference.
func (u *pdfUpdate) add(body string) string {
	u.next++
	u.put(u.next-1, body)
	return pdf.Ref{Number: u.next - 1}.String() + " R"
}

func streamBody(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// bytes is the document with the update behind it.
func (u *pdfUpdate) bytes() []byte {
	out := append(bytes.Clone(u.base), '\n')
	type entry struct {
		pdfObject
		kind   byte
		offset int
	}
	var entries []entry
	for i, o := range u.objects {
		if !u.hidden[i] {
			entries = append(entries, entry{o, 'n', len(out)})
		}
		out = fmt.Appendf(out, "%d %d obj\n%s\nendobj\n", o.number, o.generation, o.body)
	}
	for _, o := range u.free {
		entries = append(entries, entry{o, 'f', 0})
	}
	for number, at := range u.pointers {
		entries = append(entries, entry{pdfObject{number, 0, ""}, 'n', at})
	}
	section := len(out)
	trailer := u.trailer.Without("Prev", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "XRefStm")
	if u.prev >= 0 {
		trailer = trailer.With("Prev", pdf.Integer(u.prev))
	}
	size := u.size
	if size == 0 {
		size = u.next
		if u.stream {
			size++
		}
	}
	trailer = trailer.With("Size", pdf.Integer(size))
	slices.SortStableFunc(entries, func(a, b entry) int { return a.number - b.number })
	if u.stream && !u.noSection {
		self := entry{pdfObject{u.next, 0, ""}, 'n', section}
		var index, data []byte
		for _, e := range append(entries, self) {
			index = fmt.Appendf(index, "%d 1 ", e.number)
			kind := byte(1)
			if e.kind == 'f' {
				kind = 0
			}
			data = append(data, kind, byte(e.offset>>24), byte(e.offset>>16), byte(e.offset>>8), byte(e.offset), byte(e.generation>>8), byte(e.generation))
		}
		dict := strings.TrimSuffix(strings.TrimPrefix(string(pdf.Append(nil, trailer)), "<<"), ">>")
		out = fmt.Appendf(out, "%d 0 obj\n<<%s/Type/XRef/W[1 4 2]/Index[%s]/Length %d>>\nstream\n%s\nendstream\nendobj\n", u.next, dict, index, len(data), data)
	}
	if !u.stream && !u.noSection {
		out = append(out, "xref\n"...)
		for _, e := range entries {
			out = fmt.Appendf(out, "%d 1\n%010d %05d %c \n", e.number, e.offset, e.generation, e.kind)
		}
		if !u.noTrailer {
			out = append(pdf.Append(append(out, "trailer\n"...), trailer), '\n')
		}
	}
	if !u.noEnd {
		out = fmt.Appendf(out, "startxref\n%d\n", section)
	}
	if !u.noMark {
		out = append(out, "%%EOF\n"...)
	}
	return out
}

// A pdfScene is one signed document about to be attacked: its last signature, and what a reader shows first.
type pdfScene struct {
	file  []byte
	state *pdf.State
	// section is the offset of the last cross-reference section, before that of the revision before the last signature; -1 for
	// none.
	section, before int64
	stream          bool
	catalog         pdf.Dict
	root            int
	pages           pdf.Ref
	page            pdf.Dict
	pageRef         pdf.Ref
	contents        pdf.Ref // of the page: its stream, or the first of them; zero when it has none
	form            pdf.Dict
	formRef         int // 0 when it is in the catalog
	field           pdf.Dict
	fieldRef        pdf.Ref
	signature       pdf.Dict
	signatureRef    pdf.Ref
	gap, gapEnd     int // of /Contents, angle brackets included
	twin            []byte
}

// readScene finds the last signature of a document, timestamps aside. Its dictionary must be an object of its own, as must be
// the page and the field: that is how nearly everybody writes them.
func readScene(file []byte) (*pdfScene, error) {
	refuse := func(what string) error { return fmt.Errorf("%w: %s", ErrNoAttack, what) }
	f, err := pdf.Open(context.Background(), bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAttack, err)
	}
	x := &pdfScene{file: file, state: f.Last(), twin: file, section: -1, before: -1}
	x.section = startxref(file)
	if prev, ok := x.state.Trailer().Get("Prev").(pdf.Integer); ok {
		x.before = int64(prev)
	}
	revisions := f.Revisions()
	x.stream = revisions[len(revisions)-1].Stream
	catalog, ref, err := x.state.Catalog()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAttack, err)
	}
	x.catalog, x.root = catalog, ref.Number
	var ok bool
	if x.pages, ok = catalog.Get("Pages").(pdf.Ref); !ok {
		return nil, refuse("the page tree is not an object of its own")
	}
	if !x.firstPage(x.pages, 0) {
		return nil, refuse("no page")
	}
	formRef, _ := catalog.Get("AcroForm").(pdf.Ref)
	x.formRef = formRef.Number
	if x.form, err = x.state.Dict(catalog.Get("AcroForm")); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAttack, err)
	}
	fields, err := x.state.Array(x.form.Get("Fields"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAttack, err)
	}
	for _, o := range fields {
		x.consider(o)
	}
	if x.signature == nil {
		return nil, refuse("no signature of its own object")
	}
	return x, nil
}

// firstPage goes down the page tree.
func (x *pdfScene) firstPage(ref pdf.Ref, depth int) bool {
	dict, err := x.state.Dict(ref)
	if err != nil || depth > 20 {
		return false
	}
	if dict.Get("Type") != pdf.Name("Page") {
		kids, err := x.state.Array(dict.Get("Kids"))
		if err != nil {
			return false
		}
		for _, o := range kids {
			if kid, ok := o.(pdf.Ref); ok && x.firstPage(kid, depth+1) {
				return true
			}
		}
		return false
	}
	contents := dict.Get("Contents")
	if list, err := x.state.Array(contents); err == nil && len(list) > 0 {
		contents = list[0]
	}
	x.page, x.pageRef = dict, ref
	x.contents, _ = contents.(pdf.Ref)
	return true
}

// consider takes a field if its signature ends later than the one that was found.
func (x *pdfScene) consider(o pdf.Object) {
	fieldRef, ok := o.(pdf.Ref)
	field, err := x.state.Dict(o)
	if err != nil || !ok {
		return
	}
	ref, ok := field.Get("V").(pdf.Ref)
	if !ok {
		return
	}
	signature, err := x.state.Dict(ref)
	if err != nil {
		return
	}
	contents, ok := signature.Get("Contents").(pdf.String)
	if !ok || contents.Start < 0 || int(contents.Start) < x.gap || signature.Get("SubFilter") == pdf.Name("ETSI.RFC3161") {
		return
	}
	x.field, x.fieldRef, x.signature, x.signatureRef = field, fieldRef, signature, ref
	x.gap, x.gapEnd = int(contents.Start), int(contents.End)
}

// update begins an incremental update.
func (x *pdfScene) update() *pdfUpdate {
	size, _ := x.state.Trailer().Get("Size").(pdf.Integer)
	return &pdfUpdate{base: x.file, trailer: x.state.Trailer(), prev: x.section, next: int(size), stream: x.stream, hidden: map[int]bool{}, pointers: map[int]int{}}
}

// source writes an object.
func source(o pdf.Object) string { return string(pdf.Append(nil, o)) }

// forgedText is what a reader shows instead of what was signed.
const forgedText = "BT /F1 24 Tf 72 700 Td (Cent mille euros) Tj ET"

// forgeContents replaces what the first page shows.
func (x *pdfScene) forgeContents(u *pdfUpdate) {
	if x.contents.Number == 0 {
		u.put(x.pageRef.Number, source(x.page.With("Contents", pdf.Raw(u.add(streamBody("", forgedText))))))
		return
	}
	u.put(x.contents.Number, streamBody("", forgedText))
}

// needContents skips an attack on the contents of a page that has none.
func (x *pdfScene) needContents(u *pdfUpdate) { u.skip = u.skip || x.contents.Number == 0 }

// putCatalog writes the catalog again.
func (x *pdfScene) putCatalog(u *pdfUpdate, key pdf.Name, value string) {
	u.put(x.root, source(x.catalog.With(key, pdf.Raw(value))))
}

// putForm writes the form again, where it is.
func (x *pdfScene) putForm(u *pdfUpdate, form pdf.Dict) {
	if x.formRef == 0 {
		u.put(x.root, source(x.catalog.With("AcroForm", form)))
		return
	}
	u.put(x.formRef, source(form))
}

// grown is an array with one more element.
func (x *pdfScene) grown(o pdf.Object, element string) pdf.Array {
	list, err := x.state.Array(o)
	if err != nil {
		return pdf.Array{pdf.Raw(element)}
	}
	return append(slices.Clone(list), pdf.Raw(element))
}

// startxref is the offset that a document gives of its last cross-reference section.
func startxref(file []byte) int64 {
	at := bytes.LastIndex(file, []byte("startxref"))
	var offset int64 = -1
	if at >= 0 {
		fmt.Sscan(string(file[at+len("startxref"):min(len(file), at+40)]), &offset)
	}
	return offset
}
