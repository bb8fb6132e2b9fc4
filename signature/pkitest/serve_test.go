package pkitest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, body
}

func TestServe(t *testing.T) {
	pki := pkitest.New()
	before := pki.Root("Racine").Leaf("Avant")
	require.Empty(t, before.Certificate.OCSPServer)
	server, err := pki.Serve()
	require.NoError(t, err)
	_, err = pki.Serve()
	require.ErrorIs(t, err, pkitest.ErrServed)

	root := pki.Root("Racine")
	ca := root.Intermediate("AC")
	leaf := ca.Leaf("Mairie")
	require.Equal(t, []string{ca.CRLURL()}, leaf.Certificate.CRLDistributionPoints)
	require.Equal(t, []string{ca.OCSPURL()}, leaf.Certificate.OCSPServer)
	require.Equal(t, []string{ca.CertificateURL()}, leaf.Certificate.IssuingCertificateURL)

	status, body := get(t, leaf.Certificate.CRLDistributionPoints[0])
	require.Equal(t, 200, status)
	require.NoError(t, parseCRL(t, body).CheckSignatureFrom(ca.Certificate))
	_, body = get(t, leaf.Certificate.IssuingCertificateURL[0])
	require.Equal(t, ca.DER, body)
	asked := pkitest.OCSPRequest(leaf, crypto.SHA1, nil)
	_, body = get(t, leaf.Certificate.OCSPServer[0]+"/"+url.PathEscape(base64.StdEncoding.EncodeToString(asked)))
	answer, err := ocsp.ParseResponse(body, ca.Certificate)
	require.NoError(t, err)
	require.Equal(t, ocsp.Good, answer.Status)
	responder := ca.Responder("Répondeur", pkitest.Says(pkitest.IsRevoked))
	response, err := http.Post(ca.OCSPURL(), "application/ocsp-request", bytes.NewReader(asked))
	require.NoError(t, err)
	body, _ = io.ReadAll(response.Body)
	response.Body.Close()
	answer, err = ocsp.ParseResponse(body, ca.Certificate)
	require.NoError(t, err)
	require.Equal(t, ocsp.Revoked, answer.Status)
	require.Equal(t, responder.DER, answer.Certificate.Raw)
	status, _ = get(t, ca.OCSPURL()+"/%21")
	require.Equal(t, 400, status)
	_, body = get(t, ca.OCSPURL()+"/AAAA")
	_, err = ocsp.ParseResponse(body, nil)
	require.ErrorContains(t, err, "malformed")
	responder.Behave(pkitest.Unavailable(-1))
	status, _ = get(t, ca.OCSPURL()+"/AAAA")
	require.Equal(t, 500, status)

	ca.Publish(pkitest.Late(), pkitest.Unavailable(1))
	status, _ = get(t, ca.CRLURL())
	require.Equal(t, 500, status)
	_, body = get(t, ca.CRLURL())
	require.True(t, parseCRL(t, body).NextUpdate.Before(pki.Now()))

	for _, path := range []string{"/", "/ca99.crl", "/ca1.txt", "/tsa1"} {
		status, _ = get(t, server.URL+path)
		require.Equal(t, 404, status, path)
	}
	tsa := ca.TimestampAuthority("Horodatage", pkitest.Unavailable(1))
	post := func(kind string, body []byte) *http.Response {
		response, err := http.Post(tsa.URL(), kind, bytes.NewReader(body))
		require.NoError(t, err)
		return response
	}
	require.Equal(t, 400, post("text/plain", request(t, nil)).StatusCode)
	require.Equal(t, 500, post("application/timestamp-query", request(t, nil)).StatusCode)
	reply := post("application/timestamp-query", request(t, nil))
	require.Equal(t, 200, reply.StatusCode)
	require.Equal(t, "application/timestamp-reply", reply.Header.Get("Content-Type"))
	require.Equal(t, 400, post("application/timestamp-query", make([]byte, 1<<20)).StatusCode)
	require.Contains(t, server.Requests(), "GET /ca3.crl")
	require.Equal(t, "POST /tsa1", server.Requests()[len(server.Requests())-1])
	require.NoError(t, server.Close())
	_, err = http.Get(server.URL)
	require.Error(t, err)
}

func TestServeWithAuthentication(t *testing.T) {
	pki := pkitest.New(pkitest.At(time.Now())) // crypto/tls looks at dates
	root := pki.Root("Racine")
	tsa := root.TimestampAuthority("Horodatage")
	ask := func(client *http.Client, server *pkitest.Server, user, password string) (int, error) {
		r, err := http.NewRequest("POST", server.URL, bytes.NewReader(request(t, nil)))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/timestamp-query")
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		response, err := client.Do(r)
		if err != nil {
			return 0, err
		}
		response.Body.Close()
		return response.StatusCode, nil
	}
	basic, err := tsa.Serve(pkitest.BasicAuth("mairie", "secret"))
	require.NoError(t, err)
	defer basic.Close()
	for _, c := range []struct {
		user, password string
		want           int
	}{{"mairie", "secret", 200}, {"mairie", "faux", 401}, {"", "", 401}} {
		status, err := ask(http.DefaultClient, basic, c.user, c.password)
		require.NoError(t, err)
		require.Equal(t, c.want, status)
	}

	_, err = tsa.Serve(pkitest.MutualTLS(root))
	require.ErrorContains(t, err, "needs HTTPS")
	mutual, err := tsa.Serve(pkitest.HTTPS(root.Leaf("127.0.0.1", pkitest.ServerAuth)), pkitest.MutualTLS(root))
	require.NoError(t, err)
	defer mutual.Close()
	roots := x509.NewCertPool()
	roots.AddCert(root.Certificate)
	client := func(ids ...*pkitest.Identity) *http.Client {
		config := &tls.Config{RootCAs: roots}
		for _, id := range ids {
			config.Certificates = append(config.Certificates, id.TLS())
		}
		return &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	}
	status, err := ask(client(root.Leaf("Mairie", pkitest.ClientAuth)), mutual, "", "")
	require.NoError(t, err)
	require.Equal(t, 200, status)
	_, err = ask(client(), mutual, "", "")
	require.ErrorContains(t, err, "certificate required")
	_, err = ask(client(pki.Root("Autre").Leaf("Mairie", pkitest.ClientAuth)), mutual, "", "")
	require.Error(t, err)
	_, err = ask(http.DefaultClient, mutual, "", "")
	require.ErrorContains(t, err, "unknown authority")
}

func TestSlowServer(t *testing.T) {
	pki := pkitest.New()
	tsa := pki.Root("Racine").TimestampAuthority("Horodatage", pkitest.Slow(time.Minute))
	server, err := tsa.Serve()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", server.URL, bytes.NewReader(request(t, nil)))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/timestamp-query")
	_, err = http.DefaultClient.Do(r)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, server.Close())
}
