package report

import (
	"bufio"
	_ "embed"
	"html/template"
	"io"
	"sync"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/validation"
)

//go:embed page.html.tmpl
var pageSource string

// pages are the page in each language, parsed when it is first asked for.
var pages = map[Language]func() *template.Template{French: parsed(French), English: parsed(English)}

func parsed(l Language) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		return template.Must(template.New("").Funcs(template.FuncMap{
			"t":  func(fr, en string) string { return text{fr, en}.in(l) },
			"nb": unbroken.Replace,
		}).Parse(pageSource))
	})
}

// HTML writes the report as one page for a person: nothing is fetched, no script runs, it reads on a phone, in print and by
// ear (RGAA). With Options.Detailed it ends with every check and its clause.
func (r *Report) HTML(w io.Writer) error {
	r = r.ready()
	l := r.prose.language
	if l != English {
		l = French
	}
	out := bufio.NewWriter(w)
	if err := pages[l]().ExecuteTemplate(out, "page", r.view(l)); err != nil {
		return err
	}
	return out.Flush()
}

// view is what the page shows.
type view struct {
	Lang         Language
	Title, File  string
	Class        string // of the verdict: "valid", "invalid", "indeterminate", "none"
	Verdict      string
	Heading      string
	Explanation  []string
	Error        string
	Signatures   []signatureView
	Timestamps   []timestampView
	Certificates []certificateView
	Revocations  []revocationView
	Revisions    []Revision
	Omissions    string
	Redacted     bool
	Detailed     bool
	Several      bool
	Policy       string
}

type signatureView struct {
	ID, Anchor, Class, Verdict, Who string
	Rows                            []row
	Reasons, Remedies, Notes        []string
	Technical                       []Check
	Modifications                   []modificationView
	Picture                         *picture
	Timestamps                      []timestampView
	Blocks                          []blockView
}

type timestampView struct {
	ID, Anchor, Class, Verdict, Label string
	Rows                              []row
	Reasons, Remedies, Notes          []string
	Technical                         []Check
	Blocks                            []blockView
}

type certificateView struct {
	Role, Name, Issuer, Validity, Status, Digest string
}

type revocationView struct {
	Kind, Published, Digest string
	Entries                 int
}

type modificationView struct {
	Revision         int
	Object, What, By string
}

type blockView struct {
	Name, Title, Class, Verdict string
	Checks                      []checkView
}

type checkView struct{ Words, Message, ID, Clause, Class, Status string }

func (r *Report) view(l Language) *view {
	v := &view{
		Lang: l, File: name(r.File), Class: string(r.Verdict), Verdict: r.Words.Verdict, Error: r.Error, Omissions: r.omissions(r.Omitted),
		Redacted: r.Redacted, Detailed: r.source.detailed, Revisions: r.Revisions, Several: len(r.Signatures)+len(r.Timestamps) > 1, Policy: r.Policy,
	}
	v.Title = join(r.Words.Verdict, name(r.File))
	if r.Error == "" {
		v.Heading = r.heading()
	}
	v.Explanation = r.Words.Notes
	for i := range r.Signatures {
		v.Signatures = append(v.Signatures, r.signatureView(&r.Signatures[i], i < limits.ReportPictures))
	}
	for i := range r.Timestamps {
		v.Timestamps = append(v.Timestamps, r.timestampView(&r.Timestamps[i]))
	}
	for i := range r.Certificates {
		v.Certificates = append(v.Certificates, r.certificateView(&r.Certificates[i]))
	}
	for i := range r.Revocations {
		one := &r.Revocations[i]
		v.Revocations = append(v.Revocations, revocationView{capital(kindWords[one.Kind].in(l)), capital(r.prose.published(one)), one.ID, one.Entries})
	}
	return v
}

func (r *Report) signatureView(s *Signature, drawn bool) signatureView {
	v := signatureView{
		ID: s.ID, Anchor: "signature-" + s.ID, Class: string(s.verdict()), Verdict: r.short(s), Rows: r.summary(s),
		Reasons: s.Words.Reasons, Remedies: s.Words.Remedies, Notes: s.Words.Notes,
		Technical: r.technical(s.Findings), Blocks: r.blockViews(s.Blocks),
	}
	if s.Signer != nil {
		v.Who = s.Signer.Name
	}
	for i := range s.Modifications {
		m := &s.Modifications[i]
		words := modificationWords[m.Kind]
		v.Modifications = append(v.Modifications, modificationView{m.Revision, m.Object, capital(words.in(r.prose.language)), m.Message})
	}
	for i := range s.Timestamps {
		v.Timestamps = append(v.Timestamps, r.timestampView(&s.Timestamps[i]))
	}
	if drawn {
		v.Picture = r.picture(s)
	}
	return v
}

func (r *Report) timestampView(t *Timestamp) timestampView {
	return timestampView{
		ID: t.ID, Anchor: "timestamp-" + t.ID, Class: string(t.verdict()), Verdict: r.shortToken(t), Label: r.prose.tokenLabel(t),
		Rows: r.tokenSummary(t), Reasons: t.Words.Reasons, Remedies: t.Words.Remedies, Notes: t.Words.Notes,
		Technical: r.technical(t.Findings), Blocks: r.blockViews(t.Blocks),
	}
}

func (r *Report) certificateView(c *Certificate) certificateView {
	v := certificateView{Role: capital(r.prose.role(c)), Name: c.Name, Issuer: c.issuerName, Digest: c.ID, Status: capital(r.prose.revocationWords(c))}
	if c.NotBefore != nil && c.NotAfter != nil {
		v.Validity = capital(text{"du ", "from "}.in(r.prose.language)) + r.prose.day(*c.NotBefore) + text{" au ", " to "}.in(r.prose.language) + r.prose.day(*c.NotAfter)
	}
	return v
}

var statusClasses = map[validation.Status]string{
	validation.Held: "valid", validation.Broken: "invalid", validation.Warning: "indeterminate", validation.Information: "none",
}

func (r *Report) blockViews(blocks []Block) []blockView {
	l := r.prose.language
	var out []blockView
	for i := range blocks {
		b := &blocks[i]
		v := blockView{Name: b.Name, Title: b.Title, Class: blockClass(b.Indication), Verdict: r.prose.outcome(b.Indication, b.SubIndication)}
		for _, c := range b.Checks {
			shown := checkView{Words: ended(c.Words), ID: c.ID, Clause: c.Clause, Class: statusClasses[c.Status], Status: capital(statusWords[c.Status].in(l))}
			if c.Status != validation.Held && c.Message != c.Words {
				shown.Message = c.Message
			}
			v.Checks = append(v.Checks, shown)
		}
		out = append(out, v)
	}
	return out
}

func blockClass(i validation.Indication) string {
	switch i {
	case validation.Passed:
		return string(Valid)
	case validation.Failed:
		return string(Invalid)
	}
	return string(Indeterminate)
}
