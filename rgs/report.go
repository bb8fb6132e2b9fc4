package rgs

import (
	"fmt"
	"io"
	"time"
)

// Schema is the number of the JSON form of [Report].
const Schema = 1

// A Report is what the rules say of one object.
type Report struct {
	Schema    int        `json:"schema"`
	Object    string     `json:"object"` // set by the caller: a path, a name
	Kind      string     `json:"kind"`   // "certificate"
	Subject   string     `json:"subject"`
	Issuer    string     `json:"issuer"`
	Serial    string     `json:"serial"` // decimal
	NotBefore time.Time  `json:"notBefore"`
	NotAfter  time.Time  `json:"notAfter"`
	Time      time.Time  `json:"time"`     // date of use that was asked
	Usages    []Function `json:"usages"`   // what its usages show; empty for an authority
	Level     Level      `json:"level"`    // none: a level comes from the offer, which this version does not know
	Evidence  []string   `json:"evidence"` // of the level
	Findings  []Finding  `json:"findings"`
}

func (c *certificate) report(list []Finding) *Report {
	usages := c.usages
	if usages == nil {
		usages = []Function{}
	}
	return &Report{Schema: Schema, Kind: "certificate", Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.Serial.String(),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, Time: c.in.Time, Usages: usages, Evidence: []string{}, Findings: list}
}

// Failed reports whether a rule is not respected, or a level or a function was asked and is not established.
func (r *Report) Failed() bool {
	for _, f := range r.Findings {
		if f.Status == Fail || f.Status == Undetermined && (f.Rule == "rgs_level_policy" || f.Rule == "rgs_function") {
			return true
		}
	}
	return false
}

// Count returns the number of findings with a status.
func (r *Report) Count(s Status) int {
	n := 0
	for _, f := range r.Findings {
		if f.Status == s {
			n++
		}
	}
	return n
}

var statusWords = map[Status]Text{
	Pass: {"conforme", "pass"}, Fail: {"NON CONFORME", "FAIL"}, Warn: {"à améliorer", "warn"}, Notice: {"à noter", "notice"},
	NotApplicable: {"sans objet", "n/a"}, NotEffective: {"hors dates", "not effective"}, Undetermined: {"indéterminé", "undetermined"},
}

// WriteText writes the report for a person: what does not conform first, then the rest. It says when the date of use is outside the
// validity of the certificate, of which no rule speaks: [Report.NotBefore] and NotAfter tell programs.
func (r *Report) WriteText(w io.Writer, l Language) error {
	head := Text{"Certificat de %s\n  émis par %s\n  valable du %s au %s, examiné à la date du %s%s\n  %d règles respectées, %d non respectées, %d recommandations non suivies, %d à noter, %d indéterminées\n",
		"Certificate of %s\n  issued by %s\n  valid from %s to %s, examined as of %s%s\n  %d rules respected, %d not, %d recommendations not followed, %d notices, %d undetermined\n"}
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	outside := Text{} // no rule says that a certificate must not be used then, because nobody accepts it
	switch {
	case r.Time.After(r.NotAfter):
		outside = Text{" : IL EST EXPIRÉ", ": IT IS EXPIRED"}
	case r.Time.Before(r.NotBefore):
		outside = Text{" : IL N'EST PAS ENCORE VALABLE", ": IT IS NOT VALID YET"}
	}
	if _, err := fmt.Fprintf(w, head.In(l), r.Subject, r.Issuer, day(r.NotBefore), day(r.NotAfter), day(r.Time), outside.In(l),
		r.Count(Pass), r.Count(Fail), r.Count(Warn), r.Count(Notice), r.Count(Undetermined)); err != nil {
		return err
	}
	for _, status := range []Status{Fail, Warn, Undetermined, Notice, Pass, NotEffective, NotApplicable} {
		for _, f := range r.Findings {
			if f.Status != status {
				continue
			}
			if _, err := fmt.Fprintf(w, "  %-13s %-28s %s — %s\n", statusWords[status].In(l), f.Clause, f.Rule, f.In(l)); err != nil {
				return err
			}
		}
	}
	return nil
}
