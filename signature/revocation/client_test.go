package revocation_test

import (
	"context"
	"crypto"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// A scene is a PKI that is served on loopback, and a clock.
type scene struct {
	t      testing.TB
	pki    *pkitest.PKI
	server *pkitest.Server
	root   *pkitest.Authority
	ca     *pkitest.Authority
	leaf   *pkitest.Identity
	clock  atomic.Int64 // seconds after noon, for the clients alone
	seen   int
}

func newScene(t testing.TB, options ...pkitest.Option) *scene {
	s := &scene{t: t, pki: pkitest.New(pkitest.At(noon), pkitest.Deterministic("revocation"))}
	var err error
	s.server, err = s.pki.Serve()
	require.NoError(t, err)
	t.Cleanup(func() { s.server.Close() })
	s.root = s.pki.Root("Racine d'essai")
	s.ca = s.root.Intermediate("AC d'essai")
	s.leaf = s.ca.Leaf("Mairie de Boisjoli", options...)
	return s
}

func (s *scene) now() time.Time { return noon.Add(time.Duration(s.clock.Load()) * time.Second) }

func (s *scene) options() revocation.Options {
	return revocation.Options{HTTPClient: &http.Client{}, Now: s.now, Backoff: time.Millisecond, Timeout: 5 * time.Second}
}

// asked returns what the server was asked since the last time.
func (s *scene) asked() []string {
	all := s.server.Requests()
	list := all[s.seen:]
	s.seen = len(all)
	return list
}

func (s *scene) lists(change ...func(*revocation.Options)) *revocation.CRLClient {
	o := s.options()
	for _, f := range change {
		f(&o)
	}
	c, err := revocation.NewCRLClient(o)
	require.NoError(s.t, err)
	return c
}

func (s *scene) responders(change ...func(*revocation.OCSPOptions)) *revocation.OCSPClient {
	o := revocation.OCSPOptions{Options: s.options()}
	for _, f := range change {
		f(&o)
	}
	c, err := revocation.NewOCSPClient(o)
	require.NoError(s.t, err)
	return c
}

func (s *scene) fetch(source revocation.Source, notBefore time.Time) ([]revocation.Datum, error) {
	return source.Fetch(context.Background(), s.leaf.DER, s.ca.DER, notBefore)
}

// statements puts data into facts and returns what they say of the leaf.
func (s *scene) statements(data []revocation.Datum) []facts.Statement {
	doc := new(facts.Document)
	leaf, ca := doc.AddCertificate(s.leaf.DER, facts.FromCaller), doc.AddCertificate(s.ca.DER, facts.FromCaller)
	for i := range data {
		require.True(s.t, data[i].AddTo(doc))
	}
	return facts.NewRevocationFinder(doc).About(leaf, ca)
}

func TestOptions(t *testing.T) {
	good := revocation.Options{HTTPClient: &http.Client{}, Now: time.Now}
	for name, change := range map[string]func(*revocation.Options){
		"HTTPClient": func(o *revocation.Options) { o.HTTPClient = nil },
		"Now":        func(o *revocation.Options) { o.Now = nil },
		"negative":   func(o *revocation.Options) { o.Attempts = -1 },
		"not read":   func(o *revocation.Options) { o.MaxSize = 1 << 40 },
	} {
		o := good
		change(&o)
		_, err := revocation.NewCRLClient(o)
		require.ErrorIs(t, err, revocation.ErrOptions)
		require.ErrorContains(t, err, name)
		_, err = revocation.NewIssuerClient(o)
		require.ErrorIs(t, err, revocation.ErrOptions)
		_, err = revocation.NewOCSPClient(revocation.OCSPOptions{Options: o})
		require.ErrorIs(t, err, revocation.ErrOptions)
	}
	_, err := revocation.NewOCSPClient(revocation.OCSPOptions{Options: good, Hash: crypto.MD5})
	require.ErrorIs(t, err, revocation.ErrOptions)
}

func TestFetchList(t *testing.T) {
	s := newScene(t, pkitest.Revoked(noon.Add(-time.Hour), pkitest.Superseded))
	data, err := s.fetch(s.lists(), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
	d := data[0]
	require.Equal(t, facts.FromNetwork, d.Facts.Origin)
	require.Equal(t, s.ca.CRLURL(), d.Facts.URL)
	require.EqualValues(t, len(d.DER), d.Facts.Size)
	require.Equal(t, facts.Verified, d.Facts.Keys[0].Result, "the signature was verified on the way")
	list := s.statements(data)
	require.Equal(t, facts.Revoked, list[0].Status)
	require.Equal(t, []string{"GET /ca2.crl"}, s.asked())

	// Nothing to ask, and nothing that is a certificate.
	data, err = s.lists().Fetch(context.Background(), s.root.DER, s.root.DER, time.Time{})
	require.NoError(t, err)
	require.Empty(t, data)
	_, err = s.lists().Fetch(context.Background(), []byte("x"), s.ca.DER, time.Time{})
	require.ErrorIs(t, err, revocation.ErrCertificate)
}

func TestFetchListRefused(t *testing.T) {
	s := newScene(t)
	for name, c := range map[string]struct {
		publish []pkitest.Option
		want    error
	}{
		"altered":     {[]pkitest.Option{pkitest.BadSignature()}, revocation.ErrSignature},
		"a wrong key": {[]pkitest.Option{pkitest.WrongKey()}, revocation.ErrSignature},
		"no list":     {[]pkitest.Option{pkitest.Unavailable(-1)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s.ca.Publish(c.publish...)
			data, err := s.fetch(s.lists(), time.Time{})
			require.Empty(t, data)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				require.ErrorContains(t, err, s.ca.CRLURL())
				return
			}
			var status *revocation.HTTPError
			require.ErrorAs(t, err, &status)
			require.Equal(t, 500, status.Code)
			require.ErrorContains(t, err, "attempt 2 of 2")
		})
	}
	s.ca.Publish(pkitest.Unavailable(1))
	data, err := s.fetch(s.lists(), time.Time{})
	require.NoError(t, err, "the second attempt")
	require.Len(t, data, 1)

	// A list of somebody else at that address.
	elsewhere := func(o *revocation.Options) { o.More = func([]byte) []string { return []string{s.root.CRLURL()} } }
	leaf := s.ca.Leaf("Sans adresse", pkitest.Without(pkitest.OIDCRLDistributionPoints))
	data, err = s.lists(elsewhere).Fetch(context.Background(), leaf.DER, s.ca.DER, time.Time{})
	require.ErrorIs(t, err, revocation.ErrOther)
	require.Empty(t, data)
	given := func(o *revocation.Options) {
		o.More = func(issuer []byte) []string { return []string{"ldap://x", s.ca.CRLURL()} }
	}
	data, err = s.lists(given).Fetch(context.Background(), leaf.DER, s.ca.DER, time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
}

// A list that a judge must not use is handed over, so that a report can say why; it is not kept.
func TestFetchListUnusable(t *testing.T) {
	s := newScene(t)
	store := revocation.NewMemory(1 << 20)
	s.ca.Publish(pkitest.Extension("1.2.3", true, []byte{5, 0}))
	data, err := s.fetch(s.lists(func(o *revocation.Options) { o.Store = store }), time.Time{})
	require.NoError(t, err)
	require.Equal(t, "crl.critical-extension", s.statements(data)[0].Faults[0].Code)
	require.Zero(t, store.Held())
}

// The authority has changed its key: its list is under the new one, which the old certificate cannot verify.
func TestFetchListOfNewKey(t *testing.T) {
	s := newScene(t)
	store := revocation.NewMemory(1 << 20)
	renewed := s.root.Intermediate("AC d'essai")
	given := func(o *revocation.Options) {
		o.Store, o.More = store, func([]byte) []string { return []string{renewed.CRLURL()} }
	}
	leaf := s.ca.Leaf("Sans adresse", pkitest.Without(pkitest.OIDCRLDistributionPoints))
	data, err := s.lists(given).Fetch(context.Background(), leaf.DER, s.ca.DER, time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
	require.Equal(t, facts.Wrong, data[0].Facts.Keys[0].Result)
	require.Zero(t, store.Held())
}

func TestFetchDelta(t *testing.T) {
	s := newScene(t, pkitest.Revoked(noon.Add(time.Hour), pkitest.Superseded))
	delta := pkitest.New(pkitest.At(noon), pkitest.Deterministic("revocation")) // the same authority, that publishes another list
	server, err := delta.Serve()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	root := delta.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	require.Equal(t, s.ca.Certificate.PublicKey, ca.Certificate.PublicKey)
	ca.Revoke(s.leaf, noon.Add(time.Hour), pkitest.Superseded)
	ca.Publish(pkitest.Delta(5), pkitest.Number(6), pkitest.At(noon.Add(2*time.Hour)))
	point := append([]byte{0x86, byte(len(ca.CRLURL()))}, ca.CRLURL()...)
	for _, tag := range []byte{0xa0, 0xa0, 0x30, 0x30} {
		point = append([]byte{tag, byte(len(point))}, point...)
	}
	s.ca.Publish(pkitest.Number(5), pkitest.Extension("2.5.29.46", false, point))
	data, err := s.fetch(s.lists(), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 2)
	require.Equal(t, "5", data[1].Facts.CRL.Base)
	list := s.statements(data)
	require.Equal(t, facts.Revoked, list[0].Status)
	require.Equal(t, noon.Add(2*time.Hour), list[0].ThisUpdate)

	// Without it, the list still stands.
	ca.Publish(pkitest.Unavailable(-1))
	data, err = s.fetch(s.lists(), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
}

func TestFetchResponse(t *testing.T) {
	s := newScene(t)
	responder := s.ca.Responder("Répondeur")
	for name, c := range map[string]struct {
		change func(*revocation.OCSPOptions)
		asked  string
	}{
		"GET":     {func(*revocation.OCSPOptions) {}, "GET /ca2/ocsp/"},
		"POST":    {func(o *revocation.OCSPOptions) { o.Post = true }, "POST /ca2/ocsp"},
		"nonce":   {func(o *revocation.OCSPOptions) { o.RequireNonce = true }, "POST /ca2/ocsp"},
		"SHA-256": {func(o *revocation.OCSPOptions) { o.Hash = crypto.SHA256 }, "GET /ca2/ocsp/"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := s.fetch(s.responders(c.change), time.Time{})
			require.NoError(t, err)
			require.Len(t, data, 1)
			require.Equal(t, [][]byte{responder.DER}, data[0].Certificates)
			require.Equal(t, s.ca.OCSPURL(), data[0].Facts.URL)
			require.Equal(t, name == "nonce", len(data[0].Facts.OCSP.Nonce) == 32)
			require.Equal(t, facts.Good, s.statements(data)[0].Status)
			asked := s.asked()
			require.Len(t, asked, 1)
			require.True(t, strings.HasPrefix(asked[0], c.asked), asked[0])
			_, _, err = facts.ReadOCSP(data[0].DER)
			require.NoError(t, err)
		})
	}
}

func TestFetchResponseRefused(t *testing.T) {
	s := newScene(t)
	other := s.root.Intermediate("Autre AC").Responder("Répondeur d'une autre")
	for name, c := range map[string]struct {
		responder *pkitest.Responder
		behave    []pkitest.Option
		nonce     bool
		want      error
		status    int
	}{
		"altered":              {s.ca.Responder("R1"), []pkitest.Option{pkitest.BadSignature()}, false, revocation.ErrSignature, 0},
		"another key":          {s.ca.Responder("R2"), []pkitest.Option{pkitest.WrongKey()}, false, revocation.ErrSignature, 0},
		"the issuer, altered":  {s.ca.DirectResponder(), []pkitest.Option{pkitest.BadSignature()}, false, revocation.ErrSignature, 0},
		"another certificate":  {s.ca.Responder("R3"), []pkitest.Option{pkitest.OtherCertificate()}, false, revocation.ErrOther, 0},
		"another nonce":        {s.ca.Responder("R4"), []pkitest.Option{pkitest.WrongNonce()}, true, revocation.ErrNonce, 0},
		"no nonce":             {s.ca.Responder("R5"), []pkitest.Option{pkitest.NoNonce()}, true, revocation.ErrNonce, 0},
		"of another authority": {s.ca.ResponderOf(other.Identity), nil, false, revocation.ErrUnauthorised, 0},
		"without the purpose":  {s.ca.ResponderOf(s.ca.Leaf("Sans usage", pkitest.Auth)), nil, false, revocation.ErrUnauthorised, 0},
		"tryLater":             {s.ca.Responder("R6"), []pkitest.Option{pkitest.ResponseStatus(3)}, false, nil, 3},
		"unauthorized":         {s.ca.Responder("R7"), []pkitest.Option{pkitest.ResponseStatus(6)}, false, nil, 6},
	} {
		t.Run(name, func(t *testing.T) {
			again := s.ca.ResponderOf(c.responder.Identity, c.behave...) // the last declared answers
			require.NotNil(t, again)
			s.asked()
			data, err := s.fetch(s.responders(func(o *revocation.OCSPOptions) { o.RequireNonce, o.Post = c.nonce, true }), time.Time{})
			require.Empty(t, data)
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				require.Len(t, s.asked(), 1)
				return
			}
			var refusal *facts.ResponseStatusError
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.status, refusal.Status)
			require.Equal(t, refusal.Temporary(), len(s.asked()) == 2)
		})
	}
	// Made in advance, without a nonce: accepted unless one is required.
	s.ca.Responder("R8", pkitest.NoNonce())
	data, err := s.fetch(s.responders(func(o *revocation.OCSPOptions) { o.Nonce = true }), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
	// A responder whose certificate is nowhere: perhaps somebody has it.
	s.ca.Responder("R9", pkitest.WithoutCertificates())
	store := revocation.NewMemory(1 << 20)
	data, err = s.fetch(s.responders(func(o *revocation.OCSPOptions) { o.Store = store }), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
	require.Empty(t, data[0].Facts.Keys)
	require.Zero(t, store.Held())
}

// What GET gets wrong, POST gets right: an old answer of a cache, a server that does not know it.
func TestFetchResponseByPost(t *testing.T) {
	s := newScene(t)
	s.ca.Responder("Répondeur", pkitest.Late())
	s.asked()
	_, err := s.fetch(s.responders(), noon)
	require.NoError(t, err, "older than asked, and all there is")
	require.Len(t, s.asked(), 2)
	s.ca.Responder("Répondeur", pkitest.ResponseStatus(1))
	_, err = s.fetch(s.responders(), time.Time{})
	require.Error(t, err)
	require.Len(t, s.asked(), 2)
	s.server.Close()
	_, err = s.fetch(s.responders(), time.Time{})
	require.ErrorIs(t, err, revocation.ErrUnreachable)
	require.NotContains(t, err.Error(), "POST", "the server does not answer: asking otherwise is of no use")
}

func TestFetchIssuer(t *testing.T) {
	s := newScene(t)
	client, err := revocation.NewIssuerClient(s.options())
	require.NoError(t, err)
	list, err := client.Issuers(context.Background(), s.leaf.DER)
	require.NoError(t, err)
	require.Equal(t, [][]byte{s.ca.DER}, list)
	list, err = client.Issuers(context.Background(), s.root.DER)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = client.Issuers(context.Background(), []byte("x"))
	require.ErrorIs(t, err, revocation.ErrCertificate)
	wrong, err := revocation.NewIssuerClient(func() revocation.Options {
		o := s.options()
		o.More = func([]byte) []string { return []string{s.root.CertificateURL()} }
		return o
	}())
	require.NoError(t, err)
	_, err = wrong.Issuers(context.Background(), s.ca.Leaf("Sans adresse", pkitest.Without(pkitest.OIDAuthorityInfoAccess)).DER)
	require.ErrorIs(t, err, revocation.ErrNoIssuer)
}
