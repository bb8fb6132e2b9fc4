//go:build corpus

package pkix_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// shared returns the folder beside the repository that holds corpora and peers.
func shared(t testing.TB) string {
	if path := os.Getenv("CONFIANCE_SHARED"); path != "" {
		return path
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared")
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, dir, parent, "no go.mod above the tests")
		dir = parent
	}
}

// table reads a tab separated file with a header line.
func table(t testing.TB, path string) []map[string]string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	names := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := make(map[string]string)
		for i, cell := range strings.Split(line, "\t") {
			row[names[i]] = cell
		}
		rows = append(rows, row)
	}
	require.NotEmpty(t, rows)
	return rows
}

// Every certificate of the corpus is read, and each fact that its table states is found again.
func TestCorpusCertificates(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus", "certificates")
	rows := table(t, filepath.Join(dir, "expected.tsv"))
	require.GreaterOrEqual(t, len(rows), 611)
	anomalies := map[string]int{}
	for _, row := range rows {
		t.Run(row["file"], func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, row["file"]))
			require.NoError(t, err)
			certs, unreadable := pkix.ParseCertificates(data)
			require.Empty(t, unreadable)
			require.Len(t, certs, 1)
			c := certs[0]
			for _, a := range c.Anomalies {
				anomalies[a.Code+" "+a.Path+": "+a.Message]++
			}
			require.Equal(t, row["sha256"], fmt.Sprintf("%x", c.ID))
			compareFacts(t, row, c)
		})
	}
	for what, n := range anomalies {
		t.Logf("%4d %s", n, what)
	}
}

func compareFacts(t *testing.T, row map[string]string, c *pkix.Certificate) {
	key := string(c.PublicKey.Kind)
	if c.PublicKey.Kind == pkix.KeyEC {
		key += " " + c.PublicKey.Curve
	}
	equal(t, row, "key", key)
	bits := strconv.Itoa(c.PublicKey.Bits)
	if bits == "0" {
		bits = ""
	}
	equal(t, row, "key_bits", bits)
	exponent := ""
	if c.PublicKey.Exponent != nil {
		exponent = c.PublicKey.Exponent.String()
	}
	equal(t, row, "rsa_e", exponent)
	equal(t, row, "sig_alg", algorithmFamily(c.SignatureAlgorithm))
	equal(t, row, "not_before", c.NotBefore.Format(time.RFC3339))
	equal(t, row, "not_after", c.NotAfter.Format(time.RFC3339))
	equal(t, row, "serial_octets", strconv.Itoa(len(c.RawSerial)))
	equal(t, row, "country", strings.Join(c.Subject.Get(pkix.OIDCountry), " "))
	equal(t, row, "common_name", strings.Join(c.Subject.Get(pkix.OIDCommonName), "|"))
	equal(t, row, "organization_identifier", strings.Join(c.Subject.Get(pkix.OIDOrganizationIdentifier), " "))
	equal(t, row, "policies", dotted(c.Policies))
	equal(t, row, "eku", dotted(c.ExtKeyUsage))
	equal(t, row, "ou", strings.Join(c.Subject.Get(pkix.OIDOrganizationalUnit), "|"))
	equal(t, row, "organization", strings.Join(c.Subject.Get(pkix.OIDOrganization), "|"))
	usage, critical := "", ""
	if c.KeyUsage != nil {
		names := []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
			"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}
		var set []string
		for i, name := range names {
			if c.KeyUsage.Bits>>i&1 != 0 {
				set = append(set, name)
			}
		}
		usage, critical = strings.Join(set, "+"), yes(c.KeyUsage.Critical)
	}
	equal(t, row, "ku", usage)
	equal(t, row, "ku_critical", critical)
	if c.ExtKeyUsage != nil {
		equal(t, row, "eku_critical", yes(c.ExtKeyUsageCritical))
	}
	pathLen, bcCritical := "", ""
	if c.BasicConstraints != nil {
		bcCritical = yes(c.BasicConstraints.Critical)
		if c.BasicConstraints.PathLen >= 0 {
			pathLen = strconv.Itoa(c.BasicConstraints.PathLen)
		}
	}
	equal(t, row, "ca", yes(c.IsCA()))
	equal(t, row, "path_len", pathLen)
	equal(t, row, "bc_critical", bcCritical)
	equal(t, row, "ski", yes(c.SubjectKeyID != nil))
	equal(t, row, "aki", yes(c.AuthorityKeyID != nil))
	equal(t, row, "ocsp", yes(c.OCSPServers != nil))
	_, hasPoints := c.Extension(pkix.OIDCRLDistributionPoints) // some name a directory entry only
	equal(t, row, "crldp", yes(hasPoints))
	statements, ok := c.QCStatements()
	require.True(t, ok)
	var ids []der.OID
	for _, s := range statements {
		ids = append(ids, s.ID)
	}
	equal(t, row, "qc_statements", dotted(ids))
	equal(t, row, "qc_types", dotted(c.QCTypes()))
}

// algorithmFamily gives a signature algorithm the name it has in the table.
func algorithmFamily(a pkix.AlgorithmIdentifier) string {
	name := pkix.AlgorithmName(a)
	for prefix, family := range map[string]string{"RSASSA-PKCS1": "rsa-pkcs1", "RSASSA-PSS": "rsa-pss", "ECDSA": "ecdsa", "DSA": "dsa",
		"Ed25519": "ed25519", "Ed448": "ed448", "RSA with RIPEMD-160": "rsa-pkcs1", "md5WithRSA": "rsa-pkcs1"} {
		if strings.HasPrefix(name, prefix) {
			return family
		}
	}
	return name
}

func equal(t *testing.T, row map[string]string, column, got string) {
	if row[column] != got {
		t.Errorf("%s: want %q, got %q", column, row[column], got)
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func dotted(oids []der.OID) string {
	texts := make([]string, len(oids))
	for i, oid := range oids {
		texts[i] = oid.String()
	}
	return strings.Join(texts, " ")
}

// Each issuer link that the corpus proved by signature is proved again, and broken by a flipped bit.
func TestCorpusChains(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus", "certificates")
	read := func(name string) *pkix.Certificate {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		certs, unreadable := pkix.ParseCertificates(data)
		require.Empty(t, unreadable)
		return certs[0]
	}
	verified := 0
	for _, row := range table(t, filepath.Join(dir, "chains.tsv")) {
		subject, issuer := read(row["file"]), read(row["issuer_file"])
		err := pkix.CheckIssued(subject, issuer)
		if errors.Is(err, pkix.ErrUnsupported) {
			t.Logf("%s: %v", row["file"], err)
			continue
		}
		require.NoError(t, err, row["file"])
		require.True(t, issuer.Subject.Equal(subject.Issuer), row["file"])
		verified++
		broken := *subject
		broken.RawTBS = bytes.Clone(subject.RawTBS)
		broken.RawTBS[len(broken.RawTBS)/2] ^= 1
		require.ErrorIs(t, pkix.CheckIssued(&broken, issuer), pkix.ErrSignature, row["file"])
	}
	require.Greater(t, verified, 140)
}
