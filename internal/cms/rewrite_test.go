package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
)

var token = cms.NewAttribute(cms.OIDSignatureTimestamp, tlv(0x30, oid(cms.OIDSignedData), tlv(0xa0, []byte{5, 0})))

// rewrite edits a message as a stream and reads the result.
func rewrite(t *testing.T, message []byte, edit func(*cms.SignedData) error) ([]byte, *cms.SignedData, []byte) {
	var out bytes.Buffer
	require.NoError(t, cms.Rewrite(context.Background(), &out, bytes.NewReader(message), int64(len(message)), cms.ReadOptions{}, edit))
	sd, content, err := cms.Parse(out.Bytes())
	require.NoError(t, err)
	return out.Bytes(), sd, content
}

func addToken(sd *cms.SignedData) error {
	si := sd.SignerInfos[0]
	si.UnsignedAttributes = append(si.UnsignedAttributes, token)
	return nil
}

func nothing(*cms.SignedData) error { return nil }

// TestRewriteChangesNothing: DER comes out as it went in, and BER with the same parts.
func TestRewriteChangesNothing(t *testing.T) {
	for _, name := range []string{"attached.p7m", "detached.p7s", "keyid.p7m", "noattr.p7m", "tst.p7m", "pss.p7m", "cades.p7m", "certificates.p7b"} {
		message := sample(t, name)
		out, _, _ := rewrite(t, message, nothing)
		require.Equal(t, message, out, name)
	}
	message := sample(t, "stream-long.p7m")
	out, sd, content := rewrite(t, message, nothing)
	require.Equal(t, sample(t, "long.txt"), content)
	segments := message[bytes.Index(message, []byte{0x24, 0x80}):]
	segments = segments[:bytes.Index(segments, sd.Certificates[0])-4]
	require.True(t, bytes.Contains(out, segments), "content stays in its segments")
}

// TestRewriteUnsigned adds and removes an unsigned attribute, a certificate and revocation data.
func TestRewriteUnsigned(t *testing.T) {
	extra := identityOf(t, "p521").cert.Raw
	ocsp := tlv(0xa1, oid(cms.OIDOtherRevocationOCSP), tlv(0x30))
	for _, name := range []string{"attached.p7m", "detached.p7s", "stream-long.p7m", "keyid.p7m", "three.p7m"} {
		t.Run(name, func(t *testing.T) {
			message := sample(t, name)
			before, content, err := cms.Parse(message)
			require.NoError(t, err)
			out, after, again := rewrite(t, message, func(sd *cms.SignedData) error {
				sd.Certificates = append(sd.Certificates, extra)
				sd.CRLs = append(sd.CRLs, ocsp)
				return addToken(sd)
			})
			require.Equal(t, content, again)
			require.Equal(t, 5, after.Version, "other revocation information (RFC 5652 §5.1)")
			require.Contains(t, after.Certificates, extra)
			require.Equal(t, [][]byte{ocsp}, after.CRLs)
			require.True(t, der.IsSortedSet(after.Certificates))
			require.Len(t, after.SignerInfos, len(before.SignerInfos))
			edited := 0
			for _, si := range after.SignerInfos {
				for _, old := range before.SignerInfos {
					if bytes.Equal(old.Signature, si.Signature) {
						require.Equal(t, old.RawSignedAttributes, si.RawSignedAttributes)
					}
				}
				edited += len(si.UnsignedAttributes)
			}
			require.Equal(t, 1, edited)
			if name != "detached.p7s" {
				for i := range after.SignerInfos {
					require.Empty(t, verify(t, after, i))
				}
			}
			// Taking it all away again gives what nothing changed gives.
			back, _, _ := rewrite(t, out, func(sd *cms.SignedData) error {
				for _, si := range sd.SignerInfos {
					si.UnsignedAttributes = nil
				}
				sd.Certificates, sd.CRLs = before.Certificates, nil
				return nil
			})
			plain, _, _ := rewrite(t, message, nothing)
			require.Equal(t, plain, back)
		})
	}
}

// TestRewriteKeepsOrder: attributes, certificates and signers found out of DER order keep theirs, which old archive
// timestamps cover; what is added follows.
func TestRewriteKeepsOrder(t *testing.T) {
	id := identityOf(t, "p256")
	si := id.signer(t, deal, nil)
	value := tlv(0x30, []byte{5, 0})
	si.UnsignedAttributes = []cms.Attribute{cms.NewAttribute("\x2a\x05", value), cms.NewAttribute("\x2a\x07", value)}
	raw, err := si.Marshal()
	require.NoError(t, err)
	first, second := attribute("\x2a\x05", value), attribute("\x2a\x07", value)
	raw = bytes.Replace(raw, append(bytes.Clone(first), second...), append(bytes.Clone(second), first...), 1)
	sd := message(nil, id, identityOf(t, "p384"))
	certificates := reversed(sorted(sd.Certificates...))
	written := tlv(0x30, oid(cms.OIDSignedData), tlv(0xa0, tlv(0x30, []byte{2, 1, 1}, tlv(0x31, si.DigestAlgorithm.Marshal()),
		tlv(0x30, oid(cms.OIDData)), tlv(0xa0, certificates...), tlv(0x31, raw))))
	same, _, _ := rewrite(t, written, nothing)
	require.Equal(t, written, same)
	_, after, _ := rewrite(t, written, func(sd *cms.SignedData) error {
		sd.SignerInfos[0].UnsignedAttributes = append(sd.SignerInfos[0].UnsignedAttributes, cms.NewAttribute("\x2a\x03", value))
		sd.Certificates = append(sd.Certificates, id.cert.Raw[:len(id.cert.Raw):len(id.cert.Raw)])
		return nil
	})
	require.Equal(t, certificates, after.Certificates[:2])
	var types []der.OID
	for _, a := range after.SignerInfos[0].UnsignedAttributes {
		types = append(types, a.Type)
	}
	require.Equal(t, []der.OID{"\x2a\x07", "\x2a\x05", "\x2a\x03"}, types)
}

// TestRewriteKeepsBERAttributes: an unsigned attribute found in BER, or with values out of order, is not touched when
// another is added.
func TestRewriteKeepsBERAttributes(t *testing.T) {
	id := identityOf(t, "p256")
	raw, err := id.signer(t, deal, nil).Marshal()
	require.NoError(t, err)
	odd := append([]byte{0x30, 0x80}, append(append(oid("\x2a\x05"), []byte{0x31, 0x80, 0x05, 0x00, 0x04, 0x81, 0x01, 7, 0, 0}...), 0, 0)...)
	h, err := der.ReadHeader(raw)
	require.NoError(t, err)
	raw = tlv(0x30, raw[h.Size:], tlv(0xa1, odd))
	si, err := cms.ParseSignerInfo(raw)
	require.NoError(t, err)
	require.Equal(t, [][]byte{{5, 0}, {4, 0x81, 1, 7}}, si.UnsignedAttributes[0].Values)
	require.Equal(t, odd, si.UnsignedAttributes[0].Marshal())
	same, err := si.Marshal()
	require.NoError(t, err)
	require.Equal(t, raw, same)
	si.UnsignedAttributes = append(si.UnsignedAttributes, token)
	edited, err := si.Marshal()
	require.NoError(t, err)
	require.True(t, bytes.Contains(edited, odd))
	// Once changed it is written in DER.
	si.UnsignedAttributes[0].Values = [][]byte{{5, 0}, {4, 1, 7}}
	require.Equal(t, attribute("\x2a\x05", []byte{4, 1, 7}, []byte{5, 0}), si.UnsignedAttributes[0].Marshal())
}

// TestRewriteAddsSigner: a parallel signature is added, with its digest algorithm.
func TestRewriteAddsSigner(t *testing.T) {
	message := sample(t, "attached.p7m")
	content := sample(t, "content.txt")
	other := identityOf(t, "p384")
	_, sd, _ := rewrite(t, message, func(sd *cms.SignedData) error {
		sd.SignerInfos = append(sd.SignerInfos, other.signer(t, content, func(r *cms.SignerRequest) { r.KeyID = true }))
		sd.Certificates = append(sd.Certificates, other.cert.Raw)
		return nil
	})
	require.Equal(t, 3, sd.Version)
	require.Len(t, sd.DigestAlgorithms, 2)
	require.Len(t, sd.SignerInfos, 2)
	for i := range sd.SignerInfos {
		require.Empty(t, verify(t, sd, i))
	}
}

func TestRewriteRefuses(t *testing.T) {
	message := sample(t, "attached.p7m")
	run := func(edit func(*cms.SignedData) error) error {
		var out bytes.Buffer
		err := cms.Rewrite(context.Background(), &out, bytes.NewReader(message), int64(len(message)), cms.ReadOptions{}, edit)
		if err != nil {
			require.Zero(t, out.Len(), "nothing is written")
		}
		return err
	}
	mine := errors.New("mine")
	require.Equal(t, mine, run(func(*cms.SignedData) error { return mine }))
	require.ErrorIs(t, run(func(sd *cms.SignedData) error { sd.SignerInfos[0].Signature = []byte{1}; return nil }), cms.ErrChanged)
	require.ErrorIs(t, run(func(sd *cms.SignedData) error { sd.SignerInfos[0].RawSignedAttributes = nil; return nil }), cms.ErrChanged)
	require.ErrorIs(t, run(func(sd *cms.SignedData) error {
		sd.SignerInfos[0].UnsignedAttributes = []cms.Attribute{{Type: cms.OIDSignatureTimestamp}}
		return nil
	}), cms.ErrAttribute)
	require.ErrorIs(t, run(func(sd *cms.SignedData) error {
		sd.SignerInfos[0].UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDSignatureTimestamp, []byte{0x30, 5})}
		return nil
	}), cms.ErrAttribute)
	require.Error(t, run(func(sd *cms.SignedData) error { sd.Certificates = append(sd.Certificates, nil); return nil }))
	require.Error(t, cms.Rewrite(context.Background(), new(bytes.Buffer), bytes.NewReader(message[:100]), 100, cms.ReadOptions{}, nothing))
}

// TestRewriteBig edits a message whose content is larger than what may be held.
func TestRewriteBig(t *testing.T) {
	const size = 200 << 20
	id := identityOf(t, "p256")
	content := cms.NewContent(crypto.SHA256)
	copyZeros(t, content, size)
	sum, _ := content.Digest(crypto.SHA256)
	si, err := cms.Sign(rand.Reader, id.key, cms.SignerRequest{Certificate: id.cert, Digest: sum})
	require.NoError(t, err)
	big := &sparse{}
	require.NoError(t, message([]*cms.SignerInfo{si}, id).Write(big, limitedZeros(size), size))
	out := &sparse{}
	before := memoryInUse()
	require.NoError(t, cms.Rewrite(context.Background(), out, big, big.size, cms.ReadOptions{SkipDigests: true}, addToken))
	require.Less(t, memoryInUse()-before, uint64(4<<20))
	read, err := cms.Read(context.Background(), out.reader(), cms.ReadOptions{})
	require.NoError(t, err)
	require.EqualValues(t, size, read.ContentSize)
	require.Empty(t, verify(t, read, 0))
	require.Len(t, read.SignerInfos[0].UnsignedAttributes, 1)
}
