package validation

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cadre-confiance/confiance/signature/facts"
)

// PolicySchema is the number of the JSON form of a [Policy].
const PolicySchema = 1

// A Policy says what a signature must satisfy: the level of each check, and until when each algorithm is accepted. It is
// data: embedded ones can be read, changed and given back. Make one with [AES] or [ReadPolicy].
type Policy struct {
	Schema      int    `json:"schema"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Updated     Date   `json:"updated,omitzero"` // date of the policy
	// Checks gives a level to every one of Rules, by ID.
	Checks map[string]Level `json:"checks"`
	// TimestampChecks replaces some of them for timestamps and their certificates.
	TimestampChecks map[string]Level `json:"timestampChecks,omitempty"`
	// RevocationFreshness is how old revocation data may be for check "revocation.fresh" (EN 319 102-1 §5.2.5). Nil is as long
	// as they announce to be the newest, nextUpdate - thisUpdate.
	RevocationFreshness *facts.Duration `json:"revocationFreshness,omitempty"`
	Algorithms          Algorithms      `json:"algorithms"`
}

// ErrPolicy is matched by the error of a policy that is malformed or that would let anything pass.
var ErrPolicy = errors.New("validation: not a usable policy")

//go:embed policies/aes.json
var aesJSON []byte

var aes = sync.OnceValue(AES)

// AES returns the default policy, for advanced electronic signatures: that of EU DSS 6.4, stricter where a clause leaves no
// choice (its Description says where).
func AES() *Policy {
	p, err := ReadPolicy(bytes.NewReader(aesJSON))
	if err != nil {
		panic(err) // a test reads it
	}
	return p
}

// ReadPolicy reads a policy from JSON. It must give a level to every check of [Rules], name no other, and keep those that are
// Fixed at fail; the error matches [ErrPolicy] and says which does not.
func ReadPolicy(r io.Reader) (*Policy, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	var p Policy
	if err := decoder.Decode(&p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return &p, nil
}

// Check says whether a policy made or changed by a program can be used, as [ReadPolicy] does. Conclude takes one that cannot
// as strictly as it can: a check without level fails, and so does a Fixed one whatever its level.
func (p *Policy) Check() error {
	if p.Schema < 1 || p.Schema > PolicySchema {
		return fmt.Errorf("%w: schema %d", ErrPolicy, p.Schema)
	}
	if p.Name == "" {
		return fmt.Errorf("%w: it has no name", ErrPolicy)
	}
	for _, checks := range []map[string]Level{p.Checks, p.TimestampChecks} {
		for id, level := range checks {
			r := ruleByID(id)
			switch {
			case r == nil:
				return fmt.Errorf("%w: there is no check %q", ErrPolicy, id)
			case level != Fail && level != Warn && level != Inform && level != Ignore:
				return fmt.Errorf("%w: level %q of check %q", ErrPolicy, level, id)
			case r.Fixed && level != Fail:
				return fmt.Errorf("%w: check %q can only fail", ErrPolicy, id)
			}
		}
	}
	for _, r := range rules {
		if p.Checks[r.ID] == "" {
			return fmt.Errorf("%w: check %q has no level", ErrPolicy, r.ID)
		}
	}
	if p.RevocationFreshness != nil && *p.RevocationFreshness < 0 {
		return fmt.Errorf("%w: revocationFreshness is negative", ErrPolicy)
	}
	return p.Algorithms.check()
}

// A scope says what is being judged, since some checks have another level for a timestamp.
type scope int

const (
	signatureScope scope = iota
	timestampScope
)

func (p *Policy) level(r *Rule, s scope) Level {
	if r.Fixed {
		return Fail
	}
	if s == timestampScope {
		if level, ok := p.TimestampChecks[r.ID]; ok {
			return level
		}
	}
	if level, ok := p.Checks[r.ID]; ok {
		return level
	}
	return Fail // a policy built by hand that forgot a check is the strictest
}
