package facts

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A RevocationSigner is a certificate that may have signed revocation data, and what its right to do so rests on.
type RevocationSigner struct {
	Certificate string `json:"certificate"` // ID
	// Value says whether the value of the object verifies under its key; empty while nobody has computed it.
	Value ValueState `json:"value,omitempty"`
	// Direct says that name and key are those of the issuer of the certificate in question.
	Direct bool `json:"direct,omitempty"`
	// Delegation says, of an OCSP responder that is not the issuer, whether the issuer signed its certificate, as it must have
	// (RFC 6960 §4.2.2.2); empty while nobody has computed it.
	Delegation ValueState `json:"delegation,omitempty"`
	// NoCheck says that the certificate of the responder needs no revocation data of its own (id-pkix-ocsp-nocheck, RFC 6960
	// §4.2.2.2.1).
	NoCheck bool `json:"noCheck,omitempty"`
	// Faults are why it may not sign this.
	Faults []Problem `json:"faults,omitempty"`
}

// Authorised reports whether the certificate signed the object and may do so for the issuer, as far as the object and the two
// certificates tell. That its own chain holds is for validation: a list by a name that is not the issuer's (Direct false) is
// only as good as a chain to the same anchor.
func (s *RevocationSigner) Authorised(kind RevocationKind) bool {
	return s.Value == Verified && len(s.Faults) == 0 && (s.Direct || kind == KindCRL || s.Delegation == Verified)
}

// Signers returns the certificates at hand that an object designates as its signer, for a certificate that issuer issued. Those
// that are the issuer itself come first. data and issuer are IDs.
func (f *RevocationFinder) Signers(data, issuer string) []RevocationSigner {
	r, from := f.doc.Revocation(data), f.certificate(issuer) // which indexes the certificates
	if r == nil || from == nil {
		return nil
	}
	type candidate struct {
		RevocationSigner
		rank int
	}
	var list []candidate
	for _, id := range f.designated(r) {
		c := f.certificates[id]
		s := candidate{RevocationSigner: RevocationSigner{Certificate: id, Value: valueUnder(r, id)}}
		s.Direct = bytes.Equal(c.RawSPKI, from.RawSPKI) && f.sameName(c.RawSubject, from.RawSubject)
		if s.Direct {
			s.rank += 4
		}
		if id == issuer {
			s.rank += 2
		}
		if r.CRL != nil && len(r.CRL.IssuerKeyID) > 0 && bytes.Equal(r.CRL.IssuerKeyID, c.SubjectKeyID) {
			s.rank++
		}
		f.judge(&s.RevocationSigner, r, c, from, id, issuer)
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.Certificate, b.Certificate))
	})
	list = list[:min(len(list), limits.SignerCandidates)]
	out := make([]RevocationSigner, len(list))
	for i := range list {
		out[i] = list[i].RevocationSigner
	}
	return out
}

// designated returns the IDs of the certificates that bear the name, or the key, that an object gives its signer.
func (f *RevocationFinder) designated(r *Revocation) []string {
	for ; f.indexed < len(f.order); f.indexed++ {
		id := f.order[f.indexed]
		if name := f.name(f.certificates[id].RawSubject); name != "" {
			f.subjects[name] = append(f.subjects[name], id)
		}
	}
	switch {
	case r.CRL != nil:
		return f.subjects[f.name(r.CRL.Issuer)]
	case r.OCSP == nil:
		return nil // facts that were saved, and changed
	case r.OCSP.ResponderName != nil:
		return f.subjects[f.name(r.OCSP.ResponderName)]
	}
	var ids []string
	for _, id := range f.order {
		if pkix.IsResponder(nil, r.OCSP.ResponderKey, f.certificates[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

// judge looks for reasons why a certificate may not sign.
func (f *RevocationFinder) judge(s *RevocationSigner, r *Revocation, c, issuer *pkix.Certificate, id, issuerID string) {
	fault := func(code, clause, message string) {
		s.Faults = append(s.Faults, Problem{Code: code, Clause: clause, Message: message, Fatal: true})
	}
	if r.CRL != nil {
		if c.KeyUsage != nil && !c.KeyUsage.Has(pkix.CRLSign) {
			fault("crl.signer-usage", "RFC 5280 §6.3.3 (f)", "the key of the signer is not for signing revocation lists (cRLSign)")
		}
		return
	}
	if s.Direct {
		return
	}
	_, s.NoCheck = c.Extension(pkix.OIDOCSPNoCheck)
	if !slices.Contains(c.ExtKeyUsage, pkix.OIDPurposeOCSPSigning) {
		fault("ocsp.responder-purpose", "RFC 6960 §4.2.2.2", "the responder is neither the issuer nor one that a certificate makes a responder (id-kp-OCSPSigning)")
	}
	if c.KeyUsage != nil && c.KeyUsage.Bits&(pkix.DigitalSignature|pkix.ContentCommitment) == 0 {
		fault("ocsp.responder-usage", "RFC 5280 §4.2.1.3", "the key of the responder is not for signatures")
	}
	if !f.sameName(c.RawIssuer, issuer.RawSubject) {
		s.Delegation = Wrong
		fault("ocsp.responder-issuer", "RFC 6960 §4.2.2.2", "the certificate of the responder was not issued by the authority that issued the certificate in question")
		return
	}
	if s.Delegation = f.issuance(id, issuerID); s.Delegation == Wrong {
		fault("ocsp.responder-issuer", "RFC 6960 §4.2.2.2", "the certificate of the responder was not signed with the key that signed the certificate in question")
	}
}

// valueUnder is what is known of the value under a key. Facts that contradict each other prove nothing.
func valueUnder(r *Revocation, id string) (state ValueState) {
	for _, k := range r.Keys {
		if k.Certificate != id || k.Result == state {
			continue
		}
		if state != "" {
			return Wrong
		}
		state = k.Result
	}
	return state
}

func (f *RevocationFinder) issuance(subject, issuer string) (state ValueState) {
	for _, i := range f.doc.Issuance {
		if i.Subject != subject || i.Issuer != issuer || i.Result == state {
			continue
		}
		if state != "" {
			return Wrong
		}
		state = i.Result
	}
	return state
}

func identifier(a Algorithm) (pkix.AlgorithmIdentifier, error) {
	oid, err := der.ParseOID(a.OID)
	if err != nil {
		return pkix.AlgorithmIdentifier{}, fmt.Errorf("facts: %w", err)
	}
	return pkix.AlgorithmIdentifier{OID: oid, Parameters: a.Parameters}, nil
}
