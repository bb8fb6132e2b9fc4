package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
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

// TestFastAtTheBounds: hundreds of signers, each of whom could be any of thousands of certificates, over a long content, cost
// what they weigh and not their product.
func TestFastAtTheBounds(t *testing.T) {
	id := identityOf(t, "p256")
	content := octets(1 << 20)
	byIssuer, err := id.signer(t, content, nil).Marshal()
	require.NoError(t, err)
	byKey, err := id.signer(t, content, func(r *cms.SignerRequest) { r.KeyID = true }).Marshal()
	require.NoError(t, err)
	nobody := bytes.Replace(byKey, id.cert.SubjectKeyID, make([]byte, 20), 1)
	unnamed := bytes.Replace(id.cert.Raw, []byte{6, 3, 0x55, 0x1d, 0x0e}, []byte{6, 3, 0x55, 0x1d, 0x7f}, 1) // no key identifier
	tiny := []byte{0x30, 0}
	for name, test := range map[string]struct {
		certificate, signer []byte
		certificates        int
	}{
		"by issuer, one certificate thousands of times": {id.cert.Raw, byIssuer, limits.CMSCertificates},
		"by key, one certificate thousands of times":    {id.cert.Raw, byKey, limits.CMSCertificates},
		"by a key that none has":                        {unnamed, nobody, limits.CMSCertificates / 8},
		"by issuer, nothing that parses":                {tiny, byIssuer, limits.CMSCertificates},
		"by key, nothing that parses":                   {tiny, byKey, limits.CMSCertificates},
	} {
		t.Run(name, func(t *testing.T) {
			message := carrier(nil, bytes.Repeat(test.certificate, test.certificates), nil, bytes.Repeat(test.signer, limits.CMSSigners/4))
			start := time.Now()
			sd, _, err := cms.Parse(message)
			require.NoError(t, err)
			taken := cms.NewContent(crypto.SHA256)
			taken.Write(content)
			sd.SetContent(taken)
			for i, si := range sd.SignerInfos {
				for _, c := range append(sd.CertificatesFor(si), nil) {
					if i < 10 && c != nil {
						require.Empty(t, sd.Verify(i, c, nil))
					}
				}
				sd.CheckForm(i, nil)
			}
			require.Less(t, time.Since(start), 5*time.Second) // under 0.1 s without the race detector
		})
	}
	content = octets(4 << 20)
	sd := message([]*cms.SignerInfo{}, id)
	for range 300 {
		sd.SignerInfos = append(sd.SignerInfos, id.signer(t, content, nil))
	}
	long, err := sd.MarshalAttached(content)
	require.NoError(t, err)
	read, _, err := cms.Parse(long)
	require.NoError(t, err)
	start := time.Now()
	sha256.Sum256(content)
	once := time.Since(start)
	start = time.Now()
	for i := range read.SignerInfos {
		read.CheckForm(i, nil)
	}
	require.Less(t, time.Since(start), 150*once+200*time.Millisecond, "the content is hashed once, not 300 times")
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
