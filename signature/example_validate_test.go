package signature_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A signature is validated below anchors that the caller names, at a time that the caller gives. What was signed is to be
// had once it was verified.
func ExampleValidator() {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	pki := pkitest.New(pkitest.At(now)) // in production, a real authority
	root := pki.Root("Racine d'essai")
	seal := root.Intermediate("AC d'essai").Leaf("Mairie de Boisjoli", pkitest.Seal)
	signer, err := ades.FromKey(seal.Key, seal.Chain())
	if err != nil {
		panic(err)
	}
	var signed bytes.Buffer
	err = cades.Sign(context.Background(), &signed, ades.Bytes([]byte("Délibération n° 12")), signer, cades.Options{Time: now})
	if err != nil {
		panic(err)
	}

	anchors, err := trust.NewSet(trust.Anchor{Certificate: root.DER}) // or trust.Load("racines/")
	if err != nil {
		panic(err)
	}
	validator, err := signature.NewValidator(signature.ValidatorOptions{Anchors: anchors, UnsafeNoRevocation: true})
	if err != nil {
		panic(err)
	}
	result, err := validator.Validate(context.Background(), ades.Bytes(signed.Bytes()), signature.ValidateOptions{Time: now})
	if err != nil {
		panic(err)
	}
	for _, s := range result.Signatures {
		fmt.Println(s.Level, s.Crypto, s.Verdict)
		var content bytes.Buffer
		if err := result.Content(context.Background(), s.ID, &content); err != nil {
			panic(err)
		}
		fmt.Println(content.String())
	}
	// Output:
	// B-B valid TOTAL-PASSED
	// Délibération n° 12
}
