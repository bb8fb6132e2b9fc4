package report

import (
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// indexRevocations finds CRLs and responses by ID, so that checks can name them.
func (b *builder) indexRevocations() {
	b.data = map[string]int{}
	for i := range b.doc.Revocations {
		if r := &b.doc.Revocations[i]; isDigest(r.ID) && i < limits.ReportRevocations {
			b.data[r.ID] = i
			b.source.data[r.ID] = true
		}
	}
}

// addRevocations describes the CRLs and responses of the facts.
func (b *builder) addRevocations() {
	b.Omitted.Revocations = max(len(b.doc.Revocations)-limits.ReportRevocations, 0)
	for i := range b.doc.Revocations {
		f := &b.doc.Revocations[i]
		if at, ok := b.data[f.ID]; !ok || at != i {
			continue
		}
		r := Revocation{ID: f.ID, Kind: kindOf(f), Origin: oneOf(f.Origin, origins...), Size: max(f.Size, 0)}
		switch {
		case f.CRL != nil:
			r.ThisUpdate, r.Entries = known(f.CRL.ThisUpdate), max(f.CRL.Count, 0)
			if f.CRL.NextUpdate != nil {
				r.NextUpdate = known(*f.CRL.NextUpdate)
			}
		case f.OCSP != nil:
			r.ThisUpdate, r.NextUpdate, r.Entries = answersOf(f.OCSP)
		}
		b.Revocations = append(b.Revocations, r)
	}
}

var origins = []facts.Origin{
	facts.FromSignature, facts.FromTimestamp, facts.FromDocument, facts.FromCaller, facts.FromAnchor, facts.FromNetwork, facts.FromRevocation,
}

func kindOf(f *facts.Revocation) facts.RevocationKind {
	if f.OCSP != nil {
		return facts.KindOCSP
	}
	return facts.KindCRL
}

// answersOf sums up a response: its earliest thisUpdate and nextUpdate.
func answersOf(o *facts.OCSP) (thisUpdate, nextUpdate *time.Time, n int) {
	earlier := func(known **time.Time, t time.Time) {
		if *known == nil || t.Before(**known) {
			*known = &t
		}
	}
	for i := range o.Answers {
		a := &o.Answers[i]
		earlier(&thisUpdate, a.ThisUpdate)
		if a.NextUpdate != nil {
			earlier(&nextUpdate, *a.NextUpdate)
		}
	}
	if thisUpdate == nil {
		thisUpdate = &o.ProducedAt
	}
	thisUpdate = known(*thisUpdate)
	if nextUpdate != nil {
		nextUpdate = known(*nextUpdate)
	}
	return thisUpdate, nextUpdate, len(o.Answers)
}

var revocationLabels = map[facts.RevocationKind]text{
	facts.KindCRL:  {"l'état de révocation (liste CRL)", "the revocation status (CRL)"},
	facts.KindOCSP: {"l'état de révocation (réponse OCSP)", "the revocation status (OCSP response)"},
}

// revocationLabel says which CRL or response: by its date.
func (b *builder) revocationLabel(position int) string {
	f := &b.doc.Revocations[position]
	label := revocationLabels[kindOf(f)].in(b.language)
	at := known(issuedAt(f))
	if at == nil {
		return label
	}
	return label + text{" du ", " of "}.in(b.language) + b.day(*at)
}

// issuedAt is when a CRL or response was made.
func issuedAt(f *facts.Revocation) time.Time {
	switch {
	case f.CRL != nil:
		return f.CRL.ThisUpdate
	case f.OCSP != nil:
		return f.OCSP.ProducedAt
	}
	return time.Time{}
}
