package collect

import (
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// verifyValue verifies a signature value under the key of a certificate.
func (w *work) verifyValue(need validation.Need) bool {
	c := w.certificate(need.Certificate)
	if c == nil {
		return false
	}
	if w.signed[need.Signed] == nil {
		return w.verifyRevocation(need.Signed, c)
	}
	if !w.spend(&c.PublicKey) {
		return false
	}
	for _, signed := range w.signed[need.Signed] {
		err := value(signed, &c.PublicKey)
		result := facts.KeyResult{Certificate: need.Certificate, Result: state(err)}
		if err != nil {
			result.Detail = err.Error()
		}
		signed.Keys = append(signed.Keys, result)
	}
	return true
}

// verifyIssuance verifies the signature of a certificate under the key of another. The outcome depends on these two alone, so
// that it is kept from one file to the next.
func (w *work) verifyIssuance(need validation.Need) bool {
	known := w.sources.Cache.edges(need.Certificate)
	i := slices.IndexFunc(known, func(e edge) bool { return e.issuer == need.Issuer })
	if i >= 0 {
		w.issued(need.Certificate, known[i])
		return true
	}
	subject, issuer := w.certificate(need.Certificate), w.certificate(need.Issuer)
	if subject == nil || issuer == nil || !w.spend(&issuer.PublicKey) {
		return false
	}
	found := edge{need.Issuer, state(pkix.CheckIssued(subject, issuer))}
	w.issued(need.Certificate, found)
	if w.sources.Cache != nil && len(known) < keptEdges {
		w.sources.Cache.issuance.Put(need.Certificate, append(slices.Clip(known), found)) // others may be reading known
	}
	return true
}

// keptEdges is how many possible issuers of one certificate are remembered. Cross-certified authorities have a handful.
const keptEdges = 8

func (c *Cache) edges(subject string) []edge {
	if c == nil {
		return nil
	}
	known, _ := c.issuance.Get(subject)
	return known
}

// issued puts an outcome among the facts.
func (w *work) issued(subject string, e edge) {
	w.asked[ask{kind: validation.NeedIssuance, certificate: subject, issuer: e.issuer}] = true
	w.doc.Issuance = append(w.doc.Issuance, facts.Issuance{Subject: subject, Issuer: e.issuer, Result: e.result})
}

func state(err error) facts.ValueState {
	switch {
	case err == nil:
		return facts.Verified
	case errors.Is(err, pkix.ErrUnsupported):
		return facts.Unsupported
	}
	return facts.Wrong
}

// value verifies one signature value: over the signed attributes if there are any, else over the content, whose digest the
// reader computed (RFC 5652 §5.6).
func value(s *facts.Signed, key *pkix.PublicKeyInfo) error {
	signatureAlgorithm, err := identifier(s.SignatureAlgorithm)
	if err != nil {
		return err
	}
	digestAlgorithm, err := identifier(s.DigestAlgorithm)
	if err != nil {
		return err
	}
	digest, _ := pkix.DigestByOID(digestAlgorithm) // one that is not known leaves ParseScheme to decide
	scheme, err := pkix.ParseScheme(signatureAlgorithm, key, digest)
	if err != nil {
		return err
	}
	if len(s.ToBeSigned) > 0 {
		return scheme.Verify(key, s.ToBeSigned, s.Value)
	}
	if scheme.Kind == pkix.EdDSA {
		return fmt.Errorf("collect: Ed25519 directly over content (RFC 8419 §3.1): %w", pkix.ErrUnsupported)
	}
	computed, err := contentDigest(s, scheme.Hash)
	if err != nil {
		return err
	}
	return scheme.VerifyDigest(key, computed, s.Value)
}

// contentDigest returns the digest that a value covers directly: the first reference is the content.
func contentDigest(s *facts.Signed, h crypto.Hash) ([]byte, error) {
	if len(s.References) == 0 {
		return nil, fmt.Errorf("collect: the signature covers nothing: %w", pkix.ErrAlgorithm)
	}
	switch r := &s.References[0]; {
	case !r.Found || len(r.Computed) == 0:
		return nil, fmt.Errorf("collect: the content is not at hand: %w", pkix.ErrUnsupported)
	case r.Digest != pkix.DigestName(h):
		return nil, fmt.Errorf("collect: the content is hashed by %s and signed under %s: %w", r.Digest, pkix.DigestName(h), pkix.ErrAlgorithm)
	default:
		return r.Computed, nil
	}
}

func identifier(a facts.Algorithm) (pkix.AlgorithmIdentifier, error) {
	oid, err := der.ParseOID(a.OID)
	if err != nil {
		return pkix.AlgorithmIdentifier{}, fmt.Errorf("collect: signature algorithm: %w", err)
	}
	return pkix.AlgorithmIdentifier{OID: oid, Parameters: a.Parameters}, nil
}

// spend takes what a verification costs from the budget of the file, in units of some 30 µs, and reports whether there
// was enough. The figures are upper bounds of what Go 1.26 takes.
func (w *work) spend(key *pkix.PublicKeyInfo) bool {
	cost := 10
	switch key.Kind {
	case pkix.KeyRSA, pkix.KeyRSAPSS, pkix.KeyRSAOAEP:
		size := (key.Bits + 2047) / 2048
		cost = size * size * 3
		if key.Exponent != nil {
			cost += cost * key.Exponent.BitLen() / 17
		}
	case pkix.KeyEC:
		if cost = 3; key.Bits > 256 {
			cost = 30
		}
	case pkix.KeyDSA:
		size := (key.Bits + 1023) / 1024
		cost = size * size * 10
	case pkix.KeyEd25519:
		cost = 2
	}
	if cost > w.budget {
		return false
	}
	w.budget -= cost
	return true
}
