package timestamp_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

var digest = func() []byte { sum := sha256.Sum256([]byte("Le conseil municipal décide.")); return sum[:] }()

// house is a PKI with a timestamp authority that answers on loopback.
type house struct {
	pki  *pkitest.PKI
	root *pkitest.Authority
	ca   *pkitest.Authority
}

func newHouse(t *testing.T) *house {
	pki := pkitest.New(pkitest.Deterministic("timestamp"))
	root := pki.Root("Racine d'essai")
	server, err := pki.Serve()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	return &house{pki, root, root.Intermediate("AC d'horodatage d'essai")}
}

func (h *house) options(url string) timestamp.Options {
	return timestamp.Options{
		URL: url, HTTPClient: &http.Client{}, Now: h.pki.Now, Anchors: [][]byte{h.root.DER}, Backoff: time.Millisecond,
	}
}

func (h *house) client(t *testing.T, url string, change func(*timestamp.Options)) *timestamp.Client {
	options := h.options(url)
	if change != nil {
		change(&options)
	}
	client, err := timestamp.NewClient(options)
	require.NoError(t, err)
	return client
}

func TestClientAcceptsASoundToken(t *testing.T) {
	h := newHouse(t)
	for name, authority := range map[string]*pkitest.TimestampAuthority{
		"P-256":                  h.ca.TimestampAuthority("Unité"),
		"RSA":                    h.ca.TimestampAuthority("Unité RSA", pkitest.RSA2048),
		"PSS":                    h.ca.TimestampAuthority("Unité PSS", pkitest.RSAPSS2048),
		"Ed25519":                h.ca.TimestampAuthority("Unité Ed25519", pkitest.Ed25519),
		"granted with mods":      h.ca.TimestampAuthority("Unité 1", pkitest.GrantedWithMods()),
		"ESSCertID of old":       h.ca.TimestampAuthority("Unité 2", pkitest.LegacyESSCertID()),
		"no accuracy":            h.ca.TimestampAuthority("Unité 3", pkitest.Accuracy(0)),
		"named":                  h.ca.TimestampAuthority("Unité 4", pkitest.Named(), pkitest.Ordering()),
		"issued by the root":     h.root.TimestampAuthority("Unité 5"),
		"a little late":          h.ca.TimestampAuthority("Unité 6", pkitest.Shift(4*time.Minute)),
		"unavailable, then here": h.ca.TimestampAuthority("Unité 7", pkitest.Unavailable(2)),
	} {
		t.Run(name, func(t *testing.T) {
			client := h.client(t, authority.URL(), nil)
			require.Equal(t, 12<<10, client.TokenSize())
			token, err := client.Timestamp(t.Context(), crypto.SHA256, digest)
			require.NoError(t, err)
			require.Greater(t, client.TokenSize(), len(token), "what the next one may take is learnt")
			require.Less(t, client.TokenSize(), len(token)+1024)

			parsed, certificates, err := timestamp.Parse(token)
			require.NoError(t, err)
			require.NotEmpty(t, certificates)
			require.Empty(t, parsed.Problems)
			require.Equal(t, facts.DetachedTimestamp, parsed.Type)
			imprint := parsed.References[1]
			require.Equal(t, "imprint", imprint.Type)
			require.Equal(t, digest, imprint.Expected)
			require.False(t, imprint.Found)
		})
	}
}

// Every lie that an authority may tell, and the one error that says which.
func TestClientRefusesALie(t *testing.T) {
	h := newHouse(t)
	stranger := pkitest.New(pkitest.Deterministic("stranger"))
	server, err := stranger.Serve()
	require.NoError(t, err)
	defer server.Close()
	other := stranger.Root("Racine étrangère")
	unit := func(options ...pkitest.Option) *pkitest.TimestampAuthority {
		return h.ca.TimestampAuthority("Unité", options...)
	}
	sound, err := unit().Timestamp(t.Context(), crypto.SHA256, digest)
	require.NoError(t, err)
	for name, lie := range map[string]struct {
		authority *pkitest.TimestampAuthority
		want      error
	}{
		"another imprint":           {unit(pkitest.WrongImprint()), timestamp.ErrImprint},
		"another nonce":             {unit(pkitest.WrongNonce()), timestamp.ErrNonce},
		"no nonce":                  {unit(pkitest.DropNonce()), timestamp.ErrNonce},
		"a wrong value":             {unit(pkitest.BadSignature()), timestamp.ErrSignature},
		"another key":               {unit(pkitest.WrongKey()), timestamp.ErrSignature},
		"another ESSCertID":         {unit(pkitest.WrongESSCertID()), timestamp.ErrCertificate},
		"no ESSCertID":              {unit(pkitest.NoESSCertID()), timestamp.ErrCertificate},
		"no certificate":            {unit(pkitest.WithoutCertificates()), timestamp.ErrCertificate},
		"no EKU":                    {unit(pkitest.Without(pkitest.OIDExtKeyUsage)), timestamp.ErrKeyUsage},
		"EKU not critical":          {unit(pkitest.Critical(pkitest.OIDExtKeyUsage, false)), timestamp.ErrKeyUsage},
		"another EKU beside":        {unit(pkitest.ExtKeyUsage(pkitest.EKUTimeStamping, pkitest.EKUCodeSigning)), timestamp.ErrKeyUsage},
		"another EKU":               {unit(pkitest.ExtKeyUsage(pkitest.EKUCodeSigning)), timestamp.ErrKeyUsage},
		"a key usage that encrypts": {unit(pkitest.KeyUsage(x509.KeyUsageKeyEncipherment)), timestamp.ErrKeyUsage},
		"a unit that is a CA":       {unit(pkitest.AsCA(true)), timestamp.ErrAuthorityCA},
		"a stranger":                {other.TimestampAuthority("Unité"), timestamp.ErrUntrusted},
		"issuer unknown":            {unit(pkitest.UnknownIssuer()), timestamp.ErrUntrusted},
		"expired":                   {unit(pkitest.Expired()), timestamp.ErrUntrusted},
		"not yet valid":             {unit(pkitest.NotYetValid()), timestamp.ErrUntrusted},
		"an authority that may not issue": {
			h.root.Intermediate("AC sans droit", pkitest.KeyUsage(x509.KeyUsageCRLSign)).TimestampAuthority("Unité"), timestamp.ErrUntrusted,
		},
		"an authority expired": {h.root.Intermediate("AC passée", pkitest.Expired()).TimestampAuthority("Unité"), timestamp.ErrUntrusted},
		"a critical extension": {
			unit(pkitest.ForCertificate{pkitest.Extension("1.3.6.1.4.1.32473.9", true, []byte{5, 0})}), timestamp.ErrUntrusted,
		},
		"issued by a leaf":     {h.pki.TimestampAuthorityOf(h.notCA(t).Leaf("Unité", pkitest.TSA)), timestamp.ErrUntrusted},
		"a date long ago":      {unit(pkitest.Shift(-time.Hour)), timestamp.ErrTime},
		"a date to come":       {unit(pkitest.Shift(time.Hour)), timestamp.ErrTime},
		"not a TSTInfo":        {unit(pkitest.TokenContentType("1.2.840.113549.1.7.1")), timestamp.ErrMalformed},
		"version 1":            {unit(pkitest.TokenVersion(1)), timestamp.ErrMalformed},
		"garbage":              {unit(pkitest.Garbage([]byte("<html>bonjour</html>"))), timestamp.ErrMalformed},
		"nothing":              {unit(pkitest.Garbage(nil)), timestamp.ErrMalformed},
		"a token, no response": {unit(pkitest.Garbage(sound)), timestamp.ErrMalformed},
		"too much":             {unit(pkitest.Garbage(make([]byte, 17<<20))), timestamp.ErrTooLarge},
		"SHA-1":                {unit(pkitest.LegacySHA1()), timestamp.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.client(t, lie.authority.URL(), nil).Timestamp(t.Context(), crypto.SHA256, digest)
			require.ErrorIs(t, err, lie.want)
			require.ErrorContains(t, err, "127.0.0.1", "the error names the authority")
		})
	}
}

// notCA is an authority whose certificate says that it is none.
func (h *house) notCA(*testing.T) *pkitest.Authority {
	return h.ca.Intermediate("Usurpatrice", pkitest.AsCA(false), pkitest.PathLen(-1))
}

func TestClientAsksForAPolicy(t *testing.T) {
	h := newHouse(t)
	const policy = "1.3.6.1.4.1.32473.7.1"
	asking := func(o *timestamp.Options) { o.Policy = policy }
	sound := h.ca.TimestampAuthority("Unité", pkitest.TokenPolicy(policy))
	token, err := h.client(t, sound.URL(), asking).Timestamp(t.Context(), crypto.SHA384, make([]byte, 48))
	require.NoError(t, err)
	parsed, _, err := timestamp.Parse(token)
	require.NoError(t, err)
	require.Equal(t, policy, parsed.Policy)

	liar := h.ca.TimestampAuthority("Unité", pkitest.TokenPolicy(policy), pkitest.WrongPolicy())
	_, err = h.client(t, liar.URL(), asking).Timestamp(t.Context(), crypto.SHA256, digest)
	require.ErrorIs(t, err, timestamp.ErrPolicy)

	var refusal *timestamp.StatusError
	other := h.ca.TimestampAuthority("Unité")
	_, err = h.client(t, other.URL(), asking).Timestamp(t.Context(), crypto.SHA256, digest)
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, 2, refusal.Status)
	require.EqualValues(t, 1<<15, refusal.FailInfo)
	require.ErrorContains(t, err, "unacceptedPolicy")
}

func TestClientReportsARefusal(t *testing.T) {
	h := newHouse(t)
	for status, failInfo := range map[int]int{2: 0, 3: -1, 4: -1, 5: -1} {
		authority := h.ca.TimestampAuthority("Unité", pkitest.Rejects(status, failInfo))
		_, err := h.client(t, authority.URL(), nil).Timestamp(t.Context(), crypto.SHA256, digest)
		var refusal *timestamp.StatusError
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, status, refusal.Status)
		require.Equal(t, failInfo >= 0, refusal.FailInfo != 0)
		require.Contains(t, refusal.Authority, "127.0.0.1")
	}
}

// counting answers with handler and counts.
func counting(t *testing.T, handler http.HandlerFunc) (url string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestClientTriesAgainWhatMayPass(t *testing.T) {
	h := newHouse(t)
	authority := h.ca.TimestampAuthority("Unité")
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		asked  int32
	}{
		"server error":      {status(503, ""), 3},
		"retry at once":     {status(503, "0"), 3},
		"too many requests": {status(429, ""), 3},
		"not allowed":       {status(401, ""), 1},
		"not found":         {status(404, ""), 1},
		"a page":            {page, 1},
		"cut short":         {cut, 3},
		"time not available": {func(w http.ResponseWriter, r *http.Request) {
			h.ca.TimestampAuthority("Unité", pkitest.Rejects(2, 14)).ServeHTTP(w, r)
		}, 3},
		"bad request": {func(w http.ResponseWriter, r *http.Request) {
			h.ca.TimestampAuthority("Unité", pkitest.Rejects(2, 2)).ServeHTTP(w, r)
		}, 1},
		"a lie": {func(w http.ResponseWriter, r *http.Request) {
			h.ca.TimestampAuthority("Unité", pkitest.WrongImprint()).ServeHTTP(w, r)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			url, asked := counting(t, c.answer)
			client := h.client(t, url, nil)
			_, err := client.Timestamp(t.Context(), crypto.SHA256, digest)
			require.Error(t, err)
			require.Equal(t, c.asked, asked.Load())

			// And what fails here is had elsewhere.
			token, err := timestamp.FailOver(client, authority).Timestamp(t.Context(), crypto.SHA256, digest)
			require.NoError(t, err)
			require.NotEmpty(t, token)
		})
	}
	url, asked := counting(t, status(500, ""))
	_, err := h.client(t, url, func(o *timestamp.Options) { o.Attempts = 1 }).Timestamp(t.Context(), crypto.SHA256, digest)
	var code *timestamp.HTTPError
	require.ErrorAs(t, err, &code)
	require.Equal(t, 500, code.Code)
	require.EqualValues(t, 1, asked.Load())
}

func status(code int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.Write([]byte("<html>Identifiez-vous</html>"))
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.Header().Set("Content-Length", "5000")
	w.Write(make([]byte, 100))
}

func TestClientRefusesAPage(t *testing.T) {
	h := newHouse(t)
	url, _ := counting(t, page)
	_, err := h.client(t, url, nil).Timestamp(t.Context(), crypto.SHA256, digest)
	require.ErrorIs(t, err, timestamp.ErrMediaType)
}

func TestFailOverSaysWhatEachSaid(t *testing.T) {
	h := newHouse(t)
	liar := h.client(t, h.ca.TimestampAuthority("Unité", pkitest.WrongNonce()).URL(), nil)
	gone := h.client(t, "http://127.0.0.1:1/", nil)
	_, err := timestamp.FailOver(liar, gone).Timestamp(t.Context(), crypto.SHA256, digest)
	require.ErrorIs(t, err, timestamp.ErrNonce)
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.Equal(t, 12<<10, timestamp.FailOver(liar, gone).TokenSize())

	_, err = timestamp.FailOver().Timestamp(t.Context(), crypto.SHA256, digest)
	require.ErrorIs(t, err, timestamp.ErrNoAuthority)
}

func TestCancellationEndsASlowServer(t *testing.T) {
	h := newHouse(t)
	slow := h.client(t, h.ca.TimestampAuthority("Unité", pkitest.Slow(time.Minute)).URL(), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	never := authorityFunc(func() { t.Error("a second authority was asked after the end") })
	_, err := timestamp.FailOver(slow, never).Timestamp(ctx, crypto.SHA256, digest)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), 5*time.Second)

	// Its own time limit ends an attempt, and the next authority is asked.
	impatient := h.client(t, h.ca.TimestampAuthority("Unité", pkitest.Slow(time.Minute)).URL(), func(o *timestamp.Options) {
		o.Timeout, o.Attempts = 30*time.Millisecond, 2
	})
	token, err := timestamp.FailOver(impatient, h.ca.TimestampAuthority("Unité")).Timestamp(t.Context(), crypto.SHA256, digest)
	require.NoError(t, err)
	require.NotEmpty(t, token)

	// A wait between two attempts ends with the context as well.
	url, _ := counting(t, status(503, "20"))
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start = time.Now()
	_, err = h.client(t, url, nil).Timestamp(ctx, crypto.SHA256, digest)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), 5*time.Second)
}

type authorityFunc func()

func (f authorityFunc) Timestamp(context.Context, crypto.Hash, []byte) ([]byte, error) {
	f()
	return nil, errors.New("asked")
}

func (authorityFunc) TokenSize() int { return 0 }
