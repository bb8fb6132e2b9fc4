package der

// Universal tag numbers (X.680 §8.6) that cryptobyte/asn1 does not name or that the rules below distinguish.
const (
	tagEndOfContents    = 0
	tagBoolean          = 1
	tagInteger          = 2
	tagBitString        = 3
	tagOctetString      = 4
	tagNull             = 5
	tagOID              = 6
	tagObjectDescriptor = 7
	tagExternal         = 8
	tagReal             = 9
	tagEnumerated       = 10
	tagEmbeddedPDV      = 11
	tagUTF8String       = 12
	tagRelativeOID      = 13
	tagTime             = 14
	tagSequence         = 16
	tagSet              = 17
	tagNumericString    = 18
	tagBMPString        = 30
	tagCharacterString  = 29
	tagUTCTime          = 23
	tagGeneralizedTime  = 24
)

// Classes of a tag (X.690 §8.1.2.2), as in the two high bits of the identifier.
const (
	ClassUniversal   = 0
	ClassApplication = 1
	ClassContext     = 2
	ClassPrivate     = 3
)

// Indefinite is the Length of a header whose content runs to an end-of-contents mark (X.690 §8.1.3.6).
const Indefinite = -1

// A Header is the identifier and length octets of one BER or DER element.
type Header struct {
	Class       uint8
	Constructed bool
	Number      uint32 // tag number
	ID          int    // identifier octets: 1, more when Number > 30
	Size        int    // identifier and length octets together
	Length      int    // content octets, or Indefinite
	Minimal     bool   // the length is definite and in the only form that DER allows (X.690 §10.1)
}

// Tag returns the first identifier octet, which holds the whole tag when Number is at most 30.
func (h Header) Tag() byte {
	t := h.Class << 6
	if h.Constructed {
		t |= 0x20
	}
	if h.Number > 30 {
		return t | 0x1f
	}
	return t | byte(h.Number)
}

// ReadHeader reads the header at the start of b. It does not look at the content, so Length may go beyond b: comparing is
// the caller's duty. The error is a [*SyntaxError] with an offset in b.
func ReadHeader(b []byte) (Header, error) {
	h, reason, at := parseHeader(b)
	if reason != "" {
		return Header{}, syntax(at, reason)
	}
	return h, nil
}

// parseHeader is ReadHeader without an allocation: reason is empty on success.
func parseHeader(b []byte) (h Header, reason string, at int) {
	if len(b) < 2 {
		return h, "the input ends within an identifier or a length", len(b)
	}
	first := b[0]
	h.Class, h.Constructed, h.Number, h.ID = first>>6, first&0x20 != 0, uint32(first&0x1f), 1
	if h.Number == 0x1f {
		h.Number = 0
		for {
			if h.ID >= len(b) {
				return h, "the input ends within an identifier", h.ID
			}
			octet := b[h.ID]
			h.ID++
			if h.ID == 2 && octet == 0x80 {
				return h, "a high tag number begins with a zero digit (X.690 §8.1.2.4.2)", h.ID - 1
			}
			if h.ID > 5 {
				return h, "a tag number of more than 28 bits", h.ID - 1
			}
			h.Number = h.Number<<7 | uint32(octet&0x7f)
			if octet&0x80 == 0 {
				break
			}
		}
		if h.Number < 0x1f {
			return h, "a tag number under 31 in the form for higher ones (X.690 §8.1.2.2)", 0
		}
		if h.ID >= len(b) {
			return h, "the input ends before a length", h.ID
		}
	}
	octet := b[h.ID]
	h.Size = h.ID + 1
	switch {
	case octet < 0x80:
		h.Length, h.Minimal = int(octet), true
		return h, "", 0
	case octet == 0x80:
		if !h.Constructed {
			return h, "an indefinite length on a primitive element (X.690 §8.1.3.2)", h.ID
		}
		h.Length = Indefinite
		return h, "", 0
	case octet == 0xff:
		return h, "the reserved length octet FF (X.690 §8.1.3.5)", h.ID
	}
	n := int(octet & 0x7f)
	if len(b)-h.Size < n {
		return h, "the input ends within a length", len(b)
	}
	digits := b[h.Size : h.Size+n]
	h.Size += n
	h.Minimal = digits[0] != 0 && (n > 1 || digits[0] >= 0x80)
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
	}
	if len(digits) > 4 {
		return h, "a length of more than 32 bits", h.ID
	}
	length := uint64(0)
	for _, d := range digits {
		length = length<<8 | uint64(d)
	}
	if length > maxSize {
		return h, "a length of more than 31 bits", h.ID
	}
	h.Length = int(length)
	return h, "", 0
}

// joinable reports whether a universal type may be cut into segments in BER and must be whole in DER (X.690 §10.2): the
// strings, and the times, which are strings.
func joinable(number uint32) bool {
	switch number {
	case tagBitString, tagOctetString, tagObjectDescriptor, tagUTF8String:
		return true
	}
	return number >= tagNumericString && number <= tagBMPString && number != tagCharacterString
}

// formFault says what is wrong with the form of a universal type, or nothing.
func formFault(h Header) string {
	if h.Class != ClassUniversal {
		return ""
	}
	switch h.Number {
	case tagEndOfContents:
		return "an end-of-contents mark where no indefinite length is open (X.690 §8.1.5)"
	case tagSequence, tagSet, tagExternal, tagEmbeddedPDV, tagCharacterString:
		if !h.Constructed {
			return "a SEQUENCE, SET or EXTERNAL in primitive form (X.690 §8.9.1)"
		}
		return ""
	}
	if h.Constructed && !joinable(h.Number) && h.Number <= 36 {
		return "a type that is always primitive in constructed form (X.690 §8.2 to §8.8)"
	}
	return ""
}
