package report

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// chain describes the certificates of a chain, and says whether the last is an anchor.
func (b *builder) chain(ids []string, blocks []validation.Block, role Role) (chain []string, anchored bool) {
	chain = []string{}
	anchored = len(ids) > 0 && slices.ContainsFunc(blocks, func(block validation.Block) bool {
		return slices.ContainsFunc(block.Checks, func(c validation.Check) bool {
			return c.ID == "chain.anchored" && c.Status == validation.Held
		})
	})
	if len(ids) > limits.ReportChain {
		b.Omitted.Others += len(ids) - limits.ReportChain
		ids, anchored = ids[:limits.ReportChain], false
	}
	for i, id := range ids {
		issued := ""
		if i > 0 {
			issued, role = chain[i-1], RoleAuthority
		}
		own, ok := b.certificate(id, issued, role)
		if !ok {
			return chain, false
		}
		chain = append(chain, own)
		if c := b.find(issued); c != nil && c.Revocation == nil {
			c.Revocation = b.status(issued, own)
		}
	}
	if anchored {
		if i, ok := b.positions[chain[len(chain)-1]]; ok {
			b.Certificates[i].Anchor = true
		}
	}
	return chain, anchored
}

// certificate describes a certificate once and returns its ID. That of an anchor is not in the facts when a caller gave it:
// its name is then that of the issuer of the one that it issued. It reports false for what is no ID at all.
func (b *builder) certificate(id, issued string, role Role) (string, bool) {
	if !isDigest(id) {
		return "", false
	}
	if i, ok := b.positions[id]; ok {
		if b.Certificates[i].Role == RoleAuthority {
			b.Certificates[i].Role = role
		}
		return id, true
	}
	if len(b.Certificates) == limits.ReportCertificates {
		b.Omitted.Certificates++
		return id, true
	}
	c := Certificate{ID: id, Role: role}
	var parsed *pkix.Certificate
	if f := b.certificates[id]; f != nil {
		parsed, _ = pkix.ParseCertificate(f.Raw)
	}
	switch i, isIssued := b.positions[issued]; {
	case parsed != nil && hex.EncodeToString(parsed.ID[:]) == id:
		b.source.raw[id] = parsed.Raw
		b.describe(&c, parsed)
	case isIssued:
		c.Subject, c.Name = b.Certificates[i].Issuer, b.Certificates[i].issuerName
	}
	b.positions[id] = len(b.Certificates)
	b.Certificates = append(b.Certificates, c)
	return id, true
}

// isDigest reports whether an ID is a SHA-256 in lower-case hexadecimal, as those of certificates and revocation data are.
func isDigest(id string) bool { return len(id) == 64 && strings.Trim(id, "0123456789abcdef") == "" }

func (b *builder) describe(c *Certificate, parsed *pkix.Certificate) {
	c.NotBefore, c.NotAfter = known(parsed.NotBefore), known(parsed.NotAfter)
	c.pseudonym = len(parsed.Subject.Get(pkix.OIDPseudonym)) > 0
	if b.redact {
		return
	}
	c.Subject, c.Issuer = name(parsed.Subject.String()), name(parsed.Issuer.String())
	if parsed.Serial != nil && parsed.Serial.BitLen() <= longestSerial {
		c.Serial = parsed.Serial.String()
	}
	c.Name, c.Organization = namesOf(parsed.Subject)
	c.issuerName, _ = namesOf(parsed.Issuer)
}

// longestSerial, in bits, is beyond the 20 octets of RFC 5280 §4.1.2.2 and short enough to print.
const longestSerial = 512

// namesOf is how one would call the holder of a name: a person or service, and the organisation if it says more.
func namesOf(n pkix.Name) (who, organization string) {
	first := func(list []string) string {
		if len(list) == 0 {
			return ""
		}
		return name(list[0])
	}
	organization = first(n.Get(pkix.OIDOrganization))
	for _, candidate := range []string{
		first(n.Get(pkix.OIDCommonName)),
		strings.TrimSpace(first(n.Get(pkix.OIDGivenName)) + " " + first(n.Get(pkix.OIDSurname))),
		first(n.Get(pkix.OIDPseudonym)), organization, name(n.String()),
	} {
		if candidate != "" {
			who = candidate
			break
		}
	}
	if organization == who {
		organization = ""
	}
	return who, organization
}

// signer describes who signed.
func (b *builder) signer(c *validation.Signer, chain []string, role Role) *Signer {
	if c == nil {
		return nil
	}
	s := &Signer{}
	id := c.Certificate
	if len(chain) == 0 || chain[0] != id {
		own, ok := b.certificate(id, "", role)
		if !ok {
			id = ""
		} else {
			id = own
		}
	}
	s.Certificate = id
	if b.redact {
		return s
	}
	s.Subject, s.Issuer, s.Serial = name(c.Subject), name(c.Issuer), clean(c.Serial, longestSerial)
	s.Name = s.Subject
	if i, ok := b.positions[id]; ok && b.Certificates[i].Name != "" {
		s.Name, s.Organization = b.Certificates[i].Name, b.Certificates[i].Organization
	}
	return s
}

// about gathers what sentences on a signature or timestamp speak of.
func (b *builder) about(s scope, signer *Signer) about {
	a := about{scope: s}
	if signer != nil {
		a.signer = b.find(signer.Certificate)
	}
	return a
}

// find returns the certificate with an ID, or nil.
func (b *builder) find(id string) *Certificate {
	if i, ok := b.positions[id]; ok {
		return &b.Certificates[i]
	}
	return nil
}
