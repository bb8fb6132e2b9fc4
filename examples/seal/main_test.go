package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

const (
	commune     = "99900001100018"
	prefecture  = "99900002900010"
	prefecture2 = "99900002900028" // another establishment of the same legal unit
	region      = "99900003700013"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

type pki struct {
	root                               *pkitest.Authority
	seal, sirenSeal, rsa, ec, stranger *pkitest.Identity
}

var declared = sync.OnceValue(func() *pki { return declare(now) })

func declare(at time.Time) *pki {
	p := pkitest.New(pkitest.At(at), pkitest.Deterministic("seal"))
	root := p.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai")
	return &pki{
		root:      root,
		seal:      ca.Leaf("Commune", pkitest.Seal, pkitest.SIRET(commune)),
		sirenSeal: ca.Leaf("Commune au SIREN", pkitest.Seal, pkitest.SIRET(commune[:9])),
		rsa:       ca.Leaf("Préfecture", pkitest.Encrypt, pkitest.RSA2048, pkitest.SIRET(prefecture)),
		ec:        ca.Leaf("Région", pkitest.Encrypt, pkitest.P256, pkitest.SIRET(region)),
		stranger:  p.Root("Autre racine").Leaf("Imposteur", pkitest.Seal, pkitest.SIRET(commune)),
	}
}

// A desk is a folder with the keys and the files of a test.
type desk struct {
	t   *testing.T
	dir string
}

func newDesk(t *testing.T) *desk {
	d := &desk{t, t.TempDir()}
	p := declared()
	for name, id := range map[string]*pkitest.Identity{"seal": p.seal, "siren": p.sirenSeal, "rsa": p.rsa, "ec": p.ec, "stranger": p.stranger} {
		p12, err := id.PKCS12("essai")
		require.NoError(t, err)
		d.write(name+".p12", p12)
		d.write(name+".pem", id.PEM())
	}
	d.write("root.pem", p.root.PEM())
	d.write("password", []byte("essai\nnot this\n"))
	d.write("délibération.pdf", []byte("%PDF-1.7 délibération"))
	d.write("vide.txt", nil)
	d.write("plan.bin", bytes.Repeat([]byte("plan"), 700_000))
	return d
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(name string, b []byte) {
	require.NoError(d.t, os.WriteFile(d.path(name), b, 0o600))
}

func (d *desk) read(name string) []byte {
	b, err := os.ReadFile(d.path(name))
	require.NoError(d.t, err)
	return b
}

// run replaces @name by a path of the desk, here and after "=".
func (d *desk) run(line string) (status int, stdout, stderr string) {
	d.t.Helper()
	args := strings.Fields(strings.ReplaceAll(line, "@", d.dir+string(filepath.Separator)))
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs, func() time.Time { return now })
	return status, out.String(), errs.String()
}

func (d *desk) must(line string) string {
	d.t.Helper()
	status, out, errs := d.run(line)
	require.Equal(d.t, exitDone, status, errs)
	return out
}

// refuses checks the status, a word of the message, and that nothing is left in the folder "out".
func (d *desk) refuses(status int, word, line string) {
	d.t.Helper()
	got, _, errs := d.run(line)
	require.Equal(d.t, status, got, errs)
	require.Contains(d.t, errs, word)
	_, err := os.Stat(d.path("out"))
	require.ErrorIs(d.t, err, os.ErrNotExist)
}

const sealLine = "seal -from @seal.p12 -password essai -to @rsa.pem -to " + region + "=@ec.pem -in @délibération.pdf -in @vide.txt -in @plan.bin -out @pli"

func TestJourney(t *testing.T) {
	d := newDesk(t)
	require.Contains(t, d.must(sealLine+" -purpose Contrôle -manifest @manifest.der"), "recipient   "+prefecture)
	for _, id := range []string{"rsa", "ec"} {
		out := d.must("open -key @" + id + ".p12 -password-file @password -anchors @root.pem -in @pli -out @out/" + id)
		require.Contains(t, out, `"délibération.pdf", application/pdf`)
		for _, f := range []string{"délibération.pdf", "vide.txt", "plan.bin"} {
			require.True(t, bytes.Equal(d.read(f), d.read("out/"+id+"/"+f)), f)
		}
	}
	require.Contains(t, d.must("verify -in @pli -anchors @root.pem"), "valid, as far as could be checked")
	require.Contains(t, d.must("verify -in @pli -anchors @root.pem -manifest @manifest.der -content @plan.bin"), "content given    passed")
	require.Regexp(t, `(?m)^valid$`, d.must("verify -in @pli -anchors @root.pem -key @rsa.p12 -password essai"))
	require.Contains(t, d.must("show -in @pli"), "recipient   "+prefecture)
	shown := d.must("show -in @pli -key @ec.p12 -password essai")
	require.Contains(t, shown, "sha256    "+"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	require.Contains(t, shown, "whoever signed was believed")
	require.NotContains(t, d.must("show -in @pli -key @ec.p12 -password essai -anchors @root.pem"), "whoever signed")
	require.NoFileExists(t, d.path(".pli"))
}

func TestJSON(t *testing.T) {
	d := newDesk(t)
	lines := map[string]string{
		"seal":   d.must(sealLine + " -json"),
		"open":   d.must("open -json -key @rsa.p12 -password essai -anchors @root.pem -in @pli -out @out"),
		"verify": d.must("verify -json -key @rsa.p12 -password essai -anchors @root.pem -in @pli"),
		"show":   d.must("show -json -key @rsa.p12 -password essai -in @pli"),
	}
	var id string
	for name, line := range lines {
		require.Equal(t, 1, strings.Count(line, "\n"), name)
		var v struct {
			Schema      int
			Command, ID string
		}
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		require.Equal(t, 1, v.Schema)
		require.Equal(t, name, v.Command)
		if id == "" {
			id = v.ID
		}
		require.Equal(t, id, v.ID)
	}
	var verified struct {
		Verdict  string
		Complete bool
	}
	require.NoError(t, json.Unmarshal([]byte(lines["verify"]), &verified))
	require.Equal(t, "valid", verified.Verdict)
	require.True(t, verified.Complete)

	pli := d.read("pli")
	pli[40] ^= 1 // in the payload's head
	d.write("pli", pli)
	status, out, _ := d.run("verify -json -key @rsa.p12 -password essai -anchors @root.pem -in @pli")
	require.Equal(t, exitFailed, status)
	require.Contains(t, out, `"verdict":"invalid"`)
	require.Contains(t, out, `"reason":"payload"`)
	status, out, _ = d.run("open -json -key @rsa.p12 -password essai -anchors @root.pem -in @pli -out @new")
	require.Equal(t, exitFailed, status)
	require.Contains(t, out, `"error":{"reason":"payload"`)
	require.NoDirExists(t, d.path("new"))
}

func TestRefusals(t *testing.T) {
	d := newDesk(t)
	d.must(sealLine)
	open := "open -key @rsa.p12 -password essai -in @pli -out @out "
	d.refuses(exitFailed, "unsafe-any-sender", open)
	d.refuses(exitFailed, "not that of a trusted sender", open+"-anchors @stranger.pem")
	d.refuses(exitFailed, "not addressed", open+"-anchors @root.pem -siret "+prefecture2)
	d.refuses(exitFailed, "dates", open+"-anchors @root.pem -at 2027-01-01T00:00:00Z")
	d.refuses(exitFailed, "dates", open+"-anchors @root.pem -at 2026-03-02T08:00:00Z")
	d.refuses(exitFailed, "password", "open -key @rsa.p12 -password wrong -anchors @root.pem -in @pli -out @out")
	d.refuses(exitFailed, "keyUsage", "open -key @seal.p12 -password essai -anchors @root.pem -in @pli -out @out")
	d.refuses(exitFailed, "no such file", open+"-anchors @nothing.pem")
	d.refuses(exitUsage, "-in is missing", "open -key @rsa.p12 -password essai -anchors @root.pem -out @out")
	d.refuses(exitUsage, "follows the flags", open+"-anchors @root.pem another")
	d.refuses(exitUsage, "usage", "unseal")
	d.refuses(exitUsage, "usage", "")
	d.refuses(exitDone, "usage", "-h")
	d.refuses(exitDone, "-unsafe-any-sender", "open -h")
	d.refuses(exitUsage, "-at", open+"-at yesterday")

	pli := d.read("pli")
	pli[len(pli)/2] ^= 1
	d.write("altered", pli)
	d.refuses(exitFailed, "", "open -key @rsa.p12 -password essai -anchors @root.pem -in @altered -out @out")
	d.write("short", pli[:len(pli)-5])
	d.refuses(exitFailed, "not a pli", "open -key @rsa.p12 -password essai -anchors @root.pem -in @short -out @out")

	d.must(open + "-unsafe-any-sender")
	status, _, errs := d.run(open + "-anchors @root.pem")
	require.Equal(t, exitFailed, status)
	require.Contains(t, errs, "-force", "the message says what to do")
	d.write("out/vide.txt", []byte("old"))
	d.must(open + "-anchors @root.pem -force")
	require.Empty(t, d.read("out/vide.txt"))
}

// A bit flipped anywhere, a cut anywhere: status 1, and nothing in DIR, whether it was there before or not.
func TestAltered(t *testing.T) {
	d := newDesk(t)
	d.must("seal -from @seal.p12 -password essai -to @rsa.pem -to @ec.pem -in @délibération.pdf -in @vide.txt -out @pli")
	require.NoError(t, os.Mkdir(d.path("there"), 0o700))
	pli := d.read("pli")
	for i := range 60 {
		altered := bytes.Clone(pli)
		altered[i*(len(pli)-1)/59] ^= 1 << (i % 8)
		d.write("altered", altered)
		d.write("cut", pli[:i*(len(pli)-1)/59])
		for _, in := range []string{"altered", "cut"} {
			for _, out := range []string{"out", "there"} {
				d.refuses(exitFailed, "seal open: ", "open -key @ec.p12 -password essai -anchors @root.pem -in @"+in+" -out @"+out)
			}
		}
	}
	entries, err := os.ReadDir(d.path("there"))
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestSealRefusals(t *testing.T) {
	d := newDesk(t)
	rest := " -in @vide.txt -out @out"
	d.refuses(exitFailed, "may not sign", "seal -from @rsa.p12 -password essai -to @ec.pem"+rest)
	d.refuses(exitFailed, "may not encrypt", "seal -from @seal.p12 -password essai -to @stranger.pem"+rest)
	d.refuses(exitFailed, "names another", "seal -from @seal.p12 -password essai -to "+region+"=@rsa.pem"+rest)
	d.refuses(exitFailed, "names another", "seal -from @seal.p12 -password essai -sender "+region+" -to @rsa.pem"+rest)
	d.refuses(exitFailed, "SIRET", "seal -from @siren.p12 -password essai -to @rsa.pem"+rest)
	d.refuses(exitUsage, "SIRET", "seal -from @seal.p12 -password essai -sender 12345678901234 -to @rsa.pem"+rest)
	d.refuses(exitFailed, "no such file", "seal -from @seal.p12 -password essai -to @rsa.pem -in @nothing -out @out")
	d.refuses(exitFailed, "regular", "seal -from @seal.p12 -password essai -to @rsa.pem -in @ -out @out")
	d.refuses(exitFailed, "give another name", "seal -from @seal.p12 -password essai -to @rsa.pem -in @vide.txt -out @")
	d.refuses(exitFailed, "writing "+d.path("nowhere/pli"), "seal -from @seal.p12 -password essai -to @rsa.pem -in @vide.txt -out @nowhere/pli")
	d.refuses(exitFailed, "no certificate that can be read", "seal -from @seal.p12 -password essai -to @vide.txt"+rest)
	d.refuses(exitUsage, "2026-04-02T12:00:00Z", "seal -from @seal.p12 -password essai -to @rsa.pem -not-after tomorrow"+rest)
	entries, err := os.ReadDir(d.dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.False(t, strings.HasPrefix(e.Name(), ".seal-"), "a temporary file is left")
	}
}

// A seal that carries nine digits needs someone to say of which establishment it is: the nine are those of all of them.
func TestSealWithSIREN(t *testing.T) {
	d := newDesk(t)
	d.must("seal -from @siren.p12 -password essai -sender " + commune + " -to @rsa.pem -in @vide.txt -out @pli")
	open := "open -key @rsa.p12 -password essai -anchors @root.pem -in @pli -out @out"
	d.refuses(exitFailed, "14 digits", open)
	d.refuses(exitFailed, "14 digits", open+" -sender @seal.pem")
	d.must(open + " -sender " + commune + "=@siren.pem")
}
