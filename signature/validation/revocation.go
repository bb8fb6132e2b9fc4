package validation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A status is what is known of the revocation of one certificate: the statement retained among those that are acceptable.
type status struct {
	facts.Statement
	known   bool
	present bool           // some data are about the certificate
	refusal string         // why the most recent data are not acceptable, when none are
	signers []*certificate // of the data that the statement rests on, in the same order
}

// statusKey is what a status depends on besides the facts and the input.
type statusKey struct {
	purpose             trust.Purpose
	certificate, issuer string
	above               string // the chain over the issuer, by ID
	at                  time.Time
}

// A revocationCheck is how far the status of one certificate of a chain was needed and found.
type revocationCheck struct {
	certificate *certificate
	exempt      bool
	*status
}

// statements returns what the revocation data say of a certificate, those to be relied upon first.
func (e *engine) statements(c, issuer *certificate) []facts.Statement {
	if len(e.doc.Revocations) == 0 || !e.spend(len(e.doc.Revocations)) {
		return nil
	}
	return e.finder(c, issuer).About(c.id, issuer.id)
}

// finder returns the finder over the facts, which knows the anchors met so far too: one may have signed a list.
func (e *engine) finder(met ...*certificate) *facts.RevocationFinder {
	isNew := e.revocationFinder == nil
	add := func(c *certificate) {
		if e.byID[c.id] == nil && e.met[c.id] == nil {
			e.met[c.id] = c
			isNew = true
		}
	}
	for _, c := range met {
		add(c)
	}
	if isNew {
		ids := make([]string, 0, len(e.met))
		for id := range e.met {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		others := make([][]byte, len(ids))
		for i, id := range ids {
			others[i] = e.met[id].Raw
		}
		e.revocationFinder = facts.NewRevocationFinder(e.doc, others...)
	}
	return e.revocationFinder
}

// spend takes from the work allowed on revocation data, and reports whether there was enough.
func (e *engine) spend(n int) bool {
	if n > e.revocationWork {
		return false
	}
	e.revocationWork -= n
	return true
}

// index returns where a certificate is in the chain, -1 when it is not there.
func (p *path) index(id string) int {
	return slices.IndexFunc(p.certificates, func(c *certificate) bool { return c.id == id })
}

// A vetting establishes statuses along one chain. What is under examination vouches for nothing meanwhile.
type vetting struct {
	x       *subject
	p       *path
	at      time.Time
	pending []string     // IDs of the data under examination
	self    *certificate // who signed the last of these
}

// status is revocation acceptance checking (RAC, §5.2.5.2) and the choice of the data that count (CRS, §5.2.5.1): among acceptable
// ones, the most recent.
func (v *vetting) status(c, issuer *certificate) *status {
	x := v.x
	above := v.p.ids()
	if i := v.p.index(issuer.id); i >= 0 {
		above = above[i:]
	}
	key := statusKey{x.purpose, c.id, issuer.id, strings.Join(above, " "), v.at}
	if known := x.e.statuses[key]; known != nil && len(v.pending) == 0 {
		return known
	}
	s := &status{}
	var acceptable []facts.Statement
	signers := map[string]*certificate{}
	for _, statement := range x.e.statements(c, issuer) {
		s.present = true
		reason := v.refuse(&statement, c, issuer, signers)
		if reason != "" {
			if s.refusal == "" {
				s.refusal = reason
			}
			continue
		}
		acceptable = append(acceptable, statement)
	}
	// The most recent that speaks of all reasons counts; failing that, those of some reasons together.
	whole := slices.IndexFunc(acceptable, func(s facts.Statement) bool { return s.Reasons == nil || s.Status == facts.Revoked })
	if whole >= 0 {
		acceptable = acceptable[whole : whole+1]
	}
	if joined, ok := facts.Join(acceptable...); ok {
		s.Statement, s.known = joined, true
		for _, id := range joined.Data {
			s.signers = append(s.signers, signers[id])
		}
	} else if len(acceptable) > 0 {
		s.refusal = "the lists at hand speak of some reasons of revocation only"
	}
	if len(v.pending) == 0 {
		x.e.statuses[key] = s
	}
	return s
}

// refuse says why a statement is not acceptable, and nothing if it is. It notes who signed the data.
func (v *vetting) refuse(s *facts.Statement, c, issuer *certificate, signers map[string]*certificate) string {
	switch {
	case !s.Sound():
		return fault(s.Faults[0])
	case s.Status != facts.Good && s.Status != facts.Revoked:
		return "the responder does not know the certificate (RFC 6960 §2.2)"
	case s.ThisUpdate.Before(c.NotBefore):
		return fmt.Sprintf("the data are of %s, before the certificate existed", stamp(s.ThisUpdate))
	case s.Status == facts.Good && !s.KnowsExpired(c.NotAfter):
		return "the data were made after the certificate expired, by someone who may have forgotten it (RFC 5280 §5, RFC 6960 §4.4.4)"
	}
	for _, id := range s.Data {
		if n := len(v.pending); n > 0 && v.pending[n-1] == id && s.Kind == facts.KindCRL && v.self.id == c.id {
			signers[id] = c // a list may be about who signs it, if his issuer has it so (NIST PKITS 4.14.30)
			continue
		}
		if slices.Contains(v.pending, id) {
			return "the status of who signed the data rests on the data themselves"
		}
		signer, reason := v.signer(s, id, c, issuer)
		if signer == nil {
			return reason
		}
		signers[id] = signer
	}
	return ""
}

func fault(p facts.Problem) string {
	if p.Clause == "" {
		return p.Message
	}
	return p.Message + " (" + p.Clause + ")"
}

// signer returns who signed an object and may do so for the issuer.
func (v *vetting) signer(s *facts.Statement, data string, c, issuer *certificate) (*certificate, string) {
	e := v.x.e
	if n := len(e.doc.Certificates); !e.spend(len(e.doc.Revocations) + n + n*len(e.doc.Issuance)/16) { // each may have the name of each
		return nil, "there are more revocation data than are weighed"
	}
	refusal := "no certificate at hand is that of who signed the data"
	isFirst := true
	refuse := func(reason string) {
		if isFirst {
			refusal, isFirst = reason, false
		}
	}
	for _, candidate := range e.finder(issuer).Signers(data, issuer.id) {
		if candidate.Value == "" {
			v.x.need(Need{Kind: NeedValue, Signed: data, Certificate: candidate.Certificate})
		}
		isDelegate := s.Kind == facts.KindOCSP && !candidate.Direct
		if isDelegate && candidate.Delegation == "" && len(candidate.Faults) == 0 {
			v.x.need(Need{Kind: NeedIssuance, Certificate: candidate.Certificate, Issuer: issuer.id})
		}
		switch {
		case candidate.Value == facts.Wrong:
			refuse("the data are not signed with the key of who should have signed them")
			continue
		case candidate.Value == facts.Unsupported:
			refuse("the signature of the data uses an algorithm that is not supported")
			continue
		case len(candidate.Faults) > 0:
			refuse(fault(candidate.Faults[0]))
			continue
		case !candidate.Authorised(s.Kind):
			refuse("nobody has verified who signed the data")
			continue
		case candidate.Certificate == issuer.id:
			return issuer, ""
		case candidate.Certificate == c.id:
			refuse("the certificate vouches for itself")
			continue
		}
		signer := e.byID[candidate.Certificate]
		if signer == nil {
			signer = e.met[candidate.Certificate]
		}
		if signer == nil {
			continue
		}
		below := vetting{v.x, v.p, v.at, append(slices.Clone(v.pending), data), signer}
		if len(below.pending) > limits.RevocationDepth {
			refuse("the chain of who vouches for whom is too long")
			continue
		}
		var reason string
		if isDelegate {
			reason = below.delegate(signer, issuer, s, candidate.NoCheck)
		} else {
			reason = below.listSigner(signer)
		}
		if reason == "" {
			return signer, ""
		}
		refuse(reason)
	}
	return nil, refusal
}

// delegate says why an OCSP responder that the issuer appointed is not believed.
func (v *vetting) delegate(signer, issuer *certificate, s *facts.Statement, noCheck bool) string {
	i := v.p.index(issuer.id)
	if i < 0 { // of a chain beside this one
		return v.listSigner(signer)
	}
	return v.believe(&path{certificates: append([]*certificate{signer}, v.p.certificates[i:]...), anchor: v.p.anchor, fromFile: v.p.fromFile},
		s.ProducedAt, noCheck)
}

// listSigner says why who signed a list, under another certificate than that of the issuer, is not believed: no chain of his
// leads to the same anchor (RFC 5280 §6.3.3 (f)), or none holds.
func (v *vetting) listSigner(signer *certificate) string {
	anchor := v.p.certificates[len(v.p.certificates)-1].id
	search := &paths{e: v.x.e, x: v.x, purpose: v.x.purpose, at: v.at}
	search.extend(signer, true)
	reason := "no chain leads from who signed the data to the same trust anchor"
	isFirst := true
	for i := range search.found {
		p := &search.found[i]
		if p.certificates[len(p.certificates)-1].id != anchor {
			continue
		}
		refusal := v.believe(p, v.at, false)
		if refusal == "" {
			return ""
		}
		if isFirst {
			reason, isFirst = refusal, false
		}
	}
	return reason
}

// believe validates the chain of who signed revocation data, as that of any signer but for what its key is for. Certificates
// of the chain under examination are judged there.
func (v *vetting) believe(p *path, signed time.Time, noCheck bool) string {
	x, leaf, top := v.x, p.certificates[0], len(p.certificates)-1
	b := x.block("RAC")
	x.checkAnchor(b, p, v.at)
	for _, c := range p.certificates[:top] {
		for _, d := range c.defects {
			b.breaks(d.rule, c.id, d.message)
		}
	}
	for i := 1; i <= top; i++ {
		x.checkIssuer(b, p, i, v.at)
	}
	x.checkNames(b, p)
	x.checkPolicies(b, p)
	for i, c := range p.certificates[:top] {
		x.checkCertificateAlgorithm(b, c, p.certificates[i+1], v.at)
	}
	for _, check := range b.Checks {
		if check.Status == Broken {
			return fmt.Sprintf("the chain of who signed the data does not hold: %s (%s)", check.Message, check.Clause)
		}
	}
	if top > 0 && (signed.Before(leaf.NotBefore) || signed.After(leaf.NotAfter)) {
		return "the certificate of who signed the data was not valid then"
	}
	below := vetting{x, p, v.at, v.pending, v.self}
	for i, c := range p.certificates[:top] {
		if i == 0 && (noCheck || c.isExempt()) || v.p.index(c.id) >= 0 {
			continue
		}
		switch s := below.status(c, p.certificates[i+1]); {
		case !s.known:
			x.need(Need{Kind: NeedRevocation, Certificate: c.id, Issuer: p.certificates[i+1].id})
			if !x.e.in.UnsafeNoRevocation {
				return "whether who signed the data is revoked is not known"
			}
		case s.StatusAt(v.at) == facts.Revoked:
			return "who signed the data is revoked"
		}
	}
	return ""
}

// isExempt reports whether a certificate says that no revocation data exist for it: a short-term one (EN 319 412-1 §5.2), or one
// with noRevAvail (RFC 9608).
func (c *certificate) isExempt() bool {
	_, isShort := c.Extension(pkix.OIDValidityAssuranceShort)
	_, hasNone := c.Extension(oidNoRevAvail)
	return isShort || hasNone
}

// checkRevocation asks for the status of every certificate below the anchor.
func (x *subject) checkRevocation(b *builder, p *path, at time.Time) {
	v := &vetting{x: x, p: p, at: at}
	top := len(p.certificates) - 1
	for i, c := range p.certificates[:top] {
		if i == 0 && c.isExempt() {
			b.note(ruleRevocation, Information, c.id, "the certificate says that no revocation data exist for it")
			b.revocations = append(b.revocations, revocationCheck{certificate: c, exempt: true, status: &status{}})
			continue
		}
		s := v.status(c, p.certificates[i+1])
		b.revocations = append(b.revocations, revocationCheck{certificate: c, status: s})
		if !s.known {
			x.need(Need{Kind: NeedRevocation, Certificate: c.id, Issuer: p.certificates[i+1].id})
			x.lackStatus(b, c, i, s)
			continue
		}
		b.holds(ruleRevocation, c.id)
		b.holds(ruleAcceptable, c.id)
		x.checkStatus(b, c, i, s, at)
		if s.StatusAt(at) != facts.Revoked { // which data do not become less true by their age
			x.checkFreshness(b, c, p.certificates[i+1], s, at)
		}
		x.checkRevocationAlgorithms(b, s, at)
	}
}

// lackStatus records that nothing acceptable says whether a certificate is revoked.
func (x *subject) lackStatus(b *builder, c *certificate, index int, s *status) {
	rule, message := ruleRevocation, "no revocation data say whether the certificate is revoked"
	if s.present {
		b.holds(ruleRevocation, c.id)
		rule, message = ruleAcceptable, "the revocation data are not acceptable: "+s.refusal
	}
	if x.e.in.UnsafeNoRevocation {
		why := "no data"
		if s.present {
			why = s.refusal
		}
		b.note(rule, Warning, c.id, "whether the certificate is revoked is not known, and was not required (UnsafeNoRevocation): "+why)
		return
	}
	level := x.e.policy.level(rule, x.scope)
	if index > 0 && x.scope == timestampScope && level == Fail {
		level = Warn // as the default policy of EU DSS has it
	}
	b.breaksWith(rule, because(rule.SubIndication), level, c.id, message)
}

// doubt records what makes an acceptable status less certain. Who does not require one does not require it to be certain.
func (x *subject) doubt(b *builder, r *Rule, object, message string) {
	switch level := x.e.policy.level(r, x.scope); {
	case !x.e.in.UnsafeNoRevocation:
		b.breaks(r, object, message)
	case level != Ignore:
		b.note(r, Warning, object, message+", and this was not required (UnsafeNoRevocation)")
	}
}

// checkStatus judges an acceptable status at a time.
func (x *subject) checkStatus(b *builder, c *certificate, index int, s *status, at time.Time) {
	notRevoked := ruleCANotRevoked
	if index == 0 {
		notRevoked = ruleSignerNotRevoked
	}
	if s.StatusAt(at) != facts.Revoked {
		b.holds(notRevoked, c.id)
		b.holds(ruleHold, c.id)
		return
	}
	when := "at a date that is not told"
	if s.RevokedAt != nil {
		when = "since " + stamp(*s.RevokedAt)
	}
	if s.Reason == facts.CertificateHold {
		b.holds(notRevoked, c.id)
		b.breaks(ruleHold, c.id, "the certificate is suspended "+when)
		return
	}
	if s.Reason != "" {
		when += ", reason " + string(s.Reason)
	}
	b.breaks(notRevoked, c.id, "the certificate is revoked "+when)
}

// checkFreshness is the revocation freshness checker (RFC, §5.2.5.3). Data that their issuer has announced newer ones for are
// worth asking again, whatever the policy.
func (x *subject) checkFreshness(b *builder, c, issuer *certificate, s *status, at time.Time) {
	if s.Kind == facts.KindCRL {
		if s.NextUpdate == nil {
			x.doubt(b, ruleNextUpdate, c.id, "the list does not say when the next one will be issued")
		} else {
			b.holds(ruleNextUpdate, c.id)
		}
	}
	if s.NextUpdate != nil && at.After(*s.NextUpdate) || x.e.policy.level(ruleFresh, x.scope) != Ignore && x.e.policy.stale(s, at) != "" {
		since := at.Add(-max(x.e.policy.maxAge(s), 0))
		x.need(Need{Kind: NeedRevocation, Certificate: c.id, Issuer: issuer.id, NotBefore: &since})
	}
	if reason := x.e.policy.stale(s, at); reason != "" {
		x.doubt(b, ruleFresh, c.id, reason)
		return
	}
	b.holds(ruleFresh, c.id)
}

// maxAge is how old data may be: as the policy says, else as long as they announce to be the newest. It is negative when
// neither says.
func (p *Policy) maxAge(s *status) time.Duration {
	switch {
	case p.RevocationFreshness != nil:
		return time.Duration(*p.RevocationFreshness)
	case s.NextUpdate != nil:
		return s.NextUpdate.Sub(s.ThisUpdate)
	}
	return -1
}

// stale says why data are too old at a time, and nothing if they are not.
func (p *Policy) stale(s *status, at time.Time) string {
	age := p.maxAge(s)
	switch {
	case age < 0:
		return "nothing says how old the revocation data may be"
	case s.ThisUpdate.Before(at.Add(-age)):
		return fmt.Sprintf("the revocation data, of %s, are older than %s at %s", stamp(s.ThisUpdate), age, stamp(at))
	}
	return ""
}

// checkRevocationAlgorithms judges the signatures of the data that a status rests on.
func (x *subject) checkRevocationAlgorithms(b *builder, s *status, at time.Time) {
	for i, id := range s.Data {
		r := x.e.doc.Revocation(id)
		a, err := algorithmIdentifier(r.SignatureAlgorithm)
		if err == nil {
			var scheme pkix.Scheme
			if scheme, err = pkix.ParseScheme(a, &s.signers[i].PublicKey, 0); err == nil {
				j := x.e.policy.Algorithms.signature(scheme, s.signers[i].PublicKey.Bits, at)
				if j.ok || !x.e.in.UnsafeNoRevocation {
					x.judge(b, ruleRevocationAlgorithm, id, j)
				} else {
					x.doubt(b, ruleRevocationAlgorithm, id, j.text)
				}
				continue
			}
		}
		x.doubt(b, ruleRevocationAlgorithm, id, err.Error())
	}
}

// checkRevocationSigners asks whether who signed the data about the signer's certificate is still within validity: afterwards,
// nobody answers for the date that they bear. Anchors are believed without regard to their dates.
func (x *subject) checkRevocationSigners(b *builder, p *path, at time.Time) {
	if len(b.revocations) == 0 || !b.revocations[0].known {
		return
	}
	for _, signer := range b.revocations[0].signers {
		switch {
		case signer.id == p.certificates[len(p.certificates)-1].id:
		case at.Before(signer.NotBefore) || at.After(signer.NotAfter):
			x.doubt(b, ruleRevocationSigner, signer.id, "the certificate of who signed the revocation data is not valid at "+stamp(at))
			continue
		}
		b.holds(ruleRevocationSigner, signer.id)
	}
}

// knownGood reports whether a signer that is outside its validity is known not to have been revoked, on the word of someone
// who is still within his.
func (x *subject) knownGood(b *builder, p *path, at time.Time) bool {
	if len(b.revocations) == 0 {
		return false
	}
	first := b.revocations[0]
	if first.exempt {
		return true
	}
	if !first.known || first.StatusAt(at) == facts.Revoked {
		return false
	}
	return !slices.ContainsFunc(first.signers, func(s *certificate) bool {
		return s.id != p.certificates[len(p.certificates)-1].id && (at.Before(s.NotBefore) || at.After(s.NotAfter))
	})
}

// revocationOf returns the check of the status of a certificate of the chain, nil when there was none.
func (b *builder) revocationOf(id string) *revocationCheck {
	for i := range b.revocations {
		if b.revocations[i].certificate.id == id {
			return &b.revocations[i]
		}
	}
	return nil
}
