package facts_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func parse(t testing.TB, raw []byte) *x509.Certificate {
	c, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return c
}

func wrap(t testing.TB, class, tag int, parts ...[]byte) []byte {
	raw, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: bytes.Join(parts, nil)})
	require.NoError(t, err)
	return raw
}

func oid(t testing.TB, dotted ...int) []byte {
	raw, err := asn1.Marshal(asn1.ObjectIdentifier(dotted))
	require.NoError(t, err)
	return raw
}

// Every structure in which signatures carry revocation data.
func TestReadRevocations(t *testing.T) {
	s := newScene()
	crl, response := s.ca.CRL(), s.ca.Responder("Répondeur").OCSP(s.leaf)
	basic := basicOf(t, response)
	sequence := func(parts ...[]byte) []byte { return wrap(t, asn1.ClassUniversal, asn1.TagSequence, parts...) }
	explicit := func(n int, parts ...[]byte) []byte { return wrap(t, asn1.ClassContextSpecific, n, parts...) }
	for name, c := range map[string]struct {
		form  facts.RevocationForm
		raw   []byte
		kinds []facts.RevocationKind
	}{
		"list":                        {facts.FormData, crl, []facts.RevocationKind{facts.KindCRL}},
		"list in PEM":                 {facts.FormData, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: crl}), []facts.RevocationKind{facts.KindCRL}},
		"response":                    {facts.FormData, response, []facts.RevocationKind{facts.KindOCSP}},
		"basic response":              {facts.FormData, basic, []facts.RevocationKind{facts.KindOCSP}},
		"choice of a list":            {facts.FormChoice, crl, []facts.RevocationKind{facts.KindCRL}},
		"choice of a response":        {facts.FormChoice, explicit(1, oid(t, 1, 3, 6, 1, 5, 5, 7, 16, 2), response), []facts.RevocationKind{facts.KindOCSP}},
		"choice of a basic response":  {facts.FormChoice, explicit(1, oid(t, 1, 3, 6, 1, 5, 5, 7, 48, 1, 1), basic), []facts.RevocationKind{facts.KindOCSP}},
		"revocation-values":           {facts.FormValues, sequence(explicit(0, sequence(crl)), explicit(1, sequence(basic))), []facts.RevocationKind{facts.KindCRL, facts.KindOCSP}},
		"responses alone":             {facts.FormValues, sequence(explicit(1, sequence(basic, basic))), []facts.RevocationKind{facts.KindOCSP}},
		"with values of a third kind": {facts.FormValues, sequence(explicit(0, sequence(crl)), explicit(2, sequence())), []facts.RevocationKind{facts.KindCRL}},
		"archival":                    {facts.FormArchival, sequence(explicit(0, sequence(crl)), explicit(1, sequence(response))), []facts.RevocationKind{facts.KindCRL, facts.KindOCSP}},
		"archival of nothing":         {facts.FormArchival, sequence(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			doc := new(facts.Document)
			require.NoError(t, doc.ReadRevocations(context.Background(), c.form, c.raw, facts.FromSignature))
			var kinds []facts.RevocationKind
			for _, r := range doc.Revocations {
				kinds = append(kinds, r.Kind)
				require.Equal(t, facts.FromSignature, r.Origin)
				require.Equal(t, r.Kind == facts.KindOCSP, len(r.Raw) > 0)
			}
			require.Equal(t, c.kinds, kinds)
			if len(doc.Certificates) > 0 {
				require.Equal(t, facts.FromRevocation, doc.Certificates[0].Origin)
				require.Equal(t, doc.Certificates[0].ID, doc.Revocation(doc.Revocations[len(doc.Revocations)-1].ID).OCSP.Certificates[0])
			}
		})
	}
	for name, c := range map[string]struct {
		form facts.RevocationForm
		raw  []byte
	}{
		"no such form":        {"other", crl},
		"nothing":             {facts.FormData, nil},
		"a certificate":       {facts.FormData, s.ca.DER},
		"an empty choice":     {facts.FormChoice, nil},
		"a choice of SCVP":    {facts.FormChoice, explicit(1, oid(t, 1, 3, 6, 1, 5, 5, 7, 16, 4), response)},
		"a choice and more":   {facts.FormChoice, explicit(1, oid(t, 1, 3, 6, 1, 5, 5, 7, 16, 2), response, crl)},
		"values and more":     {facts.FormValues, append(sequence(explicit(0, sequence(crl))), 0)},
		"values out of order": {facts.FormValues, sequence(explicit(0, crl, crl))},
		"values cut":          {facts.FormValues, sequence(explicit(0, sequence(crl[:10])))},
	} {
		t.Run(name, func(t *testing.T) {
			doc := new(facts.Document)
			require.ErrorIs(t, doc.ReadRevocations(context.Background(), c.form, c.raw, facts.FromSignature), facts.ErrRevocation)
			require.Empty(t, doc.Revocations)
		})
	}
	// One that cannot be read does not stop the others.
	doc := new(facts.Document)
	err := doc.ReadRevocations(context.Background(), facts.FormValues, sequence(explicit(0, sequence(s.ca.DER, crl))), facts.FromSignature)
	require.ErrorIs(t, err, facts.ErrRevocation)
	require.ErrorContains(t, err, "revocation object 1 of 2")
	require.Len(t, doc.Revocations, 1)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, doc.ReadRevocations(ctx, facts.FormData, crl, facts.FromSignature), context.Canceled)

	var refusal *facts.ResponseStatusError
	_, _, err = facts.ReadOCSP(s.ca.OCSP(s.leaf, pkitest.ResponseStatus(6)))
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, 6, refusal.Status)
	require.False(t, refusal.Temporary())
	require.EqualError(t, err, "facts: the OCSP responder does not answer: unauthorized")
}

// basicOf takes the BasicOCSPResponse out of a response.
func basicOf(t testing.TB, response []byte) []byte {
	var outer struct {
		Status asn1.Enumerated
		Bytes  struct {
			Type  asn1.ObjectIdentifier
			Basic []byte
		} `asn1:"explicit,tag:0"`
	}
	_, err := asn1.Unmarshal(response, &outer)
	require.NoError(t, err)
	return outer.Bytes.Basic
}

func TestRevocationFacts(t *testing.T) {
	s := newScene(pkitest.Revoked(noon, pkitest.KeyCompromise))
	crl, err := facts.ReadCRL(context.Background(), bytes.NewReader(s.ca.CRL(pkitest.Number(300), pkitest.Scope{OnlyUsers: true, URL: s.ca.CRLURL()})))
	require.NoError(t, err)
	require.Equal(t, "300", crl.CRL.Number)
	require.Equal(t, &facts.Scope{OnlyUsers: true, Names: []facts.GeneralName{{Form: 6, Value: []byte(s.ca.CRLURL())}}}, crl.CRL.Scope)
	require.Equal(t, parse(t, s.ca.DER).SubjectKeyId, crl.CRL.IssuerKeyID)
	require.Equal(t, parse(t, s.ca.DER).RawSubject, crl.CRL.Issuer)
	require.Equal(t, []facts.CRLEntry{{Serial: s.leaf.SerialOctets(), Date: noon, Reason: facts.KeyCompromise}}, crl.CRL.Entries)
	require.Equal(t, "SHA-256", crl.SignatureAlgorithm.Digest)
	require.Empty(t, crl.Problems)
	require.True(t, crl.Usable())

	for name, c := range map[string]struct {
		option pkitest.Option
		code   string
		fatal  bool
	}{
		"unknown critical":   {pkitest.Extension("1.2.3", true, []byte{5, 0}), "crl.critical-extension", true},
		"unreadable scope":   {pkitest.Extension(pkitest.OIDIssuingDistributionPoint, true, []byte{5, 0}), "crl.extension", true},
		"unreadable base":    {pkitest.Extension(pkitest.OIDDeltaCRLIndicator, true, []byte{5, 0}), "crl.extension", true},
		"unreadable number":  {pkitest.Extension(pkitest.OIDCRLNumber, false, []byte{5, 0}), "crl.extension", false},
		"scope not critical": {pkitest.Extension(pkitest.OIDIssuingDistributionPoint, false, []byte{0x30, 3, 0x81, 1, 0xff}), "crl.not-critical", false},
	} {
		t.Run(name, func(t *testing.T) {
			crl, err := facts.ReadCRL(context.Background(), bytes.NewReader(s.ca.CRL(c.option)))
			require.NoError(t, err)
			require.Len(t, crl.Problems, 1)
			require.Equal(t, c.code, crl.Problems[0].Code)
			require.Equal(t, c.fatal, crl.Problems[0].Fatal)
			require.Equal(t, c.fatal, !crl.Usable())
		})
	}
}

// The same object read twice is one, and gains what the second reading found.
func TestAddRevocation(t *testing.T) {
	s := newScene()
	raw := s.ca.CRL(pkitest.Filler(150))
	read := func(serials ...[]byte) facts.Revocation {
		r, err := facts.ReadCRL(context.Background(), bytes.NewReader(raw), serials...)
		require.NoError(t, err)
		return r
	}
	doc := new(facts.Document)
	require.True(t, doc.AddRevocation(read([]byte{2}, []byte{1}, []byte{0, 1})))
	require.Equal(t, [][]byte{{1}, {2}}, doc.Revocations[0].CRL.Sought)
	require.False(t, doc.AddRevocation(read([]byte{1})))
	require.True(t, doc.AddRevocation(read([]byte{3}, []byte{1})))
	require.Equal(t, [][]byte{{1}, {2}, {3}}, doc.Revocations[0].CRL.Sought)
	require.True(t, doc.Revocations[0].CRL.Knows([]byte{0, 3}))
	require.False(t, doc.Revocations[0].CRL.Knows([]byte{4}))

	again := read([]byte{1})
	again.Keys = []facts.KeyResult{{Certificate: "x", Result: facts.Verified}}
	require.True(t, doc.AddRevocation(again))
	require.False(t, doc.AddRevocation(again))
	require.Len(t, doc.Revocations, 1)
	require.Nil(t, doc.Revocation("unknown"))

	full := new(facts.Document)
	for i := range 5000 {
		full.Revocations = append(full.Revocations, facts.Revocation{ID: string(rune(i))})
	}
	require.False(t, full.AddRevocation(read()))
}
