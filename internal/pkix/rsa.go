package pkix

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// What crypto/rsa does not verify: exponents of more than 31 bits, a PSS salt of no octet (its 0 means any length), MGF1
// over another digest than the message's. Everything here is public, so nothing need be constant-time.

// rsaPublic returns signature^e mod n in as many octets as the modulus has (RFC 8017 §5.2.2).
func rsaPublic(key *PublicKeyInfo, signature []byte) ([]byte, bool) {
	size := (key.Bits + 7) / 8
	s := new(big.Int).SetBytes(signature)
	if len(signature) != size || s.Cmp(key.Modulus) >= 0 {
		return nil, false
	}
	return s.Exp(s, key.Exponent, key.Modulus).FillBytes(make([]byte, size)), true
}

// verifyPKCS1 compares the encoded message with the only one that RFC 8017 §9.2 allows.
func verifyPKCS1(key *PublicKeyInfo, hash crypto.Hash, digest, signature []byte) error {
	encoded, ok := rsaPublic(key, signature)
	if !ok {
		return rsa.ErrVerification
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		a := DigestAlgorithm(hash)
		a.Parameters = null
		a.Add(b)
		b.AddASN1OctetString(digest)
	})
	info, err := b.Bytes()
	padding := len(encoded) - len(info) - 3
	if err != nil || padding < 8 {
		return rsa.ErrVerification
	}
	want := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, padding)...)
	want = append(append(want, 0), info...)
	if !bytes.Equal(encoded, want) {
		return rsa.ErrVerification
	}
	return nil
}

// verifyPSS is EMSA-PSS-VERIFY (RFC 8017 §9.1.2) with an exact salt length.
func verifyPSS(key *PublicKeyInfo, s Scheme, digest, signature []byte) error {
	encoded, ok := rsaPublic(key, signature)
	if !ok || !s.MGFHash.Available() {
		return rsa.ErrVerification
	}
	bits := key.Bits - 1 // emBits
	if bits%8 == 0 {     // the encoded message is one octet shorter than the modulus
		if encoded[0] != 0 {
			return rsa.ErrVerification
		}
		encoded = encoded[1:]
	}
	hashSize := s.Hash.Size()
	if len(encoded) < hashSize+s.SaltLength+2 || encoded[len(encoded)-1] != 0xbc {
		return rsa.ErrVerification
	}
	masked, h := encoded[:len(encoded)-hashSize-1], encoded[len(encoded)-hashSize-1:len(encoded)-1]
	topBits := byte(0xff) >> (8*len(encoded) - bits)
	if masked[0]&^topBits != 0 {
		return rsa.ErrVerification
	}
	mgf1XOR(masked, s.MGFHash, h)
	masked[0] &= topBits
	padding := len(masked) - s.SaltLength - 1
	for _, octet := range masked[:padding] {
		if octet != 0 {
			return rsa.ErrVerification
		}
	}
	if masked[padding] != 1 {
		return rsa.ErrVerification
	}
	again := s.Hash.New()
	again.Write(make([]byte, 8))
	again.Write(digest)
	again.Write(masked[padding+1:])
	if !bytes.Equal(again.Sum(nil), h) {
		return rsa.ErrVerification
	}
	return nil
}

// mgf1XOR masks out with MGF1 (RFC 8017 §B.2.1) of seed.
func mgf1XOR(out []byte, hash crypto.Hash, seed []byte) {
	h := hash.New()
	var block []byte
	for i, counter := 0, uint32(0); i < len(out); counter++ {
		h.Reset()
		h.Write(seed)
		h.Write([]byte{byte(counter >> 24), byte(counter >> 16), byte(counter >> 8), byte(counter)})
		block = h.Sum(block[:0])
		for j := 0; j < len(block) && i < len(out); i, j = i+1, j+1 {
			out[i] ^= block[j]
		}
	}
}
