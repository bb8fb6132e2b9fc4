package revocation_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

func document(raw []byte) *ades.Document { return ades.Bytes(raw) }

func TestStatic(t *testing.T) {
	s := newScene(t, pkitest.Revoked(noon.Add(-time.Hour), pkitest.KeyCompromise))
	response := s.ca.OCSP(s.leaf)
	long := s.ca.CRL(pkitest.Filler(500))
	for name, c := range map[string]struct {
		documents [][]byte
		kinds     []facts.RevocationKind
	}{
		"list":             {[][]byte{s.ca.CRL()}, []facts.RevocationKind{facts.KindCRL}},
		"long list":        {[][]byte{long}, []facts.RevocationKind{facts.KindCRL}},
		"long list in PEM": {[][]byte{pkitest.CRLPEM(long)}, []facts.RevocationKind{facts.KindCRL}},
		"lists in PEM":     {[][]byte{append(pkitest.CRLPEM(s.root.CRL()), pkitest.CRLPEM(s.ca.CRL())...)}, []facts.RevocationKind{facts.KindCRL}},
		"list and delta":   {[][]byte{s.ca.CRL(pkitest.Number(3)), s.ca.CRL(pkitest.Delta(3), pkitest.Number(4))}, []facts.RevocationKind{facts.KindCRL, facts.KindCRL}},
		"response":         {[][]byte{response}, []facts.RevocationKind{facts.KindOCSP}},
		"response in PEM":  {[][]byte{pem.EncodeToMemory(&pem.Block{Type: "OCSP RESPONSE", Bytes: response})}, []facts.RevocationKind{facts.KindOCSP}},
		"both":             {[][]byte{response, s.ca.CRL()}, []facts.RevocationKind{facts.KindCRL, facts.KindOCSP}},
		"of somebody else": {[][]byte{s.root.CRL(), s.root.OCSP(&s.ca.Identity)}, nil},
		"nothing":          {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var documents []*ades.Document
			for _, raw := range c.documents {
				documents = append(documents, document(raw))
			}
			static, err := revocation.NewStatic(context.Background(), documents...)
			require.NoError(t, err)
			data, err := s.fetch(static, noon.AddDate(10, 0, 0))
			require.NoError(t, err)
			var kinds []facts.RevocationKind
			for _, d := range data {
				kinds = append(kinds, d.Facts.Kind)
				require.Equal(t, facts.FromCaller, d.Facts.Origin)
				require.NotEmpty(t, d.DER)
			}
			require.Equal(t, c.kinds, kinds)
			for _, st := range s.statements(data) {
				require.Equal(t, facts.Revoked, st.Status)
			}
		})
	}
	for name, raw := range map[string][]byte{
		"garbage": []byte("garbage"), "a certificate": s.ca.DER, "a refusal": s.ca.OCSP(s.leaf, pkitest.ResponseStatus(3)),
		"PEM of a certificate": s.ca.PEM(),
	} {
		_, err := revocation.NewStatic(context.Background(), document(s.ca.CRL()), document(raw))
		require.Error(t, err, name)
		require.ErrorContains(t, err, "object 2", name)
	}
	static, err := revocation.NewStatic(context.Background(), document(s.ca.CRL()))
	require.NoError(t, err)
	_, err = static.Fetch(context.Background(), []byte("x"), s.ca.DER, time.Time{})
	require.ErrorIs(t, err, revocation.ErrCertificate)
}

// A file that changes after it was given is not read as the one that was.
func TestStaticChanged(t *testing.T) {
	s := newScene(t)
	for name, option := range map[string]pkitest.Option{"short": pkitest.Filler(1), "long": pkitest.Filler(500)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "liste.crl")
			require.NoError(t, os.WriteFile(path, s.ca.CRL(option), 0o600))
			file, err := ades.OpenDocument(path)
			require.NoError(t, err)
			defer file.Close()
			static, err := revocation.NewStatic(context.Background(), file)
			require.NoError(t, err)
			_, err = s.fetch(static, time.Time{})
			require.NoError(t, err)
			again, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = again.Write(s.ca.CRL(option, pkitest.Number(77)))
			require.NoError(t, err)
			require.NoError(t, again.Close())
			_, err = s.fetch(static, time.Time{})
			require.ErrorContains(t, err, "changed")
		})
	}
}

// A list of 10 MB in a file is looked into without being held.
func TestStaticBig(t *testing.T) {
	s := newScene(t, pkitest.Revoked(noon.Add(-time.Hour), pkitest.KeyCompromise))
	path := filepath.Join(t.TempDir(), "liste.crl")
	require.NoError(t, os.WriteFile(path, s.ca.CRL(pkitest.Filler(250_000)), 0o600))
	file, err := ades.OpenDocument(path)
	require.NoError(t, err)
	defer file.Close()
	require.Greater(t, file.Size(), int64(8<<20))
	static, err := revocation.NewStatic(context.Background(), file)
	require.NoError(t, err)
	spent := testing.AllocsPerRun(1, func() {
		data, err := s.fetch(static, time.Time{})
		require.NoError(t, err)
		require.Nil(t, data[0].DER, "too long to be held")
		require.Equal(t, facts.Revoked, s.statements(data)[0].Status)
	})
	require.Less(t, spent, 5000.0)
}

// A list of 10 MB over HTTP takes what is handed over of it, and a window.
func TestFetchBig(t *testing.T) {
	s := newScene(t, pkitest.Revoked(noon.Add(-time.Hour), pkitest.KeyCompromise))
	raw := s.ca.CRL(pkitest.Filler(250_000))
	source, _ := at(t, s, func(w http.ResponseWriter, r *http.Request) { w.Write(raw) }, func(o *revocation.Options) { o.Store = revocation.NewMemory(8 << 20) })
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	data, err := s.fetch(source, time.Time{})
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.EqualValues(t, len(raw), data[0].Facts.Size)
	require.Nil(t, data[0].DER)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "all that was allocated, collected or not, the server's part included")
}
