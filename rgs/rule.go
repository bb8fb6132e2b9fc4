package rgs

import "time"

// A Rule is one printed rule, or one line of a printed profile, with its references and the function that judges it.
type Rule struct {
	ID       string   `json:"id"`   // stable: "rgs_b1_fact_2"
	Name     string   `json:"name"` // as printed: "RègleFact-2"; document and clause where the text prints no name
	Kind     Kind     `json:"kind"`
	Clause   string   `json:"clause"`
	Source   Source   `json:"source"`
	Levels   []Level  `json:"levels,omitempty"` // empty: all
	Use      Window   `json:"use"`              // dates of use of the object
	Issued   Window   `json:"issued"`           // dates of issue of the object
	Evidence Evidence `json:"evidence"`
	Fails    Status   `json:"fails"` // the status when not respected: Fail, Warn or Notice
	Title    Text     `json:"title"`

	check func(*certificate, *findings)
}

// A Text is a sentence in both languages.
type Text struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// In returns the text in a language, French unless English is asked.
func (t Text) In(l Language) string {
	if l == English {
		return t.EN
	}
	return t.FR
}

// A Language of reports.
type Language string

// The languages.
const (
	French  Language = "fr"
	English Language = "en"
)

// A Kind of rule.
type Kind string

// The kinds, in the documents' own words.
const (
	Regle          Kind = "règle"
	Recommandation Kind = "recommandation"
	Profil         Kind = "profil"
)

// A Source is a document of the RGS and its version.
type Source struct {
	Document string `json:"document"`
	Version  string `json:"version"`
}

// The documents. Annexes A2 and A3 share the certificate rules that are applied here.
var (
	AnnexeB1 = Source{"RGS annexe B1", "2.03"}
	AnnexeA1 = Source{"RGS annexe A1", "3.0"}
	AnnexeA2 = Source{"RGS annexes A2 et A3", "3.0"}
	AnnexeA4 = Source{"RGS annexe A4", "3.0"}
)

// A Window bounds dates. A zero bound is open; both zero means that the text gives no date.
type Window struct {
	From  time.Time `json:"from,omitzero"`  // included
	Until time.Time `json:"until,omitzero"` // excluded
}

// Contains reports whether t is in the window.
func (w Window) Contains(t time.Time) bool {
	return (w.From.IsZero() || !t.Before(w.From)) && (w.Until.IsZero() || t.Before(w.Until))
}

// Evidence is the kind of object that a rule looks at.
type Evidence string

// The kinds of evidence.
const (
	OnCertificate Evidence = "certificate"
	OnChain       Evidence = "chain"
)

// A Status is the outcome of a rule.
type Status string

// The statuses, from the catalogue of rules.
const (
	Pass          Status = "pass"
	Fail          Status = "fail"   // a rule is not respected
	Warn          Status = "warn"   // a recommendation is not followed
	Notice        Status = "notice" // worth knowing
	NotApplicable Status = "not-applicable"
	NotEffective  Status = "not-effective" // the date is outside the rule's window
	Undetermined  Status = "undetermined"  // a fact is missing; the message says which
)

// A Finding is what one rule says of one place of an object.
type Finding struct {
	Rule    string `json:"rule"`
	Status  Status `json:"status"`
	Path    string `json:"path"` // "subject.organizationalUnitName[0]", "extensions[2].keyUsage"
	Clause  string `json:"clause"`
	Message string `json:"message"` // French
	English string `json:"english"`
}

// In returns the message in a language.
func (f Finding) In(l Language) string { return Text{f.Message, f.English}.In(l) }

// findings collects what rules say, under the rule that is being evaluated.
type findings struct {
	rule *Rule
	list []Finding
	all  bool
}

func (f *findings) add(status Status, path string, t Text) {
	f.list = append(f.list, Finding{f.rule.ID, status, path, f.rule.Clause, t.FR, t.EN})
}

func (f *findings) pass(path string, t Text)    { f.add(Pass, path, t) }
func (f *findings) fails(path string, t Text)   { f.add(f.rule.Fails, path, t) }
func (f *findings) unknown(path string, t Text) { f.add(Undetermined, path, t) }

// verdict passes or fails with the same words.
func (f *findings) verdict(ok bool, path string, t Text) {
	if ok {
		f.pass(path, t)
	} else {
		f.fails(path, t)
	}
}

// skip says that the rule does not concern the object; nothing is kept, nor allocated, unless the caller wants everything.
func (f *findings) skip(reason Text) {
	if f.all {
		f.add(NotApplicable, "", reason)
	}
}
