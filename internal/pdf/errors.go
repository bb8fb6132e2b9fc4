package pdf

import (
	"errors"
	"fmt"
)

// Errors of this package. Each is met through an [*Error] that says where, or alone.
var (
	ErrNotPDF      = errors.New("pdf: no %PDF- header in the first 1024 octets")
	ErrEncrypted   = errors.New("pdf: the document is encrypted")
	ErrDamaged     = errors.New("pdf: the document is damaged")
	ErrUnsupported = errors.New("pdf: unsupported")
	ErrLimit       = errors.New("pdf: the document exceeds a limit")
)

// An Error says what is wrong and where.
type Error struct {
	Kind   error // one of the errors of this package
	Offset int64 // in the file, -1 when it makes no sense (inside an object stream)
	Reason string
}

func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%v: %s", e.Kind, e.Reason)
	}
	return fmt.Sprintf("%v: at offset %d: %s", e.Kind, e.Offset, e.Reason)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

func damaged(offset int64, format string, args ...any) error {
	return &Error{ErrDamaged, offset, fmt.Sprintf(format, args...)}
}

func limit(offset int64, format string, args ...any) error {
	return &Error{ErrLimit, offset, fmt.Sprintf(format, args...)}
}

func unsupported(offset int64, format string, args ...any) error {
	return &Error{ErrUnsupported, offset, fmt.Sprintf(format, args...)}
}
