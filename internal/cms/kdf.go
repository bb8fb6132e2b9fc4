package cms

import (
	"crypto"
	_ "crypto/sha256" // the hashes of the two key derivations
	_ "crypto/sha512"
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// x963KDF is the key derivation of ANSI X9.63 (SEC 1 §3.6.1): Hash(z ‖ counter ‖ info), counter from 1, as often as needed.
func x963KDF(h crypto.Hash, z, info []byte, size int) []byte {
	out := make([]byte, 0, size+h.Size())
	for counter := uint32(1); len(out) < size; counter++ {
		d := h.New()
		d.Write(z)
		d.Write(binary.BigEndian.AppendUint32(nil, counter))
		d.Write(info)
		out = d.Sum(out)
	}
	clear(out[size:cap(out)])
	return out[:size]
}

// eccSharedInfo is the DER of ECC-CMS-SharedInfo (RFC 5753 §7.2) for a 256-bit key: the key wrap algorithm as it stands in the
// RecipientInfo, the user keying material when there is one (nil: absent), the length of the key in bits.
func eccSharedInfo(keyWrap, ukm []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(keyWrap)
		if ukm != nil {
			b.AddASN1(asn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
				b.AddASN1OctetString(ukm)
			})
		}
		b.AddASN1(asn1.Tag(2).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
			b.AddASN1OctetString([]byte{0, 0, 1, 0})
		})
	})
	return b.BytesOrPanic()
}
