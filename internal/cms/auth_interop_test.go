//go:build interop

package cms_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// openssl runs the command in a folder and returns what it printed.
func openssl(t *testing.T, dir string, args ...string) ([]byte, error) {
	c := exec.Command("openssl", args...)
	c.Dir = dir
	return c.CombinedOutput()
}

// save writes a key and its certificate where OpenSSL finds them.
func (k envelopeKey) save(t *testing.T, dir, name string) {
	private, err := x509.MarshalPKCS8PrivateKey(k.private)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.raw}), 0o600))
}

// interopKeys adds an RSA key of the usual size to those of the other tests.
func interopKeys(t *testing.T) (dir string, keys map[string]envelopeKey) {
	dir = t.TempDir()
	keys = map[string]envelopeKey{"rsa2048": keyRSA(), "rsa3072": newRSAKey(3072, "rsa3072"), "p256": keyP256(), "p384": keyP384(), "p521": keyP521()}
	for name, key := range keys {
		key.save(t, dir, name)
	}
	return dir, keys
}

// OpenSSL decrypts what we write: each kind of recipient, both names, one piece and a stream, alone and together.
func TestOpenSSLDecryptsOurs(t *testing.T) {
	dir, keys := interopKeys(t)
	var everyone []cms.Recipient
	for _, key := range keys {
		everyone = append(everyone, key.byIssuer())
	}
	check := func(what string, sealed, content []byte, name string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sealed"), sealed, 0o600))
		out, err := openssl(t, dir, "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "sealed", "-inkey", name+".key", "-recip", name+".pem", "-out", "opened")
		require.NoError(t, err, "%s for %s: %s", what, name, out)
		opened, err := os.ReadFile(filepath.Join(dir, "opened"))
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, opened), "%s for %s", what, name)
	}
	for _, size := range []int{0, 1, 16, 65535, 65536, 65537, 1000000} {
		content := randomBytes(size)
		for name, key := range keys {
			check("capsule by issuer", sealBytes(t, content, key.byIssuer()), content, name)
			check("capsule by key", sealBytes(t, content, key.byKeyID()), content, name)
			check("definite", writeBytes(t, content, false, key.byKeyID()), content, name)
			check("streamed", writeBytes(t, content, true, key.byIssuer()), content, name)
		}
		capsule, streamed := sealBytes(t, content, everyone...), writeBytes(t, content, true, everyone...)
		for name := range keys {
			check("capsule for all", capsule, content, name)
			check("streamed for all", streamed, content, name)
		}
	}
	// The command notices: a test that cannot fail proves nothing.
	sealed := sealBytes(t, []byte("contenu"), keyP256().byIssuer())
	sealed[len(sealed)-1] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sealed"), sealed, 0o600))
	_, err := openssl(t, dir, "cms", "-decrypt", "-inform", "DER", "-in", "sealed", "-inkey", "p256.key", "-recip", "p256.pem", "-out", "opened")
	require.Error(t, err)
}

// We decrypt OpenSSL's AuthEnvelopedData, and the strict reader finds its DER canonical: the encodings are the same.
func TestWeDecryptOpenSSL(t *testing.T) {
	dir, keys := interopKeys(t)
	for _, size := range []int{0, 1, 4096, 65537, 300000} {
		content := randomBytes(size)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "content"), content, 0o600))
		for name, key := range keys {
			options := map[string][]string{
				"p256": {"ecdh_kdf_md:sha256", "ecdh_kdf_md:sha384"}, "p384": {"ecdh_kdf_md:sha256", "ecdh_kdf_md:sha384"},
				"p521":    {"ecdh_kdf_md:sha384", "ecdh_kdf_md:sha256"},
				"rsa2048": {"rsa_padding_mode:oaep"}, "rsa3072": {"rsa_padding_mode:oaep"},
			}[name]
			for _, option := range options {
				for _, more := range [][]string{nil, {"-stream"}, {"-keyid"}, {"-keyid", "-stream"}} {
					if size == 0 && slices.Contains(more, "-stream") {
						continue // OpenSSL 3.0 cannot write it
					}
					args := []string{"cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-in", "content", "-out", "sealed"}
					args = append(args, more...)
					args = append(args, "-recip", name+".pem", "-keyopt", option)
					if key.certificate.PublicKey.Kind == "RSA" {
						args = append(args, "-keyopt", "rsa_oaep_md:sha256")
					}
					out, err := openssl(t, dir, args...)
					require.NoError(t, err, "%v: %s", args, out)
					sealed, err := os.ReadFile(filepath.Join(dir, "sealed"))
					require.NoError(t, err)

					opened, envelope, err := readBytes(sealed, key.opener())
					require.NoError(t, err, "%v", args)
					require.True(t, bytes.Equal(content, opened), "%v", args)
					require.Equal(t, cms.OIDData, envelope.ContentType)
					opened, _, err = cms.OpenAuthEnveloped(sealed, key.opener())
					if slices.Contains(more, "-stream") {
						require.ErrorIs(t, err, cms.ErrEnvelope)
						continue
					}
					require.NoError(t, err, "%v", args)
					require.True(t, bytes.Equal(content, opened), "%v", args)
				}
			}
		}
	}
}

// What OpenSSL writes by default, or when asked for something weaker, is refused with the name of the algorithm.
func TestWeRefuseOpenSSLDefaults(t *testing.T) {
	dir, keys := interopKeys(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "content"), []byte("contenu"), 0o600))
	for _, c := range []struct {
		name, reason string
		args         []string
	}{
		{"rsa2048", "RSAES-PKCS1-v1_5", []string{"-aes-256-gcm", "-recip", "rsa2048.pem"}},
		{"rsa2048", "RSAES-OAEP with other parameters", []string{"-aes-256-gcm", "-recip", "rsa2048.pem", "-keyopt", "rsa_padding_mode:oaep"}},
		{"p256", "ECDH with SHA-1", []string{"-aes-256-gcm", "-recip", "p256.pem"}},
		{"p256", "cofactor ECDH with SHA-256", []string{"-aes-256-gcm", "-recip", "p256.pem", "-keyopt", "ecdh_cofactor_mode:1", "-keyopt", "ecdh_kdf_md:sha256"}},
		{"p256", "AES-128-GCM", []string{"-aes-128-gcm", "-recip", "p256.pem", "-keyopt", "ecdh_kdf_md:sha256"}},
		{"p256", "is not AuthEnvelopedData", []string{"-aes-256-cbc", "-recip", "p256.pem", "-keyopt", "ecdh_kdf_md:sha256"}},
	} {
		out, err := openssl(t, dir, append([]string{"cms", "-encrypt", "-binary", "-outform", "DER", "-in", "content", "-out", "sealed"}, c.args...)...)
		require.NoError(t, err, "%v: %s", c.args, out)
		sealed, err := os.ReadFile(filepath.Join(dir, "sealed"))
		require.NoError(t, err)
		_, _, err = cms.OpenAuthEnveloped(sealed, keys[c.name].opener())
		require.ErrorIs(t, err, cms.ErrEnvelope, c.reason)
		require.ErrorContains(t, err, c.reason)
		content, _, err := readBytes(sealed, keys[c.name].opener())
		require.ErrorIs(t, err, cms.ErrEnvelope, c.reason)
		require.ErrorContains(t, err, c.reason)
		require.Empty(t, content)
	}
}
