package cades

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// preparedFormat marks an ades.Prepared of this package.
const preparedFormat = "cades"

// parameters is what Complete must find again, besides what every Prepared holds.
type parameters struct {
	Detached bool `json:"detached"`
}

// Prepare is the first of two steps to sign with a key that is elsewhere: it reads the document, decides everything that is
// signed, and returns what the key must sign (Request) with all that [Complete] needs, to be saved as JSON if need be.
// chain is the signing certificate, then its issuers. o.Authority is given to Complete and may be nil here.
func Prepare(ctx context.Context, doc *ades.Document, chain []*x509.Certificate, o Options) (*ades.Prepared, error) {
	level := o.Level
	if level == ades.BaselineT {
		o.Level = ades.BaselineB // the timestamp comes after the value
	}
	p, err := o.plan(chain, doc)
	if err != nil {
		return nil, err
	}
	digest, err := p.digest(ctx, doc)
	if err != nil {
		return nil, err
	}
	draft, err := p.draft(digest)
	if err != nil {
		return nil, err
	}
	saved, err := json.Marshal(parameters{Detached: o.Detached})
	if err != nil {
		return nil, fmt.Errorf("cades: %w", err)
	}
	return draft.prepared(preparedFormat, max(level, ades.BaselineB), o, saved), nil
}

// prepared fills what every Prepared holds.
func (d *Draft) prepared(format string, level ades.Level, o Options, saved json.RawMessage) *ades.Prepared {
	prepared := &ades.Prepared{
		Schema: ades.PreparedSchema, Format: format, Level: level, Request: d.request, Chain: d.chain, Time: o.Time.UTC(), Parameters: saved,
	}
	prepared.Document.Size, prepared.Document.Algorithm, prepared.Document.Digest = d.content.Size, uint(d.content.Algorithm), d.content.Sum
	return prepared
}

// Complete is the second step: it checks the value under the signing certificate, reads the document again while it copies
// it, and writes the signature. authority is required when the level prepared is BaselineT.
//
// Errors: ades.ErrPrepared, ades.ErrWrongValue and ades.ErrOtherDocument, for a prepared signature that was damaged or is of
// another format, a value that is not one of its key over its attributes, and another document than was prepared; attached,
// the last may come after something was written, and dst must then be thrown away.
func Complete(ctx context.Context, dst io.Writer, doc *ades.Document, prepared *ades.Prepared, value []byte, authority timestamp.Authority) error {
	if prepared.Format != preparedFormat {
		return fmt.Errorf("%w: its format is %q and not %q", ades.ErrPrepared, prepared.Format, preparedFormat)
	}
	var saved parameters
	if err := json.Unmarshal(prepared.Parameters, &saved); err != nil {
		return fmt.Errorf("%w: parameters: %w", ades.ErrPrepared, err)
	}
	switch {
	case prepared.Level != ades.BaselineB && prepared.Level != ades.BaselineT:
		return fmt.Errorf("%w: level %s is not made here", ades.ErrPrepared, prepared.Level)
	case prepared.Level == ades.BaselineT && authority == nil:
		return fmt.Errorf("%w: level B-T needs an authority", ErrOptions)
	}
	draft, err := ResumeDraft(prepared)
	if err != nil {
		return err
	}
	if err := draft.Verify(value); err != nil {
		return err
	}
	// As much as can be is compared before the timestamp is asked for: another document must not cost one.
	if doc.Size() != draft.content.Size && draft.content.Size >= 0 && doc.Size() >= 0 {
		return fmt.Errorf("%w: it has %d octets and not %d", ades.ErrOtherDocument, doc.Size(), draft.content.Size)
	}
	if _, inMemory := doc.InMemory(); saved.Detached || inMemory {
		if err := draft.sameContent(ctx, doc); err != nil {
			return err
		}
	}
	token, err := draft.timestamp(ctx, value, prepared.Level, authority)
	if err != nil {
		return err
	}
	si, err := draft.signerInfo(value, token)
	if err != nil {
		return err
	}
	return draft.write(ctx, dst, doc, si, saved.Detached)
}

// sameContent hashes the document again.
func (d *Draft) sameContent(ctx context.Context, doc *ades.Document) error {
	sums, err := doc.Digests(ctx, d.content.Algorithm)
	if err != nil {
		return err
	}
	if !bytes.Equal(sums[d.content.Algorithm], d.content.Sum) {
		return fmt.Errorf("%w: its %s digest is another", ades.ErrOtherDocument, pkix.DigestName(d.content.Algorithm))
	}
	return nil
}

// ResumeDraft finds the draft again from what was saved, for any format. What is saved is not taken at its word: the digest of
// the content and the name of the certificate are those inside the signed attributes, or the error matches ades.ErrPrepared.
func ResumeDraft(prepared *ades.Prepared) (*Draft, error) {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ades.ErrPrepared, fmt.Sprintf(format, args...))
	}
	if len(prepared.Chain) == 0 {
		return nil, fault("no certificate")
	}
	certificate, err := pkix.ParseCertificate(prepared.Chain[0])
	if err != nil {
		return nil, fault("its certificate cannot be read: %v", err)
	}
	r := prepared.Request
	scheme, err := pkix.SchemeFor(&certificate.PublicKey, r.Hash, r.PSS)
	if err != nil {
		return nil, fault("%v", err)
	}
	attributes, err := cms.ParseAttributes(r.Message)
	if err != nil {
		return nil, fault("its signed attributes cannot be read: %v", err)
	}
	contentType, digest, err := signedContent(attributes, certificate)
	if err != nil {
		return nil, fault("%v", err)
	}
	if crypto.Hash(prepared.Document.Algorithm) != scheme.Hash || !bytes.Equal(digest, prepared.Document.Digest) {
		return nil, fault("the digest of the document is not the one that the attributes hold")
	}
	si := &cms.SignerInfo{
		SID: cms.IssuerSerialOf(certificate), DigestAlgorithm: pkix.DigestAlgorithm(scheme.Hash),
		SignatureAlgorithm: scheme.AlgorithmIdentifier(&certificate.PublicKey), RawSignedAttributes: r.Message,
	}
	return &Draft{
		certificate: certificate, chain: prepared.Chain, contentType: contentType, scheme: scheme, si: si,
		content: ades.Digest{Algorithm: scheme.Hash, Sum: digest, Size: prepared.Document.Size},
		request: ades.NewRequest(r.Message, scheme.Hash, scheme.Kind == pkix.PSS),
	}, nil
}

// signedContent reads content-type and message-digest, and checks that the attributes name the certificate.
func signedContent(attributes []cms.Attribute, certificate *pkix.Certificate) (contentType der.OID, digest []byte, err error) {
	var named bool
	for _, a := range attributes {
		value := cryptobyte.String(a.Values[0])
		ok := len(a.Values) == 1
		switch a.Type {
		case cms.OIDContentType:
			ok = ok && der.ReadOID(&value, &contentType)
		case cms.OIDMessageDigest:
			ok = ok && value.ReadASN1Bytes(&digest, asn1.OCTET_STRING)
		case cms.OIDSigningCertificateV2:
			ids, err := cms.ParseSigningCertificates(a)
			ok = ok && err == nil
			named = ok && ids[0].Matches(certificate)
		}
		if !ok {
			return "", nil, fmt.Errorf("its signed attribute %s cannot be read", a.Type)
		}
	}
	if contentType == "" || digest == nil || !named {
		return "", nil, fmt.Errorf("its signed attributes do not name the content and the certificate")
	}
	return contentType, digest, nil
}
