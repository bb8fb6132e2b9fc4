package report_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/report"
	"github.com/cadre-confiance/confiance/signature/validation"
)

func french(s scene) *report.Report {
	return report.New(s.Facts, &s.Conclusion, report.Options{File: s.File})
}

// What the person who asked most wants to know is said, for each kind of file.
func TestSays(t *testing.T) {
	all := scenes(t)
	for name, r := range map[string]struct {
		verdict report.Verdict
		words   string
		reason  string
		remedy  string
	}{
		"valid":              {report.Valid, "Signature valide, sous réserve", "", ""},
		"hash-failure":       {report.Invalid, "Signature non valide", "n'est pas ce qui a été signé", "exemplaire original"},
		"no-chain":           {report.Indeterminate, "Validité indéterminée", "aucune des autorités de confiance", "ajouter son certificat racine"},
		"wrong-timestamp":    {report.Valid, "Signature valide, sous réserve", "", ""},
		"no-signature":       {report.None, "Aucune signature", "", ""},
		"pdf-modified":       {report.Invalid, "Signature non valide", "Le PDF a été modifié après la signature", "faire signer le PDF modifié"},
		"pdf-two-signatures": {report.Valid, "Les 2 signatures sont valides", "", ""},
		"expired":            {report.Indeterminate, "Validité indéterminée", "du 2 mars 2024 au 1er mars 2026", "horodatage"},
		"detached-missing":   {report.Indeterminate, "Validité indéterminée", "n'est pas à disposition", "Fournir le document"},
		"timestamp-alone":    {report.None, "Aucune signature dans ce fichier ; horodatage", "", ""},
		"countersigned":      {report.Valid, "Les 2 signatures sont valides", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := french(all[name])
			require.Equal(t, r.verdict, got.Verdict)
			require.Contains(t, got.Words.Verdict, r.words)
			if len(got.Signatures) == 0 {
				return
			}
			w := got.Signatures[0].Words
			if r.reason == "" {
				require.Empty(t, w.Reasons)
				require.Empty(t, w.Remedies)
				return
			}
			require.Contains(t, strings.Join(w.Reasons, " "), r.reason)
			require.Contains(t, strings.Join(w.Remedies, " "), r.remedy)
		})
	}
	require.Len(t, all, 11)
}

func TestProof(t *testing.T) {
	all := scenes(t)
	valid := all["valid"]
	require.Equal(t, report.Proof{Kind: report.ProvedByTimestamp, Timestamp: "S-1-T1"}, french(valid).Signatures[0].Proof)
	require.Equal(t, report.NotProved, french(all["wrong-timestamp"]).Signatures[0].Proof.Kind)
	require.Contains(t, strings.Join(french(all["wrong-timestamp"]).Signatures[0].Words.Notes, " "), "ne prouve pas de date")

	// A date that no timestamp has was vouched for by the caller.
	valid.Conclusion.Signatures[0].BestSignatureTime = noon.Add(-50 * time.Minute)
	require.Equal(t, report.ProvedByCaller, french(valid).Signatures[0].Proof.Kind)
}

func TestCoverage(t *testing.T) {
	all := scenes(t)
	for name, want := range map[string][]report.CoverageKind{
		"valid": {report.CoversDocument}, "pdf-two-signatures": {report.CoversRevision, report.CoversFile},
		"pdf-modified": {report.CoversRevision}, "countersigned": {report.CoversDocument, report.CoversSignature},
	} {
		var got []report.CoverageKind
		for _, s := range french(all[name]).Signatures {
			got = append(got, s.Covers.Kind)
		}
		require.Equal(t, want, got, name)
	}
	missing, altered := french(all["detached-missing"]).Signatures[0].Covers, french(all["hash-failure"]).Signatures[0].Covers
	require.False(t, missing.Found)
	require.Empty(t, missing.Digest)
	require.True(t, altered.Found)
	require.False(t, altered.Intact)
	require.Contains(t, altered.Words, "un autre document")
	require.Equal(t, "SHA-256", french(all["valid"]).Signatures[0].Covers.DigestAlgorithm)
}

// The anchor that a caller gave is not in the facts: its name is the one that it gave to what it issued.
func TestAnchorByName(t *testing.T) {
	r := french(scenes(t)["valid"])
	chain := r.Signatures[0].Chain
	require.Len(t, chain, 3)
	for _, c := range r.Certificates {
		if c.ID == chain[2] {
			require.Equal(t, "Sommet d'essai", c.Name)
			require.True(t, c.Anchor)
			require.Nil(t, c.NotAfter)
			return
		}
	}
	t.Fatal("no anchor")
}

func TestUnreadable(t *testing.T) {
	secret := errors.New("open /home/dubois/délibération.pdf: permission denied")
	for _, f := range forms {
		plain := written(t, report.Unreadable(secret, report.Options{File: "délibération.pdf"}), f)
		require.Contains(t, plain, "permission denied", f.extension)
		redacted := written(t, report.Unreadable(secret, report.Options{File: "délibération.pdf", Redact: true}), f)
		require.NotContains(t, redacted, "dubois", f.extension)
		require.NotContains(t, redacted, "délibération.pdf", f.extension)
		require.Contains(t, strings.ToLower(redacted), "pas pu être lu", f.extension)
	}
	require.Equal(t, report.Indeterminate, report.Unreadable(nil, report.Options{}).Verdict)
}

// A conclusion is reported without its facts too, with what it knows.
func TestWithoutFacts(t *testing.T) {
	for name, s := range scenes(t) {
		r := report.New(nil, &s.Conclusion, report.Options{})
		require.Len(t, r.Signatures, len(s.Conclusion.Signatures), name)
		for _, f := range forms {
			require.NotEmpty(t, written(t, r, f))
		}
	}
}

// A report read back from its JSON says the same in words.
func TestReadBack(t *testing.T) {
	for name, s := range scenes(t) {
		r := french(s)
		var again report.Report
		require.NoError(t, json.Unmarshal([]byte(written(t, r, forms[1])), &again))
		require.Equal(t, written(t, r, forms[1]), written(t, &again, forms[1]), name)
		require.Contains(t, written(t, &again, forms[0]), strings.ToUpper(r.Words.Verdict)[:10], name)
		require.Contains(t, written(t, &again, forms[2]), "<h1>", name)
		require.Contains(t, written(t, &again, forms[3]), "SignatureValidationStatus", name)
	}
	require.NoError(t, (&report.Report{}).HTML(&strings.Builder{}))
}

// Every check that validation makes, and every reason that it gives, has its words in both languages.
func TestEverythingHasWords(t *testing.T) {
	require.NotEmpty(t, validation.Rules())
	for _, rule := range validation.Rules() {
		for _, status := range []validation.Status{validation.Held, validation.Broken, validation.Warning} {
			said := map[report.Language]string{}
			for _, l := range []report.Language{report.French, report.English} {
				c := conclusionWith(validation.Block{Name: rule.Block, Verdict: validation.Verdict{Indication: validation.Passed}, Checks: []validation.Check{
					{ID: rule.ID, Clause: rule.Clause, Level: validation.Warn, Status: status, Message: "untranslated"},
				}})
				r := report.New(nil, &c, report.Options{Language: l, Detailed: true})
				require.Len(t, r.Signatures[0].Blocks, 1)
				block := r.Signatures[0].Blocks[0]
				require.NotEqual(t, block.Name, block.Title, "block %s has no title", block.Name)
				said[l] = block.Checks[0].Words
				require.NotContains(t, said[l], "ntranslated", "check %s has no words in signature/report/checks.go", rule.ID)
				require.NotContains(t, said[l], "{", rule.ID)
			}
			require.NotEqual(t, said[report.French], said[report.English], rule.ID)
		}
	}
	for _, sub := range validation.SubIndications() {
		said := map[report.Language]string{}
		for _, l := range []report.Language{report.French, report.English} {
			c := conclusionWith()
			c.Signatures[0].Verdict = validation.Verdict{Indication: validation.Indeterminate, SubIndication: sub}
			w := report.New(nil, &c, report.Options{Language: l}).Signatures[0].Words
			require.Len(t, w.Reasons, 1, "%s has no words in signature/report/reasons.go", sub)
			require.Len(t, w.Remedies, 1, "%s", sub)
			said[l] = w.Reasons[0] + w.Remedies[0]
			require.NotContains(t, said[l], "{", "%s", sub)
		}
		require.NotEqual(t, said[report.French], said[report.English])
	}
}

func conclusionWith(blocks ...validation.Block) validation.Conclusion {
	return validation.Conclusion{Schema: 1, Policy: "AES", Time: noon, Signatures: []validation.SignatureConclusion{{
		ID: "S-1", Format: facts.CAdES, Level: "B-B", Crypto: validation.CryptoValid, BestSignatureTime: noon,
		Verdict: validation.Verdict{Indication: validation.TotalPassed}, Blocks: blocks,
	}}}
}

// The verdict on a file is that of its weakest signature.
func TestVerdictOfAFile(t *testing.T) {
	for _, r := range []struct {
		indications []validation.Indication
		crypto      validation.Crypto
		verdict     report.Verdict
		fr, en      string
	}{
		{nil, validation.CryptoValid, report.None, "Aucune signature dans ce fichier", "No signature in this file"},
		{[]validation.Indication{validation.TotalPassed}, validation.CryptoValid, report.Valid, "Signature valide", "Valid signature"},
		{[]validation.Indication{validation.TotalPassed, validation.TotalPassed}, validation.CryptoValid, report.Valid, "Les 2 signatures sont valides", "All 2 signatures are valid"},
		{[]validation.Indication{validation.TotalPassed, validation.TotalFailed}, validation.CryptoValid, report.Invalid, "Une signature sur 2 n'est pas valide", "One of 2 signatures is not valid"},
		{[]validation.Indication{validation.TotalFailed, validation.TotalFailed, validation.Indeterminate}, validation.CryptoValid, report.Invalid, "2 signatures sur 3 ne sont pas valides", "2 of 3 signatures are not valid"},
		{[]validation.Indication{validation.TotalFailed, validation.TotalFailed}, validation.CryptoValid, report.Invalid, "Aucune des 2 signatures n'est valide", "None of the 2 signatures is valid"},
		{[]validation.Indication{validation.TotalPassed, validation.Indeterminate}, validation.CryptoValid, report.Indeterminate, "Une signature sur 2 est de validité indéterminée", "One of 2 signatures is of undetermined validity"},
		{[]validation.Indication{validation.Indeterminate, validation.Indeterminate}, validation.CryptoValid, report.Indeterminate, "2 signatures sur 2 sont de validité indéterminée", "2 of 2 signatures are of undetermined validity"},
		{[]validation.Indication{validation.Indeterminate}, validation.CryptoInvalid, report.Invalid, "Signature non valide", "Signature not valid"},
	} {
		c := conclusionWith()
		one := c.Signatures[0]
		c.Signatures = nil
		for i, indication := range r.indications {
			one.ID, one.Indication, one.Crypto = "S-"+string(rune('1'+i)), indication, r.crypto
			c.Signatures = append(c.Signatures, one)
		}
		require.Equal(t, r.verdict, report.New(nil, &c, report.Options{}).Verdict)
		require.Equal(t, r.fr, report.New(nil, &c, report.Options{}).Words.Verdict)
		require.Equal(t, r.en, report.New(nil, &c, report.Options{Language: report.English}).Words.Verdict)
	}
}

func TestZone(t *testing.T) {
	s := scenes(t)["valid"]
	paris := time.FixedZone("CET", 3600)
	r := report.New(s.Facts, &s.Conclusion, report.Options{Zone: paris})
	require.Contains(t, written(t, r, forms[0]), "2 mars 2026 à 12:00:00 CET")
	require.Contains(t, written(t, r, forms[1]), `"claimedTime":"2026-03-02T11:00:00Z"`)
	require.Contains(t, written(t, r, forms[3]), "<Time>2026-03-02T11:00:00Z</Time>")
}
