package facts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// Whatever is read into facts can be asked about, saved, and asked again with the same answer.
func FuzzReadRevocations(f *testing.F) {
	s := newScene(pkitest.Revoked(noon, pkitest.KeyCompromise))
	names, err := filepath.Glob("../validation/testdata/pkits/crls/*delta*.crl")
	require.NoError(f, err)
	require.NotEmpty(f, names)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(raw, s.ca.CRL(pkitest.Number(3)), uint8(0))
	}
	f.Add(s.ca.CRL(pkitest.Number(5)), s.ca.CRL(pkitest.Delta(5), pkitest.Number(6)), uint8(0))
	f.Add(s.ca.OCSP(s.leaf, pkitest.CertHash(true)), s.ca.Responder("R").OCSP(s.leaf), uint8(0))
	f.Add(wrap(f, 2, 1, oid(f, 1, 3, 6, 1, 5, 5, 7, 16, 2), s.ca.OCSP(s.leaf)), s.ca.CRL(), uint8(1))
	f.Add(wrap(f, 0, 16, wrap(f, 2, 0, wrap(f, 0, 16, s.ca.CRL(pkitest.Scope{Indirect: true})))), []byte{}, uint8(2))
	forms := []facts.RevocationForm{facts.FormData, facts.FormChoice, facts.FormValues, facts.FormArchival}
	f.Fuzz(func(t *testing.T, a, b []byte, form uint8) {
		doc := new(facts.Document)
		leaf, ca := doc.AddCertificate(s.leaf.DER, facts.FromCaller), doc.AddCertificate(s.ca.DER, facts.FromCaller)
		doc.Schema = facts.Schema
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, raw := range [][]byte{a, b} {
			doc.ReadRevocations(context.Background(), forms[int(form)%len(forms)], raw, facts.FromSignature)
		}
		finder := facts.NewRevocationFinder(doc)
		list := finder.About(leaf, ca)
		for i := range doc.Revocations {
			finder.Signers(doc.Revocations[i].ID, ca)
		}
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20+256*uint64(len(a)+len(b)) {
			t.Fatalf("%d octets allocated for %d", spent, len(a)+len(b))
		}
		saved, err := json.Marshal(doc)
		require.NoError(t, err)
		again, err := facts.Read(bytes.NewReader(saved))
		require.NoError(t, err)
		require.Equal(t, list, facts.NewRevocationFinder(again).About(leaf, ca))
		for _, st := range list {
			require.Equal(t, st.Sound() || st.Status == facts.StatusUnknown, true)
			require.NotEmpty(t, st.Data)
		}
	})
}
