package cms

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// An envelope is the structure around the content: what precedes it, then what follows.
type envelope struct {
	recipientInfos []byte // SET OF RecipientInfo, brought to DER
	infos          []recipientInfo
	contentType    der.OID
	nonce          []byte
	attributes     []byte // authAttrs as a SET (tag 31), which is the additional data; nil when absent
	tag            [gcmTagSize]byte
}

// readEnvelope reads a ContentInfo that holds an AuthEnvelopedData (RFC 5083 §2.1), DER or BER, and gives a pass its content.
func readEnvelope(s *der.Stream, p pass) (*envelope, error) {
	e := &envelope{}
	s.Enter(asn1.SEQUENCE)
	if kind, err := readType(s); err != nil {
		return nil, err
	} else if kind != OIDAuthEnvelopedData {
		return nil, envelopeError("content type %s is not AuthEnvelopedData (RFC 5083 §2)", kind)
	}
	s.Enter(constructedTag(0))
	s.Enter(asn1.SEQUENCE)
	if err := e.readRecipients(s); err != nil {
		return nil, err
	}
	if err := e.readContent(s, p); err != nil {
		return nil, err
	}
	if err := e.readAttributes(s); err != nil {
		return nil, err
	}
	tag := cryptobyte.String(s.Element())
	if s.Err() == nil {
		var value cryptobyte.String
		if !tag.ReadASN1(&value, asn1.OCTET_STRING) || len(value) != gcmTagSize {
			return nil, envelopeError("no tag of 16 octets after the content (RFC 5083 §2.1)")
		}
		copy(e.tag[:], value)
	}
	if s.Peek() == constructedTag(2) { // unauthAttrs: nothing vouches for them
		s.Skip()
	}
	s.Leave() // AuthEnvelopedData
	s.Leave() // [0]
	s.Leave() // ContentInfo
	s.End()
	return e, s.Err()
}

// readType reads an OBJECT IDENTIFIER.
func readType(s *der.Stream) (oid der.OID, err error) {
	element := cryptobyte.String(s.Element())
	if s.Err() != nil {
		return "", s.Err()
	}
	if !der.ReadOID(&element, &oid) {
		return "", envelopeError("no content type (RFC 5652 §3)")
	}
	return oid, nil
}

func (e *envelope) readRecipients(s *der.Stream) error {
	version := cryptobyte.String(s.Element())
	if s.Peek() == constructedTag(0) { // originatorInfo: certificates that only key agreement with a static key needs
		s.Skip()
	}
	e.recipientInfos = s.Element()
	if s.Err() != nil {
		return s.Err()
	}
	var number int64
	if !version.ReadASN1Integer(&number) || number != 0 {
		return envelopeError("a version that is not 0 (RFC 5083 §2.1)")
	}
	if len(e.recipientInfos) > limits.EnvelopeSet {
		s.RefuseBeyond("RecipientInfos are too long", limits.EnvelopeSet)
		return s.Err()
	}
	var err error
	e.infos, err = parseRecipientInfos(e.recipientInfos)
	return err
}

// readContent reads EncryptedContentInfo (RFC 5652 §6.1).
func (e *envelope) readContent(s *der.Stream, p pass) (err error) {
	s.Enter(asn1.SEQUENCE)
	if e.contentType, err = readType(s); err != nil {
		return err
	}
	element := cryptobyte.String(s.Element())
	next := s.Peek()
	if s.Err() != nil {
		return s.Err()
	}
	var alg pkix.AlgorithmIdentifier
	if !pkix.ReadAlgorithmIdentifier(&element, &alg) {
		return envelopeError("no content encryption algorithm (RFC 5652 §6.1)")
	}
	if e.nonce, err = parseGCM(alg); err != nil {
		return err
	}
	if next != contextTag(0) && next != constructedTag(0) {
		return envelopeError("the encrypted content is not inside (RFC 5652 §6.1)")
	}
	if err := p.begin(e); err != nil {
		return err
	}
	content := &segmenter{pass: p, buffer: make([]byte, gcmBuffer)}
	defer clear(content.buffer)
	s.Octets(contextTag(0), content)
	s.Leave()
	if s.Err() != nil {
		return s.Err()
	}
	return content.flush()
}

// readAttributes reads authAttrs, which must be DER whatever the rest is (RFC 5083 §2.1), and without which content is id-data.
func (e *envelope) readAttributes(s *der.Stream) error {
	if s.Peek() != constructedTag(1) {
		if s.Err() == nil && e.contentType != OIDData {
			return envelopeError("content of type %s without authenticated attributes (RFC 5083 §2.1)", e.contentType)
		}
		return s.Err()
	}
	raw := s.Raw()
	if s.Err() != nil {
		return s.Err()
	}
	if err := der.Check(raw, der.Limits{Elements: limits.EnvelopeElements, Size: limits.EnvelopeSet}); err != nil {
		return envelopeError("authenticated attributes: %w", err)
	}
	e.attributes = append([]byte{byte(asn1.SET)}, raw[1:]...) // RFC 5083 §2.2: the additional data has the universal tag
	set := cryptobyte.String(e.attributes)
	var content cryptobyte.String
	set.ReadASN1(&content, asn1.SET) // Check has seen its header
	attributes, ok := der.ReadElements(content, limits.CMSAttributes)
	if !ok || len(attributes) == 0 || !der.IsSortedSet(attributes) {
		return envelopeError("authenticated attributes are none, too many, or out of order (RFC 5083 §2.1)")
	}
	return e.checkContentType(attributes)
}

// checkContentType wants the content-type attribute once (RFC 5652 §11.1), with the type that EncryptedContentInfo has. Content of
// type id-data may do without.
func (e *envelope) checkContentType(attributes [][]byte) error {
	seen := make(map[der.OID]bool, len(attributes))
	for _, raw := range attributes {
		var attribute, values cryptobyte.String
		var kind, value der.OID
		element := cryptobyte.String(raw)
		if !element.ReadASN1(&attribute, asn1.SEQUENCE) || !der.ReadOID(&attribute, &kind) ||
			!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() || values.Empty() {
			return envelopeError("a malformed authenticated attribute (RFC 5652 §5.3)")
		}
		if seen[kind] {
			return envelopeError("the authenticated attribute %s comes twice", kind)
		}
		seen[kind] = true
		if kind != OIDContentType {
			continue
		}
		if !der.ReadOID(&values, &value) || !values.Empty() || value != e.contentType {
			return envelopeError("the content-type attribute is not the content type (RFC 5652 §11.1)")
		}
	}
	if e.contentType != OIDData && !seen[OIDContentType] {
		return envelopeError("content of type %s without the content-type attribute (RFC 5083 §2.1)", e.contentType)
	}
	return nil
}
