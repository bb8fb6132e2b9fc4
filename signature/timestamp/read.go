package timestamp

import (
	"context"
	"crypto"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/tsp"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// Read reads a file that is a token, or a response with its token (RFC 3161 §2.4.2), and compares the imprint with the
// document that it timestamps; detached nil says that it is not at hand. A response that grants nothing is a [*StatusError].
func Read(ctx context.Context, src, detached *ades.Document) (*facts.Document, error) {
	if src.Size() > limits.TimestampResponse {
		return nil, fmt.Errorf("%w of %d octets", ErrTooLarge, limits.TimestampResponse)
	}
	token, err := io.ReadAll(src.Reader(ctx))
	if err != nil {
		return nil, fmt.Errorf("timestamp: reading the file: %w", err)
	}
	if IsResponse(token) {
		response, err := tsp.ParseResponse(token)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if !response.IsGranted() {
			return nil, &StatusError{Authority: "the authority", Status: response.Status, Text: response.StatusText, FailInfo: uint32(response.FailInfo)}
		}
		token = response.Token
	}
	place := Place{ID: "T1", Type: facts.DetachedTimestamp, Name: "document"}
	if detached != nil {
		digests, err := documentDigests(ctx, detached, token)
		if err != nil {
			return nil, err
		}
		place.Imprint = func(h crypto.Hash) ([]byte, bool) { sum, ok := digests[h]; return sum, ok }
	}
	t, carried, err := parse(token, place)
	if err != nil {
		return nil, err
	}
	doc := &facts.Document{Schema: facts.Schema, Format: facts.Timestamp}
	carried.addTo(doc, t)
	doc.Timestamps = []facts.Token{*t}
	doc.Designate()
	return doc, nil
}

// documentDigests computes the one digest that the imprint of the token asks for.
func documentDigests(ctx context.Context, document *ades.Document, token []byte) (map[crypto.Hash][]byte, error) {
	hashes := []crypto.Hash{crypto.SHA256} // says that the document is at hand, when the imprint cannot be computed
	if _, content, err := cms.Parse(token); err == nil {
		if info, _ := tsp.ParseInfo(content); info != nil && info.Hash != 0 {
			hashes[0] = info.Hash
		}
	}
	return document.Digests(ctx, hashes...)
}

// IsResponse tells from its first octets whether a file may be an RFC 3161 response: a SEQUENCE that begins with a SEQUENCE
// that begins with an INTEGER, where a token begins with an object identifier.
func IsResponse(head []byte) bool {
	inner, ok := enter(head)
	if !ok {
		return false
	}
	inner, ok = enter(inner)
	return ok && len(inner) > 0 && inner[0] == byte(asn1.INTEGER)
}

// enter skips the header of a SEQUENCE, whose length is not looked at: only the head of it is there.
func enter(b []byte) ([]byte, bool) {
	s := cryptobyte.String(b)
	var tag, length uint8
	if !s.ReadUint8(&tag) || tag != byte(asn1.SEQUENCE) || !s.ReadUint8(&length) {
		return nil, false
	}
	if length > 0x80 && !s.Skip(int(length&0x7f)) {
		return nil, false
	}
	return s, true
}
