package cades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

var content = []byte("Délibération nº 2026-12 : le conseil municipal décide.\n")

var signingTime = time.Date(2026, 1, 15, 9, 30, 0, 0, time.UTC)

// A house is a PKI with its timestamp authority. Tests share one: they declare, and change nothing.
type house struct {
	pki  *pkitest.PKI
	root *pkitest.Authority
	ca   *pkitest.Authority
	tsa  *pkitest.TimestampAuthority
	leaf func(pkitest.KeyType) *pkitest.Identity
}

var sharedHouse = sync.OnceValue(func() *house {
	pki := pkitest.New(pkitest.Deterministic("cades"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	h := &house{pki: pki, root: root, ca: ca, tsa: ca.TimestampAuthority("Horodatage d'essai")}
	var mu sync.Mutex
	leaves := map[pkitest.KeyType]*pkitest.Identity{}
	h.leaf = func(k pkitest.KeyType) *pkitest.Identity {
		mu.Lock()
		defer mu.Unlock()
		if leaves[k] == nil {
			leaves[k] = ca.Leaf(fmt.Sprintf("Maire %s", k), k)
		}
		return leaves[k]
	}
	return h
})

func signer(t testing.TB, id *pkitest.Identity) ades.Signer {
	s, err := ades.FromKey(id.Key, id.Chain())
	require.NoError(t, err)
	return s
}

// sign makes a signature over content.
func sign(t testing.TB, s ades.Signer, o cades.Options) []byte {
	if o.Time.IsZero() {
		o.Time = signingTime
	}
	var out bytes.Buffer
	require.NoError(t, cades.Sign(t.Context(), &out, ades.Bytes(content), s, o))
	return out.Bytes()
}

// read reads a signature, with content beside it when it is detached.
func read(t testing.TB, signed []byte, detached *ades.Document) *facts.Document {
	doc, err := cades.Read(t.Context(), ades.Bytes(signed), cades.ReadOptions{Detached: detached})
	require.NoError(t, err)
	return doc
}

// isSound reports whether nothing is wrong with a signature and its value verifies under a certificate that both its
// identifier and its signing-certificate attribute name.
func isSound(doc *facts.Document, s *facts.Signature) bool {
	if len(s.Problems) > 0 || len(s.References) == 0 {
		return false
	}
	for _, r := range s.References {
		if !r.Found || !r.Intact {
			return false
		}
	}
	for _, id := range s.Candidates {
		certificate, err := pkix.ParseCertificate(doc.Certificate(id).Raw)
		if err == nil && len(s.SigningCertificate) > 0 && contains(s.SigningCertificate[0].Matches, id) && verifies(s, &certificate.PublicKey) {
			return true
		}
	}
	return false
}

func contains(list []string, wanted string) bool {
	for _, s := range list {
		if s == wanted {
			return true
		}
	}
	return false
}

// algorithms is every kind of signature that is made.
var algorithms = []struct {
	key    pkitest.KeyType
	digest crypto.Hash
	pss    bool
	name   string // of the signature algorithm that results
}{
	{pkitest.RSA2048, 0, false, "RSASSA-PKCS1-v1_5 with SHA-256"},
	{pkitest.RSA3072, crypto.SHA384, false, "RSASSA-PKCS1-v1_5 with SHA-384"},
	{pkitest.RSA4096, crypto.SHA512, false, "RSASSA-PKCS1-v1_5 with SHA-512"},
	{pkitest.RSA2048, crypto.SHA3_256, false, "RSASSA-PKCS1-v1_5 with SHA3-256"},
	{pkitest.RSA2048, 0, true, "RSASSA-PSS with SHA-256"},
	{pkitest.RSA3072, crypto.SHA512, true, "RSASSA-PSS with SHA-512"},
	{pkitest.RSAPSS2048, 0, false, "RSASSA-PSS with SHA-256"},
	{pkitest.RSAPSS3072, crypto.SHA384, true, "RSASSA-PSS with SHA-384"},
	{pkitest.P256, 0, false, "ECDSA with SHA-256"},
	{pkitest.P256, crypto.SHA512, false, "ECDSA with SHA-512"},
	{pkitest.P256, crypto.SHA3_384, false, "ECDSA with SHA3-384"},
	{pkitest.P384, 0, false, "ECDSA with SHA-384"},
	{pkitest.P521, 0, false, "ECDSA with SHA-512"},
	{pkitest.P521, crypto.SHA3_512, false, "ECDSA with SHA3-512"},
	{pkitest.Ed25519, 0, false, "Ed25519"},
	{pkitest.Ed25519, crypto.SHA512, false, "Ed25519"},
}

// Every algorithm, attached and detached, at both levels, comes back sound; over other content it does not.
func TestRoundTrip(t *testing.T) {
	h := sharedHouse()
	for _, a := range algorithms {
		for _, level := range []ades.Level{ades.BaselineB, ades.BaselineT} {
			for _, detached := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s %s detached %v", a.key, a.name, level, detached), func(t *testing.T) {
					signed := sign(t, signer(t, h.leaf(a.key)), cades.Options{
						Level: level, Authority: h.tsa, Detached: detached, Digest: a.digest, PSS: a.pss,
					})
					var beside *ades.Document
					if detached {
						beside = ades.Bytes(content)
					}
					doc := read(t, signed, beside)
					require.Len(t, doc.Signatures, 1)
					s := &doc.Signatures[0]
					require.True(t, isSound(doc, s), "%+v", s.Problems)
					require.Equal(t, facts.CAdES, s.Format)
					require.Equal(t, level.String(), s.Level)
					require.Equal(t, a.name, s.SignatureAlgorithm.Name)
					require.Equal(t, signingTime, *s.ClaimedTime)
					require.Len(t, doc.Certificates[:2], 2, "the signer's and its issuer's")
					require.Len(t, doc.Timestamps, len(s.Tokens))
					if level == ades.BaselineT {
						token := doc.Timestamps[0]
						require.Equal(t, facts.SignatureTimestamp, token.Type)
						require.Equal(t, s.ID, token.Parent)
						require.Empty(t, token.Problems)
						require.True(t, token.References[1].Intact)
						require.Len(t, token.Candidates, 1)
					}
					if detached {
						require.NotContains(t, string(signed), string(content))
						require.False(t, read(t, signed, nil).Signatures[0].References[0].Found)
						other := read(t, signed, ades.Bytes(append([]byte(" "), content...))).Signatures[0].References[0]
						require.True(t, other.Found)
						require.False(t, other.Intact)
						return
					}
					var inside bytes.Buffer
					_, err := cades.Read(t.Context(), ades.Bytes(signed), cades.ReadOptions{Content: &inside})
					require.NoError(t, err)
					require.Equal(t, string(content), inside.String())
					forged := bytes.Replace(signed, []byte("décide"), []byte("dëcide"), 1)
					require.False(t, read(t, forged, nil).Signatures[0].References[0].Intact)
				})
			}
		}
	}
}

func TestSignsADigestAlone(t *testing.T) {
	h := sharedHouse()
	for _, size := range []int64{int64(len(content)), -1} {
		for key, hash := range map[pkitest.KeyType]crypto.Hash{
			pkitest.P256: crypto.SHA512, pkitest.RSA2048: crypto.SHA256, pkitest.Ed25519: crypto.SHA512, pkitest.P384: crypto.SHA256,
		} {
			sums, err := ades.Bytes(content).Digests(t.Context(), hash)
			require.NoError(t, err)
			known, err := ades.DigestOnly(ades.Digest{Algorithm: hash, Sum: sums[hash], Size: size})
			require.NoError(t, err)
			var out bytes.Buffer
			require.NoError(t, cades.Sign(t.Context(), &out, known, signer(t, h.leaf(key)), cades.Options{Time: signingTime, Detached: true}))
			for _, beside := range []*ades.Document{ades.Bytes(content), known} {
				doc := read(t, out.Bytes(), beside)
				require.True(t, isSound(doc, &doc.Signatures[0]))
			}
		}
	}
	sums, err := ades.Bytes(content).Digests(t.Context(), crypto.SHA256)
	require.NoError(t, err)
	known, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: sums[crypto.SHA256], Size: -1})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		key  pkitest.KeyType
		o    cades.Options
		want error
	}{
		"attached":                     {pkitest.P256, cades.Options{}, ades.ErrDigestOnly},
		"another digest":               {pkitest.P256, cades.Options{Detached: true, Digest: crypto.SHA384}, cades.ErrOptions},
		"Ed25519, which needs SHA-512": {pkitest.Ed25519, cades.Options{Detached: true}, cades.ErrOptions},
	} {
		c.o.Time = signingTime
		err := cades.Sign(t.Context(), io.Discard, known, neverSigns{signer(t, h.leaf(c.key)), t}, c.o)
		require.ErrorIs(t, err, c.want, name)
	}
}

// neverSigns fails the test if the key is used.
type neverSigns struct {
	ades.Signer
	t *testing.T
}

func (n neverSigns) Sign(context.Context, ades.Request) ([]byte, error) {
	n.t.Error("the key was used")
	return nil, io.EOF
}

// What can be known to be wrong is said before the key is used: a card asks for its PIN, a remote service sends its bill.
func TestPreflight(t *testing.T) {
	h := sharedHouse()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		options []pkitest.Option
		at      time.Time
		want    error
		text    string
	}{
		"expired": {
			[]pkitest.Option{pkitest.Validity(signingTime.Add(-30*day), time.Date(2026, 1, 14, 0, 0, 0, 0, time.UTC))}, signingTime, cades.ErrExpired,
			`cades: signing certificate CN="Maire" expired 2026-01-14, before signing time 2026-01-15T09:30:00Z`,
		},
		"not yet valid": {
			[]pkitest.Option{pkitest.Validity(time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC), signingTime.Add(30*day))}, signingTime, cades.ErrNotYetValid,
			`cades: signing certificate CN="Maire" is valid from 2026-01-16, after signing time 2026-01-15T09:30:00Z`,
		},
		"encryption": {
			[]pkitest.Option{pkitest.Encrypt}, signingTime, cades.ErrKeyUsage,
			`cades: signing certificate CN="Maire" has neither digitalSignature nor nonRepudiation in its key usage`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := h.ca.Leaf("Maire", c.options...)
			o := cades.Options{Time: c.at}
			err := cades.Sign(t.Context(), io.Discard, ades.Bytes(content), neverSigns{signer(t, id), t}, o)
			require.ErrorIs(t, err, c.want)
			var unfit *cades.CertificateError
			require.ErrorAs(t, err, &unfit)
			require.Equal(t, c.text, err.Error())
			require.ErrorIs(t, cades.Preflight(id.Certificate, c.at), c.want)
			_, err = cades.Prepare(t.Context(), ades.Bytes(content), id.Chain(), o)
			require.ErrorIs(t, err, c.want)
			_, err = cades.DigestFor(id.Chain(), o)
			require.ErrorIs(t, err, c.want)

			o.UnsafeUnfitCertificate = true
			signed := sign(t, signer(t, id), o)
			doc := read(t, signed, nil)
			require.True(t, isSound(doc, &doc.Signatures[0]))
		})
	}
	for name, option := range map[string]pkitest.Option{
		"no key usage": pkitest.Without(pkitest.OIDKeyUsage), "seal": pkitest.Seal, "signature and authentication": pkitest.AuthSign,
		"digitalSignature": pkitest.KeyUsage(x509.KeyUsageDigitalSignature),
	} {
		require.NoError(t, cades.Preflight(h.ca.Leaf("Maire", option).Certificate, signingTime), name)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	h := sharedHouse()
	for name, c := range map[string]struct {
		key pkitest.KeyType
		o   cades.Options
		say string
	}{
		"no time":              {pkitest.P256, cades.Options{}, "Time"},
		"T without authority":  {pkitest.P256, cades.Options{Time: signingTime, Level: ades.BaselineT}, "Authority"},
		"LT":                   {pkitest.P256, cades.Options{Time: signingTime, Level: ades.BaselineLT, Authority: h.tsa}, "B-LT"},
		"no level":             {pkitest.P256, cades.Options{Time: signingTime, Level: -1}, "Level(-1)"},
		"SHA-1":                {pkitest.P256, cades.Options{Time: signingTime, Digest: crypto.SHA1}, "SHA-1"},
		"MD5":                  {pkitest.P256, cades.Options{Time: signingTime, Digest: crypto.MD5}, ""},
		"PSS of a curve":       {pkitest.P256, cades.Options{Time: signingTime, PSS: true}, "PSS"},
		"Ed25519 and SHA-256":  {pkitest.Ed25519, cades.Options{Time: signingTime, Digest: crypto.SHA256}, "SHA-512"},
		"media type":           {pkitest.P256, cades.Options{Time: signingTime, MIMEType: "un document"}, "MIMEType"},
		"commitment":           {pkitest.P256, cades.Options{Time: signingTime, Commitment: "promis"}, "Commitment"},
		"empty location":       {pkitest.P256, cades.Options{Time: signingTime, Location: &cades.Location{}}, "Location"},
		"seven lines":          {pkitest.P256, cades.Options{Time: signingTime, Location: &cades.Location{PostalAddress: make([]string, 7)}}, "PostalAddress"},
		"empty line":           {pkitest.P256, cades.Options{Time: signingTime, Location: &cades.Location{PostalAddress: []string{"1 place de la Mairie", ""}}}, "PostalAddress"},
		"a role of no letters": {pkitest.P256, cades.Options{Time: signingTime, Roles: []string{""}}, "Roles"},
		"a role not in UTF-8":  {pkitest.P256, cades.Options{Time: signingTime, Roles: []string{"Maire\xff"}}, "Roles"},
	} {
		err := cades.Sign(t.Context(), io.Discard, ades.Bytes(content), neverSigns{signer(t, h.leaf(c.key)), t}, c.o)
		require.ErrorIs(t, err, cades.ErrOptions, name)
		require.ErrorContains(t, err, c.say, name)
	}
	_, err := cades.Prepare(t.Context(), ades.Bytes(content), nil, cades.Options{Time: signingTime})
	require.ErrorIs(t, err, ades.ErrNoCertificate)
}

func TestOptionalAttributes(t *testing.T) {
	h := sharedHouse()
	signed := sign(t, signer(t, h.leaf(pkitest.P256)), cades.Options{
		MIMEType: "text/plain; charset=utf-8", Commitment: cades.ProofOfApproval, Roles: []string{"Maire de Boisjoli", "Présidente"},
		Location: &cades.Location{Country: "FR", Locality: "Boisjoli", PostalAddress: []string{"1 place de la Mairie", "99999 Boisjoli"}},
	})
	doc := read(t, signed, nil)
	require.True(t, isSound(doc, &doc.Signatures[0]), "%v", doc.Signatures[0].Problems)
	values := map[string]string{}
	for _, a := range doc.Signatures[0].SignedAttributes {
		require.Len(t, a.Values, 1, a.OID)
		values[a.OID] = fmt.Sprintf("%x", a.Values[0])
	}
	require.Len(t, values, 8)
	// Octets written by hand from the ASN.1 of EN 319 122-1 annex B.
	require.Equal(t, fmt.Sprintf("0c19%x", "text/plain; charset=utf-8"), values["0.4.0.1733.2.1"])
	require.Equal(t, "300d060b2a864886f70d0109100605", values["1.2.840.113549.1.9.16.2.16"])
	require.Equal(t, fmt.Sprintf("303ca0040c02%xa10a0c08%xa22830260c14%x0c0e%x", "FR", "Boisjoli", "1 place de la Mairie", "99999 Boisjoli"),
		values["1.2.840.113549.1.9.16.2.17"])
	require.Equal(t, fmt.Sprintf("3036a0343032301a060355040c31130c11%x3014060355040c310d0c0b%x", "Maire de Boisjoli", "Présidente"),
		values["0.4.0.19122.1.1"])

	without := read(t, sign(t, signer(t, h.leaf(pkitest.P256)), cades.Options{OmitTime: true}), nil)
	require.Nil(t, without.Signatures[0].ClaimedTime)
	require.Equal(t, "BES", without.Signatures[0].Level)
}
