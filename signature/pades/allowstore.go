package pades

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// A store is the objects of a document security store (EN 319 142-1 §5.4.2) in one state, by their part in it.
type store map[int]string

// storeKeys are the keys of each dictionary of a store and the part that their values play.
var storeKeys = map[string]map[pdf.Name]string{
	"DSS":   {"Type": "", "VRI": "VRI", "Certs": "array", "OCSPs": "array", "CRLs": "array"},
	"entry": {"Type": "", "Cert": "array", "CRL": "array", "OCSP": "array", "TU": "", "TS": "stream"},
}

// readStore follows a store. It is an error that it holds something else than it may.
func readStore(state *pdf.State, o pdf.Object, part string, into store) error {
	if ref, ok := o.(pdf.Ref); ok {
		if into[ref.Number] == part {
			return nil
		}
		if into[ref.Number] != "" {
			return fmt.Errorf("object %s plays two parts in the document security store", ref)
		}
		into[ref.Number] = part
	}
	value, err := state.Resolve(o)
	if err != nil || value == nil {
		return err
	}
	switch v := value.(type) {
	case pdf.Dict:
		if key, twice := pdf.Duplicate(v); twice {
			return fmt.Errorf("the document security store has two /%s", key)
		}
		for _, e := range v {
			next := "entry"
			if part != "VRI" {
				var ok bool
				if next, ok = storeKeys[part][e.Key]; !ok {
					return fmt.Errorf("/%s in the document security store", e.Key)
				}
			} else if e.Key == "Type" {
				next = ""
			}
			if next == "" {
				if _, isRef := e.Value.(pdf.Ref); isRef {
					return fmt.Errorf("/%s of the document security store is a reference", e.Key)
				}
				continue
			}
			if err := readStore(state, e.Value, next, into); err != nil {
				return err
			}
		}
		return nil
	case pdf.Array:
		if part != "array" {
			break
		}
		for _, o := range v {
			if _, ok := o.(pdf.Ref); !ok {
				return fmt.Errorf("the document security store has a list of something else than streams")
			}
			if err := readStore(state, o, "stream", into); err != nil {
				return err
			}
		}
		return nil
	case *pdf.Stream:
		if part == "stream" {
			return nil
		}
	}
	return fmt.Errorf("the document security store has something else where its %s must be", part)
}

// securityStore allows a document security store to appear and to change, as long as nothing else designates what changes in
// it: an array of certificates that were also the contents of a page would change the page.
func (c *change) securityStore(catalog int, was, is pdf.Object) error {
	before, after := store{}, store{}
	if was != nil && readStore(c.before, was, "DSS", before) != nil {
		clear(before) // it explains nothing
	}
	if is == nil {
		return nil
	}
	if err := readStore(c.after, is, "DSS", after); err != nil {
		if !pdf.Equal(was, is) {
			c.modified(0, "%v", err)
		}
		return nil // what changed in it is then explained by nothing
	}
	for number, part := range before {
		if part == "DSS" || part == "VRI" || part == "entry" {
			c.graph.stores[number] = true
		}
	}
	for number, part := range after {
		if _, changed := c.values[number]; changed && part != "stream" && before[number] == part && c.inStores(catalog, number) {
			c.explained[number] = true
		}
	}
	return nil
}

// inStores reports whether only the catalog and dictionaries of a store designate an object.
func (c *change) inStores(catalog, number int) bool {
	for _, p := range c.graph.parents[number] {
		if !c.graph.stores[p.number] && (p.number != catalog || !inStoreKey(p.key)) {
			return false
		}
	}
	return true
}

// inStoreKey recognises the keys of a store that is written in the catalog itself.
func inStoreKey(key pdf.Name) bool {
	_, ofStore := storeKeys["DSS"][key]
	_, ofEntry := storeKeys["entry"][key]
	hash, err := hex.DecodeString(string(key)) // of a signature, in VRI
	return key == "DSS" || (ofStore || ofEntry) && key != "Type" || err == nil && len(hash) == sha1.Size
}
