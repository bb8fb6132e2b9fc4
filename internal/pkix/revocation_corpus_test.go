//go:build corpus

package pkix_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// hashName is the name of a digest in the tables: "sha256", "sha3-256".
func hashName(a pkix.AlgorithmIdentifier) string {
	scheme, err := pkix.ParseScheme(a, nil, 0)
	if err != nil {
		return err.Error()
	}
	name := strings.ToLower(pkix.DigestName(scheme.Hash))
	if strings.HasPrefix(name, "sha3-") {
		return name
	}
	return strings.ReplaceAll(name, "-", "")
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// Every list of the corpus is read, and each fact that its table states is found again.
func TestCorpusLists(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus", "certificates")
	rows := table(t, filepath.Join(dir, "crl.tsv"))
	require.GreaterOrEqual(t, len(rows), 41)
	for _, row := range rows {
		t.Run(row["file"], func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, row["file"]))
			require.NoError(t, err)
			crl, err := pkix.ReadCRL(context.Background(), bytes.NewReader(raw))
			require.NoError(t, err)
			equal(t, row, "sha256", fmt.Sprintf("%x", crl.ID))
			equal(t, row, "version", "v"+strconv.Itoa(crl.Version))
			equal(t, row, "sig_alg", algorithmFamily(crl.SignatureAlgorithm))
			equal(t, row, "sig_hash", hashName(crl.SignatureAlgorithm))
			equal(t, row, "this_update", stampOf(crl.ThisUpdate))
			equal(t, row, "next_update", stampOf(crl.NextUpdate))
			equal(t, row, "entries", strconv.Itoa(crl.Count))
			if crl.Complete {
				reasons := 0
				for _, e := range crl.Entries {
					if e.Reason >= 0 {
						reasons++
					}
				}
				equal(t, row, "entries_with_reason", strconv.Itoa(reasons))
			}
			number := ""
			if crl.Number != nil {
				number = crl.Number.Text(16)
			}
			equal(t, row, "crl_number", number)
			equal(t, row, "aki", yes(crl.AuthorityKeyID != nil))
			equal(t, row, "delta", yes(crl.BaseNumber != nil))
			equal(t, row, "idp", yes(crl.Point != nil))
			require.Empty(t, crl.UnknownCritical)
			require.Empty(t, crl.UnknownEntryCritical)
			require.NotNil(t, crl.Digest)
		})
	}
}

// Every response of the corpus is read, and each fact that its table states is found again.
func TestCorpusResponses(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus", "certificates")
	rows := table(t, filepath.Join(dir, "ocsp.tsv"))
	require.GreaterOrEqual(t, len(rows), 57)
	statuses := map[int]string{pkix.OCSPGood: "good", pkix.OCSPRevoked: "revoked", pkix.OCSPUnknown: "unknown"}
	verified := 0
	for _, row := range rows {
		t.Run(row["file"], func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, row["file"]))
			require.NoError(t, err)
			require.Equal(t, row["sha256"], fmt.Sprintf("%x", sha256.Sum256(raw)))
			response, err := pkix.ParseOCSPResponse(raw)
			require.NoError(t, err)
			b := response.Basic
			responder := "byName"
			if b.ResponderName == nil {
				responder = "byKey"
			}
			equal(t, row, "responder", responder)
			equal(t, row, "produced_at", stampOf(b.ProducedAt))
			equal(t, row, "responses", strconv.Itoa(len(b.Singles)))
			s := b.Singles[0]
			equal(t, row, "status", statuses[s.Status])
			equal(t, row, "this_update", stampOf(s.ThisUpdate))
			equal(t, row, "next_update", stampOf(s.NextUpdate))
			h, err := pkix.DigestByOID(s.ID.Algorithm)
			require.NoError(t, err)
			equal(t, row, "cert_id_hash", strings.ReplaceAll(strings.ToLower(pkix.DigestName(h)), "-", ""))
			equal(t, row, "nonce", yes(b.Nonce != nil))
			equal(t, row, "embedded_certificates", strconv.Itoa(len(b.Certificates)))
			first := ""
			if len(b.Certificates) > 0 {
				first = fmt.Sprintf("%x", sha256.Sum256(b.Certificates[0]))
			}
			equal(t, row, "first_embedded_sha256", first)
			equal(t, row, "sig_alg", algorithmFamily(b.SignatureAlgorithm))
			equal(t, row, "sig_hash", hashName(b.SignatureAlgorithm))
			if verifiesUnderOwn(t, b) {
				verified++
			}
		})
	}
	// Those that carry the certificate of their responder: all but a few verify under it.
	require.GreaterOrEqual(t, verified, 45)
	t.Logf("%d of %d responses verify under a certificate that they carry", verified, len(rows))
}

// verifiesUnderOwn reports whether a response carries the certificate that its ResponderID designates, and fails the test if
// its signature does not verify under it.
func verifiesUnderOwn(t *testing.T, b *pkix.BasicOCSPResponse) bool {
	for _, raw := range b.Certificates {
		c, err := pkix.ParseCertificate(raw)
		if err != nil || !pkix.IsResponder(b.ResponderName, b.ResponderKey, c) {
			continue
		}
		if err := b.Verify(&c.PublicKey); err != nil {
			t.Logf("under the certificate of %s: %v", c.Subject, err)
			continue
		}
		return true
	}
	return false
}
