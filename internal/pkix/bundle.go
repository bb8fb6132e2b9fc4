package pkix

import (
	"bytes"
	"encoding/pem"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// ParseCertificates reads every certificate of a file: PEM with any number of blocks and any text around them, or DER, or
// several DER certificates end to end. Blocks that are not certificates (keys, CRLs) are passed over. Each certificate that
// cannot be read gives one error, in order, and does not stop the others. A file with no certificate at all is one error.
func ParseCertificates(data []byte) (certs []*Certificate, unreadable []error) {
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return ReadPEM(data)
	}
	for at := 0; at < len(data); {
		if len(certs)+len(unreadable) == limits.BundleCertificates {
			return certs, append(unreadable, tooMany())
		}
		n, err := elementSize(data[at:])
		if err != nil {
			if len(bytes.TrimSpace(data[at:])) == 0 && at > 0 {
				break // a final newline
			}
			return certs, append(unreadable, fmt.Errorf("%w: at octet %d of the file: %w", ErrCertificate, at, err))
		}
		certs, unreadable = collect(certs, unreadable, data[at:at+n])
		at += n
	}
	if len(certs)+len(unreadable) == 0 {
		unreadable = append(unreadable, fmt.Errorf("%w: an empty file", ErrCertificate))
	}
	return certs, unreadable
}

// ReadPEM is [ParseCertificates] for PEM only (RFC 7468 §5.1).
func ReadPEM(data []byte) (certs []*Certificate, unreadable []error) {
	found := false
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		default:
			continue
		}
		if found = true; len(certs)+len(unreadable) == limits.BundleCertificates {
			return certs, append(unreadable, tooMany())
		}
		certs, unreadable = collect(certs, unreadable, block.Bytes)
	}
	if !found {
		unreadable = append(unreadable, fmt.Errorf("%w: no CERTIFICATE block in the file", ErrCertificate))
	}
	return certs, unreadable
}

func tooMany() error {
	return fmt.Errorf("%w: more than %d in one file: %w", ErrCertificate, limits.BundleCertificates, der.ErrLimit)
}

func collect(certs []*Certificate, unreadable []error, raw []byte) ([]*Certificate, []error) {
	c, err := ParseCertificate(raw)
	if err != nil {
		return certs, append(unreadable, fmt.Errorf("certificate %d: %w", len(certs)+len(unreadable)+1, err))
	}
	return append(certs, c), unreadable
}

// elementSize returns how many octets the element at the start of b takes.
func elementSize(b []byte) (int, error) {
	h, err := der.ReadHeader(b)
	if err != nil {
		return 0, err
	}
	if h.Length == der.Indefinite {
		_, n, err := der.NormalizePrefix(b, der.Limits{Size: limits.CertificateSize})
		return n, err
	}
	if h.Length > len(b)-h.Size {
		return 0, fmt.Errorf("an element of %d octets where %d are left", h.Length, len(b)-h.Size)
	}
	return h.Size + h.Length, nil
}
