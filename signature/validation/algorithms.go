package validation

import (
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Date is a day, written "2006-01-02". The zero Date is no date.
type Date struct{ day time.Time }

// DateOf returns the day of t in UTC.
func DateOf(t time.Time) Date {
	t = t.UTC()
	return Date{time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)}
}

// Start returns the first instant of the day in UTC, the zero time for no date.
func (d Date) Start() time.Time { return d.day }

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d.day.IsZero() }

// MarshalText writes the day.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a day.
func (d *Date) UnmarshalText(text []byte) (err error) {
	d.day, err = time.Parse(time.DateOnly, string(text))
	return err
}

// String returns "2006-01-02", or nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.day.Format(time.DateOnly)
}

// Algorithms says which algorithms are accepted, and until when. What is not listed is not accepted.
type Algorithms struct {
	Source string `json:"source,omitempty"`
	// Updated is the date of the list. An end on or before it is known to be past: fail. An end after it was a forecast:
	// warn. That is how EU DSS reads the catalogue of TS 119 312.
	Updated Date `json:"updated"`
	// Digests are the digest algorithms, named as in package facts: "SHA-256".
	Digests []Acceptance `json:"digests"`
	// Signatures are the signature algorithms by family ("RSASSA-PKCS1-v1_5", "RSASSA-PSS", "ECDSA", "DSA", "Ed25519") and
	// size of the key. Among the rows whose size is not above the key's, the latest end counts (RFC 5698 §6).
	Signatures []Acceptance `json:"signatures"`
}

// An Acceptance is one row: an algorithm, and the date from which it is no longer accepted.
type Acceptance struct {
	Name  string `json:"name"`
	Bits  int    `json:"bits,omitempty"`  // smallest key of the row
	Until Date   `json:"until,omitzero"`  // zero is without end
	Level Level  `json:"level,omitempty"` // "warn": accepted with a warning
}

func (a *Algorithms) check() error {
	if len(a.Digests) == 0 || len(a.Signatures) == 0 {
		return fmt.Errorf("%w: it accepts no algorithm", ErrPolicy)
	}
	for _, rows := range [][]Acceptance{a.Digests, a.Signatures} {
		for _, r := range rows {
			if r.Name == "" || r.Bits < 0 || r.Level != "" && r.Level != Warn {
				return fmt.Errorf("%w: row %q of the algorithms", ErrPolicy, r.Name)
			}
		}
	}
	return nil
}

// A judgement says whether an algorithm is accepted at some time.
type judgement struct {
	ok    bool
	level Level // when not ok: fail, or warn for a forecast and for a row that says so
	text  string
}

func (a *Algorithms) digest(name string, at time.Time) judgement {
	return a.judge(a.Digests, name, 0, at)
}

// signature judges a scheme with the key that it is used with: the size of the key, then the digest.
func (a *Algorithms) signature(scheme pkix.Scheme, bits int, at time.Time) judgement {
	j := a.judge(a.Signatures, string(scheme.Kind), bits, at)
	if scheme.Kind == pkix.EdDSA { // its digest is a part of it
		return j
	}
	d := a.digest(pkix.DigestName(scheme.Hash), at)
	if !d.ok && (j.ok || j.level != Fail && d.level == Fail) {
		return d
	}
	return j
}

func (a *Algorithms) judge(rows []Acceptance, name string, bits int, at time.Time) judgement {
	var best *Acceptance
	for i := range rows {
		r := &rows[i]
		if r.Name == name && r.Bits <= bits && (best == nil || best.endsBefore(r)) {
			best = r
		}
	}
	described := func() string {
		if bits == 0 {
			return name
		}
		return fmt.Sprintf("%s with a key of %d bits", name, bits)
	}
	switch {
	case best == nil:
		return judgement{level: Fail, text: described() + " is not an accepted algorithm"}
	case !best.Until.IsZero() && !at.Before(best.Until.day):
		j := judgement{level: Fail, text: described() + " is not accepted since " + best.Until.String()}
		if best.Until.day.After(a.Updated.day) {
			j.level = Warn
		}
		return j
	case best.Level == Warn:
		return judgement{level: Warn, text: described() + " is accepted with reserve"}
	}
	return judgement{ok: true}
}

func (a *Acceptance) endsBefore(other *Acceptance) bool {
	return !a.Until.IsZero() && (other.Until.IsZero() || a.Until.day.Before(other.Until.day))
}
