package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

func sample(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", "openssl", name))
	require.NoError(t, err)
	require.NotEmpty(t, b)
	return b
}

// sampleCertificates are those of the signers of testdata/openssl.
func sampleCertificates(t testing.TB) (raw [][]byte) {
	for rest := sample(t, "certificates.pem"); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			require.Len(t, raw, 3)
			return raw
		}
		raw = append(raw, block.Bytes)
	}
}

// TestOpenSSLSamples verifies what OpenSSL made, read as a stream and in memory.
func TestOpenSSLSamples(t *testing.T) {
	tests := []struct {
		name, content string
		signers       int
		attached, ber bool
		contentType   der.OID
		certificates  int
	}{
		{"attached.p7m", "content.txt", 1, true, false, cms.OIDData, 1},
		{"detached.p7s", "content.txt", 1, false, false, cms.OIDData, 1},
		{"stream.p7m", "content.txt", 1, true, true, cms.OIDData, 1},
		{"stream-long.p7m", "long.txt", 1, true, true, cms.OIDData, 1},
		{"keyid.p7m", "content.txt", 1, true, false, cms.OIDData, 1},
		{"noattr.p7m", "content.txt", 1, true, false, cms.OIDData, 1},
		{"nocerts.p7s", "content.txt", 1, false, false, cms.OIDData, 0},
		{"tst.p7m", "content.txt", 1, true, false, cms.OIDTSTInfo, 1},
		{"pss.p7m", "content.txt", 1, true, false, cms.OIDData, 1},
		{"cades.p7m", "content.txt", 1, true, false, cms.OIDData, 1},
		{"three.p7m", "content.txt", 3, true, true, cms.OIDData, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			message, content := sample(t, test.name), sample(t, test.content)
			require.Equal(t, test.ber, message[1] == 0x80, "the sample is what it should be")
			parsed, held, err := cms.Parse(message)
			require.NoError(t, err)
			var flowed bytes.Buffer
			streamed, err := cms.Read(context.Background(), bytes.NewReader(message), cms.ReadOptions{Content: &flowed})
			require.NoError(t, err)
			if test.attached {
				require.Equal(t, content, held)
				require.Equal(t, content, flowed.Bytes())
				require.EqualValues(t, len(content), streamed.ContentSize)
			}
			for _, sd := range []*cms.SignedData{parsed, streamed} {
				require.Equal(t, test.attached, sd.Attached)
				require.Equal(t, test.contentType, sd.ContentType)
				require.Len(t, sd.Certificates, test.certificates)
				require.Len(t, sd.SignerInfos, test.signers)
				require.Empty(t, sd.Problems)
				if !test.attached {
					taken := cms.NewContent(crypto.SHA256)
					taken.Write(content)
					sd.SetContent(taken)
				}
				for i, si := range sd.SignerInfos {
					candidates := cms.Designated(si.SID, sampleCertificates(t))
					require.Len(t, candidates, 1)
					require.Empty(t, sd.Verify(i, candidates[0], nil))
					for _, other := range sampleCertificates(t) {
						if c, err := ours.ParseCertificate(other); err == nil && c.ID != candidates[0].ID {
							require.Contains(t, reasons(sd.Verify(i, c, nil)), cms.CertificateMismatch)
						}
					}
				}
			}
			again, err := parsed.Marshal()
			require.NoError(t, err)
			require.Equal(t, test.ber, !bytes.Equal(again, message), "DER is written as it was read")
			second, _, err := cms.Parse(again)
			require.NoError(t, err)
			for i, si := range second.SignerInfos {
				require.Equal(t, parsed.SignerInfos[i].Raw, si.Raw)
			}
		})
	}
}

func TestOpenSSLSampleAttributes(t *testing.T) {
	sd, _, err := cms.Parse(sample(t, "cades.p7m"))
	require.NoError(t, err)
	si := sd.SignerInfos[0]
	found := cms.FindAttribute(si.SignedAttributes, cms.OIDSigningCertificateV2)
	require.Len(t, found, 1)
	ids, err := cms.ParseSigningCertificates(found[0])
	require.NoError(t, err)
	require.Len(t, ids, 1)
	require.Equal(t, crypto.SHA256, ids[0].Hash)
	signer := sd.CertificatesFor(si)[0]
	require.True(t, ids[0].Matches(signer))
	times := cms.FindAttribute(si.SignedAttributes, cms.OIDSigningTime)
	require.Len(t, times, 1)
	at, err := cms.ParseSigningTime(times[0])
	require.NoError(t, err)
	require.False(t, at.Before(signer.NotBefore.AddDate(0, 0, -1)))
}

// TestCertificatesOnly: a message without signer says so, and is no signature.
func TestCertificatesOnly(t *testing.T) {
	sd, content, err := cms.Parse(sample(t, "certificates.p7b"))
	require.NoError(t, err)
	require.Nil(t, content)
	require.Empty(t, sd.SignerInfos)
	require.Len(t, sd.Certificates, 2)
}

func TestNotSignedData(t *testing.T) {
	_, _, err := cms.Parse(sample(t, "enveloped.p7m"))
	require.ErrorIs(t, err, cms.ErrNotSignedData)
	require.ErrorContains(t, err, "EnvelopedData")
	for _, other := range [][]byte{nil, []byte("%PDF-1.7"), sample(t, "content.txt"), sample(t, "certificates.pem"), sampleCertificates(t)[0]} {
		_, _, err := cms.Parse(other)
		require.ErrorIs(t, err, cms.ErrNotSignedData)
		_, err = cms.Read(context.Background(), bytes.NewReader(other), cms.ReadOptions{})
		require.ErrorIs(t, err, cms.ErrNotSignedData)
	}
}
