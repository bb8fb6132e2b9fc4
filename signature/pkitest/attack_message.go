package pkitest

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// ErrNoAttack is matched by the error of a file from which no attack can be made: it is not a signature of the kind asked.
var ErrNoAttack = errors.New("pkitest: no attack can be made of this")

// A message is a SignedData taken apart (RFC 5652 §5.1): elements as they are written, in the order they are written, so that any
// of them can be wrong. It is the opposite of internal/cms, which writes nothing wrong.
type message struct {
	version      []byte
	digests      [][]byte // AlgorithmIdentifiers
	contentType  []byte   // OBJECT IDENTIFIER
	content      [][]byte // elements inside eContent [0]; nil when detached
	certificates [][]byte
	crls         [][]byte
	signers      []signerInfo
	middle       [][]byte // elements after signerInfos
}

// A signerInfo is one SignerInfo taken apart (RFC 5652 §5.3).
type signerInfo struct {
	version    []byte
	sid        []byte
	digest     []byte // AlgorithmIdentifier
	attributes [][]byte
	algorithm  []byte // AlgorithmIdentifier
	value      []byte // content octets
	unsigned   [][]byte
	after      [][]byte // elements after the unsigned attributes
}

// Tags of the fields that are told apart by them.
const (
	context0 = asn1.Tag(0x80 | 0x20)
	context1 = asn1.Tag(0x81 | 0x20)
)

// readMessage takes a file apart. It must be sound: DER or BER, nothing missing.
func readMessage(file []byte) (*message, error) {
	clean, err := der.Normalize(file, der.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAttack, err)
	}
	m := &message{}
	s := cryptobyte.String(clean)
	var info, explicit, data, algorithms, encapsulated, set cryptobyte.String
	var kind der.OID
	ok := s.ReadASN1(&info, asn1.SEQUENCE) && der.ReadOID(&info, &kind) && kind == cms.OIDSignedData &&
		info.ReadASN1(&explicit, context0) && explicit.ReadASN1(&data, asn1.SEQUENCE) &&
		data.ReadASN1Element((*cryptobyte.String)(&m.version), asn1.INTEGER) && data.ReadASN1(&algorithms, asn1.SET) &&
		data.ReadASN1(&encapsulated, asn1.SEQUENCE) &&
		encapsulated.ReadASN1Element((*cryptobyte.String)(&m.contentType), asn1.OBJECT_IDENTIFIER)
	if !ok {
		return nil, fmt.Errorf("%w: not a SignedData", ErrNoAttack)
	}
	m.digests = elementsOf(algorithms)
	if encapsulated.ReadASN1(&explicit, context0) {
		m.content = elementsOf(explicit)
	}
	if data.PeekASN1Tag(context0) && data.ReadASN1(&set, context0) {
		m.certificates = elementsOf(set)
	}
	if data.PeekASN1Tag(context1) && data.ReadASN1(&set, context1) {
		m.crls = elementsOf(set)
	}
	if !data.ReadASN1(&set, asn1.SET) {
		return nil, fmt.Errorf("%w: a SignedData without signerInfos", ErrNoAttack)
	}
	for _, raw := range elementsOf(set) {
		signer, ok := readSignerInfo(raw)
		if !ok {
			return nil, fmt.Errorf("%w: a SignerInfo cannot be read", ErrNoAttack)
		}
		m.signers = append(m.signers, signer)
	}
	return m, nil
}

func readSignerInfo(raw []byte) (out signerInfo, ok bool) {
	s := cryptobyte.String(raw)
	var fields, set, value cryptobyte.String
	var tag asn1.Tag
	ok = s.ReadASN1(&fields, asn1.SEQUENCE) && fields.ReadASN1Element((*cryptobyte.String)(&out.version), asn1.INTEGER) &&
		fields.ReadAnyASN1Element((*cryptobyte.String)(&out.sid), &tag) &&
		fields.ReadASN1Element((*cryptobyte.String)(&out.digest), asn1.SEQUENCE)
	if ok && fields.PeekASN1Tag(context0) {
		ok = fields.ReadASN1(&set, context0)
		out.attributes = elementsOf(set)
	}
	ok = ok && fields.ReadASN1Element((*cryptobyte.String)(&out.algorithm), asn1.SEQUENCE) && fields.ReadASN1(&value, asn1.OCTET_STRING)
	out.value = value
	if ok && fields.PeekASN1Tag(context1) {
		ok = fields.ReadASN1(&set, context1)
		out.unsigned = elementsOf(set)
	}
	return out, ok
}

// elementsOf cuts the content of a constructed element that is known to be DER.
func elementsOf(content cryptobyte.String) [][]byte {
	out := [][]byte{}
	for !content.Empty() {
		element, _, ok := der.ReadElement(&content)
		if !ok {
			return out
		}
		out = append(out, element)
	}
	return out
}

// clone copies m, so that what is changed in the copy stays there. Elements themselves are never written to.
func (m *message) clone() *message {
	c := *m
	c.digests, c.content = slices.Clone(m.digests), slices.Clone(m.content)
	c.certificates, c.crls = slices.Clone(m.certificates), slices.Clone(m.crls)
	c.middle, c.signers = slices.Clone(m.middle), slices.Clone(m.signers)
	for i := range c.signers {
		s := &c.signers[i]
		s.attributes, s.unsigned, s.after = slices.Clone(s.attributes), slices.Clone(s.unsigned), slices.Clone(s.after)
	}
	return &c
}

// signedData is the SignedData itself.
func (m *message) signedData() []byte {
	encapsulated := [][]byte{m.contentType}
	if m.content != nil {
		encapsulated = append(encapsulated, element(context0, m.content...))
	}
	parts := [][]byte{m.version, set(m.digests...), sequence(encapsulated...)}
	if m.certificates != nil {
		parts = append(parts, element(context0, m.certificates...))
	}
	if m.crls != nil {
		parts = append(parts, element(context1, m.crls...))
	}
	var signers [][]byte
	for i := range m.signers {
		signers = append(signers, m.signers[i].bytes())
	}
	parts = append(parts, set(signers...))
	return sequence(append(parts, m.middle...)...)
}

// bytes is the ContentInfo.
func (m *message) bytes() []byte {
	return sequence(oid(cms.OIDSignedData.String()), element(context0, m.signedData()))
}

func (s *signerInfo) bytes() []byte {
	parts := [][]byte{s.version, s.sid, s.digest}
	if s.attributes != nil {
		parts = append(parts, element(context0, s.attributes...))
	}
	parts = append(parts, s.algorithm, octets(s.value))
	if s.unsigned != nil {
		parts = append(parts, element(context1, s.unsigned...))
	}
	return sequence(append(parts, s.after...)...)
}

// toBeSigned is the octets under the value when there are signed attributes (RFC 5652 §5.4).
func (s *signerInfo) toBeSigned() []byte { return set(s.attributes...) }

// attribute is one Attribute.
func attribute(kind der.OID, values ...[]byte) []byte {
	return sequence(element(asn1.OBJECT_IDENTIFIER, []byte(kind)), set(values...))
}

// find returns the index of the first attribute of a type, -1 when there is none.
func find(attributes [][]byte, kind der.OID) int {
	return slices.IndexFunc(attributes, func(raw []byte) bool {
		s := cryptobyte.String(raw)
		var fields cryptobyte.String
		var found der.OID
		return s.ReadASN1(&fields, asn1.SEQUENCE) && der.ReadOID(&fields, &found) && found == kind
	})
}

// replace puts another attribute in the place of the one of that type. With none to replace it appends.
func (s *signerInfo) replace(kind der.OID, raw []byte) {
	if i := find(s.attributes, kind); i >= 0 {
		s.attributes[i] = raw
		return
	}
	s.attributes = append(s.attributes, raw)
}

func (s *signerInfo) drop(kind der.OID) {
	if i := find(s.attributes, kind); i >= 0 {
		s.attributes = slices.Delete(s.attributes, i, i+1)
	}
}

func (s *signerInfo) add(raw ...[]byte) { s.attributes = append(s.attributes, raw...) }

// sorted puts the attributes in the order of DER.
func (s *signerInfo) sorted() { der.SortSet(s.attributes) }

// firstValue returns the first value of an attribute, nil when there is none.
func firstValue(attributes [][]byte, kind der.OID) []byte {
	i := find(attributes, kind)
	if i < 0 {
		return nil
	}
	s := cryptobyte.String(attributes[i])
	var fields, values cryptobyte.String
	if !s.ReadASN1(&fields, asn1.SEQUENCE) || !fields.SkipASN1(asn1.OBJECT_IDENTIFIER) || !fields.ReadASN1(&values, asn1.SET) {
		return nil
	}
	if list := elementsOf(values); len(list) > 0 {
		return list[0]
	}
	return nil
}

// contentOctets is what the signatures of an attached message are over, nil when it is detached.
func (m *message) contentOctets() []byte {
	if len(m.content) != 1 {
		return nil
	}
	_, content := open(m.content[0])
	return content
}

// open returns the tag and the content of a DER element.
func open(raw []byte) (tag asn1.Tag, content []byte) {
	s := cryptobyte.String(raw)
	var inner cryptobyte.String
	if !s.ReadAnyASN1(&inner, &tag) {
		panic("pkitest: not a DER element")
	}
	return tag, inner
}

// hashOf is the digest algorithm of a signer.
func (s *signerInfo) hashOf() crypto.Hash {
	input := cryptobyte.String(s.digest)
	var a pkix.AlgorithmIdentifier
	if !pkix.ReadAlgorithmIdentifier(&input, &a) {
		return 0
	}
	h, _ := pkix.DigestByOID(a)
	return h
}

// inBER writes an element with an indefinite length (X.690 §8.1.3.6). It must be constructed.
func inBER(raw []byte) []byte {
	tag, content := open(raw)
	return slices.Concat([]byte{byte(tag), 0x80}, content, []byte{0, 0})
}

// longLength writes the length of an element on more octets than it takes (X.690 §8.1.3.5).
func longLength(raw []byte) []byte {
	tag, content := open(raw)
	n := len(content)
	return slices.Concat([]byte{byte(tag), 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, content)
}

// inSegments writes octets as a constructed OCTET STRING of that many segments (X.690 §8.7.3), of definite length.
func inSegments(content []byte, n int) []byte {
	size := max(1, (len(content)+n-1)/n)
	var segments [][]byte
	for part := range slices.Chunk(content, size) {
		segments = append(segments, octets(part))
	}
	return element(asn1.OCTET_STRING|0x20, segments...)
}

// flipped is a copy of b with one bit of its last octet changed.
func flipped(b []byte) []byte {
	c := bytes.Clone(b)
	c[len(c)-1] ^= 1
	return c
}
