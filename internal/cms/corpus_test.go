//go:build corpus

package cms_test

import (
	"bytes"
	"context"
	"crypto"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	ours "github.com/cadre-confiance/confiance/internal/pkix"
)

// shared returns the folder of corpora and peers: beside the repository, or where CONFIANCE_SHARED says.
func shared(t testing.TB) string {
	if dir := os.Getenv("CONFIANCE_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared")
		}
		require.NotEqual(t, dir, filepath.Dir(dir), "no go.mod above the test")
		dir = filepath.Dir(dir)
	}
}

// TestCorpus reads every CAdES file of the corpus, verifies its signers at the level of CMS, and compares with the table. A
// row may be invalid for reasons above CMS, and valid here.
func TestCorpus(t *testing.T) {
	root := filepath.Join(shared(t), "corpus")
	table, err := os.ReadFile(filepath.Join(root, "expected.tsv"))
	require.NoError(t, err)
	rows, valid, invalid := 0, 0, 0
	for _, line := range strings.Split(string(table), "\n") {
		columns := strings.Split(line, "\t")
		if len(columns) < 5 || columns[1] != "cades" {
			continue
		}
		rows++
		path, detached, want := columns[0], columns[2], columns[4]
		message, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		content := cms.NewContent(crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512)
		if detached != "" {
			octets, err := os.ReadFile(filepath.Join(root, detached))
			require.NoError(t, err)
			content.Write(octets)
		}
		problems, err := judge(message, content, detached != "")
		switch want {
		case "valid":
			require.NoError(t, err, path)
			if len(problems) > 0 {
				t.Errorf("%s: %s", path, strings.Join(problems, "; "))
				continue
			}
			valid++
		case "invalid":
			if err == nil && len(problems) == 0 {
				t.Errorf("%s: accepted", path)
				continue
			}
			invalid++
		}
	}
	require.Greater(t, rows, 90)
	t.Logf("%d rows: %d valid verify, %d invalid are refused", rows, valid, invalid)
}

// judge returns what is wrong with the signers and countersignatures of a message, and checks on the way that it is read
// alike as a stream and in memory, and written again as it was.
func judge(message []byte, detached *cms.Content, isDetached bool) (problems []string, err error) {
	sd, _, err := cms.Parse(message)
	if err != nil {
		return nil, err
	}
	streamed, err := cms.Read(context.Background(), bytes.NewReader(message), cms.ReadOptions{})
	if err != nil {
		return nil, err
	}
	for _, m := range []*cms.SignedData{sd, streamed} {
		if isDetached {
			m.SetContent(detached)
		}
		for i, si := range m.SignerInfos {
			problems = append(problems, best(m.CertificatesFor(si), func(c *ours.Certificate) []cms.Finding { return m.Verify(i, c, nil) })...)
			for _, a := range cms.FindAttribute(si.UnsignedAttributes, cms.OIDCountersignature) {
				for _, v := range a.Values {
					counter, err := cms.ParseSignerInfo(v)
					if err != nil {
						return nil, err
					}
					problems = append(problems, best(m.CertificatesFor(counter), func(c *ours.Certificate) []cms.Finding {
						return counter.VerifyCountersignature(si, c)
					})...)
				}
			}
		}
	}
	if len(sd.SignerInfos) == 0 {
		problems = append(problems, "no signer")
	}
	again, err := sd.Marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, message) && bytes.HasPrefix(message, []byte{0x30, 0x82}) {
		problems = append(problems, "written otherwise than it was read")
	}
	return problems, nil
}

// best returns nothing if the signature verifies under one of the candidates.
func best(candidates []*ours.Certificate, verify func(*ours.Certificate) []cms.Finding) (problems []string) {
	if len(candidates) == 0 {
		candidates = append(candidates, nil)
	}
	for _, c := range candidates {
		findings := verify(c)
		if len(findings) == 0 {
			return nil
		}
		for _, f := range findings {
			problems = append(problems, string(f.Reason)+": "+f.Message)
		}
	}
	return problems
}
