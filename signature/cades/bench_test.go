package cades_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// Each benchmark stands beside the raw operation that it wraps: the ratio of the two is what counts (docs/performance.md).
//
//	go test -run - -bench 'Sign|Verify' -count 6 ./signature/cades

var kibibyte = bytes.Repeat([]byte("délibération!   "), 64)

func BenchmarkSign(b *testing.B) {
	h := sharedHouse()
	for _, key := range []pkitest.KeyType{pkitest.P256, pkitest.RSA2048} {
		id := h.leaf(key)
		s, err := ades.FromKey(id.Key, id.Chain()[:1])
		require.NoError(b, err)
		b.Run(key.String()+"/raw", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				digest := sha256.Sum256(kibibyte)
				id.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
			}
		})
		for name, detached := range map[string]bool{"attached": false, "detached": true} {
			b.Run(key.String()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				doc := ades.Bytes(kibibyte)
				for b.Loop() {
					if err := cades.Sign(b.Context(), io.Discard, doc, s, cades.Options{Time: signingTime, Detached: detached}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkVerify reads a signature into facts and verifies its value under the signer's certificate: what is left for
// validation are chains, which are cached, and conclusions.
func BenchmarkVerify(b *testing.B) {
	h := sharedHouse()
	for _, key := range []pkitest.KeyType{pkitest.P256, pkitest.RSA2048} {
		id := h.leaf(key)
		s, err := ades.FromKey(id.Key, id.Chain()[:1])
		require.NoError(b, err)
		digest := sha256.Sum256(kibibyte)
		value, err := id.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
		require.NoError(b, err)
		b.Run(key.String()+"/raw", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				digest := sha256.Sum256(kibibyte)
				switch public := id.Key.Public().(type) {
				case *ecdsa.PublicKey:
					ecdsa.VerifyASN1(public, digest[:], value)
				case *rsa.PublicKey:
					rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], value)
				}
			}
		})
		for name, detached := range map[string]bool{"attached": false, "detached": true} {
			var signed bytes.Buffer
			require.NoError(b, cades.Sign(b.Context(), &signed, ades.Bytes(kibibyte), s, cades.Options{Time: signingTime, Detached: detached}))
			b.Run(key.String()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				o := cades.ReadOptions{}
				if detached {
					o.Detached = ades.Bytes(kibibyte)
				}
				cache := pkix.NewCache[string, *pkix.Certificate](10)
				for b.Loop() {
					doc, err := cades.Read(b.Context(), ades.Bytes(signed.Bytes()), o)
					if err != nil {
						b.Fatal(err)
					}
					s := &doc.Signatures[0]
					certificate, ok := cache.Get(s.Candidates[0])
					if !ok {
						certificate, _ = pkix.ParseCertificate(doc.Certificates[0].Raw)
						cache.Put(s.Candidates[0], certificate)
					}
					if !s.References[0].Intact || !verifies(s, &certificate.PublicKey) {
						b.Fatal("not sound")
					}
				}
			})
		}
	}
}
