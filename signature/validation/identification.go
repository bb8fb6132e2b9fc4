package validation

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// identify is the identification of the signing certificate, §5.2.3. The certificate is one that the signer designates; the
// signing-certificate attribute, which is signed, decides between several and must have the digest of the one retained.
func (x *subject) identify() {
	b := x.block("ISC")
	x.isc = b
	candidates := x.candidates()
	for _, c := range candidates {
		if state, _ := x.value(c.id); state == "" {
			x.need(Need{Kind: NeedValue, Signed: x.signed.ID, Certificate: c.id})
		}
	}
	if len(candidates) == 0 {
		b.breaks(ruleSigner, "", "no certificate at hand is the one that the signer designates")
		x.need(Need{
			Kind: NeedSigner, Signed: x.signed.ID,
			Name: x.signed.Signer.Issuer, Serial: x.signed.Signer.Serial, KeyID: x.signed.Signer.SubjectKeyID,
		})
		return
	}
	x.signer = candidates[0]
	b.holds(ruleSigner, x.signer.id)
	if len(candidates) > 1 {
		b.breaks(ruleSignerAlone, "", fmt.Sprintf("%d certificates are designated by the same identifier", len(candidates)))
	}
	if len(x.signed.SigningCertificate) == 0 {
		return // whether the attribute must be there is for acceptance, §5.2.8
	}
	first := &x.signed.SigningCertificate[0]
	if !slices.Contains(first.Matches, x.signer.id) {
		b.breaks(ruleSignerDigest, x.signer.id, fmt.Sprintf("the %s digest of the signing-certificate attribute is that of another certificate", first.Digest))
		return
	}
	b.holds(ruleSignerDigest, x.signer.id)
	if len(first.IssuerSerial) == 0 {
		return
	}
	if !slices.Contains(first.IssuerSerialMatches, x.signer.id) {
		b.breaks(ruleSignerIssuerSerial, x.signer.id, "the signing-certificate attribute names another issuer and serial number")
		return
	}
	b.holds(ruleSignerIssuerSerial, x.signer.id)
}

// candidates returns the certificates that the signer designates, the most credible first: the one that the attribute
// refers to, then one whose key verifies the value.
func (x *subject) candidates() []*certificate {
	ids := slices.Compact(slices.Sorted(slices.Values(x.signed.Candidates)))
	var referred []string
	if len(x.signed.SigningCertificate) > 0 {
		referred = x.signed.SigningCertificate[0].Matches
	}
	type ranked struct {
		*certificate
		rank int
	}
	var list []ranked
	for _, id := range ids {
		c := x.e.byID[id]
		isReferred := slices.Contains(referred, id)
		if c == nil || len(list) >= limits.SignerCandidates && !isReferred {
			continue
		}
		r := ranked{certificate: c}
		if isReferred {
			r.rank -= 2
		}
		if state, _ := x.value(id); state == facts.Verified {
			r.rank--
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	out := make([]*certificate, len(list))
	for i, r := range list {
		out[i] = r.certificate
	}
	return out
}
