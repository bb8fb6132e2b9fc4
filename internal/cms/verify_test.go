package cms_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// tlv is an element in DER, by hand: what these tests write is often what our writer refuses to.
func tlv(tag byte, contents ...[]byte) []byte {
	content := bytes.Join(contents, nil)
	n := len(content)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
}

func oid(o der.OID) []byte { return tlv(6, []byte(o)) }

func attribute(o der.OID, values ...[]byte) []byte { return tlv(0x30, oid(o), tlv(0x31, values...)) }

func hashOf(h crypto.Hash, b []byte) []byte {
	state := h.New()
	state.Write(b)
	return state.Sum(nil)
}

// forge is a signature whose every field can be chosen. Its value is always right for what it is over.
type forge struct {
	identity    string
	scheme      ours.Scheme // how the key really signs
	contentType der.OID
	content     []byte
	attributes  [][]byte // in the order given; nil: none, the value is over the content
	wrapped     func(set []byte) (inMessage, signed []byte)
	digest      []byte // AlgorithmIdentifier in the message
	signature   []byte
	value       func([]byte) []byte
	detached    bool
}

func (f forge) message(t *testing.T) []byte {
	id := identityOf(t, f.identity)
	signed := f.content
	var inMessage []byte
	if f.attributes != nil {
		set := tlv(0x31, f.attributes...)
		inMessage, signed = append([]byte{0xa0}, set[1:]...), set
		if f.wrapped != nil {
			inMessage, signed = f.wrapped(set)
		}
	}
	input, options := signed, f.scheme.SignerOpts()
	if options.HashFunc() != 0 {
		input = hashOf(f.scheme.Hash, signed)
	}
	value, err := id.key.Sign(rand.Reader, input, options)
	require.NoError(t, err)
	if f.value != nil {
		value = f.value(value)
	}
	if f.digest == nil {
		f.digest = ours.DigestAlgorithm(f.scheme.Hash).Marshal()
	}
	if f.signature == nil {
		f.signature = f.scheme.AlgorithmIdentifier(&id.cert.PublicKey).Marshal()
	}
	signer := tlv(0x30, []byte{2, 1, 1}, tlv(0x30, id.cert.RawIssuer, tlv(2, id.cert.RawSerial)), f.digest, inMessage, f.signature, tlv(4, value))
	encap := oid(f.contentType)
	if !f.detached {
		encap = append(encap, tlv(0xa0, tlv(4, f.content))...)
	}
	version := byte(1)
	if f.contentType != cms.OIDData {
		version = 3
	}
	sd := tlv(0x30, []byte{2, 1, version}, tlv(0x31, f.digest), tlv(0x30, encap), tlv(0xa0, id.cert.Raw), tlv(0x31, signer))
	return tlv(0x30, oid(cms.OIDSignedData), tlv(0xa0, sd))
}

// sorted returns the elements in the order of DER.
func sorted(elements ...[]byte) [][]byte {
	der.SortSet(elements)
	return elements
}

var (
	ecdsa256 = ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA256}
	deal     = []byte("Le conseil municipal a délibéré.")
)

// good is a signature with nothing wrong, from which each test departs.
func good(t *testing.T) forge {
	return forge{identity: "p256", scheme: ecdsa256, contentType: cms.OIDData, content: deal, attributes: sorted(
		attribute(cms.OIDContentType, oid(cms.OIDData)),
		attribute(cms.OIDMessageDigest, tlv(4, hashOf(crypto.SHA256, deal))),
		cms.SigningTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)).Marshal(),
		cms.SigningCertificateV2(identityOf(t, "p256").cert, crypto.SHA256).Marshal(),
	)}
}

func TestVerifyReasons(t *testing.T) {
	contentType := attribute(cms.OIDContentType, oid(cms.OIDData))
	messageDigest := attribute(cms.OIDMessageDigest, tlv(4, hashOf(crypto.SHA256, deal)))
	signingTime := cms.SigningTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)).Marshal()
	laterTime := cms.SigningTime(time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)).Marshal()
	sha256ID, sha384ID := ours.DigestAlgorithm(crypto.SHA256).Marshal(), ours.DigestAlgorithm(crypto.SHA384).Marshal()
	with := func(change func(*forge)) forge { f := good(t); change(&f); return f }
	attributes := func(attrs ...[]byte) forge { return with(func(f *forge) { f.attributes = attrs }) }
	protection := func(digest, signature ours.AlgorithmIdentifier) []byte {
		s := signature.Marshal()
		return attribute(cms.OIDAlgorithmProtection, tlv(0x30, digest.Marshal(), append([]byte{0xa1}, s[1:]...)))
	}
	ecdsaID := ours.AlgorithmIdentifier{OID: der.MustOID("1.2.840.10045.4.3.2")}
	indefinite := func(b []byte) []byte {
		h, err := der.ReadHeader(b)
		require.NoError(t, err)
		return append(append([]byte{b[0], 0x80}, b[h.Size:]...), 0, 0)
	}
	value := func(b []byte) []byte { // the first value of an attribute, re-encoded
		attrs, err := cms.ParseAttributes(tlv(0x31, b))
		require.NoError(t, err)
		return attrs[0].Values[0]
	}
	const (
		pss   = ours.PSS
		pkcs1 = ours.PKCS1v15
	)
	tests := []struct {
		name    string
		forge   forge
		reasons []cms.Reason
	}{
		{"sound", good(t), nil},
		{"sound without optional attributes", attributes(sorted(contentType, messageDigest)...), nil},
		{"sound without attributes", with(func(f *forge) { f.attributes = nil }), nil},
		{"sound with an attribute nobody knows, twice", attributes(sorted(contentType, messageDigest, attribute("\x2a\x03\x04", []byte{5, 0}), attribute("\x2a\x03\x04", []byte{5, 0}))...), nil},
		{"sound with algorithm protection", attributes(sorted(contentType, messageDigest, protection(ours.DigestAlgorithm(crypto.SHA256), ecdsaID))...), nil},
		{"sound with NULL in the digest algorithm", with(func(f *forge) { f.digest = tlv(0x30, oid(ours.DigestAlgorithm(crypto.SHA256).OID), []byte{5, 0}) }), nil},
		{"sound with rsaEncryption as signature algorithm", with(func(f *forge) {
			f.identity, f.scheme = "rsa2048", ours.Scheme{Kind: pkcs1, Hash: crypto.SHA256}
			f.signature = tlv(0x30, oid(der.MustOID("1.2.840.113549.1.1.1")), []byte{5, 0})
		}), nil},
		{"sound with a content timestamp in BER", attributes(sorted(contentType, messageDigest, attribute(cms.OIDContentTimestamp, indefinite(tlv(0x30, []byte{5, 0}))))...), nil},

		{"no content-type", attributes(messageDigest), []cms.Reason{cms.ContentTypeMissing}},
		{"two content-types", attributes(contentType, contentType, messageDigest), []cms.Reason{cms.AttributeDuplicate}},
		{"content-type with two values", attributes(sorted(attribute(cms.OIDContentType, oid(cms.OIDData), oid(cms.OIDSignedData)), messageDigest)...), []cms.Reason{cms.AttributeDuplicate}},
		{"content-type without value", attributes(sorted(attribute(cms.OIDContentType), messageDigest)...), []cms.Reason{cms.AttributeMalformed}},
		{"content-type that is no identifier", attributes(sorted(attribute(cms.OIDContentType, tlv(4, []byte(cms.OIDData))), messageDigest)...), []cms.Reason{cms.AttributeMalformed}},
		{"content-type of something else", attributes(sorted(attribute(cms.OIDContentType, oid(cms.OIDTSTInfo)), messageDigest)...), []cms.Reason{cms.ContentTypeMismatch}},
		{"eContentType of something else", with(func(f *forge) { f.contentType = cms.OIDTSTInfo }), []cms.Reason{cms.ContentTypeMismatch}},

		{"no message-digest", attributes(contentType), []cms.Reason{cms.MessageDigestMissing}},
		{"two message-digests", attributes(sorted(contentType, messageDigest, attribute(cms.OIDMessageDigest, tlv(4, make([]byte, 32))))...), nil},
		{"message-digest with two values", attributes(sorted(contentType, attribute(cms.OIDMessageDigest, sorted(tlv(4, make([]byte, 32)), tlv(4, hashOf(crypto.SHA256, deal)))...))...), nil},
		{"message-digest that is no octet string", attributes(sorted(contentType, attribute(cms.OIDMessageDigest, tlv(3, []byte{0}, hashOf(crypto.SHA256, deal))))...), []cms.Reason{cms.AttributeMalformed}},
		{"message-digest of other content", attributes(sorted(contentType, attribute(cms.OIDMessageDigest, tlv(4, hashOf(crypto.SHA256, []byte("other")))))...), []cms.Reason{cms.MessageDigestMismatch}},
		{"message-digest cut", attributes(sorted(contentType, attribute(cms.OIDMessageDigest, tlv(4, hashOf(crypto.SHA256, deal)[:31])))...), []cms.Reason{cms.MessageDigestMismatch}},
		{"neither", attributes(signingTime), []cms.Reason{cms.ContentTypeMissing, cms.MessageDigestMissing}},

		{"signing-time twice", attributes(sorted(contentType, messageDigest, signingTime, laterTime)...), []cms.Reason{cms.AttributeDuplicate}},
		{"signing-time with two values", attributes(sorted(contentType, messageDigest, attribute(cms.OIDSigningTime, value(signingTime), value(laterTime)))...), []cms.Reason{cms.AttributeDuplicate}},
		{"signing-certificate-v2 twice", attributes(sorted(contentType, messageDigest, good(t).attributes[3], good(t).attributes[3])...), []cms.Reason{cms.AttributeDuplicate}},

		{"attributes out of order", attributes(reversed(sorted(contentType, messageDigest))...), []cms.Reason{cms.AttributesNotDER}},
		{"values out of order", attributes(sorted(contentType, messageDigest, attribute("\x2a\x03\x04", []byte{5, 0}, []byte{4, 0}))...), []cms.Reason{cms.AttributesNotDER}},
		{"no attribute at all", attributes([][]byte{}...), []cms.Reason{cms.AttributesNotDER, cms.ContentTypeMissing, cms.MessageDigestMissing}},
		{"an attribute of indefinite length", attributes(sorted(contentType, indefinite(messageDigest))...), []cms.Reason{cms.AttributesNotDER}},
		{"a BOOLEAN that is 01", attributes(sorted(contentType, messageDigest, attribute("\x2a\x03\x04", []byte{1, 1, 1}))...), []cms.Reason{cms.AttributesNotDER}},
		{"a content timestamp in BER around its value", attributes(sorted(contentType, messageDigest, indefinite(attribute(cms.OIDContentTimestamp, []byte{5, 0})))...), []cms.Reason{cms.AttributesNotDER}},
		{"BER in the message, DER under the value", with(func(f *forge) {
			f.wrapped = func(set []byte) ([]byte, []byte) { b := indefinite(set); b[0] = 0xa0; return b, set }
		}), []cms.Reason{cms.AttributesNotDER}},
		{"a long length in the message, DER under the value", with(func(f *forge) {
			f.wrapped = func(set []byte) ([]byte, []byte) {
				h, _ := der.ReadHeader(set)
				n := h.Length
				return append([]byte{0xa0, 0x83, 0, byte(n >> 8), byte(n)}, set[h.Size:]...), set
			}
		}), []cms.Reason{cms.AttributesNotDER}},

		{"another type without attributes", with(func(f *forge) { f.contentType, f.attributes = cms.OIDTSTInfo, nil }), []cms.Reason{cms.AttributesMissing}},

		{"PKCS #1 with another digest", with(func(f *forge) {
			f.identity, f.scheme, f.digest = "rsa2048", ours.Scheme{Kind: pkcs1, Hash: crypto.SHA384}, sha256ID
		}), []cms.Reason{cms.AlgorithmDisagreement}},
		{"PKCS #1 that lies about its digest", with(func(f *forge) {
			f.identity, f.scheme = "rsa2048", ours.Scheme{Kind: pkcs1, Hash: crypto.SHA384}
			f.signature = ours.Scheme{Kind: pkcs1, Hash: crypto.SHA256}.AlgorithmIdentifier(nil).Marshal()
			f.digest = sha256ID
		}), []cms.Reason{cms.SignatureWrong}},
		{"PSS with another digest", with(func(f *forge) {
			f.identity, f.scheme, f.digest = "rsa2048", ours.Scheme{Kind: pss, Hash: crypto.SHA384, MGFHash: crypto.SHA384, SaltLength: 48}, sha256ID
		}), []cms.Reason{cms.AlgorithmDisagreement}},
		{"PSS with another salt than it says", with(func(f *forge) {
			f.identity, f.scheme = "rsa2048", ours.Scheme{Kind: pss, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 20}
			f.signature = ours.Scheme{Kind: pss, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}.AlgorithmIdentifier(nil).Marshal()
		}), []cms.Reason{cms.SignatureWrong}},
		{"PSS without parameters", with(func(f *forge) {
			f.identity, f.scheme = "rsa2048", ours.Scheme{Kind: pss, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}
			f.signature = tlv(0x30, oid(der.MustOID("1.2.840.113549.1.1.10")))
		}), []cms.Reason{cms.AlgorithmMalformed, cms.AlgorithmDisagreement}},
		{"ECDSA with another digest", with(func(f *forge) { f.digest = sha384ID; f.attributes = attributes384(t) }), []cms.Reason{cms.AlgorithmDisagreement}},
		{"ECDSA said to be RSA", with(func(f *forge) {
			f.signature = ours.Scheme{Kind: pkcs1, Hash: crypto.SHA256}.AlgorithmIdentifier(nil).Marshal()
		}), []cms.Reason{cms.AlgorithmDisagreement}},
		{"Ed25519 with SHA-256", with(func(f *forge) {
			f.identity, f.scheme, f.digest = "ed25519", ours.Scheme{Kind: ours.EdDSA, Hash: crypto.SHA512}, sha256ID
		}), []cms.Reason{cms.AlgorithmDisagreement}},
		{"protected digest algorithm is another", attributes(sorted(contentType, messageDigest, protection(ours.DigestAlgorithm(crypto.SHA512), ecdsaID))...), []cms.Reason{cms.AlgorithmDisagreement}},
		{"protected signature algorithm is another", attributes(sorted(contentType, messageDigest, protection(ours.DigestAlgorithm(crypto.SHA256), ours.AlgorithmIdentifier{OID: der.MustOID("1.2.840.10045.4.3.3")}))...), []cms.Reason{cms.AlgorithmDisagreement}},
		{"algorithm protection without signature algorithm", attributes(sorted(contentType, messageDigest, attribute(cms.OIDAlgorithmProtection, tlv(0x30, sha256ID)))...), []cms.Reason{cms.AttributeMalformed}},

		{"MD5", with(func(f *forge) { f.digest = tlv(0x30, oid(der.MustOID("1.2.840.113549.2.5")), []byte{5, 0}) }), []cms.Reason{cms.UnsupportedAlgorithm}},
		{"Ed448", with(func(f *forge) { f.signature = tlv(0x30, oid(der.MustOID("1.3.101.113"))) }), []cms.Reason{cms.UnsupportedAlgorithm, cms.UnsupportedAlgorithm}},
		{"Ed25519 without attributes", with(func(f *forge) {
			f.identity, f.scheme, f.attributes = "ed25519", ours.Scheme{Kind: ours.EdDSA, Hash: crypto.SHA512}, nil
		}), []cms.Reason{cms.UnsupportedAlgorithm}},
		{"digest algorithm with odd parameters", with(func(f *forge) { f.digest = tlv(0x30, oid(ours.DigestAlgorithm(crypto.SHA256).OID), []byte{2, 1, 1}) }), []cms.Reason{cms.AlgorithmMalformed}},

		{"value changed", with(func(f *forge) { f.value = func(v []byte) []byte { v[len(v)-1] ^= 1; return v } }), []cms.Reason{cms.SignatureWrong}},
		{"value with an octet more", with(func(f *forge) { f.value = func(v []byte) []byte { return append(v, 0) } }), []cms.Reason{cms.SignatureWrong}},
		{"value empty", with(func(f *forge) { f.value = func([]byte) []byte { return nil } }), []cms.Reason{cms.SignatureWrong}},
		{"RSA value with a zero octet in front", with(func(f *forge) {
			f.identity, f.scheme = "rsa2048", ours.Scheme{Kind: pkcs1, Hash: crypto.SHA256}
			f.value = func(v []byte) []byte { return append([]byte{0}, v...) }
		}), []cms.Reason{cms.SignatureWrong}},
		{"value of another's key", with(func(f *forge) {
			f.value = func([]byte) []byte {
				v, err := identityOf(t, "p256-other").key.Sign(rand.Reader, hashOf(crypto.SHA256, tlv(0x31, good(t).attributes...)), crypto.SHA256)
				require.NoError(t, err)
				return v
			}
		}), []cms.Reason{cms.SignatureWrong}},
		{"content without attributes changed", with(func(f *forge) {
			f.attributes = nil
			f.value = func([]byte) []byte {
				v, err := identityOf(t, "p256").key.Sign(rand.Reader, hashOf(crypto.SHA256, []byte("other")), crypto.SHA256)
				require.NoError(t, err)
				return v
			}
		}), []cms.Reason{cms.SignatureWrong}},
		{"swap", swap(t, good(t)), []cms.Reason{cms.ContentLooksLikeAttributes}},
		{"swap of many attributes", swap(t, attributes(sorted(contentType, messageDigest, attribute("\x2a\x03\x04", tlv(4, make([]byte, 9000))))...)), []cms.Reason{cms.ContentLooksLikeAttributes}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sd, _, err := cms.Parse(test.forge.message(t))
			require.NoError(t, err)
			got := verify(t, sd, 0)
			switch test.name {
			case "two message-digests", "message-digest with two values":
				require.Contains(t, got, cms.AttributeDuplicate)
			default:
				require.Equal(t, test.reasons, got)
			}
			for _, f := range sd.Verify(0, identityOf(t, test.forge.identity).cert, nil) {
				require.NotEmpty(t, f.Clause)
				require.NotEmpty(t, f.Message)
				require.Equal(t, f.Reason == cms.UnsupportedAlgorithm, f.Unsupported)
				require.Equal(t, "cms."+string(f.Reason), f.Problem().Code)
				require.Equal(t, !f.Unsupported, f.Problem().Fatal)
			}
		})
	}
}

func attributes384(t *testing.T) [][]byte {
	return sorted(attribute(cms.OIDContentType, oid(cms.OIDData)), attribute(cms.OIDMessageDigest, tlv(4, hashOf(crypto.SHA384, deal))))
}

func reversed(elements [][]byte) [][]byte {
	for i, j := 0, len(elements)-1; i < j; i, j = i+1, j-1 {
		elements[i], elements[j] = elements[j], elements[i]
	}
	return elements
}

// swap turns a signature with signed attributes into one without, over the attributes: its value is right.
func swap(t *testing.T, f forge) forge {
	sd, _, err := cms.Parse(f.message(t))
	require.NoError(t, err)
	si := sd.SignerInfos[0]
	f.content, f.attributes = bytes.Clone(si.RawSignedAttributes), nil
	f.value = func([]byte) []byte { return si.Signature }
	return f
}

// TestContentThatStartsLikeASet is signed without attributes and is no set of attributes.
func TestContentThatStartsLikeASet(t *testing.T) {
	long := bytes.Repeat([]byte("1. Le conseil. "), 1000)
	for _, content := range [][]byte{
		[]byte("1"), []byte("1."), []byte("10"), []byte("1\xc3\x89tude"), long, append([]byte("1\xc3\x89"), long...), append([]byte("1\x83"), long...),
		{0x31, 0}, tlv(0x31, tlv(0x30)), tlv(0x31, tlv(0x30, oid(cms.OIDData))), tlv(0x31, oid(cms.OIDData)),
		append(tlv(0x31, attribute(cms.OIDContentType, oid(cms.OIDData))), 0), tlv(0x31, tlv(4, make([]byte, 5000))),
	} {
		f := good(t)
		f.content, f.attributes = content, nil
		sd, _, err := cms.Parse(f.message(t))
		require.NoError(t, err)
		require.Empty(t, verify(t, sd, 0), "%.20q", content)
	}
}

// TestDetachedWithoutAttributes: what is known of the content by digest alone cannot exclude the attribute-swap forgery.
func TestDetachedWithoutAttributes(t *testing.T) {
	f := good(t)
	f.attributes, f.detached = nil, true
	sd, _, err := cms.Parse(f.message(t))
	require.NoError(t, err)
	cert := identityOf(t, "p256").cert
	require.Equal(t, []cms.Reason{cms.ContentMissing}, reasons(sd.Verify(0, cert, nil)))
	byDigest := func(h crypto.Hash) ([]byte, bool) { return hashOf(h, deal), true }
	require.Equal(t, []cms.Reason{cms.ContentUnexamined}, reasons(sd.Verify(0, cert, byDigest)))
	require.True(t, sd.Verify(0, cert, byDigest)[0].Unsupported)
	content := cms.NewContent(crypto.SHA256, crypto.SHA256)
	content.Write(deal)
	sd.SetContent(content)
	require.Empty(t, sd.Verify(0, cert, nil))
	require.EqualValues(t, len(deal), content.Size())
	require.Equal(t, deal, content.Head())

	f = swap(t, good(t))
	f.detached = true
	sd, _, err = cms.Parse(f.message(t))
	require.NoError(t, err)
	content = cms.NewContent(crypto.SHA256)
	content.Write(f.content)
	sd.SetContent(content)
	require.Equal(t, []cms.Reason{cms.ContentLooksLikeAttributes}, reasons(sd.Verify(0, cert, nil)))
}

func TestVerifyWithoutCertificate(t *testing.T) {
	sd, _, err := cms.Parse(good(t).message(t))
	require.NoError(t, err)
	findings := sd.Verify(0, nil, nil)
	require.Equal(t, []cms.Reason{cms.CertificateMissing}, reasons(findings))
	require.True(t, findings[0].Unsupported)
	require.Empty(t, sd.CheckForm(0, nil))
	require.Empty(t, sd.CheckValue(0, identityOf(t, "p256").cert, nil))
	require.Equal(t, []cms.Reason{cms.CertificateMismatch, cms.SignatureWrong}, reasons(sd.Verify(0, identityOf(t, "p256-other").cert, nil)))
	require.Equal(t, []cms.Reason{cms.CertificateMismatch, cms.AlgorithmDisagreement}, reasons(sd.Verify(0, identityOf(t, "rsa2048").cert, nil)))

	broken := *identityOf(t, "p256").cert
	key, _, err := ours.ParsePublicKeyInfo(tlv(0x30, tlv(0x30, oid(der.MustOID("1.2.840.10045.2.1")), oid(der.MustOID("1.2.840.10045.3.1.7"))), tlv(3, []byte{0, 4, 1, 2})))
	require.NoError(t, err)
	broken.PublicKey = *key
	require.Equal(t, []cms.Reason{cms.KeyMalformed}, reasons(sd.Verify(0, &broken, nil)))
}

// TestRestrictedKey: a key that is for PSS with SHA-256 only signs nothing else.
func TestRestrictedKey(t *testing.T) {
	id := identityOf(t, "rsa2048")
	restricted := *id.cert
	public := id.key.Public().(*rsa.PublicKey)
	pss256 := ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}
	spki := tlv(0x30, pss256.AlgorithmIdentifier(nil).Marshal(), tlv(3, []byte{0}, id.cert.PublicKey.Key))
	key, _, err := ours.ParsePublicKeyInfo(spki)
	require.NoError(t, err)
	require.NotNil(t, key.PSS)
	require.Equal(t, public.N.BitLen(), key.Bits)
	restricted.PublicKey = *key
	for _, test := range []struct {
		scheme  ours.Scheme
		reasons []cms.Reason
	}{
		{pss256, nil},
		{ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 20}, []cms.Reason{cms.AlgorithmDisagreement}},
		{ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA512, MGFHash: crypto.SHA512, SaltLength: 64}, []cms.Reason{cms.AlgorithmDisagreement}},
		{ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA256}, []cms.Reason{cms.AlgorithmDisagreement}},
	} {
		si := id.signer(t, deal, func(r *cms.SignerRequest) { r.Scheme = test.scheme })
		message, err := message([]*cms.SignerInfo{si}, id).MarshalAttached(deal)
		require.NoError(t, err)
		sd, _, err := cms.Parse(message)
		require.NoError(t, err)
		require.Equal(t, test.reasons, reasons(sd.Verify(0, &restricted, nil)), test.scheme.Name())
	}
}

func TestCountersignature(t *testing.T) {
	id, other := identityOf(t, "p256"), identityOf(t, "p384")
	parent := id.signer(t, deal, nil)
	sign := func(attrs ...[]byte) *cms.SignerInfo {
		set := tlv(0x31, attrs...)
		value, err := other.key.Sign(rand.Reader, hashOf(crypto.SHA384, set), crypto.SHA384)
		require.NoError(t, err)
		raw := tlv(0x30, []byte{2, 1, 1}, tlv(0x30, other.cert.RawIssuer, tlv(2, other.cert.RawSerial)), ours.DigestAlgorithm(crypto.SHA384).Marshal(),
			append([]byte{0xa0}, set[1:]...), ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA384}.AlgorithmIdentifier(nil).Marshal(), tlv(4, value))
		si, err := cms.ParseSignerInfo(raw)
		require.NoError(t, err)
		return si
	}
	digest := attribute(cms.OIDMessageDigest, tlv(4, hashOf(crypto.SHA384, parent.Signature)))
	require.Empty(t, sign(digest).VerifyCountersignature(parent, other.cert))
	require.Equal(t, []cms.Reason{cms.ContentTypeMismatch},
		reasons(sign(sorted(digest, attribute(cms.OIDContentType, oid(cms.OIDData)))...).VerifyCountersignature(parent, other.cert)))
	require.Equal(t, []cms.Reason{cms.MessageDigestMismatch}, reasons(sign(digest).VerifyCountersignature(id.signer(t, deal, nil), other.cert)))
	require.Equal(t, []cms.Reason{cms.CertificateMissing}, reasons(sign(digest).VerifyCountersignature(parent, nil)))

	// Without signed attributes it is over the value itself, which is sound unless that is the attributes of another signature.
	bare := func(over []byte) *cms.SignerInfo {
		value, err := other.key.Sign(rand.Reader, hashOf(crypto.SHA384, over), crypto.SHA384)
		require.NoError(t, err)
		si, err := cms.ParseSignerInfo(tlv(0x30, []byte{2, 1, 1}, tlv(0x30, other.cert.RawIssuer, tlv(2, other.cert.RawSerial)), ours.DigestAlgorithm(crypto.SHA384).Marshal(),
			ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA384}.AlgorithmIdentifier(nil).Marshal(), tlv(4, value)))
		require.NoError(t, err)
		return si
	}
	require.Empty(t, bare(parent.Signature).VerifyCountersignature(parent, other.cert))
	chosen := *parent
	chosen.Signature = tlv(0x31, digest)
	require.Equal(t, []cms.Reason{cms.ContentLooksLikeAttributes}, reasons(bare(chosen.Signature).VerifyCountersignature(&chosen, other.cert)))
}
