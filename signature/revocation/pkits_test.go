package revocation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

type pkitsVector struct {
	Name              string
	CertPath, CRLPath []string
	ShouldValidate    bool
}

// The sections of NIST PKITS on revocation (4.4 basic, 4.14 distribution points, 4.15 delta lists) concluded from statements
// and signers alone, by the few lines of judge below; and no certificate of a valid path of any other section is found wanting.
func TestPKITSRevocation(t *testing.T) {
	folder := filepath.Join(build.Default.GOROOT, "src/crypto/x509/testdata/nist-pkits")
	listing, err := os.ReadFile(filepath.Join(folder, "vectors.json"))
	require.NoError(t, err)
	var vectors []pkitsVector
	require.NoError(t, json.Unmarshal(listing, &vectors))
	require.Len(t, vectors, 249)
	decided := 0
	for _, v := range vectors {
		isOurs := strings.HasPrefix(v.Name, "4.4.") || strings.HasPrefix(v.Name, "4.14.") || strings.HasPrefix(v.Name, "4.15.")
		if !isOurs && !v.ShouldValidate {
			continue
		}
		decided++
		t.Run(v.Name, func(t *testing.T) {
			doc, path := pkitsFacts(t, folder, v)
			j := &judge{t: t, doc: doc, finder: facts.NewRevocationFinder(doc), anchor: path[0], at: time.Date(2011, 4, 15, 0, 0, 0, 0, time.UTC)}
			isGood := true
			for i := 1; i < len(path); i++ {
				isGood = isGood && j.good(path[i], path[i-1], nil)
			}
			require.Equal(t, v.ShouldValidate, isGood)
		})
	}
	require.Equal(t, 155, decided)
}

// pkitsFacts reads the certificates and lists of a vector; the path is that of CertPath, from the anchor down.
func pkitsFacts(t *testing.T, folder string, v pkitsVector) (doc *facts.Document, path []string) {
	doc = new(facts.Document)
	names, err := filepath.Glob(filepath.Join(folder, "certs", "*.crt"))
	require.NoError(t, err)
	raw := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(folder, "certs", name))
		require.NoError(t, err)
		return content
	}
	for _, name := range v.CertPath {
		// Certificates for the signature of lists are listed among those of the path.
		if id := doc.AddCertificate(raw(name), facts.FromCaller); !strings.Contains(name, "CRLSigning") && !strings.Contains(name, "cRLIssuerCert") {
			path = append(path, id)
		}
	}
	for _, name := range names {
		if strings.Contains(name, "CRLSigning") || strings.Contains(name, "cRLIssuer") {
			doc.AddCertificate(raw(filepath.Base(name)), facts.FromCaller)
		}
	}
	for _, name := range v.CRLPath {
		content, err := os.ReadFile(filepath.Join("../validation/testdata/pkits/crls", name))
		require.NoError(t, err)
		require.NoError(t, doc.ReadRevocations(context.Background(), facts.FormData, content, facts.FromCaller))
	}
	return doc, path
}

// A judge is the least policy with which revocation can be concluded.
type judge struct {
	t      *testing.T
	doc    *facts.Document
	finder *facts.RevocationFinder
	anchor string
	at     time.Time
}

// good reports whether a certificate that issuer issued is known not to be revoked.
func (j *judge) good(certificate, issuer string, asking []string) bool {
	var partial []facts.Statement
	for _, s := range j.finder.About(certificate, issuer) {
		if !s.Sound() || s.NextUpdate != nil && s.NextUpdate.Before(j.at) {
			continue
		}
		believed := true
		for _, id := range s.Data {
			believed = believed && j.believes(id, issuer, append(asking, certificate))
		}
		switch {
		case !believed:
		case s.Reasons == nil:
			return s.Status == facts.Good // the most recent one speaks
		default:
			partial = append(partial, s)
		}
	}
	joined, ok := facts.Join(partial...)
	return ok && joined.Status == facts.Good
}

// believes reports whether somebody entitled signed an object, whose own certificate leads to the anchor and is not revoked.
func (j *judge) believes(id, issuer string, asking []string) bool {
	r := j.doc.Revocation(id)
	for _, s := range j.finder.Signers(id, issuer) {
		if s.Value == "" {
			r.Keys = append(r.Keys, revocation.Verify(r, j.doc.Certificate(s.Certificate).Raw, j.above(s.Certificate)...))
		}
	}
	for _, s := range j.finder.Signers(id, issuer) {
		// A list may speak of the certificate of its own signer (4.14.30).
		if s.Authorised(r.Kind) && (s.Direct || slices.Contains(asking, s.Certificate) || j.leads(s.Certificate, asking)) {
			return true
		}
	}
	return false
}

// above returns a certificate whose subject issued another, for the DSA parameters that this one may inherit.
func (j *judge) above(id string) [][]byte {
	c, err := pkix.ParseCertificate(j.doc.Certificate(id).Raw)
	require.NoError(j.t, err)
	for i := range j.doc.Certificates {
		candidate, err := pkix.ParseCertificate(j.doc.Certificates[i].Raw)
		require.NoError(j.t, err)
		if bytes.Equal(candidate.RawSubject, c.RawIssuer) {
			return [][]byte{candidate.Raw}
		}
	}
	return nil
}

// leads reports whether a certificate and those above it are good.
func (j *judge) leads(id string, asking []string) bool {
	if id == j.anchor {
		return true
	}
	c, err := pkix.ParseCertificate(j.doc.Certificate(id).Raw)
	require.NoError(j.t, err)
	for i := range j.doc.Certificates {
		candidate, err := pkix.ParseCertificate(j.doc.Certificates[i].Raw)
		require.NoError(j.t, err)
		if !bytes.Equal(candidate.RawSubject, c.RawIssuer) || pkix.CheckIssued(c, candidate) != nil {
			continue
		}
		if issuer := j.doc.Certificates[i].ID; len(asking) < 8 && j.good(id, issuer, asking) && j.leads(issuer, append(asking, id)) {
			return true
		}
	}
	return false
}
