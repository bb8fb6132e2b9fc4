package validation

import (
	"fmt"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/signature/facts"
)

// basic is the validation process for basic signatures, §5.3, over the blocks already made. For a timestamp it is that of
// §5.4.
func (x *subject) basic(b *builder) Verdict {
	for _, first := range []*builder{x.fc, x.isc, x.vci, x.cv} {
		if !first.Passed() {
			return first.Verdict
		}
	}
	status := x.xcv.Verdict
	if status.SubIndication == OutOfBoundsNoPOE || status.SubIndication == OutOfBoundsNotRevoked {
		for _, t := range x.contentTimestamps {
			if t.Passed() && t.Time.After(x.signer.NotAfter) {
				b.breaks(ruleContentAfterExpiry, t.ID, fmt.Sprintf("the content was timestamped %s, after the end of the signer's validity", stamp(t.Time)))
				return because(Expired)
			}
		}
	}
	if status.SubIndication == RevokedNoPOE {
		revoked := x.xcv.revocationOf(x.signer.id)
		for _, t := range x.contentTimestamps {
			if t.Passed() && revoked.RevokedAt != nil && t.Time.After(*revoked.RevokedAt) {
				b.breaks(ruleContentAfterRevocation, t.ID, fmt.Sprintf("the content was timestamped %s, after the revocation of the signer's certificate (%s)", stamp(t.Time), stamp(*revoked.RevokedAt)))
				return because(Revoked)
			}
		}
	}
	if !status.Passed() {
		return status
	}
	return x.sav.Verdict
}

func (x *subject) concludeTimestamp(t *facts.Token) TimestampConclusion {
	x.run(x.e.in.Time)
	out := TimestampConclusion{
		ID: t.ID, Parent: t.Parent, Type: t.Type, Time: t.Time.UTC(), Crypto: x.crypto(), Chain: x.chain,
		Verdict: x.basic(x.block("")), Blocks: x.blocks(),
	}
	if x.signer != nil {
		out.Signer = x.signer.describe()
	}
	return out
}

func (x *subject) concludeSignature(s *facts.Signature) SignatureConclusion {
	x.gatherTimestamps(s)
	x.run(x.e.in.Time)
	times := x.block("LTV")
	basic := x.basic(times)
	verdict, best := x.longTerm(times, basic)
	out := SignatureConclusion{
		ID: s.ID, Parent: s.Parent, Format: s.Format, Level: s.Level, Crypto: x.crypto(), Chain: x.chain,
		Verdict: verdict.total(), Basic: basic, BestSignatureTime: best,
		Blocks: x.blocks(),
	}
	if s.ClaimedTime != nil {
		claimed := s.ClaimedTime.UTC()
		out.ClaimedTime = &claimed
	}
	if x.signer != nil {
		out.Signer = x.signer.describe()
	}
	for _, t := range slices.Concat(x.contentTimestamps, x.timestamps) {
		out.Timestamps = append(out.Timestamps, t.ID)
	}
	if times.Verdict = verdict; len(times.Checks) > 0 {
		out.Blocks = append(out.Blocks, times.Block)
	}
	return out
}

// gatherTimestamps finds the conclusions on the tokens that say something of this signature: its own, and in a PDF the
// document timestamps of later revisions, which cover it whole.
func (x *subject) gatherTimestamps(s *facts.Signature) {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(s.Tokens))) {
		i, ok := x.e.tokens[id]
		if !ok || x.e.ids[id] > 1 {
			continue
		}
		t, c := &x.e.doc.Timestamps[i], &x.e.timestamps[i]
		switch {
		case t.Parent != s.ID && t.Parent != "":
		case t.Type == facts.ContentTimestamp:
			x.contentTimestamps = append(x.contentTimestamps, c)
		case t.Type == facts.SignatureTimestamp:
			x.timestamps = append(x.timestamps, c)
		}
	}
	for _, i := range x.e.covering {
		if t := &x.e.doc.Timestamps[i]; s.Revision > 0 && t.Revision > s.Revision && x.e.ids[t.ID] == 1 {
			x.timestamps = append(x.timestamps, &x.e.timestamps[i])
		}
	}
	byTime := func(a, b *TimestampConclusion) int {
		if n := a.Time.Compare(b.Time); n != 0 {
			return n
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	}
	slices.SortFunc(x.contentTimestamps, byTime)
	slices.SortFunc(x.timestamps, byTime)
}

// bestSignatureTime is the earliest time at which something that can be believed says that the signature existed.
func (x *subject) bestSignatureTime(b *builder) time.Time {
	best := x.e.in.Time
	for _, t := range x.timestamps {
		if !t.Passed() || t.Crypto != CryptoValid {
			b.breaks(ruleTokenUsed, t.ID, fmt.Sprintf("the timestamp of %s proves nothing: %s", stamp(t.Time), t.Verdict))
			continue
		}
		b.holds(ruleTokenUsed, t.ID)
		if t.Time.Before(best) {
			best = t.Time
		}
	}
	for _, p := range x.e.in.ProofsOfExistence {
		if (p.Object == "" || p.Object == x.signed.ID) && p.Time.Before(best) {
			best = p.Time.UTC()
		}
	}
	return best
}

// longTerm is the validation process for signatures with time, §5.5: it moves the time of the signature back to the earliest
// proof of its existence and compares.
func (x *subject) longTerm(b *builder, basic Verdict) (Verdict, time.Time) {
	switch {
	case basic.Passed():
	case x.mayRecover(basic):
	case basic.SubIndication == CryptoConstraintsFailureNoPOE && x.weakItself():
	default:
		return basic, x.e.in.Time
	}
	best := x.bestSignatureTime(b)
	if best.Before(x.signer.NotBefore) {
		b.breaks(ruleNotBefore, x.signer.id, fmt.Sprintf("the signature existed %s, before its certificate was valid (%s)", stamp(best), stamp(x.signer.NotBefore)))
		return because(NotYetValid), best
	}
	b.holds(ruleNotBefore, x.signer.id)
	for _, f := range x.xcv.failures {
		if v := x.recover(b, f, best); !v.Passed() {
			return v, best
		}
	}
	if basic.SubIndication == CryptoConstraintsFailureNoPOE {
		if !x.reliable(b, best) {
			return basic, best
		}
	}
	if v := x.checkOrder(b); !v.Passed() {
		return v, best
	}
	if !best.Equal(x.e.in.Time) {
		x.sav = x.accept(best)
	}
	return x.sav.Verdict, best
}

// mayRecover reports whether a proof that the signature is older may change a verdict on its certificates: step (2) of §5.5.4.
func (x *subject) mayRecover(basic Verdict) bool {
	switch basic.SubIndication {
	case OutOfBoundsNoPOE, OutOfBoundsNotRevoked, RevokedNoPOE, RevokedCANoPOE, TryLater:
		return basic.Indication == Indeterminate && basic == x.xcv.Verdict
	}
	return false
}

// recover judges again, at the earliest time at which the signature is proved to have existed, what did not hold of its
// certificates. What does not depend on that time stays.
func (x *subject) recover(b *builder, f failure, best time.Time) Verdict {
	switch f.rule {
	case ruleValidity:
		return x.withinValidity(b, f.Verdict, best)
	case ruleSignerNotRevoked, ruleCANotRevoked:
		return x.beforeRevocation(b, f, best)
	case ruleHold:
		since := x.xcv.revocationOf(f.object).RevokedAt
		if since == nil || !best.Before(*since) {
			b.breaks(ruleBeforeSuspension, f.object, fmt.Sprintf("nothing proves that the signature existed before the certificate was suspended: the earliest proof is of %s", stamp(best)))
			return f.Verdict
		}
		b.holds(ruleBeforeSuspension, f.object)
	case ruleFresh:
		if reason := x.e.policy.stale(x.xcv.revocationOf(f.object).status, best); reason != "" {
			b.breaks(ruleFreshThen, f.object, reason)
			return f.Verdict
		}
		b.holds(ruleFreshThen, f.object)
	default:
		return f.Verdict
	}
	return Verdict{Indication: Passed}
}

// beforeRevocation is step (4) (a) of §5.5.4.
func (x *subject) beforeRevocation(b *builder, f failure, best time.Time) Verdict {
	revoked := x.xcv.revocationOf(f.object).RevokedAt
	if revoked == nil || !best.Before(*revoked) {
		b.breaks(ruleBeforeRevocation, f.object, fmt.Sprintf("nothing proves that the signature existed before the certificate was revoked: the earliest proof is of %s", stamp(best)))
		return f.Verdict
	}
	b.holds(ruleBeforeRevocation, f.object)
	if best.After(x.signer.NotAfter) {
		b.breaks(ruleNotAfter, x.signer.id, fmt.Sprintf("nothing proves that the signature existed before the end of its certificate's validity, %s", stamp(x.signer.NotAfter)))
		return because(OutOfBoundsNotRevoked)
	}
	return Verdict{Indication: Passed}
}

// weakItself reports whether the weak algorithm is that of the signature value or its attributes, and not that of a
// certificate or one that cannot be computed.
func (x *subject) weakItself() bool { return x.xcv.Passed() && x.cv.Passed() }

// withinValidity is step (4) (b) and (d) of §5.5.4: outside the validity of its certificate, a signature is still good if
// it is proved older and the certificate is known not to have been revoked before the signature existed. UnsafeNoRevocation
// stands for that knowledge when there is none.
func (x *subject) withinValidity(b *builder, verdict Verdict, best time.Time) Verdict {
	status := x.xcv.revocationOf(x.signer.id)
	isKnown := status != nil && status.known
	switch {
	case best.After(x.signer.NotAfter):
		b.breaks(ruleNotAfter, x.signer.id, fmt.Sprintf("nothing proves that the signature existed before the end of its certificate's validity, %s", stamp(x.signer.NotAfter)))
		return verdict
	case verdict.SubIndication == OutOfBoundsNotRevoked:
	case isKnown && status.StatusAt(x.e.in.Time) == facts.Revoked: // which is judged by itself
	case !x.e.in.UnsafeNoRevocation:
		b.breaks(ruleNotAfter, x.signer.id, "whether the certificate was revoked before it expired is not known")
		return verdict
	}
	b.holds(ruleNotAfter, x.signer.id)
	return Verdict{Indication: Passed}
}

// reliable is step (4) (c): algorithms that are weak now were not when the signature is proved to have existed.
func (x *subject) reliable(b *builder, best time.Time) bool {
	then := x.block("")
	x.acceptAlgorithms(then, best)
	if !then.Passed() {
		b.breaks(ruleReliableThen, "", fmt.Sprintf("nothing proves that the signature existed while its algorithms were accepted: the earliest proof is of %s", stamp(best)))
		return false
	}
	b.holds(ruleReliableThen, "")
	return true
}

// checkOrder is step (4) (e): a timestamp over the content, made before the signature, is not later than one over the
// signature. Accuracies are given the benefit of the doubt (RFC 3161 §2.4.2). The latest of the first kind and the earliest of
// the second decide for all.
func (x *subject) checkOrder(b *builder) Verdict {
	var before, after *TimestampConclusion
	var latest, earliest time.Time
	for _, t := range x.contentTimestamps {
		if at := t.Time.Add(-x.accuracy(t.ID)); t.Passed() && (before == nil || at.After(latest)) {
			before, latest = t, at
		}
	}
	for _, t := range x.timestamps {
		if at := t.Time.Add(x.accuracy(t.ID)); t.Passed() && (after == nil || at.Before(earliest)) {
			after, earliest = t, at
		}
	}
	switch {
	case before == nil || after == nil:
	case latest.After(earliest):
		if !b.breaks(ruleOrder, before.ID, fmt.Sprintf("the content was timestamped %s, after the signature (%s)", stamp(before.Time), stamp(after.Time))) {
			return because(TimestampOrderFailure)
		}
	default:
		b.holds(ruleOrder, before.ID)
	}
	return Verdict{Indication: Passed}
}

func (x *subject) accuracy(id string) time.Duration {
	i, ok := x.e.tokens[id]
	if !ok {
		return 0
	}
	return time.Duration(x.e.doc.Timestamps[i].Accuracy)
}
