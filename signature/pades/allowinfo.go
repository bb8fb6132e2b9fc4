package pades

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

// Producers that sign by incremental update also note, in two places, which program saved the document and when. That much
// is allowed to change: the revision itself proves that someone saved it, no reader shows either as content, and to refuse it
// would refuse what the commonest signing programs write. Title, author, subject and everything else may not: readers show them.

// info allows the information dictionary (§14.3.3) to say which program saved the document, and when.
func (c *change) info(was, is pdf.Object) error {
	before, err := c.before.Dict(was)
	if err != nil {
		return err
	}
	after, err := c.after.Dict(is)
	if err != nil {
		return err
	}
	for _, key := range pdf.DiffKeys(before, after) {
		value, ok := after.Get(key).(pdf.String)
		if key != "ModDate" && key != "Producer" || !ok || len(value.Value) > limits.PDFNote {
			c.modified(0, "/%s of the information dictionary is changed", key)
			return nil
		}
	}
	c.explain(is, parent{0, "Info"}) // and nothing else: an update may move /Info to the contents of a page, and write over them
	return nil
}

// The properties of an XMP packet (ISO 16684-1) that say the same, as an element or as an attribute. Their values can hold no
// markup: whatever parser reads the packet sees the same structure.
var xmpNotes = regexp.MustCompile(`(<(xmp:ModifyDate|xmp:MetadataDate|xmpMM:InstanceID|pdf:Producer)>)[^<>&"']{0,256}(</)` +
	`|(\s(xmp:ModifyDate|xmp:MetadataDate|xmpMM:InstanceID|pdf:Producer)=")[^<>&"']{0,256}(")`)

// xmpPadding is the room that a packet keeps at its end.
var xmpPadding = regexp.MustCompile(`\s+<\?xpacket end=`)

// metadata allows a metadata stream (§14.3.2) to differ by those properties, octet for octet.
func (c *change) metadata(ctx context.Context, was, is pdf.Object) (bool, error) {
	before, err := c.packet(ctx, c.before, was)
	if err != nil || before == nil {
		return false, err
	}
	after, err := c.packet(ctx, c.after, is)
	return err == nil && after != nil && bytes.Equal(before, after), err
}

// packetChange allows the same of a stream that is changed in its place.
func (c *change) packetChange(ctx context.Context, number int, value pair) (bool, error) {
	if !c.owned(number, "Metadata") {
		return false, nil
	}
	return c.metadata(ctx, value.was, value.is)
}

// packet returns a metadata stream without what may change, nil if it is not one.
func (c *change) packet(ctx context.Context, state *pdf.State, o pdf.Object) ([]byte, error) {
	value, err := state.Resolve(o)
	if err != nil {
		return nil, err
	}
	stream, ok := value.(*pdf.Stream)
	if !ok || stream.Dict.Get("Type") != pdf.Name("Metadata") {
		return nil, nil
	}
	for _, e := range stream.Dict {
		if !slices.Contains([]pdf.Name{"Type", "Subtype", "Length", "Filter", "DecodeParms", "DL"}, e.Key) {
			return nil, nil
		}
	}
	r, err := state.Decode(stream)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, limits.PDFMetadata+1))
	if err != nil || len(b) > limits.PDFMetadata || ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return xmpPadding.ReplaceAll(xmpNotes.ReplaceAll(b, []byte("$1$3$4$6")), []byte("<?xpacket end=")), nil
}

// laterVersion allows /Version (§7.2.2) to grow: readers take it as a hint, and updates that write newer structures must set it.
func laterVersion(file *pdf.File, was, is pdf.Object) bool {
	known := []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "2.0"}
	before, ok := was.(pdf.Name)
	if !ok {
		before = pdf.Name(strings.TrimSpace(file.Header))
	}
	after, ok := is.(pdf.Name)
	return ok && slices.Contains(known, string(after)) && slices.Index(known, string(before)) <= slices.Index(known, string(after))
}
