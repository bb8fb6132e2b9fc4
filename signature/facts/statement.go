package facts

import (
	"slices"
	"time"

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
