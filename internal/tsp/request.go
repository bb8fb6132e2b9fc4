package tsp

import (
	"crypto"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Request is a TimeStampReq (RFC 3161 §2.4.1), version 1.
type Request struct {
	Hash             crypto.Hash              // of the imprint; 0 when read and not computable here
	ImprintAlgorithm pkix.AlgorithmIdentifier // as read; when its OID is empty, Marshal writes Hash with absent parameters
	Imprint          []byte
	Policy           der.OID  // asked for; empty for any
	Nonce            *big.Int // nil for none
	CertReq          bool     // the authority is to send its certificate
	Extensions       []pkix.Extension
	RawExtensions    []byte // the element [0] as read, nil when absent
	Anomalies        []pkix.Anomaly
}

// Marshal writes the request in DER. It fails if Hash is no digest of this module, or Imprint has not its size.
func (r Request) Marshal() ([]byte, error) {
	algorithm, err := imprintAlgorithm(r.ImprintAlgorithm, r.Hash, r.Imprint)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		addImprint(b, algorithm, r.Imprint)
		if r.Policy != "" {
			der.AddOID(b, r.Policy)
		}
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
		if r.CertReq {
			b.AddASN1Boolean(true)
		}
		b.AddBytes(r.RawExtensions)
	})
	return b.Bytes()
}

func imprintAlgorithm(a pkix.AlgorithmIdentifier, hash crypto.Hash, imprint []byte) (pkix.AlgorithmIdentifier, error) {
	if a.OID == "" {
		a = pkix.DigestAlgorithm(hash)
	}
	if a.OID == "" || hash != 0 && hash.Size() != len(imprint) {
		return a, fmt.Errorf("tsp: messageImprint of %d octets for digest %s: %w", len(imprint), pkix.DigestName(hash), ErrSyntax)
	}
	return a, nil
}

// ParseRequest reads a request that is the whole of b. With an error that wraps [ErrExtension] the request is returned too.
func ParseRequest(b []byte) (*Request, error) {
	if err := strict(b, "request", limits.TimestampInfo); err != nil {
		return nil, err
	}
	input := cryptobyte.String(b)
	var s cryptobyte.String
	if !input.ReadASN1(&s, asn1.SEQUENCE) || !input.Empty() {
		return nil, malformed("request")
	}
	var version int64
	if !s.ReadASN1Integer(&version) || version != 1 {
		return nil, malformed("version of the request")
	}
	r, lenient := new(Request), &reader{base: b}
	var err error
	if r.Hash, r.Imprint, err = readImprint(&s, &r.ImprintAlgorithm); err != nil {
		return nil, err
	}
	if s.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) && !der.ReadOID(&s, &r.Policy) {
		return nil, malformed("reqPolicy")
	}
	if s.PeekASN1Tag(asn1.INTEGER) {
		var ok bool
		if r.Nonce, ok = readNumber(&s); !ok {
			return nil, malformed("nonce")
		}
	}
	if !lenient.defaultFalse(&s, "certReq", &r.CertReq) {
		return nil, malformed("certReq")
	}
	var ok bool
	if r.Extensions, ok = lenient.extensions(&s, explicit(0), &r.RawExtensions); !ok {
		return nil, malformed("extensions of the request")
	}
	if !s.Empty() {
		return nil, malformed("fields after those of the request")
	}
	r.Anomalies = lenient.anomalies
	return r, criticalError(r.Extensions)
}
