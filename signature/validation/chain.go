package validation

import (
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// checkChain is X.509 certificate validation, §5.2.6: every chain to an anchor is weighed in turn, and the first that holds
// is retained; when none does, the one with the fewest faults speaks.
func (x *subject) checkChain(at time.Time) {
	search := x.search(at)
	var best *builder
	faults := 0
	for i := range search.found {
		p := &search.found[i]
		b := x.checkPath(p, at)
		n := 0
		for _, c := range b.Checks {
			if c.Status == Broken {
				n++
			}
		}
		if best == nil || n < faults {
			best, faults, x.chain = b, n, p.ids()
		}
		if n == 0 {
			break
		}
	}
	if best == nil {
		best = x.block("XCV")
		x.chain = (&path{certificates: search.longest}).ids()
		message := "no chain leads from the signing certificate to a trust anchor"
		if n := len(search.longest); n > 0 {
			message += ": it stops at " + search.longest[n-1].Subject.String()
		}
		best.breaks(ruleChain, x.signer.id, message)
		if search.cut {
			best.note(ruleChain, Warning, x.signer.id, "the search for a chain stopped at a bound")
		}
	}
	x.xcv = best
}

// checkPath applies RFC 5280 §6.1 and the constraints of the policy to one chain, all certificates at the same time (shell
// model). The validity of the signer comes last: that it is over says less than any other fault (§5.2.6.4, and the order of
// EU DSS).
func (x *subject) checkPath(p *path, at time.Time) *builder {
	b := x.block("XCV")
	leaf, top := p.certificates[0], len(p.certificates)-1
	b.holds(ruleChain, leaf.id)
	x.checkAnchor(b, p, at)
	for i, c := range p.certificates[:top] {
		x.checkEncoding(b, c, i)
		if len(c.AuthorityKeyID) == 0 {
			b.breaks(ruleAuthorityKeyID, c.id, "the certificate does not say under which key it was issued")
		}
	}
	for i := 1; i <= top; i++ {
		x.checkIssuer(b, p, i, at)
	}
	x.checkNames(b, p)
	x.checkPolicies(b, p)
	x.checkRevocation(b, p, at)
	x.checkUsage(b, leaf, top == 0)
	for i, c := range p.certificates[:top] {
		x.checkCertificateAlgorithm(b, c, p.certificates[i+1], at)
	}
	switch {
	case at.Before(leaf.NotBefore):
		b.breaks(ruleValidity, leaf.id, fmt.Sprintf("the certificate of the signer is not valid before %s", stamp(leaf.NotBefore)))
	case at.After(leaf.NotAfter) && x.knownGood(b, p, at):
		b.breaksWith(ruleValidity, because(OutOfBoundsNotRevoked), x.e.policy.level(ruleValidity, x.scope), leaf.id,
			fmt.Sprintf("the certificate of the signer is not valid after %s, and was not revoked before", stamp(leaf.NotAfter)))
	case at.After(leaf.NotAfter):
		b.breaks(ruleValidity, leaf.id, fmt.Sprintf("the certificate of the signer is not valid after %s", stamp(leaf.NotAfter)))
	default:
		b.holds(ruleValidity, leaf.id)
	}
	x.checkRevocationSigners(b, p, at)
	return b
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (x *subject) checkAnchor(b *builder, p *path, at time.Time) {
	id := p.certificates[len(p.certificates)-1].id
	if p.fromFile {
		b.note(ruleFileAnchor, Warning, id, "the trust anchor comes from the file itself: anybody can have made it (UnsafeAnchorsFromFile)")
	} else {
		b.holds(ruleFileAnchor, id)
	}
	switch reason, past := untrusted(p.anchor, at); {
	case reason == "":
		b.holds(ruleSunset, id)
	case past:
		b.breaks(ruleSunset, id, reason)
	default:
		b.breaksWith(ruleSunset, because(NoCertificateChainFound), x.e.policy.level(ruleSunset, x.scope), id, reason)
	}
}

// untrusted returns why an anchor is not believed at a time. past says that it was before, so that a proof of existence may
// still help.
func untrusted(a *trust.Anchor, at time.Time) (reason string, past bool) {
	if a.Sunset != nil && !at.Before(*a.Sunset) {
		return "the trust anchor is no longer believed since " + stamp(*a.Sunset), true
	}
	if len(a.Periods) == 0 {
		return "", false
	}
	for _, period := range a.Periods {
		if period.Contains(at) {
			return "", false
		}
		past = past || !period.To.IsZero() && !at.Before(period.To)
	}
	return "the time is in none of the periods during which the trust anchor is believed", past
}

func (x *subject) checkEncoding(b *builder, c *certificate, index int) {
	for _, d := range c.defects {
		b.breaks(d.rule, c.id, d.message)
	}
	if len(c.defects) == 0 {
		b.holds(ruleExtension, c.id)
	}
	forbidden := ""
	if _, found := c.Extension(pkix.OIDOCSPNoCheck); found {
		forbidden = "ocsp-nocheck belongs to OCSP responders"
	}
	if _, found := c.Extension(oidNoRevAvail); found && index > 0 {
		forbidden = "noRevAvail has no place in the certificate of an authority"
	}
	if forbidden != "" {
		b.breaks(ruleForbiddenExtension, c.id, forbidden)
	} else {
		b.holds(ruleForbiddenExtension, c.id)
	}
}

// checkIssuer asks of the certificate at index i whether it may have issued the one below. An anchor is believed without
// regard to its own dates and extensions, except for what it says of its own power to issue: a signer who is trusted directly
// must not be able to vouch for others.
func (x *subject) checkIssuer(b *builder, p *path, i int, at time.Time) {
	c := p.certificates[i]
	isAnchor := i == len(p.certificates)-1
	if c.isAuthority(isAnchor) {
		b.holds(ruleCA, c.id)
	} else {
		b.breaks(ruleCA, c.id, "the issuer is not a certification authority")
	}
	if c.mayIssue() {
		b.holds(ruleCertSign, c.id)
	} else {
		b.breaks(ruleCertSign, c.id, "the key of the issuer may not sign certificates")
	}
	if c.BasicConstraints != nil && c.BasicConstraints.PathLen >= 0 {
		below := 0
		for _, other := range p.certificates[1:i] {
			if !other.selfIssued() {
				below++
			}
		}
		if below > c.BasicConstraints.PathLen {
			b.breaks(rulePathLength, c.id, fmt.Sprintf("%d authorities are below the issuer, which allows %d", below, c.BasicConstraints.PathLen))
		} else {
			b.holds(rulePathLength, c.id)
		}
	}
	if isAnchor {
		return
	}
	switch {
	case at.Before(c.NotBefore):
		b.breaks(ruleCAValidity, c.id, "the certificate of the authority is not valid before "+stamp(c.NotBefore))
	case at.After(c.NotAfter):
		b.breaks(ruleCAValidity, c.id, "the certificate of the authority is not valid after "+stamp(c.NotAfter))
	default:
		b.holds(ruleCAValidity, c.id)
	}
	if len(c.SubjectKeyID) == 0 {
		b.breaks(ruleCAKeyID, c.id, "the certificate of the authority has no key identifier")
	} else {
		b.holds(ruleCAKeyID, c.id)
	}
}

// checkNames applies the name constraints of each issuer to every certificate below it, self-issued authorities excepted
// (RFC 5280 §6.1.3 (b) (c)). Constraints that cannot be evaluated are not met.
func (x *subject) checkNames(b *builder, p *path) {
	for i := len(p.certificates) - 1; i > 0; i-- {
		constraints, err := pkix.NameConstraintsOf(p.certificates[i].Certificate)
		if err != nil {
			b.breaks(ruleNames, p.certificates[i].id, err.Error())
			continue
		}
		if constraints == nil {
			continue
		}
		for j, c := range p.certificates[:i] {
			if j > 0 && c.selfIssued() {
				continue
			}
			if err := constraints.Check(c.Certificate); err != nil {
				b.breaks(ruleNames, c.id, err.Error())
				continue
			}
			b.holds(ruleNames, c.id)
		}
	}
}

// checkPolicies processes certificate policies. Any policy will do, so that only a chain in which someone requires one can
// fail.
func (x *subject) checkPolicies(b *builder, p *path) {
	leaf, top := p.certificates[0], len(p.certificates)-1
	required := false
	chain := make([]*pkix.Certificate, 0, top)
	for i := top - 1; i >= 0; i-- {
		required = required || p.certificates[i].limitsPolicies
		chain = append(chain, p.certificates[i].Certificate)
	}
	if !required {
		return
	}
	if err := pkix.CheckPolicies(chain, pkix.PolicyRules{}); err != nil {
		b.breaks(rulePolicies, leaf.id, err.Error())
		return
	}
	b.holds(rulePolicies, leaf.id)
}

// checkUsage asks whether the key of the signer may sign this.
func (x *subject) checkUsage(b *builder, c *certificate, isAnchor bool) {
	switch {
	case c.KeyUsage == nil || c.KeyUsage.Has(pkix.ContentCommitment):
		b.holds(ruleSignerSigns, c.id)
		if c.KeyUsage != nil {
			b.holds(ruleSignerUsage, c.id)
		} else {
			b.breaks(ruleSignerUsage, c.id, "the certificate of the signer does not say what its key is for")
		}
	case c.KeyUsage.Has(pkix.DigitalSignature):
		b.holds(ruleSignerSigns, c.id)
		b.breaks(ruleSignerUsage, c.id, "the key of the signer is for digital signatures, not for non-repudiation")
	default:
		b.breaks(ruleSignerSigns, c.id, "the key of the signer is neither for non-repudiation nor for digital signatures")
	}
	if x.scope == timestampScope {
		if len(c.ExtKeyUsage) == 1 && c.ExtKeyUsage[0] == pkix.OIDPurposeTimeStamping && c.ExtKeyUsageCritical {
			b.holds(ruleTSAUsage, c.id)
		} else {
			b.breaks(ruleTSAUsage, c.id, "the certificate of the timestamp authority is not for timestamps alone, critically")
		}
		if c.IsCA() {
			b.breaks(ruleTSANotCA, c.id, "the certificate of the timestamp authority is that of a certification authority")
		} else {
			b.holds(ruleTSANotCA, c.id)
		}
	}
	x.checkPurpose(b, c)
	if c.selfIssued() && !isAnchor {
		b.breaks(ruleSelfSigned, c.id, "the signer issued the certificate to himself")
	}
}

// checkCertificateAlgorithm judges the signature of a certificate and the key that made it.
func (x *subject) checkCertificateAlgorithm(b *builder, c, issuer *certificate, at time.Time) {
	scheme, err := pkix.ParseScheme(c.SignatureAlgorithm, &issuer.PublicKey, 0)
	if err != nil {
		b.breaks(ruleCertificateAlgorithm, c.id, err.Error())
		return
	}
	x.judge(b, ruleCertificateAlgorithm, c.id, x.e.policy.Algorithms.signature(scheme, issuer.PublicKey.Bits, at))
}

// judge records an acceptance. A judgement that only warns lowers the level of the rule, never raises it.
func (x *subject) judge(b *builder, r *Rule, object string, j judgement) {
	level := x.e.policy.level(r, x.scope)
	switch {
	case j.ok:
		b.holds(r, object)
	case j.level == Warn && level == Fail:
		b.breaksWith(r, because(r.SubIndication), Warn, object, j.text)
	default:
		b.breaks(r, object, j.text)
	}
}
