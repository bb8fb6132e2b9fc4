package pades_test

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// tmpfs is a folder in memory where there is one.
func tmpfs(t testing.TB) string {
	if dir, err := os.MkdirTemp("/dev/shm", "confiance"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

// writeLarge writes a PDF of about size octets and that many objects, the page tree and the catalog last.
func writeLarge(t testing.TB, path string, size, objects int, stream bool) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	at := 0
	var offsets []int
	put := func(s string) { n, _ := w.WriteString(s); at += n }
	object := func(body string) {
		offsets = append(offsets, at)
		put(fmt.Sprintf("%d 0 obj\n%s\nendobj\n", len(offsets), body))
	}
	put("%PDF-1.7\n")
	filler := bytes.Repeat([]byte("0 0 m 100 100 l S\n"), 1+size/objects/18)
	for len(offsets) < objects-4 {
		if n := len(offsets); n%1000 == 999 { // everything is reachable: a reader that compares revisions visits it all
			refs := fmt.Sprintf("%d 0 R", max(n-999, 1))
			for i := n - 998; i <= n; i++ {
				refs += fmt.Sprintf(" %d 0 R", i)
			}
			object("[" + refs + "]")
			continue
		}
		object(fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(filler), filler))
	}
	n := len(offsets)
	object("<</Type/Page/Parent " + fmt.Sprint(n+2) + " 0 R/Contents 1 0 R/PieceInfo " + fmt.Sprint(n/1000*1000) + " 0 R>>")
	object(fmt.Sprintf("<</Type/Pages/Kids[%d 0 R]/Count 1/MediaBox[0 0 595 842]>>", n+1))
	object(fmt.Sprintf("<</Type/Catalog/Pages %d 0 R>>", n+2))
	root, start := n+3, at
	if stream {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		offsets = append(offsets, at)
		var prior [6]byte
		row := func(kind, offset int) { // with the PNG predictor Up, as producers do
			now := [6]byte{byte(kind), byte(offset >> 24), byte(offset >> 16), byte(offset >> 8), byte(offset), 0}
			line := [7]byte{2}
			for i := range now {
				line[1+i] = now[i] - prior[i]
			}
			z.Write(line[:])
			prior = now
		}
		row(0, 0)
		for _, o := range offsets {
			row(1, o)
		}
		z.Close()
		put(fmt.Sprintf("%d 0 obj\n<</Type/XRef/Size %d/W[1 4 1]/Root %d 0 R/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 6>>/Length %d>>\nstream\n", len(offsets), len(offsets)+1, root, packed.Len()))
		put(packed.String())
		put("\nendstream\nendobj\n")
	} else {
		put(fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1))
		for _, o := range offsets {
			put(fmt.Sprintf("%010d 00000 n \n", o))
		}
		put(fmt.Sprintf("trailer\n<</Size %d/Root %d 0 R>>\n", len(offsets)+1, root))
	}
	put(fmt.Sprintf("startxref\n%d\n%%%%EOF\n", start))
	require.NoError(t, w.Flush())
}

// BenchmarkSign signs documents of 100 MB, beside one pass that copies and hashes them:
//
//	go test -run '^$' -bench Sign -benchtime 10x ./signature/pades
func BenchmarkSign(b *testing.B) {
	const size = 100 << 20
	dir := tmpfs(b)
	w := theWorld()
	signer := w.signer(b, w.leaf)
	for _, c := range []struct {
		name    string
		objects int
		stream  bool
	}{{"100-objects", 100, false}, {"300000-objects-table", 300_000, false}, {"300000-objects-stream", 300_000, true}} {
		path := filepath.Join(dir, c.name+".pdf")
		writeLarge(b, path, size, c.objects, c.stream)
		out, err := os.Create(filepath.Join(dir, "out.pdf"))
		require.NoError(b, err)
		b.Run(c.name+"/copy-and-hash", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				in, err := os.Open(path)
				require.NoError(b, err)
				info, err := in.Stat()
				require.NoError(b, err)
				b.SetBytes(info.Size())
				out.Seek(0, io.SeekStart)
				h := sha256.New()
				_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(out, h)}, struct{ io.Reader }{in}, make([]byte, 64<<10))
				require.NoError(b, err)
				h.Sum(nil)
				in.Close()
			}
		})
		b.Run(c.name+"/sign", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				doc, err := ades.OpenDocument(path)
				require.NoError(b, err)
				b.SetBytes(doc.Size())
				out.Seek(0, io.SeekStart)
				require.NoError(b, pades.Sign(context.Background(), out, doc, signer, pades.Options{Time: pkitest.DefaultTime}))
				doc.Close()
			}
		})
		out.Close()
		os.Remove(path)
	}
}

// BenchmarkRead reads what is long to judge: many signatures, and many objects under two signatures.
func BenchmarkRead(b *testing.B) {
	many := sample(b, "objstm.pdf")
	for range 51 {
		many = sign(b, many, pades.Options{Room: 3000})
	}
	dir := tmpfs(b)
	path := filepath.Join(dir, "large.pdf")
	writeLarge(b, path, 100<<20, 300_000, true)
	large, err := os.ReadFile(path)
	require.NoError(b, err)
	for name, octets := range map[string][]byte{
		"51-signatures":               many,
		"300000-objects-1-signature":  sign(b, large, pades.Options{}),
		"300000-objects-2-signatures": sign(b, sign(b, large, pades.Options{}), pades.Options{}),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(octets)))
			for b.Loop() {
				doc := read(b, octets)
				for i := range doc.Signatures {
					require.Empty(b, doc.Signatures[i].Problems)
					require.Empty(b, doc.Signatures[i].Modifications)
				}
			}
		})
	}
}
