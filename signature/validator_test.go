package signature_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/collect"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var deliberation = []byte("Délibération du conseil municipal de Boisjoli.\n")

// A village is a test PKI, with who signs in it.
type village struct {
	t    *testing.T
	pki  *pkitest.PKI
	root *pkitest.Authority
	ca   *pkitest.Authority
}

func newVillage(t *testing.T) *village {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("validator"))
	root := pki.Root("Racine d'essai")
	return &village{t, pki, root, root.Intermediate("AC d'essai")}
}

func (v *village) anchors(authorities ...*pkitest.Authority) *trust.Set {
	var list []trust.Anchor
	for _, a := range authorities {
		list = append(list, trust.Anchor{Certificate: a.DER})
	}
	set, err := trust.NewSet(list...)
	require.NoError(v.t, err)
	return set
}

func (v *village) validator(edit ...func(*signature.ValidatorOptions)) *signature.Validator {
	o := signature.ValidatorOptions{Anchors: v.anchors(v.root), UnsafeNoRevocation: true}
	for _, e := range edit {
		e(&o)
	}
	validator, err := signature.NewValidator(o)
	require.NoError(v.t, err)
	return validator
}

func (v *village) signer(id *pkitest.Identity) ades.Signer {
	s, err := ades.FromKey(id.Key, id.Chain())
	require.NoError(v.t, err)
	return s
}

// sign makes a CAdES signature of the deliberation.
func (v *village) sign(by *pkitest.Identity, edit ...func(*cades.Options)) []byte {
	o := cades.Options{Time: noon.Add(-time.Hour), UnsafeUnfitCertificate: true}
	for _, e := range edit {
		e(&o)
	}
	var out bytes.Buffer
	require.NoError(v.t, cades.Sign(context.Background(), &out, ades.Bytes(deliberation), v.signer(by), o))
	return out.Bytes()
}

// stamp signs, and puts on the signature whatever token an authority gives for its value, good or not.
func (v *village) stamp(by *pkitest.Identity, authority timestamp.Authority, edit ...func(*cades.Options)) []byte {
	signed := v.sign(by, edit...)
	var out bytes.Buffer
	require.NoError(v.t, cms.Rewrite(context.Background(), &out, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
		digest := sha256.Sum256(sd.SignerInfos[0].Signature)
		token, err := authority.Timestamp(context.Background(), crypto.SHA256, digest[:])
		require.NoError(v.t, err)
		sd.SignerInfos[0].UnsignedAttributes = append(sd.SignerInfos[0].UnsignedAttributes, cms.Attribute{Type: cms.OIDSignatureTimestamp, Values: [][]byte{token}})
		return nil
	}))
	return out.Bytes()
}

func with(authority timestamp.Authority) func(*cades.Options) {
	return func(o *cades.Options) { o.Level, o.Authority = ades.BaselineT, authority }
}

func detached(o *cades.Options) { o.Detached = true }

func validate(t *testing.T, v *signature.Validator, file []byte, edit ...func(*signature.ValidateOptions)) *signature.Validation {
	o := signature.ValidateOptions{Time: noon}
	for _, e := range edit {
		e(&o)
	}
	got, err := v.Validate(context.Background(), ades.Bytes(file), o)
	require.NoError(t, err)
	return got
}

func withDetached(content []byte) func(*signature.ValidateOptions) {
	return func(o *signature.ValidateOptions) { o.Detached = ades.Bytes(content) }
}

func findingOf(list []validation.Check, id string) string {
	i := slices.IndexFunc(list, func(c validation.Check) bool { return c.ID == id })
	if i < 0 {
		return ""
	}
	return list[i].Message
}

func TestValidator(t *testing.T) {
	v := newVillage(t)
	seal := v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal)
	tsa := v.ca.TimestampAuthority("Horodatage d'essai")
	impostor := pkitest.New(pkitest.At(noon)).Root("Racine d'essai").Intermediate("AC d'essai")
	// What is wrong is said by the check that broke.
	rows := []struct {
		name      string
		file      []byte
		options   func(*signature.ValidatorOptions)
		validate  func(*signature.ValidateOptions)
		verdict   string // "" is TOTAL-PASSED
		crypto    validation.Crypto
		check     string
		level     string
		timestamp string // verdict of the only timestamp
	}{
		{name: "attached", file: v.sign(seal), level: "B-B"},
		{name: "attached, timestamped", file: v.sign(seal, with(tsa)), level: "B-T", timestamp: "PASSED"},
		{name: "detached", file: v.sign(seal, detached), validate: withDetached(deliberation), level: "B-B"},
		{
			name: "detached, content altered", file: v.sign(seal, detached), validate: withDetached([]byte("Autre délibération")),
			verdict: "TOTAL-FAILED (HASH_FAILURE)", crypto: validation.CryptoInvalid, check: "reference.intact",
		},
		{
			name: "detached, content not given", file: v.sign(seal, detached),
			verdict: "INDETERMINATE (SIGNED_DATA_NOT_FOUND)", crypto: validation.CryptoUnknown, check: "reference.found",
		},
		{
			name: "detached, digest alone", file: v.sign(seal, detached), validate: func(o *signature.ValidateOptions) {
				sum := sha256.Sum256(deliberation)
				o.Detached, _ = ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: sum[:], Size: -1})
			},
		},
		{
			name: "content altered", file: bytes.Replace(v.sign(seal), []byte("Boisjoli.\n"), []byte("Boislaid.\n"), 1),
			verdict: "TOTAL-FAILED (HASH_FAILURE)", crypto: validation.CryptoInvalid, check: "reference.intact",
		},
		{
			name: "attached, and another document given beside", file: v.sign(seal), validate: withDetached([]byte("autre")),
			verdict: "TOTAL-FAILED (FORMAT_FAILURE)", crypto: validation.CryptoInvalid, check: "format.base",
		},
		{
			name: "PEM", file: pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: v.sign(seal)}),
		},
		{
			name: "revocation required", file: v.sign(seal), options: func(o *signature.ValidatorOptions) { o.UnsafeNoRevocation = false },
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "revocation.available",
		},
		{
			name: "nothing trusted", file: v.sign(seal), options: func(o *signature.ValidatorOptions) { o.Anchors = nil },
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "anchors from the file", file: v.sign(seal), options: func(o *signature.ValidatorOptions) {
				o.Anchors, o.UnsafeAnchorsFromFile = nil, true
			}, check: "chain.anchor-given",
		},
		{
			name: "self-signed impostor of the same name", file: v.sign(impostor.Leaf("Mairie de Boisjoli", pkitest.Seal)),
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "unknown issuer", file: v.sign(v.ca.Leaf("Mairie", pkitest.UnknownIssuer())),
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "certified by another key", file: v.sign(v.ca.Leaf("Mairie", pkitest.WrongKey())),
			verdict: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", check: "chain.anchored",
		},
		{
			name: "expired", file: v.sign(v.ca.Leaf("Mairie", pkitest.Expired()), func(o *cades.Options) { o.Time = noon.AddDate(0, 0, -2) }),
			verdict: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)", check: "signer.validity",
		},
		{
			name: "not yet valid", file: v.sign(v.ca.Leaf("Mairie", pkitest.NotYetValid())),
			verdict: "TOTAL-FAILED (NOT_YET_VALID)", check: "time.not-before",
		},
		{
			name: "path too long", file: v.sign(v.ca.Intermediate("AC de trop").Leaf("Mairie")),
			verdict: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)", check: "ca.path-length",
		},
		{
			name: "certificate for encryption", file: v.sign(v.ca.Leaf("Mairie", pkitest.KeyUsage(x509.KeyUsageKeyEncipherment))),
			verdict: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)", check: "signer.key-signs",
		},
		{name: "RSA", file: v.sign(v.ca.Leaf("Mairie", pkitest.RSA3072))},
		{name: "PSS", file: v.sign(v.ca.Leaf("Mairie", pkitest.RSA3072), func(o *cades.Options) { o.PSS = true })},
		{name: "key for PSS only", file: v.sign(v.ca.Leaf("Mairie", pkitest.RSAPSS3072))},
		{name: "P-384", file: v.sign(v.ca.Leaf("Mairie", pkitest.P384))},
		{name: "P-521", file: v.sign(v.ca.Leaf("Mairie", pkitest.P521))},
		{name: "Ed25519", file: v.sign(v.ca.Leaf("Mairie", pkitest.Ed25519)), check: "algorithm.signature"},
		{name: "SHA3", file: v.sign(seal, func(o *cades.Options) { o.Digest = crypto.SHA3_256 })},

		// Timestamps that prove nothing leave the signature as it is without them.
		{name: "timestamp not for timestamps", file: v.stamp(seal, v.ca.TimestampAuthority("TSA", pkitest.ExtKeyUsage(pkitest.EKUClientAuth))), check: "timestamp.used", timestamp: "INDETERMINATE (CHAIN_CONSTRAINTS_FAILURE)"},
		{name: "timestamp of something else", file: v.stamp(seal, v.ca.TimestampAuthority("TSA", pkitest.WrongImprint())), check: "timestamp.used", timestamp: "FAILED (HASH_FAILURE)"},
		{name: "timestamp with a bad value", file: v.stamp(seal, v.ca.TimestampAuthority("TSA", pkitest.BadSignature())), check: "timestamp.used", timestamp: "FAILED (SIG_CRYPTO_FAILURE)"},
		{name: "timestamp by an expired authority", file: v.stamp(seal, v.ca.TimestampAuthority("TSA", pkitest.Expired())), check: "timestamp.used", timestamp: "INDETERMINATE (OUT_OF_BOUNDS_NO_POE)"},
		{name: "timestamp that names another authority", file: v.stamp(seal, v.ca.TimestampAuthority("TSA", pkitest.WrongESSCertID())), check: "timestamp.used", timestamp: "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)"},
		{name: "timestamp outside the validity of its authority", file: v.stamp(seal, v.ca.TimestampAuthority("TSA", pkitest.Shift(-9*365*24*time.Hour))), check: "timestamp.used", timestamp: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)"},
		{name: "timestamp by an unknown authority", file: v.stamp(seal, impostor.TimestampAuthority("TSA")), check: "timestamp.used", timestamp: "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)"},
		{
			name: "other anchors for timestamps", file: v.stamp(seal, impostor.TimestampAuthority("TSA")), timestamp: "PASSED",
			options: func(o *signature.ValidatorOptions) { o.TimestampAnchors = v.anchors(impostor.Root()) },
		},
		{
			name: "timestamped, then expired", file: v.stamp(v.ca.Leaf("Mairie", pkitest.Expired()), v.ca.TimestampAuthority("TSA", pkitest.Shift(-48*time.Hour)),
				func(o *cades.Options) { o.Time = noon.AddDate(0, 0, -2) }),
			check: "signer.validity", timestamp: "PASSED",
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var edits []func(*signature.ValidatorOptions)
			if r.options != nil {
				edits = append(edits, r.options)
			}
			var options []func(*signature.ValidateOptions)
			if r.validate != nil {
				options = append(options, r.validate)
			}
			got := validate(t, v.validator(edits...), r.file, options...)
			require.Len(t, got.Signatures, 1)
			s := got.Signatures[0]
			if r.verdict == "" {
				r.verdict = "TOTAL-PASSED"
			}
			if r.crypto == "" {
				r.crypto = validation.CryptoValid
			}
			require.Equal(t, r.verdict, s.Verdict.String(), "%+v", s.Findings())
			require.Equal(t, r.crypto, s.Crypto)
			if r.check != "" {
				require.NotEmpty(t, findingOf(s.Findings(), r.check), "%+v", s.Findings())
			}
			if r.level != "" {
				require.Equal(t, r.level, s.Level)
			}
			if r.timestamp != "" {
				require.Len(t, got.Timestamps, 1)
				require.Equal(t, r.timestamp, got.Timestamps[0].Verdict.String(), "%+v", got.Timestamps[0].Findings())
			}
			requireReplay(t, v, got, r.options)
		})
	}
}

// requireReplay saves the facts and concludes again without any cryptography: the same, octet for octet.
func requireReplay(t *testing.T, v *village, got *signature.Validation, edit func(*signature.ValidatorOptions)) {
	o := signature.ValidatorOptions{Anchors: v.anchors(v.root), UnsafeNoRevocation: true}
	if edit != nil {
		edit(&o)
	}
	saved, err := json.Marshal(got.Facts)
	require.NoError(t, err)
	again, err := facts.Read(bytes.NewReader(saved))
	require.NoError(t, err)
	in := validation.Input{Time: noon, UnsafeNoRevocation: o.UnsafeNoRevocation, UnsafeAnchorsFromFile: o.UnsafeAnchorsFromFile}
	in.Anchors, _ = o.Anchors.(*trust.Set)
	in.TimestampAnchors, _ = o.TimestampAnchors.(*trust.Set)
	want, err := json.Marshal(got.Conclusion)
	require.NoError(t, err)
	have, err := json.Marshal(validation.Conclude(again, in))
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(have))
	require.Equal(t, string(want), string(have))
}

// TestSigningCertificateOfAnother swaps the certificate for another on the same key: only the signed attribute tells.
func TestSigningCertificateOfAnother(t *testing.T) {
	v := newVillage(t)
	seal := v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal)
	promoted := v.ca.Leaf("Préfet de région", pkitest.Seal, pkitest.Key(seal.Key), pkitest.SerialOctets(seal.SerialOctets()))
	signed := v.sign(seal)
	var forged bytes.Buffer
	require.NoError(t, cms.Rewrite(context.Background(), &forged, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
		sd.Certificates[slices.IndexFunc(sd.Certificates, func(c []byte) bool { return bytes.Equal(c, seal.DER) })] = promoted.DER
		return nil
	}))
	s := validate(t, v.validator(), forged.Bytes()).Signatures[0]
	require.Equal(t, "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", s.Verdict.String())
	require.Contains(t, findingOf(s.Findings(), "signer.digest"), "another certificate")
	require.Equal(t, validation.CryptoValid, s.Crypto)
}

// TestCertificateFromTheCaller: a signature without certificates is identified, and its chain completed, by those given.
func TestCertificateFromTheCaller(t *testing.T) {
	v := newVillage(t)
	seal := v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal)
	var bare bytes.Buffer
	signed := v.sign(seal)
	require.NoError(t, cms.Rewrite(context.Background(), &bare, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
		sd.Certificates = nil
		return nil
	}))
	s := validate(t, v.validator(), bare.Bytes()).Signatures[0]
	require.Equal(t, "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", s.Verdict.String())
	require.Equal(t, validation.CryptoUnknown, s.Crypto)

	other := v.ca.Leaf("Autre mairie")
	for _, r := range []struct {
		name    string
		given   []byte
		verdict string
		crypto  validation.Crypto
	}{
		{"signer and authority", seal.ChainPEM(), "TOTAL-PASSED", validation.CryptoValid},
		{"signer alone", seal.PEM(), "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", validation.CryptoValid},
		{"another", other.ChainPEM(), "INDETERMINATE (NO_SIGNING_CERTIFICATE_FOUND)", validation.CryptoUnknown},
		{"the root among them is not trusted", append(seal.ChainPEM(), v.root.PEM()...), "INDETERMINATE (NO_CERTIFICATE_CHAIN_FOUND)", validation.CryptoValid},
	} {
		t.Run(r.name, func(t *testing.T) {
			pool, err := collect.ParsePool(r.given)
			require.NoError(t, err)
			validator := v.validator(func(o *signature.ValidatorOptions) {
				o.Certificates = pool
				if strings.Contains(r.name, "root") {
					o.Anchors = nil
				}
			})
			got := validate(t, validator, bare.Bytes())
			require.Equal(t, r.verdict, got.Signatures[0].Verdict.String(), "%+v", got.Signatures[0].Findings())
			require.Equal(t, r.crypto, got.Signatures[0].Crypto)
		})
	}
}

func TestTimestampAlone(t *testing.T) {
	v := newVillage(t)
	tsa := v.ca.TimestampAuthority("Horodatage d'essai")
	sum := sha256.Sum256(deliberation)
	token, err := tsa.Timestamp(context.Background(), crypto.SHA256, sum[:])
	require.NoError(t, err)

	got := validate(t, v.validator(), token, withDetached(deliberation))
	require.Equal(t, facts.Timestamp, got.Facts.Format)
	require.Empty(t, got.Signatures)
	require.Equal(t, "PASSED", got.Timestamps[0].Verdict.String(), "%+v", got.Timestamps[0].Findings())

	got = validate(t, v.validator(), token, withDetached([]byte("autre")))
	require.Equal(t, "FAILED (HASH_FAILURE)", got.Timestamps[0].Verdict.String())
	got = validate(t, v.validator(), token)
	require.Equal(t, "INDETERMINATE (SIGNED_DATA_NOT_FOUND)", got.Timestamps[0].Verdict.String())
}

func TestNotSigned(t *testing.T) {
	v := newVillage(t)
	for name, file := range map[string][]byte{
		"nothing": {}, "text": []byte("bonjour"), "a certificate": v.root.DER, "a PEM certificate": v.root.PEM(), "a SEQUENCE": {0x30, 0},
		"a key": v.root.KeyPEM(), "zero digits": bytes.Repeat([]byte("0"), 5000), "half a signature": v.sign(v.ca.Leaf("Mairie"))[:500],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.validator().Validate(context.Background(), ades.Bytes(file), signature.ValidateOptions{Time: noon})
			require.ErrorIs(t, err, signature.ErrFormat)
		})
	}
	_, err := v.validator().Validate(context.Background(), ades.Bytes(nil), signature.ValidateOptions{})
	require.ErrorIs(t, err, signature.ErrNoTime)
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = v.validator().Validate(stopped, ades.Bytes(v.sign(v.ca.Leaf("Mairie"))), signature.ValidateOptions{Time: noon})
	require.ErrorIs(t, err, context.Canceled)
	_, err = signature.NewValidator(signature.ValidatorOptions{Policy: &validation.Policy{}})
	require.ErrorIs(t, err, validation.ErrPolicy)

	broken := failingStore{errors.New("liste injoignable")}
	validator := v.validator(func(o *signature.ValidatorOptions) { o.Anchors = broken })
	_, err = validator.Validate(context.Background(), ades.Bytes(v.sign(v.ca.Leaf("Mairie"))), signature.ValidateOptions{Time: noon})
	require.ErrorIs(t, err, broken.err)
}

type failingStore struct{ err error }

func (f failingStore) Anchors(context.Context) (*trust.Set, error) { return nil, f.err }

func TestContent(t *testing.T) {
	v := newVillage(t)
	seal := v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal)
	content := func(got *signature.Validation, id string) (string, error) {
		var out bytes.Buffer
		err := got.Content(context.Background(), id, &out)
		return out.String(), err
	}
	signed := v.sign(seal)
	got := validate(t, v.validator(), signed)
	id := got.Signatures[0].ID
	text, err := content(got, id)
	require.NoError(t, err)
	require.Equal(t, string(deliberation), text)
	_, err = content(got, "autre")
	require.ErrorIs(t, err, signature.ErrNotVerified)

	altered := bytes.Replace(signed, []byte("Boisjoli.\n"), []byte("Boislaid.\n"), 1)
	text, err = content(validate(t, v.validator(), altered), id)
	require.ErrorIs(t, err, signature.ErrNotVerified)
	require.Empty(t, text)

	text, err = content(validate(t, v.validator(), v.sign(seal, detached), withDetached(deliberation)), id)
	require.ErrorIs(t, err, signature.ErrNoContent)
	require.Empty(t, text)

	// A file that changes after it was validated.
	shifting := bytes.Clone(signed)
	got, err = v.validator().Validate(context.Background(), ades.Bytes(shifting), signature.ValidateOptions{Time: noon})
	require.NoError(t, err)
	copy(shifting, altered)
	_, err = content(got, id)
	require.ErrorIs(t, err, signature.ErrNotVerified)

	// The caller's writer fails.
	got = validate(t, v.validator(), signed)
	require.ErrorIs(t, got.Content(context.Background(), id, failingWriter{}), io.ErrClosedPipe)
}

// TestTooManyTokens: a file of timestamps without end is refused, and one of thousands that are forged does not keep its
// signature from being judged.
func TestTooManyTokens(t *testing.T) {
	v := newVillage(t)
	signed := v.sign(v.ca.Leaf("Mairie de Boisjoli"))
	token, err := v.ca.TimestampAuthority("TSA").Timestamp(context.Background(), crypto.SHA256, make([]byte, 32))
	require.NoError(t, err)
	with := func(attributes, values int) []byte {
		var out bytes.Buffer
		require.NoError(t, cms.Rewrite(context.Background(), &out, bytes.NewReader(signed), int64(len(signed)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
			for range attributes {
				a := cms.Attribute{Type: cms.OIDSignatureTimestamp}
				for i := range values {
					forged := bytes.Clone(token)
					forged[len(forged)-1-i%8] ^= byte(1 + i/8)
					a.Values = append(a.Values, forged)
				}
				sd.SignerInfos[0].UnsignedAttributes = append(sd.SignerInfos[0].UnsignedAttributes, a)
			}
			return nil
		}))
		return out.Bytes()
	}
	got := validate(t, v.validator(), with(3, 1000))
	require.Len(t, got.Timestamps, 3000)
	require.True(t, got.Signatures[0].Passed(), "%s", got.Signatures[0].Verdict)
	_, err = v.validator().Validate(context.Background(), ades.Bytes(with(5, 1000)), signature.ValidateOptions{Time: noon})
	require.ErrorIs(t, err, signature.ErrLimit)
}

// signPDF signs the délibération that the example carries.
func (v *village) signPDF(by *pkitest.Identity, document []byte, edit ...func(*pades.Options)) []byte {
	o := pades.Options{Time: noon.Add(-time.Hour)}
	for _, e := range edit {
		e(&o)
	}
	var out bytes.Buffer
	require.NoError(v.t, pades.Sign(context.Background(), &out, ades.Bytes(document), v.signer(by), o))
	return out.Bytes()
}

func TestPDF(t *testing.T) {
	v := newVillage(t)
	original, err := os.ReadFile("../examples/deliberation/deliberation.pdf")
	require.NoError(t, err)
	seal, mayor := v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal), v.ca.Leaf("Le Maire", pkitest.Sign)
	tsa := v.ca.TimestampAuthority("Horodatage d'essai")
	once := v.signPDF(mayor, original)
	twice := v.signPDF(seal, once, func(o *pades.Options) { o.Level, o.Authority = ades.BaselineT, tsa })

	got := validate(t, v.validator(), twice)
	require.Equal(t, facts.PAdES, got.Facts.Format)
	require.Len(t, got.Signatures, 2)
	for i, level := range []string{"B-B", "B-T"} {
		require.True(t, got.Signatures[i].Passed(), "%s %+v", got.Signatures[i].Verdict, got.Signatures[i].Findings())
		require.Equal(t, level, got.Signatures[i].Level)
	}
	require.Equal(t, noon, got.Timestamps[0].Time)
	requireReplay(t, v, got, nil)

	var out bytes.Buffer
	require.NoError(t, got.Content(context.Background(), got.Signatures[0].ID, &out))
	require.Equal(t, once, out.Bytes(), "what the first signature is over is the revision that it closes")
	out.Reset()
	require.NoError(t, got.Content(context.Background(), got.Signatures[1].ID, &out))
	require.Equal(t, twice, out.Bytes())

	altered := bytes.Clone(once)
	altered[len(original)/2] ^= 1
	broken := validate(t, v.validator(), altered)
	require.Equal(t, validation.TotalFailed, broken.Signatures[0].Indication)
	require.Equal(t, validation.CryptoInvalid, broken.Signatures[0].Crypto)
	out.Reset()
	require.ErrorIs(t, broken.Content(context.Background(), broken.Signatures[0].ID, &out), signature.ErrNotVerified)
	require.Zero(t, out.Len())

	// An attached signature over a PDF is a CMS, however near the header of the PDF is.
	var attached bytes.Buffer
	require.NoError(t, cades.Sign(context.Background(), &attached, ades.Bytes(original), v.signer(seal), cades.Options{Time: noon}))
	require.Less(t, bytes.Index(attached.Bytes(), []byte("%PDF-")), 1024)
	got = validate(t, v.validator(), attached.Bytes())
	require.Equal(t, facts.CAdES, got.Facts.Format)
	require.True(t, got.Signatures[0].Passed())

	// And a PDF may have something before its header.
	_, err = v.validator().Validate(context.Background(), ades.Bytes(append([]byte("0 \n"), original...)), signature.ValidateOptions{Time: noon})
	require.NotErrorIs(t, err, signature.ErrFormat)
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestManyAtOnce: one Validator, many goroutines, small caches.
func TestManyAtOnce(t *testing.T) {
	v := newVillage(t)
	files := make([][]byte, 6)
	for i := range files {
		files[i] = v.sign(v.ca.Leaf(fmt.Sprintf("Mairie %d", i)))
	}
	validator := v.validator(func(o *signature.ValidatorOptions) { o.CacheSize = 2 })
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 30 {
				got, err := validator.Validate(context.Background(), ades.Bytes(files[(i+worker)%len(files)]), signature.ValidateOptions{Time: noon})
				if err != nil || !got.Signatures[0].Passed() {
					t.Errorf("file %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
}

// TestNoFlipPasses flips bits all over a signature: what still passes is what nothing covers, and says the same.
func TestNoFlipPasses(t *testing.T) {
	v := newVillage(t)
	signed := v.sign(v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal))
	validator := v.validator()
	good := validate(t, validator, signed)
	passed := 0
	for at := range signed {
		flipped := bytes.Clone(signed)
		flipped[at] ^= 1 << (at % 8)
		got, err := validator.Validate(context.Background(), ades.Bytes(flipped), signature.ValidateOptions{Time: noon})
		if err != nil || len(got.Signatures) != 1 || !got.Signatures[0].Passed() {
			continue
		}
		passed++
		require.Equal(t, good.Signatures[0].Signer, got.Signatures[0].Signer, "octet %d", at)
		require.Equal(t, good.Facts.Signatures[0].ToBeSigned, got.Facts.Signatures[0].ToBeSigned, "octet %d", at)
		require.Equal(t, good.Facts.Signatures[0].Value, got.Facts.Signatures[0].Value, "octet %d", at)
		require.Equal(t, good.Facts.Signatures[0].References, got.Facts.Signatures[0].References, "octet %d", at)
		require.Equal(t, good.Signatures[0].Chain, got.Signatures[0].Chain, "octet %d", at)
	}
	require.Less(t, passed, 64, "too many flips pass")
}

func FuzzValidator(f *testing.F) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("validator"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	seal := ca.Leaf("Mairie de Boisjoli", pkitest.Seal)
	signer, err := ades.FromKey(seal.Key, seal.Chain())
	require.NoError(f, err)
	for _, o := range []cades.Options{{Time: noon}, {Time: noon, Level: ades.BaselineT, Authority: ca.TimestampAuthority("TSA")}} {
		var out bytes.Buffer
		require.NoError(f, cades.Sign(context.Background(), &out, ades.Bytes(deliberation), signer, o))
		f.Add(out.Bytes())
	}
	set, err := trust.NewSet(trust.Anchor{Certificate: root.DER})
	require.NoError(f, err)
	validator, err := signature.NewValidator(signature.ValidatorOptions{Anchors: set, UnsafeNoRevocation: true})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := validator.Validate(context.Background(), ades.Bytes(file), signature.ValidateOptions{Time: noon})
		if err != nil {
			return
		}
		for _, s := range got.Signatures {
			require.True(t, s.Verdict.Consistent())
			require.True(t, s.Crypto == validation.CryptoValid || !s.Passed())
		}
		for _, s := range got.Timestamps {
			require.True(t, s.Verdict.Consistent())
		}
	})
}
