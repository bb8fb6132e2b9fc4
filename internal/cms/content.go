package cms

import (
	"crypto"
	"hash"
	"slices"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// A Content takes what is known of signed content while it flows: digests, length, and the first octets. It is an io.Writer
// that holds none of the rest.
type Content struct {
	hashes []crypto.Hash
	states []hash.Hash
	head   []byte
	size   int64
}

// NewContent computes these digests. Each must be available in this program.
func NewContent(hashes ...crypto.Hash) *Content {
	c := &Content{}
	for _, h := range hashes {
		if !slices.Contains(c.hashes, h) {
			c.hashes = append(c.hashes, h)
			c.states = append(c.states, h.New())
		}
	}
	return c
}

// Write never fails.
func (c *Content) Write(p []byte) (int, error) {
	for _, state := range c.states {
		state.Write(p)
	}
	if room := limits.CMSContentHead - len(c.head); room > 0 {
		c.head = append(c.head, p[:min(room, len(p))]...)
	}
	c.size += int64(len(p))
	return len(p), nil
}

// Digest returns the digest of what was written, if it is one of those computed.
func (c *Content) Digest(h crypto.Hash) ([]byte, bool) {
	i := slices.Index(c.hashes, h)
	if i < 0 {
		return nil, false
	}
	return c.states[i].Sum(nil), true
}

// Size is how many octets were written.
func (c *Content) Size() int64 { return c.size }

// Head is the first octets, at most limits.CMSContentHead.
func (c *Content) Head() []byte { return c.head }

// contentLooksLikeAttributes reports whether content could be a SET OF Attribute: its octets would then verify, without
// signed attributes, under the value of another signature whose signed attributes they are (the attribute-swap forgery).
// head is the first octets of size. Content longer than head is judged by its outer length and its first element, which
// no text, PDF, XML or archive has.
func contentLooksLikeAttributes(head []byte, size int64) bool {
	if len(head) < 2 || head[0] != tagSet {
		return false
	}
	if int64(len(head)) == size {
		attrs, err := ParseAttributes(head)
		return err == nil && len(attrs) > 0
	}
	h, err := der.ReadHeader(head)
	if err != nil || int64(h.Size)+int64(h.Length) != size {
		return false // what another signer signed was DER, of definite length, and shorter than any length that fails here
	}
	// SEQUENCE { OBJECT IDENTIFIER, SET
	rest := head[h.Size:]
	if h, err = der.ReadHeader(rest); err != nil || h.Tag() != tagSequence {
		return false
	}
	rest = rest[h.Size:]
	if h, err = der.ReadHeader(rest); err != nil || h.Tag() != tagOID || h.Length > len(rest)-h.Size {
		return false
	}
	rest = rest[h.Size+h.Length:]
	return len(rest) > 0 && rest[0] == tagSet || len(rest) == 0
}

// SetContent gives a SignedData what is known of content that it does not hold: detached content that the caller read.
func (sd *SignedData) SetContent(c *Content) {
	sd.ContentSize, sd.ContentHead = c.size, c.head
	sd.ContentDigests = make(map[crypto.Hash][]byte, len(c.hashes))
	for _, h := range c.hashes {
		sd.ContentDigests[h], _ = c.Digest(h)
	}
}

// Digest returns the digest of the content: one of ContentDigests, or computed from content that Parse holds.
func (sd *SignedData) Digest(h crypto.Hash) ([]byte, bool) {
	if sum, ok := sd.ContentDigests[h]; ok {
		return sum, true
	}
	if sd.found == nil || sd.found.content == nil || !h.Available() {
		return nil, false
	}
	return sd.found.digest(h, sd.found.content), true
}
