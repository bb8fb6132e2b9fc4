package report_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/report"
)

// An element of a page, with what is inside it.
type element struct {
	name       string
	attributes map[string]string
	text       string // of it and all below
	children   []*element
}

// page parses a page as strictly as XML, but for the elements that HTML leaves open, and checks what holds of every page.
func page(t testing.TB, s string) *element {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(s, "<!DOCTYPE html>")))
	decoder.Strict, decoder.AutoClose = false, []string{"meta"}
	root := &element{}
	stack := []*element{root}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			require.Equal(t, top.name, token.Name.Local, "an element is closed that is not open")
			stack = stack[:len(stack)-1]
			stack[len(stack)-1].text += top.text
		case xml.CharData:
			top.text += string(token)
		}
	}
	require.Len(t, stack, 1, "an element stays open")
	accessible(t, root)
	return root
}

func (e *element) all(name string) (found []*element) {
	for _, c := range e.children {
		if c.name == name || name == "" {
			found = append(found, c)
		}
		found = append(found, c.all(name)...)
	}
	return found
}

// accessible checks what a machine can check of RGAA 4.1; the criterion is beside each.
func accessible(t testing.TB, root *element) {
	t.Helper()
	one := func(name string) *element {
		list := root.all(name)
		require.Len(t, list, 1, name)
		return list[0]
	}
	require.Contains(t, []string{"fr", "en"}, one("html").attributes["lang"]) // 8.3
	require.Len(t, one("head").all("title"), 1)
	require.NotEmpty(t, strings.TrimSpace(one("head").all("title")[0].text)) // 8.5
	for _, landmark := range []string{"header", "main", "footer", "h1"} {    // 9.2, 12.6
		one(landmark)
	}
	require.Equal(t, "#"+one("main").attributes["id"], root.all("a")[0].attributes["href"], "the first link goes to the content") // 12.7
	last := 0
	ids := map[string]bool{}
	for _, e := range root.all("") {
		if level := headingLevel(e.name); level > 0 { // 9.1
			require.LessOrEqual(t, level, last+1, "a heading is skipped before %q", e.text)
			require.NotEmpty(t, strings.TrimSpace(e.text))
			last = level
		}
		if id := e.attributes["id"]; id != "" { // 8.2
			require.False(t, ids[id], "the identifier %s is there twice", id)
			ids[id] = true
		}
		for name, value := range e.attributes { // nothing is fetched, nothing runs
			require.False(t, strings.HasPrefix(name, "on"), name)
			require.NotContains(t, []string{"src", "srcset", "action", "background", "ping", "style"}, name)
			if name == "href" {
				require.True(t, strings.HasPrefix(value, "#"), value)
			}
		}
		require.NotContains(t, []string{"script", "img", "iframe", "object", "embed", "link", "base", "form", "image", "use", "foreignObject"}, e.name)
	}
	for _, e := range root.all("") {
		for _, name := range []string{"aria-labelledby", "href"} {
			for _, id := range strings.Fields(strings.TrimPrefix(e.attributes[name], "#")) {
				require.True(t, ids[id], "%s names %s, which is not there", name, id)
			}
		}
	}
	for _, table := range root.all("table") {
		require.Equal(t, "caption", table.children[0].name)            // 5.4
		require.NotEmpty(t, strings.TrimSpace(table.children[0].text)) // 5.5
		for _, head := range table.all("th") {
			require.Contains(t, []string{"col", "row"}, head.attributes["scope"]) // 5.7
		}
		for _, body := range table.all("tbody") {
			for _, line := range body.all("tr") {
				require.Equal(t, "th", line.children[0].name)
			}
		}
	}
	for _, picture := range root.all("svg") { // 1.1, 1.2
		switch {
		case picture.attributes["role"] == "img":
			require.Len(t, picture.all("title"), 1)
			require.Len(t, picture.all("desc"), 1)
			require.Len(t, strings.Fields(picture.attributes["aria-labelledby"]), 2)
		case picture.attributes["overflow"] == "visible": // a mark inside a picture
		default:
			require.Equal(t, "true", picture.attributes["aria-hidden"])
		}
	}
	style := one("style").text
	require.NotContains(t, style, "url(")
	require.NotContains(t, style, "@import")
}

func headingLevel(name string) int {
	if len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' {
		return int(name[1] - '0')
	}
	return 0
}

func TestPagesAreAccessible(t *testing.T) {
	for name, s := range scenes(t) {
		for variant, o := range variants(s) {
			root := page(t, written(t, report.New(s.Facts, &s.Conclusion, o), forms[2]))
			title := root.all("title")[0].text
			require.True(t, strings.HasPrefix(title, report.New(s.Facts, &s.Conclusion, o).Words.Verdict), "%s %s: the verdict comes first: %s", name, variant, title)
		}
	}
	page(t, written(t, report.Unreadable(nil, report.Options{}), forms[2]))
}

// A check that accepted anything would pass the test above.
func TestAccessibleRefuses(t *testing.T) {
	good := written(t, french(scenes(t)["valid"]), forms[2])
	page(t, good)
	for _, edit := range [][2]string{
		{`lang="fr"`, ``}, {`<caption>`, `<p>`}, {`scope="col"`, ``}, {`id="verdict"`, `id="certificates"`}, {`<h3>`, `<h5>`}, {`href="#contenu"`, `href="#autre"`},
		{`<desc id=`, `<g id=`}, {`<main `, `<div `}, {`aria-hidden="true"`, ``}, {`</style>`, `@import "x";</style>`}, {`<h1>`, `<h1 onclick="x">`},
		{`<ul>`, `<script>`}, {`<th scope="row">`, `<td>`}, {`role="img"`, ``},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		require.NotEqual(t, good, bad, "%v", edit)
		require.True(t, fails(t, func(t testing.TB) { page(t, bad) }), "%v", edit)
	}
}

// fails reports whether a check stops.
func fails(t *testing.T, check func(testing.TB)) bool {
	done := make(chan bool)
	go func() {
		spy := &spy{}
		defer func() {
			if r := recover(); r != nil && r != (stop{}) {
				t.Errorf("%v", r)
			}
			done <- spy.failed
		}()
		check(spy)
	}()
	return <-done
}

// A spy is a testing.TB that only remembers.
type spy struct {
	testing.TB
	failed bool
}

func (s *spy) Name() string          { return "spy" }
func (s *spy) Helper()               {}
func (s *spy) Errorf(string, ...any) { s.failed = true }
func (s *spy) FailNow()              { s.failed = true; panic(stop{}) }

type stop struct{}

// Every colour of letters has a contrast of 4.5 with what is under it, and of shapes 3 (RGAA 3.2, 3.3).
func TestContrast(t *testing.T) {
	style := page(t, written(t, french(scenes(t)["valid"]), forms[2])).all("style")[0].text
	colours := map[string]string{"white": "#ffffff"}
	for _, m := range regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6})`).FindAllStringSubmatch(style, -1) {
		colours[m[1]] = m[2]
	}
	require.Len(t, colours, 17)
	require.Empty(t, regexp.MustCompile(`(color|fill|stroke|background):#(?:[0-9a-eA-E]|f[0-9a-e]|fff[0-9a-f])`).FindString(style), "a colour without a name, which is not tested")
	for _, pair := range []struct {
		over, under string
		least       float64
	}{
		{"text", "page", 4.5}, {"soft", "page", 4.5}, {"link", "page", 4.5}, {"text", "panel", 4.5}, {"soft", "panel", 4.5},
		{"valid", "page", 4.5}, {"valid", "valid-panel", 4.5}, {"text", "valid-panel", 4.5},
		{"invalid", "page", 4.5}, {"invalid", "invalid-panel", 4.5}, {"text", "invalid-panel", 4.5},
		{"indeterminate", "page", 4.5}, {"indeterminate", "indeterminate-panel", 4.5}, {"text", "indeterminate-panel", 4.5},
		{"none", "page", 4.5}, {"none", "none-panel", 4.5}, {"text", "none-panel", 4.5},
		{"bar", "panel", 3}, {"white", "bar", 3}, {"proof", "panel", 3}, {"white", "proof", 3}, {"invalid", "panel", 3}, {"soft", "panel", 3},
	} {
		got := contrast(t, colours[pair.over], colours[pair.under])
		require.GreaterOrEqual(t, got, pair.least, "%s on %s", pair.over, pair.under)
	}
	require.InDelta(t, 21, contrast(t, "#000000", "#ffffff"), 0.01)
}

// contrast is that of WCAG 2.1.
func contrast(t *testing.T, a, b string) float64 {
	luminance := func(colour string) float64 {
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
			require.NoError(t, err)
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	one, other := luminance(a)+0.05, luminance(b)+0.05
	return max(one, other) / min(one, other)
}

// The picture places what happened in order, and the arrow of a proof goes up from its timestamp.
func TestPicture(t *testing.T) {
	root := page(t, written(t, french(scenes(t)["valid"]), forms[2]))
	pictures := slices.DeleteFunc(root.all("svg"), func(e *element) bool { return e.attributes["role"] != "img" })
	require.Len(t, pictures, 1)
	var arrows, clocks []string
	var names []string
	for _, e := range pictures[0].all("") {
		switch e.attributes["class"] {
		case "arrow":
			arrows = append(arrows, e.attributes["x1"])
			up, err := strconv.Atoi(e.attributes["y2"])
			require.NoError(t, err)
			down, err := strconv.Atoi(e.attributes["y1"])
			require.NoError(t, err)
			require.Less(t, up, down)
		case "name":
			names = append(names, e.text)
		}
		for _, c := range e.children {
			if c.attributes["class"] == "clock" {
				clocks = append(clocks, e.attributes["x"])
			}
		}
		for _, name := range []string{"x", "x1", "x2", "width"} {
			if value, isPercent := strings.CutSuffix(e.attributes[name], "%"); isPercent {
				n, err := strconv.ParseFloat(value, 64)
				require.NoError(t, err)
				require.True(t, n >= 0 && n <= 100, "%s", value)
			}
		}
	}
	require.Equal(t, clocks, arrows)
	require.Len(t, arrows, 1)
	require.Contains(t, fmt.Sprint(names), "Signature prouvée02/03/2026")
	require.Contains(t, fmt.Sprint(names), "Certificat du signataire01/2026 – 03/2028")

	// A timestamp that is worth nothing has no arrow.
	wrong := page(t, written(t, french(scenes(t)["wrong-timestamp"]), forms[2]))
	for _, e := range wrong.all("line") {
		require.NotEqual(t, "arrow", e.attributes["class"])
	}
}
