package cms_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// longForm is tlv with any length.
func longForm(tag byte, content []byte) []byte {
	n := len(content)
	return append([]byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, content...)
}

// carrier is a SignedData with these raw fields, lengths in long form.
func carrier(algorithms, certificates, crls, signers []byte) []byte {
	body := append([]byte{2, 1, 1}, longForm(0x31, algorithms)...)
	body = append(body, tlv(0x30, oid(cms.OIDData))...)
	if certificates != nil {
		body = append(body, longForm(0xa0, certificates)...)
	}
	if crls != nil {
		body = append(body, longForm(0xa1, crls)...)
	}
	body = append(body, longForm(0x31, signers)...)
	return longForm(0x30, append(oid(cms.OIDSignedData), longForm(0xa0, longForm(0x30, body))...))
}

// TestBounds sits just below and just above each bound, read in memory and as a stream.
func TestBounds(t *testing.T) {
	id := identityOf(t, "p256")
	signer, err := id.signer(t, deal, nil).Marshal()
	require.NoError(t, err)
	algorithm := id.signer(t, deal, nil).DigestAlgorithm.Marshal()
	h, err := der.ReadHeader(signer)
	require.NoError(t, err)
	withUnsigned := func(set []byte) []byte {
		return longForm(0x30, append(bytes.Clone(signer[h.Size:]), longForm(0xa1, set)...))
	}
	null := []byte{5, 0}
	attributesOf := func(n, values int) []byte {
		return bytes.Repeat(longForm(0x30, append(oid("\x2a\x03"), longForm(0x31, bytes.Repeat(null, values))...)), n)
	}
	tests := []struct {
		name  string
		below []byte
		above []byte
	}{
		{"digest algorithms", carrier(bytes.Repeat(algorithm, limits.CMSDigests), nil, nil, nil), carrier(bytes.Repeat(algorithm, limits.CMSDigests+1), nil, nil, nil)},
		{"certificates", carrier(nil, bytes.Repeat(null, limits.CMSCertificates), nil, nil), carrier(nil, bytes.Repeat(null, limits.CMSCertificates+1), nil, nil)},
		{"revocation", carrier(nil, nil, bytes.Repeat(null, limits.CMSCertificates), nil), carrier(nil, nil, bytes.Repeat(null, limits.CMSCertificates+1), nil)},
		{"signers", carrier(nil, nil, nil, bytes.Repeat(signer, limits.CMSSigners)), carrier(nil, nil, nil, bytes.Repeat(signer, limits.CMSSigners+1))},
		{"attributes", carrier(nil, nil, nil, withUnsigned(attributesOf(limits.CMSAttributes, 1))), carrier(nil, nil, nil, withUnsigned(attributesOf(limits.CMSAttributes+1, 1)))},
		{"values", carrier(nil, nil, nil, withUnsigned(attributesOf(1, limits.CMSAttributeValues))), carrier(nil, nil, nil, withUnsigned(attributesOf(1, limits.CMSAttributeValues+1)))},
		{"attributes and values in all", carrier(nil, nil, nil, bytes.Repeat(withUnsigned(attributesOf(60, 1000)), 1)), carrier(nil, nil, nil, bytes.Repeat(withUnsigned(attributesOf(33, 1000)), 2))},
		{"signature value", carrier(nil, nil, nil, withValue(t, signer, limits.CMSSignature)), carrier(nil, nil, nil, withValue(t, signer, limits.CMSSignature+1))},
		{"nesting", nested(limits.CMSDepth - 5), nested(limits.CMSDepth - 4)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := cms.Parse(test.below)
			require.NoError(t, err)
			_, err = cms.Read(context.Background(), bytes.NewReader(test.below), cms.ReadOptions{})
			require.NoError(t, err)
			_, _, err = cms.Parse(test.above)
			require.ErrorIs(t, err, der.ErrLimit)
			_, err = cms.Read(context.Background(), bytes.NewReader(test.above), cms.ReadOptions{})
			require.ErrorIs(t, err, der.ErrLimit)
		})
	}
}

// withValue is a signer with a value of n octets.
func withValue(t *testing.T, signer []byte, n int) []byte {
	si, err := cms.ParseSignerInfo(signer)
	require.NoError(t, err)
	at := bytes.LastIndex(signer, tlv(4, si.Signature))
	h, err := der.ReadHeader(signer)
	require.NoError(t, err)
	return longForm(0x30, append(bytes.Clone(signer[h.Size:at]), longForm(4, make([]byte, n))...))
}

// nested has content in segments in segments.
func nested(depth int) []byte {
	content := append(bytes.Repeat([]byte{0x24, 0x80}, depth), bytes.Repeat([]byte{0, 0}, depth)...)
	encap := append([]byte{0x30, 0x80}, oid(cms.OIDData)...)
	encap = append(append(append(encap, 0xa0, 0x80), content...), 0, 0, 0, 0)
	body := append(append([]byte{2, 1, 1, 0x31, 0}, encap...), 0x31, 0)
	return tlv(0x30, oid(cms.OIDSignedData), tlv(0xa0, tlv(0x30, body)))
}

// TestFastAtTheBounds: with thousands of certificates or signers, reading, searching and writing stay fast.
func TestFastAtTheBounds(t *testing.T) {
	id := identityOf(t, "p256")
	signer, err := id.signer(t, deal, nil).Marshal()
	require.NoError(t, err)
	for name, message := range map[string][]byte{
		"certificates": carrier(nil, bytes.Repeat(id.cert.Raw, 5000), nil, signer),
		"signers":      carrier(nil, id.cert.Raw, nil, bytes.Repeat(signer, limits.CMSSigners)),
	} {
		start := time.Now()
		sd, _, err := cms.Parse(message)
		require.NoError(t, err)
		require.Len(t, sd.CertificatesFor(sd.SignerInfos[0]), 1, "each certificate once")
		_, err = sd.Marshal()
		require.NoError(t, err)
		require.Less(t, time.Since(start), time.Second, name)
	}
}

// TestReaderLies: lengths that nothing follows cost neither time nor memory.
func TestReaderLies(t *testing.T) {
	for _, prefix := range [][]byte{
		{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff},
		append([]byte{0x30, 0x80}, oid(cms.OIDSignedData)...),
		append(append([]byte{0x30, 0x80}, oid(cms.OIDSignedData)...), 0xa0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0, 0x30, 0x80, 6, 1, 42, 0xa0, 0x80, 4, 0x86, 1, 0, 0, 0, 0, 0),
		append(append([]byte{0x30, 0x80}, oid(cms.OIDSignedData)...), 0xa0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0, 0x30, 3, 6, 1, 42, 0xa0, 0x80, 0x30, 0x84, 3, 0xff, 0, 0),
	} {
		before := memoryInUse()
		_, err := cms.Read(context.Background(), bytes.NewReader(prefix), cms.ReadOptions{})
		require.Error(t, err)
		_, _, err = cms.Parse(prefix)
		require.Error(t, err)
		require.Less(t, memoryInUse()-before, uint64(256<<10))
	}
}
