// Package norm compares names as people and file systems see them: Unicode normalisation forms (UAX #15) and caseless
// matching (Unicode §3.13).
package norm

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// IsNFC reports whether s is in normalisation form C.
func IsNFC(s string) bool { return norm.NFC.IsNormalString(s) }

// NFC returns the normalisation form C of s.
func NFC(s string) string { return norm.NFC.String(s) }

// Caseless returns a key that two strings share when they are a compatibility caseless match (Unicode D146): names equal up to
// case, width, ligature or composition of accents.
func Caseless(s string) string {
	if ascii(s) {
		return asciiLower(s)
	}
	fold := cases.Fold()
	return norm.NFKD.String(fold.String(norm.NFKD.String(fold.String(norm.NFD.String(s)))))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func asciiLower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
