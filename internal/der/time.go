package der

import (
	"errors"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ErrTime is the error of a Builder given a time that ASN.1 cannot write: a year before 0 or after 9999.
var ErrTime = errors.New("der: a GeneralizedTime holds the years 0 to 9999")

// ReadTime reads a UTCTime (YYMMDDHHMMSSZ, of 1950 to 2049) or a GeneralizedTime without a fraction (YYYYMMDDHHMMSSZ), the
// two forms that RFC 5280 §4.1.2.5 allows. It does not ask that years before 2050 be a UTCTime. The result is in UTC.
func ReadTime(s *cryptobyte.String, out *time.Time) bool {
	content, tag := cryptobyte.String(nil), asn1.Tag(0)
	rest := *s
	if !rest.ReadAnyASN1(&content, &tag) {
		return false
	}
	t, ok := ParseTime(byte(tag), content)
	if !ok {
		return false
	}
	*s, *out = rest, t
	return true
}

// ParseTime is [ReadTime] on content octets, with their tag: 23 for UTCTime, 24 for GeneralizedTime.
func ParseTime(tag byte, content []byte) (time.Time, bool) {
	switch {
	case tag == tagUTCTime && len(content) == 13 && content[12] == 'Z':
		year, ok := digits(content[:2])
		if year < 50 {
			year += 2000
		} else {
			year += 1900
		}
		return clock(year, content[2:12], 0, ok)
	case tag == tagGeneralizedTime && len(content) == 15 && content[14] == 'Z':
		year, ok := digits(content[:4])
		return clock(year, content[4:14], 0, ok)
	}
	return time.Time{}, false
}

// ReadGeneralizedTime reads a GeneralizedTime in the DER form, with or without a fraction of the second: no trailing zero,
// a point and not a comma, Z (X.690 §11.7). A fraction finer than a nanosecond, which a time.Time cannot hold, is refused.
func ReadGeneralizedTime(s *cryptobyte.String, out *time.Time) bool {
	var content cryptobyte.String
	rest := *s
	if !rest.ReadASN1(&content, asn1.GeneralizedTime) {
		return false
	}
	t, ok := ParseGeneralizedTime(content)
	if !ok {
		return false
	}
	*s, *out = rest, t
	return true
}

// ParseGeneralizedTime is [ReadGeneralizedTime] on content octets.
func ParseGeneralizedTime(content []byte) (time.Time, bool) {
	n := len(content)
	if n == 15 {
		return ParseTime(tagGeneralizedTime, content)
	}
	if n < 17 || n > 25 || content[14] != '.' || content[n-1] != 'Z' || content[n-2] == '0' {
		return time.Time{}, false
	}
	nanoseconds, ok := digits(content[15 : n-1])
	for range 25 - n {
		nanoseconds *= 10
	}
	year, isYear := digits(content[:4])
	return clock(year, content[4:14], nanoseconds, ok && isYear)
}

// clock builds a time out of MMDDHHMMSS and refuses a day or an hour that does not exist, leap seconds included.
func clock(year int, rest []byte, nanoseconds int, ok bool) (time.Time, bool) {
	var field [5]int
	for i := range field {
		var isNumber bool
		field[i], isNumber = digits(rest[2*i : 2*i+2])
		ok = ok && isNumber
	}
	month, day, hour, minute, second := field[0], field[1], field[2], field[3], field[4]
	if !ok || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanoseconds, time.UTC), true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func digits(text []byte) (int, bool) {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// AddTime writes a time by the rule of RFC 5280 §4.1.2.5: UTCTime from 1950 through 2049, GeneralizedTime otherwise, to the
// second and in UTC. A fraction of the second is dropped.
func AddTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC()
	if t.Year() < 1950 || t.Year() > 2049 {
		AddGeneralizedTime(b, t.Truncate(time.Second))
		return
	}
	b.AddASN1(asn1.UTCTime, func(b *cryptobyte.Builder) { b.AddBytes(t.AppendFormat(nil, "060102150405Z")) })
}

// AddGeneralizedTime writes a GeneralizedTime in the DER form, in UTC, with the fraction of the second down to the
// nanosecond and without trailing zeros (X.690 §11.7). A year outside 0 to 9999 is an error of the builder.
func AddGeneralizedTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		b.SetError(ErrTime)
		return
	}
	b.AddASN1(asn1.GeneralizedTime, func(b *cryptobyte.Builder) {
		b.AddBytes(t.AppendFormat(nil, "20060102150405.999999999Z"))
	})
}
