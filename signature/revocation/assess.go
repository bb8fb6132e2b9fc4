package revocation

import (
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// Verify computes whether the value of a list or response verifies under the key of a certificate in DER, for
// facts.Revocation.Keys. Everything it needs is in the facts. Whether that certificate may sign is not looked at.
//
// above are the certificates over it in its chain, the next one first: a DSA key may leave its parameters to that of its issuer
// (RFC 5280 §4.1.2.7). They can be left out for any other key.
func Verify(r *facts.Revocation, certificate []byte, above ...[]byte) facts.KeyResult {
	c, err := pkix.ParseCertificate(certificate)
	if err != nil {
		return facts.KeyResult{Result: facts.Wrong, Detail: err.Error()}
	}
	out := facts.KeyResult{Certificate: hex.EncodeToString(c.ID[:]), Result: facts.Verified}
	if err := verify(r, inherited(&c.PublicKey, above)); err != nil {
		out.Result, out.Detail = facts.Wrong, err.Error()
		if errors.Is(err, pkix.ErrUnsupported) {
			out.Result = facts.Unsupported
		}
	}
	return out
}

// inherited is a key with the DSA parameters of those above it, if it has none and they do.
func inherited(key *pkix.PublicKeyInfo, above [][]byte) *pkix.PublicKeyInfo {
	if key.Kind != pkix.KeyDSA || key.Public != nil || len(above) == 0 || len(above) > limits.PathLength {
		return key
	}
	c, err := pkix.ParseCertificate(above[0])
	if err != nil {
		return key
	}
	return key.InheritDSA(inherited(&c.PublicKey, above[1:]))
}

func verify(r *facts.Revocation, key *pkix.PublicKeyInfo) error {
	oid, err := der.ParseOID(r.SignatureAlgorithm.OID)
	if err != nil {
		return fmt.Errorf("revocation: signature algorithm: %w", err)
	}
	// That a list names another algorithm in what is signed is a fatal problem of it.
	scheme, err := pkix.ParseScheme(pkix.AlgorithmIdentifier{OID: oid, Parameters: r.SignatureAlgorithm.Parameters}, key, crypto.Hash(0))
	switch {
	case err != nil:
		return err
	case scheme.Kind != pkix.EdDSA:
		return scheme.VerifyDigest(key, r.Digest, r.Value)
	case len(r.ToBeSigned) == 0:
		return fmt.Errorf("revocation: a list of %d octets under %s, which needs it whole: %w", r.Size, scheme.Name(), pkix.ErrUnsupported)
	}
	return scheme.Verify(key, r.ToBeSigned, r.Value)
}

// An assessment is what a fetcher needs to know of data before it hands them over: not a verdict, for which chains and policy
// are missing, but enough to tell an answer from garbage, and to keep only what the issuer vouches for.
type assessment struct {
	concerns   bool      // something in the data is about the certificate
	conclusive bool      // and gives a status for all reasons, or a revocation
	authentic  bool      // and everything that this rests on is signed by the issuer or by a delegate whose certificate is at hand
	thisUpdate time.Time // of the most recent such status, and when its issuer will say more
	nextUpdate *time.Time
	err        error // why an object cannot be one of the issuer's
}

// assess judges data about one certificate by themselves, and notes in them which keys it tried.
func assess(certificate, issuer []byte, data []Datum) assessment {
	doc := new(facts.Document)
	subject, from := doc.AddCertificate(certificate, facts.FromCaller), doc.AddCertificate(issuer, facts.FromCaller)
	for i := range data {
		data[i].AddTo(doc)
	}
	finder := facts.NewRevocationFinder(doc)
	var a assessment
	believed := map[string]bool{}
	for i := range data {
		r := doc.Revocation(data[i].Facts.ID)
		if r == nil {
			continue
		}
		ok, err := signedFor(doc, finder, r, from)
		data[i].Facts.Keys = r.Keys
		believed[r.ID] = ok
		if a.err == nil {
			a.err = err
		}
	}
	statements := finder.About(subject, from)
	a.concerns = len(statements) > 0
	var partial []facts.Statement
	for _, s := range statements {
		if s.Sound() && s.Status != facts.StatusUnknown {
			partial = append(partial, s)
		}
	}
	// The most recent statement for all reasons speaks; failing that, those for some of them together.
	if whole := slices.IndexFunc(partial, func(s facts.Statement) bool { return s.Reasons == nil || s.Status == facts.Revoked }); whole >= 0 {
		partial = partial[whole : whole+1]
	}
	status, ok := facts.Join(partial...)
	if !ok {
		return a
	}
	a.conclusive, a.thisUpdate, a.nextUpdate, a.authentic = true, status.ThisUpdate, status.NextUpdate, true
	for _, id := range status.Data {
		a.authentic = a.authentic && believed[id]
	}
	return a
}

// signedFor verifies an object under the certificates at hand that it designates. It is false without an error when none of
// them is at hand, or when what they take cannot be computed.
func signedFor(doc *facts.Document, finder *facts.RevocationFinder, r *facts.Revocation, issuer string) (bool, error) {
	signers := finder.Signers(r.ID, issuer)
	for i := range signers {
		s := &signers[i]
		if s.Value == "" {
			r.Keys = append(r.Keys, Verify(r, doc.Certificate(s.Certificate).Raw))
		}
		if r.OCSP != nil && !s.Direct && s.Delegation == "" {
			doc.Issuance = append(doc.Issuance, issued(doc, s.Certificate, issuer))
		}
	}
	var failure error
	for _, s := range finder.Signers(r.ID, issuer) {
		switch {
		case s.Authorised(r.Kind) && (s.Direct || r.OCSP != nil): // a list of a namesake needs a chain, which is not here
			return true, nil
		case s.Value == facts.Unsupported || s.Delegation == facts.Unsupported:
			return false, nil
		case s.Value == facts.Wrong && (r.OCSP != nil || ownKey(r, doc, s.Certificate)):
			failure = errors.Join(failure, ErrSignature)
		case s.Value == facts.Verified && len(s.Faults) > 0:
			failure = errors.Join(failure, fmt.Errorf("%w: %s (%s)", ErrUnauthorised, s.Faults[0].Message, s.Faults[0].Clause))
		}
	}
	return false, failure
}

// ownKey reports whether a list claims the key of that certificate. An authority that changed its key signs its lists with
// the new one, under the same name: such a list is not wrong, it is not verifiable with the old certificate.
func ownKey(r *facts.Revocation, doc *facts.Document, id string) bool {
	c, err := pkix.ParseCertificate(doc.Certificate(id).Raw)
	return err == nil && (len(r.CRL.IssuerKeyID) == 0 || len(c.SubjectKeyID) == 0 || slices.Equal(r.CRL.IssuerKeyID, c.SubjectKeyID))
}

func issued(doc *facts.Document, subject, issuer string) facts.Issuance {
	out := facts.Issuance{Subject: subject, Issuer: issuer, Result: facts.Wrong}
	s, errS := pkix.ParseCertificate(doc.Certificate(subject).Raw)
	i, errI := pkix.ParseCertificate(doc.Certificate(issuer).Raw)
	if errS != nil || errI != nil {
		return out
	}
	switch err := pkix.CheckIssued(s, i); {
	case err == nil:
		out.Result = facts.Verified
	case errors.Is(err, pkix.ErrUnsupported):
		out.Result = facts.Unsupported
	}
	return out
}
