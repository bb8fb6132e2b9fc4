package cms

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err)
	return b
}

// RFC 3394 §4.
func TestKeyWrapVectors(t *testing.T) {
	for _, v := range []struct{ kek, key, wrapped string }{
		{"000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF", "1FA68B0A8112B447 AEF34BD8FB5A7B82 9D3E862371D2CFE5"},
		{"000102030405060708090A0B0C0D0E0F1011121314151617", "00112233445566778899AABBCCDDEEFF", "96778B25AE6CA435 F92B5B97C050AED2 468AB8A17AD84E5D"},
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF", "64E8C3F9CE0F5BA2 63E9777905818A2A 93C8191E7D6E8AE7"},
		{"000102030405060708090A0B0C0D0E0F1011121314151617", "00112233445566778899AABBCCDDEEFF0001020304050607", "031D33264E15D332 68F24EC260743EDC E1C6C7DDEE725A93 6BA814915C6762D2"},
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F", "28C9F404C4B810F4 CBCCB35CFB87F826 3F5786E2D80ED326 CBC7F0E71A99F43B FB988B9B7A02DD21"},
	} {
		wrapped, err := wrapKey(unhex(t, v.kek), unhex(t, v.key))
		require.NoError(t, err)
		require.Equal(t, unhex(t, v.wrapped), wrapped)
		key, err := unwrapKey(unhex(t, v.kek), wrapped)
		require.NoError(t, err)
		require.Equal(t, unhex(t, v.key), key)
		for i := range wrapped {
			b := bytes.Clone(wrapped)
			b[i] ^= 0x10
			key, err := unwrapKey(unhex(t, v.kek), b)
			require.True(t, err == errKeyWrap)
			require.Nil(t, key)
		}
	}
	for _, n := range []int{0, 8, 15, 17, 31} {
		_, err := wrapKey(make([]byte, 32), make([]byte, n))
		require.Error(t, err, "%d octets", n)
	}
	for _, n := range []int{0, 8, 16, 23, 41} {
		_, err := unwrapKey(make([]byte, 32), make([]byte, n))
		require.True(t, err == errKeyWrap, "%d octets", n)
	}
}

// The exact octets that OpenSSL derives from (ECC-CMS-SharedInfo without ukm), and with one.
func TestSharedInfo(t *testing.T) {
	require.Equal(t, unhex(t, "30 15 30 0B 06 09 60 86 48 01 65 03 04 01 2D A2 06 04 04 00 00 01 00"), eccSharedInfo(algAES256Wrap, nil))
	require.Equal(t, unhex(t, "30 1A 30 0B 06 09 60 86 48 01 65 03 04 01 2D A0 03 04 01 07 A2 06 04 04 00 00 01 00"), eccSharedInfo(algAES256Wrap, []byte{7}))
}

// The ANSI X9.63 vectors of the NIST CAVP component test for SHA-256 (800-135), and a length of several rounds.
func TestX963KDF(t *testing.T) {
	z := unhex(t, "96c05619d56c328ab95fe84b18264b08725b85e33fd34f08")
	require.Equal(t, unhex(t, "443024c3dae66b95e6f5670601558f71"), x963KDF(crypto.SHA256, z, nil, 16))
	z = unhex(t, "22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d")
	info := unhex(t, "75eef81aa3041e33b80971203d2c0c52")
	want := unhex(t, `c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd8
		74f6cf92f30d0097111485500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21`)
	require.Equal(t, want, x963KDF(crypto.SHA256, z, info, len(want)))
}

// The AlgorithmIdentifiers are what their object identifiers say.
func TestAlgorithmConstants(t *testing.T) {
	require.Equal(t, hashAlgorithm(oidAES256Wrap), algAES256Wrap)
	require.Equal(t, hashAlgorithm(oidECPublicKey), algECPublicKey)
	hash := hashAlgorithm(oidEnvelopeSHA256)
	require.Equal(t, oaep(appendElement(nil, 0xA0, hash), maskAlgorithm(hash)), algOAEP)
	require.True(t, isOAEPSHA256(algOAEP[2+11:]))
	for _, b := range [][]byte{algAES256Wrap, algECPublicKey, algOAEP} {
		require.NoError(t, der.Check(b, der.Limits{}))
	}
	prefix := appendEnvelopePrefix(nil, []byte{0x31, 0x00}, make([]byte, 12), 0)
	require.True(t, bytes.Contains(prefix, unhex(t, "30 1E 06 09 60 86 48 01 65 03 04 01 2E 30 11 04 0C 00 00 00 00 00 00 00 00 00 00 00 00 02 01 10")))
}
