package facts

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Statement is what revocation data say of one certificate. It is evidence and no verdict: whether its signer is believed, and
// whether it is recent enough, is for a policy.
type Statement struct {
	// Data are the objects that it rests on, by ID: one response, one list, a list and the delta that brings it up to date, or
	// lists that share the reasons between them. Each must be believed for the statement to be.
	Data []string       `json:"data"`
	Kind RevocationKind `json:"kind"`

	Status     RevocationStatus `json:"status"`
	ThisUpdate time.Time        `json:"thisUpdate"` // when this was known to be right
	NextUpdate *time.Time       `json:"nextUpdate,omitempty"`
	ProducedAt time.Time        `json:"producedAt"` // when it was signed: thisUpdate for a list

	// Of a revoked certificate.
	RevokedAt      *time.Time       `json:"revokedAt,omitempty"`
	Reason         RevocationReason `json:"reason,omitempty"`
	InvalidityDate *time.Time       `json:"invalidityDate,omitempty"`

	// Reasons are the only ones of which it speaks: a certificate that is good for those may be revoked for another. Nil for
	// all. Join makes one statement of several.
	Reasons []RevocationReason `json:"reasons,omitzero"`
	// Remembers is since when expired certificates are still known; see [Statement.KnowsExpired].
	Remembers *time.Time `json:"remembers,omitempty"`
	// CertHash says that the responder proves to know the certificate, by its digest.
	CertHash bool `json:"certHash,omitempty"`
	// Faults are why it cannot be relied upon whoever signed: the list is not for this certificate, the digest is that of
	// another… Status is then StatusUnknown.
	Faults []Problem `json:"faults,omitempty"`
}

// Sound reports whether nothing in the statement itself is against relying on it.
func (s *Statement) Sound() bool { return len(s.Faults) == 0 }

// StatusAt is the status that the certificate had at a date: one revoked later was good. How far after ThisUpdate the statement
// may be stretched is a matter of freshness.
func (s *Statement) StatusAt(t time.Time) RevocationStatus {
	if s.Status == Revoked && s.RevokedAt != nil && s.RevokedAt.After(t) {
		return Good
	}
	return s.Status
}

// KnowsExpired reports whether the statement still speaks of a certificate that expires at notAfter: it was made before that,
// or its issuer remembers certificates that expired since then (RFC 6960 §4.4.4, X.509 §9.5.2.8). Otherwise a good status says
// nothing, since an authority may forget a certificate once it expired (RFC 5280 §5).
func (s *Statement) KnowsExpired(notAfter time.Time) bool {
	return !s.ThisUpdate.After(notAfter) || s.Remembers != nil && !notAfter.Before(*s.Remembers)
}

func (s *Statement) fault(code, clause, message string) {
	s.Faults = append(s.Faults, Problem{Code: code, Clause: clause, Message: message, Fatal: true})
	s.Status, s.RevokedAt, s.Reason, s.InvalidityDate = StatusUnknown, nil, "", nil
}

// Join makes one statement out of several that each speak of some reasons (RFC 5280 §6.3.3 (d) to (l)). Give it only those
// whose signer is believed: revoked by any of them is revoked, and good needs all reasons. It is false when that is not reached.
func Join(partial ...Statement) (Statement, bool) {
	var out Statement
	var flags pkix.ReasonFlags
	for i, s := range partial {
		if !s.Sound() || s.Status == StatusUnknown {
			continue
		}
		if s.Status == Revoked {
			return s, true
		}
		if flags |= flagsOf(s.Reasons); out.Data == nil {
			out = s
			out.Data, out.Reasons = slices.Clone(s.Data), nil
			continue
		}
		for _, id := range partial[i].Data {
			if !slices.Contains(out.Data, id) {
				out.Data = append(out.Data, id)
			}
		}
		if s.ThisUpdate.Before(out.ThisUpdate) {
			out.ThisUpdate = s.ThisUpdate
		}
		if s.ProducedAt.Before(out.ProducedAt) {
			out.ProducedAt = s.ProducedAt
		}
		out.NextUpdate = earliest(out.NextUpdate, s.NextUpdate)
		out.Remembers = latest(out.Remembers, s.Remembers)
		out.CertHash = out.CertHash && s.CertHash
	}
	return out, flags == pkix.AllReasons
}

func earliest(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

// latest returns the later of two dates, nil if one is missing.
func latest(a, b *time.Time) *time.Time {
	switch {
	case a == nil || b == nil:
		return nil
	case a.After(*b):
		return a
	}
	return b
}

// A RevocationFinder answers two questions about the revocation data of a document: what they say of a certificate, and who may
// have signed them. It computes no signature; it reads each certificate once.
type RevocationFinder struct {
	doc          *Document
	certificates map[string]*pkix.Certificate // by ID; nil for one that cannot be read
	order        []string                     // their IDs
	known        int                          // how many of doc.Certificates are in
	subjects     map[string][]string          // IDs by canonical subject; of the first indexed
	indexed      int
	names        map[string]string // canonical names by octets
}

// NewRevocationFinder returns a finder over a document, and over certificates that are not in it, in DER: the trust anchors.
// Certificates and revocation data added to the document afterwards are found too.
func NewRevocationFinder(doc *Document, others ...[]byte) *RevocationFinder {
	f := &RevocationFinder{doc: doc, certificates: map[string]*pkix.Certificate{}, subjects: map[string][]string{}, names: map[string]string{}}
	for _, raw := range others {
		f.add(raw)
	}
	return f
}

func (f *RevocationFinder) add(raw []byte) {
	c, err := pkix.ParseCertificate(raw)
	if err != nil || len(c.Raw) != len(raw) {
		return
	}
	id := hex.EncodeToString(c.ID[:])
	if f.certificates[id] == nil {
		f.certificates[id] = c
		f.order = append(f.order, id)
	}
}

func (f *RevocationFinder) update() {
	for ; f.known < len(f.doc.Certificates); f.known++ {
		f.add(f.doc.Certificates[f.known].Raw)
	}
}

func (f *RevocationFinder) certificate(id string) *pkix.Certificate {
	f.update()
	return f.certificates[id]
}

// name is the canonical form of a Name, empty if it cannot be read.
func (f *RevocationFinder) name(raw []byte) string {
	if name, ok := f.names[string(raw)]; ok {
		return name
	}
	name, ok := pkix.CanonicalName(raw)
	if ok {
		name = "n" + name // so that the empty name is not the same as none
	}
	f.names[string(raw)] = name
	return name
}

func (f *RevocationFinder) sameName(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	name := f.name(a)
	return name != "" && name == f.name(b)
}

// About returns what the revocation data of the document say of a certificate that issuer issued, both by ID: the most recent
// statement first, those that cannot be relied upon last. A list and each of its deltas give a statement together, beside that
// of the list alone.
func (f *RevocationFinder) About(certificate, issuer string) []Statement {
	t := f.target(certificate, issuer)
	if t == nil {
		return nil
	}
	var list []Statement
	for i := range f.doc.Revocations {
		switch r := &f.doc.Revocations[i]; {
		case r.OCSP != nil:
			list = append(list, t.answers(r)...)
		case r.CRL != nil && r.CRL.Base == "":
			list = append(list, t.listed(r)...)
		}
	}
	slices.SortStableFunc(list, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(len(a.Faults), len(b.Faults)), b.ThisUpdate.Compare(a.ThisUpdate), b.ProducedAt.Compare(a.ProducedAt),
			cmp.Compare(len(b.Data), len(a.Data)), slices.Compare(a.Data, b.Data)) // a list with its delta before the list alone
	})
	return list
}

// A target is the certificate asked about.
type target struct {
	f              *RevocationFinder
	c, issuer      *pkix.Certificate
	id             string
	points         []pkix.DistributionPoint
	issuerAsName   pkix.GeneralName
	deltas         map[string][]*Revocation // by the octets of the issuer of the list
	deltasAreKnown bool
}

func (f *RevocationFinder) target(certificate, issuer string) *target {
	t := &target{f: f, c: f.certificate(certificate), issuer: f.certificate(issuer), id: certificate}
	if t.c == nil || t.issuer == nil {
		return nil
	}
	if e, ok := t.c.Extension(pkix.OIDCRLDistributionPoints); ok {
		t.points, _ = pkix.ParseDistributionPoints(e.Value)
	}
	t.issuerAsName = pkix.GeneralName{Form: pkix.FormDirectory, Value: t.c.RawIssuer}
	// The last resort: a list of the issuer that no point names (RFC 5280 §6.3.3).
	t.points = append(t.points, pkix.DistributionPoint{
		Name: pkix.DistributionPointName{Full: []pkix.GeneralName{t.issuerAsName}}, Reasons: pkix.AllReasons,
	})
	return t
}

// answers returns what an OCSP response says of the certificate.
func (t *target) answers(r *Revocation) (list []Statement) {
	for i := range r.OCSP.Answers {
		a := &r.OCSP.Answers[i]
		if !bytes.Equal(pkix.TrimInteger(a.CertID.Serial), pkix.TrimInteger(t.c.RawSerial)) {
			continue
		}
		s := Statement{
			Data: []string{r.ID}, Kind: KindOCSP, Status: a.Status, ThisUpdate: a.ThisUpdate, NextUpdate: a.NextUpdate,
			ProducedAt: r.OCSP.ProducedAt, RevokedAt: a.RevokedAt, Reason: a.Reason, InvalidityDate: a.InvalidityDate, Remembers: a.ArchiveCutoff,
		}
		id, err := certID(&a.CertID)
		names := false
		if err == nil {
			names, err = id.Names(t.c, t.issuer)
		}
		switch {
		case err != nil:
			s.fault("ocsp.cert-id", "RFC 6960 §4.1.1", "the certificate is named with a digest that is not computed here: "+err.Error())
		case !names:
			continue // the same serial number, of another issuer
		}
		for _, p := range slices.Concat(r.Problems, a.Problems) {
			if p.Fatal {
				s.fault(p.Code, p.Clause, p.Message)
			}
		}
		t.compareHash(&s, a)
		list = append(list, s)
	}
	return list
}

func certID(id *CertID) (pkix.CertID, error) {
	algorithm, err := identifier(id.Digest)
	return pkix.CertID{Algorithm: algorithm, NameHash: id.NameHash, KeyHash: id.KeyHash, Serial: id.Serial}, err
}

func (t *target) compareHash(s *Statement, a *Answer) {
	if a.CertHash == nil {
		return
	}
	const clause = "Common PKI 2.0 part 4 §3.1.2"
	algorithm, err := identifier(a.CertHash.Digest)
	if err != nil {
		s.fault("ocsp.cert-hash", clause, "the digest of the certificate is under an algorithm that cannot be read")
		return
	}
	h, err := pkix.DigestByOID(algorithm)
	switch {
	case err != nil:
		s.fault("ocsp.cert-hash", clause, "the digest of the certificate cannot be compared: "+err.Error())
	case !bytes.Equal(sum(h, t.c.Raw), a.CertHash.Value):
		s.fault("ocsp.cert-hash", clause, "the responder speaks of another certificate with that serial number: the digest differs")
	default:
		s.CertHash = s.Sound()
	}
}

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

// deltasOf returns the delta lists that complete a list: §5.2.4, §6.3.3 (c).
func (t *target) deltasOf(base *Revocation) (list []*Revocation) {
	number, ok := new(big.Int).SetString(base.CRL.Number, 10)
	if !ok {
		return nil
	}
	for _, d := range t.deltasFrom(base.CRL.Issuer) {
		from, okFrom := new(big.Int).SetString(d.CRL.Base, 10)
		own, okOwn := new(big.Int).SetString(d.CRL.Number, 10)
		if okFrom && okOwn && from.Cmp(number) <= 0 && own.Cmp(number) > 0 && sameScope(base.CRL.Scope, d.CRL.Scope) &&
			bytes.Equal(base.CRL.IssuerKeyID, d.CRL.IssuerKeyID) {
			list = append(list, d)
		}
	}
	return list
}

func (t *target) deltasFrom(issuer []byte) []*Revocation {
	if !t.deltasAreKnown {
		t.deltas, t.deltasAreKnown = map[string][]*Revocation{}, true
		for i := range t.f.doc.Revocations {
			if r := &t.f.doc.Revocations[i]; r.CRL != nil && r.CRL.Base != "" {
				name := t.f.name(r.CRL.Issuer)
				if len(t.deltas[name]) < limits.RevocationDeltas {
					t.deltas[name] = append(t.deltas[name], r)
				}
			}
		}
	}
	return t.deltas[t.f.name(issuer)]
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
