package cades_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// A signer that is not a key of this process may return anything.
func TestForeignValuesAreVerified(t *testing.T) {
	h := sharedHouse()
	inner := signer(t, h.leaf(pkitest.P256))
	var out bytes.Buffer
	liar := foreign{inner, func(v []byte) []byte { v[len(v)-1] ^= 1; return v }}
	err := cades.Sign(t.Context(), &out, ades.Bytes(content), liar, cades.Options{Time: signingTime})
	require.ErrorIs(t, err, ades.ErrWrongValue)
	err = cades.Sign(t.Context(), &out, ades.Bytes(content), foreign{inner, func([]byte) []byte { return nil }}, cades.Options{Time: signingTime})
	require.ErrorIs(t, err, ades.ErrWrongValue)
	require.Zero(t, out.Len(), "nothing was written")
	honest := foreign{inner, func(v []byte) []byte { return v }}
	require.NoError(t, cades.Sign(t.Context(), &out, ades.Bytes(content), honest, cades.Options{Time: signingTime}))
}

type foreign struct {
	ades.Signer
	change func([]byte) []byte
}

func (f foreign) Sign(ctx context.Context, r ades.Request) ([]byte, error) {
	v, err := f.Signer.Sign(ctx, r)
	return f.change(v), err
}

// A document that changes, shrinks or grows while it is signed is not signed.
func TestDocumentThatChanges(t *testing.T) {
	h := sharedHouse()
	s := signer(t, h.leaf(pkitest.P256))
	o := cades.Options{Time: signingTime}
	for name, change := range map[string]func(pass int, b []byte) []byte{
		"another octet": func(pass int, b []byte) []byte { b[3] += byte(pass); return b },
		"shorter":       func(pass int, b []byte) []byte { return b[:len(b)-min(pass, 1)] },
	} {
		doc := ades.NewDocument(&changing{change: change}, int64(len(content)))
		err := cades.Sign(t.Context(), io.Discard, doc, s, o)
		require.ErrorIs(t, err, ades.ErrOtherDocument, name)
	}
	doc := ades.NewDocument(&changing{change: func(_ int, b []byte) []byte { return b[:5] }}, int64(len(content)))
	o.Detached = true
	require.ErrorIs(t, cades.Sign(t.Context(), io.Discard, doc, s, o), io.ErrUnexpectedEOF)
}

// changing is content that is another at each pass over it.
type changing struct {
	pass   int
	change func(pass int, b []byte) []byte
}

func (c *changing) ReadAt(p []byte, off int64) (int, error) {
	now := c.change(c.pass, bytes.Clone(content))
	n, err := bytes.NewReader(now).ReadAt(p, off)
	if err == io.EOF || off+int64(n) >= int64(len(now)) {
		c.pass++
	}
	return n, err
}

func TestSignIsCancelled(t *testing.T) {
	h := sharedHouse()
	ctx, cancel := context.WithCancel(t.Context())
	endless := readerAt(func(p []byte, off int64) (int, error) {
		require.LessOrEqual(t, len(p), 64<<10)
		if off > 1<<20 {
			cancel()
		}
		return len(p), nil
	})
	err := cades.Sign(ctx, io.Discard, ades.NewDocument(endless, 1<<40), neverSigns{signer(t, h.leaf(pkitest.P256)), t}, cades.Options{Time: signingTime})
	require.ErrorIs(t, err, context.Canceled)
}

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

// Errors of the output and of the authority come out, and nothing is written before the timestamp is there.
func TestSignFails(t *testing.T) {
	h := sharedHouse()
	s := signer(t, h.leaf(pkitest.P256))
	for _, detached := range []bool{false, true} {
		err := cades.Sign(t.Context(), brokenPipe{}, ades.Bytes(content), s, cades.Options{Time: signingTime, Detached: detached})
		require.ErrorIs(t, err, io.ErrClosedPipe)
	}
	var out bytes.Buffer
	refusing := h.ca.TimestampAuthority("Horodatage", pkitest.Unavailable(-1))
	err := cades.Sign(t.Context(), &out, ades.Bytes(content), s, cades.Options{Time: signingTime, Level: ades.BaselineT, Authority: refusing})
	require.ErrorIs(t, err, pkitest.ErrUnavailable)
	for name, c := range map[string]struct {
		lie  pkitest.Option
		want error
	}{
		"another imprint": {pkitest.WrongImprint(), timestamp.ErrImprint}, "garbage": {pkitest.Garbage([]byte{0x30, 0}), nil},
		"no TSTInfo": {pkitest.TokenContentType("1.2.840.113549.1.7.1"), timestamp.ErrMalformed},
	} {
		liar := h.ca.TimestampAuthority("Horodatage", c.lie)
		err := cades.Sign(t.Context(), &out, ades.Bytes(content), s, cades.Options{Time: signingTime, Level: ades.BaselineT, Authority: liar})
		require.Error(t, err, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
	}
	require.Zero(t, out.Len())
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
