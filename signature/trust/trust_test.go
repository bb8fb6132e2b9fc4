package trust_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func folder(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

func TestLoad(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("trust"))
	a, b, c := pki.Root("Racine A"), pki.Root("Racine B"), pki.Root("Racine C")
	idA := trust.Anchor{Certificate: a.DER}.ID()
	rows := []struct {
		name  string
		files map[string]string
		load  []string // names in the folder; nil is the folder
		want  []*pkitest.Authority
		fails error
		says  string
	}{
		{name: "a file", files: map[string]string{"a.pem": string(a.PEM())}, load: []string{"a.pem"}, want: []*pkitest.Authority{a}},
		{name: "several in a file, text around", files: map[string]string{"all.pem": "Racines\n" + string(a.PEM()) + "\n# B\n" + string(b.PEM())}, load: []string{"all.pem"}, want: []*pkitest.Authority{a, b}},
		{name: "DER", files: map[string]string{"a.cer": string(a.DER)}, load: []string{"a.cer"}, want: []*pkitest.Authority{a}},
		{name: "a folder", files: map[string]string{"a.pem": string(a.PEM()), "b.CRT": string(b.PEM()), "c.der": string(c.DER), "README": "rien"}, want: []*pkitest.Authority{a, b, c}},
		{name: "files and folders", files: map[string]string{"a.pem": string(a.PEM()), "b.pem": string(b.PEM())}, load: []string{"b.pem", "."}, want: []*pkitest.Authority{a, b}},
		{name: "a key beside", files: map[string]string{"a.pem": string(a.PEM()), "a-key.pem": string(a.KeyPEM())}, want: []*pkitest.Authority{a}},
		{name: "an empty folder", files: nil, fails: trust.ErrNoAnchor, says: "no certificate found in "},
		{name: "a folder of other things", files: map[string]string{"lisez-moi.txt": "rien"}, fails: trust.ErrNoAnchor},
		{name: "a key alone", files: map[string]string{"a.pem": string(a.KeyPEM())}, load: []string{"a.pem"}, fails: trust.ErrNoAnchor},
		{name: "nothing there", load: []string{"absent.pem"}, fails: os.ErrNotExist, says: "absent.pem"},
		{name: "not a certificate", files: map[string]string{"a.pem": string(a.PEM()), "b.der": "0"}, fails: trust.ErrNotCertificate, says: "b.der"},
		{
			name: "a certificate that is damaged", files: map[string]string{"a.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.DER[:100]}))},
			fails: trust.ErrNotCertificate, says: "a.pem",
		},
		{
			name: "constraints that name an anchor", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[{"sha256":"` + strings.ToUpper(idA) + `","sunset":"2027-01-01T00:00:00Z"}]}`},
			want: []*pkitest.Authority{a},
		},
		{
			name: "constraints that name another", files: map[string]string{"b.pem": string(b.PEM()), "b.json": `{"schema":1,"anchors":[{"sha256":"` + idA + `"}]}`},
			fails: trust.ErrConstraintsFile, says: "no certificate of the file has SHA-256 " + idA,
		},
		{
			name: "a constraint that is misspelt", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[{"sunsets":"2027-01-01T00:00:00Z"}]}`},
			fails: trust.ErrConstraintsFile, says: "sunsets",
		},
		{name: "constraints beside nothing", files: map[string]string{"a.pem": string(a.PEM()), "b.json": `{"schema":1,"anchors":[]}`}, fails: trust.ErrConstraintsFile, says: "beside no file"},
		{name: "constraints of another schema", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":2,"anchors":[]}`}, fails: trust.ErrConstraintsFile, says: "schema 2"},
		{name: "two JSON objects", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[]}{}`}, fails: trust.ErrConstraintsFile, says: "follows"},
		{name: "two entries for all", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[{},{}]}`}, fails: trust.ErrConstraintsFile, says: "two entries without"},
		{
			name: "two entries for one", files: map[string]string{"a.pem": string(a.PEM()), "a.json": fmt.Sprintf(`{"schema":1,"anchors":[{"sha256":"%s"},{"sha256":"%s"}]}`, idA, idA)},
			fails: trust.ErrConstraintsFile, says: "two entries for " + idA,
		},
		{name: "a digest that is none", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[{"sha256":"abc"}]}`}, fails: trust.ErrConstraintsFile, says: "64 hexadecimal digits"},
		{name: "an unknown purpose", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[{"purposes":["tls"]}]}`}, fails: trust.ErrConstraint, says: `"tls"`},
		{
			name: "a period that ends first", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[{"periods":[{"from":"2026-01-01T00:00:00Z","to":"2025-01-01T00:00:00Z"}]}]}`},
			fails: trust.ErrConstraint, says: "before it begins",
		},
		{
			name: "the same anchor constrained and not", files: map[string]string{"a.pem": string(a.PEM()), "a.json": `{"schema":1,"anchors":[{"purposes":["timestamp"]}]}`, "b.pem": string(a.PEM())},
			fails: trust.ErrConflict, says: "different constraints",
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			dir := folder(t, r.files)
			paths := []string{dir}
			if r.load != nil {
				paths = nil
				for _, name := range r.load {
					paths = append(paths, filepath.Join(dir, name))
				}
			}
			set, err := trust.Load(paths...)
			if r.fails != nil {
				require.ErrorIs(t, err, r.fails)
				require.ErrorContains(t, err, r.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, len(r.want), set.Len())
			for _, authority := range r.want {
				found, ok := set.Find(trust.Anchor{Certificate: authority.DER}.ID())
				require.True(t, ok)
				require.Equal(t, authority.DER, found.Certificate)
				require.NotEmpty(t, found.Source)
			}
		})
	}
}

func TestConstraints(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("trust"))
	a, b := pki.Root("Racine A"), pki.Root("Racine B")
	id := trust.Anchor{Certificate: a.DER}.ID()
	dir := folder(t, map[string]string{
		"all.pem": string(a.PEM()) + string(b.PEM()),
		"all.json": `{"schema":1,"anchors":[
			{"sha256":"` + id + `","sunset":"2026-03-02T00:00:00Z","periods":[{"from":"2020-01-01T00:00:00Z","to":"2025-01-01T00:00:00Z"},{"from":"2026-01-01T00:00:00Z"}]},
			{"purposes":["timestamp"]}]}`,
	})
	set, err := trust.Load(filepath.Join(dir, "all.pem"))
	require.NoError(t, err)
	anchors := set.All()
	require.Len(t, anchors, 2)

	require.Equal(t, day, anchors[0].Sunset.UTC())
	require.Len(t, anchors[0].Periods, 2)
	require.True(t, anchors[0].Serves(trust.Signature))
	require.True(t, anchors[0].Periods[0].Contains(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)))
	require.False(t, anchors[0].Periods[0].Contains(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)))
	require.True(t, anchors[0].Periods[1].Contains(time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)))

	require.Nil(t, anchors[1].Sunset)
	require.True(t, anchors[1].Serves(trust.Timestamp))
	require.False(t, anchors[1].Serves(trust.Signature))
}

func nameOf(t *testing.T, a *pkitest.Authority) trust.Name {
	name, ok := trust.NameOf(a.Certificate.RawSubject)
	require.True(t, ok)
	return name
}

func TestSet(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("trust"))
	a, b := pki.Root("Racine A"), pki.Root("Racine B")
	// Another certificate of the same name, in other letters.
	shouting := pki.Root("autre", pkitest.RawSubject(pkitest.Name(
		pkitest.AttributeValue{OID: pkitest.OIDCountryName, Value: "FR"},
		pkitest.AttributeValue{OID: pkitest.OIDOrganizationName, Value: "Prestataire d'essai"},
		pkitest.AttributeValue{OID: pkitest.OIDOrganizationalUnitName, Value: "0002 99900000300015"},
		pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "RACINE  A", Tag: 19})))

	set, err := trust.NewSet(trust.Anchor{Certificate: a.DER}, trust.Anchor{Certificate: a.DER}, trust.Anchor{Certificate: shouting.DER}, trust.Anchor{Certificate: b.DER})
	require.NoError(t, err)
	require.Equal(t, 3, set.Len())
	require.Len(t, set.Named(nameOf(t, a)), 2)
	require.Len(t, set.Named(nameOf(t, b)), 1)
	_, ok := trust.NameOf([]byte("nom"))
	require.False(t, ok)
	_, ok = set.Find("00")
	require.False(t, ok)
	same, err := set.Anchors(context.Background())
	require.NoError(t, err)
	require.Same(t, set, same)

	// A key on a curve that crypto/x509 refuses is an anchor like another.
	brainpool := []byte{0x30, 0x5a, 0x30, 0x14, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 9, 0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7, 3, 0x42, 0, 4}
	brainpool = append(brainpool, make([]byte, 64)...)
	foreign := a.Intermediate("AC Brainpool", pkitest.PublicKey(brainpool))
	require.Nil(t, foreign.Certificate, "crypto/x509 has learnt brainpool: take another key for this test")
	_, err = trust.NewSet(trust.Anchor{Certificate: foreign.DER})
	require.NoError(t, err)

	var none *trust.Set
	require.Zero(t, none.Len())
	require.Empty(t, none.All())
	require.Empty(t, none.Named(nameOf(t, a)))
	_, ok = none.Find("00")
	require.False(t, ok)

	both, err := trust.Union(set, none, set)
	require.NoError(t, err)
	require.Equal(t, set.Len(), both.Len())
	limited, err := trust.NewSet(trust.Anchor{Certificate: a.DER, Purposes: []trust.Purpose{trust.Timestamp}})
	require.NoError(t, err)
	_, err = trust.Union(set, limited)
	require.ErrorIs(t, err, trust.ErrConflict)
}

func FuzzLoad(f *testing.F) {
	pki := pkitest.New(pkitest.Deterministic("trust"))
	a := pki.Root("Racine A")
	f.Add(a.PEM(), []byte(`{"schema":1,"anchors":[{"sunset":"2027-01-01T00:00:00Z"}]}`))
	f.Add(a.DER, []byte(`{"schema":1,"anchors":[{"sha256":"00","periods":[{}],"purposes":["signature"]}]}`))
	f.Fuzz(func(t *testing.T, certificates, constraints []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a.pem"), certificates, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a.json"), constraints, 0o600))
		set, err := trust.Load(dir)
		if err != nil {
			return
		}
		require.NotZero(t, set.Len())
		for _, anchor := range set.All() {
			found, ok := set.Find(anchor.ID())
			require.True(t, ok)
			require.Equal(t, anchor, found)
		}
	})
}
