package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const content = "Délibération du conseil municipal de Boisjoli.\n"

// folder holds what the tests call the command on.
func folder(t *testing.T) string {
	dir := t.TempDir()
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("command"))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	tsaRoot := pki.Root("Racine d'horodatage")
	seal := ca.Leaf("Mairie de Boisjoli", pkitest.Seal)
	sign := func(by *pkitest.Identity, o cades.Options) string {
		signer, err := ades.FromKey(by.Key, by.Chain())
		require.NoError(t, err)
		o.Time, o.UnsafeUnfitCertificate = noon.Add(-time.Hour), true
		var out bytes.Buffer
		require.NoError(t, cades.Sign(context.Background(), &out, ades.Bytes([]byte(content)), signer, o))
		return out.String()
	}
	attached := sign(seal, cades.Options{})
	files := map[string]string{
		"racine.pem": string(root.PEM()), "horodatage.pem": string(tsaRoot.PEM()), "ac.pem": string(ca.PEM()),
		"acte.txt": content, "autre.txt": "autre",
		"acte.txt.p7m": attached,
		"altéré.p7m":   strings.Replace(attached, "Boisjoli.\n", "Boislaid.\n", 1),
		"date.p7m":     sign(seal, cades.Options{Level: ades.BaselineT, Authority: ca.TimestampAuthority("TSA")}),
		"autre.p7m":    sign(seal, cades.Options{Level: ades.BaselineT, Authority: tsaRoot.TimestampAuthority("TSA")}),
		"acte.txt.p7s": sign(seal, cades.Options{Detached: true}),
		"expiré.p7m":   sign(ca.Leaf("Ancienne mairie", pkitest.Expired()), cades.Options{}),
		"rien.p7m":     "rien", "vide.p7m": "",
		"racine.crl": string(root.CRL()), "ac.crl": string(pkitest.CRLPEM(ca.CRL())), "acte.ocsp": string(ca.OCSP(seal)),
		"révoqué.p7m": sign(ca.Leaf("Mairie révoquée", pkitest.Revoked(noon.Add(-2*time.Hour), pkitest.KeyCompromise)), cades.Options{}),
		"révoqué.crl": string(ca.CRL()),
	}
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "listes"), 0o700))
	for _, name := range []string{"racine.crl", "ac.crl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "listes", name), []byte(files[name]), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "racines"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "racines", "racine.pem"), root.PEM(), 0o600))
	return dir
}

// command runs the command in a folder and returns its status and what it printed.
func command(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Chdir(dir)
	var out, errors bytes.Buffer
	status = run(context.Background(), args, &out, &errors, func() time.Time { return noon })
	return status, out.String(), errors.String()
}

func lines(t *testing.T, out string) []map[string]any {
	var all []map[string]any
	for _, line := range strings.Split(strings.TrimRight(out, "\n"), "\n") {
		var one map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &one), line)
		all = append(all, one)
	}
	return all
}

func TestStatusAndVerdict(t *testing.T) {
	dir := folder(t)
	trusted := []string{"-json", "-unsafe-no-revocation", "-anchors", "racine.pem"}
	rows := []struct {
		name       string
		args       []string
		status     int
		verdict    string
		indication string
		sub        string
		crypto     string
	}{
		{"valid", append(trusted, "acte.txt.p7m"), allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"folder of anchors", []string{"-json", "-unsafe-no-revocation", "-anchors", "racines", "acte.txt.p7m"}, allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"anchors twice", append(trusted, "-anchors", "horodatage.pem", "acte.txt.p7m"), allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"altered", append(trusted, "altéré.p7m"), someNot, "invalid", "TOTAL-FAILED", "HASH_FAILURE", "invalid"},
		{"detached", append(trusted, "-detached", "acte.txt", "acte.txt.p7s"), allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"detached from another", append(trusted, "-detached", "autre.txt", "acte.txt.p7s"), someNot, "invalid", "TOTAL-FAILED", "HASH_FAILURE", "invalid"},
		{"detached, not given", append(trusted, "acte.txt.p7s"), someNot, "indeterminate", "INDETERMINATE", "SIGNED_DATA_NOT_FOUND", "unknown"},
		{"revocation required", []string{"-json", "-anchors", "racine.pem", "acte.txt.p7m"}, someNot, "indeterminate", "INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE", "valid"},
		{"lists given", []string{"-json", "-anchors", "racine.pem", "-crls", "racine.crl", "-crls", "ac.crl", "acte.txt.p7m"}, allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"folder of lists", []string{"-json", "-anchors", "racine.pem", "-crls", "listes", "acte.txt.p7m"}, allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"list and response given", []string{"-json", "-anchors", "racine.pem", "-crls", "racine.crl", "-ocsps", "acte.ocsp", "acte.txt.p7m"}, allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"timestamp, lists given", []string{"-json", "-anchors", "racine.pem", "-crls", "racine.crl", "-crls", "ac.crl", "date.p7m"}, allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"one list missing", []string{"-json", "-anchors", "racine.pem", "-crls", "ac.crl", "acte.txt.p7m"}, someNot, "indeterminate", "INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE", "valid"},
		{"revoked", []string{"-json", "-anchors", "racine.pem", "-crls", "racine.crl", "-crls", "révoqué.crl", "révoqué.p7m"}, someNot, "indeterminate", "INDETERMINATE", "REVOKED_NO_POE", "valid"},
		{"revoked, whatever is required", append(trusted, "-crls", "révoqué.crl", "révoqué.p7m"), someNot, "indeterminate", "INDETERMINATE", "REVOKED_NO_POE", "valid"},
		{"nothing trusted", []string{"-json", "-unsafe-no-revocation", "acte.txt.p7m"}, someNot, "indeterminate", "INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND", "valid"},
		{"anchors from the file", []string{"-json", "-unsafe-no-revocation", "-unsafe-anchors-from-file", "acte.txt.p7m"}, allValid, "valid", "TOTAL-PASSED", "", "valid"},
		{"expired", append(trusted, "expiré.p7m"), someNot, "indeterminate", "INDETERMINATE", "OUT_OF_BOUNDS_NO_POE", "valid"},
		{"expired, validated before", append(trusted, "-at", "2026-02-28T00:00:00Z", "expiré.p7m"), someNot, "indeterminate", "INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", "valid"},
		{"validated too early", append(trusted, "-at", "2001-01-01T00:00:00+01:00", "acte.txt.p7m"), someNot, "indeterminate", "INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE", "valid"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			status, out, stderr := command(t, dir, r.args...)
			require.Empty(t, stderr)
			require.Equal(t, r.status, status, out)
			one := lines(t, out)[0]
			require.Equal(t, r.verdict, one["verdict"])
			require.Equal(t, "", one["error"])
			s := one["signatures"].([]any)[0].(map[string]any)
			require.Equal(t, r.indication, s["indication"])
			require.Equal(t, r.sub, s["subIndication"])
			require.Equal(t, r.crypto, s["crypto"])
		})
	}
}

// TestContract holds the JSON to its members: programs read them.
func TestContract(t *testing.T) {
	dir := folder(t)
	status, out, _ := command(t, dir, "-json", "-unsafe-no-revocation", "-anchors", "racine.pem", "date.p7m")
	require.Equal(t, allValid, status)
	one := lines(t, out)[0]
	keys := func(m map[string]any) (names []string) {
		for name := range m {
			names = append(names, name)
		}
		return names
	}
	require.ElementsMatch(t, []string{"schema", "file", "format", "verdict", "error", "signatures", "timestamps"}, keys(one))
	require.Equal(t, 1.0, one["schema"])
	require.Equal(t, "date.p7m", one["file"])
	require.Equal(t, "cades", one["format"])
	require.Empty(t, one["timestamps"], "the token is listed once, under its signature")
	require.NotNil(t, one["timestamps"])

	s := one["signatures"].([]any)[0].(map[string]any)
	require.ElementsMatch(t, []string{
		"id", "parent", "format", "level", "crypto", "indication", "subIndication", "signer", "claimedTime", "bestSignatureTime",
		"modifications", "timestamps", "findings",
	}, keys(s))
	require.Equal(t, "B-T", s["level"])
	require.Equal(t, "2026-03-02T11:00:00Z", s["claimedTime"])
	require.Equal(t, "2026-03-02T12:00:00Z", s["bestSignatureTime"])
	require.Equal(t, []any{}, s["modifications"])
	signer := s["signer"].(map[string]any)
	require.ElementsMatch(t, []string{"subject", "issuer", "serial"}, keys(signer))
	require.Contains(t, signer["subject"], "CN=Mairie de Boisjoli")

	token := s["timestamps"].([]any)[0].(map[string]any)
	require.ElementsMatch(t, []string{"id", "type", "time", "crypto", "indication", "subIndication", "findings"}, keys(token))
	require.Equal(t, "signature", token["type"])
	require.Equal(t, "PASSED", token["indication"])
	require.Equal(t, "valid", token["crypto"])

	f := s["findings"].([]any)[0].(map[string]any)
	require.ElementsMatch(t, []string{"check", "clause", "status", "message"}, keys(f))
	require.Equal(t, "revocation.available", f["check"])
	require.Equal(t, "warning", f["status"])

	// Other anchors for timestamps.
	_, out, _ = command(t, dir, "-json", "-unsafe-no-revocation", "-anchors", "racine.pem", "autre.p7m")
	s = lines(t, out)[0]["signatures"].([]any)[0].(map[string]any)
	require.Equal(t, "NO_CERTIFICATE_CHAIN_FOUND", s["timestamps"].([]any)[0].(map[string]any)["subIndication"])
	_, out, _ = command(t, dir, "-json", "-unsafe-no-revocation", "-anchors", "racine.pem", "-tsa-anchors", "horodatage.pem", "autre.p7m")
	s = lines(t, out)[0]["signatures"].([]any)[0].(map[string]any)
	require.Equal(t, "PASSED", s["timestamps"].([]any)[0].(map[string]any)["indication"])
}

func TestManyFiles(t *testing.T) {
	dir := folder(t)
	args := []string{"-json", "-unsafe-no-revocation", "-anchors", "racine.pem", "-j", "3", "acte.txt.p7m", "altéré.p7m", "date.p7m", "acte.txt.p7m"}
	status, out, _ := command(t, dir, args...)
	require.Equal(t, someNot, status)
	all := lines(t, out)
	require.Len(t, all, 4)
	for i, name := range args[6:] {
		require.Equal(t, name, all[i]["file"], "answers come in the order asked")
	}

	status, out, _ = command(t, dir, append(args, "rien.p7m", "vide.p7m", "absent.p7m", "racines")...)
	require.Equal(t, unreadable, status)
	all = lines(t, out)
	require.Len(t, all, 8)
	for _, one := range all[4:] {
		require.NotEmpty(t, one["error"])
		require.Equal(t, "indeterminate", one["verdict"])
		require.Equal(t, []any{}, one["signatures"])
	}
}

func TestCommandLine(t *testing.T) {
	dir := folder(t)
	for _, r := range []struct {
		args []string
		says string
	}{
		{nil, "no file"},
		{[]string{"-at", "hier", "acte.txt.p7m"}, "-at hier"},
		{[]string{"-j", "0", "acte.txt.p7m"}, "-j 0"},
		{[]string{"-anchors", "absent.pem", "acte.txt.p7m"}, "absent.pem"},
		{[]string{"-tsa-anchors", "acte.txt", "acte.txt.p7m"}, "acte.txt"},
		{[]string{"-certs", "acte.txt", "acte.txt.p7m"}, "certificate"},
		{[]string{"-certs", "absent.pem", "acte.txt.p7m"}, "absent.pem"},
		{[]string{"-detached", "absent.txt", "acte.txt.p7s"}, "absent.txt"},
		{[]string{"-confiance", "acte.txt.p7m"}, "-confiance"},
	} {
		status, out, stderr := command(t, dir, r.args...)
		require.Equal(t, unreadable, status, r.args)
		require.Empty(t, out)
		require.Contains(t, stderr, r.says)
	}
	status, _, _ := command(t, dir, "-certs", "ac.pem", "-unsafe-no-revocation", "-anchors", "racine.pem", "acte.txt.p7m")
	require.Equal(t, allValid, status)
}

func TestExtract(t *testing.T) {
	dir := folder(t)
	status, out, _ := command(t, dir, "-json", "-unsafe-no-revocation", "-anchors", "racine.pem", "-extract", "sortie", "acte.txt.p7m", "altéré.p7m")
	require.Equal(t, someNot, status)
	s := lines(t, out)[0]["signatures"].([]any)[0].(map[string]any)
	path := s["extracted"].(string)
	require.Equal(t, filepath.Join("sortie", "acte."+s["id"].(string)+".txt"), path)
	got, err := os.ReadFile(filepath.Join(dir, path))
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	entries, err := os.ReadDir(filepath.Join(dir, "sortie"))
	require.NoError(t, err)
	require.Len(t, entries, 1, "only what was verified is written, and no temporary file stays")

	// What is there is not overwritten.
	status, out, _ = command(t, dir, "-json", "-unsafe-no-revocation", "-anchors", "racine.pem", "-extract", "sortie", "acte.txt.p7m")
	require.Equal(t, unreadable, status)
	require.Contains(t, lines(t, out)[0]["error"], "exists")
}

func TestText(t *testing.T) {
	dir := folder(t)
	status, out, _ := command(t, dir, "-unsafe-no-revocation", "-anchors", "racine.pem", "date.p7m", "altéré.p7m", "expiré.p7m", "rien.p7m")
	require.Equal(t, unreadable, status)
	for _, line := range []string{
		"date.p7m: VALIDE (cades)\n", "altéré.p7m: NON VALIDE (cades)\n", "expiré.p7m: INDÉTERMINÉ (cades)\n", "rien.p7m: ILLISIBLE\n",
		": TOTAL-PASSED, cades B-T, cryptography valid\n", ": TOTAL-FAILED (HASH_FAILURE), cades B-B, cryptography invalid\n",
		"signer CN=Mairie de Boisjoli,", "claims 2026-03-02T11:00:00Z, nothing proves when\n", "timestamp S-1-T1 (signature) of 2026-03-02T12:00:00Z: PASSED, cryptography valid\n",
		"[reference.intact, EN 319 102-1 §5.2.7]\n",
	} {
		require.Contains(t, out, line)
	}
	require.Equal(t, "a?b", printable("a\x1bb"))
}

// TestOnline fetches what the file does not carry from a server of its authorities.
func TestOnline(t *testing.T) {
	pki := pkitest.New(pkitest.At(noon), pkitest.Deterministic("online"))
	server, err := pki.Serve()
	require.NoError(t, err)
	defer server.Close()
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	dir := t.TempDir()
	for name, options := range map[string][]pkitest.Option{"bon.p7m": nil, "révoqué.p7m": {pkitest.Revoked(noon.Add(-2*time.Hour), pkitest.KeyCompromise)}} {
		leaf := ca.Leaf("Mairie de Boisjoli", options...)
		signer, err := ades.FromKey(leaf.Key, leaf.Chain())
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, cades.Sign(context.Background(), &out, ades.Bytes([]byte(content)), signer, cades.Options{Time: noon.Add(-time.Hour)}))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "racine.pem"), root.PEM(), 0o600))
	_, out, _ := command(t, dir, "-json", "-anchors", "racine.pem", "bon.p7m")
	require.Equal(t, "indeterminate", lines(t, out)[0]["verdict"], "nothing is fetched unless asked")
	status, out, _ := command(t, dir, "-json", "-anchors", "racine.pem", "-online", "bon.p7m", "révoqué.p7m")
	require.Equal(t, someNot, status)
	require.Equal(t, "valid", lines(t, out)[0]["verdict"], out)
	s := lines(t, out)[1]["signatures"].([]any)[0].(map[string]any)
	require.Equal(t, "REVOKED_NO_POE", s["subIndication"])

	status, _, complaint := command(t, dir, "-crls", "racine.pem", "bon.p7m")
	require.Equal(t, unreadable, status)
	require.Contains(t, complaint, "racine.pem")
}
