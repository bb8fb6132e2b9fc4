package pkitest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

type serverSpec struct {
	user, password string
	auth           bool
	identity       *Identity
	clients        *Authority
}

func serverOption(name string, apply func(*serverSpec)) Option {
	return setting{name, onServer, func(s *spec) { apply(&s.server) }}
}

// BasicAuth demands a user and a password: RFC 7617.
func BasicAuth(user, password string) Option {
	return serverOption("BasicAuth", func(s *serverSpec) { s.user, s.password, s.auth = user, password, true })
}

// HTTPS serves over TLS with an identity, whose name or IP must be 127.0.0.1: ca.Leaf("127.0.0.1", pkitest.ServerAuth).
func HTTPS(id *Identity) Option {
	return serverOption("HTTPS", func(s *serverSpec) { s.identity = id })
}

// MutualTLS demands a TLS client certificate that chains to an authority. It goes with [HTTPS].
func MutualTLS(clients *Authority) Option {
	return serverOption("MutualTLS", func(s *serverSpec) { s.clients = clients })
}

// A Server answers on loopback until it is closed.
type Server struct {
	URL string // "http://127.0.0.1:port", without final slash

	server   *http.Server
	done     chan struct{}
	mu       sync.Mutex
	requests []string
}

// ErrServed is returned by a second [PKI.Serve].
var ErrServed = errors.New("pkitest: this PKI already has its server")

// Serve answers for every authority, responder and timestamp authority of the PKI, now or later declared, on a free loopback
// port. Certificates issued after it name its URLs: CRL, OCSP and caIssuers. An authority's URL for OCSP is answered by the
// last [Responder] declared for it, else by the authority itself. Options: [BasicAuth], [HTTPS], [MutualTLS].
func (p *PKI) Serve(options ...Option) (*Server, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.served {
		return nil, ErrServed
	}
	server, err := serve(http.HandlerFunc(p.route), options)
	if err != nil {
		return nil, err
	}
	p.base, p.served = server.URL, true
	return server, nil
}

// Serve answers for this timestamp authority alone, at the server's URL, with an authentication of its own.
func (t *TimestampAuthority) Serve(options ...Option) (*Server, error) { return serve(t, options) }

func serve(handler http.Handler, options []Option) (*Server, error) {
	s := collect(onServer, "server", options).server
	if s.clients != nil && s.identity == nil {
		return nil, errors.New("pkitest: MutualTLS needs HTTPS")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("pkitest: %w", err)
	}
	server := &Server{URL: "http://" + listener.Addr().String(), done: make(chan struct{})}
	if s.identity != nil {
		config := &tls.Config{Certificates: []tls.Certificate{s.identity.TLS()}}
		if s.clients != nil {
			config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
			config.ClientCAs.AddCert(s.clients.Certificate)
			config.Time = s.clients.pki.Now
		}
		listener = tls.NewListener(listener, config)
		server.URL = "https" + strings.TrimPrefix(server.URL, "http")
	}
	server.server = &http.Server{
		Handler:           server.guard(handler, s),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // failed handshakes are part of tests
	}
	go func() {
		defer close(server.done)
		server.server.Serve(listener)
	}()
	return server, nil
}

// Close stops the server and the answers under way.
func (s *Server) Close() error {
	err := s.server.Close()
	<-s.done
	return err
}

// Requests lists what was asked so far, "GET /ca1.crl", in order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) guard(next http.Handler, spec serverSpec) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		if spec.auth {
			user, password, _ := r.BasicAuth()
			want, got := sha256.Sum256([]byte(spec.user+"\x00"+spec.password)), sha256.Sum256([]byte(user+"\x00"+password))
			if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
				w.Header().Set("WWW-Authenticate", `Basic realm="pkitest"`)
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// route finds who answers for a path: /ca1.crl, /ca1.cer, /ca1/ocsp, /tsa1.
func (p *PKI) route(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	authorities, tsas := slices.Clone(p.authorities), slices.Clone(p.tsas)
	p.mu.Unlock()
	for _, t := range tsas {
		if r.URL.Path == fmt.Sprintf("/tsa%d", t.number) {
			t.ServeHTTP(w, r)
			return
		}
	}
	for _, a := range authorities {
		path, ok := strings.CutPrefix(r.URL.Path, fmt.Sprintf("/ca%d", a.number))
		switch {
		case !ok:
			continue
		case path == ".crl":
			a.serveCRL(w)
		case path == ".cer":
			w.Header().Set("Content-Type", "application/pkix-cert")
			w.Write(a.DER)
		case path == "/ocsp" || strings.HasPrefix(path, "/ocsp/"):
			p.responderFor(a).ServeHTTP(w, r)
		default:
			continue
		}
		return
	}
	http.NotFound(w, r)
}

func (p *PKI) responderFor(a *Authority) *Responder {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.responders[a]; r != nil {
		return r
	}
	return &Responder{Identity: &a.Identity, authority: a}
}

// Publish sets how the CRL that the server gives is made from now on: [Late], [WrongKey], [Unavailable]…
func (a *Authority) Publish(options ...Option) {
	collect(onCRL, "CRL", options)
	a.published.set(options)
}

func (a *Authority) serveCRL(w http.ResponseWriter) {
	if a.published.fails() {
		http.Error(w, "unavailable", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/pkix-crl")
	w.Write(a.CRL(a.published.options()...))
}

const maxRequest = 64 << 10

// ServeHTTP answers by POST, and by GET with the request in base64 at the end of the path: RFC 6960 appendix A.1.
func (r *Responder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxRequest))
	if request.Method == http.MethodGet {
		_, text, _ := strings.Cut(request.URL.EscapedPath(), "/ocsp/")
		if text, err = url.PathUnescape(text); err == nil {
			body, err = base64.StdEncoding.DecodeString(text)
		}
	}
	if err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	if r.behaviour.fails() {
		http.Error(w, "unavailable", http.StatusInternalServerError)
		return
	}
	response, err := r.Respond(body)
	if err != nil {
		response = sequence(enumerated(1)) // malformedRequest
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	w.Write(response)
}

// ServeHTTP answers a POST of application/timestamp-query: RFC 3161 §3.4.
func (t *TimestampAuthority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "POST application/timestamp-query", http.StatusBadRequest)
		return
	}
	response, err := t.Respond(r.Context(), body)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return
	case err != nil:
		http.Error(w, "unavailable", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.Write(response)
}

func (p *PKI) isServed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}

func (p *PKI) url(format string, args ...any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.base + fmt.Sprintf(format, args...)
}

// CRLURL is where the authority's CRL is, in the certificates it issues.
func (a *Authority) CRLURL() string { return a.pki.url("/ca%d.crl", a.number) }

// OCSPURL is where its responder is.
func (a *Authority) OCSPURL() string { return a.pki.url("/ca%d/ocsp", a.number) }

// CertificateURL is where its certificate is (caIssuers).
func (a *Authority) CertificateURL() string { return a.pki.url("/ca%d.cer", a.number) }
