package report

import (
	"slices"
	"strconv"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// The picture of a signature: one lane for the signature, one per timestamp, one per certificate, on one scale of time. A
// timestamp that proves something has an arrow up to the signature. Positions across are percentages, so that the picture
// takes any width and its letters keep their size; nothing is told by colour alone, and a table says the same in words.

// A picture is what the page draws.
type picture struct {
	ID                 string
	Title, Description string
	Height             int
	Lanes              []lane
	Now                string // position of the time of validation
	NowLabel           string
	NowAt, NowAnchor   string          // of the label, away from the position
	Start, End         string          // dates of the ends of the axis
	Axis               int             // where the axis is drawn
	Kinds              map[string]bool // of marks in it, for the legend
	Events             []event
}

// A lane is one line of a picture. Heights are in pixels, positions across in percent.
type lane struct {
	Top, Label, Middle int
	Name, Note         string
	Class              string // "signature", "timestamp", "certificate"
	Bar                *bar
	Marks              []mark
	Arrow              string // position of the arrow up to the signature, empty for none
	ArrowEnd           int
}

// A bar is a period of validity.
type bar struct {
	From, Width string
	To          string
	Before      bool // it starts before the picture
	After       bool // it ends after the picture
}

// A mark is an instant.
type mark struct{ At, Kind string }

// An event is one line of the table that says the same.
type event struct{ Time, Machine, What, Proves string }

const (
	laneHeight = 48
	laneLabel  = 16 // baseline of the name
	laneMiddle = 32 // middle of what is drawn
	headHeight = 26
	axisHeight = 24
)

// scale places instants between 0 and 100 %.
type scale struct{ from, to time.Time }

// margin is what is left free on each side, in percent.
const margin = 3

func (s scale) at(t time.Time) float64 {
	whole := s.to.Sub(s.from)
	if whole <= 0 {
		return 50
	}
	share := float64(t.Sub(s.from)) / float64(whole)
	return margin + (100-2*margin)*min(max(share, 0), 1)
}

// holds reports whether an instant is in the picture.
func (s scale) holds(t time.Time) bool { return !t.Before(s.from) && !t.After(s.to) }

func percent(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) + "%" }

// horizon is how far from what happened a picture still shows: a certificate may say that it is valid until the year 9999.
const horizon = 10 * 365 * 24 * time.Hour

// picture draws a signature.
func (r *Report) picture(s *Signature) *picture {
	p, l := r.prose, r.prose.language
	tokens := r.proofsOf(s)
	chain := r.chainOf(s, tokens)
	scale, ok := r.scaleOf(s, tokens)
	if !ok {
		return nil
	}
	out := &picture{
		ID: "p-" + s.ID, Kinds: map[string]bool{}, Now: percent(scale.at(*r.Time)), NowLabel: "validation " + p.short(*r.Time),
		Start: p.day(scale.from), End: p.day(scale.to),
	}
	out.NowAt, out.NowAnchor = "100%", "end"
	if scale.at(*r.Time) > 50 {
		out.NowAt, out.NowAnchor = "0", "start"
	}
	out.Title = text{"Frise chronologique de la signature ", "Timeline of signature "}.in(l) + s.ID
	out.Description = text{"Quand la signature a été faite, ce qui le prouve et les périodes de validité des certificats. Le tableau qui suit dit la même chose.",
		"When the signature was made, what proves it, and the validity periods of certificates. The table that follows says the same."}.in(l)

	if s.ClaimedTime != nil {
		out.add(lane{
			Class: "signature", Name: text{"Signature déclarée", "Signature claimed"}.in(l), Note: p.short(*s.ClaimedTime),
			Marks: []mark{{percent(scale.at(*s.ClaimedTime)), "claimed"}},
		})
	}
	proved := lane{Class: "signature", Name: text{"Signature prouvée", "Signature proved"}.in(l), Note: text{"par rien", "by nothing"}.in(l)}
	if s.verdict() == Invalid {
		proved.Note = text{"sans objet", "not applicable"}.in(l)
	}
	if s.Proof.Kind != NotProved && s.BestSignatureTime != nil {
		proved.Marks = []mark{{percent(scale.at(*s.BestSignatureTime)), "proved"}}
		proved.Note = p.short(*s.BestSignatureTime)
	}
	out.add(proved)
	target := out.Lanes[len(out.Lanes)-1].Middle + 14
	for i, t := range tokens {
		if i == limits.ReportLanes {
			break
		}
		if t.Time == nil {
			continue
		}
		kind, isProof := "void", t.verdict() == Valid
		note := p.short(*t.Time)
		if isProof {
			kind = "clock"
		} else {
			note += text{", ne prouve rien", ", proves nothing"}.in(l)
		}
		lane := lane{Class: "timestamp", Name: text{"Horodatage ", "Timestamp "}.in(l) + t.ID, Note: note, Marks: []mark{{percent(scale.at(*t.Time)), kind}}}
		if isProof && s.verdict() != Invalid {
			lane.Arrow, lane.ArrowEnd = lane.Marks[0].At, target
		}
		out.add(lane)
	}
	for i, c := range chain {
		if i == limits.ReportLanes {
			break
		}
		lane := lane{Class: "certificate", Name: r.laneName(c), Note: p.month(*c.NotBefore) + " – " + p.month(*c.NotAfter), Bar: barOf(scale, c)}
		lane.Marks = statusMarks(scale, c.Revocation)
		out.add(lane)
	}
	out.Axis = headHeight + len(out.Lanes)*laneHeight + 4
	out.Height = out.Axis + axisHeight
	out.Events = r.events(s, tokens)
	return out
}

func (p *picture) add(l lane) {
	l.Top = headHeight + len(p.Lanes)*laneHeight
	l.Label, l.Middle = l.Top+laneLabel, l.Top+laneMiddle
	for _, m := range l.Marks {
		p.Kinds[m.Kind] = true
	}
	p.Lanes = append(p.Lanes, l)
}

// statusMarks are what revocation data say of a certificate: that it was not revoked when they were made, or when it was.
func statusMarks(s scale, status *RevocationStatus) []mark {
	switch {
	case status == nil:
	case status.Status == facts.Good && status.ThisUpdate != nil && s.holds(*status.ThisUpdate):
		return []mark{{percent(s.at(*status.ThisUpdate)), "status"}}
	case status.Status == facts.Revoked && status.RevokedAt != nil && s.holds(*status.RevokedAt):
		return []mark{{percent(s.at(*status.RevokedAt)), "revoked"}}
	}
	return nil
}

// short writes a date in figures.
func (p *prose) short(t time.Time) string {
	return t.In(p.zone).Format(text{"02/01/2006", "2006-01-02"}.in(p.language))
}

// month writes a month in figures: validities are in years, and phones narrow.
func (p *prose) month(t time.Time) string {
	return t.In(p.zone).Format(text{"01/2006", "2006-01"}.in(p.language))
}

// laneName is short enough for a phone.
func (r *Report) laneName(c *Certificate) string {
	l := r.prose.language
	names := map[Role]text{
		RoleSigner: {"Certificat du signataire", "Signer's certificate"}, RoleTimestamp: {"Certificat d'horodatage", "Timestamp's certificate"},
		RoleAuthority: {"Autorité", "Authority"},
	}
	out := names[c.Role].in(l)
	if c.Role == RoleAuthority {
		if c.Name != "" {
			out += " " + clean(c.Name, laneLetters)
		} else {
			out += " " + c.ID[:8]
		}
	}
	return out
}

const laneLetters = 18

// proofsOf are the timestamps that say something of a signature: those looked at, then its others, oldest first.
func (r *Report) proofsOf(s *Signature) []*Timestamp {
	var out []*Timestamp
	for i := range s.Timestamps {
		out = append(out, &s.Timestamps[i])
	}
	for i := range r.Timestamps {
		if t := &r.Timestamps[i]; s.proofs[t.ID] {
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b *Timestamp) int {
		switch {
		case a.Time == nil || b.Time == nil:
			return 0
		}
		return a.Time.Compare(*b.Time)
	})
	return out
}

// chainOf are the certificates whose validity matters, the signer's first, then those of timestamps.
func (r *Report) chainOf(s *Signature, tokens []*Timestamp) []*Certificate {
	var out []*Certificate
	list := slices.Clone(s.Chain)
	if s.Signer != nil && len(list) == 0 {
		list = append(list, s.Signer.Certificate)
	}
	for _, t := range tokens {
		if t.Signer != nil && len(out) < limits.ReportLanes {
			list = append(list, t.Signer.Certificate)
		}
	}
	for _, id := range list {
		c := r.certificate(id)
		if c == nil || c.NotBefore == nil || c.NotAfter == nil || slices.Contains(out, c) {
			continue
		}
		out = append(out, c)
	}
	return out
}

// scaleOf is from the first to the last of what matters: what happened, and the validity of the signer's certificate.
func (r *Report) scaleOf(s *Signature, tokens []*Timestamp) (scale, bool) {
	if r.Time == nil {
		return scale{}, false
	}
	out := scale{*r.Time, *r.Time}
	widen := func(t *time.Time) {
		if t == nil {
			return
		}
		if t.Before(out.from) {
			out.from = *t
		}
		if t.After(out.to) {
			out.to = *t
		}
	}
	widen(s.ClaimedTime)
	widen(s.BestSignatureTime)
	for _, t := range tokens {
		widen(t.Time)
	}
	happened := out
	if s.Signer != nil {
		if c := r.certificate(s.Signer.Certificate); c != nil {
			widen(c.NotBefore)
			widen(c.NotAfter)
		}
	}
	if limit := happened.from.Add(-horizon); out.from.Before(limit) {
		out.from = limit
	}
	if limit := happened.to.Add(horizon); out.to.After(limit) {
		out.to = limit
	}
	if out.to.Sub(out.from) < time.Hour {
		out.from, out.to = out.from.Add(-12*time.Hour), out.to.Add(12*time.Hour)
	}
	return out, true
}

func barOf(s scale, c *Certificate) *bar {
	if c.NotAfter.Before(s.from) || c.NotBefore.After(s.to) {
		return nil // out of the picture: its dates are beside
	}
	from, to := s.at(*c.NotBefore), s.at(*c.NotAfter)
	b := &bar{Before: c.NotBefore.Before(s.from), After: c.NotAfter.After(s.to)}
	if b.Before {
		from = 0
	}
	if b.After {
		to = 100
	}
	b.From, b.To, b.Width = percent(from), percent(to), percent(max(to-from, 0.5))
	return b
}

// events are what the picture shows, in order of time.
func (r *Report) events(s *Signature, tokens []*Timestamp) []event {
	p, l := r.prose, r.prose.language
	type dated struct {
		at time.Time
		event
	}
	var list []dated
	put := func(at *time.Time, what, proves string) {
		if at != nil {
			list = append(list, dated{*at, event{p.instant(*at), at.UTC().Format(time.RFC3339), what, proves}})
		}
	}
	put(s.ClaimedTime, text{"Signature, selon le signataire", "Signature, as the signer says"}.in(l), text{"rien : c'est une déclaration", "nothing: it is a statement"}.in(l))
	for i, t := range tokens {
		if i == limits.ReportLanes {
			break
		}
		proves := text{"rien : sa validité n'est pas établie", "nothing: its validity is not established"}.in(l)
		if t.verdict() == Valid {
			proves = text{"que la signature existait", "that the signature existed"}.in(l)
			switch {
			case t.Type == facts.ContentTimestamp:
				proves = text{"que le document existait", "that the document existed"}.in(l)
			case s.verdict() == Invalid:
				proves = text{"que la signature existait, non qu'elle est valide", "that the signature existed, not that it is valid"}.in(l)
			}
		}
		put(t.Time, p.tokenLabel(t)+" "+t.ID, proves)
	}
	if s.Proof.Kind == ProvedByCaller {
		put(s.BestSignatureTime, text{"Date attestée par qui a demandé la validation", "Date vouched for by who asked for the validation"}.in(l),
			text{"que la signature existait", "that the signature existed"}.in(l))
	}
	if s.Signer != nil {
		if c := r.certificate(s.Signer.Certificate); c != nil {
			put(c.NotBefore, text{"Début de validité du certificat du signataire", "The signer's certificate becomes valid"}.in(l), "")
			put(c.NotAfter, text{"Fin de validité du certificat du signataire", "The signer's certificate ends"}.in(l), "")
			if c.Revocation != nil {
				put(c.Revocation.RevokedAt, text{"Révocation du certificat du signataire", "The signer's certificate is revoked"}.in(l), "")
				if c.Revocation.Status == facts.Good {
					put(c.Revocation.ThisUpdate, text{"Publication de l'état de révocation", "The revocation status is published"}.in(l),
						text{"que le certificat du signataire n'était pas révoqué", "that the signer's certificate was not revoked"}.in(l))
				}
			}
		}
	}
	put(r.Time, text{"Validation", "Validation"}.in(l), "")
	slices.SortStableFunc(list, func(a, b dated) int { return a.at.Compare(b.at) })
	var out []event
	for _, d := range list {
		out = append(out, d.event)
	}
	return out
}
