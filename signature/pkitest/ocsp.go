package pkitest

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Status is what an OCSP response says of a certificate: RFC 6960 §2.2.
type Status int

// The statuses.
const (
	Good Status = iota
	IsRevoked
	Unknown
)

type ocspSpec struct {
	status         *Status
	certHash       *bool // extension present: true right, false wrong
	noNonce        bool
	wrongNonce     bool
	byName         bool
	withoutCerts   bool
	responseStatus byte
	archiveCutOff  *time.Time
	single         []extension
	otherCertID    bool
}

func ocspOption(name string, apply func(*ocspSpec)) Option {
	return setting{name, onOCSP, func(s *spec) { apply(&s.ocsp) }}
}

// Says makes the responder give that status whatever the truth. IsRevoked dates from an hour before the response.
func Says(status Status) Option {
	return ocspOption("Says", func(o *ocspSpec) { o.status = &status })
}

// CertHash adds the certHash extension (Common PKI part 4 §3.1.2): that of the certificate, or a wrong one.
func CertHash(right bool) Option {
	return ocspOption("CertHash", func(o *ocspSpec) { o.certHash = &right })
}

// NoNonce leaves the nonce of the request unanswered; by default it is echoed (RFC 9654).
func NoNonce() Option { return ocspOption("NoNonce", func(o *ocspSpec) { o.noNonce = true }) }

// ByName identifies the responder by name instead of key: ResponderID, RFC 6960 §4.2.1.
func ByName() Option { return ocspOption("ByName", func(o *ocspSpec) { o.byName = true }) }

// WithoutCertificates leaves the responder's certificate out of the response.
func WithoutCertificates() Option {
	return setting{"WithoutCertificates", onOCSP | onTSA, func(s *spec) { s.ocsp.withoutCerts, s.tsa.withoutCerts = true, true }}
}

// ResponseStatus answers an error alone: 1 malformedRequest, 2 internalError, 3 tryLater, 5 sigRequired, 6 unauthorized.
func ResponseStatus(status int) Option {
	return ocspOption("ResponseStatus", func(o *ocspSpec) { o.responseStatus = byte(status) })
}

// ArchiveCutOff adds the extension that says until when the responder remembers: RFC 6960 §4.4.4.
func ArchiveCutOff(t time.Time) Option {
	return ocspOption("ArchiveCutOff", func(o *ocspSpec) { o.archiveCutOff = &t })
}

// OtherCertificate answers about another certificate than the one asked for.
func OtherCertificate() Option {
	return ocspOption("OtherCertificate", func(o *ocspSpec) { o.otherCertID = true })
}

// SingleExtension adds an extension to the single response.
func SingleExtension(oid string, critical bool, value []byte) Option {
	return ocspOption("SingleExtension", func(o *ocspSpec) { o.single = append(o.single, extension{oid, critical, value}) })
}

// A Responder answers OCSP requests about the certificates of one authority: RFC 6960.
type Responder struct {
	*Identity // whose key signs: the authority's own or a delegated one
	authority *Authority
	behaviour behaviour
}

// Responder declares a delegated responder: a certificate of usage [OCSPSigner] issued by a. Options for the responses
// apply to all of them, options for the certificate (see [ForCertificate]) to its certificate.
func (a *Authority) Responder(name string, options ...Option) *Responder {
	object, certificate := split(onOCSP, options)
	collect(onOCSP, "responder", object)
	r := &Responder{authority: a}
	r.Identity = a.Leaf(name, append([]Option{OCSPSigner}, certificate...)...)
	return a.register(r, object)
}

// DirectResponder signs responses with the authority's own key.
func (a *Authority) DirectResponder(options ...Option) *Responder {
	collect(onOCSP, "responder", options)
	return a.register(&Responder{Identity: &a.Identity, authority: a}, options)
}

// ResponderOf makes any identity answer for a: one that a did not appoint, say.
func (a *Authority) ResponderOf(id *Identity, options ...Option) *Responder {
	collect(onOCSP, "responder", options)
	return a.register(&Responder{Identity: id, authority: a}, options)
}

func (a *Authority) register(r *Responder, options []Option) *Responder {
	r.behaviour.set(options)
	a.pki.mu.Lock()
	defer a.pki.mu.Unlock()
	a.pki.responders[a] = r // the last declared serves the authority's OCSP URL
	return r
}

// Behave replaces the options of the responses from now on.
func (r *Responder) Behave(options ...Option) {
	collect(onOCSP, "responder", options)
	r.behaviour.set(options)
}

// OCSP is the response of the authority itself about id, without nonce. Options: [At], [NextUpdate], [NoNextUpdate], [Late],
// [Says], [CertHash], [ByName], [ArchiveCutOff], [ResponseStatus], [WrongKey], [BadSignature], [Digest], [PSS]…
func (a *Authority) OCSP(id *Identity, options ...Option) []byte {
	r := &Responder{Identity: &a.Identity, authority: a}
	return r.OCSP(id, options...)
}

// OCSP is the response about id, without nonce.
func (r *Responder) OCSP(id *Identity, options ...Option) []byte {
	response, err := r.Respond(OCSPRequest(id, crypto.SHA256, nil), options...)
	if err != nil {
		panic(err.Error()) // our own request
	}
	return response
}

// OCSPRequest is a request about one certificate: RFC 6960 §4.1. h is the hash of the CertID, nonce may be nil.
func OCSPRequest(id *Identity, h crypto.Hash, nonce []byte) []byte {
	if id.issuer == nil {
		panic(fmt.Sprintf("pkitest: %q has no issuer to ask", id.Name))
	}
	parts := [][]byte{sequence(sequence(id.issuer.certID(h, id.serial)))}
	if nonce != nil {
		parts = append(parts, explicit(2, sequence(extension{OIDOCSPNonce, false, octets(nonce)}.marshal())))
	}
	return sequence(sequence(parts...))
}

// certID names a certificate of a: RFC 6960 §4.1.1.
func (a *Authority) certID(h crypto.Hash, serial []byte) []byte {
	return sequence(digestAlgorithm(h), octets(digest(h, a.subject())), octets(digest(h, keyBits(a.spki))), integer(serial))
}

// Respond answers a DER OCSPRequest. The error says that it is not one.
func (r *Responder) Respond(request []byte, options ...Option) ([]byte, error) {
	s := collect(onOCSP, "OCSP response", append(r.behaviour.options(), options...))
	if s.ocsp.responseStatus != 0 {
		return sequence(enumerated(s.ocsp.responseStatus)), nil
	}
	asked, nonce, err := parseOCSPRequest(request)
	if err != nil {
		return nil, err
	}
	pki := r.pki
	producedAt, nextUpdate := s.updates(pki.Now())
	var singles [][]byte
	for _, certID := range asked {
		singles = append(singles, r.single(s, certID, producedAt, nextUpdate))
	}
	var extensions [][]byte
	if nonce != nil && !s.ocsp.noNonce {
		if s.ocsp.wrongNonce && len(nonce) > 0 {
			nonce = append(bytes.Clone(nonce[:len(nonce)-1]), nonce[len(nonce)-1]^1)
		}
		extensions = append(extensions, extension{OIDOCSPNonce, false, nonce}.marshal())
	}
	responderID := explicit(2, octets(keyHash(r.spki)))
	if s.ocsp.byName {
		responderID = explicit(1, r.subject())
	}
	data := [][]byte{responderID, generalizedTime(producedAt), sequence(singles...)}
	if len(extensions) > 0 {
		data = append(data, explicit(1, sequence(extensions...)))
	}
	how := pki.signingWith(r.Identity, s)
	tbs := sequence(data...)
	basic := [][]byte{tbs, how.algorithm(), bitString(how.sign(tbs))}
	if !s.ocsp.withoutCerts && r.Identity != &r.authority.Identity {
		basic = append(basic, explicit(0, sequence(r.DER)))
	}
	return sequence(enumerated(0), explicit(0, sequence(
		oid("1.3.6.1.5.5.7.48.1.1"), octets(sequence(basic...))))), nil
}

// single is one SingleResponse: RFC 6960 §4.2.1.
func (r *Responder) single(s *spec, asked ocspCertID, thisUpdate time.Time, nextUpdate *time.Time) []byte {
	a := r.authority
	a.mu.Lock()
	id := a.issued[string(asked.serial)]
	var found *revocation
	for _, rev := range a.revoked {
		if string(rev.serial) == string(asked.serial) && !rev.at.After(thisUpdate) &&
			(rev.released.IsZero() || rev.released.After(thisUpdate)) {
			found = &rev
		}
	}
	a.mu.Unlock()

	status := Good
	switch {
	case s.ocsp.status != nil:
		status = *s.ocsp.status
	case asked.hash == 0 || !asked.matches(a):
		status = Unknown
	case found != nil:
		status = IsRevoked
	case id == nil:
		status = Unknown
	}
	var value []byte
	switch status {
	case Good:
		value = implicit(0, nil)
	case Unknown:
		value = implicit(2, nil)
	case IsRevoked:
		if found == nil {
			found = &revocation{at: thisUpdate.Add(-time.Hour), reason: KeyCompromise}
		}
		parts := [][]byte{generalizedTime(found.at)}
		if found.reason != Unspecified {
			parts = append(parts, explicit(0, enumerated(byte(found.reason))))
		}
		value = explicit(1, parts...)
	}
	certID := asked.raw
	if s.ocsp.otherCertID {
		certID = a.certID(crypto.SHA256, []byte{0x2a})
	}
	parts := [][]byte{certID, value, generalizedTime(thisUpdate)}
	if nextUpdate != nil {
		parts = append(parts, explicit(0, generalizedTime(*nextUpdate)))
	}
	if list := s.ocsp.singleExtensions(id); len(list) > 0 {
		parts = append(parts, explicit(1, sequence(list...)))
	}
	return sequence(parts...)
}

func (o *ocspSpec) singleExtensions(id *Identity) [][]byte {
	var list [][]byte
	if o.archiveCutOff != nil {
		list = append(list, extension{OIDArchiveCutOff, false, generalizedTime(*o.archiveCutOff)}.marshal())
	}
	if o.certHash != nil && id != nil {
		sum := digest(crypto.SHA256, id.DER)
		if !*o.certHash {
			sum[0] ^= 1
		}
		list = append(list, extension{OIDCertHash, false,
			sequence(digestAlgorithm(crypto.SHA256), octets(sum))}.marshal())
	}
	for _, e := range o.single {
		list = append(list, e.marshal())
	}
	return list
}

// keyHash is the KeyHash of a ResponderID: SHA-1 by definition, RFC 6960 §4.2.1. It identifies and protects nothing.
func keyHash(spki []byte) []byte {
	sum := sha1.Sum(keyBits(spki))
	return sum[:]
}

type ocspCertID struct {
	raw               []byte
	hash              crypto.Hash
	nameHash, keyHash []byte
	serial            []byte
}

func (c *ocspCertID) matches(a *Authority) bool {
	return bytes.Equal(c.nameHash, digest(c.hash, a.subject())) && bytes.Equal(c.keyHash, digest(c.hash, keyBits(a.spki)))
}

// parseOCSPRequest reads the CertIDs and the value of the nonce extension.
func parseOCSPRequest(der []byte) (asked []ocspCertID, nonce []byte, err error) {
	malformed := fmt.Errorf("pkitest: not an OCSPRequest")
	input := cryptobyte.String(der)
	var request, tbs, list cryptobyte.String
	tag := func(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
	if !input.ReadASN1(&request, asn1.SEQUENCE) || !input.Empty() || !request.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(tag(0)) || !tbs.SkipOptionalASN1(tag(1)) || !tbs.ReadASN1(&list, asn1.SEQUENCE) {
		return nil, nil, malformed
	}
	for !list.Empty() {
		var one, raw cryptobyte.String
		if !list.ReadASN1(&one, asn1.SEQUENCE) || !one.ReadASN1Element(&raw, asn1.SEQUENCE) {
			return nil, nil, malformed
		}
		c := ocspCertID{raw: raw}
		var certID, nameHash, keyHash, serial cryptobyte.String
		var algorithm pkix.AlgorithmIdentifier
		if !raw.ReadASN1(&certID, asn1.SEQUENCE) || !pkix.ReadAlgorithmIdentifier(&certID, &algorithm) ||
			!certID.ReadASN1(&nameHash, asn1.OCTET_STRING) || !certID.ReadASN1(&keyHash, asn1.OCTET_STRING) ||
			!certID.ReadASN1(&serial, asn1.INTEGER) {
			return nil, nil, malformed
		}
		c.hash, _ = pkix.DigestByOID(algorithm) // 0 when unknown: the status will be
		c.nameHash, c.keyHash, c.serial = nameHash, keyHash, serial
		asked = append(asked, c)
	}
	var wrapper, extensions cryptobyte.String
	var present bool
	if !tbs.ReadOptionalASN1(&wrapper, &present, tag(2)) || (present && !wrapper.ReadASN1(&extensions, asn1.SEQUENCE)) {
		return nil, nil, malformed
	}
	for !extensions.Empty() {
		var e, id, value cryptobyte.String
		if !extensions.ReadASN1(&e, asn1.SEQUENCE) || !e.ReadASN1Element(&id, asn1.OBJECT_IDENTIFIER) ||
			!e.SkipOptionalASN1(asn1.BOOLEAN) || !e.ReadASN1(&value, asn1.OCTET_STRING) {
			return nil, nil, malformed
		}
		if bytes.Equal(id, oid(OIDOCSPNonce)) {
			nonce = value
		}
	}
	if len(asked) == 0 {
		return nil, nil, malformed
	}
	return asked, nonce, nil
}
