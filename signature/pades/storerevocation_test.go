package pades_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
)

// TestStoreHoldsRevocation: lists, responses and certificates of a document security store and of its entries are among the facts,
// once each, and what cannot be read is as if it were not there.
func TestStoreHoldsRevocation(t *testing.T) {
	w := theWorld()
	signed := sign(t, sample(t, "table.pdf"), pades.Options{Level: ades.BaselineT})
	other := w.root.Intermediate("Autre AC")
	stored := update(t, signed, func(e *edit) {
		stream := func(data []byte) string {
			ref := e.u.New()
			e.u.PutStream(ref, pdf.Dict{}, data)
			return ref.String() + " R "
		}
		list := stream(w.root.CRL())
		e.u.Put(e.root, e.catalog.With("DSS", e.store(
			"/CRLs["+list+stream([]byte("0"))+"99 0 R]/OCSPs["+stream(w.ca.OCSP(w.leaf))+stream([]byte{0x30, 0})+"]"+
				"/VRI<</AAAA<</CRL["+list+stream(w.ca.CRL())+"]/Cert["+stream(other.DER)+"]>>>>")))
	})
	doc := read(t, stored)
	kinds := map[facts.RevocationKind]int{}
	for _, r := range doc.Revocations {
		require.Equal(t, facts.FromDocument, r.Origin)
		kinds[r.Kind]++
	}
	require.Equal(t, map[facts.RevocationKind]int{facts.KindCRL: 2, facts.KindOCSP: 1}, kinds)
	require.Equal(t, facts.FromDocument, doc.Certificate(doc.AddCertificate(other.DER, "")).Origin)
	require.Equal(t, "B-LT", doc.Signatures[0].Level)
	require.Empty(t, doc.Signatures[0].Modifications)

	require.Empty(t, read(t, signed).Revocations)
}
