package pkix

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
)

// Verify checks a signature value over a message held in memory. See [Scheme.VerifyDigest] for the errors.
func (s Scheme) Verify(key *PublicKeyInfo, message, signature []byte) error {
	if s.Kind != EdDSA {
		if !s.Hash.Available() {
			return fmt.Errorf("pkix: digest of %s: %w", s.Kind, ErrUnsupported)
		}
		h := s.Hash.New()
		h.Write(message)
		return s.VerifyDigest(key, h.Sum(nil), signature)
	}
	if err := s.fits(key); err != nil {
		return err
	}
	public, ok := key.Public.(ed25519.PublicKey)
	if !ok {
		return key.uncomputable()
	}
	if !ed25519.Verify(public, message, signature) {
		return s.wrong()
	}
	return nil
}

// VerifyDigest checks a signature value over a message whose digest under s.Hash is given. Ed25519 signs messages, not
// digests: use [Scheme.Verify].
//
// The error wraps ErrSignature if the value is wrong, ErrUnsupported if the key cannot be computed here (a curve, a size),
// ErrAlgorithm if key and scheme do not go together, ErrKey if the key is malformed. Encodings are strict: an RSA value has
// the length of the modulus (RFC 8017 §8.1.2, §8.2.2), an ECDSA or DSA value is one DER SEQUENCE of two positive INTEGERs
// with nothing after.
func (s Scheme) VerifyDigest(key *PublicKeyInfo, digest, signature []byte) error {
	if s.Kind == EdDSA {
		return fmt.Errorf("pkix: Ed25519 verifies a message, not a digest: %w", ErrAlgorithm)
	}
	if err := s.fits(key); err != nil {
		return err
	}
	if !s.Hash.Available() || len(digest) != s.Hash.Size() {
		return fmt.Errorf("pkix: %s with a digest of %d octets: %w", s.Name(), len(digest), ErrAlgorithm)
	}
	if key.Public == nil && !key.wideExponent {
		return key.uncomputable()
	}
	switch s.Kind {
	case PKCS1v15, PSS:
		return s.verifyRSA(key, digest, signature)
	case ECDSA:
		if public, ok := key.Public.(*ecdsa.PublicKey); ok && ecdsa.VerifyASN1(public, digest, signature) {
			return nil
		}
	case DSA:
		if verifyDSA(key, digest, signature) {
			return nil
		}
	}
	return s.wrong()
}

func (s Scheme) wrong() error { return fmt.Errorf("pkix: %s: %w", s.Name(), ErrSignature) }

func (s Scheme) verifyRSA(key *PublicKeyInfo, digest, signature []byte) error {
	public, _ := key.Public.(*rsa.PublicKey)
	isStandard := public != nil && (s.Kind == PKCS1v15 || s.MGFHash == s.Hash && s.SaltLength > 0)
	var err error
	switch {
	case !isStandard && s.Kind == PKCS1v15:
		err = verifyPKCS1(key, s.Hash, digest, signature)
	case !isStandard:
		err = verifyPSS(key, s, digest, signature)
	case s.Kind == PKCS1v15:
		err = rsa.VerifyPKCS1v15(public, s.Hash, digest, signature)
	default:
		err = rsa.VerifyPSS(public, s.Hash, digest, signature, &rsa.PSSOptions{SaltLength: s.SaltLength})
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, rsa.ErrVerification):
		return s.wrong()
	}
	return fmt.Errorf("pkix: %s: %w: %w", s.Name(), ErrUnsupported, err)
}

// CheckIssued verifies the signature of subject with the key of issuer. Names, dates and usages are not compared. The
// identifiers inside and outside the signed part must be the same (RFC 5280 §4.1.1.2), or the error is ErrAlgorithm.
func CheckIssued(subject, issuer *Certificate) error {
	if !subject.SignatureAlgorithm.Equal(subject.TBSSignatureAlgorithm) {
		return fmt.Errorf("pkix: signatureAlgorithm and signature differ (RFC 5280 §4.1.1.2): %w", ErrAlgorithm)
	}
	scheme, err := ParseScheme(subject.SignatureAlgorithm, &issuer.PublicKey, crypto.Hash(0))
	if err != nil {
		return err
	}
	return scheme.Verify(&issuer.PublicKey, subject.RawTBS, subject.Signature)
}
