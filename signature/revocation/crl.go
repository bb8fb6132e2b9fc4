package revocation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// A CRLClient is a [Source] that fetches lists over HTTP, from the distribution points that certificates name (RFC 5280
// §4.2.1.13), with the delta lists that complete them (§4.2.1.15, §5.2.6). A list of any length goes through a window of 64 KiB.
// It is safe for concurrent use.
type CRLClient struct{ web *web }

// NewCRLClient checks the options.
func NewCRLClient(o Options) (*CRLClient, error) {
	w, err := newWeb(o)
	if err != nil {
		return nil, err
	}
	return &CRLClient{w}, nil
}

// Fetch returns the lists of the distribution points of a certificate, until they give its status for all reasons of
// revocation, not older than notBefore. Of one point, addresses are tried until one answers. A list that is not about the certificate, or whose signature
// does not verify with the key of the issuer that it names, is an error; one that another key of the issuer or another issuer
// signed is returned, and not kept.
func (c *CRLClient) Fetch(ctx context.Context, certificate, issuer []byte, notBefore time.Time) ([]Datum, error) {
	subject, err := pkix.ParseCertificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	ask := listRequest{c.web, certificate, issuer, subject.RawSerial, notBefore}
	var found []Datum
	var failures []error
	asked := map[string]bool{}
	for _, point := range c.points(subject, issuer) {
		for _, address := range point {
			if asked[address] {
				break // one of this point's was asked for another
			}
			asked[address] = true
			datum, err := ask.list(ctx, address, false)
			if err != nil {
				failures = append(failures, err)
				if ctx.Err() != nil {
					return nil, err
				}
				continue
			}
			found = append(found, datum)
			break
		}
		if a := assess(certificate, issuer, found); a.conclusive && !a.thisUpdate.Before(notBefore) {
			break
		}
	}
	if len(found) == 0 {
		return nil, errors.Join(failures...)
	}
	for _, address := range c.deltas(subject, found) {
		datum, err := ask.list(ctx, address, true)
		if ctx.Err() != nil {
			return nil, err
		}
		if err == nil && datum.Facts.CRL.Base != "" { // without it, the complete lists still stand
			found = append(found, datum)
		}
	}
	return found, nil
}

// points returns the addresses to ask, by distribution point, and one more point of those that the options give.
func (c *CRLClient) points(subject *pkix.Certificate, issuer []byte) (points [][]string) {
	if e, ok := subject.Extension(pkix.OIDCRLDistributionPoints); ok {
		list, _ := pkix.ParseDistributionPoints(e.Value)
		total := 0
		for _, p := range list {
			var named []string
			for _, name := range p.Name.Full {
				if name.Form == pkix.FormURI {
					named = append(named, string(name.Value))
				}
			}
			if addresses := c.web.named(named); len(addresses) > 0 && total+len(addresses) <= 4*maxPoints {
				points = append(points, addresses)
				total += len(addresses)
			}
			if len(points) == maxPoints {
				break
			}
		}
	}
	if more := c.web.addresses(nil, issuer); len(more) > 0 {
		points = append(points, more)
	}
	return points
}

// maxPoints is how many distribution points of one certificate are asked. Lists cut by reason need eight.
const maxPoints = 8

// deltas returns the addresses of the delta lists that the certificate and its lists name.
func (c *CRLClient) deltas(subject *pkix.Certificate, found []Datum) []string {
	var named []string
	if e, ok := subject.Extension(pkix.OIDFreshestCRL); ok {
		uris, _ := pkix.DistributionPoints(e.Value)
		named = append(named, uris...)
	}
	for i := range found {
		named = append(named, found[i].Facts.CRL.Freshest...)
	}
	return c.web.named(named)
}

// A listRequest asks for one status.
type listRequest struct {
	web                 *web
	certificate, issuer []byte
	serial              []byte
	notBefore           time.Time
}

// list gets one list out of the store or from its address. When a newer one cannot be had, the one kept does.
func (q *listRequest) list(ctx context.Context, address string, isDelta bool) (Datum, error) {
	store, key := q.web.o.Store, storeKey("crl", address, q.issuer)
	if store == nil {
		return q.fetch(ctx, address, key, isDelta)
	}
	end, err := q.web.turns.take(ctx, key)
	if err != nil {
		return Datum{}, fmt.Errorf("revocation: %w", err)
	}
	defer end()
	kept, isKept := q.kept(ctx, key, address, false)
	if isKept {
		return kept, nil
	}
	datum, err := q.fetch(ctx, address, key, isDelta)
	if err != nil && ctx.Err() == nil {
		if kept, isKept = q.kept(ctx, key, address, true); isKept {
			return kept, nil
		}
	}
	return datum, err
}

// kept reads a list out of the store, if it is there and fresh, or at any age.
func (q *listRequest) kept(ctx context.Context, key, address string, atAnyAge bool) (Datum, bool) {
	kept, err := q.web.o.Store.Open(ctx, key)
	if err != nil || kept == nil {
		return Datum{}, false
	}
	defer kept.Close()
	if !atAnyAge && !kept.fresh(q.web.o.Now(), q.notBefore, q.web.o.Pause) {
		return Datum{}, false
	}
	datum, err := q.read(ctx, kept, address)
	return datum, err == nil
}

func (q *listRequest) fetch(ctx context.Context, address, key string, isDelta bool) (datum Datum, err error) {
	m := message{address: address, accept: "application/pkix-crl, */*;q=0.1", limit: q.web.o.MaxSize}
	err = q.web.fetch(ctx, m, func(answer io.Reader) error {
		keeper := q.web.keep(ctx, key)
		defer keeper.Abandon()
		if datum, err = q.read(ctx, io.TeeReader(answer, keeper), address); err != nil {
			return err
		}
		if isDelta { // it speaks with the list that it completes, which is kept by itself
			if datum.Facts.Keys = append(datum.Facts.Keys, Verify(&datum.Facts, q.issuer)); believable(&datum, q.issuer) {
				keeper.Commit(q.freshness(&datum))
			}
			return nil
		}
		one := []Datum{datum}
		a := assess(q.certificate, q.issuer, one)
		datum = one[0]
		switch {
		case a.err != nil:
			return a.err
		case !a.concerns:
			return ErrOther
		case believable(&datum, q.issuer):
			keeper.Commit(q.freshness(&datum))
		}
		return nil
	})
	return datum, err
}

// believable reports whether the issuer signed a list, and nothing in its form is against it. That it says nothing of this
// certificate is no matter.
func believable(d *Datum, issuer []byte) bool {
	id := sha256.Sum256(issuer)
	for _, k := range d.Facts.Keys {
		if k.Certificate == hex.EncodeToString(id[:]) && k.Result == facts.Verified {
			return d.Facts.Usable()
		}
	}
	return false
}

func (q *listRequest) freshness(d *Datum) Freshness {
	f := Freshness{ThisUpdate: d.Facts.CRL.ThisUpdate, Fetched: q.web.o.Now()}
	if next := d.Facts.CRL.NextUpdate; next != nil {
		f.NextUpdate = *next
	}
	return f
}

// read reads a list, and holds it if it is short enough.
func (q *listRequest) read(ctx context.Context, r io.Reader, address string) (Datum, error) {
	held := &holder{bound: q.web.o.Hold}
	r = io.TeeReader(r, held)
	list, err := facts.ReadCRL(ctx, r, q.serial)
	if err != nil {
		return Datum{}, err
	}
	io.CopyN(io.Discard, r, 4<<10) // the end of PEM; and lets the connection be used again
	list.Origin, list.URL = facts.FromNetwork, address
	return Datum{Facts: list, DER: held.list(list.Size)}, nil
}

// A holder keeps what is written to it, up to a bound; beyond it, nothing.
type holder struct {
	bound  int64
	octets []byte
	over   bool
}

func (h *holder) Write(p []byte) (int, error) {
	if h.over = h.over || int64(len(h.octets)+len(p)) > h.bound; h.over {
		h.octets = nil
	} else {
		h.octets = append(h.octets, p...)
	}
	return len(p), nil
}

// list returns the DER of a list of that size, without what came after it or the PEM around it.
func (h *holder) list(size int64) []byte {
	if h.over {
		return nil
	}
	octets := h.octets
	if len(octets) > 0 && octets[0] != 0x30 {
		block, _ := pem.Decode(bytes.TrimLeft(octets, "\r\n\t "))
		if block == nil {
			return nil
		}
		octets = block.Bytes
	}
	if int64(len(octets)) < size {
		return nil
	}
	return octets[:size:size]
}
