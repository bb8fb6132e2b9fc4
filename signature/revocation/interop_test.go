//go:build interop

package revocation_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

// openssl runs a command in dir and returns what it printed.
func openssl(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "openssl %v\n%s", args, out)
	return string(out)
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
}

// A peerScene is an authority whose key openssl has, at the time of the machine's clock.
type peerScene struct {
	t                     *testing.T
	dir                   string
	pki                   *pkitest.PKI
	root, ca              *pkitest.Authority
	good, revoked, absent *pkitest.Identity
	responder             *pkitest.Identity
}

const caConfig = `
[ca]
default_ca = us
[us]
database = index.txt
crlnumber = number
default_md = sha256
default_crl_days = 2
[plain]
authorityKeyIdentifier = keyid
[scoped]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical, @point
[point]
fullname = URI:http://127.0.0.1/ca.crl
onlyuser = TRUE
onlysomereasons = keyCompromise, CACompromise
[indirect]
issuingDistributionPoint = critical, @indirectpoint
[indirectpoint]
indirectCRL = TRUE
[delta]
authorityKeyIdentifier = keyid
2.5.29.27 = critical, ASN1:INTEGER:4096
`

func newPeerScene(t *testing.T, key pkitest.KeyType) *peerScene {
	s := &peerScene{t: t, dir: t.TempDir(), pki: pkitest.New(pkitest.At(time.Now().Add(-time.Minute)))}
	s.root = s.pki.Root("Racine d'essai", key)
	s.ca = s.root.Intermediate("AC d'essai", key)
	s.good, s.revoked, s.absent = s.ca.Leaf("Bonne"), s.ca.Leaf("Révoquée"), s.ca.Leaf("Absente")
	s.responder = s.ca.Leaf("Répondeur", pkitest.OCSPSigner, key)
	write(t, s.dir, "ca.cnf", []byte(caConfig))
	write(t, s.dir, "number", []byte("1001\n"))
	var index strings.Builder
	line := func(id *pkitest.Identity, status, revoked string) {
		fmt.Fprintf(&index, "%s\t%s\t%s\t%X\tunknown\t/CN=%s\n", status, id.Certificate.NotAfter.UTC().Format("060102150405Z"), revoked, id.Certificate.SerialNumber, status+revoked+id.Certificate.SerialNumber.String()[:8])
	}
	line(s.good, "V", "")
	line(s.revoked, "R", "260101120000Z,keyCompromise")
	line(s.responder, "V", "")
	write(t, s.dir, "index.txt", []byte(index.String()))
	write(t, s.dir, "root.pem", s.root.PEM())
	write(t, s.dir, "ca.pem", s.ca.PEM())
	write(t, s.dir, "ca-key.pem", s.ca.KeyPEM())
	write(t, s.dir, "responder.pem", s.responder.PEM())
	write(t, s.dir, "responder-key.pem", s.responder.KeyPEM())
	for name, id := range map[string]*pkitest.Identity{"good": s.good, "revoked": s.revoked, "absent": s.absent} {
		write(t, s.dir, name+".pem", id.PEM())
	}
	return s
}

// Lists that openssl makes are read as it prints them, verify, and say what its index says.
func TestOpenSSLLists(t *testing.T) {
	for _, key := range []pkitest.KeyType{pkitest.P256, pkitest.P384, pkitest.RSA2048, pkitest.Ed25519} {
		for _, section := range []string{"plain", "scoped", "indirect", "delta"} {
			t.Run(key.String()+" "+section, func(t *testing.T) {
				s := newPeerScene(t, key)
				args := []string{"ca", "-config", "ca.cnf", "-gencrl", "-cert", "ca.pem", "-keyfile", "ca-key.pem", "-crlexts", section, "-out", "list.pem"}
				if key == pkitest.RSA2048 {
					args = append(args, "-sigopt", "rsa_padding_mode:pss")
				}
				openssl(t, s.dir, args...)
				raw, err := os.ReadFile(filepath.Join(s.dir, "list.pem"))
				require.NoError(t, err)
				list, err := facts.ReadCRL(context.Background(), bytes.NewReader(raw))
				require.NoError(t, err)
				require.Equal(t, facts.Verified, revocation.Verify(&list, s.ca.DER).Result)
				require.Equal(t, facts.Wrong, revocation.Verify(&list, s.root.DER).Result)

				text := openssl(t, s.dir, "crl", "-in", "list.pem", "-noout", "-text", "-fingerprint", "-sha256")
				fingerprint := regexp.MustCompile(`Fingerprint=([0-9A-F:]{95})`).FindStringSubmatch(text)
				require.Equal(t, strings.ToLower(strings.ReplaceAll(fingerprint[1], ":", "")), list.ID)
				next := regexp.MustCompile(`Next Update: (.*)`).FindStringSubmatch(text)
				at, err := time.Parse("Jan _2 15:04:05 2006 MST", next[1])
				require.NoError(t, err)
				require.Equal(t, at.UTC(), *list.CRL.NextUpdate)
				require.Equal(t, "4097", list.CRL.Number)
				require.Equal(t, 1, list.CRL.Count)
				require.Equal(t, map[string]string{"delta": "4096"}[section], list.CRL.Base)
				require.Equal(t, section == "indirect", list.CRL.Scope != nil && list.CRL.Scope.Indirect)

				doc := new(facts.Document)
				ca := doc.AddCertificate(s.ca.DER, facts.FromCaller)
				doc.AddRevocation(list)
				finder := facts.NewRevocationFinder(doc)
				for id, want := range map[*pkitest.Identity]facts.RevocationStatus{s.good: facts.Good, s.revoked: facts.Revoked} {
					statements := finder.About(doc.AddCertificate(id.DER, facts.FromCaller), ca)
					switch section {
					case "delta":
						require.Empty(t, statements)
					case "scoped":
						require.Equal(t, "crl.scope", statements[0].Faults[0].Code, "another distribution point")
					default:
						require.Equal(t, want, statements[0].Status)
					}
				}
			})
		}
	}
}

// serve runs openssl as a responder until the test ends. It prints its port; a connection to see whether it listens would keep it
// from answering any other.
func (s *peerScene) serve(args ...string) (address string) {
	cmd := exec.Command("openssl", append([]string{"ocsp", "-port", "0", "-index", "index.txt", "-CA", "ca.pem", "-nmin", "60"}, args...)...)
	cmd.Dir = s.dir
	output, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	s.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(s.t, err)
	port := regexp.MustCompile(`^ACCEPT .*:(\d+) `).FindStringSubmatch(line)
	require.NotNil(s.t, port, line)
	return "http://127.0.0.1:" + port[1] + "/"
}

// openssl answers our requests, directly and by a delegate, with every CertID and with a nonce; it verifies what we hand over.
func TestOpenSSLResponder(t *testing.T) {
	for name, c := range map[string]struct {
		key  pkitest.KeyType
		args []string
	}{
		"delegate":           {pkitest.P256, []string{"-rsigner", "responder.pem", "-rkey", "responder-key.pem"}},
		"delegate by key":    {pkitest.P384, []string{"-rsigner", "responder.pem", "-rkey", "responder-key.pem", "-resp_key_id"}},
		"the authority":      {pkitest.RSA2048, []string{"-rsigner", "ca.pem", "-rkey", "ca-key.pem", "-resp_no_certs"}},
		"RSASSA-PSS":         {pkitest.RSA2048, []string{"-rsigner", "responder.pem", "-rkey", "responder-key.pem", "-rsigopt", "rsa_padding_mode:pss"}},
		"a broken signature": {pkitest.P256, []string{"-rsigner", "responder.pem", "-rkey", "responder-key.pem", "-badsig"}},
		"no delegate":        {pkitest.P256, []string{"-rsigner", "good.pem", "-rkey", "good-key.pem"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPeerScene(t, c.key)
			write(t, s.dir, "good-key.pem", s.good.KeyPEM())
			address := s.serve(c.args...)
			for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
				for _, nonce := range []bool{false, true} {
					client, err := revocation.NewOCSPClient(revocation.OCSPOptions{
						Options: revocation.Options{HTTPClient: &http.Client{}, Now: time.Now, More: func([]byte) []string { return []string{address} }},
						Hash:    h, RequireNonce: nonce,
					})
					require.NoError(t, err)
					for id, want := range map[*pkitest.Identity]facts.RevocationStatus{s.good: facts.Good, s.revoked: facts.Revoked, s.absent: facts.StatusUnknown} {
						data, err := client.Fetch(context.Background(), withoutAddress(t, id), s.ca.DER, time.Now().Add(-10*time.Minute))
						switch name {
						case "a broken signature":
							require.ErrorIs(t, err, revocation.ErrSignature)
							continue
						case "no delegate":
							require.ErrorIs(t, err, revocation.ErrUnauthorised)
							continue
						}
						require.NoError(t, err)
						doc := new(facts.Document)
						leaf, ca := doc.AddCertificate(id.DER, facts.FromCaller), doc.AddCertificate(s.ca.DER, facts.FromCaller)
						data[0].AddTo(doc)
						statement := facts.NewRevocationFinder(doc).About(leaf, ca)[0]
						require.Equal(t, want, statement.Status)
						require.Equal(t, want == facts.Revoked, statement.Reason == facts.KeyCompromise)

						write(t, s.dir, "response.der", data[0].DER)
						subject := map[*pkitest.Identity]string{s.good: "good.pem", s.revoked: "revoked.pem", s.absent: "absent.pem"}[id]
						digest := map[crypto.Hash]string{crypto.SHA1: "-sha1", crypto.SHA256: "-sha256"}[h]
						out := openssl(t, s.dir, "ocsp", "-respin", "response.der", "-no_nonce", "-issuer", "ca.pem", digest, "-cert", subject, "-CAfile", "root.pem", "-verify_other", "ca.pem")
						require.Contains(t, out, "Response verify OK")
						require.Contains(t, out, ": "+string(want))
					}
				}
			}
		})
	}
}

// withoutAddress is a certificate as it is: those of pkitest name an address only once it serves.
func withoutAddress(t *testing.T, id *pkitest.Identity) []byte {
	c, err := pkix.ParseCertificate(id.DER)
	require.NoError(t, err)
	require.Empty(t, c.OCSPServers)
	return id.DER
}

// openssl reads our requests, and we read its.
func TestOpenSSLRequests(t *testing.T) {
	s := newPeerScene(t, pkitest.P256)
	issuer, err := pkix.ParseCertificate(s.ca.DER)
	require.NoError(t, err)
	for digest, h := range map[string]crypto.Hash{"-sha1": crypto.SHA1, "-sha256": crypto.SHA256} {
		request := &pkix.OCSPRequest{Nonce: bytes.Repeat([]byte{0xab}, 32)}
		for _, id := range []*pkitest.Identity{s.good, s.revoked} {
			c, err := pkix.ParseCertificate(id.DER)
			require.NoError(t, err)
			certID, err := pkix.NewCertID(h, c, issuer)
			require.NoError(t, err)
			request.Certificates = append(request.Certificates, certID)
		}
		ours, err := request.Marshal()
		require.NoError(t, err)
		write(t, s.dir, "ours.der", ours)
		text := openssl(t, s.dir, "ocsp", "-reqin", "ours.der", "-req_text")
		for _, certID := range request.Certificates {
			require.Contains(t, text, strings.ToUpper(hex.EncodeToString(certID.NameHash)))
			require.Contains(t, text, strings.ToUpper(hex.EncodeToString(certID.KeyHash)))
			require.Contains(t, text, strings.TrimLeft(strings.ToUpper(hex.EncodeToString(certID.Serial)), "0"))
		}
		require.Contains(t, text, "ABABABAB")

		openssl(t, s.dir, "ocsp", "-issuer", "ca.pem", digest, "-cert", "good.pem", digest, "-cert", "revoked.pem", "-reqout", "theirs.der")
		raw, err := os.ReadFile(filepath.Join(s.dir, "theirs.der"))
		require.NoError(t, err)
		theirs, err := pkix.ParseOCSPRequest(raw)
		require.NoError(t, err)
		require.NotEmpty(t, theirs.Nonce)
		require.Len(t, theirs.Certificates, 2)
		for i, certID := range request.Certificates {
			require.Equal(t, certID.NameHash, theirs.Certificates[i].NameHash)
			require.Equal(t, certID.KeyHash, theirs.Certificates[i].KeyHash)
			require.Equal(t, certID.Serial, theirs.Certificates[i].Serial)
		}
	}
}

// Certs-only messages of openssl, in DER and PEM.
func TestOpenSSLBundle(t *testing.T) {
	s := newPeerScene(t, pkitest.P256)
	write(t, s.dir, "both.pem", append(s.ca.PEM(), s.root.PEM()...))
	for _, form := range []string{"DER", "PEM"} {
		openssl(t, s.dir, "crl2pkcs7", "-nocrl", "-certfile", "both.pem", "-outform", form, "-out", "both.p7c")
		raw, err := os.ReadFile(filepath.Join(s.dir, "both.p7c"))
		require.NoError(t, err)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(raw) }))
		client, err := revocation.NewIssuerClient(revocation.Options{HTTPClient: server.Client(), Now: time.Now, More: func([]byte) []string { return []string{server.URL} }})
		require.NoError(t, err)
		list, err := client.Issuers(context.Background(), s.good.DER)
		require.NoError(t, err)
		require.Equal(t, [][]byte{s.ca.DER, s.root.DER}, list)
		server.Close()
	}
}

// A static source of what openssl wrote.
func TestOpenSSLStatic(t *testing.T) {
	s := newPeerScene(t, pkitest.P256)
	openssl(t, s.dir, "ca", "-config", "ca.cnf", "-gencrl", "-cert", "ca.pem", "-keyfile", "ca-key.pem", "-crlexts", "plain", "-out", "list.pem")
	openssl(t, s.dir, "ocsp", "-issuer", "ca.pem", "-cert", "revoked.pem", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "responder.pem",
		"-rkey", "responder-key.pem", "-respout", "response.der", "-noverify")
	var documents []*ades.Document
	for _, name := range []string{"list.pem", "response.der"} {
		document, err := ades.OpenDocument(filepath.Join(s.dir, name))
		require.NoError(t, err)
		t.Cleanup(func() { document.Close() })
		documents = append(documents, document)
	}
	static, err := revocation.NewStatic(context.Background(), documents...)
	require.NoError(t, err)
	data, err := static.Fetch(context.Background(), s.revoked.DER, s.ca.DER, time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 2)
	data, err = static.Fetch(context.Background(), s.good.DER, s.ca.DER, time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
}
