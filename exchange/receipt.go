package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A Verdict is what a recipient says of a pli.
type Verdict string

// The verdicts of a receipt.
const (
	Accepted Verdict = "accepted" // opened, and all of its content is what the sender signed
	Refused  Verdict = "refused"  // opened, and refused for a reason that the receipt gives
)

// A Receipt is what a recipient signs (CAdES-B-T): which pli, which content, when, and what became of it. docs/pli.md gives its JSON.
type Receipt struct {
	Version     int
	ID          ID
	Manifest    Hash // digest of the manifest
	PayloadSize int64
	PayloadHash Hash   // SHA-256 of the payload as received, encrypted: what carriers attest
	Recipient   Sender // who received, and the certificate of its seal
	Parts       []ReceivedPart
	Time        time.Time // of the verdict, by the recipient's clock, whole seconds
	Verdict     Verdict
	Reason      string // [a-z0-9-]{1,64} when refused, else empty

	// Stamped is when the receipt is proved to have existed, by its timestamp. Not in the JSON; set by VerifyReceipt.
	Stamped time.Time
}

// A ReceivedPart names a part without telling third parties what it holds.
type ReceivedPart struct {
	Size   int64
	Digest Hash // PartInfo.Salted
}

// ReceiptOptions say who acknowledges, and what.
type ReceiptOptions struct {
	Signer  ades.Signer // the recipient's seal
	Stamper Stamper     // required: a receipt is dated by a third party
	Time    time.Time   // now, by the caller's clock; required
	Verdict Verdict     // Accepted when empty
	Reason  string      // of a refusal, [a-z0-9-]{1,64}
}

// Receipt makes the receipt of a message: a CAdES-B-T over JSON by the recipient's seal. It reads the payload: for Accepted the
// whole content is checked, and an alteration is an error, not a receipt.
func (m *Message) Receipt(ctx context.Context, o ReceiptOptions) ([]byte, error) {
	if o.Verdict == "" {
		o.Verdict = Accepted
	}
	switch {
	case o.Time.IsZero():
		return nil, refuse(ErrOptions, "Time is the caller's clock, and required")
	case o.Stamper == nil:
		return nil, refuse(ErrOptions, "a receipt needs a timestamp authority")
	case o.Verdict == Refused && !word(o.Reason), o.Verdict == Accepted && o.Reason != "", o.Verdict != Accepted && o.Verdict != Refused:
		return nil, refuse(ErrOptions, "the verdict is accepted, or refused with a reason of 1 to %d characters of a-z, 0-9 and -", limits.PliProfile)
	}
	at := o.Time.UTC().Truncate(time.Second)
	certificate, err := checkSigner(o.Signer, at)
	if err != nil {
		return nil, err
	}
	if holds(certificate, m.Recipient) == contradicted {
		return nil, refuse(ErrOptions, "the signing certificate (%s) names another than %s, which received", certificate.Subject, m.Recipient)
	}
	if o.Verdict == Accepted {
		if err := m.Check(ctx, nil); err != nil {
			return nil, err
		}
	}
	hash, err := m.payloadHash(ctx)
	if err != nil {
		return nil, err
	}
	r := &Receipt{Version: Version, ID: m.Manifest.ID, Manifest: m.ManifestDigest, PayloadSize: m.c.payload, PayloadHash: hash,
		Recipient: Sender{m.Recipient, certificate.ID}, Time: at, Verdict: o.Verdict, Reason: o.Reason}
	for _, p := range m.Manifest.Parts {
		r.Parts = append(r.Parts, ReceivedPart{p.Size, p.Salted()})
	}
	return signStatement(ctx, o.Signer, receiptType, r.marshal(), at, o.Stamper)
}

// payloadHash is the SHA-256 of the payload, encrypted.
func (m *Message) payloadHash(ctx context.Context) (h Hash, err error) {
	d := sha256.New()
	buf := make([]byte, writeSize)
	for at := int64(0); at < m.c.payload; {
		if err := ctx.Err(); err != nil {
			return h, err
		}
		b := buf[:min(int64(len(buf)), m.c.payload-at)]
		if err := readFull(m.src, b, m.c.payloadAt()+at); err != nil {
			return h, err
		}
		d.Write(b)
		at += int64(len(b))
	}
	d.Sum(h[:0])
	return h, nil
}

// VerifyReceiptOptions say of which pli a receipt must be, and whom to believe.
type VerifyReceiptOptions struct {
	// Manifest is the signed manifest that was sent (Sealed.SignedManifest), or that a third party was given; required. Its own
	// signature is not judged again.
	Manifest []byte
	// Addenda are those that were sent, if the recipient is one of them.
	Addenda [][]byte
	// Payload is the SHA-256 of the payload that was sent, when the verifier knows it.
	Payload *Hash

	Anchors            *trust.Set                                                   // vouch for recipients' seals; required
	TimestampAnchors   *trust.Set                                                   // vouch for timestamp authorities; required
	At                 time.Time                                                    // now, by the caller's clock; required
	Holders            func(ctx context.Context, certificate Hash) ([]SIRET, error) // as in OpenOptions
	UnsafeNoRevocation bool
}

// VerifyReceipt checks that a receipt is by an addressee of a manifest, over that manifest and its parts, dated by an authority
// that is believed. It returns what the receipt says (look at Verdict: a refusal verifies too), its findings, and ErrReceipt,
// ErrType, ErrSignature, ErrMismatch, ErrAddressee or ErrTime.
func VerifyReceipt(ctx context.Context, receipt []byte, o VerifyReceiptOptions) (*Receipt, []string, error) {
	if o.At.IsZero() || o.Anchors.Len() == 0 || o.TimestampAnchors.Len() == 0 {
		return nil, nil, refuse(ErrOptions, "At, Anchors and TimestampAnchors are required")
	}
	if len(receipt) > limits.PliReceipt {
		return nil, nil, refuse(ErrLimit, "a receipt of more than %d octets", limits.PliReceipt)
	}
	sent, err := readStatement(o.Manifest, manifestType)
	if err != nil {
		return nil, nil, fmt.Errorf("the manifest given: %w", err)
	}
	m, err := ParseManifest(sent.content)
	if err != nil {
		return nil, nil, fmt.Errorf("the manifest given: %w", err)
	}
	addressees, err := o.addressees(m, sent)
	if err != nil {
		return nil, nil, err
	}
	signed, err := readStatement(receipt, receiptType)
	if err != nil {
		return nil, nil, err
	}
	policy := &trustPolicy{anchors: o.Anchors, timestamps: o.TimestampAnchors, at: o.At, holders: o.Holders,
		noRevocation: o.UnsafeNoRevocation, stamped: true}
	findings, err := policy.judge(ctx, signed)
	if err != nil {
		return nil, findings, err
	}
	r, err := parseReceipt(signed.content)
	if err != nil {
		return nil, findings, err
	}
	if r.Recipient.Certificate != signed.signer.ID {
		return nil, findings, refuse(ErrMismatch, "the receipt names another certificate than the one that signed it")
	}
	more, err := policy.holder(ctx, signed.signer, r.Recipient.SIRET)
	findings = append(findings, more...)
	if err != nil {
		return nil, findings, err
	}
	r.Stamped = policy.best
	if err := r.matches(m, sent.digest(), addressees, o); err != nil {
		return nil, findings, err
	}
	return r, findings, nil
}

// addressees returns the recipients of the manifest and of the addenda given.
func (o *VerifyReceiptOptions) addressees(m *Manifest, sent *signedStatement) ([]SIRET, error) {
	all := slices.Clone(m.Recipients)
	for i, raw := range o.Addenda {
		signed, err := readStatement(raw, addendumType)
		if err == nil && signed.signer.ID != sent.signer.ID {
			err = errors.New("signed with another certificate than the manifest")
		}
		if err != nil {
			return nil, refuse(ErrAddendum, "addendum %d: %w", i+1, err)
		}
		a, err := parseAddendum(signed.content)
		if err == nil {
			err = a.belongs(m, sent.digest(), o.At)
		}
		if err != nil {
			return nil, fmt.Errorf("addendum %d: %w", i+1, err)
		}
		all = append(all, a.Recipients...)
	}
	return all, nil
}

// matches checks that a receipt is for a pli.
func (r *Receipt) matches(m *Manifest, digest Hash, addressees []SIRET, o VerifyReceiptOptions) error {
	switch {
	case r.ID != m.ID || r.Manifest != digest:
		return refuse(ErrReceipt, "it acknowledges another pli")
	case !slices.Contains(addressees, r.Recipient.SIRET):
		return refuse(ErrAddressee, "%s acknowledges, and is not among the recipients", r.Recipient.SIRET)
	case r.PayloadSize != m.Payload.Size || o.Payload != nil && r.PayloadHash != *o.Payload:
		return refuse(ErrReceipt, "it acknowledges another payload")
	case len(r.Parts) != len(m.Parts):
		return refuse(ErrReceipt, "it acknowledges other parts")
	case r.Time.Before(m.Created.Add(-skew)) || r.Time.After(r.Stamped.Add(skew)):
		return refuse(ErrTime, "a verdict of %s, before the pli or after its own timestamp of %s", formatTime(r.Time), formatTime(r.Stamped))
	}
	for i := range r.Parts {
		if r.Parts[i].Size != m.Parts[i].Size || r.Parts[i].Digest != m.Parts[i].Salted() {
			return refuse(ErrReceipt, "it acknowledges another part %d", i+1)
		}
	}
	return nil
}

func parseReceipt(b []byte) (*Receipt, error) {
	r, j := new(Receipt), &jsonReader{b: b}
	var verdict string
	reason := "\x00"
	err := j.object(
		member{name: "version", read: j.version(&r.Version)},
		member{name: "id", read: j.id(&r.ID)},
		member{name: "manifest", read: j.octets(r.Manifest[:])},
		member{name: "payload", read: func() error {
			return j.object(member{name: "size", read: j.size(&r.PayloadSize)},
				member{name: "sha256", read: j.octets(r.PayloadHash[:])})
		}},
		member{name: "recipient", read: func() error {
			return j.object(member{name: "siret", read: j.siret(&r.Recipient.SIRET)},
				member{name: "certificate", read: j.octets(r.Recipient.Certificate[:])})
		}},
		member{name: "parts", read: func() error {
			return j.array(limits.PliParts, func() error {
				var p ReceivedPart
				err := j.object(member{name: "size", read: j.size(&p.Size)}, member{name: "digest", read: j.octets(p.Digest[:])})
				r.Parts = append(r.Parts, p)
				return err
			})
		}},
		member{name: "time", read: j.time(&r.Time)},
		member{name: "verdict", read: j.string(16, &verdict)},
		member{name: "reason", optional: true, read: j.string(limits.PliProfile, &reason)},
	)
	if err == nil {
		err = j.end()
	}
	if err != nil {
		return nil, refuse(ErrReceipt, "%w", err)
	}
	r.Verdict = Verdict(verdict)
	switch {
	case r.Verdict == Accepted && reason == "\x00":
	case r.Verdict == Refused && word(reason):
		r.Reason = reason
	default:
		return nil, refuse(ErrReceipt, "its verdict is neither accepted nor refused with a reason")
	}
	return r, nil
}

func (r *Receipt) marshal() []byte {
	w := &jsonWriter{b: make([]byte, 0, 640+112*len(r.Parts))}
	w.open('{')
	w.integer("version", int64(r.Version))
	w.text("id", string(r.ID))
	w.text("manifest", r.Manifest.String())
	w.name("payload")
	w.open('{')
	w.integer("size", r.PayloadSize)
	w.text("sha256", r.PayloadHash.String())
	w.close('}')
	w.name("recipient")
	w.open('{')
	w.text("siret", string(r.Recipient.SIRET))
	w.text("certificate", r.Recipient.Certificate.String())
	w.close('}')
	w.name("parts")
	w.open('[')
	for _, p := range r.Parts {
		w.open('{')
		w.integer("size", p.Size)
		w.text("digest", p.Digest.String())
		w.close('}')
	}
	w.close(']')
	w.text("time", formatTime(r.Time))
	w.text("verdict", string(r.Verdict))
	if r.Reason != "" {
		w.text("reason", r.Reason)
	}
	w.close('}')
	return w.b
}

// PayloadDigest returns the SHA-256 of the payload of a pli, encrypted: what carriers attest and receipts name.
func PayloadDigest(ctx context.Context, src io.ReaderAt, size int64) (Hash, error) {
	c, err := readContainer(src, size)
	if err != nil {
		return Hash{}, err
	}
	return (&Message{src: src, c: c}).payloadHash(ctx)
}
