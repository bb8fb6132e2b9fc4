package cms

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A SignerInfo is one signature (RFC 5652 §5.3).
//
// One that was read shares memory with the input. Of it, only UnsignedAttributes may change: anything else is under the
// signature, and writing it refuses with [ErrChanged].
type SignerInfo struct {
	Version         int
	SID             SignerID
	DigestAlgorithm pkix.AlgorithmIdentifier
	// RawSignedAttributes is the octets under the signature value: the signed attributes as found, their tag [0] replaced
	// by SET OF, 0x31 (RFC 5652 §5.4). It is nil when there are none, and the value is then over the content.
	RawSignedAttributes []byte
	SignedAttributes    []Attribute
	SignatureAlgorithm  pkix.AlgorithmIdentifier
	Signature           []byte
	UnsignedAttributes  []Attribute
	// RawUnsignedAttributes is the unsigned attributes as found, with their tag [1]; nil when there are none.
	RawUnsignedAttributes []byte
	// Raw is the whole SignerInfo as found; nil for one made by a caller.
	Raw []byte
	// Problems are the faults of form that reading it met. None is fatal to reading; Verify judges.
	Problems []Problem

	found *foundSigner
}

// foundSigner is what must not change in a SignerInfo that was read.
type foundSigner struct {
	signed     []byte // version to signature, as found: the content of the SEQUENCE before the unsigned attributes
	attributes []byte
	signature  []byte
	unsigned   []Attribute
	notDER     bool // the signed attributes were found in BER
}

// ErrChanged is returned when a SignerInfo that was read is written with another signed part.
var ErrChanged = errors.New("cms: only the unsigned attributes of a SignerInfo that was read can change")

// ParseSignerInfo reads one SignerInfo: an element of SignedData.signerInfos, or the value of a countersignature attribute.
// It shares memory with b.
func ParseSignerInfo(b []byte) (*SignerInfo, error) {
	s := der.NewMemoryStream(b, keptLimits)
	si := readSignerInfo(s)
	s.End()
	if err := s.Err(); err != nil {
		return nil, wrap("SignerInfo", err)
	}
	return si, nil
}

// readSignerInfo reads from a stream in memory. It returns nil when the stream has an error.
func readSignerInfo(s *der.Stream) *SignerInfo {
	si := &SignerInfo{found: &foundSigner{}}
	start := s.Offset()
	s.Enter(asn1.SEQUENCE)
	inner := s.Offset()
	si.Version = readVersion(s)
	si.SID = readSignerID(s)
	si.DigestAlgorithm, _ = readAlgorithm(s)
	if s.Peek() == tagContext0 {
		si.readSignedAttributes(s)
	}
	si.SignatureAlgorithm, _ = readAlgorithm(s)
	si.Signature = readOctets(s, tagOctetString, limits.CMSSignature)
	si.found.signed = s.Since(inner)
	if s.Peek() == tagContext1 {
		start := s.Offset()
		si.UnsignedAttributes = readAttributes(s, tagContext1)
		si.RawUnsignedAttributes = s.Since(start)
		if s.Err() == nil && len(si.UnsignedAttributes) == 0 {
			si.problem("cms.attributes-empty", "RFC 5652 §5.3", "the set of unsigned attributes is there and empty")
		}
	}
	s.Leave()
	if s.Err() != nil {
		return nil
	}
	si.Raw = s.Since(start)
	si.found.attributes, si.found.signature = si.RawSignedAttributes, si.Signature
	si.found.unsigned = slices.Clone(si.UnsignedAttributes)
	if si.Version != si.version() {
		si.problem("cms.signer-version", "RFC 5652 §5.3", fmt.Sprintf("SignerInfo version %d where its sid asks for %d", si.Version, si.version()))
	}
	return si
}

func (si *SignerInfo) problem(code, clause, message string) {
	si.Problems = append(si.Problems, Problem{Code: code, Clause: clause, Message: message})
}

// readSignedAttributes reads [0] IMPLICIT SET OF Attribute. What the value is over is DER (RFC 5652 §5.4): for a set whose
// outermost length is in DER that is what was found; else its DER, for signers that wrote BER and signed DER. The contents
// are taken as found in both cases: a signer that breaks the rule inside signed what it wrote.
func (si *SignerInfo) readSignedAttributes(s *der.Stream) {
	start := s.Offset()
	si.SignedAttributes = readAttributes(s, tagContext0)
	raw := s.Since(start)
	if raw == nil {
		return
	}
	if len(raw) > limits.CMSSignedAttributes {
		s.RefuseBeyond("the signed attributes are too long", limits.CMSSignedAttributes)
		return
	}
	if h, err := der.ReadHeader(raw); err != nil || !h.Minimal {
		var normal []byte
		if normal, err = der.Normalize(raw, keptLimits); err != nil {
			s.Fail(err)
			return
		}
		si.RawSignedAttributes = slices.Clone(normal)
		si.found.notDER = true
	} else {
		si.RawSignedAttributes = slices.Clone(raw)
	}
	si.RawSignedAttributes[0] = tagSet
}

// ToBeSigned is what a signer signs: RawSignedAttributes.
func (si *SignerInfo) ToBeSigned() []byte { return si.RawSignedAttributes }

// version is what RFC 5652 §5.3 asks for.
func (si *SignerInfo) version() int {
	if si.SID.SubjectKeyID != nil {
		return 3
	}
	return 1
}

// Marshal returns the SignerInfo. For one that was read, everything to the signature value is as found, and so are the
// unsigned attributes that are still there.
func (si *SignerInfo) Marshal() ([]byte, error) {
	if si.found != nil {
		return si.rewrite()
	}
	signed, err := si.marshalSigned()
	if err != nil {
		return nil, err
	}
	unsigned, err := marshalUnsigned(nil, si.UnsignedAttributes)
	if err != nil {
		return nil, err
	}
	n := len(signed) + len(unsigned)
	b := appendHeader(make([]byte, 0, elementSize(n)), tagSequence, int64(n))
	return append(append(b, signed...), unsigned...), nil
}

func (si *SignerInfo) rewrite() ([]byte, error) {
	f := si.found
	if !bytes.Equal(f.signature, si.Signature) || !bytes.Equal(f.attributes, si.RawSignedAttributes) {
		return nil, ErrChanged
	}
	if sameAttributes(f.unsigned, si.UnsignedAttributes) {
		return si.Raw, nil
	}
	unsigned, err := marshalUnsigned(f.unsigned, si.UnsignedAttributes)
	if err != nil {
		return nil, err
	}
	n := len(f.signed) + len(unsigned)
	b := appendHeader(make([]byte, 0, elementSize(n)), tagSequence, int64(n))
	return append(append(b, f.signed...), unsigned...), nil
}

func sameAttributes(a, b []Attribute) bool {
	return slices.EqualFunc(a, b, func(a, b Attribute) bool { return bytes.Equal(a.Marshal(), b.Marshal()) })
}

// marshalUnsigned returns [1] IMPLICIT SET OF Attribute, nil for none. The order is that of DER, except when it was not so
// before: archive timestamps may cover attributes in the order they were found in, so those keep it and others follow.
func marshalUnsigned(before, now []Attribute) ([]byte, error) {
	if len(now) == 0 {
		return nil, nil
	}
	if len(now) > limits.CMSAttributes {
		return nil, fmt.Errorf("%w: %d of them", ErrAttribute, len(now))
	}
	elements := make([][]byte, len(now))
	for i := range now {
		if err := now[i].check(); err != nil {
			return nil, err
		}
		elements[i] = now[i].Marshal()
	}
	found := make([][]byte, len(before))
	for i := range before {
		found[i] = before[i].raw
	}
	if der.IsSortedSet(found) {
		der.SortSet(elements)
	}
	return marshalSet(tagContext1, elements), nil
}

// marshalSigned returns the elements of a new SignerInfo from version to signature.
func (si *SignerInfo) marshalSigned() ([]byte, error) {
	switch {
	case len(si.Signature) == 0:
		return nil, errors.New("cms: a SignerInfo without a signature value")
	case !si.DigestAlgorithm.OID.Valid() || !si.SignatureAlgorithm.OID.Valid():
		return nil, errors.New("cms: a SignerInfo without its algorithms")
	case si.RawSignedAttributes != nil && (len(si.RawSignedAttributes) < 2 || si.RawSignedAttributes[0] != tagSet):
		return nil, errors.New("cms: the signed attributes of a SignerInfo are not a SET")
	}
	sid, err := si.SID.marshal()
	if err != nil {
		return nil, err
	}
	n := 3 + len(sid) + algorithmSize(si.DigestAlgorithm) + len(si.RawSignedAttributes) + algorithmSize(si.SignatureAlgorithm)
	b := make([]byte, 0, n+elementSize(len(si.Signature)))
	b = append(b, tagInteger, 1, byte(si.version()))
	b = append(b, sid...)
	b = appendAlgorithm(b, si.DigestAlgorithm)
	if at := len(b); si.RawSignedAttributes != nil {
		b = append(b, si.RawSignedAttributes...)
		b[at] = tagContext0
	}
	b = appendAlgorithm(b, si.SignatureAlgorithm)
	return appendElement(b, tagOctetString, si.Signature), nil
}

// Small readers over der.Stream. Each returns a zero value when the stream has an error.

func readVersion(s *der.Stream) int {
	tag, content := split(s.Raw())
	if s.Err() == nil && (tag != tagInteger || len(content) != 1 || content[0] > 127) {
		s.Refuse("not a version number")
	}
	if s.Err() != nil {
		return 0
	}
	return int(content[0])
}

func readOID(s *der.Stream) der.OID {
	tag, content := split(s.Raw())
	if s.Err() != nil {
		return ""
	}
	o := der.InternOID(content)
	if tag != tagOID || !o.Valid() {
		s.Refuse("not an object identifier")
		return ""
	}
	return o
}

// readAlgorithm reads an AlgorithmIdentifier, and returns it also as found. One in BER is brought to DER to be read.
func readAlgorithm(s *der.Stream) (a pkix.AlgorithmIdentifier, raw []byte) {
	raw = s.Raw()
	if s.Err() != nil {
		return a, nil
	}
	element := cryptobyte.String(raw)
	if pkix.ReadAlgorithmIdentifier(&element, &a) && element.Empty() {
		return a, raw
	}
	normal, err := der.Normalize(raw, keptLimits)
	if element = normal; err != nil || !pkix.ReadAlgorithmIdentifier(&element, &a) || !element.Empty() {
		s.Refuse("not an AlgorithmIdentifier (RFC 5280 §4.1.1.2)")
	}
	return a, raw
}

// readOctets reads an OCTET STRING that is kept; tag is that of its primitive form. The result is never nil without an error.
func readOctets(s *der.Stream, tag asn1.Tag, limit int) []byte {
	var out []byte
	if s.Peek() == tag {
		_, out = split(s.Raw())
	} else {
		var segments bytes.Buffer
		s.Octets(tag, &capped{&segments, limit})
		out = segments.Bytes()
	}
	if s.Err() == nil && len(out) > limit {
		s.RefuseBeyond("an octet string is too long", limit)
	}
	if out == nil {
		out = []byte{}
	}
	return out
}

// split cuts an element that a Stream returned into its first identifier octet and its content.
func split(element []byte) (tag byte, content []byte) {
	h, err := der.ReadHeader(element)
	if err != nil || h.Length == der.Indefinite {
		return 0, nil
	}
	return h.Tag(), element[h.Size:]
}

// capped stops a copy that outgrows its bound, before it is made.
type capped struct {
	dst  *bytes.Buffer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	if len(p) > c.left {
		return 0, fmt.Errorf("%w: an octet string is too long", der.ErrLimit)
	}
	c.left -= len(p)
	return c.dst.Write(p)
}
