package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/signature/validation"
)

// A row is one line of a summary: what it is about, and one or more things said.
type row struct {
	Label string
	Lines []string
}

var (
	rowSigner     = text{"Signataire", "Signer"}
	rowTSA        = text{"Autorité", "Authority"}
	rowIssuer     = text{"Garanti par", "Vouched for by"}
	rowRevocation = text{"Certificat", "Certificate"}
	rowClaimed    = text{"Date déclarée", "Time claimed"}
	rowProved     = text{"Date prouvée", "Time proved"}
	rowTime       = text{"Date", "Time"}
	rowCovers     = text{"Porte sur", "Covers"}
	rowIntact     = text{"Intégrité", "Integrity"}
	rowLevel      = text{"Niveau annoncé", "Level claimed"}
	rowReasons    = text{"Pourquoi", "Why"}
	rowRemedies   = text{"Que faire", "What to do"}
	rowNotes      = text{"À noter", "To note"}
	rowStandard   = text{"Conclusion", "Conclusion"}
	rowDetail     = text{"En détail", "In detail"}
)

var intactWords = map[validation.Crypto]text{
	validation.CryptoValid:   {"ce qui a été signé est intact", "what was signed is intact"},
	validation.CryptoInvalid: {"altérée : ce qui est présenté n'est pas, ou pas seulement, ce qui a été signé", "broken: what is presented is not, or not only, what was signed"},
	validation.CryptoUnknown: {"pas vérifiée, faute d'un élément", "not verified, for want of something"},
}

// integrity says whether what was signed is what is presented.
func integrity(s *Signature) text {
	words := intactWords[s.Crypto]
	if s.Crypto == validation.CryptoValid && s.Covers.Kind == CoversRevision {
		words.fr += " ; les ajouts faits ensuite sont de ceux qu'une signature admet"
		words.en += "; what was added afterwards is what a signature allows"
	}
	return words
}

var tokenIntactWords = map[validation.Crypto]text{
	validation.CryptoValid:   {"intact", "intact"},
	validation.CryptoInvalid: {"altéré, ou pas fait pour ce document", "broken, or not made for this document"},
	validation.CryptoUnknown: {"pas vérifié, faute d'un élément", "not verified, for want of something"},
}

// signerRows say who signed and who vouches.
func (r *Report) signerRows(s *Signer, label text) []row {
	p := r.prose
	if s == nil {
		return []row{{label.in(p.language), []string{text{"inconnu : le certificat n'est pas à disposition", "unknown: the certificate is not at hand"}.in(p.language)}}}
	}
	if p.redact {
		return []row{{label.in(p.language), []string{text{"certificat ", "certificate "}.in(p.language) + shorten(s.Certificate)}}}
	}
	who := s.Name
	if s.Organization != "" {
		who += " (" + s.Organization + ")"
	}
	rows := []row{{label.in(p.language), []string{who}}}
	if c := r.certificate(s.Certificate); c != nil && c.issuerName != "" {
		rows = append(rows, row{rowIssuer.in(p.language), []string{c.issuerName}})
	}
	return rows
}

// revocationRows say whether the certificate of a signer was revoked, as far as revocation data tell.
func (r *Report) revocationRows(s *Signer) []row {
	if s == nil {
		return nil
	}
	if c := r.certificate(s.Certificate); c != nil && c.Revocation != nil {
		return []row{{rowRevocation.in(r.prose.language), []string{r.prose.revocationWords(c)}}}
	}
	return nil
}

// shorten shows enough of a digest to tell it from others.
func shorten(id string) string {
	if len(id) <= shortDigest {
		return id
	}
	return id[:shortDigest] + "…"
}

// certificate returns the certificate with an ID, or nil.
func (r *Report) certificate(id string) *Certificate {
	if i, ok := r.source.positions[id]; ok && i < len(r.Certificates) {
		return &r.Certificates[i]
	}
	return nil
}

// ready returns a report that can be written, also when it was not made here: what its facts would add is then missing.
func (r *Report) ready() *Report {
	if r.prose != nil {
		return r
	}
	out := *r
	out.prose = &prose{language: r.Language, zone: time.UTC, redact: r.Redacted}
	out.source.positions = map[string]int{}
	for i := range r.Certificates {
		out.source.positions[r.Certificates[i].ID] = i
	}
	return &out
}

// summary is what one should know of a signature, whatever its verdict.
func (r *Report) summary(s *Signature) []row {
	p, l := r.prose, r.prose.language
	rows := append(r.signerRows(s.Signer, rowSigner), r.revocationRows(s.Signer)...)
	claimed := text{"aucune", "none"}.in(l)
	if s.ClaimedTime != nil {
		claimed = p.instant(*s.ClaimedTime) + text{", selon le signataire", ", as the signer says"}.in(l)
	}
	proved := text{"aucune : rien ne prouve quand la signature a été faite", "none: nothing proves when the signature was made"}.in(l)
	if s.verdict() == Invalid {
		proved = text{"sans objet : la signature n'est pas valide", "not applicable: the signature is not valid"}.in(l)
	}
	if s.BestSignatureTime != nil {
		switch s.Proof.Kind {
		case ProvedByTimestamp:
			proved = p.instant(*s.BestSignatureTime) + text{" au plus tard, par l'horodatage ", " at the latest, by timestamp "}.in(l) + s.Proof.Timestamp
		case ProvedByCaller:
			proved = p.instant(*s.BestSignatureTime) + text{" au plus tard, attestée par qui a demandé la validation", " at the latest, vouched for by who asked for the validation"}.in(l)
		}
	}
	rows = append(rows, row{rowClaimed.in(l), []string{claimed}}, row{rowProved.in(l), []string{proved}},
		row{rowCovers.in(l), []string{s.Covers.Words}}, row{rowIntact.in(l), []string{integrity(s).in(l)}})
	level := s.Level
	if words, ok := levelWords[s.Level]; ok {
		level += ", " + words.in(l)
	}
	if level != "" {
		rows = append(rows, row{rowLevel.in(l), []string{level}})
	}
	return append(rows, row{rowStandard.in(l), []string{standard(s.Indication, s.SubIndication)}})
}

// tokenSummary is the same for a timestamp; all of it if details are wanted or something is wrong.
func (r *Report) tokenSummary(t *Timestamp) []row {
	l := r.prose.language
	rows := append([]row{{rowTime.in(l), []string{r.tokenTime(t)}}}, r.signerRows(t.Signer, rowTSA)...)
	rows = append(append(rows, r.revocationRows(t.Signer)...), row{rowCovers.in(l), []string{t.Covers.Words}})
	if t.verdict() == Valid && !r.source.detailed {
		return rows
	}
	return append(rows, row{rowIntact.in(l), []string{tokenIntactWords[t.Crypto].in(l)}},
		row{rowStandard.in(l), []string{standard(t.Indication, t.SubIndication)}})
}

func (r *Report) tokenTime(t *Timestamp) string {
	if t.Time == nil {
		return text{"date illisible", "unreadable time"}.in(r.prose.language)
	}
	return r.prose.instant(*t.Time)
}

// wordRows are the reasons, remedies and notes.
func (p *prose) wordRows(w *Words) []row {
	var rows []row
	for _, r := range []struct {
		label text
		lines []string
	}{{rowReasons, w.Reasons}, {rowRemedies, w.Remedies}, {rowNotes, w.Notes}} {
		if len(r.lines) > 0 {
			rows = append(rows, row{r.label.in(p.language), r.lines})
		}
	}
	return rows
}

// technical are the checks that broke, as one would tell them to a technician: precise, and in English. A detailed report has
// them among all checks, and a redacted one not, since they quote names.
func (r *Report) technical(findings []Check) (out []Check) {
	if r.Redacted || r.source.detailed {
		return nil
	}
	for _, c := range findings {
		isSaid := slices.ContainsFunc(out, func(o Check) bool { return o.ID == c.ID && o.Message == c.Message })
		if c.Status == validation.Broken && !isSaid && len(out) < technicalChecks {
			out = append(out, c)
		}
	}
	return out
}

// technicalChecks is how many a screen shows.
const technicalChecks = 4

// standard writes a verdict in the words of EN 319 102-1.
func standard(i validation.Indication, s validation.SubIndication) string {
	return validation.Verdict{Indication: i, SubIndication: s}.String()
}

// heading says what was validated, when and how.
func (r *Report) heading() string {
	p, l := r.prose, r.prose.language
	counts := plural(l, len(r.Signatures)+r.Omitted.Signatures, aSignature, signatures)
	if len(r.Signatures) == 0 && l != English {
		counts = "aucune signature"
	}
	tokens := r.Omitted.Timestamps + len(r.Timestamps)
	for i := range r.Signatures {
		tokens += len(r.Signatures[i].Timestamps)
	}
	if tokens > 0 {
		counts += ", " + plural(l, tokens, aTimestamp, timestamps)
	}
	out := join(capital(formatWords[r.Format].in(l)), counts) + "."
	if r.Time != nil {
		out += fmt.Sprintf(text{" Validé à la date du %s", " Validated as of %s"}.in(l), p.instant(*r.Time))
		if r.Policy != "" {
			out += fmt.Sprintf(text{", selon la politique %s", ", under policy %s"}.in(l), r.Policy)
		}
		out += "."
	}
	return out
}

var leftOut = []struct {
	count func(*Omitted) int
	one   text
	many  text
}{
	{func(o *Omitted) int { return o.Signatures }, aSignature, signatures},
	{func(o *Omitted) int { return o.Timestamps }, aTimestamp, timestamps},
	{func(o *Omitted) int { return o.Certificates }, text{"certificat", "certificate"}, text{"certificats", "certificates"}},
	{func(o *Omitted) int { return o.Revocations }, text{"donnée de révocation", "revocation object"}, text{"données de révocation", "revocation objects"}},
	{func(o *Omitted) int { return o.Revisions }, text{"révision", "revision"}, text{"révisions", "revisions"}},
	{func(o *Omitted) int { return o.Others }, text{"autre élément", "other item"}, text{"autres éléments", "other items"}},
}

// omissions says what was left out, or nothing.
func (r *Report) omissions(o Omitted) string {
	var parts []string
	for _, part := range leftOut {
		if n := part.count(&o); n > 0 {
			parts = append(parts, plural(r.prose.language, n, part.one, part.many))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return text{"Trop long pour être montré ici : ", "Too much to be shown here: "}.in(r.prose.language) + join(parts...) + "."
}
