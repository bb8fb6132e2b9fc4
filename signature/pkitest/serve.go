package pkitest

import "fmt"

type serverSpec struct{}

func (p *PKI) isServed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}

func (p *PKI) url(format string, args ...any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.base + fmt.Sprintf(format, args...)
}

// CRLURL is where the authority's CRL is, in the certificates it issues.
func (a *Authority) CRLURL() string { return a.pki.url("/ca%d.crl", a.number) }

// OCSPURL is where its responder is.
func (a *Authority) OCSPURL() string { return a.pki.url("/ca%d/ocsp", a.number) }

// CertificateURL is where its certificate is (caIssuers).
func (a *Authority) CertificateURL() string { return a.pki.url("/ca%d.cer", a.number) }
