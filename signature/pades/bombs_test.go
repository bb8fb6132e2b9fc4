//go:build sweep

package pades_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pades"
)

// TestBombs gives Read small files that ask for a great deal. Whatever it answers, it does so in seconds and in a modest
// amount of memory.
func TestBombs(t *testing.T) {
	signed := sign(t, sample(t, "table.pdf"), pades.Options{Room: 3000})
	trailer := func(b []byte) string { return "/Size 5000/Root 1 0 R/Info 8 0 R/Prev " + lastSection(b) }
	bombs := map[string]func() []byte{
		"a thousand revisions that list much": func() []byte {
			out := signed
			for range 1000 {
				start := len(out)
				var b bytes.Buffer
				b.WriteString("xref\n100 900\n" + strings.Repeat("0000000305 00000 n \n", 900))
				out = raw(out, b.String()+fmt.Sprintf("trailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n", trailer(out), start))
			}
			return out
		},
		"a thousand revisions of a large form": func() []byte {
			fields := map[int]string{1: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[" + strings.Repeat("100 0 R ", 1)}
			var listed []int
			for n := 100; n < 4000; n++ {
				fields[1] += fmt.Sprintf("%d 0 R ", n)
				fields[n] = fmt.Sprintf("<</FT/Sig/T(f%d)>>", n)
				listed = append(listed, n)
			}
			fields[1] += "]>>>>"
			out := rawUpdate(signed, fields, append(listed, 1), trailer(signed))
			for range 1000 {
				out = rawUpdate(out, map[int]string{4500: "null"}, []int{4500}, trailer(out))
			}
			return out
		},
		"streams within streams": func() []byte {
			const n = 2000
			build := func(b []byte) []byte {
				objects, listed := strings.Builder{}, strings.Builder{}
				end := 64*n + 1<<20
				for i := range n {
					at := len(b) + objects.Len()
					fmt.Fprintf(&listed, "%d 1\n%010d 00000 n \n", 1000+i, at)
					fmt.Fprintf(&objects, "%d 0 obj<</Length %010d>>stream\n", 1000+i, end-objects.Len())
				}
				objects.WriteString(strings.Repeat("\nendstream endobj ", (1<<20+64*n)/17))
				start := len(b) + objects.Len()
				return raw(b, objects.String()+fmt.Sprintf("xref\n%strailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n", listed.String(), trailer(b), start))
			}
			return build(build(build(signed)))
		},
		"an object stream of nothing": func() []byte {
			var packed bytes.Buffer
			z := zlib.NewWriter(&packed)
			z.Write([]byte("200 0 [" + strings.Repeat("1 ", 30<<20)))
			z.Close()
			out := bytes.Clone(signed)
			at := len(out)
			out = append(out, fmt.Sprintf("300 0 obj<</Type/ObjStm/N 1/First 6/Filter/FlateDecode/Length %d>>stream\n", packed.Len())...)
			out = append(append(out, packed.Bytes()...), "\nendstream endobj\n"...)
			stream := len(out)
			rows := []byte{2, 1, 44, 0, 0, 1, byte(at >> 16), byte(at >> 8), byte(at), 0}
			rows[1], rows[2], rows[3] = 0, 1, 44
			out = append(out, fmt.Sprintf("301 0 obj<</Type/XRef/W[1 3 1]/Index[200 1 300 1]/Size 400/Root 1 0 R/Prev %s/Length 10>>stream\n", lastSection(signed))...)
			out = append(append(out, rows...), "\nendstream endobj\n"...)
			return append(out, fmt.Sprintf("startxref\n%d\n%%%%EOF\n", stream)...)
		},
		"a cross-reference stream of nothing": func() []byte {
			var packed bytes.Buffer
			z := zlib.NewWriter(&packed)
			z.Write(make([]byte, 60<<20))
			z.Close()
			out := raw(signed, fmt.Sprintf("301 0 obj<</Type/XRef/W[1 3 3]/Index[0 8000000]/Size 8000000/Root 1 0 R/Prev %s/Filter/FlateDecode/Length %d>>stream\n", lastSection(signed), packed.Len()))
			out = append(append(out, packed.Bytes()...), "\nendstream endobj\n"...)
			return append(out, fmt.Sprintf("startxref\n%d\n%%%%EOF\n", len(signed))...)
		},
	}
	for name, build := range bombs {
		t.Run(name, func(t *testing.T) {
			b := build()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			doc, err := pades.Read(t.Context(), ades.Bytes(b))
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err == nil {
				require.NotEmpty(t, doc.Signatures)
				t.Logf("%.200s", messages(doc.Signatures[0].Modifications))
			}
			t.Logf("%d octets, %v, %d MiB allocated, %v", len(b), took, (after.TotalAlloc-before.TotalAlloc)>>20, err)
			require.Less(t, took, 20*time.Second)
		})
	}
}
