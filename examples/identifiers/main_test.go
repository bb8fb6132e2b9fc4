package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type row struct {
	Schema int
	Line   int
	Scheme string
	Valid  bool
	Error  string
}

func validate(t *testing.T, in string, args ...string) (rows []row, status int, out string) {
	var stdout, stderr bytes.Buffer
	status = run(args, strings.NewReader(in), &stdout, &stderr)
	require.Empty(t, stderr.String())
	out = stdout.String()
	decoder := json.NewDecoder(&stdout)
	decoder.DisallowUnknownFields()
	for {
		var r row
		if err := decoder.Decode(&r); err == io.EOF {
			return rows, status, out
		} else {
			require.NoError(t, err)
		}
		require.Equal(t, 1, r.Schema)
		require.Equal(t, len(rows)+1, r.Line)
		rows = append(rows, r)
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string]row{
		"fr.siret 21750001600019":                 {Scheme: "fr.siret", Valid: true},
		"fr.siret 35600000049837":                 {Scheme: "fr.siret", Valid: true},
		"fr.siren 732829320":                      {Scheme: "fr.siren", Valid: true},
		"fr.siret 73282932000079":                 {Scheme: "fr.siret", Error: "checksum"},
		"fr.siren 000000000":                      {Scheme: "fr.siren", Error: "component"},
		"fr.siren 73282932":                       {Scheme: "fr.siren", Error: "length"},
		"fr.siren":                                {Scheme: "fr.siren", Error: "length"},
		"fr.siren ":                               {Scheme: "fr.siren", Error: "length"},
		"fr.siren  732829320":                     {Scheme: "fr.siren", Error: "format"},
		"fr.siren 732829320 ":                     {Scheme: "fr.siren", Error: "format"},
		"fr.siren 732829320\r":                    {Scheme: "fr.siren", Error: "format"},
		"fr.siren 732 829 320":                    {Scheme: "fr.siren", Error: "format"},
		"fr.siren ７３２８２９３２０":                      {Scheme: "fr.siren", Error: "format"},
		"fr.siren 7328\x0029320":                  {Scheme: "fr.siren", Error: "format"},
		"fr.siren\t732829320":                     {Error: "unknown-scheme"},
		"FR.siren 732829320":                      {Error: "unknown-scheme"},
		"732829320":                               {Error: "unknown-scheme"},
		"732829320 fr.siren":                      {Error: "unknown-scheme"},
		" fr.siren 732829320":                     {Error: "unknown-scheme"},
		"fr.nir 190017300123456":                  {Error: "unknown-scheme"},
		`fr."quoted\ 1`:                           {Error: "unknown-scheme"},
		"fr.siren " + strings.Repeat("7", 100000): {Scheme: "fr.siren", Error: "length"},
		strings.Repeat("7", 200000):               {Error: "unknown-scheme"},
	} {
		want.Schema, want.Line = 1, 1
		for _, end := range []string{"", "\n"} {
			rows, status, out := validate(t, in+end)
			require.Equal(t, []row{want}, rows, "%.30q", in)
			require.Equal(t, map[bool]int{true: 0, false: 1}[want.Valid], status)
			if _, value, _ := strings.Cut(in, " "); len(value) > 4 {
				require.NotContains(t, out, value[:4], "an identifier was repeated")
			}
		}
	}
}

func TestManyLines(t *testing.T) {
	in := "fr.siren 732829320\n\nfr.siren " + strings.Repeat("1", 3*maxLine) + "\nfr.siret 73282932000074\nfr.siren 732829320"
	rows, status, _ := validate(t, in)
	require.Equal(t, 1, status)
	require.Equal(t, []row{
		{1, 1, "fr.siren", true, ""}, {1, 2, "", false, "unknown-scheme"}, {1, 3, "fr.siren", false, "length"},
		{1, 4, "fr.siret", true, ""}, {1, 5, "fr.siren", true, ""},
	}, rows)
	rows, status, _ = validate(t, "")
	require.Empty(t, rows)
	require.Equal(t, 0, status, "no line is not an invalid line")
}

// A line of exactly the buffer, with and without its line feed.
func TestLineAtTheBound(t *testing.T) {
	for _, n := range []int{maxLine - 2, maxLine - 1, maxLine, maxLine + 1, 2*maxLine - 1, 2 * maxLine, 2*maxLine + 1} {
		line := "fr.siren " + strings.Repeat("7", n-len("fr.siren "))
		rows, status, _ := validate(t, line+"\nfr.siren 732829320\n")
		require.Equal(t, []row{{1, 1, "fr.siren", false, "length"}, {1, 2, "fr.siren", true, ""}}, rows, "%d octets", n)
		require.Equal(t, 1, status)
	}
}

func TestLenient(t *testing.T) {
	rows, status, _ := validate(t, "fr.siret 732 829 320 00074\nfr.siren 732.829.320\n", "-lenient")
	require.Equal(t, 0, status)
	require.Len(t, rows, 2)
	_, status, _ = validate(t, "fr.siret 732  829 320 00074\n", "-lenient")
	require.Equal(t, 1, status)
}

func TestListAndUsage(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Equal(t, 0, run([]string{"-list"}, strings.NewReader(""), &stdout, &stderr))
	require.Equal(t, "fr.siren\tFR\tNuméro SIREN\nfr.siret\tFR\tNuméro SIRET\n", stdout.String())
	require.Equal(t, 0, run([]string{"-h"}, nil, &stdout, &stderr))
	require.Contains(t, stderr.String(), "usage: identifiers")
	stderr.Reset()
	require.Equal(t, 2, run([]string{"-nonsense"}, nil, &stdout, &stderr))
	for _, argument := range []string{"73282932000074", "-73282932000074", "-lenient=73282932000074"} {
		stderr.Reset()
		require.Equal(t, 2, run([]string{argument}, nil, &stdout, &stderr))
		require.NotContains(t, stderr.String(), "7328", "an argument may be an identifier")
		require.Contains(t, stderr.String(), "identifiers: ")
	}
}

type failing struct{ after io.Reader }

func (f failing) Read(p []byte) (int, error) {
	if n, _ := f.after.Read(p); n > 0 {
		return n, nil
	}
	return 0, errors.New("no longer there")
}

func (f failing) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestInputAndOutputErrors(t *testing.T) {
	for _, in := range []string{"fr.siren 732829320\nfr.siren 7328", "fr.siren 732829320\n", "fr.siren 732829320\nfr.siren " + strings.Repeat("7", 100000)} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, run(nil, failing{strings.NewReader(in)}, &stdout, &stderr))
		require.Contains(t, stderr.String(), "reading line 2: no longer there")
		require.Contains(t, stdout.String(), `"line":1,"scheme":"fr.siren","valid":true`)
		require.NotContains(t, stderr.String(), "7328")
	}
	var stderr bytes.Buffer
	require.Equal(t, 2, run(nil, strings.NewReader("fr.siren 732829320\n"), failing{}, &stderr))
	require.Contains(t, stderr.String(), "no space left")
	stderr.Reset()
	require.Equal(t, 2, run(nil, strings.NewReader(strings.Repeat("fr.siren 732829320\n", 5000)), failing{}, &stderr))
	require.Contains(t, stderr.String(), "no space left")
}

func TestNoAllocationPerLine(t *testing.T) {
	var small, large bytes.Buffer
	small.WriteString(strings.Repeat("fr.siret 73282932000079\n", 10))
	large.WriteString(strings.Repeat("fr.siret 73282932000079\n", 10000))
	cost := func(in []byte) float64 {
		return testing.AllocsPerRun(3, func() { run(nil, bytes.NewReader(in), io.Discard, io.Discard) })
	}
	require.InDelta(t, cost(small.Bytes()), cost(large.Bytes()), 5)
}

func BenchmarkLines(b *testing.B) {
	var in bytes.Buffer
	const lines = 100000
	for i := range lines {
		if i%2 == 0 {
			in.WriteString("fr.siret 73282932000074\n")
		} else {
			fmt.Fprintf(&in, "fr.siren %09d\n", i*7919%1000000000)
		}
	}
	for b.Loop() {
		run(nil, bytes.NewReader(in.Bytes()), io.Discard, io.Discard)
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
}
