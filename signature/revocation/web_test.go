package revocation_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

// at serves a handler and returns a client of lists that asks it alone, about a certificate that names no address.
func at(t *testing.T, s *scene, handler http.HandlerFunc, change ...func(*revocation.Options)) (source revocation.Source, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	s.leaf = s.ca.Leaf("Sans adresse", pkitest.Without(pkitest.OIDCRLDistributionPoints))
	more := func(o *revocation.Options) {
		o.More = func([]byte) []string { return []string{server.URL + "/liste.crl?cle=secrete"} }
	}
	return s.lists(append(change, more)...), asked
}

// What servers do to their clients, with how many requests it takes and what the error says.
func TestHostileServers(t *testing.T) {
	s := newScene(t)
	list := s.ca.CRL()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		asked   int32
		want    error  // nil for data
		text    string // in the error
	}{
		"sound": {func(w http.ResponseWriter, r *http.Request) { w.Write(list) }, 1, nil, ""},
		"PEM":   {func(w http.ResponseWriter, r *http.Request) { w.Write(pkitest.CRLPEM(list)) }, 1, nil, ""},
		"compressed": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(list)
			z.Close()
		}, 1, nil, ""},
		"a page":  {func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") }, 1, errText, "not revocation data"},
		"nothing": {func(w http.ResponseWriter, r *http.Request) {}, 1, errText, "not revocation data"},
		"404":     {func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, 1, errText, "HTTP 404"},
		"204":     {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, 1, errText, "HTTP 204"},
		"503":     {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, 2, errText, "HTTP 503 (attempt 2 of 2)"},
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100000")
			w.Write(list[:100])
		}, 2, errText, "unexpected EOF"},
		"endless": {func(w http.ResponseWriter, r *http.Request) { endless(w, list) }, 1, revocation.ErrTooLarge, "larger than the limit"},
		"a loop":  {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, 6, revocation.ErrAddress, "more than 5 redirects"},
		"to a file": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(302)
		}, 1, revocation.ErrAddress, "neither http nor https"},
		"with a user": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://u:p@127.0.0.1/")
			w.WriteHeader(302)
		}, 1, revocation.ErrAddress, "with a user"},
		"too slow": {func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() }, 2, context.DeadlineExceeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			source, asked := at(t, s, c.handler, func(o *revocation.Options) { o.Timeout, o.MaxSize = 300*time.Millisecond, 1<<20 })
			data, err := s.fetch(source, time.Time{})
			require.Equal(t, c.asked, asked.Load())
			if c.want == nil {
				require.NoError(t, err)
				require.Equal(t, list, data[0].DER)
				return
			}
			require.Empty(t, data)
			require.ErrorContains(t, err, c.text)
			require.NotContains(t, err.Error(), "secrete", "the query may hold a key")
			if c.want != errText {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
}

var errText = fmt.Errorf("any error with that text")

// endless announces a list of 256 MiB and sends it for as long as it is read.
func endless(w http.ResponseWriter, list []byte) {
	w.Write([]byte{0x30, 0x84, 0x0f, 0xff, 0xff, 0xf0, 0x30, 0x84, 0x0f, 0xff, 0xff, 0x00})
	w.Write(list[7 : strings.Index(string(list), "260303120000Z")+13]) // version to nextUpdate
	w.Write([]byte{0x30, 0x84, 0x0f, 0xff, 0x00, 0x00})
	entry := append([]byte{0x30, 18, 2, 1, 5, 23, 13}, "260101000000Z"...)
	for range 1 << 20 {
		if _, err := w.Write(entry); err != nil {
			return
		}
	}
}

// A redirect is asked like any address.
func TestRedirect(t *testing.T) {
	s := newScene(t)
	source, asked := at(t, s, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.ca.CRLURL(), http.StatusMovedPermanently)
	})
	data, err := s.fetch(source, time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
	require.EqualValues(t, 1, asked.Load())

	own := fmt.Errorf("the caller's own rule")
	source, _ = at(t, s, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.ca.CRLURL(), http.StatusMovedPermanently)
	},
		func(o *revocation.Options) {
			o.HTTPClient.CheckRedirect = func(*http.Request, []*http.Request) error { return own }
		})
	_, err = s.fetch(source, time.Time{})
	require.ErrorIs(t, err, own)
}

// An address that failed is left alone for a while.
func TestPause(t *testing.T) {
	s := newScene(t)
	source, asked := at(t, s, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	for range 3 {
		_, err := s.fetch(source, time.Time{})
		require.ErrorContains(t, err, "HTTP 500")
	}
	require.EqualValues(t, 2, asked.Load())
	_, err := s.fetch(source, time.Time{})
	require.ErrorContains(t, err, "asked less than 1m0s ago")
	s.clock.Add(61)
	s.fetch(source, time.Time{})
	require.EqualValues(t, 4, asked.Load())

	// Retry-After is heeded, within reason.
	started := time.Now()
	source, asked = at(t, s, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(429)
	})
	s.fetch(source, time.Time{})
	require.EqualValues(t, 2, asked.Load())
	require.GreaterOrEqual(t, time.Since(started), time.Second)
}
