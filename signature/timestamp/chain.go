package timestamp

import (
	"bytes"
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// chainRules says which chains end well. It is the short form that a client needs before it accepts a token made just now:
// names, signatures, validity, constraints of CA and path length. Revocation, policies and the past belong to validation.
type chainRules struct {
	anchors       []*pkix.Certificate
	intermediates []*pkix.Certificate
}

// Bounds of the search: a token may hold certificates that were made to branch.
const (
	chainLength = 8  // certificates, the anchor included
	chainChecks = 64 // signatures verified in one search
)

func newChainRules(anchors, intermediates [][]byte) (rules chainRules, err error) {
	if rules.anchors, err = parseAll("anchor", anchors); err != nil {
		return rules, err
	}
	rules.intermediates, err = parseAll("intermediate", intermediates)
	return rules, err
}

func parseAll(what string, raws [][]byte) ([]*pkix.Certificate, error) {
	certificates := make([]*pkix.Certificate, 0, len(raws))
	for i, raw := range raws {
		certificate, err := pkix.ParseCertificate(raw)
		if err != nil {
			return nil, fmt.Errorf("%s %d: %w", what, i+1, err)
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

// check looks for a chain from leaf to an anchor, every certificate of which is valid at that time.
func (r *chainRules) check(leaf *pkix.Certificate, found []*pkix.Certificate, at time.Time) error {
	s := search{rules: r, at: at, pool: append(found[:len(found):len(found)], r.intermediates...), checks: chainChecks}
	if s.climb(leaf, nil) {
		return nil
	}
	if s.why == nil {
		s.why = fmt.Errorf("nobody here issued %s", leaf.Subject)
	}
	return fmt.Errorf("%w: %w", ErrUntrusted, s.why)
}

type search struct {
	rules  *chainRules
	at     time.Time
	pool   []*pkix.Certificate
	checks int
	why    error // of the last branch that failed
}

// climb tries to end the chain whose certificates below are in path, then certificate, at an anchor.
func (s *search) climb(certificate *pkix.Certificate, path []*pkix.Certificate) bool {
	if err := fit(certificate, len(path), s.at); err != nil {
		s.why = err
		return false
	}
	path = append(path[:len(path):len(path)], certificate)
	for _, anchor := range s.rules.anchors {
		if anchor.ID == certificate.ID || mayIssue(anchor) && s.issued(certificate, anchor) && s.allows(anchor, path) {
			return true
		}
	}
	if len(path) >= chainLength-1 {
		s.why = fmt.Errorf("the chain is longer than %d certificates", chainLength)
		return false
	}
	for _, issuer := range s.pool {
		if !onPath(issuer, path) && s.issued(certificate, issuer) && s.allows(issuer, path) && s.climb(issuer, path) {
			return true
		}
	}
	return false
}

// allows checks the names below an authority against its name constraints: RFC 5280 §4.2.1.10.
func (s *search) allows(issuer *pkix.Certificate, path []*pkix.Certificate) bool {
	constraints, err := pkix.NameConstraintsOf(issuer)
	for i := 0; err == nil && constraints != nil && i < len(path); i++ {
		err = constraints.Check(path[i])
	}
	if err != nil {
		s.why = fmt.Errorf("name constraints of %s: %w", issuer.Subject, err)
	}
	return err == nil
}

// mayIssue keeps an anchor that is a timestamping certificate itself from vouching for others. Roots of version 1 cannot say
// that they are authorities.
func mayIssue(anchor *pkix.Certificate) bool {
	return anchor.Version == 1 || anchor.BasicConstraints != nil && anchor.BasicConstraints.CA
}

func onPath(c *pkix.Certificate, path []*pkix.Certificate) bool {
	for _, p := range path {
		if p.ID == c.ID {
			return true
		}
	}
	return false
}

func (s *search) issued(subject, issuer *pkix.Certificate) bool {
	if !bytes.Equal(subject.RawIssuer, issuer.RawSubject) {
		return false
	}
	if s.checks--; s.checks < 0 {
		s.why = fmt.Errorf("too many certificates of the same name")
		return false
	}
	if err := pkix.CheckIssued(subject, issuer); err != nil {
		s.why = fmt.Errorf("%s was not issued by the certificate of %s: %w", subject.Subject, issuer.Subject, err)
		return false
	}
	return true
}

// extensions that fit understands, or that constrain nothing here (certificate policies, alternative names).
var understood = map[der.OID]bool{
	der.MustOID("2.5.29.15"): true, // key usage
	der.MustOID("2.5.29.17"): true, // subject alternative name
	der.MustOID("2.5.29.19"): true, // basic constraints
	der.MustOID("2.5.29.30"): true, // name constraints
	der.MustOID("2.5.29.32"): true, // certificate policies
	der.MustOID("2.5.29.37"): true, // extended key usage
}

// fit says whether a certificate may stand in a chain, below others beneath it: RFC 5280 §6.1.3, §6.1.4.
func fit(c *pkix.Certificate, below int, at time.Time) error {
	if at.Before(c.NotBefore) || at.After(c.NotAfter) {
		return fmt.Errorf("certificate %s is valid from %s to %s, not at %s", c.Subject, c.NotBefore.UTC().Format(time.RFC3339),
			c.NotAfter.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339))
	}
	for _, extension := range c.Extensions {
		if extension.Critical && !understood[extension.OID] {
			return fmt.Errorf("certificate %s has a critical extension %s that is not understood here", c.Subject, extension.OID)
		}
	}
	for _, anomaly := range c.Anomalies {
		if anomaly.Code == pkix.CodeDuplicate || anomaly.Code == pkix.CodeExtension {
			return fmt.Errorf("certificate %s: %s", c.Subject, anomaly.Message)
		}
	}
	if below == 0 {
		return nil
	}
	const keyCertSign = 1 << 5
	switch {
	case c.BasicConstraints == nil || !c.BasicConstraints.CA:
		return fmt.Errorf("certificate %s is not one of a certification authority", c.Subject)
	case c.BasicConstraints.PathLen >= 0 && below-1 > c.BasicConstraints.PathLen:
		return fmt.Errorf("certificate %s allows %d authorities below it, not %d", c.Subject, c.BasicConstraints.PathLen, below-1)
	case c.KeyUsage != nil && c.KeyUsage.Bits&keyCertSign == 0:
		return fmt.Errorf("certificate %s may not issue certificates: no keyCertSign", c.Subject)
	}
	return nil
}
