//go:build interop

package pkitest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// peer is a command of ../shared/peers, beside the repository.
func peer(t *testing.T, parts ...string) string {
	t.Helper()
	shared := os.Getenv("CONFIANCE_SHARED")
	if shared == "" {
		dir, err := os.Getwd()
		require.NoError(t, err)
		for {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
			require.NotEqual(t, dir, filepath.Dir(dir), "no go.mod above the test")
			dir = filepath.Dir(dir)
		}
		shared = filepath.Join(dir, "..", "shared")
	}
	path := filepath.Join(append([]string{shared, "peers"}, parts...)...)
	require.FileExists(t, path)
	return path
}

// run returns the first JSON line that a peer prints.
func run(t *testing.T, dir, command string, args ...string) map[string]any {
	t.Helper()
	cmd := exec.Command(command, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%v\n%s\n%s", args, out, stderr.String())
	var line map[string]any
	if len(out) > 0 {
		require.NoError(t, json.NewDecoder(bytes.NewReader(out)).Decode(&line), "%s", out)
	}
	return line
}

// DSS signs at level LT with our PKCS#12, our timestamps, our OCSP and CRLs, and finds the whole sound; pyHanko at level T.
func TestPeersAcceptThePKI(t *testing.T) {
	dss, pyhanko := peer(t, "dss", "dss"), peer(t, "pyhanko", "pyhanko-peer")
	for _, k := range []pkitest.KeyType{pkitest.P256, pkitest.P384, pkitest.RSA3072} {
		t.Run(k.String(), func(t *testing.T) {
			pki := pkitest.New(pkitest.At(time.Now()))
			server, err := pki.Serve()
			require.NoError(t, err)
			defer server.Close()
			root := pki.Root("Racine d'essai", k)
			ca := root.Intermediate("AC d'essai", k)
			tsa := ca.TimestampAuthority("Horodatage d'essai", k)
			ca.Responder("OCSP d'essai", k)
			dir := t.TempDir()
			require.NoError(t, ca.Leaf("Mairie de Boisjoli", k).WriteFiles(dir, "mairie", "secret"))
			revoked := ca.Leaf("Maire sortant", k, pkitest.Revoked(pki.Now().Add(-time.Hour), pkitest.Superseded))
			require.NoError(t, revoked.WriteFiles(dir, "revoked", "secret"))
			write(t, dir, "root.pem", root.PEM())
			write(t, dir, "content", []byte("bonjour"))

			run(t, dir, dss, "sign", "-format", "cades", "-level", "LT", "-p12", "mairie.p12", "-password", "secret",
				"-tsa", tsa.URL(), "-anchors", "root.pem", "-online", "-in", "content", "-out", "dss.p7m")
			verdict := run(t, dir, dss, "validate", "-anchors", "root.pem", "-online", "dss.p7m")
			signature := verdict["signatures"].([]any)[0].(map[string]any)
			require.Equal(t, "TOTAL_PASSED", signature["indication"], "%v", verdict)
			require.Equal(t, "CAdES_BASELINE_LT", signature["format"])
			require.Equal(t, "PASSED", signature["timestamps"].([]any)[0].(map[string]any)["indication"], "%v", verdict)
			require.Empty(t, signature["errors"])

			run(t, dir, dss, "sign", "-format", "cades", "-level", "B", "-p12", "revoked.p12", "-password", "secret", "-in", "content", "-out", "revoked.p7m")
			verdict = run(t, dir, dss, "validate", "-anchors", "root.pem", "-online", "revoked.p7m")
			signature = verdict["signatures"].([]any)[0].(map[string]any)
			require.Equal(t, "REVOKED_NO_POE", signature["subIndication"], "%v", verdict)

			run(t, dir, pyhanko, "sign", "-p12", "mairie.p12", "-password", "secret", "-format", "cades", "-attached", "-level", "T",
				"-tsa", tsa.URL(), "-anchors", "root.pem", "-in", "content", "-out", "pyhanko.p7m")
			verdict = run(t, dir, pyhanko, "validate", "-anchors", "root.pem", "-online", "-revocation", "require", "pyhanko.p7m")
			signature = verdict["signatures"].([]any)[0].(map[string]any)
			require.Equal(t, "TOTAL-PASSED", signature["indication"], "%v", verdict)
			require.Equal(t, true, signature["bottomLine"], "%v", verdict)
		})
	}
}
