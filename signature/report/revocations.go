package report

import (
	"slices"
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

// status finds what revocation data say of a certificate that another issued.
func (b *builder) status(certificate, issuer string) *RevocationStatus {
	if len(b.doc.Revocations) == 0 || len(b.asked) == limits.ReportStatuses || b.asked[certificate] {
		return nil
	}
	b.asked[certificate] = true
	if b.finder == nil {
		b.finder = facts.NewRevocationFinder(b.doc)
	}
	for _, s := range b.finder.About(certificate, issuer) {
		if !s.Sound() || len(s.Reasons) > 0 || len(s.Data) > limits.ReportLanes || !b.isAuthorised(&s, issuer) {
			continue
		}
		out := &RevocationStatus{
			Status: oneOf(s.Status, facts.Good, facts.Revoked), Data: s.Data, ThisUpdate: known(s.ThisUpdate),
			Reason: oneOf(s.Reason, revocationReasons...),
		}
		if out.Status == "" {
			out.Status = facts.StatusUnknown
		}
		if s.RevokedAt != nil && out.Status == facts.Revoked {
			out.RevokedAt = known(*s.RevokedAt)
		}
		return out
	}
	return nil
}

// isAuthorised reports whether each object of a statement was signed by someone who may.
func (b *builder) isAuthorised(s *facts.Statement, issuer string) bool {
	return !slices.ContainsFunc(s.Data, func(id string) bool {
		_, isShown := b.data[id]
		return !isShown || !slices.ContainsFunc(b.finder.Signers(id, issuer), func(signer facts.RevocationSigner) bool { return signer.Authorised(s.Kind) })
	})
}

var revocationReasons = []facts.RevocationReason{
	facts.Unspecified, facts.KeyCompromise, facts.CACompromise, facts.AffiliationChanged, facts.Superseded, facts.CessationOfOperation,
	facts.CertificateHold, facts.RemoveFromCRL, facts.PrivilegeWithdrawn, facts.AACompromise,
}

var reasonWords = map[facts.RevocationReason]text{
	facts.KeyCompromise:        {"clé compromise", "key compromised"},
	facts.CACompromise:         {"autorité compromise", "authority compromised"},
	facts.AffiliationChanged:   {"changement d'organisme", "affiliation changed"},
	facts.Superseded:           {"certificat remplacé", "certificate superseded"},
	facts.CessationOfOperation: {"fin d'usage", "cessation of operation"},
	facts.CertificateHold:      {"suspension", "on hold"},
	facts.PrivilegeWithdrawn:   {"droit retiré", "privilege withdrawn"},
	facts.AACompromise:         {"autorité d'attributs compromise", "attribute authority compromised"},
}

// revocationWords say what is known of a certificate.
func (p *prose) revocationWords(c *Certificate) string {
	s, l := c.Revocation, p.language
	if s == nil {
		return ""
	}
	var when string
	if s.ThisUpdate != nil {
		when = text{", selon l'état publié le ", ", as published "}.in(l) + p.instant(*s.ThisUpdate)
	}
	switch {
	case s.Status == facts.Good:
		return text{"non révoqué", "not revoked"}.in(l) + when
	case s.Status == facts.Revoked && s.RevokedAt != nil:
		out := text{"révoqué le ", "revoked "}.in(l) + p.instant(*s.RevokedAt)
		if why, ok := reasonWords[s.Reason]; ok {
			out += " (" + why.in(l) + ")"
		}
		return out + when
	case s.Status == facts.Revoked:
		return text{"révoqué", "revoked"}.in(l) + when
	}
	return text{"inconnu de l'autorité", "unknown to the authority"}.in(l) + when
}
