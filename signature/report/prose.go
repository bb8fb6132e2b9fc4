package report

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// prose writes sentences in one language.
type prose struct {
	language Language
	zone     *time.Location
	redact   bool
}

func newWords(verdict string) Words {
	return Words{Verdict: verdict, Reasons: []string{}, Remedies: []string{}, Notes: []string{}}
}

// scope says whether a sentence is about a signature or a timestamp.
type scope int

const (
	scopeSignature scope = iota
	scopeTimestamp
)

// about is what sentences on one signature or timestamp speak of.
type about struct {
	scope  scope
	signer *Certificate // nil when not identified
}

var (
	theSignature = text{"la signature", "the signature"}
	theTimestamp = text{"l'horodatage", "the timestamp"}
	unknownDate  = text{"date inconnue", "unknown date"}
)

// placeholders are what sentences call a signature, and a timestamp.
var placeholders = map[string][2]text{
	"it":       {theSignature, theTimestamp},
	"its":      {{"de la signature", "of the signature"}, {"de l'horodatage", "of the timestamp"}},
	"signer":   {{"le signataire", "the signer"}, {"l'autorité d'horodatage", "the timestamp authority"}},
	"ofsigner": {{"du signataire", "of the signer"}, {"de l'autorité d'horodatage", "of the timestamp authority"}},
}

// say completes a sentence. object is the certificate or timestamp that it is about, if not the whole.
func (b *builder) say(t text, a about, object string) string {
	l, dates := b.language, a.signer
	if c := b.find(object); c != nil {
		dates = c
	}
	return capital(fill(t.in(l), func(name string) string {
		if fixed, ok := placeholders[name]; ok {
			return fixed[a.scope].in(l)
		}
		switch {
		case name == "who":
			return b.who(a, object)
		case name == "from" && dates != nil && dates.NotBefore != nil:
			return b.day(*dates.NotBefore)
		case name == "until" && dates != nil && dates.NotAfter != nil:
			return b.day(*dates.NotAfter)
		case name == "issuer" && dates != nil && dates.issuerName != "":
			return " " + b.quote(dates.issuerName)
		case name == "issuer":
			return ""
		}
		return unknownDate.in(l)
	}))
}

// who names the certificate or timestamp that a check looked at.
func (b *builder) who(a about, object string) string {
	l := b.language
	if c := b.find(object); c != nil {
		return b.certificateLabel(c)
	}
	if position, ok := b.data[object]; ok {
		return b.revocationLabel(position)
	}
	switch own := b.shown[object]; {
	case own != "":
		return theTimestamp.in(l) + " " + own
	case object != "":
		return text{"le certificat", "the certificate"}.in(l)
	case a.scope == scopeTimestamp:
		return theTimestamp.in(l)
	}
	return theSignature.in(l)
}

// quote puts the marks of the language around a name.
func (p *prose) quote(s string) string {
	if p.language == English {
		return "“" + s + "”"
	}
	return "«\u00a0" + s + "\u00a0»"
}

var certificateLabels = map[Role]text{
	RoleSigner:    {"le certificat du signataire", "the certificate of the signer"},
	RoleTimestamp: {"le certificat de l'autorité d'horodatage", "the certificate of the timestamp authority"},
	RoleAuthority: {"le certificat de l'autorité", "the certificate of the authority"},
}

// certificateLabel says which certificate: by its role, and the name of an authority or, without names, its digest.
func (b *builder) certificateLabel(c *Certificate) string {
	label := certificateLabels[c.Role].in(b.language)
	switch {
	case c.Name != "" && c.Role != RoleSigner:
		return label + " " + b.quote(c.Name)
	case c.Name == "" && c.Role == RoleAuthority:
		return label + " " + c.ID[:shortDigest] + "…"
	}
	return label
}

// shortDigest is how many hexadecimal digits tell certificates of one report apart.
const shortDigest = 16

var blockTitles = map[string]text{
	"FC":  {"Format", "Format"},
	"ISC": {"Identification du signataire", "Identification of the signer"},
	"VCI": {"Contexte de validation", "Validation context"},
	"XCV": {"Chaîne de certificats", "Chain of certificates"},
	"CV":  {"Cryptographie", "Cryptography"},
	"SAV": {"Acceptation de la signature", "Acceptance of the signature"},
	"LTV": {"Comparaison des dates", "Comparison of times"},
}

// asked are the rules of validation, by ID.
var asked = sync.OnceValue(func() map[string]validation.Rule {
	out := map[string]validation.Rule{}
	for _, r := range validation.Rules() {
		out[r.ID] = r
	}
	return out
})

// blocks lists the findings, and every check when details are wanted.
func (b *builder) blocks(list []validation.Block, a about) (found []Check, all []Block) {
	found, all = []Check{}, []Block{}
	listed := 0
	for _, block := range list {
		shown := Block{
			Name: word(block.Name), Title: blockTitles[block.Name].in(b.language), Checks: []Check{},
		}
		shown.Indication, shown.SubIndication = verdictWords(block.Verdict)
		if shown.Title == "" {
			shown.Title = shown.Name
		}
		for _, c := range block.Checks {
			isFinding := c.Status != validation.Held
			wanted := b.detailed && listed < limits.ReportChecks && b.checks < limits.ReportAllChecks
			if isFinding && (len(found) == limits.ReportFindings || b.checks >= limits.ReportAllChecks) || b.detailed && !wanted {
				b.Omitted.Others++
			}
			if !wanted && (!isFinding || len(found) == limits.ReportFindings || b.checks >= limits.ReportAllChecks) {
				continue
			}
			b.checks++
			written := b.check(c, a)
			if wanted {
				listed++
				shown.Checks = append(shown.Checks, written)
			}
			if isFinding && len(found) < limits.ReportFindings {
				found = append(found, written)
			}
		}
		if b.detailed {
			all = append(all, shown)
		}
	}
	return found, all
}

// check is one check with its sentence in plain words.
func (b *builder) check(c validation.Check, a about) Check {
	out := b.plain(c)
	rule := asked()[c.ID]
	w, isSaid := checks[c.ID]
	switch {
	case isSaid && c.Status != validation.Held:
		out.Words = b.say(w.broken, a, c.Object)
	case isSaid:
		out.Words = b.say(text{w.asks, rule.Asks}, a, c.Object)
		if b.language == English && c.Object != "" { // validation's sentences do not name it
			out.Words += " (" + b.who(a, c.Object) + ")"
		}
	default:
		out.Words = capital(out.Message)
	}
	return out
}

// plain is one check as validation made it. Its message may quote names.
func (r *Report) plain(c validation.Check) Check {
	rule, isKnown := asked()[c.ID]
	out := Check{
		ID: word(c.ID), Clause: name(c.Clause), Level: oneOf(c.Level, validation.Fail, validation.Warn, validation.Inform),
		Status: oneOf(c.Status, validation.Held, validation.Broken, validation.Warning, validation.Information), Message: sentence(c.Message),
	}
	if _, ok := r.source.positions[c.Object]; ok || r.source.data[c.Object] {
		out.Object = c.Object
	} else {
		out.Object = r.source.shown[c.Object]
	}
	if out.Status == "" || out.Level == "" { // no outcome of validation: nothing good is made of it
		out.Status, out.Level = validation.Broken, validation.Fail
	}
	if r.Redacted {
		out.Message, out.Clause = rule.Asks, rule.Clause
		if !isKnown {
			out.ID = ""
		}
	}
	return out
}

// explain gives the reasons and remedies of a verdict, and what a reader of it should note.
func (b *builder) explain(v validation.Verdict, blocks []validation.Block, a about, w *Words) {
	enough, remedied, implied := false, false, []string(nil)
	for _, block := range blocks {
		for i, c := range block.Checks {
			said := checks[c.ID]
			if c.Status != validation.Broken && c.Status != validation.Warning && !(said.noted && c.Status != validation.Held) || said.joined && isRepeated(block.Checks[:i], c) {
				continue
			}
			phrase := b.phrase(c, a, block.Checks[i+1:])
			if c.Status == validation.Broken && v.Passed() {
				phrase += outweighed.in(b.language)
			}
			phrase = ended(phrase)
			switch {
			case c.Status != validation.Broken || !decides(block, v):
				w.Notes = add(w.Notes, phrase)
				continue
			case said.implied:
				implied = add(implied, phrase)
			default:
				w.Reasons = add(w.Reasons, phrase)
			}
			enough = enough || said.enough
			if said.remedy != (text{}) {
				w.Remedies = add(w.Remedies, b.say(said.remedy, a, c.Object))
				remedied = true
			}
		}
	}
	if v.Passed() {
		return
	}
	reason := reasons[v.SubIndication]
	enough = enough || vague[v.SubIndication] && len(w.Reasons) > 0
	if !enough && reason.meaning != (text{}) {
		w.Reasons = slices.Insert(w.Reasons, 0, b.say(reason.meaning, a, ""))
	} else if len(w.Reasons) == 0 {
		w.Reasons = append(w.Reasons, implied...)
	}
	if !remedied && reason.remedy != (text{}) {
		w.Remedies = add(w.Remedies, b.say(reason.remedy, a, ""))
	}
}

// phrase says in plain words that a check did not hold, for all that it did not hold for when one sentence can.
func (b *builder) phrase(c validation.Check, a about, after []validation.Check) string {
	said, ok := checks[c.ID]
	if !ok || !said.joined {
		return b.check(c, a).Words
	}
	who := []string{b.who(a, c.Object)}
	for _, other := range after {
		if isRepeated([]validation.Check{c}, other) && len(who) < limits.ReportChain {
			who = add(who, b.who(a, other.Object))
		}
	}
	return capital(fill(said.broken.in(b.language), func(string) string { return b.enumerate(who) }))
}

// isRepeated reports whether a check broke before, for another certificate.
func isRepeated(before []validation.Check, c validation.Check) bool {
	return slices.ContainsFunc(before, func(o validation.Check) bool { return o.ID == c.ID && o.Status == c.Status })
}

// enumerate writes "a, b et c".
func (p *prose) enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + text{" et ", " and "}.in(p.language) + list[last]
}

// ended closes a sentence.
func ended(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// decides reports whether a block is the one that a verdict comes from.
func decides(block validation.Block, v validation.Verdict) bool {
	return !v.Passed() && block.SubIndication == v.SubIndication
}

// add appends a sentence once, up to a bound.
func add(list []string, s string) []string {
	if s == "" || len(list) >= limits.ReportFindings || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func digestName(s string) string {
	if _, ok := digests[s]; ok {
		return s
	}
	return ""
}

var levels = []string{"B-B", "B-T", "B-LT", "B-LTA", "BES", "EPES", "T", "LT", "C", "X", "XL", "A", "LTV", "ERS", "PKCS7"}

var levelWords = map[string]text{
	"B-B":   {"signature de base", "basic signature"},
	"B-T":   {"avec horodatage", "with a timestamp"},
	"B-LT":  {"avec horodatage et données de validation", "with a timestamp and validation data"},
	"B-LTA": {"avec données de validation, horodatées pour l'archivage", "with validation data, timestamped for the archive"},
	"BES":   {"signature de base, ancienne forme", "basic signature, old form"},
	"EPES":  {"selon une politique de signature, ancienne forme", "under a signature policy, old form"},
	"T":     {"avec horodatage, ancienne forme", "with a timestamp, old form"},
	"LT":    {"avec horodatage et données de validation, ancienne forme", "with a timestamp and validation data, old form"},
	"C":     {"avec références aux données de validation, ancienne forme", "with references to validation data, old form"},
	"X":     {"avec références horodatées, ancienne forme", "with timestamped references, old form"},
	"XL":    {"avec références et données de validation, ancienne forme", "with references and validation data, old form"},
	"A":     {"avec horodatage d'archive, ancienne forme", "with an archive timestamp, old form"},
	"LTV":   {"avec données de validation dans le PDF, ancienne forme", "with validation data in the PDF, old form"},
	"ERS":   {"avec enregistrement de preuve", "with an evidence record"},
	"PKCS7": {"forme simple, sans les garanties des signatures avancées", "plain form, without what advanced signatures guarantee"},
}

var formatWords = map[facts.Format]text{
	facts.CAdES: {"signature CMS (CAdES)", "CMS signature (CAdES)"},
	facts.PAdES: {"PDF signé (PAdES)", "signed PDF (PAdES)"}, facts.Timestamp: {"horodatage seul (RFC 3161)", "timestamp alone (RFC 3161)"},
}

var tokenWords = map[facts.TokenType]text{
	facts.ContentTimestamp:    {"Horodatage du contenu", "Timestamp of the content"},
	facts.SignatureTimestamp:  {"Horodatage de la signature", "Timestamp of the signature"},
	facts.ArchiveTimestamp:    {"Horodatage d'archive", "Archive timestamp"},
	facts.ReferencesTimestamp: {"Horodatage des références", "Timestamp of references"},
	facts.DocumentTimestamp:   {"Horodatage du document", "Document timestamp"},
	facts.DetachedTimestamp:   {"Horodatage seul", "Timestamp alone"},
}

// tokenLabel says what kind of timestamp it is.
func (p *prose) tokenLabel(t *Timestamp) string {
	if w, ok := tokenWords[t.Type]; ok {
		return w.in(p.language)
	}
	return text{"Horodatage", "Timestamp"}.in(p.language)
}

// join writes "a, b".
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// outweighed says that a check that broke did not prevent a pass: a past date is what can.
var outweighed = text{", ce que la preuve de date compense", ", which the proof of time makes up for"}
