package validation

import (
	"bytes"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
)

const (
	oidTSTInfo              = "1.2.840.113549.1.9.16.1.4"
	oidData                 = "1.2.840.113549.1.7.1"
	oidContentType          = "1.2.840.113549.1.9.3"
	oidMessageDigest        = "1.2.840.113549.1.9.4"
	oidSigningCertificate   = "1.2.840.113549.1.9.16.2.12"
	oidSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47"
	oidSignaturePolicy      = "1.2.840.113549.1.9.16.2.15"
)

// checkFormat is format checking, §5.2.2: the parser has found the problems, the policy weighs them.
func (x *subject) checkFormat() {
	b := x.block("FC")
	x.fc = b
	sound := true
	for _, p := range x.signed.Problems {
		if p.Fatal && !p.Unsupported {
			sound = false
			b.breaks(ruleFormat, "", problemText(p))
		}
	}
	if sound {
		b.holds(ruleFormat, "")
	}
	for _, p := range x.signed.Problems {
		if !p.Fatal && !p.Unsupported {
			b.breaks(ruleDeviation, "", problemText(p))
		}
	}
	if x.e.ids[x.signed.ID] > 1 {
		b.breaks(ruleUniqueID, "", fmt.Sprintf("%d signatures or timestamps have the identifier %s", x.e.ids[x.signed.ID], x.signed.ID))
	}
	if x.scope == timestampScope && x.signed.ContentType != oidTSTInfo {
		b.breaks(ruleTokenType, "", fmt.Sprintf("the token signs content of type %q, not a TSTInfo", x.signed.ContentType))
	}
	for _, m := range x.modifications {
		b.breaks(ruleModifications, "", fmt.Sprintf("revision %d changes object %s: %s", m.Revision, m.Object, m.Message))
	}
	if len(x.modifications) == 0 && x.e.doc.Format == facts.PAdES {
		b.holds(ruleModifications, "")
	}
}

func problemText(p facts.Problem) string {
	if p.Clause == "" {
		return p.Message
	}
	return p.Message + " (" + p.Clause + ")"
}

// checkContext is the initialisation of the validation context, §5.2.4. No signature policy is processed: that one is named
// is said to the reader.
func (x *subject) checkContext() {
	b := x.block("VCI")
	x.vci = b
	if x.attribute(oidSignaturePolicy) != nil {
		b.breaks(rulePolicy, "", "the signer names a signature policy; it is not processed")
		return
	}
	b.holds(rulePolicy, "")
}

// attribute returns the signed attribute of a type, or nil.
func (x *subject) attribute(oid string) *facts.Attribute {
	for i := range x.signed.SignedAttributes {
		if x.signed.SignedAttributes[i].OID == oid {
			return &x.signed.SignedAttributes[i]
		}
	}
	return nil
}

type referenceState int

const (
	referenceIntact referenceState = iota
	referenceMissing
	referenceBroken
	referenceUncomputed // at hand, under a digest algorithm that cannot be computed
)

// coversDirectly reports whether the value covers the content itself: there are no signed attributes, hence no digest
// written to compare with.
func (x *subject) coversDirectly() bool { return len(x.signed.ToBeSigned) == 0 }

// stateOf compares again: the word of a saved fact is not taken for it.
func stateOf(r *facts.Reference, direct bool) referenceState {
	switch {
	case !r.Found:
		return referenceMissing
	case len(r.Computed) == 0:
		return referenceUncomputed
	case direct && len(r.Expected) == 0:
		return referenceIntact
	case r.Intact && bytes.Equal(r.Expected, r.Computed):
		return referenceIntact
	}
	return referenceBroken
}

// checkCryptography is cryptographic verification, §5.2.7: what is signed, then the value.
func (x *subject) checkCryptography() {
	b := x.block("CV")
	x.cv = b
	unsupported := ""
	for _, p := range x.signed.Problems {
		if p.Unsupported && unsupported == "" {
			unsupported = problemText(p)
		}
	}
	x.references = true
	for i := range x.signed.References {
		r := &x.signed.References[i]
		switch stateOf(r, x.coversDirectly()) {
		case referenceIntact:
			b.holds(ruleIntact, "")
			continue
		case referenceMissing:
			b.breaks(ruleFound, "", fmt.Sprintf("what is signed is not at hand: %s %s", r.Type, r.Name))
			if x.scope == signatureScope {
				x.need(Need{Kind: NeedContent, Signed: x.signed.ID})
			}
		case referenceUncomputed:
			if unsupported == "" {
				b.breaks(ruleIntact, "", fmt.Sprintf("no digest could be computed over what is signed: %s %s", r.Type, r.Name))
			}
		case referenceBroken:
			b.breaks(ruleIntact, "", fmt.Sprintf("what is signed has not the %s digest that was signed: %s %s", r.Digest, r.Type, r.Name))
		}
		x.references = false
	}
	if len(x.signed.References) == 0 && unsupported == "" {
		x.references = false
		b.breaks(ruleFound, "", "the signature covers nothing")
	}
	if unsupported != "" {
		b.breaks(ruleSupported, "", unsupported)
	}
	if x.signer == nil {
		return
	}
	switch state, detail := x.value(x.signer.id); state {
	case facts.Verified:
		b.holds(ruleValue, x.signer.id)
	case facts.Wrong:
		b.breaks(ruleValue, x.signer.id, withDetail("the signature value does not verify under the key of the signing certificate", detail))
	case facts.Unsupported:
		if unsupported == "" {
			b.breaks(ruleSupported, x.signer.id, withDetail("the signature value cannot be verified here", detail))
		}
	default:
		b.breaks(ruleSupported, x.signer.id, "the signature value has not been verified")
	}
}

func withDetail(text, detail string) string {
	if detail == "" {
		return text
	}
	return text + ": " + detail
}

func algorithmIdentifier(a facts.Algorithm) (pkix.AlgorithmIdentifier, error) {
	oid, err := der.ParseOID(a.OID)
	return pkix.AlgorithmIdentifier{OID: oid, Parameters: a.Parameters}, err
}
