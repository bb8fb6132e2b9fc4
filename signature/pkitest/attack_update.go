package pkitest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// AttackPDF makes attacks of one sound signed PDF without any key of its signer: what anybody can do who has the file. The file
// must end with its last signature.
//
// The twin is the file itself or, where something is appended, the file with a document security store appended: an update that
// every validator must allow (EN 319 142-1 §5.4.2). The error matches [ErrNoAttack].
func AttackPDF(file []byte) ([]Attack, error) {
	if _, err := readScene(file); err != nil {
		return nil, err
	}
	var out []Attack
	for _, list := range [][]pdfRecipe{savingRecipes, documentRecipes, fieldRecipes, universalRecipes(), gapRecipes} {
		for _, r := range list {
			x, err := readScene(file) // a new one for each: recipes change what they like
			if err != nil {
				return nil, err
			}
			if r.appends {
				u := x.update()
				x.putCatalog(u, "DSS", "<</Certs["+u.add(streamBody("", string(stranger().DER)))+"]>>")
				x.twin = u.bytes()
			}
			if attacked := r.make(x); attacked != nil {
				out = append(out, Attack{Name: "pdf/" + r.name, Class: r.class, Source: r.source, About: r.about, Breaks: BreaksSignature,
					File: attacked, Twin: x.twin})
			}
		}
	}
	return out, nil
}

type pdfRecipe struct {
	name, class, source, about string
	appends                    bool // the twin has something appended too
	make                       func(*pdfScene) []byte
}

const (
	trillion      = "Mladenov et al., CCS 2019"
	shadow        = "Mainka et al., NDSS 2021"
	certification = "Rohlmann et al., IEEE S&P 2021"
)

func appending(name, class, source, about string, edit func(*pdfScene, *pdfUpdate)) pdfRecipe {
	return pdfRecipe{name, class, source, about, true, func(x *pdfScene) []byte {
		u := x.update()
		if edit(x, u); u.skip {
			return nil
		}
		return u.bytes()
	}}
}

func saving(name, about string, edit func(*pdfScene, *pdfUpdate)) pdfRecipe {
	return appending("saving-"+name, "incremental saving", trillion, about, edit)
}

// savingRecipes: what a page shows is appended, in every state of completeness that some reader accepts.
var savingRecipes = []pdfRecipe{
	saving("contents", "the contents of the page are replaced", func(x *pdfScene, u *pdfUpdate) { x.forgeContents(u) }),
	saving("no-section", "the same, by an object alone", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.noSection, u.noEnd, u.noMark = true, true, true
	}),
	saving("no-section-marked", "the same, by an object and the end of a file", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.noSection, u.noEnd = true, true
	}),
	saving("no-trailer", "the same, without a trailer", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.stream, u.noTrailer = false, true
	}),
	saving("no-startxref", "the same, without startxref", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.noEnd = true
	}),
	saving("no-mark", "the same, without %%EOF", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.noMark = true
	}),
	saving("old-startxref", "the same, with a startxref that designates the section that was signed", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.noSection, u.noEnd, u.noMark = true, true, true
		u.base = []byte(string(u.bytes()) + fmt.Sprintf("startxref\n%d\n%%%%EOF\n", x.section))
		u.objects = nil
	}),
	saving("unlisted", "the same, by an object that the cross-reference does not list", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.add("null")
		u.hidden[0] = true
	}),
	saving("twice", "two objects of one number are appended, one of them as it was", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.pageRef.Number, source(x.page.With("Contents", pdf.Raw(u.add(streamBody("", forgedText))))))
		u.put(x.pageRef.Number, source(x.page))
		u.hidden[1] = true
	}),
	saving("signature-copied", "the same, with a copy of the signature dictionary, as some readers look for one in the last update", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.put(x.signatureRef.Number, source(x.signature))
	}),
	saving("in-object-stream", "the page is redefined in an object stream", func(x *pdfScene, u *pdfUpdate) {
		page := source(x.page.With("Contents", pdf.Raw(u.add(streamBody("", forgedText)))))
		head := fmt.Sprintf("%d 0 ", x.pageRef.Number)
		container := u.next
		u.add(streamBody(fmt.Sprintf("/Type/ObjStm/N 1/First %d", len(head)), head+page))
		at := len(u.bytesSoFar())
		row := []byte{1, byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at), 0, 0}
		packed := []byte{2, byte(container >> 24), byte(container >> 16), byte(container >> 8), byte(container), 0, 0}
		places := u.offsets()
		first := places[container-1]
		data := append(packed, 1, byte(first>>24), byte(first>>16), byte(first>>8), byte(first), 0, 0)
		first = places[container]
		data = append(data, 1, byte(first>>24), byte(first>>16), byte(first>>8), byte(first), 0, 0)
		data = append(data, row...)
		dict := strings.TrimSuffix(strings.TrimPrefix(source(u.trailer.Without("Prev", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "XRefStm").
			With("Prev", pdf.Integer(u.prev)).With("Size", pdf.Integer(u.next+1))), "<<"), ">>")
		file := fmt.Appendf(u.bytesSoFar(), "%d 0 obj\n<<%s/Type/XRef/W[1 4 2]/Index[%d 1 %d 1 %d 1 %d 1]/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
			u.next, dict, x.pageRef.Number, container-1, container, u.next, len(data), data, at)
		*u = pdfUpdate{base: file, noSection: true, noEnd: true, noMark: true}
	}),
	saving("hybrid", "the contents are redefined in a stream that only newer readers look at", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		x.forgeContents(u)
		file := u.bytesSoFar()
		places := u.offsets()
		at, place := len(file), places[x.contents.Number]
		row := []byte{1, byte(place >> 24), byte(place >> 16), byte(place >> 8), byte(place), 0, 0}
		file = fmt.Appendf(file, "%d 0 obj\n<</Type/XRef/W[1 4 2]/Index[%d 1]/Size %d/Length 7>>\nstream\n%s\nendstream\nendobj\n", u.next, x.contents.Number, u.next+1, row)
		section := len(file)
		trailer := u.trailer.Without("Type", "W", "Index", "Length", "Filter", "DecodeParms").With("Prev", pdf.Integer(u.prev)).
			With("Size", pdf.Integer(u.next+1)).With("XRefStm", pdf.Integer(at))
		file = fmt.Appendf(file, "xref\n0 0\ntrailer\n%s\nstartxref\n%d\n%%%%EOF\n", source(trailer), section)
		*u = pdfUpdate{base: file, noSection: true, noEnd: true, noMark: true}
	}),
	saving("previous-skipped", "the update follows the revision before the signature, which is no more of the document", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.prev = x.before
	}),
	saving("previous-itself", "the update follows itself", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.prev = int64(len(u.bytesSoFar()))
	}),
	saving("previous-beyond", "the update follows a section beyond the end of the file", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.prev = 1 << 40
	}),
	saving("previous-negative", "the update follows a section at a negative offset", func(x *pdfScene, u *pdfUpdate) {
		x.forgeContents(u)
		u.trailer = append(u.trailer.Without("Prev"), pdf.Entry{Key: "Prev", Value: pdf.Integer(-1)})
	}),
	saving("generation", "the contents are freed and the number used again, in generation 1", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		u.objects = append(u.objects, pdfObject{x.contents.Number, 1, streamBody("", forgedText)})
	}),
	saving("freed", "the contents are deleted", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		u.free = append(u.free, pdfObject{x.contents.Number, 1, ""})
	}),
	saving("size", "/Size leaves the contents out of the document", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		u.stream, u.size = false, x.contents.Number
	}),
	saving("size-grows-later", "the same, and a second update brings other contents back", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		u.stream, u.size = false, x.contents.Number
		file := u.bytes()
		second := x.update()
		second.stream, second.base, second.prev = false, file, startxref(file)
		x.forgeContents(second)
		*u = *second
	}),
	saving("in-contents", "the cross-reference places the page inside the value of the signature", func(x *pdfScene, u *pdfUpdate) {
		u.pointers[x.pageRef.Number] = x.gap + 1
	}),
	saving("old-place", "the cross-reference places the contents where another object is", func(x *pdfScene, u *pdfUpdate) {
		l, err := x.state.Locate(x.fieldRef.Number)
		if err != nil || l.Kind != pdf.InUse {
			u.skip = true
			return
		}
		x.needContents(u)
		u.pointers[x.contents.Number] = int(l.Offset)
	}),
	saving("trailing", "octets follow the end of the file", func(x *pdfScene, u *pdfUpdate) {
		*u = pdfUpdate{base: append(bytes.Clone(x.file), "9 0 obj\n(forged)\nendobj\n"...), noSection: true, noEnd: true, noMark: true}
	}),
	saving("encrypted", "an encryption dictionary is added", func(x *pdfScene, u *pdfUpdate) {
		u.trailer = u.trailer.With("Encrypt", pdf.Raw("<</Filter/Standard/V 1/R 2/O<"+strings.Repeat("00", 32)+">/U<"+strings.Repeat("00", 32)+">/P -4>>"))
		x.forgeContents(u)
	}),
	saving("after-the-store", "contents are replaced behind an honest store", func(x *pdfScene, u *pdfUpdate) {
		u.base = x.twin
		u.prev, u.next = startxref(x.twin), u.next+2
		x.forgeContents(u)
	}),
}

// bytesSoFar is the document with the objects behind it, and no more.
func (u *pdfUpdate) bytesSoFar() []byte {
	c := *u
	c.noSection, c.noEnd, c.noMark = true, true, true
	return c.bytes()
}

// offsets are where the objects are.
func (u *pdfUpdate) offsets() map[int]int {
	places, c := map[int]int{}, *u
	for i, o := range u.objects {
		c.objects = u.objects[:i]
		places[o.number] = len(c.bytesSoFar())
	}
	return places
}

func document(name, about string, edit func(*pdfScene, *pdfUpdate)) pdfRecipe {
	return appending("document-"+name, "document changed", "ISO 32000-2 §12.8.2.2, "+trillion, about, edit)
}

// catalogEntry adds an entry to the catalog, or changes it.
func catalogEntry(name string, key pdf.Name, value, about string) pdfRecipe {
	return document(name, about, func(x *pdfScene, u *pdfUpdate) { x.putCatalog(u, key, value) })
}

// documentRecipes: what a reader does or shows is changed elsewhere than in the contents of a page.
var documentRecipes = []pdfRecipe{
	catalogEntry("open-action", "OpenAction", "<</S/JavaScript/JS(app.alert\\(1\\))>>", "a script runs when the document is opened"),
	catalogEntry("additional-actions", "AA", "<</WP<</S/JavaScript/JS(app.alert\\(1\\))>>>>", "a script runs when the document is printed"),
	catalogEntry("names", "Names", "<</JavaScript<</Names[(a)<</S/JavaScript/JS(app.alert\\(1\\))>>]>>>>", "a script of the document is added"),
	catalogEntry("layers", "OCProperties", "<</OCGs[]/D<</OFF[]>>>>", "layers are declared"),
	catalogEntry("outlines", "Outlines", "<</Type/Outlines/Count 0>>", "an outline is added"),
	catalogEntry("labels", "PageLabels", "<</Nums[0<</P(Cent )>>]>>", "pages are numbered otherwise"),
	catalogEntry("files", "AF", "[<</Type/Filespec/F(paiement.xml)>>]", "a file is attached"),
	catalogEntry("collection", "Collection", "<</Type/Collection>>", "the document becomes a portfolio"),
	catalogEntry("permissions", "Perms", "<<>>", "the permissions of the document are emptied"),
	catalogEntry("language", "Lang", "(en)", "the language is another"),
	catalogEntry("store-with-script", "DSS", "<</JS(app.alert\\(1\\))>>", "the document security store holds a script"),
	catalogEntry("extension-with-script", "Extensions", "<</ADBE<</BaseVersion<</S/JavaScript/JS(app.alert\\(1\\))>>>>>>", "the list of extensions holds a script"),
	catalogEntry("version-back", "Version", "/1.1", "the document is of an older version"),
	document("store-is-the-page", "the contents of the page are changed, and are the certificates of a store too", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		x.forgeContents(u)
		x.putCatalog(u, "DSS", "<</Certs["+x.contents.String()+" R]>>")
	}),
	document("root", "the trailer designates another catalog", func(x *pdfScene, u *pdfUpdate) {
		u.trailer = u.trailer.With("Root", pdf.Raw(u.add(source(x.catalog.With("OpenAction", pdf.Raw("<</S/JavaScript/JS(x)>>"))))))
	}),
	document("root-copied", "the trailer designates a copy of the catalog, with another page tree", func(x *pdfScene, u *pdfUpdate) {
		page := u.add(source(x.page.With("Contents", pdf.Raw(u.add(streamBody("", forgedText)))).With("Parent", pdf.Raw(fmt.Sprintf("%d 0 R", u.next+1)))))
		pages := u.add("<</Type/Pages/Count 1/Kids[" + page + "]>>")
		u.trailer = u.trailer.With("Root", pdf.Raw(u.add(source(x.catalog.With("Pages", pdf.Raw(pages))))))
	}),
	document("pages", "the catalog designates another page tree", func(x *pdfScene, u *pdfUpdate) {
		page := u.add(source(x.page.With("Contents", pdf.Raw(u.add(streamBody("", forgedText))))))
		x.putCatalog(u, "Pages", u.add("<</Type/Pages/Count 1/Kids["+page+"]>>"))
	}),
	document("page-added", "a page is added", func(x *pdfScene, u *pdfUpdate) {
		page := u.add(source(x.page.With("Contents", pdf.Raw(u.add(streamBody("", forgedText))))))
		x.putPages(u, func(kids pdf.Array) pdf.Array { return append(kids, pdf.Raw(page)) })
	}),
	document("page-removed", "a page is taken away", func(x *pdfScene, u *pdfUpdate) {
		x.putPages(u, func(kids pdf.Array) pdf.Array { return kids[1:] })
	}),
	document("page-contents", "the page has other contents", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.pageRef.Number, source(x.page.With("Contents", pdf.Raw(u.add(streamBody("", forgedText))))))
	}),
	document("page-contents-more", "the page has more contents", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		u.put(x.pageRef.Number, source(x.page.With("Contents", pdf.Array{x.page.Get("Contents"), pdf.Raw(u.add(streamBody("", forgedText)))})))
	}),
	document("page-contents-twice", "the page has two /Contents", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.pageRef.Number, source(append(append(pdf.Dict{}, x.page...), pdf.Entry{Key: "Contents", Value: pdf.Raw(u.add(streamBody("", forgedText)))})))
	}),
	document("page-turned", "the page is turned", func(x *pdfScene, u *pdfUpdate) {
		turned, _ := x.page.Get("Rotate").(pdf.Integer)
		u.put(x.pageRef.Number, source(x.page.With("Rotate", (turned+90)%360)))
	}),
	document("page-cropped", "the page is cut to a part of it", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.pageRef.Number, source(x.page.With("CropBox", pdf.Raw("[0 0 10 10]"))))
	}),
	document("page-resources", "the page draws its text with another font", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.pageRef.Number, source(x.page.With("Resources", pdf.Raw("<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Symbol>>>>>>"))))
	}),
	document("page-action", "a script runs when the page is opened", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.pageRef.Number, source(x.page.With("AA", pdf.Raw("<</O<</S/JavaScript/JS(x)>>>>"))))
	}),
	document("annotation", "a text is laid over the page", func(x *pdfScene, u *pdfUpdate) {
		note := u.add("<</Type/Annot/Subtype/FreeText/Rect[72 690 400 730]/Contents(Cent mille euros)/DA(/Helv 24 Tf 0 g)>>")
		u.put(x.pageRef.Number, source(x.page.With("Annots", x.grown(x.page.Get("Annots"), note))))
	}),
	document("annotation-image", "a picture is laid over the page, as an appearance of a stamp", func(x *pdfScene, u *pdfUpdate) {
		form := u.add(streamBody("/Type/XObject/Subtype/Form/BBox[0 0 600 800]", "1 g 0 0 600 800 re f"))
		note := u.add("<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 600 800]/AP<</N " + form + ">>>>")
		u.put(x.pageRef.Number, source(x.page.With("Annots", x.grown(x.page.Get("Annots"), note))))
	}),
	document("metadata", "the metadata are others", func(x *pdfScene, u *pdfUpdate) {
		x.putCatalog(u, "Metadata", u.add(streamBody("/Type/Metadata/Subtype/XML", "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>")))
	}),
	document("title", "the title is another", func(x *pdfScene, u *pdfUpdate) {
		u.trailer = u.trailer.With("Info", pdf.Raw(u.add("<</Title(Autre)>>")))
	}),
	document("information-is-the-contents", "the contents of the page become the information dictionary, which may change: the page is blank", func(x *pdfScene, u *pdfUpdate) {
		x.needContents(u)
		info, err := x.state.Dict(x.state.Trailer().Get("Info"))
		if err != nil {
			u.skip = true
			return
		}
		u.put(x.contents.Number, source(append(pdf.Dict{}, info...).With("ModDate", pdf.Raw("(D:20260101000000Z)"))))
		u.trailer = u.trailer.With("Info", x.contents)
	}),
}

// putPages writes the node above the first page again.
func (x *pdfScene) putPages(u *pdfUpdate, edit func(pdf.Array) pdf.Array) {
	parent, ok := x.page.Get("Parent").(pdf.Ref)
	dict, err := x.state.Dict(parent)
	if !ok || err != nil {
		u.skip = true
		return
	}
	kids, _ := x.state.Array(dict.Get("Kids"))
	kids = edit(append(pdf.Array{}, kids...))
	u.put(parent.Number, source(dict.With("Kids", kids).With("Count", pdf.Integer(len(kids)))))
}

func formField(name, about string, edit func(*pdfScene, *pdfUpdate)) pdfRecipe {
	return appending("form-"+name, "form changed", "ISO 32000-2 §12.8.2.2, "+certification, about, edit)
}

// fieldRecipes: the form, and the signature in it.
var fieldRecipes = []pdfRecipe{
	formField("text", "a text field is added", func(x *pdfScene, u *pdfUpdate) {
		x.addField(u, "<</FT/Tx/T(somme)/V(100000)/Type/Annot/Subtype/Widget/Rect[72 690 400 730]>>")
	}),
	formField("empty-signature", "a signature field that nobody signed is added, with an appearance over the page", func(x *pdfScene, u *pdfUpdate) {
		form := u.add(streamBody("/Type/XObject/Subtype/Form/BBox[0 0 600 800]", "1 g 0 0 600 800 re f"))
		x.addField(u, "<</FT/Sig/T(Autre)/Type/Annot/Subtype/Widget/F 4/Rect[0 0 600 800]/AP<</N "+form+">>>>")
	}),
	formField("action", "a field with a script is added", func(x *pdfScene, u *pdfUpdate) {
		x.addField(u, "<</FT/Sig/T(Autre)/Type/Annot/Subtype/Widget/Rect[0 0 0 0]/AA<</C<</S/JavaScript/JS(x)>>>>>>")
	}),
	formField("button", "a button is laid over the page", func(x *pdfScene, u *pdfUpdate) {
		x.addField(u, "<</FT/Btn/Ff 65536/T(Payer)/Type/Annot/Subtype/Widget/Rect[0 0 600 800]/MK<</BG[1 1 1]/CA(Cent mille euros)>>>>")
	}),
	formField("same-value", "a second field has the same signature", func(x *pdfScene, u *pdfUpdate) {
		x.addField(u, "<</FT/Sig/T(Autre)/V "+x.signatureRef.String()+" R/Type/Annot/Subtype/Widget/Rect[0 0 0 0]>>")
	}),
	formField("moved", "the signature is moved to another field", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.fieldRef.Number, source(x.field.Without("V")))
		x.addField(u, "<</FT/Sig/T(Autre)/V "+x.signatureRef.String()+" R/Type/Annot/Subtype/Widget/Rect[0 0 0 0]>>")
	}),
	formField("renamed", "the field of the signature has another name", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.fieldRef.Number, source(x.field.With("T", pdf.Raw("(Autre)"))))
	}),
	formField("appearance", "the field of the signature has another appearance", func(x *pdfScene, u *pdfUpdate) {
		form := u.add(streamBody("/Type/XObject/Subtype/Form/BBox[0 0 600 800]", forgedText))
		u.put(x.fieldRef.Number, source(x.field.With("Rect", pdf.Raw("[0 0 600 800]")).With("AP", pdf.Raw("<</N "+form+">>"))))
	}),
	formField("emptied", "the signature is taken out of its field", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.fieldRef.Number, source(x.field.Without("V")))
		x.forgeContents(u)
	}),
	formField("removed", "the field of the signature is taken out of the form", func(x *pdfScene, u *pdfUpdate) {
		x.putForm(u, x.form.With("Fields", pdf.Array{}))
		x.forgeContents(u)
	}),
	formField("dropped", "the form is taken out of the document", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.root, source(x.catalog.Without("AcroForm")))
		x.forgeContents(u)
	}),
	formField("xfa", "an XFA form takes the place of the form", func(x *pdfScene, u *pdfUpdate) {
		x.putForm(u, x.form.With("XFA", pdf.Raw(u.add(streamBody("", "<xdp:xdp/>")))))
	}),
	formField("appearances", "readers are asked to make the appearances of fields again", func(x *pdfScene, u *pdfUpdate) {
		x.putForm(u, x.form.With("NeedAppearances", true))
	}),
	formField("flags", "the form does not say any more that it has signatures", func(x *pdfScene, u *pdfUpdate) {
		x.putForm(u, x.form.With("SigFlags", pdf.Integer(0)))
	}),
	formField("reason", "the signature dictionary is written again, with another reason", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.signatureRef.Number, source(x.signature.With("Reason", pdf.Raw("(Bon pour cent mille euros)"))))
	}),
	formField("sub-filter", "the signature dictionary is written again, for a format in which the value means something else", func(x *pdfScene, u *pdfUpdate) {
		u.put(x.signatureRef.Number, source(x.signature.With("SubFilter", pdf.Name("adbe.x509.rsa_sha1"))))
		x.forgeContents(u)
	}),
	formField("copied-value", "a new field has a copy of the signature, over the same octets", func(x *pdfScene, u *pdfUpdate) {
		x.addField(u, "<</FT/Sig/T(Autre)/V "+u.add(source(x.signature))+"/Type/Annot/Subtype/Widget/Rect[0 0 600 800]/F 4>>")
	}),
}

// addField adds a field to the form, and its annotation to the page.
func (x *pdfScene) addField(u *pdfUpdate, body string) {
	ref := u.add(body)
	x.putForm(u, x.form.With("Fields", x.grown(x.form.Get("Fields"), ref)))
	u.put(x.pageRef.Number, source(x.page.With("Annots", x.grown(x.page.Get("Annots"), ref))))
}

// universalRecipes: the signature dictionary is written again without what there would be to verify.
func universalRecipes() []pdfRecipe {
	var out []pdfRecipe
	for _, key := range []pdf.Name{"ByteRange", "Contents"} {
		values := map[pdf.Name][][2]string{
			"ByteRange": {{"null", "null"}, {"empty", "[]"}, {"zeros", "[0 0 0 0]"}, {"negative", "[0 -1 -1 -1]"}, {"names", "[/a/b/c/d]"}, {"dictionary", "<<>>"}, {"huge", "[0 99999999999 99999999999 99999999999]"}},
			"Contents":  {{"null", "null"}, {"empty", "<>"}, {"zero", "<00>"}, {"zeros", "<" + strings.Repeat("00", 64) + ">"}, {"name", "/a"}, {"text", "(signature)"}},
		}[key]
		values = append(values, [2]string{"missing", ""})
		for _, v := range values {
			name := strings.ToLower(string(key[0])) + string(key[1:])
			out = append(out, appending("universal-"+name+"-"+v[0], "universal signature forgery", trillion,
				"the signature dictionary is written again with /"+string(key)+" "+v[0]+", and the page with other contents", func(x *pdfScene, u *pdfUpdate) {
					dict := x.signature.Without(key)
					if v[1] != "" {
						dict = x.signature.With(key, pdf.Raw(v[1]))
					}
					u.put(x.signatureRef.Number, source(dict))
					x.forgeContents(u)
				}))
		}
	}
	return out
}
