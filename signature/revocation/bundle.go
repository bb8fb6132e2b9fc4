package revocation

import (
	"encoding/pem"
	"fmt"

	"github.com/digitorus/pkcs7"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// parseBundle reads what servers give for caIssuers: certificates in DER or PEM, or a certs-only SignedData (RFC 5280 §4.2.2.1, RFC
// 8551 §3.8) in BER or PEM. Certificates that cannot be read are passed over.
func parseBundle(raw []byte) ([]*pkix.Certificate, error) {
	if len(raw) > limits.IssuerBundle {
		return nil, ErrTooLarge
	}
	if block, _ := pem.Decode(raw); block != nil && (block.Type == "PKCS7" || block.Type == "CMS") {
		raw = block.Bytes
	}
	if certificates, _ := pkix.ParseCertificates(raw); len(certificates) > 0 {
		return certificates[:min(len(certificates), limits.IssuerCertificates)], nil
	}
	// No other parser sees it before it is DER of bounded size, depth and count.
	clean, err := der.Normalize(raw, der.Limits{Size: limits.IssuerBundle})
	if err != nil {
		return nil, fmt.Errorf("%w: neither certificates nor a certs-only message: %w", ErrCertificate, err)
	}
	encoded, err := certificatesOf(clean)
	if err != nil {
		return nil, fmt.Errorf("%w: neither certificates nor a certs-only message: %w", ErrCertificate, err)
	}
	var certificates []*pkix.Certificate
	for _, one := range encoded {
		if c, err := pkix.ParseCertificate(one); err == nil && len(certificates) < limits.IssuerCertificates {
			certificates = append(certificates, c)
		}
	}
	if len(certificates) == 0 {
		return nil, fmt.Errorf("%w: a message without certificates", ErrCertificate)
	}
	return certificates, nil
}

// certificatesOf returns the certificates of a SignedData in DER. pkcs7 reads all of them or none: one with a key that the
// standard library does not know (brainpool) and the message goes to our own reader, which takes each by itself.
func certificatesOf(clean []byte) ([][]byte, error) {
	if bundle, err := pkcs7.Parse(clean); err == nil && len(bundle.Certificates) > 0 {
		encoded := make([][]byte, len(bundle.Certificates))
		for i, c := range bundle.Certificates {
			encoded[i] = c.Raw
		}
		return encoded, nil
	}
	message, _, err := cms.Parse(clean)
	if err != nil {
		return nil, err
	}
	return message.Certificates, nil
}
