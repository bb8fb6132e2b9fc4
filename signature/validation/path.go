package validation

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A path is a prospective chain: the certificate of the signer first.
type path struct {
	certificates []*certificate
	anchor       *trust.Anchor // what makes the last one believed; nil when the chain leads nowhere
	fromFile     bool          // the anchor is one of UnsafeAnchorsFromFile
}

func (p *path) ids() []string {
	ids := make([]string, len(p.certificates))
	for i, c := range p.certificates {
		ids[i] = c.id
	}
	return ids
}

// paths searches the chains of one certificate to an anchor.
type paths struct {
	e       *engine
	x       *subject
	purpose trust.Purpose
	at      time.Time
	steps   int
	current []*certificate
	found   []path
	longest []*certificate // without an anchor, for the report
	cut     bool           // a bound was met
}

// search returns the chains that lead from the signing certificate to an anchor, the most promising first, and the longest chain
// known when there is none. Issuers whose signature was found wrong are not followed. One that nobody has verified yet is
// followed to name the needs, and gives no chain.
func (x *subject) search(at time.Time) *paths {
	s := &paths{e: x.e, x: x, purpose: x.purpose, at: at}
	s.extend(x.signer, true)
	return s
}

// extend goes one certificate further. verified says whether every link so far was.
func (s *paths) extend(c *certificate, verified bool) {
	if s.steps++; s.steps > limits.PathSteps || s.e.steps > limits.ValidationSteps || len(s.found) == limits.PathCandidates {
		s.cut = true
		return
	}
	s.e.steps++
	s.current = append(s.current, c)
	defer func() { s.current = s.current[:len(s.current)-1] }()
	if verified && len(s.current) > len(s.longest) {
		s.longest = slices.Clone(s.current)
	}
	if a, ok := s.e.anchor(c.id, s.purpose); ok {
		if verified {
			s.found = append(s.found, path{certificates: slices.Clone(s.current), anchor: &a})
		}
		return
	}
	if len(s.current) == limits.PathLength {
		s.cut = true
		return
	}
	issuers := s.issuers(c)
	if s.e.in.UnsafeAnchorsFromFile && verified && s.isTopmost(c, issuers) {
		s.found = append(s.found, path{
			certificates: slices.Clone(s.current), anchor: &trust.Anchor{Certificate: c.Raw, Source: "the file itself"}, fromFile: true,
		})
		return
	}
	if len(issuers) == 0 && !c.selfIssued() {
		s.x.need(Need{Kind: NeedIssuer, Certificate: c.id, Name: c.RawIssuer, KeyID: c.AuthorityKeyID})
	}
	for _, issuer := range issuers {
		s.extend(issuer.certificate, verified && issuer.state == facts.Verified)
	}
}

// isTopmost reports whether a certificate is where the chains of the file end: a root, or an authority whose issuer is not
// there. A certificate that is neither is nobody's anchor.
func (s *paths) isTopmost(c *certificate, issuers []candidate) bool {
	return c.selfIssued() || c.IsCA() && len(issuers) == 0
}

// A candidate is a possible issuer.
type candidate struct {
	*certificate
	state facts.ValueState
	rank  int
}

// issuers returns the certificates that may have issued c: the subject is its issuer's name, the signature was not found
// wrong, and neither the certificate nor its name and key are in the chain already. The order is that of preference and does
// not depend on the order of the facts.
func (s *paths) issuers(c *certificate) []candidate {
	anchors := s.e.anchorsNamed(c, s.purpose)
	var list []candidate
	consider := func(issuer *certificate, isAnchor bool) {
		if len(list) >= limits.PathIssuers || s.loops(issuer) {
			return
		}
		state := s.e.issuance[pair{c.id, issuer.id}]
		switch state {
		case facts.Wrong, facts.Unsupported:
			return
		case facts.Verified:
		default:
			s.x.need(Need{Kind: NeedIssuance, Certificate: c.id, Issuer: issuer.id})
		}
		list = append(list, candidate{issuer, state, s.rank(c, issuer, isAnchor, state)})
	}
	for _, a := range anchors {
		consider(a, true)
	}
	for _, other := range s.e.bySubject[c.issuer] {
		if !slices.ContainsFunc(anchors, func(a *certificate) bool { return a.id == other.id }) {
			consider(other, false)
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), b.NotAfter.Compare(a.NotAfter), cmp.Compare(a.id, b.id))
	})
	return list
}

// rank prefers, in this order: a link that was verified, an anchor, the key identifier that c names, validity at the time.
func (s *paths) rank(c, issuer *certificate, isAnchor bool, state facts.ValueState) int {
	r := 0
	if state == facts.Verified {
		r += 8
	}
	if isAnchor {
		r += 4
	}
	if len(c.AuthorityKeyID) > 0 && bytes.Equal(c.AuthorityKeyID, issuer.SubjectKeyID) {
		r += 2
	}
	if !s.at.Before(issuer.NotBefore) && !s.at.After(issuer.NotAfter) {
		r++
	}
	return r
}

func (s *paths) loops(issuer *certificate) bool {
	return slices.ContainsFunc(s.current, func(c *certificate) bool {
		return c.id == issuer.id || c.subject == issuer.subject && bytes.Equal(c.RawSPKI, issuer.RawSPKI)
	})
}
