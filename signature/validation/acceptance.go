package validation

import (
	"fmt"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/der"
)

// accept is signature acceptance, §5.2.8, at a time.
func (x *subject) accept(at time.Time) *builder {
	b := x.block("SAV")
	x.acceptAttributes(b)
	x.acceptTime(b)
	x.acceptAlgorithms(b, at)
	return b
}

func (x *subject) acceptAttributes(b *builder) {
	references := 0
	for _, a := range x.signed.SignedAttributes {
		if a.OID == oidSigningCertificate || a.OID == oidSigningCertificateV2 {
			references++
		}
	}
	switch {
	case len(x.signed.SigningCertificate) == 0:
		b.breaks(ruleSignerAttribute, "", "no signed attribute refers to the signing certificate: another certificate on the same key could take its place")
	case len(x.ownReferences()) < references:
		b.breaks(ruleSignerAttribute, "", "a signed attribute that refers to the signing certificate cannot be read")
	case references > 1:
		b.holds(ruleSignerAttribute, "")
		b.breaks(ruleSignerOnce, "", fmt.Sprintf("%d signed attributes refer to the signing certificate", references))
	default:
		b.holds(ruleSignerAttribute, "")
		b.holds(ruleSignerOnce, "")
	}
	if x.attribute(oidMessageDigest) != nil {
		b.holds(ruleMessageDigest, "")
	} else {
		b.breaks(ruleMessageDigest, "", "the digest of the content is not a signed attribute")
	}
	x.acceptContentType(b)
	digest, inside := x.signed.DigestAlgorithm.Name, x.signed.SignatureAlgorithm.Digest
	if inside != "" && digest != inside {
		b.breaks(ruleDigestAgreement, "", fmt.Sprintf("the content is hashed by %s and the attributes by %s", orUnknown(digest), inside))
	} else {
		b.holds(ruleDigestAgreement, "")
	}
}

func orUnknown(name string) string {
	if name == "" {
		return "an unknown algorithm"
	}
	return name
}

// acceptContentType compares the attribute with what was announced. A countersignature has none (RFC 5652 §11.4), and a
// signature without signed attributes may do without for plain data.
func (x *subject) acceptContentType(b *builder) {
	a := x.attribute(oidContentType)
	switch {
	case x.isCounter:
		if a != nil {
			b.breaks(ruleContentType, "", "a countersignature has no content type")
		}
	case a == nil && x.coversDirectly() && (x.signed.ContentType == oidData || x.signed.ContentType == ""):
	case a == nil:
		b.breaks(ruleContentType, "", "the type of the content is not a signed attribute")
	case len(a.Values) != 1 || objectIdentifier(a.Values[0]) != x.signed.ContentType:
		b.breaks(ruleContentType, "", fmt.Sprintf("the content type that is signed is not %s, which is announced", x.signed.ContentType))
	default:
		b.holds(ruleContentType, "")
	}
}

func (x *subject) acceptTime(b *builder) {
	if x.scope == signatureScope {
		if x.time == nil {
			b.breaks(ruleSigningTime, "", "the signer claims no signing time")
			return
		}
		b.holds(ruleSigningTime, "")
	}
	if x.time.Before(x.signer.NotBefore) || x.time.After(x.signer.NotAfter) {
		b.breaks(ruleSigningTimeValidity, x.signer.id, fmt.Sprintf("the time claimed, %s, is outside the validity of the signing certificate", stamp(*x.time)))
		return
	}
	b.holds(ruleSigningTimeValidity, x.signer.id)
}

// acceptAlgorithms judges what the signature itself was made with.
func (x *subject) acceptAlgorithms(b *builder, at time.Time) {
	algorithms := &x.e.policy.Algorithms
	var judged []string
	for i := range x.signed.References {
		if name := x.signed.References[i].Digest; !slices.Contains(judged, name) {
			judged = append(judged, name)
			x.judge(b, ruleDigestAlgorithm, "", algorithms.digest(orUnknown(name), at))
		}
	}
	if len(x.signed.SigningCertificate) > 0 {
		x.judge(b, ruleReferenceAlgorithm, "", algorithms.digest(orUnknown(x.signed.SigningCertificate[0].Digest), at))
	}
	scheme, err := x.scheme(&x.signer.PublicKey)
	if err != nil {
		b.breaks(ruleSignatureAlgorithm, x.signer.id, err.Error())
		return
	}
	x.judge(b, ruleSignatureAlgorithm, x.signer.id, algorithms.signature(scheme, x.signer.PublicKey.Bits, at))
}

// objectIdentifier returns the dotted form of a DER OBJECT IDENTIFIER, or nothing.
func objectIdentifier(value []byte) string {
	h, err := der.ReadHeader(value)
	if err != nil || h.Tag() != 0x06 || h.Length < 0 || h.Size+h.Length != len(value) {
		return ""
	}
	return der.OID(value[h.Size:]).String()
}
