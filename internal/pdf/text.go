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

// ReadText decodes a text string (§7.9.2.2): UTF-16 or UTF-8 by their marks, else PDFDocEncoding, of which only the part that
// agrees with Latin-1 is decoded. What is no text comes out with replacement characters.
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
		case c < 0x18 && c != '\t' && c != '\n' && c != '\r', c >= 0x18 && c < 0x20, c >= 0x7f && c <= 0xa0:
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
