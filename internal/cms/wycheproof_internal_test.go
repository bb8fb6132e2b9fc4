//go:build interop

package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const wycheproofModule = "github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a"

// wycheproofDir is where the module cache has the vectors. They are no dependency: the command fetches them by themselves.
var wycheproofDir = sync.OnceValues(func() (string, error) {
	c := exec.Command("go", "mod", "download", "-json", wycheproofModule)
	c.Dir = os.TempDir() // outside of this module
	out, err := c.Output()
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	err = json.Unmarshal(out, &module)
	return filepath.Join(module.Dir, "testvectors_v1"), err
})

type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	raw, err := hex.DecodeString(s)
	*h = raw
	return err
}

// wycheproof reads the groups of a file of vectors.
func wycheproof[G any](t *testing.T, name string) []G {
	dir, err := wycheproofDir()
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	var file struct{ TestGroups []G }
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.TestGroups)
	return file.TestGroups
}

// AES-GCM with keys of 256 bits and our sizes of nonce and tag, through the stream: sealed, authenticated, opened.
func TestWycheproofGCM(t *testing.T) {
	type group struct {
		KeySize, IVSize, TagSize int
		Tests                    []struct {
			ID                         int `json:"tcId"`
			Key, IV, AAD, Msg, CT, Tag hexBytes
			Result                     string
		}
	}
	valid, invalid := 0, 0
	for _, g := range wycheproof[group](t, "aes_gcm_test.json") {
		if g.KeySize != 256 || g.IVSize != 96 || g.TagSize != 128 {
			continue
		}
		for _, v := range g.Tests {
			key := [32]byte(v.Key)
			good := v.Result == "valid"
			hashed, err := newGCMStream(&key, v.IV)
			require.NoError(t, err)
			if len(v.CT) > 0 {
				_, err = hashed.hash(v.CT)
				require.NoError(t, err)
			}
			tag := hashed.tag(v.AAD)
			require.Equal(t, good, bytes.Equal(tag[:], v.Tag), "test %d", v.ID)
			if !good {
				invalid++
				continue
			}
			valid++
			ciphertext, tag := wholeGCM(t, &key, v.IV, v.Msg, v.AAD)
			require.True(t, bytes.Equal(v.CT, ciphertext), "test %d", v.ID)
			require.Equal(t, []byte(v.Tag), tag[:], "test %d", v.ID)
		}
	}
	require.Greater(t, valid, 30)
	require.Greater(t, invalid, 20)
}

func TestWycheproofKeyWrap(t *testing.T) {
	type group struct {
		Tests []struct {
			ID           int `json:"tcId"`
			Key, Msg, CT hexBytes
			Flags        []string
			Result       string
		}
	}
	valid, invalid := 0, 0
	for _, g := range wycheproof[group](t, "aes_wrap_test.json") {
		for _, v := range g.Tests {
			key, err := unwrapKey(v.Key, v.CT)
			if v.Result == "invalid" || slices.Contains(v.Flags, "ShortKey") { // 8 octets: acceptable to RFC 3394, nothing to us
				invalid++
				require.Error(t, err, "test %d", v.ID)
				require.Nil(t, key)
				continue
			}
			valid++
			require.NoError(t, err, "test %d", v.ID)
			require.True(t, bytes.Equal(v.Msg, key), "test %d", v.ID)
			wrapped, err := wrapKey(v.Key, v.Msg)
			require.NoError(t, err)
			require.True(t, bytes.Equal(v.CT, wrapped), "test %d", v.ID)
		}
	}
	require.Greater(t, valid, 20)
	require.Greater(t, invalid, 50)
}

// RSAES-OAEP through the code that unwraps a content-encryption key: whatever is no key of 32 octets gives a random one.
func TestWycheproofOAEP(t *testing.T) {
	type group struct {
		PrivateKeyPKCS8 hexBytes `json:"privateKeyPkcs8"`
		Tests           []struct {
			ID             int `json:"tcId"`
			Msg, CT, Label hexBytes
			Result         string
		}
	}
	valid, invalid := 0, 0
	for _, name := range []string{"rsa_oaep_2048_sha256_mgf1sha256_test.json", "rsa_oaep_3072_sha256_mgf1sha256_test.json", "rsa_oaep_4096_sha256_mgf1sha256_test.json"} {
		for _, g := range wycheproof[group](t, name) {
			private, err := x509.ParsePKCS8PrivateKey(g.PrivateKeyPKCS8)
			require.NoError(t, err)
			key, err := Opener{SubjectKeyID: []byte{1}, Key: private.(*rsa.PrivateKey)}.resolve()
			require.NoError(t, err)
			for _, v := range g.Tests {
				c := candidate{&key, &recipientInfo{EncryptedKey: v.CT}}
				got := c.decrypt()
				if v.Result != "valid" || len(v.Label) > 0 {
					invalid++
					require.Empty(t, got, "%s, test %d", name, v.ID)
					require.NotEqual(t, c.contentKey(), c.contentKey(), "a random key for each attempt")
					continue
				}
				valid++
				require.True(t, bytes.Equal(v.Msg, got), "%s, test %d", name, v.ID)
				if cek := c.contentKey(); len(v.Msg) == contentKeySize {
					require.Equal(t, []byte(v.Msg), cek[:])
				}
			}
		}
	}
	require.GreaterOrEqual(t, valid, 30)
	require.Greater(t, invalid, 40)
}

// recordedExchange shows the shared secret of an exchange to the test.
type recordedExchange struct {
	ecdh.KeyExchanger
	secret []byte
}

func (r *recordedExchange) ECDH(peer *ecdh.PublicKey) ([]byte, error) {
	z, err := r.KeyExchanger.ECDH(peer)
	r.secret = bytes.Clone(z)
	return z, err
}

// ECDH through the code that takes the ephemeral point from a RecipientInfo.
func TestWycheproofECDH(t *testing.T) {
	type group struct {
		Tests []struct {
			ID              int `json:"tcId"`
			Public, Shared  hexBytes
			Private, Result string
			Flags           []string
		}
	}
	for name, curve := range map[string]ecdh.Curve{
		"ecdh_secp256r1_ecpoint_test.json": ecdh.P256(),
		"ecdh_secp384r1_ecpoint_test.json": ecdh.P384(),
		"ecdh_secp521r1_ecpoint_test.json": ecdh.P521(),
	} {
		valid, invalid := 0, 0
		for _, g := range wycheproof[group](t, name) {
			for _, v := range g.Tests {
				scalar, ok := new(big.Int).SetString(v.Private, 16)
				require.True(t, ok)
				size := map[ecdh.Curve]int{ecdh.P256(): 32, ecdh.P384(): 48, ecdh.P521(): 66}[curve]
				private, err := curve.NewPrivateKey(scalar.FillBytes(make([]byte, size)))
				require.NoError(t, err)
				exchange := &recordedExchange{KeyExchanger: private}
				key, err := Opener{SubjectKeyID: []byte{1}, Key: exchange}.resolve()
				require.NoError(t, err)
				wrongWrap := make([]byte, 40)
				c := candidate{&key, &recipientInfo{KDF: crypto.SHA256, Point: v.Public, KeyWrap: algAES256Wrap, EncryptedKey: wrongWrap}}
				require.Nil(t, c.agreeAndUnwrap(), "nothing was wrapped")
				if v.Result == "invalid" || slices.Contains(v.Flags, "CompressedPoint") {
					invalid++
					require.Nil(t, exchange.secret, "%s, test %d", name, v.ID)
					continue
				}
				valid++
				require.True(t, bytes.Equal(v.Shared, exchange.secret), "%s, test %d", name, v.ID)
				// And the whole way, with a key that was really wrapped under that secret.
				cek := bytes.Repeat([]byte{7}, 32)
				c.info.EncryptedKey, err = wrapKey(x963KDF(crypto.SHA256, v.Shared, eccSharedInfo(algAES256Wrap, nil), 32), cek)
				require.NoError(t, err)
				require.Equal(t, cek, c.agreeAndUnwrap())
			}
		}
		require.Greater(t, valid, 200, name)
		require.Greater(t, invalid, 5, name)
	}
}
