package ades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
)

func TestDigests(t *testing.T) {
	for name, content := range map[string][]byte{"empty": {}, "small": []byte("mairie"), "of several pieces": bytes.Repeat([]byte("préfecture"), 40_000)} {
		short, long := sha256.Sum256(content), sha512.Sum512(content)
		for kind, doc := range map[string]*ades.Document{
			"in memory": ades.Bytes(content), "read": ades.NewDocument(bytes.NewReader(content), int64(len(content))),
		} {
			sums, err := doc.Digests(t.Context(), crypto.SHA256, crypto.SHA512)
			require.NoError(t, err, "%s %s", name, kind)
			require.Equal(t, map[crypto.Hash][]byte{crypto.SHA256: short[:], crypto.SHA512: long[:]}, sums)
			octets, ok := doc.InMemory()
			require.Equal(t, kind == "in memory", ok)
			require.Equal(t, ok, octets != nil)

			stopped, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = doc.Digests(stopped, crypto.SHA256)
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	sums, err := ades.NewDocument(nil, 1<<40).Digests(t.Context())
	require.NoError(t, err, "nothing asked, nothing read")
	require.Empty(t, sums)
	_, err = ades.Bytes(nil).Digests(t.Context(), crypto.MD4)
	require.ErrorContains(t, err, "linked")
	_, err = ades.NewDocument(bytes.NewReader([]byte("mai")), 6).Digests(t.Context(), crypto.SHA256)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	known, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: make([]byte, 32), Size: 3})
	require.NoError(t, err)
	sums, err = known.Digests(t.Context(), crypto.SHA512, crypto.SHA256)
	require.NoError(t, err)
	require.Equal(t, map[crypto.Hash][]byte{crypto.SHA256: make([]byte, 32)}, sums, "the one that is known, and no other")
}
