// Package collect does for a conclusion what validation cannot do by itself: it computes signatures, and asks sources for
// what is missing.
//
//	conclusion, err := collect.Run(ctx, doc, validation.Input{Anchors: anchors, Time: now}, collect.Sources{})
//
// [Run] concludes, satisfies the Needs of the conclusion, and concludes again until nothing more can be found: a bounded
// number of times, with a bounded amount of cryptography. What it finds it adds to the facts, so that they can be saved and
// concluded again without it.
package collect

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/revocation"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// Sources are where missing material comes from. The zero Sources are offline and have nothing.
type Sources struct {
	// Certificates are those given by the caller.
	Certificates *Pool
	// Revocation is asked for CRLs and OCSP responses about the certificates of chains that lead to an anchor. Nil is offline.
	Revocation revocation.Source
	// Issuers is asked for the certificates of issuers that neither the file nor Certificates hold. Nil is offline.
	Issuers revocation.IssuerSource
	// Cache, if not nil, keeps what was computed about certificates between files.
	Cache *Cache
}

// A Cache keeps certificates parsed, which of them issued which, and which signed which revocation data, a bounded number of
// each. It is safe for concurrent use. The values of signatures are verified every time.
type Cache struct {
	memo         *validation.Memo
	revocations  *pkix.Cache[[32]byte, facts.KeyResult] // by what was verified, and under which key
	certificates *pkix.Cache[string, *pkix.Certificate] // by ID
	issuance     *pkix.Cache[string, []edge]            // by ID of the subject
}

// An edge is what was found of one possible issuer of a certificate.
type edge struct {
	issuer string
	result facts.ValueState
}

// NewCache returns a cache of at least size certificates and pairs, and at most twice that many.
func NewCache(size int) *Cache {
	return &Cache{
		memo:         validation.NewMemo(size),
		revocations:  pkix.NewCache[[32]byte, facts.KeyResult](size),
		certificates: pkix.NewCache[string, *pkix.Certificate](size),
		issuance:     pkix.NewCache[string, []edge](size),
	}
}

// Run concludes on a document, after having added to it all that in and the sources allow: whether values verify (Keys), who
// issued which certificate (Issuance), certificates that were needed, CRLs and OCSP responses and who signed them. The error is
// that of the context; a verdict is never an error, and neither is a source that fails: what it should have given stays among
// the Needs of the conclusion. Sources are asked for chains that lead to an anchor, or that may, a bounded number of times.
func Run(ctx context.Context, doc *facts.Document, in validation.Input, s Sources) (validation.Conclusion, error) {
	w := newWork(doc, in, s)
	if in.Memo == nil && s.Cache != nil {
		in.Memo = s.Cache.memo
	}
	if err := w.foresee(ctx); err != nil {
		return validation.Conclusion{}, fmt.Errorf("collect: %w", err)
	}
	for range limits.CollectRounds {
		if err := ctx.Err(); err != nil {
			return validation.Conclusion{}, fmt.Errorf("collect: %w", err)
		}
		conclusion := validation.Conclude(doc, in)
		isMore, err := w.satisfy(ctx, conclusion.Needs)
		if err != nil {
			return validation.Conclusion{}, fmt.Errorf("collect: %w", err)
		}
		if !isMore {
			return conclusion, nil
		}
	}
	return validation.Conclude(doc, in), nil
}

// work is what one Run does.
type work struct {
	doc     *facts.Document
	anchors []*trust.Set
	sources Sources
	finder  *facts.Finder
	raw     map[string][]byte          // certificates of the document by ID
	known   int                        // how many of them are in raw
	signed  map[string][]*facts.Signed // by ID; two may share one
	parsed  map[string]*pkix.Certificate
	asked   map[ask]bool // needs that were looked at: asking twice gives nothing more
	budget  int
	fetches int // how many times sources may still be asked
}

type ask struct {
	kind                        validation.NeedKind
	signed, certificate, issuer string
	newer                       bool
}

func newWork(doc *facts.Document, in validation.Input, s Sources) *work {
	w := &work{
		doc: doc, anchors: []*trust.Set{in.Anchors, in.TimestampAnchors}, sources: s, finder: facts.NewFinder(doc),
		raw: map[string][]byte{}, signed: map[string][]*facts.Signed{}, parsed: map[string]*pkix.Certificate{},
		asked: map[ask]bool{}, budget: limits.CollectWork, fetches: limits.CollectFetches,
	}
	for i := range doc.Signatures {
		signed := &doc.Signatures[i].Signed
		w.signed[signed.ID] = append(w.signed[signed.ID], signed)
	}
	for i := range doc.Timestamps {
		signed := &doc.Timestamps[i].Signed
		w.signed[signed.ID] = append(w.signed[signed.ID], signed)
	}
	return w
}

// satisfy does what it can about some needs, and reports whether the facts have more in them now.
func (w *work) satisfy(ctx context.Context, needs []validation.Need) (isMore bool, err error) {
	for _, need := range needs {
		key := ask{need.Kind, need.Signed, need.Certificate, need.Issuer, need.NotBefore != nil}
		if w.asked[key] {
			continue
		}
		w.asked[key] = true
		if err := ctx.Err(); err != nil {
			return false, err
		}
		switch need.Kind {
		case validation.NeedValue:
			isMore = w.verifyValue(need) || isMore
		case validation.NeedIssuance:
			isMore = w.verifyIssuance(need) || isMore
		case validation.NeedSigner:
			isMore = w.addSigner(need) || isMore
		case validation.NeedIssuer:
			isMore = w.addIssuers(ctx, need) || isMore
		case validation.NeedRevocation:
			isMore = w.addRevocations(ctx, need) || isMore
		}
	}
	return isMore, ctx.Err()
}

// add puts certificates of the caller among the facts.
func (w *work) add(list []*pkix.Certificate) (isMore bool) {
	for _, c := range list {
		before := len(w.doc.Certificates)
		w.doc.AddCertificate(c.Raw, facts.FromCaller)
		isMore = isMore || len(w.doc.Certificates) > before
	}
	return isMore
}

func (w *work) addSigner(need validation.Need) bool {
	isMore := w.add(w.sources.Certificates.designated(need.Name, need.Serial, need.KeyID))
	if isMore {
		for _, signed := range w.signed[need.Signed] {
			w.finder.Designate(signed)
		}
	}
	return isMore
}

func (w *work) index() {
	for ; w.known < len(w.doc.Certificates); w.known++ {
		w.raw[w.doc.Certificates[w.known].ID] = w.doc.Certificates[w.known].Raw
	}
}

// certificate returns a certificate of the document or of the anchors, parsed.
func (w *work) certificate(id string) *pkix.Certificate {
	if c, ok := w.parsed[id]; ok {
		return c
	}
	w.index()
	raw, ok := w.raw[id]
	for _, set := range w.anchors {
		if a, found := set.Find(id); !ok && found {
			raw, ok = a.Certificate, true
		}
	}
	if !ok {
		return nil
	}
	c := w.sources.Cache.parse(id, raw)
	w.parsed[id] = c
	return c
}

// parse returns the certificate that has an ID, or nil if the octets are not those of the ID.
func (c *Cache) parse(id string, raw []byte) *pkix.Certificate {
	if c != nil {
		if known, ok := c.certificates.Get(id); ok {
			return known
		}
	}
	parsed, err := pkix.ParseCertificate(raw)
	if err != nil || hex.EncodeToString(parsed.ID[:]) != id {
		return nil
	}
	if c != nil && len(raw) <= limits.CachedCertificate {
		c.certificates.Put(id, parsed)
	}
	return parsed
}
