package facts_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func TestSavedFormIsReadBack(t *testing.T) {
	claimed := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	doc := &facts.Document{
		Schema: facts.Schema, Format: facts.CAdES,
		Signatures: []facts.Signature{{Signed: facts.Signed{ID: "S-1", ClaimedTime: &claimed, Value: []byte{1}, References: []facts.Reference{{Type: "message-digest", Found: true}}}, Level: "B-T"}},
		Timestamps: []facts.Token{{Signed: facts.Signed{ID: "S-1-T1", Value: []byte{2}}, Parent: "S-1", Type: facts.SignatureTimestamp, Time: claimed, Accuracy: facts.Duration(1500 * time.Millisecond)}},
	}
	doc.AddCertificate([]byte("certificat"), facts.FromCaller)
	saved, err := json.Marshal(doc)
	require.NoError(t, err)
	require.Contains(t, string(saved), `"accuracy":"1.5s"`)
	back, err := facts.Read(bytes.NewReader(saved))
	require.NoError(t, err)
	require.Equal(t, doc, back)
	require.Equal(t, &doc.Timestamps[0], doc.Token("S-1-T1"))
	require.Nil(t, doc.Token("S-2-T1"))

	for name, damaged := range map[string]string{
		"newer": strings.Replace(string(saved), `"schema":1`, `"schema":2`, 1), "none": strings.Replace(string(saved), `"schema":1`, `"schema":0`, 1),
	} {
		_, err := facts.Read(strings.NewReader(damaged))
		require.ErrorIs(t, err, facts.ErrSchema, name)
	}
	_, err = facts.Read(strings.NewReader("{"))
	require.Error(t, err)
	_, err = facts.Read(strings.NewReader(strings.Replace(string(saved), "1.5s", "bientôt", 1)))
	require.Error(t, err)
}

func TestCertificatesAreKeptOnce(t *testing.T) {
	doc := new(facts.Document)
	for round := range 2 {
		for i := range 200 {
			raw := fmt.Appendf(nil, "certificat %d", i)
			sum := sha256.Sum256(raw)
			require.Equal(t, hex.EncodeToString(sum[:]), doc.AddCertificate(raw, facts.FromSignature))
			require.Equal(t, raw, doc.Certificate(hex.EncodeToString(sum[:])).Raw)
		}
		require.Len(t, doc.Certificates, 200, "round %d", round)
	}
	// Changed by hand, what is there counts.
	id := doc.Certificates[3].ID
	doc.Certificates = append(doc.Certificates[:3:3], doc.Certificates[4:]...)
	require.Nil(t, doc.Certificate(id))
	doc.AddCertificate([]byte("certificat 3"), facts.FromSignature)
	require.Len(t, doc.Certificates, 200)
	require.NotNil(t, doc.Certificate(id))
}

// Whether certificates are few or many, the same are found.
func TestFinder(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("finder"))
	root := pki.Root("Racine")
	wanted, other := root.Leaf("Voulu"), root.Leaf("Autre")
	parse := func(id *pkitest.Identity) *pkix.Certificate {
		c, err := pkix.ParseCertificate(id.DER)
		require.NoError(t, err)
		return c
	}
	c := parse(wanted)
	bySerial := facts.SignerIdentifier{Issuer: c.RawIssuer, Serial: c.RawSerial}
	for _, crowd := range []int{0, 50} {
		doc := new(facts.Document)
		otherID := doc.AddCertificate(other.DER, facts.FromSignature)
		doc.AddCertificate([]byte{0x30, 3, 1, 1, 0}, facts.FromSignature) // no certificate
		for i := range crowd {
			fake := bytes.Clone(other.DER)
			fake[len(fake)-1], fake[len(fake)-2] = byte(i), 1
			doc.AddCertificate(fake, facts.FromSignature)
		}
		finder := facts.NewFinder(doc)
		for name, c := range map[string]struct {
			signer facts.SignerIdentifier
			found  bool
		}{
			"issuer and serial":      {bySerial, true},
			"key identifier":         {facts.SignerIdentifier{SubjectKeyID: cms.KeyIDOf(c).SubjectKeyID}, true},
			"a padded serial":        {facts.SignerIdentifier{Issuer: c.RawIssuer, Serial: append([]byte{0}, c.RawSerial...)}, c.RawSerial[0] < 0x80},
			"another serial":         {facts.SignerIdentifier{Issuer: c.RawIssuer, Serial: []byte{1, 2, 3}}, false},
			"another issuer":         {facts.SignerIdentifier{Issuer: c.RawSubject, Serial: c.RawSerial}, false},
			"another key":            {facts.SignerIdentifier{SubjectKeyID: []byte{1}}, false},
			"an empty key":           {facts.SignerIdentifier{SubjectKeyID: []byte{}}, false},
			"nothing":                {facts.SignerIdentifier{}, false},
			"an issuer that is none": {facts.SignerIdentifier{Issuer: []byte{5, 0}, Serial: c.RawSerial}, false},
		} {
			before := facts.Signed{Signer: c.signer}
			facts.NewFinder(doc).Designate(&before)
			require.Empty(t, before.Candidates, "%s: it is not there yet", name)
			finder.Designate(&before)
			require.Empty(t, before.Candidates, "%s: it is not there yet", name)
			grown := &facts.Document{Certificates: append([]facts.Certificate(nil), doc.Certificates...)}
			after := facts.Signed{Signer: c.signer}
			id := grown.AddCertificate(wanted.DER, facts.FromCaller)
			facts.NewFinder(grown).Designate(&after)
			if c.found {
				require.Equal(t, []string{id}, after.Candidates, "%s among %d", name, crowd)
			} else {
				require.Empty(t, after.Candidates, "%s among %d", name, crowd)
			}
		}
		// A finder sees what is added later.
		late := facts.Signed{Signer: bySerial}
		id := doc.AddCertificate(wanted.DER, facts.FromCaller)
		finder.Designate(&late)
		require.Equal(t, []string{id}, late.Candidates)
		// And certificates by their digest.
		for name, digest := range map[string]struct {
			algorithm string
			value     []byte
			matches   []string
		}{
			"SHA-256": {"SHA-256", sum("SHA-256", other.DER), []string{otherID}}, "SHA-1": {"SHA-1", sum("SHA-1", other.DER), []string{otherID}},
			"SHA-512": {"SHA-512", sum("SHA-512", wanted.DER), []string{id}}, "unknown": {"MD5", sum("SHA-1", other.DER), nil}, "wrong": {"SHA-1", make([]byte, 20), nil},
		} {
			s := facts.Signed{SigningCertificate: []facts.CertificateReference{{Digest: digest.algorithm, Value: digest.value}}}
			finder.Designate(&s)
			require.Equal(t, digest.matches, s.SigningCertificate[0].Matches, name)
		}
	}
}

var hashes = []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512}

func sum(algorithm string, b []byte) []byte {
	for _, h := range hashes {
		if pkix.DigestName(h) == algorithm {
			state := h.New()
			state.Write(b)
			return state.Sum(nil)
		}
	}
	panic(algorithm)
}
