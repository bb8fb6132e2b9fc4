package validation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// TestPKITS runs the path validation suite of NIST that the Go distribution carries: 405 certificates, 249 vectors, with the 173
// lists of testdata. Revocation is required, and lists must not be past their nextUpdate, as the suite has it.
func TestPKITS(t *testing.T) {
	folder := filepath.Join(build.Default.GOROOT, "src/crypto/x509/testdata/nist-pkits")
	saved, err := os.ReadFile(filepath.Join(folder, "vectors.json"))
	require.NoError(t, err)
	var vectors []struct {
		Name                        string
		CertPath, CRLPath           []string
		ShouldValidate              bool
		InitialPolicySet            []string
		InitialPolicyMappingInhibit bool
		InitialExplicitPolicy       bool
		InitialAnyPolicyInhibit     bool
	}
	require.NoError(t, json.Unmarshal(saved, &vectors))
	require.Len(t, vectors, 249)

	policy := validation.AES()
	policy.Checks["revocation.fresh"] = validation.Fail
	// A DSA key that takes its parameters from its issuer cannot be computed from two certificates alone: not supported.
	const inherited = "4.1.5 "
	// Certificates for the signature of lists, which some vectors count with the path.
	var listSigners [][]byte
	forLists := map[[32]byte]bool{}
	for _, pattern := range []string{"*CRLSigningCert.crt", "*cRLIssuerCert.crt", "*KeyCRLCert.crt"} {
		names, err := filepath.Glob(filepath.Join(folder, "certs", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			listSigners = append(listSigners, raw)
			forLists[sha256.Sum256(raw)] = true
		}
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			s := &scene{t: t, doc: &facts.Document{Schema: facts.Schema, Format: facts.CAdES}}
			var chain []*pkix.Certificate
			for _, name := range v.CertPath {
				raw, err := os.ReadFile(filepath.Join(folder, "certs", name))
				require.NoError(t, err)
				c, err := pkix.ParseCertificate(raw)
				require.NoError(t, err)
				chain = append(chain, c)
				s.doc.AddCertificate(raw, facts.FromSignature)
			}
			chain = slices.DeleteFunc(chain, func(c *pkix.Certificate) bool { return forLists[c.ID] })
			for _, raw := range listSigners {
				s.doc.AddCertificate(raw, facts.FromCaller)
			}
			for _, name := range v.CRLPath {
				raw, err := os.ReadFile(filepath.Join("testdata/pkits/crls", name))
				require.NoError(t, err)
				s.give(raw)
			}
			leaf := chain[len(chain)-1]
			sum := sha256.Sum256(leaf.Raw)
			id := hex.EncodeToString(sum[:])
			s.doc.Signatures = []facts.Signature{{Format: facts.CAdES, Signed: facts.Signed{
				ID: "S-1", Candidates: []string{id}, Keys: []facts.KeyResult{{Certificate: id, Result: facts.Verified}},
			}}}
			s.in = validation.Input{
				Anchors: s.anchors(trust.Anchor{Certificate: chain[0].Raw}), Policy: policy,
				Time: time.Date(2011, 4, 15, 0, 0, 0, 0, time.UTC),
			}
			c := s.conclude().Signatures[0]
			var holds bool
			var findings []validation.Check
			for _, b := range c.Blocks {
				if b.Name == "XCV" {
					holds, findings = b.Passed(), b.Checks
				}
			}
			rules := pkix.PolicyRules{
				RequireExplicit: v.InitialExplicitPolicy, InhibitMapping: v.InitialPolicyMappingInhibit, InhibitAny: v.InitialAnyPolicyInhibit,
			}
			for _, policy := range v.InitialPolicySet {
				rules.Initial = append(rules.Initial, policyByName(t, policy))
			}
			policies := pkix.CheckPolicies(chain[1:], rules)

			want := v.ShouldValidate
			if strings.HasPrefix(v.Name, inherited) {
				want = false
			}
			require.Equal(t, want, holds && policies == nil, "policies: %v, %+v", policies, findings)
		})
	}
}

// policyByName: PKITS calls its policies by names under 2.16.840.1.101.3.2.1.48 (its section 3).
func policyByName(t *testing.T, name string) der.OID {
	if name == "anyPolicy" {
		return pkix.OIDAnyPolicy
	}
	number, ok := strings.CutPrefix(name, "NIST-test-policy-")
	require.True(t, ok, name)
	return der.MustOID("2.16.840.1.101.3.2.1.48." + number)
}
