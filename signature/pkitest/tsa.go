package pkitest

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/tsp"
)

type tsaSpec struct {
	policy       string
	accuracy     time.Duration
	noAccuracy   bool
	ordering     bool
	named        bool
	wrongImprint bool
	wrongNonce   bool
	wrongPolicy  bool
	dropNonce    bool
	shift        time.Duration
	status       int
	failInfo     int
	garbage      []byte
	delay        time.Duration
	withoutCerts bool
	essSHA1      bool
	wrongESS     bool
	noESS        bool
	contentType  string
	version      byte
}

func tsaOption(name string, apply func(*tsaSpec)) Option {
	return setting{name, onTSA, func(s *spec) { apply(&s.tsa) }}
}

// TokenPolicy is the policy of the tokens, [TimestampPolicy] by default, and the only one that a request may ask.
func TokenPolicy(oid string) Option {
	return tsaOption("TokenPolicy", func(t *tsaSpec) { t.policy = oid })
}

// Accuracy is the accuracy of genTime: one second by default (RGS A5 III), absent when 0.
func Accuracy(d time.Duration) Option {
	return tsaOption("Accuracy", func(t *tsaSpec) { t.accuracy, t.noAccuracy = d, d == 0 })
}

// Ordering sets ordering TRUE. RGS A5 VIII.1 wants it absent or false.
func Ordering() Option { return tsaOption("Ordering", func(t *tsaSpec) { t.ordering = true }) }

// Named fills the tsa field with the subject of the unit.
func Named() Option { return tsaOption("Named", func(t *tsaSpec) { t.named = true }) }

// WrongImprint timestamps another imprint than the one asked.
func WrongImprint() Option {
	return tsaOption("WrongImprint", func(t *tsaSpec) { t.wrongImprint = true })
}

// DropNonce leaves the nonce of the request out of the token.
func DropNonce() Option { return tsaOption("DropNonce", func(t *tsaSpec) { t.dropNonce = true }) }

// WrongPolicy puts a policy that is neither the authority's nor the one asked.
func WrongPolicy() Option { return tsaOption("WrongPolicy", func(t *tsaSpec) { t.wrongPolicy = true }) }

// Shift moves genTime from the clock: into the past if negative.
func Shift(d time.Duration) Option { return tsaOption("Shift", func(t *tsaSpec) { t.shift = d }) }

// Rejects answers with a PKIStatus (2 rejection, 3 waiting, 4 revocationWarning, 5 revocationNotification) and no token.
// failInfo is a bit of PKIFailureInfo, such as 0 badAlg, 2 badRequest, 14 timeNotAvailable; -1 for none: RFC 3161 §2.4.2.
func Rejects(status, failInfo int) Option {
	return tsaOption("Rejects", func(t *tsaSpec) { t.status, t.failInfo = status, failInfo })
}

// GrantedWithMods answers status 1 with a sound token.
func GrantedWithMods() Option { return tsaOption("GrantedWithMods", func(t *tsaSpec) { t.status = 1 }) }

// Garbage answers those octets whatever is asked.
func Garbage(octets []byte) Option {
	return tsaOption("Garbage", func(t *tsaSpec) { t.garbage = append([]byte{}, octets...) })
}

// Slow waits before it answers, in real time, or until the request is abandoned.
func Slow(d time.Duration) Option { return tsaOption("Slow", func(t *tsaSpec) { t.delay = d }) }

// LegacyESSCertID identifies the unit by SigningCertificate (SHA-1, RFC 2634) instead of SigningCertificateV2.
func LegacyESSCertID() Option {
	return tsaOption("LegacyESSCertID", func(t *tsaSpec) { t.essSHA1 = true })
}

// WrongESSCertID identifies another certificate.
func WrongESSCertID() Option {
	return tsaOption("WrongESSCertID", func(t *tsaSpec) { t.wrongESS = true })
}

// NoESSCertID identifies none.
func NoESSCertID() Option { return tsaOption("NoESSCertID", func(t *tsaSpec) { t.noESS = true }) }

// TokenContentType is the eContentType, id-ct-TSTInfo by default.
func TokenContentType(oid string) Option {
	return tsaOption("TokenContentType", func(t *tsaSpec) { t.contentType = oid })
}

// TokenVersion is the version of the SignedData, 3 by default (RFC 5652 §5.1).
func TokenVersion(v int) Option {
	return tsaOption("TokenVersion", func(t *tsaSpec) { t.version = byte(v) })
}

// A TimestampAuthority makes RFC 3161 tokens in process ([TimestampAuthority.Timestamp]), from requests
// ([TimestampAuthority.Respond]) or over HTTP ([TimestampAuthority.ServeHTTP]).
type TimestampAuthority struct {
	*Identity // the timestamp unit
	number    int
	behaviour behaviour

	mu    sync.Mutex
	count int64 // tokens made, part of their serials
	size  int
}

// TimestampAuthority declares a timestamp unit certified by a, of usage [TSA]. Options for tokens apply to all of them,
// the others to its certificate, such as Without(OIDExtKeyUsage), Critical(OIDExtKeyUsage, false) or AsCA(true); see
// [ForCertificate] for those that could be either.
func (a *Authority) TimestampAuthority(name string, options ...Option) *TimestampAuthority {
	object, certificate := split(onTSA, options)
	collect(onTSA, "timestamp authority", object)
	return a.pki.timestampAuthority(a.Leaf(name, append([]Option{TSA}, certificate...)...), object)
}

// TimestampAuthorityOf makes tokens with any identity, whatever its certificate is for.
func (p *PKI) TimestampAuthorityOf(id *Identity, options ...Option) *TimestampAuthority {
	collect(onTSA, "timestamp authority", options)
	return p.timestampAuthority(id, options)
}

func (p *PKI) timestampAuthority(id *Identity, options []Option) *TimestampAuthority {
	t := &TimestampAuthority{Identity: id}
	t.behaviour.set(options)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tsas = append(p.tsas, t)
	t.number = len(p.tsas)
	return t
}

// Behave replaces the options of the tokens from now on.
func (t *TimestampAuthority) Behave(options ...Option) {
	collect(onTSA, "timestamp authority", options)
	t.behaviour.set(options)
}

// URL is where [PKI.Serve] answers for it.
func (t *TimestampAuthority) URL() string { return t.pki.url("/tsa%d", t.number) }

// ErrUnavailable is the error of an authority that [Unavailable] makes fail.
var ErrUnavailable = errors.New("pkitest: the timestamp authority is unavailable")

// Timestamp returns a token (DER ContentInfo) over the digest, with the certificate of the unit. It is what a timestamp client of the
// library offers, so that a TimestampAuthority stands for one in tests. An answer without token is an error.
func (t *TimestampAuthority) Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) ([]byte, error) {
	response, err := t.answer(ctx, &tsp.Request{Hash: hash, Imprint: digest, CertReq: true})
	if err != nil {
		return nil, err
	}
	if response.garbage != nil {
		return response.garbage, nil
	}
	if response.token == nil {
		return nil, fmt.Errorf("pkitest: the timestamp authority answered status %d", response.status)
	}
	return response.token, nil
}

// TokenSize bounds the length of a token in octets.
func (t *TimestampAuthority) TokenSize() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.size == 0 {
		s := collect(onTSA, "token", t.behaviour.options())
		large := new(big.Int).Lsh(big.NewInt(1), 158)
		token, err := t.token(s, &tsp.Request{Hash: crypto.SHA512, Imprint: make([]byte, 64), Nonce: large, CertReq: true}, large)
		if err != nil {
			panic("pkitest: " + err.Error())
		}
		t.size = len(token) + 64
	}
	return t.size
}

// Respond answers a DER TimeStampReq with a DER TimeStampResp, as HTTP does. The error is [ErrUnavailable] or that of ctx;
// a request that cannot be read is answered by a rejection.
func (t *TimestampAuthority) Respond(ctx context.Context, request []byte) ([]byte, error) {
	asked, err := tsp.ParseRequest(request)
	if err != nil {
		return rejection(tsp.Rejection, 2), nil // badRequest
	}
	response, err := t.answer(ctx, asked)
	if err != nil {
		return nil, err
	}
	if response.garbage != nil {
		return response.garbage, nil
	}
	if response.token == nil {
		return rejection(response.status, response.failInfo), nil
	}
	return tsp.Response{Status: response.status, Token: response.token}.Marshal()
}

type tsaResponse struct {
	status, failInfo int
	token            []byte
	garbage          []byte
}

// answer is one transaction: RFC 3161 §2.4.
func (t *TimestampAuthority) answer(ctx context.Context, request *tsp.Request) (tsaResponse, error) {
	if t.behaviour.fails() {
		return tsaResponse{}, ErrUnavailable
	}
	s := collect(onTSA, "token", t.behaviour.options())
	if s.tsa.delay > 0 {
		timer := time.NewTimer(s.tsa.delay)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	if err := ctx.Err(); err != nil {
		return tsaResponse{}, err
	}
	switch {
	case s.tsa.garbage != nil:
		return tsaResponse{garbage: s.tsa.garbage}, nil
	case s.tsa.status > 1:
		return tsaResponse{status: s.tsa.status, failInfo: s.tsa.failInfo}, nil
	case request.Hash == 0 || len(request.Imprint) != request.Hash.Size():
		return tsaResponse{status: tsp.Rejection, failInfo: 0}, nil // badAlg
	case request.Policy != "" && request.Policy.String() != s.tokenPolicy() && !s.tsa.wrongPolicy:
		return tsaResponse{status: tsp.Rejection, failInfo: 15}, nil // unacceptedPolicy
	}
	t.mu.Lock()
	t.count++
	n := t.count
	t.mu.Unlock()
	serial := make([]byte, 16)
	io.ReadFull(t.pki.stream("token", t.path, fmt.Sprint(n)), serial)
	serial[0] = serial[0]&0x7f | 0x40
	token, err := t.token(s, request, new(big.Int).SetBytes(serial))
	return tsaResponse{status: s.tsa.status, token: token}, err
}

func (s *spec) tokenPolicy() string {
	if s.tsa.policy != "" {
		return s.tsa.policy
	}
	return TimestampPolicy
}

// rejection is a TimeStampResp without token.
func rejection(status, failInfo int) []byte {
	parts := [][]byte{smallInteger(int64(status)), sequence(element(asn1.UTF8String, []byte("refus d'essai")))}
	if failInfo >= 0 {
		parts = append(parts, namedBits(1<<failInfo))
	}
	return sequence(sequence(parts...))
}
