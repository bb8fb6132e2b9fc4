package pkix

import (
	"crypto"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
)

// PSSParameters are RSASSA-PSS-params (RFC 4055 §3.1): of a signature, or the restriction that a key carries.
type PSSParameters struct {
	Hash       crypto.Hash
	MGFHash    crypto.Hash // of MGF1, the only mask generation function there is
	SaltLength int         // in octets; the least allowed when it is a key's restriction
	Trailer    int         // 1 stands for BC, the only one defined
}

var oidMGF1 = der.MustOID("1.2.840.113549.1.1.8")

// maxSalt is the longest salt that fits in the largest modulus read.
const maxSalt = 4096

func contextTag(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// ParsePSSParameters reads the parameters of an id-RSASSA-PSS AlgorithmIdentifier. Fields that are absent have the defaults
// of RFC 4055 §3.1: SHA-1, MGF1 with SHA-1, 20, 1. Fields that state their default are accepted. Absent parameters (nil) are
// an error here: for a key they mean that it has no restriction.
func ParsePSSParameters(parameters []byte) (*PSSParameters, error) {
	p := &PSSParameters{Hash: crypto.SHA1, MGFHash: crypto.SHA1, SaltLength: 20, Trailer: 1}
	input := cryptobyte.String(parameters)
	var fields cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() {
		return nil, fmt.Errorf("pkix: RSASSA-PSS without readable parameters (RFC 4055 §3.1): %w", ErrAlgorithm)
	}
	var a, m AlgorithmIdentifier
	hasHash, hasMGF, ok := false, false, true
	var err error
	if ok = readOptionalAlgorithm(&fields, &a, &hasHash, 0); ok && hasHash {
		if p.Hash, err = DigestByOID(a); err != nil {
			return nil, err
		}
	}
	if ok = ok && readOptionalAlgorithm(&fields, &m, &hasMGF, 1); ok && hasMGF {
		if m.OID != oidMGF1 {
			return nil, fmt.Errorf("pkix: RSASSA-PSS with mask generation function %s: %w", m.OID, ErrUnsupported)
		}
		inner := cryptobyte.String(m.Parameters)
		if ok = ReadAlgorithmIdentifier(&inner, &m) && inner.Empty(); ok {
			if p.MGFHash, err = DigestByOID(m); err != nil {
				return nil, err
			}
		}
	}
	ok = ok && fields.ReadOptionalASN1Integer(&p.SaltLength, contextTag(2), 20)
	ok = ok && fields.ReadOptionalASN1Integer(&p.Trailer, contextTag(3), 1)
	if !ok || !fields.Empty() || p.SaltLength < 0 || p.SaltLength > maxSalt {
		return nil, fmt.Errorf("pkix: malformed parameters of RSASSA-PSS (RFC 4055 §3.1): %w", ErrAlgorithm)
	}
	if p.Trailer != 1 {
		return nil, fmt.Errorf("pkix: RSASSA-PSS with trailer field %d, only 1 is defined (RFC 4055 §3.1): %w", p.Trailer, ErrAlgorithm)
	}
	return p, nil
}

func readOptionalAlgorithm(s *cryptobyte.String, out *AlgorithmIdentifier, present *bool, tag uint8) bool {
	var explicit cryptobyte.String
	if !s.ReadOptionalASN1(&explicit, present, contextTag(tag)) {
		return false
	}
	return !*present || ReadAlgorithmIdentifier(&explicit, out) && explicit.Empty()
}

// Marshal returns the DER of p: fields that have their default value are left out (X.690 §11.5), digests have NULL
// parameters (RFC 4055 §2.1, §6) except SHA-3, whose parameters are absent (RFC 9688 §2).
func (p PSSParameters) Marshal() []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if p.Hash != crypto.SHA1 {
			b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { pssDigest(p.Hash).Add(b) })
		}
		if p.MGFHash != crypto.SHA1 {
			b.AddASN1(contextTag(1), func(b *cryptobyte.Builder) {
				AlgorithmIdentifier{oidMGF1, pssDigest(p.MGFHash).Marshal()}.Add(b)
			})
		}
		if p.SaltLength != 20 {
			b.AddASN1(contextTag(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(p.SaltLength)) })
		}
	})
	out, err := b.Bytes()
	if err != nil { // a digest without an OID, which SchemeFor never makes
		return nil
	}
	return out
}

func pssDigest(h crypto.Hash) AlgorithmIdentifier {
	a := DigestAlgorithm(h)
	if h < crypto.SHA3_224 || h > crypto.SHA3_512 {
		a.Parameters = null
	}
	return a
}

// allows reports whether a signature with parameters s obeys the restriction p of its key: the same digest and mask
// generation function, a salt at least as long (RFC 4055 §3.3).
func (p *PSSParameters) allows(s PSSParameters) bool {
	return p.Hash == s.Hash && p.MGFHash == s.MGFHash && s.SaltLength >= p.SaltLength
}
