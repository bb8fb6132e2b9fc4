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

// inMemory is up to which size a file is read at once, and how much of a larger one is looked at to tell what it is.
const inMemory = 16 << 10

// A file is a signature file without armour.
type file struct {
	*ades.Document
	start []byte // all of it up to inMemory, else that much
}

func startOf(doc *ades.Document) ([]byte, error) {
	b := make([]byte, min(inMemory, max(doc.Size(), 0)))
	n, err := doc.ReadAt(b, 0)
	if err != nil && !(errors.Is(err, io.EOF) && n == len(b)) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("cades: reading the file: %w", err)
	}
	return b, nil
}

// unarmour takes off the base64 that some tools put around a file, with PEM lines (RFC 7468) or without. Close the result; it
// leaves src open.
func unarmour(ctx context.Context, src *ades.Document) (*file, error) {
	start, err := startOf(src)
	if err != nil {
		return nil, err
	}
	if !isArmoured(start) {
		return &file{ades.NewDocument(src, src.Size()), start}, nil
	}
	text := bufio.NewReaderSize(src.Reader(ctx), 4096)
	armour := &armourReader{r: text}
	var lines io.Reader = armour
	if !bytes.Contains(start, pemBegin) {
		lines, armour.ended = text, true // base64 and nothing else
	}
	inside := base64.NewDecoder(base64.StdEncoding, lines)
	staged, err := ades.Stage(ctx, inside, src.Size())
	if err == nil {
		if err = armour.rest(); err != nil {
			staged.Close()
		}
	}
	if err != nil {
		var corrupt base64.CorruptInputError
		if errors.As(err, &corrupt) || errors.Is(err, errArmour) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: its base64: %w", ErrNotCMS, err)
		}
		return nil, err
	}
	if start, err = startOf(staged); err != nil {
		staged.Close()
		return nil, err
	}
	return &file{staged, start}, nil
}

var (
	pemBegin, pemEnd = []byte("-----BEGIN "), []byte("-----END ")
	pemCertificate   = []byte(" CERTIFICATE-----") // and " TRUSTED CERTIFICATE-----"
	byteOrderMark    = []byte("\ufeff")
)

var errArmour = errors.New("not PEM")

// isArmoured: DER and BER begin with 0x30; the base64 of a SEQUENCE begins with M, and PEM says what it is.
func isArmoured(start []byte) bool {
	return len(start) > 0 && start[0] != 0x30 && (bytes.HasPrefix(start, []byte("MI")) || bytes.Contains(start, pemBegin))
}

// armourReader returns the base64 between the first two lines of dashes (RFC 7468 §2). What is before them is passed over.
type armourReader struct {
	r              *bufio.Reader
	line           []byte // what is left of the current line, or of a piece of one longer than the buffer
	middle         bool   // the next piece continues a line
	tail           []byte // the end of the last piece
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
		if a.ended {
			return io.EOF
		}
		return fmt.Errorf("%w: it has no end line", errArmour)
	}
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return err
	}
	if a.hidesBegin(line, start) {
		return fmt.Errorf("%w: a begin line within a line", errArmour)
	}
	switch line = bytes.TrimPrefix(bytes.TrimSpace(line), byteOrderMark); {
	case start && bytes.HasPrefix(line, pemBegin) && a.ended:
		if !bytes.Contains(line, pemCertificate) {
			return fmt.Errorf("%w: it has two messages", errArmour)
		}
	case start && bytes.HasPrefix(line, pemBegin):
		if a.started {
			return fmt.Errorf("%w: it has two begin lines", errArmour)
		}
		a.started = true
	case start && bytes.HasPrefix(line, pemEnd):
		a.ended = true
	case a.started && !a.ended:
		a.line = line
	}
	return nil
}

// hidesBegin says whether a piece of a line has a begin line elsewhere than at its start: readers that cut long lines, or end
// them elsewhere, take it for one.
func (a *armourReader) hidesBegin(piece []byte, start bool) bool {
	if start {
		a.tail = a.tail[:0]
		if line := bytes.TrimPrefix(bytes.TrimSpace(piece), byteOrderMark); bytes.HasPrefix(line, pemBegin) {
			return bytes.Count(piece, pemBegin) > 1
		}
	}
	hidden := bytes.Contains(append(a.tail, piece[:min(len(piece), len(pemBegin))]...), pemBegin) || bytes.Contains(piece, pemBegin)
	a.tail = append(a.tail[:0], piece[max(0, len(piece)-len(pemBegin)):]...)
	return hidden
}

// rest reads what is behind the message: text (RFC 7468 §2) and certificates may be there, a second message may not, since
// readers would differ on which of the two is the signature.
func (a *armourReader) rest() error {
	for {
		if len(a.line) > 0 {
			return fmt.Errorf("%w: it goes on after its base64 has ended", errArmour)
		}
		if err := a.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
