//go:build interop

package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// desk is a folder with the files that openssl is given.
type desk struct {
	testing.TB
	dir string
}

func newDesk(t *testing.T) desk { return desk{t, t.TempDir()} }

func (d desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d desk) write(name string, b []byte) string {
	require.NoError(d, os.WriteFile(d.path(name), b, 0o600))
	return d.path(name)
}

func (d desk) read(name string) []byte {
	b, err := os.ReadFile(d.path(name))
	require.NoError(d, err)
	return b
}

// pems writes the certificate and the key of an identity.
func (d desk) pems(id *identity) (certificate, key string) {
	raw, err := x509.MarshalPKCS8PrivateKey(id.key)
	require.NoError(d, err)
	key = d.write(id.name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	return d.write(id.name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.cert.Raw})), key
}

// openssl runs a command and returns what it said.
func (d desk) openssl(args ...string) (string, error) {
	command := exec.Command("openssl", args...)
	command.Dir = d.dir
	out, err := command.CombinedOutput()
	return string(out), err
}

func (d desk) must(args ...string) {
	out, err := d.openssl(args...)
	require.NoError(d, err, "openssl %s\n%s", strings.Join(args, " "), out)
}

// TestOpenSSLVerifiesOurs: every algorithm that OpenSSL 3.0 knows, attached and detached, by issuer and by key, with -cades.
func TestOpenSSLVerifiesOurs(t *testing.T) {
	content := octets(70000)
	for _, s := range append(schemes, []struct {
		key    string
		scheme ours.Scheme
	}{
		{"rsa3072", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA256}},
		{"rsa3072", ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA384, MGFHash: crypto.SHA384, SaltLength: 48}},
		{"rsa4096", ours.Scheme{Kind: ours.PKCS1v15, Hash: crypto.SHA512}},
		{"rsa4096", ours.Scheme{Kind: ours.PSS, Hash: crypto.SHA512, MGFHash: crypto.SHA512, SaltLength: 64}},
	}...) {
		if s.key == "ed25519" {
			continue // OpenSSL 3.0 cannot: RFC 8419 came with 3.2
		}
		for _, keyID := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s keyID=%v", s.key, s.scheme.Name(), keyID), func(t *testing.T) {
				d := newDesk(t)
				id := identityOf(t, s.key)
				certificate, _ := d.pems(id)
				si := id.signer(t, content, func(r *cms.SignerRequest) {
					r.Scheme, r.KeyID = s.scheme, keyID
					r.Attributes = []cms.Attribute{cms.SigningTime(time.Now()), cms.SigningCertificateV2(id.cert, s.scheme.Hash)}
				})
				si.UnsignedAttributes = []cms.Attribute{token}
				sd := message([]*cms.SignerInfo{si}, id)
				attached, err := sd.MarshalAttached(content)
				require.NoError(t, err)
				detached, err := sd.Marshal()
				require.NoError(t, err)
				d.write("attached", attached)
				d.write("detached", detached)
				d.write("content", content)
				d.write("other", octets(70001))
				common := []string{"cms", "-verify", "-binary", "-inform", "DER", "-CAfile", certificate, "-cades"}
				d.must(append(common, "-in", "attached", "-out", "out")...)
				require.True(t, bytes.Equal(content, d.read("out")))
				d.must(append(common, "-in", "detached", "-content", "content", "-out", "out")...)
				_, err = d.openssl(append(common, "-in", "detached", "-content", "other", "-out", "out")...)
				require.Error(t, err, "the test would notice")
			})
		}
	}
}

// TestOpenSSLVerifiesOurMessages: several signers; another content type; an edited message; one with OCSP in crls.
func TestOpenSSLVerifiesOurMessages(t *testing.T) {
	d := newDesk(t)
	content := octets(5000)
	ids := []*identity{identityOf(t, "rsa2048"), identityOf(t, "p256"), identityOf(t, "p384")}
	var signers []*cms.SignerInfo
	var anchors []byte
	for i, id := range ids {
		certificate, _ := d.pems(id)
		anchors = append(anchors, d.read(filepath.Base(certificate))...)
		signers = append(signers, id.signer(t, content, func(r *cms.SignerRequest) { r.KeyID = i == 1 }))
	}
	d.write("anchors", anchors)
	verify := func(name string, message []byte) {
		d.write(name, message)
		d.must("cms", "-verify", "-binary", "-inform", "DER", "-CAfile", "anchors", "-in", name, "-out", "out")
		require.True(t, bytes.Equal(content, d.read("out")))
	}
	sd := message(signers, ids...)
	three, err := sd.MarshalAttached(content)
	require.NoError(t, err)
	verify("three signers", three)
	sd.CRLs = [][]byte{tlv(0xa1, oid(cms.OIDOtherRevocationOCSP), tlv(0x30, []byte{10, 1, 0}))}
	five, err := sd.MarshalAttached(content)
	require.NoError(t, err)
	verify("ocsp in crls", five)

	token5 := &cms.SignedData{ContentType: cms.OIDTSTInfo, Certificates: sd.Certificates, SignerInfos: []*cms.SignerInfo{
		ids[1].signer(t, content, func(r *cms.SignerRequest) { r.ContentType = cms.OIDTSTInfo })}}
	tst, err := token5.MarshalAttached(content)
	require.NoError(t, err)
	verify("another content type", tst)

	certificate, key := d.pems(ids[1])
	d.write("content", content)
	d.must("cms", "-sign", "-binary", "-nodetach", "-stream", "-outform", "DER", "-in", "content", "-signer", certificate, "-inkey", key, "-out", "theirs")
	var edited bytes.Buffer
	theirs := d.read("theirs")
	require.NoError(t, cms.Rewrite(context.Background(), &edited, bytes.NewReader(theirs), int64(len(theirs)), cms.ReadOptions{}, func(sd *cms.SignedData) error {
		sd.SignerInfos = append(sd.SignerInfos, ids[0].signer(t, content, nil))
		sd.Certificates = append(sd.Certificates, ids[0].cert.Raw)
		return addToken(sd)
	}))
	verify("theirs, edited and signed again by us", edited.Bytes())
	out, err := d.openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", "theirs, edited and signed again by us")
	require.NoError(t, err)
	require.Contains(t, out, "id-smime-aa-timeStampToken")
}

// TestWeVerifyOpenSSL: what openssl signs with each of its options.
func TestWeVerifyOpenSSL(t *testing.T) {
	type shape struct {
		name    string
		signers []string
		options []string
		size    int
	}
	var shapes []shape
	for _, size := range []int{0, 1, 4095, 4096, 4097, 100000} {
		shapes = append(shapes, shape{fmt.Sprintf("attached %d", size), []string{"p256"}, []string{"-nodetach"}, size})
		if size > 0 { // OpenSSL 3.0 fails to stream nothing
			shapes = append(shapes, shape{fmt.Sprintf("streamed %d", size), []string{"p256"}, []string{"-nodetach", "-stream"}, size})
		}
		shapes = append(shapes, shape{fmt.Sprintf("detached %d", size), []string{"p256"}, nil, size})
	}
	for _, key := range []string{"rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521"} {
		for _, md := range []string{"sha256", "sha384", "sha512", "sha3-256", "sha1"} {
			if md == "sha3-256" && key[0] == 'p' {
				continue // OpenSSL 3.0 has no identifier for ECDSA with SHA-3
			}
			shapes = append(shapes, shape{key + " " + md, []string{key}, []string{"-nodetach", "-md", md}, 1000})
		}
		shapes = append(shapes, shape{key + " without attributes", []string{key}, []string{"-nodetach", "-noattr"}, 1000})
		shapes = append(shapes, shape{key + " detached without attributes", []string{key}, []string{"-noattr"}, 1000})
		shapes = append(shapes, shape{key + " by key identifier", []string{key}, []string{"-nodetach", "-keyid"}, 1000})
	}
	for _, salt := range []string{"digest", "max", "20", "0"} {
		for _, md := range []string{"sha256", "sha512", "sha1"} {
			shapes = append(shapes, shape{"pss " + md + " salt " + salt, []string{"rsa2048"},
				[]string{"-nodetach", "-md", md, "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:" + salt}, 1000})
		}
	}
	shapes = append(shapes,
		shape{"pss with another mgf digest", []string{"rsa2048"}, []string{"-nodetach", "-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha384"}, 1000},
		shape{"no smime capabilities", []string{"p256"}, []string{"-nodetach", "-nosmimecap"}, 1000},
		shape{"no certificate", []string{"p256"}, []string{"-nodetach", "-nocerts"}, 1000},
		shape{"content type", []string{"p256"}, []string{"-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4"}, 1000},
		shape{"cades", []string{"p384"}, []string{"-nodetach", "-cades"}, 1000},
		shape{"cades with sha-512", []string{"p384"}, []string{"-nodetach", "-cades", "-md", "sha512"}, 1000},
		shape{"four signers", []string{"p256", "p384", "p521", "rsa2048"}, []string{"-nodetach"}, 1000},
		shape{"four signers streamed", []string{"p256", "p384", "p521", "rsa2048"}, []string{"-nodetach", "-stream", "-keyid"}, 100000},
	)
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			d := newDesk(t)
			content := octets(s.size)
			d.write("content", content)
			args := []string{"cms", "-sign", "-binary", "-outform", "DER", "-in", "content", "-out", "signed"}
			var ids []*identity
			for _, name := range s.signers {
				id := identityOf(t, name)
				certificate, key := d.pems(id)
				ids = append(ids, id)
				args = append(args, "-signer", certificate, "-inkey", key)
			}
			d.must(append(args, s.options...)...)
			message := d.read("signed")
			parsed, _, err := cms.Parse(message)
			require.NoError(t, err)
			streamed, err := cms.Read(context.Background(), bytes.NewReader(message), cms.ReadOptions{})
			require.NoError(t, err)
			for _, sd := range []*cms.SignedData{parsed, streamed} {
				require.Len(t, sd.SignerInfos, len(ids))
				require.Empty(t, sd.Problems)
				if !sd.Attached {
					taken := cms.NewContent(crypto.SHA256, crypto.SHA384, crypto.SHA512)
					taken.Write(content)
					sd.SetContent(taken)
				}
				verified := 0
				for i, si := range sd.SignerInfos {
					for _, id := range ids {
						if si.SID.Matches(id.cert) {
							require.Empty(t, sd.Verify(i, id.cert, nil))
							verified++
						}
					}
				}
				require.Equal(t, len(ids), verified)
			}
		})
	}
}
