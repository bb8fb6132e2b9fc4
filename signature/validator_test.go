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
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/collect"
	"github.com/cadre-confiance/confiance/signature/facts"
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
