package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"sync"
	"time"
)

// An Authority issues certificates, CRLs, OCSP responses and timestamp units. Its own certificate is its Identity.
type Authority struct {
	Identity
	number    int       // in URLs
	published behaviour // of the CRL on the server

	mu        sync.Mutex
	issued    map[string]*Identity // by serial octets
	revoked   []revocation
	crlNumber int64
}

const day = 24 * time.Hour

// A Reason is why a certificate was revoked: CRLReason, RFC 5280 §5.3.1.
type Reason int

// The reasons. CertificateHold suspends until [Authority.Release].
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	CACompromise         Reason = 2
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
	CertificateHold      Reason = 6
	RemoveFromCRL        Reason = 8
	PrivilegeWithdrawn   Reason = 9
	AACompromise         Reason = 10
)

type revocation struct {
	serial   []byte
	at       time.Time
	released time.Time // zero: for good
	reason   Reason
}

// Root declares a self-signed authority. name is its common name; it is valid from two years before the clock to four after.
func (p *PKI) Root(name string, options ...Option) *Authority {
	return p.newAuthority(name, nil, options)
}

// Intermediate declares an authority certified by a. Its pathLenConstraint is 0: give PathLen(1) to one that certifies others.
func (a *Authority) Intermediate(name string, options ...Option) *Authority {
	return a.pki.newAuthority(name, a, options)
}

// Leaf declares a certificate that issues nothing, for [Sign] unless another [Usage] is given.
func (a *Authority) Leaf(name string, options ...Option) *Identity {
	s := collect(onCertificate, "certificate", withDefaults(defaultOrganization, options))
	id := &Identity{Name: name, pki: a.pki, issuer: a, path: a.pki.path(a.path, name)}
	a.pki.issue(id, a, s)
	return id
}

// CrossCertify issues, under a, a certificate for the name and key of another authority. The authority returned issues under
// the same key; what it issues chains to a.
func (a *Authority) CrossCertify(other *Authority, options ...Option) *Authority {
	options = append([]Option{Key(other.Key), RawSubject(other.subject())}, options...)
	return a.pki.newAuthority(other.Name, a, options)
}

// SignTBS signs arbitrary octets as a TBSCertificate and returns the Certificate around them. The outer algorithm is that of
// the signature made: [Digest], [PSS], [BadSignature] and [WrongKey] apply.
func (a *Authority) SignTBS(tbs []byte, options ...Option) []byte {
	return a.pki.signingWith(&a.Identity, collect(onCertificate, "certificate", options)).signed(tbs)
}

// Revoke revokes what a issued, or any serial it may have, from a date on.
func (a *Authority) Revoke(id *Identity, at time.Time, reason Reason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = append(a.revoked, revocation{serial: id.serial, at: at.UTC(), reason: reason})
}

// Release ends a suspension ([CertificateHold]): from that date on the certificate is good again.
func (a *Authority) Release(id *Identity, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.revoked {
		if string(a.revoked[i].serial) == string(id.serial) && a.revoked[i].reason == CertificateHold {
			a.revoked[i].released = at.UTC()
		}
	}
}

func (p *PKI) newAuthority(name string, issuer *Authority, options []Option) *Authority {
	s := collect(onCertificate, "certificate", withDefaults(defaultOperator, options))
	s.usage = issuing
	above := ""
	if issuer != nil {
		above = issuer.path
		if s.pathLen == nil {
			zero := 0
			s.pathLen = &zero
		}
	}
	a := &Authority{issued: map[string]*Identity{}}
	a.Identity = Identity{Name: name, pki: p, issuer: issuer, path: p.path(above, name)}
	p.mu.Lock()
	a.number = len(p.authorities) + 1
	p.authorities = append(p.authorities, a)
	p.mu.Unlock()
	p.issue(&a.Identity, issuer, s)
	return a
}

// issue decides, writes and signs the certificate of id. issuer is nil for a root.
func (p *PKI) issue(id *Identity, issuer *Authority, s *spec) {
	p.publicInfo(s, id)
	// Two years and a month, within the three of RGS A2/A3 VI.3.2. Authorities outlive it, and end before 2031 for as long as
	// they are declared before 2027, so that RSA keys of 2048 bits stay within RègleFact-1.
	now := p.Now().Truncate(time.Second)
	from, to := now.Add(-30*day), now.Add(730*day)
	if s.usage == issuing {
		from, to = now.Add(-365*day), now.Add(1450*day)
		if issuer == nil {
			from, to = now.Add(-730*day), now.Add(1460*day)
		}
	}
	if !s.notBefore.IsZero() {
		from, to = resolve(s.notBefore, now), resolve(s.notAfter, now)
	}
	subject := s.subjectName(id.Name)
	signer, issuerName, issuerKeyID := id, subject, keyID(id.spki)
	if issuer != nil {
		signer, issuerName, issuerKeyID = &issuer.Identity, issuer.subject(), keyID(issuer.spki)
	}
	if s.unknownIssuer {
		issuerName = Name(AttributeValue{OID: OIDCommonName, Value: "Autorité inconnue"})
		issuerKeyID = keyID([]byte("unknown"))
	}
	if id.serial = s.serial; id.serial == nil {
		id.serial = p.serialFor(id.path)
	}
	how := p.signingWith(signer, s)
	c := certificate{
		serial: id.serial, algorithm: how.algorithm(), issuer: issuerName, subject: subject,
		notBefore: from, notEnd: to, spki: id.spki,
		extensions: p.certificateExtensions(s, id.Name, id.spki, issuerKeyID, issuer),
	}
	tbs := c.tbs()
	if s.editTBS != nil {
		tbs = s.editTBS(tbs)
	}
	id.DER = how.signed(tbs)
	id.Certificate, _ = x509.ParseCertificate(id.DER) // nil for what crypto/x509 does not read
	id.usage = s.usage
	if issuer == nil {
		return
	}
	issuer.mu.Lock()
	issuer.issued[string(id.serial)] = id
	issuer.mu.Unlock()
	if s.revoked != nil {
		issuer.Revoke(id, s.revoked.at, s.revoked.reason)
	}
}

// withDefaults puts what names have by default before the options that may change it.
func withDefaults(organization string, options []Option) []Option {
	return append([]Option{Country(defaultCountry), Organization(organization), SIRET(DefaultSIRET)}, options...)
}

// typeOf is the type of a key that the caller brought.
func typeOf(key crypto.Signer) KeyType {
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P384():
			return P384
		case elliptic.P521():
			return P521
		}
		return P256
	case ed25519.PublicKey:
		return Ed25519
	case *rsa.PublicKey:
		return RSA2048
	}
	panic(fmt.Sprintf("pkitest: cannot certify a %T", key.Public()))
}
