package main

import (
	"bufio"
	"fmt"
	"strings"
	"time"
)

// verdicts in the language of those who will read them.
var verdicts = map[string]string{
	"valid": "VALIDE", "invalid": "NON VALIDE", "indeterminate": "INDÉTERMINÉ", "none": "AUCUNE SIGNATURE",
}

// printText prints one file on a few lines. at is the time of validation, which every signature existed at.
func printText(out *bufio.Writer, r *report, at time.Time) {
	if r.Error != "" && len(r.Signatures) == 0 {
		fmt.Fprintf(out, "%s: ILLISIBLE\n  %s\n", printable(r.File), printable(r.Error))
		return
	}
	fmt.Fprintf(out, "%s: %s (%s)\n", printable(r.File), verdicts[r.Verdict], r.Format)
	if r.Error != "" {
		fmt.Fprintf(out, "  error: %s\n", printable(r.Error))
	}
	for i := range r.Signatures {
		printSigned(out, &r.Signatures[i], at)
	}
	for i := range r.Timestamps {
		printTimestamp(out, "  ", &r.Timestamps[i])
	}
}

func printSigned(out *bufio.Writer, s *signed, at time.Time) {
	fmt.Fprintf(out, "  signature %s: %s, %s %s, cryptography %s\n", s.ID, verdictText(s.Indication, s.SubIndication), s.Format, s.Level, s.Crypto)
	if s.Parent != "" {
		fmt.Fprintf(out, "    counter-signs %s\n", s.Parent)
	}
	if s.Signer != nil {
		fmt.Fprintf(out, "    signer %s\n    issued by %s, serial %s\n", printable(s.Signer.Subject), printable(s.Signer.Issuer), s.Signer.Serial)
	}
	var times []string
	if s.ClaimedTime != nil {
		times = append(times, "claims "+s.ClaimedTime.Format(time.RFC3339))
	}
	if s.BestSignatureTime != nil && s.BestSignatureTime.Before(at) {
		times = append(times, "existed on "+s.BestSignatureTime.Format(time.RFC3339))
	} else {
		times = append(times, "nothing proves when")
	}
	fmt.Fprintf(out, "    %s\n", strings.Join(times, ", "))
	for _, m := range s.Modifications {
		fmt.Fprintf(out, "    revision %d changes object %s: %s\n", m.Revision, printable(m.Object), printable(m.Message))
	}
	printFindings(out, "    ", s.Findings)
	for i := range s.Timestamps {
		printTimestamp(out, "    ", &s.Timestamps[i])
	}
	if s.Extracted != "" {
		fmt.Fprintf(out, "    what was signed: %s\n", printable(s.Extracted))
	}
}

func printTimestamp(out *bufio.Writer, indent string, t *timestamp) {
	when := "no readable time"
	if t.Time != nil {
		when = t.Time.Format(time.RFC3339)
	}
	fmt.Fprintf(out, "%stimestamp %s (%s) of %s: %s, cryptography %s\n", indent, t.ID, t.Type, when, verdictText(t.Indication, t.SubIndication), t.Crypto)
	printFindings(out, indent+"  ", t.Findings)
}

func printFindings(out *bufio.Writer, indent string, list []finding) {
	for _, f := range list {
		fmt.Fprintf(out, "%s%s: %s [%s, %s]\n", indent, f.Status, printable(f.Message), f.Check, f.Clause)
	}
}

func verdictText(indication, sub string) string {
	if sub == "" {
		return indication
	}
	return indication + " (" + sub + ")"
}

// printable keeps what a file says of itself from writing to the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, text)
}
