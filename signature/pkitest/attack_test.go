package pkitest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

func TestAttacksAreDescribed(t *testing.T) {
	list, err := pkitest.NewForge().Attacks()
	require.NoError(t, err)
	names, classes := map[string]bool{}, map[string]bool{}
	for _, a := range list {
		require.False(t, names[a.Name], a.Name)
		names[a.Name], classes[a.Class] = true, true
		require.Regexp(t, `^[a-z]+/[a-zA-Z0-9-]+( \(detached, RSA\))?$`, a.Name)
		for _, text := range []string{a.Class, a.Source, a.About} {
			require.NotEmpty(t, text, a.Name)
			require.NotContains(t, text, "|", a.Name) // they go into tables
			require.Equal(t, strings.TrimSpace(text), text, a.Name)
		}
		require.NotNil(t, a.File, a.Name)
		require.NotEmpty(t, a.Twin, a.Name)
		require.False(t, bytes.Equal(a.File, a.Twin) && bytes.Equal(a.Content, a.TwinContent), a.Name)
	}
	require.GreaterOrEqual(t, len(classes), 60)
}

// The same Forge makes the same octets, so that a table of what is said of them stays true.
func TestAttacksAreReproducible(t *testing.T) {
	sum := func() []byte {
		list, err := pkitest.NewForge().Attacks()
		require.NoError(t, err)
		h := sha256.New()
		for _, a := range list {
			fmt.Fprintf(h, "%s %d %d %d %d\n", a.Name, len(a.File), len(a.Content), len(a.Twin), len(a.TwinContent))
			h.Write(bytes.Join([][]byte{a.File, a.Content, a.Twin, a.TwinContent}, nil))
		}
		return h.Sum(nil)
	}
	require.Equal(t, sum(), sum())
}

func TestForgeOptions(t *testing.T) {
	at := time.Date(2027, 5, 4, 3, 2, 1, 0, time.UTC)
	forge := pkitest.NewForge(pkitest.At(at), pkitest.Deterministic("another"))
	require.Equal(t, at, forge.Time)
	list, err := forge.Attacks()
	require.NoError(t, err)
	usual, err := pkitest.NewForge().Attacks()
	require.NoError(t, err)
	require.Len(t, list, len(usual))
	require.NotEqual(t, forge.Anchors(), pkitest.NewForge().Anchors())
}

func TestNothingToAttack(t *testing.T) {
	forge := pkitest.NewForge()
	list, err := forge.Attacks()
	require.NoError(t, err)
	var attached, detached pkitest.Attack
	for _, a := range list {
		switch a.Name {
		case "cms/value-flipped":
			attached = a
		case "cms/value-flipped (detached, RSA)":
			detached = a
		}
	}
	for name, c := range map[string]struct{ file, content []byte }{
		"nothing":                      {nil, nil},
		"not CMS":                      {[]byte("bonjour"), nil},
		"a certificate":                {forge.Victim.DER, nil},
		"detached without its content": {detached.Twin, nil},
		"attached with a content":      {attached.Twin, []byte("x")},
		"cut":                          {attached.Twin[:100], nil},
	} {
		_, err := pkitest.AttackCMS(c.file, c.content)
		require.ErrorIs(t, err, pkitest.ErrNoAttack, name)
	}
	for name, file := range map[string][]byte{"nothing": nil, "not PDF": []byte("bonjour"), "not signed": forge.PDF, "cut": forge.PDF[:200]} {
		_, err := pkitest.AttackPDF(file)
		require.ErrorIs(t, err, pkitest.ErrNoAttack, name)
	}
	_, err = pkitest.AttackCMS(attached.Twin, nil)
	require.NoError(t, err)
	_, err = pkitest.AttackCMS(detached.Twin, detached.TwinContent)
	require.NoError(t, err)
}

func TestBreaks(t *testing.T) {
	require.Equal(t, "signature trust Breaks(7)", fmt.Sprint(pkitest.BreaksSignature, " ", pkitest.BreaksTrust, " ", pkitest.Breaks(7)))
}

// A validation service is tried with attacks made of a file that one's own chain signed.
func ExampleAttackPDF() {
	pki := pkitest.New(pkitest.Deterministic("example"))
	root := pki.Root("Racine d'essai")
	maire := root.Intermediate("AC d'essai").Leaf("Camille Dubois")

	signer, err := ades.FromKey(maire.Key, maire.Chain())
	if err != nil {
		panic(err)
	}
	var signed bytes.Buffer
	document := ades.Bytes(pkitest.NewForge().PDF)
	if err := signature.Sign(context.Background(), &signed, document, signer, signature.Options{Time: pki.Now()}); err != nil {
		panic(err)
	}
	anchors, err := trust.NewSet(trust.Anchor{Certificate: root.DER})
	if err != nil {
		panic(err)
	}
	validator, err := signature.NewValidator(signature.ValidatorOptions{Anchors: anchors, UnsafeNoRevocation: true})
	if err != nil {
		panic(err)
	}
	sound := func(file []byte) bool {
		got, err := validator.Validate(context.Background(), ades.Bytes(file), signature.ValidateOptions{Time: pki.Now()})
		if err != nil || len(got.Signatures) == 0 {
			return false
		}
		for _, s := range got.Signatures {
			if s.Crypto != validation.CryptoValid {
				return false
			}
		}
		return true
	}
	attacks, err := pkitest.AttackPDF(signed.Bytes())
	if err != nil {
		panic(err)
	}
	for _, a := range attacks {
		if !sound(a.Twin) {
			fmt.Println("the twin of", a.Name, "is refused")
		}
		if a.Name == "pdf/saving-contents" {
			fmt.Println(a.Name, "accepted:", sound(a.File))
		}
	}
	// Output: pdf/saving-contents accepted: false
}
