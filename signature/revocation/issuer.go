package revocation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// An IssuerSource gives certificates that may have issued another. Implementations are safe for concurrent use.
type IssuerSource interface {
	// Issuers returns certificates, in DER, whose subject is the issuer of the given one, and whatever came with them. None is
	// believed for having been fetched: their signature, and a chain to an anchor, are for others to check. A source that has
	// nothing returns no certificate and no error.
	Issuers(ctx context.Context, certificate []byte) ([][]byte, error)
}

// An IssuerClient is an [IssuerSource] that fetches over HTTP what certificates name as caIssuers (RFC 5280 §4.2.2.1): one
// certificate, in DER or PEM, or a certs-only CMS message (.p7c). It is safe for concurrent use.
type IssuerClient struct{ web *web }

// NewIssuerClient checks the options. More is asked with the certificate itself, since its issuer is not known.
func NewIssuerClient(o Options) (*IssuerClient, error) {
	w, err := newWeb(o)
	if err != nil {
		return nil, err
	}
	return &IssuerClient{w}, nil
}

// issuersKept is for how long the certificates of issuers are kept. They have no nextUpdate.
const issuersKept = 24 * time.Hour

// Issuers asks the addresses of a certificate in turn until one gives a certificate of the issuer's name.
func (c *IssuerClient) Issuers(ctx context.Context, certificate []byte) ([][]byte, error) {
	subject, err := pkix.ParseCertificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	var failures []error
	for _, address := range c.web.addresses(subject.CAIssuers, certificate) {
		list, err := c.issuers(ctx, subject, address)
		if err == nil {
			return list, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func (c *IssuerClient) issuers(ctx context.Context, subject *pkix.Certificate, address string) (list [][]byte, err error) {
	key := storeKey("issuer", address, subject.RawIssuer)
	if c.web.o.Store != nil {
		end, err := c.web.turns.take(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("revocation: %w", err)
		}
		defer end()
		if kept, err := c.web.o.Store.Open(ctx, key); err == nil && kept != nil {
			defer kept.Close()
			if age := c.web.o.Now().Sub(kept.Fetched); age >= 0 && age < issuersKept {
				if list, _, err := readIssuers(kept, subject); err == nil {
					return list, nil
				}
			}
		}
	}
	m := message{address: address, accept: "application/pkix-cert, application/pkcs7-mime, */*;q=0.1", limit: limits.IssuerBundle}
	err = c.web.fetch(ctx, m, func(answer io.Reader) error {
		keeper := c.web.keep(ctx, key)
		defer keeper.Abandon()
		var isProved bool
		if list, isProved, err = readIssuers(io.TeeReader(answer, keeper), subject); err == nil && isProved {
			keeper.Commit(Freshness{Fetched: c.web.o.Now()})
		}
		return err
	})
	return list, err
}

// readIssuers reads certificates, those of the issuer's name first. isProved says that the key of one of these signed subject:
// only then is the answer kept.
func readIssuers(r io.Reader, subject *pkix.Certificate) (list [][]byte, isProved bool, err error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, false, fmt.Errorf("revocation: reading a certificate: %w", err)
	}
	certificates, err := parseBundle(raw)
	if err != nil {
		return nil, false, err
	}
	var others [][]byte
	seen := map[string]bool{}
	for _, c := range certificates {
		id := sha256.Sum256(c.Raw)
		if name := hex.EncodeToString(id[:]); seen[name] {
			continue
		} else {
			seen[name] = true
		}
		if !c.Subject.Equal(subject.Issuer) {
			others = append(others, c.Raw)
			continue
		}
		list = append(list, c.Raw)
		isProved = isProved || pkix.CheckIssued(subject, c) == nil
	}
	if len(list) == 0 {
		return nil, false, ErrNoIssuer
	}
	return append(list, others...), isProved, nil
}
