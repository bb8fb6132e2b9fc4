package pkix

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// The status of a response (RFC 6960 §4.2.1). There is no 4.
const (
	OCSPSuccessful       = 0
	OCSPMalformedRequest = 1
	OCSPInternalError    = 2
	OCSPTryLater         = 3
	OCSPSigRequired      = 5
	OCSPUnauthorized     = 6
)

// OCSPStatusName returns the name that RFC 6960 §4.2.1 gives a status.
func OCSPStatusName(status int) string {
	switch status {
	case OCSPSuccessful:
		return "successful"
	case OCSPMalformedRequest:
		return "malformedRequest"
	case OCSPInternalError:
		return "internalError"
	case OCSPTryLater:
		return "tryLater"
	case OCSPSigRequired:
		return "sigRequired"
	case OCSPUnauthorized:
		return "unauthorized"
	}
	return fmt.Sprintf("status %d", status)
}

// An OCSPResponse (RFC 6960 §4.2.1) is a status, and when that is successful a BasicOCSPResponse.
type OCSPResponse struct {
	Status int
	Basic  *BasicOCSPResponse // nil unless Status is OCSPSuccessful
}

// A BasicOCSPResponse is RFC 6960 §4.2.1, as read. Slices share memory with Raw.
type BasicOCSPResponse struct {
	Raw    []byte
	RawTBS []byte   // tbsResponseData: what the signature covers
	ID     [32]byte // SHA-256 of Raw

	ResponderName []byte // DER of the Name, or nil
	ResponderKey  []byte // SHA-1 of the key, or nil
	ProducedAt    time.Time
	Singles       []SingleResponse
	Nonce         []byte // nil when absent
	Extensions    []Extension

	SignatureAlgorithm AlgorithmIdentifier
	Signature          []byte
	Certificates       [][]byte // as found

	// UnknownCritical are the critical extensions that are not processed here: of the response.
	UnknownCritical []der.OID
	Anomalies       []Anomaly
}

// The statuses of a certificate (RFC 6960 §4.2.1), by the tag of the CHOICE.
const (
	OCSPGood    = 0
	OCSPRevoked = 1
	OCSPUnknown = 2
)

// A SingleResponse is what a response says of one certificate.
type SingleResponse struct {
	ID                     CertID
	Status                 int // OCSPGood, OCSPRevoked or OCSPUnknown
	RevokedAt              time.Time
	Reason                 int // CRLReason, -1 when absent
	ThisUpdate, NextUpdate time.Time
	Extensions             []Extension

	ArchiveCutoff time.Time // RFC 6960 §4.4.4
	Invalidity    time.Time // RFC 6960 §4.4.5
	// CertHash is the digest of the certificate that the responder knows, under CertHashAlgorithm: Common PKI part 4 §3.1.2.
	CertHash          []byte
	CertHashAlgorithm AlgorithmIdentifier

	UnknownCritical []der.OID
}

// ParseOCSPResponse reads a response that is the whole of raw, in DER: an OCSPResponse, or a BasicOCSPResponse alone, as
// signatures carry them (EN 319 122-1 §A.1.2.2). Times and what comes after the fields are read leniently, with anomalies; what
// could be read in two ways is refused.
func ParseOCSPResponse(raw []byte) (*OCSPResponse, error) {
	if err := checkOCSP(raw, limits.OCSPResponseSize); err != nil {
		return nil, err
	}
	input := cryptobyte.String(raw)
	var content, explicit, body, octets cryptobyte.String
	if !input.ReadASN1(&content, asn1.SEQUENCE) {
		return nil, fmt.Errorf("%w: no OCSPResponse (RFC 6960 §4.2.1)", ErrOCSP)
	}
	if content.PeekASN1Tag(asn1.SEQUENCE) {
		basic, err := parseBasic(raw)
		return &OCSPResponse{Basic: basic}, err
	}
	r := new(OCSPResponse)
	if !content.ReadASN1Enum(&r.Status) || r.Status < 0 {
		return nil, fmt.Errorf("%w: no responseStatus (RFC 6960 §4.2.1)", ErrOCSP)
	}
	if r.Status != OCSPSuccessful {
		if !content.Empty() {
			return nil, fmt.Errorf("%w: a response with status %s (RFC 6960 §4.2.1)", ErrOCSP, OCSPStatusName(r.Status))
		}
		return r, nil
	}
	var kind der.OID
	if !content.ReadASN1(&explicit, contextTag(0)) || !content.Empty() || !explicit.ReadASN1(&body, asn1.SEQUENCE) || !explicit.Empty() ||
		!der.ReadOID(&body, &kind) || !body.ReadASN1(&octets, asn1.OCTET_STRING) || !body.Empty() {
		return nil, fmt.Errorf("%w: responseBytes that cannot be read (RFC 6960 §4.2.1)", ErrOCSP)
	}
	if kind != OIDOCSPBasic {
		return nil, fmt.Errorf("%w: a response of type %s, which is not id-pkix-ocsp-basic (RFC 6960 §4.2.1)", ErrOCSP, kind)
	}
	if err := checkOCSP(octets, limits.OCSPResponseSize); err != nil {
		return nil, err
	}
	var err error
	r.Basic, err = parseBasic(octets)
	return r, err
}

// WrapOCSP returns the OCSPResponse, of status successful, around a BasicOCSPResponse.
func WrapOCSP(basic []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(OCSPSuccessful)
		b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				der.AddOID(b, OIDOCSPBasic)
				b.AddASN1OctetString(basic)
			})
		})
	})
	return b.Bytes()
}

func parseBasic(raw []byte) (*BasicOCSPResponse, error) {
	b := &BasicOCSPResponse{Raw: raw, ID: sha256.Sum256(raw)}
	o := &collector{base: raw}
	if path := b.read(o); path != "" {
		return nil, fmt.Errorf("%w: %s is missing, misplaced or cannot be read (RFC 6960 §4.2.1)", ErrOCSP, path)
	}
	b.Anomalies = o.anomalies
	return b, nil
}

// read fills b. It returns the path of the field that stops it, or nothing.
func (b *BasicOCSPResponse) read(o *collector) string {
	input := cryptobyte.String(b.Raw)
	var outer, signature, explicit, list cryptobyte.String
	var hasCertificates bool
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1Element((*cryptobyte.String)(&b.RawTBS), asn1.SEQUENCE) {
		return "tbsResponseData"
	}
	algorithm := outer
	if !ReadAlgorithmIdentifier(&outer, &b.SignatureAlgorithm) {
		return "signatureAlgorithm"
	}
	if oddity := b.SignatureAlgorithm.Oddity(); oddity != "" {
		o.at(algorithm, CodeAlgorithm, "signatureAlgorithm", oddity)
	}
	if !outer.ReadASN1(&signature, asn1.BIT_STRING) || len(signature) == 0 {
		return "signature"
	}
	if signature[0] != 0 {
		o.at(signature, CodeBitString, "signature", "a signature is whole octets")
	}
	b.Signature = signature[1:]
	if !outer.ReadOptionalASN1(&explicit, &hasCertificates, contextTag(0)) || !outer.Empty() {
		return "certs"
	}
	if hasCertificates {
		if !explicit.ReadASN1(&list, asn1.SEQUENCE) || !explicit.Empty() {
			return "certs"
		}
		var ok bool
		if b.Certificates, ok = der.ReadElements(list, limits.OCSPCertificates); !ok {
			return "certs"
		}
	}
	o.prefix = "tbsResponseData."
	return b.readData(o)
}

func (b *BasicOCSPResponse) readData(o *collector) string {
	tbs := cryptobyte.String(b.RawTBS)
	var s, version, responder, list, explicit cryptobyte.String
	var hasVersion, hasExtensions bool
	var tag asn1.Tag
	tbs.ReadASN1(&s, asn1.SEQUENCE) // read has seen it
	if !s.ReadOptionalASN1(&version, &hasVersion, contextTag(0)) {
		return "version"
	}
	if hasVersion {
		if !bytes.Equal(version, []byte{2, 1, 0}) {
			return "version"
		}
		o.at(version, CodeVersion, "version", "version 1 is the default and must not be written (X.690 §11.5)")
	}
	if !s.ReadAnyASN1(&responder, &tag) {
		return "responderID"
	}
	switch {
	case tag == contextTag(1) && responder.PeekASN1Tag(asn1.SEQUENCE):
		if !responder.ReadASN1Element((*cryptobyte.String)(&b.ResponderName), asn1.SEQUENCE) || !responder.Empty() {
			return "responderID"
		}
	case tag == contextTag(2):
		if !responder.ReadASN1((*cryptobyte.String)(&b.ResponderKey), asn1.OCTET_STRING) || !responder.Empty() || len(b.ResponderKey) == 0 {
			return "responderID"
		}
	default:
		return "responderID"
	}
	if b.ProducedAt = readOCSPTime(&s, o, "producedAt"); b.ProducedAt.IsZero() {
		return "producedAt"
	}
	if !s.ReadASN1(&list, asn1.SEQUENCE) {
		return "responses"
	}
	for !list.Empty() {
		var one SingleResponse
		if len(b.Singles) == limits.OCSPSingles || !one.read(&list, o) {
			return "responses"
		}
		b.Singles = append(b.Singles, one)
	}
	if !s.ReadOptionalASN1(&explicit, &hasExtensions, contextTag(1)) || !s.Empty() {
		return "responseExtensions"
	}
	if hasExtensions {
		var ok bool
		if b.Extensions, ok = readExtensionList(explicit, o); !ok {
			return "responseExtensions"
		}
	}
	for _, e := range b.Extensions {
		switch {
		case e.OID == OIDOCSPNonce:
			if nonce, ok := nonceOf(e.Value); ok && len(nonce) <= limits.OCSPNonceRead {
				b.Nonce = nonce
			} else {
				o.add(CodeExtension, "responseExtensions.nonce", 0, "a nonce that is empty or too long (RFC 9654 §2.1)")
			}
		case e.OID == OIDOCSPExtendedRevok:
		case e.Critical:
			b.UnknownCritical = append(b.UnknownCritical, e.OID)
		}
	}
	return ""
}

// readOCSPTime reads a GeneralizedTime, leniently about its form: responders write fractions and UTCTime too.
func readOCSPTime(s *cryptobyte.String, o *collector, path string) time.Time {
	var t time.Time
	if strict := *s; s.PeekASN1Tag(asn1.GeneralizedTime) && der.ReadGeneralizedTime(&strict, &t) {
		*s = strict
		return t
	}
	before := *s
	var content cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&content, &tag) {
		return time.Time{}
	}
	t, ok := der.ParseTime(byte(tag), content)
	if !ok {
		t, ok = parseOddTime(byte(tag), string(content))
	}
	if !ok {
		return time.Time{}
	}
	o.at(before, CodeTime, path, "not a GeneralizedTime YYYYMMDDHHMMSSZ (RFC 6960 §4.2.1, RFC 5280 §4.1.2.5.2)")
	return t
}

func (r *SingleResponse) read(list *cryptobyte.String, o *collector) bool {
	var content, status, explicit cryptobyte.String
	var tag asn1.Tag
	var present bool
	const path = "responses"
	r.Reason = -1
	if !list.ReadASN1(&content, asn1.SEQUENCE) || !r.ID.read(&content) || !content.ReadAnyASN1(&status, &tag) {
		return false
	}
	switch tag {
	case asn1.Tag(0).ContextSpecific():
		r.Status = OCSPGood
	case asn1.Tag(2).ContextSpecific():
		r.Status = OCSPUnknown
	case contextTag(1):
		r.Status = OCSPRevoked
		if r.RevokedAt = readOCSPTime(&status, o, path+".revocationTime"); r.RevokedAt.IsZero() {
			return false
		}
		if !status.ReadOptionalASN1(&explicit, &present, contextTag(0)) {
			return false
		}
		if present && (!explicit.ReadASN1Enum(&r.Reason) || !explicit.Empty() || r.Reason < 0 || r.Reason == 7 || r.Reason > 10) {
			o.add(CodeExtension, path+".revocationReason", 0, "a reason that is not defined; read as unspecified (RFC 5280 §5.3.1)")
			r.Reason = 0
		}
	default:
		return false
	}
	if !status.Empty() {
		return false
	}
	if r.ThisUpdate = readOCSPTime(&content, o, path+".thisUpdate"); r.ThisUpdate.IsZero() {
		return false
	}
	if !content.ReadOptionalASN1(&explicit, &present, contextTag(0)) {
		return false
	}
	if present {
		if r.NextUpdate = readOCSPTime(&explicit, o, path+".nextUpdate"); r.NextUpdate.IsZero() || !explicit.Empty() {
			return false
		}
	}
	if !content.ReadOptionalASN1(&explicit, &present, contextTag(1)) || !content.Empty() {
		return false
	}
	if present {
		var ok bool
		if r.Extensions, ok = readExtensionList(explicit, o); !ok {
			return false
		}
	}
	for _, e := range r.Extensions {
		if !r.decode(e, o) {
			o.add(CodeExtension, path+".singleExtensions."+e.OID.String(), 0, "a value that cannot be read")
		}
	}
	return true
}

func (r *SingleResponse) decode(e Extension, o *collector) bool {
	value, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	switch e.OID {
	case OIDOCSPArchiveCutoff:
		r.ArchiveCutoff = readOCSPTime(&value, o, "responses.archiveCutoff")
		return !r.ArchiveCutoff.IsZero() && value.Empty()
	case OIDInvalidityDate:
		return der.ReadGeneralizedTime(&value, &r.Invalidity) && value.Empty()
	case OIDCertHash:
		return value.ReadASN1(&content, asn1.SEQUENCE) && value.Empty() && ReadAlgorithmIdentifier(&content, &r.CertHashAlgorithm) &&
			content.ReadASN1((*cryptobyte.String)(&r.CertHash), asn1.OCTET_STRING) && content.Empty()
	case OIDOCSPCRLReference, OIDReasonCode, OIDHoldInstruction:
		// Where the responder read it, and what revocationReason says too.
	default:
		if e.Critical {
			r.UnknownCritical = append(r.UnknownCritical, e.OID)
		}
	}
	return true
}

// Verify checks the signature of the response with a key. Whether that key may speak for the issuer is for the caller.
func (b *BasicOCSPResponse) Verify(key *PublicKeyInfo) error {
	scheme, err := ParseScheme(b.SignatureAlgorithm, key, crypto.Hash(0))
	if err != nil {
		return err
	}
	return scheme.Verify(key, b.RawTBS, b.Signature)
}

// IsResponder reports whether the ResponderID designates a certificate: by its subject, or by the SHA-1 of its key (RFC 6960
// §4.2.1), which identifies and protects nothing.
func IsResponder(name, keyHash []byte, c *Certificate) bool {
	if name != nil {
		return Name{Raw: name}.Equal(c.Subject)
	}
	digest := sha1.Sum(c.PublicKey.Key)
	return bytes.Equal(keyHash, digest[:])
}
