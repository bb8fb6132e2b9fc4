package timestamp

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
)

// Options say which authority a Client asks and what it accepts from it. URL, HTTPClient, Now and Anchors are required.
type Options struct {
	URL        string       // http or https
	HTTPClient *http.Client // its timeout, proxy and TLS settings are the caller's
	// Now is our clock. A token whose time is further from it than MaxSkew is refused.
	Now     func() time.Time
	MaxSkew time.Duration // 5 minutes when zero

	// Anchors are the DER of the certificates that end a chain: authorities that issue timestamping certificates, or the
	// timestamping certificate itself. The chain is checked at the time of the token; revocation is for validation.
	Anchors [][]byte
	// UnsafeAnyAuthority accepts a token whoever signed it. Anyone on the path can then choose the time; only for an
	// authority that is reached by other safe means.
	UnsafeAnyAuthority bool
	// Intermediates are the DER of certificates that may complete a chain which the token does not hold whole.
	Intermediates [][]byte

	Policy string // dotted OID asked for, empty for the authority's own

	Username, Password string // HTTP basic authentication
	// UnsafePlaintextPassword sends the password over http to another host, in clear.
	UnsafePlaintextPassword bool

	Attempts  int           // how many times to try when the network or the server fails, 3 when zero
	Backoff   time.Duration // before the second attempt, then doubled, 500 ms when zero
	Timeout   time.Duration // of one attempt, 20 s when zero
	TokenSize int           // longest token expected in octets, 12 KiB when zero
}

// ErrOptions is matched by the errors of NewClient.
var ErrOptions = errors.New("timestamp: options")

// A Client asks one authority over HTTP (RFC 3161 §3.4). It is safe for concurrent use and keeps connections as its
// http.Client does.
type Client struct {
	options Options
	name    string // the URL for messages
	policy  der.OID
	chain   chainRules
	seen    atomic.Int64 // octets of the longest token so far
}

// tokenMargin is what two tokens of one authority may differ by: serial, time, nonce, accuracy, signature octets.
const tokenMargin = 256

// NewClient checks the options.
func NewClient(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%w: the URL is not one of http or https", ErrOptions)
	case u.User != nil:
		return nil, fmt.Errorf("%w: the URL holds a user: set Username and Password", ErrOptions)
	case o.HTTPClient == nil:
		return nil, fmt.Errorf("%w: HTTPClient is missing", ErrOptions)
	case o.Now == nil:
		return nil, fmt.Errorf("%w: Now is missing, give time.Now", ErrOptions)
	case len(o.Anchors) == 0 && !o.UnsafeAnyAuthority:
		return nil, fmt.Errorf("%w: no Anchors: a token would prove nothing", ErrOptions)
	case len(o.Anchors) > 0 && o.UnsafeAnyAuthority:
		return nil, fmt.Errorf("%w: Anchors and UnsafeAnyAuthority exclude each other", ErrOptions)
	case o.Username != "" && u.Scheme == "http" && !isLoopback(u.Hostname()) && !o.UnsafePlaintextPassword:
		return nil, fmt.Errorf("%w: a password over http is readable on the way: use https", ErrOptions)
	case o.Attempts < 0 || o.Backoff < 0 || o.Timeout < 0 || o.MaxSkew < 0 || o.TokenSize < 0:
		return nil, fmt.Errorf("%w: a negative number", ErrOptions)
	}
	c := &Client{options: o, name: (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()}
	if o.Policy != "" {
		if c.policy, err = der.ParseOID(o.Policy); err != nil {
			return nil, fmt.Errorf("%w: policy: %w", ErrOptions, err)
		}
	}
	if c.chain, err = newChainRules(o.Anchors, o.Intermediates); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	setDefault(&c.options.Attempts, 3)
	setDefault(&c.options.Backoff, 500*time.Millisecond)
	setDefault(&c.options.Timeout, 20*time.Second)
	setDefault(&c.options.MaxSkew, 5*time.Minute)
	setDefault(&c.options.TokenSize, 12<<10)
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// TokenSize is the longest token met so far with a margin, and what the options say before that.
func (c *Client) TokenSize() int {
	if seen := c.seen.Load(); seen > 0 {
		return int(seen) + tokenMargin
	}
	return c.options.TokenSize
}

// Timestamp asks for a token over a digest, and accepts it only if it is over that digest, repeats the nonce, is under the
// policy asked, at a time our clock agrees with, and is signed by a timestamping certificate that it names (ESSCertID) and
// that chains to an anchor. Failures of the network and of the server are tried again.
func (c *Client) Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) ([]byte, error) {
	if hash == crypto.SHA1 || hash == crypto.MD5 || !hash.Available() {
		return nil, fmt.Errorf("%w: %v as imprint", ErrUnsupported, hash)
	}
	if len(digest) != hash.Size() {
		return nil, fmt.Errorf("timestamp: %d octets are not a digest of %s", len(digest), pkix.DigestName(hash))
	}
	nonce, err := newNonce()
	if err != nil {
		return nil, err
	}
	request := &tsp.Request{Hash: hash, Imprint: digest, Policy: c.policy, Nonce: nonce, CertReq: true}
	message, err := request.Marshal()
	if err != nil {
		return nil, fmt.Errorf("timestamp: %w", err)
	}
	asked := c.options.Now()
	token, err := c.exchange(ctx, message)
	if err != nil {
		return nil, err
	}
	window := interval{from: asked.Add(-c.options.MaxSkew), to: c.options.Now().Add(c.options.MaxSkew)}
	if err := c.accept(token, request, window); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, c.name)
	}
	c.learn(len(token))
	return token, nil
}

func (c *Client) learn(size int) {
	for {
		seen := c.seen.Load()
		if int64(size) <= seen || c.seen.CompareAndSwap(seen, int64(size)) {
			return
		}
	}
}

// newNonce draws 63 bits: some authorities keep the nonce in a signed 64-bit integer.
func newNonce() (*big.Int, error) {
	var octets [8]byte
	if _, err := rand.Read(octets[:]); err != nil {
		return nil, err
	}
	octets[0] = octets[0]&0x7f | 0x40 // one length for every request
	return new(big.Int).SetBytes(octets[:]), nil
}

// responseLimit bounds what is read of an answer.
const responseLimit = limits.TimestampResponse
