package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
)

// TestConstructedStrings: in BER the value and the key identifier may come in segments (X.690 §8.7.3).
func TestConstructedStrings(t *testing.T) {
	id := identityOf(t, "p256")
	made := id.signer(t, deal, func(r *cms.SignerRequest) { r.KeyID = true })
	raw, err := made.Marshal()
	require.NoError(t, err)
	cut := func(tag byte, b []byte) []byte {
		return append(append([]byte{tag, 0x80}, append(tlv(4, b[:5]), tlv(0x24, tlv(4, b[5:]))...)...), 0, 0)
	}
	h, err := der.ReadHeader(raw)
	require.NoError(t, err)
	inner := bytes.Replace(raw[h.Size:], tlv(4, made.Signature), cut(0x24, made.Signature), 1)
	inner = bytes.Replace(inner, tlv(0x80, made.SID.SubjectKeyID), cut(0xa0, made.SID.SubjectKeyID), 1)
	raw = append(append([]byte{0x30, 0x80}, inner...), 0, 0)
	si, err := cms.ParseSignerInfo(raw)
	require.NoError(t, err)
	require.Equal(t, made.Signature, si.Signature)
	require.Equal(t, made.SID, si.SID)
	require.Equal(t, made.RawSignedAttributes, si.RawSignedAttributes)
	same, err := si.Marshal()
	require.NoError(t, err)
	require.Equal(t, raw, same)

	sd := message([]*cms.SignerInfo{si}, id)
	written, err := sd.MarshalAttached(deal)
	require.NoError(t, err)
	read, _, err := cms.Parse(written)
	require.NoError(t, err)
	require.Empty(t, verify(t, read, 0))
	// Edited, it becomes definite around parts that stay as found.
	si.UnsignedAttributes = []cms.Attribute{token}
	edited, err := si.Marshal()
	require.NoError(t, err)
	require.True(t, bytes.Contains(edited, inner))
	require.NotEqualValues(t, 0x80, edited[1])

	long := bytes.Replace(inner, cut(0x24, made.Signature), append(append([]byte{0x24, 0x80}, bytes.Repeat(longForm(4, make([]byte, 60000)), 2)...), 0, 0), 1)
	_, err = cms.ParseSignerInfo(longForm(0x30, long))
	require.ErrorIs(t, err, der.ErrLimit)
}

// TestProblems: what is odd about a message is said, and does not keep its signatures from being judged.
func TestProblems(t *testing.T) {
	id := identityOf(t, "p256")
	raw, err := id.signer(t, deal, nil).Marshal()
	require.NoError(t, err)
	h, err := der.ReadHeader(raw)
	require.NoError(t, err)
	codes := func(problems []cms.Problem) (all []string) {
		for _, p := range problems {
			require.NotEmpty(t, p.Clause)
			require.NotEmpty(t, p.Message)
			require.False(t, p.Fatal || p.Unsupported)
			all = append(all, p.Code)
		}
		return all
	}
	read := func(signer []byte) *cms.SignedData {
		message := carrier(id.signer(t, deal, func(r *cms.SignerRequest) { r.Scheme.Hash = crypto.SHA512 }).DigestAlgorithm.Marshal(), id.cert.Raw, nil, signer)
		sd, err := cms.Read(context.Background(), bytes.NewReader(message), cms.ReadOptions{})
		require.NoError(t, err)
		content := cms.NewContent(crypto.SHA256)
		content.Write(deal)
		sd.SetContent(content)
		require.Empty(t, verify(t, sd, 0))
		return sd
	}
	sd := read(raw)
	require.Empty(t, sd.Problems)
	require.Equal(t, []string{"cms.digest-not-announced"}, codes(sd.SignerInfos[0].Problems))

	version := append([]byte{2, 1, 3}, raw[h.Size+3:]...)
	sd = read(tlv(0x30, version, tlv(0xa1)))
	require.Equal(t, []string{"cms.version"}, codes(sd.Problems))
	require.Equal(t, []string{"cms.attributes-empty", "cms.signer-version", "cms.digest-not-announced"}, codes(sd.SignerInfos[0].Problems))
}

// TestOffsets: a syntax error says where it is in the whole message, read in memory or as a stream.
func TestOffsets(t *testing.T) {
	raw := sample(t, "attached.p7m")
	sd, _, err := cms.Parse(raw)
	require.NoError(t, err)
	at := bytes.LastIndex(raw, sd.SignerInfos[0].SignatureAlgorithm.Marshal())
	require.Positive(t, at)
	broken := bytes.Clone(raw)
	broken[at] = 0x05
	var first, second *der.SyntaxError
	_, _, err = cms.Parse(broken)
	require.ErrorAs(t, err, &first)
	require.ErrorContains(t, err, "signer 1")
	_, err = cms.Read(context.Background(), bytes.NewReader(broken), cms.ReadOptions{})
	require.ErrorAs(t, err, &second)
	require.Equal(t, first.Offset, second.Offset)
	require.InDelta(t, at, first.Offset, 16)
}

func TestMarshalAttributes(t *testing.T) {
	a, b := cms.NewAttribute("\x2a\x05", []byte{5, 0}), cms.NewAttribute("\x2a\x03", []byte{4, 1, 2}, []byte{4, 0})
	raw := cms.MarshalAttributes([]cms.Attribute{a, b})
	require.NoError(t, der.CheckSets(raw, der.Limits{}))
	read, err := cms.ParseAttributes(raw)
	require.NoError(t, err)
	require.Len(t, read, 2)
	require.Len(t, cms.FindAttribute(read, "\x2a\x03"), 1)
	require.Empty(t, cms.FindAttribute(read, "\x2a\x04"))
	for _, other := range [][]byte{nil, {5, 0}, append(bytes.Clone(raw), 0), {0x31, 2, 5, 0}, {0x31, 1}} {
		_, err := cms.ParseAttributes(other)
		require.Error(t, err)
	}
	many := make([]cms.Attribute, 1024)
	for i := range many {
		many[i] = cms.NewAttribute(der.MustOID("1.2.3")+der.OID([]byte{byte(i % 100), byte(i / 100)}), []byte{5, 0})
	}
	_, err = cms.SignedAttributes(cms.OIDData, make([]byte, 32), many)
	require.ErrorIs(t, err, cms.ErrAttribute)
}
