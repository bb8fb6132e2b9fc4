package cms

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// An assembly makes AuthEnvelopedData that our writer would not make, and that decrypts.
type assembly struct {
	outer, content         der.OID
	version                int64
	originatorInfo         []byte
	infos                  [][]byte // not sorted
	alg                    []byte   // of the content, without its nonce when nil
	absent                 bool     // no encryptedContent
	authAttrs, unauthAttrs []byte   // whole elements
	tagSize                int
	cek                    []byte
}

func newAssembly() *assembly {
	a := &assembly{outer: OIDAuthEnvelopedData, content: OIDData, tagSize: 16, cek: make([]byte, 32)}
	rand.Read(a.cek)
	return a
}

const variantText = "contenu"

func (a *assembly) encode(t *testing.T) []byte {
	nonce := make([]byte, 12)
	rand.Read(nonce)
	block, err := aes.NewCipher(a.cek)
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	var aad []byte
	if a.authAttrs != nil {
		aad = append([]byte{0x31}, a.authAttrs[1:]...)
	}
	sealed := gcm.Seal(nil, nonce, []byte(variantText), aad)
	n := len(sealed) - 16
	alg := a.alg
	if alg == nil {
		alg = gcmAlgorithm(oidAES256GCM, nonce, 16)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		der.AddOID(b, a.outer)
		b.AddASN1(constructedTag(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(a.version)
				b.AddBytes(a.originatorInfo)
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
					for _, info := range a.infos {
						b.AddBytes(info)
					}
				})
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					der.AddOID(b, a.content)
					b.AddBytes(alg)
					if !a.absent {
						b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { b.AddBytes(sealed[:n]) })
					}
				})
				b.AddBytes(a.authAttrs)
				b.AddASN1OctetString(sealed[n : n+a.tagSize])
				b.AddBytes(a.unauthAttrs)
			})
		})
	})
	return b.BytesOrPanic()
}

func gcmAlgorithm(oid der.OID, nonce []byte, size int64) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		der.AddOID(b, oid)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(nonce)
			b.AddASN1Int64(size)
		})
	})
	return b.BytesOrPanic()
}

var (
	variantRSA = sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return k
	})
	variantEC = sync.OnceValue(func() *ecdh.PrivateKey {
		k, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	})
	rsaName, ecName = []byte("clef rsa"), []byte("clef ec")
)

func variantOpeners() []Opener {
	return []Opener{{SubjectKeyID: rsaName, Key: variantRSA()}, {SubjectKeyID: ecName, Key: variantEC()}}
}

// good returns RecipientInfos as our writer makes them.
func (a *assembly) goodRSA(t *testing.T) []byte { return a.good(t, rsaName, &variantRSA().PublicKey) }
func (a *assembly) goodEC(t *testing.T) []byte  { return a.good(t, ecName, variantEC().PublicKey()) }
func (a *assembly) good(t *testing.T, name []byte, key crypto.PublicKey) []byte {
	info, err := sealRecipient(a.cek, Recipient{SubjectKeyID: name, PublicKey: &pkix.PublicKeyInfo{Public: key}})
	require.NoError(t, err)
	encoded, err := info.marshal()
	require.NoError(t, err)
	return encoded
}

// ktri has another AlgorithmIdentifier around a good OAEP ciphertext.
func (a *assembly) ktri(t *testing.T, version int64, alg []byte) []byte {
	key, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &variantRSA().PublicKey, a.cek, nil)
	require.NoError(t, err)
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(version)
		b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { b.AddBytes(rsaName) })
		b.AddBytes(alg)
		b.AddASN1OctetString(key)
	})
	return b.BytesOrPanic()
}

// kari takes everything that may vary in a KeyAgreeRecipientInfo, and derives the key as the variant says.
type kari struct {
	version    int64
	parameters []byte // of the ephemeral key
	ukm        []byte
	hasUKM     bool
	scheme     der.OID
	wrap       []byte
	names      [][]byte
	static     bool
	date       bool
}

func (a *assembly) kari(t *testing.T, k kari) []byte {
	if k.version == 0 {
		k.version = 3
	}
	if k.scheme == "" {
		k.scheme = oidStdDHSHA256KDF
	}
	if k.wrap == nil {
		k.wrap = algAES256Wrap
	}
	if k.names == nil {
		k.names = [][]byte{ecName}
	}
	ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	z, err := ephemeral.ECDH(variantEC().PublicKey())
	require.NoError(t, err)
	ukm := k.ukm
	if k.hasUKM && ukm == nil {
		ukm = []byte{}
	}
	kdf := crypto.SHA256
	if k.scheme == oidStdDHSHA384KDF {
		kdf = crypto.SHA384
	}
	wrapped, err := wrapKey(x963KDF(kdf, z, eccSharedInfo(k.wrap, ukm), 32), a.cek)
	require.NoError(t, err)
	var b cryptobyte.Builder
	b.AddASN1(constructedTag(1), func(b *cryptobyte.Builder) {
		b.AddASN1Int64(k.version)
		b.AddASN1(constructedTag(0), func(b *cryptobyte.Builder) {
			if k.static {
				b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { b.AddBytes([]byte("expéditeur")) })
				return
			}
			b.AddASN1(constructedTag(1), func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					der.AddOID(b, oidECPublicKey)
					b.AddBytes(k.parameters)
				})
				b.AddASN1BitString(ephemeral.PublicKey().Bytes())
			})
		})
		if k.hasUKM || k.ukm != nil {
			b.AddASN1(constructedTag(1), func(b *cryptobyte.Builder) { b.AddASN1OctetString(k.ukm) })
		}
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			der.AddOID(b, k.scheme)
			b.AddBytes(k.wrap)
		})
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, name := range k.names {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(constructedTag(0), func(b *cryptobyte.Builder) {
						b.AddASN1OctetString(name)
						if k.date {
							b.AddASN1(asn1.GeneralizedTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte("20260101000000Z")) })
						}
					})
					b.AddASN1OctetString(wrapped)
				})
			}
		})
	})
	return b.BytesOrPanic()
}

func attribute(kind der.OID, value []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		der.AddOID(b, kind)
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(value) })
	})
	return b.BytesOrPanic()
}

func oidValue(oid der.OID) []byte {
	var b cryptobyte.Builder
	der.AddOID(&b, oid)
	return b.BytesOrPanic()
}

func attributes(tag byte, all ...[]byte) []byte { return appendElement(nil, tag, bytes.Join(all, nil)) }

func oaep(parameters ...[]byte) []byte {
	return appendElement(nil, 0x30, append(appendElement(nil, 0x06, string(oidRSAESOAEP)), appendElement(nil, 0x30, bytes.Join(parameters, nil))...))
}

func hashAlgorithm(oid der.OID, parameters ...byte) []byte {
	return appendElement(nil, 0x30, append(appendElement(nil, 0x06, string(oid)), parameters...))
}

func maskAlgorithm(hash []byte) []byte {
	return appendElement(nil, 0xA1, appendElement(nil, 0x30, append(appendElement(nil, 0x06, string(oidMGF1)), hash...)))
}

func labelSource(label string) []byte {
	return appendElement(nil, 0xA2, appendElement(nil, 0x30, append(appendElement(nil, 0x06, string(oidPSpecified)), appendElement(nil, 0x04, label)...)))
}
