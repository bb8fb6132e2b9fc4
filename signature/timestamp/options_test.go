package timestamp_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

func TestAuthentication(t *testing.T) {
	h := newHouse(t)
	authority := h.ca.TimestampAuthority("Unité")
	server, err := authority.Serve(pkitest.BasicAuth("mairie", "secret de polichinelle"))
	require.NoError(t, err)
	defer server.Close()
	user := func(o *timestamp.Options) { o.Username, o.Password = "mairie", "secret de polichinelle" }
	_, err = h.client(t, server.URL, user).Timestamp(t.Context(), crypto.SHA256, digest)
	require.NoError(t, err)
	_, err = h.client(t, server.URL, nil).Timestamp(t.Context(), crypto.SHA256, digest)
	var code *timestamp.HTTPError
	require.ErrorAs(t, err, &code)
	require.Equal(t, 401, code.Code)
	require.ErrorContains(t, err, "password")
	require.NotContains(t, err.Error(), "polichinelle")
}

func TestMutualTLS(t *testing.T) {
	h := newHouse(t)
	authority := h.ca.TimestampAuthority("Unité")
	server, err := authority.Serve(pkitest.HTTPS(h.ca.Leaf("127.0.0.1", pkitest.ServerAuth)), pkitest.MutualTLS(h.ca))
	require.NoError(t, err)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(h.root.Certificate)
	config := &tls.Config{RootCAs: roots, Time: h.pki.Now, Certificates: []tls.Certificate{h.ca.Leaf("mairie", pkitest.ClientAuth).TLS()}}
	known := func(o *timestamp.Options) {
		o.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	}
	_, err = h.client(t, server.URL, known).Timestamp(t.Context(), crypto.SHA256, digest)
	require.NoError(t, err)

	stranger := config.Clone()
	stranger.Certificates = nil
	_, err = h.client(t, server.URL, func(o *timestamp.Options) {
		o.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: stranger}}
	}).Timestamp(t.Context(), crypto.SHA256, digest)
	require.Error(t, err)
}

func TestAnchorsMayBeTheUnitOrAnIntermediate(t *testing.T) {
	h := newHouse(t)
	authority := h.ca.TimestampAuthority("Unité")
	ask := func(anchors ...[]byte) error {
		_, err := h.client(t, authority.URL(), func(o *timestamp.Options) { o.Anchors = anchors }).Timestamp(t.Context(), crypto.SHA256, digest)
		return err
	}
	require.NoError(t, ask(h.ca.DER))
	require.NoError(t, ask(authority.DER))
	require.ErrorIs(t, ask(h.ca.Leaf("Une autre unité", pkitest.TSA).DER), timestamp.ErrUntrusted)
	require.ErrorIs(t, ask(pkitest.New().Root("Racine d'essai").DER), timestamp.ErrUntrusted, "the name is not enough")

	// An authority far from its anchor, whose intermediates are only known to us.
	middle := h.root.Intermediate("AC du milieu", pkitest.PathLen(1))
	far := h.pki.TimestampAuthorityOf(middle.Intermediate("AC lointaine").Leaf("Unité", pkitest.TSA))
	_, err := h.client(t, far.URL(), nil).Timestamp(t.Context(), crypto.SHA256, digest)
	withThem := func(o *timestamp.Options) { o.Intermediates = far.ChainDER()[1:] }
	if err != nil { // the token has the certificate of the unit alone
		require.ErrorIs(t, err, timestamp.ErrUntrusted)
	}
	_, err = h.client(t, far.URL(), withThem).Timestamp(t.Context(), crypto.SHA256, digest)
	require.NoError(t, err)

	// One authority too many below a path length of 0.
	short := h.root.Intermediate("AC courte", pkitest.PathLen(0))
	beyond := h.pki.TimestampAuthorityOf(short.Intermediate("AC de trop").Leaf("Unité", pkitest.TSA))
	_, err = h.client(t, beyond.URL(), func(o *timestamp.Options) { o.Intermediates = beyond.ChainDER()[1:] }).Timestamp(t.Context(), crypto.SHA256, digest)
	require.ErrorIs(t, err, timestamp.ErrUntrusted)
}

func TestUnsafeAnyAuthority(t *testing.T) {
	h := newHouse(t)
	stranger := pkitest.New()
	server, err := stranger.Serve()
	require.NoError(t, err)
	defer server.Close()
	root := stranger.Root("Racine étrangère")
	anyone := func(o *timestamp.Options) { o.Anchors, o.UnsafeAnyAuthority = nil, true }
	_, err = h.client(t, root.TimestampAuthority("Unité").URL(), anyone).Timestamp(t.Context(), crypto.SHA256, digest)
	require.NoError(t, err)
	_, err = h.client(t, root.TimestampAuthority("Unité", pkitest.WrongImprint()).URL(), anyone).Timestamp(t.Context(), crypto.SHA256, digest)
	require.ErrorIs(t, err, timestamp.ErrImprint, "everything else is still checked")
}

func TestOptions(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		change func(*timestamp.Options)
		want   string
	}{
		"no URL":              {func(o *timestamp.Options) { o.URL = "" }, "URL"},
		"a file":              {func(o *timestamp.Options) { o.URL = "file:///etc/passwd" }, "URL"},
		"user in URL":         {func(o *timestamp.Options) { o.URL = "https://moi:secret@example.invalid/" }, "Username"},
		"no client":           {func(o *timestamp.Options) { o.HTTPClient = nil }, "HTTPClient"},
		"no clock":            {func(o *timestamp.Options) { o.Now = nil }, "Now"},
		"no anchor":           {func(o *timestamp.Options) { o.Anchors = nil }, "Anchors"},
		"anchors and anyone":  {func(o *timestamp.Options) { o.UnsafeAnyAuthority = true }, "exclude"},
		"password in clear":   {func(o *timestamp.Options) { o.URL, o.Username = "http://tsa.example.invalid/", "moi" }, "https"},
		"negative":            {func(o *timestamp.Options) { o.Attempts = -1 }, "negative"},
		"policy":              {func(o *timestamp.Options) { o.Policy = "politique" }, "policy"},
		"anchor":              {func(o *timestamp.Options) { o.Anchors = [][]byte{{1, 2}} }, "anchor 1"},
		"second intermediate": {func(o *timestamp.Options) { o.Intermediates = [][]byte{h.ca.DER, {1, 2}} }, "intermediate 2"},
	} {
		options := h.options("https://tsa.example.invalid/")
		c.change(&options)
		_, err := timestamp.NewClient(options)
		require.ErrorIs(t, err, timestamp.ErrOptions, name)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "secret")
	}
	options := h.options("http://tsa.example.invalid/")
	options.Username, options.UnsafePlaintextPassword = "moi", true
	_, err := timestamp.NewClient(options)
	require.NoError(t, err)
}

func TestDigestIsThatOfItsAlgorithm(t *testing.T) {
	h := newHouse(t)
	client := h.client(t, h.ca.TimestampAuthority("Unité").URL(), nil)
	_, err := client.Timestamp(t.Context(), crypto.SHA512, digest)
	require.ErrorContains(t, err, "SHA-512")
	_, err = client.Timestamp(t.Context(), crypto.SHA1, make([]byte, 20))
	require.ErrorIs(t, err, timestamp.ErrUnsupported)
	_, err = client.Timestamp(t.Context(), crypto.Hash(0), nil)
	require.ErrorIs(t, err, timestamp.ErrUnsupported)
}

// A query may hold a key, which errors must not repeat.
func TestErrorsDoNotRepeatTheQuery(t *testing.T) {
	h := newHouse(t)
	_, err := h.client(t, "http://127.0.0.1:1/tsa?key=polichinelle", nil).Timestamp(t.Context(), crypto.SHA256, digest)
	require.Error(t, err)
	require.False(t, strings.Contains(err.Error(), "polichinelle"), err.Error())
	require.True(t, bytes.Contains([]byte(err.Error()), []byte("127.0.0.1:1/tsa")))
}
