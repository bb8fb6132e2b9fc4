//go:build interop

package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func runPeer(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return out
}

// OpenSSL opens the capsule of each kind of recipient, and verifies the manifest and the receipt that are in testdata.
func TestOpenSSL(t *testing.T) {
	w := theCast()
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return path
	}
	root := file("root.pem", w.root.PEM())
	at := fmt.Sprint(craftTime.Unix())
	rsa4096 := w.ca.Leaf("RSA 4096", pkitest.Encrypt, pkitest.RSA4096, pkitest.SIRET(string(siretB)))
	p521 := w.ca.Leaf("P-521", pkitest.Encrypt, pkitest.P521, pkitest.SIRET(string(siretC)))
	k := newCraft()
	k.to = []*pkitest.Identity{w.b, w.c, w.d, rsa4096, p521} // RSA-2048, P-256, P-384
	var plain []byte
	k.plain = func(b []byte) []byte { plain = b; return b }
	capsule := file("capsule", capsuleOf(k.build(t)))
	for i, id := range k.to {
		key, certificate := file(fmt.Sprint(i, ".key"), id.KeyPEM()), file(fmt.Sprint(i, ".pem"), id.PEM())
		out := filepath.Join(dir, "content")
		runPeer(t, "openssl", "cms", "-decrypt", "-inform", "DER", "-in", capsule, "-inkey", key, "-recip", certificate, "-out", out)
		got, err := os.ReadFile(out)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plain, got), id.Name)
	}
	content, err := parseCapsuleContent(plain)
	require.NoError(t, err)
	for name, signed := range map[string][]byte{"manifest": content.manifest, "receipt": readVector(t, "receipt-accepted.der")} {
		out := filepath.Join(dir, "json")
		runPeer(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", file(name, signed), "-CAfile", root, "-purpose", "any",
			"-attime", at, "-out", out)
		got, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, byte('{'), got[0])
	}
}

// pyca returns the Python of a virtual environment that has pyca/cryptography 50.0.2.
func pyca(t *testing.T) string {
	t.Helper()
	home := os.Getenv("PEERS_HOME")
	if home == "" {
		cache, err := os.UserCacheDir()
		require.NoError(t, err)
		home = filepath.Join(cache, "confiance-peers")
	}
	venv := filepath.Join(home, "pyca")
	python := filepath.Join(venv, "bin", "python")
	const check = "import cryptography; assert cryptography.__version__ == '50.0.2'"
	if exec.Command(python, "-c", check).Run() != nil {
		require.NoError(t, os.MkdirAll(home, 0o755))
		runPeer(t, "python3", "-m", "venv", venv)
		runPeer(t, python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "cryptography==50.0.2")
	}
	return python
}

// pyca/cryptography opens our payload, and we open the one that it makes of the same plaintext.
func TestPyCACobblestone(t *testing.T) {
	python := pyca(t)
	w := theCast()
	dir := t.TempDir()
	for _, size := range []int{0, 1, chunkSize - 32, chunkSize, LeafSize + 77} {
		k := newCraft()
		k.parts[0] = patterned(size)
		plain := bytes.Clone(k.parts[0])
		for rest := plain[:size:size]; len(rest) > 0; rest = rest[min(len(rest), LeafSize):] {
			leaf := sha256.Sum256(append([]byte{0}, rest[:min(len(rest), LeafSize)]...))
			plain = append(plain, leaf[:]...)
		}
		file := func(name string, b []byte) string {
			path := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(path, b, 0o600))
			return path
		}
		var ours []byte
		k.payload = func(b []byte) []byte { ours = b; return b }
		k.build(t)
		theirs := filepath.Join(dir, "theirs")
		runPeer(t, python, "-c", `
import sys
from cryptography.cobblestone import Cobblestone256Decryptor as Decryptor, Cobblestone256Encryptor as Encryptor
key, context, ours, plain, theirs = bytes.fromhex(sys.argv[1]), sys.argv[2].encode(), *sys.argv[3:6]
plain = open(plain, 'rb').read()
d = Decryptor(key, context)
assert d.update(open(ours, 'rb').read()) + d.finalize() == plain
e = Encryptor(key, context)
open(theirs, 'wb').write(e.update(plain) + e.finalize())
`, hex.EncodeToString(k.key[:]), string(payloadContext(k.id)), file("ours", ours), file("plain", plain), theirs)
		made, err := os.ReadFile(theirs)
		require.NoError(t, err)
		require.Len(t, made, len(ours))
		k.payload = func([]byte) []byte { return made }
		k.manifest = func(m *Manifest) { m.Payload.Commitment = Hash(made[saltSize:payloadHead]) } // of their salt
		m, err := openAll(k.build(t), w.b, readingNow())
		require.NoError(t, err, "%d octets", size)
		require.EqualValues(t, size, m.Manifest.Parts[0].Size)
	}
}
