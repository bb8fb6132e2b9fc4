package pkix

import (
	"bytes"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
)

// Errors of algorithms, keys and signatures. Each error returned wraps one of them and says which object and why.
var (
	// ErrUnsupported: this build cannot compute it (a curve, a size, an old digest). It says nothing of the signature,
	// which is neither valid nor invalid.
	ErrUnsupported = errors.New("not supported")
	// ErrSignature: the value does not verify with this key over these octets.
	ErrSignature = errors.New("signature does not verify")
	// ErrAlgorithm: an AlgorithmIdentifier is malformed, or disagrees with the key or with the restrictions the key states.
	ErrAlgorithm = errors.New("algorithm and key do not agree")
	// ErrKey: the octets of a public key are not a key of the kind they claim.
	ErrKey = errors.New("malformed public key")
)

// An AlgorithmIdentifier (RFC 5280 §4.1.1.2) as found.
type AlgorithmIdentifier struct {
	OID        der.OID
	Parameters []byte // the encoded element, nil when absent
}

var null = []byte{5, 0}

// ReadAlgorithmIdentifier reads an AlgorithmIdentifier: an OID, then at most one element. Parameters shares memory with s.
func ReadAlgorithmIdentifier(s *cryptobyte.String, out *AlgorithmIdentifier) bool {
	var content, parameters cryptobyte.String
	var a AlgorithmIdentifier
	rest := *s
	if !rest.ReadASN1(&content, asn1.SEQUENCE) || !der.ReadOID(&content, &a.OID) {
		return false
	}
	if !content.Empty() {
		if !content.ReadAnyASN1Element(&parameters, nil) || !content.Empty() {
			return false
		}
		a.Parameters = parameters
	}
	*s, *out = rest, a
	return true
}

// readLenient is ReadAlgorithmIdentifier, but for octets after the parameters, which are an anomaly.
func (a *AlgorithmIdentifier) readLenient(s *cryptobyte.String, c *collector, path string) bool {
	start := *s
	if ReadAlgorithmIdentifier(s, a) {
		return true
	}
	var content, parameters cryptobyte.String
	if !s.ReadASN1(&content, asn1.SEQUENCE) || !der.ReadOID(&content, &a.OID) || !content.ReadAnyASN1Element(&parameters, nil) {
		return false
	}
	a.Parameters = parameters
	c.at(start, CodeTrailing, path, "octets after the parameters")
	return true
}

// Add writes a.
func (a AlgorithmIdentifier) Add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		der.AddOID(b, a.OID)
		b.AddBytes(a.Parameters)
	})
}

// Marshal returns the DER of a, or nil if its OID is not valid.
func (a AlgorithmIdentifier) Marshal() []byte {
	var b cryptobyte.Builder
	a.Add(&b)
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}

// Equal reports whether a and o name the same algorithm with the same parameters. NULL and absent parameters are the same,
// as readers must accept either (RFC 5754 §2, RFC 4055 §5).
func (a AlgorithmIdentifier) Equal(o AlgorithmIdentifier) bool {
	return a.OID == o.OID && (bytes.Equal(a.Parameters, o.Parameters) || a.plain() && o.plain())
}

// plain reports whether parameters are absent or NULL.
func (a AlgorithmIdentifier) plain() bool {
	return len(a.Parameters) == 0 || bytes.Equal(a.Parameters, null)
}

// Oddity says how the parameters differ from what the algorithm's RFC demands in a way that readers tolerate: NULL missing
// from a PKCS#1 identifier (RFC 4055 §5), or present in one of ECDSA or DSA (RFC 5758 §3), EdDSA (RFC 8410 §3). It is empty
// when there is nothing to say.
func (a AlgorithmIdentifier) Oddity() string {
	known, ok := signatureAlgorithms[a.OID]
	switch {
	case !ok || !a.plain():
		return ""
	case (known.kind == PKCS1v15 || known.kind == RSAKey) && a.Parameters == nil:
		return "NULL parameters are missing (RFC 4055 §5)"
	case (known.kind == ECDSA && !known.fromKey || known.kind == DSA && !known.fromKey || known.kind == EdDSA) && a.Parameters != nil:
		return "NULL parameters where there must be none (RFC 5758 §3, RFC 8410 §3)"
	}
	return ""
}
