package rgs

import (
	"bytes"
	"strings"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

var (
	oidPolicyLegal     = der.MustOID("0.4.0.194112.1.1") // QCP-l, EN 319 411-2 §5.3
	oidPolicyLegalQSCD = der.MustOID("0.4.0.194112.1.3") // QCP-l-qscd
)

// Bits of KeyUsage (RFC 5280 §4.2.1.3), bit i of the BIT STRING being 1<<i.
const (
	kuDigitalSignature = 1 << iota
	kuNonRepudiation
	kuKeyEncipherment
	kuDataEncipherment
	kuKeyAgreement
	kuKeyCertSign
	kuCRLSign
	kuEncipherOnly
	kuDecipherOnly
)

var keyUsageNames = [...]string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
	"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

func keyUsageString(bits uint16) string {
	var b strings.Builder
	for i, name := range keyUsageNames {
		if bits&(1<<i) != 0 {
			if b.Len() > 0 {
				b.WriteString(" + ")
			}
			b.WriteString(name)
		}
	}
	if b.Len() == 0 {
		return "aucun bit"
	}
	return b.String()
}

// certificate is the object that rules judge: what was read, and what several rules ask of it.
type certificate struct {
	*pkix.Certificate
	in         Input
	ca         bool
	selfIssued bool
	usages     []Function          // what its usages show, most specific first; empty for a CA
	function   Function            // the one asked, else the first of usages
	algorithm  *signatureAlgorithm // judged instead of the certificate's own, when there is no certificate
}

func newCertificate(parsed *pkix.Certificate, in Input) *certificate {
	c := &certificate{Certificate: parsed, in: in}
	c.ca = parsed.BasicConstraints != nil && parsed.BasicConstraints.CA
	c.selfIssued = bytes.Equal(parsed.RawIssuer, parsed.RawSubject)
	c.usages = c.classify()
	c.function = in.Function
	if c.function == "" && len(c.usages) > 0 {
		c.function = c.usages[0]
	}
	return c
}

func (c *certificate) extension(oid der.OID) *pkix.Extension {
	for i := range c.Extensions {
		if c.Extensions[i].OID == oid {
			return &c.Extensions[i]
		}
	}
	return nil
}

// bits returns the KeyUsage bits, zero when the extension is absent.
func (c *certificate) bits() uint16 {
	if c.KeyUsage == nil {
		return 0
	}
	return c.KeyUsage.Bits
}

func (c *certificate) hasPurpose(oid der.OID) bool {
	for _, p := range c.ExtKeyUsage {
		if p == oid {
			return true
		}
	}
	return false
}

func (c *certificate) hasSubject(oid der.OID) bool { return len(c.Subject.Get(oid)) > 0 }

// service reports whether a function is that of a service, not a person (annexe A3).
func service(f Function) bool {
	switch f {
	case Seal, ServerAuth, ClientAuth, TSU, OCSP, Code:
		return true
	}
	return false
}

// legalPerson reports signs of a cachet: an organisation identified by itself, not through one of its people.
func (c *certificate) legalPerson() bool {
	if c.hasSubject(pkix.OIDGivenName) || c.hasSubject(pkix.OIDSurname) || c.hasSubject(pkix.OIDPseudonym) {
		return false
	}
	for _, p := range c.Policies {
		if p == oidPolicyLegal || p == oidPolicyLegalQSCD {
			return true
		}
	}
	if q := c.extension(pkix.OIDQCStatements); q != nil && bytes.Contains(q.Value, []byte(pkix.OIDQcTypeESeal)) {
		return true
	}
	return c.hasSubject(pkix.OIDOrganizationIdentifier)
}

// classify derives functions from usages (annexe A4 II.2.2, II.3.2). It says what the certificate can serve, never at which level.
func (c *certificate) classify() []Function {
	if c.ca {
		return nil
	}
	var found []Function
	for _, purpose := range []struct {
		oid der.OID
		f   Function
	}{{pkix.OIDPurposeTimeStamping, TSU}, {pkix.OIDPurposeOCSPSigning, OCSP}, {pkix.OIDPurposeServerAuth, ServerAuth}, {pkix.OIDPurposeCodeSigning, Code}} {
		if c.hasPurpose(purpose.oid) {
			found = append(found, purpose.f)
		}
	}
	if len(found) > 0 {
		if c.hasPurpose(pkix.OIDPurposeClientAuth) {
			found = append(found, ClientAuth)
		}
		return found
	}
	bits := c.bits()
	const signing, encrypting = kuDigitalSignature | kuNonRepudiation, kuKeyEncipherment | kuDataEncipherment | kuKeyAgreement
	switch {
	case c.legalPerson() && bits&signing != 0:
		found = append(found, Seal)
	case !c.hasSubject(pkix.OIDGivenName) && !c.hasSubject(pkix.OIDSurname) && !c.hasSubject(pkix.OIDPseudonym) && c.hasPurpose(pkix.OIDPurposeClientAuth) && bits&kuNonRepudiation == 0:
		found = append(found, ClientAuth)
	case bits&signing == signing:
		found = append(found, AuthSign)
	case bits&kuNonRepudiation != 0:
		found = append(found, Sign)
	case bits&kuDigitalSignature != 0:
		found = append(found, Auth)
	}
	if bits&encrypting != 0 {
		found = append(found, Encrypt)
	}
	return found
}
