package cms_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// envelopeSeeds are real files: each kind of recipient and name, one piece and segments.
func envelopeSeeds(t testing.TB) (seeds [][]byte) {
	for _, key := range []envelopeKey{keyRSA(), keyP256(), keyP384(), keyP521()} {
		seeds = append(seeds,
			sealBytes(t, []byte("contenu"), key.byIssuer()),
			sealBytes(t, nil, key.byKeyID()),
			writeBytes(t, []byte("contenu"), true, key.byKeyID(), stranger().byIssuer()))
	}
	require.Len(t, seeds, 12)
	return seeds
}

// fuzzCeiling bounds what a reading allocates: nothing in it depends on a length that was only said.
func fuzzCeiling(input []byte) uint64 { return 2<<20 + 64*uint64(len(input)) }

// fuzzOpeners has P-256 alone: instrumented RSA would leave a few tries a second.
func fuzzOpeners() []cms.Opener { return []cms.Opener{keyP256().opener(), stranger().opener()} }

// What the strict reader accepts is one file: sealed content comes back, and the error is one of the documented.
func FuzzOpenAuthEnveloped(f *testing.F) {
	for _, seed := range envelopeSeeds(f) {
		f.Add(seed)
	}
	openers := fuzzOpeners()
	f.Fuzz(func(t *testing.T, b []byte) {
		before := allocated()
		content, infos, err := cms.OpenAuthEnveloped(b, openers...)
		require.Less(t, allocated()-before, fuzzCeiling(b))
		if err != nil {
			require.True(t, errors.Is(err, cms.ErrEnvelope) || err == cms.ErrDecrypt, "%v", err)
			require.Nil(t, content)
			require.Nil(t, infos)
			return
		}
		// The tolerant reader takes all that the strict one does, and reads the same.
		again, envelope, err := readBytes(b, openers...)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, again))
		require.Equal(t, infos, envelope.RecipientInfos)
		_, err = cms.ReadRecipientIDs(infos)
		require.NoError(t, err)
	})
}

func FuzzReadAuthEnveloped(f *testing.F) {
	for _, seed := range envelopeSeeds(f) {
		f.Add(seed)
	}
	openers := fuzzOpeners()
	f.Fuzz(func(t *testing.T, b []byte) {
		before := allocated()
		content, _, err := readBytes(b, openers...)
		require.Less(t, allocated()-before, fuzzCeiling(b))
		if err != nil {
			require.True(t, errors.Is(err, cms.ErrEnvelope) || err == cms.ErrDecrypt, "%v", err)
			require.Empty(t, content)
		}
	})
}

// The names in a SET OF RecipientInfo, as a caller shows them before it has a key.
func FuzzReadRecipientIDs(f *testing.F) {
	infos, err := cms.SealRecipients(make([]byte, 32), []cms.Recipient{keyP256().byIssuer(), keyRSA().byKeyID()})
	require.NoError(f, err)
	f.Add(infos)
	f.Fuzz(func(t *testing.T, b []byte) {
		ids, err := cms.ReadRecipientIDs(b)
		if err != nil {
			require.ErrorIs(t, err, cms.ErrEnvelope)
			require.Empty(t, ids)
		}
	})
}
