package collect_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/collect"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
	"github.com/cadre-confiance/confiance/signature/validation"
)

func static(t testing.TB, objects ...[]byte) revocation.Source {
	var documents []*ades.Document
	for _, raw := range objects {
		documents = append(documents, ades.Bytes(raw))
	}
	source, err := revocation.NewStatic(context.Background(), documents...)
	require.NoError(t, err)
	return source
}

// TestRevocationIsCollected: what is missing about revocation is asked of a source, verified, and put among the facts, from which
// anybody concludes the same.
func TestRevocationIsCollected(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	leaf := ca.Leaf("Mairie de Boisjoli")
	tsa := ca.TimestampAuthority("TSA")
	in := validation.Input{Anchors: anchors(t, root), Time: noon}
	good := static(t, root.CRL(), ca.CRL())
	ca.Revoke(leaf, noon.Add(-time.Hour), pkitest.KeyCompromise)
	rows := []struct {
		name    string
		source  revocation.Source
		options cades.Options
		verdict string
		data    int
	}{
		{name: "offline", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)"},
		{name: "lists", source: good, verdict: "TOTAL-PASSED", data: 2},
		{name: "revoked", source: static(t, root.CRL(), ca.CRL()), verdict: "INDETERMINATE (REVOKED_NO_POE)", data: 2},
		{name: "revoked, by a delegate", source: static(t, root.CRL(), ca.Responder("Répondeur").OCSP(leaf)), verdict: "INDETERMINATE (REVOKED_NO_POE)", data: 2},
		{name: "timestamp in order", source: good, options: cades.Options{Level: ades.BaselineT, Authority: tsa}, verdict: "TOTAL-PASSED", data: 2},
		{name: "forged", source: static(t, root.CRL(), ca.CRL(pkitest.BadSignature())), verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", data: 2},
		{name: "source that fails", source: failing{}, verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)"},
	}
	cache := collect.NewCache(10)
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			r.options.Time = noon.Add(-2 * time.Hour)
			for _, sources := range []collect.Sources{{Revocation: r.source}, {Revocation: r.source, Cache: cache}, {Revocation: r.source, Cache: cache}} {
				doc := signed(t, leaf, r.options)
				c, err := collect.Run(context.Background(), doc, in, sources)
				require.NoError(t, err)
				require.Equal(t, r.verdict, c.Signatures[0].Verdict.String(), "%+v", c.Signatures[0].Findings())
				require.Len(t, doc.Revocations, r.data)

				saved, err := json.Marshal(doc)
				require.NoError(t, err)
				var again facts.Document
				require.NoError(t, json.Unmarshal(saved, &again))
				first, err := json.Marshal(c)
				require.NoError(t, err)
				second, err := json.Marshal(validation.Conclude(&again, in))
				require.NoError(t, err)
				require.Equal(t, string(first), string(second), "saved facts concluded again differ")
			}
		})
	}
}

type failing struct{}

func (failing) Fetch(context.Context, []byte, []byte, time.Time) ([]revocation.Datum, error) {
	return nil, errors.New("no answer")
}

// counting asks another source, and counts.
type counting struct {
	revocation.Source
	n int
}

func (c *counting) Fetch(ctx context.Context, certificate, issuer []byte, notBefore time.Time) ([]revocation.Datum, error) {
	c.n++
	return c.Source.Fetch(ctx, certificate, issuer, notBefore)
}

// TestSourcesAreAskedAboutAnchoredChainsOnly: a file does not choose what a server asks, unless someone trusted issued its
// certificates, and it does not choose how often either.
func TestSourcesAreAskedAboutAnchoredChainsOnly(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	source := &counting{Source: static(t, root.CRL(), ca.CRL())}
	doc := signed(t, ca.Leaf("Mairie"), cades.Options{Time: noon})
	_, err := collect.Run(context.Background(), doc, validation.Input{Anchors: anchors(t, pki.Root("Autre racine")), Time: noon}, collect.Sources{Revocation: source})
	require.NoError(t, err)
	require.Zero(t, source.n)
	_, err = collect.Run(context.Background(), doc, validation.Input{Anchors: anchors(t, root), Time: noon}, collect.Sources{Revocation: source})
	require.NoError(t, err)
	require.Equal(t, 2, source.n)
	require.Less(t, source.n, limits.CollectFetches)
}

// TestRevocationWorkIsBounded: a file full of lists that nobody signed, by as many namesakes, is given up on, and soon.
func TestRevocationWorkIsBounded(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	doc := signed(t, ca.Leaf("Mairie"), cades.Options{Time: noon})
	for range 60 {
		doc.AddCertificate(pki.Root("AC d'essai").DER, facts.FromSignature)
	}
	for range 300 {
		require.NoError(t, doc.ReadRevocations(context.Background(), facts.FormData, ca.CRL(pkitest.WrongKey()), facts.FromSignature))
	}
	started := time.Now()
	c, err := collect.Run(context.Background(), doc, validation.Input{Anchors: anchors(t, root), Time: noon}, collect.Sources{Revocation: static(t, root.CRL(), ca.CRL())})
	require.NoError(t, err)
	require.False(t, c.Signatures[0].Passed())
	require.Less(t, time.Since(started), 10*time.Second)
}

// TestOnline fetches lists, responses and the certificate of the issuer over HTTP.
func TestOnline(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	server, err := pki.Serve()
	require.NoError(t, err)
	defer server.Close()
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	leaf := ca.Leaf("Mairie de Boisjoli")
	o := revocation.Options{HTTPClient: http.DefaultClient, Now: func() time.Time { return noon }}
	lists, err := revocation.NewCRLClient(o)
	require.NoError(t, err)
	responders, err := revocation.NewOCSPClient(revocation.OCSPOptions{Options: o})
	require.NoError(t, err)
	issuers, err := revocation.NewIssuerClient(o)
	require.NoError(t, err)
	in := validation.Input{Anchors: anchors(t, root), Time: noon}
	for name, source := range map[string]revocation.Source{"lists": lists, "responses": responders, "both": revocation.FirstOf(responders, lists)} {
		t.Run(name, func(t *testing.T) {
			doc := signed(t, leaf, cades.Options{Time: noon})
			for i := range doc.Certificates {
				if doc.Certificates[i].ID != doc.Signatures[0].Candidates[0] { // the file carries its signer alone
					doc.Certificates = append(doc.Certificates[:i], doc.Certificates[i+1:]...)
					break
				}
			}
			require.Len(t, doc.Certificates, 1)
			c, err := collect.Run(context.Background(), doc, in, collect.Sources{Revocation: source})
			require.NoError(t, err)
			require.Equal(t, "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", c.Signatures[0].Verdict.String())
			c, err = collect.Run(context.Background(), doc, in, collect.Sources{Revocation: source, Issuers: issuers})
			require.NoError(t, err)
			require.True(t, c.Signatures[0].Passed(), "%s %+v", c.Signatures[0].Verdict, c.Signatures[0].Findings())
		})
	}
}
