package timestamp

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
)

// interval is the times at which a token asked for just now may be.
type interval struct{ from, to time.Time }

// accept says why a token is not the answer to the request, or nil.
func (c *Client) accept(token []byte, request *tsp.Request, window interval) error {
	t, err := open(token)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := answers(t.info, request); err != nil {
		return err
	}
	certificate, err := t.signingCertificate()
	if err != nil {
		return err
	}
	if err := t.verify(certificate); err != nil {
		return err
	}
	if err := mayTimestamp(certificate); err != nil {
		return err
	}
	if t.info.Time.Before(window.from) || t.info.Time.After(window.to) {
		return fmt.Errorf("%w: it says %s, we are between %s and %s give or take %s", ErrTime, t.info.Time.UTC().Format(time.RFC3339),
			window.from.Add(c.options.MaxSkew).UTC().Format(time.RFC3339), window.to.Add(-c.options.MaxSkew).UTC().Format(time.RFC3339), c.options.MaxSkew)
	}
	if c.options.UnsafeAnyAuthority {
		return nil
	}
	return c.chain.check(certificate, t.certificates, t.info.Time)
}

// answers compares the token with the request: RFC 3161 §2.4.2.
func answers(info *tsp.Info, request *tsp.Request) error {
	if info.ImprintAlgorithm.OID != pkix.DigestAlgorithm(request.Hash).OID || !bytes.Equal(info.Imprint, request.Imprint) {
		return ErrImprint
	}
	if info.Nonce == nil || info.Nonce.Cmp(request.Nonce) != 0 {
		return ErrNonce
	}
	if request.Policy != "" && info.Policy != request.Policy {
		return fmt.Errorf("%w: %s instead of %s", ErrPolicy, info.Policy, request.Policy)
	}
	return nil
}

// opened is a token whose form is right: RFC 3161 §2.4.2.
type opened struct {
	sd           *cms.SignedData
	content      []byte // DER of the TSTInfo
	info         *tsp.Info
	certificates []*pkix.Certificate // those that can be read
}

func open(token []byte) (*opened, error) {
	sd, content, err := cms.Parse(token)
	if err != nil {
		return nil, err
	}
	switch {
	case sd.ContentType != cms.OIDTSTInfo:
		return nil, fmt.Errorf("the content is of type %s, not id-ct-TSTInfo (RFC 3161 §2.4.2)", sd.ContentType)
	case !sd.Attached:
		return nil, fmt.Errorf("the TSTInfo is missing")
	case sd.Version != 3:
		return nil, fmt.Errorf("SignedData has version %d, not 3 (RFC 5652 §5.1)", sd.Version)
	case len(sd.SignerInfos) != 1:
		return nil, fmt.Errorf("%d signatures instead of one (RFC 3161 §2.4.2)", len(sd.SignerInfos))
	}
	info, err := tsp.ParseInfo(content)
	if err != nil {
		return nil, err
	}
	t := &opened{sd: sd, content: content, info: info}
	for _, raw := range sd.Certificates {
		if certificate, err := pkix.ParseCertificate(raw); err == nil {
			t.certificates = append(t.certificates, certificate)
		}
	}
	return t, nil
}

// signingCertificate finds the certificate that both the SignerInfo and the first ESSCertID or ESSCertIDv2 of each
// signing-certificate attribute name: RFC 3161 §2.4.1, RFC 5816 §2.2.1.
func (t *opened) signingCertificate() (*pkix.Certificate, error) {
	references, err := certificateReferences(t.sd.SignerInfos[0])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	if len(references) == 0 {
		return nil, fmt.Errorf("%w: no signing-certificate attribute", ErrCertificate)
	}
	candidates := t.sd.CertificatesFor(t.sd.SignerInfos[0])
	if len(candidates) == 0 {
		return nil, fmt.Errorf("%w: no certificate for the signer identifier", ErrCertificate)
	}
	for _, candidate := range candidates {
		if !slices.ContainsFunc(references, func(id cms.ESSCertID) bool { return !names(id, candidate) }) {
			return candidate, nil
		}
	}
	return nil, fmt.Errorf("%w: the signing-certificate attribute names another one", ErrCertificate)
}

// names reports whether a reference is to a certificate, by digest and, where it has them, by issuer and serial number.
func names(id cms.ESSCertID, certificate *pkix.Certificate) bool {
	return id.Matches(certificate) && (id.Issuer == nil || id.NamesIssuerOf(certificate))
}

// certificateReferences are the first ESSCertIDs of the attributes of both versions.
func certificateReferences(si *cms.SignerInfo) ([]cms.ESSCertID, error) {
	var first []cms.ESSCertID
	for _, attribute := range si.SignedAttributes {
		if attribute.Type != cms.OIDSigningCertificate && attribute.Type != cms.OIDSigningCertificateV2 {
			continue
		}
		references, err := cms.ParseSigningCertificates(attribute)
		if err != nil {
			return nil, err
		}
		first = append(first, references[0])
	}
	return first, nil
}

func (t *opened) verify(certificate *pkix.Certificate) error {
	if h, err := pkix.DigestByOID(t.sd.SignerInfos[0].DigestAlgorithm); err == nil && h == crypto.SHA1 {
		return fmt.Errorf("%w: a token signed with SHA-1 today", ErrUnsupported)
	}
	findings := t.sd.Verify(0, certificate, func(h crypto.Hash) ([]byte, bool) { return digestOf(h, t.content) })
	if len(findings) == 0 {
		return nil
	}
	kind := ErrUnsupported
	worst := slices.IndexFunc(findings, func(f cms.Finding) bool { return !f.Unsupported })
	if worst < 0 {
		worst = 0
	} else {
		kind = ErrSignature
	}
	return fmt.Errorf("%w: %s (%s)", kind, findings[worst].Message, findings[worst].Clause)
}

func digestOf(h crypto.Hash, b []byte) ([]byte, bool) {
	if !h.Available() {
		return nil, false
	}
	w := h.New()
	w.Write(b)
	return w.Sum(nil), true
}

var oidTimeStamping = der.MustOID("1.3.6.1.5.5.7.3.8") // id-kp-timeStamping

// mayTimestamp checks what RFC 3161 §2.3 asks of the certificate: one critical extended key usage, timeStamping alone, and
// a key usage, if there is one, that signs. A certification authority is not a timestamping unit (EN 319 422 §8).
func mayTimestamp(c *pkix.Certificate) error {
	if c.BasicConstraints != nil && c.BasicConstraints.CA {
		return fmt.Errorf("%w: %s", ErrAuthorityCA, c.Subject)
	}
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != oidTimeStamping || !c.ExtKeyUsageCritical {
		return fmt.Errorf("%w: %s (RFC 3161 §2.3)", ErrKeyUsage, c.Subject)
	}
	const digitalSignature, contentCommitment = 1 << 0, 1 << 1
	if c.KeyUsage != nil && c.KeyUsage.Bits&(digitalSignature|contentCommitment) == 0 {
		return fmt.Errorf("%w: the key usage of %s does not sign (RFC 5280 §4.2.1.3)", ErrKeyUsage, c.Subject)
	}
	return nil
}
