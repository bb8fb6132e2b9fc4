package signature

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
)

// Errors of LoadPKCS12. All but ErrPassword match ErrPKCS12.
var (
	ErrPKCS12      = errors.New("signature: not a PKCS#12 file with one key and its certificate")
	ErrPassword    = errors.New("signature: the password of the PKCS#12 file is wrong")
	ErrNoKey       = fmt.Errorf("%w: it holds no private key", ErrPKCS12)
	ErrSeveralKeys = fmt.Errorf("%w: it holds several private keys; export the one to sign with alone", ErrPKCS12)
	// ErrKeyCertificate: the file holds a key and certificates, none of which is that of the key.
	ErrKeyCertificate = fmt.Errorf("%w: no certificate in it is that of the key", ErrPKCS12)
)

// Credentials are a private key and the certificates that vouch for its public key.
type Credentials struct {
	Key   crypto.PrivateKey   // *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey
	Chain []*x509.Certificate // its certificate, then issuers in order as far as the file has them, a root included
}

// LoadPKCS12 reads a PKCS#12 file (RFC 7292), usually named .p12 or .pfx, that holds one key and its certificates, in any order. A
// wrong password is ErrPassword; ErrNoKey, ErrSeveralKeys and ErrKeyCertificate say what is in the file instead; anything else
// that keeps the key from being read is ErrPKCS12.
func LoadPKCS12(r io.Reader, password string) (*Credentials, error) {
	content, err := io.ReadAll(io.LimitReader(r, limits.PKCS12+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("signature: reading the PKCS#12 file: %w", err)
	case len(content) > limits.PKCS12:
		return nil, fmt.Errorf("%w: more than %d octets", ErrPKCS12, limits.PKCS12)
	case asksForTooMuch(content, 0):
		return nil, fmt.Errorf("%w: it asks for more than %d iterations", ErrPKCS12, limits.PKCS12Iterations)
	}
	key, certificate, others, err := pkcs12.DecodeChain(content, password)
	if err != nil {
		return nil, pkcs12Error(err)
	}
	public, ok := key.(interface{ Public() crypto.PublicKey })
	if !ok {
		return nil, fmt.Errorf("%w: a key of type %T", ErrPKCS12, key)
	}
	certificates := append([]*x509.Certificate{certificate}, others...)
	own := slices.IndexFunc(certificates, func(c *x509.Certificate) bool {
		k, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		return ok && k.Equal(public.Public())
	})
	if own < 0 {
		return nil, ErrKeyCertificate
	}
	return &Credentials{Key: key, Chain: ordered(certificates[own], certificates)}, nil
}

// pkcs12Error gives the errors of the decoder, most of which have no type, those of this package.
func pkcs12Error(err error) error {
	switch text := err.Error(); {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return ErrPassword
	case text == "pkcs12: no MAC in data":
		return fmt.Errorf("%w: it is not protected by a password", ErrPassword)
	case text == "pkcs12: private key missing":
		return ErrNoKey
	case text == "pkcs12: expected exactly one key bag":
		return ErrSeveralKeys
	case text == "pkcs12: certificate missing":
		return fmt.Errorf("%w: it holds no certificate", ErrKeyCertificate)
	case strings.Contains(text, "asn1: "): // what the decoder says then is for who wrote it
		return fmt.Errorf("%w: it is damaged, or a file of another kind", ErrPKCS12)
	}
	return fmt.Errorf("%w: %w", ErrPKCS12, err)
}

// asksForTooMuch reports whether an INTEGER outside what is encrypted is beyond the iterations that are computed here: the
// decoder would go on for hours. OCTET STRINGs are looked into, since PKCS#12 is made of layers.
func asksForTooMuch(b []byte, depth int) bool {
	for len(b) > 0 && depth < limits.DERDepth {
		var element asn1.RawValue
		rest, err := asn1.Unmarshal(b, &element)
		if err != nil {
			return false
		}
		b = rest
		var n int64
		isLayer := element.IsCompound || element.Tag == asn1.TagOctetString && len(element.Bytes) > 0 && element.Bytes[0] == sequenceTag
		switch {
		case element.Tag == asn1.TagInteger && len(element.Bytes) <= 8:
			if _, err := asn1.Unmarshal(element.FullBytes, &n); err == nil && n > limits.PKCS12Iterations {
				return true
			}
		case isLayer && asksForTooMuch(element.Bytes, depth+1):
			return true
		}
	}
	return false
}

const sequenceTag = 0x30

// ordered follows issuers from the certificate up: files hold them in any order, and others beside.
func ordered(certificate *x509.Certificate, all []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{certificate}
	for len(chain) < len(all) {
		last := chain[len(chain)-1]
		if bytes.Equal(last.RawIssuer, last.RawSubject) {
			break
		}
		next := slices.IndexFunc(all, func(c *x509.Certificate) bool { return issued(c, last) })
		if next < 0 {
			break
		}
		chain = append(chain, all[next])
	}
	return chain
}

// issued compares by our own rules: crypto/x509 does not verify SHA-1, which old chains have.
func issued(issuer, subject *x509.Certificate) bool {
	if !bytes.Equal(issuer.RawSubject, subject.RawIssuer) {
		return false
	}
	above, err := pkix.ParseCertificate(issuer.Raw)
	if err != nil {
		return false
	}
	below, err := pkix.ParseCertificate(subject.Raw)
	return err == nil && pkix.CheckIssued(below, above) == nil
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
