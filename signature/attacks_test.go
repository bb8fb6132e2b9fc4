package signature_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

var update = flag.Bool("update", false, "write testdata/attacks.tsv, or docs/attacks.md, again")

// opened are attacks that this version does not refuse yet, each for a reason. The list is to be empty.
var opened = map[string]string{}

// attacks are those of a Forge, made once.
var attacks = sync.OnceValues(func() (*pkitest.Forge, []pkitest.Attack) {
	forge := pkitest.NewForge()
	list, err := forge.Attacks()
	if err != nil {
		panic(err)
	}
	return forge, list
})

func anchorSet(t testing.TB, certificates [][]byte) *trust.Set {
	var list []trust.Anchor
	for _, raw := range certificates {
		list = append(list, trust.Anchor{Certificate: raw})
	}
	set, err := trust.NewSet(list...)
	require.NoError(t, err)
	return set
}

// forgeValidator believes what the relying party of a Forge does.
func forgeValidator(t testing.TB, forge *pkitest.Forge) *signature.Validator {
	v, err := signature.NewValidator(signature.ValidatorOptions{
		Anchors: anchorSet(t, forge.Anchors()), TimestampAnchors: anchorSet(t, forge.TimestampAnchors()), UnsafeNoRevocation: true,
	})
	require.NoError(t, err)
	return v
}

// A judgement is what a validator says of one file.
type judgement struct {
	sound, trusted bool   // every signature is crypto valid; every signature is TOTAL-PASSED
	reason         string // per signature and timestamp: what is said, and by which checks and problems
}

// believed says whether an attack, or its twin, is taken for what it is not.
func (j judgement) believed(b pkitest.Breaks) bool {
	if b == pkitest.BreaksTrust {
		return j.trusted
	}
	return j.sound
}

func judge(v *signature.Validator, forge *pkitest.Forge, file, content []byte) judgement {
	o := signature.ValidateOptions{Time: forge.Time}
	if content != nil {
		o.Detached = ades.Bytes(content)
	}
	got, err := v.Validate(context.Background(), ades.Bytes(file), o)
	if err != nil {
		return judgement{reason: "error: " + kindOf(err)}
	}
	j := judgement{sound: len(got.Signatures) > 0, trusted: len(got.Signatures) > 0}
	var parts []string
	for i := range got.Signatures {
		s, f := &got.Signatures[i], &got.Facts.Signatures[i]
		j.sound = j.sound && s.Crypto == validation.CryptoValid
		j.trusted = j.trusted && s.Indication == validation.TotalPassed
		parts = append(parts, said(s.ID, s.Crypto, s.Verdict, s.Blocks, f.Problems, f.Modifications))
	}
	for i := range got.Timestamps {
		s, f := &got.Timestamps[i], &got.Facts.Timestamps[i]
		parts = append(parts, said("timestamp "+s.ID, s.Crypto, s.Verdict, s.Blocks, f.Problems, f.Modifications))
	}
	if j.reason = strings.Join(parts, "; "); j.reason == "" {
		j.reason = "no signature"
	}
	return j
}

// kindOf is the part of an error that is a contract.
func kindOf(err error) string {
	for _, known := range []error{pades.ErrEncrypted, pades.ErrDamaged, pades.ErrLimit, pades.ErrUnsupported, signature.ErrFormat} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if text, isToken := strings.CutPrefix(err.Error(), "timestamp: "); isToken {
		return "timestamp: " + strings.Split(text, ":")[0]
	}
	return err.Error()
}

// said sums a verdict up by what does not depend on its wording: problems of form, kinds of changes, and the checks that broke
// in the block that decided, the first to fail in the order of EN 319 102-1 §5.3.
func said(id string, crypto validation.Crypto, verdict validation.Verdict, blocks []validation.Block, problems []facts.Problem, changes []facts.Modification) string {
	reasons := map[string]bool{}
	for _, name := range []string{"FC", "ISC", "VCI", "CV", "XCV", "SAV", "LTV"} {
		i := slices.IndexFunc(blocks, func(b validation.Block) bool { return b.Name == name && !b.Passed() })
		if i < 0 {
			continue
		}
		for _, c := range blocks[i].Checks {
			if c.Status == validation.Broken {
				reasons[c.ID] = true
			}
		}
		break
	}
	for _, p := range problems {
		if p.Fatal || p.Unsupported {
			reasons[p.Code] = true
		}
	}
	for _, m := range changes {
		reasons["change:"+m.Kind] = true
	}
	out := fmt.Sprintf("%s %s %s", id, crypto, verdict)
	if len(reasons) > 0 {
		out += " " + strings.Join(slices.Sorted(maps.Keys(reasons)), ",")
	}
	return out
}

const attackTable = "testdata/attacks.tsv"

// TestAttacks runs every attack and its twin through a Validator: no attack is believed, for the reason that the table states,
// and every twin is.
func TestAttacks(t *testing.T) {
	forge, list := attacks()
	v := forgeValidator(t, forge)
	want := readAttackTable(t)
	got := map[string]string{}
	for _, a := range list {
		t.Run(a.Name, func(t *testing.T) {
			twin := judge(v, forge, a.Twin, a.TwinContent)
			require.True(t, twin.sound && twin.trusted, "the twin is refused: %s", twin.reason)
			j := judge(v, forge, a.File, a.Content)
			got[a.Name] = j.reason
			if _, open := opened[a.Name]; open {
				got[a.Name] = "to be refused"
			}
			believed := j.believed(a.Breaks)
			if mask, ok := masked[a.Name]; ok {
				believed = believed || strings.Contains(j.reason, mask)
			}
			if why, open := opened[a.Name]; open {
				if !believed {
					t.Logf("refused now (%s): to be taken out of the list of those that are not; %s", why, j.reason)
				}
				return
			}
			require.False(t, believed, "AN ATTACK IS BELIEVED: %s: %s", a.About, j.reason)
			if !*update {
				require.Equal(t, want[a.Name], j.reason)
			}
		})
	}
	require.GreaterOrEqual(t, len(list), 500)
	for name := range opened {
		require.Contains(t, got, name)
	}
	if *update {
		writeAttackTable(t, got)
		return
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
}

// masked are attacks on one signature of a file in which another one is refused anyway: what must not be said.
var masked = map[string]string{
	"cms/attribute-swap-counter":                 "S-1-C1 valid",
	"cms/attribute-swap-counter (detached, RSA)": "S-1-C1 valid",
	"cms/second-signer":                          "S-2 valid",
	"cms/signer-as-countersignature":             "S-1-C1 valid",
	"signer/countersignature-elsewhere":          "S-1-C1 valid",
	"signer/several-one-wrong":                   "S-2 valid",
	"again/signed":                               "S-1 valid",
	"again/signed-by-the-first":                  "S-1 valid",
	"again/first-removed":                        "S-1 valid",
	"again/third":                                "S-2 valid",
	"certified/nothing-signed":                   "S-1 valid",
	"certified/lock-all":                         "S-1 valid",
}

func readAttackTable(t *testing.T) map[string]string {
	table, err := os.ReadFile(attackTable)
	if *update {
		return nil
	}
	require.NoError(t, err)
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n") {
		name, reason, ok := strings.Cut(line, "\t")
		require.True(t, ok, line)
		want[name] = reason
	}
	return want
}

func writeAttackTable(t *testing.T, got map[string]string) {
	var out strings.Builder
	for _, name := range slices.SortedFunc(maps.Keys(got), cmp.Compare[string]) {
		fmt.Fprintf(&out, "%s\t%s\n", name, got[name])
	}
	require.NoError(t, os.WriteFile(attackTable, []byte(out.String()), 0o644))
}
