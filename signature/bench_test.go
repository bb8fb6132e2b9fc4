package signature_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// benchmarkVillage signs 1 KiB with a P-256 key two levels below an anchor.
func benchmarkVillage(b *testing.B) (*pkitest.Identity, *signature.Validator, []byte) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("bench"))
	root := pki.Root("Racine d'essai")
	seal := root.Intermediate("AC d'essai").Leaf("Mairie de Boisjoli", pkitest.Seal)
	signer, err := ades.FromKey(seal.Key, seal.Chain())
	require.NoError(b, err)
	var out bytes.Buffer
	require.NoError(b, cades.Sign(context.Background(), &out, ades.Bytes(make([]byte, 1024)), signer, cades.Options{Time: noon}))
	set, err := trust.NewSet(trust.Anchor{Certificate: root.DER})
	require.NoError(b, err)
	validator, err := signature.NewValidator(signature.ValidatorOptions{Anchors: set, UnsafeNoRevocation: true})
	require.NoError(b, err)
	return seal, validator, out.Bytes()
}

// BenchmarkValidateP256 is a whole validation of 1 KiB with the chain already known, beside the raw operation.
func BenchmarkValidateP256(b *testing.B) {
	seal, validator, signed := benchmarkVillage(b)
	b.Run("raw", func(b *testing.B) {
		key := seal.Key.(*ecdsa.PrivateKey)
		content := make([]byte, 1024)
		digest := sha256.Sum256(content)
		value, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			digest := sha256.Sum256(content)
			if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], value) {
				b.Fatal("raw verification fails")
			}
		}
	})
	b.Run("validate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got, err := validator.Validate(context.Background(), ades.Bytes(signed), signature.ValidateOptions{Time: noon})
			if err != nil || !got.Signatures[0].Passed() {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := signature.Read(context.Background(), ades.Bytes(signed), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
