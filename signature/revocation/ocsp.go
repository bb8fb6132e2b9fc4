package revocation

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// OCSPOptions are those of an [OCSPClient].
type OCSPOptions struct {
	Options
	// Hash names certificates in requests: crypto.SHA1, which every responder knows, when zero, or crypto.SHA256. It identifies and
	// protects nothing (RFC 6960 §4.3).
	Hash crypto.Hash
	// Nonce asks for an answer made for this request (RFC 9654). One with another nonce is refused. Many responders answer with
	// what they made in advance, without a nonce: RequireNonce refuses those too.
	Nonce, RequireNonce bool
	// Post never asks by GET. Otherwise a request without nonce that is short enough is a GET first (RFC 6960 §A.1), which caches
	// on the way may answer, then a POST.
	Post bool
}

// An OCSPClient is a [Source] that asks the responders that certificates name (RFC 6960, AIA of RFC 5280 §4.2.2.1). It is safe for
// concurrent use.
type OCSPClient struct {
	web *web
	o   OCSPOptions
}

// NewOCSPClient checks the options.
func NewOCSPClient(o OCSPOptions) (*OCSPClient, error) {
	if o.Hash == 0 {
		o.Hash = crypto.SHA1
	}
	if pkix.DigestAlgorithm(o.Hash).OID == "" || !o.Hash.Available() {
		return nil, fmt.Errorf("%w: no digest %d", ErrOptions, o.Hash)
	}
	o.Nonce = o.Nonce || o.RequireNonce
	w, err := newWeb(o.Options)
	if err != nil {
		return nil, err
	}
	return &OCSPClient{w, o}, nil
}

// Fetch asks the responders of a certificate in turn until one gives its status. A response that is not about the certificate,
// that repeats another nonce, or that nobody entitled signed (the issuer, or a responder whose certificate for that purpose the
// issuer signed, RFC 6960 §4.2.2.2) is an error. A response whose signer is not at hand is returned, and not kept.
func (c *OCSPClient) Fetch(ctx context.Context, certificate, issuer []byte, notBefore time.Time) ([]Datum, error) {
	subject, err := pkix.ParseCertificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	from, err := pkix.ParseCertificate(issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: issuer: %w", ErrCertificate, err)
	}
	id, err := pkix.NewCertID(c.o.Hash, subject, from)
	if err != nil {
		return nil, fmt.Errorf("revocation: %w", err)
	}
	q := statusRequest{client: c, certificate: certificate, issuer: issuer, id: id, notBefore: notBefore}
	var failures []error
	for _, address := range c.web.addresses(subject.OCSPServers, issuer) {
		datum, err := q.status(ctx, address)
		if err == nil {
			return []Datum{datum}, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// A statusRequest asks for one status.
type statusRequest struct {
	client              *OCSPClient
	certificate, issuer []byte
	id                  pkix.CertID
	notBefore           time.Time
}

// status gets a response out of the store or from a responder. When a newer one cannot be had, the one kept does.
func (q *statusRequest) status(ctx context.Context, address string) (Datum, error) {
	w := q.client.web
	about, err := (&pkix.OCSPRequest{Certificates: []pkix.CertID{q.id}}).Marshal()
	if err != nil {
		return Datum{}, fmt.Errorf("revocation: %w", err)
	}
	key := storeKey("ocsp", address, about)
	if w.o.Store == nil {
		return q.fetch(ctx, address, key, about)
	}
	end, err := w.turns.take(ctx, key)
	if err != nil {
		return Datum{}, fmt.Errorf("revocation: %w", err)
	}
	defer end()
	if datum, ok := q.kept(ctx, key, address, false); ok {
		return datum, nil
	}
	datum, err := q.fetch(ctx, address, key, about)
	if err != nil && ctx.Err() == nil {
		if old, ok := q.kept(ctx, key, address, true); ok {
			return old, nil
		}
	}
	return datum, err
}

func (q *statusRequest) kept(ctx context.Context, key, address string, atAnyAge bool) (Datum, bool) {
	w := q.client.web
	kept, err := w.o.Store.Open(ctx, key)
	if err != nil || kept == nil {
		return Datum{}, false
	}
	defer kept.Close()
	if !atAnyAge && !kept.fresh(w.o.Now(), q.notBefore, w.o.Pause) {
		return Datum{}, false
	}
	datum, err := readResponse(kept, address)
	return datum, err == nil
}

// fetch asks a responder, by GET first if that is allowed.
func (q *statusRequest) fetch(ctx context.Context, address, key string, about []byte) (Datum, error) {
	request, nonce := about, []byte(nil)
	if q.client.o.Nonce {
		nonce = make([]byte, limits.OCSPNonce)
		if _, err := rand.Read(nonce); err != nil {
			return Datum{}, fmt.Errorf("revocation: %w", err)
		}
		var err error
		if request, err = (&pkix.OCSPRequest{Certificates: []pkix.CertID{q.id}, Nonce: nonce}).Marshal(); err != nil {
			return Datum{}, fmt.Errorf("revocation: %w", err)
		}
	} else if path := getPath(request); !q.client.o.Post && len(path) <= maxGet {
		datum, at, err := q.ask(ctx, message{address: strings.TrimSuffix(address, "/") + "/" + path}, address, key, nil)
		// A cache on the way may hold an old answer, and some responders do not know GET.
		if err == nil && !at.Before(q.notBefore) || ctx.Err() != nil || errors.Is(err, ErrUnreachable) {
			return datum, err
		}
	}
	m := message{address: address, mediaType: "application/ocsp-request", body: func() io.Reader { return bytes.NewReader(request) }}
	datum, _, err := q.ask(ctx, m, address, key, nonce)
	return datum, err
}

// maxGet is how long a request in base64 may be to go by GET (RFC 6960 §A.1).
const maxGet = 255

func getPath(request []byte) string {
	return url.PathEscape(base64.StdEncoding.EncodeToString(request))
}

// ask sends one request, and keeps the answer if it is believable.
func (q *statusRequest) ask(ctx context.Context, m message, address, key string, nonce []byte) (datum Datum, at time.Time, err error) {
	w := q.client.web
	m.accept, m.limit = "application/ocsp-response", limits.OCSPResponseSize
	err = w.fetch(ctx, m, func(answer io.Reader) error {
		keeper := w.keep(ctx, key)
		defer keeper.Abandon()
		if datum, err = readResponse(io.TeeReader(answer, keeper), address); err != nil {
			var refusal *facts.ResponseStatusError
			if errors.As(err, &refusal) && refusal.Temporary() {
				return again{error: err}
			}
			return err
		}
		if err := q.checkNonce(nonce, datum.Facts.OCSP.Nonce); err != nil {
			return err
		}
		one := []Datum{datum}
		a := assess(q.certificate, q.issuer, one)
		datum, at = one[0], a.thisUpdate
		switch {
		case a.err != nil:
			return a.err
		case !a.concerns:
			return ErrOther
		case a.authentic:
			f := Freshness{ThisUpdate: a.thisUpdate, Fetched: w.o.Now()}
			if a.nextUpdate != nil {
				f.NextUpdate = *a.nextUpdate
			}
			keeper.Commit(f)
		}
		return nil
	})
	return datum, at, err
}

func (q *statusRequest) checkNonce(sent, got []byte) error {
	switch {
	case sent == nil || bytes.Equal(sent, got):
		return nil
	case got == nil && !q.client.o.RequireNonce:
		return nil
	}
	return ErrNonce
}

func readResponse(r io.Reader, address string) (Datum, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Datum{}, fmt.Errorf("revocation: reading a response: %w", err)
	}
	response, certificates, err := facts.ReadOCSP(raw)
	if err != nil {
		return Datum{}, err
	}
	response.Origin, response.URL = facts.FromNetwork, address
	return newResponse(response, certificates)
}

func newResponse(response facts.Revocation, certificates [][]byte) (Datum, error) {
	whole, err := pkix.WrapOCSP(response.Raw)
	return Datum{Facts: response, Certificates: certificates, DER: whole}, err
}
