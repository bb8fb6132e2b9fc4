package signature_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/validation"
)

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

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

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
