package cms

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// AES key wrap, RFC 3394 with its default initial value.

const keyWrapBlock = 8

var (
	keyWrapInitial = [keyWrapBlock]byte{0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6}
	errKeyWrap     = errors.New("cms: the wrapped key does not unwrap")
)

// wrapKey wraps a key of 16 octets or more, a multiple of 8, under kek. The result is 8 octets longer.
func wrapKey(kek, key []byte) ([]byte, error) {
	if len(key) < 2*keyWrapBlock || len(key)%keyWrapBlock != 0 {
		return nil, errors.New("cms: AES key wrap takes keys of 16 octets or more, a multiple of 8")
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	out := make([]byte, keyWrapBlock+len(key))
	copy(out[keyWrapBlock:], key)
	var b [aes.BlockSize]byte
	copy(b[:], keyWrapInitial[:])
	n := len(key) / keyWrapBlock
	for t := range 6 * n {
		r := out[keyWrapBlock*(t%n+1):][:keyWrapBlock]
		copy(b[keyWrapBlock:], r)
		block.Encrypt(b[:], b[:])
		copy(r, b[keyWrapBlock:])
		binary.BigEndian.PutUint64(b[:], binary.BigEndian.Uint64(b[:])^uint64(t+1))
	}
	copy(out, b[:keyWrapBlock])
	clear(b[:])
	return out, nil
}

// unwrapKey is the inverse. Whatever fails, the error is the same and nothing of the key is returned.
func unwrapKey(kek, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 3*keyWrapBlock || len(wrapped)%keyWrapBlock != 0 {
		return nil, errKeyWrap
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	key := append([]byte(nil), wrapped[keyWrapBlock:]...)
	var b [aes.BlockSize]byte
	copy(b[:], wrapped[:keyWrapBlock])
	n := len(key) / keyWrapBlock
	for t := 6*n - 1; t >= 0; t-- {
		r := key[keyWrapBlock*(t%n):][:keyWrapBlock]
		binary.BigEndian.PutUint64(b[:], binary.BigEndian.Uint64(b[:])^uint64(t+1))
		copy(b[keyWrapBlock:], r)
		block.Decrypt(b[:], b[:])
		copy(r, b[keyWrapBlock:])
	}
	good := subtle.ConstantTimeCompare(b[:keyWrapBlock], keyWrapInitial[:])
	clear(b[:])
	if good != 1 {
		clear(key)
		return nil, errKeyWrap
	}
	return key, nil
}
