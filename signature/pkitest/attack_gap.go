package pkitest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

// value is the message of the signature, without the zeros behind it.
func (x *pdfScene) value() []byte {
	contents, _ := x.signature.Get("Contents").(pdf.String)
	h, err := der.ReadHeader(contents.Value)
	if err != nil || h.Length < 0 || h.Size+h.Length > len(contents.Value) {
		return contents.Value
	}
	return contents.Value[:h.Size+h.Length]
}

// fill puts text in the place of /Contents, with spaces behind it: nobody signed what is there. It is nil when there is no room.
func (x *pdfScene) fill(text string) []byte {
	room := x.gapEnd - x.gap
	if len(text) > room {
		return nil
	}
	return slices.Concat(x.file[:x.gap], []byte(text), bytes.Repeat([]byte{' '}, room-len(text)), x.file[x.gapEnd:])
}

// carry puts another message in /Contents.
func (x *pdfScene) carry(message []byte) []byte {
	digits := x.gapEnd - x.gap - 2
	text := hex.EncodeToString(message)
	if len(text) > digits {
		return nil
	}
	return x.fill("<" + text + strings.Repeat("0", digits-len(text)) + ">")
}

func (x *pdfScene) hexadecimal() string { return "<" + hex.EncodeToString(x.value()) + ">" }

// edited is the document with its message taken apart and made again, nil when edit does not concern it.
func (x *pdfScene) edited(edit func(m *message, s *signerInfo) bool) []byte {
	m, err := readMessage(x.value())
	if err != nil || len(m.signers) == 0 || !edit(m, &m.signers[0]) {
		return nil
	}
	return x.carry(m.bytes())
}

const rangeClause = "ISO 32000-2 §12.8.1, EN 319 142-1 §5.2"

// gapRecipes: the octets that no signature covers are those of its value. What else is put there nobody signed.
var gapRecipes = []pdfRecipe{
	{"gap-key", "octets in the gap", rangeClause, "a reason for signing is written behind a value that was shortened", false, func(x *pdfScene) []byte {
		return x.fill(x.hexadecimal() + "/Reason(Bon pour cent mille euros)")
	}},
	{"gap-second-contents", "two values", "ISO 32000-2 §7.3.7", "a second /Contents is written behind the first", false, func(x *pdfScene) []byte {
		return x.fill(x.hexadecimal() + "/Contents<00>")
	}},
	{"gap-second-range", "two byte ranges", "ISO 32000-2 §7.3.7", "a second /ByteRange is written behind the value", false, func(x *pdfScene) []byte {
		return x.fill(x.hexadecimal() + "/ByteRange[0 1 2 3]")
	}},
	{"gap-comment", "octets in the gap", rangeClause, "a comment is written behind the value", false, func(x *pdfScene) []byte {
		return x.fill(x.hexadecimal() + "%5 0 obj (forged) endobj\n")
	}},
	{"gap-spaces", "octets in the gap", rangeClause, "spaces take the place of the zeros behind the value", false, func(x *pdfScene) []byte {
		if len(x.hexadecimal()) == x.gapEnd-x.gap {
			return nil
		}
		return x.fill(x.hexadecimal())
	}},
	{"gap-objects", "octets in the gap", trillion, "other contents of the page are written behind the value, for readers that search for objects", false, func(x *pdfScene) []byte {
		if x.contents.Number == 0 {
			return nil
		}
		return x.fill(fmt.Sprintf("%s>>\nendobj\n%s obj\n%s\nendobj\n9999 0 obj\n<</X 1", x.hexadecimal(), x.contents, streamBody("", forgedText)))
	}},
	{"gap-spaced-digits", "encoding of the value", rangeClause, "spaces are written between the digits of the value", false, func(x *pdfScene) []byte {
		text := x.hexadecimal()
		text = text[:3] + " \n" + text[3:]
		if len(text) > x.gapEnd-x.gap {
			return nil
		}
		return x.fill(text[:len(text)-1] + strings.Repeat("0", x.gapEnd-x.gap-len(text)) + ">")
	}},
	{"gap-no-digit", "encoding of the value", "ISO 32000-2 §7.3.4.3", "a character of the value is no digit", false, func(x *pdfScene) []byte {
		b := bytes.Clone(x.file)
		b[x.gapEnd-2] = 'Z'
		return b
	}},
	{"gap-literal", "encoding of the value", rangeClause, "the value is a literal string", false, func(x *pdfScene) []byte {
		var text strings.Builder
		for _, c := range x.value() {
			switch c {
			case '(', ')', '\\':
				text.WriteByte('\\')
				text.WriteByte(c)
			case '\r':
				text.WriteString(`\r`)
			default:
				text.WriteByte(c)
			}
		}
		return x.fill("(" + text.String() + ")")
	}},
	{"gap-padding", "padding", rangeClause, "the last octet behind the value is not zero", false, func(x *pdfScene) []byte {
		b := bytes.Clone(x.file)
		b[x.gapEnd-2] = '1'
		return b
	}},
	{"gap-padding-message", "padding", rangeClause, "a second message is behind the first", false, func(x *pdfScene) []byte {
		return x.carry(slices.Concat(x.value(), []byte{0, 0, 0, 0}, sequence(oid(cms.OIDData.String()))))
	}},
	{"wrapping", "signature wrapping", trillion, "the second part of what is signed is moved to the end, a second /ByteRange follows it there, and a cross-reference to other contents is where the right one was", false, func(x *pdfScene) []byte {
		return x.wrapped(true)
	}},
	{"wrapping-moved", "signature wrapping", trillion, "the same, with the one /ByteRange", false, func(x *pdfScene) []byte {
		return x.wrapped(false)
	}},

	{"altered-before", "content", "ISO 32000-2 §12.8.1", "a bit before the value is changed", false, func(x *pdfScene) []byte {
		b := bytes.Clone(x.file)
		i := bytes.IndexByte(b, '\n') // of the header: the comment behind it shows nowhere
		b[i-1] ^= 1
		return b
	}},
	{"altered-after", "content", "ISO 32000-2 §12.8.1", "an octet behind the value is changed, where it shows nowhere", false, func(x *pdfScene) []byte {
		i := bytes.IndexByte(x.file[x.gapEnd:], '\n')
		if i < 0 {
			return nil
		}
		b := bytes.Clone(x.file)
		b[x.gapEnd+i] = ' '
		return b
	}},
	{"prefixed", "content", "ISO 32000-2 §7.5.2", "an octet precedes the header", false, func(x *pdfScene) []byte {
		return append([]byte{'\n'}, x.file...)
	}},
	{"cut", "content", "ISO 32000-2 §12.8.1", "the last octets are missing", false, func(x *pdfScene) []byte {
		return x.file[:len(x.file)-7]
	}},

	{"message-flipped", "value", "RFC 5652 §5.4", "a bit of the signature value is changed", false, func(x *pdfScene) []byte {
		return x.edited(func(_ *message, s *signerInfo) bool { s.value = flipped(s.value); return true })
	}},
	{"message-attached", "detached or attached", "ISO 32000-2 §12.8.3.3", "the message holds a document of its own", false, func(x *pdfScene) []byte {
		return x.edited(func(m *message, _ *signerInfo) bool { m.content = [][]byte{octets(other)}; return true })
	}},
	{"message-two-signers", "several signers", "EN 319 142-1 §5.2", "a second signer is added to the message", false, func(x *pdfScene) []byte {
		return x.edited(func(m *message, s *signerInfo) bool {
			second := *s
			second.value = flipped(second.value)
			m.signers = append(m.signers, second)
			return true
		})
	}},
	{"message-two-signers-first", "several signers", "EN 319 142-1 §5.2", "the same, before the signer", false, func(x *pdfScene) []byte {
		return x.edited(func(m *message, s *signerInfo) bool {
			second := *s
			second.value = flipped(second.value)
			m.signers = append([]signerInfo{second}, m.signers...)
			return true
		})
	}},
	{"message-no-signer", "no signer", "EN 319 142-1 §5.2", "the message has no signer", false, func(x *pdfScene) []byte {
		return x.edited(func(m *message, _ *signerInfo) bool { m.signers = nil; return true })
	}},
	{"message-attributes-removed", "attribute swap", eufCMA, "the signed attributes are taken out of the message", false, func(x *pdfScene) []byte {
		return x.edited(func(_ *message, s *signerInfo) bool {
			had := s.attributes != nil
			s.attributes = nil
			return had
		})
	}},
	{"message-attribute-swap", "attribute swap", eufCMA, "the signed attributes become a document inside the message", false, func(x *pdfScene) []byte {
		return x.edited(func(m *message, s *signerInfo) bool {
			had := s.attributes != nil
			m.content = [][]byte{octets(s.toBeSigned())}
			s.attributes = nil
			return had
		})
	}},
	{"message-other-type", "content type", "RFC 5652 §11.1", "the message says that it is a timestamp", false, func(x *pdfScene) []byte {
		return x.edited(func(m *message, _ *signerInfo) bool { m.contentType = oid(cms.OIDTSTInfo.String()); return true })
	}},
	{"message-not-signed-data", "another format", "ISO 32000-2 §12.8.3.3", "the message is no SignedData", false, func(x *pdfScene) []byte {
		return x.carry(sequence(oid(cms.OIDData.String()), element(context0, octets(other))))
	}},
	{"message-empty", "value", "ISO 32000-2 §12.8.3.3", "the message is zeros", false, func(x *pdfScene) []byte { return x.carry(nil) }},
	{"message-octets", "another format", "ISO 32000-2 §12.8.3.2", "the message is an OCTET STRING with the value, as in adbe.x509.rsa_sha1", false, func(x *pdfScene) []byte {
		m, err := readMessage(x.value())
		if err != nil || len(m.signers) == 0 {
			return nil
		}
		return x.carry(element(asn1.OCTET_STRING, m.signers[0].value))
	}},
}

// wrapped moves what follows the value to the end, and puts there, and where the cross-reference was, what the attacker wants.
// Readers that follow the /ByteRange and readers that follow the cross-reference see two documents.
func (x *pdfScene) wrapped(second bool) []byte {
	if x.stream || int(x.section) < x.gapEnd || x.contents.Number == 0 {
		return nil
	}
	rest := x.file[x.gapEnd:]
	const room = "[0 0000000000 0000000000 0000000000]"
	head := x.hexadecimal()
	if second {
		head += "/ByteRange" + room
	}
	out := append(bytes.Clone(x.file[:x.gap]), head+">>\nendobj\n"...)
	forged := len(out)
	out = fmt.Appendf(out, "%s obj\n%s\nendobj\n", x.contents, streamBody("", forgedText))
	if len(out) > int(x.section) {
		return nil
	}
	out = append(out, bytes.Repeat([]byte{' '}, int(x.section)-len(out))...)
	size, _ := x.state.Trailer().Get("Size").(pdf.Integer)
	// What was behind the value is moved by as much as is put before it: lengths first, then offsets.
	table := func(moved int) (text []byte) {
		text = append(text, "xref\n"...)
		for number := 1; number < int(size); number++ {
			l, err := x.state.Locate(number)
			if err != nil || l.Kind != pdf.InUse {
				continue
			}
			if int(l.Offset) > x.gap {
				l.Offset += int64(moved)
			}
			if number == x.contents.Number {
				l.Offset = int64(forged)
			}
			text = fmt.Appendf(text, "%d 1\n%010d %05d n \n", number, l.Offset, l.Generation)
		}
		return append(pdf.Append(append(text, "trailer\n"...), x.state.Trailer().Without("Prev")), "\n9999 0 obj\n<</X 1"...)
	}
	out = append(out, table(len(out)+len(table(0))-x.gapEnd)...)
	if second {
		out = bytes.Replace(out, []byte(room), fmt.Appendf(nil, "[0 %010d %010d %010d]", x.gap, len(out), len(rest)), 1)
	}
	return append(out, rest...)
}
