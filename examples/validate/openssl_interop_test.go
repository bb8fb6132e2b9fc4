//go:build interop

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// What OpenSSL signs, in one piece, in streamed segments or beside, and what it timestamps, the command finds valid; over another
// document, invalid.
func TestOpenSSLSigns(t *testing.T) {
	dir := t.TempDir()
	pki := pkitest.New(pkitest.At(time.Now().Add(-time.Hour)))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	unit := ca.TimestampAuthority("Horodatage d'essai")
	put := func(name string, octets []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), octets, 0o600))
	}
	put("root.pem", root.PEM())
	put("ca.pem", ca.PEM())
	put("acte", bytes.Repeat([]byte("Le conseil municipal décide. "), 20_000)) // many segments
	put("autre", []byte("Le conseil municipal refuse."))
	openssl := func(args ...string) {
		command := exec.CommandContext(t.Context(), "openssl", args...)
		command.Dir = dir
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s\n%s", args, out)
	}
	validate := func(args ...string) contractFile {
		t.Chdir(dir)
		var out, complaints bytes.Buffer
		run(t.Context(), append([]string{"-json", "-unsafe-no-revocation", "-anchors", "root.pem"}, args...), &out, &complaints, time.Now)
		require.Empty(t, complaints.String())
		return honours(t, strings.TrimSuffix(out.String(), "\n"))
	}
	for _, key := range []pkitest.KeyType{pkitest.RSA2048, pkitest.RSA3072, pkitest.P256, pkitest.P384} {
		require.NoError(t, ca.Leaf("Maire", key).WriteFiles(dir, "maire", "essai"))
		for _, form := range []string{"-nodetach", "-nodetach -stream", "-nodetach -outform PEM -stream", "", "-nodetach -md sha512", "-nodetach -keyid"} {
			t.Run(key.String()+" "+form, func(t *testing.T) {
				openssl(strings.Fields("cms -sign -cades -binary -outform DER -in acte -signer maire.pem -inkey maire-key.pem -certfile ca.pem -out signed " + form)...)
				args := []string{"signed"}
				if form == "" {
					args = []string{"-detached", "acte", "signed"}
					f := validate("-detached", "autre", "signed")
					require.Equal(t, "invalid", f.Verdict)
					require.Equal(t, "HASH_FAILURE", f.Signatures[0].SubIndication)
				}
				f := validate(args...)
				require.Equal(t, "valid", f.Verdict, "%+v", f)
				require.Equal(t, "B-B", f.Signatures[0].Level)
			})
		}
	}
	openssl(strings.Fields("cms -sign -binary -outform DER -in acte -signer maire.pem -inkey maire-key.pem -certfile ca.pem -out signed -nodetach")...)
	f := validate("signed")
	require.Equal(t, "indeterminate", f.Verdict, "no attribute names the certificate: EN 319 102-1 §5.2.8")
	require.Equal(t, "valid", f.Signatures[0].Crypto)
	require.Equal(t, "PKCS7", f.Signatures[0].Level)

	put("unit.pem", unit.PEM())
	put("unit.key", unit.KeyPEM())
	put("serial", []byte("01\n"))
	put("ts.cnf", []byte("[tsa]\ndefault_tsa = unit\n[unit]\nserial = serial\nsigner_cert = unit.pem\nsigner_key = unit.key\nsigner_digest = sha256\n"+
		"default_policy = 1.3.6.1.4.1.32473.1\ndigests = sha256\naccuracy = secs:1\ncerts = ca.pem\ness_cert_id_alg = sha256\n"))
	openssl(strings.Fields("ts -query -data acte -sha256 -cert -out query")...)
	openssl(strings.Fields("ts -reply -config ts.cnf -queryfile query -out reply.tsr")...)
	openssl(strings.Fields("ts -reply -config ts.cnf -in reply.tsr -token_out -out token.tst")...)
	for _, name := range []string{"reply.tsr", "token.tst"} {
		f := validate("-detached", "acte", name)
		require.Equal(t, "tst", f.Format)
		require.Equal(t, "none", f.Verdict, "a timestamp is no signature")
		require.Len(t, f.Timestamps, 1)
		require.Equal(t, "PASSED", f.Timestamps[0].Indication, "%+v", f.Timestamps[0])
		f = validate("-detached", "autre", name)
		require.Equal(t, "FAILED", f.Timestamps[0].Indication)
		require.Equal(t, "invalid", f.Timestamps[0].Crypto)
	}
}
