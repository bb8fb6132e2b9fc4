package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	_ "crypto/sha1" // registers LegacySHA1
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// signing is a key and how it signs.
type signing struct {
	key    crypto.Signer
	scheme pkix.Scheme
	salt   io.Reader // nil: random
	flip   bool      // flip a bit of the value
}

// signingWith completes a spec with the habits of the identity's key.
func (p *PKI) signingWith(id *Identity, s *spec) signing {
	how := signing{key: id.Key, flip: s.badSignature}
	if how.key == nil {
		panic(fmt.Sprintf("pkitest: %q has no private key to sign with", id.Name))
	}
	var err error
	if how.scheme, err = schemeFor(id.spki, s.hash, s.pss); err != nil {
		panic(fmt.Sprintf("pkitest: %q does not sign so: %v", id.Name, err))
	}
	if s.wrongKey {
		how.key = p.newKey(id.keyType, "impostor of "+id.path)
	}
	if p.deterministic {
		how.salt = p.stream("salt", id.path)
	}
	return how
}

// schemeFor is pkix.SchemeFor, and SHA-1 for LegacySHA1.
func schemeFor(spki []byte, h crypto.Hash, pss bool) (pkix.Scheme, error) {
	info, _, err := pkix.ParsePublicKeyInfo(spki)
	if err != nil {
		return pkix.Scheme{}, err
	}
	legacy := h == crypto.SHA1
	if legacy {
		h = 0
	}
	scheme, err := pkix.SchemeFor(info, h, pss)
	if legacy && scheme.Kind != pkix.EdDSA {
		scheme.Hash = crypto.SHA1
		if scheme.Kind == pkix.PSS {
			scheme.MGFHash, scheme.SaltLength = crypto.SHA1, crypto.SHA1.Size()
		}
	}
	return scheme, err
}

// algorithm is the DER AlgorithmIdentifier of the signature.
func (s signing) algorithm() []byte { return s.scheme.AlgorithmIdentifier(nil).Marshal() }

// sign returns the signature value over a message.
func (s signing) sign(message []byte) []byte {
	source, options := s.salt, s.scheme.SignerOpts()
	if source == nil {
		source = rand.Reader
	}
	if _, ok := s.key.(*ecdsa.PrivateKey); ok {
		source = nil // RFC 6979: the same message has the same value
	}
	if options.HashFunc() != 0 {
		message = digest(options.HashFunc(), message)
	}
	value, err := s.key.Sign(source, message, options)
	if err != nil {
		panic("pkitest: the key does not sign: " + err.Error())
	}
	if s.flip {
		value[len(value)-1] ^= 1
	}
	return value
}

// signed is the SEQUENCE { tbs, algorithm, BIT STRING value } of certificates, CRLs and OCSP responses.
func (s signing) signed(tbs []byte) []byte {
	return sequence(tbs, s.algorithm(), bitString(s.sign(tbs)))
}

func digest(h crypto.Hash, b []byte) []byte {
	sum := h.New()
	sum.Write(b)
	return sum.Sum(nil)
}

// digestAlgorithm is the DER AlgorithmIdentifier of a digest.
func digestAlgorithm(h crypto.Hash) []byte { return pkix.DigestAlgorithm(h).Marshal() }
