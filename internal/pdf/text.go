package pdf

import (
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Text makes a text string: ASCII as it is, anything else in UTF-16 with its mark.
func Text(s string) String {
	ascii := true
	for _, r := range s {
		ascii = ascii && r >= ' ' && r < 0x7f
	}
	if ascii {
		return String{Value: []byte(s)}
	}
	out := []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(s)) {
		out = append(out, byte(unit>>8), byte(unit))
	}
	return String{Value: out, Hex: true}
}

// pdfDoc are the characters of PDFDocEncoding (annex D) that are not those of Latin-1, from 0x18 and from 0x80.
var pdfDoc18 = []rune("\u02d8\u02c7\u02c6\u02d9\u02dd\u02db\u02da\u02dc")
var pdfDoc80 = []rune("\u2022\u2020\u2021\u2026\u2014\u2013\u0192\u2044\u2039\u203a\u2212\u2030\u201e\u201c\u201d\u2018\u2019\u201a\u2122" +
	"\ufb01\ufb02\u0141\u0152\u0160\u0178\u017d\u0131\u0142\u0153\u0161\u017e\ufffd\u20ac")

// ReadText decodes a text string (§7.9.2.2): UTF-16 or UTF-8 by their marks, else PDFDocEncoding. What is no text comes out with
// replacement characters.
func ReadText(b []byte) string {
	switch {
	case len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff:
		units := make([]uint16, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(units))
	case len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf:
		return strings.ToValidUTF8(string(b[3:]), string(utf8.RuneError))
	}
	var out strings.Builder
	for _, c := range b {
		switch {
		case c >= 0x18 && c < 0x20:
			out.WriteRune(pdfDoc18[c-0x18])
		case c >= 0x80 && c <= 0xa0:
			out.WriteRune(pdfDoc80[c-0x80])
		case c < 0x18 && c != '\t' && c != '\n' && c != '\r', c == 0x7f, c == 0xad:
			out.WriteRune(utf8.RuneError)
		default:
			out.WriteRune(rune(c))
		}
	}
	return out.String()
}

// Date writes a date (§7.9.4), in UTC.
func Date(t time.Time) String { return String{Value: []byte(t.UTC().Format("D:20060102150405Z"))} }

// ReadDate reads a date. Everything after the year may be left out; without a zone it is taken as UTC.
func ReadDate(b []byte) (time.Time, bool) {
	s := strings.TrimPrefix(ReadText(b), "D:")
	cut := strings.IndexAny(s, "Z+-")
	zone := ""
	if cut >= 0 {
		s, zone = s[:cut], s[cut:]
	}
	if len(s) < 4 || len(s) > 14 || len(s)%2 != 0 {
		return time.Time{}, false
	}
	t, err := time.Parse("20060102150405"[:len(s)], s)
	if err != nil {
		return time.Time{}, false
	}
	offset, ok := readZone(zone)
	if !ok {
		return time.Time{}, false
	}
	return t.Add(-offset), true
}

// readZone reads "Z", "+02'00'", "+02'00" or "-05'".
func readZone(zone string) (time.Duration, bool) {
	digits := strings.ReplaceAll(strings.TrimLeft(zone, "Z+-"), "'", "")
	if zone == "" || zone[0] == 'Z' {
		return 0, strings.Trim(digits, "0") == ""
	}
	if len(digits) == 2 {
		digits += "00"
	}
	t, err := time.Parse("1504", digits)
	if err != nil {
		return 0, false
	}
	offset := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	if zone[0] == '-' {
		offset = -offset
	}
	return offset, true
}
