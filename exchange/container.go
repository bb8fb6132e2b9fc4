package exchange

import (
	"encoding/binary"
	"io"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// The container: a mark, the payload, the capsule, the header, a trailer of sizes. The trailer comes last because the sizes are
// known last; over a network the three objects travel apart.
const (
	mark        = "confiance-pli/1\n"
	endMark     = "PLI1END\n"
	trailerSize = 32
)

// minPayload is the payload of a pli whose parts are all empty: its head and one empty chunk.
const minPayload = payloadHead + tagSize

// A container says where the objects of a file are.
type container struct {
	payload, capsule, header int64 // sizes
}

func (c container) payloadAt() int64 { return int64(len(mark)) }
func (c container) capsuleAt() int64 { return c.payloadAt() + c.payload }
func (c container) headerAt() int64  { return c.capsuleAt() + c.capsule }

func (c container) trailer() []byte {
	b := make([]byte, 0, trailerSize)
	b = binary.BigEndian.AppendUint64(b, uint64(c.payload))
	b = binary.BigEndian.AppendUint64(b, uint64(c.capsule))
	b = binary.BigEndian.AppendUint32(b, uint32(c.header))
	b = binary.BigEndian.AppendUint32(b, 0)
	return append(b, endMark...)
}

// readContainer reads the mark and the trailer and checks that the sizes fill the file exactly.
func readContainer(src io.ReaderAt, size int64) (container, error) {
	const fixed = int64(len(mark)) + trailerSize
	if size < fixed+minPayload {
		return container{}, refuse(ErrContainer, "%d octets are too few", size)
	}
	var head [len(mark)]byte
	if err := readFull(src, head[:], 0); err != nil {
		return container{}, err
	}
	if string(head[:]) != mark {
		return container{}, refuse(ErrContainer, "it does not begin with the mark of a pli of version 1")
	}
	var tail [trailerSize]byte
	if err := readFull(src, tail[:], size-trailerSize); err != nil {
		return container{}, err
	}
	return parseTrailer(tail, size-fixed)
}

// parseTrailer checks the sums; room is what the file holds beside the mark and the trailer.
func parseTrailer(tail [trailerSize]byte, room int64) (container, error) {
	payload := binary.BigEndian.Uint64(tail[0:])
	capsule := binary.BigEndian.Uint64(tail[8:])
	header := binary.BigEndian.Uint32(tail[16:])
	switch {
	case string(tail[24:]) != endMark:
		return container{}, refuse(ErrContainer, "it does not end as a pli: cut short, or followed by something")
	case binary.BigEndian.Uint32(tail[20:]) != 0:
		return container{}, refuse(ErrContainer, "the reserved word is not zero")
	case header > limits.PliHeader:
		return container{}, refuse(ErrLimit, "a header of %d octets", header)
	case capsule > limits.PliCapsule:
		return container{}, refuse(ErrLimit, "a capsule of %d octets", capsule)
	}
	// Both are small, so that the subtraction cannot wrap, and the comparison is between unsigned numbers.
	rest := room - int64(header) - int64(capsule)
	if rest < minPayload || payload != uint64(rest) {
		return container{}, refuse(ErrContainer, "the sizes written at its end are not those of the file")
	}
	return container{int64(payload), int64(capsule), int64(header)}, nil
}

// readFull reads len(b) octets at an offset: fewer is an error of the source.
func readFull(src io.ReaderAt, b []byte, at int64) error {
	n, err := src.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}
