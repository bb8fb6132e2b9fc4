package pades_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// world is the PKI of the tests, made once.
type world struct {
	pki  *pkitest.PKI
	root *pkitest.Authority
	ca   *pkitest.Authority
	leaf *pkitest.Identity
	tsa  *pkitest.TimestampAuthority
}

var theWorld = sync.OnceValue(func() *world {
	w := &world{pki: pkitest.New()}
	w.root = w.pki.Root("Racine d'essai")
	w.ca = w.root.Intermediate("AC d'essai")
	w.leaf = w.ca.Leaf("Camille Dubois", pkitest.P256)
	w.tsa = w.ca.TimestampAuthority("Horodatage d'essai")
	return w
})

func (w *world) signer(t testing.TB, id *pkitest.Identity) ades.Signer {
	t.Helper()
	signer, err := ades.FromKey(id.Key, id.Chain())
	require.NoError(t, err)
	return signer
}

// sign signs with the leaf of the world; o may be the zero value.
func sign(t testing.TB, b []byte, o pades.Options) []byte {
	t.Helper()
	w := theWorld()
	o.Time = pkitest.DefaultTime
	if o.Level == ades.BaselineT {
		o.Authority = w.tsa
	}
	var out bytes.Buffer
	require.NoError(t, pades.Sign(context.Background(), &out, ades.Bytes(b), w.signer(t, w.leaf), o))
	return out.Bytes()
}

func read(t testing.TB, b []byte) *facts.Document {
	t.Helper()
	doc, err := pades.Read(context.Background(), ades.Bytes(b))
	require.NoError(t, err)
	return doc
}

// producers are the PDFs of the real producers that can be signed.
func producers(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/producers/*.pdf")
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, path := range paths {
		if filepath.Base(path) == "encrypted-aes256.pdf" {
			continue
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		out[filepath.Base(path)] = b
	}
	require.GreaterOrEqual(t, len(out), 12)
	for _, name := range []string{"hybrid.pdf", "table19.pdf", "prefixed.pdf"} {
		b, err := os.ReadFile("../../internal/pdf/testdata/" + name)
		require.NoError(t, err)
		out[name] = b
	}
	return out
}

func TestSignEveryProducer(t *testing.T) {
	for name, b := range producers(t) {
		t.Run(name, func(t *testing.T) {
			before := len(read(t, b).Signatures)
			once := sign(t, b, pades.Options{})
			require.True(t, bytes.HasPrefix(once, b), "not one octet is rewritten")
			twice := sign(t, once, pades.Options{Level: ades.BaselineT, Reason: "Délibération", Location: "Boisjoli"})
			require.True(t, bytes.HasPrefix(twice, once))
			doc := read(t, twice)
			require.Len(t, doc.Signatures, before+2)
			for i := range doc.Signatures {
				s := &doc.Signatures[i]
				if name == "prefixed.pdf" && i == 0 {
					require.NotEmpty(t, s.Modifications, "readers may count offsets in two ways")
					continue
				}
				require.Equal(t, "valid", stands(doc, s), "%d: %+v %+v", i, s.Problems, s.Modifications)
			}
			require.Equal(t, "B-B", doc.Signatures[before].Level)
			last := doc.Signatures[before+1]
			require.Equal(t, "B-T", last.Level)
			require.Equal(t, "Délibération", last.PDF.Reason)
			require.Equal(t, "Boisjoli", last.PDF.Location)
			require.True(t, last.ClaimedTime.Equal(pkitest.DefaultTime))
			require.EqualValues(t, len(twice), last.ByteRange[2]+last.ByteRange[3])
		})
	}
}
