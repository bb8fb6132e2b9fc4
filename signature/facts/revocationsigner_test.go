package facts_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// Who may sign a response (RFC 6960 §4.2.2.2) or a list (RFC 5280 §6.3.3 (f)).
func TestSigners(t *testing.T) {
	s := newScene()
	sound := s.ca.Responder("Répondeur")
	other := s.other.Responder("Répondeur d'une autre")
	noPurpose := s.ca.ResponderOf(s.ca.Leaf("Sans usage", pkitest.Auth))
	noUsage := s.ca.Responder("Clé pour autre chose", pkitest.KeyUsage(4)) // keyEncipherment
	forged := s.ca.Responder("Certificat forgé", pkitest.ForCertificate{pkitest.WrongKey()})
	for name, c := range map[string]struct {
		raw        []byte
		value      facts.ValueState
		direct     bool
		delegation facts.ValueState
		fault      string
		authorised bool
	}{
		"the issuer by key":        {s.ca.OCSP(s.leaf), facts.Verified, true, "", "", true},
		"the issuer by name":       {s.ca.OCSP(s.leaf, pkitest.ByName()), facts.Verified, true, "", "", true},
		"the issuer, altered":      {s.ca.OCSP(s.leaf, pkitest.BadSignature()), facts.Wrong, true, "", "", false},
		"not the issuer's key":     {s.ca.OCSP(s.leaf, pkitest.WrongKey()), facts.Wrong, true, "", "", false},
		"a delegate":               {sound.OCSP(s.leaf), facts.Verified, false, facts.Verified, "", true},
		"a delegate by name":       {sound.OCSP(s.leaf, pkitest.ByName()), facts.Verified, false, facts.Verified, "", true},
		"a delegate, altered":      {sound.OCSP(s.leaf, pkitest.BadSignature()), facts.Wrong, false, facts.Verified, "", false},
		"of another authority":     {s.ca.ResponderOf(other.Identity).OCSP(s.leaf), facts.Verified, false, facts.Wrong, "ocsp.responder-issuer", false},
		"without the purpose":      {noPurpose.OCSP(s.leaf), facts.Verified, false, facts.Verified, "ocsp.responder-purpose", false},
		"a key for another use":    {noUsage.OCSP(s.leaf), facts.Verified, false, facts.Verified, "ocsp.responder-usage", false},
		"a certificate forged":     {forged.OCSP(s.leaf), facts.Verified, false, facts.Wrong, "ocsp.responder-issuer", false},
		"the list of the issuer":   {s.ca.CRL(), facts.Verified, true, "", "", true},
		"a list altered":           {s.ca.CRL(pkitest.BadSignature()), facts.Wrong, true, "", "", false},
		"a list under a wrong key": {s.ca.CRL(pkitest.WrongKey()), facts.Wrong, true, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			doc, _, ca := s.document(t, c.raw)
			finder := facts.NewRevocationFinder(doc)
			id := doc.Revocations[0].ID
			signers := finder.Signers(id, ca)
			require.Len(t, signers, 1)
			require.False(t, signers[0].Authorised(doc.Revocations[0].Kind) && !signers[0].Direct, "nobody has looked at the delegation")
			if !signers[0].Direct {
				if signers[0].Delegation == "" {
					doc.Issuance = append(doc.Issuance, facts.Issuance{Subject: signers[0].Certificate, Issuer: ca, Result: issuedBy(t, doc, signers[0].Certificate, ca)})
				}
				signers = finder.Signers(id, ca)
			}
			require.Equal(t, c.value, signers[0].Value)
			require.Equal(t, c.direct, signers[0].Direct)
			require.Equal(t, c.delegation, signers[0].Delegation)
			require.Equal(t, c.authorised, signers[0].Authorised(doc.Revocations[0].Kind))
			if c.fault == "" {
				require.Empty(t, signers[0].Faults)
			} else {
				require.Equal(t, c.fault, signers[0].Faults[0].Code)
			}
			require.Equal(t, name == "a delegate" || name == "a delegate by name" || name == "a delegate, altered", signers[0].NoCheck && c.fault == "")
		})
	}
	// An authority whose certificate does not let it sign lists.
	noList := s.root.Intermediate("AC sans cRLSign", pkitest.KeyUsage(32)) // keyCertSign
	leaf := noList.Leaf("Mairie")
	doc := new(facts.Document)
	id := doc.AddCertificate(noList.DER, facts.FromCaller)
	doc.AddCertificate(leaf.DER, facts.FromCaller)
	require.NoError(t, doc.ReadRevocations(context.Background(), facts.FormData, noList.CRL(), facts.FromCaller))
	signers := facts.NewRevocationFinder(doc).Signers(doc.Revocations[0].ID, id)
	require.Equal(t, "crl.signer-usage", signers[0].Faults[0].Code)
	// A responder whose certificate nobody has.
	doc, _, ca := s.document(t, sound.OCSP(s.leaf, pkitest.WithoutCertificates()))
	require.Empty(t, facts.NewRevocationFinder(doc).Signers(doc.Revocations[0].ID, ca))
	require.Len(t, facts.NewRevocationFinder(doc, sound.DER, []byte("garbage")).Signers(doc.Revocations[0].ID, ca), 1)
	// Facts that contradict each other prove nothing.
	doc, _, ca = s.document(t, s.ca.CRL())
	r := &doc.Revocations[0]
	r.Keys = append(r.Keys, facts.KeyResult{Certificate: ca, Result: facts.Wrong})
	require.Equal(t, facts.Wrong, facts.NewRevocationFinder(doc).Signers(r.ID, ca)[0].Value)
}

func issuedBy(t *testing.T, doc *facts.Document, subject, issuer string) facts.ValueState {
	s, i := parse(t, doc.Certificate(subject).Raw), parse(t, doc.Certificate(issuer).Raw)
	if s.CheckSignatureFrom(i) == nil {
		return facts.Verified
	}
	return facts.Wrong
}
