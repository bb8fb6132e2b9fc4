package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// The contract of the line of JSON, written out: members, in their order, and the values that each may have. Programs read it; a
// member may be added here, none taken away or changed.
type (
	contractFile struct {
		Schema     int                 `json:"schema"`
		File       string              `json:"file"`
		Format     string              `json:"format"`
		Verdict    string              `json:"verdict"`
		Error      string              `json:"error"`
		Signatures []contractSignature `json:"signatures"`
		Timestamps []contractTimestamp `json:"timestamps"`
	}
	contractSignature struct {
		ID            string `json:"id"`
		Parent        string `json:"parent"`
		Format        string `json:"format"`
		Level         string `json:"level"`
		Crypto        string `json:"crypto"`
		Indication    string `json:"indication"`
		SubIndication string `json:"subIndication"`
		Signer        *struct {
			Subject string `json:"subject"`
			Issuer  string `json:"issuer"`
			Serial  string `json:"serial"`
		} `json:"signer"`
		ClaimedTime       *string `json:"claimedTime"`
		BestSignatureTime *string `json:"bestSignatureTime"`
		Modifications     []struct {
			Revision int    `json:"revision"`
			Object   string `json:"object"`
			Kind     string `json:"kind"`
			Message  string `json:"message"`
		} `json:"modifications"`
		Timestamps []contractTimestamp `json:"timestamps"`
		Findings   []contractFinding   `json:"findings"`
		Extracted  string              `json:"extracted,omitempty"`
	}
	contractTimestamp struct {
		ID            string            `json:"id"`
		Type          string            `json:"type"`
		Time          *string           `json:"time"`
		Crypto        string            `json:"crypto"`
		Indication    string            `json:"indication"`
		SubIndication string            `json:"subIndication"`
		Findings      []contractFinding `json:"findings"`
	}
	contractFinding struct {
		Check   string `json:"check"`
		Clause  string `json:"clause"`
		Status  string `json:"status"`
		Message string `json:"message"`
	}
)

const utc = `20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|19\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`

var (
	cryptos     = regexp.MustCompile(`^(valid|invalid|unknown)$`)
	levels      = regexp.MustCompile(`^(B-B|B-T|B-LT|B-LTA|BES|EPES|T|LT|C|X|XL|A|LTV|ERS|PKCS7)$`)
	subs        = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)
	times       = regexp.MustCompile(`^(` + utc + `)$`)
	serials     = regexp.MustCompile(`^-?\d+$`)
	checkNames  = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)+$`)
	statusWords = regexp.MustCompile(`^(failed|warning|information)$`)
)

// honours checks one line against the contract, and gives it back read.
func honours(t *testing.T, line string) contractFile {
	t.Helper()
	var f contractFile
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&f), line)
	var again bytes.Buffer // every member is there, in this order, lists are never null
	encoder := json.NewEncoder(&again)
	require.NoError(t, encoder.Encode(f))
	require.Equal(t, line, strings.TrimSuffix(again.String(), "\n"))
	require.NotContains(t, line, "[null")
	require.NotRegexp(t, `"(signatures|timestamps|findings|modifications)":null`, line)

	require.Equal(t, 1, f.Schema)
	require.Equal(t, verdictOf(f), f.Verdict, line)
	if f.Error != "" {
		require.Regexp(t, `^(cades|pades|tst|)$`, f.Format)
		return f
	}
	require.Regexp(t, `^(cades|pades|tst)$`, f.Format)
	listed := map[string]bool{}
	once := func(id string) {
		require.NotEmpty(t, id)
		require.False(t, listed[id], "%s is listed twice", id)
		listed[id] = true
	}
	for _, s := range f.Signatures {
		once(s.ID)
		require.Regexp(t, `^(cades|pades)$`, s.Format)
		require.Regexp(t, levels, s.Level)
		require.Regexp(t, cryptos, s.Crypto)
		passes(t, "TOTAL-PASSED", "TOTAL-FAILED", s.Indication, s.SubIndication)
		if s.Crypto == "invalid" {
			require.NotEqual(t, "TOTAL-PASSED", s.Indication)
		}
		if s.Signer != nil {
			require.Regexp(t, serials, s.Signer.Serial)
		}
		if s.ClaimedTime != nil {
			require.Regexp(t, times, *s.ClaimedTime)
		}
		require.Regexp(t, times, *s.BestSignatureTime)
		for _, m := range s.Modifications {
			require.Positive(t, m.Revision)
			require.NotEmpty(t, m.Kind)
			require.NotEmpty(t, m.Message)
		}
		dated(t, s.Timestamps, once)
		found(t, s.Findings)
	}
	for _, s := range f.Signatures {
		require.True(t, s.Parent == "" || listed[s.Parent])
	}
	dated(t, f.Timestamps, once)
	return f
}

func dated(t *testing.T, list []contractTimestamp, once func(string)) {
	for _, ts := range list {
		once(ts.ID)
		require.Regexp(t, `^(content|signature|archive|references|document|alone)$`, ts.Type)
		if ts.Time != nil {
			require.Regexp(t, times, *ts.Time)
		}
		require.Regexp(t, cryptos, ts.Crypto)
		passes(t, "PASSED", "FAILED", ts.Indication, ts.SubIndication)
		found(t, ts.Findings)
	}
}

// passes: a verdict has a reason unless it is a pass (EN 319 102-1 §5.1.3).
func passes(t *testing.T, passed, failed, indication, sub string) {
	require.Contains(t, []string{passed, failed, "INDETERMINATE"}, indication)
	if indication == passed {
		require.Empty(t, sub)
		return
	}
	require.Regexp(t, subs, sub)
}

func found(t *testing.T, list []contractFinding) {
	for _, f := range list {
		require.Regexp(t, checkNames, f.Check)
		require.NotEmpty(t, f.Clause)
		require.Regexp(t, statusWords, f.Status)
		require.NotEmpty(t, f.Message)
	}
}

// verdictOf is the rule of the verdict on a file, as it is documented.
func verdictOf(f contractFile) string {
	passed := 0
	for _, s := range f.Signatures {
		if s.Indication == "TOTAL-FAILED" || s.Crypto == "invalid" {
			return "invalid"
		}
		if s.Indication == "TOTAL-PASSED" {
			passed++
		}
	}
	switch {
	case f.Error != "" && len(f.Signatures) == 0:
		return "indeterminate"
	case len(f.Signatures) == 0:
		return "none"
	case passed == len(f.Signatures):
		return "valid"
	}
	return "indeterminate"
}

// Every line that the command prints about the files of the tests honours the contract, whatever the trust.
func TestEveryLineHonoursTheContract(t *testing.T) {
	dir := folder(t)
	pdfs(t, dir)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var files []string
	for _, e := range entries {
		files = append(files, e.Name())
	}
	verdicts := map[string]int{}
	for _, trust := range [][]string{
		{}, {"-anchors", "racine.pem"}, {"-unsafe-no-revocation", "-anchors", "racine.pem"}, {"-unsafe-no-revocation", "-anchors", "racines", "-tsa-anchors", "horodatage.pem"},
		{"-unsafe-no-revocation", "-unsafe-anchors-from-file"}, {"-detached", "acte.txt"}, {"-at", "2001-01-01T00:00:00Z", "-anchors", "racine.pem"},
	} {
		_, out, stderr := command(t, dir, append(append([]string{"-json"}, trust...), files...)...)
		require.Empty(t, stderr)
		printed := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		require.Len(t, printed, len(files), "one line per file")
		for i, line := range printed {
			f := honours(t, line)
			require.Equal(t, files[i], f.File)
			verdicts[f.Verdict]++
			if f.Error != "" {
				verdicts["unreadable"]++
			}
		}
	}
	for _, verdict := range []string{"valid", "invalid", "indeterminate", "none", "unreadable"} {
		require.NotZero(t, verdicts[verdict], verdict)
	}
}

// pdfs adds a signed PDF with a timestamp, one that was changed in a later revision, one changed where it was signed, one without signature.
func pdfs(t *testing.T, dir string) {
	plain, err := os.ReadFile("../deliberation/deliberation.pdf")
	require.NoError(t, err)
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("command"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	maire := ca.Leaf("Maire")
	signer, err := ades.FromKey(maire.Key, maire.Chain())
	require.NoError(t, err)
	var signed bytes.Buffer
	require.NoError(t, pades.Sign(context.Background(), &signed, ades.Bytes(plain), signer, pades.Options{
		Level: ades.BaselineT, Time: noon.Add(-time.Hour), Authority: ca.TimestampAuthority("TSA"),
	}))
	for name, octets := range map[string][]byte{
		"nu.pdf": plain, "signé.pdf": signed.Bytes(),
		"suivi.pdf":  append(bytes.Clone(signed.Bytes()), "\n% une suite\n"...),
		"altéré.pdf": bytes.Replace(signed.Bytes(), []byte("/Producer"), []byte("/producer"), 1),
		"coupé.pdf":  signed.Bytes()[:signed.Len()/2],
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), octets, 0o600))
	}
}

// A PDF: its token under its signature, changes after it, none in one without signature; the worst status wins.
func TestPDFs(t *testing.T) {
	dir := folder(t)
	pdfs(t, dir)
	trusted := []string{"-json", "-unsafe-no-revocation", "-anchors", "racine.pem"}
	one := func(status int, name string) contractFile {
		got, out, _ := command(t, dir, append(trusted, name)...)
		require.Equal(t, status, got, out)
		return honours(t, strings.TrimSuffix(out, "\n"))
	}
	f := one(allValid, "signé.pdf")
	require.Equal(t, "valid", f.Verdict)
	require.Equal(t, "pades", f.Format)
	require.Equal(t, "B-T", f.Signatures[0].Level)
	require.Len(t, f.Signatures[0].Timestamps, 1)
	require.Empty(t, f.Timestamps)

	f = one(someNot, "altéré.pdf")
	require.Equal(t, "invalid", f.Verdict)
	require.Equal(t, "HASH_FAILURE", f.Signatures[0].SubIndication)
	f = one(someNot, "suivi.pdf")
	require.Equal(t, "invalid", f.Verdict)
	require.Equal(t, "invalid", f.Signatures[0].Crypto)
	f = one(someNot, "nu.pdf")
	require.Equal(t, "none", f.Verdict, "a file that nobody signed is not valid")
	require.Empty(t, f.Error)
	f = one(unreadable, "coupé.pdf")
	require.NotEmpty(t, f.Error)

	status, _, _ := command(t, dir, append(trusted, "signé.pdf", "coupé.pdf", "nu.pdf")...)
	require.Equal(t, unreadable, status)
	status, _, _ = command(t, dir, append(trusted, "signé.pdf", "nu.pdf")...)
	require.Equal(t, someNot, status)
}

// A document timestamp stands at the top, and so does a token alone; one of a counter-signature stands under it.
func TestWhereTokensAreListed(t *testing.T) {
	token := func(id, parent string, of facts.TokenType) validation.TimestampConclusion {
		return validation.TimestampConclusion{ID: id, Parent: parent, Type: of, Crypto: validation.CryptoValid, Verdict: validation.Verdict{Indication: validation.Passed}, Time: noon}
	}
	v := &signature.Validation{Facts: &facts.Document{Format: facts.PAdES, Signatures: make([]facts.Signature, 2)}, Conclusion: validation.Conclusion{
		Signatures: []validation.SignatureConclusion{
			{ID: "S-1", Format: facts.PAdES, Level: "B-T", Crypto: validation.CryptoValid, Verdict: validation.Verdict{Indication: validation.TotalPassed}, BestSignatureTime: noon},
			{ID: "S-1-1", Parent: "S-1", Format: facts.CAdES, Level: "T", Crypto: validation.CryptoValid, Verdict: validation.Verdict{Indication: validation.TotalPassed}, BestSignatureTime: noon},
		},
		Timestamps: []validation.TimestampConclusion{
			token("S-1-T1", "S-1", facts.SignatureTimestamp), token("S-1-T2", "S-1", facts.ContentTimestamp), token("S-1-1-T1", "S-1-1", facts.SignatureTimestamp),
			token("T-1", "", facts.DocumentTimestamp), token("T-2", "", facts.DetachedTimestamp),
		},
	}}
	line, err := json.Marshal(newReport("acte.pdf", v))
	require.NoError(t, err)
	f := honours(t, string(line))
	ids := func(list []contractTimestamp) (names []string) {
		for _, ts := range list {
			names = append(names, ts.ID)
		}
		return names
	}
	require.Equal(t, []string{"S-1-T1", "S-1-T2"}, ids(f.Signatures[0].Timestamps))
	require.Equal(t, []string{"S-1-1-T1"}, ids(f.Signatures[1].Timestamps))
	require.Equal(t, []string{"T-1", "T-2"}, ids(f.Timestamps))
}

// The flags of the contract are there, and those that may be given several times are all heard.
func TestFlagsOfTheContract(t *testing.T) {
	dir := folder(t)
	status, _, stderr := command(t, dir, "-h")
	require.Equal(t, allValid, status)
	for _, flag := range []string{"json", "detached FILE", "anchors PEM", "certs PEM", "tsa-anchors PEM", "at TIME", "unsafe-no-revocation", "unsafe-anchors-from-file", "extract DIR", "j N"} {
		require.Contains(t, stderr, "\n  -"+flag+"\n")
	}
	both := []string{"-json", "-unsafe-no-revocation", "-anchors", "horodatage.pem", "-anchors", "racine.pem", "-certs", "horodatage.pem", "-certs", "ac.pem",
		"-tsa-anchors", "racine.pem", "-tsa-anchors", "horodatage.pem"}
	status, out, stderr := command(t, dir, append(both, "date.p7m", "autre.p7m")...)
	require.Empty(t, stderr)
	require.Equal(t, allValid, status)
	for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
		require.Equal(t, "PASSED", honours(t, line).Signatures[0].Timestamps[0].Indication)
	}
}
