package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// hostile is the input that costs digitorus/pkcs7 15 s and 3.7 GB: short lengths under an indefinite one.
const hostile = "MIAwAjACMAIwAjACMAIwMDACMDAwAjAwMAIwIDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwMDACMAIwAjACMAIwAjACMDAwAjAwMAIwMDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwAjACMAIwAjACQQIwMDA="

// seeds are messages of OpenSSL and ours, and inputs made to hurt.
func seeds(t testing.TB) (all [][]byte) {
	files, err := filepath.Glob(filepath.Join("testdata", "openssl", "*.p7*"))
	require.NoError(t, err)
	require.Greater(t, len(files), 10)
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if len(b) < 2<<10 { // longer ones keep the fuzzer busy making them shorter
			all = append(all, b)
		}
	}
	vector, err := base64.StdEncoding.DecodeString(hostile)
	require.NoError(t, err)
	all = append(all, vector, []byte{}, []byte{0x30, 0x81}, []byte{0x1f, 0x80},
		[]byte(strings.Repeat("\x30\x80", 300)), []byte(strings.Repeat("\x30\x80", 200)+strings.Repeat("\x00\x00", 200)), nested(40))
	id, other := identityOf(t, "p256"), identityOf(t, "ed25519")
	si := id.signer(t, deal, func(r *cms.SignerRequest) {
		r.Attributes = []cms.Attribute{cms.SigningCertificateV2(id.cert, crypto.SHA384), cms.NewAttribute(cms.OIDContentTimestamp, tlv(0x30))}
	})
	counter, err := other.signer(t, si.Signature, nil).Marshal()
	require.NoError(t, err)
	si.UnsignedAttributes = []cms.Attribute{token, cms.NewAttribute(cms.OIDCountersignature, counter)}
	sd := message([]*cms.SignerInfo{si, other.signer(t, deal, func(r *cms.SignerRequest) { r.KeyID = true })}, id, other)
	sd.CRLs = [][]byte{tlv(0x30, []byte{5, 0}), tlv(0xa1, oid(cms.OIDOtherRevocationOCSP), tlv(0x30))}
	attached, err := sd.MarshalAttached(deal)
	require.NoError(t, err)
	detached, err := sd.Marshal()
	require.NoError(t, err)
	return append(all, attached, detached)
}

// FuzzSignedData reads any octets in memory and as a stream, judges, edits and writes them.
func FuzzSignedData(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	var known []*ours.Certificate
	signed := map[string]bool{} // what the owners of the samples really signed
	for _, raw := range sampleCertificates(f) {
		c, err := ours.ParseCertificate(raw)
		require.NoError(f, err)
		known = append(known, c)
	}
	for _, name := range []string{"attached.p7m", "detached.p7s", "stream.p7m", "stream-long.p7m", "keyid.p7m", "nocerts.p7s", "tst.p7m", "pss.p7m", "cades.p7m", "three.p7m"} {
		sd, _, err := cms.Parse(sample(f, name))
		require.NoError(f, err)
		for _, si := range sd.SignerInfos {
			signed[string(si.RawSignedAttributes)] = true
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 1<<20 {
			t.Skip("no larger input says more")
		}
		before := memoryInUse()
		sd, content, err := cms.Parse(input)
		require.LessOrEqual(t, memoryInUse()-before, uint64(64<<10+64*len(input)), "allocation in proportion")
		var flowed bytes.Buffer
		streamed, streamErr := cms.Read(context.Background(), iotest.HalfReader(bytes.NewReader(input)), cms.ReadOptions{Content: &flowed})
		require.Equal(t, err == nil, streamErr == nil, "%v\n%v", err, streamErr)
		if err != nil {
			return
		}
		require.Equal(t, sd.Attached, content != nil)
		require.True(t, bytes.Equal(content, flowed.Bytes()))
		require.Equal(t, len(sd.SignerInfos), len(streamed.SignerInfos))
		for i, si := range sd.SignerInfos {
			require.Equal(t, si.Raw, streamed.SignerInfos[i].Raw)
			judgeAnything(t, sd, i)
			for _, cert := range known {
				if len(sd.Verify(i, cert, nil)) == 0 && si.RawSignedAttributes != nil {
					require.True(t, signed[string(si.RawSignedAttributes)], "nobody signed these attributes")
				}
				require.Equal(t, sd.Verify(i, cert, sd.Digest), streamed.Verify(i, cert, sd.Digest))
			}
		}
		padded := append(bytes.Clone(input), 0, 0, 0)
		_, _, size, err := cms.ParsePadded(padded)
		require.NoError(t, err)
		require.Equal(t, len(input), size)
		rewriteAnything(t, sd, content)
	})
}

// judgeAnything calls whatever looks at one signer.
func judgeAnything(t *testing.T, sd *cms.SignedData, i int) {
	si := sd.SignerInfos[i]
	for _, c := range append(sd.CertificatesFor(si), nil) {
		for _, f := range sd.Verify(i, c, nil) {
			require.NotEmpty(t, f.Clause)
		}
	}
	for _, a := range append(si.SignedAttributes, si.UnsignedAttributes...) {
		if _, err := cms.ParseSigningCertificates(a); err != nil {
			require.ErrorIs(t, err, cms.ErrESS)
		}
		if _, err := cms.ParseSigningTime(a); err != nil {
			require.ErrorIs(t, err, cms.ErrESS)
		}
		for _, v := range a.Values {
			if counter, err := cms.ParseSignerInfo(v); err == nil {
				counter.VerifyCountersignature(si, nil)
			}
		}
	}
}

// rewriteAnything writes what was read: nothing that matters is lost, and writing again changes nothing.
func rewriteAnything(t *testing.T, sd *cms.SignedData, content []byte) {
	once, err := sd.Marshal()
	require.NoError(t, err)
	again, sameContent, err := cms.Parse(once)
	require.NoError(t, err)
	require.Equal(t, content, sameContent)
	require.Equal(t, sd.Certificates, again.Certificates)
	require.Equal(t, sd.CRLs, again.CRLs)
	require.Equal(t, len(sd.SignerInfos), len(again.SignerInfos))
	twice, err := again.Marshal()
	require.NoError(t, err)
	require.True(t, bytes.Equal(once, twice))
	for i, si := range again.SignerInfos {
		require.Equal(t, sd.SignerInfos[i].Raw, si.Raw)
		si.UnsignedAttributes = append(si.UnsignedAttributes, token)
		raw, err := si.Marshal()
		if err != nil {
			require.ErrorIs(t, err, cms.ErrAttribute)
			return
		}
		edited, err := cms.ParseSignerInfo(raw)
		require.NoError(t, err)
		require.Equal(t, si.RawSignedAttributes, edited.RawSignedAttributes)
		require.Equal(t, si.Signature, edited.Signature)
		require.Equal(t, si.SID, edited.SID)
		require.Len(t, edited.UnsignedAttributes, len(si.UnsignedAttributes))
	}
}
