package pkitest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// store appends an honest document security store, which every validator must allow.
func (f *Forge) store(base []byte) []byte {
	return f.later(base, func(u *pdfUpdate) {
		u.put(1, strings.TrimSuffix(objectOf(base, 1), ">>")+"/DSS<</Certs["+u.add(streamBody("", string(f.Authority.DER)))+"]>>>>")
	})
}

// timestampPDF appends a document timestamp.
func (f *Forge) timestampPDF(base []byte, by *TimestampAuthority, s pdfSigning) []byte {
	s.dictionary = "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161/ByteRange %RANGE%/Contents %CONTENTS%>>"
	s.message = func(content []byte) []byte { return f.token(by, content) }
	return f.signPDF(base, s)
}

// cover is an appearance that hides what is under it and shows something else.
const cover = "1 g 0 0 595 842 re f 0 g " + forgedText

// shadowAttacks: the attacker writes the document that the signer signs, with what he will need inside, and appends the rest.
func (f *Forge) shadowAttacks([]byte) []Attack {
	form := streamBody("/Type/XObject/Subtype/Form/BBox[0 0 595 842]", "1 g 60 690 400 50 re f 0 g")
	page := objectPage("")
	row := func(name, about string, objects map[int]string, edit func(base []byte, u *pdfUpdate)) Attack {
		signed := f.signPDF(attackedDocument(objects), pdfSigning{})
		return f.attack("shadow/"+name, "shadow attack", shadow, about, BreaksSignature,
			f.later(signed, func(u *pdfUpdate) { edit(signed, u) }), f.store(signed))
	}
	// The page shows a form over a text that it hides.
	covered := map[int]string{
		3: strings.Replace(page, "/Font<<", "/XObject<</X 9 0 R>>/Font<<", 1),
		4: streamBody("", forgedText+" /X Do BT /F1 24 Tf 72 700 Td (Mille euros) Tj ET"),
		9: form,
	}
	// A read-only text field shows the sum.
	field := func(value string) string {
		return "<</FT/Tx/Ff 1/T(somme)/V(" + value + ")/DA(/F1 24 Tf 0 g)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[72 690 400 730]/AP<</N 10 0 R>>>>"
	}
	shown := func(text string) string {
		return streamBody("/Type/XObject/Subtype/Form/BBox[0 0 328 40]/Resources<</Font<</F1 5 0 R>>>>", "BT /F1 24 Tf 0 10 Td ("+text+") Tj ET")
	}
	filled := map[int]string{
		7: "<</Fields[9 0 R ]/SigFlags 3/DA(/F1 0 Tf 0 g)/DR<</Font<</F1 5 0 R>>>>>>",
		8: "[9 0 R ]", 9: field("Mille euros"), 10: shown("Mille euros"),
	}
	layered := map[int]string{
		1: "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/OCProperties<</OCGs[9 0 R]/D<</OFF[9 0 R]>>>>>>",
		3: strings.Replace(page, "/Font<<", "/Properties<</L 9 0 R>>/Font<<", 1),
		4: streamBody("", "BT /F1 24 Tf 72 700 Td (Mille euros) Tj ET /OC /L BDC "+cover+" EMC"),
		9: "<</Type/OCG/Name(L)>>",
	}
	stamp := "<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 595 842]/AS/Off/AP<</N<</Off 10 0 R/On 11 0 R>>>>>>"
	stamped := map[int]string{8: "[9 0 R ]", 9: stamp, 10: streamBody("/Type/XObject/Subtype/Form/BBox[0 0 1 1]", ""), 11: streamBody("/Type/XObject/Subtype/Form/BBox[0 0 595 842]", cover)}
	spare := map[int]string{
		9: streamBody("", forgedText), 10: strings.Replace(page, "/Contents 4", "/Contents 9", 1),
		11: "<</Type/Pages/Count 1/Kids[10 0 R]>>", 12: "<</Type/Catalog/Pages 11 0 R/AcroForm 7 0 R>>",
	}
	out := []Attack{
		row("hide-freed", "a form that hides a text is deleted", covered, func(_ []byte, u *pdfUpdate) { u.free = append(u.free, pdfObject{9, 1, ""}) }),
		row("hide-emptied", "a form that hides a text draws nothing any more", covered, func(_ []byte, u *pdfUpdate) {
			u.put(9, streamBody("/Type/XObject/Subtype/Form/BBox[0 0 595 842]", ""))
		}),
		row("hide-resized", "a form that hides a text is made small", covered, func(_ []byte, u *pdfUpdate) {
			u.put(9, strings.Replace(form, "/BBox[0 0 595 842]", "/BBox[0 0 1 1]", 1))
		}),
		row("hide-retyped", "a form that hides a text is said to be a picture, which it is not", covered, func(_ []byte, u *pdfUpdate) {
			u.put(9, strings.Replace(form, "/Subtype/Form", "/Subtype/Image", 1))
		}),
		row("hide-layer", "a layer that was off is put on", layered, func(base []byte, u *pdfUpdate) {
			u.put(1, strings.Replace(objectOf(base, 1), "/OFF[9 0 R]", "/ON[9 0 R]", 1))
		}),
		row("hide-stamp", "a stamp takes its other appearance, which was signed", stamped, func(_ []byte, u *pdfUpdate) {
			u.put(9, strings.Replace(stamp, "/AS/Off", "/AS/On", 1))
		}),
		row("hide-annotation", "an annotation that hides a text is taken off the page", stamped, func(base []byte, u *pdfUpdate) {
			u.put(8, strings.Replace(objectOf(base, 8), "9 0 R ", "", 1))
		}),
		row("hide-annotation-flag", "an annotation that hides a text is hidden", stamped, func(_ []byte, u *pdfUpdate) {
			u.put(9, strings.Replace(stamp, "/F 4", "/F 2", 1))
		}),

		row("replace-value", "a read-only field has another value and another appearance", filled, func(_ []byte, u *pdfUpdate) {
			u.put(9, field("Cent mille euros"))
			u.put(10, shown("Cent mille euros"))
		}),
		row("replace-appearance", "a field shows another text than its value", filled, func(_ []byte, u *pdfUpdate) { u.put(10, shown("Cent mille euros")) }),
		row("replace-appearance-new", "the same, by a new object", filled, func(_ []byte, u *pdfUpdate) {
			u.put(9, strings.Replace(field("Mille euros"), "10 0 R", u.add(shown("Cent mille euros")), 1))
		}),
		row("replace-default", "a field has another default value, which readers show when it is cleared", filled, func(_ []byte, u *pdfUpdate) {
			u.put(9, strings.Replace(field("Mille euros"), "/DA", "/DV(Cent mille euros)/DA", 1))
		}),
		row("replace-place", "a field is laid elsewhere", filled, func(_ []byte, u *pdfUpdate) {
			u.put(9, strings.Replace(field("Mille euros"), "/Rect[72 690 400 730]", "/Rect[0 0 595 842]", 1))
		}),
		row("replace-resources", "the form gives its fields another font", filled, func(base []byte, u *pdfUpdate) {
			u.put(7, strings.Replace(objectOf(base, 7), "/F1 5 0 R", "/F1 "+u.add("<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"), 1))
		}),
		row("replace-font", "the font of the page draws other letters", nil, func(_ []byte, u *pdfUpdate) {
			u.put(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[77/C/e/n/t]>>>>")
		}),

		row("hide-and-replace-reference", "the page takes contents that were signed and shown nowhere", spare, func(base []byte, u *pdfUpdate) {
			u.put(3, strings.Replace(objectOf(base, 3), "/Contents 4", "/Contents 9", 1))
		}),
		row("hide-and-replace-pages", "the page tree takes a page that was signed and shown nowhere", spare, func(_ []byte, u *pdfUpdate) {
			u.put(2, "<</Type/Pages/Count 1/Kids[10 0 R]>>")
		}),
		row("hide-and-replace-catalog", "the trailer takes a catalog that was signed and not used: no object is appended", spare, func(_ []byte, u *pdfUpdate) {
			u.trailer = u.trailer.With("Root", pdf.Raw("12 0 R"))
		}),
		row("missing-object", "the page names contents that did not exist, and now do", map[int]string{3: strings.Replace(page, "/Contents 4 0 R", "/Contents[4 0 R 77 0 R]", 1)}, func(_ []byte, u *pdfUpdate) {
			u.put(77, streamBody("", cover))
			u.next = 78
		}),
		row("missing-generation", "the same, of another generation", map[int]string{3: strings.Replace(page, "/Contents 4 0 R", "/Contents[4 0 R 77 3 R]", 1)}, func(_ []byte, u *pdfUpdate) {
			u.objects = append(u.objects, pdfObject{77, 3, streamBody("", cover)})
			u.next = 78
		}),
	}
	// The signed octets hold a second object 4 that the cross-reference does not list; only a cross-reference is appended.
	base := attackedDocument(nil)
	second := fmt.Appendf(nil, "4 0 obj\n%s\nendobj\n", streamBody("", forgedText))
	at := bytes.Index(base, []byte("xref\n0 "))
	shifted := append(append(bytes.Clone(base[:at]), second...), base[at:]...)
	shifted = bytes.Replace(shifted, fmt.Appendf(nil, "startxref\n%d\n", at), fmt.Appendf(nil, "startxref\n%d\n", at+len(second)), 1)
	signed := f.signPDF(shifted, pdfSigning{})
	return append(out, f.attack("shadow/hide-and-replace-table", "shadow attack", shadow, "the cross-reference appended takes a second object of the same number, which was signed", BreaksSignature,
		f.later(signed, func(u *pdfUpdate) { u.pointers[4] = at }), f.store(signed)))
}

func objectPage(more string) string {
	return "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>/Annots 8 0 R" + more + ">>"
}

// transform is a signature reference (ISO 32000-2 table 256).
func transform(method, parameters string) string {
	return "/Reference[<</Type/SigRef/TransformMethod/" + method + "/TransformParams<</Type/TransformParams/V/1.2" + parameters + ">>>>]"
}

// certify signs as the author, who says what may come after.
func (f *Forge) certify(base []byte, parameters string, more map[int]string) []byte {
	u := f.updateOf(base)
	objects := map[int]string{1: strings.TrimSuffix(objectOf(base, 1), ">>") + fmt.Sprintf("/Perms<</DocMDP %d 0 R>>>>", u.next)}
	for number, body := range more {
		objects[number] = body
	}
	return f.signPDF(base, pdfSigning{entries: transform("DocMDP", parameters), more: objects})
}

// certifiedAttacks: what an author forbade (ISO 32000-2 §12.8.2.2).
func (f *Forge) certifiedAttacks([]byte) []Attack {
	const class, clause = "certified document", "ISO 32000-2 §12.8.2.2, " + certification
	text := "<</FT/Tx/T(nom)/DA(/F1 12 Tf 0 g)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[72 600 400 630]%s>>"
	form := map[int]string{
		7: "<</Fields[9 0 R 10 0 R ]/SigFlags 3/DA(/F1 12 Tf 0 g)>>", 8: "[9 0 R 10 0 R ]",
		9: fmt.Sprintf(text, ""), 10: "<</FT/Sig/T(visa)/Type/Annot/Subtype/Widget/F 132/P 3 0 R/Rect[0 0 0 0]>>",
	}
	base := attackedDocument(form)
	certified := func(parameters string) []byte { return f.certify(base, parameters, nil) }
	second := f.Authority.Leaf("Adjointe")
	signAgain := func(b []byte) []byte { return f.signPDF(b, pdfSigning{by: second}) }
	visa := func(b []byte) []byte { return f.signPDF(b, pdfSigning{by: second, into: 10}) }
	annotate := func(b []byte) []byte {
		return f.later(b, func(u *pdfUpdate) {
			note := u.add("<</Type/Annot/Subtype/FreeText/F 4/Rect[0 0 595 842]/Contents(Cent mille euros)/DA(/F1 24 Tf 0 g)/AP<</N " +
				u.add(streamBody("/Type/XObject/Subtype/Form/BBox[0 0 595 842]", cover)) + ">>>>")
			u.put(8, strings.TrimSuffix(objectOf(b, 8), "]")+note+" ]")
		})
	}
	fill := func(b []byte) []byte {
		return f.later(b, func(u *pdfUpdate) {
			shown := u.add(streamBody("/Type/XObject/Subtype/Form/BBox[0 0 328 30]", "BT /F1 12 Tf 0 10 Td (Camille) Tj ET"))
			u.put(9, fmt.Sprintf(text, "/V(Camille)/AP<</N "+shown+">>"))
		})
	}
	turn := func(b []byte) []byte {
		return f.later(b, func(u *pdfUpdate) { u.put(3, strings.TrimSuffix(objectOf(b, 3), ">>")+"/Rotate 180>>") })
	}
	row := func(name, about string, file, twin []byte) Attack {
		return f.attack("certified/"+name, class, clause, about, BreaksSignature, file, twin)
	}
	one, two, three := certified("/P 1"), certified("/P 2"), certified("/P 3")
	// Locks of fields: §12.8.2.4 in what is signed, §12.7.5.5 in the field that is signed.
	locked := func(parameters string) []byte {
		return f.signPDF(base, pdfSigning{entries: transform("FieldMDP", parameters)})
	}
	lockedByField := f.signPDF(base, pdfSigning{field: "/Lock<</Type/SigFieldLock/Action/Include/Fields[(visa)]>>"})
	free := locked("/Action/Include/Fields[(autre)]")
	return []Attack{
		row("nothing-signed", "the author allows nothing, and a second signature is added", signAgain(one), f.store(one)),
		row("nothing-signed-into", "the author allows nothing, and an empty field is signed", visa(one), f.store(one)),
		row("nothing-filled", "the author allows nothing, and a field is filled", fill(one), f.store(one)),
		row("nothing-annotated", "the author allows nothing, and an annotation covers the page", annotate(one), f.store(one)),
		row("nothing-indirect", "the author allows nothing, by a number that is an object of its own, and a second signature is added",
			signAgain(f.certify(base, "/P 50 0 R", map[int]string{50: "1"})), f.store(f.certify(base, "/P 50 0 R", map[int]string{50: "1"}))),
		row("filling-annotated", "the author allows fields to be filled, and an annotation covers the page", annotate(two), signAgain(two)),
		row("filling-turned", "the author allows fields to be filled, and the page is turned", turn(two), visa(two)),
		row("annotating-covered", "the author allows annotations, and one covers the page and shows something else", annotate(three), signAgain(three)),
		row("annotating-turned", "the author allows annotations, and the page is turned", turn(three), f.store(three)),
		row("permissions-removed", "the catalog says no more that the document is certified", f.later(one, func(u *pdfUpdate) { u.put(1, objectOf(base, 1)) }), f.store(one)),
		row("permissions-loosened", "the signature dictionary is written again, and allows more", f.later(one, func(u *pdfUpdate) {
			u.put(11, strings.Replace(objectOf(one, 11), "/P 1", "/P 3", 1)) // the first object that signPDF adds
		}), f.store(one)),
		row("lock-all", "the signature locks all fields, and one is signed", visa(locked("/Action/All")), f.store(locked("/Action/All"))),
		row("lock-included", "the signature locks a field, and it is signed", visa(locked("/Action/Include/Fields[(visa)]")), visa(free)),
		row("lock-excluded", "the signature locks all fields but one, and another is signed", visa(locked("/Action/Exclude/Fields[(nom)]")), visa(locked("/Action/Exclude/Fields[(visa)]"))),
		row("lock-filled", "the signature locks a field, and it is filled", fill(locked("/Action/Include/Fields[(nom)]")), f.store(locked("/Action/Include/Fields[(nom)]"))),
		row("lock-of-the-field", "the field of the signature locks another one, and it is signed", visa(lockedByField), f.store(lockedByField)),
	}
}

// overlayAttacks: a signature or a timestamp that may be added brings an annotation, and the annotation covers the page.
func (f *Forge) overlayAttacks(signed []byte) []Attack {
	const class = "signature that covers the page"
	covering := func(number int) pdfSigning {
		return pdfSigning{field: fmt.Sprintf("/Rect[0 0 595 842]/AP<</N %d 0 R>>", number),
			more: map[int]string{number: streamBody("/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>", cover)}}
	}
	attacker := stranger().Leaf("Attaquant")
	unsigned := attackedDocument(map[int]string{
		7: "<</Fields[9 0 R ]/SigFlags 3>>", 8: "[9 0 R ]", 9: "<</FT/Sig/T(visa)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[0 0 595 842]>>",
	})
	waiting := f.signPDF(unsigned, pdfSigning{})
	into := func(s pdfSigning) pdfSigning {
		s.field = strings.Replace(s.field, "/Rect[0 0 595 842]", "", 1)
		s.into = 9
		return s
	}
	byAttacker := covering(60)
	byAttacker.by = attacker
	forged := covering(60)
	forged.message = func([]byte) []byte { return f.pdfMessage(f.Victim, other, nil) }
	copied := covering(60)
	copied.message = func([]byte) []byte {
		x, err := readScene(signed)
		if err != nil {
			panic("pkitest: " + err.Error())
		}
		return x.value()
	}
	unknown := covering(60)
	unknown.subFilter = "Exemple.inconnu"
	untrusted := New(At(f.Time), Deterministic("attacker")).Root("Horodatage inconnu").TimestampAuthority("Horodatage")
	wrong := covering(60)
	wrong.subFilter = "ETSI.RFC3161"
	row := func(name, about string, breaks Breaks, file, twin []byte) Attack {
		return f.attack("overlay/"+name, class, certification, about, breaks, file, twin)
	}
	second := f.signPDF(signed, pdfSigning{by: f.Authority.Leaf("Adjointe")})
	stamped := f.timestampPDF(signed, f.TSA, pdfSigning{})
	return []Attack{
		row("by-a-stranger", "the attacker adds his own signature, whose appearance covers the page", BreaksTrust, f.signPDF(signed, byAttacker), second),
		row("forged", "a signature whose digest is wrong covers the page", BreaksSignature, f.signPDF(signed, forged), second),
		row("copied", "a copy of the first signature covers the page", BreaksSignature, f.signPDF(signed, copied), second),
		row("unknown", "a signature of a sub-filter that nobody knows covers the page", BreaksSignature, f.signPDF(signed, unknown), second),
		row("timestamp", "a document timestamp, which the authority made, covers the page", BreaksSignature, f.timestampPDF(signed, f.TSA, covering(60)), stamped),
		row("timestamp-untrusted", "a document timestamp that nobody trusts covers the page", BreaksSignature, f.timestampPDF(signed, untrusted, covering(60)), stamped),
		row("timestamp-forged", "what covers the page says that it is a document timestamp, and is none", BreaksSignature, f.signPDF(signed, wrong), stamped),
		row("timestamp-into-field", "an empty field over the page receives a document timestamp and an appearance", BreaksSignature, f.timestampPDF(waiting, f.TSA, into(covering(60))), f.timestampPDF(waiting, f.TSA, pdfSigning{})),
		row("timestamp-certified", "the same as the first on a document whose author allows nothing", BreaksSignature,
			f.timestampPDF(f.certify(f.PDF, "/P 1", nil), f.TSA, covering(60)), f.timestampPDF(f.certify(f.PDF, "/P 1", nil), f.TSA, pdfSigning{})),
	}
}

// againAttacks: what was changed is signed again, so that the last signature is sound and the first is not.
func (f *Forge) againAttacks(signed []byte) []Attack {
	const class, source = "signed again", "EN 319 142-1 §5.5, " + trillion
	second := f.Authority.Leaf("Adjointe")
	changed := f.later(signed, func(u *pdfUpdate) { u.put(4, streamBody("", forgedText)) })
	emptied := f.later(signed, func(u *pdfUpdate) {
		u.put(7, "<</Fields[]/SigFlags 3>>")
		u.put(8, "[]")
		u.put(4, streamBody("", forgedText))
	})
	row := func(name, about string, file, twin []byte) Attack {
		return f.attack("again/"+name, class, source, about, BreaksSignature, file, twin)
	}
	twice := f.signPDF(signed, pdfSigning{by: second})
	between := f.signPDF(f.later(f.signPDF(signed, pdfSigning{by: second}), func(u *pdfUpdate) { u.put(4, streamBody("", forgedText)) }), pdfSigning{by: f.Authority.Leaf("Secrétaire")})
	return []Attack{
		row("signed", "the contents are replaced, and somebody signs", f.signPDF(changed, pdfSigning{by: second}), twice),
		row("signed-by-the-first", "the contents are replaced, and the first signer signs again", f.signPDF(changed, pdfSigning{}), f.signPDF(signed, pdfSigning{})),
		row("timestamped", "the contents are replaced, and an authority timestamps the document", f.timestampPDF(changed, f.TSA, pdfSigning{}), f.timestampPDF(signed, f.TSA, pdfSigning{})),
		row("first-removed", "the first signature is taken out, the contents are replaced, and somebody signs", f.signPDF(emptied, pdfSigning{by: second}), twice),
		row("third", "the contents are replaced between the second and the third signature", between, f.signPDF(twice, pdfSigning{by: f.Authority.Leaf("Secrétaire")})),
		row("changed-after", "two signed, and the contents are replaced", f.later(twice, func(u *pdfUpdate) { u.put(4, streamBody("", forgedText)) }), f.store(twice)),
	}
}
