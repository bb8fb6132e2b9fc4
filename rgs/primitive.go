package rgs

import (
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Digest judges a hash function by its name, "SHA-256", at a date of use: B1 §2.3. path is the path of the findings: where it was
// met. A function that B1 does not speak of and that this package does not know is [Undetermined].
func Digest(name string, at time.Time, path string) []Finding {
	c := &certificate{Certificate: &pkix.Certificate{}, algorithm: &signatureAlgorithm{digest: name}, in: Input{Time: at}}
	return c.judge(hashes()[:3], path)
}

// PublicKey judges a DER SubjectPublicKeyInfo that is used until a date: B1 §2.2.1. encrypts says whether it is a key to encrypt to
// (RègleFact-4). The error matches [ErrNotPublicKey].
func PublicKey(spki []byte, until time.Time, encrypts bool, path string) ([]Finding, error) {
	info, _, err := pkix.ParsePublicKeyInfo(spki)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPublicKey, err)
	}
	c := &certificate{Certificate: &pkix.Certificate{PublicKey: *info, NotAfter: until, KeyUsage: &pkix.KeyUsage{}}, in: Input{Time: until}}
	if encrypts {
		c.KeyUsage.Bits = kuKeyEncipherment
	}
	return append(append(c.judge(factorisation(), path), c.judge(logarithm(), path)...), c.judge(curves(), path)...), nil
}

// judge evaluates rules whose windows hold at the date of use.
func (c *certificate) judge(rules []*Rule, path string) []Finding {
	var found findings
	for _, rule := range rules {
		if found.rule = rule; rule.Use.Contains(c.in.Time) {
			rule.check(c, &found)
		}
	}
	for i := range found.list {
		found.list[i].Path = path
	}
	return found.list
}
