package pdf_test

import (
	"bytes"
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// mark appends an update to a file: a new object 'text', designated by the catalog.
func mark(t testing.TB, b []byte, text string) []byte {
	t.Helper()
	state := open(t, b).Last()
	u, err := state.Update()
	require.NoError(t, err)
	catalog, ref, err := state.Catalog()
	require.NoError(t, err)
	added := u.New()
	u.Put(added, pdf.Text(text))
	u.Put(ref, catalog.With("Mark", added))
	w, err := u.Write([]byte("0123456789abcdef"))
	require.NoError(t, err)
	require.Equal(t, byte('('), append(b[:len(b):len(b)], w.Bytes...)[len(b)+w.Offsets[added]])
	return append(b[:len(b):len(b)], w.Bytes...)
}

func TestUpdate(t *testing.T) {
	for name, sample := range samples {
		for _, cut := range []int{0, 1} { // with and without the end of line after %%EOF
			b := load(t, name)
			b = b[:len(b)-cut]
			once := mark(t, b, "one")
			require.True(t, bytes.HasPrefix(once, b))
			twice := mark(t, once, "two")
			f := open(t, twice)
			require.Len(t, f.Revisions(), 3, name)
			for i, r := range f.Revisions() {
				require.True(t, r.Closed, "%s %d", name, i)
				require.Equal(t, sample.Stream, r.Stream, name)
				require.Equal(t, sample.Hybrid && i == 0, r.Hybrid, name)
				if i > 0 {
					stray, err := f.Stray(context.Background(), i)
					require.NoError(t, err)
					require.EqualValues(t, -1, stray, name)
				}
			}
			for i, want := range []pdf.Object{nil, "one", "two"} {
				catalog, _, err := f.At(i).Catalog()
				require.NoError(t, err)
				got, err := f.At(i).Resolve(catalog.Get("Mark"))
				require.NoError(t, err)
				if want == nil {
					require.Nil(t, got)
				} else {
					require.Equal(t, want, string(got.(pdf.String).Value))
				}
			}
			was, is := f.At(0).Trailer(), f.Last().Trailer()
			require.Equal(t, was.Get("Root"), is.Get("Root"))
			require.Equal(t, was.Get("Info"), is.Get("Info"))
			require.Greater(t, is.Get("Size"), was.Get("Size"))
			ids := is.Get("ID").(pdf.Array)
			require.True(t, pdf.Equal(was.Get("ID").(pdf.Array)[0], ids[0]))
			require.Equal(t, "0123456789abcdef", string(ids[1].(pdf.String).Value))
			numbers := map[int]bool{}
			for n := range f.Listed(1) {
				numbers[n] = true
			}
			require.Contains(t, numbers, is.Get("Root").(pdf.Ref).Number)
		}
	}
}

func TestUpdateTakesFreeNumbers(t *testing.T) {
	b := replace(t, "table.pdf", "/Size 10", "/Size 3 ") // wrong: ten objects are listed
	state := open(t, b).Last()
	u, err := state.Update()
	require.NoError(t, err)
	require.Equal(t, pdf.Ref{Number: 10}, u.New())
}

func TestUpdateWritesStreams(t *testing.T) {
	b := load(t, "objstm.pdf")
	u, err := open(t, b).Last().Update()
	require.NoError(t, err)
	ref := u.New()
	u.PutStream(ref, pdf.Dict{{"Type", pdf.Name("X")}}, []byte("data"))
	w, err := u.Write([]byte("id"))
	require.NoError(t, err)
	after := append(b, w.Bytes...)
	state := open(t, after).Last()
	o, err := state.Object(ref)
	require.NoError(t, err)
	stream := o.Value.(*pdf.Stream)
	n, err := state.StreamLength(stream)
	require.NoError(t, err)
	require.Equal(t, "data", string(after[stream.Start:stream.Start+n]))
}

// TestStatesStopAtTheirEnd: an object that the first revision lists beyond its own end is not there in that revision, even
// once someone has appended it.
func TestStatesStopAtTheirEnd(t *testing.T) {
	b := load(t, "table.pdf")
	at := len(b)
	b = bytes.Replace(b, []byte("0000000305 00000 n"), []byte("000000"+strconv.Itoa(at)+" 00000 n"), 1) // object 5
	after := append(bytes.Clone(b), "5 0 obj (forged) endobj\n"...)
	after = mark(t, after, "x")
	f := open(t, after)
	require.Len(t, f.Revisions(), 2)
	_, err := f.At(0).Object(pdf.Ref{Number: 5})
	require.ErrorIs(t, err, pdf.ErrDamaged)
	o, err := f.Last().Object(pdf.Ref{Number: 5})
	require.NoError(t, err)
	require.Equal(t, "forged", string(o.Value.(pdf.String).Value))
	stray, err := f.Stray(context.Background(), 1)
	require.NoError(t, err)
	require.EqualValues(t, at, stray, "an object that the second revision does not list")
}

func TestStrayAndTrailing(t *testing.T) {
	b := load(t, "table.pdf")
	for between, want := range map[string]bool{
		"": false, "\n\n": false, "% a comment\n": false, "%%EOF\n": false, "x": true, "7 0 obj null endobj\n": true,
	} {
		after := mark(t, append(bytes.Clone(b), between...), "x")
		f := open(t, after)
		stray, err := f.Stray(context.Background(), 1)
		require.NoError(t, err)
		require.Equal(t, want, stray >= 0, between)
		trailing, err := f.Trailing()
		require.NoError(t, err)
		require.EqualValues(t, -1, trailing)
	}
	for after, want := range map[string]bool{
		"": false, "\n \x00": false, "% a comment": true, "7 0 obj null endobj": true,
		"startxref\n667\n%%EOF": true, // the same section again
	} {
		trailing, err := open(t, append(bytes.Clone(b), after...)).Trailing()
		require.NoError(t, err)
		require.Equal(t, want, trailing >= 0, after)
	}
	// A last startxref that goes back to the section of the first revision hides the second one.
	rewound := append(mark(t, b, "x"), "startxref\n667\n%%EOF\n"...)
	f := open(t, rewound)
	require.Len(t, f.Revisions(), 1)
	trailing, err := f.Trailing()
	require.NoError(t, err)
	require.EqualValues(t, len(b), trailing)
}

// TestUnclosedRevisions: the octets up to the end of a revision must be a document whose last section is that revision's.
func TestUnclosedRevisions(t *testing.T) {
	b := load(t, "table.pdf")
	for old, new := range map[string]string{
		"startxref\n667\n%%EOF": "startxref\n666\n%%EOF", // another offset
		"%%EOF":                 "%%FOE",
	} {
		damaged := bytes.Replace(b, []byte(old), []byte(new), 1)
		state := open(t, b).Last()
		u, err := state.Update()
		require.NoError(t, err)
		u.Put(u.New(), nil)
		w, err := u.Write(nil)
		require.NoError(t, err)
		f := open(t, append(damaged, w.Bytes...))
		require.Len(t, f.Revisions(), 2)
		require.False(t, f.Revisions()[0].Closed)
		require.True(t, f.Revisions()[1].Closed)
	}
}

func TestEqualObjects(t *testing.T) {
	b := load(t, "table.pdf")
	state := open(t, b).Last()
	u, err := state.Update()
	require.NoError(t, err)
	same, other := u.New(), u.New()
	u.PutStream(same, pdf.Dict{}, []byte("BT /F1 24 Tf 72 720 Td (Deliberation 2026-42) Tj ET"))
	u.PutStream(other, pdf.Dict{}, []byte("BT /F1 24 Tf 72 720 Td (Deliberation 2026-43) Tj ET"))
	w, err := u.Write(nil)
	require.NoError(t, err)
	f := open(t, append(b, w.Bytes...))
	get := func(state *pdf.State, n int) pdf.Object {
		o, err := state.Object(pdf.Ref{Number: n})
		require.NoError(t, err)
		return o.Value
	}
	for n, want := range map[int]bool{5: true, same.Number: true, other.Number: false, 6: false, 3: false} {
		equal, err := pdf.EqualObjects(context.Background(), f.At(0), get(f.At(0), 5), f.Last(), get(f.Last(), n))
		require.NoError(t, err)
		require.Equal(t, want, equal, n)
	}
}
