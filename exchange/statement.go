package exchange

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// Version is the version of the format that this package writes. It reads every published one: 1.
const Version = 1

// An ID names a pli for ever: a UUID of 36 characters, lower case. It is fixed before the pli is first sent and never reused.
type ID string

func (id ID) valid() bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if id[i] != '-' {
				return false
			}
		} else if !hexDigit(id[i]) {
			return false
		}
	}
	return true
}

func hexDigit(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// newID makes a version 7 UUID (RFC 9562 §5.7) of a time and ten random octets.
func newID(at time.Time, random [10]byte) ID {
	var u [16]byte
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	copy(u[6:], random[:])
	u[6] = u[6]&0x0F | 0x70
	u[8] = u[8]&0x3F | 0x80
	h := hex.EncodeToString(u[:])
	return ID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

// String returns the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in lower-case hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// timeLayout is the one spelling of times: UTC, whole seconds.
const timeLayout = "2006-01-02T15:04:05Z"

const skew = limits.PliSkew * time.Minute

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// The readers below give one spelling to one value, so that what is read can be written again octet for octet.

func (r *jsonReader) version(out *int) func() error {
	return func() error {
		n, err := r.integer()
		if err == nil && n != Version {
			err = r.fail("version %d: this program knows version %d", n, Version)
		}
		*out = int(n)
		return err
	}
}

func (r *jsonReader) id(out *ID) func() error {
	return func() error {
		s, err := r.text(36)
		if *out = ID(s); err == nil && !out.valid() {
			err = r.fail("not a UUID in lower case")
		}
		return err
	}
}

func (r *jsonReader) time(out *time.Time) func() error {
	return func() error {
		s, err := r.text(len(timeLayout))
		if err != nil {
			return err
		}
		if *out, err = time.Parse(timeLayout, s); err != nil || formatTime(*out) != s {
			return r.fail("not a time as YYYY-MM-DDTHH:MM:SSZ")
		}
		return nil
	}
}

// octets reads exactly len(out) octets in lower-case hexadecimal.
func (r *jsonReader) octets(out []byte) func() error {
	return func() error {
		s, err := r.text(2 * len(out))
		if err != nil {
			return err
		}
		if len(s) != 2*len(out) || strings.ToLower(s) != s {
			return r.fail("not %d octets in lower-case hexadecimal", len(out))
		}
		if _, err := hex.Decode(out, []byte(s)); err != nil {
			return r.fail("not hexadecimal")
		}
		return nil
	}
}

func (r *jsonReader) size(out *int64) func() error {
	return func() (err error) { *out, err = r.integer(); return err }
}

func (r *jsonReader) string(limit int, out *string) func() error {
	return func() (err error) { *out, err = r.text(limit); return err }
}

func (r *jsonReader) siret(out *SIRET) func() error {
	return func() error {
		s, err := r.text(14)
		if *out = SIRET(s); err == nil && !out.valid() {
			err = r.fail("not a SIRET: 14 digits with a valid key")
		}
		return err
	}
}

// recipients reads [{"siret":"…"}, …].
func (r *jsonReader) recipients(limit int, out *[]SIRET) func() error {
	return func() error {
		return r.array(limit, func() error {
			var s SIRET
			err := r.object(member{name: "siret", read: r.siret(&s)})
			*out = append(*out, s)
			return err
		})
	}
}

func (w *jsonWriter) recipients(list []SIRET) {
	w.name("recipients")
	w.open('[')
	for _, s := range list {
		w.open('{')
		w.text("siret", string(s))
		w.close('}')
	}
	w.close(']')
}

// unique checks that recipients are between one and the limit, valid, and none twice.
func unique(recipients []SIRET) error {
	if len(recipients) == 0 {
		return fmt.Errorf("no recipient")
	}
	seen := make(map[SIRET]bool, len(recipients))
	for i, s := range recipients {
		if !s.valid() {
			return fmt.Errorf("recipient %d is not a SIRET", i+1)
		}
		if seen[s] {
			return fmt.Errorf("recipient %d is there twice", i+1)
		}
		seen[s] = true
	}
	return nil
}

// word checks [a-z0-9-]{1,64}: profiles and reasons.
func word(s string) bool {
	if len(s) == 0 || len(s) > limits.PliProfile {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}
