package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Language of reports.
type Language string

// The languages. The zero Language is French.
const (
	French  Language = "fr"
	English Language = "en"
)

// text is a sentence in both languages.
type text struct{ fr, en string }

func (t text) in(l Language) string {
	if l == English {
		return t.en
	}
	return t.fr
}

// fill puts values in place of "{name}" in one pass, so that a value that itself holds braces stays as it is.
func fill(sentence string, value func(name string) string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(sentence, '{')
		if start < 0 {
			break
		}
		end := strings.IndexByte(sentence[start:], '}')
		if end < 0 {
			break
		}
		b.WriteString(sentence[:start])
		b.WriteString(value(sentence[start+1 : start+end]))
		sentence = sentence[start+end+1:]
	}
	if b.Len() == 0 {
		return sentence
	}
	b.WriteString(sentence)
	return b.String()
}

// capital gives a sentence its first letter.
func capital(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// uncapital takes it away, inside another sentence.
func uncapital(s string) string {
	for i, r := range s {
		return strings.ToLower(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// plural writes a number and the noun that goes with it: French has the singular for 0, English has not.
func plural(l Language, n int, one, many text) string {
	noun := many
	if n == 1 || n == 0 && l != English {
		noun = one
	}
	if n == 0 {
		return text{"aucun", "no"}.in(l) + " " + noun.in(l)
	}
	return strconv.Itoa(n) + " " + noun.in(l)
}

var months = [...]text{
	{"janvier", "January"}, {"février", "February"}, {"mars", "March"}, {"avril", "April"}, {"mai", "May"}, {"juin", "June"},
	{"juillet", "July"}, {"août", "August"}, {"septembre", "September"}, {"octobre", "October"}, {"novembre", "November"},
	{"décembre", "December"},
}

// day writes "2 mars 2026" or "2 March 2026".
func (p *prose) day(t time.Time) string {
	t = t.In(p.zone)
	number := strconv.Itoa(t.Day())
	if number == "1" && p.language != English {
		number = "1er"
	}
	return fmt.Sprintf("%s %s %d", number, months[t.Month()-1].in(p.language), t.Year())
}

// instant writes "2 mars 2026 à 10:05:09 UTC".
func (p *prose) instant(t time.Time) string {
	return p.day(t) + text{" à ", " at "}.in(p.language) + t.In(p.zone).Format("15:04:05 MST")
}

// within keeps a time in the years that JSON, XML and readers know (RFC 3339, XSD 1.0 §3.2.7).
func within(t time.Time) time.Time {
	t = t.UTC()
	switch {
	case t.Year() < 1:
		return time.Time{}
	case t.Year() > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// known returns the time, or nil for none.
func known(t time.Time) *time.Time {
	if t = within(t); t.IsZero() {
		return nil
	}
	return &t
}

func decimal(n int) string { return strconv.Itoa(n) }
