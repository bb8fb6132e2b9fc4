package timestamp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/cadre-confiance/confiance/internal/tsp"
)

// exchange sends the request until it has an answer or the attempts are spent, and returns the token in it.
func (c *Client) exchange(ctx context.Context, message []byte) ([]byte, error) {
	pause := c.options.Backoff
	for attempt := 1; ; attempt++ {
		token, again, err := c.attempt(ctx, message)
		if err == nil {
			return token, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("timestamp: %s: %w", c.name, context.Cause(ctx))
		}
		if again < 0 || attempt >= c.options.Attempts {
			if attempt > 1 {
				err = fmt.Errorf("%w (attempt %d of %d)", err, attempt, c.options.Attempts)
			}
			return nil, err
		}
		if err := wait(ctx, max(again, pause)); err != nil {
			return nil, fmt.Errorf("timestamp: %s: %w", c.name, err)
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

// never is what attempt returns for a failure that another attempt would meet again.
const never = -1

// attempt is one POST (RFC 3161 §3.4). again is how long the server wants us to wait, or never.
func (c *Client) attempt(ctx context.Context, message []byte) (token []byte, again time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.options.URL, bytes.NewReader(message))
	if err != nil {
		return nil, never, fmt.Errorf("timestamp: %w", err)
	}
	request.Header.Set("Content-Type", "application/timestamp-query")
	request.Header.Set("Accept", "application/timestamp-reply")
	if c.options.Username != "" {
		request.SetBasicAuth(c.options.Username, c.options.Password)
	}
	response, err := c.options.HTTPClient.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("timestamp: %s: %w", c.name, withoutURL(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		io.CopyN(io.Discard, response.Body, 64<<10) // lets the connection be used again
		again = never
		if response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
			again = retryAfter(response)
		}
		return nil, again, &HTTPError{Authority: c.name, Code: response.StatusCode}
	}
	if err := checkMediaType(response.Header.Get("Content-Type")); err != nil {
		return nil, never, fmt.Errorf("%w (%s)", err, c.name)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, responseLimit+1))
	if err != nil {
		return nil, 0, fmt.Errorf("timestamp: %s: reading the answer: %w", c.name, err)
	}
	if len(body) > responseLimit {
		return nil, never, fmt.Errorf("%w of %d octets (%s)", ErrTooLarge, responseLimit, c.name)
	}
	return c.granted(body)
}

// granted returns the token of a response whose status says that there is one.
func (c *Client) granted(body []byte) (token []byte, again time.Duration, err error) {
	parsed, err := tsp.ParseResponse(body)
	if err != nil {
		return nil, never, fmt.Errorf("%w: %w (%s)", ErrMalformed, err, c.name)
	}
	if !parsed.IsGranted() {
		refusal := &StatusError{Authority: c.name, Status: parsed.Status, Text: parsed.StatusText, FailInfo: uint32(parsed.FailInfo)}
		if refusal.temporary() {
			return nil, 0, refusal
		}
		return nil, never, refusal
	}
	return parsed.Token, never, nil
}

// checkMediaType accepts the type of RFC 3161 §3.4 and the name that some authorities give it.
func checkMediaType(header string) error {
	mediaType, _, err := mime.ParseMediaType(header)
	if err != nil || mediaType != "application/timestamp-reply" && mediaType != "application/timestamp-response" {
		return fmt.Errorf("%w but %q", ErrMediaType, header)
	}
	return nil
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
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
