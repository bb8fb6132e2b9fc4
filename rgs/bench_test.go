package rgs_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/cadre-confiance/confiance/rgs"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// BenchmarkCertificate measures reading a certificate and judging it by every rule, beside crypto/x509 reading it.
func BenchmarkCertificate(b *testing.B) {
	pki := pkitest.New()
	leaf := pki.Root("Racine").Intermediate("AC").Leaf("Mairie", pkitest.Seal)
	registry := rgs.Default()
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	b.Run("rules", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := registry.Certificate(leaf.DER, rgs.Input{Time: at}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("x509.ParseCertificate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x509.ParseCertificate(leaf.DER); err != nil {
				b.Fatal(err)
			}
		}
	})
}
