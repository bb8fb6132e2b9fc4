package signature

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/ades"
)

// Errors of LoadPKCS12.
var (
	ErrPKCS12   = errors.New("signature: not a PKCS#12 file with one key and its certificate")
	ErrPassword = errors.New("signature: the password of the PKCS#12 file is wrong")
)

// Credentials are a private key and the certificates that vouch for its public key.
type Credentials struct {
	Key   crypto.PrivateKey   // *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey
	Chain []*x509.Certificate // its certificate, then issuers in order as far as the file has them, a root included
}

// LoadPKCS12 reads a PKCS#12 file (RFC 7292), usually named .p12 or .pfx, that holds one key and its certificates. A wrong password is
// ErrPassword; anything else that keeps the key from being read is ErrPKCS12.
func LoadPKCS12(r io.Reader, password string) (*Credentials, error) {
	content, err := io.ReadAll(io.LimitReader(r, limits.PKCS12+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("signature: reading the PKCS#12 file: %w", err)
	case len(content) > limits.PKCS12:
		return nil, fmt.Errorf("%w: more than %d octets", ErrPKCS12, limits.PKCS12)
	}
	key, certificate, others, err := pkcs12.DecodeChain(content, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, ErrPassword
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrPKCS12, err)
	case certificate == nil:
		return nil, fmt.Errorf("%w: no certificate", ErrPKCS12)
	}
	return &Credentials{Key: key, Chain: ordered(certificate, others)}, nil
}

// ordered follows issuers from the certificate up: files hold them in any order, and others beside.
func ordered(certificate *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{certificate}
	for len(chain) <= len(others) {
		last := chain[len(chain)-1]
		if bytes.Equal(last.RawIssuer, last.RawSubject) {
			break
		}
		next := (*x509.Certificate)(nil)
		for _, c := range others {
			if bytes.Equal(c.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(c) == nil {
				next = c
				break
			}
		}
		if next == nil {
			break
		}
		chain = append(chain, next)
	}
	return chain
}

// Signer returns a Signer for the key. Its chain leaves a root out: whoever validates has it already, or does not believe it.
func (c *Credentials) Signer() (ades.Signer, error) {
	key, ok := c.Key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %T does not sign", ErrPKCS12, c.Key)
	}
	chain := c.Chain
	if last := chain[len(chain)-1]; len(chain) > 1 && bytes.Equal(last.RawIssuer, last.RawSubject) {
		chain = chain[:len(chain)-1]
	}
	return ades.FromKey(key, chain)
}
