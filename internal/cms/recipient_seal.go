package cms

import (
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

const contentKeySize = 32

// SealRecipients encrypts a content-encryption key of 32 octets to each recipient and returns the DER SET OF RecipientInfo
// (tag 31): a KeyTransRecipientInfo for an RSA key, a KeyAgreeRecipientInfo with an ephemeral key of its own for an EC key,
// whose key derivation is SHA-256, and SHA-384 on P-521. Names may not repeat.
// Errors match [ErrRecipient].
func SealRecipients(cek []byte, recipients []Recipient) ([]byte, error) {
	switch {
	case len(cek) != contentKeySize:
		return nil, fmt.Errorf("cms: a content-encryption key has %d octets", contentKeySize)
	case len(recipients) == 0:
		return nil, fmt.Errorf("%w: there is none", ErrRecipient)
	case len(recipients) > limits.EnvelopeRecipients:
		return nil, fmt.Errorf("%w: %d recipients, the bound is %d", ErrRecipient, len(recipients), limits.EnvelopeRecipients)
	}
	names := make(map[string]bool, len(recipients))
	infos := make([][]byte, 0, len(recipients))
	for i, r := range recipients {
		info, err := sealRecipient(cek, r)
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", i+1, err)
		}
		if names[info.ID.key()] {
			return nil, fmt.Errorf("recipient %d: %w: named twice", i+1, ErrRecipient)
		}
		names[info.ID.key()] = true
		encoded, err := info.marshal()
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w: %w", i+1, ErrRecipient, err)
		}
		infos = append(infos, encoded)
	}
	return marshalRecipientInfos(infos)
}

func marshalRecipientInfos(infos [][]byte) ([]byte, error) {
	var b cryptobyte.Builder
	der.AddSet(&b, asn1.SET, infos)
	return b.Bytes()
}

func sealRecipient(cek []byte, r Recipient) (info recipientInfo, err error) {
	id, key, err := r.resolve()
	if err != nil {
		return info, err
	}
	if id.SubjectKeyID == nil { // what a lenient certificate holds is not always what a strict reader takes
		if der.Check(id.RawIssuer, der.Limits{}) != nil || !der.MinimalInteger(id.RawSerial) {
			return info, fmt.Errorf("%w: issuer or serial number of the certificate is not DER; name the key by subjectKeyIdentifier", ErrRecipient)
		}
	}
	info.ID = id
	switch k := key.(type) {
	case *rsa.PublicKey:
		info.EncryptedKey, err = rsa.EncryptOAEP(sha256.New(), rand.Reader, k, cek, nil)
	case *ecdh.PublicKey:
		info.KDF = crypto.SHA256
		if k.Curve() == ecdh.P521() {
			info.KDF = crypto.SHA384
		}
		info.Point, info.EncryptedKey, err = agreeAndWrap(cek, k, info.KDF)
	}
	if err != nil {
		return info, fmt.Errorf("%w: %w", ErrRecipient, err)
	}
	return info, nil
}

// agreeAndWrap is one ephemeral-static ECDH (RFC 5753 §3.1): a fresh key, the derivation, the wrap.
func agreeAndWrap(cek []byte, public *ecdh.PublicKey, kdf crypto.Hash) (point, wrapped []byte, err error) {
	ephemeral, err := public.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	z, err := ephemeral.ECDH(public)
	if err != nil {
		return nil, nil, err
	}
	kek := x963KDF(kdf, z, eccSharedInfo(algAES256Wrap, nil), contentKeySize)
	wrapped, err = wrapKey(kek, cek)
	clear(z)
	clear(kek)
	return ephemeral.PublicKey().Bytes(), wrapped, err
}

// marshal writes the canonical DER of a RecipientInfo: one encoding for each value, which OpenSSL reads and writes too.
func (info *recipientInfo) marshal() ([]byte, error) {
	var b cryptobyte.Builder
	if info.KDF == 0 {
		b.AddASN1(asn1.SEQUENCE, info.addKeyTransport)
	} else {
		b.AddASN1(constructedTag(1), info.addKeyAgreement)
	}
	return b.Bytes()
}

// addKeyTransport writes the content of a KeyTransRecipientInfo (RFC 5652 §6.2.1): version 0 with issuer and serial number,
// 2 with a subjectKeyIdentifier.
func (info *recipientInfo) addKeyTransport(b *cryptobyte.Builder) {
	if info.ID.SubjectKeyID != nil {
		b.AddASN1Int64(2)
		b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { b.AddBytes(info.ID.SubjectKeyID) })
	} else {
		b.AddASN1Int64(0)
		info.ID.addIssuerAndSerial(b)
	}
	b.AddBytes(algOAEP)
	b.AddASN1OctetString(info.EncryptedKey)
}

// addKeyAgreement writes the content of a KeyAgreeRecipientInfo (RFC 5652 §6.2.2): version 3, the ephemeral key, no ukm, one
// recipient.
func (info *recipientInfo) addKeyAgreement(b *cryptobyte.Builder) {
	b.AddASN1Int64(3)
	b.AddASN1(constructedTag(0), func(b *cryptobyte.Builder) {
		b.AddASN1(constructedTag(1), func(b *cryptobyte.Builder) {
			b.AddBytes(algECPublicKey)
			b.AddASN1BitString(info.Point)
		})
	})
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		scheme := oidStdDHSHA256KDF
		if info.KDF == crypto.SHA384 {
			scheme = oidStdDHSHA384KDF
		}
		der.AddOID(b, scheme)
		b.AddBytes(algAES256Wrap)
	})
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if info.ID.SubjectKeyID != nil { // RecipientKeyIdentifier
				b.AddASN1(constructedTag(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(info.ID.SubjectKeyID) })
			} else {
				info.ID.addIssuerAndSerial(b)
			}
			b.AddASN1OctetString(info.EncryptedKey)
		})
	})
}

func (id SignerID) addIssuerAndSerial(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(id.RawIssuer)
		b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(id.RawSerial) })
	})
}
