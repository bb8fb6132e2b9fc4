package facts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// A scene is a PKI, and what is put into the facts about one of its certificates.
type scene struct {
	pki   *pkitest.PKI
	root  *pkitest.Authority
	ca    *pkitest.Authority
	leaf  *pkitest.Identity
	other *pkitest.Authority // another authority, for what must not be believed
}

func newScene(options ...pkitest.Option) *scene {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("statement"))
	s := &scene{pki: pki, root: pki.Root("Racine d'essai")}
	s.ca = s.root.Intermediate("AC d'essai")
	s.leaf = s.ca.Leaf("Mairie de Boisjoli", options...)
	s.other = s.root.Intermediate("Autre AC")
	return s
}

// document puts revocation data and the certificates of the scene into facts, and computes what collect would.
func (s *scene) document(t testing.TB, data ...[]byte) (doc *facts.Document, leaf, ca string) {
	doc = new(facts.Document)
	leaf, ca = doc.AddCertificate(s.leaf.DER, facts.FromSignature), doc.AddCertificate(s.ca.DER, facts.FromSignature)
	doc.AddCertificate(s.root.DER, facts.FromSignature)
	doc.AddCertificate(s.other.DER, facts.FromSignature)
	for _, raw := range data {
		require.NoError(t, doc.ReadRevocations(context.Background(), facts.FormData, raw, facts.FromDocument))
	}
	finder := facts.NewRevocationFinder(doc)
	for i := range doc.Revocations {
		r := &doc.Revocations[i]
		for _, signer := range finder.Signers(r.ID, ca) {
			r.Keys = append(r.Keys, revocation.Verify(r, doc.Certificate(signer.Certificate).Raw))
		}
	}
	return doc, leaf, ca
}

func faultCodes(s facts.Statement) (codes []string) {
	for _, p := range s.Faults {
		codes = append(codes, p.Code)
	}
	return codes
}

func about(t testing.TB, s *scene, data ...[]byte) []facts.Statement {
	doc, leaf, ca := s.document(t, data...)
	return facts.NewRevocationFinder(doc).About(leaf, ca)
}

func TestAboutList(t *testing.T) {
	s := newScene()
	list := about(t, s, s.ca.CRL())
	require.Len(t, list, 1)
	require.Empty(t, list[0].Faults)
	require.Equal(t, facts.Good, list[0].Status)
	require.Equal(t, facts.KindCRL, list[0].Kind)
	require.Equal(t, noon, list[0].ThisUpdate)
	require.Equal(t, noon.Add(24*time.Hour), *list[0].NextUpdate)
	require.Nil(t, list[0].Reasons)

	require.Empty(t, about(t, s, s.root.CRL()), "the list of another authority")
	require.Empty(t, about(t, s))
	doc, leaf, ca := s.document(t, s.ca.CRL())
	finder := facts.NewRevocationFinder(doc)
	require.Empty(t, finder.About(ca, leaf))
	require.Empty(t, finder.About(leaf, "unknown"))
	require.Empty(t, finder.About("unknown", ca))
	require.Empty(t, finder.Signers("unknown", ca))
	require.Empty(t, finder.Signers(doc.Revocations[0].ID, "unknown"))

	late := about(t, s, s.ca.CRL(pkitest.Late()), s.ca.CRL())
	require.Equal(t, []time.Time{noon, noon.AddDate(0, 0, -8)}, []time.Time{late[0].ThisUpdate, late[1].ThisUpdate}, "the most recent first")
}

func TestAboutRevoked(t *testing.T) {
	before := noon.Add(-time.Hour)
	s := newScene(pkitest.Revoked(before, pkitest.KeyCompromise))
	for kind, raw := range map[facts.RevocationKind][]byte{facts.KindCRL: s.ca.CRL(), facts.KindOCSP: s.ca.OCSP(s.leaf)} {
		list := about(t, s, raw)
		require.Len(t, list, 1)
		st := list[0]
		require.Equal(t, kind, st.Kind)
		require.Equal(t, facts.Revoked, st.Status)
		require.Equal(t, before, *st.RevokedAt)
		require.Equal(t, facts.KeyCompromise, st.Reason)
		require.Equal(t, facts.Good, st.StatusAt(before.Add(-time.Second)))
		require.Equal(t, facts.Revoked, st.StatusAt(before))
		require.Equal(t, facts.Revoked, st.StatusAt(noon))
	}
	held := newScene(pkitest.Revoked(before, pkitest.CertificateHold))
	require.Equal(t, facts.CertificateHold, about(t, held, held.ca.CRL())[0].Reason)
	held.ca.Release(held.leaf, noon.Add(time.Hour))
	held.pki.SetTime(noon.Add(2 * time.Hour))
	require.Equal(t, facts.Good, about(t, held, held.ca.CRL())[0].Status)

	later := newScene(pkitest.Revoked(noon.Add(time.Hour), pkitest.Superseded))
	require.Equal(t, facts.Good, about(t, later, later.ca.CRL())[0].Status)
}

// Which lists are for a certificate (RFC 5280 §6.3.3 (b), (d)).
func TestAboutScope(t *testing.T) {
	s := newScene()
	for name, c := range map[string]struct {
		scope  pkitest.Scope
		want   facts.RevocationStatus
		fault  string // of its message
		reason []facts.RevocationReason
	}{
		"users":              {pkitest.Scope{OnlyUsers: true}, facts.Good, "", nil},
		"authorities":        {pkitest.Scope{OnlyAuthorities: true}, facts.StatusUnknown, "only for certificates of authorities", nil},
		"attributes":         {pkitest.Scope{OnlyAttributes: true}, facts.StatusUnknown, "only for attribute certificates", nil},
		"the point":          {pkitest.Scope{}, facts.Good, "", nil},
		"another point":      {pkitest.Scope{URL: "http://ailleurs.example/ca.crl"}, facts.StatusUnknown, "another distribution point", nil},
		"some reasons":       {pkitest.Scope{Reasons: []pkitest.Reason{pkitest.KeyCompromise, pkitest.CACompromise}}, facts.Good, "", []facts.RevocationReason{facts.KeyCompromise, facts.CACompromise}},
		"every reason":       {pkitest.Scope{Reasons: []pkitest.Reason{1, 2, 3, 4, 5, 6, 9, 10}}, facts.Good, "", nil},
		"indirect":           {pkitest.Scope{Indirect: true}, facts.Good, "", nil},
		"users, authorities": {pkitest.Scope{OnlyUsers: true, OnlyAuthorities: true}, facts.StatusUnknown, "two kinds", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.scope.URL = cmpOr(c.scope.URL, s.ca.CRLURL())
			list := about(t, s, s.ca.CRL(c.scope))
			require.Len(t, list, 1)
			require.Equal(t, c.want, list[0].Status)
			require.Equal(t, c.reason, list[0].Reasons)
			if c.fault == "" {
				require.Empty(t, list[0].Faults)
				return
			}
			require.NotEmpty(t, list[0].Faults)
			require.Condition(t, func() bool {
				return slices.ContainsFunc(list[0].Faults, func(p facts.Problem) bool { return bytes.Contains([]byte(p.Message), []byte(c.fault)) })
			}, "%v", list[0].Faults)
		})
	}
	// The same lists, for an authority.
	doc, _, ca := s.document(t, s.root.CRL(pkitest.Scope{OnlyUsers: true}), s.root.CRL(pkitest.Scope{OnlyAuthorities: true}))
	list := facts.NewRevocationFinder(doc).About(ca, doc.AddCertificate(s.root.DER, facts.FromCaller))
	require.Len(t, list, 2)
	require.Equal(t, []facts.RevocationStatus{facts.Good, facts.StatusUnknown}, []facts.RevocationStatus{list[0].Status, list[1].Status})
	require.Contains(t, list[1].Faults[0].Message, "only for certificates of end users")
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Lists for some reasons each make one for all (RFC 5280 §6.3.3 (d) to (l)).
func TestJoin(t *testing.T) {
	s := newScene(pkitest.Revoked(noon.Add(-time.Hour), pkitest.Superseded))
	some := func(options ...pkitest.Option) []byte { return s.ca.CRL(options...) }
	url := s.ca.CRLURL()
	half := []pkitest.Reason{1, 2, 3}
	rest := []pkitest.Reason{4, 5, 6, 9, 10}
	list := about(t, s, some(pkitest.Scope{URL: url, Reasons: rest}), some(pkitest.Scope{URL: url, Reasons: half}))
	joined, ok := facts.Join(list...)
	require.True(t, ok)
	require.Equal(t, facts.Revoked, joined.Status)

	s = newScene()
	early := noon.Add(-time.Hour)
	list = about(t, s, s.ca.CRL(pkitest.Scope{URL: s.ca.CRLURL(), Reasons: half}), s.ca.CRL(pkitest.Scope{URL: s.ca.CRLURL(), Reasons: rest}, pkitest.At(early)))
	require.Len(t, list, 2)
	_, ok = facts.Join(list[0])
	require.False(t, ok, "half of the reasons")
	joined, ok = facts.Join(list...)
	require.True(t, ok)
	require.Equal(t, facts.Good, joined.Status)
	require.Nil(t, joined.Reasons)
	require.Len(t, joined.Data, 2)
	require.Equal(t, early, joined.ThisUpdate, "as old as the oldest")
	require.Equal(t, early.Add(24*time.Hour), *joined.NextUpdate)

	unsound := list[1]
	unsound.Faults = []facts.Problem{{Code: "crl.scope"}}
	_, ok = facts.Join(list[0], unsound)
	require.False(t, ok)
	_, ok = facts.Join()
	require.False(t, ok)
}

// A delta brings a list up to date (RFC 5280 §5.2.4, §6.3.3 (c), (i) to (k)).
func TestAboutDelta(t *testing.T) {
	later := noon.Add(2 * time.Hour)
	s := newScene(pkitest.Revoked(noon.Add(time.Hour), pkitest.CessationOfOperation))
	base := s.ca.CRL(pkitest.Number(5))
	delta := s.ca.CRL(pkitest.Delta(5), pkitest.Number(6), pkitest.At(later))
	list := about(t, s, base, delta)
	require.Len(t, list, 2)
	require.Equal(t, facts.Revoked, list[0].Status)
	require.Equal(t, later, list[0].ThisUpdate)
	require.Len(t, list[0].Data, 2)
	require.Equal(t, facts.Good, list[1].Status)
	require.Equal(t, noon, list[1].ThisUpdate)

	// A list on hold that a delta releases.
	held := newScene(pkitest.Revoked(noon.Add(-time.Hour), pkitest.CertificateHold))
	base = held.ca.CRL(pkitest.Number(5))
	released := withEntryReason(t, held, 6, 8)
	list = about(t, held, base, released)
	require.Len(t, list, 2)
	require.Equal(t, facts.Good, list[0].Status)
	require.Nil(t, list[0].RevokedAt)
	require.Equal(t, facts.Revoked, list[1].Status)

	for name, pair := range map[string][2][]byte{
		"a delta alone":                   {delta},
		"the base is older than it says":  {s.ca.CRL(pkitest.Number(4)), delta},
		"the base is newer than it":       {s.ca.CRL(pkitest.Number(6)), delta},
		"another scope":                   {s.ca.CRL(pkitest.Number(5), pkitest.Scope{OnlyUsers: true, URL: s.ca.CRLURL()}), delta},
		"another issuer":                  {s.ca.CRL(pkitest.Number(5)), s.other.CRL(pkitest.Delta(5), pkitest.Number(6))},
		"a base without a number":         {s.ca.CRL(pkitest.Without(pkitest.OIDCRLNumber)), delta},
		"a delta without a number":        {s.ca.CRL(pkitest.Number(5)), s.ca.CRL(pkitest.Delta(5), pkitest.Without(pkitest.OIDCRLNumber))},
		"a delta that names another key":  {s.ca.CRL(pkitest.Number(5)), s.ca.CRL(pkitest.Delta(5), pkitest.Number(6), pkitest.Without(pkitest.OIDAuthorityKeyIdentifier))},
		"a delta with unknown extensions": {s.ca.CRL(pkitest.Number(5)), s.ca.CRL(pkitest.Delta(5), pkitest.Number(6), pkitest.Extension("1.2.3", true, []byte{5, 0}))},
	} {
		t.Run(name, func(t *testing.T) {
			var data [][]byte
			for _, raw := range pair {
				if raw != nil {
					data = append(data, raw)
				}
			}
			sound := 0
			for _, st := range about(t, s, data...) {
				if st.Sound() {
					sound++
					require.Len(t, st.Data, 1)
				}
			}
			require.Equal(t, len(data)-1, sound)
		})
	}
}

// Thousands of forged delta lists do not hide the one that the issuer signed.
func TestAboutForgedDeltas(t *testing.T) {
	later := noon.Add(2 * time.Hour)
	s := newScene(pkitest.Revoked(noon.Add(time.Hour), pkitest.KeyCompromise))
	data := [][]byte{s.ca.CRL(pkitest.Number(5))}
	for i := range 40 {
		data = append(data, s.ca.CRL(pkitest.Delta(5), pkitest.Number(int64(100+i)), pkitest.WrongKey()))
	}
	data = append(data, s.ca.CRL(pkitest.Delta(5), pkitest.Number(6), pkitest.At(later)))
	doc, leaf, ca := s.document(t, data...)
	list := facts.NewRevocationFinder(doc).About(leaf, ca)
	require.Len(t, list, 1+16)
	require.Equal(t, facts.Revoked, list[0].Status)
	require.Equal(t, later, list[0].ThisUpdate)
}

// Of two responses of the same moment that contradict each other, the worse comes first.
func TestAboutContradiction(t *testing.T) {
	s := newScene()
	for range 2 {
		list := about(t, s, s.ca.OCSP(s.leaf), s.ca.OCSP(s.leaf, pkitest.Says(pkitest.IsRevoked)))
		require.Equal(t, []facts.RevocationStatus{facts.Revoked, facts.Good}, []facts.RevocationStatus{list[0].Status, list[1].Status})
		list = about(t, s, s.ca.OCSP(s.leaf, pkitest.Says(pkitest.IsRevoked)), s.ca.OCSP(s.leaf))
		require.Equal(t, []facts.RevocationStatus{facts.Revoked, facts.Good}, []facts.RevocationStatus{list[0].Status, list[1].Status})
	}
}

// Facts that were saved and changed do not stop a finder.
func TestFinderOfOddFacts(t *testing.T) {
	s := newScene()
	doc, leaf, ca := s.document(t)
	doc.Revocations = []facts.Revocation{
		{ID: "empty"}, {ID: "ocsp", OCSP: &facts.OCSP{Answers: []facts.Answer{{CertID: facts.CertID{Serial: s.leaf.SerialOctets(), Digest: facts.Algorithm{OID: "x"}}}}}},
		{ID: "crl", CRL: &facts.CRL{}}, {ID: "delta", CRL: &facts.CRL{Base: "x", Number: "-", Issuer: []byte{0x30}}},
	}
	finder := facts.NewRevocationFinder(doc)
	list := finder.About(leaf, ca)
	require.Len(t, list, 1)
	require.Equal(t, []string{"ocsp.cert-id"}, faultCodes(list[0]))
	for _, r := range doc.Revocations {
		require.Empty(t, finder.Signers(r.ID, ca))
		require.Equal(t, facts.Wrong, revocation.Verify(&r, s.ca.DER).Result)
	}
}

// withEntryReason is a delta whose entry for the certificate has another reason: pkitest writes the one of the revocation.
func withEntryReason(t *testing.T, s *scene, from, to byte) []byte {
	raw := s.ca.CRL(pkitest.Delta(5), pkitest.Number(6))
	mark := []byte{0x0a, 0x01, from}
	require.Equal(t, 1, bytes.Count(raw, mark))
	return bytes.Replace(raw, mark, []byte{0x0a, 0x01, to}, 1)
}

// A list too long to be kept whole says nothing of a serial that was not looked for; read again, it does.
func TestAboutNotSought(t *testing.T) {
	s := newScene(pkitest.Revoked(noon.Add(-time.Hour), pkitest.Superseded))
	raw := s.ca.CRL(pkitest.Filler(200))
	doc := new(facts.Document)
	ca := doc.AddCertificate(s.ca.DER, facts.FromSignature)
	require.NoError(t, doc.ReadRevocations(context.Background(), facts.FormData, raw, facts.FromDocument))
	require.False(t, doc.Revocations[0].CRL.Complete)
	require.Equal(t, 201, doc.Revocations[0].CRL.Count)

	finder := facts.NewRevocationFinder(doc)
	leaf := doc.AddCertificate(s.leaf.DER, facts.FromCaller)
	list := finder.About(leaf, ca)
	require.Len(t, list, 1)
	require.Equal(t, []string{"crl.not-sought"}, faultCodes(list[0]))

	require.NoError(t, doc.ReadRevocations(context.Background(), facts.FormData, raw, facts.FromDocument))
	require.Len(t, doc.Revocations, 1)
	require.Len(t, doc.Revocations[0].CRL.Sought, 2)
	list = finder.About(leaf, ca)
	require.Empty(t, list[0].Faults)
	require.Equal(t, facts.Revoked, list[0].Status)
}

func TestAboutResponse(t *testing.T) {
	s := newScene()
	list := about(t, s, s.ca.OCSP(s.leaf))
	require.Len(t, list, 1)
	require.Equal(t, facts.Good, list[0].Status)
	require.Equal(t, noon, list[0].ProducedAt)
	require.False(t, list[0].CertHash)

	require.Equal(t, facts.StatusUnknown, about(t, s, s.ca.OCSP(s.leaf, pkitest.Says(pkitest.Unknown)))[0].Status)
	require.True(t, about(t, s, s.ca.OCSP(s.leaf, pkitest.CertHash(true)))[0].CertHash)
	wrong := about(t, s, s.ca.OCSP(s.leaf, pkitest.CertHash(false)))
	require.Equal(t, []string{"ocsp.cert-hash"}, faultCodes(wrong[0]))
	require.Equal(t, facts.StatusUnknown, wrong[0].Status)
	require.Empty(t, about(t, s, s.ca.OCSP(s.leaf, pkitest.OtherCertificate())))
	require.Empty(t, about(t, s, s.other.OCSP(s.other.Leaf("X", pkitest.SerialOctets(s.leaf.SerialOctets())))), "the same serial number, of another authority")

	critical := about(t, s, s.ca.OCSP(s.leaf, pkitest.SingleExtension("1.2.3", true, []byte{5, 0})))
	require.Equal(t, []string{"ocsp.critical-extension"}, faultCodes(critical[0]))
	require.Empty(t, about(t, s, s.ca.OCSP(s.leaf, pkitest.SingleExtension("1.2.3", false, []byte{5, 0})))[0].Faults)
}

func TestKnowsExpired(t *testing.T) {
	s := newScene()
	end := s.leaf.Certificate.NotAfter
	now := about(t, s, s.ca.OCSP(s.leaf))[0]
	require.True(t, now.KnowsExpired(end))
	afterwards := end.AddDate(1, 0, 0)
	require.False(t, about(t, s, s.ca.OCSP(s.leaf, pkitest.At(afterwards)))[0].KnowsExpired(end))
	require.True(t, about(t, s, s.ca.OCSP(s.leaf, pkitest.At(afterwards), pkitest.ArchiveCutOff(end)))[0].KnowsExpired(end))
	require.False(t, about(t, s, s.ca.OCSP(s.leaf, pkitest.At(afterwards), pkitest.ArchiveCutOff(end.Add(time.Second))))[0].KnowsExpired(end))
	expired := pkitest.Extension("2.5.29.60", false, append([]byte{24, 15}, "20200101000000Z"...))
	require.True(t, about(t, s, s.ca.CRL(pkitest.At(afterwards), expired))[0].KnowsExpired(end))
	require.False(t, about(t, s, s.ca.CRL(pkitest.At(afterwards)))[0].KnowsExpired(end))
}

// Saved and read again, facts give the same statements and the same verification.
func TestRevocationSaved(t *testing.T) {
	s := newScene(pkitest.Revoked(noon.Add(-time.Hour), pkitest.Superseded))
	doc, leaf, ca := s.document(t, s.ca.CRL(pkitest.Number(5), pkitest.Filler(300)), s.ca.CRL(pkitest.Delta(5), pkitest.Number(6), pkitest.At(noon.Add(time.Hour))),
		s.ca.Responder("Répondeur").OCSP(s.leaf, pkitest.CertHash(true), pkitest.ArchiveCutOff(noon)), s.ca.CRL(pkitest.Scope{Indirect: true, URL: s.ca.CRLURL()}),
		s.ca.CRL(pkitest.Extension(pkitest.OIDIssuingDistributionPoint, true, []byte{0x30, 3, 0x83, 1, 0}))) // for no reason at all
	require.NotNil(t, doc.Revocations[len(doc.Revocations)-1].CRL.Scope.Reasons)
	doc.Schema = facts.Schema
	saved, err := json.Marshal(doc)
	require.NoError(t, err)
	again, err := facts.Read(bytes.NewReader(saved))
	require.NoError(t, err)
	require.Equal(t, doc.Revocations, again.Revocations)
	require.Equal(t, facts.NewRevocationFinder(doc).About(leaf, ca), facts.NewRevocationFinder(again).About(leaf, ca))
	require.Less(t, len(saved), 30_000, "the entries that nobody asked for are not there")
	for i := range again.Revocations {
		r := &again.Revocations[i]
		r.Keys = nil
		for _, signer := range facts.NewRevocationFinder(again).Signers(r.ID, ca) {
			require.Equal(t, facts.Verified, revocation.Verify(r, again.Certificate(signer.Certificate).Raw).Result)
		}
	}
}
