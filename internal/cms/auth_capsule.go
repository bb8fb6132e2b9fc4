package cms

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// SealAuthEnveloped encrypts content to the recipients, in one piece, and returns the canonical DER of a ContentInfo that holds
// an AuthEnvelopedData. content gets the DER SET OF RecipientInfo first: CMS does not authenticate it, a content that holds its
// digest does. The result is refused beyond limits.EnvelopeCapsule, for [OpenAuthEnveloped] would.
// Errors match [ErrRecipient], or are those of content.
func SealAuthEnveloped(recipients []Recipient, content func(recipientInfos []byte) ([]byte, error)) ([]byte, error) {
	var cek [contentKeySize]byte
	var nonce [gcmNonceSize]byte
	rand.Read(cek[:])
	rand.Read(nonce[:])
	defer clear(cek[:])
	recipientInfos, err := SealRecipients(cek[:], recipients)
	if err != nil {
		return nil, err
	}
	plaintext, err := content(bytes.Clone(recipientInfos))
	if err != nil {
		return nil, err
	}
	out := appendEnvelopePrefix(nil, recipientInfos, nonce[:], int64(len(plaintext)))
	if len(out)+len(plaintext)+2+gcmTagSize > limits.EnvelopeCapsule {
		return nil, fmt.Errorf("cms: a capsule beyond %d octets", limits.EnvelopeCapsule)
	}
	gcm, err := newCapsuleGCM(&cek)
	if err != nil {
		return nil, err
	}
	sealed := gcm.Seal(nil, nonce[:], plaintext, nil)
	return appendEnvelope(out, sealed), nil
}

// OpenAuthEnveloped opens what [SealAuthEnveloped] wrote, and nothing else: content of type id-data, AES-256-GCM with a nonce of
// 12 octets and a tag of 16, RecipientInfos of the two kinds above in DER order and no name twice, no optional field. It writes
// what it read again and compares every octet. It returns the content and the DER SET OF RecipientInfo, which is authentic
// only if the content says so.
//
// Openers are tried in the order of the RecipientInfos that name them. Errors match [ErrEnvelope], [ErrOpener], or are
// [ErrDecrypt].
func OpenAuthEnveloped(b []byte, openers ...Opener) (content, recipientInfos []byte, err error) {
	keys, err := resolveOpeners(openers)
	if err != nil {
		return nil, nil, err
	}
	e, err := parseCapsule(b)
	if err != nil {
		return nil, nil, err
	}
	candidates, err := candidatesFor(keys, e.infos)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range candidates {
		cek := c.contentKey()
		gcm, err := newCapsuleGCM(&cek)
		clear(cek[:])
		if err != nil {
			return nil, nil, err
		}
		if content, err := gcm.Open(nil, e.nonce, e.sealed, nil); err == nil {
			return content, e.recipientInfos, nil
		}
	}
	return nil, nil, ErrDecrypt
}

func newCapsuleGCM(cek *[contentKeySize]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(cek[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// A capsule is an AuthEnvelopedData in memory.
type capsule struct {
	recipientInfos []byte
	infos          []recipientInfo
	nonce          []byte
	sealed         []byte // ciphertext and tag
}

var errNotCanonical = errors.New("not the canonical encoding: what it says is written otherwise")

// parseCapsule reads the one accepted encoding.
func parseCapsule(b []byte) (e capsule, err error) {
	if len(b) > limits.EnvelopeCapsule {
		return e, fmt.Errorf("%w: %w: %d octets, the bound is %d", ErrEnvelope, der.ErrLimit, len(b), limits.EnvelopeCapsule)
	}
	if err := der.Check(b, der.Limits{Elements: limits.EnvelopeElements}); err != nil {
		return e, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	var (
		s                                             = cryptobyte.String(b)
		info, wrapper, data, encrypted, ciphertext, t cryptobyte.String
		recipients                                    cryptobyte.String
		contentType                                   der.OID
		alg                                           pkix.AlgorithmIdentifier
		version                                       int64
	)
	if !s.ReadASN1(&info, asn1.SEQUENCE) || !s.Empty() || !der.ReadOID(&info, &contentType) {
		return e, envelopeError("no ContentInfo (RFC 5652 §3)")
	}
	if contentType != OIDAuthEnvelopedData {
		return e, envelopeError("content type %s is not AuthEnvelopedData (RFC 5083 §2)", contentType)
	}
	if !info.ReadASN1(&wrapper, constructedTag(0)) || !info.Empty() ||
		!wrapper.ReadASN1(&data, asn1.SEQUENCE) || !wrapper.Empty() ||
		!data.ReadASN1Integer(&version) || version != 0 {
		return e, envelopeError("no AuthEnvelopedData of version 0 (RFC 5083 §2.1)")
	}
	if !data.ReadASN1Element(&recipients, asn1.SET) {
		return e, envelopeError("something before recipientInfos: originatorInfo is not accepted here")
	}
	if !data.ReadASN1(&encrypted, asn1.SEQUENCE) || !der.ReadOID(&encrypted, &contentType) ||
		!pkix.ReadAlgorithmIdentifier(&encrypted, &alg) ||
		!encrypted.ReadASN1(&ciphertext, contextTag(0)) || !encrypted.Empty() {
		return e, envelopeError("no EncryptedContentInfo with its content (RFC 5652 §6.1)")
	}
	if contentType != OIDData {
		return e, envelopeError("content of type %s: only id-data is accepted", contentType)
	}
	if e.nonce, err = parseGCM(alg); err != nil {
		return e, err
	}
	if !data.ReadASN1(&t, asn1.OCTET_STRING) || len(t) != gcmTagSize || !data.Empty() {
		return e, envelopeError("no tag of 16 octets at the end: attributes are not accepted here (RFC 5083 §2.1)")
	}
	e.recipientInfos = recipients
	if e.infos, err = parseRecipientInfos(recipients); err != nil {
		return e, err
	}
	if err := checkNames(e.infos); err != nil {
		return e, err
	}
	e.sealed = append(append(make([]byte, 0, len(ciphertext)+len(t)), ciphertext...), t...)
	again, err := e.rewrite(len(ciphertext))
	if err != nil {
		return e, err
	}
	if !bytes.Equal(again, b) {
		return e, envelopeError("%w", errNotCanonical)
	}
	return e, nil
}

// rewrite encodes what was read, from its values alone.
func (e *capsule) rewrite(size int) ([]byte, error) {
	elements := make([][]byte, len(e.infos))
	for i := range e.infos {
		info := &e.infos[i]
		if info.Refused != "" {
			return nil, refusedRecipient(i+1, info.Refused)
		}
		if info.UKM != nil || info.KDF != 0 && len(info.EncryptedKey) != contentKeySize+keyWrapBlock {
			return nil, envelopeError("recipient %d: user keying material, or a wrapped key that is not of 40 octets", i+1)
		}
		var err error
		if elements[i], err = info.marshal(); err != nil {
			return nil, envelopeError("recipient %d: %w", i+1, err)
		}
	}
	recipientInfos, err := marshalRecipientInfos(elements)
	if err != nil {
		return nil, envelopeError("%w", err)
	}
	return appendEnvelope(appendEnvelopePrefix(nil, recipientInfos, e.nonce, int64(size)), e.sealed), nil
}

// appendEnvelope adds ciphertext and tag to the prefix.
func appendEnvelope(b, sealed []byte) []byte {
	n := len(sealed) - gcmTagSize
	b = append(b, sealed[:n]...)
	b = append(b, tagOctetString, gcmTagSize)
	return append(b, sealed[n:]...)
}

// parseGCM reads the AlgorithmIdentifier of AES-256-GCM and GCMParameters (RFC 5084 §3.2), and returns the nonce. ICVlen has 12
// as its DEFAULT, so 16 is always there.
func parseGCM(alg pkix.AlgorithmIdentifier) (nonce []byte, err error) {
	if alg.OID != oidAES256GCM {
		return nil, envelopeAlgorithmError(refusal("content encryption algorithm", alg.OID, refusedCiphers) + "; only AES-256-GCM is accepted")
	}
	var s, iv cryptobyte.String
	var size int64
	parameters := cryptobyte.String(alg.Parameters)
	if !parameters.ReadASN1(&s, asn1.SEQUENCE) || !parameters.Empty() || !s.ReadASN1(&iv, asn1.OCTET_STRING) ||
		!s.ReadASN1Integer(&size) || !s.Empty() || len(iv) != gcmNonceSize || size != gcmTagSize {
		return nil, envelopeAlgorithmError("AES-256-GCM with other parameters than a nonce of 12 octets and a tag of 16 (RFC 5084 §3.2)")
	}
	return iv, nil
}
