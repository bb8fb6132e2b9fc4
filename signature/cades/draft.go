package cades

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// A Draft is a signature whose attributes are decided and whose value is awaited. Formats that carry a CMS inside something
// else make theirs with it:
//
//	draft, err := cades.NewDraft(digest, signer.Chain(), options)   // digest of what is signed, pre-flight
//	room := draft.Size(authority.TokenSize())                       // 0 without a timestamp
//	value, err := signer.Sign(ctx, draft.Request())
//	token, err := draft.Timestamp(ctx, value, authority)            // level B-T
//	message, err := draft.Marshal(value, token)                     // a detached SignedData
//
// In two steps, [ResumeDraft] finds it again from a saved ades.Prepared.
type Draft struct {
	certificate *pkix.Certificate
	chain       [][]byte
	contentType der.OID
	content     ades.Digest
	scheme      pkix.Scheme
	request     ades.Request
	si          *cms.SignerInfo
}

// NewDraft decides the signed attributes of a signature over content, which is known by its digest under the algorithm of
// the signature: see [DigestFor]. chain is the signing certificate, then its issuers, all of which go into the message.
// o.Level, o.Authority and o.Detached are not looked at. Errors are those of [Sign] before the key is used.
func NewDraft(content ades.Digest, chain []*x509.Certificate, o Options) (*Draft, error) {
	o.Level, o.Authority, o.Detached = 0, nil, true
	doc, err := ades.DigestOnly(content)
	if err != nil {
		return nil, fmt.Errorf("cades: %w", err)
	}
	p, err := o.plan(chain, doc)
	if err != nil {
		return nil, err
	}
	return p.draft(content)
}

// DigestFor says under which algorithm the content must be hashed for a signature with these options, after the checks of
// options and certificate that need no content.
func DigestFor(chain []*x509.Certificate, o Options) (crypto.Hash, error) {
	o.Level, o.Authority, o.Detached = 0, nil, true
	p, err := o.plan(chain, new(ades.Document))
	if err != nil {
		return 0, err
	}
	return p.scheme.Hash, nil
}

// draft decides the attributes.
func (p *plan) draft(content ades.Digest) (*Draft, error) { return p.draftOf(content, cms.OIDData) }

func (p *plan) draftOf(content ades.Digest, contentType der.OID) (*Draft, error) {
	attributes, err := p.options.attributes()
	if err != nil {
		return nil, err
	}
	attributes = append(attributes, cms.SigningCertificateV2(p.certificate, referenceDigest(p.scheme.Hash)))
	si, scheme, err := cms.NewSigner(cms.SignerRequest{
		Certificate: p.certificate, Scheme: p.scheme, ContentType: contentType, Digest: content.Sum, Attributes: attributes,
	})
	if err != nil {
		return nil, fmt.Errorf("cades: %w", err)
	}
	return &Draft{
		certificate: p.certificate, chain: p.chain, contentType: contentType, content: content, scheme: scheme, si: si,
		request: ades.NewRequest(si.RawSignedAttributes, scheme.Hash, scheme.Kind == pkix.PSS),
	}, nil
}

// referenceDigest is the digest that names the certificate: as strong as that of the signature, in the family that every
// reader has.
func referenceDigest(h crypto.Hash) crypto.Hash {
	switch h.Size() {
	case 48:
		return crypto.SHA384
	case 64:
		return crypto.SHA512
	}
	return crypto.SHA256
}

// Request is what the key signs.
func (d *Draft) Request() ades.Request { return d.request }

// Verify checks a value under the signing certificate. The error matches ades.ErrWrongValue.
func (d *Draft) Verify(value []byte) error {
	if err := d.scheme.Verify(&d.certificate.PublicKey, d.request.Message, value); err != nil {
		return fmt.Errorf("%w: %w", ades.ErrWrongValue, err)
	}
	return nil
}

// Timestamp asks for a token over the signature value (EN 319 122-1 §5.3), under the digest of the signature or, where that
// is of SHA-3, which few authorities know, under the one of SHA-2 of the same length.
func (d *Draft) Timestamp(ctx context.Context, value []byte, authority timestamp.Authority) ([]byte, error) {
	return timestampValue(ctx, value, referenceDigest(d.scheme.Hash), authority)
}

func timestampValue(ctx context.Context, value []byte, h crypto.Hash, authority timestamp.Authority) ([]byte, error) {
	state := h.New()
	state.Write(value)
	imprint := state.Sum(nil)
	token, err := authority.Timestamp(ctx, h, imprint)
	if err != nil {
		return nil, fmt.Errorf("cades: timestamping the signature: %w", err)
	}
	// A timestamp.Client has looked at far more; another Authority may return anything.
	parsed, _, err := timestamp.Parse(token)
	if err != nil {
		return nil, fmt.Errorf("cades: timestamping the signature: %w", err)
	}
	if last := parsed.References[len(parsed.References)-1]; last.Digest != pkix.DigestName(h) || !bytes.Equal(last.Expected, imprint) {
		return nil, fmt.Errorf("cades: timestamping the signature: %w", timestamp.ErrImprint)
	}
	return token, nil
}

func (d *Draft) timestamp(ctx context.Context, value []byte, level ades.Level, authority timestamp.Authority) ([]byte, error) {
	if level < ades.BaselineT {
		return nil, nil
	}
	return d.Timestamp(ctx, value, authority)
}

// Marshal returns the signature as a detached SignedData. token, unless nil, is a timestamp over value.
func (d *Draft) Marshal(value, token []byte) ([]byte, error) {
	si, err := d.signerInfo(value, token)
	if err != nil {
		return nil, err
	}
	message, err := d.message(si).Marshal()
	if err != nil {
		return nil, fmt.Errorf("cades: %w", err)
	}
	return message, nil
}

// Size is the longest that Marshal returns, in octets, with a token of at most tokenSize octets; 0 for none.
func (d *Draft) Size(tokenSize int) int {
	var token []byte
	if tokenSize > 0 {
		token = placeholder(tokenSize)
	}
	message, err := d.Marshal(make([]byte, maxValue(&d.certificate.PublicKey)), token)
	if err != nil {
		return 0 // a draft that cannot be written says so when it is
	}
	return len(message)
}

// placeholder is one DER element of at least size octets: an OCTET STRING.
func placeholder(size int) []byte {
	var b cryptobyte.Builder
	b.AddASN1OctetString(make([]byte, size))
	return b.BytesOrPanic() // nothing in it can fail
}

// maxValue is the longest signature value of a key, in octets.
func maxValue(key *pkix.PublicKeyInfo) int {
	octets := (key.Bits + 7) / 8
	switch key.Kind {
	case pkix.KeyEC:
		return 2*(octets+3) + 3 // two INTEGERs with a sign octet, in a SEQUENCE
	case pkix.KeyEd25519:
		return 64
	}
	return octets
}

// signerInfo puts the value and the token in their places. The draft can be used again.
func (d *Draft) signerInfo(value, token []byte) (*cms.SignerInfo, error) {
	if len(value) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ades.ErrWrongValue)
	}
	si := *d.si
	si.Signature = value
	si.UnsignedAttributes = nil
	if token != nil {
		si.UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDSignatureTimestamp, token)}
	}
	return &si, nil
}

// message is a SignedData with this signature alone.
func (d *Draft) message(si *cms.SignerInfo) *cms.SignedData {
	return &cms.SignedData{ContentType: d.contentType, Certificates: withoutRepeats(d.chain), SignerInfos: []*cms.SignerInfo{si}}
}

func withoutRepeats(certificates [][]byte) [][]byte {
	out := certificates[:0:0]
	for i, c := range certificates {
		repeated := false
		for _, before := range certificates[:i] {
			repeated = repeated || string(before) == string(c)
		}
		if !repeated {
			out = append(out, c)
		}
	}
	return out
}
