package cades_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// bomb is 137 octets of overlapping lengths under an indefinite one, which cost another parser 15 seconds and 3.7 GB.
const bomb = "MIAwAjACMAIwAjACMAIwMDACMDAwAjAwMAIwIDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwMDACMAIwAjACMAIwAjACMDAwAjAwMAIwMDACMCAwAjAg" +
	"MAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwAjACMAIwAjACQQIwMDA="

func seeds(t testing.TB) (files [][]byte) {
	h := sharedHouse()
	s := signer(t, h.leaf(pkitest.P256))
	attached := sign(t, s, cades.Options{})
	stamped := sign(t, s, cades.Options{Level: ades.BaselineT, Authority: h.tsa, Detached: true, Roles: []string{"Maire"}})
	id := h.leaf(pkitest.P256)
	main := made(t, id, cms.OIDData, contentDigest())
	main.UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDCountersignature, counterSigned(t, id, main.Signature))}
	counter := message(t, cms.OIDData, []*pkitest.Identity{id}, main)
	exploding, err := base64.StdEncoding.DecodeString(bomb)
	require.NoError(t, err)
	return [][]byte{attached, stamped, counter, pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: attached}), exploding, {0x1f, 0x80}, {0x30, 0x81}, nil}
}

func FuzzRead(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var inside bytes.Buffer
		doc, err := cades.Read(t.Context(), ades.Bytes(file), cades.ReadOptions{Content: &inside})
		if err != nil {
			return
		}
		saved, err := json.Marshal(doc)
		require.NoError(t, err)
		back, err := facts.Read(bytes.NewReader(saved))
		require.NoError(t, err)
		require.Len(t, back.Signatures, len(doc.Signatures))
		ids := map[string]bool{}
		for _, s := range doc.Signatures {
			require.False(t, ids[s.ID], "IDs are unique")
			ids[s.ID] = true
		}
		_, err = cades.Read(t.Context(), ades.Bytes(file), cades.ReadOptions{Detached: ades.Bytes(content)})
		require.NoError(t, err)
	})
}

// What a hostile file costs: bounded by its length, not by the lengths in it.
func TestHostileFilesCostLittle(t *testing.T) {
	for i, file := range seeds(t) {
		for cut := len(file); cut > 0; cut -= 1 + len(file)/40 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			cades.Read(t.Context(), ades.Bytes(file[:cut]), cades.ReadOptions{Detached: ades.Bytes(content)})
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<10+64*len(file)), "seed %d cut at %d", i, cut)
		}
	}
}
