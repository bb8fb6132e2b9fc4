package validation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A Memo keeps parsed certificates between calls of [Conclude], a bounded number of them. It is safe for concurrent use.
type Memo struct {
	certificates *pkix.Cache[[32]byte, *certificate]
}

// NewMemo returns a Memo of at least size certificates, and at most twice that many.
func NewMemo(size int) *Memo {
	return &Memo{pkix.NewCache[[32]byte, *certificate](size)}
}

// A certificate is one that was read, with what every path through it asks.
type certificate struct {
	*pkix.Certificate
	id              string
	subject, issuer trust.Name
	defects         []defect
	limitsPolicies  bool // it has policyConstraints
	once            sync.Once
	signer          Signer // see describe
}

// A defect is what makes a certificate unfit for any chain, or worth a warning, whatever the chain.
type defect struct {
	rule    *Rule
	message string
}

// read parses a certificate, or returns nil if it cannot be one of a chain.
func (m *Memo) read(raw []byte) *certificate {
	var sum [32]byte
	keep := m != nil && len(raw) <= limits.CachedCertificate
	if keep {
		sum = sha256.Sum256(raw)
		if c, ok := m.certificates.Get(sum); ok {
			return c
		}
	}
	c := readCertificate(raw)
	if keep {
		m.certificates.Put(sum, c)
	}
	return c
}

func readCertificate(raw []byte) *certificate {
	parsed, err := pkix.ParseCertificate(raw)
	if err != nil || len(parsed.Raw) != len(raw) { // octets after a certificate have no place among facts
		return nil
	}
	c := &certificate{Certificate: parsed, id: hex.EncodeToString(parsed.ID[:])}
	var okSubject, okIssuer bool
	c.subject, okSubject = trust.NameOf(parsed.RawSubject)
	c.issuer, okIssuer = trust.NameOf(parsed.RawIssuer)
	if !okSubject || !okIssuer {
		return nil
	}
	c.findDefects()
	return c
}

var (
	oidNoRevAvail = der.MustOID("2.5.29.56")

	// understood are the extensions that may be critical: they are evaluated here, or say nothing that a path depends on.
	understood = map[der.OID]bool{
		pkix.OIDKeyUsage: true, pkix.OIDCertificatePolicies: true, pkix.OIDSubjectAltName: true, pkix.OIDIssuerAltName: true,
		pkix.OIDBasicConstraints: true, pkix.OIDNameConstraints: true, pkix.OIDExtKeyUsage: true,
		pkix.OIDCRLDistributionPoints: true, pkix.OIDQCStatements: true, pkix.OIDSubjectKeyID: true, pkix.OIDAuthorityKeyID: true,
		pkix.OIDValidityAssuranceShort: true, oidNoRevAvail: true,
		pkix.OIDPolicyConstraints: true, pkix.OIDPolicyMappings: true, pkix.OIDInhibitAnyPolicy: true,
	}
	// decoded are those whose content a path depends on: unreadable, they cannot be taken for absent.
	decoded = map[string]bool{
		"extensions.basicConstraints": true, "extensions.keyUsage": true, "extensions.extKeyUsage": true,
		"extensions.subjectAltName": true, "extensions.certificatePolicies": true, "extensions": true,
	}
)

func (c *certificate) findDefects() {
	for _, e := range c.Extensions {
		if e.Critical && !understood[e.OID] {
			c.add(ruleExtension, fmt.Sprintf("critical extension %s is not known", e.OID))
		}
	}
	others := 0
	for _, a := range c.Anomalies {
		text := a.Message
		if a.Path != "" {
			text = a.Path + ": " + a.Message
		}
		switch path := trimTBS(a.Path); {
		case a.Code == pkix.CodeDuplicate, a.Code == pkix.CodeMore, a.Code == pkix.CodeExtension && decoded[path]:
			c.add(ruleExtension, text)
		case a.Code == pkix.CodeBitString && path == "signatureValue", a.Code == pkix.CodeTrailing && path == "":
			c.add(ruleEnvelope, text)
		case a.Code == pkix.CodeAlgorithmMismatch:
			c.add(ruleInnerAlgorithm, text)
		case others < 5:
			others++
			c.add(ruleEncoding, text)
		}
	}
	if c.UnreadCritical {
		c.add(ruleExtension, "a critical extension cannot be read")
	}
	_, c.limitsPolicies = c.Extension(pkix.OIDPolicyConstraints)
	if c.BasicConstraints != nil && c.BasicConstraints.PathLen >= 0 && !c.BasicConstraints.CA {
		c.add(ruleEncoding, "basicConstraints has a path length and is not that of an authority")
	}
}

func (c *certificate) add(r *Rule, message string) { c.defects = append(c.defects, defect{r, message}) }

func trimTBS(path string) string {
	const prefix = "tbsCertificate."
	if len(path) > len(prefix) && path[:len(prefix)] == prefix {
		return path[len(prefix):]
	}
	return path
}

// selfIssued reports whether issuer and subject are the same name (RFC 5280 §3.2).
func (c *certificate) selfIssued() bool { return c.subject == c.issuer }

// isAuthority reports whether the certificate says that it is of an authority. Certificates before version 3 could not say;
// only an anchor may be one.
func (c *certificate) isAuthority(isAnchor bool) bool {
	return c.IsCA() || isAnchor && c.Version < 3
}

// mayIssue reports whether key usage, if there is any, allows signing certificates.
func (c *certificate) mayIssue() bool {
	return c.KeyUsage == nil || c.KeyUsage.Has(pkix.KeyCertSign)
}

// describe returns the certificate as it presents itself, in a copy of its own.
func (c *certificate) describe() *Signer {
	c.once.Do(func() {
		c.signer = Signer{Certificate: c.id, Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.Serial.String()}
	})
	s := c.signer
	return &s
}
