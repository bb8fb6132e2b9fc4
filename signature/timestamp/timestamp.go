// Package timestamp asks RFC 3161 authorities for timestamp tokens, and reads tokens into facts.
//
// [NewClient] speaks to one authority over HTTP, and accepts from it nothing but what was asked: [FailOver] tries the next
// one when the first does not answer, or lies. Both are an [Authority], which is all that the signing packages want:
//
//	authority, err := timestamp.NewClient(timestamp.Options{
//		URL:        "https://horodatage.example/tsp",
//		HTTPClient: &http.Client{Timeout: 20 * time.Second},
//		Now:        time.Now,
//		Anchors:    [][]byte{root}, // DER of the authorities that may issue timestamping certificates
//	})
//	token, err := authority.Timestamp(ctx, crypto.SHA256, digest)
//
// [Parse] and [Add] read a token into facts with no verdict: whether it proves anything is for package validation to say,
// years later if need be. [Read] reads a file that is a token or a response alone.
//
// An authority that asks for a client certificate is reached with an http.Client whose transport holds it:
//
//	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{ours}}}
//	options.HTTPClient = &http.Client{Transport: transport}
package timestamp

import (
	"context"
	"crypto"
	"errors"
	"fmt"
)

// An Authority makes timestamp tokens. Implementations are safe for concurrent use.
type Authority interface {
	// Timestamp returns the DER of a token (a ContentInfo, RFC 3161 §2.4.2) over a digest computed with hash.
	Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (token []byte, err error)
	// TokenSize is how long a token may be, in octets: what a format that leaves room for it must leave.
	TokenSize() int
}

// ErrNoAuthority is returned by a FailOver of nobody.
var ErrNoAuthority = errors.New("timestamp: no authority to ask")

// FailOver asks the authorities in order until one answers with a token. When none does, the error holds what each said. A
// cancelled context ends it at once.
func FailOver(authorities ...Authority) Authority { return failOver(authorities) }

type failOver []Authority

func (f failOver) Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) ([]byte, error) {
	failures := make([]error, 0, len(f))
	for _, authority := range f {
		token, err := authority.Timestamp(ctx, hash, digest)
		if err == nil {
			return token, nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	if len(failures) == 0 {
		return nil, ErrNoAuthority
	}
	return nil, fmt.Errorf("timestamp: no authority of %d answered with a token: %w", len(f), errors.Join(failures...))
}

func (f failOver) TokenSize() int {
	size := 0
	for _, authority := range f {
		size = max(size, authority.TokenSize())
	}
	return size
}
