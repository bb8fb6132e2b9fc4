package cms

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// An Attribute is a signed or unsigned attribute (RFC 5652 §5.3): a type and a set of values, each the encoding of one
// value. An attribute that was read keeps its encoding, and is written again with the same octets as long as it is the same.
type Attribute struct {
	Type   der.OID
	Values [][]byte
	raw    []byte // as found, nil for one made by a caller
}

// NewAttribute is an attribute with these values, each one DER element.
func NewAttribute(t der.OID, values ...[]byte) Attribute { return Attribute{Type: t, Values: values} }

// Marshal returns the octets of the attribute: as found if it was read and is unchanged, else its DER.
func (a Attribute) Marshal() []byte {
	if a.raw != nil && a.unchanged() {
		return a.raw
	}
	values := slices.Clone(a.Values)
	der.SortSet(values)
	set := elementSize(total(values))
	content := elementSize(len(a.Type)) + set
	b := make([]byte, 0, elementSize(content))
	b = appendHeader(b, tagSequence, int64(content))
	b = appendOID(b, a.Type)
	b = appendHeader(b, tagSet, int64(total(values)))
	return appendAll(b, values)
}

func (a Attribute) unchanged() bool {
	found, ok := readAttribute(der.NewMemoryStream(a.raw, keptLimits))
	return ok && found.Type == a.Type && slices.EqualFunc(found.Values, a.Values, bytes.Equal)
}

// check refuses an attribute that could not be read again.
func (a Attribute) check() error {
	if !a.Type.Valid() {
		return fmt.Errorf("%w: an attribute without a type", ErrAttribute)
	}
	if len(a.Values) == 0 || len(a.Values) > limits.CMSAttributeValues {
		return fmt.Errorf("%w: %s has %d values", ErrAttribute, a.Type, len(a.Values))
	}
	if a.raw != nil && a.unchanged() {
		return nil
	}
	for _, v := range a.Values {
		if err := der.CheckStructure(v, keptLimits); err != nil {
			return fmt.Errorf("%w: a value of %s: %w", ErrAttribute, a.Type, err)
		}
	}
	return nil
}

// ErrAttribute is matched by the error of an attribute that cannot be written: without type or value, with a value that is
// not one DER element, or given twice where once is the rule.
var ErrAttribute = errors.New("cms: attribute refused")

// MarshalAttributes returns the SET OF (tag 0x31) of the attributes in DER order.
func MarshalAttributes(attrs []Attribute) []byte {
	elements := make([][]byte, len(attrs))
	for i := range attrs {
		elements[i] = attrs[i].Marshal()
	}
	der.SortSet(elements)
	return marshalSet(tagSet, elements)
}

func marshalSet(tag byte, elements [][]byte) []byte {
	n := total(elements)
	return appendAll(appendHeader(make([]byte, 0, elementSize(n)), tag, int64(n)), elements)
}

// SignedAttributes returns what a signer signs (RFC 5652 §5.4): the DER SET OF, tag 0x31, of content-type, message-digest
// and the extra attributes. digest is that of the content, under the signer's digestAlgorithm. An attribute type given twice
// is an error, and so is one of the two that are made here.
func SignedAttributes(contentType der.OID, digest []byte, extra []Attribute) ([]byte, error) {
	if !contentType.Valid() {
		return nil, fmt.Errorf("%w: content-type needs an object identifier", ErrAttribute)
	}
	for i := range extra {
		if err := extra[i].check(); err != nil {
			return nil, err
		}
		t := extra[i].Type
		if t == OIDContentType || t == OIDMessageDigest {
			return nil, fmt.Errorf("%w: %s is made here", ErrAttribute, t)
		}
		if slices.ContainsFunc(extra[:i], func(a Attribute) bool { return a.Type == t }) {
			return nil, fmt.Errorf("%w: %s is given twice", ErrAttribute, t)
		}
	}
	if len(extra)+2 > limits.CMSAttributes {
		return nil, fmt.Errorf("%w: %d of them", ErrAttribute, len(extra)+2)
	}
	// The two are written straight into one slice: this is the hot path of a signer.
	room := make([]byte, 0, 128+len(contentType)+len(digest))
	elements := make([][]byte, 0, 8)
	room = appendWrapped(room, OIDContentType, tagOID, string(contentType))
	elements = append(elements, room)
	start := len(room)
	room = appendWrapped(room, OIDMessageDigest, tagOctetString, digest)
	elements = append(elements, room[start:])
	for i := range extra {
		elements = append(elements, extra[i].Marshal())
	}
	der.SortSet(elements)
	return marshalSet(tagSet, elements), nil
}

// appendWrapped appends the attribute of type t whose one value has that tag and content.
func appendWrapped[T string | []byte](b []byte, t der.OID, tag byte, content T) []byte {
	set := elementSize(len(content))
	b = appendHeader(b, tagSequence, int64(elementSize(len(t))+elementSize(set)))
	b = appendOID(b, t)
	b = appendHeader(b, tagSet, int64(set))
	return appendElement(b, tag, content)
}

// readAttribute reads one Attribute from a stream in memory. Values are not looked into.
func readAttribute(s *der.Stream) (a Attribute, ok bool) {
	start := s.Offset()
	s.Enter(asn1.SEQUENCE)
	a.Type = readOID(s)
	s.Enter(asn1.SET)
	for s.More() {
		if len(a.Values) == limits.CMSAttributeValues {
			s.RefuseBeyond("too many values of an attribute", limits.CMSAttributeValues)
		}
		if a.Values == nil {
			a.Values = make([][]byte, 0, 1) // one value is the rule
		}
		a.Values = append(a.Values, s.Raw())
	}
	s.Leave()
	s.Leave()
	if s.Err() != nil {
		return Attribute{}, false
	}
	a.raw = s.Since(start)
	return a, true
}

// ParseAttributes reads the elements of a SET OF Attribute with its header: tag 0x31, or 0xa0 and 0xa1 as in a SignerInfo.
func ParseAttributes(b []byte) ([]Attribute, error) {
	s := der.NewMemoryStream(b, keptLimits)
	var attrs []Attribute
	switch tag := s.Peek(); tag {
	case tagSet, tagContext0, tagContext1:
		attrs = readAttributes(s, tag)
	default:
		s.Refuse("not a set of attributes")
	}
	s.End()
	return attrs, wrap("attributes", s.Err())
}

func readAttributes(s *der.Stream, tag asn1.Tag) []Attribute {
	s.Enter(tag)
	attrs := make([]Attribute, 0, 8)
	for s.More() {
		if len(attrs) == limits.CMSAttributes {
			s.RefuseBeyond("too many attributes", limits.CMSAttributes)
		}
		a, ok := readAttribute(s)
		if !ok {
			return nil
		}
		attrs = append(attrs, a)
	}
	s.Leave()
	return attrs
}

// FindAttribute returns the attributes of that type, in order.
func FindAttribute(attrs []Attribute, t der.OID) (found []Attribute) {
	for _, a := range attrs {
		if a.Type == t {
			found = append(found, a)
		}
	}
	return found
}
