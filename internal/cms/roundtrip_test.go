package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// schemes is every way to sign, by key.
var schemes = []struct {
	key    string
	scheme ours.Scheme
}{
	{"rsa2048", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA256}},
	{"rsa2048", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA384}},
	{"rsa2048", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA512}},
	{"rsa2048", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA3_256}},
	{"rsa2048", ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}},
	{"rsa2048", ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA512, MGFHash: crypto.SHA512, SaltLength: 64}},
	{"rsa2048", ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA3_384, MGFHash: crypto.SHA3_384, SaltLength: 48}},
	{"p256", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA256}},
	{"p256", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA512}},
	{"p384", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA384}},
	{"p384", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA3_512}},
	{"p521", ours.Scheme{Kind: ours.ECDSA, Hash: crypto.SHA512}},
	{"ed25519", ours.Scheme{Kind: ours.EdDSA, Hash: crypto.SHA512}},
}

// octets are the same for the same size.
func octets(n int) []byte {
	b := make([]byte, n)
	r := mathrand.NewChaCha8([32]byte{byte(n)})
	r.Read(b)
	return b
}

func TestRoundTrip(t *testing.T) {
	sizes := []int{0, 1, 65535, 65536, 65537, 1<<20 + 1}
	for i, s := range schemes {
		for _, keyID := range []bool{false, true} {
			for _, attached := range []bool{false, true} {
				name := fmt.Sprintf("%s %s keyID=%v attached=%v", s.key, s.scheme.Name(), keyID, attached)
				t.Run(name, func(t *testing.T) {
					roundTrip(t, octets(sizes[i%len(sizes)]), attached, keyID, 1, i)
					roundTrip(t, octets(sizes[(i+1)%len(sizes)]), attached, keyID, 2+i%2, i)
				})
			}
		}
	}
}

func TestRoundTripSizes(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, 65535, 65536, 65537, 3 << 20} {
		for _, attached := range []bool{false, true} {
			for signers := 1; signers <= 3; signers++ {
				roundTrip(t, octets(size), attached, false, signers, 7)
			}
		}
	}
}

// roundTrip signs content with n schemes from the first on, writes, reads in every way, and verifies each signer.
func roundTrip(t *testing.T, content []byte, attached, keyID bool, n, first int) {
	var signers []*cms.SignerInfo
	var ids []*identity
	algorithms := map[der.OID]bool{}
	for i := range n {
		s := schemes[(first+i)%len(schemes)]
		id := identityOf(t, s.key)
		si := id.signer(t, content, func(r *cms.SignerRequest) { r.Scheme, r.KeyID = s.scheme, keyID })
		signers, ids = append(signers, si), append(ids, id)
		algorithms[si.DigestAlgorithm.OID] = true
	}
	sd := message(signers, ids...)
	var out bytes.Buffer
	if attached {
		require.NoError(t, sd.Write(&out, bytes.NewReader(content), int64(len(content))))
	} else {
		require.NoError(t, sd.Write(&out, nil, 0))
	}
	require.NoError(t, der.CheckSets(out.Bytes(), der.Limits{}), "what is written is DER")

	var flowed bytes.Buffer
	streamed, err := cms.Read(context.Background(), iotest.DataErrReader(bytes.NewReader(out.Bytes())), cms.ReadOptions{Content: &flowed})
	require.NoError(t, err)
	parsed, held, err := cms.Parse(out.Bytes())
	require.NoError(t, err)
	if attached {
		require.True(t, bytes.Equal(content, flowed.Bytes()))
		require.True(t, bytes.Equal(content, held))
		require.NotNil(t, held)
	} else {
		require.Nil(t, held)
	}
	for _, read := range []*cms.SignedData{streamed, parsed} {
		require.Equal(t, attached, read.Attached)
		require.Empty(t, read.Problems)
		require.Len(t, read.DigestAlgorithms, len(algorithms))
		wantVersion := 1
		if keyID {
			wantVersion = 3
		}
		require.Equal(t, wantVersion, read.Version)
		require.Len(t, read.SignerInfos, n)
		if !attached {
			require.Contains(t, verify(t, read, 0), cms.ContentMissing)
			var hashes []crypto.Hash
			for _, a := range read.DigestAlgorithms {
				h, err := ours.DigestByOID(a)
				require.NoError(t, err)
				hashes = append(hashes, h)
			}
			taken := cms.NewContent(hashes...)
			_, err := io.Copy(taken, bytes.NewReader(content))
			require.NoError(t, err)
			read.SetContent(taken)
		}
		for i, si := range read.SignerInfos {
			require.Empty(t, si.Problems)
			require.Equal(t, wantVersion, si.Version)
			require.Empty(t, verify(t, read, i))
		}
	}
	again, err := parsed.Marshal()
	require.NoError(t, err)
	require.True(t, bytes.Equal(out.Bytes(), again), "what was read is written again as it was")
}
