package der

import (
	"bytes"
)

// CheckStructure reports whether the whole of b is one element whose structure is DER, all the way down: identifiers in
// their only form, definite minimal lengths that end where their parent ends or before (X.690 §8.1.2, §10.1), strings in
// primitive form (§10.2), every other universal type in its only form (§8.2 to §8.20). Values are not looked at. Tags that
// are not universal are followed when constructed and opaque when primitive.
//
// It holds for everything that [Normalize] returns. The error is a [*SyntaxError].
func CheckStructure(b []byte, l Limits) error { return check(b, l, structure) }

// Check is [CheckStructure] and the values of universal types that have one encoding: BOOLEAN 00 or FF (X.690 §11.1),
// INTEGER and ENUMERATED in the fewest octets (§8.3.2), NULL empty (§8.8.2), BIT STRING with at most 7 unused bits, all
// zero (§8.6.2, §11.2.1), OBJECT IDENTIFIER whole and with minimal arcs (§8.19.2).
//
// The order of SET OF is not asked for, see [CheckSets]: signatures whose attributes are out of order exist and are a
// finding about the signature, not a reason to read nothing. Nor are the texts of strings and times, DEFAULT values or named
// bit lists, which need the type.
func Check(b []byte, l Limits) error { return check(b, l, values) }

// CheckSets is [Check] and the order of every universal SET, taken as a SET OF (X.690 §11.6). Sets under an implicit tag
// cannot be known without their type: see [IsSortedSet].
func CheckSets(b []byte, l Limits) error { return check(b, l, values|sets) }

type rules uint8

const (
	structure rules = 0
	values    rules = 1 << iota
	sets
)

// A checkFrame is a constructed element that is open.
type checkFrame struct {
	end      int // offset after its content
	previous int // offset of its last closed child, -1 before the second; only kept for a SET
	isSet    bool
}

func check(b []byte, l Limits, rule rules) error {
	l = l.orDefault()
	if len(b) > l.Size {
		return beyond(0, "the input is too long", l.Size)
	}
	var room [24]checkFrame // deeper inputs pay for their stack
	stack := append(room[:0], checkFrame{end: len(b), previous: -1})
	for at, count := 0, 0; ; {
		for at == stack[len(stack)-1].end { // close whatever ends here; an empty input has nothing to close
			if len(stack) == 1 {
				if at == 0 {
					return syntax(0, "the input is empty")
				}
				return nil
			}
			stack = stack[:len(stack)-1]
		}
		parent := &stack[len(stack)-1]
		if len(stack) == 1 && at > 0 {
			return syntax(at, "octets after the element")
		}
		var h Header
		if parent.end-at >= 2 && b[at]&0x1f != 0x1f && b[at+1] < 0x80 { // most headers by far
			h = Header{b[at] >> 6, b[at]&0x20 != 0, uint32(b[at] & 0x1f), 1, 2, int(b[at+1]), true}
		} else {
			var reason string
			var where int
			if h, reason, where = parseHeader(b[at:parent.end]); reason != "" {
				return syntax(at+where, reason)
			}
		}
		if count++; count > l.Elements {
			return beyond(at, "too many elements", l.Elements)
		}
		if reason := checkHeader(&h, parent.end-at); reason != "" {
			return syntax(at, reason)
		}
		if parent.isSet {
			if parent.previous >= 0 && bytes.Compare(b[parent.previous:at], b[at:at+h.Size+h.Length]) > 0 {
				return syntax(at, "elements of a SET OF out of order (X.690 §11.6)")
			}
			parent.previous = at
		}
		content := at + h.Size
		if !h.Constructed {
			if rule&values != 0 && h.Class == ClassUniversal {
				if reason := valueFault(h.Number, b[content:content+h.Length]); reason != "" {
					return syntax(content, reason)
				}
			}
			at = content + h.Length
			continue
		}
		if len(stack) > l.Depth {
			return beyond(at, "elements nest too deep", l.Depth)
		}
		isSet := rule&sets != 0 && h.Class == ClassUniversal && h.Number == tagSet
		stack = append(stack, checkFrame{end: content + h.Length, previous: -1, isSet: isSet})
		at = content
	}
}

func checkHeader(h *Header, room int) string {
	switch {
	case h.Length == Indefinite:
		return "an indefinite length (X.690 §10.1)"
	case !h.Minimal:
		return "a length in more octets than needed (X.690 §10.1)"
	case h.Length > room-h.Size:
		return "a length that goes beyond the parent"
	case h.Class != ClassUniversal:
		return ""
	case h.Number > 30:
		return formFault(*h)
	}
	return derForm[h.Tag()&0x3f]
}

// derForm says what is wrong with the form of each universal type under 31, by its identifier octet: in DER, strings are
// primitive (X.690 §10.2).
var derForm = func() (faults [64]string) {
	for tag := range faults {
		h := Header{Number: uint32(tag & 0x1f), Constructed: tag&0x20 != 0}
		if faults[tag] = formFault(h); h.Constructed && joinable(h.Number) {
			faults[tag] = "a string in constructed form (X.690 §10.2)"
		}
	}
	return faults
}()

// valueFault says what is wrong with the content of a primitive universal type, or nothing.
func valueFault(number uint32, content []byte) string {
	switch number {
	case tagBoolean:
		if len(content) != 1 || (content[0] != 0 && content[0] != 0xff) {
			return "a BOOLEAN that is neither 00 nor FF (X.690 §11.1)"
		}
	case tagInteger, tagEnumerated:
		if !MinimalInteger(content) {
			return "an INTEGER without content or with an octet too many (X.690 §8.3.2)"
		}
	case tagNull:
		if len(content) != 0 {
			return "a NULL with content (X.690 §8.8.2)"
		}
	case tagBitString:
		return bitStringFault(content)
	case tagOID:
		if !validOID(content) {
			return "an OBJECT IDENTIFIER that is empty, cut, too long or with padded arcs (X.690 §8.19.2)"
		}
	}
	return ""
}

func bitStringFault(content []byte) string {
	if len(content) == 0 || content[0] > 7 || (len(content) == 1 && content[0] != 0) {
		return "a BIT STRING with a wrong count of unused bits (X.690 §8.6.2)"
	}
	if content[len(content)-1]&(1<<content[0]-1) != 0 && len(content) > 1 {
		return "a BIT STRING whose unused bits are not zero (X.690 §11.2.1)"
	}
	return ""
}
