package cades

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Why a certificate is not fit to sign. A [*CertificateError] matches one of them.
var (
	ErrExpired     = errors.New("the certificate is expired")
	ErrNotYetValid = errors.New("the certificate is not valid yet")
	ErrKeyUsage    = errors.New("the key usage of the certificate does not sign")
)

// A CertificateError says why the certificate of a signer is not fit to sign. It is returned before the key is used.
type CertificateError struct {
	Name                string // common name of the subject
	NotBefore, NotAfter time.Time
	Time                time.Time // claimed signing time
	Reason              error     // ErrExpired, ErrNotYetValid or ErrKeyUsage
}

// Unwrap returns the reason.
func (e *CertificateError) Unwrap() error { return e.Reason }

func (e *CertificateError) Error() string {
	switch e.Reason {
	case ErrExpired:
		return fmt.Sprintf("cades: signing certificate CN=%q expired %s, before signing time %s", e.Name, day(e.NotAfter), day(e.Time))
	case ErrNotYetValid:
		return fmt.Sprintf("cades: signing certificate CN=%q is valid from %s, after signing time %s", e.Name, day(e.NotBefore), day(e.Time))
	}
	return fmt.Sprintf("cades: signing certificate CN=%q has neither digitalSignature nor nonRepudiation in its key usage", e.Name)
}

// day writes a time as briefly as two times can be told apart.
func day(t time.Time) string {
	t = t.UTC()
	if t.Truncate(24 * time.Hour).Equal(t) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}

// Preflight says whether a certificate is fit to sign at the time claimed: the error is a [*CertificateError].
// Revocation and trust are for validation.
func Preflight(certificate *x509.Certificate, at time.Time) error {
	c, err := signerCertificate(certificate)
	if err != nil {
		return err
	}
	return fitToSign(c, at)
}

var oidCommonName = der.MustOID("2.5.4.3")

func fitToSign(c *pkix.Certificate, at time.Time) error {
	const digitalSignature, nonRepudiation = 1 << 0, 1 << 1
	var reason error
	switch {
	case at.After(c.NotAfter):
		reason = ErrExpired
	case at.Before(c.NotBefore):
		reason = ErrNotYetValid
	case c.KeyUsage != nil && c.KeyUsage.Bits&(digitalSignature|nonRepudiation) == 0:
		reason = ErrKeyUsage
	default:
		return nil
	}
	e := &CertificateError{NotBefore: c.NotBefore, NotAfter: c.NotAfter, Time: at, Reason: reason}
	if whole, err := pkix.ParseCertificate(c.Raw); err == nil {
		if names := whole.Subject.Get(oidCommonName); len(names) > 0 {
			e.Name = names[0]
		}
	}
	return e
}

// signerCertificate takes from a certificate that crypto/x509 has read what signing needs. What it could not make a key of
// (id-RSASSA-PSS) is read by our own rules, which cost as much as a signature on P-256.
func signerCertificate(c *x509.Certificate) (*pkix.Certificate, error) {
	certificate := &pkix.Certificate{
		Raw: c.Raw, RawIssuer: c.RawIssuer, ID: sha256.Sum256(c.Raw), NotBefore: c.NotBefore, NotAfter: c.NotAfter, Serial: c.SerialNumber,
	}
	key := &certificate.PublicKey
	switch public := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		key.Kind, key.Public = pkix.KeyEC, public
		key.Bits, key.Curve = public.Curve.Params().BitSize, public.Curve.Params().Name
	case *rsa.PublicKey:
		key.Kind, key.Bits, key.Public = pkix.KeyRSA, public.N.BitLen(), public
	case ed25519.PublicKey:
		key.Kind, key.Bits, key.Public = pkix.KeyEd25519, 256, public
	}
	serial := c.SerialNumber
	if key.Public == nil || serial == nil || serial.Sign() < 0 {
		certificate, err := pkix.ParseCertificate(c.Raw)
		if err != nil {
			return nil, fmt.Errorf("cades: signing certificate: %w", err)
		}
		return certificate, nil
	}
	certificate.RawSerial = make([]byte, serial.BitLen()/8+1) // the first bit is that of the sign
	serial.FillBytes(certificate.RawSerial)
	for _, e := range c.Extensions {
		if e.Id.Equal(keyUsageExtension) {
			certificate.KeyUsage = &pkix.KeyUsage{Bits: uint16(c.KeyUsage), Critical: e.Critical} // the same bits in both
		}
	}
	return certificate, nil
}

var keyUsageExtension = asn1.ObjectIdentifier{2, 5, 29, 15}
