package tsp

import (
	"bytes"
	"crypto"
	"fmt"
	"math"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// An Info is a TSTInfo (RFC 3161 §2.4.2), version 1: what a token says.
type Info struct {
	Raw              []byte // as read; not used by Marshal
	Policy           der.OID
	ImprintAlgorithm pkix.AlgorithmIdentifier // as read; when its OID is empty, Marshal writes Hash with absent parameters
	Imprint          []byte
	Hash             crypto.Hash   // of the imprint; 0 when it cannot be computed here
	Serial           *big.Int      // of any sign; up to 160 bits by the RFC, more is read
	Time             time.Time     // genTime, UTC
	Accuracy         time.Duration // ± around Time, whole microseconds
	HasAccuracy      bool
	Ordering         bool     // tokens of this authority can always be ordered by their times
	Nonce            *big.Int // nil for none
	TSA              []byte   // the GeneralName of the authority, encoded; nil when absent. It is a hint, not signed proof
	Extensions       []pkix.Extension
	RawExtensions    []byte // the element [1] as read, nil when absent
	Anomalies        []pkix.Anomaly
}

// Marshal writes the TSTInfo in DER: the fraction of genTime without trailing zeros (down to the nanosecond), seconds,
// milliseconds and microseconds of the accuracy only when not zero, ordering only when true.
func (i Info) Marshal() ([]byte, error) {
	algorithm, err := imprintAlgorithm(i.ImprintAlgorithm, i.Hash, i.Imprint)
	switch {
	case err != nil:
		return nil, err
	case i.Serial == nil:
		return nil, malformed("serialNumber")
	case i.HasAccuracy && (i.Accuracy < 0 || i.Accuracy%time.Microsecond != 0):
		return nil, malformed("accuracy")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		der.AddOID(b, i.Policy)
		addImprint(b, algorithm, i.Imprint)
		b.AddASN1BigInt(i.Serial)
		der.AddGeneralizedTime(b, i.Time)
		if i.HasAccuracy {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addAccuracy(b, i.Accuracy) })
		}
		if i.Ordering {
			b.AddASN1Boolean(true)
		}
		if i.Nonce != nil {
			b.AddASN1BigInt(i.Nonce)
		}
		if i.TSA != nil {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddBytes(i.TSA) })
		}
		b.AddBytes(i.RawExtensions)
	})
	return b.Bytes()
}

func addAccuracy(b *cryptobyte.Builder, accuracy time.Duration) {
	if seconds := accuracy / time.Second; seconds > 0 {
		b.AddASN1Int64(int64(seconds))
	}
	if millis := accuracy / time.Millisecond % 1000; millis > 0 {
		b.AddASN1Int64WithTag(int64(millis), implicit(0))
	}
	if micros := accuracy / time.Microsecond % 1000; micros > 0 {
		b.AddASN1Int64WithTag(int64(micros), implicit(1))
	}
}

// ParseInfo reads a TSTInfo that is the whole of b. Without anomalies, Marshal writes it back to the same octets. Tolerated, as
// anomalies: FALSE and zero where they should be left out, a fraction with trailing zeros. With an error that wraps
// [ErrExtension] the Info is returned too.
func ParseInfo(b []byte) (*Info, error) {
	if err := strict(b, "TSTInfo", limits.TimestampInfo); err != nil {
		return nil, err
	}
	input := cryptobyte.String(b)
	var s cryptobyte.String
	var version int64
	if !input.ReadASN1(&s, asn1.SEQUENCE) || !input.Empty() {
		return nil, malformed("TSTInfo")
	}
	if !s.ReadASN1Integer(&version) || version != 1 {
		return nil, malformed("version of TSTInfo")
	}
	i := &Info{Raw: b}
	if !der.ReadOID(&s, &i.Policy) {
		return nil, malformed("policy")
	}
	var err error
	if i.Hash, i.Imprint, err = readImprint(&s, &i.ImprintAlgorithm); err != nil {
		return nil, err
	}
	var ok bool
	if i.Serial, ok = readNumber(&s); !ok {
		return nil, malformed("serialNumber")
	}
	lenient := &reader{base: b}
	if !lenient.genTime(&s, &i.Time) {
		return nil, malformed("genTime (a GeneralizedTime in UTC, RFC 3161 §2.4.2)")
	}
	if err := i.readOptional(&s, lenient); err != nil {
		return nil, err
	}
	i.Anomalies = lenient.anomalies
	return i, criticalError(i.Extensions)
}

// readOptional reads what may follow genTime.
func (i *Info) readOptional(s *cryptobyte.String, lenient *reader) error {
	if s.PeekASN1Tag(asn1.SEQUENCE) {
		var content cryptobyte.String
		var ok bool
		s.ReadASN1(&content, asn1.SEQUENCE) // strict has seen its end
		if i.Accuracy, ok = lenient.accuracy(content); !ok {
			return malformed("accuracy")
		}
		i.HasAccuracy = true
	}
	if !lenient.defaultFalse(s, "ordering", &i.Ordering) {
		return malformed("ordering")
	}
	if s.PeekASN1Tag(asn1.INTEGER) {
		var ok bool
		if i.Nonce, ok = readNumber(s); !ok {
			return malformed("nonce")
		}
	}
	if s.PeekASN1Tag(explicit(0)) {
		var name cryptobyte.String
		s.ReadASN1(&name, explicit(0))
		i.TSA = name
		if _, _, ok := der.ReadElement(&name); !ok || !name.Empty() {
			return malformed("tsa")
		}
	}
	var ok bool
	if i.Extensions, ok = lenient.extensions(s, explicit(1), &i.RawExtensions); !ok {
		return malformed("extensions of TSTInfo")
	}
	if !s.Empty() {
		return malformed("fields after those of TSTInfo")
	}
	return nil
}

// genTime reads a GeneralizedTime in UTC. Zeros at the end of a fraction are odd (X.690 §11.7.3).
func (r *reader) genTime(s *cryptobyte.String, out *time.Time) bool {
	start := *s
	if der.ReadGeneralizedTime(s, out) {
		return true
	}
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.GeneralizedTime) || len(content) < 17 || content[14] != '.' || content[len(content)-1] != 'Z' {
		return false
	}
	digits := bytes.TrimRight(content[:len(content)-1], "0")
	if len(digits) == len(content)-1 {
		return false
	}
	if len(digits) == 15 { // nothing is left but the point
		digits = content[:14]
	}
	t, ok := der.ParseGeneralizedTime(append(bytes.Clone(digits), 'Z'))
	if ok {
		*out = t
		r.odd(start, pkix.CodeTime, "genTime", "a fraction that ends in zero (X.690 §11.7.3)")
	}
	return ok
}

// accuracy reads an Accuracy: seconds, then milliseconds and microseconds of 1 to 999. Zeros should be left out.
func (r *reader) accuracy(s cryptobyte.String) (time.Duration, bool) {
	var total time.Duration
	for _, part := range []struct {
		tag  asn1.Tag
		unit time.Duration
		most int64
	}{{asn1.INTEGER, time.Second, math.MaxInt64/int64(time.Second) - 1}, {implicit(0), time.Millisecond, 999}, {implicit(1), time.Microsecond, 999}} {
		if !s.PeekASN1Tag(part.tag) {
			continue
		}
		start, n := s, int64(0)
		if !s.ReadASN1Int64WithTag(&n, part.tag) || n < 0 || n > part.most {
			return 0, false
		}
		if n == 0 {
			r.odd(start, pkix.CodeInteger, "accuracy", "a part that is zero and should be left out (RFC 3161 §2.4.2)")
		}
		total += time.Duration(n) * part.unit
	}
	return total, s.Empty()
}

// Matches compares a TSTInfo with the request it should answer (RFC 3161 §2.2): imprint, nonce, and policy when one was asked
// for. nil means that it answers.
func (i *Info) Matches(r *Request) error {
	asked := r.ImprintAlgorithm
	if asked.OID == "" {
		asked = pkix.DigestAlgorithm(r.Hash)
	}
	switch {
	case i.ImprintAlgorithm.OID != asked.OID || string(i.Imprint) != string(r.Imprint):
		return fmt.Errorf("tsp: the token's imprint is not the one asked for (RFC 3161 §2.2)")
	case r.Nonce != nil && (i.Nonce == nil || i.Nonce.Cmp(r.Nonce) != 0):
		return fmt.Errorf("tsp: the token's nonce is not the one asked for (RFC 3161 §2.4.2)")
	case r.Nonce == nil && i.Nonce != nil:
		return fmt.Errorf("tsp: the token has a nonce and none was asked for (RFC 3161 §2.4.2)")
	case r.Policy != "" && i.Policy != r.Policy:
		return fmt.Errorf("tsp: the token's policy %s is not %s, which was asked for (RFC 3161 §2.4.2)", i.Policy, r.Policy)
	}
	return nil
}
