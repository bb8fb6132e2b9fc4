package revocation_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

// Asks a responder, then for a list if it does not answer, and says what the answer says.
func Example() {
	// A PKI in memory stands for the real ones: its certificates name addresses on loopback.
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	pki := pkitest.New(pkitest.At(now))
	server, err := pki.Serve()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	ca := pki.Root("Racine d'essai").Intermediate("AC d'essai")
	seal := ca.Leaf("Mairie de Boisjoli", pkitest.Seal, pkitest.Revoked(now.Add(-time.Hour), pkitest.Superseded))

	options := revocation.Options{HTTPClient: &http.Client{}, Now: func() time.Time { return now }, Store: revocation.NewMemory(16 << 20)}
	responders, err := revocation.NewOCSPClient(revocation.OCSPOptions{Options: options})
	if err != nil {
		fmt.Println(err)
		return
	}
	lists, err := revocation.NewCRLClient(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := revocation.FirstOf(responders, lists).Fetch(context.Background(), seal.DER, ca.DER, now.Add(-24*time.Hour))
	if err != nil {
		fmt.Println(err)
		return
	}

	doc := new(facts.Document)
	subject, issuer := doc.AddCertificate(seal.DER, facts.FromCaller), doc.AddCertificate(ca.DER, facts.FromCaller)
	for i := range data {
		data[i].AddTo(doc)
	}
	for _, s := range facts.NewRevocationFinder(doc).About(subject, issuer) {
		fmt.Println(s.Kind, s.Status, s.Reason, s.RevokedAt.Format(time.DateTime), "known", s.ThisUpdate.Format(time.DateTime))
	}
	// Output: ocsp revoked superseded 2026-03-02 11:00:00 known 2026-03-02 12:00:00
}
