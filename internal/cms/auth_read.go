package cms

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// AuthEnveloped is what an AuthEnvelopedData said besides its content.
type AuthEnveloped struct {
	ContentType    der.OID
	Size           int64  // octets of content
	RecipientInfos []byte // DER SET OF RecipientInfo. Nothing in CMS authenticates it
	Attributes     []byte // DER SET OF Attribute (tag 31), authenticated; nil when there is none
}

// ReadAuthEnveloped decrypts an AuthEnvelopedData in DER or BER to dst. It reads src twice: once to verify the tag over everything,
// once to decrypt, and no octet reaches dst before the first pass is done. From it 16 secret octets are kept for each
// 64 KiB; in the second pass a segment leaves only if it has the same value, so that a source that changes in between gives
// [ErrSourceChanged] and dst never holds anything but authentic octets. ctx is looked at every 64 KiB.
//
// Accepted beyond what [OpenAuthEnveloped] takes: authenticated attributes, without which a content type other than id-data is
// refused; originatorInfo and unauthenticated attributes, passed over; user keying material, several recipients in one
// KeyAgreeRecipientInfo, RecipientInfos of other kinds for other recipients. Algorithms are the same.
//
// Errors match [ErrEnvelope], [ErrOpener], [ErrSourceChanged], are [ErrDecrypt], or those of ctx, src and dst.
func ReadAuthEnveloped(ctx context.Context, src io.ReaderAt, size int64, dst io.Writer, openers ...Opener) (*AuthEnveloped, error) {
	keys, err := resolveOpeners(openers)
	if err != nil {
		return nil, err
	}
	source := func() *der.Stream {
		return der.NewStream(ctx, io.NewSectionReader(src, 0, size), der.Limits{Size: 2 * limits.EnvelopeSet, Elements: limits.EnvelopeElements})
	}
	a := &authenticator{keys: keys}
	defer a.wipe()
	envelope, err := readEnvelope(source(), a)
	if err != nil {
		return nil, sourceError(err)
	}
	d, err := a.decide(envelope)
	if err != nil {
		return nil, err
	}
	d.dst = dst
	if _, err := readEnvelope(source(), d); err != nil {
		if syntax := (*der.SyntaxError)(nil); errors.As(err, &syntax) || errors.Is(err, ErrEnvelope) {
			err = ErrSourceChanged
		}
		return nil, err
	}
	if d.done != a.size {
		return nil, ErrSourceChanged
	}
	return &AuthEnveloped{envelope.contentType, a.size, envelope.recipientInfos, envelope.attributes}, nil
}

// sourceError marks what the syntax is to blame for, and leaves the errors of contexts and readers as they are.
func sourceError(err error) error {
	if syntax := (*der.SyntaxError)(nil); errors.As(err, &syntax) && !errors.Is(err, ErrEnvelope) {
		return fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	return err
}

// A pass is one reading of an AuthEnvelopedData.
type pass interface {
	begin(*envelope) error     // recipients and algorithm are known
	segment([]byte, int) error // ciphertext: buffer[:n], of gcmSegment octets but for the last; 16 octets of room behind
}

// An authenticator is the first pass: it hashes the ciphertext under the key of each candidate.
type authenticator struct {
	keys  []openerKey
	tries []try
	size  int64
}

type try struct {
	gcm    *gcmStream
	values []gcmValue // of each segment
}

func (a *authenticator) begin(e *envelope) error {
	candidates, err := candidatesFor(a.keys, e.infos)
	if err != nil {
		return err
	}
	if len(candidates) == 0 {
		return ErrDecrypt
	}
	for _, c := range candidates {
		cek := c.contentKey()
		gcm, err := newGCMStream(&cek, e.nonce)
		clear(cek[:])
		if err != nil {
			return err
		}
		a.tries = append(a.tries, try{gcm: gcm})
	}
	return nil
}

func (a *authenticator) segment(buffer []byte, n int) error {
	a.size += int64(n)
	for i := range a.tries {
		q, err := a.tries[i].gcm.hash(buffer[:n])
		if err != nil {
			return fmt.Errorf("%w: %w", ErrEnvelope, err)
		}
		a.tries[i].values = append(a.tries[i].values, q)
	}
	return nil
}

// decide verifies the tag under each key and returns the second pass for the one that it belongs to.
func (a *authenticator) decide(e *envelope) (*decrypter, error) {
	var good *decrypter
	for _, t := range a.tries {
		tag := t.gcm.tag(e.attributes)
		if subtle.ConstantTimeCompare(tag[:], e.tag[:]) == 1 && good == nil {
			good = &decrypter{try: t, size: a.size}
		}
	}
	if good == nil {
		return nil, ErrDecrypt
	}
	return good, nil
}

func (a *authenticator) wipe() {
	for _, t := range a.tries {
		t.gcm.wipe()
		clear(t.values)
	}
}

// A decrypter is the second pass: segments leave if they are those of the first.
type decrypter struct {
	try
	dst  io.Writer
	size int64 // of the content that was authenticated
	done int64
}

func (d *decrypter) begin(*envelope) error { return nil }

func (d *decrypter) segment(buffer []byte, n int) error {
	if int64(n) != min(gcmSegment, d.size-d.done) {
		return ErrSourceChanged
	}
	if err := d.gcm.open(buffer, n, uint64(d.done), d.values[d.done/gcmSegment]); err != nil {
		return ErrSourceChanged
	}
	d.done += int64(n)
	_, err := d.dst.Write(buffer[:n])
	return err
}

// A segmenter cuts what is written to it into the segments of a pass.
type segmenter struct {
	pass   pass
	buffer []byte
	n      int
}

func (s *segmenter) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := copy(s.buffer[s.n:gcmSegment], p)
		s.n, p = s.n+n, p[n:]
		if s.n == gcmSegment {
			if err := s.flush(); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

func (s *segmenter) flush() error {
	n := s.n
	s.n = 0
	if n == 0 {
		return nil
	}
	return s.pass.segment(s.buffer, n)
}
