//go:build interop

package exchange

import (
	"bytes"
	"compress/zlib"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const wycheproof = "github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a"

func TestWycheproofCobblestone256(t *testing.T) {
	out, err := exec.Command("go", "mod", "download", "-json", wycheproof).Output()
	require.NoError(t, err)
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(out, &module))
	raw, err := os.ReadFile(filepath.Join(module.Dir, "testvectors_v1", "c2sp_chunked_encryption_aes_256_gcm_test.json"))
	require.NoError(t, err)
	var file struct {
		NumberOfTests int
		TestGroups    []struct {
			Tests []struct {
				TcID                             int
				Comment, Key, Ctx, Ct, MsgSha512 string
				MsgLength                        int
				Result                           string
				Flags                            []string
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	done := 0
	for _, group := range file.TestGroups {
		for _, v := range group.Tests {
			done++
			unhex := func(s string) []byte {
				b, err := hex.DecodeString(s)
				require.NoError(t, err)
				return b
			}
			z, err := zlib.NewReader(bytes.NewReader(unhex(v.Ct)))
			require.NoError(t, err)
			sealed, err := io.ReadAll(z)
			require.NoError(t, err)

			var plain []byte
			header, final, err := false, false, error(nil)
			func() {
				if len(sealed) < payloadHead {
					err = ErrPayload
					return
				}
				c, e := newCobblestone(unhex(v.Key), sealed[:saltSize], unhex(v.Ctx))
				if e != nil || !c.commits(sealed[saltSize:payloadHead]) {
					err = ErrPayload
					return
				}
				header = true
				size, ok := plainSize(int64(len(sealed)))
				if !ok { // read on, as a reader of a stream would: nothing but whole chunks
					err = ErrPayload
					size = int64(len(sealed)-payloadHead) / sealedChunk * chunkSize
				}
				p := &payload{src: bytes.NewReader(sealed), size: int64(len(sealed)), plain: size, c: c}
				final = ok && p.checkFinal() == nil
				w := newWindow()
				for at := int64(0); at < size; at += chunkSize {
					b, e := p.load(t.Context(), w, at, min(at+chunkSize, size), nil)
					if e != nil {
						err = e
						return
					}
					plain = append(plain, b...)
				}
				if err == nil && !final {
					err = ErrPayload
				}
			}()
			if v.Result == "valid" {
				require.NoError(t, err, "%d %s", v.TcID, v.Comment)
			} else {
				require.ErrorIs(t, err, ErrPayload, "%d %s", v.TcID, v.Comment)
				require.Equal(t, slices.Contains(v.Flags, "HeaderFailure"), !header, "%d %s", v.TcID, v.Comment)
				require.Equal(t, slices.Contains(v.Flags, "ValidFinalChunk"), final, "%d %s", v.TcID, v.Comment)
			}
			if v.Result == "valid" || slices.Contains(v.Flags, "PartialPlaintext") {
				require.LessOrEqual(t, len(plain), v.MsgLength)
				if len(plain) == v.MsgLength {
					sum := sha512.Sum512(plain)
					require.Equal(t, v.MsgSha512, hex.EncodeToString(sum[:]), "%d %s", v.TcID, v.Comment)
				}
			} else {
				require.Empty(t, plain, "%d %s", v.TcID, v.Comment)
			}
			if v.Result == "valid" {
				require.Len(t, plain, v.MsgLength)
			}
		}
	}
	require.Equal(t, file.NumberOfTests, done)
	require.Equal(t, 35, done)
}
