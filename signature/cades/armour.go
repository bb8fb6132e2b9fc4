package cades

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/signature/ades"
)

// headSize is how much of a file is looked at to tell what it is.
const headSize = 8 << 10

// head returns the first octets of a document.
func head(doc *ades.Document) ([]byte, error) {
	b := make([]byte, min(headSize, max(doc.Size(), 0)))
	n, err := doc.ReadAt(b, 0)
	if err != nil && !(errors.Is(err, io.EOF) && n == len(b)) {
		return nil, fmt.Errorf("cades: reading the file: %w", err)
	}
	return b[:n], nil
}

// unarmour returns the file without the base64 that some tools put around it, with PEM lines (RFC 7468) or without. A file that
// is not armoured is returned as it is. Close the result; it leaves the file open.
func unarmour(ctx context.Context, file *ades.Document) (*ades.Document, error) {
	start, err := head(file)
	if err != nil {
		return nil, err
	}
	if !isArmoured(start) {
		return ades.NewDocument(file, file.Size()), nil
	}
	text := bufio.NewReaderSize(file.Reader(ctx), 4096)
	var lines io.Reader = &armourReader{r: text}
	if !bytes.Contains(start, pemBegin) {
		lines = text // base64 and nothing else
	}
	inside := base64.NewDecoder(base64.StdEncoding, lines)
	staged, err := ades.Stage(ctx, inside, file.Size())
	if err != nil {
		return nil, fmt.Errorf("%w: its base64: %w", ErrNotCMS, err)
	}
	return staged, nil
}

var pemBegin, pemEnd, byteOrderMark = []byte("-----BEGIN "), []byte("-----END "), []byte("\ufeff")

// isArmoured: DER and BER begin with 0x30; the base64 of a SEQUENCE begins with M, and PEM says what it is.
func isArmoured(start []byte) bool {
	return len(start) > 0 && start[0] != 0x30 && (bytes.HasPrefix(start, []byte("MI")) || bytes.Contains(start, pemBegin))
}

// armourReader returns the base64 between the first two lines of dashes (RFC 7468 §2). What is before them is passed over.
type armourReader struct {
	r              *bufio.Reader
	line           []byte // what is left of the current line, or of a piece of one longer than the buffer
	middle         bool   // the next piece continues a line
	started, ended bool
}

func (a *armourReader) Read(p []byte) (int, error) {
	for len(a.line) == 0 {
		if a.ended {
			return 0, io.EOF
		}
		if err := a.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, a.line)
	a.line = a.line[n:]
	return n, nil
}

func (a *armourReader) next() error {
	line, err := a.r.ReadSlice('\n')
	start := !a.middle
	a.middle = err == bufio.ErrBufferFull
	if err == io.EOF && len(line) == 0 {
		return errors.New("it has no end line")
	}
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return err
	}
	switch line = bytes.TrimPrefix(bytes.TrimSpace(line), byteOrderMark); {
	case start && bytes.HasPrefix(line, pemBegin):
		if a.started {
			return errors.New("it has two begin lines")
		}
		a.started = true
	case start && bytes.HasPrefix(line, pemEnd):
		a.ended = true
	case a.started:
		a.line = line
	}
	return nil
}
