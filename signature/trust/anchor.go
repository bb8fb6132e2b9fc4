// Package trust holds trust anchors: the certificates that a caller believes without proof, until when, and for what.
//
// From PEM files and folders, or one by one:
//
//	anchors, err := trust.Load("anchors/", "agence.pem")
//	anchors, err := trust.NewSet(trust.Anchor{Certificate: der, Purposes: []trust.Purpose{trust.Timestamp}})
//
// There is no default: nothing is trusted unless it is named here, and the certificates that a signed file carries never are.
// An anchor is kept as the octets of its certificate, so that one with a key or a curve that the standard library does not
// know (brainpool, for example) is held like any other.
package trust

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Purpose is what an anchor is believed for.
type Purpose string

// The purposes of an anchor.
const (
	Signature Purpose = "signature" // to vouch for signers
	Timestamp Purpose = "timestamp" // to vouch for timestamp authorities
)

// A Period is a time during which an anchor is believed, From included, To excluded. A zero From or To is without bound.
// Trusted lists give such periods: those in which a service had a status that the caller accepts.
type Period struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// Contains reports whether t is in the period.
func (p Period) Contains(t time.Time) bool {
	return !t.Before(p.From) && (p.To.IsZero() || t.Before(p.To))
}

// An Anchor is a certificate that is believed without proof (RFC 5280 §6.1.1 (d)): its name and its key. The certificate's
// own validity does not bound the trust; Sunset and Periods do.
type Anchor struct {
	Certificate []byte // DER
	// Sunset is the date from which the anchor is no longer believed by itself (EN 319 102-1 v1.4.1 §5.2.6): what it vouches
	// for then needs a proof that it existed before. Nil is never.
	Sunset *time.Time
	// Periods are the only times at which the anchor is believed. Empty is always.
	Periods []Period
	// Purposes are the only uses of the anchor. Empty is every use.
	Purposes []Purpose
	// Source says where the anchor came from, for a reader: a path, the name of a list.
	Source string
}

// ID is the lower-case hexadecimal SHA-256 of the certificate, as in package facts.
func (a Anchor) ID() string {
	sum := sha256.Sum256(a.Certificate)
	return hex.EncodeToString(sum[:])
}

// Serves reports whether the anchor is believed for a purpose.
func (a Anchor) Serves(p Purpose) bool { return len(a.Purposes) == 0 || slices.Contains(a.Purposes, p) }

func (a Anchor) sameTrust(b Anchor) bool {
	sameSunset := a.Sunset == nil && b.Sunset == nil || a.Sunset != nil && b.Sunset != nil && a.Sunset.Equal(*b.Sunset)
	return sameSunset && slices.Equal(a.Purposes, b.Purposes) && slices.EqualFunc(a.Periods, b.Periods, func(x, y Period) bool {
		return x.From.Equal(y.From) && x.To.Equal(y.To)
	})
}

// A Store gives anchors that may change with time, such as those of trusted lists. A [Set] is a Store that never changes.
// Implementations are safe for concurrent use and return a Set that they do not change afterwards.
type Store interface {
	Anchors(ctx context.Context) (*Set, error)
}

// Errors of sets.
var (
	ErrNotCertificate = errors.New("trust: an anchor is not a certificate")
	ErrConflict       = errors.New("trust: the same anchor is given twice under different constraints")
	ErrConstraint     = errors.New("trust: a constraint on an anchor makes no sense")
	ErrTooMany        = errors.New("trust: too many anchors")
)

// A Set is a list of anchors that does not change. It is safe for concurrent use; nil is the empty set, which trusts
// nothing.
type Set struct {
	anchors []Anchor
	byID    map[string]int
	byName  map[Name][]Anchor // by subject
}

// A Name is a distinguished name in a form in which two names that match by RFC 5280 §7.1 (whatever the case of letters, the
// white space and the string types) are equal. It is a key, not something to show.
type Name string

// NameOf returns the Name of a distinguished name in DER. It is false for octets that are none.
func NameOf(der []byte) (Name, bool) {
	canonical, ok := pkix.CanonicalName(der)
	return Name(canonical), ok
}

// NewSet makes a set. The same anchor twice counts once if its constraints are the same, otherwise it is ErrConflict: no
// choice between two constraints is safe. The set keeps its own copy of nothing: do not change the octets given.
func NewSet(anchors ...Anchor) (*Set, error) {
	s := &Set{byID: make(map[string]int, len(anchors)), byName: make(map[Name][]Anchor, len(anchors))}
	for _, a := range anchors {
		if err := s.add(a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Set) add(a Anchor) error {
	c, err := pkix.ParseCertificate(a.Certificate)
	if err != nil {
		return fmt.Errorf("%w: %s%w", ErrNotCertificate, from(a.Source), err)
	}
	name, ok := NameOf(c.RawSubject)
	if !ok {
		return fmt.Errorf("%w: %sits subject cannot be read", ErrNotCertificate, from(a.Source))
	}
	if err := checkConstraints(a); err != nil {
		return fmt.Errorf("%w: %s%w", ErrConstraint, from(a.Source), err)
	}
	id := hex.EncodeToString(c.ID[:])
	if i, ok := s.byID[id]; ok {
		if !s.anchors[i].sameTrust(a) {
			return fmt.Errorf("%w: %s (SHA-256 %s), from %q and %q", ErrConflict, c.Subject, id, s.anchors[i].Source, a.Source)
		}
		return nil
	}
	if len(s.anchors) == limits.TrustAnchors {
		return fmt.Errorf("%w: the bound is %d", ErrTooMany, limits.TrustAnchors)
	}
	s.byID[id] = len(s.anchors)
	s.byName[name] = append(s.byName[name], a)
	s.anchors = append(s.anchors, a)
	return nil
}

func from(source string) string {
	if source == "" {
		return ""
	}
	return source + ": "
}

func checkConstraints(a Anchor) error {
	if len(a.Periods) > limits.TrustPeriods {
		return fmt.Errorf("%d periods, the bound is %d", len(a.Periods), limits.TrustPeriods)
	}
	for _, p := range a.Periods {
		if !p.To.IsZero() && !p.From.Before(p.To) {
			return fmt.Errorf("a period ends %s, before it begins", p.To.Format(time.RFC3339))
		}
	}
	for _, p := range a.Purposes {
		if p != Signature && p != Timestamp {
			return fmt.Errorf("%q is not a purpose: %q, %q", p, Signature, Timestamp)
		}
	}
	return nil
}

// Anchors returns the set itself: a Set is a [Store].
func (s *Set) Anchors(context.Context) (*Set, error) { return s, nil }

// Len is how many anchors the set holds.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.anchors)
}

// All returns the anchors in the order given.
func (s *Set) All() []Anchor {
	if s == nil {
		return nil
	}
	return slices.Clone(s.anchors)
}

// Find returns the anchor with that ID.
func (s *Set) Find(id string) (Anchor, bool) {
	if s == nil {
		return Anchor{}, false
	}
	i, ok := s.byID[id]
	if !ok {
		return Anchor{}, false
	}
	return s.anchors[i], true
}

// Named returns the anchors whose subject is a name. The list is the set's own: do not change it.
func (s *Set) Named(name Name) []Anchor {
	if s == nil {
		return nil
	}
	return s.byName[name]
}

// Union returns the anchors of several sets as one. The same anchor under different constraints is ErrConflict.
func Union(sets ...*Set) (*Set, error) {
	var all []Anchor
	for _, s := range sets {
		all = append(all, s.All()...)
	}
	return NewSet(all...)
}
