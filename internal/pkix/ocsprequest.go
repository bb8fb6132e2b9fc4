package pkix

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// Object identifiers of OCSP (RFC 6960 §4.2.1, §4.4) and of Common PKI.
var (
	OIDOCSPBasic         = der.MustOID("1.3.6.1.5.5.7.48.1.1")
	OIDOCSPNonce         = der.MustOID("1.3.6.1.5.5.7.48.1.2")
	OIDOCSPCRLReference  = der.MustOID("1.3.6.1.5.5.7.48.1.3")
	OIDOCSPArchiveCutoff = der.MustOID("1.3.6.1.5.5.7.48.1.6")
	OIDOCSPExtendedRevok = der.MustOID("1.3.6.1.5.5.7.48.1.9") // extended revoke, RFC 6960 §4.4.8
	OIDCertHash          = der.MustOID("1.3.36.8.3.13")        // Common PKI 2.0 part 4 §3.1.2
)

// ErrOCSP is matched by every error of reading an OCSP request or response, but not by that of a response whose status is not
// successful: there is none. A bound that was met matches der.ErrLimit too.
var ErrOCSP = errors.New("pkix: not OCSP")

// A CertID names a certificate by its issuer and serial number (RFC 6960 §4.1.1).
type CertID struct {
	Algorithm AlgorithmIdentifier
	NameHash  []byte // of the DER of the issuer's name
	KeyHash   []byte // of the content of the BIT STRING of the issuer's key
	Serial    []byte // content octets of the INTEGER
}

// NewCertID names a certificate. issuer is who signed it; the name hashed is the one the certificate gives its issuer.
func NewCertID(h crypto.Hash, certificate, issuer *Certificate) (CertID, error) {
	if !knownDigest(h) || !h.Available() {
		return CertID{}, fmt.Errorf("pkix: CertID with digest %s: %w", DigestName(h), ErrUnsupported)
	}
	a := DigestAlgorithm(h)
	if h == crypto.SHA1 {
		a.Parameters = null // what every responder has seen for twenty years
	}
	return CertID{a, sum(h, certificate.RawIssuer), sum(h, issuer.PublicKey.Key), certificate.RawSerial}, nil
}

func sum(h crypto.Hash, b []byte) []byte {
	state := h.New()
	state.Write(b)
	return state.Sum(nil)
}

// Names reports whether id names a certificate issued by issuer. The error says that its hash is not computed here.
func (id CertID) Names(certificate, issuer *Certificate) (bool, error) {
	if !bytes.Equal(TrimInteger(id.Serial), TrimInteger(certificate.RawSerial)) {
		return false, nil
	}
	h, err := DigestByOID(id.Algorithm)
	if err != nil {
		return false, err
	}
	return bytes.Equal(id.NameHash, sum(h, certificate.RawIssuer)) && bytes.Equal(id.KeyHash, sum(h, issuer.PublicKey.Key)), nil
}

func (id CertID) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		id.Algorithm.Add(b)
		b.AddASN1OctetString(id.NameHash)
		b.AddASN1OctetString(id.KeyHash)
		b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(id.Serial) })
	})
}

func (id *CertID) read(s *cryptobyte.String) bool {
	var content cryptobyte.String
	return s.ReadASN1(&content, asn1.SEQUENCE) && ReadAlgorithmIdentifier(&content, &id.Algorithm) &&
		content.ReadASN1((*cryptobyte.String)(&id.NameHash), asn1.OCTET_STRING) &&
		content.ReadASN1((*cryptobyte.String)(&id.KeyHash), asn1.OCTET_STRING) &&
		content.ReadASN1((*cryptobyte.String)(&id.Serial), asn1.INTEGER) && len(id.Serial) > 0 && content.Empty()
}

// An OCSPRequest asks for the status of certificates (RFC 6960 §4.1). It is not signed.
type OCSPRequest struct {
	Certificates []CertID
	Nonce        []byte // nil when absent
}

// Marshal writes the request. A nonce has 1 to limits.OCSPNonce octets (RFC 9654 §2.1).
func (r *OCSPRequest) Marshal() ([]byte, error) {
	switch {
	case len(r.Certificates) == 0 || len(r.Certificates) > limits.OCSPSingles:
		return nil, fmt.Errorf("%w: a request about %d certificates", ErrOCSP, len(r.Certificates))
	case r.Nonce != nil && (len(r.Nonce) == 0 || len(r.Nonce) > limits.OCSPNonce):
		return nil, fmt.Errorf("%w: a nonce of %d octets (RFC 9654 §2.1)", ErrOCSP, len(r.Nonce))
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, id := range r.Certificates {
					b.AddASN1(asn1.SEQUENCE, id.add)
				}
			})
			if r.Nonce != nil {
				b.AddASN1(contextTag(2), func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addNonce(b, r.Nonce) })
				})
			}
		})
	})
	return b.Bytes()
}

func addNonce(b *cryptobyte.Builder, nonce []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		der.AddOID(b, OIDOCSPNonce)
		b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
	})
}

// ParseOCSPRequest reads a request that is the whole of raw, in DER. A signature around it, the name of the requestor and
// extensions other than the nonce are passed over.
func ParseOCSPRequest(raw []byte) (*OCSPRequest, error) {
	if err := checkOCSP(raw, limits.OCSPRequestSize); err != nil {
		return nil, err
	}
	input := cryptobyte.String(raw)
	var outer, tbs, list, explicit cryptobyte.String
	var hasExtensions bool
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(contextTag(0)) || !tbs.SkipOptionalASN1(contextTag(1)) || !tbs.ReadASN1(&list, asn1.SEQUENCE) ||
		!tbs.ReadOptionalASN1(&explicit, &hasExtensions, contextTag(2)) || !tbs.Empty() ||
		!outer.SkipOptionalASN1(contextTag(0)) || !outer.Empty() {
		return nil, fmt.Errorf("%w: an OCSPRequest that cannot be read (RFC 6960 §4.1.1)", ErrOCSP)
	}
	r := new(OCSPRequest)
	for !list.Empty() {
		var one cryptobyte.String
		var id CertID
		if len(r.Certificates) == limits.OCSPSingles {
			return nil, fmt.Errorf("%w: about more than %d certificates: %w", ErrOCSP, limits.OCSPSingles, der.ErrLimit)
		}
		if !list.ReadASN1(&one, asn1.SEQUENCE) || !id.read(&one) || !one.SkipOptionalASN1(contextTag(0)) || !one.Empty() {
			return nil, fmt.Errorf("%w: a Request that cannot be read (RFC 6960 §4.1.1)", ErrOCSP)
		}
		r.Certificates = append(r.Certificates, id)
	}
	if len(r.Certificates) == 0 {
		return nil, fmt.Errorf("%w: a request about nothing (RFC 6960 §4.1.1)", ErrOCSP)
	}
	if hasExtensions {
		extensions, ok := readExtensionList(explicit, new(collector))
		if !ok {
			return nil, fmt.Errorf("%w: extensions that cannot be read (RFC 6960 §4.1.1)", ErrOCSP)
		}
		for _, e := range extensions {
			if e.OID == OIDOCSPNonce {
				if r.Nonce, ok = nonceOf(e.Value); !ok || len(r.Nonce) == 0 || len(r.Nonce) > limits.OCSPNonceRead {
					return nil, fmt.Errorf("%w: a nonce that cannot be read (RFC 9654 §2.1)", ErrOCSP)
				}
			}
		}
	}
	return r, nil
}

func checkOCSP(raw []byte, bound int) error {
	if err := der.CheckStructure(raw, der.Limits{Size: bound}); err != nil {
		return fmt.Errorf("%w: %w", ErrOCSP, err)
	}
	return nil
}

// nonceOf returns the octets inside a nonce extension. RFC 2560 did not say what the extension held, so that its writers put
// the octets there without an OCTET STRING around them.
func nonceOf(value []byte) (nonce []byte, ok bool) {
	input, content := cryptobyte.String(value), cryptobyte.String(nil)
	if input.ReadASN1(&content, asn1.OCTET_STRING) && input.Empty() {
		return content, true
	}
	return value, len(value) > 0
}

// readExtensionList reads an Extensions: at least one, each once.
func readExtensionList(explicit cryptobyte.String, o *collector) (extensions []Extension, ok bool) {
	var list cryptobyte.String
	if !explicit.ReadASN1(&list, asn1.SEQUENCE) || !explicit.Empty() {
		return nil, false
	}
	for !list.Empty() {
		var e Extension
		if len(extensions) == limits.CertificateExtensions || !e.read(&list, o) {
			return nil, false
		}
		for _, other := range extensions {
			if other.OID == e.OID {
				o.add(CodeDuplicate, "extensions."+e.OID.String(), 0, "comes twice (RFC 5280 §4.2)")
			}
		}
		extensions = append(extensions, e)
	}
	return extensions, true
}
