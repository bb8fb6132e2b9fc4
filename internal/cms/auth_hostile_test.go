package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// openBound opens a capsule whose content is the digest of its RecipientInfos and a text, as the pli does.
func openBound(b []byte, openers ...cms.Opener) ([]byte, error) {
	content, infos, err := cms.OpenAuthEnveloped(b, openers...)
	if err != nil {
		return content, err
	}
	if sum := sha256.Sum256(infos); len(content) < 32 || !bytes.Equal(sum[:], content[:32]) {
		return nil, errUnbound
	}
	return content[32:], nil
}

var errUnbound = errors.New("the content is bound to other RecipientInfos")

func sealBound(t testing.TB, text string, recipients ...cms.Recipient) []byte {
	sealed, err := cms.SealAuthEnveloped(recipients, func(infos []byte) ([]byte, error) {
		sum := sha256.Sum256(infos)
		return append(sum[:], text...), nil
	})
	require.NoError(t, err)
	return sealed
}

// requireRefusal is one of the errors that a hostile input may give, and no plaintext.
func requireRefusal(t testing.TB, content []byte, err error) {
	require.Error(t, err)
	require.Empty(t, content)
	if !errors.Is(err, cms.ErrEnvelope) && err != errUnbound {
		require.Equal(t, cms.ErrDecrypt, err)
	}
}

// Each bit of a small capsule flipped: refused by the strict reader. What it lets through by itself is the other recipient's
// RecipientInfo, which the digest in the content covers; the tolerant reader lets through nothing else either.
func TestCapsuleEachBitFlipped(t *testing.T) {
	const text = "contenu"
	sealed := sealBound(t, text, keyP256().byIssuer(), stranger().byKeyID())
	_, infos, err := cms.OpenAuthEnveloped(sealed, keyP256().opener())
	require.NoError(t, err)
	start := bytes.Index(sealed, infos)
	unbound := 0
	for i := range len(sealed) * 8 {
		b := bytes.Clone(sealed)
		b[i/8] ^= 1 << (i % 8)
		for _, key := range []envelopeKey{keyP256(), stranger()} {
			content, err := openBound(b, key.opener())
			requireRefusal(t, content, err)
			if err == errUnbound {
				unbound++
				require.True(t, start < i/8 && i/8 < start+len(infos), "octet %d", i/8)
			}
			if content, _, err := readBytes(b, key.opener()); err != nil {
				requireRefusal(t, content, err)
			} else {
				require.Equal(t, text, string(content[32:]))
				require.True(t, start < i/8 && i/8 < start+len(infos), "octet %d", i/8)
			}
		}
	}
	require.Positive(t, unbound, "nothing of the other recipient's was altered: the test does not do what it says")
}

// The same with an RSA recipient, one bit of each octet: private operations are slow.
func TestCapsuleEachOctetAltered(t *testing.T) {
	sealed := sealBound(t, "contenu", keyRSA().byKeyID(), keyP256().byIssuer())
	for i := range sealed {
		b := bytes.Clone(sealed)
		b[i] ^= 1 << (i % 8)
		content, err := openBound(b, keyRSA().opener(), keyP256().opener())
		requireRefusal(t, content, err)
	}
}

func TestEveryTruncation(t *testing.T) {
	sealed := sealBound(t, "contenu", keyP256().byIssuer(), keyP384().byKeyID())
	streamed := writeBytes(t, []byte("contenu"), true, keyP256().byIssuer())
	for n := range sealed {
		content, err := openBound(sealed[:n], keyP256().opener())
		requireRefusal(t, content, err)
		content, _, err = readBytes(sealed[:n], keyP256().opener())
		requireRefusal(t, content, err)
	}
	for n := range streamed {
		content, _, err := readBytes(streamed[:n], keyP256().opener())
		requireRefusal(t, content, err)
	}
	for _, b := range [][]byte{sealed, streamed} {
		content, _, err := readBytes(append(bytes.Clone(b), 0), keyP256().opener())
		requireRefusal(t, content, err)
		content, err = openBound(append(bytes.Clone(b), 0), keyP256().opener())
		requireRefusal(t, content, err)
	}
}

// Whatever fails between the key and the tag gives the same value, from both readers.
func TestOneErrorForEveryFailure(t *testing.T) {
	content := []byte("contenu")
	for name, key := range allKeys() {
		sealed := sealBytes(t, content, key.byIssuer())
		opened, infos, err := cms.OpenAuthEnveloped(sealed, key.opener())
		require.NoError(t, err)
		require.Equal(t, content, opened)
		end := bytes.Index(sealed, infos) + len(infos)
		alter := func(at int) []byte {
			b := bytes.Clone(sealed)
			b[at] ^= 1
			return b
		}
		otherKey := map[string]envelopeKey{"RSA": newOtherRSAKey(), "P-256": newECKey(p256, "o"), "P-384": newECKey(p384, "o"), "P-521": newECKey(p521, "o")}[name]
		imposter := cms.Opener{SubjectKeyID: []byte("nom"), Key: otherKey.private}
		toName := sealBytes(t, content, cms.Recipient{PublicKey: &key.certificate.PublicKey, SubjectKeyID: []byte("nom")})
		crossed := cms.Opener{SubjectKeyID: []byte("nom"), Key: keyRSA().private}
		if name == "RSA" {
			crossed.Key = keyP256().private
		}
		cases := map[string]struct {
			sealed []byte
			opener cms.Opener
		}{
			"not addressed":            {sealed, stranger().opener()},
			"another key of that name": {toName, imposter},
			"another kind of key":      {toName, crossed},
			"encrypted key altered":    {alter(end - 1), key.opener()},
			"encrypted key, first":     {alter(end - 40), key.opener()},
			"nonce altered":            {alter(end + 2 + 11 + 2 + 11 + 2 + 2 + 5), key.opener()},
			"ciphertext altered":       {alter(len(sealed) - 19), key.opener()},
			"tag altered":              {alter(len(sealed) - 1), key.opener()},
			"decrypter out of order":   {sealed, cms.Opener{Certificate: key.certificate, Key: broken(key)}},
			"key of another length":    {sealed, cms.Opener{Certificate: key.certificate, Key: short(key)}},
		}
		for what, c := range cases {
			content, infos, err := cms.OpenAuthEnveloped(c.sealed, c.opener)
			require.True(t, err == cms.ErrDecrypt, "%s, %s: %v", name, what, err)
			require.Nil(t, content)
			require.Nil(t, infos)
			content, envelope, err := readBytes(c.sealed, c.opener)
			require.True(t, err == cms.ErrDecrypt, "%s, %s: %v", name, what, err)
			require.Empty(t, content)
			require.Nil(t, envelope)
		}
	}
}

// A private key that fails, and one that answers with something of another length.
func broken(k envelopeKey) crypto.PrivateKey {
	switch key := k.private.(type) {
	case *rsa.PrivateKey:
		return failingDecrypter{key, nil, errors.New("token removed")}
	case *ecdsa.PrivateKey:
		private, _ := key.ECDH()
		return failingExchanger{private, nil, errors.New("token removed")}
	}
	return nil
}

func short(k envelopeKey) crypto.PrivateKey {
	switch key := k.private.(type) {
	case *rsa.PrivateKey:
		return failingDecrypter{key, make([]byte, 16), nil}
	case *ecdsa.PrivateKey:
		private, _ := key.ECDH()
		return failingExchanger{private, make([]byte, 7), nil}
	}
	return nil
}

// Ephemeral points that are on no curve, on another, at infinity, compressed or hybrid.
func TestEphemeralPointsRefused(t *testing.T) {
	for name, key := range map[string]envelopeKey{"P-256": keyP256(), "P-384": keyP384(), "P-521": keyP521()} {
		sealed := sealBytes(t, []byte("contenu"), key.byIssuer())
		private, _ := key.private.(*ecdsa.PrivateKey).ECDH()
		size := len(private.PublicKey().Bytes())
		at := bytes.Index(sealed, append([]byte{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x03}, bitStringHeader(size)...)) + 8 + len(bitStringHeader(size))
		require.Equal(t, byte(4), sealed[at], name)
		change := func(f func([]byte)) []byte {
			b := bytes.Clone(sealed)
			f(b[at : at+size])
			return b
		}
		for what, b := range map[string][]byte{
			"y altered":     change(func(p []byte) { p[size-1] ^= 1 }),
			"x altered":     change(func(p []byte) { p[20] ^= 1 }),
			"zero":          change(func(p []byte) { clear(p[1:]) }),
			"infinity":      change(func(p []byte) { clear(p) }),
			"x not reduced": change(func(p []byte) { copy(p[1:], bytes.Repeat([]byte{0xFF}, size/2)) }),
			"hybrid form":   change(func(p []byte) { p[0] = 6 | p[size-1]&1 }),
			"compressed":    change(func(p []byte) { p[0] = 2 | p[size-1]&1 }),
		} {
			_, _, err := cms.OpenAuthEnveloped(b, key.opener())
			require.True(t, err == cms.ErrDecrypt, "%s, %s: %v", name, what, err)
			_, _, err = readBytes(b, key.opener())
			require.True(t, err == cms.ErrDecrypt, "%s, %s: %v", name, what, err)
		}
	}
}

func bitStringHeader(point int) []byte {
	if point+1 < 0x80 {
		return []byte{byte(point + 1), 0}
	}
	return []byte{0x81, byte(point + 1), 0}
}

func TestRecipientsRefused(t *testing.T) {
	one := keyP256().byIssuer()
	small := newRSAKey(1024, "petite")
	malformed := *keyP256().certificate
	malformed.RawIssuer = []byte{0x30, 0x81, 0x00}
	for what, recipients := range map[string][]cms.Recipient{
		"there is none":                               nil,
		"named twice":                                 {one, keyP384().byIssuer(), one},
		"neither a certificate nor a public key":      {{}},
		"needs a subjectKeyIdentifier to be named by": {{PublicKey: &one.Certificate.PublicKey}},
		"an RSA key of 1024 bits":                     {small.byIssuer()},
		"only RSA keys and keys on P-256":             {newEd25519Key().byIssuer()},
		"is not DER; name the key by":                 {{Certificate: &malformed}},
		"the bound is 4096":                           make([]cms.Recipient, limits.EnvelopeRecipients+1),
	} {
		_, err := cms.SealRecipients(make([]byte, 32), recipients)
		require.ErrorIs(t, err, cms.ErrRecipient, what)
		require.ErrorContains(t, err, what)
	}
	_, err := cms.SealRecipients(make([]byte, 16), []cms.Recipient{one})
	require.ErrorContains(t, err, "32 octets")
}

func TestOpenersRefused(t *testing.T) {
	sealed := sealBytes(t, nil, keyP256().byIssuer())
	for what, o := range map[string]cms.Opener{
		"is neither a crypto.Decrypter nor":   {Certificate: keyP256().certificate},
		"is not that of the certificate":      {Certificate: keyP256().certificate, Key: stranger().private},
		"neither a certificate nor a subject": {Key: keyP256().private},
		"<nil> is neither":                    {SubjectKeyID: []byte{1}},
		"which is not RSA":                    {SubjectKeyID: []byte{1}, Key: notRSA{}},
	} {
		_, _, err := cms.OpenAuthEnveloped(sealed, o)
		require.ErrorIs(t, err, cms.ErrOpener, what)
		require.ErrorContains(t, err, what)
		_, _, err = readBytes(sealed, o)
		require.ErrorIs(t, err, cms.ErrOpener, what)
	}
	_, _, err := cms.OpenAuthEnveloped(sealed)
	require.ErrorIs(t, err, cms.ErrOpener)
}

// A changingSource is another file from its second reading on: it fails when a whole pass has gone by.
type changingSource struct {
	b, after []byte
	passed   int
}

func (c *changingSource) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		c.passed++
	}
	b := c.b
	if c.passed > 1 {
		b = c.after
	}
	return bytes.NewReader(b).ReadAt(p, off)
}

func TestSourceThatChanges(t *testing.T) {
	content := randomBytes(5*65536 + 100)
	for _, streamed := range []bool{false, true} {
		sealed := writeBytes(t, content, streamed, keyP256().byIssuer())
		another := writeBytes(t, content, streamed, keyP256().byIssuer())
		changes := map[string][]byte{"another file": another, "empty": {}}
		for _, at := range []int{len(sealed) - 200000, len(sealed) - 70000, len(sealed) - 60} {
			b := bytes.Clone(sealed)
			b[at] ^= 1
			changes["altered before the end by "+string(rune('0'+(len(sealed)-at)/50000))] = b
			changes["cut before the end by "+string(rune('0'+(len(sealed)-at)/50000))] = sealed[:at]
		}
		longer := writeBytes(t, append(bytes.Clone(content), 0, 0), streamed, keyP256().byIssuer())
		changes["longer"] = longer
		for what, after := range changes {
			var out bytes.Buffer
			source := &changingSource{b: sealed, after: after}
			_, err := cms.ReadAuthEnveloped(context.Background(), source, int64(len(sealed)), &out, keyP256().opener())
			require.ErrorIs(t, err, cms.ErrSourceChanged, what)
			require.True(t, bytes.HasPrefix(content, out.Bytes()), "%s: octets that are not authentic", what)
			require.Zero(t, out.Len()%65536, what)
		}
	}
}

// Zeros after the last segment have its hash value: the length tells.
func TestSourceThatGrowsByZeros(t *testing.T) {
	content := randomBytes(100)
	sealed := writeBytes(t, content, true, keyP256().byIssuer())
	at := len(sealed) - (6 + 18 + 4) - 102 // three ends, the tag, two ends, the segment
	require.Equal(t, []byte{0x04, 100}, sealed[at:at+2])
	grown := append(bytes.Clone(sealed[:at]), 0x04, 101)
	grown = append(grown, sealed[at+2:at+102]...)
	grown = append(append(grown, 0), sealed[at+102:]...) // one octet longer: the last is beyond the size that was said
	var out bytes.Buffer
	_, err := cms.ReadAuthEnveloped(context.Background(), &changingSource{b: sealed, after: grown}, int64(len(sealed)), &out, keyP256().opener())
	require.ErrorIs(t, err, cms.ErrSourceChanged)
	require.Zero(t, out.Len())
}

func TestWriterNoticesLength(t *testing.T) {
	recipients := []cms.Recipient{keyP256().byIssuer()}
	for _, size := range []int64{0, 9, 11, 65536, 1 << 20} {
		err := cms.WriteAuthEnveloped(context.Background(), io.Discard, bytes.NewReader(make([]byte, 10)), size, recipients)
		require.ErrorContains(t, err, "octets that were announced", "size %d", size)
	}
	require.ErrorContains(t, cms.WriteAuthEnveloped(context.Background(), io.Discard, nil, limits.EnvelopeContent+1, recipients), "64 GiB")
	require.ErrorContains(t, cms.WriteAuthEnveloped(context.Background(), io.Discard, nil, -2, recipients), "negative")
	cut := io.MultiReader(bytes.NewReader(make([]byte, 70000)), errorReader{io.ErrUnexpectedEOF})
	require.ErrorIs(t, cms.WriteAuthEnveloped(context.Background(), io.Discard, cut, -1, recipients), io.ErrUnexpectedEOF)
	require.ErrorIs(t, cms.WriteAuthEnveloped(context.Background(), io.Discard, errorReader{nil}, -1, recipients), io.ErrNoProgress)
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }

func TestContextStopsAtEachSegment(t *testing.T) {
	content := make([]byte, 10*65536)
	ctx, cancel := context.WithCancel(context.Background())
	written := &cancelling{cancel: cancel, after: 3 * 65536}
	err := cms.WriteAuthEnveloped(ctx, written, bytes.NewReader(content), int64(len(content)), []cms.Recipient{keyP256().byIssuer()})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, written.n, 4*65536+1000)

	sealed := writeBytes(t, content, false, keyP256().byIssuer())
	ctx, cancel = context.WithCancel(context.Background())
	written = &cancelling{cancel: cancel, after: 3 * 65536}
	_, err = cms.ReadAuthEnveloped(ctx, bytes.NewReader(sealed), int64(len(sealed)), written, keyP256().opener())
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, written.n, 5*65536)

	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	_, err = cms.ReadAuthEnveloped(ctx, bytes.NewReader(sealed), int64(len(sealed)), &out, keyP256().opener())
	require.ErrorIs(t, err, context.Canceled)
	_, err = cms.ReadAuthEnvelopedFrom(ctx, bytes.NewReader(sealed), 1<<30, &out, keyP256().opener())
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, out.Len())
}

type cancelling struct {
	cancel   func()
	n, after int
}

func (c *cancelling) Write(p []byte) (int, error) {
	if c.n += len(p); c.n >= c.after {
		c.cancel()
	}
	return len(p), nil
}

func TestCapsuleTooLong(t *testing.T) {
	_, err := cms.SealAuthEnveloped([]cms.Recipient{keyP256().byIssuer()}, func([]byte) ([]byte, error) {
		return make([]byte, limits.EnvelopeCapsule), nil
	})
	require.ErrorContains(t, err, "a capsule beyond")
	_, _, err = cms.OpenAuthEnveloped(make([]byte, limits.EnvelopeCapsule+1), keyP256().opener())
	require.ErrorIs(t, err, der.ErrLimit)
	require.ErrorIs(t, err, cms.ErrEnvelope)
}
