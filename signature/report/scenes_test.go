package report_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// With -update the scenes are signed and validated again, and every golden file is written again. Look at what changed.
var update = flag.Bool("update", false, "write testdata again")

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// A scene is what one file was found to be: what a report is made from. Scenes are saved, so that what a report says changes
// only with this package.
type scene struct {
	File       string                `json:"file"`
	Facts      *facts.Document       `json:"facts"`
	Conclusion validation.Conclusion `json:"conclusion"`
}

// village is the PKI of the scenes. Everything that tells who someone is has one of these words in it.
type village struct {
	t    *testing.T
	pki  *pkitest.PKI
	root *pkitest.Authority
	ca   *pkitest.Authority
}

// personal are the words that Redact must hide.
var personal = []string{"Boisjoli", "Camille", "Dubois", "Sommet", "essai", "Horodateur", "Préfecture", "deliberation", "99900000300015", "Hôtel de ville", "bon pour accord"}

func newVillage(t *testing.T) *village {
	pki := pkitest.New(pkitest.At(noon.Add(-59 * time.Minute)))
	root := pki.Root("Sommet d'essai")
	return &village{t, pki, root, root.Intermediate("AC d'essai")}
}

func (v *village) signer(id *pkitest.Identity) ades.Signer {
	s, err := ades.FromKey(id.Key, id.Chain())
	require.NoError(v.t, err)
	return s
}

func (v *village) cades(content []byte, by *pkitest.Identity, o cades.Options) []byte {
	if o.Time.IsZero() {
		o.Time = noon.Add(-time.Hour)
	}
	o.UnsafeUnfitCertificate = true
	var out bytes.Buffer
	require.NoError(v.t, cades.Sign(context.Background(), &out, ades.Bytes(content), v.signer(by), o))
	return out.Bytes()
}

func (v *village) pades(pdf []byte, by *pkitest.Identity, o pades.Options) []byte {
	o.Time = noon.Add(-time.Hour)
	var out bytes.Buffer
	require.NoError(v.t, pades.Sign(context.Background(), &out, ades.Bytes(pdf), v.signer(by), o))
	return out.Bytes()
}

func (v *village) validate(file []byte, edit ...func(*signature.ValidatorOptions, *signature.ValidateOptions)) *signature.Validation {
	set, err := trust.NewSet(trust.Anchor{Certificate: v.root.DER})
	require.NoError(v.t, err)
	o, of := signature.ValidatorOptions{Anchors: set, UnsafeNoRevocation: true}, signature.ValidateOptions{Time: noon}
	for _, e := range edit {
		e(&o, &of)
	}
	validator, err := signature.NewValidator(o)
	require.NoError(v.t, err)
	got, err := validator.Validate(context.Background(), ades.Bytes(file), of)
	require.NoError(v.t, err)
	return got
}

var deliberation = []byte("Délibération du conseil municipal de Boisjoli.\n")

// onePage is a PDF of one page, with a cross-reference table.
func onePage() []byte {
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
		"<</Length 44>>stream\nBT /F 24 Tf 72 770 Td (Deliberation) Tj ET   \nendstream",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n")
	table := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", table, len(objects)+1, start)
	return out.Bytes()
}

// scribble changes the words of the page in an incremental update, as an editor does.
func scribble(t *testing.T, pdf []byte) []byte {
	all := regexp.MustCompile(`startxref\s+(\d+)`).FindAllSubmatch(pdf, -1)
	previous, err := strconv.Atoi(string(all[len(all)-1][1]))
	require.NoError(t, err)
	size := regexp.MustCompile(`/Size (\d+)`).FindAllSubmatch(pdf, -1)
	out := bytes.NewBuffer(bytes.Clone(pdf))
	at := out.Len()
	out.WriteString("4 0 obj\n<</Length 44>>stream\nBT /F 24 Tf 72 770 Td (Alienation  ) Tj ET   \nendstream\nendobj\n")
	start := out.Len()
	fmt.Fprintf(out, "xref\n4 1\n%010d 00000 n \ntrailer\n<</Size %s/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", at, size[len(size)-1][1], previous, start)
	return out.Bytes()
}

// sceneNames are the scenes saved in testdata.
var sceneNames = []string{
	"valid", "hash-failure", "no-chain", "wrong-timestamp", "no-signature", "pdf-modified", "pdf-two-signatures", "expired", "detached-missing",
	"countersigned", "timestamp-alone",
}

// makeScenes signs and validates everything that the tests report on.
func makeScenes(t *testing.T) map[string]scene {
	v := newVillage(t)
	mairie := v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal, pkitest.SIRET("99900000300015"), pkitest.Organization("Commune de Boisjoli"))
	maire := v.ca.Leaf("Camille Dubois", pkitest.Person("Camille", "Dubois"))
	tsa := v.ca.TimestampAuthority("Horodateur d'essai")
	token, err := tsa.Timestamp(context.Background(), crypto.SHA256, bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	stamped := func(o *cades.Options) { o.Level, o.Authority = ades.BaselineT, tsa }
	signed := func(edit ...func(*cades.Options)) []byte {
		var o cades.Options
		for _, e := range edit {
			e(&o)
		}
		return v.cades(deliberation, mairie, o)
	}
	none := func(o *signature.ValidatorOptions, _ *signature.ValidateOptions) {
		o.Anchors, o.UnsafeNoRevocation = nil, false
	}
	beside := func(content string) func(*signature.ValidatorOptions, *signature.ValidateOptions) {
		return func(_ *signature.ValidatorOptions, o *signature.ValidateOptions) {
			o.Detached = ades.Bytes([]byte(content))
		}
	}
	detached := func(o *cades.Options) { o.Detached = true }
	reason := pades.Options{Reason: "bon pour accord", Location: "Hôtel de ville"}
	withStamp := reason
	withStamp.Level, withStamp.Authority = ades.BaselineT, tsa
	old := v.ca.Leaf("Camille Dubois", pkitest.Expired(), pkitest.Person("Camille", "Dubois"))
	one := v.pades(onePage(), maire, withStamp)
	two := v.pades(one, mairie, reason)

	files := map[string]*signature.Validation{
		"valid":              v.validate(signed(stamped)),
		"hash-failure":       v.validate(signed(detached), beside("Autre délibération.\n")),
		"no-chain":           v.validate(signed(stamped), none),
		"wrong-timestamp":    v.validate(restamped(t, signed(stamped), tsa)),
		"no-signature":       v.validate(onePage()),
		"pdf-modified":       v.validate(scribble(t, one)),
		"pdf-two-signatures": v.validate(two),
		"expired":            v.validate(v.cades(deliberation, old, cades.Options{Time: noon.AddDate(0, 0, -2)})),
		"detached-missing":   v.validate(signed(detached)),
		"timestamp-alone":    v.validate(token),
	}
	files["countersigned"] = v.validate(countersigned(t, v, signed(stamped), maire))
	out := map[string]scene{}
	for name, got := range files {
		file := "deliberation de Boisjoli.p7m"
		if got.Facts.Format == facts.PAdES {
			file = "deliberation de Boisjoli.pdf"
		}
		out[name] = scene{file, got.Facts, got.Conclusion}
	}
	return out
}

// scenes reads those of testdata.
func scenes(t testing.TB) map[string]scene {
	t.Helper()
	out := map[string]scene{}
	for _, name := range sceneNames {
		saved, err := os.ReadFile(filepath.Join("testdata", name+".scene.json"))
		require.NoError(t, err)
		var s scene
		require.NoError(t, json.Unmarshal(saved, &s))
		out[name] = s
	}
	return out
}
