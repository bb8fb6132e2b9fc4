package facts

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A RevocationFinder answers two questions about the revocation data of a document: what they say of a certificate, and who may
// have signed them. It computes no signature; it reads each certificate once.
type RevocationFinder struct {
	doc          *Document
	certificates map[string]*pkix.Certificate // by ID
	order        []string                     // their IDs
	known        int                          // how many of doc.Certificates are in
	subjects     map[string][]string          // IDs by canonical subject; of the first indexed
	indexed      int
	names        map[string]string // canonical names by octets

	sorted    int              // how many of doc.Revocations are in the three below, by position
	lists     map[string][]int // complete lists, by canonical name of their issuer
	deltas    map[string][]int // delta lists, likewise
	responses map[string][]int // by serial number
}

// NewRevocationFinder returns a finder over a document, and over certificates that are not in it, in DER: the trust anchors.
// Certificates and revocation data added to the document afterwards are found too.
func NewRevocationFinder(doc *Document, others ...[]byte) *RevocationFinder {
	f := &RevocationFinder{
		doc: doc, certificates: map[string]*pkix.Certificate{}, subjects: map[string][]string{}, names: map[string]string{},
		lists: map[string][]int{}, deltas: map[string][]int{}, responses: map[string][]int{},
	}
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

func (f *RevocationFinder) certificate(id string) *pkix.Certificate {
	for ; f.known < len(f.doc.Certificates); f.known++ {
		f.add(f.doc.Certificates[f.known].Raw)
	}
	return f.certificates[id]
}

// sort puts the revocation data that came since into the indexes, so that a file with thousands of them costs each certificate
// only those about it.
func (f *RevocationFinder) sort() {
	for ; f.sorted < len(f.doc.Revocations); f.sorted++ {
		switch r := &f.doc.Revocations[f.sorted]; {
		case r.OCSP != nil:
			for i := range r.OCSP.Answers {
				serial := string(pkix.TrimInteger(r.OCSP.Answers[i].CertID.Serial))
				if list := f.responses[serial]; len(list) == 0 || list[len(list)-1] != f.sorted {
					f.responses[serial] = append(list, f.sorted)
				}
			}
		case r.CRL != nil && r.CRL.Base == "":
			name := f.name(r.CRL.Issuer)
			f.lists[name] = append(f.lists[name], f.sorted)
		case r.CRL != nil:
			name := f.name(r.CRL.Issuer)
			f.deltas[name] = append(f.deltas[name], f.sorted)
		}
	}
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
	f.sort()
	var list []Statement
	for _, i := range f.responses[string(pkix.TrimInteger(t.c.RawSerial))] {
		list = append(list, t.answers(&f.doc.Revocations[i])...)
	}
	for _, name := range t.listIssuers() {
		for _, i := range f.lists[name] {
			list = append(list, t.listed(&f.doc.Revocations[i])...)
		}
	}
	slices.SortStableFunc(list, compareStatements)
	return list
}

// compareStatements puts what can be relied upon first, then what was known last; a list with its delta before the list alone,
// and of two that contradict each other the worse.
func compareStatements(a, b Statement) int {
	isGood := func(s *Statement) int {
		if s.Status == Revoked {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(len(a.Faults), len(b.Faults)), b.ThisUpdate.Compare(a.ThisUpdate), b.ProducedAt.Compare(a.ProducedAt),
		cmp.Compare(len(b.Data), len(a.Data)), cmp.Compare(isGood(&a), isGood(&b)), slices.Compare(a.Data, b.Data))
}

// A target is the certificate asked about.
type target struct {
	f         *RevocationFinder
	c, issuer *pkix.Certificate
	points    []pkix.DistributionPoint
}

func (f *RevocationFinder) target(certificate, issuer string) *target {
	t := &target{f: f, c: f.certificate(certificate), issuer: f.certificate(issuer)}
	if t.c == nil || t.issuer == nil {
		return nil
	}
	if e, ok := t.c.Extension(pkix.OIDCRLDistributionPoints); ok {
		t.points, _ = pkix.ParseDistributionPoints(e.Value)
	}
	// The last resort: a list of the issuer that no point names (RFC 5280 §6.3.3).
	t.points = append(t.points, pkix.DistributionPoint{
		Name:    pkix.DistributionPointName{Full: []pkix.GeneralName{{Form: pkix.FormDirectory, Value: t.c.RawIssuer}}},
		Reasons: pkix.AllReasons,
	})
	return t
}

// listIssuers returns the canonical names under which a list about the certificate may be, each once.
func (t *target) listIssuers() []string {
	names := []string{t.f.name(t.c.RawIssuer)}
	for i := range t.points {
		for _, issuer := range t.points[i].CRLIssuers {
			if name := t.f.name(issuer.Value); issuer.Form == pkix.FormDirectory && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
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
