package report

import (
	"bufio"
	"encoding/base64"
	"io"
	"strings"
	"time"
)

// xmlWriter writes elements and nothing else: UTF-8, two spaces of indentation, attributes in the order given. Text and
// attributes are escaped as XML 1.0 §2.4 and §3.3.3 want, so that a reader gets back the characters written; those that XML
// cannot hold become U+FFFD. The error of the writer shows at flush.
type xmlWriter struct {
	w    *bufio.Writer
	open []string
}

func newXMLWriter(w io.Writer) *xmlWriter {
	x := &xmlWriter{w: bufio.NewWriter(w)}
	x.w.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	return x
}

// start opens an element. attributes alternates names and values.
func (x *xmlWriter) start(name string, attributes ...string) {
	x.tag(name, attributes)
	x.w.WriteString(">\n")
	x.open = append(x.open, name)
}

// end closes the last element opened.
func (x *xmlWriter) end() {
	last := len(x.open) - 1
	name := x.open[last]
	x.open = x.open[:last]
	x.indent()
	x.w.WriteString("</" + name + ">\n")
}

// leaf writes an element that holds text.
func (x *xmlWriter) leaf(name, text string, attributes ...string) {
	x.tag(name, attributes)
	x.w.WriteByte('>')
	xmlText.WriteString(x.w, characters(text))
	x.w.WriteString("</" + name + ">\n")
}

// empty writes an element that holds nothing.
func (x *xmlWriter) empty(name string, attributes ...string) {
	x.tag(name, attributes)
	x.w.WriteString("/>\n")
}

// octets writes an element that holds base64.
func (x *xmlWriter) octets(name string, value []byte, attributes ...string) {
	x.leaf(name, base64.StdEncoding.EncodeToString(value), attributes...)
}

// instant writes an element that holds an xs:dateTime.
func (x *xmlWriter) instant(name string, t time.Time) {
	if t = within(t); t.IsZero() {
		t = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	x.leaf(name, t.Format(time.RFC3339Nano))
}

func (x *xmlWriter) flush() error { return x.w.Flush() }

func (x *xmlWriter) tag(name string, attributes []string) {
	x.indent()
	x.w.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		x.w.WriteString(" " + attributes[i] + `="`)
		xmlAttribute.WriteString(x.w, characters(attributes[i+1]))
		x.w.WriteByte('"')
	}
}

func (x *xmlWriter) indent() {
	for range x.open {
		x.w.WriteString("  ")
	}
}

var (
	xmlText      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	xmlAttribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

// characters keeps those of XML 1.0 §2.2.
func characters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000 && r <= 0x10ffff:
			return r
		}
		return '\ufffd'
	}, s)
}
