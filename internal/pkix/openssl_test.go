//go:build interop

package pkix_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Certificates that OpenSSL makes with rare keys are read without an anomaly, named, and verified when they can be.
func TestCertificatesOfOpenSSL(t *testing.T) {
	dir := t.TempDir()
	key, cert := filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	run := func(t *testing.T, arguments ...string) {
		output, err := exec.Command("openssl", arguments...).CombinedOutput()
		require.NoError(t, err, "openssl %v: %s", arguments, output)
	}
	for _, c := range []struct {
		want, scheme string
		keygen, sign []string
		err          error
	}{
		{"EC brainpoolP256r1", "ECDSA with SHA-256", []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"}, []string{"-sha256"}, pkix.ErrUnsupported},
		{"EC brainpoolP512t1", "ECDSA with SHA-512", []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP512t1"}, []string{"-sha512"}, pkix.ErrUnsupported},
		{"EC secp256k1", "ECDSA with SHA3-256", []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"}, []string{"-sha3-256"}, pkix.ErrUnsupported},
		{"EC P-224", "ECDSA with SHA-256", []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"}, []string{"-sha256"}, nil},
		{"EC P-521", "ECDSA with SHA3-512", []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp521r1"}, []string{"-sha3-512"}, nil},
		{"EC B-283", "ECDSA with SHA-256", []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:sect283r1"}, []string{"-sha256"}, pkix.ErrUnsupported},
		{"Ed25519", "Ed25519", []string{"-algorithm", "ED25519"}, nil, nil},
		{"Ed448", "Ed448", []string{"-algorithm", "ED448"}, nil, pkix.ErrUnsupported},
		{"RSA 2048", "RSASSA-PKCS1-v1_5 with SHA3-256", []string{"-algorithm", "RSA"}, []string{"-sha3-256"}, nil},
		{"RSA 2048", "RSASSA-PSS with SHA-256, salt of 0 octets", []string{"-algorithm", "RSA"}, []string{"-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:0"}, nil},
		{"RSA 2048", "RSASSA-PSS with SHA-256, MGF1 with SHA-1", []string{"-algorithm", "RSA"}, []string{"-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:sha1", "-sigopt", "rsa_pss_saltlen:32"}, nil},
		{"RSA 2048", "RSASSA-PSS with SHA-1, MGF1 with SHA-256", []string{"-algorithm", "RSA"}, []string{"-sha1", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:sha256", "-sigopt", "rsa_pss_saltlen:20"}, nil},
		{"RSA 2048", "RSASSA-PKCS1-v1_5 with SHA-256", []string{"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_pubexp:4294967297"}, []string{"-sha256"}, nil},
		{"RSA-PSS 2048", "RSASSA-PSS with SHA-512, salt of 30 octets", []string{"-algorithm", "RSA-PSS", "-pkeyopt", "rsa_pss_keygen_md:sha512", "-pkeyopt", "rsa_pss_keygen_mgf1_md:sha512", "-pkeyopt", "rsa_pss_keygen_saltlen:30"},
			[]string{"-sha512", "-sigopt", "rsa_pss_saltlen:30"}, nil},
		{"RSA 512", "RSASSA-PKCS1-v1_5 with SHA-256", []string{"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"}, []string{"-sha256"}, pkix.ErrUnsupported},
	} {
		t.Run(c.want+", "+c.scheme, func(t *testing.T) {
			run(t, append([]string{"genpkey", "-out", key}, c.keygen...)...)
			run(t, append([]string{"req", "-new", "-x509", "-key", key, "-out", cert, "-subj", "/C=FR/O=Essai", "-set_serial", "77"}, c.sign...)...)
			data, err := os.ReadFile(cert)
			require.NoError(t, err)
			certs, unreadable := pkix.ParseCertificates(data)
			require.Empty(t, unreadable)
			require.Empty(t, certs[0].Anomalies)
			require.Equal(t, c.want, certs[0].PublicKey.Describe())
			require.Equal(t, c.scheme, pkix.AlgorithmName(certs[0].SignatureAlgorithm))
			require.ErrorIs(t, pkix.CheckIssued(certs[0], certs[0]), c.err)
			if scheme, err := pkix.ParseScheme(certs[0].SignatureAlgorithm, nil, 0); err == nil {
				require.Equal(t, certs[0].SignatureAlgorithm, scheme.AlgorithmIdentifier(nil), "OpenSSL writes the same identifier")
			}
		})
	}
}
