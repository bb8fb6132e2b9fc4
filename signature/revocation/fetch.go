package revocation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Options are those of every client. HTTPClient and Now are required.
type Options struct {
	HTTPClient *http.Client // its proxy and TLS settings are the caller's; redirects are followed at most 5 times
	// Now is our clock: it tells what is kept from what must be asked again.
	Now func() time.Time
	// Store keeps what was fetched and what the issuer vouches for. Nil keeps nothing.
	Store Store
	// Allow is asked before each request and each redirect, since addresses come from certificates that anybody can have made;
	// its error refuses one. Nil allows every http and https address. See also [RefusePrivate].
	Allow func(*url.URL) error
	// More gives addresses to ask after those that a certificate names, by the DER of its issuer: for authorities that name none.
	More func(issuer []byte) []string

	Attempts int           // how many times to try when the network or the server fails, 2 when zero
	Backoff  time.Duration // before the second attempt, then doubled, 500 ms when zero
	Timeout  time.Duration // of one attempt, the answer included, 30 s when zero
	// Pause is for how long an address that failed is not asked again, and one whose answer is not fresh enough neither, 1 minute
	// when zero.
	Pause time.Duration
	// Hold is the longest list, in octets, that a datum holds whole: 4 MiB when zero, none when negative.
	Hold int64
	// MaxSize is the longest list fetched, in octets: 512 MiB when zero, which is also the most there may be.
	MaxSize int64
}

func (o *Options) complete() error {
	switch {
	case o.HTTPClient == nil:
		return fmt.Errorf("%w: HTTPClient is missing", ErrOptions)
	case o.Now == nil:
		return fmt.Errorf("%w: Now is missing, give time.Now", ErrOptions)
	case o.Attempts < 0 || o.Backoff < 0 || o.Timeout < 0 || o.Pause < 0 || o.MaxSize < 0:
		return fmt.Errorf("%w: a negative number", ErrOptions)
	case o.MaxSize > limits.CRLSize:
		return fmt.Errorf("%w: lists of more than %d octets are not read", ErrOptions, limits.CRLSize)
	}
	setDefault(&o.Attempts, 2)
	setDefault(&o.Backoff, 500*time.Millisecond)
	setDefault(&o.Timeout, 30*time.Second)
	setDefault(&o.Pause, time.Minute)
	setDefault(&o.Hold, limits.RevocationHeld)
	setDefault(&o.MaxSize, limits.CRLSize)
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// RefusePrivate is a net.Dialer's Control that connects to public addresses only: whoever writes a certificate otherwise chooses
// what a server inside a private network is asked.
//
//	dialer := &net.Dialer{Control: revocation.RefusePrivate}
//	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
func RefusePrivate(network, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	ip = ip.Unmap()
	inner := slices.ContainsFunc(innerAddresses, func(p netip.Prefix) bool { return p.Contains(ip) })
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || inner {
		return fmt.Errorf("%w: %s is not a public address", ErrAddress, ip)
	}
	return nil
}

// innerAddresses are those that package netip does not call private and that lead inside all the same.
var innerAddresses = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),      // RFC 1122 §3.2.1.3: this network
	netip.MustParsePrefix("100.64.0.0/10"),  // RFC 6598: shared by the customers of a provider
	netip.MustParsePrefix("192.0.0.0/24"),   // RFC 6890
	netip.MustParsePrefix("198.18.0.0/15"),  // RFC 2544: benchmarks
	netip.MustParsePrefix("64:ff9b::/96"),   // RFC 6052: an IPv4 address inside, as in the next two
	netip.MustParsePrefix("64:ff9b:1::/48"), // RFC 8215
	netip.MustParsePrefix("2002::/16"),      // RFC 3056
}

// A web fetches over HTTP, within bounds.
type web struct {
	o        Options
	client   *http.Client
	failures *pkix.Cache[string, failure]
	turns    turns
}

type failure struct {
	until time.Time
	err   error
}

func newWeb(o Options) (*web, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	w := &web{o: o, failures: pkix.NewCache[string, failure](limits.RevocationFailures)}
	client := *o.HTTPClient
	own := client.CheckRedirect
	client.CheckRedirect = func(request *http.Request, via []*http.Request) error {
		if len(via) > limits.Redirects {
			return fmt.Errorf("%w: more than %d redirects", ErrAddress, limits.Redirects)
		}
		if err := w.allowed(request.URL); err != nil {
			return err
		}
		if own != nil {
			return own(request, via)
		}
		return nil
	}
	w.client = &client
	return w, nil
}

const maxAddress = 2048 // octets

func (w *web) allowed(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%w: neither http nor https", ErrAddress)
	case u.User != nil:
		return fmt.Errorf("%w: with a user", ErrAddress)
	case w.o.Allow != nil:
		if err := w.o.Allow(u); err != nil {
			return fmt.Errorf("%w: %w", ErrAddress, err)
		}
	}
	return nil
}

// display is an address for messages, without what may be secret.
func display(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// A message is one request: a GET when there is no body.
type message struct {
	address           string
	body              func() io.Reader // nil for GET
	mediaType, accept string
	limit             int64 // of the answer, in octets
}

// An again is an error that another attempt may not meet.
type again struct {
	error
	after time.Duration
}

func (a again) Unwrap() error { return a.error }

// fetch sends a message until there is an answer that read takes, or the attempts are spent. An address that failed is left
// alone for a while.
func (w *web) fetch(ctx context.Context, m message, read func(io.Reader) error) error {
	u, err := url.Parse(m.address)
	if err != nil {
		return fmt.Errorf("%w: one that cannot be read", ErrAddress)
	}
	name := display(u)
	if err := w.allowed(u); err != nil {
		return fmt.Errorf("%w (%s)", err, name)
	}
	if f, ok := w.failures.Get(m.address); ok && w.o.Now().Before(f.until) {
		return fmt.Errorf("%w (asked less than %s ago)", f.err, w.o.Pause)
	}
	pause := w.o.Backoff
	for attempt := 1; ; attempt++ {
		err := w.attempt(ctx, m, name, read)
		var more again
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("revocation: %s: %w", name, context.Cause(ctx))
		case !errors.As(err, &more):
			return err
		case attempt >= w.o.Attempts:
			err = more.error
			if attempt > 1 {
				err = fmt.Errorf("%w (attempt %d of %d)", err, attempt, w.o.Attempts)
			}
			w.failures.Put(m.address, failure{w.o.Now().Add(w.o.Pause), err})
			return err
		}
		if err := wait(ctx, max(pause, more.after)); err != nil {
			return fmt.Errorf("revocation: %s: %w", name, err)
		}
		pause = min(2*pause, maxPause)
	}
}

// maxPause bounds both our backoff and what a server may ask of us with Retry-After.
const maxPause = 30 * time.Second

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *web) attempt(ctx context.Context, m message, name string, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, w.o.Timeout)
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	if m.body != nil {
		method, body = http.MethodPost, m.body()
	}
	request, err := http.NewRequestWithContext(ctx, method, m.address, body)
	if err != nil {
		return fmt.Errorf("%w: one that cannot be read", ErrAddress)
	}
	if m.mediaType != "" {
		request.Header.Set("Content-Type", m.mediaType)
	}
	if m.accept != "" {
		request.Header.Set("Accept", m.accept)
	}
	response, err := w.client.Do(request)
	if err != nil {
		err = withoutURL(err)
		if errors.Is(err, ErrAddress) { // a redirect
			return fmt.Errorf("%w (%s)", err, name)
		}
		return again{error: fmt.Errorf("%w: %s: %w", ErrUnreachable, name, err)}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		io.CopyN(io.Discard, response.Body, 64<<10) // lets the connection be used again
		err := &HTTPError{Address: name, Code: response.StatusCode}
		if response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
			return again{err, retryAfter(response)}
		}
		return err
	}
	answer := &bounded{r: response.Body, left: m.limit}
	if err = read(answer); err == nil {
		return nil
	}
	err = fmt.Errorf("%w (%s)", err, name)
	if answer.failed != nil && !errors.Is(answer.failed, ErrTooLarge) {
		return again{error: err}
	}
	return err
}

func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, maxPause)
}

// withoutURL takes off the *url.Error: it repeats the URL, whose query may hold a key.
func withoutURL(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// bounded reads at most so many octets, and remembers how reading failed.
type bounded struct {
	r      io.Reader
	left   int64
	failed error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		var one [1]byte
		n, err := b.r.Read(one[:])
		if n > 0 {
			err = ErrTooLarge
		}
		if err != nil && err != io.EOF {
			b.failed = err
		}
		return 0, err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.failed = err
	}
	return n, err
}

// storeKey names what is kept: a kind, and what was asked of whom.
func storeKey(kind, address string, about []byte) string {
	sum := sha256.Sum256(about)
	return kind + " " + hex.EncodeToString(sum[:8]) + " " + address
}

// named returns the addresses among those given that are http or https, each once.
func (w *web) named(given []string) []string {
	var list []string
	for _, address := range given {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || len(address) > maxAddress || slices.Contains(list, address) {
			continue
		}
		if len(list) < limits.RevocationURLs {
			list = append(list, address)
		}
	}
	return list
}

// addresses returns the addresses that a certificate names, then those that the options give for its issuer.
func (w *web) addresses(given []string, issuer []byte) []string {
	if w.o.More != nil {
		given = append(given[:len(given):len(given)], w.o.More(issuer)...)
	}
	return w.named(given)
}
