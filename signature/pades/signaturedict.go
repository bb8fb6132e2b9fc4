package pades

import (
	"context"
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// Values of /SubFilter (ISO 32000-2 §12.8.3.1, EN 319 142-1 §6.2).
const (
	subFilterCAdES     = "ETSI.CAdES.detached"
	subFilterPKCS7     = "adbe.pkcs7.detached"
	subFilterTimestamp = "ETSI.RFC3161"
)

// A signature is a signature dictionary (ISO 32000-2 §12.8.1) that the form of some revision designates.
type signature struct {
	field
	dict      pdf.Dict
	at        pdf.Location // of the object that holds dict
	first     int          // index of the first revision that has it
	subFilter string

	rangeStart int64   // offset of the gap: the end of the first range
	rangeGap   int64   // offset just after the gap
	rangeEnd   int64   // end of the second range
	byteRange  []int64 // as written, when it is four integers
	covers     bool    // the three above hold to every rule
	revision   int     // index of the revision that it closes, -1 when there is none
	contents   []byte  // decoded /Contents, with its padding
	unfit      bool    // /Contents is no value of a field that anybody can judge
	problems   []facts.Problem
	changes    []facts.Modification
	permission permission
}

func (s *signature) timestamp() bool { return s.subFilter == subFilterTimestamp }

func (s *signature) problem(code, clause, format string, args ...any) {
	s.problems = append(s.problems, facts.Problem{Code: "pdf." + code, Clause: clause, Message: fmt.Sprintf(format, args...), Fatal: true})
}

// signatures finds the signature dictionaries of all revisions, each once: one that a later revision took away or replaced
// is still there to be judged.
func signatures(ctx context.Context, file *pdf.File) ([]*signature, error) {
	var all []*signature
	known := map[pdf.Location]struct{}{}
	forms := form{}
	revisions := file.Revisions()
	for i := range revisions {
		state := file.At(i)
		fields, err := forms.signatureFields(ctx, state)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			holder, ok := f.value.(pdf.Ref)
			if !ok {
				holder = f.ref
			}
			at, err := state.Locate(holder.Number)
			if err != nil {
				return nil, err
			}
			if _, ok := known[at]; ok {
				continue
			}
			value, err := state.Resolve(f.value)
			if err != nil {
				return nil, err
			}
			dict, ok := value.(pdf.Dict)
			if !ok {
				continue // an empty field, or a value that nobody takes for a signature
			}
			if len(all) == limits.PDFSignatures {
				return nil, fmt.Errorf("%w: more than %d signatures", ErrLimit, limits.PDFSignatures)
			}
			if weight(dict.Without("Contents"))+weight(f.dict) > limits.PDFSignatureValues {
				return nil, limitError("a signature dictionary or its field, %q, of more than %d values", f.name, limits.PDFSignatureValues)
			}
			if at.Kind != pdf.InUse {
				dict = dict.Without("Contents") // of an object stream: no range of the file leaves it out, and it may be long
			}
			s := &signature{field: f, dict: dict, at: at, first: i, revision: -1}
			if s.permission, err = readPermission(state, f, dict); err != nil {
				if !isFormatError(err) {
					return nil, err
				}
				s.problem("dictionary", "ISO 32000-2 §12.8.2", "what the signature permits cannot be read: %v", err)
			}
			known[at] = struct{}{}
			all = append(all, s)
		}
	}
	for _, s := range all {
		if err := s.read(file); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// read checks what the dictionary says of the octets that it covers (ISO 32000-2 §12.8.1, EN 319 142-1 §5.2): nothing may be
// left out of them but the value itself, and they end where a revision ends.
func (s *signature) read(file *pdf.File) error {
	if key, twice := pdf.Duplicate(s.dict); twice {
		s.problem("dictionary", "ISO 32000-2 §7.3.7", "the signature dictionary has two /%s", key)
	}
	name, _ := s.dict.Get("SubFilter").(pdf.Name)
	s.subFilter = string(name)
	switch s.dict.Get("Type") {
	case nil, pdf.Name("Sig"), pdf.Name("DocTimeStamp"):
	default:
		s.problem("dictionary", "ISO 32000-2 table 255", "the /Type of the signature dictionary is neither /Sig nor /DocTimeStamp")
	}
	contents, ok := s.dict.Get("Contents").(pdf.String)
	switch {
	case !ok:
		s.problem("contents", "ISO 32000-2 table 255", "the signature dictionary has no /Contents of its own")
	case len(contents.Value) > limits.PDFContents:
		return fmt.Errorf("%w: /Contents of %d octets", ErrLimit, len(contents.Value))
	default:
		s.contents = contents.Value
	}
	if !s.readRange(file) {
		return nil
	}
	switch {
	case !ok: // said above
	case s.at.Kind != pdf.InUse || contents.Start != s.rangeStart || contents.End != s.rangeGap:
		s.problem("byte-range", "ISO 32000-2 §12.8.1", "the octets left out of /ByteRange, from %d to %d, are not /Contents, from %d to %d",
			s.rangeStart, s.rangeGap, contents.Start, contents.End)
	case !contents.Hex || contents.Loose && contents.End-contents.Start != int64(2*len(contents.Value))+1: // an odd digit is forgiven
		s.problem("contents", "ISO 32000-2 §12.8.1", "/Contents is not a hexadecimal string, or has something else than digits in it")
	default:
		return s.close(file)
	}
	return nil
}

// readRange reads /ByteRange.
func (s *signature) readRange(file *pdf.File) bool {
	const clause = "ISO 32000-2 §12.8.1"
	list, ok := s.dict.Get("ByteRange").(pdf.Array)
	if !ok || len(list) != 4 {
		s.problem("byte-range", clause, "/ByteRange is not an array of four integers")
		return false
	}
	var v [4]int64
	for i := range v {
		n, ok := list[i].(pdf.Integer)
		if !ok || n < 0 {
			s.problem("byte-range", clause, "/ByteRange is not an array of four positive integers")
			return false
		}
		v[i] = int64(n)
	}
	s.byteRange = v[:]
	switch size := file.Size(); {
	case v[0] != 0:
		s.problem("byte-range", clause, "/ByteRange begins at %d and not at the first octet", v[0])
	case v[1] == 0 || v[3] == 0:
		s.problem("byte-range", clause, "/ByteRange has an empty range")
	case v[1] > size || v[2] > size || v[3] > size-v[2]:
		s.problem("byte-range", clause, "/ByteRange goes beyond the end of the file, %d", size)
	case v[2] < v[1]:
		s.problem("byte-range", clause, "the two ranges of /ByteRange overlap")
	default:
		s.rangeStart, s.rangeGap, s.rangeEnd = v[1], v[2], v[2]+v[3]
		return true
	}
	return false
}

// close finds the revision that ends where the signature ends. The dictionary must be one that this revision brought.
func (s *signature) close(file *pdf.File) error {
	const clause = "ISO 32000-2 §12.8.1"
	revisions := file.Revisions()
	last := -1
	for i, r := range revisions {
		if r.Closed && r.End <= s.rangeEnd {
			last = i
		}
	}
	// An end of line after %%EOF may be covered or not: it says nothing.
	if last >= 0 && s.rangeEnd-revisions[last].End <= limits.PDFTail {
		blank, err := file.Blank(revisions[last].End, s.rangeEnd)
		if err != nil {
			return err
		}
		if blank {
			s.revision = last
		}
	}
	switch {
	case s.revision < 0:
		s.problem("revision", clause, "/ByteRange ends at %d, where no revision of the document ends", s.rangeEnd)
	case s.revision != s.first:
		s.problem("revision", clause, "the signature was put in revision %d and closes revision %d", s.first+1, s.revision+1)
		s.revision = -1
	case s.rangeStart < revisions[s.revision].Start:
		s.problem("revision", clause, "/Contents lies before the revision that the signature closes")
		s.revision = -1
	default:
		s.covers = len(s.problems) == 0
	}
	return nil
}

// text returns a text string of the dictionary.
func (s *signature) text(key pdf.Name) string {
	v, _ := s.dict.Get(key).(pdf.String)
	return pdf.ReadText(v.Value)
}

// claimedTime is /M (EN 319 142-1 §5.3), nil when it is absent or no date.
func (s *signature) claimedTime() *time.Time {
	v, ok := s.dict.Get("M").(pdf.String)
	if !ok {
		return nil
	}
	t, ok := pdf.ReadDate(v.Value)
	if !ok {
		return nil
	}
	return &t
}
