package validation_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/validation"
)

func policyWith(t *testing.T, edit func(map[string]any)) (*validation.Policy, error) {
	saved, err := json.Marshal(validation.AES())
	require.NoError(t, err)
	var form map[string]any
	require.NoError(t, json.Unmarshal(saved, &form))
	edit(form)
	saved, err = json.Marshal(form)
	require.NoError(t, err)
	return validation.ReadPolicy(bytes.NewReader(saved))
}

func TestPolicyIsData(t *testing.T) {
	p, err := policyWith(t, func(map[string]any) {})
	require.NoError(t, err)
	require.Equal(t, validation.AES(), p, "a policy written as JSON and read again differs")

	checks := func(form map[string]any) map[string]any { return form["checks"].(map[string]any) }
	for name, broken := range map[string]struct {
		edit func(map[string]any)
		says string
	}{
		"unknown check":           {func(f map[string]any) { checks(f)["chain.anchoured"] = "fail" }, `no check "chain.anchoured"`},
		"check without level":     {func(f map[string]any) { delete(checks(f), "ca.path-length") }, `"ca.path-length" has no level`},
		"unknown level":           {func(f map[string]any) { checks(f)["ca.path-length"] = "maybe" }, `level "maybe"`},
		"value that may be wrong": {func(f map[string]any) { checks(f)["value.intact"] = "warn" }, `"value.intact" can only fail`},
		"anchor that may be missing for timestamps": {func(f map[string]any) {
			f["timestampChecks"].(map[string]any)["chain.anchored"] = "ignore"
		}, `"chain.anchored" can only fail`},
		"unknown field": {func(f map[string]any) { f["cheks"] = 1 }, "cheks"},
		"schema":        {func(f map[string]any) { f["schema"] = 2 }, "schema 2"},
		"no name":       {func(f map[string]any) { f["name"] = "" }, "no name"},
		"no algorithm":  {func(f map[string]any) { f["algorithms"].(map[string]any)["digests"] = []any{} }, "accepts no algorithm"},
		"date":          {func(f map[string]any) { f["algorithms"].(map[string]any)["updated"] = "hier" }, "hier"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policyWith(t, broken.edit)
			require.ErrorIs(t, err, validation.ErrPolicy)
			require.ErrorContains(t, err, broken.says)
		})
	}
}

// TestLevels: what a policy says of a check decides what its breaking means.
func TestLevels(t *testing.T) {
	for level, want := range map[validation.Level]string{
		validation.Fail: "INDETERMINATE (SIG_CONSTRAINTS_FAILURE)", validation.Warn: passed, validation.Inform: passed, validation.Ignore: passed,
	} {
		s := newScene(t)
		s.signature().SigningCertificate = nil
		s.in.Policy = validation.AES()
		s.in.Policy.Checks["attribute.signing-certificate"] = level
		c := s.conclude().Signatures[0]
		require.Equal(t, want, c.Verdict.String(), level)
		f, ok := finding(c.Findings(), "attribute.signing-certificate")
		require.Equal(t, level != validation.Ignore, ok)
		require.Equal(t, map[validation.Level]validation.Status{
			validation.Fail: validation.Broken, validation.Warn: validation.Warning, validation.Inform: validation.Information,
		}[level], f.Status)
	}
	s := newScene(t)
	s.in.Policy = &validation.Policy{Schema: 1, Name: "by hand", Algorithms: validation.AES().Algorithms}
	s.signature().SigningCertificate = nil
	c := s.conclude().Signatures[0]
	require.False(t, c.Passed(), "a policy that forgot a check is the strictest")
}

// TestAlgorithmDates: acceptance ends with the day given, and an end that the list foresaw only warns.
func TestAlgorithmDates(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		require.NoError(t, err)
		return at
	}
	for _, r := range []struct {
		name, digest string
		at           time.Time
		status       validation.Status
	}{
		{"SHA-256 for ever", "SHA-256", day("2099-01-01"), validation.Held},
		{"SHA-1 the day before", "SHA-1", day("2012-08-01").Add(-time.Second), validation.Held},
		{"SHA-1 the day", "SHA-1", day("2012-08-01"), validation.Broken},
		{"MD5", "MD5", day("2026-01-01"), validation.Broken},
		{"SHA-224 while foreseen", "SHA-224", day("2028-12-31"), validation.Held},
		{"SHA-224 after", "SHA-224", day("2029-01-01"), validation.Warning},
		{"SHA3-224, which is not listed", "SHA3-224", day("2026-01-01"), validation.Broken},
		{"unknown", "", day("2026-01-01"), validation.Broken},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := newScene(t, pkitest.Validity(day("1999-01-01"), day("2100-01-01")))
			*s.signature().ClaimedTime = r.at
			s.signature().References[0].Digest = r.digest
			s.in.Time = r.at
			for _, b := range s.conclude().Signatures[0].Blocks {
				for _, c := range b.Checks {
					if c.ID == "algorithm.digest" {
						require.Equal(t, r.status, c.Status, c.Message)
						return
					}
				}
			}
			t.Fatal("the digest was not judged")
		})
	}
}

func TestIndications(t *testing.T) {
	require.Len(t, validation.SubIndications(), 25)
	seen := map[validation.SubIndication]bool{}
	for _, s := range validation.SubIndications() {
		require.False(t, seen[s])
		seen[s] = true
		require.Equal(t, "urn:etsi:019102:subindication:"+string(s), s.URI())
	}
	require.Equal(t, "urn:etsi:019102:mainindication:total-passed", validation.TotalPassed.URI())
	for v, want := range map[validation.Verdict]bool{
		{Indication: validation.TotalPassed}:                                          true,
		{Indication: validation.TotalPassed, SubIndication: validation.TryLater}:      false,
		{Indication: validation.Indeterminate}:                                        false,
		{Indication: validation.Indeterminate, SubIndication: validation.TryLater}:    true,
		{Indication: validation.Indeterminate, SubIndication: validation.HashFailure}: false,
		{Indication: validation.TotalFailed, SubIndication: validation.HashFailure}:   true,
		{Indication: validation.Failed, SubIndication: validation.NoPOE}:              false,
		{}: false,
	} {
		require.Equal(t, want, v.Consistent(), v.String())
	}
}

// TestEveryRuleIsTestedBothWays reads the tables of the tests beside: each rule is the expected finding of a row, and every
// rule that holds somewhere is seen to in a signature that passes.
func TestEveryRuleIsTestedBothWays(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	broken := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			field, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, isName := field.Key.(*ast.Ident)
			value, isLiteral := field.Value.(*ast.BasicLit)
			if isName && isLiteral && key.Name == "check" {
				text, err := strconv.Unquote(value.Value)
				require.NoError(t, err)
				broken[text] = true
			}
			return true
		})
	}
	broken["timestamp.used"] = true // TestTimestamps asks it of every row
	held := map[string]bool{}
	note := func(blocks []validation.Block) {
		for _, b := range blocks {
			for _, c := range b.Checks {
				held[c.ID] = held[c.ID] || c.Status == validation.Held
			}
		}
	}
	s := newScene(t)
	s.doc.Format = facts.PAdES
	s.in.Anchors = s.anchors(s.in.Anchors.All()...)
	s.signature().SigningCertificate[0].IssuerSerial = []byte{0x30, 0}
	s.signature().SigningCertificate[0].IssuerSerialMatches = s.signature().Candidates
	tsa := s.tsa()
	s.addToken("T-1", facts.ContentTimestamp, now.Add(-time.Hour), tsa)
	s.addToken("T-2", facts.SignatureTimestamp, now.Add(-time.Minute), tsa)
	c := s.conclude()
	require.True(t, c.Signatures[0].Passed())
	note(c.Signatures[0].Blocks)
	note(c.Timestamps[0].Blocks)

	constrained := pkitest.New(pkitest.At(now), pkitest.Deterministic("rules"))
	root := constrained.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai", pkitest.Extension(pkitest.OIDNameConstraints, true, nameConstraints([][]byte{directory(france)}, nil)))
	other := sceneOf(t, constrained, root, ca, ca.Leaf("Mairie de Boisjoli", pkitest.Expired()))
	*other.signature().ClaimedTime = now.AddDate(0, 0, -7)
	other.in.ProofsOfExistence = []validation.ProofOfExistence{{Time: now.AddDate(0, 0, -7)}}
	note(other.conclude().Signatures[0].Blocks)

	known := newScene(t)
	policy := validation.AES()
	policy.Checks["revocation.fresh"] = validation.Fail
	known.in.Policy, known.in.UnsafeNoRevocation = policy, false
	known.give(known.root.CRL(), known.ca.CRL())
	note(known.conclude().Signatures[0].Blocks)
	for _, reason := range []pkitest.Reason{pkitest.KeyCompromise, pkitest.CertificateHold} {
		revoked := newScene(t, pkitest.Revoked(now.AddDate(0, 0, -1), reason))
		revoked.in.Policy, revoked.in.UnsafeNoRevocation = policy, false
		revoked.in.ProofsOfExistence = []validation.ProofOfExistence{{Time: now.AddDate(0, 0, -7)}}
		*revoked.signature().ClaimedTime = now.AddDate(0, 0, -7)
		revoked.give(revoked.root.CRL(pkitest.Late()), revoked.ca.CRL())
		note(revoked.conclude().Signatures[0].Blocks)
	}

	// Those that are only ever recorded when they do not hold: there is nothing to say of a certificate without a defect.
	silent := map[string]bool{
		"format.deviation": true, "format.unambiguous": true, "timestamp.content-type": true, "signer.unambiguous": true,
		"certificate.encoding": true, "certificate.envelope": true, "certificate.algorithm-agreement": true, "certificate.policies": true, // only where one is required

		"certificate.authority-key-identifier": true, "time.content-timestamp-revocation": true, "signer.not-self-signed": true,
		"signer.extended-key-usage": true, // only where there is one
		"reference.found":           true, "value.supported": true, "time.algorithms": true, "time.content-timestamp": true,
	}
	for _, r := range validation.Rules() {
		require.True(t, broken[r.ID], "no test expects %s to break", r.ID)
		require.Equal(t, !silent[r.ID], held[r.ID], "%s held: %v", r.ID, held[r.ID])
		require.NotEmpty(t, r.Clause)
		require.False(t, strings.HasSuffix(r.Asks, "."), r.ID)
	}
}
