package report

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// Text writes the report for a terminal, 80 columns wide: the verdict on the file, then one screen per signature. With
// Options.Detailed every block and check follows, with its clause. It fails only if w does.
func (r *Report) Text(w io.Writer) error {
	r = r.ready()
	out := &page{Writer: bufio.NewWriter(w)}
	l := r.prose.language
	title := strings.ToUpper(r.Words.Verdict)
	if r.File != "" {
		title = name(r.File) + text{" : ", ": "}.in(l) + title
	}
	out.line("", title)
	if r.Error != "" {
		if r.Error != r.Words.Verdict {
			out.line("  ", r.Error)
		}
		return out.Flush()
	}
	out.line("", r.heading())
	for _, note := range r.Words.Notes {
		out.line("", note)
	}
	detailed, omitted := r.source.detailed, r.Omitted
	for i := range r.Signatures {
		if i == limits.ReportTextSignatures && !detailed {
			omitted.Signatures += len(r.Signatures) - i
			break
		}
		r.textSignature(out, &r.Signatures[i], detailed)
	}
	for i := range r.Timestamps {
		if i == limits.ReportTextSignatures && !detailed {
			omitted.Timestamps += len(r.Timestamps) - i
			break
		}
		out.line("", "")
		r.textTimestamp(out, "", &r.Timestamps[i])
	}
	if detailed {
		r.textCertificates(out)
		r.textRevocations(out)
	}
	if left := r.omissions(omitted); left != "" {
		out.line("", "")
		out.line("", left)
	}
	return out.Flush()
}

func (r *Report) textSignature(out *page, s *Signature, detailed bool) {
	l := r.prose.language
	out.line("", "")
	out.line("", "Signature "+s.ID+text{" : ", ": "}.in(l)+strings.ToUpper(r.short(s)))
	out.rows("  ", r.summary(s))
	for i, m := range s.Modifications {
		if i == modificationsInText && !detailed {
			out.row("  ", "", plural(l, len(s.Modifications)-i, text{"autre modification", "other change"}, text{"autres modifications", "other changes"}))
			break
		}
		label := ""
		if i == 0 {
			label = text{"Modifié", "Changed"}.in(l)
		}
		out.row("  ", label, r.modification(&m))
	}
	out.rows("  ", r.prose.wordRows(&s.Words))
	r.textTechnical(out, "  ", s.Findings)
	r.textBlocks(out, "  ", s.Blocks)
	for i := range s.Timestamps {
		if i == limits.ReportTextSignatures && !detailed {
			out.row("  ", "", plural(l, len(s.Timestamps)-i, text{"autre horodatage", "other timestamp"}, text{"autres horodatages", "other timestamps"}))
			break
		}
		r.textTimestamp(out, "  ", &s.Timestamps[i])
	}
}

// modificationsInText is how many changes a screen shows.
const modificationsInText = 5

func (r *Report) textTimestamp(out *page, indent string, t *Timestamp) {
	l := r.prose.language
	out.line(indent, r.prose.tokenLabel(t)+" "+t.ID+text{" : ", ": "}.in(l)+strings.ToUpper(r.shortToken(t)))
	out.rows(indent+"  ", r.tokenSummary(t))
	out.rows(indent+"  ", r.prose.wordRows(&t.Words))
	r.textTechnical(out, indent+"  ", t.Findings)
	r.textBlocks(out, indent+"  ", t.Blocks)
}

func (r *Report) textTechnical(out *page, indent string, findings []Check) {
	detail := row{Label: rowDetail.in(r.prose.language)}
	for _, c := range r.technical(findings) {
		detail.Lines = append(detail.Lines, c.Message+" ["+c.ID+"]")
	}
	out.rows(indent, []row{detail})
}

var statusWords = map[validation.Status]text{
	validation.Held: {"réussi", "passed"}, validation.Broken: {"échec", "failed"},
	validation.Warning: {"avertissement", "warning"}, validation.Information: {"information", "information"},
}

var outcomes = map[validation.Indication]text{
	validation.Passed: {"réussi", "passed"}, validation.Failed: {"échec", "failed"}, validation.Indeterminate: {"indéterminé", "undetermined"},
}

// outcome is that of a block.
func (p *prose) outcome(i validation.Indication, s validation.SubIndication) string {
	return join(outcomes[i].in(p.language), string(s))
}

func (r *Report) textBlocks(out *page, indent string, blocks []Block) {
	l := r.prose.language
	for i := range blocks {
		b := &blocks[i]
		out.line(indent, "["+b.Name+"] "+b.Title+text{" : ", ": "}.in(l)+r.prose.outcome(b.Indication, b.SubIndication))
		for _, c := range b.Checks {
			status := statusWords[c.Status].in(l)
			out.line(indent+"  ", "- "+status+text{" : ", ": "}.in(l)+c.Words+" ("+c.ID+", "+c.Clause+")")
			if c.Status != validation.Held && c.Message != "" && c.Message != c.Words {
				out.line(indent+"    ", c.Message)
			}
		}
	}
}

func (r *Report) textCertificates(out *page) {
	l := r.prose.language
	if len(r.Certificates) == 0 {
		return
	}
	out.line("", "")
	out.line("", text{"Certificats", "Certificates"}.in(l))
	for i := range r.Certificates {
		c := &r.Certificates[i]
		out.line("  ", c.ID)
		out.line("    ", join(r.prose.role(c), c.Subject))
		if c.NotBefore != nil && c.NotAfter != nil {
			out.line("    ", r.prose.validity(c))
		}
		if c.Revocation != nil {
			out.line("    ", r.prose.revocationWords(c))
		}
	}
}

var kindWords = map[facts.RevocationKind]text{
	facts.KindCRL: {"liste de révocation (CRL)", "revocation list (CRL)"}, facts.KindOCSP: {"réponse de révocation (OCSP)", "revocation response (OCSP)"},
}

func (r *Report) textRevocations(out *page) {
	l := r.prose.language
	if len(r.Revocations) == 0 {
		return
	}
	out.line("", "")
	out.line("", text{"Données de révocation", "Revocation data"}.in(l))
	for i := range r.Revocations {
		out.line("  ", r.Revocations[i].ID)
		out.line("    ", join(kindWords[r.Revocations[i].Kind].in(l), r.prose.published(&r.Revocations[i])))
	}
}

// published says since when and until when revocation data are right.
func (p *prose) published(r *Revocation) string {
	var at, next string
	if r.ThisUpdate != nil {
		at = text{"publiée le ", "published "}.in(p.language) + p.instant(*r.ThisUpdate)
	}
	if r.NextUpdate != nil {
		next = text{"la suivante est prévue le ", "the next is due "}.in(p.language) + p.instant(*r.NextUpdate)
	}
	return join(at, next)
}

var roles = map[Role]text{
	RoleSigner: {"signataire", "signer"}, RoleTimestamp: {"autorité d'horodatage", "timestamp authority"},
	RoleAuthority: {"autorité de certification", "certification authority"},
}

func (p *prose) role(c *Certificate) string {
	role := roles[c.Role].in(p.language)
	if c.Anchor {
		role += text{", de confiance", ", trusted"}.in(p.language)
	}
	return role
}

func (p *prose) validity(c *Certificate) string {
	return text{"valable du ", "valid from "}.in(p.language) + p.day(*c.NotBefore) + text{" au ", " to "}.in(p.language) + p.day(*c.NotAfter)
}

var modificationWords = map[string]text{
	"undefined": {"changement que rien ne permet", "a change that nothing allows"},
	"docmdp":    {"changement que la signature interdit", "a change that the signature forbids"},
	"lock":      {"changement d'un champ que la signature verrouille", "a change of a field that the signature locks"},
}

// modification says which change was made; how it was noticed is a detail, in English.
func (r *Report) modification(m *Modification) string {
	l := r.prose.language
	what := text{"révision ", "revision "}.in(l) + decimal(m.Revision)
	if m.Object != "" {
		what += text{", objet ", ", object "}.in(l) + m.Object
	}
	if words, ok := modificationWords[m.Kind]; ok {
		what += text{" : ", ": "}.in(l) + words.in(l)
	}
	if m.Message != "" && (r.source.detailed || l == English) {
		what += " (" + m.Message + ")"
	}
	return what
}

// page writes wrapped lines. The error of the writer shows at Flush.
type page struct{ *bufio.Writer }

const (
	columns    = 80
	labelWidth = 15
)

// line writes one paragraph, wrapped.
func (p *page) line(indent, s string) { p.wrapped(indent, indent, s) }

// rows writes labels with what is said of each.
func (p *page) rows(indent string, rows []row) {
	for _, r := range rows {
		label := r.Label
		for _, line := range r.Lines {
			if len(r.Lines) > 1 {
				line = "- " + line
			}
			p.row(indent, label, line)
			label = ""
		}
	}
}

func (p *page) row(indent, label, s string) {
	blank := max(labelWidth-utf8.RuneCountInString(label), 1)
	p.wrapped(indent+label+strings.Repeat(" ", blank), indent+strings.Repeat(" ", labelWidth), s)
}

// wrapped breaks at spaces; a word longer than a line stays whole. The spaces that French puts inside signs do not break.
func (p *page) wrapped(first, next, s string) {
	lead, used := first, utf8.RuneCountInString(first)
	p.WriteString(strings.TrimRight(lead, " "))
	pending := lead[len(strings.TrimRight(lead, " ")):]
	for _, word := range strings.Split(unbroken.Replace(s), " ") {
		n := utf8.RuneCountInString(word)
		if used+n > columns && used > utf8.RuneCountInString(next) {
			p.WriteByte('\n')
			pending, used = next, utf8.RuneCountInString(next)
		}
		if word == "" {
			continue
		}
		p.WriteString(pending)
		p.WriteString(spaced.Replace(word))
		pending, used = " ", used+n+1
	}
	p.WriteByte('\n')
}

var (
	unbroken = strings.NewReplacer(" :", "\u00a0:", " ;", "\u00a0;", " ?", "\u00a0?", " !", "\u00a0!")
	spaced   = strings.NewReplacer("\u00a0", " ")
)
