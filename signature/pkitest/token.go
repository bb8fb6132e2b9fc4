package pkitest

import (
	"bytes"
	"crypto"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidSignedData           = "1.2.840.113549.1.7.2"
	oidTSTInfo              = "1.2.840.113549.1.9.16.1.4"
	oidContentType          = "1.2.840.113549.1.9.3"
	oidMessageDigest        = "1.2.840.113549.1.9.4"
	oidSigningCertificate   = "1.2.840.113549.1.9.16.2.12"
	oidSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47"
)

// tsaRequest is what matters of a TimeStampReq: RFC 3161 §2.4.1. hash is 0 when it is not known.
type tsaRequest struct {
	hash    crypto.Hash
	imprint []byte
	policy  string
	nonce   *big.Int
	certReq bool
}

// token is the ContentInfo of a TimeStampToken: RFC 3161 §2.4.2, RFC 5816.
func (t *TimestampAuthority) token(s *spec, request tsaRequest, serial *big.Int) []byte {
	how := t.pki.signingWith(t.Identity, s)
	info := t.info(s, request, serial)
	contentType := oidTSTInfo
	if s.tsa.contentType != "" {
		contentType = s.tsa.contentType
	}
	version := int64(3)
	if s.tsa.version != 0 {
		version = s.tsa.version
	}
	digestAlgorithm := sequence(oid(digestOIDs[how.hash].digest))
	attribute := func(kind string, value []byte) []byte { return sequence(oid(kind), set(value)) }
	attributes := [][]byte{
		attribute(oidContentType, oid(contentType)),
		attribute(oidMessageDigest, octets(digest(how.hash, info))),
	}
	if !s.tsa.noESS {
		attributes = append(attributes, t.signingCertificate(s))
	}
	slices.SortFunc(attributes, bytes.Compare) // DER SET OF
	signer := sequence(
		smallInteger(1),
		sequence(rawIssuer(t.DER), integer(t.serial)),
		digestAlgorithm,
		explicit(0, attributes...),
		how.algorithm(),
		octets(how.sign(set(attributes...))),
	)
	signedData := [][]byte{
		smallInteger(version),
		set(digestAlgorithm),
		sequence(oid(contentType), explicit(0, octets(info))),
	}
	if request.certReq && !s.tsa.withoutCerts {
		chain := t.ChainDER()
		slices.SortFunc(chain, bytes.Compare)
		signedData = append(signedData, explicit(0, chain...))
	}
	signedData = append(signedData, set(signer))
	return sequence(oid(oidSignedData), explicit(0, sequence(signedData...)))
}

// info is the TSTInfo.
func (t *TimestampAuthority) info(s *spec, request tsaRequest, serial *big.Int) []byte {
	imprint := request.imprint
	if s.tsa.wrongImprint {
		imprint = bytes.Clone(imprint)
		imprint[0] ^= 1
	}
	policy := s.tokenPolicy()
	if s.tsa.wrongPolicy {
		policy = TimestampPolicy + ".99"
	}
	at := t.pki.Now()
	if s.at != nil {
		at = s.at.UTC()
	}
	parts := [][]byte{
		smallInteger(1),
		oid(policy),
		sequence(sequence(oid(digestOIDs[request.hash].digest), null()), octets(imprint)),
		bigInteger(serial),
		preciseTime(at.Add(s.tsa.shift).Truncate(time.Millisecond)),
	}
	if !s.tsa.noAccuracy {
		accuracy := s.tsa.accuracy
		if accuracy == 0 {
			accuracy = time.Second
		}
		parts = append(parts, accuracyField(accuracy))
	}
	if s.tsa.ordering {
		parts = append(parts, boolean(true))
	}
	if nonce := request.nonce; nonce != nil && !s.tsa.dropNonce {
		if s.tsa.wrongNonce {
			nonce = new(big.Int).Add(nonce, big.NewInt(1))
		}
		parts = append(parts, bigInteger(nonce))
	}
	if s.tsa.named {
		parts = append(parts, explicit(0, explicit(4, rawSubject(t.DER))))
	}
	return sequence(parts...)
}

// accuracyField is Accuracy: seconds, then milliseconds [0] and microseconds [1] from 1 to 999.
func accuracyField(d time.Duration) []byte {
	var parts [][]byte
	if n := int64(d / time.Second); n > 0 {
		parts = append(parts, smallInteger(n))
	}
	if n := int64(d % time.Second / time.Millisecond); n > 0 {
		parts = append(parts, implicit(0, smallInteger(n)[2:]))
	}
	if n := int64(d % time.Millisecond / time.Microsecond); n > 0 {
		parts = append(parts, implicit(1, smallInteger(n)[2:]))
	}
	return sequence(parts...)
}

// signingCertificate is the attribute that binds the unit's certificate: RFC 5035 §3, RFC 2634 §5.4.
func (t *TimestampAuthority) signingCertificate(s *spec) []byte {
	h, kind := crypto.SHA256, oidSigningCertificateV2 // SHA-256 is the default and DER leaves it out
	if s.tsa.essSHA1 {
		h, kind = crypto.SHA1, oidSigningCertificate
	}
	sum := digest(h, t.DER)
	if s.tsa.wrongESS {
		sum[0] ^= 1
	}
	issuerSerial := sequence(sequence(explicit(4, rawIssuer(t.DER))), integer(t.serial))
	return sequence(oid(kind), set(sequence(sequence(sequence(octets(sum), issuerSerial)))))
}

// parseTSARequest reads a TimeStampReq. Unknown digests leave hash at 0.
func parseTSARequest(der []byte) (r tsaRequest, ok bool) {
	input := cryptobyte.String(der)
	var body, imprint, algorithm, id, digest, rest cryptobyte.String
	var version int
	if !input.ReadASN1(&body, asn1.SEQUENCE) || !input.Empty() || !body.ReadASN1Integer(&version) || version != 1 ||
		!body.ReadASN1(&imprint, asn1.SEQUENCE) || !imprint.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1Element(&id, asn1.OBJECT_IDENTIFIER) || !imprint.ReadASN1(&digest, asn1.OCTET_STRING) {
		return r, false
	}
	for h, oids := range digestOIDs {
		if bytes.Equal(id, oid(oids.digest)) {
			r.hash = h
		}
	}
	r.imprint = digest
	if body.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) {
		policy, ok := readOID(&body)
		if !ok {
			return r, false
		}
		r.policy = policy
	}
	if body.PeekASN1Tag(asn1.INTEGER) {
		r.nonce = new(big.Int)
		if !body.ReadASN1Integer(r.nonce) {
			return r, false
		}
	}
	if body.PeekASN1Tag(asn1.BOOLEAN) && !body.ReadASN1Boolean(&r.certReq) {
		return r, false
	}
	var present bool
	if !body.ReadOptionalASN1(&rest, &present, asn1.Tag(0).ContextSpecific().Constructed()) || !body.Empty() {
		return r, false
	}
	return r, true
}
