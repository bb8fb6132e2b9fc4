package exchange

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/siren"
)

// Attributes of a subject that hold a number of the SIRENE register: "0002 " and 9 or 14 digits in organizationalUnitName (RGS
// A4 VII.1), "NTRFR-" and the same in organizationIdentifier (EN 319 412-1 §5.1.4).
var (
	oidUnit       = der.MustOID("2.5.4.11")
	oidIdentifier = der.MustOID("2.5.4.97")
)

// Bits of keyUsage (RFC 5280 §4.2.1.3).
const (
	digitalSignature = 0
	nonRepudiation   = 1
	keyEncipherment  = 2
	keyAgreement     = 4
)

// SIRETOf returns the SIRET that a certificate's subject carries in 14 digits. Most French seals carry a SIREN only: false.
func SIRETOf(c *x509.Certificate) (SIRET, bool) {
	p, err := pkix.ParseCertificate(c.Raw)
	if err != nil {
		return "", false
	}
	numbers := registered(p)
	var found SIRET
	for _, n := range numbers {
		if len(n) == 14 {
			if found != "" && found != SIRET(n) {
				return "", false
			}
			found = SIRET(n)
		}
	}
	return found, found != "" && holds(p, found) == held
}

// registered returns the valid SIREN and SIRET of a subject.
func registered(c *pkix.Certificate) (numbers []string) {
	for prefix, values := range map[string][]string{"0002 ": c.Subject.Get(oidUnit), "NTRFR-": c.Subject.Get(oidIdentifier)} {
		for _, v := range values {
			if n, ok := strings.CutPrefix(v, prefix); ok && (siren.ValidSIREN(n) || siren.ValidSIRET(n)) {
				numbers = append(numbers, n)
			}
		}
	}
	return numbers
}

// A holding is what a certificate says of a SIRET.
type holding int

const (
	silent       holding = iota // it names nobody of the register
	prefix                      // it names the legal unit
	held                        // it names the establishment
	contradicted                // it names another
)

// holds compares every number of the subject with a SIRET.
func holds(c *pkix.Certificate, s SIRET) holding {
	result := silent
	for _, n := range registered(c) {
		switch {
		case n == string(s):
			result = max(result, held)
		case n == s.SIREN():
			result = max(result, prefix)
		default:
			return contradicted
		}
	}
	return result
}

// A RecipientKey is whom a pli is for, and the certificates of its encryption keys: any one of them opens.
type RecipientKey struct {
	SIRET        SIRET
	Certificates []*x509.Certificate
}

// recipientOf checks that a certificate may encrypt to an establishment at a time.
func recipientOf(c *x509.Certificate, s SIRET, at time.Time) (cms.Recipient, error) {
	p, err := pkix.ParseCertificate(c.Raw)
	if err != nil {
		return cms.Recipient{}, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	fail := func(format string, args ...any) (cms.Recipient, error) {
		return cms.Recipient{}, refuse(ErrOptions, "the encryption certificate of %s (%s) %s", s, p.Subject, fmt.Sprintf(format, args...))
	}
	if at.Before(p.NotBefore) || at.After(p.NotAfter) {
		return fail("is valid from %s to %s, not on %s", formatTime(p.NotBefore), formatTime(p.NotAfter), formatTime(at))
	}
	if why := encrypts(p); why != "" {
		return fail("%s", why)
	}
	if holds(p, s) == contradicted {
		return fail("names another establishment or legal unit")
	}
	return cms.Recipient{Certificate: p}, nil
}

// encrypts returns why a certificate is not one to encrypt to, or nothing. RGS annexe A4: one key, one usage.
func encrypts(p *pkix.Certificate) string {
	bit, name := keyEncipherment, "keyEncipherment"
	if p.PublicKey.Kind == pkix.KeyEC {
		bit, name = keyAgreement, "keyAgreement"
	}
	switch {
	case p.BasicConstraints != nil && p.BasicConstraints.CA:
		return "is that of an authority"
	case p.KeyUsage == nil || p.KeyUsage.Bits&(1<<bit) == 0:
		return "may not encrypt: its keyUsage has no " + name
	}
	return ""
}

// signs returns why a certificate is not one to seal with, or nothing.
func signs(p *pkix.Certificate) string {
	switch {
	case p.BasicConstraints != nil && p.BasicConstraints.CA:
		return "is that of an authority"
	case p.KeyUsage == nil || p.KeyUsage.Bits&(1<<digitalSignature|1<<nonRepudiation) == 0:
		return "may not sign: its keyUsage has neither digitalSignature nor nonRepudiation"
	}
	return ""
}

// An Identity is an encryption certificate and its private key, with which a recipient opens plis.
type Identity struct {
	opener cms.Opener
}

// NewIdentity takes an encryption certificate and its key: for RSA a [crypto.Decrypter] that does OAEP with SHA-256, for P-256,
// P-384 and P-521 an [ecdh.KeyExchanger] or an *ecdsa.PrivateKey. Both may live in hardware. It returns ErrIdentity if they do not
// belong together, or if the certificate is not one to encrypt to.
func NewIdentity(c *x509.Certificate, key crypto.PrivateKey) (*Identity, error) {
	if c == nil {
		return nil, refuse(ErrIdentity, "no certificate")
	}
	p, err := pkix.ParseCertificate(c.Raw)
	if err != nil {
		return nil, refuse(ErrIdentity, "%w", err)
	}
	if why := encrypts(p); why != "" {
		return nil, refuse(ErrIdentity, "the certificate (%s) %s", p.Subject, why)
	}
	if k, ok := key.(*ecdsa.PrivateKey); ok {
		if key, err = k.ECDH(); err != nil {
			return nil, refuse(ErrIdentity, "%w", err)
		}
	}
	var public crypto.PublicKey
	switch k := key.(type) {
	case ecdh.KeyExchanger:
		public = k.PublicKey()
	case crypto.Decrypter:
		public = k.Public()
	default:
		return nil, refuse(ErrIdentity, "a %T neither decrypts nor agrees on keys", key)
	}
	certified := p.PublicKey.Public
	if k, ok := certified.(*ecdsa.PublicKey); ok {
		if certified, err = k.ECDH(); err != nil {
			return nil, refuse(ErrIdentity, "%w", err)
		}
	}
	if k, ok := certified.(interface{ Equal(crypto.PublicKey) bool }); !ok || !k.Equal(public) {
		return nil, refuse(ErrIdentity, "the key is not that of the certificate (%s)", p.Subject)
	}
	return &Identity{cms.Opener{Certificate: p, Key: key}}, nil
}

// SIRET returns the SIRET that the certificate carries, if it does.
func (id *Identity) SIRET() (SIRET, bool) {
	c, err := x509.ParseCertificate(id.opener.Certificate.Raw)
	if err != nil {
		return "", false
	}
	return SIRETOf(c)
}
