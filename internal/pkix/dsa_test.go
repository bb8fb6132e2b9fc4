//lint:file-ignore SA1019 crypto/dsa is deprecated for new uses

package pkix_test

import (
	"crypto"
	"crypto/dsa"
	"crypto/rand"
	"math/big"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

var dsaKey = sync.OnceValue(makeDSA)

func makeDSA() *dsa.PrivateKey {
	key := new(dsa.PrivateKey)
	if err := dsa.GenerateParameters(&key.Parameters, rand.Reader, dsa.L1024N160); err != nil {
		panic(err)
	}
	if err := dsa.GenerateKey(key, rand.Reader); err != nil {
		panic(err)
	}
	return key
}

func TestInheritDSA(t *testing.T) {
	key := dsaKey()
	full := keyInfo(t, &key.PublicKey)
	bare, _, err := pkix.ParsePublicKeyInfo(spki("1.2.840.10040.4.1", "", full.Key))
	require.NoError(t, err)
	require.Nil(t, bare.Public)
	heir := bare.InheritDSA(full)
	require.Equal(t, full.Public.(*dsa.PublicKey).P, heir.Public.(*dsa.PublicKey).P)
	require.Equal(t, 1024, heir.Bits)
	require.Nil(t, bare.Public, "the key that inherits is a copy")
	require.Same(t, full, full.InheritDSA(full), "a key with its own parameters keeps them")
	rsa := keyInfo(t, &rsaKey().PublicKey)
	require.Same(t, bare, bare.InheritDSA(rsa))
	require.Same(t, rsa, rsa.InheritDSA(full))
}

// keyInfo returns the SubjectPublicKeyInfo of a key, DSA included.
func keyInfo(t testing.TB, public crypto.PublicKey) *pkix.PublicKeyInfo {
	if d, ok := public.(*dsa.PublicKey); ok {
		var parameters, y cryptobyte.Builder
		parameters.AddASN1(0x30, func(b *cryptobyte.Builder) {
			for _, n := range []*big.Int{d.P, d.Q, d.G} {
				b.AddASN1BigInt(n)
			}
		})
		y.AddASN1BigInt(d.Y)
		key, _, err := pkix.ParsePublicKeyInfo(spki("1.2.840.10040.4.1", hexOf(parameters.BytesOrPanic()), y.BytesOrPanic()))
		require.NoError(t, err)
		return key
	}
	key, err := pkix.NewPublicKeyInfo(public)
	require.NoError(t, err)
	return key
}

// signDSA returns r and s over a digest, cut to the size of the subgroup.
func signDSA(t testing.TB, digest []byte) (r, s *big.Int) {
	r, s, err := dsa.Sign(rand.Reader, dsaKey(), digest[:dsaKey().Q.BitLen()/8])
	require.NoError(t, err)
	return r, s
}
