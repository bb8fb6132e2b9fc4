package pkix

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// ErrPolicies is matched by the error of a chain whose certificate policies do not hold (RFC 5280 §6.1.3 (f), §6.1.5 (g)), or
// whose policy extensions cannot be read.
var ErrPolicies = errors.New("pkix: the certificate policies of the chain do not hold")

// PolicyRules are the inputs (c) and (e) to (g) of RFC 5280 §6.1.1. The zero value accepts any policy and requires none.
type PolicyRules struct {
	Initial         []der.OID // user-initial-policy-set; nil is any-policy
	RequireExplicit bool
	InhibitMapping  bool
	InhibitAny      bool
}

// policyNode is a policy that holds down to one certificate of the chain. The tree of RFC 5280 §6.1.2 (a) is kept as one set of
// nodes per certificate, since only whether it is empty matters: nodes of the same policy have the same children. It then
// cannot grow exponentially (RFC 9618).
type policyNode struct {
	expected []der.OID        // policies that the next certificate may have for this one
	roots    map[der.OID]bool // policies, by the name they first had below anyPolicy, that led here
}

type policyState struct {
	nodes                         map[der.OID]*policyNode // by valid policy; empty is a NULL tree
	explicit, mapping, inhibitAny int
}

// CheckPolicies processes the certificate policies of a chain, given from the certificate issued by the anchor to the last,
// the anchor left out (RFC 5280 §6.1.3 (d) to (f), §6.1.4 (a), (b), (h) to (j), §6.1.5 (a), (b), (g)).
func CheckPolicies(chain []*Certificate, rules PolicyRules) error {
	n := len(chain)
	counter := func(isSet bool) int {
		if isSet {
			return 0
		}
		return n + 1
	}
	s := &policyState{
		nodes: map[der.OID]*policyNode{
			OIDAnyPolicy: {expected: []der.OID{OIDAnyPolicy}, roots: map[der.OID]bool{OIDAnyPolicy: true}},
		},
		explicit: counter(rules.RequireExplicit), mapping: counter(rules.InhibitMapping), inhibitAny: counter(rules.InhibitAny),
	}
	for i, c := range chain {
		isLast := i == n-1
		if err := s.descend(c, isLast); err != nil {
			return err
		}
		if s.explicit == 0 && len(s.nodes) == 0 {
			return fmt.Errorf("%w: a policy is required and none is left", ErrPolicies)
		}
		if err := s.prepare(c, isLast); err != nil {
			return err
		}
	}
	if rules.Initial != nil && !slices.Contains(rules.Initial, OIDAnyPolicy) {
		s.intersect(rules.Initial)
	}
	if s.explicit == 0 && len(s.nodes) == 0 {
		return fmt.Errorf("%w: a policy is required and none is left", ErrPolicies)
	}
	return nil
}

// descend goes from the nodes of one certificate to those of the next: §6.1.3 (d) and (e).
func (s *policyState) descend(c *Certificate, isLast bool) error {
	if _, present := c.Extension(OIDCertificatePolicies); !present {
		s.nodes = nil
		return nil
	}
	if len(c.Policies) == 0 || len(c.Policies) > limits.PathPolicies {
		return fmt.Errorf("%w: certificatePolicies cannot be read, or has more than %d policies", ErrPolicies, limits.PathPolicies)
	}
	next := map[der.OID]*policyNode{}
	grow := func(policy der.OID, parent *policyNode, isRoot bool) {
		node := next[policy]
		if node == nil {
			node = &policyNode{expected: []der.OID{policy}, roots: map[der.OID]bool{}}
			next[policy] = node
		}
		if isRoot { // the parent is anyPolicy: this is where the policy is named first
			node.roots[policy] = true
			return
		}
		for root := range parent.roots {
			node.roots[root] = true
		}
	}
	expecting := map[der.OID][]*policyNode{}
	for _, node := range s.nodes {
		for _, policy := range node.expected {
			expecting[policy] = append(expecting[policy], node)
		}
	}
	anyNode := s.nodes[OIDAnyPolicy]
	hasAny := false
	for _, policy := range c.Policies {
		if policy == OIDAnyPolicy {
			hasAny = true
			continue
		}
		for _, parent := range expecting[policy] {
			grow(policy, parent, false)
		}
		if len(expecting[policy]) == 0 && anyNode != nil {
			grow(policy, anyNode, true)
		}
	}
	if hasAny && (s.inhibitAny > 0 || !isLast && c.SelfIssued()) {
		for policy, parents := range expecting {
			if next[policy] != nil {
				continue
			}
			for _, parent := range parents {
				grow(policy, parent, false)
			}
		}
	}
	s.nodes = next
	return nil
}

// prepare is what follows in the same certificate: mappings and counters, §6.1.4 and §6.1.5.
func (s *policyState) prepare(c *Certificate, isLast bool) error {
	if !isLast {
		if err := s.applyMappings(c); err != nil {
			return err
		}
	}
	if isLast || !c.SelfIssued() {
		s.explicit = max(s.explicit-1, 0)
	}
	if !isLast && !c.SelfIssued() {
		s.mapping, s.inhibitAny = max(s.mapping-1, 0), max(s.inhibitAny-1, 0)
	}
	explicit, mapping, err := policyConstraints(c)
	if err != nil {
		return err
	}
	if isLast {
		if explicit == 0 {
			s.explicit = 0
		}
		return nil
	}
	if explicit >= 0 {
		s.explicit = min(s.explicit, explicit)
	}
	if mapping >= 0 {
		s.mapping = min(s.mapping, mapping)
	}
	skip, err := inhibitAnyPolicy(c)
	if skip >= 0 {
		s.inhibitAny = min(s.inhibitAny, skip)
	}
	return err
}

// applyMappings is §6.1.4 (a) and (b).
func (s *policyState) applyMappings(c *Certificate) error {
	mappings, err := policyMappings(c)
	if err != nil {
		return err
	}
	anyNode := s.nodes[OIDAnyPolicy]
	for issuer, subjects := range mappings {
		node := s.nodes[issuer]
		switch {
		case s.mapping == 0:
			delete(s.nodes, issuer)
		case node != nil:
			node.expected = subjects
		case anyNode != nil:
			s.nodes[issuer] = &policyNode{expected: subjects, roots: map[der.OID]bool{issuer: true}}
		}
	}
	return nil
}

// intersect is §6.1.5 (g) (iii): what remains holds for a policy that the user asked.
func (s *policyState) intersect(initial []der.OID) {
	for policy, node := range s.nodes {
		if policy == OIDAnyPolicy {
			continue // stands for every policy of the user's set
		}
		wanted := false
		for _, p := range initial {
			wanted = wanted || node.roots[p]
		}
		if !wanted {
			delete(s.nodes, policy)
		}
	}
}

// policyConstraints reads the extension (RFC 5280 §4.2.1.11); -1 is absent.
func policyConstraints(c *Certificate) (explicit, mapping int, err error) {
	e, present := c.Extension(OIDPolicyConstraints)
	if !present {
		return -1, -1, nil
	}
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	ok := input.ReadASN1(&content, asn1.SEQUENCE) && input.Empty()
	counts := [2]int{-1, -1}
	for i := range counts {
		var value cryptobyte.String
		var there bool
		if ok = ok && content.ReadOptionalASN1(&value, &there, asn1.Tag(i).ContextSpecific()); ok && there {
			counts[i], ok = skipCerts(value)
		}
	}
	if !ok || !content.Empty() {
		return -1, -1, fmt.Errorf("%w: policyConstraints cannot be read", ErrPolicies)
	}
	return counts[0], counts[1], nil
}

// inhibitAnyPolicy reads the extension (RFC 5280 §4.2.1.14); -1 is absent.
func inhibitAnyPolicy(c *Certificate) (int, error) {
	e, present := c.Extension(OIDInhibitAnyPolicy)
	if !present {
		return -1, nil
	}
	input, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if input.ReadASN1(&content, asn1.INTEGER) && input.Empty() {
		if n, ok := skipCerts(content); ok {
			return n, nil
		}
	}
	return -1, fmt.Errorf("%w: inhibitAnyPolicy cannot be read", ErrPolicies)
}

// skipCerts reads the content of a SkipCerts, INTEGER (0..MAX). A number longer than any chain is as good as any other.
func skipCerts(content []byte) (int, bool) {
	if len(content) == 0 || content[0]&0x80 != 0 {
		return 0, false
	}
	n := 0
	for _, octet := range content {
		n = min(n<<8|int(octet), 1<<20)
	}
	return n, true
}

// policyMappings reads the extension (RFC 5280 §4.2.1.5): for each policy of the issuer, those of the subject.
func policyMappings(c *Certificate) (map[der.OID][]der.OID, error) {
	e, present := c.Extension(OIDPolicyMappings)
	if !present {
		return nil, nil
	}
	input, list := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&list, asn1.SEQUENCE) || !input.Empty() {
		return nil, fmt.Errorf("%w: policyMappings cannot be read", ErrPolicies)
	}
	mappings := map[der.OID][]der.OID{}
	for count := 0; !list.Empty(); count++ {
		var pair cryptobyte.String
		var issuer, subject der.OID
		if count == limits.PathPolicies || !list.ReadASN1(&pair, asn1.SEQUENCE) || !der.ReadOID(&pair, &issuer) ||
			!der.ReadOID(&pair, &subject) || !pair.Empty() {
			return nil, fmt.Errorf("%w: policyMappings cannot be read, or has more than %d pairs", ErrPolicies, limits.PathPolicies)
		}
		if issuer == OIDAnyPolicy || subject == OIDAnyPolicy {
			return nil, fmt.Errorf("%w: anyPolicy is mapped (RFC 5280 §6.1.4 (a))", ErrPolicies)
		}
		mappings[issuer] = append(mappings[issuer], subject)
	}
	return mappings, nil
}
