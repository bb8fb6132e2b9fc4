package exchange

import (
	"bytes"
	"crypto/sha256"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// A capsuleContent is what the capsule's recipients read once its tag is checked:
//
//	SEQUENCE { version INTEGER 1, payloadKey OCTET STRING (32), riDigest OCTET STRING (32),
//	           manifest ContentInfo, addenda SEQUENCE OF ContentInfo }
//
// riDigest is the SHA-256 of the DER SET OF RecipientInfo, which CMS does not authenticate.
type capsuleContent struct {
	payloadKey []byte
	riDigest   Hash
	manifest   []byte   // ContentInfo of a SignedData
	addenda    [][]byte // same
}

func (c *capsuleContent) marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(Version)
		b.AddASN1OctetString(c.payloadKey)
		b.AddASN1OctetString(c.riDigest[:])
		b.AddBytes(c.manifest)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, a := range c.addenda {
				b.AddBytes(a)
			}
		})
	})
	return b.Bytes()
}

func parseCapsuleContent(b []byte) (*capsuleContent, error) {
	if err := der.Check(b, der.Limits{Size: limits.PliCapsule}); err != nil {
		return nil, refuse(ErrCapsule, "its content is not DER: %w", err)
	}
	var (
		s               = cryptobyte.String(b)
		seq             cryptobyte.String
		version         int64
		key, ri         cryptobyte.String
		manifest, added cryptobyte.String
		c               capsuleContent
	)
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(&version) || version != Version {
		return nil, refuse(ErrCapsule, "its content is not of version %d", Version)
	}
	if !seq.ReadASN1(&key, asn1.OCTET_STRING) || len(key) != payloadKeyLen ||
		!seq.ReadASN1(&ri, asn1.OCTET_STRING) || len(ri) != sha256.Size ||
		!seq.ReadASN1Element(&manifest, asn1.SEQUENCE) || !seq.ReadASN1(&added, asn1.SEQUENCE) || !seq.Empty() {
		return nil, refuse(ErrCapsule, "its content has not the form of one")
	}
	c.payloadKey, c.riDigest, c.manifest = key, Hash(ri), manifest
	for !added.Empty() {
		var a cryptobyte.String
		if !added.ReadASN1Element(&a, asn1.SEQUENCE) {
			return nil, refuse(ErrCapsule, "its addenda have not the form of ContentInfo")
		}
		if len(c.addenda) == limits.PliAddenda || len(a) > limits.PliAddendum {
			return nil, refuse(ErrLimit, "more than %d addenda, or one of more than %d octets", limits.PliAddenda, limits.PliAddendum)
		}
		c.addenda = append(c.addenda, a)
	}
	if again, err := c.marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, refuse(ErrCapsule, "its content is not in its one encoding")
	}
	return &c, nil
}
