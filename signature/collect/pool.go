package collect

import (
	"encoding/hex"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A Pool holds certificates given beside signed files, to identify signers and complete chains. They are never trusted for
// being there. It is safe for concurrent use; nil holds nothing.
type Pool struct {
	all       []*pkix.Certificate
	byID      map[string]*pkix.Certificate
	bySubject map[trust.Name][]*pkix.Certificate
}

// NewPool makes a pool of certificates in DER. An octet string that is not a certificate is an error; those that come twice
// count once.
func NewPool(certificates ...[]byte) (*Pool, error) {
	p := &Pool{byID: map[string]*pkix.Certificate{}, bySubject: map[trust.Name][]*pkix.Certificate{}}
	for i, raw := range certificates {
		c, err := pkix.ParseCertificate(raw)
		if err != nil {
			return nil, fmt.Errorf("collect: certificate %d: %w", i+1, err)
		}
		id := hex.EncodeToString(c.ID[:])
		if p.byID[id] != nil {
			continue
		}
		if len(p.all) == limits.BundleCertificates {
			return nil, fmt.Errorf("collect: more than %d certificates", limits.BundleCertificates)
		}
		p.byID[id] = c
		p.all = append(p.all, c)
		if name, ok := trust.NameOf(c.RawSubject); ok {
			p.bySubject[name] = append(p.bySubject[name], c)
		}
	}
	return p, nil
}

// ParsePool makes a pool of what files hold: PEM with any number of certificates, or DER.
func ParsePool(files ...[]byte) (*Pool, error) {
	var raw [][]byte
	for i, data := range files {
		certificates, unreadable := pkix.ParseCertificates(data)
		if len(unreadable) > 0 {
			return nil, fmt.Errorf("collect: file %d of certificates: %w", i+1, unreadable[0])
		}
		for _, c := range certificates {
			raw = append(raw, c.Raw)
		}
	}
	return NewPool(raw...)
}

// named returns the certificates whose subject is a distinguished name in DER.
func (p *Pool) named(name []byte) []*pkix.Certificate {
	canonical, ok := trust.NameOf(name)
	if p == nil || !ok {
		return nil
	}
	return p.bySubject[canonical]
}

// designated returns the certificates of a signer, by issuer and serial number or by key identifier.
func (p *Pool) designated(issuer, serial, keyID []byte) []*pkix.Certificate {
	if p == nil {
		return nil
	}
	id := cms.SignerID{RawIssuer: issuer, RawSerial: serial, SubjectKeyID: keyID}
	var list []*pkix.Certificate
	for _, c := range p.all {
		if id.Matches(c) {
			list = append(list, c)
		}
	}
	return list
}
