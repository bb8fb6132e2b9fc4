package cms

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
)

// What other writers may write: the strict reader takes none of it, the tolerant one what keeps the same strength.
// tolerated is empty when it decrypts, else a part of the reason.
func TestVariants(t *testing.T) {
	const decrypts = ""
	plain, null := hashAlgorithm(oidEnvelopeSHA256), hashAlgorithm(oidEnvelopeSHA256, 5, 0)
	sha1 := hashAlgorithm(der.MustOID("1.3.14.3.2.26"))
	p384 := oidValue(oidCurveP384)
	signed := der.MustOID("1.2.840.113549.1.7.2")
	zzz := der.MustOID("2.25.1")
	cases := map[string]struct {
		make      func(t *testing.T, a *assembly)
		tolerated string
	}{
		"RSA PKCS#1 v1.5": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.ktri(t, 2, appendElement(nil, 0x30, append(oidValue(der.MustOID("1.2.840.113549.1.1.1")), 5, 0)))}
		}, "RSAES-PKCS1-v1_5"},
		"OAEP with SHA-1 by default": {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.ktri(t, 2, oaep())} }, "RSAES-OAEP with other parameters"},
		"OAEP without parameters": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.ktri(t, 2, appendElement(nil, 0x30, oidValue(oidRSAESOAEP)))}
		}, "RSAES-OAEP with other parameters"},
		"OAEP, MGF1 with SHA-1": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.ktri(t, 2, oaep(appendElement(nil, 0xA0, plain), maskAlgorithm(sha1)))}
		}, "RSAES-OAEP with other parameters"},
		"OAEP, MGF1 by default": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.ktri(t, 2, oaep(appendElement(nil, 0xA0, plain)))}
		}, "RSAES-OAEP with other parameters"},
		"OAEP with a label": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.ktri(t, 2, oaep(appendElement(nil, 0xA0, plain), maskAlgorithm(plain), labelSource("x")))}
		}, "RSAES-OAEP with other parameters"},
		"OAEP with NULLs": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.ktri(t, 2, oaep(appendElement(nil, 0xA0, null), maskAlgorithm(null)))}
		}, decrypts},
		"OAEP with an empty label": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.ktri(t, 2, oaep(appendElement(nil, 0xA0, plain), maskAlgorithm(plain), labelSource("")))}
		}, decrypts},
		"ktri of version 0 with a key identifier": {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.ktri(t, 0, algOAEP)} }, "RecipientInfo 1 is malformed"},
		"ktri of version 3":                       {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.ktri(t, 3, algOAEP)} }, "RecipientInfo 1 is malformed"},

		"sha1kdf": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{scheme: der.MustOID("1.3.133.16.840.63.0.2")})}
		}, "ECDH with SHA-1"},
		"sha512kdf": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{scheme: der.MustOID("1.3.132.1.11.3")})}
		}, "ECDH with SHA-512"},
		"cofactor": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{scheme: der.MustOID("1.3.132.1.14.1")})}
		}, "cofactor ECDH with SHA-256"},
		"AES-128 key wrap": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{wrap: hashAlgorithm(der.MustOID("2.16.840.1.101.3.4.1.5"))})}
		}, `key wrap algorithm "2.16.840.1.101.3.4.1.5"`},
		"key wrap with NULL": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{wrap: hashAlgorithm(oidAES256Wrap, 5, 0)})}
		}, decrypts},
		"key wrap with parameters": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{wrap: hashAlgorithm(oidAES256Wrap, 4, 0)})}
		}, "AES-256 key wrap with parameters"},
		"kari of version 2":     {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.kari(t, kari{version: 2})} }, "RecipientInfo 1 is malformed"},
		"user keying material":  {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.kari(t, kari{ukm: []byte("ukm")})} }, decrypts},
		"empty keying material": {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.kari(t, kari{hasUKM: true})} }, decrypts},
		"ephemeral key, NULL":   {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.kari(t, kari{parameters: []byte{5, 0}})} }, decrypts},
		"ephemeral key, its curve": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{parameters: oidValue(oidCurveP256)})}
		}, decrypts},
		"ephemeral key, other curve": {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.kari(t, kari{parameters: p384})} }, "another algorithm or curve"},
		"static originator":          {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.kari(t, kari{static: true})} }, "a static key of the originator"},
		"two in one kari": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.kari(t, kari{names: [][]byte{[]byte("autre"), ecName}})}
		}, decrypts},
		"key identifier with a date": {func(t *testing.T, a *assembly) { a.infos = [][]byte{a.kari(t, kari{date: true})} }, decrypts},

		"key-encryption key beside": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.goodEC(t), appendElement(nil, 0xA2, []byte{2, 1, 4})}
		}, decrypts},
		"nobody we know": {func(t *testing.T, a *assembly) { a.infos = [][]byte{appendElement(nil, 0xA2, []byte{2, 1, 4})} }, "not addressed"},
		"unknown choice": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.goodEC(t), appendElement(nil, 0xA5, []byte{2, 1, 4})}
		}, "RecipientInfo 2 is malformed"},
		"out of order": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.goodEC(t), a.goodRSA(t)}
			der.SortSet(a.infos)
			slices.Reverse(a.infos)
		}, decrypts},
		"named twice": {func(t *testing.T, a *assembly) {
			a.infos = [][]byte{a.goodEC(t), a.goodEC(t)}
			der.SortSet(a.infos)
		}, decrypts},
		"nobody": {func(t *testing.T, a *assembly) {}, "no SET OF RecipientInfo"},

		"originatorInfo": {func(t *testing.T, a *assembly) {
			a.infos, a.originatorInfo = [][]byte{a.goodEC(t)}, appendElement(nil, 0xA0, appendElement(nil, 0xA0, ""))
		}, decrypts},
		"unauthenticated attributes": {func(t *testing.T, a *assembly) {
			a.infos, a.unauthAttrs = [][]byte{a.goodEC(t)}, attributes(0xA2, attribute(zzz, []byte{5, 0}))
		}, decrypts},
		"authenticated attributes": {func(t *testing.T, a *assembly) {
			a.infos, a.authAttrs = [][]byte{a.goodEC(t)}, attributes(0xA1, attribute(OIDContentType, oidValue(OIDData)))
		}, decrypts},
		"id-data without the content-type attribute": {func(t *testing.T, a *assembly) {
			a.infos, a.authAttrs = [][]byte{a.goodEC(t)}, attributes(0xA1, attribute(zzz, []byte{5, 0}))
		}, decrypts},
		"attribute of another type": {func(t *testing.T, a *assembly) {
			a.infos, a.authAttrs = [][]byte{a.goodEC(t)}, attributes(0xA1, attribute(OIDContentType, oidValue(signed)))
		}, "the content-type attribute is not the content type"},
		"signed data with attributes": {func(t *testing.T, a *assembly) {
			a.content, a.infos, a.authAttrs = signed, [][]byte{a.goodEC(t)}, attributes(0xA1, attribute(OIDContentType, oidValue(signed)))
		}, decrypts},
		"signed data without attributes": {func(t *testing.T, a *assembly) { a.content, a.infos = signed, [][]byte{a.goodEC(t)} }, "without authenticated attributes"},
		"signed data without its attribute": {func(t *testing.T, a *assembly) {
			a.content, a.infos, a.authAttrs = signed, [][]byte{a.goodEC(t)}, attributes(0xA1, attribute(zzz, []byte{5, 0}))
		}, "without the content-type attribute"},
		"attributes out of order": {func(t *testing.T, a *assembly) {
			a.infos, a.authAttrs = [][]byte{a.goodEC(t)}, attributes(0xA1, attribute(OIDContentType, oidValue(OIDData)), attribute(zzz, []byte{5, 0}))
		}, "out of order"},
		"attribute twice": {func(t *testing.T, a *assembly) {
			a.infos, a.authAttrs = [][]byte{a.goodEC(t)}, attributes(0xA1, attribute(zzz, []byte{5, 0}), attribute(zzz, []byte{5, 0}))
		}, "comes twice"},
		"no attribute": {func(t *testing.T, a *assembly) {
			a.infos, a.authAttrs = [][]byte{a.goodEC(t)}, attributes(0xA1)
		}, "are none"},

		"EnvelopedData": {func(t *testing.T, a *assembly) {
			a.outer, a.infos = OIDEnvelopedData, [][]byte{a.goodEC(t)}
		}, "is not AuthEnvelopedData"},
		"version 1": {func(t *testing.T, a *assembly) { a.version, a.infos = 1, [][]byte{a.goodEC(t)} }, "ersion"},
		"AES-128-GCM": {func(t *testing.T, a *assembly) {
			a.infos, a.alg = [][]byte{a.goodEC(t)}, gcmAlgorithm(der.MustOID("2.16.840.1.101.3.4.1.6"), make([]byte, 12), 16)
		}, "AES-128-GCM; only AES-256-GCM"},
		"AES-256-CBC": {func(t *testing.T, a *assembly) {
			a.infos, a.alg = [][]byte{a.goodEC(t)}, hashAlgorithm(der.MustOID("2.16.840.1.101.3.4.1.42"), append([]byte{4, 16}, make([]byte, 16)...)...)
		}, "AES-256-CBC; only AES-256-GCM"},
		"nonce of 16 octets": {func(t *testing.T, a *assembly) {
			a.infos, a.alg = [][]byte{a.goodEC(t)}, gcmAlgorithm(oidAES256GCM, make([]byte, 16), 16)
		}, "other parameters than a nonce of 12"},
		"tag length 12": {func(t *testing.T, a *assembly) {
			a.infos, a.alg = [][]byte{a.goodEC(t)}, gcmAlgorithm(oidAES256GCM, make([]byte, 12), 12)
		}, "a tag of 16"},
		"short tag":  {func(t *testing.T, a *assembly) { a.infos, a.tagSize = [][]byte{a.goodEC(t)}, 12 }, "no tag of 16 octets"},
		"no content": {func(t *testing.T, a *assembly) { a.infos, a.absent = [][]byte{a.goodEC(t)}, true }, "content"},
	}
	for what, c := range cases {
		a := newAssembly()
		c.make(t, a)
		b := a.encode(t)

		content, infos, err := OpenAuthEnveloped(b, variantOpeners()...)
		require.Nil(t, content, what)
		require.Nil(t, infos, what)
		require.ErrorIs(t, err, ErrEnvelope, "%s: the strict reader took it", what)

		var out bytes.Buffer
		envelope, err := ReadAuthEnveloped(context.Background(), bytes.NewReader(b), int64(len(b)), &out, variantOpeners()...)
		if c.tolerated != decrypts {
			require.ErrorContains(t, err, c.tolerated, what)
			require.Zero(t, out.Len(), what)
			continue
		}
		require.NoError(t, err, what)
		require.Equal(t, variantText, out.String(), what)
		require.Equal(t, a.content, envelope.ContentType)
		if a.authAttrs != nil {
			require.Equal(t, append([]byte{0x31}, a.authAttrs[1:]...), envelope.Attributes)
		}
	}
	a := newAssembly()
	a.infos = [][]byte{a.goodEC(t), a.goodRSA(t)}
	der.SortSet(a.infos)
	_, _, err := OpenAuthEnveloped(a.encode(t), variantOpeners()...)
	require.NoError(t, err, "without a variant it is the canonical form")
}

// Authenticated attributes are under the tag.
func TestAttributesAreAuthenticated(t *testing.T) {
	a := newAssembly()
	a.infos = [][]byte{a.goodEC(t)}
	a.authAttrs = attributes(0xA1, attribute(der.MustOID("2.25.1"), []byte{4, 1, 7}))
	b := a.encode(t)
	at := bytes.Index(b, []byte{4, 1, 7})
	b[at+2] ^= 1
	_, err := ReadAuthEnveloped(context.Background(), bytes.NewReader(b), int64(len(b)), io.Discard, variantOpeners()...)
	require.True(t, err == ErrDecrypt)
}

// Both key derivations open on each curve.
func TestBothKeyDerivations(t *testing.T) {
	for _, scheme := range []der.OID{oidStdDHSHA256KDF, oidStdDHSHA384KDF} {
		a := newAssembly()
		a.infos = [][]byte{a.kari(t, kari{scheme: scheme})}
		content, _, err := OpenAuthEnveloped(a.encode(t), variantOpeners()...)
		require.NoError(t, err)
		require.Equal(t, variantText, string(content))
	}
}

// BER that other writers make of the same: content in nested segments, long lengths.
func TestNestedSegments(t *testing.T) {
	a := newAssembly()
	a.infos = [][]byte{a.goodEC(t)}
	b := a.encode(t)
	var out bytes.Buffer
	at := bytes.Index(b, []byte{0x80, byte(len(variantText))})
	require.Positive(t, at)
	ciphertext := b[at+2:][:len(variantText)]
	segments := append([]byte{0x24, 0x80, 0x04, 0x03}, ciphertext[:3]...)
	segments = append(segments, 0x04, 0x00, 0, 0)
	segments = append(segments, 0x04, 0x81, byte(len(ciphertext)-3))
	segments = append(segments, ciphertext[3:]...)
	nested := rebuildIndefinite(t, b, at, append(append([]byte{0xA0, 0x80}, segments...), 0, 0))
	_, err := ReadAuthEnveloped(context.Background(), bytes.NewReader(nested), int64(len(nested)), &out, variantOpeners()...)
	require.NoError(t, err)
	require.Equal(t, variantText, out.String())
	_, _, err = OpenAuthEnveloped(nested, variantOpeners()...)
	require.ErrorIs(t, err, ErrEnvelope)
}

// rebuildIndefinite gives every element around the content an indefinite length, and the content another form.
func rebuildIndefinite(t *testing.T, b []byte, at int, content []byte) []byte {
	s := cryptobyte.String(b)
	var info, wrapper, data, recipients, version, encrypted, kind, contentType, alg cryptobyte.String
	require.True(t, s.ReadASN1(&info, asn1.SEQUENCE) && info.ReadASN1Element(&kind, asn1.OBJECT_IDENTIFIER) &&
		info.ReadASN1(&wrapper, constructedTag(0)) && wrapper.ReadASN1(&data, asn1.SEQUENCE) &&
		data.ReadASN1Element(&version, asn1.INTEGER) && data.ReadASN1Element(&recipients, asn1.SET) &&
		data.ReadASN1(&encrypted, asn1.SEQUENCE) && encrypted.ReadASN1Element(&contentType, asn1.OBJECT_IDENTIFIER) &&
		encrypted.ReadASN1Element(&alg, asn1.SEQUENCE))
	out := append([]byte{0x30, 0x80}, kind...)
	out = append(out, 0xA0, 0x80, 0x30, 0x80)
	out = append(append(out, version...), recipients...)
	out = append(out, 0x30, 0x80)
	out = append(append(append(out, contentType...), alg...), content...)
	out = append(out, 0, 0)
	out = append(out, data...) // the tag
	return append(out, 0, 0, 0, 0, 0, 0)
}
