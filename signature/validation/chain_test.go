package validation_test

import (
	"crypto/x509"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// nameConstraints writes the extension: [0] permitted, [1] excluded, each a list of GeneralNames in DER.
func nameConstraints(permitted, excluded [][]byte) []byte {
	subtrees := func(tag byte, names [][]byte) (out []byte) {
		for _, n := range names {
			out = append(out, tlv(0x30, n)...)
		}
		if out == nil {
			return nil
		}
		return tlv(tag, out)
	}
	return tlv(0x30, append(subtrees(0xa0, permitted), subtrees(0xa1, excluded)...))
}

func tlv(tag byte, content []byte) []byte {
	if len(content) >= 128 {
		return append([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
	}
	return append([]byte{tag, byte(len(content))}, content...)
}

func directory(attributes ...pkitest.AttributeValue) []byte {
	return tlv(0xa4, pkitest.Name(attributes...))
}

func domain(name string) []byte { return tlv(0x82, []byte(name)) }

var (
	france  = pkitest.AttributeValue{OID: pkitest.OIDCountryName, Value: "FR"}
	belgium = pkitest.AttributeValue{OID: pkitest.OIDCountryName, Value: "BE"}
)

// TestChains judges chains whose authorities are unusual.
func TestChains(t *testing.T) {
	type chain struct {
		row
		root, ca []pkitest.Option
		deeper   bool // one more authority between ca and the signer
	}
	rows := []chain{
		{row: row{name: "two authorities"}, ca: []pkitest.Option{pkitest.PathLen(1)}, deeper: true},
		{row: row{name: "no limit of length"}, ca: []pkitest.Option{pkitest.PathLen(-1)}, deeper: true},
		{
			row:    row{name: "one authority too many", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.path-length", message: "1 authorities are below the issuer, which allows 0"},
			deeper: true,
		},
		{
			row:  row{name: "root that allows no authority below", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.path-length"},
			root: []pkitest.Option{pkitest.PathLen(0)},
		},
		{
			row: row{name: "issuer that is no authority", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.basic-constraints", message: "not a certification authority"},
			ca:  []pkitest.Option{pkitest.AsCA(false)},
		},
		{
			row: row{name: "issuer without basicConstraints", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.basic-constraints"},
			ca:  []pkitest.Option{pkitest.Without(pkitest.OIDBasicConstraints)},
		},
		{
			row:  row{name: "anchor that is no authority", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.basic-constraints"},
			root: []pkitest.Option{pkitest.AsCA(false)},
		},
		{
			row: row{name: "issuer that may not sign certificates", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.key-usage", message: "may not sign certificates"},
			ca:  []pkitest.Option{pkitest.KeyUsage(x509.KeyUsageCRLSign)},
		},
		{
			row: row{name: "issuer expired", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.validity", message: "not valid after"},
			ca:  []pkitest.Option{pkitest.Expired()},
		},
		{
			row: row{name: "issuer not yet valid", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.validity", message: "not valid before"},
			ca:  []pkitest.Option{pkitest.NotYetValid()},
		},
		{row: row{name: "anchor expired"}, root: []pkitest.Option{pkitest.Expired()}},
		{
			row: row{name: "issuer without key identifier", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.subject-key-identifier"},
			ca:  []pkitest.Option{pkitest.Without(pkitest.OIDSubjectKeyIdentifier)},
		},
		{
			row: row{name: "issuer with an unknown critical extension", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.extensions"},
			ca:  []pkitest.Option{pkitest.Extension("1.3.6.1.4.1.32473.9", true, []byte{5, 0})},
		},
		{
			row: row{name: "issuer with noRevAvail", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.forbidden-extensions", message: "noRevAvail"},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNoRevAvail, false, []byte{5, 0})},
		},
		{
			row: row{name: "weak key of the issuer", verdict: "INDETERMINATE (CRYPTO_CONSTRAINTS_FAILURE_NO_POE)", check: "certificate.algorithm", message: "SHA-1"},
			ca:  []pkitest.Option{pkitest.LegacySHA1()},
		},

		// Name constraints.
		{
			row: row{name: "name permitted"},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{directory(belgium), directory(france)}, nil))},
		},
		{
			row: row{name: "name not permitted", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.name-constraints", message: "no permitted subtree holds a directory name"},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{directory(belgium)}, nil))},
		},
		{
			row: row{name: "name excluded", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.name-constraints", message: "an excluded subtree holds a directory name"},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints(nil, [][]byte{directory(france)}))},
		},
		{
			row:  row{name: "name not permitted by the root", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.name-constraints"},
			root: []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{directory(belgium)}, nil))},
		},
		{
			row: row{name: "constraints on a form that is not there"},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{domain("boisjoli.example")}, nil))},
		},
		{
			row: row{name: "domain not permitted", options: []pkitest.Option{pkitest.DNS("www.ailleurs.example")}, verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.name-constraints", message: "a domain name"},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{domain("boisjoli.example")}, nil))},
		},
		{
			row: row{name: "domain permitted", options: []pkitest.Option{pkitest.DNS("www.Boisjoli.example")}},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{domain("boisjoli.example")}, nil))},
		},
		{
			row: row{name: "constraints that cannot be read", verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.name-constraints", message: "cannot be evaluated"},
			ca:  []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, []byte{0x30, 2, 5, 0})},
		},
		{
			row: row{
				name:    "constraints on a form that nobody compares",
				options: []pkitest.Option{pkitest.Extension(pkitest.OIDSubjectAltName, false, tlv(0x30, tlv(0x88, []byte{0x2a, 3})))}, // registeredID 1.2.3
				verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "certificate.name-constraints", message: "cannot be evaluated: a name of form 8",
			},
			ca: []pkitest.Option{pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{tlv(0x88, []byte{0x2a, 3})}, nil))},
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			pki := pkitest.New(pkitest.At(now), pkitest.Deterministic("chains"))
			root := pki.Root("Racine d'essai", r.root...)
			ca := root.Intermediate("AC d'essai", r.ca...)
			if r.deeper {
				ca = ca.Intermediate("AC déléguée d'essai")
			}
			s := sceneOf(t, pki, root, ca, ca.Leaf("Mairie de Boisjoli", r.options...))
			if r.edit != nil {
				r.edit(s)
			}
			checkRow(t, r.row, s)
		})
	}
}

// TestAnotherChain: when one chain does not hold and another does, the second is retained.
func TestAnotherChain(t *testing.T) {
	pki := pkitest.New(pkitest.At(now), pkitest.Deterministic("cross"))
	old, young := pki.Root("Ancienne racine"), pki.Root("Jeune racine")
	ca := old.Intermediate("AC d'essai", pkitest.Expired())
	crossed := young.CrossCertify(ca)
	s := sceneOf(t, pki, old, ca, ca.Leaf("Mairie de Boisjoli"))
	s.doc.AddCertificate(crossed.DER, facts.FromSignature)
	s.in.Anchors = s.anchors(trust.Anchor{Certificate: old.DER}, trust.Anchor{Certificate: young.DER})

	c := s.conclude().Signatures[0]
	require.Equal(t, passed, c.Verdict.String(), "%+v", c.Findings())
	require.Len(t, c.Chain, 3)
	require.Equal(t, s.doc.AddCertificate(crossed.DER, facts.FromSignature), c.Chain[1])

	s.in.Anchors = s.anchors(trust.Anchor{Certificate: old.DER})
	c = s.conclude().Signatures[0]
	require.Equal(t, "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", c.Verdict.String())
}

// TestLoops: authorities that certify each other in a ring lead nowhere, soon.
func TestLoops(t *testing.T) {
	pki := pkitest.New(pkitest.At(now), pkitest.Deterministic("ring"))
	a, b := pki.Root("A"), pki.Root("B")
	ca := a.Intermediate("AC d'essai", pkitest.PathLen(-1))
	s := sceneOf(t, pki, pki.Root("Racine d'essai"), ca, ca.Leaf("Mairie de Boisjoli"))
	for _, crossed := range []*pkitest.Authority{b.CrossCertify(a), a.CrossCertify(b), ca.CrossCertify(a), ca.CrossCertify(b)} {
		s.doc.AddCertificate(crossed.DER, facts.FromSignature)
	}
	c := s.conclude().Signatures[0]
	require.Equal(t, "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", c.Verdict.String())
}

// TestMesh: a hostile file in which everyone certifies everyone ends within bounds.
func TestMesh(t *testing.T) {
	pki := pkitest.New(pkitest.At(now), pkitest.Deterministic("mesh"))
	ca := pki.Root("AC d'essai")
	s := sceneOf(t, pki, pki.Root("Racine d'essai"), ca, ca.Leaf("Mairie de Boisjoli"))
	var ring []*pkitest.Authority
	for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"} {
		ring = append(ring, pki.Root(name))
	}
	for _, issuer := range ring {
		for _, subject := range append(ring, ca) {
			s.doc.AddCertificate(issuer.CrossCertify(subject).DER, facts.FromSignature)
		}
	}
	s.issue()
	started := time.Now()
	c := validation.Conclude(s.doc, s.in)
	require.Less(t, time.Since(started), 20*time.Second)
	require.Equal(t, "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", c.Signatures[0].Verdict.String())
	f, ok := finding(c.Signatures[0].Findings(), "chain.anchored")
	require.True(t, ok)
	require.Equal(t, validation.Broken, f.Status)
	cut := false
	for _, f := range c.Signatures[0].Findings() {
		cut = cut || f.Message == "the search for a chain stopped at a bound"
	}
	require.True(t, cut, "the search was expected to be cut")
}

// TestNamesMatchLoosely: names are chained by RFC 5280 §7.1, not octet by octet.
func TestNamesMatchLoosely(t *testing.T) {
	pki := pkitest.New(pkitest.At(now), pkitest.Deterministic("names"))
	root := pki.Root("Racine d'essai", pkitest.RawSubject(pkitest.Name(france, pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "Racine   D'ESSAI", Tag: 19})))
	ca := root.Intermediate("AC d'essai")
	other := pki.Root("autre", pkitest.Key(root.Key), pkitest.RawSubject(pkitest.Name(france, pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "racine d'essai"})))
	s := sceneOf(t, pki, other, ca, ca.Leaf("Mairie de Boisjoli"))
	c := s.conclude().Signatures[0]
	require.Equal(t, passed, c.Verdict.String(), "%+v", c.Findings())
}

// TestOrderDoesNotMatter: the order of certificates, signatures, tokens and issuance changes no conclusion.
func TestOrderDoesNotMatter(t *testing.T) {
	pki := pkitest.New(pkitest.At(now), pkitest.Deterministic("order"))
	old, young := pki.Root("Ancienne racine"), pki.Root("Jeune racine")
	ca := old.Intermediate("AC d'essai")
	crossed := young.CrossCertify(ca)
	s := sceneOf(t, pki, old, ca, ca.Leaf("Mairie de Boisjoli"))
	s.doc.AddCertificate(crossed.DER, facts.FromSignature)
	s.doc.AddCertificate(young.DER, facts.FromSignature)
	s.in.Anchors = s.anchors(trust.Anchor{Certificate: old.DER}, trust.Anchor{Certificate: young.DER})
	tsa := s.tsa()
	s.addToken("T-1", facts.SignatureTimestamp, now.Add(-time.Minute), tsa)
	s.addToken("T-2", facts.SignatureTimestamp, now.Add(-time.Hour/2), tsa)
	s.doc.Signatures = append(s.doc.Signatures, facts.Signature{Signed: s.signed("S-2", ca.Leaf("Le Maire")), Format: facts.CAdES, Level: "B-B"})
	twin := ca.Leaf("Jumelle")
	s.doc.Signatures[1].Candidates = append(s.doc.Signatures[1].Candidates, s.doc.AddCertificate(twin.DER, facts.FromSignature))
	s.issue()

	bySignature := func(c validation.Conclusion) (map[string]validation.SignatureConclusion, map[string]validation.TimestampConclusion) {
		signatures, timestamps := map[string]validation.SignatureConclusion{}, map[string]validation.TimestampConclusion{}
		for _, s := range c.Signatures {
			signatures[s.ID] = s
		}
		for _, t := range c.Timestamps {
			timestamps[t.ID] = t
		}
		return signatures, timestamps
	}
	first := validation.Conclude(s.doc, s.in)
	require.True(t, first.Signatures[0].Passed(), "%+v", first.Signatures[0].Findings())
	wantSignatures, wantTimestamps := bySignature(first)
	random := rand.New(rand.NewPCG(1, 2))
	anchors := s.in.Anchors.All()
	for range 50 {
		random.Shuffle(len(s.doc.Certificates), func(i, j int) {
			s.doc.Certificates[i], s.doc.Certificates[j] = s.doc.Certificates[j], s.doc.Certificates[i]
		})
		random.Shuffle(len(s.doc.Issuance), func(i, j int) {
			s.doc.Issuance[i], s.doc.Issuance[j] = s.doc.Issuance[j], s.doc.Issuance[i]
		})
		random.Shuffle(len(s.doc.Signatures), func(i, j int) {
			s.doc.Signatures[i], s.doc.Signatures[j] = s.doc.Signatures[j], s.doc.Signatures[i]
		})
		random.Shuffle(len(s.doc.Timestamps), func(i, j int) {
			s.doc.Timestamps[i], s.doc.Timestamps[j] = s.doc.Timestamps[j], s.doc.Timestamps[i]
		})
		for i := range s.doc.Signatures {
			c := s.doc.Signatures[i].Candidates
			random.Shuffle(len(c), func(i, j int) { c[i], c[j] = c[j], c[i] })
		}
		random.Shuffle(len(anchors), func(i, j int) { anchors[i], anchors[j] = anchors[j], anchors[i] })
		s.in.Anchors = s.anchors(anchors...)
		c := validation.Conclude(s.doc, s.in)
		signatures, timestamps := bySignature(c)
		require.Equal(t, wantSignatures, signatures)
		require.Equal(t, wantTimestamps, timestamps)
		require.ElementsMatch(t, first.Needs, c.Needs)
	}
}
