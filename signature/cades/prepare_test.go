package cades_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// saved sends a Prepared through its saved form.
func saved(t testing.TB, p *ades.Prepared) *ades.Prepared {
	octets, err := json.Marshal(p)
	require.NoError(t, err)
	require.NotContains(t, string(octets), "conseil", "no content in what is saved")
	back, err := ades.ReadPrepared(octets)
	require.NoError(t, err)
	require.Equal(t, p, back)
	return back
}

func TestPrepareAndComplete(t *testing.T) {
	h := sharedHouse()
	for _, a := range algorithms {
		for _, detached := range []bool{false, true} {
			for _, level := range []ades.Level{0, ades.BaselineB, ades.BaselineT} {
				t.Run(fmt.Sprintf("%s %s detached %v %s", a.key, a.name, detached, level), func(t *testing.T) {
					id := h.leaf(a.key)
					prepared, err := cades.Prepare(t.Context(), ades.Bytes(content), id.Chain(), cades.Options{
						Level: level, Time: signingTime, Detached: detached, Digest: a.digest, PSS: a.pss, Roles: []string{"Maire"},
					})
					require.NoError(t, err)
					prepared = saved(t, prepared)
					value, err := signer(t, id).Sign(t.Context(), prepared.Request)
					require.NoError(t, err)
					var out bytes.Buffer
					require.NoError(t, cades.Complete(t.Context(), &out, ades.Bytes(content), prepared, value, h.tsa))
					var beside *ades.Document
					if detached {
						beside = ades.Bytes(content)
					}
					doc := read(t, out.Bytes(), beside)
					require.True(t, isSound(doc, &doc.Signatures[0]))
					require.Equal(t, max(level, ades.BaselineB).String(), doc.Signatures[0].Level)
					require.Equal(t, signingTime, *doc.Signatures[0].ClaimedTime)
				})
			}
		}
	}
}

// Two steps make what one step makes, octet for octet, when the scheme has no randomness.
func TestTwoStepsEqualOne(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.RSA2048)
	for _, detached := range []bool{false, true} {
		o := cades.Options{Time: signingTime, Detached: detached}
		prepared, err := cades.Prepare(t.Context(), ades.Bytes(content), id.Chain(), o)
		require.NoError(t, err)
		value, err := signer(t, id).Sign(t.Context(), prepared.Request)
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, cades.Complete(t.Context(), &out, ades.Bytes(content), prepared, value, nil))
		require.Equal(t, sign(t, signer(t, id), o), out.Bytes())
	}
}

func TestCompleteRefuses(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	prepare := func(detached bool) (*ades.Prepared, []byte) {
		p, err := cades.Prepare(t.Context(), ades.Bytes(content), id.Chain(), cades.Options{Time: signingTime, Level: ades.BaselineT, Detached: detached})
		require.NoError(t, err)
		value, err := signer(t, id).Sign(t.Context(), p.Request)
		require.NoError(t, err)
		return p, value
	}
	sameLength := bytes.Replace(content, []byte("décide"), []byte("refuse"), 1)
	sameLength = append(sameLength, ' ')
	require.Len(t, sameLength, len(content))
	elsewhere := h.ca.Leaf("Une autre maire")
	for name, c := range map[string]struct {
		change func(p *ades.Prepared, value []byte) []byte
		doc    []byte
		want   error
	}{
		"another document":  {nil, sameLength, ades.ErrOtherDocument},
		"a longer document": {nil, append([]byte(" "), content...), ades.ErrOtherDocument},
		"another value":     {func(_ *ades.Prepared, v []byte) []byte { v[len(v)-1] ^= 1; return v }, content, ades.ErrWrongValue},
		"no value":          {func(*ades.Prepared, []byte) []byte { return nil }, content, ades.ErrWrongValue},
		"another signer": {func(p *ades.Prepared, _ []byte) []byte {
			v, _ := signer(t, elsewhere).Sign(t.Context(), p.Request)
			return v
		}, content, ades.ErrWrongValue},
		"another format":        {func(p *ades.Prepared, v []byte) []byte { p.Format = "pades"; return v }, content, ades.ErrPrepared},
		"another certificate":   {func(p *ades.Prepared, v []byte) []byte { p.Chain = elsewhere.ChainDER(); return v }, content, ades.ErrPrepared},
		"no certificate":        {func(p *ades.Prepared, v []byte) []byte { p.Chain = nil; return v }, content, ades.ErrPrepared},
		"damaged certificate":   {func(p *ades.Prepared, v []byte) []byte { p.Chain = [][]byte{{0x30, 0}}; return v }, content, ades.ErrPrepared},
		"damaged attributes":    {func(p *ades.Prepared, v []byte) []byte { p.Request.Message = p.Request.Message[1:]; return v }, content, ades.ErrPrepared},
		"damaged parameters":    {func(p *ades.Prepared, v []byte) []byte { p.Parameters = nil; return v }, content, ades.ErrPrepared},
		"a level not made":      {func(p *ades.Prepared, v []byte) []byte { p.Level = ades.BaselineLT; return v }, content, ades.ErrPrepared},
		"another digest":        {func(p *ades.Prepared, v []byte) []byte { p.Document.Digest = make([]byte, 32); return v }, content, ades.ErrPrepared},
		"another algorithm":     {func(p *ades.Prepared, v []byte) []byte { p.Document.Algorithm = uint(crypto.SHA384); return v }, content, ades.ErrPrepared},
		"another hash":          {func(p *ades.Prepared, v []byte) []byte { p.Request.Hash = crypto.SHA1; return v }, content, ades.ErrPrepared},
		"attributes of another": {func(p *ades.Prepared, v []byte) []byte { p.Request.Message[len(p.Request.Message)-1] ^= 1; return v }, content, nil},
	} {
		for _, detached := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " detached ", detached), func(t *testing.T) {
				p, value := prepare(detached)
				if c.change != nil {
					value = c.change(p, value)
				}
				var out bytes.Buffer
				err := cades.Complete(t.Context(), &out, ades.Bytes(c.doc), p, value, h.tsa)
				require.Error(t, err)
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				if detached || c.want != ades.ErrOtherDocument {
					require.Zero(t, out.Len(), "nothing was written")
				}
			})
		}
	}
	p, value := prepare(true)
	require.ErrorIs(t, cades.Complete(t.Context(), io.Discard, ades.Bytes(content), p, value, nil), cades.ErrOptions, "level T without authority")
}

// A draft is what PAdES builds on: its size is never too small, and it can be resumed.
func TestDraft(t *testing.T) {
	h := sharedHouse()
	for _, a := range algorithms {
		t.Run(fmt.Sprintf("%s %s", a.key, a.name), func(t *testing.T) {
			id := h.leaf(a.key)
			o := cades.Options{Time: signingTime, Digest: a.digest, PSS: a.pss, OmitTime: true}
			hash, err := cades.DigestFor(id.Chain(), o)
			require.NoError(t, err)
			sums, err := ades.Bytes(content).Digests(t.Context(), hash)
			require.NoError(t, err)
			draft, err := cades.NewDraft(ades.Digest{Algorithm: hash, Sum: sums[hash], Size: -1}, id.Chain(), o)
			require.NoError(t, err)
			for range 8 { // the value of ECDSA has no fixed length
				value, err := signer(t, id).Sign(t.Context(), draft.Request())
				require.NoError(t, err)
				require.NoError(t, draft.Verify(value))
				message, err := draft.Marshal(value, nil)
				require.NoError(t, err)
				require.LessOrEqual(t, len(message), draft.Size(0))
				require.Less(t, draft.Size(0)-len(message), 16)
				doc := read(t, message, ades.Bytes(content))
				require.True(t, isSound(doc, &doc.Signatures[0]))

				token, err := draft.Timestamp(t.Context(), value, h.tsa)
				require.NoError(t, err)
				message, err = draft.Marshal(value, token)
				require.NoError(t, err)
				require.LessOrEqual(t, len(message), draft.Size(len(token)))
				require.Less(t, draft.Size(len(token))-len(message), 48)
			}
			require.ErrorIs(t, draft.Verify([]byte("une valeur")), ades.ErrWrongValue)
			_, err = draft.Marshal(nil, nil)
			require.ErrorIs(t, err, ades.ErrWrongValue)
		})
	}
	_, err := cades.NewDraft(ades.Digest{Algorithm: crypto.SHA256, Sum: make([]byte, 20)}, h.leaf(pkitest.P256).Chain(), cades.Options{Time: signingTime})
	require.Error(t, err)
}
