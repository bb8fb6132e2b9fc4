package cms

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A DigestFunc returns the digest of the content under an algorithm, if it is known.
type DigestFunc func(crypto.Hash) ([]byte, bool)

// Verify judges signature i (RFC 5652 §5.6) with the certificate given, over the octets that were read. No finding means
// that the value, the attributes and the content go together under that certificate's key. Nothing is said of trust, dates,
// revocation, usage or the strength of algorithms, nor of the signing-certificate attribute.
//
// contentDigest nil stands for [SignedData.Digest]. For detached content, give what [Content] took with SetContent.
func (sd *SignedData) Verify(i int, cert *pkix.Certificate, contentDigest DigestFunc) []Finding {
	c := sd.check(i, contentDigest)
	c.form()
	c.value(cert)
	return c.findings
}

// CheckForm is the part of Verify that needs no certificate.
func (sd *SignedData) CheckForm(i int, contentDigest DigestFunc) []Finding {
	c := sd.check(i, contentDigest)
	c.form()
	return c.findings
}

// CheckValue is the part of Verify that needs one: the value under the key, and the agreement of algorithms and key.
func (sd *SignedData) CheckValue(i int, cert *pkix.Certificate, contentDigest DigestFunc) []Finding {
	c := sd.check(i, contentDigest)
	c.value(cert)
	return c.findings
}

func (sd *SignedData) check(i int, contentDigest DigestFunc) *check {
	if contentDigest == nil {
		contentDigest = sd.Digest
	}
	return &check{
		si: sd.SignerInfos[i], contentType: sd.ContentType, digest: contentDigest,
		head: sd.ContentHead, size: sd.ContentSize,
	}
}

// VerifyCountersignature judges a countersignature (RFC 5652 §11.4), the SignerInfo that is the value of an unsigned attribute
// of parent: its content is the signature value of parent.
func (si *SignerInfo) VerifyCountersignature(parent *SignerInfo, cert *pkix.Certificate) []Finding {
	c := &check{si: si, counter: true, head: parent.Signature, size: int64(len(parent.Signature)), digest: func(h crypto.Hash) ([]byte, bool) {
		return digestOf(h, parent.Signature), true
	}}
	c.form()
	c.value(cert)
	return c.findings
}

// check is one judgement.
type check struct {
	si          *SignerInfo
	contentType der.OID
	counter     bool // a countersignature: there is no eContentType
	digest      DigestFunc
	head        []byte
	size        int64
	attributes  []Attribute
	formed      bool // form has been called, and has said what keeps value from being computed
	findings    []Finding
}

func (c *check) add(r Reason, clause, format string, args ...any) {
	f := Finding{Reason: r, Clause: clause, Message: fmt.Sprintf(format, args...)}
	switch r {
	case CertificateMissing, ContentMissing, ContentUnexamined, UnsupportedAlgorithm:
		f.Unsupported = true
	}
	c.findings = append(c.findings, f)
}

// algorithmFault turns an error of pkix about algorithms and keys into a finding.
func (c *check) algorithmFault(err error, otherwise Reason, clause string) {
	reason := otherwise
	switch {
	case errors.Is(err, pkix.ErrUnsupported):
		reason = UnsupportedAlgorithm
	case errors.Is(err, pkix.ErrSignature):
		reason = SignatureWrong
	case errors.Is(err, pkix.ErrKey):
		reason = KeyMalformed
	}
	c.add(reason, clause, "%v", err)
}

// form checks everything but the value.
func (c *check) form() {
	c.formed = true
	hash, err := pkix.DigestByOID(c.si.DigestAlgorithm)
	if err != nil {
		c.algorithmFault(err, AlgorithmMalformed, "RFC 5652 §10.1.1")
	} else {
		c.agreement(hash)
	}
	if c.si.RawSignedAttributes == nil {
		c.withoutAttributes(hash)
		return
	}
	if c.attributes = c.si.SignedAttributes; c.si.found == nil { // made here, not read
		c.attributes, _ = ParseAttributes(c.si.RawSignedAttributes)
	}
	c.encoding()
	c.repetitions()
	c.contentTypeAttribute()
	c.messageDigest(hash)
	c.algorithmProtection()
}

// agreement compares the digest of the content with the digest inside signatureAlgorithm.
func (c *check) agreement(hash crypto.Hash) {
	scheme, err := pkix.ParseScheme(c.si.SignatureAlgorithm, nil, hash)
	if err != nil {
		c.algorithmFault(err, AlgorithmMalformed, "RFC 5652 §10.1.2")
		return
	}
	if scheme.Hash == hash {
		return
	}
	clause := "RFC 5754 §3"
	switch scheme.Kind {
	case pkix.PSS:
		clause = "RFC 4056 §3"
	case pkix.EdDSA:
		clause = "RFC 8419 §3.1"
	}
	c.add(AlgorithmDisagreement, clause, "digestAlgorithm is %s and signatureAlgorithm is %s with %s",
		pkix.DigestName(hash), scheme.Kind, pkix.DigestName(scheme.Hash))
}

// withoutAttributes checks a signature whose value is straight over the content. That of a countersignature is a value, which
// whoever signed it may have chosen: it is looked at like any other.
func (c *check) withoutAttributes(hash crypto.Hash) {
	if !c.counter && c.contentType != OIDData {
		c.add(AttributesMissing, "RFC 5652 §5.3", "content of type %s is signed without signed attributes", c.contentType)
	}
	if hash != 0 {
		if _, ok := c.digest(hash); !ok {
			c.add(ContentMissing, "RFC 5652 §5.6", "the content, or its %s digest, is not at hand", pkix.DigestName(hash))
			return
		}
	}
	switch {
	case c.size < 0 || int64(len(c.head)) < min(c.size, 64):
		c.add(ContentUnexamined, "draft-ietf-lamps-cms-euf-cma-signeddata §4",
			"there are no signed attributes, and the content is not at hand to exclude that it is those of another signature")
	case contentLooksLikeAttributes(c.head, c.size):
		c.add(ContentLooksLikeAttributes, "draft-ietf-lamps-cms-euf-cma-signeddata §3",
			"there are no signed attributes, and the content is a set of attributes: the value may be that of another signature")
	}
}

// encoding checks that the signed attributes are DER (RFC 5652 §5.3), order of sets included. The value of a
// content-time-stamp is a message of its own, for which BER is allowed; its inside is not looked at.
func (c *check) encoding() {
	fault := func(message string) {
		c.add(AttributesNotDER, "RFC 5652 §5.3", "the signed attributes are not DER: %s", message)
	}
	if c.si.found != nil && c.si.found.notDER {
		fault("they were written in BER")
		return
	}
	if len(c.attributes) == 0 {
		fault("the set is empty")
		return
	}
	raw := c.si.RawSignedAttributes
	if err := der.Check(raw, keptLimits); err != nil {
		if !c.timestampOnly() {
			fault(err.Error())
			return
		}
	}
	input := cryptobyte.String(raw)
	var set cryptobyte.String
	if !input.ReadASN1(&set, asn1.SET) {
		fault("not a SET")
		return
	}
	for previous := []byte(nil); !set.Empty(); {
		var element cryptobyte.String
		if !set.ReadASN1Element(&element, asn1.SEQUENCE) {
			fault("not a set of attributes")
			return
		}
		if bytes.Compare(previous, element) > 0 {
			fault("they are not in the order of a SET OF (X.690 §11.6)")
			return
		}
		previous = element
	}
	for i := range c.attributes {
		a := &c.attributes[i]
		if !der.IsSortedSet(a.Values) {
			fault(fmt.Sprintf("the values of %s are not in the order of a SET OF (X.690 §11.6)", a.Type))
			return
		}
	}
}

// timestampOnly reports whether all but the values of content-time-stamp is DER.
func (c *check) timestampOnly() bool {
	found := false
	for _, a := range c.attributes {
		raw := a.Marshal()
		if a.Type != OIDContentTimestamp {
			if der.Check(raw, keptLimits) != nil {
				return false
			}
			continue
		}
		found = true
		// The attribute around the values must still be what DER would make of them.
		if !bytes.Equal(raw, Attribute{Type: a.Type, Values: a.Values}.Marshal()) {
			return false
		}
	}
	return found
}

// single are the attributes that occur once, with one value.
var single = map[der.OID]string{
	OIDContentType:          "RFC 5652 §11.1",
	OIDMessageDigest:        "RFC 5652 §11.2",
	OIDSigningTime:          "RFC 5652 §11.3",
	OIDAlgorithmProtection:  "RFC 6211 §2",
	OIDSigningCertificate:   "RFC 5035 §5",
	OIDSigningCertificateV2: "RFC 5035 §3",
}

func (c *check) repetitions() {
	attrs := c.attributes
	for i := range attrs {
		clause, ok := single[attrs[i].Type]
		if !ok {
			continue
		}
		if len(attrs[i].Values) > 1 {
			c.add(AttributeDuplicate, clause, "signed attribute %s has %d values, where there is one", attrs[i].Type, len(attrs[i].Values))
		}
		for j := range i {
			if attrs[j].Type == attrs[i].Type {
				c.add(AttributeDuplicate, clause, "signed attribute %s is there more than once", attrs[i].Type)
				break
			}
		}
	}
}

// first returns the content octets of the first value of the first attribute of a type. present tells an attribute that is
// there but malformed from one that is absent.
func (c *check) first(t der.OID, tag asn1.Tag) (content []byte, present, ok bool) {
	for i := range c.attributes {
		a := &c.attributes[i]
		if a.Type != t {
			continue
		}
		if len(a.Values) == 0 {
			return nil, true, false
		}
		value := cryptobyte.String(a.Values[0])
		var inner cryptobyte.String
		ok = value.ReadASN1(&inner, tag) && value.Empty()
		return inner, true, ok
	}
	return nil, false, false
}

func (c *check) contentTypeAttribute() {
	content, present, ok := c.first(OIDContentType, asn1.OBJECT_IDENTIFIER)
	switch {
	case c.counter && present:
		c.add(ContentTypeMismatch, "RFC 5652 §11.4", "a countersignature has a content-type attribute")
	case c.counter:
	case !present:
		c.add(ContentTypeMissing, "RFC 5652 §5.3", "there are signed attributes and content-type is not one of them")
	case !ok:
		c.add(AttributeMalformed, "RFC 5652 §11.1", "the content-type attribute is not an object identifier")
	case string(content) != string(c.contentType):
		c.add(ContentTypeMismatch, "RFC 5652 §11.1", "the content-type attribute is %s and eContentType is %s", der.OID(content), c.contentType)
	}
}

func (c *check) messageDigest(hash crypto.Hash) {
	expected, present, ok := c.first(OIDMessageDigest, asn1.OCTET_STRING)
	switch {
	case !present:
		c.add(MessageDigestMissing, "RFC 5652 §5.3", "there are signed attributes and message-digest is not one of them")
		return
	case !ok:
		c.add(AttributeMalformed, "RFC 5652 §11.2", "the message-digest attribute is not an octet string")
		return
	case hash == 0:
		return // said already
	}
	computed, ok := c.digest(hash)
	if !ok {
		c.add(ContentMissing, "RFC 5652 §5.6", "the content, or its %s digest, is not at hand", pkix.DigestName(hash))
		return
	}
	if !bytes.Equal(expected, computed) {
		c.add(MessageDigestMismatch, "RFC 5652 §5.6", "the %s digest of the content is not that of the message-digest attribute", pkix.DigestName(hash))
	}
}

// algorithmProtection compares the algorithms with their signed copies (RFC 6211), where a signer gave them.
func (c *check) algorithmProtection() {
	content, present, ok := c.first(OIDAlgorithmProtection, asn1.SEQUENCE)
	if !present {
		return
	}
	input := cryptobyte.String(content)
	var digest, signature pkix.AlgorithmIdentifier
	var explicit cryptobyte.String
	hasSignature := false
	ok = ok && pkix.ReadAlgorithmIdentifier(&input, &digest) &&
		input.ReadOptionalASN1(&explicit, &hasSignature, asn1.Tag(1).ContextSpecific().Constructed()) && hasSignature
	if ok {
		// [1] is IMPLICIT: its content is that of the AlgorithmIdentifier.
		element := cryptobyte.String(appendElement(nil, tagSequence, []byte(explicit)))
		ok = pkix.ReadAlgorithmIdentifier(&element, &signature)
	}
	switch {
	case !ok:
		c.add(AttributeMalformed, "RFC 6211 §2", "the CMSAlgorithmProtection attribute cannot be read, or has no signature algorithm")
	case !digest.Equal(c.si.DigestAlgorithm) || !signature.Equal(c.si.SignatureAlgorithm):
		c.add(AlgorithmDisagreement, "RFC 6211 §3", "the algorithms are not those of the signed CMSAlgorithmProtection attribute")
	}
}

// value checks the signature value under the key of cert.
func (c *check) value(cert *pkix.Certificate) {
	if cert == nil {
		c.add(CertificateMissing, "RFC 5652 §5.6", "the signer's certificate is not at hand")
		return
	}
	if !c.si.SID.Matches(cert) {
		c.add(CertificateMismatch, "RFC 5652 §5.3", "the certificate is not the one that the signer identifier designates")
	}
	key := &cert.PublicKey
	hash, err := pkix.DigestByOID(c.si.DigestAlgorithm)
	if err != nil {
		hash = 0 // the scheme may not need it
	}
	scheme, err := pkix.ParseScheme(c.si.SignatureAlgorithm, key, hash)
	if err != nil {
		if hash != 0 || !c.formed { // form says it of an unknown digest
			c.algorithmFault(err, AlgorithmDisagreement, "RFC 5652 §5.3")
		}
		return
	}
	if message := c.si.RawSignedAttributes; message != nil {
		err = scheme.Verify(key, message, c.si.Signature)
	} else {
		if scheme.Kind == pkix.EdDSA {
			c.add(UnsupportedAlgorithm, "RFC 8419 §3.2", "Ed25519 without signed attributes signs the whole content, which is not held")
			return
		}
		digest, ok := c.digest(scheme.Hash)
		if !ok {
			if !c.formed {
				c.add(ContentMissing, "RFC 5652 §5.6", "the content, or its %s digest, is not at hand", pkix.DigestName(scheme.Hash))
			}
			return
		}
		err = scheme.VerifyDigest(key, digest, c.si.Signature)
	}
	if err != nil {
		c.algorithmFault(err, AlgorithmDisagreement, "RFC 5652 §5.6")
	}
}
