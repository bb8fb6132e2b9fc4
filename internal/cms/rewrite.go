package cms

import (
	"context"
	"io"
)

// Rewrite copies a message from src to dst with the changes that edit makes to unsigned attributes, certificates and
// revocation lists, or with signers it adds. Every signed octet, the content and whatever was not changed come out as they
// went in; outer lengths are written in DER. The content flows: once to read what is around it, once to copy it. edit sees the
// digests that o asks for; o.Content receives the content of the first pass.
//
// If edit returns an error nothing is written. src must not change meanwhile.
func Rewrite(ctx context.Context, dst io.Writer, src io.ReaderAt, size int64, o ReadOptions, edit func(*SignedData) error) error {
	sd, err := Read(ctx, io.NewSectionReader(src, 0, size), o)
	if err != nil {
		return err
	}
	if err := edit(sd); err != nil {
		return err
	}
	parts, err := sd.parts()
	if err != nil {
		return err
	}
	encapSize := sd.found.encapEnd - sd.found.encapAt
	if _, err := dst.Write(parts.opening(nil, encapSize)); err != nil {
		return err
	}
	section := io.NewSectionReader(src, sd.found.encapAt, encapSize)
	if err := copyExactly(dst, contextReader{ctx, section}, encapSize); err != nil {
		return err
	}
	_, err = dst.Write(parts.tail)
	return err
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
