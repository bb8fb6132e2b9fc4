package facts

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// listed returns what a complete list says of the certificate, alone and with each delta.
func (t *target) listed(r *Revocation) []Statement {
	s, concerns := t.scope(r)
	if !concerns {
		return nil
	}
	if s.Sound() {
		t.look(&s, r)
	}
	list := []Statement{s}
	if !s.Sound() {
		return list
	}
	for _, delta := range t.deltasOf(r) {
		list = append(list, t.combine(s, r, delta))
	}
	return list
}

// scope says whether a list is about the certificate, and for which reasons: RFC 5280 §6.3.3 (b), (d). concerns is false for a
// list of somebody else.
func (t *target) scope(r *Revocation) (s Statement, concerns bool) {
	s = Statement{
		Data: []string{r.ID}, Kind: KindCRL, Status: Good, ThisUpdate: r.CRL.ThisUpdate, NextUpdate: r.CRL.NextUpdate,
		ProducedAt: r.CRL.ThisUpdate, Remembers: r.CRL.ExpiredSince,
	}
	why, isForIt := "", false
	var reasons pkix.ReasonFlags
	for i := range t.points {
		p := &t.points[i]
		if !t.issuedFor(r.CRL, p) {
			continue
		}
		concerns = true
		if mismatch := t.mismatch(r.CRL, p); mismatch != "" {
			why = cmp.Or(why, mismatch)
			continue
		}
		isForIt = true
		reasons |= p.Reasons & scopeReasons(r.CRL.Scope)
	}
	if !concerns {
		return s, false
	}
	if s.Reasons = reasonsOf(reasons); !isForIt {
		s.Reasons = nil
		s.fault("crl.scope", "RFC 5280 §6.3.3 (b)", why)
	}
	for _, p := range r.Problems {
		if p.Fatal {
			s.fault(p.Code, p.Clause, p.Message)
		}
	}
	return s, true
}

func scopeReasons(s *Scope) pkix.ReasonFlags {
	if s == nil {
		return pkix.AllReasons
	}
	return flagsOf(s.Reasons)
}

// issuedFor reports whether the issuer of a list is the one that a distribution point promises: §6.3.3 (b)(1).
func (t *target) issuedFor(c *CRL, p *pkix.DistributionPoint) bool {
	if len(p.CRLIssuers) == 0 {
		return t.f.sameName(c.Issuer, t.c.RawIssuer)
	}
	return slices.ContainsFunc(p.CRLIssuers, func(n pkix.GeneralName) bool {
		return n.Form == pkix.FormDirectory && t.f.sameName(n.Value, c.Issuer)
	})
}

// mismatch says why a list is not for this certificate at that distribution point: §6.3.3 (b).
func (t *target) mismatch(c *CRL, p *pkix.DistributionPoint) string {
	if len(p.CRLIssuers) > 0 && (c.Scope == nil || !c.Scope.Indirect) {
		return "the certificate leaves its revocation to another issuer, and the list of that one does not say that it is indirect"
	}
	if c.Scope == nil {
		return ""
	}
	if len(c.Scope.Names) > 0 {
		names := p.CRLIssuers
		if !p.Name.IsAbsent() {
			names = p.Name.Names(t.relativeTo(p))
		}
		if !slices.ContainsFunc(c.Scope.Names, func(a GeneralName) bool {
			return slices.ContainsFunc(names, func(b pkix.GeneralName) bool { return t.sameGeneralName(a, b) })
		}) {
			return "the list is that of another distribution point than those of the certificate"
		}
	}
	switch isCA := t.c.IsCA(); {
	case c.Scope.OnlyAttributes:
		return "the list is only for attribute certificates"
	case c.Scope.OnlyUsers && isCA:
		return "the list is only for certificates of end users, and this one is of an authority"
	case c.Scope.OnlyAuthorities && !isCA:
		return "the list is only for certificates of authorities, and this one is of an end user"
	}
	return ""
}

// relativeTo is the name that a relative distribution point name completes: that of the CRL issuer (RFC 5280 §4.2.1.13).
func (t *target) relativeTo(p *pkix.DistributionPoint) []byte {
	for _, n := range p.CRLIssuers {
		if n.Form == pkix.FormDirectory {
			return n.Value
		}
	}
	return t.c.RawIssuer
}

func (t *target) sameGeneralName(a GeneralName, b pkix.GeneralName) bool {
	if a.Form != b.Form {
		return false
	}
	return bytes.Equal(a.Value, b.Value) || a.Form == pkix.FormDirectory && t.f.sameName(a.Value, b.Value)
}

// look searches the certificate on a list: §6.3.3 (j).
func (t *target) look(s *Statement, r *Revocation) {
	if !r.CRL.Knows(t.c.RawSerial) {
		s.fault("crl.not-sought", "", "the certificate was not looked for when the list was read: read it again")
		return
	}
	if e := t.entry(r.CRL); e != nil && e.Reason != RemoveFromCRL {
		s.revoke(e)
	}
}

func (s *Statement) revoke(e *CRLEntry) {
	date := e.Date
	s.Status, s.RevokedAt, s.Reason, s.InvalidityDate = Revoked, &date, e.Reason, e.InvalidityDate
}

// entry returns the entry of the certificate, nil if there is none. Of several the gravest counts: a revocation before a
// suspension before a release, and the first date.
func (t *target) entry(c *CRL) *CRLEntry {
	grave := func(e *CRLEntry) int {
		switch e.Reason {
		case RemoveFromCRL:
			return 0
		case CertificateHold:
			return 1
		}
		return 2
	}
	var found *CRLEntry
	for i := range c.Entries {
		e := &c.Entries[i]
		issuer := e.Issuer
		if len(issuer) == 0 {
			issuer = c.Issuer
		}
		if !bytes.Equal(pkix.TrimInteger(e.Serial), pkix.TrimInteger(t.c.RawSerial)) || !t.f.sameName(issuer, t.c.RawIssuer) {
			continue
		}
		if found == nil || grave(e) > grave(found) || grave(e) == grave(found) && e.Date.Before(found.Date) {
			found = e
		}
	}
	return found
}

// deltasOf returns the delta lists that complete a list: §5.2.4, §6.3.3 (c). Of many, those that the issuer is known to have
// signed come first and those that it is known not to have last, so that a file full of forged ones hides none that is sound.
func (t *target) deltasOf(base *Revocation) (list []*Revocation) {
	number, ok := new(big.Int).SetString(base.CRL.Number, 10)
	if !ok {
		return nil
	}
	for _, i := range t.f.deltas[t.f.name(base.CRL.Issuer)] {
		d := &t.f.doc.Revocations[i]
		from, okFrom := new(big.Int).SetString(d.CRL.Base, 10)
		own, okOwn := new(big.Int).SetString(d.CRL.Number, 10)
		if okFrom && okOwn && from.Cmp(number) <= 0 && own.Cmp(number) > 0 && sameScope(base.CRL.Scope, d.CRL.Scope) &&
			bytes.Equal(base.CRL.IssuerKeyID, d.CRL.IssuerKeyID) {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(a, b *Revocation) int { return cmp.Compare(t.doubt(a), t.doubt(b)) })
	return list[:min(len(list), limits.RevocationDeltas)]
}

// doubt is how little is known for the signature of an object: 0 when it verifies with the key of the issuer, 2 when with none
// that was tried.
func (t *target) doubt(r *Revocation) int {
	doubt := 1
	for _, k := range r.Keys {
		c := t.f.certificates[k.Certificate]
		switch {
		case c == nil || k.Result == Unsupported:
		case k.Result == Wrong:
			doubt = max(doubt, 2)
		case bytes.Equal(c.RawSPKI, t.issuer.RawSPKI):
			return 0
		}
	}
	return doubt
}

func sameScope(a, b *Scope) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.OnlyUsers == b.OnlyUsers && a.OnlyAuthorities == b.OnlyAuthorities && a.OnlyAttributes == b.OnlyAttributes &&
		a.Indirect == b.Indirect && flagsOf(a.Reasons) == flagsOf(b.Reasons) &&
		slices.EqualFunc(a.Names, b.Names, func(x, y GeneralName) bool { return x.Form == y.Form && bytes.Equal(x.Value, y.Value) })
}

// combine brings what a list says up to date with a delta: §6.3.3 (i) to (k).
func (t *target) combine(s Statement, base, delta *Revocation) Statement {
	s.Data = []string{base.ID, delta.ID}
	s.ThisUpdate, s.ProducedAt = delta.CRL.ThisUpdate, delta.CRL.ThisUpdate
	s.NextUpdate = delta.CRL.NextUpdate
	for _, p := range delta.Problems {
		if p.Fatal {
			s.fault(p.Code, p.Clause, p.Message)
		}
	}
	if !s.Sound() {
		return s
	}
	if !delta.CRL.Knows(t.c.RawSerial) {
		s.fault("crl.not-sought", "", fmt.Sprintf("the certificate was not looked for when delta list %s was read: read it again", delta.CRL.Number))
		return s
	}
	switch e := t.entry(delta.CRL); {
	case e == nil:
	case e.Reason == RemoveFromCRL:
		s.Status, s.RevokedAt, s.Reason, s.InvalidityDate = Good, nil, "", nil
	default:
		s.revoke(e)
	}
	return s
}
