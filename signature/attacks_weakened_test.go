package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// A weakened verifier is a small one of our own, written for this test, that leaves one check out. An attack that it refuses
// whole and accepts without that check is one that this check alone stops: the file is not refused for being clumsy.
type weakened struct {
	forge   *pkitest.Forge
	without string
}

func (w weakened) checks(name string) bool { return w.without != name }

// TestAttacksAreReal: each attack needs one check to be refused, and passes without it.
func TestAttacksAreReal(t *testing.T) {
	forge, list := attacks()
	v := forgeValidator(t, forge)
	needed := map[string]string{
		"cms/attribute-swap":                       "content is no attributes",
		"cms/attribute-swap-detached":              "content is no attributes",
		"cms/attribute-swap-segments":              "content is no attributes",
		"signer/attributes-long":                   "content is no attributes",
		"cms/content-type":                         "content type",
		"signer/content-type-mismatch":             "content type",
		"signer/content-type-missing":              "content type",
		"signer/message-digest-missing":            "message digest",
		"signer/message-digest-cut":                "message digest whole",
		"signer/message-digest-twice":              "attributes once",
		"signer/message-digest-two-values":         "attributes once",
		"signer/content-type-twice":                "attributes once",
		"signer/digest-disagreement":               "digests agree",
		"rsa/pss-digest-other":                     "digests agree",
		"cms/content-other-beside":                 "one document",
		"cms/trailing":                             "nothing after",
		"cms/trailing-octet":                       "nothing after",
		"cms/second-signer":                        "every signer",
		"signer/several-one-wrong":                 "every signer",
		"signer/value-over-content":                "value over attributes",
		"rsa/cube-garbage-after":                   "PKCS #1 padding",
		"rsa/cube-no-padding":                      "PKCS #1 padding",
		"rsa/cube-one-octet-of-padding":            "PKCS #1 padding",
		"rsa/garbage-inside":                       "PKCS #1 padding",
		"rsa/pss-salt-shorter":                     "PSS parameters",
		"rsa/pss-salt-longer":                      "PSS parameters",
		"rsa/beyond-modulus":                       "RSA value range",
		"cms/ecdsa-zero":                           "ECDSA range",
		"cms/ecdsa-beyond-s":                       "ECDSA range",
		"cms/ecdsa-negative-s":                     "ECDSA range",
		"cms/ecdsa-third":                          "ECDSA encoding",
		"signer/certificate-named-other":           "certificate named",
		"signer/certificate-named-nobody":          "certificate named",
		"cms/certificate-impostor":                 "certificate signature",
		"chain/impostor-key-identifier":            "certificate signature",
		"chain/flipped":                            "certificate signature",
		"chain/impostor-root":                      "anchor by key",
		"chain/not-an-authority":                   "basic constraints",
		"chain/no-basic-constraints":               "basic constraints",
		"chain/path-length":                        "path length",
		"chain/no-cert-sign":                       "key usage",
		"chain/encryption":                         "key usage",
		"chain/expired":                            "dates",
		"chain/authority-expired":                  "dates",
		"chain/critical-extension":                 "critical extensions",
		"chain/name-dns-suffix":                    "names",
		"chain/name-directory":                     "names",
		"chain/cube-garbage-after":                 "PKCS #1 padding",
		"chain/psychic":                            "ECDSA range",
		"signer/countersignature-elsewhere":        "countersignatures",
		"signer/countersignature-typed":            "countersignatures",
		"cms/signer-as-countersignature":           "countersignatures",
		"range/gap-behind":                         "gap is the value",
		"range/gap-before":                         "gap is the value",
		"range/gap-page":                           "gap is the value",
		"range/brackets-covered":                   "gap is the value",
		"pdf/gap-key":                              "gap is the value",
		"pdf/gap-objects":                          "gap is the value",
		"range/not-from-the-start":                 "from the start",
		"range/not-to-the-end":                     "to the end",
		"range/three-ranges":                       "two ranges",
		"range/twice-after":                        "keys once",
		"range/padding":                            "padding",
		"pdf/gap-padding":                          "padding",
		"message/two-signers":                      "one signer",
		"message/of-another-document":              "detached",
		"pdf/saving-contents":                      "later revisions",
		"pdf/saving-in-object-stream":              "later revisions",
		"pdf/document-annotation":                  "later revisions",
		"shadow/hide-freed":                        "later revisions",
		"shadow/replace-appearance":                "later revisions",
		"shadow/hide-and-replace-reference":        "later revisions",
		"shadow/hide-and-replace-table":            "later revisions",
		"certified/nothing-annotated":              "later revisions",
		"pdf/saving-trailing":                      "to the end",
		"again/timestamped":                        "later revisions",
		"pdf/document-information-is-the-contents": "later revisions",
		"message/digest-of-digest":                 "message digest",
	}
	byName := map[string]pkitest.Attack{}
	for _, a := range list {
		byName[a.Name] = a
	}
	used := map[string]bool{}
	for name, check := range needed {
		t.Run(name, func(t *testing.T) {
			a, ok := byName[name]
			require.True(t, ok)
			used[check] = true
			require.NoError(t, weakened{forge, ""}.verify(a.Twin, a.TwinContent), "the twin")
			whole := weakened{forge, ""}.verify(a.File, a.Content)
			require.Error(t, whole)
			require.NoError(t, weakened{forge, check}.verify(a.File, a.Content), "without %q it must be accepted; whole: %v", check, whole)
			require.False(t, judge(v, forge, a.File, a.Content).believed(a.Breaks))
		})
	}
	require.GreaterOrEqual(t, len(used), 25)
}

func (w weakened) verify(file, beside []byte) error {
	if bytes.HasPrefix(file, []byte("%PDF-")) {
		return w.pdf(file)
	}
	sd, content, size, err := cms.ParsePrefix(file)
	switch {
	case err != nil:
		return err
	case size < len(file) && w.checks("nothing after"):
		return errors.New("octets after the message")
	case content != nil && beside != nil && !bytes.Equal(content, beside) && w.checks("one document"):
		return errors.New("two documents")
	case content == nil:
		content = beside
	}
	return w.signers(sd, content)
}

func (w weakened) signers(sd *cms.SignedData, content []byte) error {
	good := 0
	for _, si := range sd.SignerInfos {
		err := w.signer(sd, si, content, false)
		if err == nil {
			good++
		} else if w.checks("every signer") && w.checks("one signer") {
			return err
		}
	}
	if good == 0 {
		return errors.New("nobody signed")
	}
	return nil
}

// signer verifies one SignerInfo, its countersignatures, and the chain of its certificate.
func (w weakened) signer(sd *cms.SignedData, si *cms.SignerInfo, content []byte, isCounter bool) error {
	hash, err := pkix.DigestByOID(si.DigestAlgorithm)
	if err != nil {
		return err
	}
	scheme, err := pkix.ParseScheme(si.SignatureAlgorithm, nil, hash)
	if err != nil {
		return err
	}
	if scheme.Hash != hash && w.checks("digests agree") {
		return errors.New("two digest algorithms")
	}
	over := content
	if si.RawSignedAttributes != nil {
		over = si.RawSignedAttributes
		if err := w.attributes(sd, si, digestOf(hash, content), isCounter); err != nil {
			return err
		}
		if !w.checks("value over attributes") {
			over = content
		}
	} else if attributes, err := cms.ParseAttributes(content); err == nil && len(attributes) > 0 && w.checks("content is no attributes") {
		return errors.New("the content is a set of attributes")
	}
	var last error = errors.New("no certificate of the signer")
	for _, c := range sd.CertificatesFor(si) {
		if last = w.value(scheme, &c.PublicKey, over, si.Signature); last == nil {
			if last = w.named(si, c); last == nil {
				last = w.path(c, sd, 0)
			}
		}
		if last == nil {
			break
		}
	}
	if last != nil {
		return last
	}
	for _, a := range cms.FindAttribute(si.UnsignedAttributes, cms.OIDCountersignature) {
		for _, raw := range a.Values {
			counter, err := cms.ParseSignerInfo(raw)
			if err == nil {
				err = w.signer(sd, counter, si.Signature, true)
			}
			if err != nil && w.checks("countersignatures") {
				return err
			}
		}
	}
	return nil
}

func (w weakened) attributes(sd *cms.SignedData, si *cms.SignerInfo, sum []byte, isCounter bool) error {
	values := func(kind cms.Attribute) (all [][]byte) {
		for _, a := range cms.FindAttribute(si.SignedAttributes, kind.Type) {
			for _, v := range a.Values {
				input := cryptobyte.String(v)
				var content cryptobyte.String
				if input.ReadAnyASN1(&content, nil) {
					all = append(all, content)
				}
			}
		}
		return all
	}
	digests, types := values(cms.Attribute{Type: cms.OIDMessageDigest}), values(cms.Attribute{Type: cms.OIDContentType})
	if (len(digests) > 1 || len(types) > 1) && w.checks("attributes once") {
		return errors.New("an attribute twice")
	}
	if w.checks("content type") {
		is := slices.ContainsFunc(types, func(v []byte) bool { return string(v) == string(sd.ContentType) })
		if is == isCounter {
			return errors.New("the content type")
		}
	}
	if !w.checks("message digest") {
		return nil
	}
	if !slices.ContainsFunc(digests, func(v []byte) bool {
		return bytes.Equal(v, sum) || !w.checks("message digest whole") && bytes.HasPrefix(sum, v)
	}) {
		return errors.New("the message digest")
	}
	return nil
}

func digestOf(h crypto.Hash, b []byte) []byte {
	state := h.New()
	state.Write(b)
	return state.Sum(nil)
}

// value verifies as the library does, or as careless libraries did.
func (w weakened) value(scheme pkix.Scheme, key *pkix.PublicKeyInfo, over, value []byte) error {
	sum := digestOf(scheme.Hash, over)
	switch public := key.Public.(type) {
	case *rsa.PublicKey:
		if !w.checks("PSS parameters") && scheme.Kind == pkix.PSS {
			return rsa.VerifyPSS(public, scheme.Hash, sum, value, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto})
		}
		if !w.checks("RSA value range") {
			value = new(big.Int).Mod(new(big.Int).SetBytes(value), public.N).FillBytes(make([]byte, public.Size()))
		}
		if !w.checks("PKCS #1 padding") && scheme.Kind == pkix.PKCS1v15 {
			return loosePKCS1(public, sum, value)
		}
	case *ecdsa.PublicKey:
		if !w.checks("ECDSA range") || !w.checks("ECDSA encoding") {
			return looseECDSA(public, sum, value, !w.checks("ECDSA range"))
		}
	}
	return scheme.VerifyDigest(key, sum, value)
}

// loosePKCS1 reads the padding as it comes, then a DigestInfo, and looks no further.
func loosePKCS1(public *rsa.PublicKey, sum, value []byte) error {
	m := new(big.Int).SetBytes(value)
	encoded := m.Exp(m, big.NewInt(int64(public.E)), public.N).FillBytes(make([]byte, public.Size()))
	at := 2
	for at < len(encoded) && encoded[at] == 0xff {
		at++
	}
	rest := cryptobyte.String(encoded[min(at+1, len(encoded)):])
	var info, algorithm, octets cryptobyte.String
	if encoded[0] != 0 || encoded[1] != 1 || !rest.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!info.ReadASN1(&octets, asn1.OCTET_STRING) || !bytes.Equal(octets, sum) {
		return pkix.ErrSignature
	}
	return nil
}

// looseECDSA takes r and s modulo the order, and the point at infinity for one whose abscissa is zero; or reads them and looks
// no further.
func looseECDSA(public *ecdsa.PublicKey, sum, value []byte, anyRange bool) error {
	input := cryptobyte.String(value)
	var content cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	if !input.ReadASN1(&content, asn1.SEQUENCE) || !content.ReadASN1Integer(r) || !content.ReadASN1Integer(s) {
		return pkix.ErrSignature
	}
	if anyRange {
		n := public.Curve.Params().N
		r.Mod(r, n)
		s.Mod(s, n)
		if r.Sign() == 0 && s.Sign() == 0 {
			return nil
		}
	}
	if !ecdsa.Verify(public, sum, r, s) {
		return pkix.ErrSignature
	}
	return nil
}

// named compares the certificate with the attribute that names it.
func (w weakened) named(si *cms.SignerInfo, c *pkix.Certificate) error {
	for _, a := range cms.FindAttribute(si.SignedAttributes, cms.OIDSigningCertificateV2) {
		ids, err := cms.ParseSigningCertificates(a)
		if err != nil {
			return err
		}
		if !ids[0].Matches(c) && w.checks("certificate named") {
			return errors.New("the certificate is not the one named")
		}
	}
	return nil
}

// path follows issuers to the anchor.
func (w weakened) path(c *pkix.Certificate, sd *cms.SignedData, depth int) error {
	now := w.forge.Time
	if (now.Before(c.NotBefore) || now.After(c.NotAfter)) && w.checks("dates") {
		return errors.New("out of its validity")
	}
	for _, e := range c.Extensions {
		known := []string{pkitest.OIDKeyUsage, pkitest.OIDBasicConstraints, pkitest.OIDNameConstraints, pkitest.OIDExtKeyUsage}
		if e.Critical && !slices.Contains(known, e.OID.String()) && w.checks("critical extensions") {
			return errors.New("a critical extension")
		}
	}
	if usage := c.KeyUsage; usage != nil && w.checks("key usage") {
		if depth == 0 && !usage.Has(pkix.ContentCommitment) && !usage.Has(pkix.DigitalSignature) || depth > 0 && !usage.Has(pkix.KeyCertSign) {
			return errors.New("the key usage")
		}
	}
	if depth > 0 && !c.IsCA() && w.checks("basic constraints") {
		return errors.New("not an authority")
	}
	if depth > 0 && c.BasicConstraints != nil && c.BasicConstraints.PathLen >= 0 && depth-1 > c.BasicConstraints.PathLen && w.checks("path length") {
		return errors.New("the path is too long")
	}
	if depth > 8 {
		return errors.New("too long")
	}
	var last error = errors.New("no issuer")
	for _, raw := range append(slices.Clone(sd.Certificates), w.forge.Root.DER) {
		issuer, err := pkix.ParseCertificate(raw)
		if err != nil || !issuer.Subject.Equal(c.Issuer) {
			continue
		}
		isAnchor := bytes.Equal(raw, w.forge.Root.DER)
		if isAnchor && !w.checks("anchor by key") {
			return nil
		}
		if last = w.issued(c, issuer); last != nil {
			continue
		}
		if constraints, err := pkix.NameConstraintsOf(issuer); constraints != nil && w.checks("names") {
			if last = errors.Join(err, constraints.Check(c)); last != nil {
				continue
			}
		}
		if isAnchor {
			return nil
		}
		if last = w.path(issuer, sd, depth+1); last == nil {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", c.Subject, last)
}

func (w weakened) issued(c, issuer *pkix.Certificate) error {
	if !w.checks("certificate signature") {
		return nil
	}
	scheme, err := pkix.ParseScheme(c.SignatureAlgorithm, &issuer.PublicKey, 0)
	if err != nil {
		return err
	}
	return w.value(scheme, &issuer.PublicKey, c.RawTBS, c.Signature)
}
