package pades

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// What a later revision may bring, from the least to the most (ISO 32000-2 §12.8.2.2.2).
type addition int

const (
	validationData addition = iota // a document security store, document timestamps
	signing                        // signatures of others
)

// A change is the passage from one revision to the next, judged: everything that differs is allowed by a rule, or is a
// modification. Nothing is allowed because it looks harmless.
type change struct {
	file          *pdf.File
	index         int // of the later revision
	before, after *pdf.State
	graph         *graph
	signatures    map[pdf.Ref][]*signature // all of the file, by field
	forms         *form

	added, freed map[int]bool
	weight       int          // of values
	values       map[int]pair // objects that are there before and after, and differ
	explained    map[int]bool
	designated   map[pdf.Ref]bool // by what the revision brings
	widgets      map[int]bool     // widget annotations of the signature fields that the revision brings

	signaturesOnly bool            // the form of the earlier revision has signature fields and no other
	names          map[string]bool // of the fields of the earlier revision

	brings        addition
	filled        []string // names of the fields that were there, empty, and that are signed
	modifications []facts.Modification
}

// A pair is the value of an object before and after.
type pair struct{ was, is pdf.Object }

// modified notes what no rule allows. number 0 is the document itself.
func (c *change) modified(number int, format string, args ...any) {
	switch m := (facts.Modification{Revision: c.index + 1, Kind: "undefined", Message: fmt.Sprintf(format, args...)}); {
	case len(c.modifications) > limits.PDFModifications:
	case len(c.modifications) == limits.PDFModifications:
		c.modifications = append(c.modifications, facts.Modification{Revision: c.index + 1, Kind: "undefined", Message: "and more"})
	default:
		if number > 0 {
			m.Object = pdf.Ref{Number: number}.String()
		}
		c.modifications = append(c.modifications, m)
	}
}

// catch turns an error about the document into a modification: what cannot be read is not allowed.
func (c *change) catch(number int, err error) error {
	if err == nil || !isFormatError(err) {
		return err
	}
	c.modified(number, "%v", err)
	return nil
}

// judge compares the two revisions. touched are the objects that the later one puts elsewhere.
func (c *change) judge(ctx context.Context, touched []int) error {
	c.added, c.freed, c.values = map[int]bool{}, map[int]bool{}, map[int]pair{}
	c.explained, c.widgets, c.designated = map[int]bool{}, map[int]bool{}, map[pdf.Ref]bool{}
	for number, err := range c.graph.broken {
		c.modified(number, "an object of the earlier revision cannot be read: %v", err)
	}
	if err := c.form(ctx); err != nil {
		return err
	}
	for _, number := range touched {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.catch(number, c.classify(ctx, number)); err != nil {
			return err
		}
	}
	for _, rule := range []func(context.Context) error{c.trailer, c.catalog, c.rest} {
		if err := c.catch(0, rule(ctx)); err != nil {
			return err
		}
	}
	return c.advance(ctx)
}

// form refuses a revision that two readers could read in two ways.
func (c *change) form(ctx context.Context) error {
	r := c.file.Revisions()[c.index]
	switch {
	case !r.Closed:
		c.modified(0, "nothing closes the cross-reference section of the revision")
	case r.Hybrid:
		c.modified(0, "the revision has two cross-reference sections, for readers of different ages")
	case c.file.HeaderOffset > 0:
		c.modified(0, "the header of the document is not at its start, and readers may count offsets in two ways")
	}
	stray, err := c.file.Stray(ctx, c.index)
	if err == nil && stray >= 0 {
		c.modified(0, "octets at offset %d belong to no object that the revision lists", stray)
	}
	return c.catch(0, err)
}

// classify tells what became of one object.
func (c *change) classify(ctx context.Context, number int) error {
	was, err := c.before.Locate(number)
	if err != nil {
		return err
	}
	is, err := c.after.Locate(number)
	if err != nil {
		return err
	}
	ref := pdf.Ref{Number: number, Generation: is.Generation}
	var now *pdf.Indirect
	if is.Present() {
		if now, err = c.after.ObjectAt(ref, is); err != nil {
			return err
		}
		if key, twice := pdf.Duplicate(now.Value); twice {
			c.modified(number, "the object has two /%s", key)
		}
		if err := c.generations(number, now.Value); err != nil {
			return err
		}
	}
	switch {
	case !was.Present() && !is.Present():
	case !was.Present():
		c.added[number] = true
		// A reference to an object that is not there is null. Giving it an object changes what holds the reference.
		if c.graph.reached(number) {
			c.modified(number, "the object was designated by the earlier revision, where it did not exist")
		}
	case !is.Present():
		c.freed[number] = true
		if c.graph.reached(number) {
			c.modified(number, "the object is deleted")
		}
	default:
		old, err := c.before.ObjectAt(pdf.Ref{Number: number, Generation: was.Generation}, was)
		if err != nil {
			return err
		}
		same, err := pdf.EqualObjects(ctx, c.before, old.Value, c.after, now.Value)
		if err != nil {
			return err
		}
		// A reference of the generation before is null for some readers, and the object for others.
		if was.Generation != is.Generation && c.graph.reached(number) {
			c.modified(number, "the object is of another generation")
		}
		if !same || was.Generation != is.Generation {
			c.values[number] = pair{old.Value, now.Value}
			if c.weight += weight(old.Value) + weight(now.Value); c.weight > limits.PDFChanged {
				return limitError("the objects changed hold more than %d values", limits.PDFChanged)
			}
		}
	}
	return nil
}

// generations refuses a reference to another generation of an object that is there: null for some readers, the object for others.
func (c *change) generations(number int, value pdf.Object) (err error) {
	pdf.References(value, func(_ pdf.Name, ref pdf.Ref) {
		if err != nil || c.designated[ref] {
			return
		}
		if c.graph.looked++; c.graph.looked > limits.PDFTouched {
			err = limitError("later revisions designate more than %d objects", limits.PDFTouched)
			return
		}
		c.designated[ref] = true
		at, problem := c.after.Locate(ref.Number)
		switch {
		case problem != nil:
			err = problem
		case at.Present() && at.Generation != ref.Generation:
			c.modified(number, "the object designates %s, which is there in another generation", ref)
		}
	})
	return err
}

// weight is how many values an object holds.
func weight(o pdf.Object) int {
	n := 1
	switch o := o.(type) {
	case pdf.Array:
		for _, v := range o {
			n += weight(v)
		}
	case pdf.Dict:
		for _, e := range o {
			n += weight(e.Value)
		}
	case *pdf.Stream:
		n += weight(o.Dict)
	case pdf.String:
		n += len(o.Value) / 50
	}
	return n
}

// trailer allows no other catalog, and none of the entries that readers of one make or another look for (§7.5.5, table 17).
func (c *change) trailer(context.Context) error {
	was, is := c.before.Trailer(), c.after.Trailer()
	for _, key := range pdf.DiffKeys(was, is) {
		switch key {
		case "Size", "Prev", "ID", "Info": // Info is compared below
		case "Type", "W", "Index", "Length", "Filter", "DecodeParms", "DL", "XRefStm": // of the section itself
		case "DocChecksum": // of OpenOffice: a digest of its first revision, that no reader shows
		default:
			c.modified(0, "/%s of the trailer is changed", key)
		}
	}
	// An object whose number is not below /Size is null for strict readers (§7.5.5), and there for others.
	before, _ := was.Get("Size").(pdf.Integer)
	after, ok := is.Get("Size").(pdf.Integer)
	if err := c.generations(0, is); err != nil {
		return err
	}
	switch highest := c.graph.highest; {
	case !ok:
		c.modified(0, "/Size of the trailer is not a number")
	case int(before) <= highest && after > before:
		c.modified(highest, "the object was beyond the /Size of the earlier revision, and no more")
	case int(after) <= highest && after < before:
		c.modified(highest, "the object is beyond the /Size of the revision")
	}
	return c.info(was.Get("Info"), is.Get("Info"))
}

// rest refuses what no rule explained: the objects that a reader meets and that changed.
func (c *change) rest(ctx context.Context) error {
	for _, number := range slices.Sorted(maps.Keys(c.values)) {
		value := c.values[number]
		if c.explained[number] || !c.graph.reached(number) {
			continue
		}
		allowed, err := false, error(nil)
		for _, rule := range []func(context.Context, int, pair) (bool, error){c.page, c.annotations, c.packetChange} {
			if allowed, err = rule(ctx, number, value); err != nil || allowed {
				break
			}
		}
		if err := c.catch(number, err); err != nil {
			return err
		}
		if allowed || err != nil {
			continue
		}
		c.modified(number, "%s is changed%s", describe(value.was), changedKeys(value))
	}
	return nil
}

// describe names an object for a reader.
func describe(o pdf.Object) string {
	if stream, ok := o.(*pdf.Stream); ok {
		if kind, ok := stream.Dict.Get("Type").(pdf.Name); ok {
			return fmt.Sprintf("a stream of type /%s", kind)
		}
		return "a stream"
	}
	if dict, ok := o.(pdf.Dict); ok {
		for _, key := range []pdf.Name{"Type", "FT", "S"} {
			if kind, ok := dict.Get(key).(pdf.Name); ok {
				return fmt.Sprintf("an object of type /%s", kind)
			}
		}
	}
	return "an object"
}

// changedKeys names the keys that differ when both values are dictionaries.
func changedKeys(value pair) string {
	was, ok1 := value.was.(pdf.Dict)
	is, ok2 := value.is.(pdf.Dict)
	if !ok1 || !ok2 {
		return ""
	}
	out := ": "
	for i, key := range pdf.DiffKeys(was, is) {
		if i > 0 {
			out += ", "
		}
		if i == 8 {
			return out + "…"
		}
		out += "/" + string(key)
	}
	return out
}

// advance lets the graph follow the document to the later revision.
func (c *change) advance(ctx context.Context) error {
	size, _ := c.after.Trailer().Get("Size").(pdf.Integer)
	c.graph.size, c.graph.hidden = int(size), 0
	again := c.graph.broken
	c.graph.broken = map[int]error{}
	for number := range c.values {
		again[number] = nil
	}
	for number := range c.added {
		again[number] = nil
	}
	for number := range again {
		if !c.graph.reached(number) {
			continue
		}
		if err := c.graph.visit(c.after, number); err != nil {
			if !isFormatError(err) {
				return err
			}
			c.graph.broken[number] = err
		}
	}
	err := c.graph.walk(ctx, c.after)
	if c.graph.hidden > 0 {
		c.modified(c.graph.hidden, "the object that the revision brings or designates is beyond its /Size")
	}
	return err
}

func fatal(problems []facts.Problem) bool {
	return slices.ContainsFunc(problems, func(p facts.Problem) bool { return p.Fatal })
}
