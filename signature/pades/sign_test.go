package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
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

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../internal/pdf/testdata/" + name)
	require.NoError(t, err)
	return b
}

func TestSignAlgorithms(t *testing.T) {
	w := theWorld()
	b := sample(t, "table.pdf")
	for _, c := range []struct {
		key    pkitest.KeyType
		digest crypto.Hash
		pss    bool
		name   string
	}{
		{pkitest.RSA2048, 0, false, "RSASSA-PKCS1-v1_5 with SHA-256"},
		{pkitest.RSA3072, crypto.SHA512, true, "RSASSA-PSS with SHA-512"},
		{pkitest.P256, crypto.SHA3_256, false, "ECDSA with SHA3-256"},
		{pkitest.P384, 0, false, "ECDSA with SHA-384"},
		{pkitest.P521, 0, false, "ECDSA with SHA-512"},
		{pkitest.Ed25519, 0, false, "Ed25519"},
	} {
		id := w.ca.Leaf("Signataire "+c.name, c.key)
		var out bytes.Buffer
		require.NoError(t, pades.Sign(t.Context(), &out, ades.Bytes(b), w.signer(t, id), pades.Options{
			Time: pkitest.DefaultTime, Digest: c.digest, PSS: c.pss, Level: ades.BaselineT, Authority: w.tsa, Roles: []string{"Maire"}, Commitment: cades.ProofOfApproval,
		}))
		doc := read(t, out.Bytes())
		require.Len(t, doc.Signatures, 1)
		require.Equal(t, "valid", stands(doc, &doc.Signatures[0]))
		require.Equal(t, "B-T", doc.Signatures[0].Level)
		require.Equal(t, c.name, doc.Signatures[0].SignatureAlgorithm.Name)
		require.Len(t, doc.Timestamps, 1)
		require.True(t, doc.Timestamps[0].References[1].Intact, "the imprint is that of the value")
	}
}

// TestSignatureDictionary holds the update to EN 319 142-1 §6.3 and to what PDF/A asks of an annotation that does not show.
func TestSignatureDictionary(t *testing.T) {
	b := sample(t, "table.pdf")
	out := sign(t, b, pades.Options{Name: "Camille Dubois", Reason: "Approuvé", Location: "Boisjoli", ContactInfo: "mairie@boisjoli.example"})
	added := string(out[len(b):])
	for _, want := range []string{"/SubFilter /ETSI.CAdES.detached", "/Filter /Adobe.PPKLite", "/M (D:20260115100000Z)", "/Name (Camille Dubois)",
		"/Location (Boisjoli)", "/Subtype /Widget", "/F 132", "/Rect [0 0 0 0]", "/SigFlags 3", "/T (Signature1)", "/ByteRange [0 "} {
		require.Contains(t, added, want)
	}
	doc := read(t, out)
	s := doc.Signatures[0]
	for _, a := range s.SignedAttributes {
		require.NotEqual(t, "1.2.840.113549.1.9.5", a.OID, "no signing-time attribute: /M replaces it")
	}
	require.Equal(t, &facts.PDF{Name: "Camille Dubois", Reason: "Approuvé", Location: "Boisjoli", ContactInfo: "mairie@boisjoli.example"}, s.PDF)
	require.Equal(t, "Signature1", s.Field)
	require.Equal(t, 2, s.Revision)
	require.Equal(t, []facts.Revision{{End: doc.Revisions[0].End}, {End: int64(len(out) - 1), Signature: "S-1"}}, doc.Revisions)
	twice := read(t, sign(t, out, pades.Options{Field: "Visa du préfet"}))
	require.Equal(t, "Visa du préfet", twice.Signatures[1].Field)
	require.Equal(t, "S-2", twice.Revisions[2].Signature)
	require.NotEmpty(t, twice.Revisions[2].Added)
	require.NotEmpty(t, twice.Revisions[2].Changed)
}

func TestSignRefusesBeforeItWrites(t *testing.T) {
	w := theWorld()
	b := sample(t, "table.pdf")
	signed := sign(t, b, pades.Options{})
	encrypted, err := os.ReadFile("testdata/producers/encrypted-aes256.pdf")
	require.NoError(t, err)
	digestOnly, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: make([]byte, 32)})
	require.NoError(t, err)
	expired := w.ca.Leaf("Ancien maire", pkitest.P256, pkitest.Expired())
	for name, c := range map[string]struct {
		doc    *ades.Document
		id     *pkitest.Identity
		change func(*pades.Options)
		want   error
	}{
		"encrypted":          {doc: ades.Bytes(encrypted), want: pades.ErrEncrypted},
		"not a PDF":          {doc: ades.Bytes([]byte("bonjour")), want: pades.ErrNotPDF},
		"cut":                {doc: ades.Bytes(b[:len(b)-30]), want: pades.ErrDamaged},
		"digest alone":       {doc: digestOnly, want: ades.ErrDigestOnly},
		"no page":            {doc: ades.Bytes(bytes.Replace(b, []byte("/Kids[3 0 R 4 0 R]"), []byte("/Kids[           ]"), 1)), want: pades.ErrDamaged},
		"no page tree":       {doc: ades.Bytes(bytes.Replace(b, []byte("/Pages 2"), []byte("/Pagex 2"), 1)), want: pades.ErrDamaged},
		"page loop":          {doc: ades.Bytes(bytes.Replace(b, []byte("/Kids[3 0 R 4 0 R]"), []byte("/Kids[2 0 R 2 0 R]"), 1)), want: pades.ErrLimit},
		"no time":            {change: func(o *pades.Options) { o.Time = time.Time{} }, want: pades.ErrOptions},
		"level":              {change: func(o *pades.Options) { o.Level = ades.BaselineLT }, want: pades.ErrOptions},
		"no authority":       {change: func(o *pades.Options) { o.Level = ades.BaselineT }, want: pades.ErrOptions},
		"reason, commitment": {change: func(o *pades.Options) { o.Reason, o.Commitment = "x", cades.ProofOfApproval }, want: pades.ErrOptions},
		"not UTF-8":          {change: func(o *pades.Options) { o.Reason = "\xff" }, want: pades.ErrOptions},
		"room":               {change: func(o *pades.Options) { o.Room = -1 }, want: pades.ErrOptions},
		"signed field":       {doc: ades.Bytes(signed), change: func(o *pades.Options) { o.Field = "Signature1" }, want: pades.ErrField},
		"full stop":          {change: func(o *pades.Options) { o.Field = "a.b" }, want: pades.ErrField},
		"expired":            {id: expired, want: cades.ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			if c.doc == nil {
				c.doc = ades.Bytes(b)
			}
			if c.id == nil {
				c.id = w.leaf
			}
			o := pades.Options{Time: pkitest.DefaultTime}
			if c.change != nil {
				c.change(&o)
			}
			var out bytes.Buffer
			err := pades.Sign(t.Context(), &out, c.doc, w.signer(t, c.id), o)
			require.ErrorIs(t, err, c.want)
			require.Zero(t, out.Len())
			_, err = pades.Prepare(t.Context(), c.doc, c.id.Chain(), o)
			if name != "no authority" {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
}

func TestRoom(t *testing.T) {
	w := theWorld()
	b := sample(t, "objstm.pdf")
	var tooSmall *pades.RoomError
	o := pades.Options{Time: pkitest.DefaultTime, Room: 100}
	err := pades.Sign(t.Context(), io.Discard, ades.Bytes(b), w.signer(t, w.leaf), o)
	require.ErrorAs(t, err, &tooSmall)
	require.Equal(t, 100, tooSmall.Room)
	require.ErrorContains(t, err, "set Room to "+strconv.Itoa(tooSmall.Need))
	o.Room = tooSmall.Need + 4 // an ECDSA value varies by a few octets
	var out bytes.Buffer
	require.NoError(t, pades.Sign(t.Context(), &out, ades.Bytes(b), w.signer(t, w.leaf), o))
	doc := read(t, out.Bytes())
	require.Equal(t, "valid", stands(doc, &doc.Signatures[0]))
	require.EqualValues(t, 2*o.Room+2, doc.Signatures[0].ByteRange[2]-doc.Signatures[0].ByteRange[1])

	// An authority whose tokens are longer than it says.
	err = pades.Sign(t.Context(), io.Discard, ades.Bytes(b), w.signer(t, w.leaf),
		pades.Options{Time: pkitest.DefaultTime, Level: ades.BaselineT, Authority: modest{w.tsa}})
	require.ErrorAs(t, err, &tooSmall)
}

type modest struct{ timestamp.Authority }

func (modest) TokenSize() int { return 10 }

func TestSignMeetsFailures(t *testing.T) {
	w := theWorld()
	b := sample(t, "table.pdf")
	o := pades.Options{Time: pkitest.DefaultTime}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, pades.Sign(ctx, io.Discard, ades.Bytes(b), w.signer(t, w.leaf), o), context.Canceled)
	require.ErrorIs(t, pades.Sign(t.Context(), full{}, ades.Bytes(b), w.signer(t, w.leaf), o), errFull)
	require.ErrorIs(t, pades.Sign(t.Context(), io.Discard, ades.Bytes(b), refusing{w.signer(t, w.leaf)}, o), errRefused)
	short := ades.NewDocument(bytes.NewReader(b), int64(len(b))+100)
	require.ErrorIs(t, pades.Sign(t.Context(), io.Discard, short, w.signer(t, w.leaf), o), io.ErrUnexpectedEOF)
}

var errFull, errRefused = errors.New("disk full"), errors.New("card refused")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

type refusing struct{ ades.Signer }

func (refusing) Sign(context.Context, ades.Request) ([]byte, error) { return nil, errRefused }
