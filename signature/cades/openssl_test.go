//go:build interop

package cades_test

import (
	"bytes"
	"crypto"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// openssl runs a command in dir and returns what it printed, and whether it ended well.
func openssl(dir string, args ...string) (string, bool) {
	command := exec.Command("openssl", args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	return string(out), err == nil
}

func save(t testing.TB, dir, name string, octets []byte) string {
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, octets, 0o600))
	return path
}

// OpenSSL 3 verifies every CAdES made whose algorithm it has in CMS, with the check of signing-certificate-v2 (-cades), and refuses each
// over another document. OpenSSL 3.0 has no Ed25519 in CMS.
func TestOpenSSLVerifiesOurs(t *testing.T) {
	h := sharedHouse()
	dir := t.TempDir()
	save(t, dir, "root.pem", h.root.PEM())
	save(t, dir, "content", content)
	save(t, dir, "other", append([]byte(" "), content...))
	at := fmt.Sprint(h.pki.Now().Unix())
	tried := 0
	for i, a := range algorithms {
		if a.key == pkitest.Ed25519 {
			continue
		}
		for _, detached := range []bool{false, true} {
			for _, level := range []ades.Level{ades.BaselineB, ades.BaselineT} {
				name := fmt.Sprintf("%s %s %s detached %v", a.key, a.name, level, detached)
				t.Run(name, func(t *testing.T) {
					tried++
					file := fmt.Sprintf("%d-%v-%s.p7", i, detached, level)
					save(t, dir, file, sign(t, signer(t, h.leaf(a.key)), cades.Options{
						Level: level, Authority: h.tsa, Detached: detached, Digest: a.digest, PSS: a.pss, Roles: []string{"Maire"},
					}))
					args := []string{"cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", file, "-CAfile", "root.pem", "-attime", at, "-out", "out"}
					if detached {
						out, ok := openssl(dir, append(args, "-content", "content")...)
						require.True(t, ok, out)
						_, ok = openssl(dir, append(args, "-content", "other")...)
						require.False(t, ok)
						return
					}
					out, ok := openssl(dir, args...)
					require.True(t, ok, out)
					got, err := os.ReadFile(filepath.Join(dir, "out"))
					require.NoError(t, err)
					require.Equal(t, content, got)
				})
			}
		}
	}
	require.Equal(t, 4*(len(algorithms)-2), tried)
}

// Two signers, one extended: OpenSSL verifies both, and the timestamp.
func TestOpenSSLVerifiesParallelAndExtended(t *testing.T) {
	h := sharedHouse()
	dir := t.TempDir()
	save(t, dir, "root.pem", h.root.PEM())
	first := sign(t, signer(t, h.leaf(pkitest.RSA3072)), cades.Options{})
	var two, extended bytes.Buffer
	require.NoError(t, cades.AddSigner(t.Context(), &two, ades.Bytes(first), nil, signer(t, h.leaf(pkitest.P384)), cades.Options{Time: signingTime}))
	require.NoError(t, cades.Extend(t.Context(), &extended, ades.Bytes(two.Bytes()), cades.ExtendOptions{Level: ades.BaselineT, Authority: h.tsa}))
	save(t, dir, "both.p7m", extended.Bytes())
	out, ok := openssl(dir, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "both.p7m", "-CAfile", "root.pem",
		"-attime", fmt.Sprint(h.pki.Now().Unix()), "-out", "out", "-signer", "signers.pem")
	require.True(t, ok, out)
	signers, err := os.ReadFile(filepath.Join(dir, "signers.pem"))
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(signers), "BEGIN CERTIFICATE"))

	doc := read(t, extended.Bytes(), nil)
	for i, s := range doc.Signatures {
		attribute := s.UnsignedAttributes[0]
		require.Equal(t, "1.2.840.113549.1.9.16.2.14", attribute.OID)
		save(t, dir, fmt.Sprint("token", i), attribute.Values[0])
		save(t, dir, fmt.Sprint("value", i), s.Value)
		out, ok := openssl(dir, "ts", "-verify", "-token_in", "-in", fmt.Sprint("token", i), "-data", fmt.Sprint("value", i), "-CAfile", "root.pem",
			"-untrusted", save(t, dir, "ca.pem", h.ca.PEM()), "-attime", fmt.Sprint(h.pki.Now().Unix()))
		require.True(t, ok, out)
	}
}

// We read what OpenSSL signs: attached in one piece or in streamed segments, detached, in PEM, with signers named by key, PSS,
// without attributes, by several; and never take the other document for it.
func TestWeReadOpenSSL(t *testing.T) {
	h := sharedHouse()
	dir := t.TempDir()
	large := bytes.Repeat([]byte("Le conseil municipal décide. "), 20_000) // many segments of 4096
	save(t, dir, "content", large)
	for _, key := range []pkitest.KeyType{pkitest.RSA2048, pkitest.RSA4096, pkitest.P256, pkitest.P384, pkitest.P521} {
		id := h.leaf(key)
		save(t, dir, key.String()+".pem", id.PEM())
		save(t, dir, key.String()+".key", id.KeyPEM())
		for name, options := range map[string]string{
			"attached":           "-nodetach -cades",
			"streamed":           "-nodetach -cades -stream",
			"detached":           "-cades",
			"detached, streamed": "-cades -stream",
			"PEM":                "-nodetach -cades -outform PEM",
			"PEM, streamed":      "-nodetach -cades -outform PEM -stream",
			"by key":             "-nodetach -cades -keyid",
			"SHA-512":            "-nodetach -cades -md sha512",
			"PSS":                "-nodetach -cades -keyopt rsa_padding_mode:pss",
			"plain":              "-nodetach",
			"no attributes":      "-nodetach -noattr",
			"no certificate":     "-nodetach -cades -nocerts",
		} {
			if name == "PSS" && !strings.HasPrefix(key.String(), "RSA") {
				continue
			}
			t.Run(key.String()+" "+name, func(t *testing.T) {
				args := strings.Fields("cms -sign -binary -outform DER -in content -signer " + key.String() + ".pem -inkey " + key.String() + ".key -out signed " + options)
				out, ok := openssl(dir, args...)
				require.True(t, ok, out)
				signed, err := os.ReadFile(filepath.Join(dir, "signed"))
				require.NoError(t, err)
				o := cades.ReadOptions{}
				var inside bytes.Buffer
				o.Content = &inside
				if strings.Contains(name, "detached") {
					o.Detached = ades.Bytes(large)
				}
				doc, err := cades.Read(t.Context(), ades.Bytes(signed), o)
				require.NoError(t, err)
				if name == "no certificate" {
					doc.AddCertificate(id.DER, facts.FromCaller)
					doc.Designate()
				}
				s := &doc.Signatures[0]
				require.Empty(t, s.Problems)
				require.True(t, s.References[0].Intact)
				require.Len(t, s.Candidates, 1)
				require.True(t, valueVerifies(t, doc, s))
				if strings.Contains(options, "-cades") {
					require.True(t, isSound(doc, s))
				} else {
					require.Equal(t, "PKCS7", s.Level)
				}
				if o.Detached == nil {
					require.True(t, bytes.Equal(large, inside.Bytes()))
					damaged := bytes.Clone(signed)
					at := len(damaged) / 2
					if damaged[at]++; damaged[at] == '\n'+1 {
						damaged[at]++
					}
					if doc, err := cades.Read(t.Context(), ades.Bytes(damaged), cades.ReadOptions{}); err == nil {
						require.False(t, doc.Signatures[0].References[0].Intact && valueVerifies(t, doc, &doc.Signatures[0]))
					}
					return
				}
				doc, err = cades.Read(t.Context(), ades.Bytes(signed), cades.ReadOptions{Detached: ades.Bytes(content)})
				require.NoError(t, err)
				if strings.Contains(name, "streamed") { // OpenSSL then writes the content inside all the same
					require.Equal(t, "cades.other-document", doc.Signatures[0].Problems[0].Code)
					return
				}
				require.False(t, doc.Signatures[0].References[0].Intact)
			})
		}
	}
	out, ok := openssl(dir, "cms", "-sign", "-binary", "-outform", "DER", "-in", "content", "-nodetach", "-cades", "-stream", "-out", "signed",
		"-signer", "P-256.pem", "-inkey", "P-256.key", "-signer", "RSA-2048.pem", "-inkey", "RSA-2048.key")
	require.True(t, ok, out)
	signed, err := os.ReadFile(filepath.Join(dir, "signed"))
	require.NoError(t, err)
	doc := read(t, signed, nil)
	require.Len(t, doc.Signatures, 2)
	require.True(t, isSound(doc, &doc.Signatures[0]) && isSound(doc, &doc.Signatures[1]))

	// And a third signature beside what OpenSSL streamed, which OpenSSL then verifies.
	var three bytes.Buffer
	require.NoError(t, cades.AddSigner(t.Context(), &three, ades.Bytes(signed), nil, signer(t, h.leaf(pkitest.P384)), cades.Options{Time: signingTime}))
	save(t, dir, "three", three.Bytes())
	save(t, dir, "root.pem", h.root.PEM())
	save(t, dir, "ca.pem", h.ca.PEM())
	out, ok = openssl(dir, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "three", "-CAfile", "root.pem", "-certfile", "ca.pem",
		"-attime", fmt.Sprint(h.pki.Now().Unix()), "-out", "out")
	require.True(t, ok, out)
}

func valueVerifies(t testing.TB, doc *facts.Document, s *facts.Signature) bool {
	for _, id := range s.Candidates {
		if c := parsed(t, doc.Certificate(id).Raw); verifies(s, &c.PublicKey) {
			return true
		}
	}
	return false
}

// A timestamp authority that is OpenSSL: our client accepts its answers.
func TestOpenSSLTimestamps(t *testing.T) {
	pki := pkitest.New(pkitest.At(time.Now()))
	root := pki.Root("Racine")
	unit := root.TimestampAuthority("Unité")
	dir := t.TempDir()
	save(t, dir, "tsa.pem", unit.PEM())
	save(t, dir, "tsa.key", unit.KeyPEM())
	save(t, dir, "serial", []byte("01\n"))
	save(t, dir, "ts.cnf", []byte(strings.Join([]string{
		"[tsa]", "default_tsa = unit", "[unit]", "serial = serial", "signer_cert = tsa.pem", "signer_key = tsa.key", "signer_digest = sha256",
		"default_policy = 1.3.6.1.4.1.32473.1", "digests = sha256, sha384, sha512", "accuracy = secs:1", "ess_cert_id_alg = sha256", "",
	}, "\n")))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var query bytes.Buffer
		query.ReadFrom(r.Body)
		save(t, dir, "query", query.Bytes())
		out, ok := openssl(dir, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "reply")
		if !ok {
			t.Error(out)
		}
		reply, err := os.ReadFile(filepath.Join(dir, "reply"))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		w.Write(reply)
	}))
	defer server.Close()
	client, err := timestamp.NewClient(timestamp.Options{URL: server.URL, HTTPClient: server.Client(), Now: time.Now, Anchors: [][]byte{root.DER}})
	require.NoError(t, err)
	id := root.Leaf("Maire")
	for _, digest := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		signed := sign(t, signer(t, id), cades.Options{Level: ades.BaselineT, Authority: client, Time: pki.Now(), Digest: digest})
		doc := read(t, signed, nil)
		require.True(t, isSound(doc, &doc.Signatures[0]))
		require.Equal(t, "B-T", doc.Signatures[0].Level)
		require.Empty(t, doc.Timestamps[0].Problems)
		require.True(t, doc.Timestamps[0].References[1].Intact)
	}
	reply, err := os.ReadFile(filepath.Join(dir, "reply"))
	require.NoError(t, err)
	doc, err := cades.Read(t.Context(), ades.Bytes(reply), cades.ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, facts.Timestamp, doc.Format)
}
