package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// OpenOptions say whom to believe, when, and for whom the reader reads. The zero value opens nothing.
type OpenOptions struct {
	// Anchors vouch for senders. Required, unless UnsafeAnySender.
	Anchors *trust.Set
	// TimestampAnchors vouch for the authorities of timestamps; nil believes none.
	TimestampAnchors *trust.Set
	// At is the time of reading, by the caller's clock; required. To read again a pli that was received in time, give that time.
	At time.Time
	// SIRET is the establishment that reads; that of an identity's certificate when empty. The manifest must be addressed to it.
	SIRET SIRET
	// Holders is a directory: the establishments for which a seal, known by the SHA-256 of its certificate, may sign. When nil, the
	// certificate itself must carry the sender's SIRET in 14 digits.
	Holders func(ctx context.Context, certificate Hash) ([]SIRET, error)
	// MaxSize refuses content beyond that many octets; 0 is the format's limit.
	MaxSize int64

	// UnsafeAnySender believes whoever signed: the content is then as good as an anonymous letter, and Findings says so.
	UnsafeAnySender bool
	// UnsafeNoRevocation opens without knowing whether the seal was revoked, and Findings says so.
	UnsafeNoRevocation bool

	Workers int // cores for decrypting and hashing; GOMAXPROCS when 0, at most 16
}

// A Message is a pli that was opened: its signature, its addressees and its index are verified; its content is verified as it is
// read. It is safe for concurrent use.
type Message struct {
	Header         *Header
	Manifest       *Manifest
	ManifestDigest Hash
	SignedManifest []byte      // DER of the SignedData, to be kept: with the content, it proves the origin
	Addenda        []*Addendum // verified
	SignedAddenda  [][]byte
	Recipient      SIRET // the establishment for which it was opened
	// Findings are what the options allowed and the reader should know.
	Findings []string

	o       OpenOptions
	src     io.ReaderAt
	c       container
	payload *payload
}

// Open opens a pli of size octets with any of the identities. It reads and checks everything but the content: container, header,
// capsule, signature, trust, dates, addressees, addenda, and the index against the signed hashes. Nothing of the content is handed
// out before the MiB that holds it is checked against them.
//
// src must not be written to meanwhile; if it is, readers return errors and never anything that was not signed. src is read by
// several goroutines. Errors wrap one of the reasons of this package, those of src and ctx come back as they are.
func Open(ctx context.Context, src io.ReaderAt, size int64, identities []*Identity, o OpenOptions) (*Message, error) {
	if len(identities) == 0 {
		return nil, refuse(ErrIdentity, "none was given")
	}
	r := &reading{ctx: ctx, src: src, size: size, identities: identities, o: o}
	if err := r.options(); err != nil {
		return nil, err
	}
	if err := r.run(openSteps); err != nil {
		return nil, err
	}
	return r.message(), nil
}

// A reading is a pli being checked, step by step. Every step relies on those before it.
type reading struct {
	ctx        context.Context
	src        io.ReaderAt
	size       int64
	identities []*Identity
	o          OpenOptions
	steps      []Step // of Verify

	c        container
	header   *Header
	capsule  []byte
	content  *capsuleContent
	infos    []byte
	plain    []byte
	signed   *signedStatement
	manifest *Manifest
	own      SIRET
	addenda  []*Addendum
	findings []string
	payload  *payload
}

// A step is one group of checks. Their order is part of the format: it says which reason is given for a pli that has several
// faults, and that nothing is believed before what vouches for it.
type step struct {
	name string
	run  func(*reading) error
}

var (
	outerSteps = []step{
		{"container", (*reading).readContainer},
		{"header", (*reading).readHeader},
	}
	capsuleSteps = []step{
		{"capsule", (*reading).openCapsule},
		{"capsule content", (*reading).readContent},
		{"recipient infos", (*reading).checkInfos},
	}
	manifestSteps = []step{
		{"signature", (*reading).readSigned},
		{"trust", (*reading).checkTrust},
		{"manifest", (*reading).readManifest},
		{"sender", (*reading).checkSender},
		{"dates", (*reading).checkDates},
	}
	agreementSteps = []step{
		{"addressees", (*reading).checkAgreement},
		{"own SIRET", (*reading).checkOwn},
		{"addenda", (*reading).checkAddenda},
	}
	payloadSteps = []step{
		{"payload size", (*reading).checkSize},
		{"payload key", (*reading).checkCommitment},
		{"index", (*reading).checkIndex},
	}
	openSteps = slices.Concat(outerSteps, capsuleSteps, manifestSteps, agreementSteps, payloadSteps)
)

func (r *reading) run(steps []step) error {
	for _, s := range steps {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		err := s.run(r)
		r.record(s.name, err)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) options() error {
	switch {
	case r.o.At.IsZero():
		return refuse(ErrOptions, "At is the caller's clock, and required")
	case r.o.Anchors.Len() == 0 && !r.o.UnsafeAnySender:
		return refuse(ErrOptions, "no anchors to believe a sender by")
	}
	if r.own = r.o.SIRET; r.own == "" {
		for _, id := range r.identities {
			if s, ok := id.SIRET(); ok && r.own == "" {
				r.own = s
			} else if ok && r.own != s {
				return refuse(ErrOptions, "the identities are of several establishments: say which one reads")
			}
		}
	}
	if len(r.identities) > 0 && !r.own.valid() {
		return refuse(ErrOptions, "the reader's SIRET is not valid, or not given and not in 14 digits in an encryption certificate")
	}
	return nil
}

func (r *reading) readContainer() (err error) {
	r.c, err = readContainer(r.src, r.size)
	return err
}

func (r *reading) readHeader() error {
	raw := make([]byte, r.c.header) // bounded by the container's check
	if err := readFull(r.src, raw, r.c.headerAt()); err != nil {
		return err
	}
	h, err := ParseHeader(raw)
	if err != nil {
		return err
	}
	r.header = h
	if h.PayloadSize != r.c.payload || h.CapsuleSize != r.c.capsule {
		return refuse(ErrHeader, "its sizes are not those of the file")
	}
	r.capsule = make([]byte, r.c.capsule)
	if err := readFull(r.src, r.capsule, r.c.capsuleAt()); err != nil {
		return err
	}
	if sha256.Sum256(r.capsule) != h.CapsuleHash {
		return refuse(ErrHeader, "its digest is not that of the capsule")
	}
	return nil
}

func (r *reading) openCapsule() error {
	openers := make([]cms.Opener, len(r.identities))
	for i, id := range r.identities {
		openers[i] = id.opener
	}
	var err error
	r.plain, r.infos, err = cms.OpenAuthEnveloped(r.capsule, openers...)
	return capsuleError(err)
}

// capsuleError keeps one message for everything that happens between a private key and the tag.
func capsuleError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, cms.ErrDecrypt):
		return ErrCapsule
	case errors.Is(err, cms.ErrOpener):
		return refuse(ErrIdentity, "%w", err)
	}
	return refuse(ErrCapsule, "%w", err)
}

func (r *reading) readContent() (err error) {
	r.content, err = parseCapsuleContent(r.plain)
	return err
}

// checkInfos is what ties the recipients' keys to the content, since CMS does not.
func (r *reading) checkInfos() error {
	if sha256.Sum256(r.infos) != r.content.riDigest {
		return refuse(ErrCapsule, "its RecipientInfos were changed after it was sealed")
	}
	return nil
}

func (r *reading) readSigned() (err error) {
	r.signed, err = readStatement(r.content.manifest, manifestType)
	return err
}

func (r *reading) checkTrust() error {
	findings, err := r.o.senders().judge(r.ctx, r.signed)
	r.findings = append(r.findings, findings...)
	return err
}

func (r *reading) readManifest() (err error) {
	r.manifest, err = ParseManifest(r.signed.content)
	return err
}

func (r *reading) checkSender() error {
	if r.manifest.Sender.Certificate != r.signed.signer.ID {
		return refuse(ErrMismatch, "the manifest names another certificate than the one that signed it")
	}
	findings, err := r.o.senders().holder(r.ctx, r.signed.signer, r.manifest.Sender.SIRET)
	r.findings = append(r.findings, findings...)
	return err
}

func (r *reading) checkDates() error { return r.manifest.checkTime(r.o.At) }

// checkAgreement compares the clear header with what was signed: only then is it known to whom the sender sent.
func (r *reading) checkAgreement() error {
	m, h := r.manifest, r.header
	if h.ID != m.ID || h.Profile != m.Profile || h.PayloadSize != m.Payload.Size || !h.NotAfter.Equal(m.NotAfter) {
		return refuse(ErrMismatch, "the header and the manifest do not say the same")
	}
	want := m.Recipients
	if r.withKey() {
		for i, raw := range r.content.addenda {
			a, err := peekAddendum(raw)
			if err != nil {
				return fmt.Errorf("addendum %d: %w", i+1, err)
			}
			r.addenda = append(r.addenda, a)
			want = append(slices.Clip(want), a.Recipients...)
		}
	} else if len(want) < len(h.Recipients) {
		want = append(slices.Clip(want), h.Recipients[len(want):]...) // without a key, whom addenda add is not known
	}
	if !slices.Equal(h.Recipients, want) {
		return refuse(ErrMismatch, "the header's recipients are not those that the sender signed")
	}
	return nil
}

// checkOwn refuses a pli that was addressed to others, even if its capsule was sealed to this reader: the content of a letter
// received is not a letter sent.
func (r *reading) checkOwn() error {
	if !slices.Contains(r.header.Recipients, r.own) {
		return refuse(ErrAddressee, "%s is not among the recipients that the sender signed", r.own)
	}
	return nil
}

func (r *reading) checkAddenda() error {
	for i, a := range r.addenda {
		signed, err := readStatement(r.content.addenda[i], addendumType)
		if err != nil {
			return refuse(ErrAddendum, "addendum %d: %w", i+1, err)
		}
		if signed.signer.ID != r.signed.signer.ID {
			return refuse(ErrAddendum, "addendum %d: signed with another certificate than the manifest", i+1)
		}
		if err := a.belongs(r.manifest, r.signed.digest(), r.o.At); err != nil {
			return fmt.Errorf("addendum %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *reading) checkSize() error {
	m := r.manifest
	if m.Payload.Size != r.c.payload || m.payloadSize() != r.c.payload {
		return refuse(ErrMismatch, "the payload has not the size that the manifest's parts make")
	}
	if r.o.MaxSize > 0 && m.contentSize() > r.o.MaxSize {
		return refuse(ErrLimit, "%d octets of content: the reader takes %d", m.contentSize(), r.o.MaxSize)
	}
	return nil
}

// checkCommitment compares the key that the payload commits to with the manifest's and, for who has it, with the key itself.
func (r *reading) checkCommitment() error {
	var head [payloadHead]byte
	if err := readFull(r.src, head[:], r.c.payloadAt()); err != nil {
		return err
	}
	if Hash(head[saltSize:]) != r.manifest.Payload.Commitment {
		return refuse(ErrPayload, "it is not the one that the manifest commits to")
	}
	if !r.withKey() {
		return nil
	}
	c, err := newCobblestone(r.content.payloadKey, head[:saltSize], payloadContext(r.manifest.ID))
	if err != nil {
		return err
	}
	if !c.commits(head[saltSize:]) {
		return refuse(ErrPayload, "the capsule's key is not the one that it commits to")
	}
	r.payload, err = newPayload(r.src, r.c.payloadAt(), r.c.payload, c, r.manifest)
	return err
}

func (r *reading) checkIndex() error {
	if err := r.payload.checkFinal(); err != nil {
		return err
	}
	return r.payload.checkIndex(r.ctx)
}

func (r *reading) message() *Message {
	return &Message{
		Header: r.header, Manifest: r.manifest, ManifestDigest: r.signed.digest(), SignedManifest: r.signed.raw,
		Addenda: r.addenda, SignedAddenda: r.content.addenda, Recipient: r.own, Findings: r.findings,
		o: r.o, src: r.src, c: r.c, payload: r.payload,
	}
}
