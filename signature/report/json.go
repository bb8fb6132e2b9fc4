package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

//go:embed report-1.schema.json
var schema []byte

// JSONSchema returns the JSON Schema (draft 2020-12) of what [Report.JSON] writes. The slice is the caller's.
func JSONSchema() []byte { return append([]byte(nil), schema...) }

// JSON writes the report as one line, the form of [Report] that [JSONSchema] describes. Times are RFC 3339 in UTC. Characters
// that cannot be seen, and those that mean something to HTML, are escaped: the line may be printed, or put into a page.
func (r *Report) JSON(w io.Writer) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = w.Write(append(escapeUnseen(line), '\n'))
	return err
}

// escapeUnseen writes as "\u202e" what [shown] would not show; outside of strings JSON has no such character.
func escapeUnseen(line []byte) []byte {
	if !bytes.ContainsFunc(line, isUnseen) {
		return line
	}
	out := make([]byte, 0, len(line)+len(line)/8)
	for _, c := range string(line) {
		switch {
		case !isUnseen(c):
			out = utf8.AppendRune(out, c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, c)
		}
	}
	return out
}

func isUnseen(c rune) bool {
	return c > '~' && c != utf8.RuneError && !shown(c) && !unicode.IsSpace(c) || c == 0x7f || c == 0x85
}
