package exchange

import (
	"context"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/collect"
	"github.com/cadre-confiance/confiance/signature/trust"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// A trustPolicy says whose seals are believed; openers judge senders with it, senders judge receipts.
type trustPolicy struct {
	anchors, timestamps *trust.Set
	at                  time.Time
	holders             func(context.Context, Hash) ([]SIRET, error)
	anyone              bool
	noRevocation        bool
	stamped             bool // a timestamp that is believed is required

	best time.Time // when the signature is proved to have existed; set by judge when stamped
}

func (o *OpenOptions) senders() *trustPolicy {
	return &trustPolicy{anchors: o.Anchors, timestamps: o.TimestampAnchors, at: o.At, holders: o.Holders,
		anyone: o.UnsafeAnySender, noRevocation: o.UnsafeNoRevocation}
}

// judge decides whether the certificate that signed is to be believed for that: chain, dates, revocation (EN 319 102-1, through
// signature/collect), then usage.
func (t *trustPolicy) judge(ctx context.Context, s *signedStatement) (findings []string, err error) {
	if t.anyone {
		findings = append(findings, "whoever signed was believed: the sender is not known")
	} else if findings, err = t.conclude(ctx, s); err != nil {
		return findings, err
	}
	if why := signs(s.signer); why != "" {
		return findings, refuse(ErrSignature, "the certificate (%s) %s", s.signer.Subject, why)
	}
	return findings, nil
}

// conclude validates the signature of a statement, which readStatement has already found to verify.
func (t *trustPolicy) conclude(ctx context.Context, s *signedStatement) (findings []string, err error) {
	doc, err := cades.Read(ctx, ades.Bytes(s.raw), cades.ReadOptions{})
	if err != nil {
		return nil, failOr(ctx, err)
	}
	in := validation.Input{Anchors: t.anchors, TimestampAnchors: t.timestamps, Time: t.at, UnsafeNoRevocation: t.noRevocation}
	conclusion, err := collect.Run(ctx, doc, in, collect.Sources{})
	if err != nil {
		return nil, failOr(ctx, err)
	}
	if len(conclusion.Signatures) != 1 {
		return nil, refuse(ErrSignature, "%d signatures where one is called for", len(conclusion.Signatures))
	}
	signature := conclusion.Signatures[0]
	if !signature.Passed() {
		return nil, refuse(ErrSignature, "%s: %s", signature.Verdict, whatFailed(signature.Findings()))
	}
	if signature.Signer == nil || signature.Signer.Certificate != Hash(s.signer.ID).String() {
		return nil, refuse(ErrSignature, "two readings of the signature do not find the same signer")
	}
	if t.noRevocation {
		findings = append(findings, "whether the seal was revoked is not known")
	}
	if t.stamped {
		return findings, t.checkStamp(&conclusion)
	}
	return findings, nil
}

// failOr keeps the error of a context, and makes a refusal of any other.
func failOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return refuse(ErrSignature, "%w", err)
}

// whatFailed is the first check that broke the conclusion.
func whatFailed(checks []validation.Check) string {
	for _, c := range checks {
		if c.Status == validation.Broken {
			return c.Message + " (" + c.Clause + ")"
		}
	}
	return "no reason is given"
}

// checkStamp requires a timestamp that is believed: without it the date is the signer's word.
func (t *trustPolicy) checkStamp(c *validation.Conclusion) error {
	if len(c.Timestamps) == 0 {
		return refuse(ErrSignature, "no timestamp")
	}
	for _, stamp := range c.Timestamps {
		if !stamp.Passed() {
			return refuse(ErrSignature, "its timestamp: %s: %s", stamp.Verdict, whatFailed(stamp.Findings()))
		}
	}
	t.best = c.Signatures[0].BestSignatureTime
	return nil
}

// holder decides whether a certificate is that of an establishment: a directory says so, else the certificate does. A number in
// it that contradicts is refused in any case; the nine digits of the legal unit never suffice, since all its establishments share
// them.
func (t *trustPolicy) holder(ctx context.Context, c *pkix.Certificate, s SIRET) (findings []string, err error) {
	h := holds(c, s)
	if h == contradicted {
		return nil, refuse(ErrMismatch, "%s is said to sign, and the certificate (%s) names another", s, c.Subject)
	}
	if t.holders != nil {
		known, err := t.holders(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		if slices.Contains(known, s) {
			return nil, nil
		}
	} else if h == held {
		return nil, nil
	}
	if t.anyone {
		return []string{"nothing but its own word says that the sender is " + string(s)}, nil
	}
	return nil, refuse(ErrMismatch, "nothing says that the certificate (%s) is that of %s: it does not carry the 14 digits, or the directory does not know it", c.Subject, s)
}
