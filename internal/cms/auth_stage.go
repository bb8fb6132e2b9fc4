package cms

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/cadre-confiance/confiance/internal/der"
)

// stageInMemory is the size up to which a source that cannot seek is kept in memory.
const stageInMemory = 1 << 20

// ReadAuthEnvelopedFrom is [ReadAuthEnveloped] of a source that cannot seek. The source is copied first, up to limit octets: in
// memory when it is small, else in a private temporary file that has no name any more and that holds ciphertext only.
// Beyond the limit the error matches [der.ErrLimit].
func ReadAuthEnvelopedFrom(ctx context.Context, r io.Reader, limit int64, dst io.Writer, openers ...Opener) (*AuthEnveloped, error) {
	if _, err := resolveOpeners(openers); err != nil { // before a byte is copied
		return nil, err
	}
	r = &stagedReader{ctx: ctx, r: r, left: limit}
	head, err := io.ReadAll(io.LimitReader(r, stageInMemory))
	if err != nil {
		return nil, err
	}
	if len(head) < stageInMemory {
		return ReadAuthEnveloped(ctx, bytes.NewReader(head), int64(len(head)), dst, openers...)
	}
	f, err := os.CreateTemp("", "confiance-envelope-") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) // where an open file cannot be removed
	defer f.Close()
	os.Remove(f.Name()) // the open descriptor keeps it; nothing is left even if the process is killed
	size, err := io.CopyBuffer(struct{ io.Writer }{f}, io.MultiReader(bytes.NewReader(head), r), make([]byte, gcmSegment))
	if err != nil {
		return nil, err
	}
	return ReadAuthEnveloped(ctx, f, size, dst, openers...)
}

// A stagedReader gives at most 64 KiB at once, looks at ctx before each, and fails past a bound.
type stagedReader struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (s *stagedReader) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p[:min(len(p), gcmSegment)])
	if s.left -= int64(n); s.left < 0 {
		return 0, fmt.Errorf("%w: %w: longer than the limit given", ErrEnvelope, der.ErrLimit)
	}
	return n, err
}
