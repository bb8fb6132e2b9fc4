package pkitest

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// An Identity is a certificate and its private key.
type Identity struct {
	Name string // as declared: the common name
	// DER is the certificate.
	DER []byte
	// Certificate is DER as crypto/x509 reads it, nil when it cannot (a curve or an encoding it does not know).
	Certificate *x509.Certificate
	// Key is nil when only a public key was certified.
	Key crypto.Signer

	pki         *PKI
	issuer      *Authority // nil: self-signed
	path        string
	keyType     KeyType
	pss         bool
	restriction crypto.Hash // of an id-RSASSA-PSS key
	spki        []byte
	serial      []byte
	usage       Usage
}

// Issuer is the authority that signed the certificate, nil for a root.
func (id *Identity) Issuer() *Authority { return id.issuer }

// SerialOctets is the content of the serial number's INTEGER.
func (id *Identity) SerialOctets() []byte { return bytes.Clone(id.serial) }

// ChainDER is the certificate, then its issuers, without the root: what a signature or a TLS peer carries.
func (id *Identity) ChainDER() [][]byte {
	chain := [][]byte{id.DER}
	for a := id.issuer; a != nil && a.issuer != nil; a = a.issuer {
		chain = append(chain, a.DER)
	}
	return chain
}

// Chain is ChainDER as crypto/x509 reads it. It panics on a certificate that crypto/x509 does not read.
func (id *Identity) Chain() []*x509.Certificate {
	var chain []*x509.Certificate
	for _, der := range id.ChainDER() {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			panic(fmt.Sprintf("pkitest: the chain of %q: %v; use ChainDER", id.Name, err))
		}
		chain = append(chain, c)
	}
	return chain
}

// Root is the authority at the end of the chain, nil when id is that root itself.
func (id *Identity) Root() *Authority {
	a := id.issuer
	for a != nil && a.issuer != nil {
		a = a.issuer
	}
	return a
}

// PEM is the certificate alone.
func (id *Identity) PEM() []byte { return certificatePEM(id.DER) }

// ChainPEM is the certificate, then its issuers without the root.
func (id *Identity) ChainPEM() []byte {
	return certificatePEM(id.ChainDER()...)
}

func certificatePEM(ders ...[]byte) []byte {
	var out bytes.Buffer
	for _, der := range ders {
		pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return out.Bytes()
}

// KeyDER is the private key in PKCS#8 (RFC 5958), not encrypted. The algorithm of an id-RSASSA-PSS key is id-RSASSA-PSS.
func (id *Identity) KeyDER() []byte {
	if id.Key == nil {
		panic(fmt.Sprintf("pkitest: %q has no private key", id.Name))
	}
	der, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		panic("pkitest: " + err.Error())
	}
	if !id.pss {
		return der
	}
	input := cryptobyte.String(der)
	var info, key cryptobyte.String
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.INTEGER) || !info.SkipASN1(asn1.SEQUENCE) ||
		!info.ReadASN1(&key, asn1.OCTET_STRING) {
		panic("pkitest: unexpected PKCS#8")
	}
	return sequence(smallInteger(0), pssKeyAlgorithm(id.restriction).Marshal(), octets(key))
}

// KeyPEM is KeyDER as "PRIVATE KEY".
func (id *Identity) KeyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: id.KeyDER()})
}

// PKCS12 is the key, the certificate and its issuers with the root, encrypted with AES-256 and authenticated with
// HMAC-SHA-256: what openssl and this library read. Iterations are few, for the sake of tests.
func (id *Identity) PKCS12(password string) ([]byte, error) {
	return id.pkcs12(pkcs12.Modern2023.WithIterations(2048), password)
}

// LegacyPKCS12 is the same with the algorithms of 1996 (3DES, SHA-1) that old tools alone read.
func (id *Identity) LegacyPKCS12(password string) ([]byte, error) {
	return id.pkcs12(pkcs12.LegacyDES, password)
}

func (id *Identity) pkcs12(encoder *pkcs12.Encoder, password string) ([]byte, error) {
	if id.Certificate == nil || id.Key == nil {
		return nil, fmt.Errorf("pkitest: PKCS#12 needs a key and a certificate that crypto/x509 reads: %q", id.Name)
	}
	issuers := id.Chain()[1:]
	if root := id.Root(); root != nil {
		issuers = append(issuers, root.Certificate)
	}
	return encoder.Encode(id.Key, id.Certificate, issuers, password)
}

// TLS is the identity for crypto/tls.
func (id *Identity) TLS() tls.Certificate {
	return tls.Certificate{Certificate: id.ChainDER(), PrivateKey: id.Key, Leaf: id.Certificate}
}

// subject is the Name of the certificate's subject.
func (id *Identity) subject() []byte {
	parsed, err := pkix.ParseCertificate(id.DER)
	if err != nil {
		panic(fmt.Sprintf("pkitest: the certificate of %q was edited beyond reading, and cannot issue or sign: %v", id.Name, err))
	}
	return parsed.RawSubject
}
