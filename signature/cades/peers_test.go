//go:build interop

package cades_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// peer runs one of the other implementations and returns the lines of JSON that it printed.
func peer(t *testing.T, command string, args ...string) (lines []map[string]any) {
	path := filepath.Join(shared(t), "peers", command)
	run := exec.Command(path, args...)
	var out, complaints bytes.Buffer
	run.Stdout, run.Stderr = &out, &complaints
	require.NoError(t, run.Run(), "%s\n%s", complaints.String(), out.String())
	scanner := bufio.NewScanner(&out)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line map[string]any
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &line), scanner.Text())
		lines = append(lines, line)
	}
	return lines
}

// made by us, to be judged by a peer.
type exhibit struct {
	file     string
	name     string
	level    ades.Level
	detached bool
	changed  bool // over another document: must fail
}

// exhibits writes every algorithm that a peer knows, at both levels, attached and detached, and a few that must fail.
func exhibits(t *testing.T, dir string, h *house, knows func(name string) bool) (list []exhibit) {
	save(t, dir, "content", content)
	save(t, dir, "other", append([]byte(" "), content...))
	for i, a := range algorithms {
		if !knows(a.key.String() + " " + a.name) {
			continue
		}
		for _, detached := range []bool{false, true} {
			for _, level := range []ades.Level{ades.BaselineB, ades.BaselineT} {
				signed := sign(t, signer(t, h.leaf(a.key)), cades.Options{
					Level: level, Authority: h.tsa, Detached: detached, Digest: a.digest, PSS: a.pss,
					MIMEType: "text/plain", Roles: []string{"Maire"}, Commitment: cades.ProofOfApproval, Location: &cades.Location{Country: "FR", Locality: "Boisjoli"},
				})
				e := exhibit{fmt.Sprintf("%d-%s-%v.p7", i, level, detached), a.key.String() + " " + a.name, level, detached, false}
				save(t, dir, e.file, signed)
				list = append(list, e)
				if !detached {
					e.file, e.changed = "changed-"+e.file, true
					save(t, dir, e.file, bytes.Replace(signed, []byte("décide"), []byte("refuse"+"!"), 1))
					list = append(list, e)
				}
			}
		}
	}
	require.NotEmpty(t, list)
	return list
}

// EU DSS finds our CAdES B-B and B-T passed with the root of the test PKI as anchor and its CRLs, and the altered ones failed.
func TestDSSValidatesOurs(t *testing.T) {
	h := sharedHouse()
	dir := t.TempDir()
	list := exhibits(t, dir, h, func(string) bool { return true })
	var two bytes.Buffer
	first := sign(t, signer(t, h.leaf(pkitest.RSA2048)), cades.Options{})
	require.NoError(t, cades.AddSigner(t.Context(), &two, ades.Bytes(first), nil, signer(t, h.leaf(pkitest.P256)), cades.Options{Time: signingTime}))
	var extended bytes.Buffer
	require.NoError(t, cades.Extend(t.Context(), &extended, ades.Bytes(two.Bytes()), cades.ExtendOptions{Level: ades.BaselineT, Authority: h.tsa}))
	save(t, dir, "two.p7", extended.Bytes())
	list = append(list, exhibit{"two.p7", "parallel, extended", ades.BaselineT, false, false})

	var table strings.Builder
	for _, e := range list {
		beside := ""
		if e.detached {
			beside = filepath.Join(dir, "content")
		}
		fmt.Fprintf(&table, "%s\t%s\n", filepath.Join(dir, e.file), beside)
	}
	lines := peer(t, "dss/dss", "validate", "-anchors", save(t, dir, "root.pem", h.root.PEM()),
		"-crls", save(t, dir, "root.crl", h.root.CRL())+","+save(t, dir, "ca.crl", h.ca.CRL()),
		"-at", h.pki.Now().Add(time.Minute).Format(time.RFC3339), "-list", save(t, dir, "list", []byte(table.String())))
	require.Len(t, lines, len(list))
	for i, e := range list {
		name := fmt.Sprintf("%s %s detached %v changed %v", e.name, e.level, e.detached, e.changed)
		t.Run(name, func(t *testing.T) {
			signatures, _ := lines[i]["signatures"].([]any)
			require.NotEmpty(t, signatures, "%v", lines[i])
			for _, s := range signatures {
				s := s.(map[string]any)
				if e.changed {
					require.Equal(t, "TOTAL_FAILED", s["indication"])
					require.Equal(t, "HASH_FAILURE", s["subIndication"])
					continue
				}
				require.Equal(t, true, s["signatureValid"])
				if strings.HasPrefix(e.name, "Ed25519") { // sound, and not in the catalogue of algorithms of its default policy
					require.Equal(t, "INDETERMINATE", s["indication"])
					require.Equal(t, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", s["subIndication"])
					continue
				}
				require.Equal(t, "TOTAL_PASSED", s["indication"], "%v", s)
				require.Equal(t, "CAdES_BASELINE_"+strings.TrimPrefix(e.level.String(), "B-"), s["format"])
				require.Empty(t, s["structureErrors"])
				require.Empty(t, s["errors"])
				if e.level == ades.BaselineT {
					token := s["timestamps"].([]any)[0].(map[string]any)
					require.Equal(t, "PASSED", token["indication"], "%v", token)
					require.Equal(t, h.pki.Now().Format("2006-01-02T15:04:05Z"), s["bestSignatureTime"])
				}
			}
		})
	}
}

// pyHanko too. It has one signer for a file, and neither SHA-3 nor RSASSA-PSS keys.
func TestPyHankoValidatesOurs(t *testing.T) {
	h := sharedHouse()
	dir := t.TempDir()
	list := exhibits(t, dir, h, func(name string) bool { return !strings.Contains(name, "SHA3") && !strings.Contains(name, "RSA-PSS") })
	options := []string{
		"validate", "-anchors", save(t, dir, "root.pem", h.root.PEM()), "-crl", save(t, dir, "root.crl", h.root.CRL()),
		"-crl", save(t, dir, "ca.crl", h.ca.CRL()), "-revocation", "require", "-at", h.pki.Now().Add(time.Minute).Format(time.RFC3339),
	}
	for _, detached := range []bool{false, true} {
		args := options
		if detached {
			args = append(args[:len(args):len(args)], "-detached", filepath.Join(dir, "content"))
		}
		var chosen []exhibit
		for _, e := range list {
			if e.detached == detached {
				chosen = append(chosen, e)
				args = append(args, filepath.Join(dir, e.file))
			}
		}
		lines := peer(t, "pyhanko/pyhanko-peer", args...)
		require.Len(t, lines, len(chosen))
		for i, e := range chosen {
			t.Run(fmt.Sprintf("%s %s detached %v changed %v", e.name, e.level, e.detached, e.changed), func(t *testing.T) {
				signatures, _ := lines[i]["signatures"].([]any)
				require.Len(t, signatures, 1, "%v", lines[i])
				s := signatures[0].(map[string]any)
				if e.changed {
					require.Equal(t, false, s["intact"])
					require.Equal(t, "TOTAL-FAILED", s["indication"])
					return
				}
				require.Equal(t, true, s["intact"], "%v", s)
				require.Equal(t, true, s["valid"], "%v", s)
				require.Equal(t, true, s["trusted"], "%v", s)
				require.Equal(t, "TOTAL-PASSED", s["indication"], "%v", s)
				if e.level == ades.BaselineT {
					require.Equal(t, "with-time", s["process"])
					require.Contains(t, s["bestSignatureTime"], h.pki.Now().Format("2006-01-02T15:04:05"))
				}
			})
		}
	}
}

// We read what they sign.
func TestWeReadPeers(t *testing.T) {
	h := sharedHouse()
	dir := t.TempDir()
	save(t, dir, "content", content)
	server, err := h.tsa.Serve()
	require.NoError(t, err)
	defer server.Close()
	anchors := save(t, dir, "root.pem", h.root.PEM())
	for _, key := range []pkitest.KeyType{pkitest.RSA2048, pkitest.P256} {
		p12, err := h.leaf(key).PKCS12("secret")
		require.NoError(t, err)
		identity := save(t, dir, key.String()+".p12", p12)
		for _, detached := range []bool{false, true} {
			for _, level := range []string{"B", "T"} {
				t.Run(fmt.Sprintf("%s %s detached %v", key, level, detached), func(t *testing.T) {
					dss := []string{"sign", "-format", "cades", "-level", level, "-p12", identity, "-password", "secret", "-at", signingTime.Format(time.RFC3339),
						"-tsa", server.URL, "-anchors", anchors, "-in", filepath.Join(dir, "content"), "-out", filepath.Join(dir, "dss.p7"), "-packaging"}
					hanko := []string{"sign", "-format", "cades", "-level", level, "-p12", identity, "-password", "secret",
						"-tsa", server.URL, "-anchors", anchors, "-in", filepath.Join(dir, "content"), "-out", filepath.Join(dir, "hanko.p7")}
					o := cades.ReadOptions{}
					if detached {
						dss = append(dss, "detached")
						o.Detached = ades.Bytes(content)
					} else {
						dss = append(dss, "attached")
						hanko = append(hanko, "-attached")
					}
					peer(t, "dss/dss", dss...)
					peer(t, "pyhanko/pyhanko-peer", hanko...)
					for _, file := range []string{"dss.p7", "hanko.p7"} {
						src, err := ades.OpenDocument(filepath.Join(dir, file))
						require.NoError(t, err)
						defer src.Close()
						doc, err := cades.Read(t.Context(), src, o)
						require.NoError(t, err, file)
						s := &doc.Signatures[0]
						require.True(t, isSound(doc, s), "%s %+v", file, s)
						require.Equal(t, "B-"+level, s.Level, file)
						for _, token := range doc.Timestamps {
							require.Empty(t, token.Problems)
							require.True(t, token.References[1].Intact)
						}
					}
				})
			}
		}
	}
}
