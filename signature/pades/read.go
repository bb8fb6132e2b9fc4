package pades

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/internal/tsp"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// Read finds the signatures and document timestamps of a PDF, in its last revision and in those before.
//
// Each is read with the digest of exactly the octets that it must cover: all of them up to the end of the revision that it
// closes, but its own value. What departs from that is a fatal Problem, and the reference is then not found. What later
// revisions changed beyond signatures, document timestamps and validation data is in Modifications.
//
// A PDF without signature gives a Document without signature. Errors: ErrNotPDF, ErrEncrypted, ErrDamaged, ErrUnsupported,
// ErrLimit, [ades.ErrDigestOnly], those of the document's reader and of ctx.
func Read(ctx context.Context, doc *ades.Document) (*facts.Document, error) {
	file, err := openFile(ctx, doc)
	if err != nil {
		return nil, err
	}
	found, err := signatures(ctx, file)
	if err != nil {
		return nil, err
	}
	out := &facts.Document{Schema: facts.Schema, Format: facts.PAdES}
	var messages []*message
	var spans []*span
	for _, s := range found {
		m := s.message()
		messages = append(messages, m)
		if m.span != nil {
			spans = append(spans, m.span)
			m.head = make([]byte, min(m.rangeStart, limits.CMSContentHead))
			if _, err := doc.ReadAt(m.head, 0); err != nil && err != io.EOF {
				return nil, err
			}
		}
	}
	if err := digestSpans(ctx, doc, spans); err != nil {
		return nil, err
	}
	for _, m := range messages { // any token would do for a timestamp, were the imprint not looked at
		m.unfit = m.unfit || m.span != nil && m.imprint != nil && !bytes.Equal(m.span.sums[m.imprint.Hash], m.imprint.Imprint)
	}
	if err := judgeRevisions(ctx, file, found, out); err != nil {
		return nil, err
	}
	for i, m := range messages {
		if err := m.add(ctx, out, signatureID(i)); err != nil {
			return nil, err
		}
	}
	kept, err := addStore(ctx, file, out)
	if err != nil {
		return nil, err
	}
	out.Designate()
	for i := range out.Signatures {
		s := &out.Signatures[i]
		s.Level = level(s, out, kept)
	}
	return out, nil
}

// openFile opens a document whose octets are at hand.
func openFile(ctx context.Context, doc *ades.Document) (*pdf.File, error) {
	if _, only := doc.Digest(); only {
		return nil, ades.ErrDigestOnly
	}
	return pdf.Open(ctx, doc, doc.Size())
}

// A message is what /Contents holds.
type message struct {
	*signature
	embedded *cades.Embedded // of a signature; nil when it cannot be read
	token    []byte          // of a document timestamp; nil when it cannot be read
	imprint  *tsp.Info       // of a document timestamp whose digest can be computed here
	span     *span           // nil when nothing is covered
	head     []byte          // first octets covered
}

// message reads /Contents, far enough to know which digests it asks for.
func (s *signature) message() *message {
	m := &message{signature: s}
	if s.contents == nil {
		return m
	}
	var hashes []crypto.Hash
	switch s.subFilter {
	case subFilterCAdES, subFilterPKCS7:
		embedded, err := cades.ParseEmbedded(s.contents)
		if err != nil {
			s.problem("contents", "ISO 32000-2 §12.8.3.3", "/Contents cannot be read: %v", err)
			return m
		}
		if embedded.Signers != 1 {
			s.problem("signers", "EN 319 142-1 §5.2", "the signature holds %d SignerInfos instead of one", embedded.Signers)
		}
		if embedded.Attached {
			s.problem("attached", "ISO 32000-2 §12.8.3.3.1", "the signature holds content of its own, which is not the document")
		}
		m.embedded, hashes = embedded, embedded.Digests()
	case subFilterTimestamp:
		_, content, size, err := cms.ParsePadded(s.contents)
		if err != nil {
			s.problem("contents", "EN 319 142-1 §5.4.3", "/Contents cannot be read: %v", err)
			return m
		}
		m.token = s.contents[:size]
		if _, _, err := timestamp.Parse(m.token); err != nil {
			s.unfit = true // timestamp.Add says why
			break
		}
		if info, _ := tsp.ParseInfo(content); info != nil && info.Hash.Available() {
			m.imprint, hashes = info, append(hashes, info.Hash)
		}
	default:
		s.unfit = true
		s.problems = append(s.problems, facts.Problem{
			Code: "pdf.sub-filter", Clause: "ISO 32000-2 table 260", Unsupported: true,
			Message: fmt.Sprintf("a signature of /SubFilter %q", s.subFilter),
		})
		return m
	}
	if s.covers {
		m.span = &span{gap: s.rangeStart, after: s.rangeGap, end: s.rangeEnd, hashes: hashes}
	}
	return m
}

// rangeName says for a reader what is covered.
func (m *message) rangeName() string {
	if m.span == nil {
		return "byte range"
	}
	return fmt.Sprintf("bytes 0-%d, %d-%d", m.rangeStart-1, m.rangeGap, m.rangeEnd-1)
}

// add puts a signature or a document timestamp into the facts.
func (m *message) add(ctx context.Context, out *facts.Document, id string) error {
	if m.timestamp() {
		m.addTimestamp(out, id)
		return nil
	}
	position := len(out.Signatures)
	if m.embedded != nil {
		signed := cades.Signed{Name: m.rangeName(), Head: m.head, Size: -1}
		if m.span != nil {
			signed.Digests, signed.Size = m.span.sums, m.rangeStart+m.rangeEnd-m.rangeGap
		}
		if err := m.embedded.Add(ctx, out, id, signed); err != nil {
			m.problem("contents", "RFC 5652 §5.3", "%v", err)
		}
	}
	if len(out.Signatures) == position {
		out.Signatures = append(out.Signatures, facts.Signature{})
	}
	for i := position; i < len(out.Signatures); i++ {
		out.Signatures[i].Format = facts.PAdES
	}
	s := &out.Signatures[position]
	s.ID, s.SubFilter, s.Field, s.Revision, s.ByteRange = id, m.subFilter, m.name, m.revision+1, m.byteRange
	s.Modifications, s.PDF = m.changes, m.describe()
	s.Problems = append(s.Problems, m.problems...)
	if s.ClaimedTime == nil {
		s.ClaimedTime = m.claimedTime()
	}
	return nil
}

func (m *message) addTimestamp(out *facts.Document, id string) {
	place := timestamp.Place{ID: id, Type: facts.DocumentTimestamp, Name: m.rangeName()}
	if m.span != nil {
		place.Imprint = func(h crypto.Hash) ([]byte, bool) {
			sum, ok := m.span.sums[h]
			return sum, ok
		}
	}
	timestamp.Add(out, m.token, place)
	t := &out.Timestamps[len(out.Timestamps)-1]
	t.Field, t.Revision, t.ByteRange, t.Modifications = m.name, m.revision+1, m.byteRange, m.changes
	t.Problems = append(t.Problems, m.problems...)
}

// describe is what the dictionary says besides, nil when it says nothing.
func (m *message) describe() *facts.PDF {
	p := &facts.PDF{Name: m.text("Name"), Reason: m.text("Reason"), Location: m.text("Location"), ContactInfo: m.text("ContactInfo"),
		Permission: m.permission.level, Certification: m.permission.certification}
	if *p == (facts.PDF{}) {
		return nil
	}
	return p
}
