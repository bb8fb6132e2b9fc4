package cms

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
)

// AES-256-GCM over content of any size. The standard library's AEAD wants the whole message; here a message is cut into
// segments of 64 KiB, each goes once through the library's GCM, and the hash values of the segments are put together by
// linearity, so that the result is bit for bit the GCM of NIST SP 800-38D over the whole.
//
// Write P(S) for the GHASH state after the blocks of segment S alone (from zero, without a length block), and
// Q(S) = P(S)·H. The state of the whole, times H, is acc with acc ← acc·H^blocks(S) ⊕ Q(S), and
// tag = acc ⊕ (AAD part) ⊕ Λ·H ⊕ E(K, J0), where Λ is the block of lengths.
//
//   - Hashing alone: seal an empty plaintext under the all-zero nonce with S as additional data. The output is
//     t = (P(S) ⊕ [8n]‖[0])·H ⊕ M with M = E(K, 0^96 ‖ 1).
//   - Encrypting or decrypting: use a 16-byte nonce N such that the counter that GCM derives from it, (N·H ⊕ [0]‖[128])·H, is the
//     counter block J just before those of S. The library then gives the right ciphertext and
//     t = (P(S) ⊕ [0]‖[8n])·H ⊕ E(K, J).
//
// The values t never leave the process: several of them under one nonce reveal H.

const (
	gcmSegment     = 64 << 10
	gcmSegmentBits = 12                      // a full segment is 2^12 blocks
	gcmMaxContent  = 1<<36 - 32              // NIST SP 800-38D §5.2.1.1: the 32-bit counter never comes back
	gcmTagSize     = 16                      // the only length written and read: the longest
	gcmNonceSize   = 12                      // the only length written and read: the counter then starts at IV ‖ 1
	gcmBuffer      = gcmSegment + gcmTagSize // what seal and open need to work in place
)

var (
	errGCMTooLong = errors.New("cms: content beyond 64 GiB - 32 octets, the most that AES-GCM protects under one key")
	errGCMChanged = errors.New("cms: a segment differs from the one that was authenticated")
	errGCMSegment = errors.New("cms: only the last segment of a message may be short")
)

// A gcmValue is Q of one segment, masked by nothing: as secret as the key.
type gcmValue = gcmElement

// A gcmStream is AES-256-GCM of one message under one key and nonce. Absorb the segments in order, by seal or by hash, all of
// gcmSegment octets but the last; then ask for the tag. Not for concurrent use.
type gcmStream struct {
	block      cipher.Block
	hashing    cipher.AEAD // 12-byte nonces
	ciphering  cipher.AEAD // 16-byte nonces, chosen
	iv         [gcmNonceSize]byte
	h          gcmElement
	hSegment   gcmElement // H^4096
	hashMask   gcmElement // M
	tagMask    gcmElement // E(K, J0)
	fullAsData gcmElement // ([8n] ‖ [0])·H of a full segment hashed as additional data
	fullAsText gcmElement // ([0] ‖ [8n])·H of a full segment hashed as text
	nonceBase  gcmElement // the nonce that leads to the counter IV ‖ 0
	nonceOfBit [32]gcmElement
	acc        gcmElement
	absorbed   uint64
	zero       [gcmNonceSize]byte
	scratch    [gcmTagSize]byte
	nonce      [16]byte
	last       bool
}

// newGCMStream fails where the standard library forbids the mode (GODEBUG=fips140=only).
func newGCMStream(key *[32]byte, iv []byte) (*gcmStream, error) {
	if len(iv) != gcmNonceSize {
		return nil, errors.New("cms: an AES-GCM nonce has 12 octets")
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	g := &gcmStream{block: block}
	if g.hashing, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	if g.ciphering, err = cipher.NewGCMWithNonceSize(block, 16); err != nil {
		return nil, err
	}
	copy(g.iv[:], iv)
	g.h = g.encrypt([16]byte{})
	g.hSegment = g.h
	for range gcmSegmentBits {
		g.hSegment = g.hSegment.mul(g.hSegment)
	}
	g.hashMask = g.encrypt([16]byte{15: 1})
	g.tagMask = g.encrypt(g.counter(1))
	g.fullAsData = gcmElement{hi: 8 * gcmSegment}.mul(g.h)
	g.fullAsText = gcmElement{lo: 8 * gcmSegment}.mul(g.h)
	g.prepareNonces()
	return g, nil
}

// prepareNonces solves (N·H ⊕ [0]‖[128])·H = J for N once: N = J·H⁻² ⊕ ([0]‖[128])·H⁻¹ is linear in J, and of J only the
// 32 bits of the counter change from one segment to the next.
func (g *gcmStream) prepareNonces() {
	inverse := g.h.inverse()
	square := inverse.mul(inverse)
	start := g.counter(0)
	g.nonceBase = gcmElementOf(&start).mul(square).add(gcmElement{lo: 128}.mul(inverse))
	// Bit 0 of the counter is the coefficient of x^127, bit 31 that of x^96.
	power := gcmElement{lo: 1 << 31}.mul(square)
	for bit := 31; bit >= 0; bit-- {
		g.nonceOfBit[bit] = power
		power = power.timesX()
	}
}

func (g *gcmStream) counter(n uint32) (j [16]byte) {
	copy(j[:], g.iv[:])
	binary.BigEndian.PutUint32(j[12:], n)
	return j
}

func (g *gcmStream) encrypt(b [16]byte) gcmElement {
	g.scratch = b // a local would escape to the heap, once for each segment
	g.block.Encrypt(g.scratch[:], g.scratch[:])
	e := gcmElementOf(&g.scratch)
	clear(g.scratch[:])
	return e
}

// nonceFor puts into g.nonce the nonce of the segment that starts at a block, and returns E(K, J).
func (g *gcmStream) nonceFor(block uint64) gcmElement {
	counter := uint32(block) + 1
	n := g.nonceBase
	for bit := range 32 {
		if counter>>bit&1 == 1 { // the counter is public
			n = n.add(g.nonceOfBit[bit])
		}
	}
	g.nonce = n.bytes()
	return g.encrypt(g.counter(counter))
}

func (g *gcmStream) textLength(n int) gcmElement {
	if n == gcmSegment {
		return g.fullAsText
	}
	return gcmElement{lo: 8 * uint64(n)}.mul(g.h)
}

func (g *gcmStream) dataLength(n int) gcmElement {
	if n == gcmSegment {
		return g.fullAsData
	}
	return gcmElement{hi: 8 * uint64(n)}.mul(g.h)
}

// admit checks that a segment of n octets may follow, before anything is computed over it.
func (g *gcmStream) admit(n int) error {
	switch {
	case n == 0 || n > gcmSegment || g.last:
		return errGCMSegment
	case g.absorbed+uint64(n) > gcmMaxContent:
		return errGCMTooLong
	}
	g.last = n < gcmSegment
	return nil
}

// seal encrypts the next segment in place and absorbs it. buffer[:n] is the segment; buffer has n + 16 octets at least and what
// follows the segment is overwritten by zeros.
func (g *gcmStream) seal(buffer []byte, n int) error {
	if err := g.admit(n); err != nil {
		return err
	}
	mask := g.nonceFor(g.absorbed / 16)
	out := g.ciphering.Seal(buffer[:0], g.nonce[:], buffer[:n], nil)
	t := (*[16]byte)(out[n:])
	g.add(gcmElementOf(t).add(mask).add(g.textLength(n)), n)
	clear(t[:])
	return nil
}

// hash absorbs the next segment of ciphertext and returns its value.
func (g *gcmStream) hash(segment []byte) (gcmValue, error) {
	if err := g.admit(len(segment)); err != nil {
		return gcmValue{}, err
	}
	q := g.value(segment)
	g.add(q, len(segment))
	return q, nil
}

func (g *gcmStream) value(segment []byte) gcmValue {
	g.hashing.Seal(g.scratch[:0], g.zero[:], nil, segment)
	q := gcmElementOf(&g.scratch).add(g.hashMask).add(g.dataLength(len(segment)))
	clear(g.scratch[:])
	return q
}

func (g *gcmStream) add(q gcmValue, n int) {
	if n == gcmSegment {
		g.acc = g.acc.mul(g.hSegment)
	} else {
		g.acc = g.acc.mul(g.h.pow(blocks(n)))
	}
	g.acc = g.acc.add(q)
	g.absorbed += uint64(n)
}

func blocks[N int | uint64](n N) uint64 { return (uint64(n) + 15) / 16 }

// open decrypts in place the segment that starts at an offset, if it is the one whose value hash returned; otherwise it
// returns errGCMChanged and buffer[:n] holds zeros. It absorbs nothing.
// The caller has checked that n is the length which that segment had: a value does not tell a segment from itself
// with zeros after it.
func (g *gcmStream) open(buffer []byte, n int, offset uint64, want gcmValue) error {
	mask := g.nonceFor(offset / 16)
	t := want.add(mask).add(g.textLength(n)).bytes()
	copy(buffer[n:n+gcmTagSize], t[:])
	_, err := g.ciphering.Open(buffer[:0], g.nonce[:], buffer[:n+gcmTagSize], nil)
	clear(buffer[n : n+gcmTagSize])
	clear(t[:])
	if err != nil {
		clear(buffer[:n])
		return errGCMChanged
	}
	return nil
}

// tag ends the message: additional data, nil for none, then the lengths and the mask. It changes nothing and may be asked again.
func (g *gcmStream) tag(aad []byte) [gcmTagSize]byte {
	lengths := gcmElement{hi: 8 * uint64(len(aad)), lo: 8 * g.absorbed}
	var q gcmElement
	for rest := aad; len(rest) > 0; {
		n := min(len(rest), gcmSegment)
		q = q.mul(g.h.pow(blocks(n))).add(g.value(rest[:n]))
		rest = rest[n:]
	}
	q = q.mul(g.h.pow(blocks(g.absorbed)))
	return g.acc.add(q).add(lengths.mul(g.h)).add(g.tagMask).bytes()
}

// wipe forgets what this type holds of the key. The key schedules inside the standard library cannot be reached; they go with
// the garbage collector.
func (g *gcmStream) wipe() { *g = gcmStream{} }
