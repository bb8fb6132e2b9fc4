package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// The benchmarks come in pairs: the raw operation, and ours around it. What counts is their ratio.
//
//	go test -run '^$' -bench 'P256|1GiB' ./internal/cms

func BenchmarkP256SignRaw(b *testing.B) {
	id, content := identityOf(b, "p256"), octets(1024)
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256(content)
		if _, err := id.key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkP256Sign(b *testing.B) {
	id, content := identityOf(b, "p256"), octets(1024)
	certificateV2 := cms.SigningCertificateV2(id.cert, crypto.SHA256)
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256(content)
		si, err := cms.Sign(rand.Reader, id.key, cms.SignerRequest{Certificate: id.cert, Digest: sum[:], Attributes: []cms.Attribute{certificateV2}})
		if err != nil {
			b.Fatal(err)
		}
		sd := cms.SignedData{ContentType: cms.OIDData, SignerInfos: []*cms.SignerInfo{si}, Certificates: [][]byte{id.cert.Raw}}
		if _, err := sd.Marshal(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkMessage(b *testing.B) (id *identity, content, message []byte) {
	id, content = identityOf(b, "p256"), octets(1024)
	si := id.signer(b, content, func(r *cms.SignerRequest) {
		r.Attributes = []cms.Attribute{cms.SigningCertificateV2(id.cert, crypto.SHA256)}
	})
	sd := &cms.SignedData{ContentType: cms.OIDData, SignerInfos: []*cms.SignerInfo{si}, Certificates: [][]byte{id.cert.Raw}}
	message, err := sd.MarshalAttached(content)
	require.NoError(b, err)
	return id, content, message
}

func BenchmarkP256VerifyRaw(b *testing.B) {
	id, content := identityOf(b, "p256"), octets(1024)
	sum := sha256.Sum256(content)
	value, err := id.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	require.NoError(b, err)
	public := id.key.Public().(*ecdsa.PublicKey)
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256(content)
		if !ecdsa.VerifyASN1(public, sum[:], value) {
			b.Fatal("wrong")
		}
	}
}

// BenchmarkP256Verify parses, finds the certificate in the message, parses it and verifies.
func BenchmarkP256Verify(b *testing.B) {
	_, _, message := benchmarkMessage(b)
	b.ReportAllocs()
	for b.Loop() {
		sd, _, err := cms.Parse(message)
		if err != nil {
			b.Fatal(err)
		}
		if findings := sd.Verify(0, sd.CertificatesFor(sd.SignerInfos[0])[0], nil); len(findings) > 0 {
			b.Fatal(findings)
		}
	}
}

// BenchmarkP256VerifyKnown is for a certificate that was parsed before, as a validator's cache has it.
func BenchmarkP256VerifyKnown(b *testing.B) {
	id, _, message := benchmarkMessage(b)
	b.ReportAllocs()
	for b.Loop() {
		sd, _, err := cms.Parse(message)
		if err != nil {
			b.Fatal(err)
		}
		if findings := sd.Verify(0, id.cert, nil); len(findings) > 0 {
			b.Fatal(findings)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	_, _, message := benchmarkMessage(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := cms.Parse(message); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCertificate(b *testing.B) {
	id := identityOf(b, "p256")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ours.ParseCertificate(id.cert.Raw); err != nil {
			b.Fatal(err)
		}
	}
}

const gibibyte = 1 << 30

func BenchmarkHash1GiBRaw(b *testing.B) {
	b.SetBytes(gibibyte)
	buffer := make([]byte, 64<<10)
	for b.Loop() {
		state := sha256.New()
		if _, err := io.CopyBuffer(struct{ io.Writer }{state}, io.LimitReader(zeros{}, gibibyte), buffer); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead1GiB reads attached content of 1 GiB through the parser and its digest.
func BenchmarkRead1GiB(b *testing.B) {
	id := identityOf(b, "p256")
	content := cms.NewContent(crypto.SHA256)
	_, err := io.Copy(content, io.LimitReader(zeros{}, gibibyte))
	require.NoError(b, err)
	sum, _ := content.Digest(crypto.SHA256)
	sd := message([]*cms.SignerInfo{id.signer(b, nil, func(r *cms.SignerRequest) { r.Digest = sum })}, id)
	var head, tail bytes.Buffer
	require.NoError(b, sd.Write(&splitter{head: &head, skip: gibibyte, tail: &tail}, io.LimitReader(zeros{}, gibibyte), gibibyte))
	b.SetBytes(gibibyte)
	for b.Loop() {
		whole := io.MultiReader(bytes.NewReader(head.Bytes()), io.LimitReader(zeros{}, gibibyte), bytes.NewReader(tail.Bytes()))
		read, err := cms.Read(context.Background(), whole, cms.ReadOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if findings := read.Verify(0, id.cert, nil); len(findings) > 0 {
			b.Fatal(findings)
		}
	}
}

// splitter keeps what comes before and after skip octets of content. The opening is one Write.
type splitter struct {
	head, tail *bytes.Buffer
	skip       int64
}

func (s *splitter) Write(p []byte) (int, error) {
	switch {
	case s.head.Len() == 0:
		return s.head.Write(p)
	case s.skip >= int64(len(p)):
		s.skip -= int64(len(p))
		return len(p), nil
	}
	return s.tail.Write(p)
}
