package pkix_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// NIST PKITS, in signature/validation, has most cases; these are the edges.
func TestCheckPolicies(t *testing.T) {
	a, b := "1.3.6.1.4.1.32473.5.1", "1.3.6.1.4.1.32473.5.2"
	oid := func(text string) []byte { return append([]byte{6, byte(len(der.MustOID(text)))}, der.MustOID(text)...) }
	seq := func(parts ...[]byte) []byte {
		var content []byte
		for _, p := range parts {
			content = append(content, p...)
		}
		return append([]byte{0x30, byte(len(content))}, content...)
	}
	mapping := func(pairs ...[]byte) pkitest.Option {
		return pkitest.Extension("2.5.29.33", true, seq(pairs...))
	}
	chain := func(ca, leaf []pkitest.Option) []*pkix.Certificate {
		pki := pkitest.New(pkitest.Deterministic("policies"))
		authority := pki.Root("Racine d'essai").Intermediate("AC d'essai", ca...)
		var out []*pkix.Certificate
		for _, raw := range [][]byte{authority.DER, authority.Leaf("Mairie", leaf...).DER} {
			c, err := pkix.ParseCertificate(raw)
			require.NoError(t, err)
			out = append(out, c)
		}
		return out
	}
	options := func(o ...pkitest.Option) []pkitest.Option { return o }
	rows := []struct {
		name     string
		ca, leaf []pkitest.Option
		rules    pkix.PolicyRules
		fails    string
	}{
		{"nothing required", options(pkitest.Policies(a)), options(pkitest.Policies(b)), pkix.PolicyRules{}, ""},
		{"required and there", options(pkitest.Policies(a)), options(pkitest.Policies(a)), pkix.PolicyRules{RequireExplicit: true}, ""},
		{"required and another", options(pkitest.Policies(a)), options(pkitest.Policies(b)), pkix.PolicyRules{RequireExplicit: true}, "none is left"},
		{"required and mapped", options(pkitest.Policies(a), mapping(seq(oid(a), oid(b)))), options(pkitest.Policies(b)), pkix.PolicyRules{RequireExplicit: true}, ""},
		{"mapping inhibited", options(pkitest.Policies(a), mapping(seq(oid(a), oid(b)))), options(pkitest.Policies(b)), pkix.PolicyRules{RequireExplicit: true, InhibitMapping: true}, "none is left"},
		{"mapped away", options(pkitest.Policies(a), mapping(seq(oid(a), oid(b)))), options(pkitest.Policies(a)), pkix.PolicyRules{RequireExplicit: true}, "none is left"},
		{"asked and mapped", options(pkitest.Policies(a), mapping(seq(oid(a), oid(b)))), options(pkitest.Policies(b)), pkix.PolicyRules{RequireExplicit: true, Initial: []der.OID{der.MustOID(a)}}, ""},
		{"asked under the other name", options(pkitest.Policies(a), mapping(seq(oid(a), oid(b)))), options(pkitest.Policies(b)), pkix.PolicyRules{RequireExplicit: true, Initial: []der.OID{der.MustOID(b)}}, "none is left"},
		{"any policy", options(pkitest.Policies("2.5.29.32.0")), options(pkitest.Policies(b)), pkix.PolicyRules{RequireExplicit: true, Initial: []der.OID{der.MustOID(b)}}, ""},
		{"any policy inhibited", options(pkitest.Policies("2.5.29.32.0")), options(pkitest.Policies(b)), pkix.PolicyRules{RequireExplicit: true, InhibitAny: true}, "none is left"},
		{"any policy at the end", options(pkitest.Policies(a)), options(pkitest.Policies("2.5.29.32.0")), pkix.PolicyRules{RequireExplicit: true, Initial: []der.OID{der.MustOID(a)}}, ""},
		{"any policy mapped", options(pkitest.Policies(a), mapping(seq(oid("2.5.29.32.0"), oid(b)))), options(pkitest.Policies(b)), pkix.PolicyRules{}, "anyPolicy is mapped"},
		{"mappings unreadable", options(pkitest.Policies(a), pkitest.Extension("2.5.29.33", true, []byte{4, 0})), nil, pkix.PolicyRules{}, "policyMappings cannot be read"},
		{"inhibitAnyPolicy unreadable", options(pkitest.Policies(a), pkitest.Extension("2.5.29.54", true, []byte{4, 0})), nil, pkix.PolicyRules{}, "inhibitAnyPolicy cannot be read"},
		{"a negative count", options(pkitest.Extension("2.5.29.36", true, seq([]byte{0x80, 1, 0xff}))), nil, pkix.PolicyRules{}, "policyConstraints cannot be read"},
		{"a count of no number", options(pkitest.Extension("2.5.29.36", true, seq([]byte{0x80, 5, 1, 0, 0, 0, 0}))), nil, pkix.PolicyRules{}, ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			err := pkix.CheckPolicies(chain(r.ca, r.leaf), r.rules)
			if r.fails == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, pkix.ErrPolicies)
			require.ErrorContains(t, err, r.fails)
		})
	}
}

// TestPoliciesDoNotExplode: every certificate maps every policy to every other, as many pairs as are read; a tree (RFC 5280 §6.1.2 (a))
// would have 8^15 leaves.
func TestPoliciesDoNotExplode(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("policies"))
	var policies []string
	var pairs []byte
	for i := range 8 {
		policies = append(policies, fmt.Sprintf("1.3.6.1.4.1.32473.6.%d", i))
		for j := range 8 {
			x, y := der.MustOID(policies[i]), der.MustOID(fmt.Sprintf("1.3.6.1.4.1.32473.6.%d", j))
			pair := append(append(append([]byte{6, byte(len(x))}, x...), 6, byte(len(y))), y...)
			pairs = append(append(pairs, 0x30, byte(len(pair))), pair...)
		}
	}
	value := append([]byte{0x30, 0x82, byte(len(pairs) >> 8), byte(len(pairs))}, pairs...)
	authority := pki.Root("Racine d'essai")
	var chain []*pkix.Certificate
	for range 15 {
		authority = authority.Intermediate("AC", pkitest.PathLen(-1), pkitest.Policies(policies...), pkitest.Extension("2.5.29.33", false, value))
		c, err := pkix.ParseCertificate(authority.DER)
		require.NoError(t, err)
		chain = append(chain, c)
	}
	require.NoError(t, pkix.CheckPolicies(chain, pkix.PolicyRules{RequireExplicit: true, Initial: []der.OID{der.MustOID(policies[0])}}))
}
