package cms_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"sync"
)

var p256, p384, p521 = elliptic.P256(), elliptic.P384(), elliptic.P521()

var newOtherRSAKey = sync.OnceValue(func() envelopeKey { return newRSAKey(2048, "autre") })

func newEd25519Key() envelopeKey {
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	return newEnvelopeKey(private, "ed25519")
}

// A failingDecrypter has a public key, and always the same answer.
type failingDecrypter struct {
	crypto.Decrypter
	answer []byte
	err    error
}

func (f failingDecrypter) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return f.answer, f.err
}

type failingExchanger struct {
	ecdh.KeyExchanger
	answer []byte
	err    error
}

func (f failingExchanger) ECDH(*ecdh.PublicKey) ([]byte, error) { return f.answer, f.err }

type notRSA struct{}

func (notRSA) Public() crypto.PublicKey { return ed25519.PublicKey{} }
func (notRSA) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return nil, nil
}
