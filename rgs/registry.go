package rgs

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Registry is an ordered set of rules. It is a value: nothing registers itself, and two registries can differ in one program.
type Registry struct{ rules []*Rule }

// Default returns the rules of annexe B1 v2.03 on keys and hashes, annexe A4 v3.0 on certificates, and A2/A3 on validity.
func Default() *Registry {
	return &Registry{slices.Concat(factorisation(), logarithm(), curves(), hashes(), profile(), names(), validity(), function(), level())}
}

// Rules returns the rules in the order in which they are evaluated.
func (r *Registry) Rules() []Rule {
	rules := make([]Rule, len(r.rules))
	for i, rule := range r.rules {
		rules[i] = *rule
	}
	return rules
}

// Only returns a registry of the rules named, in its own order. A name that it does not have is an error.
func (r *Registry) Only(ids ...string) (*Registry, error) {
	kept := &Registry{}
	for _, rule := range r.rules {
		if slices.Contains(ids, rule.ID) {
			kept.rules = append(kept.rules, rule)
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(r.rules, func(rule *Rule) bool { return rule.ID == id }) {
			return nil, fmt.Errorf("rgs: no rule %q", id)
		}
	}
	return kept, nil
}

// Input says how an object is to be judged.
type Input struct {
	Time     time.Time // date of use; required
	Level    Level     // level asked, zero when none is
	Function Function  // function asked; empty: those that the certificate's usages show
	All      bool      // keep not-applicable and not-effective findings
}

// Errors of [Registry.Certificate] and [PublicKey].
var (
	ErrNoTime         = errors.New("rgs: the date of use is missing")
	ErrNotCertificate = errors.New("rgs: this is not an X.509 certificate")
	ErrNotPublicKey   = errors.New("rgs: this is not a SubjectPublicKeyInfo")
)

// Certificate judges one certificate, DER. An odd encoding is a finding; ErrNotCertificate is returned only for what has not the
// shape of a certificate at all, or exceeds the bounds of a parser.
func (r *Registry) Certificate(der []byte, in Input) (*Report, error) {
	if in.Time.IsZero() {
		return nil, ErrNoTime
	}
	parsed, err := pkix.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotCertificate, err)
	}
	c := newCertificate(parsed, in)
	found := findings{all: in.All, list: make([]Finding, 0, len(r.rules))}
	for _, rule := range r.rules {
		found.rule = rule
		switch {
		case len(rule.Levels) > 0 && in.Level != 0 && !slices.Contains(rule.Levels, in.Level):
			found.skip(Text{"la règle ne concerne pas le niveau demandé", "the rule does not concern the level asked"})
		case !rule.Use.Contains(in.Time) || !rule.Issued.Contains(parsed.NotBefore):
			if in.All {
				found.add(NotEffective, "", Text{"hors des dates d'application de la règle", "outside the dates of the rule"})
			}
		default:
			rule.check(c, &found)
		}
	}
	return c.report(found.list), nil
}
