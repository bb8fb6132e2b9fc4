package pades

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// A permission is what a signature says of what may come after it: by a DocMDP or FieldMDP transform (ISO 32000-2 §12.8.2.2,
// §12.8.2.4), which it signs, or by the lock of its field (§12.7.5.5).
type permission struct {
	level         int // 1 nothing, 2 form filling and signing, 3 annotations too; 0 when it says nothing
	certification bool
	locks         []lock
}

// A lock names form fields.
type lock struct {
	action pdf.Name // All, Include, Exclude
	fields []string
}

// readPermission reads what a signature says in the revision that has it.
func readPermission(state *pdf.State, f field, dict pdf.Dict) (p permission, err error) {
	references, err := state.Array(dict.Get("Reference"))
	if err != nil {
		return p, err
	}
	for _, o := range references {
		reference, err := state.Dict(o)
		if err != nil {
			return p, err
		}
		params, err := state.Dict(reference.Get("TransformParams"))
		if err != nil {
			return p, err
		}
		method, err := state.Resolve(reference.Get("TransformMethod"))
		if err != nil {
			return p, err
		}
		switch method {
		case pdf.Name("DocMDP"):
			p.certification = true
			err = p.restrict(state, params.Get("P"), 2)
		case pdf.Name("FieldMDP"):
			if err = p.restrict(state, params.Get("P"), 0); err == nil {
				err = p.lock(state, params)
			}
		}
		if err != nil {
			return p, err
		}
	}
	fieldLock, err := state.Dict(f.dict.Get("Lock"))
	if err != nil || fieldLock == nil {
		return p, err
	}
	if err := p.restrict(state, fieldLock.Get("P"), 0); err != nil {
		return p, err
	}
	return p, p.lock(state, fieldLock)
}

// restrict takes a /P, which may be an object of its own as any value may (§7.3.10). One that is there and says none of the
// three levels is read as the strictest: its author meant to forbid something.
func (p *permission) restrict(state *pdf.State, o pdf.Object, standard int) error {
	value, err := state.Resolve(o)
	if err != nil {
		return err
	}
	level := standard
	if value != nil {
		level = 1
		if v, ok := value.(pdf.Integer); ok && v >= 1 && v <= 3 {
			level = int(v)
		}
	}
	if level > 0 && (p.level == 0 || level < p.level) {
		p.level = level
	}
	return nil
}

func (p *permission) lock(state *pdf.State, d pdf.Dict) error {
	list, err := state.Array(d.Get("Fields"))
	if err != nil {
		return err
	}
	action, err := state.Resolve(d.Get("Action"))
	if err != nil {
		return err
	}
	l := lock{}
	l.action, _ = action.(pdf.Name)
	for _, o := range list {
		name, err := state.Resolve(o)
		if err != nil {
			return err
		}
		if s, ok := name.(pdf.String); ok {
			l.fields = append(l.fields, pdf.ReadText(s.Value))
		}
	}
	p.locks = append(p.locks, l)
	return nil
}

// locked reports whether a field, by its fully qualified name, may not change. To name a field names those below it.
func (p permission) locked(name string) bool {
	return slices.ContainsFunc(p.locks, func(l lock) bool {
		listed := slices.ContainsFunc(l.fields, func(f string) bool { return f == name || strings.HasPrefix(name, f+".") })
		switch l.action {
		case "Include":
			return listed
		case "Exclude":
			return !listed
		}
		return true // All, or what says nothing that can be read
	})
}

// forbids lists what a change, allowed in itself, brings that this signature forbids.
func (p permission) forbids(c *change) (out []facts.Modification) {
	if p.level == 1 && c.brings >= signing {
		out = append(out, facts.Modification{Revision: c.index + 1, Kind: "docmdp",
			Message: "a signature is added after one that allows nothing but validation data and document timestamps"})
	}
	for _, name := range c.filled {
		if p.locked(name) {
			out = append(out, facts.Modification{Revision: c.index + 1, Kind: "lock",
				Message: fmt.Sprintf("the field %q is signed, which an earlier signature locks", name)})
		}
	}
	return out
}
