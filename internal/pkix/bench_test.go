package pkix_test

import (
	"crypto"
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// BenchmarkParseCertificate stands beside crypto/x509 on the same octets.
func BenchmarkParseCertificate(b *testing.B) {
	for name, key := range map[string]crypto.Signer{"RSA 2048": rsaKey(), "P-256": ecKey(), "Ed25519": edKey()} {
		raw := usual(b, key)
		b.Run(name+"/pkix", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = pkix.ParseCertificate(raw)
			}
		})
		b.Run(name+"/x509", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = x509.ParseCertificate(raw)
			}
		})
	}
}

// BenchmarkCheckIssued stands beside crypto/x509 on the same pair.
func BenchmarkCheckIssued(b *testing.B) {
	for name, key := range map[string]crypto.Signer{"RSA 2048": rsaKey(), "P-256": ecKey()} {
		raw := usual(b, key)
		ours, err := pkix.ParseCertificate(raw)
		require.NoError(b, err)
		std, err := x509.ParseCertificate(raw)
		require.NoError(b, err)
		b.Run(name+"/pkix", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if pkix.CheckIssued(ours, ours) != nil {
					b.Fatal()
				}
			}
		})
		b.Run(name+"/x509", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if std.CheckSignature(std.SignatureAlgorithm, std.RawTBSCertificate, std.Signature) != nil {
					b.Fatal()
				}
			}
		})
	}
}
