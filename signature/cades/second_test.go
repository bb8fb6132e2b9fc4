package cades_test

import (
	"fmt"
	"testing"

	"github.com/digitorus/pkcs7"
	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
)

// An independent parser and verifier agrees on every algorithm it knows: it has neither PSS, nor SHA-3, nor Ed25519.
func TestSecondOpinion(t *testing.T) {
	h := sharedHouse()
	known := 0
	for _, a := range algorithms {
		switch a.name {
		case "RSASSA-PKCS1-v1_5 with SHA-256", "RSASSA-PKCS1-v1_5 with SHA-384", "RSASSA-PKCS1-v1_5 with SHA-512",
			"ECDSA with SHA-256", "ECDSA with SHA-384", "ECDSA with SHA-512":
		default:
			continue
		}
		known++
		for _, detached := range []bool{false, true} {
			for _, level := range []ades.Level{ades.BaselineB, ades.BaselineT} {
				name := fmt.Sprintf("%s %s %s detached %v", a.key, a.name, level, detached)
				signed := sign(t, signer(t, h.leaf(a.key)), cades.Options{Level: level, Authority: h.tsa, Detached: detached, Digest: a.digest})
				p7, err := pkcs7.Parse(signed)
				require.NoError(t, err, name)
				require.Equal(t, !detached, len(p7.Content) > 0, name)
				p7.Content = content
				require.NoError(t, p7.Verify(), name)
				p7.Content = append([]byte(" "), content...)
				require.Error(t, p7.Verify(), name)
			}
		}
	}
	require.Equal(t, 7, known)
}
