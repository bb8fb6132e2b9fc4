package collect

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/revocation"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// mayFetch counts the questions put to sources.
func (w *work) mayFetch() bool {
	if w.fetches == 0 {
		return false
	}
	w.fetches--
	return true
}

// addIssuers looks for the issuer of a certificate: among those of the caller, and failing that where a source finds one.
func (w *work) addIssuers(ctx context.Context, need validation.Need) bool {
	if w.add(w.sources.Certificates.named(need.Name)) {
		return true
	}
	c := w.certificate(need.Certificate)
	if c == nil || w.sources.Issuers == nil || !w.mayFetch() {
		return false
	}
	found, err := w.sources.Issuers.Issuers(ctx, c.Raw)
	if err != nil {
		return false
	}
	before := len(w.doc.Certificates)
	for _, raw := range found {
		w.doc.AddCertificate(raw, facts.FromNetwork)
	}
	return len(w.doc.Certificates) > before
}

// addRevocations asks the source for the status of a certificate.
func (w *work) addRevocations(ctx context.Context, need validation.Need) bool {
	c, issuer := w.certificate(need.Certificate), w.certificate(need.Issuer)
	if c == nil || issuer == nil || w.sources.Revocation == nil || !w.mayFetch() {
		return false
	}
	var notBefore time.Time
	if need.NotBefore != nil {
		notBefore = *need.NotBefore
	}
	data, err := w.sources.Revocation.Fetch(ctx, c.Raw, issuer.Raw, notBefore)
	if err != nil {
		return false
	}
	isMore := false
	for i := range data {
		isMore = data[i].AddTo(w.doc) || isMore
	}
	return isMore
}

// verifyRevocation verifies the value of a CRL or an OCSP response under the key of a certificate. The outcome depends on these
// two alone, so that it is kept from one file to the next.
func (w *work) verifyRevocation(id string, c *pkix.Certificate) bool {
	r := w.doc.Revocation(id)
	if r == nil {
		return false
	}
	key := revocationKey(r, c)
	if cache := w.sources.Cache; cache != nil {
		if known, ok := cache.revocations.Get(key); ok {
			r.Keys = append(r.Keys, known)
			return true
		}
	}
	if !w.spend(&c.PublicKey) {
		return false
	}
	result := revocation.Verify(r, c.Raw)
	r.Keys = append(r.Keys, result)
	if cache := w.sources.Cache; cache != nil {
		cache.revocations.Put(key, result)
	}
	return true
}

// revocationKey stands for all that a verification takes.
func revocationKey(r *facts.Revocation, c *pkix.Certificate) (key [32]byte) {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(r.SignatureAlgorithm.OID), r.SignatureAlgorithm.Parameters, r.Digest, r.ToBeSigned, r.Value, c.ID[:]} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	h.Sum(key[:0])
	return key
}
