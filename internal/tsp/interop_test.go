//go:build interop

package tsp_test

import (
	"crypto"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/tsp"
)

func openssl(t testing.TB, arguments ...string) string {
	output, err := exec.Command("openssl", arguments...).CombinedOutput()
	require.NoError(t, err, "openssl %v: %s", arguments, output)
	return string(output)
}

// OpenSSL reads our requests, and we read and write back its own.
func TestRequestsWithOpenSSL(t *testing.T) {
	dir := t.TempDir()
	ours, data, theirs := filepath.Join(dir, "ours.tsq"), filepath.Join(dir, "data"), filepath.Join(dir, "theirs.tsq")
	b, err := tsp.Request{Hash: crypto.SHA256, Imprint: sum[:], Policy: policy, Nonce: big.NewInt(0x1234567890), CertReq: true}.Marshal()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(ours, b, 0o600))
	text := openssl(t, "ts", "-query", "-in", ours, "-text")
	for _, want := range []string{"Version: 1", "Hash Algorithm: sha256", "Policy OID: 1.2.250.1.999.3", "Nonce: 0x1234567890", "Certificate required: yes"} {
		require.Contains(t, text, want)
	}

	require.NoError(t, os.WriteFile(data, []byte("délibération"), 0o600))
	for _, more := range [][]string{nil, {"-cert"}, {"-no_nonce"}, {"-tspolicy", "1.2.250.1.999.3", "-cert"}, {"-sha3-256"}} {
		openssl(t, append([]string{"ts", "-query", "-data", data, "-sha256", "-out", theirs}, more...)...)
		b, err := os.ReadFile(theirs)
		require.NoError(t, err)
		r, err := tsp.ParseRequest(b)
		require.NoError(t, err, "%v", more)
		require.Len(t, r.Imprint, 32)
		again, err := r.Marshal()
		require.NoError(t, err)
		require.Equal(t, b, again)
	}
}
