package exchange

import (
	"crypto/sha256"
	"math/bits"
)

// LeafSize is the length in octets of a leaf of the tree of hashes: no octet of content is handed out before the leaf that
// holds it is checked.
const LeafSize = 1 << 20

// A Hash is a node of the RFC 6962 tree over a part: for one of at most LeafSize octets, SHA-256 of a zero octet and the content.
type Hash [sha256.Size]byte

// leafCount is the number of leaves of a part: none when it is empty.
func leafCount(size int64) int64 { return (size + LeafSize - 1) / LeafSize }

// leafMark is what a leaf is hashed after (RFC 6962 §2.1).
var leafMark = []byte{0}

// node is the hash of two subtrees (RFC 6962 §2.1).
func node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// A tree computes a Merkle Tree Hash from its leaves in order. It holds one hash per level.
type tree struct {
	count uint64
	stack []Hash // roots of complete subtrees, one per bit of count, largest first
}

func (t *tree) add(leaf Hash) {
	// Each trailing one bit of count is a complete subtree as large as the one that now ends.
	for range bits.TrailingZeros64(^t.count) {
		leaf = node(t.stack[len(t.stack)-1], leaf)
		t.stack = t.stack[:len(t.stack)-1]
	}
	t.stack = append(t.stack, leaf)
	t.count++
}

func (t *tree) root() Hash {
	if t.count == 0 {
		return sha256.Sum256(nil)
	}
	root := t.stack[len(t.stack)-1]
	for i := len(t.stack) - 2; i >= 0; i-- {
		root = node(t.stack[i], root)
	}
	return root
}

// pageLeaves is the number of leaf hashes that an opener holds at a time for a part: 32 KiB, 1 GiB of content. RFC 6962 splits at
// powers of two, so that pages of 2^k leaves are subtrees of the whole, the last one included.
const pageLeaves = 1024

// A pagedTree computes the root of a tree and keeps the root of each of its pages.
type pagedTree struct {
	page  tree
	whole tree
	pages []Hash
}

func (t *pagedTree) add(leaf Hash) {
	t.page.add(leaf)
	if t.page.count == pageLeaves {
		t.endPage()
	}
}

func (t *pagedTree) endPage() {
	root := t.page.root()
	t.whole.add(root)
	t.pages = append(t.pages, root)
	t.page = tree{stack: t.page.stack[:0]}
}

func (t *pagedTree) root() Hash {
	if t.page.count > 0 {
		t.endPage()
	}
	return t.whole.root()
}
