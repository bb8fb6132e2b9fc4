package der

import (
	"bytes"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ReadElement reads one element of any tag under 31, header included. full shares memory with s.
func ReadElement(s *cryptobyte.String) (full cryptobyte.String, tag asn1.Tag, ok bool) {
	ok = s.ReadAnyASN1Element(&full, &tag)
	return full, tag, ok
}

// ReadElements cuts content octets into the elements they hold, headers included, at most limit of them.
func ReadElements(content cryptobyte.String, limit int) (elements [][]byte, ok bool) {
	for !content.Empty() {
		full, _, ok := ReadElement(&content)
		if !ok || len(elements) == limit {
			return nil, false
		}
		elements = append(elements, full)
	}
	return elements, true
}

// SortSet puts encoded elements in the order of a DER SET OF (X.690 §11.6), in place.
func SortSet(elements [][]byte) { slices.SortFunc(elements, bytes.Compare) }

// IsSortedSet reports whether encoded elements are in the order of a DER SET OF. Equal neighbours are in order.
func IsSortedSet(elements [][]byte) bool { return slices.IsSortedFunc(elements, bytes.Compare) }

// AddSet writes a SET OF with the elements in their order, under the given tag (asn1.SET, or an implicit one). The slice is
// not touched.
func AddSet(b *cryptobyte.Builder, tag asn1.Tag, elements [][]byte) {
	sorted := slices.Clone(elements)
	SortSet(sorted)
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, e := range sorted {
			b.AddBytes(e)
		}
	})
}
