package exchange

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
	"github.com/cadre-confiance/confiance/signature/ades"
)

// A statementType is the last arc of an eContentType: what a signed JSON is. One arc per statement keeps one from being presented
// as another.
type statementType int

const (
	manifestType statementType = 1 + iota
	addendumType
	receiptType
)

// arc is 2.25. and our UUID 18478762-cdf3-44c7-8245-64d2539a5ced as an integer (ITU-T X.667 §7).
const arc = "2.25.32272870929188893873481371367274863853."

var statementOIDs = map[statementType]der.OID{
	manifestType: der.MustOID(arc + "1"),
	addendumType: der.MustOID(arc + "2"),
	receiptType:  der.MustOID(arc + "3"),
}

func (t statementType) String() string {
	return map[statementType]string{manifestType: "manifest", addendumType: "addendum", receiptType: "receipt"}[t]
}

// A Stamper makes RFC 3161 tokens; a timestamp.Authority is one.
type Stamper interface {
	// Timestamp returns the DER of a token over a digest computed with hash.
	Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (token []byte, err error)
}

// checkSigner refuses, before the key is used, a seal that no opener would accept.
func checkSigner(signer ades.Signer, at time.Time) (*pkix.Certificate, error) {
	if signer == nil || len(signer.Chain()) == 0 {
		return nil, refuse(ErrOptions, "no seal to sign with")
	}
	c, err := pkix.ParseCertificate(signer.Chain()[0].Raw)
	switch {
	case err != nil:
		return nil, refuse(ErrOptions, "the signing certificate: %w", err)
	case at.Before(c.NotBefore) || at.After(c.NotAfter):
		return nil, refuse(ErrOptions, "the signing certificate (%s) is valid from %s to %s, not on %s",
			c.Subject, formatTime(c.NotBefore), formatTime(c.NotAfter), formatTime(at))
	case signs(c) != "":
		return nil, refuse(ErrOptions, "the signing certificate (%s) %s", c.Subject, signs(c))
	case len(signer.Chain()) > limits.PliCerts:
		return nil, refuse(ErrOptions, "more than %d certificates in the signer's chain", limits.PliCerts)
	}
	return c, nil
}

// signStatement makes the SignedData of a statement: CAdES-B (EN 319 122-1 §6), and B-T with a stamper.
func signStatement(ctx context.Context, signer ades.Signer, t statementType, content []byte, at time.Time, stamper Stamper) ([]byte, error) {
	c, err := checkSigner(signer, at)
	if err != nil {
		return nil, err
	}
	return makeStatement(ctx, signer, c, t, content, at, stamper)
}

func makeStatement(ctx context.Context, signer ades.Signer, c *pkix.Certificate, t statementType, content []byte, at time.Time,
	stamper Stamper) ([]byte, error) {
	scheme, err := pkix.SchemeFor(&c.PublicKey, 0, false)
	if err != nil {
		return nil, refuse(ErrOptions, "the signing key: %w", err)
	}
	info, scheme, err := cms.NewSigner(cms.SignerRequest{
		Certificate: c, Scheme: scheme, ContentType: statementOIDs[t], Digest: digestOf(scheme.Hash, content),
		Attributes: []cms.Attribute{cms.SigningTime(at), cms.SigningCertificateV2(c, crypto.SHA256)},
	})
	if err != nil {
		return nil, refuse(ErrOptions, "the signing key: %w", err)
	}
	message := info.ToBeSigned()
	info.Signature, err = signer.Sign(ctx, ades.Request{
		Message: message, Digest: digestOf(scheme.Hash, message), Hash: scheme.Hash, PSS: scheme.Kind == pkix.PSS,
	})
	if err != nil {
		return nil, err
	}
	// A pli takes time to make and to send: one verification costs less than one that nobody can open.
	if err := scheme.Verify(&c.PublicKey, message, info.Signature); err != nil {
		return nil, fmt.Errorf("%w: %w", ades.ErrWrongValue, err)
	}
	if stamper != nil {
		sum := sha256.Sum256(info.Signature)
		token, err := stamper.Timestamp(ctx, crypto.SHA256, sum[:])
		if err != nil {
			return nil, err
		}
		info.UnsignedAttributes = []cms.Attribute{{Type: cms.OIDSignatureTimestamp, Values: [][]byte{token}}}
	}
	sd := &cms.SignedData{ContentType: statementOIDs[t], SignerInfos: []*cms.SignerInfo{info}}
	for _, c := range signer.Chain() {
		sd.Certificates = append(sd.Certificates, c.Raw)
	}
	return sd.MarshalAttached(content)
}

// A signedStatement is a SignedData whose form is right and whose value verifies under the certificate that it carries. Whether
// that certificate is to be believed is another question.
type signedStatement struct {
	raw     []byte
	content []byte // the JSON
	signer  *pkix.Certificate
	sd      *cms.SignedData
}

// digest is what names a statement for ever: the SHA-256 of its JSON, never of the SignedData, since (r, n-s) is as good an ECDSA
// value as (r, s) and would give a second digest.
func (s *signedStatement) digest() Hash { return sha256.Sum256(s.content) }

// readStatement reads a statement of one type: the eContentType first, then the form, then the value.
func readStatement(raw []byte, t statementType) (*signedStatement, error) {
	if err := der.Check(raw, der.Limits{Size: limits.PliCapsule}); err != nil {
		return nil, refuse(ErrSignature, "%s: not DER: %w", t, err)
	}
	sd, content, err := cms.Parse(raw)
	if err != nil {
		return nil, refuse(ErrSignature, "%s: %w", t, err)
	}
	if sd.ContentType != statementOIDs[t] {
		return nil, refuse(ErrType, "a %s is called for, and what was signed is of type %s", t, sd.ContentType)
	}
	if why := oddStatement(sd); why != "" {
		return nil, refuse(ErrSignature, "%s: %s", t, why)
	}
	info := sd.SignerInfos[0]
	var signer *pkix.Certificate
	for _, c := range sd.CertificatesFor(info) {
		// Names compare without regard to case (RFC 5280 §7.1); here the identifier, which is not signed, has one spelling.
		if designates(info, c) && (info.SID.Equal(cms.IssuerSerialOf(c)) || info.SID.Equal(cms.KeyIDOf(c))) {
			signer = c
		}
	}
	if signer == nil {
		return nil, refuse(ErrSignature, "%s: the certificate that signing-certificate-v2 names is not inside", t)
	}
	hash, err := pkix.DigestByOID(info.DigestAlgorithm)
	if err != nil || !strongDigest(hash) {
		return nil, refuse(ErrSignature, "%s: a digest weaker than SHA-256, or unknown", t)
	}
	scheme, err := pkix.ParseScheme(info.SignatureAlgorithm, &signer.PublicKey, hash)
	if err != nil || !strongDigest(scheme.Hash) || signer.PublicKey.Kind == pkix.KeyDSA ||
		signer.PublicKey.Modulus != nil && signer.PublicKey.Modulus.Cmp(rsaFloor) < 0 {
		return nil, refuse(ErrSignature, "%s: a signature algorithm or a key that is too weak, or unknown", t)
	}
	findings := sd.Verify(0, signer, nil)
	if len(findings) > 0 {
		return nil, refuse(ErrSignature, "%s: %s", t, findings[0].Message)
	}
	for _, a := range info.UnsignedAttributes {
		for _, token := range a.Values {
			if err := checkToken(token, info.Signature); err != nil {
				return nil, refuse(ErrSignature, "%s: its timestamp: %w", t, err)
			}
		}
	}
	return &signedStatement{raw: raw, content: content, signer: signer, sd: sd}, nil
}

// checkToken checks that a timestamp token is one, and over this signature value; whether its authority is believed is judged apart.
func checkToken(token, value []byte) error {
	sd, content, err := cms.Parse(token)
	if err != nil {
		return err
	}
	if sd.ContentType != cms.OIDTSTInfo {
		return errors.New("not a timestamp token")
	}
	info, err := tsp.ParseInfo(content)
	if err != nil {
		return err
	}
	if !strongDigest(info.Hash) || !bytes.Equal(info.Imprint, digestOf(info.Hash, value)) {
		return errors.New("it is over something else than the signature value, or a weak digest of it")
	}
	return nil
}

// rsaFloor is the least RSA modulus: 2048 bits.
var rsaFloor = new(big.Int).Lsh(big.NewInt(1), 2047)

func strongDigest(h crypto.Hash) bool {
	switch h {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_384, crypto.SHA3_512:
		return true
	}
	return false
}

// oddStatement returns what makes a SignedData other than the one form of docs/pli.md, or nothing.
func oddStatement(sd *cms.SignedData) string {
	switch {
	case sd.Version != 3:
		return "the version of the SignedData is not 3"
	case !sd.Attached:
		return "the content is not inside"
	case len(sd.SignerInfos) != 1:
		return "there must be exactly one signer"
	case len(sd.CRLs) != 0:
		return "revocation data inside"
	case len(sd.Certificates) == 0 || len(sd.Certificates) > limits.PliCerts:
		return fmt.Sprintf("1 to %d certificates are allowed", limits.PliCerts)
	case len(sd.Problems) > 0:
		return sd.Problems[0].Message
	case len(sd.SignerInfos[0].Problems) > 0:
		return sd.SignerInfos[0].Problems[0].Message
	}
	info := sd.SignerInfos[0]
	for _, required := range []struct {
		oid  der.OID
		name string
	}{
		{cms.OIDContentType, "content-type"}, {cms.OIDMessageDigest, "message-digest"},
		{cms.OIDSigningTime, "signing-time"}, {cms.OIDSigningCertificateV2, "signing-certificate-v2"},
	} {
		found := cms.FindAttribute(info.SignedAttributes, required.oid)
		if len(found) != 1 || len(found[0].Values) != 1 {
			return "signed attribute " + required.name + " must be there once, with one value"
		}
	}
	for _, a := range info.UnsignedAttributes {
		if a.Type != cms.OIDSignatureTimestamp {
			return "an unsigned attribute other than a timestamp"
		}
	}
	return ""
}

// designates reports whether the first reference of signing-certificate-v2, which is the signer's (RFC 5035 §4), is to c.
func designates(info *cms.SignerInfo, c *pkix.Certificate) bool {
	ids, err := cms.ParseSigningCertificates(cms.FindAttribute(info.SignedAttributes, cms.OIDSigningCertificateV2)[0])
	return err == nil && len(ids) > 0 && strongDigest(ids[0].Hash) && ids[0].Matches(c)
}

func digestOf(h crypto.Hash, message []byte) []byte {
	d := h.New()
	d.Write(message)
	return d.Sum(nil)
}

// ManifestDigest returns the digest that names a manifest in evidence, addenda, receipts and later plis: the SHA-256 of the JSON
// inside a SignedData. It verifies nothing.
func ManifestDigest(signed []byte) (Hash, error) {
	sd, content, err := cms.Parse(signed)
	if err == nil && sd.ContentType != statementOIDs[manifestType] {
		err = errors.New("not a manifest")
	}
	if err != nil {
		return Hash{}, refuse(ErrType, "%w", err)
	}
	return sha256.Sum256(content), nil
}
