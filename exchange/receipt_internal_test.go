package exchange

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

func receiptOptions() ReceiptOptions {
	w := theCast()
	return ReceiptOptions{Signer: signerOf(w.sealB), Stamper: w.tsa, Time: craftTime}
}

func verifyReceiptOptions(m *Message) VerifyReceiptOptions {
	w := theCast()
	return VerifyReceiptOptions{Manifest: m.SignedManifest, Anchors: w.anchors, TimestampAnchors: w.anchors, At: craftTime.Add(time.Hour), UnsafeNoRevocation: true}
}

func received(t testing.TB, change func(*craft)) *Message {
	t.Helper()
	k := newCraft()
	if change != nil {
		change(k)
	}
	pli := k.build(t)
	o := readingNow()
	o.At = craftTime
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), identityOf(theCast().b), o)
	require.NoError(t, err)
	return m
}

func TestReceipt(t *testing.T) {
	m := received(t, nil)
	raw, err := m.Receipt(t.Context(), receiptOptions())
	require.NoError(t, err)
	o := verifyReceiptOptions(m)
	payload, err := PayloadDigest(t.Context(), m.src, m.c.headerAt()+m.c.header+trailerSize)
	require.NoError(t, err)
	o.Payload = &payload
	r, findings, err := VerifyReceipt(t.Context(), raw, o)
	require.NoError(t, err)
	require.NotEmpty(t, findings, "revocation")
	require.Equal(t, Accepted, r.Verdict)
	require.Equal(t, siretB, r.Recipient.SIRET)
	require.Equal(t, m.ManifestDigest, r.Manifest)
	require.WithinDuration(t, craftTime, r.Stamped, time.Second)
	require.Equal(t, m.Manifest.Parts[0].Salted(), r.Parts[0].Digest)
	require.Equal(t, Hash(sha256.Sum256(append(m.Manifest.Parts[0].Salt[:], m.Manifest.Parts[0].Hash[:]...))), r.Parts[0].Digest)

	refusal := receiptOptions()
	refusal.Verdict, refusal.Reason = Refused, "mauvais-service"
	raw, err = m.Receipt(t.Context(), refusal)
	require.NoError(t, err)
	r, _, err = VerifyReceipt(t.Context(), raw, o)
	require.NoError(t, err)
	require.Equal(t, "mauvais-service", r.Reason)
}

func TestReceiptOptions(t *testing.T) {
	w := theCast()
	m := received(t, nil)
	for name, change := range map[string]func(*ReceiptOptions){
		"no time":          func(o *ReceiptOptions) { o.Time = time.Time{} },
		"no stamper":       func(o *ReceiptOptions) { o.Stamper = nil },
		"no signer":        func(o *ReceiptOptions) { o.Signer = nil },
		"seal of another":  func(o *ReceiptOptions) { o.Signer = signerOf(w.seal) },
		"cannot sign":      func(o *ReceiptOptions) { o.Signer = signerOf(w.encrypting) },
		"no reason":        func(o *ReceiptOptions) { o.Verdict = Refused },
		"bad reason":       func(o *ReceiptOptions) { o.Verdict, o.Reason = Refused, "Non !" },
		"reason to accept": func(o *ReceiptOptions) { o.Reason = "bon" },
		"other verdict":    func(o *ReceiptOptions) { o.Verdict = "perhaps" },
	} {
		o := receiptOptions()
		change(&o)
		_, err := m.Receipt(t.Context(), o)
		require.ErrorIs(t, err, ErrOptions, name)
	}
	o := receiptOptions()
	o.Stamper = w.ca.TimestampAuthority("En panne", pkitest.Unavailable(9))
	_, err := m.Receipt(t.Context(), o)
	require.ErrorIs(t, err, pkitest.ErrUnavailable)
	o.Stamper = stampFunc(func(context.Context, crypto.Hash, []byte) ([]byte, error) { return nil, errors.New("no") })
	_, err = m.Receipt(t.Context(), o)
	require.Error(t, err)
}

type stampFunc func(context.Context, crypto.Hash, []byte) ([]byte, error)

func (f stampFunc) Timestamp(ctx context.Context, h crypto.Hash, digest []byte) ([]byte, error) {
	return f(ctx, h, digest)
}

// No receipt of acceptance is made of content that is not what was signed; one of refusal is.
func TestReceiptOfAlteredContent(t *testing.T) {
	pli := newCraft().build(t)
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), identityOf(theCast().b), readingNow())
	require.NoError(t, err)
	pli[m.c.payloadAt()+payloadHead+3] ^= 1
	_, err = m.Receipt(t.Context(), receiptOptions())
	require.ErrorIs(t, err, ErrPayload)
	o := receiptOptions()
	o.Verdict, o.Reason = Refused, "illisible"
	_, err = m.Receipt(t.Context(), o)
	require.NoError(t, err)
}

func TestReceiptRefusals(t *testing.T) {
	w := theCast()
	m := received(t, nil)
	// forge signs any JSON as a receipt, or as something else.
	forge := func(id *pkitest.Identity, kind statementType, stamper Stamper, change func(*Receipt)) []byte {
		r := &Receipt{Version: 1, ID: m.Manifest.ID, Manifest: m.ManifestDigest, PayloadSize: m.c.payload, Recipient: Sender{siretB, sha256.Sum256(id.DER)},
			Time: craftTime, Verdict: Accepted}
		for _, p := range m.Manifest.Parts {
			r.Parts = append(r.Parts, ReceivedPart{p.Size, p.Salted()})
		}
		if change != nil {
			change(r)
		}
		return must(makeStatement(t.Context(), signerOf(id), must(pkix.ParseCertificate(id.DER)), kind, r.marshal(), craftTime, stamper))
	}
	good := forge(w.sealB, receiptType, w.tsa, nil)
	_, _, err := VerifyReceipt(t.Context(), good, verifyReceiptOptions(m))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		reason  error
		receipt []byte
		o       func(*VerifyReceiptOptions)
	}{
		"manifest as receipt": {reason: ErrType, receipt: m.SignedManifest},
		"signed as addendum":  {reason: ErrType, receipt: forge(w.sealB, addendumType, w.tsa, nil)},
		"nothing":             {reason: ErrSignature, receipt: nil},
		"too long":            {reason: ErrLimit, receipt: make([]byte, 9<<20)},
		"flipped":             {reason: ErrSignature, receipt: replace("accepted", "bccepted")(bytes.Clone(good))},
		"no timestamp":        {reason: ErrSignature, receipt: forge(w.sealB, receiptType, nil, nil)},
		"timestamp of another": {reason: ErrSignature, receipt: editSigned(func(sd *cms.SignedData) {
			sd.SignerInfos[0].UnsignedAttributes = must(readStatement(forge(w.sealB, receiptType, w.tsa, nil), receiptType)).sd.SignerInfos[0].UnsignedAttributes
		})(good)},
		"unknown authority": {reason: ErrSignature, receipt: good, o: func(o *VerifyReceiptOptions) {
			o.TimestampAnchors = must(trust.NewSet(trust.Anchor{Certificate: w.stranger.Root().DER}))
		}},
		"unknown signer": {reason: ErrSignature, receipt: good, o: func(o *VerifyReceiptOptions) {
			o.Anchors = must(trust.NewSet(trust.Anchor{Certificate: w.stranger.Root().DER}))
		}},
		"revocation unknown":  {reason: ErrSignature, receipt: good, o: func(o *VerifyReceiptOptions) { o.UnsafeNoRevocation = false }},
		"cannot sign":         {reason: ErrSignature, receipt: forge(w.encrypting, receiptType, w.tsa, nil)},
		"by the sender":       {reason: ErrMismatch, receipt: forge(w.seal, receiptType, w.tsa, nil)},
		"not an addressee":    {reason: ErrAddressee, receipt: forge(w.seal, receiptType, w.tsa, func(r *Receipt) { r.Recipient.SIRET = siretA })},
		"other certificate":   {reason: ErrMismatch, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.Recipient.Certificate[0] ^= 1 })},
		"another pli":         {reason: ErrReceipt, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.ID = "01234567-89ab-7cde-8f01-000000000009" })},
		"another manifest":    {reason: ErrReceipt, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.Manifest[0] ^= 1 })},
		"another payload":     {reason: ErrReceipt, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.PayloadSize++ })},
		"payload not known":   {reason: ErrReceipt, receipt: good, o: func(o *VerifyReceiptOptions) { o.Payload = &Hash{1} }},
		"fewer parts":         {reason: ErrReceipt, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.Parts = r.Parts[:1] })},
		"another part":        {reason: ErrReceipt, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.Parts[1].Digest[0] ^= 1 })},
		"another size":        {reason: ErrReceipt, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.Parts[1].Size++ })},
		"before the pli":      {reason: ErrTime, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.Time = craftTime.Add(-time.Hour) })},
		"after its timestamp": {reason: ErrTime, receipt: forge(w.sealB, receiptType, w.tsa, func(r *Receipt) { r.Time = craftTime.Add(time.Hour) })},
		"no anchors":          {reason: ErrOptions, receipt: good, o: func(o *VerifyReceiptOptions) { o.Anchors = nil }},
		"no time":             {reason: ErrOptions, receipt: good, o: func(o *VerifyReceiptOptions) { o.At = time.Time{} }},
		"receipt as manifest": {reason: ErrType, receipt: good, o: func(o *VerifyReceiptOptions) { o.Manifest = good }},
	} {
		t.Run(name, func(t *testing.T) {
			o := verifyReceiptOptions(m)
			if test.o != nil {
				test.o(&o)
			}
			_, _, err := VerifyReceipt(t.Context(), test.receipt, o)
			require.ErrorIs(t, err, test.reason)
			require.Equal(t, Reason(test.reason), Reason(err), "%v", err)
		})
	}
}

// One whom an addendum added acknowledges too.
func TestReceiptByAdded(t *testing.T) {
	w := theCast()
	sealD := w.ca.Leaf("Cachet de D", pkitest.Seal, pkitest.SIRET(string(siretD)))
	var addendum []byte
	k := newCraft()
	k.to = []*pkitest.Identity{w.d}
	k.content = func(c *capsuleContent) {
		a := &Addendum{Version: 1, ID: k.id, Manifest: must(ManifestDigest(c.manifest)), Recipients: []SIRET{siretD}, Created: craftTime}
		addendum = newCraft().sign(t, addendumType, a.marshal())
		c.addenda = [][]byte{addendum}
	}
	k.header = func(h *Header) { h.Recipients = append(h.Recipients[:2:2], siretD) }
	pli := k.build(t)
	m, err := Open(t.Context(), bytes.NewReader(pli), int64(len(pli)), identityOf(w.d), readingNow())
	require.NoError(t, err)
	o := receiptOptions()
	o.Signer = signerOf(sealD)
	raw, err := m.Receipt(t.Context(), o)
	require.NoError(t, err)
	v := verifyReceiptOptions(m)
	_, _, err = VerifyReceipt(t.Context(), raw, v)
	require.ErrorIs(t, err, ErrAddressee)
	v.Addenda = m.SignedAddenda
	_, _, err = VerifyReceipt(t.Context(), raw, v)
	require.NoError(t, err)
	v.Addenda = [][]byte{m.SignedManifest}
	_, _, err = VerifyReceipt(t.Context(), raw, v)
	require.ErrorIs(t, err, ErrAddendum)
}
