package exchange_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// What no opener would accept is refused before the first octet of content is read.
func TestSealOptions(t *testing.T) {
	w := theWorld()
	other := w.ca.Leaf("Autre cachet", pkitest.Seal, pkitest.SIRET(prefecture))
	expired := w.ca.Leaf("Ancien", pkitest.Seal, pkitest.SIRET(commune), pkitest.Expired())
	oldKey := w.ca.Leaf("Ancienne clé", pkitest.Encrypt, pkitest.SIRET(prefecture), pkitest.Expired())
	same := w.ca.Leaf("Même clé", pkitest.Encrypt, pkitest.SIRET(prefecture), pkitest.Key(w.seal.Key))
	to := func(s exchange.SIRET, ids ...*pkitest.Identity) []exchange.RecipientKey {
		r := exchange.RecipientKey{SIRET: s}
		for _, id := range ids {
			r.Certificates = append(r.Certificates, id.Certificate)
		}
		return []exchange.RecipientKey{r}
	}
	for name, test := range map[string]struct {
		reason error
		change func(*exchange.SealOptions)
	}{
		"no clock":              {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Created = time.Time{} }},
		"no signer":             {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Signer = nil }},
		"expired seal":          {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Signer = w.signer(t, expired) }},
		"encryption key signs":  {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Signer = w.signer(t, w.ec) }},
		"authority signs":       {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Signer = w.signer(t, &w.ca.Identity) }},
		"sender is another":     {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Sender = prefecture }},
		"sender is no SIRET":    {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Sender = "123" }},
		"no recipient":          {exchange.ErrType, func(o *exchange.SealOptions) { o.Recipients = nil }},
		"no key":                {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Recipients = to(prefecture) }},
		"recipient is no SIRET": {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Recipients = to("99900002900011", w.rsa) }},
		"recipient twice":       {exchange.ErrType, func(o *exchange.SealOptions) { o.Recipients = append(o.Recipients, to(prefecture, w.rsa)...) }},
		"key of another":        {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Recipients = to(prefecture, w.ec) }},
		"key that signs":        {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Recipients = to(prefecture, other) }},
		"expired key":           {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Recipients = to(prefecture, oldKey) }},
		"key of the seal":       {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Recipients = to(prefecture, same) }},
		"id":                    {exchange.ErrType, func(o *exchange.SealOptions) { o.ID = "1" }},
		"profile":               {exchange.ErrType, func(o *exchange.SealOptions) { o.Profile = "Standard" }},
		"purpose":               {exchange.ErrType, func(o *exchange.SealOptions) { o.Purpose = "a\x1b[2J" }},
		"purpose not UTF-8":     {exchange.ErrType, func(o *exchange.SealOptions) { o.Purpose = "a\xff" }},
		"long purpose":          {exchange.ErrLimit, func(o *exchange.SealOptions) { o.Purpose = strings.Repeat("é", 501) }},
		"in reply to":           {exchange.ErrType, func(o *exchange.SealOptions) { o.InReplyTo = "x" }},
		"sequence":              {exchange.ErrOptions, func(o *exchange.SealOptions) { o.Sequence = -1 }},
		"large sequence":        {exchange.ErrType, func(o *exchange.SealOptions) { o.Sequence = 1 << 53 }},
		"over before it begins": {exchange.ErrTime, func(o *exchange.SealOptions) { o.NotAfter = now }},
		"for too long":          {exchange.ErrTime, func(o *exchange.SealOptions) { o.NotAfter = now.AddDate(0, 0, 401) }},
		"too many recipients": {exchange.ErrLimit, func(o *exchange.SealOptions) {
			o.Recipients = nil
			for i := range 1001 {
				o.Recipients = append(o.Recipients, exchange.RecipientKey{SIRET: siretNumber(i), Certificates: []*x509.Certificate{anonymous(t)}})
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.options(t)
			test.change(&o)
			var out bytes.Buffer
			read := false
			_, err := exchange.Seal(t.Context(), &out, exchange.Parts(exchange.Part{Name: "a", Size: -1, Content: readerFunc(func([]byte) (int, error) { read = true; return 0, io.EOF })}), o)
			require.ErrorIs(t, err, test.reason)
			require.Equal(t, exchange.Reason(test.reason), exchange.Reason(err), "%v", err)
			require.Zero(t, out.Len())
			require.False(t, read)
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestSealParts(t *testing.T) {
	w := theWorld()
	fail := errors.New("disk")
	for name, test := range map[string]struct {
		reason error
		part   exchange.Part
	}{
		"name":       {exchange.ErrName, exchange.Part{Name: "../a", Content: strings.NewReader("")}},
		"media type": {exchange.ErrOptions, exchange.Part{Name: "a", MediaType: "pdf", Content: strings.NewReader("")}},
		"no content": {exchange.ErrOptions, exchange.Part{Name: "a"}},
		"size":       {exchange.ErrLimit, exchange.Part{Name: "a", Size: 1<<40 + 1, Content: strings.NewReader("")}},
		"negative":   {exchange.ErrLimit, exchange.Part{Name: "a", Size: -2, Content: strings.NewReader("")}},
		"too short":  {exchange.ErrOptions, exchange.Part{Name: "a", Size: 3, Content: strings.NewReader("ab")}},
		"too long":   {exchange.ErrOptions, exchange.Part{Name: "a", Size: 1, Content: strings.NewReader("ab")}},
		"broken":     {fail, exchange.Part{Name: "a", Size: -1, Content: readerFunc(func([]byte) (int, error) { return 0, fail })}},
	} {
		_, err := exchange.Seal(t.Context(), io.Discard, exchange.Parts(test.part), w.options(t))
		require.ErrorIs(t, err, test.reason, name)
	}
	_, err := exchange.Seal(t.Context(), io.Discard, exchange.Parts(), w.options(t))
	require.ErrorIs(t, err, exchange.ErrLimit, "no part")
	_, err = exchange.Seal(t.Context(), io.Discard, func(yield func(exchange.Part, error) bool) { yield(exchange.Part{}, fail) }, w.options(t))
	require.ErrorIs(t, err, fail)
	_, err = exchange.Seal(t.Context(), io.Discard, func(yield func(exchange.Part, error) bool) {
		for i := range 10_001 {
			if !yield(text(strings.Repeat("a", i/200+1)+string(rune('a'+i%20))+string(rune('a'+i/20%10)), ""), nil) {
				return
			}
		}
	}, w.options(t))
	require.ErrorIs(t, err, exchange.ErrLimit)
	require.ErrorContains(t, err, "10000 parts")
}

// A destination or a signer that fails ends it.
func TestSealFailures(t *testing.T) {
	w := theWorld()
	fail := errors.New("full")
	pli, _ := w.seals(t, w.options(t), text("a", "b"))
	for n := range len(pli) {
		left := n
		_, err := exchange.Seal(t.Context(), writerFunc(func(b []byte) (int, error) {
			if left -= len(b); left < 0 {
				return 0, fail
			}
			return len(b), nil
		}), exchange.Parts(text("a", "b")), w.options(t))
		if n%97 == 0 && n < len(pli)-200 { // the lengths of ECDSA values vary a little
			require.ErrorIs(t, err, fail, "after %d octets", n)
		}
		if n > 400 {
			break
		}
	}
	o := w.options(t)
	o.Signer = brokenSigner{o.Signer, fail, nil}
	_, err := exchange.Seal(t.Context(), io.Discard, exchange.Parts(text("a", "b")), o)
	require.ErrorIs(t, err, fail)
	o.Signer = brokenSigner{o.Signer, nil, []byte{0x30, 0}}
	_, err = exchange.Seal(t.Context(), io.Discard, exchange.Parts(text("a", "b")), o)
	require.ErrorIs(t, err, ades.ErrWrongValue)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = exchange.Seal(ctx, io.Discard, exchange.Parts(text("a", "b")), w.options(t))
	require.ErrorIs(t, err, context.Canceled)
}

type brokenSigner struct {
	ades.Signer
	err   error
	value []byte
}

func (b brokenSigner) Sign(context.Context, ades.Request) ([]byte, error) { return b.value, b.err }

// A timestamp may date the manifest; several keys of one establishment all open; one key may serve two establishments.
func TestSealVariants(t *testing.T) {
	w := theWorld()
	second := w.ca.Leaf("Seconde clé", pkitest.Encrypt, pkitest.P521, pkitest.SIRET(prefecture))
	shared := w.ca.Leaf("Syndicat", pkitest.Encrypt, pkitest.SIRET(commune[:9]))
	o := w.options(t)
	o.Stamper = w.ca.TimestampAuthority("Horodatage")
	o.Profile, o.Purpose, o.Sequence, o.Previous = "lre-2", "", 7, &exchange.Hash{1}
	o.InReplyTo, o.Conversation = "01234567-89ab-7cde-8f01-000000000001", "01234567-89ab-7cde-8f01-000000000002"
	o.ID = "01234567-89ab-4cde-8f01-000000000003"
	o.NotAfter = now.AddDate(0, 0, 400)
	o.Recipients = []exchange.RecipientKey{
		{SIRET: prefecture, Certificates: []*x509.Certificate{w.rsa.Certificate, second.Certificate}},
		{SIRET: region, Certificates: []*x509.Certificate{w.ec.Certificate}},
		{SIRET: "99900001100026", Certificates: []*x509.Certificate{shared.Certificate}},
		{SIRET: commune, Certificates: []*x509.Certificate{shared.Certificate}},
	}
	pli, sealed := w.seals(t, o, text("a", "b"))
	for id, s := range map[*pkitest.Identity]exchange.SIRET{w.rsa: prefecture, second: prefecture, w.ec: region, shared: "99900001100026"} {
		reading := w.reading()
		reading.SIRET = s
		m, err := w.opens(t, pli, id, reading)
		require.NoError(t, err)
		require.NoError(t, m.Check(t.Context(), nil))
		require.Equal(t, sealed.Manifest, m.Manifest)
		require.Equal(t, s, m.Recipient)
	}
}

// Every kind of seal that a collectivité may own.
func TestSealKeys(t *testing.T) {
	w := theWorld()
	for _, kind := range []pkitest.KeyType{pkitest.RSA2048, pkitest.RSA3072, pkitest.RSAPSS2048, pkitest.P256, pkitest.P384, pkitest.P521, pkitest.Ed25519} {
		t.Run(kind.String(), func(t *testing.T) {
			seal := w.ca.Leaf("Cachet", pkitest.Seal, kind, pkitest.SIRET(commune))
			o := w.options(t)
			o.Signer = w.signer(t, seal)
			pli, _ := w.seals(t, o, text("a", "b"))
			m, err := w.opens(t, pli, w.ec, w.reading())
			require.NoError(t, err)
			require.NoError(t, m.Check(t.Context(), nil))
		})
	}
}

func TestNewIdentity(t *testing.T) {
	w := theWorld()
	for name, test := range map[string]struct {
		c   *x509.Certificate
		key any
	}{
		"nothing":        {nil, w.ec.Key},
		"no key":         {w.ec.Certificate, nil},
		"other key":      {w.ec.Certificate, w.rsa.Key},
		"other curve":    {w.ec.Certificate, w.seal.Key},
		"signs":          {w.seal.Certificate, w.seal.Key},
		"authority":      {w.ca.Certificate, w.ca.Key},
		"not a key":      {w.ec.Certificate, "key"},
		"other key, RSA": {w.rsa.Certificate, w.ec.Key},
	} {
		_, err := exchange.NewIdentity(test.c, test.key)
		require.ErrorIs(t, err, exchange.ErrIdentity, name)
	}
	exchanger, err := w.ec.Key.(*ecdsa.PrivateKey).ECDH()
	require.NoError(t, err)
	id, err := exchange.NewIdentity(w.ec.Certificate, exchanger)
	require.NoError(t, err)
	s, ok := id.SIRET()
	require.True(t, ok)
	require.EqualValues(t, region, s)
}

func TestSIRETOf(t *testing.T) {
	w := theWorld()
	for want, id := range map[string]*pkitest.Identity{
		commune: w.seal,
		"":      w.ca.Leaf("SIREN", pkitest.Seal, pkitest.SIRET(commune[:9])),
	} {
		s, ok := exchange.SIRETOf(id.Certificate)
		require.Equal(t, want != "", ok)
		require.EqualValues(t, want, s)
	}
	two := w.ca.Leaf("Deux", pkitest.SIRET(commune), pkitest.Unit("0002 "+prefecture))
	_, ok := exchange.SIRETOf(two.Certificate)
	require.False(t, ok, "two numbers that do not agree")
	_, err := exchange.ParseSIRET("99900001100019")
	require.ErrorIs(t, err, exchange.ErrOptions)
	require.NotContains(t, err.Error(), "99900001100019")
	ok2, err := exchange.ParseSIRET(commune)
	require.NoError(t, err)
	require.Equal(t, commune[:9], ok2.SIREN())
}

// siretNumber makes valid numbers of one legal unit.
func siretNumber(i int) exchange.SIRET {
	for d := range 10 {
		s := "999000045" + string([]byte{byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10), byte('0' + d)})
		if _, err := exchange.ParseSIRET(s); err == nil {
			return exchange.SIRET(s)
		}
	}
	panic("unreachable: one digit of ten is right")
}

// anonymous is an encryption certificate that names nobody of the register.
func anonymous(t testing.TB) *x509.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageKeyAgreement}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return c
}
