//go:build interop

package report_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/report"
)

// jar finds a jar of EU DSS among those that its peer fetched when it was built, and builds the peer if it was not.
func jar(t *testing.T, name string) string {
	t.Helper()
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	pattern := filepath.Join(home, ".m2", "repository", "eu", "europa", "ec", "joinup", "sd-dss", name, "*", name+"-*.jar")
	found, err := filepath.Glob(pattern)
	require.NoError(t, err)
	if len(found) == 0 {
		build := exec.Command(peer(t, "dss", "dss"), "validate", filepath.Join("testdata", "valid.fr.txt"))
		out, _ := build.CombinedOutput() // that the file is not signed does not matter
		found, err = filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found, "%s", out)
	}
	return found[len(found)-1]
}

// peer is a command of ../shared/peers, beside the repository.
func peer(t *testing.T, parts ...string) string {
	t.Helper()
	shared := os.Getenv("CONFIANCE_SHARED")
	if shared == "" {
		dir, err := os.Getwd()
		require.NoError(t, err)
		for {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
			require.NotEqual(t, dir, filepath.Dir(dir), "no go.mod above the test")
			dir = filepath.Dir(dir)
		}
		shared = filepath.Join(dir, "..", "shared")
	}
	path := filepath.Join(append([]string{shared, "peers"}, parts...)...)
	require.FileExists(t, path)
	return path
}

// schemas takes the schema of TS 119 102-2 v1.4.1 and those that it imports out of the jars, with a catalogue that finds them
// without network.
func schemas(t *testing.T) (dir, schema string) {
	dir = t.TempDir()
	for _, name := range []string{"specs-validation-report", "specs-xades", "specs-xmldsig", "specs-trusted-list-v211"} {
		archive, err := zip.OpenReader(jar(t, name))
		require.NoError(t, err)
		defer archive.Close()
		for _, f := range archive.File {
			if !strings.HasSuffix(f.Name, ".xsd") || strings.Count(f.Name, "/") != 1 {
				continue
			}
			r, err := f.Open()
			require.NoError(t, err)
			content, err := io.ReadAll(io.LimitReader(r, 1<<20))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), content, 0o644))
		}
	}
	catalogue := `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">`
	for id, file := range map[string]string{
		"http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd": "xmldsig-core-schema.xsd",
		"http://uri.etsi.org/01903/v1.3.2/XAdES.xsd":                                  "XAdES.xsd",
		"http://uri.etsi.org/19612/v2.2.1/ts_119612v020201_201601xsd.xsd":             "ts_119612v020101_xsd.xsd",
		"http://www.w3.org/2001/xml.xsd":                                              "xml.xsd",
	} {
		require.FileExists(t, filepath.Join(dir, file))
		catalogue += fmt.Sprintf(`<system systemId="%s" uri="file://%s"/>`, id, filepath.Join(dir, file))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "catalog.xml"), []byte(catalogue+"</catalog>"), 0o644))
	schema = filepath.Join(dir, "TS119102-2-v141.xsd")
	require.FileExists(t, schema)
	return dir, schema
}

// xmllint says whether a report respects the schema.
func xmllint(t *testing.T, dir, schema, document string) (string, error) {
	t.Helper()
	file := filepath.Join(dir, "report.xml")
	require.NoError(t, os.WriteFile(file, []byte(document), 0o644))
	command := exec.Command("xmllint", "--nonet", "--noout", "--schema", schema, file)
	command.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(dir, "catalog.xml"))
	out, err := command.CombinedOutput()
	return string(out), err
}

// Every ETSI report that we write is valid under the schema of ETSI TS 119 102-2 v1.4.1, hostile ones included.
func TestETSISchema(t *testing.T) {
	dir, schema := schemas(t)
	n := 0
	check := func(what string, r *report.Report) {
		out, err := xmllint(t, dir, schema, written(t, r, forms[3]))
		require.NoError(t, err, "%s: %s", what, out)
		n++
	}
	all := scenes(t)
	for name, s := range all {
		for variant, o := range variants(s) {
			check(name+" "+variant, report.New(s.Facts, &s.Conclusion, o))
		}
	}
	for i, lie := range lies {
		s := liar(t, all["pdf-modified"], lie)
		check(fmt.Sprint("lie ", i), report.New(s.Facts, &s.Conclusion, report.Options{Detailed: true}))
		s = half(t, all["pdf-two-signatures"], lie)
		check(fmt.Sprint("half lie ", i), report.New(s.Facts, &s.Conclusion, report.Options{Detailed: true}))
	}
	for _, at := range []time.Time{{}, time.Unix(1<<40, 0), time.Unix(-1<<60, 0)} {
		s := scenes(t)["valid"]
		s.Conclusion.Time, s.Conclusion.Signatures[0].BestSignatureTime, s.Conclusion.Signatures[0].ClaimedTime = at, at, &at
		check(at.String(), report.New(s.Facts, &s.Conclusion, report.Options{}))
	}
	v := newVillage(t)
	for _, options := range [][]pkitest.Option{nil, {pkitest.Revoked(noon.Add(-30*time.Minute), pkitest.KeyCompromise)}} {
		s := statusScene(v, facts.Verified, options...)
		check("revocation", report.New(s.Facts, &s.Conclusion, report.Options{Detailed: true}))
	}
	check("unreadable", report.Unreadable(io.ErrUnexpectedEOF, report.Options{}))
	check("crowded", func() *report.Report {
		s := crowded(t, 600)
		return report.New(s.Facts, &s.Conclusion, report.Options{})
	}())
	require.Greater(t, n, 70)

	// The schema does refuse: an element out of place, an identifier of none, a verdict that is no URI.
	good := written(t, french(all["valid"]), forms[3])
	for _, edit := range [][2]string{
		{"<ValidationTimeInfo>", "<ValidationTimeInfo><Surprise/>"}, {`VOReference="C-`, `VOReference="1-`}, {"<HashOnly>false", "<HashOnly>perhaps"},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		require.NotEqual(t, good, bad)
		out, err := xmllint(t, dir, schema, bad)
		require.Error(t, err, "%v %s", edit, out)
	}
}

// chromium runs a browser without a screen.
func chromium(t *testing.T, arguments ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	arguments = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}, arguments...)
	command := exec.CommandContext(ctx, "chromium", arguments...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, "%s", stderr.String())
	return out
}

// Chromium shows every page at the width of a phone and of a desk: what matters is in its tree, and nothing is wider than the
// screen. Screenshots go to the folder that CONFIANCE_SCREENSHOTS names: look at them.
func TestChromium(t *testing.T) {
	folder := os.Getenv("CONFIANCE_SCREENSHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	for _, shot := range []struct {
		scene   string
		options report.Options
		text    []string
	}{
		{"valid", report.Options{}, []string{"Signature valide, sous réserve", "Mairie de Boisjoli", "2 mars 2026 à 11:01:00", "Date prouvée", "Réserve"}},
		{"pdf-modified", report.Options{Detailed: true}, []string{"Signature non valide", "Le PDF a été modifié après la signature", "Obtenir le PDF tel qu'il a été signé", "EN 319 102-1 §5.2.6"}},
		{"no-chain", report.Options{Language: report.English}, []string{"Validity undetermined", "What to do", "add its root certificate"}},
		{"pdf-two-signatures", report.Options{Redact: true}, []string{"Les 2 signatures sont valides", "Les noms ont été retirés"}},
		{"no-signature", report.Options{}, []string{"Aucune signature dans ce fichier"}},
	} {
		t.Run(shot.scene, func(t *testing.T) {
			s := scenes(t)[shot.scene]
			shot.options.File = s.File
			content := written(t, report.New(s.Facts, &s.Conclusion, shot.options), forms[2])
			file := filepath.Join(t.TempDir(), "report.html")
			require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
			dom := strings.ReplaceAll(string(chromium(t, "--dump-dom", "file://"+file)), "\u00a0", " ")
			for _, text := range shot.text {
				require.Contains(t, dom, text)
			}
			for _, width := range []int{360, 1280} {
				require.LessOrEqual(t, widthNeeded(t, content, width), width, "the page is wider than a screen of %d", width)
				picture := filepath.Join(folder, fmt.Sprintf("%s-%d.png", shot.scene, width))
				// A window of Chromium is never narrower than 500: the phone is a frame in it.
				target := filepath.Join(t.TempDir(), "frame.html")
				require.NoError(t, os.WriteFile(target, frame(content, width, ""), 0o644))
				chromium(t, fmt.Sprintf("--window-size=%d,3000", max(width, 500)), "--screenshot="+picture, "file://"+target)
				f, err := os.Open(picture)
				require.NoError(t, err)
				defer f.Close()
				decoded, _, err := image.Decode(f)
				require.NoError(t, err)
				require.Greater(t, coloursIn(decoded), 20, "an empty picture")
			}
		})
	}
}

// frame puts a page into a frame of a width, with a script beside it.
func frame(content string, width int, script string) []byte {
	escaped := strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(content)
	return fmt.Appendf(nil, `<!DOCTYPE html><meta charset="utf-8"><style>body{margin:0}iframe{border:0;width:%dpx;height:3000px}</style><iframe srcdoc="%s"></iframe><p></p>%s`, width, escaped, script)
}

// widthNeeded is how wide a page is on a screen of a width.
func widthNeeded(t *testing.T, content string, width int) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "measure.html")
	script := `<script>onload=()=>{document.querySelector("p").textContent="width "+document.querySelector("iframe").contentDocument.documentElement.scrollWidth+"."}</script>`
	require.NoError(t, os.WriteFile(file, frame(content, width, script), 0o644))
	dom := string(chromium(t, "--dump-dom", fmt.Sprintf("--window-size=%d,3000", max(width, 500)), "file://"+file))
	_, rest, found := strings.Cut(dom, "<p>width ")
	require.True(t, found)
	var n int
	_, err := fmt.Sscanf(rest, "%d.", &n)
	require.NoError(t, err)
	return n
}

func coloursIn(picture image.Image) int {
	seen := map[[3]uint32]bool{}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			r, g, blue, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, blue}] = true
		}
	}
	return len(seen)
}
