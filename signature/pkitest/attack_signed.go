package pkitest

import (
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

// attackedDocument is a PDF of one page with an empty form. objects adds to those of the document, or replaces them, by
// number; those of the form and of the annotations of the page, 7 and 8, are written again by each signature.
func attackedDocument(objects map[int]string) []byte {
	all := map[int]string{
		1: "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>",
		2: "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>/Annots 8 0 R>>",
		4: streamBody("", "BT /F1 24 Tf 72 700 Td (Mille euros) Tj ET"),
		5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		6: "<</Title(Essai)/Producer(pkitest)>>",
		7: "<</Fields[]/SigFlags 3>>",
		8: "[]",
	}
	for number, body := range objects {
		all[number] = body
	}
	out := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var table []byte
	size := 1
	for ; all[size] != ""; size++ {
		table = fmt.Appendf(table, "%010d 00000 n \n", len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", size, all[size])
	}
	section := len(out)
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n%s", size, table)
	return fmt.Appendf(out, "trailer\n<</Size %d/Root 1 0 R/Info 6 0 R/ID[<%032x><%032x>]>>\nstartxref\n%d\n%%%%EOF\n", size, 1, 1, section)
}

// A pdfSigning is how a PDF is signed. Zero values are those of a sound signature.
type pdfSigning struct {
	by         *Identity
	subFilter  string // ETSI.CAdES.detached
	entries    string // of the dictionary, besides the usual ones
	dictionary string // all of it, with %RANGE% and %CONTENTS% where these go
	field      string // entries of the field, besides the usual ones: /Rect[0 0 0 0] if there is no other
	into       int    // object of an empty field to sign, 0 for a new one
	more       map[int]string

	// written gives the text of /ByteRange, at most as long as %RANGE%, and covered what is hashed. start and end are the gap.
	written func(start, end, size int) string
	covered func(start, end, size int) [][2]int
	// message makes what goes into /Contents, of the digest of what is covered.
	message func(content []byte) []byte
	// spelled writes /Contents; nil is in hexadecimal, padded with zeros.
	spelled func(message []byte) string
	// packed puts the dictionary into an object stream.
	noType bool
}

const rangeRoom = 64

// signPDF appends a signature to a document of attackedDocument.
func (f *Forge) signPDF(base []byte, s pdfSigning) []byte {
	const room = 3000
	if s.by == nil {
		s.by = f.Victim
	}
	if s.subFilter == "" {
		s.subFilter = "ETSI.CAdES.detached"
	}
	if s.dictionary == "" {
		s.dictionary = "<<%TYPE%/Filter/Adobe.PPKLite/SubFilter/" + s.subFilter + "/M(" + string(pdf.Date(f.Time.Add(-time.Hour)).Value) + ")" + s.entries +
			"/ByteRange %RANGE%/Contents %CONTENTS%>>"
	}
	kind := "/Type/Sig"
	if s.noType {
		kind = ""
	}
	s.dictionary = strings.Replace(s.dictionary, "%TYPE%", kind, 1)
	if s.message == nil {
		s.message = func(content []byte) []byte { return f.pdfMessage(s.by, content, nil) }
	}
	u := f.updateOf(base)
	fields, notes := arrayOf(base, 7), arrayOf(base, 8)
	slot := "<" + strings.Repeat("0", 2*room) + ">"
	text := strings.Replace(strings.Replace(s.dictionary, "%RANGE%", strings.Repeat(" ", rangeRoom), 1), "%CONTENTS%", slot, 1)
	value := u.add(text)
	if s.into > 0 {
		u.put(s.into, strings.TrimSuffix(objectOf(base, s.into), ">>")+"/V "+value+s.field+">>")
	} else {
		if !strings.Contains(s.field, "/Rect") {
			s.field += "/Rect[0 0 0 0]"
		}
		field := u.add(fmt.Sprintf("<</FT/Sig/T(S%d)/V %s/Type/Annot/Subtype/Widget/F 132/P 3 0 R%s>>", len(strings.Fields(fields))/3+1, value, s.field))
		u.put(7, strings.Replace(objectOf(base, 7), "/Fields["+fields, "/Fields["+fields+field+" ", 1))
		u.put(8, "["+notes+field+" ]")
	}
	for number, body := range s.more {
		u.put(number, body)
		u.next = max(u.next, number+1)
	}
	slices.SortFunc(u.objects, func(a, b pdfObject) int { return a.number - b.number })
	out := u.bytes()

	start := len(base) + bytes.Index(out[len(base):], []byte(slot))
	end, size := start+len(slot), len(out)
	written, covered := s.written, s.covered
	if written == nil {
		written = func(start, end, size int) string { return fmt.Sprintf("[0 %d %d %d]", start, end, size-end) }
	}
	if covered == nil {
		covered = func(start, end, size int) [][2]int { return [][2]int{{0, start}, {end, size}} }
	}
	if i := bytes.Index(out[len(base):], bytes.Repeat([]byte{' '}, rangeRoom)); i >= 0 {
		copy(out[len(base)+i:], written(start, end, size))
	}
	var content []byte
	for _, part := range covered(start, end, size) {
		content = append(content, out[part[0]:part[1]]...)
	}
	message := s.message(content)
	spelled := "<" + hex.EncodeToString(message) + strings.Repeat("0", max(0, 2*room-2*len(message))) + ">"
	if s.spelled != nil {
		spelled = s.spelled(message)
		spelled += strings.Repeat(" ", len(slot)-len(spelled))
	}
	copy(out[start:end], spelled)
	return out
}

// pdfMessage is the CMS of a PAdES signature: detached, without the signing time.
func (f *Forge) pdfMessage(by *Identity, content []byte, edit func(*draft)) []byte {
	d := f.draft(by, content)
	d.message.content = nil
	d.s.drop(cms.OIDSigningTime)
	if edit != nil {
		edit(d)
	}
	return d.finish().bytes()
}

// updateOf begins an update of a document of attackedDocument.
func (f *Forge) updateOf(base []byte) *pdfUpdate {
	file, err := pdf.Open(context.Background(), bytes.NewReader(base), int64(len(base)))
	if err != nil {
		panic("pkitest: " + err.Error())
	}
	trailer := file.Last().Trailer()
	size, _ := trailer.Get("Size").(pdf.Integer)
	return &pdfUpdate{base: base, trailer: trailer, prev: startxref(base), next: int(size), hidden: map[int]bool{}, pointers: map[int]int{}}
}

// objectOf is the last text of an object, of those that this package wrote.
func objectOf(base []byte, number int) string {
	head := fmt.Sprintf("\n%d 0 obj\n", number)
	at := bytes.LastIndex(base, []byte(head)) + len(head)
	return string(base[at : at+bytes.Index(base[at:], []byte("\nendobj"))])
}

// arrayOf is the references in the form (7) or the annotations (8), each followed by a space.
func arrayOf(base []byte, number int) string {
	text := objectOf(base, number)
	open := strings.IndexByte(text, '[')
	return text[open+1 : open+strings.IndexByte(text[open:], ']')]
}

// later appends an update to a signed document.
func (f *Forge) later(base []byte, edit func(u *pdfUpdate)) []byte {
	u := f.updateOf(base)
	edit(u)
	return u.bytes()
}

// pdfAttacks: those that take no key on a signed document, then those that do.
func (f *Forge) pdfAttacks() ([]Attack, error) {
	signed := f.signPDF(f.PDF, pdfSigning{})
	out, err := AttackPDF(signed)
	if err != nil {
		return nil, err
	}
	for _, list := range []func([]byte) []Attack{f.rangeAttacks, f.messageAttacks, f.shadowAttacks, f.certifiedAttacks, f.overlayAttacks, f.againAttacks} {
		out = append(out, list(signed)...)
	}
	return out, nil
}

// rangeAttacks: the value verifies over what /ByteRange says, and that is not the document.
func (f *Forge) rangeAttacks(twin []byte) []Attack {
	row := func(name, class, source, about string, s pdfSigning) Attack {
		return f.attack("range/"+name, class, source, about, BreaksSignature, f.signPDF(f.PDF, s), twin)
	}
	ranges := func(format string, numbers func(start, end, size int) []any, covered func(start, end, size int) [][2]int) pdfSigning {
		return pdfSigning{covered: covered, written: func(start, end, size int) string { return fmt.Sprintf(format, numbers(start, end, size)...) }}
	}
	whole := func(start, end, size int) [][2]int { return [][2]int{{0, start}, {end, size}} }
	usual := func(start, end, size int) []any { return []any{start, end, size - end} }
	const class = "byte range"
	hidden := "/Reason(Bon pour cent mille euros)"
	return []Attack{
		row("gap-behind", class, rangeClause, "an entry of the dictionary behind the value is not covered", pdfSigning{
			dictionary: "<<%TYPE%/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange %RANGE%/Contents %CONTENTS%" + hidden + ">>",
			written: func(start, end, size int) string {
				return fmt.Sprintf("[0 %d %d %d]", start, end+len(hidden), size-end-len(hidden))
			},
			covered: func(start, end, size int) [][2]int { return [][2]int{{0, start}, {end + len(hidden), size}} },
		}),
		row("gap-before", class, rangeClause, "an entry of the dictionary before the value is not covered", pdfSigning{
			dictionary: "<<%TYPE%/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange %RANGE%" + hidden + "/Contents %CONTENTS%>>",
			written: func(start, end, size int) string {
				cut := len(hidden + "/Contents ")
				return fmt.Sprintf("[0 %d %d %d]", start-cut, end, size-end)
			},
			covered: func(start, end, size int) [][2]int {
				return [][2]int{{0, start - len(hidden+"/Contents ")}, {end, size}}
			},
		}),
		row("gap-one-octet", class, rangeClause, "the octet before the value is not covered", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{start - 1, end, size - end} },
			func(start, end, size int) [][2]int { return [][2]int{{0, start - 1}, {end, size}} })),
		row("gap-page", class, rangeClause, "the whole document is in the gap, and the header and the end are covered", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{9, size - 6, 6} },
			func(start, end, size int) [][2]int { return [][2]int{{0, 9}, {size - 6, size}} })),
		row("brackets-covered", class, "ISO 32000-2 §12.8.1", "the angle brackets around the value are covered", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{start + 1, end - 1, size - end + 1} },
			func(start, end, size int) [][2]int { return [][2]int{{0, start + 1}, {end - 1, size}} })),
		row("not-from-the-start", class, rangeClause, "the header is not covered", ranges("[9 %d %d %d]", func(start, end, size int) []any { return []any{start - 9, end, size - end} },
			func(start, end, size int) [][2]int { return [][2]int{{9, start}, {end, size}} })),
		row("not-to-the-end", class, rangeClause, "the cross-reference is not covered", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{start, end, 40} },
			func(start, end, size int) [][2]int { return [][2]int{{0, start}, {end, end + 40}} })),
		row("only-before", class, rangeClause, "one range, before the value", ranges("[0 %d]", func(start, end, size int) []any { return []any{start} },
			func(start, end, size int) [][2]int { return [][2]int{{0, start}} })),
		row("second-empty", class, rangeClause, "the second range is empty", ranges("[0 %d %d 0]", func(start, end, size int) []any { return []any{start, end} },
			func(start, end, size int) [][2]int { return [][2]int{{0, start}} })),
		row("first-empty", class, rangeClause, "the first range is empty", ranges("[0 0 %d %d]", func(start, end, size int) []any { return []any{end, size - end} },
			func(start, end, size int) [][2]int { return [][2]int{{end, size}} })),
		row("three-ranges", class, rangeClause, "three ranges, with a hole in the contents of the page", ranges("[0 %d %d %d %d %d]", func(start, end, size int) []any { return []any{100, 200, start - 200, end, size - end} },
			func(start, end, size int) [][2]int { return [][2]int{{0, 100}, {200, start}, {end, size}} })),
		row("overlap", class, rangeClause, "the second range begins within the first", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{start, start - 100, 100} },
			func(start, end, size int) [][2]int { return [][2]int{{0, start}, {start - 100, start}} })),
		row("same-twice", class, rangeClause, "both ranges are the first octets", ranges("[0 %d 0 %d]", func(start, end, size int) []any { return []any{100, 100} },
			func(start, end, size int) [][2]int { return [][2]int{{0, 100}, {0, 100}} })),
		row("backwards", class, rangeClause, "the ranges are in the other order", ranges("[%d %d 0 %d]", func(start, end, size int) []any { return []any{end, size - end, start} },
			func(start, end, size int) [][2]int { return [][2]int{{end, size}, {0, start}} })),
		row("beyond", class, rangeClause, "the second range goes beyond the end of the file", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{start, end, size} }, whole)),
		row("overflow", class, rangeClause, "the second range is of nearly 2^63 octets", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{start, end, int64(1<<63 - 1)} }, whole)),
		row("negative", class, rangeClause, "the second range has a negative length", ranges("[0 %d %d %d]", func(start, end, size int) []any { return []any{start, end, end - size} }, whole)),
		row("reals", class, "ISO 32000-2 table 255", "the numbers are not integers", ranges("[0 %d.0 %d.0 %d.0]", usual, whole)),
		row("twice", "two byte ranges", "ISO 32000-2 §7.3.7", "there are two /ByteRange, of which the second is right", pdfSigning{entries: "/ByteRange[0 10 20 10]"}),
		row("twice-after", "two byte ranges", "ISO 32000-2 §7.3.7", "there are two /ByteRange, of which the first is right", pdfSigning{
			dictionary: "<<%TYPE%/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange %RANGE%/Contents %CONTENTS%/ByteRange[0 10 20 10]>>",
		}),
		row("contents-twice", "two values", "ISO 32000-2 §7.3.7", "there are two /Contents, of which the second is right", pdfSigning{entries: "/Contents<3000>"}),
		row("indirect", class, "ISO 32000-2 §12.8.1", "/ByteRange is an object of its own", pdfSigning{
			dictionary: "<<%TYPE%/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange 99 0 R/Contents %CONTENTS%>>", more: map[int]string{99: strings.Repeat(" ", rangeRoom)},
		}),
		row("contents-indirect", "two values", "ISO 32000-2 §12.8.1", "/Contents is an object of its own", pdfSigning{
			dictionary: "<<%TYPE%/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange %RANGE%/Contents 99 0 R>>", more: map[int]string{99: "<" + strings.Repeat("0", 6000) + ">"},
		}),
		row("contents-elsewhere", "two values", rangeClause, "the gap is around another string, and the value is covered by what it signs", pdfSigning{
			dictionary: "<<%TYPE%/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange %RANGE%/Cert %CONTENTS%/Contents<3000>>>",
		}),
		row("literal", "encoding of the value", "ISO 32000-2 §12.8.1", "the value is a literal string", pdfSigning{spelled: func(m []byte) string {
			var out strings.Builder
			out.WriteByte('(')
			for _, c := range m {
				fmt.Fprintf(&out, "%s", map[bool]string{true: fmt.Sprintf("\\%03o", c), false: string([]byte{c})}[strings.IndexByte("()\\\r", c) >= 0])
			}
			return out.String() + ")"
		}}),
		row("spaced", "encoding of the value", rangeClause, "there are spaces between the digits of the value", pdfSigning{spelled: func(m []byte) string {
			return "<" + hex.EncodeToString(m[:10]) + " \n" + hex.EncodeToString(m[10:]) + strings.Repeat("0", 6000-2-2*len(m)) + ">"
		}}),
		row("odd", "encoding of the value", "ISO 32000-2 §7.3.4.3", "the value has an odd number of digits, and a space behind it", pdfSigning{spelled: func(m []byte) string {
			return "<" + hex.EncodeToString(m) + strings.Repeat("0", 6000-1-2*len(m)) + ">"
		}}),
		row("padding", "padding", rangeClause, "what is behind the message is not zero", pdfSigning{spelled: func(m []byte) string {
			return "<" + hex.EncodeToString(m) + strings.Repeat("41", 3000-len(m)) + ">"
		}}),
	}
}

// messageAttacks: what /Contents holds.
func (f *Forge) messageAttacks(twin []byte) []Attack {
	row := func(name, class, source, about string, s pdfSigning) Attack {
		return f.attack("message/"+name, class, source, about, BreaksSignature, f.signPDF(f.PDF, s), twin)
	}
	cmsOf := func(edit func(*draft)) func([]byte) []byte {
		return func(content []byte) []byte { return f.pdfMessage(f.Victim, content, edit) }
	}
	stamped := func(content []byte) []byte { return f.token(f.TSA, content) }
	const field = "sub-filter"
	out := []Attack{
		row("of-another-document", "detached or attached", "ISO 32000-2 §12.8.3.3", "the message is an attached signature of another document by the signer", pdfSigning{message: func([]byte) []byte { return f.sign(f.Victim, nil).bytes() }}),
		row("of-another-document-detached", "content", "ISO 32000-2 §12.8.3.3", "the message is a detached signature of another document by the signer", pdfSigning{message: func([]byte) []byte {
			return f.sign(f.Victim, func(d *draft) { d.message.content = nil }).bytes()
		}}),
		row("two-signers", "several signers", "EN 319 142-1 §5.2", "two signed the message", pdfSigning{message: func(content []byte) []byte {
			d := f.draft(f.Victim, content)
			d.message.content = nil
			d.finish()
			id := f.Authority.Leaf("Adjointe")
			second := f.draft(id, content).finish()
			d.certificates, d.signers = append(d.certificates, id.DER), append(d.signers, second.signers[0])
			return d.bytes()
		}}),
		row("certificates", "no signer", "EN 319 142-1 §5.2", "the message holds certificates only", pdfSigning{message: cmsOf(func(d *draft) {
			d.signed = func([]byte) []byte { d.signers = nil; return nil }
		})}),
		row("content-type", "content type", "RFC 5652 §11.1", "the content type that is signed is not that of the message", pdfSigning{message: cmsOf(func(d *draft) {
			d.s.replace(cms.OIDContentType, attribute(cms.OIDContentType, oid("1.2.840.113549.1.9.16.1.5")))
		})}),
		row("timestamp-as-signature", "timestamp as signature", "EN 319 142-1 §5.4.3", "a timestamp of the document is presented as a signature of it", pdfSigning{message: stamped}),
		row("signature-as-timestamp", "timestamp as signature", "EN 319 142-1 §5.4.3", "a signature is presented as a document timestamp", pdfSigning{subFilter: "ETSI.RFC3161"}),
		row("sub-filter-sha1", field, "ISO 32000-2 §12.8.3.3.1", "the sub-filter is adbe.pkcs7.sha1: a SHA-1 of the document is what is signed", pdfSigning{subFilter: "adbe.pkcs7.sha1", message: func(content []byte) []byte {
			sum := digest(crypto.SHA1, content)
			d := f.draft(f.Victim, sum)
			return d.finish().bytes()
		}}),
		row("sub-filter-rsa-sha1", field, "ISO 32000-1 §12.8.3.2", "the sub-filter is adbe.x509.rsa_sha1", pdfSigning{subFilter: "adbe.x509.rsa_sha1", entries: "/Cert<" + hex.EncodeToString(f.Victim.DER) + ">", message: func(content []byte) []byte {
			return octets(f.Victim.pki.signingWith(f.Victim, &spec{}).sign(content))
		}}),
		row("sub-filter-unknown", field, "ISO 32000-2 table 260", "nobody knows the sub-filter", pdfSigning{subFilter: "Exemple.inconnu"}),
		row("sub-filter-missing", field, "ISO 32000-2 table 255", "there is no sub-filter", pdfSigning{
			dictionary: "<<%TYPE%/Filter/Adobe.PPKLite/ByteRange %RANGE%/Contents %CONTENTS%>>",
		}),
		row("type", "dictionary", "ISO 32000-2 table 255", "the dictionary says that it is a page", pdfSigning{
			dictionary: "<</Type/Page/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange %RANGE%/Contents %CONTENTS%>>",
		}),
		row("digest-of-digest", "content", "RFC 5652 §5.4", "the value is over the digest of the document, taken for the document", pdfSigning{message: func(content []byte) []byte {
			return f.pdfMessage(f.Victim, digest(crypto.SHA256, content), nil)
		}}),
		row("attribute-swap", "attribute swap", eufCMA, "the attributes of another signature are the document inside the message", pdfSigning{message: func([]byte) []byte {
			d := f.sign(f.Victim, nil)
			d.message.content = [][]byte{octets(d.s.toBeSigned())}
			d.s.attributes = nil
			return d.bytes()
		}}),
	}
	impostor := stranger().Leaf("Attaquant")
	certificate := recast(f.Victim.DER, impostor)
	a := f.attack("message/impostor", "certificate substitution", substitution, "the attacker signs with a certificate that has the signer's names and serial number", BreaksTrust,
		f.signPDF(f.PDF, pdfSigning{message: func(content []byte) []byte {
			return f.pdfMessage(f.Victim, content, func(d *draft) {
				d.certificates[0] = certificate
				d.s.replace(cms.OIDSigningCertificateV2, signingCertificateV2(certificate))
				d.how = impostor.pki.signingWith(impostor, &spec{})
			})
		}}), twin)
	return append(out, a)
}
