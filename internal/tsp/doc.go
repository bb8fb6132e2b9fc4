// Package tsp reads and writes the messages of the Time-Stamp Protocol (RFC 3161, RFC 5816): requests, responses, and the
// TSTInfo inside tokens. Tokens themselves are CMS: their signature is not looked at here.
//
//	asked, err := tsp.Request{Hash: crypto.SHA256, Imprint: sum, Nonce: nonce, CertReq: true}.Marshal()
//	answer, err := tsp.ParseResponse(body)   // status first, then the token
//	info, err := tsp.ParseInfo(content)      // content: the eContent of the token
//
// Reading is strict DER and within the bounds of internal/limits: what is read writes itself back to the same octets. The few
// departures that authorities in service make are tolerated and left as anomalies; only those are not written back as found.
package tsp

import (
	"crypto"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Errors of this package. Each error returned wraps one of them, or der.ErrLimit, and names the field.
var (
	// ErrSyntax: the octets are not the message they should be.
	ErrSyntax = errors.New("malformed timestamp message")
	// ErrExtension: a critical extension, which no reader may ignore (RFC 5280 §4.2 by RFC 3161 §2.4.1). The message was
	// read all the same.
	ErrExtension = errors.New("critical extension not understood")
)

// OIDInfo is id-ct-TSTInfo, the content type of a token (RFC 3161 §2.4.2).
var OIDInfo = der.MustOID("1.2.840.113549.1.9.16.1.4")

func malformed(field string) error { return fmt.Errorf("tsp: %s: %w", field, ErrSyntax) }

func malformedBy(field string, cause error) error {
	return fmt.Errorf("tsp: %s: %w: %w", field, ErrSyntax, cause)
}

func implicit(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific() }

func explicit(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// strict refuses anything that is not DER all the way down, whatever its fields.
func strict(b []byte, what string, size int) error {
	if err := der.Check(b, der.Limits{Size: size}); err != nil {
		return malformedBy(what, err)
	}
	return nil
}

// readImprint reads a MessageImprint. hash is 0 when the algorithm cannot be computed here; then any length is accepted.
func readImprint(s *cryptobyte.String, a *pkix.AlgorithmIdentifier) (hash crypto.Hash, imprint []byte, err error) {
	var content, octets cryptobyte.String
	if !s.ReadASN1(&content, asn1.SEQUENCE) || !pkix.ReadAlgorithmIdentifier(&content, a) ||
		!content.ReadASN1(&octets, asn1.OCTET_STRING) || !content.Empty() {
		return 0, nil, malformed("messageImprint")
	}
	if hash, err = pkix.DigestByOID(*a); err != nil {
		if errors.Is(err, pkix.ErrUnsupported) {
			return 0, octets, nil
		}
		return 0, nil, fmt.Errorf("tsp: messageImprint: %w: %w", ErrSyntax, err)
	}
	if len(octets) != hash.Size() {
		return 0, nil, fmt.Errorf("tsp: messageImprint: %d octets for %s: %w", len(octets), pkix.DigestName(hash), ErrSyntax)
	}
	return hash, octets, nil
}

func addImprint(b *cryptobyte.Builder, a pkix.AlgorithmIdentifier, imprint []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		a.Add(b)
		b.AddASN1OctetString(imprint)
	})
}

// readNumber reads a serial number or a nonce, of any sign: RFC 3161 does not forbid a negative one.
func readNumber(s *cryptobyte.String) (*big.Int, bool) {
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.INTEGER) || len(content) > limits.TimestampSerial {
		return nil, false
	}
	n := new(big.Int)
	der.SetInteger(n, content)
	return n, true
}

// A reader gathers what it tolerates.
type reader struct {
	base      []byte
	anomalies []pkix.Anomaly
}

// odd notes a departure from DER at the start of sub, a slice of base: capacities are positions.
func (r *reader) odd(sub []byte, code, path, message string) {
	r.anomalies = append(r.anomalies, pkix.Anomaly{Code: code, Path: path, Offset: cap(r.base) - cap(sub), Message: message})
}

// defaultFalse reads a BOOLEAN DEFAULT FALSE. DER does not write FALSE (X.690 §11.5), some authorities do.
func (r *reader) defaultFalse(s *cryptobyte.String, path string, out *bool) bool {
	*out = false
	if !s.PeekASN1Tag(asn1.BOOLEAN) {
		return true
	}
	start := *s
	if !s.ReadASN1Boolean(out) {
		return false
	}
	if !*out {
		r.odd(start, pkix.CodeBoolean, path, "FALSE is the default and must not be written (X.690 §11.5)")
	}
	return true
}

// extensions reads [n] IMPLICIT Extensions and checks the shape of each.
func (r *reader) extensions(s *cryptobyte.String, tag asn1.Tag, raw *[]byte) (list []pkix.Extension, ok bool) {
	if !s.PeekASN1Tag(tag) {
		return nil, true
	}
	var element, content cryptobyte.String
	if !s.ReadASN1Element(&element, tag) {
		return nil, false
	}
	whole := element
	if !whole.ReadASN1(&content, tag) || content.Empty() {
		return nil, false
	}
	for !content.Empty() {
		var fields, value cryptobyte.String
		e := pkix.Extension{Offset: cap(r.base) - cap(content)}
		if len(list) == limits.CertificateExtensions || !content.ReadASN1(&fields, asn1.SEQUENCE) || !der.ReadOID(&fields, &e.OID) ||
			!r.defaultFalse(&fields, "extensions.critical", &e.Critical) || !fields.ReadASN1(&value, asn1.OCTET_STRING) || !fields.Empty() {
			return nil, false
		}
		e.Value = value
		list = append(list, e)
	}
	*raw = element
	return list, true
}

// criticalError returns an error that wraps ErrExtension if one of the extensions is critical: this module understands none.
func criticalError(list []pkix.Extension) error {
	for _, e := range list {
		if e.Critical {
			return fmt.Errorf("tsp: extension %s: %w", e.OID, ErrExtension)
		}
	}
	return nil
}
