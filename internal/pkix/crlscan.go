package pkix

import (
	"io"
	"math"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// A crlScan reads one CRL out of its window. Every step does nothing once the window has an error.
type crlScan struct {
	w      *crlWindow
	crl    *CRL
	o      collector
	wanted map[string]bool // by serial, trimmed
	issuer []byte          // of the certificates of the entries from here on; nil for the issuer of the CRL
	unsure bool            // that issuer is not named by a directory name
}

func (s *crlScan) read() {
	w, c := s.w, s.crl
	end := w.enter(0x30, math.MaxInt64, "CertificateList")
	if w.err == nil && end > limits.CRLSize {
		w.refuseBeyond("the list is too long", limits.CRLSize)
	}
	s.readTBS(end)
	s.readAlgorithm(end, "signatureAlgorithm", &c.SignatureAlgorithm)
	value := cryptobyte.String(w.element(end, limits.CRLHead))
	var signature cryptobyte.String
	if w.err == nil && (!value.ReadASN1(&signature, asn1.BIT_STRING) || len(signature) == 0) {
		w.refuse("signatureValue is missing or misplaced")
	}
	if w.err == nil && w.offset() != end {
		w.refuse("fields after signatureValue")
	}
	if w.err != nil {
		return
	}
	if signature[0] != 0 {
		s.o.add(CodeBitString, "signatureValue", 0, "a signature is whole octets (RFC 5280 §5.1.1.3)")
	}
	c.Signature = signature[1:]
	c.Size = w.offset()
	w.flush()
	w.whole.Sum(c.ID[:0])
	if w.isPEM {
		s.o.add(CodeBER, "", 0, "PEM, where a list is served in DER (RFC 5280 §4.2.1.13)")
	} else if w.need(1) {
		s.o.add(CodeTrailing, "", int(end), "octets after the list")
	}
	if !c.SignatureAlgorithm.Equal(c.TBSSignatureAlgorithm) {
		s.o.add(CodeAlgorithmMismatch, "signatureAlgorithm", 0, "signatureAlgorithm and tbsCertList.signature differ (RFC 5280 §5.1.1.2)")
	}
	if oddity := c.SignatureAlgorithm.Oddity(); oddity != "" {
		s.o.add(CodeAlgorithm, "signatureAlgorithm", 0, oddity)
	}
}

// A recorder keeps what is written to it, up to a bound; beyond it, nothing.
type recorder struct {
	bound  int
	octets []byte
	over   bool
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.over = r.over || len(r.octets)+len(p) > r.bound; r.over {
		r.octets = nil
	} else {
		r.octets = append(r.octets, p...)
	}
	return len(p), nil
}

// readTBS reads tbsCertList. Which digest it needs is known only after its first fields, which are recorded until then.
func (s *crlScan) readTBS(outer int64) {
	w, c := s.w, s.crl
	if w.flush(); w.err != nil {
		return
	}
	record := &recorder{bound: limits.CRLWhole}
	w.signed = record
	end := w.enter(0x30, outer, "tbsCertList")
	s.readVersion(end)
	s.readAlgorithm(end, "tbsCertList.signature", &c.TBSSignatureAlgorithm)
	if w.err != nil {
		return
	}
	w.flush()
	scheme, err := ParseScheme(c.TBSSignatureAlgorithm, nil, 0)
	var digest interface {
		io.Writer
		Sum([]byte) []byte
	}
	switch {
	case err != nil || !scheme.Hash.Available(): // facts.Unsupported, later
		w.signed = nil
	case scheme.Kind != EdDSA:
		digest = scheme.Hash.New()
		digest.Write(record.octets)
		c.Hash, w.signed = scheme.Hash, digest
	}
	s.readBody(end)
	if w.err == nil && w.offset() != end {
		w.refuse("fields after the extensions")
	}
	w.flush()
	w.signed = nil
	switch {
	case digest != nil:
		c.Digest = digest.Sum(nil)
	case err == nil && scheme.Kind == EdDSA:
		c.Hash, c.ToBeSigned = scheme.Hash, record.octets
	}
}

func (s *crlScan) readVersion(end int64) {
	s.crl.Version = 1
	if s.w.peek(end) != byte(asn1.INTEGER) {
		return
	}
	value := cryptobyte.String(s.w.element(end, 64))
	var content cryptobyte.String
	if s.crl.Version = 2; s.w.err == nil && (!value.ReadASN1(&content, asn1.INTEGER) || len(content) != 1 || content[0] != 1) {
		s.o.add(CodeVersion, "tbsCertList.version", 0, "not 2; read as 2 (RFC 5280 §5.1.2.1)")
	}
}

func (s *crlScan) readAlgorithm(end int64, what string, out *AlgorithmIdentifier) {
	value := cryptobyte.String(s.w.element(end, limits.CRLHead))
	if s.w.err == nil && (!ReadAlgorithmIdentifier(&value, out) || !value.Empty()) {
		s.w.refuse(what + " is missing or misplaced")
	}
}

// readBody reads tbsCertList from the issuer on.
func (s *crlScan) readBody(end int64) {
	w, c := s.w, s.crl
	s.o.prefix = "tbsCertList."
	defer func() { s.o.prefix = "" }()
	name := cryptobyte.String(w.element(end, limits.CRLHead))
	if w.err == nil && (!c.Issuer.read(&name, &s.o, "issuer") || !name.Empty()) {
		w.refuse("tbsCertList.issuer is missing or misplaced")
	}
	c.ThisUpdate = s.readTime(end, "thisUpdate")
	if tag := w.peek(end); tag == byte(asn1.UTCTime) || tag == byte(asn1.GeneralizedTime) {
		c.NextUpdate = s.readTime(end, "nextUpdate")
	}
	if c.Complete = true; w.peek(end) == 0x30 {
		s.readEntries(w.enter(0x30, end, "revokedCertificates"))
	}
	if w.peek(end) != 0xa0 || w.err != nil {
		return
	}
	if c.Version < 2 {
		s.o.add(CodeVersion, "version", 0, "extensions in a version 1 list (RFC 5280 §5.1.2.7)")
	}
	explicit := cryptobyte.String(w.element(end, limits.CRLHead))
	if w.err == nil && !c.readExtensions(explicit, &s.o) {
		w.refuse("tbsCertList.crlExtensions cannot be read")
	}
}

func (s *crlScan) readTime(end int64, field string) time.Time {
	value := cryptobyte.String(s.w.element(end, 64))
	if s.w.err != nil {
		return time.Time{}
	}
	if value[0] != byte(asn1.UTCTime) && value[0] != byte(asn1.GeneralizedTime) {
		s.w.refuse("tbsCertList." + field + " is missing or misplaced")
		return time.Time{}
	}
	t := readTime(&value, &s.o, field)
	if t.IsZero() {
		s.w.refuse("tbsCertList." + field + " cannot be read")
	}
	return t
}

var processedCRLExtensions = map[der.OID]bool{
	OIDAuthorityKeyID: true, OIDIssuerAltName: true, OIDCRLNumber: true, OIDDeltaCRLIndicator: true, OIDIssuingDistributionPoint: true,
	OIDFreshestCRL: true, OIDAuthorityInfoAccess: true, OIDExpiredCertsOnCRL: true,
}

// readExtensions reads crlExtensions. It is false if they are no list of extensions: each could change what the CRL means.
func (c *CRL) readExtensions(explicit cryptobyte.String, o *collector) bool {
	var content, list cryptobyte.String
	if !explicit.ReadASN1(&content, contextTag(0)) || !content.ReadASN1(&list, asn1.SEQUENCE) || !content.Empty() || list.Empty() {
		return false
	}
	for !list.Empty() {
		var e Extension
		if len(c.Extensions) == limits.CertificateExtensions || !e.read(&list, o) {
			return false
		}
		for _, other := range c.Extensions {
			if other.OID == e.OID {
				o.add(CodeDuplicate, "crlExtensions."+e.OID.String(), 0, "comes twice (RFC 5280 §5.2)")
			}
		}
		c.Extensions = append(c.Extensions, e)
		if !processedCRLExtensions[e.OID] {
			if e.Critical {
				c.UnknownCritical = append(c.UnknownCritical, e.OID)
			}
			continue
		}
		if !c.decode(e, o) {
			o.add(CodeExtension, "crlExtensions."+e.OID.String(), 0, "a value that cannot be read (RFC 5280 §5.2)")
		}
	}
	return true
}

func (c *CRL) decode(e Extension, o *collector) bool {
	value, content := cryptobyte.String(e.Value), cryptobyte.String(nil)
	switch e.OID {
	case OIDAuthorityKeyID:
		var id cryptobyte.String
		if !value.ReadASN1(&content, asn1.SEQUENCE) || !value.Empty() ||
			!content.ReadOptionalASN1(&id, nil, asn1.Tag(0).ContextSpecific()) {
			return false
		}
		c.AuthorityKeyID = id
	case OIDCRLNumber, OIDDeltaCRLIndicator:
		number := new(big.Int)
		if !der.ReadInteger(&value, number) || !value.Empty() || number.Sign() < 0 || number.BitLen() > 8*limits.TimestampSerial {
			return false
		}
		if e.OID == OIDCRLNumber {
			c.Number = number
		} else {
			c.BaseNumber = number
		}
	case OIDIssuingDistributionPoint:
		point, ok := parseIssuingPoint(e.Value)
		c.Point = point
		return ok
	case OIDFreshestCRL:
		uris, ok := DistributionPoints(e.Value)
		c.FreshestCRL = uris
		return ok
	case OIDExpiredCertsOnCRL:
		if value.PeekASN1Tag(asn1.GeneralizedTime) {
			return der.ReadGeneralizedTime(&value, &c.ExpiredCerts) && value.Empty()
		}
		// A UTCTime, which an authority on the French list writes, leaves no doubt.
		c.ExpiredCerts = readTime(&value, o, "crlExtensions."+e.OID.String())
		o.add(CodeTime, "crlExtensions."+e.OID.String(), 0, "not a GeneralizedTime (X.509 §9.5.2.8)")
	}
	return true
}
