package signature_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// A correspondence is a pli that a commune sent and the préfecture acknowledged, with everything either signed.
type correspondence struct {
	pki                     *pkitest.PKI
	ca                      *pkitest.Authority
	commune, prefecture     *pkitest.Identity
	content                 []byte
	pli, manifest, receipt  []byte
	signed, detached, token []byte // by the commune: the content attached, detached, and a timestamp of it
	pdf                     []byte
}

func newCorrespondence(t *testing.T) *correspondence {
	const commune, prefecture = "99900001100018", "99900002900010"
	c := &correspondence{pki: pkitest.New(pkitest.At(noon), pkitest.Deterministic("formats")), content: deliberation}
	c.ca = c.pki.Root("Autorité d'essai")
	c.commune = c.ca.Leaf("Commune", pkitest.Seal, pkitest.SIRET(commune))
	c.prefecture = c.ca.Leaf("Préfecture", pkitest.Seal, pkitest.SIRET(prefecture))
	key := c.ca.Leaf("Préfecture, chiffrement", pkitest.Encrypt, pkitest.SIRET(prefecture))
	tsa := c.ca.TimestampAuthority("Horodatage")
	signer := func(id *pkitest.Identity) ades.Signer {
		s, err := ades.FromKey(id.Key, id.Chain())
		require.NoError(t, err)
		return s
	}
	ctx := context.Background()
	var pli, out bytes.Buffer
	sealed, err := exchange.Seal(ctx, &pli, exchange.Parts(exchange.Part{Name: "délibération.txt", Size: int64(len(c.content)), Content: bytes.NewReader(c.content)}),
		exchange.SealOptions{Signer: signer(c.commune), Created: noon, Recipients: []exchange.RecipientKey{{SIRET: prefecture, Certificates: []*x509.Certificate{key.Certificate}}}})
	require.NoError(t, err)
	c.pli, c.manifest = pli.Bytes(), sealed.SignedManifest
	identity, err := exchange.NewIdentity(key.Certificate, key.Key)
	require.NoError(t, err)
	m, err := exchange.Open(ctx, bytes.NewReader(c.pli), sealed.Size, []*exchange.Identity{identity},
		exchange.OpenOptions{Anchors: anchorSet(t, [][]byte{c.ca.DER}), At: noon.Add(time.Hour), UnsafeNoRevocation: true})
	require.NoError(t, err)
	c.receipt, err = m.Receipt(ctx, exchange.ReceiptOptions{Signer: signer(c.prefecture), Stamper: tsa, Time: noon})
	require.NoError(t, err)

	require.NoError(t, cades.Sign(ctx, &out, ades.Bytes(c.content), signer(c.commune), cades.Options{Time: noon}))
	c.signed = bytes.Clone(out.Bytes())
	out.Reset()
	require.NoError(t, cades.Sign(ctx, &out, ades.Bytes(c.content), signer(c.commune), cades.Options{Time: noon, Detached: true}))
	c.detached = bytes.Clone(out.Bytes())
	out.Reset()
	require.NoError(t, signature.Sign(ctx, &out, ades.Bytes(pkitest.NewForge().PDF), signer(c.commune), signature.Options{Time: noon}))
	c.pdf = out.Bytes()
	c.token, err = tsa.Timestamp(ctx, crypto.SHA256, digestOf(crypto.SHA256, c.content))
	require.NoError(t, err)
	return c
}

// signs makes an attached CAdES of any content by the préfecture: what it may have signed for another reason.
func (c *correspondence) signs(t *testing.T, content []byte) []byte {
	s, err := ades.FromKey(c.prefecture.Key, c.prefecture.Chain())
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, cades.Sign(context.Background(), &out, ades.Bytes(content), s, cades.Options{Time: noon}))
	return out.Bytes()
}

func (c *correspondence) receiptError(t *testing.T, receipt []byte) error {
	anchors := anchorSet(t, [][]byte{c.ca.DER})
	_, _, err := exchange.VerifyReceipt(context.Background(), receipt, exchange.VerifyReceiptOptions{
		Manifest: c.manifest, Anchors: anchors, TimestampAnchors: anchors, At: noon.Add(time.Hour), UnsafeNoRevocation: true})
	return err
}

func (c *correspondence) pliError(t *testing.T, pli, manifest []byte) error {
	_, err := exchange.Verify(context.Background(), bytes.NewReader(pli), int64(len(pli)), exchange.VerifyOptions{
		OpenOptions: exchange.OpenOptions{Anchors: anchorSet(t, [][]byte{c.ca.DER}), At: noon.Add(time.Hour), UnsafeNoRevocation: true}, Manifest: manifest})
	return err
}

// TestOneFormatForAnother presents what is signed in one format as something else: a statement of the exchange as the
// signature of a document, a document as a statement.
func TestOneFormatForAnother(t *testing.T) {
	c := newCorrespondence(t)
	require.NoError(t, c.receiptError(t, c.receipt))
	require.NoError(t, c.pliError(t, c.pli, c.manifest))
	v, err := signature.NewValidator(signature.ValidatorOptions{Anchors: anchorSet(t, [][]byte{c.ca.DER}), UnsafeNoRevocation: true})
	require.NoError(t, err)
	require.True(t, sound(v, c.signed, nil))
	require.True(t, sound(v, c.detached, c.content))
	require.True(t, sound(v, c.pdf, nil))

	_, manifestJSON, err := cms.Parse(c.manifest)
	require.NoError(t, err)
	_, receiptJSON, err := cms.Parse(c.receipt)
	require.NoError(t, err)
	retyped := func(statement []byte, from, to byte) []byte {
		arc := []byte(der.MustOID("2.25.32272870929188893873481371367274863853"))
		at := bytes.Index(statement, arc) + len(arc)
		require.Equal(t, from, statement[at])
		b := bytes.Clone(statement)
		b[at] = to // of eContentType; that of the signed attributes stays
		return b
	}

	for name, file := range map[string][]byte{
		"manifest": c.manifest, "receipt": c.receipt, "token": c.token, "pli": c.pli, "signed document": c.signed, "signed PDF": c.pdf,
	} {
		t.Run(name+" as the detached signature of the content", func(t *testing.T) {
			if name == "signed document" {
				require.False(t, sound(v, file, []byte("autre")))
				return
			}
			require.False(t, sound(v, file, c.content))
		})
	}
	t.Run("manifest retyped as data", func(t *testing.T) {
		sd, content, err := cms.Parse(c.manifest)
		require.NoError(t, err)
		raw := bytes.Replace(c.manifest, append([]byte{6, byte(len(sd.ContentType))}, sd.ContentType...), append([]byte{6, byte(len(sd.ContentType))}, der.MustOID("2.25.32272870929188893873481371367274863853.9")...), 1)
		require.NotEqual(t, c.manifest, raw)
		got, err := v.Validate(context.Background(), ades.Bytes(raw), signature.ValidateOptions{Time: noon})
		require.NoError(t, err)
		require.Equal(t, validation.CryptoInvalid, got.Signatures[0].Crypto)
		require.NotEmpty(t, content)
	})
	for name, r := range map[string]struct {
		file []byte
		is   error
	}{
		"manifest":                         {c.manifest, exchange.ErrType},
		"token":                            {c.token, exchange.ErrType},
		"document signed by the recipient": {c.signs(t, c.content), exchange.ErrType},
		"the JSON of a receipt, signed as a document": {c.signs(t, receiptJSON), exchange.ErrType},
		"manifest retyped":                            {retyped(c.manifest, 1, 3), exchange.ErrSignature},
		"detached signature":                          {c.detached, exchange.ErrType},
		"signed PDF":                                  {c.pdf, exchange.ErrSignature},
		"pli":                                         {c.pli, exchange.ErrSignature},
	} {
		t.Run(name+" as a receipt", func(t *testing.T) {
			err := c.receiptError(t, r.file)
			require.ErrorIs(t, err, r.is, "%v", err)
		})
	}
	for name, r := range map[string]struct {
		file []byte
		is   error
	}{
		"receipt": {c.receipt, exchange.ErrType},
		"token":   {c.token, exchange.ErrType},
		"the JSON of a manifest, signed as a document": {c.signs(t, manifestJSON), exchange.ErrType},
		"receipt retyped": {retyped(c.receipt, 3, 1), exchange.ErrSignature},
		"signed document": {c.signed, exchange.ErrType},
	} {
		t.Run(name+" as a manifest", func(t *testing.T) {
			err := c.pliError(t, c.pli, r.file)
			require.Error(t, err)
			require.True(t, errors.Is(err, r.is), "%v", err)
		})
	}
	for name, file := range map[string][]byte{"manifest": c.manifest, "receipt": c.receipt, "signed PDF": c.pdf, "token": c.token} {
		t.Run(name+" as a pli", func(t *testing.T) {
			require.ErrorIs(t, c.pliError(t, file, nil), exchange.ErrContainer)
		})
	}
}

// sound says whether something is reported as signed, every signature of it valid.
func sound(v *signature.Validator, file, detached []byte) bool {
	o := signature.ValidateOptions{Time: noon}
	if detached != nil {
		o.Detached = ades.Bytes(detached)
	}
	got, err := v.Validate(context.Background(), ades.Bytes(file), o)
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
