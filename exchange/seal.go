package exchange

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
)

// A Part is one file to seal.
type Part struct {
	Name      string // relative path, elements joined by "/"; see CheckName
	MediaType string // type/subtype; "application/octet-stream" when empty
	// Size in octets: more or fewer from Content is an error. -1 when it is not known.
	Size int64
	// Content is read once, from one goroutine, and not closed.
	Content io.Reader
}

// Parts lists parts for [Seal]. Another iterator can open each file as its turn comes, and close it after.
func Parts(parts ...Part) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		for _, p := range parts {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// DefaultValidity is how long a pli may wait for its first reception unless NotAfter says otherwise.
const DefaultValidity = 30 * 24 * time.Hour

// SealOptions say who seals for whom, and until when.
type SealOptions struct {
	Signer     ades.Signer    // the sender's seal
	Sender     SIRET          // of the sender; that of the signing certificate when empty
	Recipients []RecipientKey // 1 to 1,000 establishments
	Created    time.Time      // now, by the caller's clock; required; written in whole seconds
	NotAfter   time.Time      // last moment of a first reception, at most 400 days later; DefaultValidity when zero

	ID           ID     // a new one when empty
	Profile      string // "standard" when empty
	Purpose      string // at most 1,000 octets
	InReplyTo    ID
	Conversation ID
	Sequence     int64 // from 1; 0 is none
	Previous     *Hash // digest of an earlier manifest

	Stamper Stamper // timestamps the manifest's signature; nil does not

	Workers  int              // cores for hashing and encrypting; GOMAXPROCS when 0, at most 16
	Progress func(done int64) // called with the octets of content sealed so far; nil is not
}

// Sealed is what the sender keeps of a pli: it proves what was sent, and verifies receipts.
type Sealed struct {
	Manifest       *Manifest
	ManifestDigest Hash
	SignedManifest []byte // DER of the SignedData
	Header         *Header
	Size           int64 // octets written
}

// Seal writes a pli to dst: one pass over the parts, in order, memory flat (32 octets per MiB of content aside). Everything that
// can be refused is refused before the first octet of content is read; the seal's key is used once, after the last.
//
// After an error what dst received is not a pli and must be thrown away. Errors wrap ErrOptions, ErrName, ErrLimit, ErrTime or
// ErrType for what the format refuses; those of parts, of dst, of the signer and of ctx come back as they are.
func Seal(ctx context.Context, dst io.Writer, parts iter.Seq2[Part, error], o SealOptions) (*Sealed, error) {
	s, err := newSealing(o)
	if err != nil {
		return nil, err
	}
	out := &counter{w: dst}
	if _, err := io.WriteString(out, mark); err != nil {
		return nil, err
	}
	if err := s.payload(ctx, out, parts); err != nil {
		return nil, err
	}
	return s.finish(ctx, out)
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// A sealing is a pli being made.
type sealing struct {
	o          SealOptions
	m          *Manifest
	recipients []cms.Recipient
	key        [payloadKeyLen]byte
}

func newSealing(o SealOptions) (*sealing, error) {
	if o.Created.IsZero() {
		return nil, refuse(ErrOptions, "Created is the caller's clock, and required")
	}
	created := o.Created.UTC().Truncate(time.Second)
	if o.NotAfter.IsZero() {
		o.NotAfter = created.Add(DefaultValidity)
	}
	certificate, err := checkSigner(o.Signer, created)
	if err != nil {
		return nil, err
	}
	if o.Sender == "" {
		o.Sender, _ = SIRETOf(o.Signer.Chain()[0])
	}
	switch {
	case !o.Sender.valid():
		return nil, refuse(ErrOptions, "the sender's SIRET is not valid, or not given and not in 14 digits in the signing certificate")
	case holds(certificate, o.Sender) == contradicted:
		return nil, refuse(ErrOptions, "the signing certificate (%s) names another establishment or legal unit than the sender", certificate.Subject)
	case o.Sequence < 0:
		return nil, refuse(ErrOptions, "sequences begin at 1")
	}
	s := &sealing{o: o, m: &Manifest{
		Version: Version, ID: o.ID, Created: created, NotAfter: o.NotAfter.UTC().Truncate(time.Second),
		Sender: Sender{o.Sender, certificate.ID}, Profile: o.Profile, Purpose: o.Purpose,
		InReplyTo: o.InReplyTo, Conversation: o.Conversation, Sequence: o.Sequence, Previous: o.Previous,
	}}
	if s.m.ID == "" {
		s.m.ID = newID(created, [10]byte(randomBytes(10)))
	}
	if s.m.Profile == "" {
		s.m.Profile = "standard"
	}
	if err := s.addressees(certificate); err != nil {
		return nil, err
	}
	if err := s.m.checkEnvelope(); err != nil {
		return nil, err
	}
	copy(s.key[:], randomBytes(payloadKeyLen))
	return s, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

func (s *sealing) addressees(signer *pkix.Certificate) error {
	keys := make(map[Hash]SIRET)
	for _, r := range s.o.Recipients {
		if !r.SIRET.valid() {
			return refuse(ErrOptions, "a recipient's SIRET is not valid")
		}
		if len(r.Certificates) == 0 {
			return refuse(ErrOptions, "no encryption certificate for %s", r.SIRET)
		}
		s.m.Recipients = append(s.m.Recipients, r.SIRET)
		for _, c := range r.Certificates {
			recipient, err := recipientOf(c, r.SIRET, s.m.Created)
			if err != nil {
				return err
			}
			if bytes.Equal(recipient.Certificate.PublicKey.Raw, signer.PublicKey.Raw) {
				return refuse(ErrOptions, "the key of %s is that of the sender's seal: one key, one usage", r.SIRET)
			}
			// A body that hosts several establishments may hold one key for all of them: it is wrapped once.
			if _, there := keys[recipient.Certificate.ID]; !there {
				s.recipients = append(s.recipients, recipient)
			}
			keys[recipient.Certificate.ID] = r.SIRET
		}
	}
	return nil
}

// payload writes the payload and completes the manifest with what only the content tells.
func (s *sealing) payload(ctx context.Context, out *counter, parts iter.Seq2[Part, error]) error {
	head := randomBytes(saltSize)
	c, err := newCobblestone(s.key[:], head, payloadContext(s.m.ID))
	if err != nil {
		return err
	}
	head = append(head, c.commitment[:]...)
	start := out.n
	if _, err := out.Write(head); err != nil {
		return err
	}
	sealer := newPayloadSealer(ctx, out, c, workers(s.o.Workers))
	defer sealer.close()
	sealer.progress = s.o.Progress
	names, spelled := newNames(), 0
	for p, err := range parts {
		if err != nil {
			return err
		}
		if err := s.part(sealer, names, p); err != nil {
			return fmt.Errorf("part %d: %w", len(s.m.Parts)+1, err)
		}
		if spelled += s.m.Parts[len(s.m.Parts)-1].spelling(); spelled > limits.PliManifest {
			return refuse(ErrLimit, "the names of the parts make a manifest of more than %d octets", limits.PliManifest)
		}
	}
	roots, err := sealer.finish()
	if err != nil {
		return err
	}
	for i, root := range roots {
		s.m.Parts[i].Hash = root
		copy(s.m.Parts[i].Salt[:], randomBytes(16))
	}
	s.m.Payload = PayloadInfo{Size: out.n - start, Commitment: c.commitment}
	if s.m.Payload.Size != s.m.payloadSize() {
		return errors.New("exchange: dst counted other octets than were written")
	}
	return s.m.check()
}

func payloadContext(id ID) []byte { return []byte("pli/1" + string(id)) }

func (s *sealing) part(sealer *payloadSealer, names *names, p Part) error {
	if p.MediaType == "" {
		p.MediaType = "application/octet-stream"
	}
	switch {
	case len(s.m.Parts) == limits.PliParts:
		return refuse(ErrLimit, "more than %d parts", limits.PliParts)
	case !mediaType(p.MediaType):
		return refuse(ErrOptions, "a media type is type/subtype in 3 to %d characters", limits.PliMediaType)
	case p.Content == nil:
		return refuse(ErrOptions, "no content")
	case p.Size < -1 || p.Size > limits.PliSize:
		return refuse(ErrLimit, "a size of %d octets", p.Size)
	}
	if err := names.add(p.Name); err != nil {
		return refuse(ErrName, "%w", err)
	}
	size, err := sealer.part(p.Content, p.Size)
	if err != nil {
		return err
	}
	s.m.Parts = append(s.m.Parts, PartInfo{Name: p.Name, MediaType: p.MediaType, Size: size})
	return nil
}

// finish signs the manifest and writes capsule, header and trailer.
func (s *sealing) finish(ctx context.Context, out *counter) (*Sealed, error) {
	content := s.m.marshal()
	if len(content) > limits.PliManifest {
		return nil, refuse(ErrLimit, "a manifest of more than %d octets", limits.PliManifest)
	}
	signed, err := signStatement(ctx, s.o.Signer, manifestType, content, s.m.Created, s.o.Stamper)
	if err != nil {
		return nil, err
	}
	capsule, err := sealCapsule(s.recipients, &capsuleContent{payloadKey: s.key[:], manifest: signed})
	clear(s.key[:])
	if err != nil {
		return nil, err
	}
	header := &Header{Version: Version, ID: s.m.ID, Recipients: slices.Clone(s.m.Recipients), Profile: s.m.Profile,
		PayloadSize: s.m.Payload.Size, NotAfter: s.m.NotAfter, CapsuleSize: int64(len(capsule)), CapsuleHash: sha256.Sum256(capsule)}
	clearPart := header.marshal()
	if len(clearPart) > limits.PliHeader {
		return nil, refuse(ErrLimit, "a header of more than %d octets", limits.PliHeader)
	}
	trailer := container{payload: s.m.Payload.Size, capsule: int64(len(capsule)), header: int64(len(clearPart))}.trailer()
	for _, b := range [][]byte{capsule, clearPart, trailer} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := out.Write(b); err != nil {
			return nil, err
		}
	}
	return &Sealed{Manifest: s.m, ManifestDigest: sha256.Sum256(content), SignedManifest: signed, Header: header, Size: out.n}, nil
}

// sealCapsule encrypts a content to the recipients, with the digest of their RecipientInfos inside.
func sealCapsule(recipients []cms.Recipient, c *capsuleContent) ([]byte, error) {
	capsule, err := cms.SealAuthEnveloped(recipients, func(recipientInfos []byte) ([]byte, error) {
		c.riDigest = sha256.Sum256(recipientInfos)
		return c.marshal()
	})
	switch {
	case errors.Is(err, cms.ErrRecipient):
		return nil, refuse(ErrOptions, "%w", err)
	case err == nil && len(capsule) > limits.PliCapsule:
		return nil, refuse(ErrLimit, "a capsule of more than %d octets", limits.PliCapsule)
	}
	return capsule, err
}
