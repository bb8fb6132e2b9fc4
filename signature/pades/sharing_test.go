package pades_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/pades"
)

// TestSharedObjects: an object that plays two parts may not change in the name of one of them.
func TestSharedObjects(t *testing.T) {
	b := sample(t, "table.pdf")
	change := func(base, after func(e *edit)) string {
		doc := read(t, update(t, sign(t, update(t, b, base), pades.Options{}), after))
		return messages(doc.Signatures[0].Modifications)
	}
	stream := func(e *edit, data string) string {
		ref := e.u.New()
		e.u.PutStream(ref, pdf.Dict{}, []byte(data))
		return ref.String() + " R"
	}
	// The contents of the page are the certificates of the store.
	got := change(func(e *edit) {
		e.put(e.number(50), "["+stream(e, "BT ET")+"]")
		e.u.Put(e.pageRef, e.page.With("Contents", e.number(50)))
		e.u.Put(e.root, e.catalog.With("DSS", e.parse("<</Certs 50 0 R>>")))
	}, func(e *edit) { e.put(e.number(50), "["+stream(e, "forged")+"]") })
	require.Contains(t, got, "50 0 undefined: an object is changed")
	// Only the store has them: it may grow.
	got = change(func(e *edit) {
		e.put(e.number(50), "["+stream(e, "0")+"]")
		e.u.Put(e.root, e.catalog.With("DSS", e.parse("<</Certs 50 0 R>>")))
	}, func(e *edit) { e.put(e.number(50), "["+stream(e, "0")+" "+stream(e, "1")+"]") })
	require.Empty(t, got)
	// A certificate is also the contents of the page.
	got = change(func(e *edit) {
		e.u.Put(e.root, e.catalog.With("DSS", e.parse("<</Certs[5 0 R]>>")))
	}, func(e *edit) { e.u.PutStream(e.number(5), pdf.Dict{}, []byte("forged")) })
	require.Contains(t, got, "5 0 undefined: a stream is changed")
	// The resources of the pages are the list of extensions.
	got = change(func(e *edit) {
		e.put(e.number(50), "<</Font<</BaseVersion/1.7>>>>")
		e.u.Put(e.root, e.catalog.With("Extensions", e.number(50)))
		e.u.Put(e.pageRef, e.page.With("Resources", e.number(50)))
	}, func(e *edit) { e.put(e.number(50), "<</XObject<</BaseVersion/1.7>>>>") })
	require.Contains(t, got, "50 0 undefined: an object is changed")
	// Only the catalog has them.
	got = change(func(e *edit) {
		e.put(e.number(50), "<</ESIC<</BaseVersion/1.7>>>>")
		e.u.Put(e.root, e.catalog.With("Extensions", e.number(50)))
	}, func(e *edit) { e.put(e.number(50), "<</ESIC<</BaseVersion/1.7>>/ADBE<</ExtensionLevel 3>>>>") })
	require.Empty(t, got)
	// The fonts of the page are the catalog.
	got = change(func(e *edit) { e.u.Put(e.pageRef, e.page.With("Resources", e.parse("<</Font 1 0 R>>"))) },
		func(e *edit) { e.u.Put(e.root, e.catalog.With("DSS", e.store(""))) })
	require.Contains(t, got, "1 0 undefined: an object of type /Catalog is changed")
	// Fonts of a form may be added, not changed: readers draw annotations without an appearance with them.
	defaults := func(e *edit, fonts string) { e.putForm(e.form.With("DR", e.parse("<</Font<<"+fonts+">>>>"))) }
	b2 := sign(t, b, pades.Options{})
	b2 = sign(t, update(t, b2, func(e *edit) { defaults(e, "/F1 7 0 R") }), pades.Options{})
	require.Empty(t, read(t, update(t, b2, func(e *edit) { defaults(e, "/F1 7 0 R/F2 6 0 R") })).Signatures[1].Modifications)
	require.Contains(t, messages(read(t, update(t, b2, func(e *edit) { defaults(e, "/F1 6 0 R") })).Signatures[1].Modifications), "/DR of the form loses or changes")
	// The annotations of the page are its contents too; a signature adds its own.
	base := update(t, b, func(e *edit) {
		e.put(e.number(50), "[5 0 R]")
		e.u.Put(e.pageRef, e.page.With("Contents", e.number(50)).With("Annots", e.number(50)))
	})
	doc := read(t, sign(t, sign(t, base, pades.Options{}), pades.Options{}))
	require.Contains(t, messages(doc.Signatures[0].Modifications), "50 0 undefined: an object is changed")
	require.Empty(t, doc.Signatures[1].Modifications)
}

// TestMetadata lets an XMP packet say that the document was saved, and nothing else.
func TestMetadata(t *testing.T) {
	packet := `<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmp:ModifyDate="2026-01-15"><dc:title>Titre</dc:title>` +
		`<xmp:MetadataDate>2026-01-15</xmp:MetadataDate></rdf:Description></x:xmpmeta>    <?xpacket end="w"?>`
	kind := pdf.Dict{{Key: "Type", Value: pdf.Name("Metadata")}, {Key: "Subtype", Value: pdf.Name("XML")}}
	signed := sign(t, update(t, sample(t, "table.pdf"), func(e *edit) {
		e.u.PutStream(e.number(50), kind, []byte(packet))
		e.u.Put(e.root, e.catalog.With("Metadata", e.number(50)))
	}), pades.Options{})
	for name, c := range map[string]struct {
		old, new string
		allowed  bool
	}{
		"date in an attribute": {`ModifyDate="2026-01-15"`, `ModifyDate="2026-01-16T10:00:00+01:00"`, true},
		"date in an element":   {`<xmp:MetadataDate>2026-01-15`, `<xmp:MetadataDate>2026-02-15`, true},
		"padding":              {`    <?xpacket end`, `        <?xpacket end`, true},
		"title":                {`<dc:title>Titre`, `<dc:title>Autre`, false},
		"markup in a date":     {`<xmp:MetadataDate>2026-01-15`, `<xmp:MetadataDate><dc:title>x</dc:title>`, false},
		"entity in a date":     {`<xmp:MetadataDate>2026-01-15`, `<xmp:MetadataDate>&title;`, false},
		"element added":        {`</rdf:Description>`, `<dc:creator>x</dc:creator></rdf:Description>`, false},
	} {
		for _, inPlace := range []bool{true, false} {
			require.Contains(t, packet, c.old)
			after := update(t, signed, func(e *edit) {
				ref := e.number(50)
				if !inPlace {
					ref = e.u.New()
					e.u.Put(e.root, e.catalog.With("Metadata", ref))
				}
				e.u.PutStream(ref, kind, []byte(strings.Replace(packet, c.old, c.new, 1)))
			})
			require.Equal(t, c.allowed, len(read(t, after).Signatures[0].Modifications) == 0, name)
		}
	}
}
