package pades_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
)

// An edit is an incremental update under construction, with what attacks and honest updates need at hand.
type edit struct {
	t       testing.TB
	state   *pdf.State
	u       *pdf.Update
	catalog pdf.Dict
	root    pdf.Ref
	page    pdf.Dict
	pageRef pdf.Ref
	form    pdf.Dict
	formRef pdf.Ref
}

func (e *edit) dict(o pdf.Object) pdf.Dict {
	d, err := e.state.Dict(o)
	require.NoError(e.t, err)
	return d
}

func (e *edit) parse(s string) pdf.Object {
	o, err := pdf.Parse([]byte(s))
	require.NoError(e.t, err, s)
	return o
}

// put writes an object, as source.
func (e *edit) put(ref pdf.Ref, source string) pdf.Ref {
	e.u.Put(ref, e.parse(source))
	return ref
}

func (e *edit) add(source string) pdf.Ref { return e.put(e.u.New(), source) }

// number finds an object of the sample by its type or a key that it alone has.
func (e *edit) number(n int) pdf.Ref { return pdf.Ref{Number: n} }

// update appends an update to a document.
func update(t testing.TB, b []byte, fn func(e *edit)) []byte {
	t.Helper()
	file, err := pdf.Open(t.Context(), bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	e := &edit{t: t, state: file.Last()}
	e.catalog, e.root, err = e.state.Catalog()
	require.NoError(t, err)
	pages := e.dict(e.catalog.Get("Pages"))
	kids, err := e.state.Array(pages.Get("Kids"))
	require.NoError(t, err)
	e.pageRef = kids[0].(pdf.Ref)
	e.page = e.dict(e.pageRef)
	e.formRef, _ = e.catalog.Get("AcroForm").(pdf.Ref)
	e.form = e.dict(e.catalog.Get("AcroForm"))
	e.u, err = e.state.Update()
	require.NoError(t, err)
	fn(e)
	w, err := e.u.Write([]byte("fedcba9876543210"))
	require.NoError(t, err)
	return append(b[:len(b):len(b)], w.Bytes...)
}

func messages(list []facts.Modification) string {
	var out []string
	for _, m := range list {
		out = append(out, strconv.Itoa(m.Revision)+" "+m.Object+" "+m.Kind+": "+m.Message)
	}
	return strings.Join(out, "\n")
}

// store is a document security store with one certificate.
func (e *edit) store(extra string) pdf.Ref {
	certificate := e.u.New()
	e.u.PutStream(certificate, pdf.Dict{}, theWorld().root.DER)
	return e.add("<</Type/DSS/Certs[" + certificate.String() + " R]" + extra + ">>")
}

// TestLaterRevisions changes a signed document in every way that we could think of. want is empty when the change is
// allowed, else a part of what is said of it.
func TestLaterRevisions(t *testing.T) {
	with := func(fn func(e *edit)) func(e *edit) { return fn }
	for name, c := range map[string]struct {
		change func(e *edit)
		want   string
	}{
		"nothing":               {with(func(e *edit) {}), ""},
		"same octets elsewhere": {with(func(e *edit) { e.u.Put(e.pageRef, e.page) }), ""},
		"unreachable object":    {with(func(e *edit) { e.add("(nobody refers to me)") }), ""},
		"store":                 {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("DSS", e.store(""))) }), ""},
		"store with VRI": {with(func(e *edit) {
			crl := e.u.New()
			e.u.PutStream(crl, pdf.Dict{}, []byte("0"))
			e.u.Put(e.root, e.catalog.With("DSS", e.store("/CRLs["+crl.String()+" R]/VRI<</AAAA<</CRL["+crl.String()+" R]/TU(D:2026)>>>>")))
		}), ""},
		"extensions": {with(func(e *edit) {
			e.u.Put(e.root, e.catalog.With("Extensions", e.parse("<</ESIC<</BaseVersion/1.7/ExtensionLevel 2>>>>")))
		}), ""},
		"later version":    {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("Version", pdf.Name("2.0"))) }), ""},
		"date of the save": {with(func(e *edit) { e.put(e.number(8), `<</Title(D\351lib\351ration)/Producer(Other)/ModDate(D:2026)>>`) }), ""},

		"contents of a page": {with(func(e *edit) { e.u.PutStream(e.page.Get("Contents").(pdf.Ref), pdf.Dict{}, []byte("forged")) }), "stream is changed"},
		"length of a stream": {with(func(e *edit) { e.put(e.number(9), "20") }), "an object is changed"},
		"other contents":     {with(func(e *edit) { e.u.Put(e.pageRef, e.page.With("Contents", e.number(6))) }), "/Contents"},
		"page rotated":       {with(func(e *edit) { e.u.Put(e.pageRef, e.page.With("Rotate", pdf.Integer(90))) }), "/Rotate"},
		"font":               {with(func(e *edit) { e.put(e.number(7), "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>") }), "/BaseFont"},
		"page added":         {with(func(e *edit) { e.put(e.number(2), "<</Type/Pages/Kids[3 0 R 4 0 R 3 0 R]/Count 3>>") }), "/Kids"},
		"title":              {with(func(e *edit) { e.put(e.number(8), "<</Title(Other)/Producer<feff00450073>>>") }), "/Title of the information"},
		"language":           {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("Lang", pdf.Text("en"))) }), "/Lang of the catalog"},
		"open action":        {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("OpenAction", e.parse("<</S/JavaScript/JS(x)>>"))) }), "/OpenAction"},
		"permissions":        {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("Perms", e.parse("<<>>"))) }), "/Perms"},
		"metadata": {with(func(e *edit) {
			s := e.u.New()
			e.u.PutStream(s, pdf.Dict{{Key: "Type", Value: pdf.Name("Metadata")}}, nil)
			e.u.Put(e.root, e.catalog.With("Metadata", s))
		}), "/Metadata"},
		"earlier version": {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("Version", pdf.Name("1.3"))) }), "/Version"},
		"no version":      {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("Version", pdf.Name("9.9"))) }), "/Version"},
		"extension that acts": {with(func(e *edit) {
			e.u.Put(e.root, e.catalog.With("Extensions", e.parse("<</ESIC<</BaseVersion<</S/JavaScript>>>>>>")))
		}), "/Extensions"},
		"other catalog key":      {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("Names", e.parse("<<>>"))) }), "/Names"},
		"annotation":             {with(func(e *edit) { e.annotate("<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]/Contents(x)>>") }), "/Annots"},
		"widget of no field":     {with(func(e *edit) { e.annotate("<</Type/Annot/Subtype/Widget/FT/Sig/T(x)/Rect[0 0 9 9]>>") }), "/Annots"},
		"annotations taken away": {with(func(e *edit) { e.u.Put(e.pageRef, e.page.Without("Annots")) }), "/Annots"},
		"text field":             {with(func(e *edit) { e.addField("<</FT/Tx/T(nom)/V(x)>>") }), "not a signature"},
		"empty signature field":  {with(func(e *edit) { e.addField("<</FT/Sig/T(s)/Type/Annot/Subtype/Widget/Rect[0 0 0 0]>>") }), "no signature of this revision fills"},
		"field with an action":   {with(func(e *edit) { e.addField("<</FT/Sig/T(s)/A<</S/JavaScript/JS(x)>>>>") }), "has /A"},
		"forged signature field": {with(func(e *edit) {
			v := e.add("<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>")
			e.addField("<</FT/Sig/T(s)/V " + v.String() + " R>>")
		}), "no signature of this revision fills"},
		"field taken away":       {with(func(e *edit) { e.u.Put(e.formRef, e.form.With("Fields", pdf.Array{})) }), "taken away"},
		"no form":                {with(func(e *edit) { e.u.Put(e.root, e.catalog.Without("AcroForm")) }), "taken away"},
		"another form":           {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("AcroForm", e.add("<</Fields[]>>"))) }), "taken away"},
		"appearances to be made": {with(func(e *edit) { e.u.Put(e.formRef, e.form.With("NeedAppearances", true)) }), "/NeedAppearances"},
		"XFA":                    {with(func(e *edit) { e.u.Put(e.formRef, e.form.With("XFA", e.parse("[]"))) }), "/XFA"},
		"defaults of the form":   {with(func(e *edit) { e.putForm(e.form.With("DR", e.parse("<</Font<</F9 5 0 R>>>>"))) }), ""},
		"rectangle of the field": {with(func(e *edit) { f := e.field(); e.u.Put(f, e.dict(f).With("Rect", e.parse("[0 0 600 800]"))) }), "/Rect"},
		"lock of the field":      {with(func(e *edit) { f := e.field(); e.u.Put(f, e.dict(f).With("Lock", e.parse("<</Action/All>>"))) }), "/Lock"},
		"seed value":             {with(func(e *edit) { f := e.field(); e.u.Put(f, e.dict(f).With("SV", e.parse("<</Ff 1>>"))) }), "/SV"},
		"flags of the form":      {with(func(e *edit) { e.u.Put(e.formRef, e.form.With("SigFlags", pdf.Integer(8))) }), "/SigFlags"},
		"signature dictionary":   {with(func(e *edit) { e.replaceSignature() }), "of type /Sig is changed"},
		"signature field":        {with(func(e *edit) { f := e.field(); e.u.Put(f, e.dict(f).With("T", pdf.Text("Other"))) }), "/T"},
		"its value":              {with(func(e *edit) { f := e.field(); e.u.Put(f, e.dict(f).Without("V")) }), "/V"},
		"store with a page":      {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("DSS", e.parse("<</Certs["+e.pageRef.String()+" R]>>"))) }), "in the document security store"},
		"store with another key": {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("DSS", e.parse("<</JS(x)>>"))) }), "/JS in the document security store"},
		"store in two parts":     {with(func(e *edit) { e.u.Put(e.root, e.catalog.With("DSS", e.store("/VRI 5 0 R"))) }), "something else where its VRI must be"},
		"font in the store": {with(func(e *edit) {
			e.u.PutStream(e.number(6), pdf.Dict{}, []byte("x"))
			e.u.Put(e.root, e.catalog.With("DSS", e.parse("<</Certs[6 0 R]>>")))
		}), "a stream is changed"},
		"object that was missing": {with(func(e *edit) { e.put(e.number(99), "(there now)") }), ""}, // nothing designated it
	} {
		t.Run(name, func(t *testing.T) {
			for _, sampleName := range []string{"table.pdf", "hybrid.pdf", "linear.pdf", "objstm.pdf"} {
				b := sample(t, sampleName)
				if sampleName != "table.pdf" && strings.Contains("length of a stream font date of the save title page added store in two parts font in the store other contents", name) {
					continue // these name objects by the numbers of one sample
				}
				signed := sign(t, b, pades.Options{})
				after := update(t, signed, c.change)
				doc := read(t, after)
				got := messages(doc.Signatures[0].Modifications)
				if c.want == "" {
					require.Empty(t, got, sampleName)
				} else {
					require.Contains(t, got, c.want, sampleName)
				}
				require.True(t, doc.Signatures[0].References[0].Intact)
				require.Equal(t, len(doc.Revisions), 3)

				// An honest signature on top changes nothing to the verdict on the first.
				again := read(t, sign(t, after, pades.Options{}))
				require.Equal(t, got, messages(again.Signatures[0].Modifications))
				last := again.Signatures[len(again.Signatures)-1]
				require.Empty(t, last.Modifications)
			}
		})
	}
}

func (e *edit) annotate(source string) {
	list, err := e.state.Array(e.page.Get("Annots"))
	require.NoError(e.t, err)
	e.u.Put(e.pageRef, e.page.With("Annots", append(append(pdf.Array{}, list...), e.add(source))))
}

func (e *edit) addField(source string) {
	list, err := e.state.Array(e.form.Get("Fields"))
	require.NoError(e.t, err)
	e.putForm(e.form.With("Fields", append(append(pdf.Array{}, list...), e.add(source))))
}

// putForm writes the form where it is: an object of its own, or in the catalog.
func (e *edit) putForm(form pdf.Dict) {
	if e.formRef == (pdf.Ref{}) {
		e.u.Put(e.root, e.catalog.With("AcroForm", form))
		return
	}
	e.u.Put(e.formRef, form)
}

func (e *edit) field() pdf.Ref {
	list, err := e.state.Array(e.form.Get("Fields"))
	require.NoError(e.t, err)
	return list[0].(pdf.Ref)
}

// replaceSignature writes the signature dictionary again with another reason: what pades-spoofing attacks do.
func (e *edit) replaceSignature() {
	ref := e.dict(e.field()).Get("V").(pdf.Ref)
	e.u.Put(ref, e.dict(ref).With("Reason", pdf.Text("forged")))
}

// TestTwoKeys: a key written twice gives two documents to two readers.
func TestTwoKeys(t *testing.T) {
	signed := sign(t, sample(t, "table.pdf"), pades.Options{})
	catalog := update(t, signed, func(e *edit) {
		e.u.Put(e.root, append(append(pdf.Dict{}, e.catalog...), pdf.Entry{Key: "Lang", Value: pdf.Text("x")}))
	})
	_, err := pades.Read(t.Context(), ades.Bytes(catalog))
	require.ErrorIs(t, err, pades.ErrDamaged)
	page := update(t, signed, func(e *edit) {
		e.u.Put(e.pageRef, append(append(pdf.Dict{}, e.page...), pdf.Entry{Key: "Contents", Value: e.number(6)}))
	})
	require.Contains(t, messages(read(t, page).Signatures[0].Modifications), "two /Contents")
}

// raw appends octets to a document.
func raw(b []byte, s string) []byte { return append(b[:len(b):len(b)], s...) }

// rawUpdate appends objects written out, with a table that lists them, or only some of them.
func rawUpdate(b []byte, objects map[int]string, listed []int, trailer string) []byte {
	out := bytes.Clone(b)
	at := map[int]int{}
	for n, body := range objects {
		at[n] = len(out)
		out = append(out, fmt.Sprintf("%d 0 obj\n%s\nendobj\n", n, body)...)
	}
	start := len(out)
	out = append(out, "xref\n"...)
	for _, n := range listed {
		out = append(out, fmt.Sprintf("%d 1\n%010d 00000 n \n", n, at[n])...)
	}
	return append(out, fmt.Sprintf("trailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n", trailer, start)...)
}

// lastSection is where the last cross-reference section of a document begins.
func lastSection(b []byte) string {
	i := bytes.LastIndex(b, []byte("startxref\n"))
	return strings.Fields(string(b[i:]))[1]
}

// TestStructuralAttacks appends to a signed document what two readers may read in two ways.
func TestStructuralAttacks(t *testing.T) {
	unsigned := sample(t, "table.pdf")
	signed := sign(t, unsigned, pades.Options{})
	trailer := "/Size 13/Root 1 0 R/Info 8 0 R/Prev " + lastSection(signed)
	first := lastSection(unsigned)
	twice := sign(t, signed, pades.Options{})
	forged := "<</Length 6>>stream\nforged\nendstream"
	pageAgain := "3 1 obj\n<<" + pageAnnots(t, signed, annots(t, signed)) + ">>\nendobj\n"
	info := `<</Title(D\351lib\351ration)/Producer(x)/ModDate(D:2026)>>` // what the information dictionary may become
	for name, c := range map[string]struct {
		file  []byte
		want  string // in the modifications of the first signature
		count int    // signatures found
	}{
		"end of line":                     {raw(signed, "\r\n"), "", 1},
		"comment":                         {raw(signed, "% hello\n"), "after the end of the last revision", 1},
		"objects without a table":         {raw(signed, "5 0 obj\n"+forged+"\nendobj\n"), "after the end of the last revision", 1},
		"objects and a trailer":           {raw(signed, "5 0 obj\n"+forged+"\nendobj\ntrailer\n<</Root 1 0 R>>\n"), "after the end of the last revision", 1},
		"another startxref":               {raw(signed, "startxref\n"+lastSection(signed)+"\n%%EOF\n"), "after the end of the last revision", 1},
		"object that is not listed":       {rawUpdate(signed, map[int]string{5: forged}, nil, trailer), "belong to no object", 1},
		"listed and not":                  {rawUpdate(signed, map[int]string{5: forged, 13: "null"}, []int{13}, trailer), "belong to no object", 1},
		"listed":                          {rawUpdate(signed, map[int]string{5: forged}, []int{5}, trailer), "5 0 undefined: a stream is changed", 1},
		"null object listed":              {rawUpdate(signed, map[int]string{13: "null"}, []int{13}, trailer), "", 1},
		"deleted":                         {raw(signed, "xref\n5 1\n0000000000 00001 f \ntrailer\n<<"+trailer+">>\nstartxref\n"+strconv.Itoa(len(signed))+"\n%%EOF\n"), "5 0 undefined: the object is deleted", 1},
		"another object's place":          {raw(signed, "xref\n5 1\n0000000407 00000 n \ntrailer\n<<"+trailer+">>\nstartxref\n"+strconv.Itoa(len(signed))+"\n%%EOF\n"), "object 6 0 where the cross-reference says 5 0", 1},
		"another generation":              {raw(signed, "5 1 obj\n"+forged+"\nendobj\nxref\n5 1\n"+fmt.Sprintf("%010d", len(signed))+" 00001 n \ntrailer\n<<"+trailer+">>\nstartxref\n"+strconv.Itoa(len(signed)+len("5 1 obj\n"+forged+"\nendobj\n"))+"\n%%EOF\n"), "5 0 undefined: a stream is changed", 1},
		"page of another generation":      {raw(signed, pageAgain+"xref\n3 1\n"+fmt.Sprintf("%010d", len(signed))+" 00001 n \ntrailer\n<<"+trailer+">>\nstartxref\n"+strconv.Itoa(len(signed)+len(pageAgain))+"\n%%EOF\n"), "3 0 undefined: the object is of another generation", 1},
		"reference of another generation": {rawUpdate(signed, map[int]string{13: "[5 1 R]"}, []int{13}, trailer), "13 0 undefined: the object designates 5 1, which is there in another generation", 1},
		"annotations beyond /Size":        {rawUpdate(signed, map[int]string{3: "<<" + pageAnnots(t, signed, "13 0 R") + ">>", 13: annots(t, signed)}, []int{3, 13}, trailer), "13 0 undefined: the object that the revision brings or designates is beyond its /Size", 1},
		"annotations elsewhere":           {rawUpdate(signed, map[int]string{3: "<<" + pageAnnots(t, signed, "13 0 R") + ">>", 13: annots(t, signed)}, []int{3, 13}, strings.Replace(trailer, "/Size 13", "/Size 14", 1)), "", 1},
		"hybrid section":                  {hybridUpdate(signed, trailer), "for readers of different ages", 1},
		"another root":                    {rawUpdate(signed, map[int]string{13: "<</Type/Catalog/Pages 2 0 R>>"}, []int{13}, strings.Replace(trailer, "/Root 1", "/Root 13", 1)), "/Root of the trailer", 0},
		"contents as information":         {rawUpdate(signed, map[int]string{5: info}, []int{5}, strings.Replace(trailer, "/Info 8", "/Info 5", 1)), "5 0 undefined: a stream is changed", 1},
		"another information":             {rawUpdate(signed, map[int]string{13: "<</Title(x)>>"}, []int{13}, strings.Replace(trailer, "/Info 8", "/Info 13", 1)), "/Title of the information", 1},
		"streams of another program":      {rawUpdate(signed, nil, nil, trailer+"/AdditionalStreams[/application#2Fodt 5 0 R]"), "/AdditionalStreams", 1},
		"revision that is not closed":     {unclosed(signed, trailer), "", -1},
		"second signature jumped over":    {rawUpdate(twice, map[int]string{13: "null"}, []int{13}, trailer), "belong to no object", 1},
		"both jumped over":                {rawUpdate(twice, map[int]string{13: "null"}, []int{13}, "/Size 13/Root 1 0 R/Prev "+first), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := pades.Read(t.Context(), ades.Bytes(c.file))
			if c.count < 0 {
				require.ErrorIs(t, err, pades.ErrDamaged)
				return
			}
			require.NoError(t, err)
			if c.want == "/Root of the trailer" { // the signature is no more in the form, and still found
				c.count = 1
			}
			require.Len(t, doc.Signatures, c.count)
			if c.count == 0 {
				return
			}
			got := messages(doc.Signatures[0].Modifications)
			if c.want == "" {
				require.Empty(t, got)
			} else {
				require.Contains(t, got, c.want)
			}
		})
	}
}

// annots are the annotations of the first page, as source.
func annots(t *testing.T, b []byte) (source string) {
	update(t, b, func(e *edit) {
		list, err := e.state.Array(e.page.Get("Annots"))
		require.NoError(t, err)
		source = string(pdf.Append(nil, list))
	})
	return source
}

// pageAnnots are the entries of the first page, with other annotations.
func pageAnnots(t *testing.T, b []byte, list string) (source string) {
	update(t, b, func(e *edit) {
		require.Equal(t, 3, e.pageRef.Number)
		source = string(pdf.Append(nil, e.page.With("Annots", pdf.Raw(list))))
	})
	return strings.TrimSuffix(strings.TrimPrefix(source, "<<"), ">>")
}

// hybridUpdate lists an object in a cross-reference stream that only newer readers look at.
func hybridUpdate(b []byte, trailer string) []byte {
	out := bytes.Clone(b)
	object := len(out)
	out = append(out, "5 0 obj\n<</Length 6>>stream\nforged\nendstream\nendobj\n"...)
	stream := len(out)
	row := string([]byte{1, byte(object >> 8), byte(object), 0})
	out = append(out, "13 0 obj\n<</Type/XRef/W[1 2 1]/Index[5 1]/Size 14/Length 4>>stream\n"+row+"\nendstream\nendobj\n"...)
	table := len(out)
	return append(out, fmt.Sprintf("xref\n0 0\ntrailer\n<<%s/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n", trailer, stream, table)...)
}

// unclosed ends without %%EOF.
func unclosed(b []byte, trailer string) []byte {
	out := rawUpdate(b, map[int]string{13: "null"}, []int{13}, trailer)
	return bytes.TrimSuffix(out, []byte("%%EOF\n"))
}

// TestObjectsFromNowhere: the signed revision designates an object that it does not have, or that lies beyond its end. What is
// appended gives it one.
func TestObjectsFromNowhere(t *testing.T) {
	b := sample(t, "table.pdf")
	// The page's second content is object 77, which is not there.
	base := update(t, b, func(e *edit) { e.u.Put(e.pageRef, e.page.With("Contents", e.parse("[5 0 R 77 0 R]"))) })
	signed := sign(t, base, pades.Options{})
	after := update(t, signed, func(e *edit) { e.u.PutStream(e.number(77), pdf.Dict{}, []byte("forged")) })
	require.Contains(t, messages(read(t, after).Signatures[0].Modifications), "77 0 undefined: the object was designated by the earlier revision")
	// The same as the appearance of an honest signature.
	after = update(t, signed, func(e *edit) {
		e.u.PutStream(e.number(77), pdf.Dict{}, theWorld().root.DER)
		e.u.Put(e.root, e.catalog.With("DSS", e.parse("<</Certs[77 0 R]>>")))
	})
	require.Contains(t, messages(read(t, after).Signatures[0].Modifications), "77 0 undefined: the object was designated by the earlier revision")
	// Another generation of the same number.
	base = update(t, b, func(e *edit) { e.u.Put(e.pageRef, e.page.With("Contents", e.parse("[5 0 R 77 1 R]"))) })
	after = update(t, sign(t, base, pades.Options{}), func(e *edit) { e.u.PutStream(e.number(77), pdf.Dict{}, []byte("forged")) })
	require.Contains(t, messages(read(t, after).Signatures[0].Modifications), "77 0 undefined")

	// Object 5 lies beyond the end of the signed document.
	signed = sign(t, bytes.Replace(b, []byte("0000000305 00000 n"), []byte("0000099999 00000 n"), 1), pades.Options{})
	padded := raw(signed, strings.Repeat(" ", 99999-len(signed))+"5 0 obj\n<</Length 6>>stream\nforged\nendstream\nendobj\n")
	after = rawUpdate(padded, map[int]string{}, nil, "/Size 13/Root 1 0 R/Info 8 0 R/Prev "+lastSection(signed))
	got := messages(read(t, after).Signatures[0].Modifications)
	require.Contains(t, got, "an object of the earlier revision cannot be read")
	require.Contains(t, got, "belong to no object")

	// A stream whose data goes on beyond the end of the signed document. A second signature does not mend it.
	base = update(t, b, func(e *edit) { e.put(e.number(9), "99999") }) // the length of object 5
	signed = sign(t, base, pades.Options{})
	padded = raw(signed, strings.Repeat(" ", 99999-len(signed)+400)+"\nendstream endobj\n")
	appended := rawUpdate(padded, nil, nil, "/Size 13/Root 1 0 R/Info 8 0 R/Prev "+lastSection(signed))
	for _, file := range [][]byte{appended, update(t, sign(t, signed, pades.Options{}), func(*edit) {})} {
		for _, s := range read(t, file).Signatures {
			require.Contains(t, messages(s.Modifications), "5 0 undefined: an object of the earlier revision cannot be read")
		}
	}

	// Objects beyond the /Size of a revision: strict readers do not see them, until it grows.
	signed = sign(t, b, pades.Options{})
	small := rawUpdate(signed, nil, nil, "/Size 3/Root 1 0 R/Info 8 0 R/Prev "+lastSection(signed))
	after = rawUpdate(small, nil, nil, "/Size 13/Root 1 0 R/Info 8 0 R/Prev "+lastSection(small))
	require.Contains(t, messages(read(t, small).Signatures[0].Modifications), "beyond the /Size of the revision")
	require.Contains(t, messages(read(t, after).Signatures[0].Modifications), "beyond the /Size of the earlier revision")
	none := rawUpdate(signed, nil, nil, "/Size/Many/Root 1 0 R/Info 8 0 R/Prev "+lastSection(signed))
	require.Contains(t, messages(read(t, none).Signatures[0].Modifications), "/Size of the trailer is not a number")
}
