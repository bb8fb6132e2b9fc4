package tsp

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// PKIStatus (RFC 3161 §2.4.2).
const (
	Granted                = 0
	GrantedWithMods        = 1
	Rejection              = 2
	Waiting                = 3
	RevocationWarning      = 4
	RevocationNotification = 5
)

// A FailInfo is PKIFailureInfo: bit i is bit i of the named bit list.
type FailInfo uint32

// The bits of PKIFailureInfo that RFC 3161 §2.4.2 defines.
const (
	BadAlg              FailInfo = 1 << 0
	BadRequest          FailInfo = 1 << 2
	BadDataFormat       FailInfo = 1 << 5
	TimeNotAvailable    FailInfo = 1 << 14
	UnacceptedPolicy    FailInfo = 1 << 15
	UnacceptedExtension FailInfo = 1 << 16
	AddInfoNotAvailable FailInfo = 1 << 17
	SystemFailure       FailInfo = 1 << 25
)

var failNames = map[FailInfo]string{
	BadAlg: "badAlg", BadRequest: "badRequest", BadDataFormat: "badDataFormat", TimeNotAvailable: "timeNotAvailable",
	UnacceptedPolicy: "unacceptedPolicy", UnacceptedExtension: "unacceptedExtension",
	AddInfoNotAvailable: "addInfoNotAvailable", SystemFailure: "systemFailure",
}

// String names the bits that are set, with "+" between.
func (f FailInfo) String() string {
	var names []string
	for rest := f; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		name, ok := failNames[bit]
		if !ok {
			name = "bit " + strconv.Itoa(bits.TrailingZeros32(uint32(bit)))
		}
		names = append(names, name)
	}
	return strings.Join(names, "+")
}

// A Response is a TimeStampResp (RFC 3161 §2.4.2).
type Response struct {
	Status     int      // Granted …; a value that no RFC defines is kept
	StatusText []string // statusString, in UTF-8
	FailInfo   FailInfo
	Token      []byte // the ContentInfo, encoded; nil when there is none, which only a refusal may have
}

// IsGranted reports whether the status says that a token is there (0 or 1).
func (r *Response) IsGranted() bool { return r.Status == Granted || r.Status == GrantedWithMods }

// Explain returns status, failure and texts in one line for an error message. Texts of the authority are quoted
// and cut.
func (r *Response) Explain() string {
	names := []string{"granted", "granted with modifications", "rejected", "waiting", "revocation warning", "revocation notification"}
	text := "status " + strconv.Itoa(r.Status)
	if r.Status >= 0 && r.Status < len(names) {
		text = names[r.Status]
	}
	if r.FailInfo != 0 {
		text += " (" + r.FailInfo.String() + ")"
	}
	for i, line := range r.StatusText {
		if i == 3 {
			return text + " …"
		}
		if len(line) > 200 {
			line = strings.ToValidUTF8(line[:200], "") + "…"
		}
		text += " " + strconv.Quote(line)
	}
	return text
}

// Marshal writes the response in DER. Token must be one DER element.
func (r Response) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(int64(r.Status))
			if len(r.StatusText) > 0 {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					for _, line := range r.StatusText {
						b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(line)) })
					}
				})
			}
			if r.FailInfo != 0 {
				b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes(r.FailInfo.content()) })
			}
		})
		b.AddBytes(r.Token)
	})
	return b.Bytes()
}

// content returns a named bit list without trailing zeros (X.690 §11.2.2), with its octet of unused bits.
func (f FailInfo) content() []byte {
	size := (bits.Len32(uint32(f)) + 7) / 8
	out := make([]byte, 1+size)
	for i := range size {
		out[1+i] = bits.Reverse8(byte(f >> (8 * i)))
	}
	out[0] = byte(bits.TrailingZeros8(out[size]))
	return out
}

// ParseResponse reads a response that is the whole of b. BER is brought to DER first: authorities send tokens with
// indefinite lengths. A response that grants without a token, or refuses with one, is an error: neither is an answer (RFC 3161
// §2.4.2).
func ParseResponse(b []byte) (*Response, error) {
	clean, err := der.Normalize(b, der.Limits{Size: limits.TimestampResponse})
	if err != nil {
		return nil, malformedBy("response", err)
	}
	input := cryptobyte.String(clean)
	var s, status cryptobyte.String
	if !input.ReadASN1(&s, asn1.SEQUENCE) || !s.ReadASN1(&status, asn1.SEQUENCE) {
		return nil, malformed("response")
	}
	r := new(Response)
	if err := r.readStatus(status); err != nil {
		return nil, err
	}
	if !s.Empty() {
		var token cryptobyte.String
		if !s.ReadASN1Element(&token, asn1.SEQUENCE) || !s.Empty() {
			return nil, malformed("timeStampToken")
		}
		r.Token = token
	}
	switch {
	case r.IsGranted() && r.Token == nil:
		return nil, malformed("a response that grants and has no token (RFC 3161 §2.4.2)")
	case !r.IsGranted() && r.Token != nil:
		return nil, malformed("a response that does not grant and has a token (RFC 3161 §2.4.2)")
	}
	return r, nil
}

func (r *Response) readStatus(s cryptobyte.String) error {
	if !s.ReadASN1Integer(&r.Status) {
		return malformed("status")
	}
	if s.PeekASN1Tag(asn1.SEQUENCE) {
		var texts cryptobyte.String
		s.ReadASN1(&texts, asn1.SEQUENCE)
		for !texts.Empty() {
			var line cryptobyte.String
			if len(r.StatusText) == limits.StatusStrings || !texts.ReadASN1(&line, asn1.UTF8String) || !utf8.Valid(line) {
				return malformed("statusString")
			}
			r.StatusText = append(r.StatusText, string(line))
		}
	}
	if s.PeekASN1Tag(asn1.BIT_STRING) {
		var content cryptobyte.String
		s.ReadASN1(&content, asn1.BIT_STRING)
		if len(content) < 1 || len(content) > 5 || content[0] > 7 {
			return malformed("failInfo")
		}
		for i, octet := range content[1:] {
			r.FailInfo |= FailInfo(bits.Reverse8(octet)) << (8 * i)
		}
	}
	if !s.Empty() {
		return malformed("fields after those of PKIStatusInfo")
	}
	return nil
}
