package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/rgs"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func now() time.Time { return pkitest.DefaultTime }

func check(t *testing.T, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, &out, &errs, now)
	return status, out.String(), errs.String()
}

func files(t *testing.T) (good, bad, bundle string) {
	dir := t.TempDir()
	pki := pkitest.New()
	ca := pki.Root("Racine").Intermediate("AC")
	sound := ca.Leaf("Mairie", pkitest.Seal)
	weak := ca.Leaf("Mairie", pkitest.Seal, pkitest.LegacySHA1())
	good, bad, bundle = filepath.Join(dir, "good.der"), filepath.Join(dir, "bad.pem"), filepath.Join(dir, "bundle.pem")
	require.NoError(t, os.WriteFile(good, sound.DER, 0o600))
	require.NoError(t, os.WriteFile(bad, weak.PEM(), 0o600))
	require.NoError(t, os.WriteFile(bundle, append(sound.PEM(), weak.PEM()...), 0o600))
	return good, bad, bundle
}

func TestExitStatuses(t *testing.T) {
	good, bad, bundle := files(t)
	key := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), 0o600))
	text := filepath.Join(t.TempDir(), "letter.txt")
	require.NoError(t, os.WriteFile(text, []byte("bonjour"), 0o600))
	pki := pkitest.New()
	ca := pki.Root("Racine").Intermediate("AC")
	authority, person := filepath.Join(t.TempDir(), "ca.pem"), filepath.Join(t.TempDir(), "person.pem")
	require.NoError(t, os.WriteFile(authority, ca.PEM(), 0o600))
	require.NoError(t, os.WriteFile(person, ca.Leaf("Mairie", pkitest.Sign).PEM(), 0o600))
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string // on standard error
	}{
		"sound":                 {[]string{good}, exitConforms, ""},
		"weak":                  {[]string{bad}, exitFails, ""},
		"one of two is weak":    {[]string{bundle}, exitFails, ""},
		"right function":        {[]string{"-function", "seal", good}, exitConforms, ""},
		"wrong function":        {[]string{"-function", "encrypt", good}, exitFails, ""},
		"an authority as seal":  {[]string{"-function", "seal", authority}, exitFails, ""},
		"maybe a seal":          {[]string{"-function", "seal", person}, exitFails, ""},
		"level not shown":       {[]string{"-level", "2", good}, exitFails, ""},
		"after 2030":            {[]string{"-at", "2032-01-01T00:00:00Z", good}, exitConforms, ""},
		"missing file":          {[]string{filepath.Join(t.TempDir(), "none")}, exitUnreadable, "no such file"},
		"not a certificate":     {[]string{text}, exitUnreadable, "not an X.509 certificate"},
		"PEM of something else": {[]string{key}, exitUnreadable, "PEM without a certificate"},
		"unreadable beats weak": {[]string{bad, text}, exitUnreadable, "not an X.509 certificate"},
		"no file":               {nil, exitUnreadable, "no file"},
		"help":                  {[]string{"-h"}, exitConforms, "usage: rgscheck"},
		"a folder":              {[]string{t.TempDir()}, exitUnreadable, "is a directory"},
		"wrong flag":            {[]string{"-nope", good}, exitUnreadable, "flag provided but not defined"},
		"wrong level":           {[]string{"-level", "4", good}, exitUnreadable, "-level"},
		"no such function":      {[]string{"-function", "seals", good}, exitUnreadable, "-function"},
		"wrong date":            {[]string{"-at", "yesterday", good}, exitUnreadable, "-at"},
		"wrong language":        {[]string{"-lang", "de", good}, exitUnreadable, "-lang"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := check(t, c.args...)
			require.Equal(t, c.status, status, stderr)
			require.Contains(t, stderr, c.says)
		})
	}
}

func TestJSONLines(t *testing.T) {
	good, _, bundle := files(t)
	_, stdout, _ := check(t, "-json", bundle, good)
	var objects []string
	for lines := bufio.NewScanner(strings.NewReader(stdout)); lines.Scan(); {
		var line struct {
			Schema           int
			Object, Kind     string
			Findings         []rgs.Finding
			Usages, Evidence []string
			Level            *string
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		require.Equal(t, 1, line.Schema)
		require.Equal(t, "certificate", line.Kind)
		require.Equal(t, []string{"seal"}, line.Usages)
		require.NotNil(t, line.Evidence)
		require.NotNil(t, line.Level)
		require.NotEmpty(t, line.Findings)
		for _, f := range line.Findings {
			require.NotEmpty(t, f.Rule)
			require.NotEmpty(t, f.Status)
			require.NotEmpty(t, f.Path)
			require.NotEmpty(t, f.Clause)
			require.NotEmpty(t, f.Message)
		}
		objects = append(objects, line.Object)
	}
	require.Equal(t, []string{bundle, bundle + "#2", good}, objects)
}

// TestContract holds the line of JSON to its members, in their order: programs read them.
func TestContract(t *testing.T) {
	good, bad, _ := files(t)
	finding := `{"rule":"[a-z0-9_]+","status":"(pass|fail|warn|notice|undetermined|not-applicable|not-effective)","path":"[^"]*","clause":"[^"]+","message":"[^"]+","english":"[^"]+"}`
	line := `^{"schema":1,"object":"[^"]+","kind":"certificate","subject":"[^"]+","issuer":"[^"]+","serial":"\d+","notBefore":"[-0-9T:Z]+","notAfter":"[-0-9T:Z]+",` +
		`"time":"[-0-9T:Z]+","usages":\["seal"\],"level":"","evidence":\[\],"findings":\[` + finding + `(,` + finding + `)*\]}\n$`
	for _, args := range [][]string{{"-json", good}, {"-json", bad}, {"-json", "-all", "-level", "1", "-function", "seal", "-at", "2026-02-01T00:00:00Z", good}} {
		_, stdout, _ := check(t, args...)
		require.Regexp(t, line, stdout)
	}
	_, stdout, _ := check(t, "-json", filepath.Join(t.TempDir(), "none"))
	require.Regexp(t, `^{"schema":1,"object":"[^"]+","error":"[^"]+"}\n$`, stdout)
}

func TestUnreadableFilesHaveTheirLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letter.txt")
	require.NoError(t, os.WriteFile(path, []byte("bonjour"), 0o600))
	_, stdout, _ := check(t, "-json", path)
	var line struct{ Object, Error string }
	require.NoError(t, json.Unmarshal([]byte(stdout), &line))
	require.Equal(t, path, line.Object)
	require.NotEmpty(t, line.Error)
}

func TestTextIsFrenchUnlessAsked(t *testing.T) {
	_, bad, _ := files(t)
	_, stdout, _ := check(t, bad)
	require.Contains(t, stdout, "NON CONFORME")
	_, stdout, _ = check(t, "-lang", "en", bad)
	require.Contains(t, stdout, "FAIL")
}

// DER certificates end to end are all judged, and what follows them is not passed over.
func TestDERBundles(t *testing.T) {
	dir := t.TempDir()
	ca := pkitest.New().Root("Racine")
	bundle := append(append([]byte{}, ca.Leaf("Mairie", pkitest.Seal).DER...), ca.Leaf("Mairie", pkitest.LegacySHA1()).DER...)
	two, tail := filepath.Join(dir, "two.der"), filepath.Join(dir, "tail.der")
	require.NoError(t, os.WriteFile(two, bundle, 0o600))
	require.NoError(t, os.WriteFile(tail, append(bundle, "bonjour"...), 0o600))
	status, stdout, _ := check(t, "-json", two)
	require.Equal(t, exitFails, status)
	require.Equal(t, 2, strings.Count(stdout, "\n"))
	require.Contains(t, stdout, `"object":"`+two+`#2"`)
	status, stdout, _ = check(t, "-json", tail)
	require.Equal(t, exitUnreadable, status)
	require.Equal(t, 3, strings.Count(stdout, "\n"))
}
