package collect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/collect"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func signed(t testing.TB, by *pkitest.Identity, o cades.Options) *facts.Document {
	signer, err := ades.FromKey(by.Key, by.Chain())
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, cades.Sign(context.Background(), &out, ades.Bytes([]byte("contenu")), signer, o))
	doc, err := cades.Read(context.Background(), ades.Bytes(out.Bytes()), cades.ReadOptions{})
	require.NoError(t, err)
	return doc
}

func anchors(t testing.TB, authorities ...*pkitest.Authority) *trust.Set {
	var list []trust.Anchor
	for _, a := range authorities {
		list = append(list, trust.Anchor{Certificate: a.DER})
	}
	set, err := trust.NewSet(list...)
	require.NoError(t, err)
	return set
}

func TestRun(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	leaf := ca.Leaf("Mairie de Boisjoli")
	in := validation.Input{Anchors: anchors(t, root), Time: noon, UnsafeNoRevocation: true}

	doc := signed(t, leaf, cades.Options{Time: noon, Level: ades.BaselineT, Authority: ca.TimestampAuthority("TSA")})
	alone := validation.Conclude(doc, in)
	require.False(t, alone.Signatures[0].Passed(), "nothing was verified yet")
	require.Equal(t, validation.CryptoUnknown, alone.Signatures[0].Crypto)

	conclusion, err := collect.Run(context.Background(), doc, in, collect.Sources{})
	require.NoError(t, err)
	require.True(t, conclusion.Signatures[0].Passed(), "%+v", conclusion.Signatures[0].Findings())
	require.True(t, conclusion.Timestamps[0].Passed(), "%+v", conclusion.Timestamps[0].Findings())

	// All of it is in the facts now: nothing is needed to conclude again, and running again adds nothing.
	before, err := json.Marshal(doc)
	require.NoError(t, err)
	again, err := collect.Run(context.Background(), doc, in, collect.Sources{Cache: collect.NewCache(10)})
	require.NoError(t, err)
	require.Equal(t, conclusion, again)
	after, err := json.Marshal(doc)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.Equal(t, conclusion, validation.Conclude(doc, in))
	for _, need := range conclusion.Needs {
		require.Equal(t, validation.NeedRevocation, need.Kind, "%+v", need)
	}

	// Other anchors, later, without the signed file.
	other := pki.Root("Autre racine")
	crossed := other.CrossCertify(ca)
	doc.AddCertificate(crossed.DER, facts.FromCaller)
	in.Anchors = anchors(t, other)
	conclusion, err = collect.Run(context.Background(), doc, in, collect.Sources{})
	require.NoError(t, err)
	require.True(t, conclusion.Signatures[0].Passed(), "%+v", conclusion.Signatures[0].Findings())
}

func TestRunStopsWithItsContext(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	doc := signed(t, pki.Root("Racine d'essai").Leaf("Mairie"), cades.Options{Time: noon})
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := collect.Run(stopped, doc, validation.Input{Time: noon}, collect.Sources{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestCacheServesAnotherFile: a chain verified for one file is known for the next, and still names no value as verified.
func TestCacheServesAnotherFile(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	root := pki.Root("Racine d'essai")
	leaf := root.Intermediate("AC d'essai").Leaf("Mairie de Boisjoli")
	in := validation.Input{Anchors: anchors(t, root), Time: noon, UnsafeNoRevocation: true}
	sources := collect.Sources{Cache: collect.NewCache(10)}
	for range 2 {
		doc := signed(t, leaf, cades.Options{Time: noon})
		conclusion, err := collect.Run(context.Background(), doc, in, sources)
		require.NoError(t, err)
		require.True(t, conclusion.Signatures[0].Passed())
	}
	doc := signed(t, leaf, cades.Options{Time: noon})
	doc.Signatures[0].Value[10] ^= 1
	conclusion, err := collect.Run(context.Background(), doc, in, sources)
	require.NoError(t, err)
	require.Equal(t, "TOTAL-FAILED (SIG_CRYPTO_FAILURE)", conclusion.Signatures[0].Verdict.String())

	// A certificate whose octets are not those of its ID is not looked up under it.
	doc = signed(t, leaf, cades.Options{Time: noon})
	stranger := pki.Root("Inconnu").Leaf("Mairie de Boisjoli")
	for i := range doc.Certificates {
		if doc.Certificates[i].ID == doc.Signatures[0].Candidates[0] {
			doc.Certificates[i].Raw = stranger.DER
		}
	}
	conclusion, err = collect.Run(context.Background(), doc, in, sources)
	require.NoError(t, err)
	require.Equal(t, "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", conclusion.Signatures[0].Verdict.String())
}

// TestWorkIsBounded: a file full of authorities that all certify each other is given up on, and soon.
func TestWorkIsBounded(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("collect"))
	ca := pki.Root("AC", pkitest.P521)
	doc := signed(t, ca.Leaf("Mairie"), cades.Options{Time: noon})
	// Certificates of one name, all signed by keys that are not theirs: every pair has to be tried.
	for range 40 {
		liar := pki.Root("AC", pkitest.P521)
		doc.AddCertificate(liar.CrossCertify(ca, pkitest.WrongKey()).DER, facts.FromSignature)
		doc.AddCertificate(liar.DER, facts.FromSignature)
	}
	conclusion, err := collect.Run(context.Background(), doc, validation.Input{Anchors: anchors(t, pki.Root("Racine d'essai")), Time: noon}, collect.Sources{})
	require.NoError(t, err)
	require.False(t, conclusion.Signatures[0].Passed())
	require.LessOrEqual(t, len(doc.Issuance), limits.CollectWork/30, "each of these verifications costs 30 units")
}

func TestPool(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("collect"))
	root := pki.Root("Racine d'essai")
	_, err := collect.NewPool(root.DER, root.DER)
	require.NoError(t, err)
	_, err = collect.NewPool(root.DER[:20])
	require.ErrorContains(t, err, "certificate 1")
	_, err = collect.ParsePool(root.PEM(), []byte("rien"))
	require.ErrorContains(t, err, "file 2")
}
