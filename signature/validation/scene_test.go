package validation_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// now is the date of every scene.
var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const (
	oidContentType          = "1.2.840.113549.1.9.3"
	oidMessageDigest        = "1.2.840.113549.1.9.4"
	oidSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47"
	oidSignaturePolicy      = "1.2.840.113549.1.9.16.2.15"
	oidData                 = "1.2.840.113549.1.7.1"
	oidTSTInfo              = "1.2.840.113549.1.9.16.1.4"
)

// A scene is a signature that passes, before a test edits it: facts written by hand over real certificates.
type scene struct {
	t    *testing.T
	pki  *pkitest.PKI
	root *pkitest.Authority
	ca   *pkitest.Authority
	leaf *pkitest.Identity
	doc  *facts.Document
	in   validation.Input
}

// newScene signs with a certificate declared by the options.
func newScene(t *testing.T, options ...pkitest.Option) *scene {
	pki := pkitest.New(pkitest.At(now), pkitest.Deterministic("validation"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	return sceneOf(t, pki, root, ca, ca.Leaf("Mairie de Boisjoli", options...))
}

func sceneOf(t *testing.T, pki *pkitest.PKI, root, ca *pkitest.Authority, leaf *pkitest.Identity) *scene {
	s := &scene{t: t, pki: pki, root: root, ca: ca, leaf: leaf, doc: &facts.Document{Schema: facts.Schema, Format: facts.CAdES}}
	s.doc.Signatures = []facts.Signature{{Signed: s.signed("S-1", leaf), Format: facts.CAdES, Level: "B-B"}}
	s.in = validation.Input{Anchors: s.anchors(trust.Anchor{Certificate: root.DER}), Time: now, UnsafeNoRevocation: true}
	return s
}

// signed makes the facts of a sound value by a certificate, and puts its chain into the document.
func (s *scene) signed(id string, by *pkitest.Identity) facts.Signed {
	var signer string
	for i, raw := range by.ChainDER() {
		added := s.doc.AddCertificate(raw, facts.FromSignature)
		if i == 0 {
			signer = added
		}
	}
	claimed := now.Add(-time.Hour)
	algorithm := facts.Algorithm{OID: "1.2.840.10045.4.3.2", Name: "ECDSA with SHA-256", Digest: "SHA-256"}
	return facts.Signed{
		ID:                 id,
		DigestAlgorithm:    facts.Algorithm{OID: "2.16.840.1.101.3.4.2.1", Name: "SHA-256"},
		SignatureAlgorithm: algorithm,
		Candidates:         []string{signer},
		SigningCertificate: []facts.CertificateReference{{Digest: "SHA-256", Value: []byte(signer), Matches: []string{signer}}},
		ContentType:        oidData,
		ClaimedTime:        &claimed,
		SignedAttributes: []facts.Attribute{
			{OID: oidContentType, Values: [][]byte{identifierDER(oidData)}},
			{OID: oidMessageDigest, Values: [][]byte{{4, 1, 1}}},
			{OID: oidSigningCertificateV2, Values: [][]byte{{0x30, 0}}},
		},
		ToBeSigned: []byte{0x31, 0},
		Value:      []byte{1},
		References: []facts.Reference{{Type: "message-digest", Name: "content", Digest: "SHA-256", Expected: []byte{1}, Computed: []byte{1}, Found: true, Intact: true}},
		Keys:       []facts.KeyResult{{Certificate: signer, Result: facts.Verified}},
	}
}

// addToken adds a sound token to the document, made by a certificate at a time.
func (s *scene) addToken(id string, kind facts.TokenType, at time.Time, by *pkitest.Identity) *facts.Token {
	signed := s.signed(id, by)
	signed.ContentType, signed.ClaimedTime = oidTSTInfo, nil
	signed.SignedAttributes[0].Values[0] = identifierDER(oidTSTInfo)
	signed.References = append(signed.References, facts.Reference{Type: "imprint", Digest: "SHA-256", Expected: []byte{2}, Computed: []byte{2}, Found: true, Intact: true})
	token := facts.Token{Signed: signed, Type: kind, Time: at}
	if kind != facts.DocumentTimestamp && kind != facts.DetachedTimestamp {
		token.Parent = "S-1"
		s.doc.Signatures[0].Tokens = append(s.doc.Signatures[0].Tokens, id)
	}
	s.doc.Timestamps = append(s.doc.Timestamps, token)
	return &s.doc.Timestamps[len(s.doc.Timestamps)-1]
}

// give puts CRLs and OCSP responses among the facts.
func (s *scene) give(objects ...[]byte) {
	for _, raw := range objects {
		require.NoError(s.t, s.doc.ReadRevocations(context.Background(), facts.FormData, raw, facts.FromCaller))
	}
}

func (s *scene) tsa(options ...pkitest.Option) *pkitest.Identity {
	return s.ca.Leaf("Horodatage d'essai", append([]pkitest.Option{pkitest.TSA}, options...)...)
}

func (s *scene) anchors(anchors ...trust.Anchor) *trust.Set {
	set, err := trust.NewSet(anchors...)
	require.NoError(s.t, err)
	return set
}

// rename gives an edited certificate the ID of its octets, wherever the only signature names it.
func (s *scene) rename(c *facts.Certificate) {
	sum := sha256.Sum256(c.Raw)
	c.ID = hex.EncodeToString(sum[:])
	signed := &s.signature().Signed
	signed.Candidates = []string{c.ID}
	signed.SigningCertificate[0].Matches = []string{c.ID}
	signed.Keys[0].Certificate = c.ID
}

func (s *scene) signature() *facts.Signature { return &s.doc.Signatures[0] }

func identifierDER(dotted string) []byte {
	oid := der.MustOID(dotted)
	return append([]byte{6, byte(len(oid))}, oid...)
}

// issue fills Issuance with the truth about every pair whose names match.
func (s *scene) issue() {
	var all []*pkix.Certificate
	add := func(raw []byte) {
		c, err := pkix.ParseCertificate(raw)
		require.NoError(s.t, err)
		if !slices.ContainsFunc(all, func(o *pkix.Certificate) bool { return o.ID == c.ID }) {
			all = append(all, c)
		}
	}
	for _, c := range s.doc.Certificates {
		add(c.Raw)
	}
	for _, a := range append(s.in.Anchors.All(), s.in.TimestampAnchors.All()...) {
		add(a.Certificate)
	}
	for i := range s.doc.Revocations {
		r := &s.doc.Revocations[i]
		for _, c := range all {
			r.Keys = append(r.Keys, revocation.Verify(r, c.Raw))
		}
	}
	for _, subject := range all {
		for _, issuer := range all {
			if !subject.Issuer.Equal(issuer.Subject) {
				continue
			}
			result := facts.Verified
			if pkix.CheckIssued(subject, issuer) != nil {
				result = facts.Wrong
			}
			s.doc.Issuance = append(s.doc.Issuance, facts.Issuance{
				Subject: fmt.Sprintf("%x", subject.ID), Issuer: fmt.Sprintf("%x", issuer.ID), Result: result,
			})
		}
	}
}

// conclude completes the issuance, concludes, and holds every conclusion to what all must satisfy.
func (s *scene) conclude() validation.Conclusion {
	if s.doc.Issuance == nil {
		s.issue()
	}
	c := validation.Conclude(s.doc, s.in)
	checkInvariants(s.t, c)

	saved, err := json.Marshal(s.doc)
	require.NoError(s.t, err)
	var again facts.Document
	require.NoError(s.t, json.Unmarshal(saved, &again))
	first, err := json.Marshal(c)
	require.NoError(s.t, err)
	second, err := json.Marshal(validation.Conclude(&again, s.in))
	require.NoError(s.t, err)
	require.Equal(s.t, string(first), string(second), "saved facts concluded again differ")

	memo := s.in
	memo.Memo = validation.NewMemo(8)
	for range 2 {
		cached, err := json.Marshal(validation.Conclude(s.doc, memo))
		require.NoError(s.t, err)
		require.Equal(s.t, string(first), string(cached), "a memo changes the conclusion")
	}
	return c
}

func checkInvariants(t *testing.T, c validation.Conclusion) {
	t.Helper()
	blocks := func(list []validation.Block) {
		for _, b := range list {
			require.True(t, b.Consistent(), "block %s: %s", b.Name, b.Verdict)
			for _, check := range b.Checks {
				require.NotEmpty(t, check.ID)
				require.NotEmpty(t, check.Clause)
				require.NotEmpty(t, check.Message)
				require.NotEmpty(t, check.Level, check.ID)
				require.NotEmpty(t, check.Status, check.ID)
			}
		}
	}
	for _, s := range c.Signatures {
		require.True(t, s.Verdict.Consistent(), "signature %s: %s", s.ID, s.Verdict)
		require.True(t, s.Basic.Consistent(), "signature %s: %s", s.ID, s.Basic)
		if s.Passed() {
			require.Equal(t, validation.CryptoValid, s.Crypto, "a signature passes without sound cryptography")
			require.NotEmpty(t, s.Chain)
		}
		blocks(s.Blocks)
	}
	for _, s := range c.Timestamps {
		require.True(t, s.Verdict.Consistent(), "timestamp %s: %s", s.ID, s.Verdict)
		if s.Passed() {
			require.Equal(t, validation.CryptoValid, s.Crypto)
		}
		blocks(s.Blocks)
	}
}

// finding returns the message of the finding of one check, and whether there is one.
func finding(list []validation.Check, id string) (validation.Check, bool) {
	i := slices.IndexFunc(list, func(c validation.Check) bool { return c.ID == id })
	if i < 0 {
		return validation.Check{}, false
	}
	return list[i], true
}
