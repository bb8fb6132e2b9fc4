package signature_test

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

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
