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

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func travel(t *testing.T, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs, time.Now)
	return status, out.String(), errs.String()
}

func TestWholeJourney(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder")
	status, stdout, stderr := travel(t, "-out", dir)
	require.Equal(t, exitVerified, status, stderr)
	require.Contains(t, stdout, "Tout est vérifié")
	for _, name := range []string{fileOriginal, fileSigned, fileRGS + ".txt", fileRGS + ".json", filePli, fileCapsule, fileManifest,
		filepath.Join(folderOpened, partName), fileValidation + ".txt", fileValidation + ".json", fileValidation + ".html", fileValidation + ".xml", fileReceipt, filepath.Join(folderCerts, "racine.pem")} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NotZero(t, info.Size(), name)
	}
	original, err := os.ReadFile(filepath.Join(dir, fileOriginal))
	require.NoError(t, err)
	require.Equal(t, example, original)
	signed, err := os.ReadFile(filepath.Join(dir, fileSigned))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(signed, original), "a signature appends and rewrites nothing")
	opened, err := os.ReadFile(filepath.Join(dir, folderOpened, partName))
	require.NoError(t, err)
	require.Equal(t, signed, opened)
	for _, name := range []string{fileRGS + ".json", fileValidation + ".json"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		var value struct{ Schema int }
		require.NoError(t, json.Unmarshal(content, &value))
		require.Equal(t, 1, value.Schema)
	}
	leftovers, err := filepath.Glob(filepath.Join(dir, ".deliberation-*"))
	require.NoError(t, err)
	require.Empty(t, leftovers)

	for name, mode := range map[string]os.FileMode{"racine.pem": 0o644, "reception-prefecture.cle-de-demonstration.pem": 0o600} {
		info, err := os.Stat(filepath.Join(dir, folderCerts, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}

	status, _, stderr = travel(t, "-out", dir)
	require.Equal(t, exitVerified, status, "a second run replaces the results of the first: %s", stderr)
	status, _, _ = travel(t, "-out", dir, "-tamper", "rgs")
	require.Equal(t, exitRefused, status)
	require.NoFileExists(t, filepath.Join(dir, fileReceipt), "a journey that stopped leaves no result of another")
}

// A document that somebody else has signed already: his signature stays, and is told; an altered one is refused.
func TestSignedBefore(t *testing.T) {
	before, dir := t.TempDir(), t.TempDir()
	status, _, stderr := travel(t, "-out", before)
	require.Equal(t, exitVerified, status, stderr)
	signed := filepath.Join(before, fileSigned)
	status, stdout, stderr := travel(t, "-in", signed, "-out", dir)
	require.Equal(t, exitVerified, status, stderr)
	require.Contains(t, stdout, "signature antérieure S-1 : INDÉTERMINÉE (INDETERMINATE, NO_CERTIFICATE_CHAIN_FOUND)")
	require.Contains(t, stdout, "signature S-2 : VALIDE")

	content, err := os.ReadFile(signed)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(signed, bytes.Replace(content, []byte("/Producer"), []byte("/producer"), 1), 0o600))
	status, _, stderr = travel(t, "-in", signed, "-out", dir)
	require.Equal(t, exitRefused, status)
	require.Contains(t, stderr, "signature antérieure S-1")
	require.Contains(t, stderr, "reference.intact")

	status, _, stderr = travel(t, "-in", signed, "-out", before)
	require.Equal(t, exitRefused, status, "the document would be removed with the results")
	require.Contains(t, stderr, "donnez un autre -out")
	require.FileExists(t, signed)
}

// One bit, at each step, and somebody notices: the reason is the right one.
func TestTampering(t *testing.T) {
	for step, want := range map[string]struct{ reason, who string }{
		"sign": {"reference.intact", "la mairie, qui valide"}, "rgs": {"empreinte SHA-256", "la mairie, qui compare"},
		"seal": {"payload is not intact", "la préfecture, qui vérifie le pli"}, "open": {"reference.intact", "la préfecture, qui valide"},
		"receipt": {"message-digest", "la mairie, qui vérifie l'accusé"},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := travel(t, "-out", t.TempDir(), "-tamper", step)
			require.Equal(t, exitRefused, status, stdout)
			require.Contains(t, stdout, "est changé")
			require.Contains(t, stdout, "REFUSÉ")
			require.Contains(t, stdout, "qui s'en aperçoit : "+want.who)
			require.Contains(t, stderr, want.reason)
		})
	}
}

// The journey with the caller's own document, key and timestamp authority.
func TestOwnKeyAndAuthority(t *testing.T) {
	dir := t.TempDir()
	pki := pkitest.New(pkitest.At(time.Now()))
	ca := pki.Root("Racine d'un autre").Intermediate("AC d'un autre")
	mine := ca.Leaf("Cachet d'un autre", pkitest.Seal, pkitest.RSA2048, pkitest.SIRET("99900001100018"))
	p12, err := mine.PKCS12("secret")
	require.NoError(t, err)
	key, document := filepath.Join(dir, "key.p12"), filepath.Join(dir, "acte.pdf")
	require.NoError(t, os.WriteFile(key, p12, 0o600))
	require.NoError(t, os.WriteFile(document, example, 0o600))
	authority := ca.TimestampAuthority("Horodatage d'un autre")
	server, err := pki.Serve()
	require.NoError(t, err)
	defer server.Close()

	arguments := []string{"-in", document, "-p12", key, "-password", "secret", "-tsa", authority.URL()}
	status, stdout, stderr := travel(t, append(arguments, "-out", filepath.Join(dir, "out"))...)
	require.Equal(t, exitVerified, status, stderr)
	require.Contains(t, stdout, "Cachet d'un autre")
	require.Contains(t, stdout, "crue sur parole")

	anchors := filepath.Join(dir, "tsa.pem")
	require.NoError(t, os.WriteFile(anchors, pki.RootsPEM(), 0o600))
	status, stdout, stderr = travel(t, append(arguments, "-tsa-anchors", anchors, "-out", filepath.Join(dir, "out2"))...)
	require.Equal(t, exitVerified, status, stderr)
	require.NotContains(t, stdout, "crue sur parole")
}

func TestWhatCannotTravel(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	ca := pkitest.New(pkitest.At(time.Now())).Root("Racine")
	expired, err := ca.Leaf("Agent", pkitest.Expired()).PKCS12("secret")
	require.NoError(t, err)
	old := put("expired.p12", expired)
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no such step":     {[]string{"-tamper", "post"}, exitUsage, "-tamper is one of"},
		"argument":         {[]string{"acte.pdf"}, exitUsage, "-in"},
		"help":             {[]string{"-h"}, exitVerified, "usage: deliberation"},
		"password alone":   {[]string{"-password", "x"}, exitUsage, "-p12"},
		"anchors alone":    {[]string{"-tsa-anchors", "x"}, exitUsage, "-tsa"},
		"wrong flag":       {[]string{"-nope"}, exitUsage, "not defined"},
		"missing file":     {[]string{"-in", filepath.Join(dir, "none.pdf")}, exitRefused, "no such file"},
		"a folder":         {[]string{"-in", dir}, exitRefused, "not a regular file"},
		"empty":            {[]string{"-in", put("empty.pdf", nil)}, exitRefused, "empty.pdf : pdf"},
		"not a PDF":        {[]string{"-in", put("letter.txt", []byte("bonjour"))}, exitRefused, "letter.txt : pdf"},
		"truncated PDF":    {[]string{"-in", put("half.pdf", example[:len(example)/2])}, exitRefused, "pdf"},
		"wrong password":   {[]string{"-p12", old, "-password", "Secret"}, exitRefused, "password"},
		"not a PKCS#12":    {[]string{"-p12", put("key.p12", []byte("bonjour"))}, exitRefused, "PKCS#12"},
		"expired":          {[]string{"-p12", old, "-password", "secret"}, exitRefused, "expired"},
		"silent authority": {[]string{"-tsa", "http://127.0.0.1:1/tsa"}, exitRefused, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := travel(t, append(c.args, "-out", t.TempDir())...)
			require.Equal(t, c.status, status, stderr)
			require.Contains(t, strings.ToLower(stderr), strings.ToLower(c.says))
		})
	}
}
