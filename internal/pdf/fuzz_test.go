package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// ceiling fails when fn allocates more than base + ratio × n octets.
func ceiling(t *testing.T, n, base, ratio int, fn func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(base+ratio*n) {
		t.Fatalf("%d octets made us allocate %d", n, used)
	}
}

// FuzzParse: what is read is written so that it reads as the same value.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 841.89]/Rotate -90/A(x\\)\\101)/B<00ff>/C[true false null]>>",
		"[1 2 3 0 R 4 5]", "(\\\r\n)", "/A#20", "--1.2", "[[[[[[[[[[", "<<<<<<", "1 2", "%", "(((((",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ceiling(t, len(b), 64<<10, 1024, func() {
			o, err := pdf.Parse(b)
			if err != nil {
				return
			}
			again, err := pdf.Parse(pdf.Append(nil, o))
			require.NoError(t, err)
			if _, twice := pdf.Duplicate(o); !twice {
				require.True(t, pdf.Equal(o, again), "%s", pdf.Append(nil, o))
			}
		})
	})
}

// FuzzOpen reads every object of every revision, and updates the document: what was there stays as it was.
func FuzzOpen(f *testing.F) {
	for name := range samples {
		b := load(f, name)
		f.Add(b)
		f.Add(mark(f, b, "x"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ceiling(t, len(b), 48<<20, 4096, func() { walk(t, b) })
	})
}

func walk(t *testing.T, b []byte) {
	ctx := context.Background()
	file, err := pdf.Open(ctx, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		known(t, err)
		return
	}
	for i := range file.Revisions() {
		state := file.At(i)
		n := 0
		for number := range file.Listed(i) {
			if n++; n > 200 {
				break
			}
			l, err := state.Locate(number)
			if err != nil {
				known(t, err)
				continue
			}
			o, err := state.Object(pdf.Ref{Number: number, Generation: l.Generation})
			if err != nil {
				known(t, err)
				continue
			}
			pdf.References(o.Value, func(pdf.Name, pdf.Ref) {})
			if stream, ok := o.Value.(*pdf.Stream); ok {
				if length, err := state.StreamLength(stream); err != nil {
					known(t, err)
				} else if stream.Start < 0 || stream.Start+length > int64(len(b)) {
					t.Fatal("a stream outside the file")
				}
			}
		}
		if _, err := file.Stray(ctx, i); err != nil {
			known(t, err)
		}
	}
	_, err = file.Trailing()
	require.NoError(t, err)
	update, err := file.Last().Update()
	if err != nil {
		known(t, err)
		return
	}
	ref := update.New()
	update.Put(ref, pdf.Name("Added"))
	w, err := update.Write([]byte("0123456789abcdef"))
	require.NoError(t, err)
	after := append(bytes.Clone(b), w.Bytes...)
	again, err := pdf.Open(ctx, bytes.NewReader(after), int64(len(after)))
	require.NoError(t, err)
	require.Len(t, again.Revisions(), len(file.Revisions())+1)
	o, err := again.Last().Object(ref)
	require.NoError(t, err)
	require.Equal(t, pdf.Name("Added"), o.Value)
}

func known(t *testing.T, err error) {
	for _, kind := range []error{pdf.ErrNotPDF, pdf.ErrDamaged, pdf.ErrEncrypted, pdf.ErrUnsupported, pdf.ErrLimit} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Fatalf("an error of no kind: %v", err)
}
