package ades

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

// A Signer holds a signing key, or knows who holds it, and the certificates that vouch for it. A file, a card, an HSM and a
// remote service are all Signers. Implementations are safe for concurrent use.
type Signer interface {
	// Chain returns the signing certificate first, then its issuers as far as they are known. It is never empty.
	Chain() []*x509.Certificate
	// Sign returns the signature value over r.Message: PKCS#1 v1.5 or PSS octets for RSA, the DER Ecdsa-Sig-Value for
	// ECDSA (RFC 5753 §7.2), 64 octets for Ed25519.
	Sign(ctx context.Context, r Request) ([]byte, error)
}

// A BatchSigner is a Signer that signs many requests in one exchange, as remote services and cards do (one PIN).
type BatchSigner interface {
	Signer
	// SignBatch returns one value per request, in their order.
	SignBatch(ctx context.Context, requests []Request) ([][]byte, error)
}

// A Request is what a Signer signs. Message holds the DER of the signed attributes, a few hundred octets: never a document.
type Request struct {
	Message []byte      `json:"message"`
	Digest  []byte      `json:"digest"` // Hash of Message; what a card or a remote service signs
	Hash    crypto.Hash `json:"hash"`
	PSS     bool        `json:"pss,omitempty"` // RSASSA-PSS, MGF1 and salt length of Hash
}

// NewRequest is the request to sign message with a scheme that uses hash. For Ed25519, which hashes by itself, hash is
// SHA-512 (RFC 8419 §3).
func NewRequest(message []byte, hash crypto.Hash, pss bool) Request {
	h := hash.New()
	h.Write(message)
	return Request{Message: message, Digest: h.Sum(nil), Hash: hash, PSS: pss}
}

// Errors of FromKey.
var (
	ErrNoCertificate  = errors.New("ades: a signer needs its certificate")
	ErrKeyMismatch    = errors.New("ades: the key is not that of the certificate")
	ErrUnsupportedKey = errors.New("ades: keys are RSA (2048 bits or more), ECDSA P-256, P-384 or P-521, or Ed25519")
)

type keySigner struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

// FromKey returns a Signer for a local key: anything that is a crypto.Signer. chain[0] certifies it, issuers may follow.
// It fails if the key and chain[0] do not match, or if no standard scheme exists for the key.
func FromKey(key crypto.Signer, chain []*x509.Certificate) (Signer, error) {
	if len(chain) == 0 || chain[0] == nil {
		return nil, ErrNoCertificate
	}
	if key == nil {
		return nil, fmt.Errorf("%w: no key", ErrUnsupportedKey)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %T", ErrUnsupportedKey, key.Public())
	}
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 {
			return nil, fmt.Errorf("%w: RSA %d", ErrUnsupportedKey, public.N.BitLen())
		}
		// A certificate whose own algorithm is id-RSASSA-PSS holds the same RSAPublicKey under another OID, and
		// crypto/x509 leaves its PublicKey nil: the octets of the key are compared, not what was made of them.
		var info struct {
			Algorithm pkix.AlgorithmIdentifier
			Key       asn1.BitString
		}
		if _, err := asn1.Unmarshal(chain[0].RawSubjectPublicKeyInfo, &info); err != nil ||
			!bytes.Equal(info.Key.Bytes, x509.MarshalPKCS1PublicKey(public)) {
			return nil, ErrKeyMismatch
		}
	case *ecdsa.PublicKey:
		if public.Curve.Params().BitSize < 256 {
			return nil, fmt.Errorf("%w: %s", ErrUnsupportedKey, public.Curve.Params().Name)
		}
		if !bytes.Equal(spki, chain[0].RawSubjectPublicKeyInfo) {
			return nil, ErrKeyMismatch
		}
	case ed25519.PublicKey:
		if !bytes.Equal(spki, chain[0].RawSubjectPublicKeyInfo) {
			return nil, ErrKeyMismatch
		}
	default:
		return nil, fmt.Errorf("%w: %T", ErrUnsupportedKey, public)
	}
	return &keySigner{key: key, chain: chain}, nil
}

func (s *keySigner) Chain() []*x509.Certificate { return s.chain }

func (s *keySigner) Sign(ctx context.Context, r Request) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch s.key.Public().(type) {
	case ed25519.PublicKey:
		return s.key.Sign(rand.Reader, r.Message, crypto.Hash(0))
	case *rsa.PublicKey:
		if r.PSS {
			return s.key.Sign(rand.Reader, r.Digest, &rsa.PSSOptions{SaltLength: r.Hash.Size(), Hash: r.Hash})
		}
	}
	return s.key.Sign(rand.Reader, r.Digest, r.Hash)
}

// IsLocal reports whether a Signer comes from FromKey with a private key of the standard library: one that computes in this
// process, and whose values need no second look.
func IsLocal(s Signer) bool {
	k, ok := s.(*keySigner)
	if !ok {
		return false
	}
	switch k.key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey, *ed25519.PrivateKey:
		return true
	}
	return false
}
