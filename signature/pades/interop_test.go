//go:build interop

package pades_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// A bench is a folder with what other programs need to judge our signatures, and the authority that makes them.
type bench struct {
	dir   string
	pki   *pkitest.PKI
	ca    *pkitest.Authority
	leaf  *pkitest.Identity
	other *pkitest.Identity // who signs before leaf: pdfsig fails on two signatures of one certificate
	tsa   *pkitest.TimestampAuthority
	files []string // signed, in the order of names
}

// newBench makes a PKI of today, for the peers go by the clock of the machine. served puts it on a loopback server, with its
// addresses in the certificates: what signs asks it for timestamps. pdfsig would ask it for OCSP responses.
func newBench(t *testing.T, served bool) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), pki: pkitest.New(pkitest.At(time.Now()))}
	if served {
		server, err := b.pki.Serve()
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
	}
	root := b.pki.Root("Racine d'essai")
	b.ca = root.Intermediate("AC d'essai")
	b.leaf = b.ca.Leaf("Camille Dubois", pkitest.P256)
	b.other = b.ca.Leaf("Dominique Martin", pkitest.RSA2048)
	b.tsa = b.ca.TimestampAuthority("Horodatage d'essai")
	b.write(t, "root.pem", root.PEM())
	b.write(t, "ca.pem", b.ca.PEM())
	b.write(t, "root.crl", root.CRL())
	b.write(t, "ca.crl", b.ca.CRL())
	p12, err := b.leaf.PKCS12("essai")
	require.NoError(t, err)
	b.write(t, "leaf.p12", p12)
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) write(t *testing.T, name string, content []byte) string {
	t.Helper()
	require.NoError(t, os.WriteFile(b.path(name), content, 0o600))
	return b.path(name)
}

// run runs a command in the folder and returns what it printed.
func (b *bench) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = b.dir
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	err := cmd.Run()
	require.NoError(t, err, "%s %.300s\n%.2000s\n%.2000s", name, args, out.String(), errors.String())
	return out.String()
}

// signAll signs the PDF of every producer at two levels, one after the other for every third.
func (b *bench) signAll(t *testing.T) {
	t.Helper()
	signer, err := ades.FromKey(b.leaf.Key, b.leaf.Chain())
	require.NoError(t, err)
	other, err := ades.FromKey(b.other.Key, b.other.Chain())
	require.NoError(t, err)
	all := producers(t)
	for i, name := range slices.Sorted(maps.Keys(all)) {
		for level, suffix := range map[ades.Level]string{ades.BaselineB: "-b.pdf", ades.BaselineT: "-t.pdf"} {
			pdf := all[name]
			var out bytes.Buffer
			o := pades.Options{Level: level, Time: b.pki.Now(), Authority: b.tsa, Reason: "Approuvé", Location: "Boisjoli"}
			if i%3 == 0 {
				require.NoError(t, pades.Sign(t.Context(), &out, ades.Bytes(pdf), other, o))
				pdf = bytes.Clone(out.Bytes())
				out.Reset()
			}
			require.NoError(t, pades.Sign(t.Context(), &out, ades.Bytes(pdf), signer, o))
			b.write(t, strings.TrimSuffix(name, ".pdf")+suffix, out.Bytes())
			b.files = append(b.files, strings.TrimSuffix(name, ".pdf")+suffix)
		}
	}
	slices.Sort(b.files)
}

// Poppler says that our signature is valid, by a trusted certificate, over the whole document; qpdf finds nothing to say.
func TestPopplerAndQPDF(t *testing.T) {
	b := newBench(t, false)
	b.signAll(t)
	b.run(t, "mkdir", "nss")
	b.run(t, "certutil", "-N", "-d", "sql:nss", "--empty-password")
	b.run(t, "certutil", "-A", "-d", "sql:nss", "-n", "root", "-t", "C,C,C", "-i", "root.pem")
	require.GreaterOrEqual(t, len(b.files), 24)
	for _, file := range b.files {
		out := b.run(t, "pdfsig", "-nssdir", "sql:nss", file)
		last := out[strings.LastIndex(out, "Signature #"):]
		require.Contains(t, last, "Total document signed", file)
		require.Contains(t, last, "Signature is Valid.", file)
		require.Contains(t, last, "Certificate is Trusted.", file)
		require.Contains(t, last, "ETSI.CAdES.detached", file)
		require.NotContains(t, out, "Signature is Invalid", file)
		require.Contains(t, b.run(t, "qpdf", "--check", file), "No syntax or stream encoding errors found", file)
	}
}

// but are the files without those of some producers. What others signed before us is always left out: nobody here trusts them.
func (b *bench) but(producers ...string) (paths []string) {
	for _, file := range b.files {
		if !slices.ContainsFunc(append(producers, "signed-"), func(p string) bool { return strings.HasPrefix(file, p) }) {
			paths = append(paths, b.path(file))
		}
	}
	return paths
}

func TestPyHankoValidatesOurs(t *testing.T) {
	b := newBench(t, false)
	b.signAll(t)
	args := []string{"validate", "-anchors", "root.pem", "-certs", "ca.pem", "-crl", "root.crl", "-crl", "ca.crl", "-revocation", "require"}
	files := b.but("hybrid-", "prefixed-") // pyHanko judges neither
	out := b.run(t, filepath.Join(shared(t), "peers/pyhanko/pyhanko-peer"), append(args, files...)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, len(files))
	for _, line := range lines {
		var answer struct {
			File       string
			Signatures []struct {
				Intact, Valid, Trusted, BottomLine bool
				Coverage, ModificationLevel        string
				Level, Indication, TrustProblem    string
				Timestamp                          *struct{ Intact, Valid bool }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(line), &answer), line)
		require.NotEmpty(t, answer.Signatures, line)
		for i, s := range answer.Signatures {
			require.True(t, s.Intact && s.Valid && s.Trusted && s.BottomLine, line)
			require.Equal(t, "TOTAL-PASSED", s.Indication, line)
			if i == len(answer.Signatures)-1 {
				require.Equal(t, "ENTIRE_FILE", s.Coverage, line)
			}
			want := "B"
			if strings.HasSuffix(answer.File, "-t.pdf") {
				want = "T"
				require.True(t, s.Timestamp.Intact && s.Timestamp.Valid, line)
			}
			require.Equal(t, want, s.Level, line)
		}
	}
}

func TestDSSValidatesOurs(t *testing.T) {
	b := newBench(t, false)
	b.signAll(t)
	args := []string{"validate", "-anchors", "root.pem", "-certs", "ca.pem", "-crls", "root.crl,ca.crl"}
	files := b.but("prefixed-") // DSS does not take them for PDFs
	out := b.run(t, filepath.Join(shared(t), "peers/dss/dss"), append(args, files...)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, len(files))
	for _, line := range lines {
		var answer struct {
			File       string
			Signatures []struct {
				Format, Indication, SubIndication                       string
				SignatureIntact, SignatureValid, BLevelTechnicallyValid bool
				Errors, Warnings                                        []struct{ Key, Text string }
				Timestamps                                              []struct{ Indication string }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(line), &answer), line)
		require.NotEmpty(t, answer.Signatures, line)
		for _, s := range answer.Signatures {
			require.True(t, s.SignatureIntact && s.SignatureValid && s.BLevelTechnicallyValid, line)
			require.Equal(t, "TOTAL_PASSED", s.Indication, line)
			require.Empty(t, s.Errors, line)
			for _, w := range s.Warnings { // later changes are warnings there
				for _, key := range []string{"BBB_FC_DSCNUOM", "BBB_FC_ISVADMDPD", "BBB_FC_ISVAFMDPD", "BBB_FC_ISVASFLD"} {
					require.NotContains(t, w.Key, key, line)
				}
			}
			want := "PAdES_BASELINE_B"
			if strings.HasSuffix(answer.File, "-t.pdf") {
				want = "PAdES_BASELINE_T"
				require.Equal(t, "PASSED", s.Timestamps[0].Indication, line)
			}
			require.Equal(t, strings.ToUpper(want), strings.ToUpper(s.Format), line)
		}
	}
}

// We read what the peers sign.
func TestWeReadThePeers(t *testing.T) {
	b := newBench(t, true)
	for _, name := range []string{"pdftex-objstm.pdf", "qpdf-linearized.pdf"} {
		b.write(t, name, producers(t)[name])
		for _, level := range []string{"B", "T"} {
			if level == "B" && name == "qpdf-linearized.pdf" {
				continue // a start of DSS takes seconds
			}
			for peer, args := range map[string][]string{
				"pyhanko/pyhanko-peer": {"sign", "-p12", "leaf.p12", "-password", "essai", "-level", level, "-tsa", b.tsa.URL()},
				"dss/dss":              {"sign", "-format", "pades", "-level", level, "-p12", "leaf.p12", "-password", "essai", "-tsa", b.tsa.URL(), "-anchors", "root.pem"},
			} {
				once, twice := b.path("once.pdf"), b.path("twice.pdf")
				b.run(t, filepath.Join(shared(t), "peers", peer), append(args, "-in", b.path(name), "-out", once)...)
				if strings.HasPrefix(peer, "pyhanko") {
					args = append(args, "-field", "Second")
				}
				b.run(t, filepath.Join(shared(t), "peers", peer), append(args, "-in", once, "-out", twice)...)
				for n, path := range []string{once, twice} {
					octets, err := os.ReadFile(path)
					require.NoError(t, err)
					doc := read(t, octets)
					require.Len(t, doc.Signatures, n+1, "%s %s", peer, name)
					for i := range doc.Signatures {
						s := &doc.Signatures[i]
						require.Equal(t, "valid", stands(doc, s), "%s %s: %s %+v", peer, name, messages(s.Modifications), s.Problems)
						require.Equal(t, "B-"+level, s.Level)
					}
					require.Len(t, doc.Timestamps, map[string]int{"B": 0, "T": n + 1}[level])
				}
			}
		}
	}
}
