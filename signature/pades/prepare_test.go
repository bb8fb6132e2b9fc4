package pades_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// prepare prepares a signature of the leaf and sends it through its saved form.
func prepare(t testing.TB, b []byte, o pades.Options) (*ades.Prepared, []byte) {
	t.Helper()
	w := theWorld()
	o.Time = pkitest.DefaultTime
	prepared, err := pades.Prepare(t.Context(), ades.Bytes(b), w.leaf.Chain(), o)
	require.NoError(t, err)
	saved, err := json.Marshal(prepared)
	require.NoError(t, err)
	require.NotContains(t, string(saved), "Deliberation", "no content in what is saved")
	back, err := ades.ReadPrepared(saved)
	require.NoError(t, err)
	require.Equal(t, prepared, back)
	value, err := w.signer(t, w.leaf).Sign(t.Context(), back.Request)
	require.NoError(t, err)
	return back, value
}

func TestPrepareAndComplete(t *testing.T) {
	w := theWorld()
	for name, b := range producers(t) {
		for _, level := range []ades.Level{0, ades.BaselineB, ades.BaselineT} {
			prepared, value := prepare(t, b, pades.Options{Level: level, Reason: "Arrêté", Field: "Visa é"})
			var out bytes.Buffer
			require.NoError(t, pades.Complete(t.Context(), &out, ades.Bytes(b), prepared, value, w.tsa), name)
			doc := read(t, out.Bytes())
			last := doc.Signatures[len(doc.Signatures)-1]
			require.Equal(t, "valid", stands(doc, &last))
			require.Equal(t, max(level, ades.BaselineB).String(), last.Level)
			require.Equal(t, "Visa é", last.Field)
			require.Equal(t, "Arrêté", last.PDF.Reason)
		}
	}
}

// Two steps make what one step makes, octet for octet, when the scheme has no randomness.
func TestTwoStepsEqualOne(t *testing.T) {
	w := theWorld()
	id := w.ca.Leaf("Maire", pkitest.RSA2048)
	b := sample(t, "objstm.pdf")
	o := pades.Options{Time: pkitest.DefaultTime, Location: "Boisjoli"}
	prepared, err := pades.Prepare(t.Context(), ades.Bytes(b), id.Chain(), o)
	require.NoError(t, err)
	value, err := w.signer(t, id).Sign(t.Context(), prepared.Request)
	require.NoError(t, err)
	var one, two bytes.Buffer
	require.NoError(t, pades.Complete(t.Context(), &two, ades.Bytes(b), prepared, value, nil))
	require.NoError(t, pades.Sign(t.Context(), &one, ades.Bytes(b), w.signer(t, id), o))
	require.Equal(t, one.Bytes(), two.Bytes())
}

func TestCompleteRefuses(t *testing.T) {
	w := theWorld()
	b := sample(t, "table.pdf")
	other := bytes.Replace(b, []byte("Deliberation"), []byte("deliberation"), 1)
	longer := append(bytes.Clone(b), '\n')
	for name, c := range map[string]struct {
		doc    []byte
		change func(p *ades.Prepared, value *[]byte)
		want   error
		wrote  bool
	}{
		"another document":        {doc: other, want: ades.ErrOtherDocument, wrote: true},
		"a longer document":       {doc: longer, want: ades.ErrOtherDocument},
		"a document with no page": {doc: bytes.Replace(b, []byte("/Kids[3 0 R 4 0 R]"), []byte("/Kids[           ]"), 1), want: ades.ErrOtherDocument},
		"no PDF":                  {doc: []byte("bonjour"), want: pades.ErrNotPDF},
		"a wrong value":           {change: func(_ *ades.Prepared, v *[]byte) { (*v)[8] ^= 1 }, want: ades.ErrWrongValue},
		"an empty value":          {change: func(_ *ades.Prepared, v *[]byte) { *v = nil }, want: ades.ErrWrongValue},
		"another format":          {change: func(p *ades.Prepared, _ *[]byte) { p.Format = "cades" }, want: ades.ErrPrepared},
		"another layout": {change: func(p *ades.Prepared, _ *[]byte) {
			p.Parameters = replaceOnce(p.Parameters, `"layout":1`, `"layout":9`)
		}, want: ades.ErrPrepared},
		"a room of no size":        {change: func(p *ades.Prepared, _ *[]byte) { p.Parameters = replaceOnce(p.Parameters, `"room":`, `"room":-`) }, want: ades.ErrPrepared},
		"parameters of no form":    {change: func(p *ades.Prepared, _ *[]byte) { p.Parameters = []byte("[]") }, want: ades.ErrPrepared},
		"another reason":           {change: func(p *ades.Prepared, _ *[]byte) { p.Parameters = replaceOnce(p.Parameters, "Motif", "motif") }, want: ades.ErrOtherDocument, wrote: true},
		"another time":             {change: func(p *ades.Prepared, _ *[]byte) { p.Time = p.Time.AddDate(0, 0, 1) }, want: ades.ErrOtherDocument, wrote: true},
		"another digest":           {change: func(p *ades.Prepared, _ *[]byte) { p.Document.Digest[0] ^= 1 }, want: ades.ErrPrepared},
		"level T and no authority": {change: func(p *ades.Prepared, _ *[]byte) { p.Level = ades.BaselineT }, want: pades.ErrOptions},
	} {
		t.Run(name, func(t *testing.T) {
			prepared, value := prepare(t, b, pades.Options{Reason: "Motif"})
			if c.change != nil {
				c.change(prepared, &value)
			}
			doc := c.doc
			if doc == nil {
				doc = b
			}
			var out bytes.Buffer
			err := pades.Complete(t.Context(), &out, ades.Bytes(doc), prepared, value, nil)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.wrote, out.Len() > 0)
			require.False(t, strings.Contains(out.String(), "/ByteRange"), "no signature comes out")
		})
	}
	_ = w
	// What is prepared for level T keeps room for a token that is not known yet.
	prepared, value := prepare(t, b, pades.Options{Level: ades.BaselineT, TokenSize: 100})
	var tooSmall *pades.RoomError
	require.ErrorAs(t, pades.Complete(t.Context(), io.Discard, ades.Bytes(b), prepared, value, w.tsa), &tooSmall)
	_, err := cades.ResumeDraft(prepared)
	require.NoError(t, err)
}

func replaceOnce(b json.RawMessage, old, new string) json.RawMessage {
	return json.RawMessage(strings.Replace(string(b), old, new, 1))
}
