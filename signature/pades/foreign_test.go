package pades_test

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// A foreign signature is one that another program could have made: everything in it can be chosen, and its digest is right
// for whatever it says that it covers.
type foreign struct {
	subFilter string                                       // ETSI.CAdES.detached unless given
	extra     string                                       // of the signature dictionary
	field     string                                       // more of the field
	typeName  string                                       // Sig unless given; "-" for none
	contents  func(message []byte, room int) string        // what stands between the angle brackets, of 2 × room characters
	message   func(digest func(crypto.Hash) []byte) []byte // the value; a CAdES signature unless given
	byteRange func(v [4]int64, size int64) string          // the array; the right one unless given
	ranges    func(v [4]int64, size int64) [4]int64        // what is hashed; the right ranges unless given
	before    func(e *edit)                                // other changes of the same revision
	waiting   string                                       // name of the field to fill, a new one unless given
	name      string                                       // of the new field
}

func (f foreign) sign(t testing.TB, b []byte) []byte {
	t.Helper()
	const room = 8000
	gap := strings.Repeat("0", 2*room)
	var value pdf.Ref
	out := update(t, b, func(e *edit) {
		if f.before != nil {
			f.before(e)
		}
		value = e.u.New()
		source := "<<"
		if f.typeName != "-" {
			source += "/Type/" + or(f.typeName, "Sig")
		}
		e.u.Put(value, pdf.Raw(source+"/Filter/X/SubFilter/"+or(f.subFilter, "ETSI.CAdES.detached")+"/M(D:20260115100000Z)"+
			f.extra+"/ByteRange "+strings.Repeat(" ", 60)+"/Contents <"+gap+">>>"))
		f.fill(e, value)
	})
	start := bytes.LastIndex(out, []byte("<"+gap+">"))
	at := bytes.LastIndex(out[:start], []byte("/ByteRange ")) + len("/ByteRange ")
	size := int64(len(out))
	right := [4]int64{0, int64(start), int64(start + 2*room + 2), size - int64(start+2*room+2)}
	written := fmt.Sprintf("[%d %d %d %d]", right[0], right[1], right[2], right[3])
	if f.byteRange != nil {
		written = f.byteRange(right, size)
	}
	require.LessOrEqual(t, len(written), 60)
	copy(out[at:], written)
	hashed := right
	if f.ranges != nil {
		hashed = f.ranges(right, size)
	}
	digest := func(h crypto.Hash) []byte {
		w := h.New()
		w.Write(out[hashed[0]:][:hashed[1]])
		w.Write(out[hashed[2]:][:hashed[3]])
		return w.Sum(nil)
	}
	var message []byte
	if f.message != nil {
		message = f.message(digest)
	} else {
		message = cadesMessage(t, digest)
	}
	text := hex.EncodeToString(message)
	text += strings.Repeat("0", 2*room-len(text))
	if f.contents != nil {
		text = f.contents(message, room)
	}
	require.Len(t, text, 2*room)
	copy(out[start+1:], text)
	return out
}

func or(s, standard string) string {
	if s == "" {
		return standard
	}
	return s
}

// fill puts the value in a field.
func (f foreign) fill(e *edit, value pdf.Ref) {
	list, err := e.state.Array(e.form.Get("Fields"))
	require.NoError(e.t, err)
	if f.waiting != "" {
		for _, o := range list {
			if dict := e.dict(o); pdf.ReadText(dict.Get("T").(pdf.String).Value) == f.waiting {
				e.u.Put(o.(pdf.Ref), dict.With("V", value))
				return
			}
		}
		e.t.Fatal("no such field")
	}
	field := e.add("<</Type/Annot/Subtype/Widget/FT/Sig/T(" + or(f.name, fmt.Sprintf("Foreign%d", len(list))) + ")/Rect[0 0 0 0]/F 132/V " + value.String() + " R" + f.field + ">>")
	form := append(pdf.Dict{}, e.form...).With("SigFlags", pdf.Integer(3)).With("Fields", append(append(pdf.Array{}, list...), field))
	e.putForm(form)
	annotations, err := e.state.Array(e.page.Get("Annots"))
	require.NoError(e.t, err)
	e.u.Put(e.pageRef, e.page.With("Annots", append(append(pdf.Array{}, annotations...), field)))
}

func cadesMessage(t testing.TB, digest func(crypto.Hash) []byte) []byte {
	w := theWorld()
	draft, err := cades.NewDraft(ades.Digest{Algorithm: crypto.SHA256, Sum: digest(crypto.SHA256), Size: -1}, w.leaf.Chain(),
		cades.Options{Time: pkitest.DefaultTime, OmitTime: true})
	require.NoError(t, err)
	value, err := w.signer(t, w.leaf).Sign(t.Context(), draft.Request())
	require.NoError(t, err)
	message, err := draft.Marshal(value, nil)
	require.NoError(t, err)
	return message
}

// documentTimestamp is a document timestamp: EN 319 142-1 §5.4.3.
func documentTimestamp(t testing.TB) foreign {
	return foreign{subFilter: "ETSI.RFC3161", typeName: "DocTimeStamp", message: func(digest func(crypto.Hash) []byte) []byte {
		token, err := theWorld().tsa.Timestamp(t.Context(), crypto.SHA512, digest(crypto.SHA512))
		require.NoError(t, err)
		return token
	}}
}

func TestForeignSignatures(t *testing.T) {
	b := sample(t, "table.pdf")
	upper := func(message []byte, room int) string {
		s := strings.ToUpper(hex.EncodeToString(message))
		return s + strings.Repeat("0", 2*room-len(s))
	}
	padded := func(tail string) func([]byte, int) string {
		return func(message []byte, room int) string {
			s := hex.EncodeToString(message)
			return s + strings.Repeat("0", 2*room-len(s)-len(tail)) + tail
		}
	}
	for name, c := range map[string]struct {
		foreign
		want string // "valid", or what is wrong
	}{
		"sound":                  {foreign{}, "valid"},
		"no type":                {foreign{typeName: "-"}, "valid"},
		"upper case":             {foreign{contents: upper}, "valid"},
		"old subfilter":          {foreign{subFilter: "adbe.pkcs7.detached"}, "valid"},
		"reason and place":       {foreign{extra: "/Reason(x)/Location(y)"}, "valid"},
		"spaces in the range":    {foreign{byteRange: func(v [4]int64, _ int64) string { return fmt.Sprintf("[ 0 %d  %d %d ]", v[1], v[2], v[3]) }}, "valid"},
		"odd number of digits":   {foreign{contents: padded("> ")}, "pdf.byte-range"}, // the string ends early
		"space in the value":     {foreign{contents: padded(" 00")}, "pdf.contents"},
		"padding of one bit":     {foreign{contents: padded("1")}, "pdf.contents"},
		"padding of a letter":    {foreign{contents: padded("a0")}, "pdf.contents"},
		"text after the value":   {foreign{contents: padded(hex.EncodeToString([]byte("hidden")))}, "pdf.contents"},
		"empty value":            {foreign{contents: func(_ []byte, room int) string { return strings.Repeat("0", 2*room) }}, "pdf.contents"},
		"sha1 subfilter":         {foreign{subFilter: "adbe.pkcs7.sha1"}, "pdf.sub-filter"},
		"no subfilter":           {foreign{subFilter: "X"}, "pdf.sub-filter"},
		"another type":           {foreign{typeName: "Page"}, "pdf.dictionary"},
		"two contents":           {foreign{extra: "/Contents<00>"}, "pdf.dictionary"},
		"two ranges":             {foreign{extra: "/ByteRange[0 1 2 3]"}, "pdf.dictionary"},
		"two integers":           {foreign{byteRange: func(v [4]int64, _ int64) string { return fmt.Sprintf("[0 %d]", v[1]) }}, "pdf.byte-range"},
		"six integers":           {foreign{byteRange: func(v [4]int64, s int64) string { return fmt.Sprintf("[0 %d %d %d %d 0]", v[1], v[2], v[3], s) }}, "pdf.byte-range"},
		"no range":               {foreign{byteRange: func([4]int64, int64) string { return "null" }}, "pdf.byte-range"},
		"a real":                 {foreign{byteRange: func(v [4]int64, _ int64) string { return fmt.Sprintf("[0 %d.0 %d %d]", v[1], v[2], v[3]) }}, "pdf.byte-range"},
		"negative":               {foreign{byteRange: func(v [4]int64, _ int64) string { return fmt.Sprintf("[0 -1 %d %d]", v[2], v[3]) }}, "pdf.byte-range"},
		"an indirect range":      {foreign{byteRange: func([4]int64, int64) string { return "9 0 R" }}, "pdf.byte-range"},
		"not from the start":     {shift(1, 0, 0, 0), "pdf.byte-range"},
		"gap begins early":       {shift(0, -1, 0, 0), "pdf.byte-range"},
		"gap begins late":        {shift(0, 1, 0, 0), "pdf.byte-range"},
		"gap ends late":          {shift(0, 0, 1, -1), "pdf.byte-range"},
		"gap ends early":         {shift(0, 0, -1, 1), "pdf.byte-range"},
		"end left out":           {shift(0, 0, 0, -2), "pdf.revision"},
		"end of line left out":   {shift(0, 0, 0, -1), "valid"},
		"beyond the end":         {foreign{byteRange: func(v [4]int64, s int64) string { return fmt.Sprintf("[0 %d %d %d]", v[1], v[2], s) }}, "pdf.byte-range"},
		"huge":                   {foreign{byteRange: func(v [4]int64, _ int64) string { return fmt.Sprintf("[0 %d 9223372036854775807 1]", v[1]) }}, "pdf.byte-range"},
		"overlap":                {foreign{byteRange: func(v [4]int64, _ int64) string { return fmt.Sprintf("[0 %d 0 %d]", v[1], v[2]+v[3]) }}, "pdf.byte-range"},
		"empty first range":      {foreign{byteRange: func(v [4]int64, _ int64) string { return fmt.Sprintf("[0 0 %d %d]", v[2], v[3]) }}, "pdf.byte-range"},
		"empty second range":     {foreign{byteRange: func(v [4]int64, s int64) string { return fmt.Sprintf("[0 %d %d 0]", v[1], s) }}, "pdf.byte-range"},
		"another digest":         {foreign{ranges: func(v [4]int64, _ int64) [4]int64 { v[1]--; return v }}, "not intact"},
		"unreadable permissions": {foreign{extra: "/Reference 1 0 R"}, "pdf.dictionary"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := read(t, c.foreign.sign(t, b))
			require.Len(t, doc.Signatures, 1)
			s := &doc.Signatures[0]
			if c.want == "valid" {
				require.Equal(t, "valid", stands(doc, s), "%+v", s.Problems)
				return
			}
			require.NotEqual(t, "valid", stands(doc, s))
			if c.want == "not intact" {
				require.True(t, s.References[0].Found)
				require.False(t, s.References[0].Intact)
				return
			}
			var codes []string
			for _, p := range s.Problems {
				codes = append(codes, p.Code)
				require.NotEmpty(t, p.Clause)
			}
			require.Contains(t, codes, c.want)
		})
	}
}

// shift moves the numbers of /ByteRange, and what is hashed with them.
func shift(a, b, c, d int64) foreign {
	move := func(v [4]int64, _ int64) [4]int64 { return [4]int64{v[0] + a, v[1] + b, v[2] + c, v[3] + d} }
	return foreign{ranges: move, byteRange: func(v [4]int64, size int64) string {
		m := move(v, size)
		return fmt.Sprintf("[%d %d %d %d]", m[0], m[1], m[2], m[3])
	}}
}

// TestDocumentTimestamps: a file may hold nothing else, and they may follow a signature.
func TestDocumentTimestamps(t *testing.T) {
	b := sample(t, "table.pdf")
	alone := read(t, documentTimestamp(t).sign(t, b))
	require.Empty(t, alone.Signatures)
	require.Len(t, alone.Timestamps, 1)
	token := alone.Timestamps[0]
	require.Equal(t, "S-1", token.ID)
	require.True(t, token.References[1].Intact)
	require.Equal(t, 2, token.Revision)
	require.Empty(t, token.Problems)
	require.NotEmpty(t, token.ByteRange)

	signed := sign(t, b, pades.Options{Level: ades.BaselineT})
	stored := update(t, signed, func(e *edit) {
		crl := e.u.New()
		e.u.PutStream(crl, pdf.Dict{}, []byte("0"))
		e.u.Put(e.root, e.catalog.With("DSS", e.store("/CRLs["+crl.String()+" R]")))
	})
	sealed := documentTimestamp(t).sign(t, stored)
	for level, file := range map[string][]byte{"B-T": signed, "B-LT": stored, "B-LTA": sealed} {
		doc := read(t, file)
		require.Equal(t, level, doc.Signatures[0].Level)
		require.Equal(t, "valid", stands(doc, &doc.Signatures[0]))
	}
	doc := read(t, sealed)
	require.Len(t, doc.Timestamps, 2, "each token once")
	require.Equal(t, []string{"S-1-T1"}, doc.Signatures[0].Tokens)
	require.NotNil(t, doc.Certificate(doc.AddCertificate(theWorld().root.DER, "")), "from the store")
	require.Equal(t, "document", string(doc.Certificate(doc.AddCertificate(theWorld().root.DER, "")).Origin))

	// What comes after a timestamp counts for it too.
	after := read(t, update(t, sealed, func(e *edit) { e.u.Put(e.pageRef, e.page.With("Rotate", pdf.Integer(90))) }))
	require.NotEmpty(t, after.Timestamps[1].Modifications)
	require.NotEmpty(t, after.Signatures[0].Modifications)
}

// TestPermissions: what a signature forbids to those that follow it.
func TestPermissions(t *testing.T) {
	b := sample(t, "table.pdf")
	docMDP := func(p string) foreign {
		return foreign{extra: "/Reference[<</TransformMethod/DocMDP/TransformParams<</Type/TransformParams/V/1.2" + p + ">>>>]"}
	}
	for name, c := range map[string]struct {
		foreign
		level         int
		certification bool
		forbids       bool
	}{
		"nothing":          {docMDP("/P 1"), 1, true, true},
		"form filling":     {docMDP("/P 2"), 2, true, false},
		"annotations":      {docMDP("/P 3"), 3, true, false},
		"by default":       {docMDP(""), 2, true, false},
		"lock":             {foreign{field: "/Lock<</Type/SigFieldLock/Action/All/P 1>>"}, 1, false, true},
		"lock without":     {foreign{field: "/Lock<</Type/SigFieldLock/Action/All>>"}, 0, false, false},
		"field permission": {foreign{extra: "/Reference[<</TransformMethod/FieldMDP/TransformParams<</Action/All/P 1>>>>]"}, 1, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			signed := c.foreign.sign(t, b)
			doc := read(t, signed)
			require.Equal(t, "valid", stands(doc, &doc.Signatures[0]))
			if c.level > 0 {
				require.Equal(t, c.level, doc.Signatures[0].PDF.Permission)
				require.Equal(t, c.certification, doc.Signatures[0].PDF.Certification)
			}
			w := theWorld()
			var out bytes.Buffer
			err := pades.Sign(t.Context(), &out, ades.Bytes(signed), w.signer(t, w.leaf), pades.Options{Time: pkitest.DefaultTime})
			timestamped := read(t, documentTimestamp(t).sign(t, signed))
			require.Empty(t, timestamped.Signatures[0].Modifications, "validation data and document timestamps are always allowed")
			again := read(t, foreign{}.sign(t, signed))
			if !c.forbids {
				require.NoError(t, err)
				require.Empty(t, again.Signatures[0].Modifications)
				return
			}
			require.ErrorIs(t, err, pades.ErrForbidden)
			require.Equal(t, "docmdp", again.Signatures[0].Modifications[0].Kind)
			require.Empty(t, again.Signatures[1].Modifications)
		})
	}
}

// TestWaitingFields signs a field that is there, in all forms that it may have.
func TestWaitingFields(t *testing.T) {
	b := sample(t, "table.pdf")
	withField := func(extra string) []byte {
		return update(t, b, func(e *edit) {
			field := e.add("<</Type/Annot/Subtype/Widget/FT/Sig/T(Visa)/Rect[10 10 99 99]/F 4/P 3 0 R" + extra + ">>")
			text := e.add("<</FT/Tx/T(nom)/V(x)>>")
			group := e.u.New()
			below := e.add("<</T(maire)/FT/Sig/Parent " + group.String() + " R>>")
			e.put(group, "<</T(avis)/Kids["+below.String()+" R]>>")
			e.u.Put(e.root, e.catalog.With("AcroForm", e.parse("<</Fields["+field.String()+" R "+text.String()+" R "+group.String()+" R]/DA(/F 0 Tf)>>")))
			e.u.Put(e.pageRef, e.page.With("Annots", pdf.Array{field}))
		})
	}
	for _, name := range []string{"Visa", "avis.maire"} {
		doc := read(t, sign(t, withField(""), pades.Options{Field: name}))
		require.Len(t, doc.Signatures, 1)
		require.Equal(t, name, doc.Signatures[0].Field)
		require.Equal(t, "valid", stands(doc, &doc.Signatures[0]))
	}
	// One after the other, and a new one.
	signed := sign(t, sign(t, sign(t, withField(""), pades.Options{Field: "avis.maire"}), pades.Options{Field: "Visa"}), pades.Options{})
	doc := read(t, signed)
	require.Len(t, doc.Signatures, 3)
	for i := range doc.Signatures {
		require.Equal(t, "valid", stands(doc, &doc.Signatures[i]), messages(doc.Signatures[i].Modifications))
	}

	w := theWorld()
	refused := func(b []byte, name string, want error) {
		err := pades.Sign(t.Context(), new(bytes.Buffer), ades.Bytes(b), w.signer(t, w.leaf), pades.Options{Time: pkitest.DefaultTime, Field: name})
		require.ErrorIs(t, err, want)
	}
	refused(withField(""), "nom", pades.ErrField)
	refused(withField("/SV<</Ff 1>>"), "Visa", pades.ErrField)
	refused(signed, "Visa", pades.ErrField)

	// A lock is signed as a FieldMDP transform, and holds afterwards.
	locked := sign(t, withField("/Lock<</Type/SigFieldLock/Action/Include/Fields[(avis)]>>"), pades.Options{Field: "Visa"})
	require.Contains(t, string(locked), "/TransformMethod /FieldMDP")
	doc = read(t, locked)
	require.Equal(t, "valid", stands(doc, &doc.Signatures[0]))
	refused(locked, "avis.maire", pades.ErrForbidden)
	other := sign(t, withField("/Lock<</Type/SigFieldLock/Action/Exclude/Fields[(avis.maire)]>>"), pades.Options{Field: "Visa"})
	doc = read(t, sign(t, other, pades.Options{Field: "avis.maire"}))
	require.Empty(t, doc.Signatures[0].Modifications)
	// Someone signs it all the same.
	forced := read(t, foreign{waiting: "Visa"}.sign(t, foreign{field: "/Lock<</Action/All>>"}.sign(t, withField(""))))
	require.Len(t, forced.Signatures, 2)
	require.Equal(t, "lock", forced.Signatures[0].Modifications[0].Kind)
}

// TestNewFieldNames: two fields of one name are one field.
func TestNewFieldNames(t *testing.T) {
	b := foreign{name: "Signature1"}.sign(t, sample(t, "table.pdf"))
	doc := read(t, sign(t, b, pades.Options{}))
	require.Equal(t, "Signature2", doc.Signatures[1].Field)
	require.Empty(t, doc.Signatures[0].Modifications)
	doc = read(t, foreign{name: "Signature1"}.sign(t, b))
	require.Contains(t, messages(doc.Signatures[0].Modifications), "no name of its own")
	// An empty field that a later signature fills is that signature's.
	empty := update(t, b, func(e *edit) { e.addField("<</FT/Sig/T(Suite)/Type/Annot/Subtype/Widget/Rect[0 0 0 0]/F 132>>") })
	require.NotEmpty(t, read(t, empty).Signatures[0].Modifications)
	doc = read(t, sign(t, empty, pades.Options{Field: "Suite"}))
	require.Empty(t, doc.Signatures[0].Modifications)
}
