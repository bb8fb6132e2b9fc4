package pades

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// TestPermissionObjects: any value may be an object of its own, and what an author forbade by one is forbidden.
func TestPermissionObjects(t *testing.T) {
	b, err := os.ReadFile("../../internal/pdf/testdata/table.pdf")
	require.NoError(t, err)
	file, err := pdf.Open(t.Context(), bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	update, err := file.Last().Update()
	require.NoError(t, err)
	object := func(s string) string {
		value, err := pdf.Parse([]byte(s))
		require.NoError(t, err)
		ref := update.New()
		update.Put(ref, value)
		return ref.String() + " R"
	}
	one, docMDP, fieldMDP := object("1"), object("/DocMDP"), object("/FieldMDP")
	all, include, name, none := object("/All"), object("/Include"), object("(visa)"), object("null")
	written, err := update.Write([]byte("0123456789abcdef"))
	require.NoError(t, err)
	b = append(b, written.Bytes...)
	file, err = pdf.Open(t.Context(), bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	transform := func(method, params string) string {
		return fmt.Sprintf("<</Reference[<</TransformMethod %s/TransformParams<<%s>>>>]>>", method, params)
	}
	for _, c := range []struct {
		value, field string
		level        int
		locked       bool
	}{
		{transform("/DocMDP", "/P 1"), "<<>>", 1, false},
		{transform("/DocMDP", "/P "+one), "<<>>", 1, false},
		{transform(docMDP, "/P "+one), "<<>>", 1, false},
		{transform("/DocMDP", "/P 3"), "<<>>", 3, false},
		{transform("/DocMDP", ""), "<<>>", 2, false},
		{transform("/DocMDP", "/P "+none), "<<>>", 2, false},
		{transform("/DocMDP", "/P 4"), "<<>>", 1, false},
		{transform("/DocMDP", "/P 3.0"), "<<>>", 1, false},
		{transform(fieldMDP, "/Action "+all), "<<>>", 0, true},
		{transform("/FieldMDP", "/Action "+include+"/Fields["+name+"]"), "<<>>", 0, true},
		{transform("/FieldMDP", "/Action/Include/Fields[(autre)]"), "<<>>", 0, false},
		{transform("/FieldMDP", "/Action/Whatever"), "<<>>", 0, true},
		{transform("/FieldMDP", "/Action/All/P "+one), "<<>>", 1, true},
		{"<<>>", "<</Lock<</Action " + all + "/P " + one + ">>>>", 1, true},
		{"<<>>", "<</Lock<</Action/Exclude/Fields[" + name + "]>>>>", 0, false},
	} {
		value, err := pdf.Parse([]byte(c.value))
		require.NoError(t, err)
		dict, err := pdf.Parse([]byte(c.field))
		require.NoError(t, err)
		p, err := readPermission(file.Last(), field{dict: dict.(pdf.Dict)}, value.(pdf.Dict))
		require.NoError(t, err)
		require.Equal(t, c.level, p.level, c.value+c.field)
		require.Equal(t, c.locked, p.locked("visa"), c.value+c.field)
	}
}
