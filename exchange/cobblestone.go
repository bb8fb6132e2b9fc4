package exchange

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// Cobblestone-256 (c2sp.org/chunked-encryption): AES-256-GCM over chunks of 16 KiB under a key derived from the input key, a salt
// and a context, with a commitment to that key. The final chunk is always short, so that a truncation shows in the length.
const (
	chunkSize     = 16 << 10
	tagSize       = 16
	sealedChunk   = chunkSize + tagSize
	saltSize      = 24
	commitSize    = 32
	payloadHead   = saltSize + commitSize
	payloadKeyLen = 32
	chunkNonce    = 12
)

// A cobblestone encrypts or decrypts the chunks of one message. It is safe for concurrent use.
type cobblestone struct {
	aead       cipher.AEAD
	nonce      [chunkNonce]byte
	commitment [commitSize]byte
}

var errKeySize = errors.New("a payload key has 32 octets and a salt 24")

func newCobblestone(key, salt, context []byte) (*cobblestone, error) {
	if len(key) != payloadKeyLen || len(salt) != saltSize {
		return nil, errKeySize
	}
	info := "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + string(salt) + string(context)
	derived, err := hkdf.Expand(sha512.New, key, info, payloadKeyLen+chunkNonce+commitSize)
	if err != nil {
		return nil, err
	}
	defer clear(derived)
	block, err := aes.NewCipher(derived[:payloadKeyLen])
	if err != nil {
		return nil, err
	}
	c := new(cobblestone)
	if c.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	copy(c.nonce[:], derived[payloadKeyLen:])
	copy(c.commitment[:], derived[payloadKeyLen+chunkNonce:])
	return c, nil
}

// commits reports, in constant time, whether the key is the one that the commitment names.
func (c *cobblestone) commits(commitment []byte) bool {
	return subtle.ConstantTimeCompare(c.commitment[:], commitment) == 1
}

// nonceOf writes the nonce of chunk k, the base nonce XOR k, into n and returns it: a nonce kept by the caller costs no allocation.
func (c *cobblestone) nonceOf(k int64, n *[chunkNonce]byte) []byte {
	*n = c.nonce
	tail := n[chunkNonce-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^uint64(k))
	return n[:]
}

// seal encrypts in place: b holds the plaintext of chunk k and tagSize octets of room.
func (c *cobblestone) seal(b []byte, k int64, n *[chunkNonce]byte) {
	plain := b[:len(b)-tagSize]
	c.aead.Seal(plain[:0], c.nonceOf(k, n), plain, nil)
}

// open decrypts chunk k in place and returns its plaintext, or false with b zeroed as far as the library does.
func (c *cobblestone) open(b []byte, k int64, n *[chunkNonce]byte) ([]byte, bool) {
	plain, err := c.aead.Open(b[:0], c.nonceOf(k, n), b, nil)
	return plain, err == nil
}

// sealedSize is the length of the payload of a plaintext of n octets.
func sealedSize(n int64) int64 { return payloadHead + n + tagSize*(n/chunkSize+1) }

// plainSize is the length of the plaintext of a payload, false when no plaintext has that length.
func plainSize(sealed int64) (int64, bool) {
	sealed -= payloadHead
	last := sealed % sealedChunk
	if sealed < 0 || last < tagSize {
		return 0, false
	}
	return sealed/sealedChunk*chunkSize + last - tagSize, true
}
