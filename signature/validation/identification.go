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
	x.checkAlone(b, candidates)
	// Whether the attribute must be there is for acceptance, §5.2.8.
	for _, r := range x.ownReferences() {
		if !slices.Contains(r.Matches, x.signer.id) {
			b.breaks(ruleSignerDigest, x.signer.id, fmt.Sprintf("the %s digest of the signing-certificate attribute is that of another certificate", r.Digest))
			continue
		}
		b.holds(ruleSignerDigest, x.signer.id)
		switch {
		case len(r.IssuerSerial) == 0:
		case slices.Contains(r.IssuerSerialMatches, x.signer.id):
			b.holds(ruleSignerIssuerSerial, x.signer.id)
		default:
			b.breaks(ruleSignerIssuerSerial, x.signer.id, "the signing-certificate attribute names another issuer and serial number")
		}
	}
}

// checkAlone: where no attribute says which of several certificates on one key is the signer's, none can be retained, since
// whoever adds a certificate to the file would choose. Where one does, that there are others is said.
func (x *subject) checkAlone(b *builder, candidates []*certificate) {
	if len(candidates) == 1 {
		return
	}
	message := fmt.Sprintf("%d certificates are designated by the same identifier", len(candidates))
	possible := 0
	for _, c := range candidates {
		if state, _ := x.value(c.id); state == facts.Verified || state == "" {
			possible++
		}
	}
	if len(x.signed.SigningCertificate) == 0 && possible > 1 {
		b.breaks(ruleSignerAlone, "", message+", and no signed attribute says which of them is the signer's")
		return
	}
	b.note(ruleSignerAlone, Information, "", message)
}

// ownReferences returns what the signing-certificate attributes, one of each kind at most, say of the signer: the first
// reference of each (RFC 5035 §3, §5). Those after it are of the chain.
func (x *subject) ownReferences() (own []*facts.CertificateReference) {
	for i := range x.signed.SigningCertificate {
		if r := &x.signed.SigningCertificate[i]; i == 0 || r.First {
			own = append(own, r)
		}
	}
	return own
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
