package cms

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// An ESSCertID names a certificate by digest, inside a signed attribute, so that the certificate cannot be replaced by another
// for the same key (RFC 5035 §4, §5).
type ESSCertID struct {
	Hash         crypto.Hash              // 0 when the algorithm is not one that is computed here
	Algorithm    pkix.AlgorithmIdentifier // SHA-1 of a signing-certificate, the default SHA-256 when absent of a v2
	Digest       []byte
	IssuerSerial []byte // DER of IssuerSerial, nil when absent
	// Issuer and Serial are those of IssuerSerial when it has one directoryName, nil otherwise: the Name with its header, the
	// content octets of the INTEGER.
	Issuer, Serial []byte
}

// Matches reports whether the digest is that of c. IssuerSerial is not compared: see NamesIssuerOf.
func (id ESSCertID) Matches(c *pkix.Certificate) bool {
	if id.Hash == crypto.SHA256 {
		return bytes.Equal(id.Digest, c.ID[:])
	}
	return id.Hash.Available() && bytes.Equal(id.Digest, digestOf(id.Hash, c.Raw))
}

// NamesIssuerOf reports whether IssuerSerial is that of c. It is false when there is none.
func (id ESSCertID) NamesIssuerOf(c *pkix.Certificate) bool {
	return id.Issuer != nil && sameInteger(id.Serial, c.RawSerial) && sameName(id.Issuer, c.RawIssuer)
}

// ErrESS is matched by the error of a signing-certificate or signing-time attribute that cannot be read.
var ErrESS = errors.New("cms: malformed attribute")

// SigningCertificateV2 is the attribute that names the signing certificate by digest (RFC 5035 §3, EN 319 122-1 §5.2.2.3).
// SHA-256 is the default and so is not written. IssuerSerial is left out: the SignerInfo has it.
func SigningCertificateV2(c *pkix.Certificate, h crypto.Hash) Attribute {
	digest := c.ID[:]
	var algorithm []byte
	if h != crypto.SHA256 {
		digest = digestOf(h, c.Raw)
		algorithm = pkix.DigestAlgorithm(h).Marshal()
	}
	id := len(algorithm) + elementSize(len(digest))
	certs := elementSize(id)
	b := appendHeader(make([]byte, 0, 16+certs), tagSequence, int64(elementSize(certs)))
	b = appendHeader(b, tagSequence, int64(certs))
	b = appendHeader(b, tagSequence, int64(id))
	b = append(b, algorithm...)
	return NewAttribute(OIDSigningCertificateV2, appendElement(b, tagOctetString, digest))
}

// ParseSigningCertificates reads a signing-certificate or signing-certificate-v2 attribute with its one value. The first
// ESSCertID is that of the signer (RFC 5035 §3). Policies are read over.
func ParseSigningCertificates(a Attribute) ([]ESSCertID, error) {
	isV2 := a.Type == OIDSigningCertificateV2
	if !isV2 && a.Type != OIDSigningCertificate {
		return nil, fmt.Errorf("%w: %s is not signing-certificate", ErrESS, a.Type)
	}
	if len(a.Values) != 1 {
		return nil, fmt.Errorf("%w: signing-certificate has %d values", ErrESS, len(a.Values))
	}
	value := cryptobyte.String(a.Values[0])
	var content, certs cryptobyte.String
	if !value.ReadASN1(&content, asn1.SEQUENCE) || !value.Empty() || !content.ReadASN1(&certs, asn1.SEQUENCE) ||
		!content.SkipOptionalASN1(asn1.SEQUENCE) || !content.Empty() {
		return nil, fmt.Errorf("%w: signing-certificate is not a SigningCertificate (RFC 5035 §3, §5)", ErrESS)
	}
	var ids []ESSCertID
	for !certs.Empty() {
		if len(ids) == limits.CMSCertificateReferences {
			return nil, fmt.Errorf("%w: signing-certificate names more than %d certificates: %w", ErrESS, len(ids), der.ErrLimit)
		}
		id, ok := readESSCertID(&certs, isV2)
		if !ok {
			return nil, fmt.Errorf("%w: certificate %d of signing-certificate is not an ESSCertID (RFC 5035 §4)", ErrESS, len(ids)+1)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: signing-certificate names no certificate", ErrESS)
	}
	return ids, nil
}

func readESSCertID(s *cryptobyte.String, isV2 bool) (id ESSCertID, ok bool) {
	var content, digest cryptobyte.String
	if !s.ReadASN1(&content, asn1.SEQUENCE) {
		return id, false
	}
	id.Algorithm = pkix.DigestAlgorithm(crypto.SHA1)
	if isV2 {
		id.Algorithm = pkix.DigestAlgorithm(crypto.SHA256)
		if content.PeekASN1Tag(asn1.SEQUENCE) && !pkix.ReadAlgorithmIdentifier(&content, &id.Algorithm) {
			return id, false
		}
	}
	if h, err := pkix.DigestByOID(id.Algorithm); err == nil {
		id.Hash = h
	}
	if !content.ReadASN1(&digest, asn1.OCTET_STRING) || (id.Hash != 0 && len(digest) != id.Hash.Size()) {
		return id, false
	}
	id.Digest = digest
	if content.Empty() {
		return id, true
	}
	var element cryptobyte.String
	if !content.ReadASN1Element(&element, asn1.SEQUENCE) || !content.Empty() {
		return id, false
	}
	id.IssuerSerial = element
	return id, id.readIssuerSerial(element)
}

// readIssuerSerial reads IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber CertificateSerialNumber }.
func (id *ESSCertID) readIssuerSerial(element cryptobyte.String) bool {
	var content, names, serial, directory cryptobyte.String
	if !element.ReadASN1(&content, asn1.SEQUENCE) || !content.ReadASN1(&names, asn1.SEQUENCE) ||
		!content.ReadASN1(&serial, asn1.INTEGER) || !content.Empty() || len(serial) == 0 {
		return false
	}
	isDirectory := false
	if !names.ReadOptionalASN1(&directory, &isDirectory, asn1.Tag(4).ContextSpecific().Constructed()) {
		return false
	}
	var name cryptobyte.String
	if isDirectory && names.Empty() && directory.ReadASN1Element(&name, asn1.SEQUENCE) && directory.Empty() {
		id.Issuer, id.Serial = name, serial
	}
	return true
}

// SigningTime is the attribute with the signer's claimed time (RFC 5652 §11.3), in whole seconds of UTC.
func SigningTime(t time.Time) Attribute {
	var b cryptobyte.Builder
	der.AddTime(&b, t.UTC().Truncate(time.Second))
	value, err := b.Bytes()
	if err != nil { // a year that GeneralizedTime cannot write; Values empty is refused when the attribute is written
		return Attribute{Type: OIDSigningTime}
	}
	return NewAttribute(OIDSigningTime, value)
}

// ParseSigningTime reads a signing-time attribute with its one value.
func ParseSigningTime(a Attribute) (time.Time, error) {
	if a.Type != OIDSigningTime || len(a.Values) != 1 {
		return time.Time{}, fmt.Errorf("%w: signing-time has %d values", ErrESS, len(a.Values))
	}
	value := cryptobyte.String(a.Values[0])
	var t time.Time
	if !der.ReadTime(&value, &t) || !value.Empty() {
		return time.Time{}, fmt.Errorf("%w: signing-time is not a time (RFC 5652 §11.3)", ErrESS)
	}
	return t, nil
}
