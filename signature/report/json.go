package report

import (
	_ "embed"
	"encoding/json"
	"io"
)

//go:embed report-1.schema.json
var schema []byte

// JSONSchema returns the JSON Schema (draft 2020-12) of what [Report.JSON] writes. The slice is the caller's.
func JSONSchema() []byte { return append([]byte(nil), schema...) }

// JSON writes the report as one line, the form of [Report] that [JSONSchema] describes. Times are RFC 3339 in UTC.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(true) // a report is put into pages
	return encoder.Encode(r)
}
