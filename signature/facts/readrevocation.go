package facts

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// ErrRevocation is matched by the error of octets that are neither a CRL nor an OCSP response, or go beyond a bound.
var ErrRevocation = errors.New("facts: not revocation data")

// A ResponseStatusError is an OCSP response that says nothing of any certificate: the refusal of a responder.
type ResponseStatusError struct {
	Status int // OCSPResponseStatus: 1 malformedRequest, 2 internalError, 3 tryLater, 5 sigRequired, 6 unauthorized
}

func (e *ResponseStatusError) Error() string {
	return "facts: the OCSP responder does not answer: " + pkix.OCSPStatusName(e.Status)
}

// Temporary tells a refusal that the same request may not meet again (RFC 6960 §2.3).
func (e *ResponseStatusError) Temporary() bool {
	return e.Status == pkix.OCSPTryLater || e.Status == pkix.OCSPInternalError
}

// ReadCRL reads one CRL as it flows, DER or PEM, whatever its length, and looks for serial numbers in it (content octets of
// the INTEGER). A short list is kept whole. Its signature is not verified, but what that needs is kept. The caller sets Origin
// and URL.
//
// An error matches ErrRevocation, or is that of the reader or of the context.
func ReadCRL(ctx context.Context, r io.Reader, serials ...[]byte) (Revocation, error) {
	crl, err := pkix.ReadCRL(ctx, r, serials...)
	return revocationOf(crl, err, serials)
}

func revocationOf(crl *pkix.CRL, err error, serials [][]byte) (Revocation, error) {
	switch {
	case errors.Is(err, pkix.ErrCRL):
		return Revocation{}, fmt.Errorf("%w: %w", ErrRevocation, err)
	case err != nil:
		return Revocation{}, fmt.Errorf("facts: reading a CRL: %w", err)
	}
	out := Revocation{
		ID: hex.EncodeToString(crl.ID[:]), Kind: KindCRL, Size: crl.Size,
		SignatureAlgorithm: signatureAlgorithm(crl.SignatureAlgorithm), Value: crl.Signature,
		Digest: crl.Digest, ToBeSigned: crl.ToBeSigned, CRL: crlOf(crl, serials),
	}
	out.Problems = crlProblems(crl)
	return out, nil
}

func signatureAlgorithm(a pkix.AlgorithmIdentifier) Algorithm {
	out := Algorithm{OID: a.OID.String(), Name: pkix.AlgorithmName(a), Parameters: a.Parameters}
	if scheme, err := pkix.ParseScheme(a, nil, 0); err == nil {
		out.Digest = pkix.DigestName(scheme.Hash)
	}
	return out
}

func digestAlgorithm(a pkix.AlgorithmIdentifier) Algorithm {
	out := Algorithm{OID: a.OID.String(), Parameters: a.Parameters}
	if h, err := pkix.DigestByOID(a); err == nil {
		out.Name = pkix.DigestName(h)
	}
	return out
}

// moment is a pointer to a time, nil for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func crlOf(crl *pkix.CRL, serials [][]byte) *CRL {
	out := &CRL{
		Version: crl.Version, Issuer: crl.Issuer.Raw, IssuerKeyID: crl.AuthorityKeyID,
		ThisUpdate: crl.ThisUpdate.UTC(), NextUpdate: moment(crl.NextUpdate), Freshest: crl.FreshestCRL,
		ExpiredSince: moment(crl.ExpiredCerts), Count: crl.Count, Complete: crl.Complete,
	}
	if crl.Number != nil {
		out.Number = crl.Number.String()
	}
	if crl.BaseNumber != nil {
		out.Base = crl.BaseNumber.String()
	}
	if p := crl.Point; p != nil {
		out.Scope = &Scope{
			OnlyUsers: p.OnlyUsers, OnlyAuthorities: p.OnlyAuthorities, OnlyAttributes: p.OnlyAttributes,
			Indirect: p.Indirect, Reasons: reasonsOf(p.Reasons),
		}
		for _, name := range p.Name.Names(crl.Issuer.Raw) {
			out.Scope.Names = append(out.Scope.Names, GeneralName(name))
		}
	}
	for _, e := range crl.Entries {
		out.Entries = append(out.Entries, CRLEntry{
			Serial: e.Serial, Issuer: e.Issuer, Date: e.Date.UTC(), Reason: reasonNames[e.Reason], InvalidityDate: moment(e.Invalidity),
		})
	}
	if !crl.Complete {
		for _, serial := range serials {
			out.Sought = append(out.Sought, bytes.Clone(pkix.TrimInteger(serial)))
		}
		slices.SortFunc(out.Sought, bytes.Compare)
		out.Sought = slices.CompactFunc(out.Sought, bytes.Equal)
	}
	return out
}

// crlProblems says what is odd in the form of a list, and what makes it one that must not be used.
func crlProblems(crl *pkix.CRL) (problems []Problem) {
	unusable := []der.OID{pkix.OIDIssuingDistributionPoint, pkix.OIDDeltaCRLIndicator}
	for _, a := range crl.Anomalies {
		fatal := a.Code == pkix.CodeDuplicate || a.Code == pkix.CodeAlgorithmMismatch || a.Code == pkix.CodeMore || a.Code == pkix.CodeEntryIssuer
		for _, oid := range unusable {
			fatal = fatal || a.Code == pkix.CodeExtension && strings.HasSuffix(a.Path, "."+oid.String())
		}
		problems = append(problems, problemOf("crl.", "RFC 5280 §5", a, fatal))
	}
	for _, oid := range crl.UnknownCritical {
		problems = append(problems, Problem{Code: "crl.critical-extension", Clause: "RFC 5280 §5.2", Fatal: true,
			Message: fmt.Sprintf("critical extension %s is not known", oid)})
	}
	for _, oid := range crl.UnknownEntryCritical {
		problems = append(problems, Problem{Code: "crl.critical-entry-extension", Clause: "RFC 5280 §5.3", Fatal: true,
			Message: fmt.Sprintf("critical extension %s of an entry is not known", oid)})
	}
	if p := crl.Point; p != nil {
		if p.OnlyUsers && p.OnlyAuthorities || p.OnlyAttributes && (p.OnlyUsers || p.OnlyAuthorities) {
			problems = append(problems, Problem{Code: "crl.scope-contradiction", Clause: "RFC 5280 §5.2.5", Fatal: true,
				Message: "the list says that it is only for two kinds of certificates"})
		}
	}
	if crl.NamesIssuers && (crl.Point == nil || !crl.Point.Indirect) {
		problems = append(problems, Problem{Code: "crl.indirect-entries", Clause: "RFC 5280 §5.2.5, §5.3.3", Fatal: true,
			Message: "entries name the issuer of their certificate, and the list does not say that it is indirect"})
	}
	for _, e := range crl.Extensions {
		if !e.Critical && slices.Contains(unusable, e.OID) {
			problems = append(problems, Problem{Code: "crl.not-critical", Clause: "RFC 5280 §5.2.4, §5.2.5",
				Message: fmt.Sprintf("extension %s, which limits what the list says, is not critical", e.OID)})
		}
	}
	return problems
}

func problemOf(prefix, clause string, a pkix.Anomaly, fatal bool) Problem {
	message := a.Message
	if a.Path != "" {
		message = a.Path + ": " + message
	}
	return Problem{Code: prefix + a.Code, Clause: clause, Message: message, Fatal: fatal}
}

// ReadOCSP reads one OCSP response in DER: an OCSPResponse (RFC 6960 §4.2.1), or the BasicOCSPResponse alone. certificates are
// those that it carries, in DER. Its signature is not verified. The caller sets Origin and URL.
//
// An error matches ErrRevocation, or is a *ResponseStatusError.
func ReadOCSP(raw []byte) (r Revocation, certificates [][]byte, err error) {
	response, err := pkix.ParseOCSPResponse(bytes.Clone(raw)) // everything below shares that memory
	if err != nil {
		return Revocation{}, nil, fmt.Errorf("%w: %w", ErrRevocation, err)
	}
	if response.Basic == nil {
		return Revocation{}, nil, &ResponseStatusError{response.Status}
	}
	basic := response.Basic
	r = Revocation{
		ID: hex.EncodeToString(basic.ID[:]), Kind: KindOCSP, Size: int64(len(basic.Raw)), Raw: basic.Raw,
		SignatureAlgorithm: signatureAlgorithm(basic.SignatureAlgorithm), Value: basic.Signature,
		OCSP: &OCSP{
			ResponderName: basic.ResponderName, ResponderKey: basic.ResponderKey, ProducedAt: basic.ProducedAt.UTC(), Nonce: basic.Nonce,
		},
	}
	if scheme, err := pkix.ParseScheme(basic.SignatureAlgorithm, nil, 0); err == nil && scheme.Kind == pkix.EdDSA {
		r.ToBeSigned = basic.RawTBS
	} else if err == nil {
		r.Digest = sum(scheme.Hash, basic.RawTBS)
	}
	for _, certificate := range basic.Certificates {
		id := sha256.Sum256(certificate)
		r.OCSP.Certificates = append(r.OCSP.Certificates, hex.EncodeToString(id[:]))
	}
	for i := range basic.Singles {
		r.OCSP.Answers = append(r.OCSP.Answers, answerOf(&basic.Singles[i]))
	}
	for _, a := range basic.Anomalies {
		fatal := a.Code == pkix.CodeDuplicate || a.Code == pkix.CodeMore ||
			a.Code == pkix.CodeExtension && strings.HasSuffix(a.Path, "."+pkix.OIDCertHash.String())
		r.Problems = append(r.Problems, problemOf("ocsp.", "RFC 6960 §4.2.1", a, fatal))
	}
	for _, oid := range basic.UnknownCritical {
		r.Problems = append(r.Problems, criticalInResponse(oid))
	}
	return r, basic.Certificates, nil
}

func criticalInResponse(oid der.OID) Problem {
	return Problem{Code: "ocsp.critical-extension", Clause: "RFC 6960 §4.4", Fatal: true, Message: fmt.Sprintf("critical extension %s is not known", oid)}
}

func sum(h crypto.Hash, b []byte) []byte {
	if !h.Available() {
		return nil
	}
	state := h.New()
	state.Write(b)
	return state.Sum(nil)
}

func answerOf(s *pkix.SingleResponse) Answer {
	a := Answer{
		CertID:     CertID{Digest: digestAlgorithm(s.ID.Algorithm), NameHash: s.ID.NameHash, KeyHash: s.ID.KeyHash, Serial: s.ID.Serial},
		ThisUpdate: s.ThisUpdate.UTC(), NextUpdate: moment(s.NextUpdate), InvalidityDate: moment(s.Invalidity), ArchiveCutoff: moment(s.ArchiveCutoff),
	}
	switch s.Status {
	case pkix.OCSPGood:
		a.Status = Good
	case pkix.OCSPRevoked:
		a.Status, a.RevokedAt, a.Reason = Revoked, moment(s.RevokedAt), reasonNames[s.Reason]
	default:
		a.Status = StatusUnknown
	}
	if s.CertHash != nil {
		a.CertHash = &CertHash{Digest: digestAlgorithm(s.CertHashAlgorithm), Value: s.CertHash}
	}
	for _, oid := range s.UnknownCritical {
		a.Problems = append(a.Problems, criticalInResponse(oid))
	}
	return a
}

// A RevocationForm is a structure in which signatures carry revocation data.
type RevocationForm string

// The forms.
const (
	// FormData is a CertificateList, an OCSPResponse or a BasicOCSPResponse: what the arrays CRLs and OCSPs of a PDF document
	// security store hold (ISO 32000-2 §12.8.4.3).
	FormData RevocationForm = "data"
	// FormChoice is one RevocationInfoChoice of SignedData.crls (RFC 5652 §10.2.1, RFC 5940).
	FormChoice RevocationForm = "choice"
	// FormValues is the value of the attribute revocation-values (EN 319 122-1 §A.1.2.2).
	FormValues RevocationForm = "values"
	// FormArchival is the value of the attribute adbe-revocationInfoArchival (ISO 32000-2 §12.8.3.3.2).
	FormArchival RevocationForm = "archival"
)

// ReadRevocations adds to the document the CRLs and responses inside b, with the certificates that these carry. The serials
// looked for in lists are those of all certificates of the document: call it when they are there. Each object that cannot be
// read gives one error of the join and does not stop the others.
func (d *Document) ReadRevocations(ctx context.Context, form RevocationForm, b []byte, origin Origin) error {
	objects, err := cutRevocations(form, b)
	if err != nil {
		return err
	}
	var failures []error
	serials := d.Serials()
	for i, raw := range objects {
		if err := d.readRevocation(ctx, raw, origin, serials); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failures = append(failures, fmt.Errorf("revocation object %d of %d: %w", i+1, len(objects), err))
		}
	}
	return errors.Join(failures...)
}

func (d *Document) readRevocation(ctx context.Context, raw []byte, origin Origin, serials [][]byte) error {
	var r Revocation
	var certificates [][]byte
	var err error
	if isOCSP(raw) {
		r, certificates, err = ReadOCSP(raw)
	} else if err = ctx.Err(); err == nil {
		var crl *pkix.CRL
		crl, err = pkix.ParseCRL(raw, serials...)
		r, err = revocationOf(crl, err, serials)
	}
	if err != nil {
		return err
	}
	r.Origin = origin
	d.AddRevocation(r, certificates...)
	return nil
}

// isOCSP tells an OCSPResponse, whose first field is an ENUMERATED, and a BasicOCSPResponse, whose first field begins with a
// context tag, from a CertificateList, whose first field begins with an INTEGER or a SEQUENCE.
func isOCSP(raw []byte) bool {
	input := cryptobyte.String(raw)
	var content, first cryptobyte.String
	if !input.ReadASN1(&content, asn1.SEQUENCE) {
		return false
	}
	if content.PeekASN1Tag(asn1.ENUM) {
		return true
	}
	return content.ReadASN1(&first, asn1.SEQUENCE) && len(first) > 0 && first[0]&0xc0 == 0x80
}

// Serials returns the serial numbers of the certificates of the document: content octets of the INTEGER.
func (d *Document) Serials() [][]byte {
	certificates := d.Certificates[:min(len(d.Certificates), limits.CRLSought)]
	list := make([][]byte, 0, len(certificates))
	for i := range certificates {
		if _, serial, ok := cms.IssuerAndSerial(certificates[i].Raw); ok {
			list = append(list, serial)
		} else if c, err := pkix.ParseCertificate(certificates[i].Raw); err == nil { // BER
			list = append(list, c.RawSerial)
		}
	}
	return list
}

// cutRevocations takes the objects out of the structure around them.
func cutRevocations(form RevocationForm, b []byte) (objects [][]byte, err error) {
	malformed := fmt.Errorf("%w: a structure of form %q that cannot be read", ErrRevocation, form)
	input := cryptobyte.String(b)
	switch form {
	case FormData:
		return [][]byte{b}, nil
	case FormChoice:
		if len(b) > 0 && b[0] == 0x30 {
			return [][]byte{b}, nil
		}
		var other, info cryptobyte.String
		var format der.OID
		if !input.ReadASN1(&other, asn1.Tag(1).ContextSpecific().Constructed()) || !input.Empty() || !der.ReadOID(&other, &format) ||
			!other.ReadAnyASN1Element(&info, nil) || !other.Empty() {
			return nil, malformed
		}
		if format != cms.OIDOtherRevocationOCSP && format != pkix.OIDOCSPBasic {
			return nil, fmt.Errorf("%w: other revocation information of format %s", ErrRevocation, format)
		}
		return [][]byte{info}, nil
	case FormValues, FormArchival:
		var content cryptobyte.String
		if !input.ReadASN1(&content, asn1.SEQUENCE) || !input.Empty() {
			return nil, malformed
		}
		for n := range uint8(2) { // [0] lists, [1] responses, both EXPLICIT SEQUENCE OF; [2] is of nobody's form
			var explicit, list cryptobyte.String
			var present bool
			if !content.ReadOptionalASN1(&explicit, &present, asn1.Tag(n).ContextSpecific().Constructed()) {
				return nil, malformed
			}
			if !present {
				continue
			}
			if !explicit.ReadASN1(&list, asn1.SEQUENCE) || !explicit.Empty() {
				return nil, malformed
			}
			elements, ok := der.ReadElements(list, limits.RevocationData-len(objects))
			if !ok {
				return nil, malformed
			}
			objects = append(objects, elements...)
		}
		return objects, nil
	}
	return nil, fmt.Errorf("%w: no such form %q", ErrRevocation, form)
}
