package pdf

import (
	"errors"
	"fmt"
	"io"
)

// A source reads a file through a small direct-mapped cache of blocks: an object costs no system call when its neighbour
// has just been read.
type source struct {
	r      io.ReaderAt
	size   int64
	blocks [sourceBlocks]block
}

const (
	sourceBlocks = 64
	blockSize    = 16 << 10
)

type block struct {
	offset int64 // of the first octet, when data is not empty
	data   []byte
}

// at returns the n octets at an offset, fewer only when the file ends. They are valid until the next call.
func (s *source) at(offset int64, n int) ([]byte, error) {
	if offset < 0 || offset >= s.size || n <= 0 {
		return nil, nil
	}
	if int64(n) > s.size-offset {
		n = int(s.size - offset)
	}
	start := offset / blockSize * blockSize
	if offset+int64(n) > start+blockSize {
		b := make([]byte, n)
		return b, s.read(b, offset)
	}
	cached := &s.blocks[start/blockSize%sourceBlocks]
	if len(cached.data) == 0 || cached.offset != start {
		size := int(min(blockSize, s.size-start))
		if cap(cached.data) < size {
			cached.data = make([]byte, size)
		}
		cached.data = cached.data[:size]
		if err := s.read(cached.data, start); err != nil {
			cached.data = cached.data[:0]
			return nil, err
		}
		cached.offset = start
	}
	return cached.data[offset-start:][:n], nil
}

// read fills b. A file that is shorter than it said is an error.
func (s *source) read(b []byte, offset int64) error {
	n, err := s.r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("pdf: reading %d octets at offset %d: %w", len(b), offset, err)
}
