package signature_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func samplePDF(t testing.TB) []byte {
	content, err := os.ReadFile("../examples/deliberation/deliberation.pdf")
	require.NoError(t, err)
	return content
}

// The format is what the document asks for, or what the options say; in one step or in two the result passes.
func TestSignInBothFormats(t *testing.T) {
	v := newVillage(t)
	tsa := v.ca.TimestampAuthority("Horodatage d'essai")
	mayor := v.ca.Leaf("Le Maire")
	pdf := samplePDF(t)
	text := []byte("%PDF, dit la délibération, sans en être un")
	for name, c := range map[string]struct {
		document []byte
		o        signature.Options
		format   facts.Format
	}{
		"a PDF":             {pdf, signature.Options{}, facts.PAdES},
		"a PDF, at T":       {pdf, signature.Options{Level: ades.BaselineT, Authority: tsa, Reason: "Approuvée", Name: "Le Maire", Field: "Maire"}, facts.PAdES},
		"a PDF as CAdES":    {pdf, signature.Options{Format: signature.CAdES, MIMEType: "application/pdf"}, facts.CAdES},
		"a PDF detached":    {pdf, signature.Options{Detached: true, Level: ades.BaselineT, Authority: tsa}, facts.CAdES},
		"a text":            {text, signature.Options{Roles: []string{"Maire"}, Place: &cades.Location{Locality: "Boisjoli"}}, facts.CAdES},
		"a text, detached":  {text, signature.Options{Detached: true, Digest: crypto.SHA512}, facts.CAdES},
		"nothing":           {nil, signature.Options{}, facts.CAdES},
		"a signature again": {v.sign(mayor), signature.Options{}, facts.CAdES},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.o
			o.Time = noon.Add(-1)
			var one bytes.Buffer
			require.NoError(t, signature.Sign(t.Context(), &one, ades.Bytes(c.document), v.signer(mayor), o))

			o.Authority = nil
			prepared, err := signature.Prepare(t.Context(), ades.Bytes(c.document), mayor.Chain(), o)
			require.NoError(t, err)
			saved, err := json.Marshal(prepared)
			require.NoError(t, err)
			prepared, err = ades.ReadPrepared(saved)
			require.NoError(t, err)
			value, err := v.signer(mayor).Sign(t.Context(), prepared.Request)
			require.NoError(t, err)
			var two bytes.Buffer
			require.NoError(t, signature.Complete(t.Context(), &two, ades.Bytes(c.document), prepared, value, tsa))
			err = signature.Complete(t.Context(), io.Discard, ades.Bytes(append([]byte("%"), c.document...)), prepared, value, tsa)
			require.ErrorIs(t, err, ades.ErrOtherDocument)
			value[len(value)-1] ^= 1
			require.ErrorIs(t, signature.Complete(t.Context(), io.Discard, ades.Bytes(c.document), prepared, value, tsa), ades.ErrWrongValue)

			for step, signed := range map[string][]byte{"one step": one.Bytes(), "two steps": two.Bytes()} {
				var edit []func(*signature.ValidateOptions)
				if o.Detached {
					edit = append(edit, withDetached(c.document))
				}
				got := validate(t, v.validator(), signed, edit...)
				require.Equal(t, c.format, got.Facts.Format, step)
				require.Len(t, got.Signatures, 1)
				require.True(t, got.Signatures[0].Passed(), "%s: %+v", step, got.Signatures[0].Findings())
			}
		})
	}
}

func TestSignRefusesOptionsOfTheOtherFormat(t *testing.T) {
	v := newVillage(t)
	mayor := v.ca.Leaf("Le Maire")
	pdf, text := ades.Bytes(samplePDF(t)), ades.Bytes(deliberation)
	for name, c := range map[string]struct {
		doc *ades.Document
		o   signature.Options
		say string
	}{
		"MIME type in a PDF":  {pdf, signature.Options{MIMEType: "application/pdf"}, "for CAdES"},
		"place in a PDF":      {pdf, signature.Options{Place: &cades.Location{Country: "FR"}}, "for CAdES"},
		"detached PAdES":      {pdf, signature.Options{Format: signature.PAdES, Detached: true}, "for CAdES"},
		"a reason in a CMS":   {text, signature.Options{Reason: "Approuvée"}, "for PAdES"},
		"a field in a CMS":    {pdf, signature.Options{Format: signature.CAdES, Field: "Maire"}, "for PAdES"},
		"an unknown format":   {pdf, signature.Options{Format: "xades"}, "xades"},
		"a timestamp format":  {pdf, signature.Options{Format: facts.Timestamp}, "tst"},
		"name while detached": {pdf, signature.Options{Detached: true, Name: "Le Maire"}, "for PAdES"},
	} {
		c.o.Time = noon
		err := signature.Sign(t.Context(), io.Discard, c.doc, v.signer(mayor), c.o)
		require.ErrorIs(t, err, signature.ErrOptions, name)
		require.ErrorContains(t, err, c.say, name)
		_, err = signature.Prepare(t.Context(), c.doc, mayor.Chain(), c.o)
		require.ErrorIs(t, err, signature.ErrOptions, name)
	}
	err := signature.Sign(t.Context(), io.Discard, text, v.signer(mayor), signature.Options{Time: noon, Format: signature.PAdES})
	require.ErrorIs(t, err, pades.ErrNotPDF)
	err = signature.Sign(t.Context(), io.Discard, text, v.signer(v.ca.Leaf("Ancien", pkitest.Expired())), signature.Options{Time: noon})
	require.ErrorIs(t, err, cades.ErrExpired)
	require.ErrorIs(t, signature.Complete(t.Context(), io.Discard, text, &ades.Prepared{Format: "xades"}, nil, nil), ades.ErrPrepared)

	known, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: make([]byte, 32), Size: 5})
	require.NoError(t, err)
	require.ErrorIs(t, signature.Sign(t.Context(), io.Discard, known, v.signer(mayor), signature.Options{Time: noon}), ades.ErrDigestOnly)
	require.NoError(t, signature.Sign(t.Context(), io.Discard, known, v.signer(mayor), signature.Options{Time: noon, Detached: true}))
}
