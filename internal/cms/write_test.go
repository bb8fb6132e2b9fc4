package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// TestVersions is the table of RFC 5652 §5.1.
func TestVersions(t *testing.T) {
	id := identityOf(t, "p256")
	byIssuer, byKey := id.signer(t, deal, nil), id.signer(t, deal, func(r *cms.SignerRequest) { r.KeyID = true })
	tests := []struct {
		name        string
		signer      *cms.SignerInfo
		contentType der.OID
		certificate []byte
		crl         []byte
		version     int
	}{
		{"id-data, issuer and serial", byIssuer, cms.OIDData, id.cert.Raw, tlv(0x30, []byte{5, 0}), 1},
		{"key identifier", byKey, cms.OIDData, id.cert.Raw, nil, 3},
		{"another content type", byIssuer, cms.OIDTSTInfo, id.cert.Raw, nil, 3},
		{"version 1 attribute certificate", byIssuer, cms.OIDData, tlv(0xa1, []byte{5, 0}), nil, 3},
		{"version 2 attribute certificate", byKey, cms.OIDData, tlv(0xa2, []byte{5, 0}), nil, 4},
		{"other certificate", byIssuer, cms.OIDData, tlv(0xa3, []byte{5, 0}), nil, 5},
		{"other revocation information", byIssuer, cms.OIDData, id.cert.Raw, tlv(0xa1, []byte{5, 0}), 5},
	}
	for _, test := range tests {
		sd := &cms.SignedData{ContentType: test.contentType, SignerInfos: []*cms.SignerInfo{test.signer}, Certificates: [][]byte{test.certificate}}
		if test.crl != nil {
			sd.CRLs = [][]byte{test.crl}
		}
		raw, err := sd.Marshal()
		require.NoError(t, err)
		read, _, err := cms.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, test.version, read.Version, test.name)
		require.Empty(t, read.Problems, test.name)
		require.Equal(t, sd.CRLs, read.CRLs)
	}
}

// TestDigestAlgorithmsOnce: five signers with two digests announce two.
func TestDigestAlgorithmsOnce(t *testing.T) {
	id := identityOf(t, "p256")
	var signers []*cms.SignerInfo
	for i := range 5 {
		h := []crypto.Hash{crypto.SHA512, crypto.SHA256}[i%2]
		signers = append(signers, id.signer(t, deal, func(r *cms.SignerRequest) { r.Scheme.Hash = h }))
	}
	sd := message(signers, id)
	sd.DigestAlgorithms = []ours.AlgorithmIdentifier{{OID: ours.DigestAlgorithm(crypto.SHA256).OID, Parameters: []byte{5, 0}}}
	raw, err := sd.MarshalAttached(deal)
	require.NoError(t, err)
	read, _, err := cms.Parse(raw)
	require.NoError(t, err)
	require.Len(t, read.DigestAlgorithms, 2, "NULL and absent parameters are the same algorithm")
	require.NoError(t, der.CheckSets(raw, der.Limits{}))
	for i := range read.SignerInfos {
		require.Empty(t, verify(t, read, i))
	}
}

// TestEd25519Digest: RFC 8419 §3.1 leaves no choice.
func TestEd25519Digest(t *testing.T) {
	si := identityOf(t, "ed25519").signer(t, deal, func(r *cms.SignerRequest) { r.Scheme.Hash = crypto.SHA256 })
	require.Equal(t, ours.DigestAlgorithm(crypto.SHA512), si.DigestAlgorithm)
	require.Equal(t, "1.3.101.112", si.SignatureAlgorithm.OID.String())
	require.Nil(t, si.SignatureAlgorithm.Parameters)
}

func TestSignRefuses(t *testing.T) {
	id := identityOf(t, "p256")
	sum := hashOf(crypto.SHA256, deal)
	sign := func(change func(*cms.SignerRequest)) error {
		r := cms.SignerRequest{Certificate: id.cert, Digest: sum}
		change(&r)
		_, err := cms.Sign(rand.Reader, id.key, r)
		return err
	}
	require.NoError(t, sign(func(*cms.SignerRequest) {}))
	require.ErrorIs(t, sign(func(r *cms.SignerRequest) { r.Digest = sum[1:] }), cms.ErrDigest)
	require.ErrorIs(t, sign(func(r *cms.SignerRequest) { r.Digest = nil }), cms.ErrDigest)
	require.ErrorIs(t, sign(func(r *cms.SignerRequest) { r.Scheme.Hash = crypto.SHA384 }), cms.ErrDigest)
	require.ErrorIs(t, sign(func(r *cms.SignerRequest) { r.Scheme.Hash = crypto.SHA1 }), ours.ErrUnsupported)
	require.ErrorIs(t, sign(func(r *cms.SignerRequest) { r.ContentType = "\x80" }), cms.ErrAttribute)
	for _, attrs := range [][]cms.Attribute{
		{cms.NewAttribute(cms.OIDContentType, oid(cms.OIDData))},
		{cms.NewAttribute(cms.OIDMessageDigest, tlv(4, sum))},
		{token, token},
		{cms.NewAttribute("", []byte{5, 0})},
		{cms.NewAttribute("\x2a\x03")},
		{cms.NewAttribute("\x2a\x03", []byte{5})},
		{cms.NewAttribute("\x2a\x03", []byte{5, 0, 0})},
		{cms.NewAttribute("\x2a\x03", []byte{0x30, 0x80, 0, 0})},
	} {
		require.ErrorIs(t, sign(func(r *cms.SignerRequest) { r.Attributes = attrs }), cms.ErrAttribute)
	}
	broken := errors.New("card removed")
	_, err := cms.Sign(rand.Reader, brokenKey{id.key, broken}, cms.SignerRequest{Certificate: id.cert, Digest: sum})
	require.ErrorIs(t, err, broken)
}

type brokenKey struct {
	crypto.Signer
	err error
}

func (k brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, k.err }

// TestRemoteKey goes in two steps, with nothing but ToBeSigned in between.
func TestRemoteKey(t *testing.T) {
	id := identityOf(t, "rsa2048")
	si, scheme, err := cms.NewSigner(cms.SignerRequest{Certificate: id.cert, Digest: hashOf(crypto.SHA256, deal)})
	require.NoError(t, err)
	_, err = si.Marshal()
	require.ErrorContains(t, err, "without a signature value")
	si.Signature, err = id.key.Sign(rand.Reader, hashOf(scheme.Hash, si.ToBeSigned()), scheme.SignerOpts())
	require.NoError(t, err)
	sd := message([]*cms.SignerInfo{si}, id)
	content := cms.NewContent(crypto.SHA256)
	content.Write(deal)
	sd.SetContent(content)
	require.Empty(t, sd.Verify(0, id.cert, nil), "what was made is judged before it is written")
	raw, err := sd.Marshal()
	require.NoError(t, err)
	read, _, err := cms.Parse(raw)
	require.NoError(t, err)
	read.SetContent(content)
	require.Empty(t, verify(t, read, 0))
}

func TestWriteRefuses(t *testing.T) {
	id := identityOf(t, "p256")
	sd := message([]*cms.SignerInfo{id.signer(t, deal, nil)}, id)
	write := func(content io.Reader, size int64) error { return sd.Write(io.Discard, content, size) }
	require.NoError(t, write(bytes.NewReader(deal), int64(len(deal))))
	require.ErrorIs(t, write(bytes.NewReader(deal), int64(len(deal))+1), cms.ErrContentSize)
	require.ErrorIs(t, write(bytes.NewReader(deal), int64(len(deal))-1), cms.ErrContentSize)
	require.ErrorIs(t, write(bytes.NewReader(deal), 0), cms.ErrContentSize)
	require.ErrorIs(t, write(bytes.NewReader(deal), -1), cms.ErrContentSize)
	require.NoError(t, write(iotest.DataErrReader(bytes.NewReader(deal)), int64(len(deal))))
	broken := errors.New("disk")
	require.ErrorIs(t, write(iotest.ErrReader(broken), 5), broken)
	require.ErrorIs(t, write(iotest.ErrReader(nil), 5), io.ErrNoProgress)
	for after := range 3 {
		require.ErrorIs(t, sd.Write(&failing{after, broken}, bytes.NewReader(deal), int64(len(deal))), broken)
	}
	_, err := (&cms.SignedData{}).Marshal()
	require.ErrorContains(t, err, "without a content type")

	attached, err := sd.MarshalAttached(deal)
	require.NoError(t, err)
	streamed, err := cms.Read(context.Background(), bytes.NewReader(attached), cms.ReadOptions{})
	require.NoError(t, err)
	_, err = streamed.Marshal()
	require.ErrorIs(t, err, cms.ErrContent, "the content went by and is not here")
	again, err := streamed.MarshalAttached(deal)
	require.NoError(t, err)
	require.Equal(t, attached, again)

	for _, change := range []func(*cms.SignerInfo){
		func(si *cms.SignerInfo) { si.SID = cms.SignerID{} },
		func(si *cms.SignerInfo) { si.SID = cms.SignerID{SubjectKeyID: []byte{}} },
		func(si *cms.SignerInfo) { si.DigestAlgorithm.OID = "" },
		func(si *cms.SignerInfo) { si.SignatureAlgorithm.OID = "" },
		func(si *cms.SignerInfo) { si.SignatureAlgorithm.OID = "\x80" },
		func(si *cms.SignerInfo) { si.RawSignedAttributes = []byte{0xa0, 0} },
		func(si *cms.SignerInfo) { si.Signature = nil },
	} {
		si := *sd.SignerInfos[0]
		change(&si)
		_, err := message([]*cms.SignerInfo{&si}, id).Marshal()
		require.Error(t, err)
	}
}

// failing is a writer that fails after some calls.
type failing struct {
	left int
	err  error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// TestParsePadded is the room of a PDF signature: zeros and nothing else.
func TestParsePadded(t *testing.T) {
	for _, name := range []string{"detached.p7s", "stream.p7m"} {
		raw := sample(t, name)
		padded := append(bytes.Clone(raw), make([]byte, 1000)...)
		sd, _, size, err := cms.ParsePadded(padded)
		require.NoError(t, err)
		require.Equal(t, len(raw), size)
		require.Len(t, sd.SignerInfos, 1)
		_, _, err = cms.Parse(padded)
		require.ErrorContains(t, err, "octets after")
		_, err = cms.Read(context.Background(), bytes.NewReader(padded), cms.ReadOptions{})
		require.ErrorContains(t, err, "octets after")
		for _, at := range []int{len(raw), len(padded) - 1} {
			padded[at] = 1
			_, _, _, err = cms.ParsePadded(padded)
			require.ErrorContains(t, err, "not zero")
			padded[at] = 0
		}
	}
}

func TestReadOptions(t *testing.T) {
	raw := sample(t, "stream-long.p7m")
	long := sample(t, "long.txt")
	read := func(o cms.ReadOptions) (*cms.SignedData, error) {
		return cms.Read(context.Background(), bytes.NewReader(raw), o)
	}
	sd, err := read(cms.ReadOptions{Digests: []crypto.Hash{crypto.SHA512}, MaxContent: int64(len(long))})
	require.NoError(t, err)
	require.Len(t, sd.ContentDigests, 2)
	require.Equal(t, hashOf(crypto.SHA512, long), sd.ContentDigests[crypto.SHA512])
	require.Equal(t, long[:4096], sd.ContentHead)
	sd, err = read(cms.ReadOptions{SkipDigests: true})
	require.NoError(t, err)
	require.Empty(t, sd.ContentDigests)
	require.Equal(t, []cms.Reason{cms.ContentMissing}, verify(t, sd, 0))
	_, err = read(cms.ReadOptions{MaxContent: int64(len(long)) - 1})
	require.ErrorIs(t, err, cms.ErrTooLarge)
	broken := errors.New("disk")
	_, err = read(cms.ReadOptions{Content: &failing{1, broken}})
	require.ErrorIs(t, err, broken)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = cms.Read(ctx, bytes.NewReader(raw), cms.ReadOptions{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = cms.Read(context.Background(), io.MultiReader(bytes.NewReader(raw[:500]), iotest.ErrReader(broken)), cms.ReadOptions{})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, cms.ErrNotSignedData)
	_, err = cms.Read(context.Background(), iotest.ErrReader(broken), cms.ReadOptions{})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, cms.ErrNotSignedData)
}

// TestOldContent is content of PKCS #7 that is no OCTET STRING: its content octets are signed (RFC 5652 §5.2.1).
func TestOldContent(t *testing.T) {
	inner := []byte{2, 1, 7, 4, 2, 8, 9}
	f := good(t)
	f.content, f.contentType = inner, "\x2a\x03\x04"
	f.attributes = sorted(attribute(cms.OIDContentType, oid(f.contentType)), attribute(cms.OIDMessageDigest, tlv(4, hashOf(crypto.SHA256, inner))))
	raw := f.message(t)
	octets := tlv(4, inner)
	sequence := bytes.Replace(raw, octets, tlv(0x30, inner), 1)
	require.NotEqual(t, raw, sequence)
	for _, message := range [][]byte{sequence, indefiniteContent(t, sequence, inner)} {
		parsed, content, err := cms.Parse(message)
		require.NoError(t, err)
		require.Equal(t, inner, content)
		streamed, err := cms.Read(context.Background(), bytes.NewReader(message), cms.ReadOptions{})
		require.NoError(t, err)
		for _, sd := range []*cms.SignedData{parsed, streamed} {
			require.Empty(t, verify(t, sd, 0))
			require.Len(t, sd.Problems, 1)
			require.Equal(t, "cms.content-not-octet-string", sd.Problems[0].Code)
		}
	}
	for _, other := range [][]byte{tlv(0x31, inner), tlv(5, inner), tlv(0xa0, inner)} {
		changed := bytes.Replace(raw, octets, other, 1)
		_, _, err := cms.Parse(changed)
		require.ErrorContains(t, err, "OCTET STRING")
		_, err = cms.Read(context.Background(), bytes.NewReader(changed), cms.ReadOptions{})
		require.ErrorContains(t, err, "OCTET STRING")
	}
	data := good(t).message(t)
	data = bytes.Replace(data, tlv(4, deal), tlv(0x30, deal), 1)
	_, _, err := cms.Parse(data)
	require.ErrorContains(t, err, "OCTET STRING", "id-data is octets")
}

// indefiniteContent gives the content an indefinite length, and to all that is around it.
func indefiniteContent(t *testing.T, message, inner []byte) []byte {
	encap := append(oid("\x2a\x03\x04"), tlv(0xa0, tlv(0x30, inner))...)
	before, after, ok := strings.Cut(string(message), string(tlv(0x30, encap)))
	require.True(t, ok)
	open := append(oid("\x2a\x03\x04"), append([]byte{0xa0, 0x80, 0x30, 0x80}, inner...)...)
	encap = append(append([]byte{0x30, 0x80}, open...), make([]byte, 6)...)
	body := before[strings.Index(before, "\x02\x01\x03"):] + string(encap) + after
	head := "\x30\x80" + string(oid(cms.OIDSignedData)) + "\xa0\x80\x30\x80"
	return []byte(head + body + strings.Repeat("\x00", 6))
}
