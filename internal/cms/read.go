package cms

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"io"
	"slices"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// ReadOptions says what to do with attached content while it flows. The zero value computes the digests that the message
// announces and keeps nothing else.
type ReadOptions struct {
	// Content receives the content, in pieces of at most 64 KiB; nil discards it. What it received was not verified yet.
	Content io.Writer
	// Digests are computed besides those that the message announces in digestAlgorithms.
	Digests []crypto.Hash
	// SkipDigests computes none of those announced.
	SkipDigests bool
	// MaxContent is the longest content accepted, in octets; 0 is no bound.
	MaxContent int64
}

// Read reads a ContentInfo that holds a SignedData, DER or BER, from its first octet to the end of r: anything behind it is
// an error. Attached content flows through in pieces of 64 KiB and is never held; ctx is looked at before each. Memory is
// bounded by what surrounds the content (internal/limits).
func Read(ctx context.Context, r io.Reader, o ReadOptions) (*SignedData, error) {
	s := der.NewStream(ctx, r, keptLimits)
	sd, err := readSignedData(s, o, false)
	if err == nil {
		s.End()
		err = wrap("after the SignedData", s.Err())
	}
	if err != nil {
		return nil, err
	}
	return sd, nil
}

// Parse reads a message that is held in memory: a token, a manifest, the signature of a PDF. content is nil when it is
// detached, and not nil otherwise, even if empty. What is returned shares memory with b.
func Parse(b []byte) (sd *SignedData, content []byte, err error) {
	sd, content, size, err := ParsePrefix(b)
	if err == nil && size < len(b) {
		err = wrap("after the SignedData", &der.SyntaxError{Offset: size, Reason: "octets after the element"})
	}
	if err != nil {
		return nil, nil, err
	}
	return sd, content, nil
}

// ParsePadded is [Parse] of a message followed by any number of zero octets, as in the /Contents of a PDF signature, whose
// room is reserved before the message is known (ISO 32000-2 §12.8.1). size is the length of the message itself. Anything
// else than zeros is refused: nobody signed it and readers may disagree on it.
func ParsePadded(b []byte) (sd *SignedData, content []byte, size int, err error) {
	sd, content, size, err = ParsePrefix(b)
	if err != nil {
		return nil, nil, 0, err
	}
	if i := slices.IndexFunc(b[size:], func(octet byte) bool { return octet != 0 }); i >= 0 {
		return nil, nil, 0, wrap("after the SignedData", &der.SyntaxError{Offset: size + i, Reason: "padding that is not zero"})
	}
	return sd, content, size, nil
}

// ParsePrefix is [Parse] of the message at the start of b, whatever follows it: judging that is the caller's duty. size is
// the length of the message.
func ParsePrefix(b []byte) (sd *SignedData, content []byte, size int, err error) {
	if len(b) > limits.CMSSmall {
		return nil, nil, 0, fmt.Errorf("%w: a message of %d octets in memory", ErrTooLarge, len(b))
	}
	s := der.NewMemoryStream(b, keptLimits)
	sd, err = readSignedData(s, ReadOptions{}, true)
	if err != nil {
		return nil, nil, 0, err
	}
	return sd, sd.found.content, int(s.Offset()), nil
}

// Content types of what is not a SignedData, for the error message.
var otherTypes = map[der.OID]string{
	OIDData: "Data", OIDEnvelopedData: "EnvelopedData", OIDEncryptedData: "EncryptedData", OIDAuthEnvelopedData: "AuthEnvelopedData",
}

func readSignedData(s *der.Stream, o ReadOptions, inMemory bool) (*SignedData, error) {
	if !s.Enter(asn1.SEQUENCE) {
		return nil, notSignedData(s.Err())
	}
	contentType := readOID(s)
	if err := s.Err(); err != nil {
		return nil, notSignedData(err)
	}
	if contentType != OIDSignedData {
		name := otherTypes[contentType]
		if name == "" {
			name = "content type " + contentType.String()
		}
		return nil, fmt.Errorf("%w but %s", ErrNotSignedData, name)
	}
	s.Enter(tagContext0)
	s.Enter(asn1.SEQUENCE)
	f := &found{}
	sd := &SignedData{ContentSize: -1, found: f}
	sd.Version = readVersion(s)
	f.version = sd.Version
	if err := sd.readAlgorithms(s); err != nil {
		return nil, err
	}
	if err := sd.readContent(s, o, inMemory); err != nil {
		return nil, err
	}
	sd.Certificates, f.hasCertificates = readChoices(s, tagContext0)
	f.certificates = sd.Certificates
	if err := s.Err(); err != nil {
		return nil, wrap("certificates", err)
	}
	sd.CRLs, f.hasCRLs = readChoices(s, tagContext1)
	f.crls = sd.CRLs
	if err := s.Err(); err != nil {
		return nil, wrap("crls", err)
	}
	if err := sd.readSigners(s, inMemory); err != nil {
		return nil, err
	}
	s.Leave() // SignedData
	s.Leave() // [0]
	s.Leave() // ContentInfo
	if err := s.Err(); err != nil {
		return nil, wrap("SignedData", err)
	}
	sd.note()
	return sd, nil
}

// notSignedData keeps errors of the reader and bounds as they are: they say nothing of what the input is.
func notSignedData(err error) error {
	if _, syntax := err.(*der.SyntaxError); !syntax {
		return wrap("ContentInfo", err)
	}
	return fmt.Errorf("%w: %w", ErrNotSignedData, err)
}

func (sd *SignedData) readAlgorithms(s *der.Stream) error {
	s.Enter(asn1.SET)
	for s.More() {
		if len(sd.DigestAlgorithms) == limits.CMSDigests {
			s.RefuseBeyond("too many digest algorithms", limits.CMSDigests)
			break
		}
		a, raw := readAlgorithm(s)
		if s.Err() != nil {
			break
		}
		sd.found.rawAlgorithms = append(sd.found.rawAlgorithms, raw)
		sd.DigestAlgorithms = append(sd.DigestAlgorithms, a)
	}
	sd.found.algorithms = sd.DigestAlgorithms
	s.Leave()
	return wrap("digestAlgorithms", s.Err())
}

// readContent reads encapContentInfo.
func (sd *SignedData) readContent(s *der.Stream, o ReadOptions, inMemory bool) error {
	f := sd.found
	f.encapAt = s.Offset()
	s.Enter(asn1.SEQUENCE)
	sd.ContentType = readOID(s)
	if s.TryEnter(tagContext0) {
		sd.Attached = true
		if inMemory {
			sd.holdContent(s)
		} else {
			sd.flowContent(s, o)
		}
		s.Leave()
	}
	s.Leave()
	f.encapEnd = s.Offset()
	if inMemory {
		f.encap = s.Since(f.encapAt)
	}
	return wrap("encapContentInfo", s.Err())
}

func isOctetString(tag asn1.Tag) bool { return tag == tagOctetString || tag == tagOctetString|0x20 }

// oldContent records content that is not in an OCTET STRING, as PKCS #7 had it: what is signed is then the content octets of
// its DER (RFC 5652 §5.2.1), and its tag is under no signature. So only a SEQUENCE is accepted, which is what every structured
// content is, and never for id-data, which is octets.
func (sd *SignedData) oldContent(s *der.Stream, tag asn1.Tag) bool {
	if tag != asn1.SEQUENCE || sd.ContentType == OIDData {
		s.Refuse("content that is neither an OCTET STRING nor, as in PKCS #7, a SEQUENCE of another type than id-data (RFC 5652 §5.2)")
		return false
	}
	sd.Problems = append(sd.Problems, Problem{Code: "cms.content-not-octet-string", Clause: "RFC 5652 §5.2.1",
		Message: "the content is not in an OCTET STRING, as in PKCS #7: its content octets are what is signed"})
	return true
}

func (sd *SignedData) holdContent(s *der.Stream) {
	var content []byte
	switch tag := s.Peek(); {
	case tag == tagOctetString:
		_, content = split(s.Raw())
	case isOctetString(tag):
		var segments bytes.Buffer
		s.Octets(asn1.OCTET_STRING, &segments)
		content = segments.Bytes()
	default:
		if !sd.oldContent(s, tag) {
			return
		}
		_, content = split(s.Element())
	}
	if s.Err() != nil {
		return
	}
	if content == nil {
		content = []byte{}
	}
	sd.found.content = content
	sd.ContentSize = int64(len(content))
	sd.ContentHead = content[:min(len(content), limits.CMSContentHead)]
}

func (sd *SignedData) flowContent(s *der.Stream, o ReadOptions) {
	hashes := slices.Clone(o.Digests)
	if !o.SkipDigests {
		hashes = append(hashes, sd.announced()...)
	}
	taken := NewContent(hashes...)
	dst := &contentWriter{taken, o.Content, o.MaxContent}
	switch tag := s.Peek(); {
	case isOctetString(tag):
		s.Octets(asn1.OCTET_STRING, dst)
	case !sd.oldContent(s, tag):
		return
	case s.Definite():
		s.Contents(dst)
	default: // rare enough to be held, within the bound of any element
		_, content := split(s.Element())
		if s.Err() == nil {
			if _, err := dst.Write(content); err != nil {
				s.Fail(err)
			}
		}
	}
	if s.Err() == nil {
		sd.SetContent(taken)
	}
}

// announced returns the digests of digestAlgorithms that can be computed. The set may be empty (RFC 5652 §5.1): then those
// of today are taken, since the SignerInfos come after the content.
func (sd *SignedData) announced() (hashes []crypto.Hash) {
	for _, a := range sd.DigestAlgorithms {
		if h, err := pkix.DigestByOID(a); err == nil {
			hashes = append(hashes, h)
		}
	}
	if len(sd.DigestAlgorithms) == 0 {
		return []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}
	}
	return hashes
}

// contentWriter splits the flow between digests and the caller, within the caller's bound.
type contentWriter struct {
	taken *Content
	dst   io.Writer
	limit int64
}

func (w *contentWriter) Write(p []byte) (int, error) {
	if w.limit > 0 && w.taken.size+int64(len(p)) > w.limit {
		return 0, fmt.Errorf("%w: content of more than %d octets", ErrTooLarge, w.limit)
	}
	w.taken.Write(p)
	if w.dst == nil {
		return len(p), nil
	}
	return w.dst.Write(p)
}

// readChoices reads an optional set whose elements are kept raw, each alone: what none of us can read must not hide the
// others.
func readChoices(s *der.Stream, tag asn1.Tag) (elements [][]byte, present bool) {
	if !s.TryEnter(tag) {
		return nil, false
	}
	for s.More() {
		if len(elements) == limits.CMSCertificates {
			s.RefuseBeyond("too many certificates or revocation lists", limits.CMSCertificates)
			return nil, true
		}
		raw := s.Raw()
		if len(raw) > limits.CMSElement {
			s.RefuseBeyond("a certificate or revocation list is too long", limits.CMSElement)
			return nil, true
		}
		elements = append(elements, raw)
	}
	s.Leave()
	return elements, true
}

func (sd *SignedData) readSigners(s *der.Stream, inMemory bool) error {
	s.Enter(asn1.SET)
	for items := 0; s.More(); {
		n := len(sd.SignerInfos)
		if n == limits.CMSSigners {
			s.RefuseBeyond("too many signers", limits.CMSSigners)
			break
		}
		si, err := nextSigner(s, inMemory)
		if err != nil {
			return wrap(fmt.Sprintf("signer %d", n+1), err)
		}
		if len(si.Raw) > limits.CMSElement {
			s.RefuseBeyond("a SignerInfo is too long", limits.CMSElement)
		}
		if items += si.weight(); items > limits.CMSAllAttributes {
			s.RefuseBeyond("too many attributes in all", limits.CMSAllAttributes)
		}
		sd.SignerInfos = append(sd.SignerInfos, si)
		sd.found.signers = append(sd.found.signers, si.Raw)
	}
	s.Leave()
	return wrap("signerInfos", s.Err())
}

// nextSigner reads a SignerInfo from the message, or from a copy of it when the message is not in memory.
func nextSigner(s *der.Stream, inMemory bool) (*SignerInfo, error) {
	if inMemory {
		si := readSignerInfo(s)
		return si, s.Err()
	}
	start := int(s.Offset())
	raw := s.Raw()
	if err := s.Err(); err != nil {
		return nil, err
	}
	inner := der.NewMemoryStream(raw, keptLimits)
	si := readSignerInfo(inner)
	err := inner.Err()
	if at, ok := err.(*der.SyntaxError); ok {
		at.Offset += start // of the message
	}
	return si, err
}

// weight is how many attributes and values a signer has.
func (si *SignerInfo) weight() (n int) {
	for _, attrs := range [2][]Attribute{si.SignedAttributes, si.UnsignedAttributes} {
		for i := range attrs {
			n += 1 + len(attrs[i].Values)
		}
	}
	return n
}

// note records what is wrong with the message as a whole and does not stop anyone from judging its signatures.
func (sd *SignedData) note() {
	if version := sd.computedVersion(); version != sd.Version {
		sd.Problems = append(sd.Problems, Problem{Code: "cms.version", Clause: "RFC 5652 §5.1",
			Message: fmt.Sprintf("SignedData version %d where its content asks for %d", sd.Version, version)})
	}
	for i, si := range sd.SignerInfos {
		if !slices.ContainsFunc(sd.DigestAlgorithms, func(a pkix.AlgorithmIdentifier) bool { return a.OID == si.DigestAlgorithm.OID }) {
			si.problem("cms.digest-not-announced", "RFC 5652 §5.1",
				fmt.Sprintf("the digest algorithm of signer %d is not in digestAlgorithms", i+1))
		}
	}
}
