package pkitest

import (
	"bytes"
	"crypto"
	"math/big"
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
)

// token is the ContentInfo of a TimeStampToken: RFC 3161 §2.4.2, RFC 5816.
func (t *TimestampAuthority) token(s *spec, request *tsp.Request, serial *big.Int) ([]byte, error) {
	info, err := t.info(s, request, serial)
	if err != nil {
		return nil, err
	}
	unit, err := pkix.ParseCertificate(t.DER)
	if err != nil {
		return nil, err
	}
	how := t.pki.signingWith(t.Identity, s)
	contentType := cms.OIDTSTInfo
	if s.tsa.contentType != "" {
		contentType = der.MustOID(s.tsa.contentType)
	}
	var attributes []cms.Attribute
	if !s.tsa.noESS {
		attributes = []cms.Attribute{t.signingCertificate(s, unit)}
	}
	signer, _, err := cms.NewSigner(cms.SignerRequest{
		Certificate: unit, Scheme: how.scheme, ContentType: contentType,
		Digest: digest(how.scheme.Hash, info), Attributes: attributes,
	})
	if err != nil {
		return nil, err
	}
	signer.Signature = how.sign(signer.ToBeSigned())
	signedData := &cms.SignedData{ContentType: contentType, SignerInfos: []*cms.SignerInfo{signer}}
	if request.CertReq && !s.tsa.withoutCerts {
		signedData.Certificates = t.ChainDER()
	}
	token, err := signedData.MarshalAttached(info)
	if err == nil && s.tsa.version != 0 {
		// The first INTEGER after the OID of SignedData is its version.
		at := bytes.Index(token, []byte(cms.OIDSignedData)) + len(cms.OIDSignedData)
		at += bytes.Index(token[at:], []byte{2, 1}) + 2
		token[at] = s.tsa.version
	}
	return token, err
}

// info is the TSTInfo.
func (t *TimestampAuthority) info(s *spec, request *tsp.Request, serial *big.Int) ([]byte, error) {
	info := tsp.Info{
		Policy: der.MustOID(s.tokenPolicy()),
		Hash:   request.Hash, Imprint: request.Imprint, ImprintAlgorithm: request.ImprintAlgorithm,
		Serial: serial, Nonce: request.Nonce,
		Accuracy: time.Second, HasAccuracy: !s.tsa.noAccuracy, Ordering: s.tsa.ordering,
	}
	if s.tsa.wrongImprint {
		info.Imprint = bytes.Clone(info.Imprint)
		info.Imprint[0] ^= 1
	}
	if s.tsa.wrongPolicy {
		info.Policy = der.MustOID(TimestampPolicy + ".99")
	}
	if s.tsa.accuracy != 0 {
		info.Accuracy = s.tsa.accuracy
	}
	at := t.pki.Now()
	if s.at != nil {
		at = s.at.UTC()
	}
	info.Time = at.Add(s.tsa.shift).Truncate(time.Millisecond)
	switch {
	case s.tsa.dropNonce:
		info.Nonce = nil
	case s.tsa.wrongNonce && info.Nonce != nil:
		info.Nonce = new(big.Int).Add(info.Nonce, big.NewInt(1))
	}
	if s.tsa.named {
		info.TSA = explicit(4, t.subject()) // GeneralName directoryName
	}
	return info.Marshal()
}

// signingCertificate is the attribute that binds the unit's certificate, with its issuer and serial: RFC 5035 §3, RFC 2634
// §5.4.
func (t *TimestampAuthority) signingCertificate(s *spec, unit *pkix.Certificate) cms.Attribute {
	h, kind := crypto.SHA256, cms.OIDSigningCertificateV2 // SHA-256 is the default and DER leaves it out
	if s.tsa.essSHA1 {
		h, kind = crypto.SHA1, cms.OIDSigningCertificate
	}
	sum := digest(h, t.DER)
	if s.tsa.wrongESS {
		sum[0] ^= 1
	}
	issuerSerial := sequence(sequence(explicit(4, unit.RawIssuer)), integer(unit.RawSerial))
	return cms.NewAttribute(kind, sequence(sequence(sequence(octets(sum), issuerSerial))))
}
