package cms

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A SignerRequest is what a signer needs to know. The content is known by its digest alone.
type SignerRequest struct {
	// Certificate is the signer's. It is named in the SignerInfo, by issuer and serial number or, with KeyID, by its
	// subject key identifier. It is not added to the message.
	Certificate *pkix.Certificate
	KeyID       bool
	// Scheme says how the key signs, and its Hash is the digestAlgorithm: see pkix.SchemeFor. The zero value is the usual one
	// for the key.
	Scheme pkix.Scheme
	// ContentType is eContentType; the zero value is OIDData.
	ContentType der.OID
	// Digest is that of the content, under Scheme.Hash (SHA-512 for Ed25519, RFC 8419 §3.1).
	Digest []byte
	// Attributes are signed besides content-type and message-digest.
	Attributes []Attribute
}

// ErrDigest: the digest of the content does not have the length of the algorithm.
var ErrDigest = errors.New("cms: not a digest of the signer's algorithm")

// NewSigner returns a SignerInfo that lacks only its signature value, and the scheme under which that value is made over
// ToBeSigned. A remote key works between this and putting the value into Signature.
func NewSigner(r SignerRequest) (*SignerInfo, pkix.Scheme, error) {
	key := &r.Certificate.PublicKey
	scheme := r.Scheme
	if scheme.Kind == "" {
		var err error
		if scheme, err = pkix.SchemeFor(key, scheme.Hash, false); err != nil {
			return nil, scheme, err
		}
	}
	contentType := r.ContentType
	if contentType == "" {
		contentType = OIDData
	}
	if len(r.Digest) != scheme.Hash.Size() {
		return nil, scheme, fmt.Errorf("%w: %d octets, %s has %d", ErrDigest, len(r.Digest), pkix.DigestName(scheme.Hash), scheme.Hash.Size())
	}
	attributes, err := SignedAttributes(contentType, r.Digest, r.Attributes)
	if err != nil {
		return nil, scheme, err
	}
	si := &SignerInfo{
		SID:                 IssuerSerialOf(r.Certificate),
		DigestAlgorithm:     pkix.DigestAlgorithm(scheme.Hash),
		SignatureAlgorithm:  scheme.AlgorithmIdentifier(key),
		RawSignedAttributes: attributes,
	}
	if r.KeyID {
		si.SID = KeyIDOf(r.Certificate)
	}
	si.Version = si.version()
	if si.SignatureAlgorithm.OID == "" {
		return nil, scheme, fmt.Errorf("cms: %s has no identifier: %w", scheme.Name(), pkix.ErrUnsupported)
	}
	return si, scheme, nil
}

// Sign makes a SignerInfo with a key at hand. random is a source such as crypto/rand.Reader.
func Sign(random io.Reader, key crypto.Signer, r SignerRequest) (*SignerInfo, error) {
	si, scheme, err := NewSigner(r)
	if err != nil {
		return nil, err
	}
	message, options := si.RawSignedAttributes, scheme.SignerOpts()
	if options.HashFunc() != 0 {
		message = digestOf(scheme.Hash, message)
	}
	if si.Signature, err = key.Sign(random, message, options); err != nil {
		return nil, fmt.Errorf("cms: the key did not sign: %w", err)
	}
	return si, nil
}

// digestOf hashes a message that is in memory.
func digestOf(h crypto.Hash, message []byte) []byte {
	state := h.New()
	state.Write(message)
	return state.Sum(nil)
}
