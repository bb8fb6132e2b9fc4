package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func open(t testing.TB, b []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(context.Background(), bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	return f
}

var samples = map[string]pdf.Revision{
	"table.pdf":         {},
	"table19.pdf":       {},
	"prefixed.pdf":      {},
	"hybrid.pdf":        {Hybrid: true},
	"objstm.pdf":        {Stream: true},
	"linear.pdf":        {Linearized: true},
	"linear-objstm.pdf": {Linearized: true, Stream: true},
}

func TestOpen(t *testing.T) {
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			b := load(t, name)
			f := open(t, b)
			require.Equal(t, "1.7", f.Header)
			require.Len(t, f.Revisions(), 1)
			got := f.Revisions()[0]
			require.Equal(t, want.Hybrid, got.Hybrid)
			require.Equal(t, want.Stream, got.Stream)
			require.Equal(t, want.Linearized, got.Linearized)
			require.True(t, got.Closed)
			require.EqualValues(t, len(bytes.TrimRight(b, "\n")), got.End)
			trailing, err := f.Trailing()
			require.NoError(t, err)
			require.EqualValues(t, -1, trailing)

			state := f.Last()
			catalog, _, err := state.Catalog()
			require.NoError(t, err)
			require.Equal(t, "fr-FR", string(catalog.Get("Lang").(pdf.String).Value))
			pages, err := state.Dict(catalog.Get("Pages"))
			require.NoError(t, err)
			kids, err := state.Array(pages.Get("Kids"))
			require.NoError(t, err)
			require.Len(t, kids, 2)
			page, err := state.Dict(kids[0])
			require.NoError(t, err)
			require.Equal(t, pdf.Name("Page"), page.Get("Type"))
			info, err := state.Dict(state.Trailer().Get("Info"))
			require.NoError(t, err)
			require.Equal(t, "Délibération", pdf.ReadText(info.Get("Title").(pdf.String).Value))
			content, err := state.Object(page.Get("Contents").(pdf.Ref))
			require.NoError(t, err)
			length, err := state.StreamLength(content.Value.(*pdf.Stream))
			require.NoError(t, err)
			require.Positive(t, length)
			null, err := state.Object(pdf.Ref{Number: 4000})
			require.NoError(t, err)
			require.Nil(t, null.Value)
			null, err = state.Object(pdf.Ref{Number: kids[0].(pdf.Ref).Number, Generation: 7})
			require.NoError(t, err)
			require.Nil(t, null.Value, "another generation is another object")
		})
	}
}

// replace changes a sample; offsets stay right when old and new have the same length.
func replace(t *testing.T, name, old, new string) []byte {
	b := load(t, name)
	require.Contains(t, string(b), old)
	return []byte(strings.Replace(string(b), old, new, 1))
}

func TestOpenRefuses(t *testing.T) {
	long := strings.Repeat(" ", limits.PDFTail+100)
	for name, c := range map[string]struct {
		file   []byte
		kind   error
		reason string
	}{
		"empty":            {nil, pdf.ErrNotPDF, ""},
		"no header":        {replace(t, "table.pdf", "%PDF", "%PDX"), pdf.ErrNotPDF, ""},
		"late header":      {append([]byte(long), load(t, "table.pdf")...), pdf.ErrNotPDF, ""},
		"no startxref":     {replace(t, "table.pdf", "startxref", "startxxxx"), pdf.ErrDamaged, "no startxref"},
		"long tail":        {append(load(t, "table.pdf"), long...), pdf.ErrDamaged, "no startxref"},
		"no EOF":           {replace(t, "table.pdf", "%%EOF", "%%FOE"), pdf.ErrDamaged, "no %%EOF"},
		"bad startxref":    {replace(t, "table.pdf", "startxref\n6", "startxref\nX"), pdf.ErrDamaged, "startxref \"X"},
		"wrong startxref":  {replace(t, "table.pdf", "startxref\n667", "startxref\n652"), pdf.ErrDamaged, ""},
		"beyond the end":   {replace(t, "table.pdf", "startxref\n", "startxref\n9"), pdf.ErrDamaged, "beyond the end"},
		"encrypted":        {replace(t, "table.pdf", "/Info 8 0 R", "/Encrypt 8 "), pdf.ErrEncrypted, ""},
		"count too large":  {replace(t, "table.pdf", "xref\n0 10", "xref\n0 99"), pdf.ErrDamaged, "too short"},
		"count huge":       {replace(t, "table.pdf", "xref\n0 10\n", "xref\n0 2147483647\n"), pdf.ErrLimit, "object numbers"},
		"entry":            {replace(t, "table.pdf", "65535 f", "65535 x"), pdf.ErrDamaged, "not an entry"},
		"trailer":          {replace(t, "table.pdf", "trailer\n<<", "trailer\n[["), pdf.ErrDamaged, ""},
		"two roots":        {replace(t, "table.pdf", "/Info 8 0 R", "/Root 8 0 R"), pdf.ErrDamaged, "two /Root"},
		"negative prev":    {replace(t, "table.pdf", "/Info 8 0 R", "/Prev    -1"), pdf.ErrDamaged, "/Prev -1"},
		"prev of no sort":  {replace(t, "table.pdf", "/Info 8 0 R", "/Prev    []"), pdf.ErrDamaged, "/Prev is not"},
		"xrefstm":          {replace(t, "hybrid.pdf", "/XRefStm 8", "/XRefStm 3"), pdf.ErrDamaged, ""},
		"stream length":    {replace(t, "objstm.pdf", "/XRef /Length", "/XRef /Lengtx"), pdf.ErrDamaged, ""},
		"stream filter":    {xrefStream("/Filter/LZWDecode", "/W[1 2 1]/Size 4"), pdf.ErrUnsupported, "LZWDecode"},
		"stream two":       {xrefStream("/Filter[/FlateDecode/FlateDecode]", "/W[1 2 1]/Size 4"), pdf.ErrUnsupported, "2 filters"},
		"stream not zlib":  {xrefStream("/Filter/FlateDecode", "/W[1 2 1]/Size 4"), pdf.ErrDamaged, "not a FlateDecode"},
		"stream W":         {xrefStream("", "/W[1 2]/Size 4"), pdf.ErrDamaged, "three widths"},
		"stream W zero":    {xrefStream("", "/W[0 0 0]/Size 4"), pdf.ErrDamaged, "/W of"},
		"stream W wide":    {xrefStream("", "/W[1 9 0]/Size 4"), pdf.ErrDamaged, "/W of"},
		"stream index":     {xrefStream("", "/W[1 2 1]/Index[0 1 2]"), pdf.ErrDamaged, "/Index"},
		"stream overlap":   {xrefStream("", "/W[1 2 1]/Index[0 2 1 2]"), pdf.ErrDamaged, "lists object 1 twice"},
		"stream huge":      {xrefStream("", "/W[8 8 8]/Index[0 8000000]"), pdf.ErrLimit, "more than"},
		"predictor":        {xrefStream("/Filter/FlateDecode/DecodeParms<</Predictor 2>>", "/W[1 2 1]/Size 4"), nil, ""},
		"no stream at all": {replace(t, "table.pdf", "xref\n0 10", "1 0 obj 1 "), pdf.ErrDamaged, "neither"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pdf.Open(context.Background(), bytes.NewReader(c.file), int64(len(c.file)))
			require.Error(t, err)
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
			}
			require.ErrorContains(t, err, c.reason)
		})
	}
}

// xrefStream is a file that holds nothing but a cross-reference stream of four entries.
func xrefStream(filter, describe string) []byte {
	head := "%PDF-1.7\n1 0 obj\n<</Type/XRef/Length 16/Root 2 0 R" + filter + describe + ">>stream\n"
	return []byte(head + "0123456789abcdef\nendstream\nendobj\nstartxref\n9\n%%EOF")
}

func TestCrossReferenceLoops(t *testing.T) {
	b := load(t, "table.pdf")
	at := bytes.Index(b, []byte("xref\n0"))
	self := bytes.Replace(b, []byte("/Info 8 0 R"), []byte("/Prev "+strconv.Itoa(at)+"  "), 1)
	_, err := pdf.Open(context.Background(), bytes.NewReader(self), int64(len(self)))
	require.ErrorIs(t, err, pdf.ErrDamaged)
	require.ErrorContains(t, err, "designate one another")

	second := len(self)
	two := append(bytes.Clone(b), "xref\n0 0\ntrailer\n<</Root 1 0 R/Prev "+strconv.Itoa(at)+">>\nstartxref\n"+strconv.Itoa(second)+"\n%%EOF\n"...)
	require.Len(t, open(t, two).Revisions(), 2)
	back := bytes.Replace(two, []byte("/Info 8 0 R"), []byte("/Prev "+strconv.Itoa(second)), 1)
	_, err = pdf.Open(context.Background(), bytes.NewReader(back), int64(len(back)))
	require.ErrorIs(t, err, pdf.ErrDamaged)
}

func TestOpenMeetsCancellationAndReadErrors(t *testing.T) {
	b := load(t, "objstm.pdf")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := pdf.Open(ctx, bytes.NewReader(b), int64(len(b)))
	require.ErrorIs(t, err, context.Canceled)
	_, err = pdf.Open(context.Background(), failing{}, 10_000)
	require.ErrorIs(t, err, errRead)
	_, err = pdf.Open(context.Background(), bytes.NewReader(b), int64(len(b))+10_000)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a file that became shorter")
}

var errRead = errors.New("unreadable sector")

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errRead }

func TestObjectRefuses(t *testing.T) {
	get := func(b []byte, number int) error {
		_, err := open(t, b).Last().Object(pdf.Ref{Number: number})
		return err
	}
	require.ErrorContains(t, get(replace(t, "table.pdf", "3 0 obj", "4 0 obj"), 3), "object 4 0 where the cross-reference says 3 0")
	require.ErrorContains(t, get(replace(t, "table.pdf", "3 0 obj", "3 1 obj"), 3), "object 3 1 where")
	require.ErrorContains(t, get(replace(t, "table.pdf", "3 0 obj", "3 0 bjo"), 3), "where obj is expected")
	loop := open(t, replace(t, "table.pdf", "obj\n51\nendobj", "obj 9 0 R \n   ")).Last()
	_, err := loop.Resolve(pdf.Ref{Number: 9})
	require.ErrorIs(t, err, pdf.ErrLimit)
	twice := open(t, replace(t, "table.pdf", "/Lang(fr-FR)", "/Pages 4 0 R")).Last()
	_, _, err = twice.Catalog()
	require.ErrorContains(t, err, "two /Pages")

	// A stream whose length is itself.
	b := replace(t, "table.pdf", "/Length 9 0 R", "/Length 5 0 R")
	state := open(t, b).Last()
	o, err := state.Object(pdf.Ref{Number: 5})
	require.NoError(t, err)
	_, err = state.StreamLength(o.Value.(*pdf.Stream))
	require.ErrorIs(t, err, pdf.ErrDamaged)
}

// TestReadsLittle holds Open and a look at one object to what they need, whatever the length of the file.
func TestReadsLittle(t *testing.T) {
	b := load(t, "table.pdf")
	const gap = 64 << 20
	at := bytes.Index(b, []byte("xref\n0"))
	tail := bytes.Replace(b[at:], []byte("xref\n667"), []byte("xref\n"+strconv.Itoa(at+gap)), 1)
	r := &sparse{head: b[:at], tail: tail, gap: gap}
	f, err := pdf.Open(context.Background(), r, int64(at+gap+len(tail)))
	require.NoError(t, err)
	_, _, err = f.Last().Catalog()
	require.NoError(t, err)
	require.Less(t, r.read, int64(64<<10))
}

// TestWorkIsBounded gives every object of a file the same long run of spaces.
func TestWorkIsBounded(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	start := b.Len()
	b.WriteString(strings.Repeat(" ", 1<<20))
	at := b.Len()
	const objects = 20_000
	b.WriteString("xref\n0 " + strconv.Itoa(objects) + "\n")
	for range objects {
		b.WriteString(fmt.Sprintf("%010d 00000 n \n", start))
	}
	b.WriteString("trailer<</Root 1 0 R>>startxref " + strconv.Itoa(at) + "\n%%EOF")
	state := open(t, b.Bytes()).Last()
	var err error
	for n := 1; n < objects && !errors.Is(err, pdf.ErrLimit); n++ {
		_, err = state.Object(pdf.Ref{Number: n})
		require.Error(t, err)
	}
	require.ErrorIs(t, err, pdf.ErrLimit)
}

// sparse is a head, a gap of spaces, and a tail.
type sparse struct {
	head, tail []byte
	gap        int64
	read       int64
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	s.read += int64(len(p))
	for i := range p {
		switch at := off + int64(i); {
		case at < int64(len(s.head)):
			p[i] = s.head[at]
		case at < int64(len(s.head))+s.gap:
			p[i] = ' '
		case at-int64(len(s.head))-s.gap < int64(len(s.tail)):
			p[i] = s.tail[at-int64(len(s.head))-s.gap]
		default:
			return i, io.EOF
		}
	}
	return len(p), nil
}
