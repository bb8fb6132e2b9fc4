package pades

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// A layout is the incremental update that a signature adds to a document, all of it but the value: the same document and the
// same request always give the same octets, in Prepare and in Complete.
type layout struct {
	update     []byte
	start, end int // of /Contents in update, angle brackets included
}

// layoutVersion changes when the octets of a layout do: a signature prepared with another cannot be completed.
const layoutVersion = 1

// A request is what decides a layout, besides the document. It is saved between Prepare and Complete.
type request struct {
	Layout      int       `json:"layout"`
	Field       string    `json:"field,omitempty"`
	Name        string    `json:"name,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Location    string    `json:"location,omitempty"`
	ContactInfo string    `json:"contactInfo,omitempty"`
	Room        int       `json:"room"`
	Time        time.Time `json:"-"`
}

func (o Options) request(room int) request {
	return request{Layout: layoutVersion, Field: o.Field, Name: o.Name, Reason: o.Reason, Location: o.Location,
		ContactInfo: o.ContactInfo, Room: room, Time: o.Time}
}

// lay builds the update.
func (r request) lay(ctx context.Context, file *pdf.File) (*layout, error) {
	update, err := file.Last().Update()
	if err != nil {
		return nil, err
	}
	b := builder{request: r, state: file.Last(), update: update}
	if err := b.build(ctx, file); err != nil {
		return nil, err
	}
	dictionary, contents, byteRange := b.dictionary(file)
	update.Put(b.value, pdf.Raw(dictionary))
	written, err := update.Write(r.identifier(file))
	if err != nil {
		return nil, fmt.Errorf("pades: %w", err)
	}
	at := written.Offsets[b.value]
	l := &layout{update: written.Bytes, start: at + contents, end: at + contents + 2*r.Room + 2}
	size := file.Size()
	for i, v := range []int64{size + int64(l.start), size + int64(l.end), int64(len(l.update) - l.end)} {
		field := at + byteRange + i*(b.width+1)
		copy(l.update[field:field+b.width], strconv.FormatInt(v, 10))
	}
	return l, nil
}

// identifier is the second part of the file identifier (ISO 32000-2 §14.4), which names this version of the document. It is
// derived and not drawn, so that Complete finds the octets of Prepare again.
func (r request) identifier(file *pdf.File) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s %q", file.Size(), r.Time.UTC().Format(time.RFC3339), r.Field)
	h.Write(pdf.Append(nil, file.Last().Trailer()))
	return h.Sum(nil)[:16]
}

// dictionary is the signature dictionary with room for the value, and where in it /Contents and the numbers of /ByteRange are.
func (b *builder) dictionary(file *pdf.File) (text []byte, contents, byteRange int) {
	b.width = max(10, len(strconv.FormatInt(file.Size()+int64(4*b.Room)+1<<20, 10)))
	text = append(text, "<</Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /"+subFilterCAdES+"\n/M "...)
	text = pdf.Append(text, pdf.Date(b.Time))
	for _, entry := range []struct {
		key   string
		value string
	}{{"Name", b.Name}, {"Reason", b.Reason}, {"Location", b.Location}, {"ContactInfo", b.ContactInfo}} {
		if entry.value != "" {
			text = pdf.Append(append(text, "\n/"+entry.key+" "...), pdf.Text(entry.value))
		}
	}
	if b.reference != nil {
		text = pdf.Append(append(text, "\n/Reference "...), b.reference)
	}
	text = append(text, "\n/ByteRange [0 "...)
	byteRange = len(text)
	text = append(text, strings.Repeat(strings.Repeat(" ", b.width)+" ", 3)...)
	text = append(text, "]\n/Contents "...)
	contents = len(text)
	text = append(append(append(text, '<'), bytes.Repeat([]byte{'0'}, 2*b.Room)...), ">>>"...)
	return text, contents, byteRange
}

// fill puts the signature in its place.
func (l *layout) fill(message []byte) error {
	room := (l.end - l.start - 2) / 2
	if len(message) > room {
		return &RoomError{Room: room, Need: len(message)}
	}
	hex.Encode(l.update[l.start+1:l.end-1], message)
	return nil
}
