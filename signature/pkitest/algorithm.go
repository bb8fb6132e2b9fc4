package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // registers LegacySHA1
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"fmt"
	"io"
)

const (
	oidRSAEncryption = "1.2.840.113549.1.1.1"
	oidRSASSAPSS     = "1.2.840.113549.1.1.10"
	oidMGF1          = "1.2.840.113549.1.1.8"
	oidEd25519       = "1.3.101.112"
	oidSHA512        = "2.16.840.1.101.3.4.2.3"
)

// digestOIDs and the signature OIDs over them: RFC 4055, RFC 5758, RFC 9688.
var digestOIDs = map[crypto.Hash]struct{ digest, pkcs1, ecdsa string }{
	crypto.SHA1:     {"1.3.14.3.2.26", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"},
	crypto.SHA224:   {"2.16.840.1.101.3.4.2.4", "1.2.840.113549.1.1.14", "1.2.840.10045.4.3.1"},
	crypto.SHA256:   {"2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"},
	crypto.SHA384:   {"2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"},
	crypto.SHA512:   {"2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"},
	crypto.SHA3_224: {"2.16.840.1.101.3.4.2.7", "2.16.840.1.101.3.4.3.13", "2.16.840.1.101.3.4.3.9"},
	crypto.SHA3_256: {"2.16.840.1.101.3.4.2.8", "2.16.840.1.101.3.4.3.14", "2.16.840.1.101.3.4.3.10"},
	crypto.SHA3_384: {"2.16.840.1.101.3.4.2.9", "2.16.840.1.101.3.4.3.15", "2.16.840.1.101.3.4.3.11"},
	crypto.SHA3_512: {"2.16.840.1.101.3.4.2.10", "2.16.840.1.101.3.4.3.16", "2.16.840.1.101.3.4.3.12"},
}

// signing is a key and how it signs.
type signing struct {
	key  crypto.Signer
	hash crypto.Hash
	pss  bool
	salt io.Reader // nil: random
	flip bool      // flip a bit of the value
}

// signingWith completes a spec with the habits of the key.
func (p *PKI) signingWith(id *Identity, s *spec) signing {
	how := signing{key: id.Key, hash: s.hash, pss: s.pss || id.pss, flip: s.badSignature}
	if s.wrongKey {
		how.key = p.newKey(id.keyType, "impostor of "+id.path)
	}
	if how.key == nil {
		panic(fmt.Sprintf("pkitest: %q has no private key to sign with", id.Name))
	}
	if how.hash == 0 {
		how.hash = defaultHash(how.key)
	}
	if p.deterministic {
		how.salt = p.stream("salt", id.path)
	}
	return how
}

func defaultHash(key crypto.Signer) crypto.Hash {
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P384():
			return crypto.SHA384
		case elliptic.P521():
			return crypto.SHA512
		}
	case ed25519.PublicKey:
		return crypto.SHA512 // what RFC 8419 §3 names beside Ed25519
	}
	return crypto.SHA256
}

// algorithm is the DER AlgorithmIdentifier of the signature.
func (s signing) algorithm() []byte {
	oids, ok := digestOIDs[s.hash]
	if !ok {
		panic(fmt.Sprintf("pkitest: no signature algorithm over %v", s.hash))
	}
	switch s.key.Public().(type) {
	case *rsa.PublicKey:
		if s.pss {
			return pssAlgorithm(s.hash)
		}
		return sequence(oid(oids.pkcs1), null())
	case *ecdsa.PublicKey:
		return sequence(oid(oids.ecdsa))
	case ed25519.PublicKey:
		return sequence(oid(oidEd25519))
	}
	panic(fmt.Sprintf("pkitest: a %T signs nothing here", s.key.Public()))
}

// pssAlgorithm is id-RSASSA-PSS with one hash throughout and a salt of its length. SHA-1 is the default of RFC 4055 §3.1,
// and DER leaves defaults out.
func pssAlgorithm(h crypto.Hash) []byte {
	if h == crypto.SHA1 {
		return sequence(oid(oidRSASSAPSS), sequence())
	}
	digest := sequence(oid(digestOIDs[h].digest), null())
	return sequence(oid(oidRSASSAPSS), sequence(
		explicit(0, digest),
		explicit(1, sequence(oid(oidMGF1), digest)),
		explicit(2, smallInteger(int64(h.Size()))),
	))
}

// sign returns the signature value over a message.
func (s signing) sign(message []byte) []byte {
	source := s.salt
	if source == nil {
		source = rand.Reader
	}
	digest := message
	var options crypto.SignerOpts = crypto.Hash(0)
	switch key := s.key.(type) {
	case *ecdsa.PrivateKey:
		source, options = nil, s.hash // RFC 6979: the same message has the same value
	default:
		if _, ok := key.Public().(ed25519.PublicKey); !ok {
			options = s.hash
		}
		if _, ok := key.Public().(*rsa.PublicKey); ok && s.pss {
			options = &rsa.PSSOptions{SaltLength: s.hash.Size(), Hash: s.hash}
		}
	}
	if options.HashFunc() != 0 {
		h := s.hash.New()
		h.Write(message)
		digest = h.Sum(nil)
	}
	value, err := s.key.Sign(source, digest, options)
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
