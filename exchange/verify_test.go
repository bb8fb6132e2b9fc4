package exchange_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/exchange"
)

func states(r *exchange.Report) map[string]exchange.State {
	all := map[string]exchange.State{}
	for _, s := range r.Steps {
		all[s.Name] = s.State
	}
	return all
}

func TestVerify(t *testing.T) {
	w := theWorld()
	content := bytes.Repeat([]byte("x"), exchange.LeafSize+5)
	pli, sealed := w.seals(t, w.options(t), text("a", "contenu"), exchange.Part{Name: "b", Size: -1, Content: bytes.NewReader(content)})
	verify := func(pli []byte, o exchange.VerifyOptions) (*exchange.Report, error) {
		r, err := exchange.Verify(t.Context(), bytes.NewReader(pli), int64(len(pli)), o)
		require.NotNil(t, r)
		return r, err
	}
	given := func(a string, b []byte) func(int, exchange.PartInfo) (io.ReadCloser, error) {
		return func(i int, _ exchange.PartInfo) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader([][]byte{[]byte(a), b}[i])), nil
		}
	}

	// A carrier: the outer parts.
	r, err := verify(pli, exchange.VerifyOptions{})
	require.NoError(t, err)
	require.Equal(t, sealed.Header, r.Header)
	require.Nil(t, r.Manifest)
	require.Equal(t, exchange.Passed, states(r)["capsule form"])
	require.Equal(t, exchange.Skipped, states(r)["signature"])

	// A third party with the manifest and the content.
	third := exchange.VerifyOptions{OpenOptions: w.reading(), Manifest: sealed.SignedManifest, Content: given("contenu", content)}
	r, err = verify(pli, third)
	require.NoError(t, err)
	require.Equal(t, sealed.Manifest, r.Manifest)
	require.Equal(t, sealed.ManifestDigest, r.Digest)
	for _, name := range []string{"container", "header", "capsule form", "signature", "trust", "manifest", "sender", "dates", "addressees", "payload size", "payload key", "content given"} {
		require.Equal(t, exchange.Passed, states(r)[name], name)
	}
	require.Equal(t, exchange.Skipped, states(r)["index"])
	third.Content = given("contenu", content[1:])
	r, err = verify(pli, third)
	require.ErrorIs(t, err, exchange.ErrContent)
	require.Equal(t, exchange.Failed, states(r)["content given"])
	third.Content = func(int, exchange.PartInfo) (io.ReadCloser, error) { return nil, nil }
	_, err = verify(pli, third)
	require.NoError(t, err)
	_, other := w.seals(t, w.options(t), text("a", "contenu"))
	third.Manifest = other.SignedManifest
	_, err = verify(pli, third)
	require.ErrorIs(t, err, exchange.ErrMismatch)

	// A recipient: everything.
	all := exchange.VerifyOptions{OpenOptions: w.reading(), Identities: []*exchange.Identity{w.identity(t, w.rsa)}, Manifest: sealed.SignedManifest, Content: given("contenu", content)}
	r, err = verify(pli, all)
	require.NoError(t, err)
	for name, state := range states(r) {
		require.Equal(t, exchange.Passed, state, name)
	}
	all.Manifest = other.SignedManifest
	_, err = verify(pli, all)
	require.ErrorIs(t, err, exchange.ErrMismatch)
	altered := bytes.Clone(pli)
	altered[200_000] ^= 1
	r, err = verify(altered, all)
	require.ErrorIs(t, err, exchange.ErrPayload)
	require.Equal(t, exchange.Failed, states(r)["content"])
	require.Equal(t, exchange.Skipped, states(r)["content given"])
	require.NotNil(t, r.Manifest)

	// Nothing is verified of content without a manifest.
	_, err = verify(pli, exchange.VerifyOptions{Content: given("", nil)})
	require.ErrorIs(t, err, exchange.ErrOptions)
	_, err = verify(pli, exchange.VerifyOptions{Manifest: sealed.SignedManifest})
	require.ErrorIs(t, err, exchange.ErrOptions)
	r, err = verify(pli[:100], exchange.VerifyOptions{})
	require.ErrorIs(t, err, exchange.ErrContainer)
	require.Equal(t, exchange.Failed, states(r)["container"])
	require.Equal(t, exchange.Skipped, states(r)["header"])
}

func TestHashPart(t *testing.T) {
	w := theWorld()
	for _, n := range []int{0, 1, 65_536, exchange.LeafSize - 1, exchange.LeafSize, exchange.LeafSize + 1, 3 * exchange.LeafSize} {
		content := bytes.Repeat([]byte{byte(n)}, n)
		_, sealed := w.seals(t, w.options(t), exchange.Part{Name: "a", Size: int64(n), Content: bytes.NewReader(content)})
		size, hash, err := exchange.HashPart(t.Context(), bytes.NewReader(content))
		require.NoError(t, err)
		require.EqualValues(t, n, size)
		require.Equal(t, sealed.Manifest.Parts[0].Hash, hash, "%d octets", n)
	}
}
