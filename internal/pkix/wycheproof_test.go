//go:build interop

package pkix_test

import (
	"crypto"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// wycheproof is not in go.mod: it asks for a newer Go than this module does.
const wycheproof = "github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a"

// octets are hexadecimal in JSON.
type octets []byte

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	return err
}

type vectors struct {
	NumberOfTests int
	TestGroups    []struct {
		Type         string
		PublicKeyDer octets
		Sha, MgfSha  string
		SLen         int
		Tests        []struct {
			TcID     int
			Comment  string
			Flags    []string
			Msg, Sig octets
			Result   string
		}
	}
}

func vectorFolder(t testing.TB) string {
	output, err := exec.Command("go", "mod", "download", "-json", wycheproof).Output()
	require.NoError(t, err, "go mod download %s", wycheproof)
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(output, &module))
	return filepath.Join(module.Dir, "testvectors_v1")
}

// Every vector of Wycheproof for a scheme that is verified here has the result it states. What is "acceptable" there (a
// DigestInfo without NULL, a BER length) is refused.
func TestWycheproof(t *testing.T) {
	dir := vectorFolder(t)
	hashes := map[string]crypto.Hash{}
	for _, h := range allHashes {
		hashes[pkix.DigestName(h)] = h
	}
	total := map[string]int{}
	for _, pattern := range []string{"ecdsa_secp*r1_*_test.json", "rsa_signature_*_test.json", "rsa_pss_*_test.json", "ed25519_test.json", "dsa_*_test.json"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			base := filepath.Base(file)
			if strings.Contains(base, "p1363") || strings.Contains(base, "shake") {
				continue // another encoding of the value, a digest that is not computed here
			}
			t.Run(strings.TrimSuffix(base, "_test.json"), func(t *testing.T) {
				data, err := os.ReadFile(file)
				require.NoError(t, err)
				var v vectors
				require.NoError(t, json.Unmarshal(data, &v))
				ran := 0
				for _, group := range v.TestGroups {
					key, _, err := pkix.ParsePublicKeyInfo(group.PublicKeyDer)
					require.NoError(t, err)
					s := pkix.Scheme{Hash: hashes[group.Sha]}
					switch group.Type {
					case "EcdsaVerify":
						s.Kind = pkix.ECDSA
					case "RsassaPkcs1Verify":
						s.Kind = pkix.PKCS1v15
					case "RsassaPssVerify", "RsassaPssWithParametersVerify":
						s.Kind, s.MGFHash, s.SaltLength = pkix.PSS, hashes[group.MgfSha], group.SLen
					case "EddsaVerify":
						s.Kind, s.Hash = pkix.EdDSA, crypto.SHA512
					case "DsaVerify":
						s.Kind = pkix.DSA
					default:
						t.Fatal(group.Type)
					}
					require.NotZero(t, s.Hash, group.Sha)
					for _, test := range group.Tests {
						ran++
						err := s.Verify(key, test.Msg, test.Sig)
						switch {
						case key.Public == nil:
							require.ErrorIs(t, err, pkix.ErrUnsupported, key.Describe())
							total["unsupported "+key.Describe()]++
						case test.Result == "valid":
							require.NoError(t, err, "%d %s %v", test.TcID, test.Comment, test.Flags)
							total["valid "+group.Type]++
						default:
							require.ErrorIs(t, err, pkix.ErrSignature, "%d %s %v", test.TcID, test.Comment, test.Flags)
							total[test.Result+" "+group.Type]++
						}
					}
				}
				require.Equal(t, v.NumberOfTests, ran)
			})
		}
	}
	for what, n := range total {
		t.Logf("%5d %s", n, what)
	}
	for _, kind := range []string{"EcdsaVerify", "RsassaPkcs1Verify", "RsassaPssVerify", "RsassaPssWithParametersVerify", "EddsaVerify", "DsaVerify"} {
		require.NotZero(t, total["valid "+kind], kind)
		require.NotZero(t, total["invalid "+kind], kind)
	}
}
