package tsp_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/tsp"
)

// allocatedBy returns the octets that f allocates, freed or not.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func ceiling(b []byte) uint64 { return uint64(60*len(b)) + 32768 }

func infoSeeds() [][]byte {
	const noon = "20260301120000Z"
	return [][]byte{info(noon), info("20260301120000.5Z", hexOctets("300a 02020e10 800102 810101 0101ff 020101")), info(noon, hexOctets("010100")),
		info(noon, hexOctets("3006 020100 800101")), info(noon, hexOctets("a10c 300a 06012a 0101ff 0402 0500")), info(noon, wrap(0xa0, wrap(0xa4, wrap(0x30)))),
		info("20260301120000.000Z"), {0x1f, 0x80}, {0x30, 0x81}}
}

func FuzzParseInfo(f *testing.F) {
	for _, seed := range infoSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var i *tsp.Info
		var err error
		if got := allocatedBy(func() { i, err = tsp.ParseInfo(b) }); got > ceiling(b) {
			t.Fatalf("%d octets allocated for %d", got, len(b))
		}
		if err != nil && !errors.Is(err, tsp.ErrExtension) {
			if i != nil || !errors.Is(err, tsp.ErrSyntax) {
				t.Fatalf("%v %v", i, err)
			}
			return
		}
		again, err := i.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if len(i.Anomalies) == 0 && !bytes.Equal(again, b) {
			t.Fatalf("written as %x", again)
		}
		if _, err := tsp.ParseInfo(again); err != nil && !errors.Is(err, tsp.ErrExtension) {
			t.Fatalf("what is written cannot be read: %v", err)
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	version := hexOctets("020101")
	for _, seed := range [][]byte{wrap(0x30, version, imprint), wrap(0x30, version, imprint, policyOctets(), hexOctets("02020080 0101ff a009 3007 06012a 0402 0500")),
		wrap(0x30, version, imprint, hexOctets("010100")), {0x1f, 0x80}, {0x30, 0x81}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r *tsp.Request
		var err error
		if got := allocatedBy(func() { r, err = tsp.ParseRequest(b) }); got > ceiling(b) {
			t.Fatalf("%d octets allocated for %d", got, len(b))
		}
		if err != nil && !errors.Is(err, tsp.ErrExtension) {
			return
		}
		again, err := r.Marshal()
		if err != nil || len(r.Anomalies) == 0 && !bytes.Equal(again, b) {
			t.Fatalf("written as %x, %v", again, err)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	for _, text := range []string{"300a 3003020100 3003020101", "3080 3080 020100 0000 3080 2480 040101 0000 0000 0000", "3014 3012 020102 3009 0c036e6f6e 0c02c3a9 03020780",
		"3005 3003 02014d", "1f80", "3081", "300c 300a 020102 03050600000040"} {
		f.Add(hexOctets(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r *tsp.Response
		var err error
		if got := allocatedBy(func() { r, err = tsp.ParseResponse(b) }); got > ceiling(b) {
			t.Fatalf("%d octets allocated for %d", got, len(b))
		}
		if err != nil {
			if r != nil || !errors.Is(err, tsp.ErrSyntax) {
				t.Fatalf("%v %v", r, err)
			}
			return
		}
		if r.IsGranted() != (r.Token != nil) || strings.ContainsAny(r.Explain(), "\n\r\x1b") {
			t.Fatalf("%+v", r)
		}
		out, err := r.Marshal()
		if err != nil || der.CheckStructure(out, der.Limits{}) != nil {
			t.Fatalf("%x %v", out, err)
		}
		again, err := tsp.ParseResponse(out)
		if err != nil {
			t.Fatal(err)
		}
		if same, _ := again.Marshal(); !bytes.Equal(same, out) {
			t.Fatalf("%x then %x", out, same)
		}
	})
}
