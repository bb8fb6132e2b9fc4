package cades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func certificate(t testing.TB, id *pkitest.Identity) *pkix.Certificate {
	c, err := pkix.ParseCertificate(id.DER)
	require.NoError(t, err)
	return c
}

// made signs with our CMS engine: messages that Sign does not make.
func made(t testing.TB, id *pkitest.Identity, contentType der.OID, digest []byte, attributes ...cms.Attribute) *cms.SignerInfo {
	attributes = append(attributes, cms.SigningCertificateV2(certificate(t, id), crypto.SHA256), cms.SigningTime(signingTime))
	si, err := cms.Sign(rand.Reader, id.Key, cms.SignerRequest{
		Certificate: certificate(t, id), ContentType: contentType, Digest: digest, Attributes: attributes,
	})
	require.NoError(t, err)
	return si
}

// counterSigned is a countersignature over a value: no content-type attribute (RFC 5652 §11.4).
func counterSigned(t testing.TB, id *pkitest.Identity, value []byte, unsigned ...cms.Attribute) []byte {
	sum := sha256.Sum256(value)
	attributes := cms.MarshalAttributes([]cms.Attribute{
		cms.NewAttribute(cms.OIDMessageDigest, append([]byte{4, 32}, sum[:]...)),
		cms.SigningCertificateV2(certificate(t, id), crypto.SHA256), cms.SigningTime(signingTime),
	})
	c := certificate(t, id)
	scheme, err := pkix.SchemeFor(&c.PublicKey, crypto.SHA256, false)
	require.NoError(t, err)
	signed, err := signer(t, id).Sign(t.Context(), ades.NewRequest(attributes, crypto.SHA256, false))
	require.NoError(t, err)
	si := &cms.SignerInfo{
		SID: cms.IssuerSerialOf(c), DigestAlgorithm: pkix.DigestAlgorithm(crypto.SHA256), RawSignedAttributes: attributes,
		SignatureAlgorithm: scheme.AlgorithmIdentifier(&c.PublicKey), Signature: signed, UnsignedAttributes: unsigned,
	}
	raw, err := si.Marshal()
	require.NoError(t, err)
	return raw
}

func message(t testing.TB, contentType der.OID, ids []*pkitest.Identity, signers ...*cms.SignerInfo) []byte {
	sd := &cms.SignedData{ContentType: contentType, SignerInfos: signers}
	for _, id := range ids {
		sd.Certificates = append(sd.Certificates, id.DER)
	}
	out, err := sd.MarshalAttached(content)
	require.NoError(t, err)
	return out
}

func contentDigest() []byte { sum := sha256.Sum256(content); return sum[:] }

// Signature, counter-signature, and a counter-signature on it, each with its own timestamp: EN 319 122-1 §5.2.7.
func TestCounterSignatures(t *testing.T) {
	h := sharedHouse()
	mayor, prefect, archive := h.leaf(pkitest.P256), h.ca.Leaf("Préfecture", pkitest.Seal), h.ca.Leaf("Archives", pkitest.Seal)
	main := made(t, mayor, cms.OIDData, contentDigest())
	second := counterSigned(t, prefect, main.Signature)
	inner, err := cms.ParseSignerInfo(second)
	require.NoError(t, err)
	sum := sha256.Sum256(inner.Signature)
	token, err := h.tsa.Timestamp(t.Context(), crypto.SHA256, sum[:])
	require.NoError(t, err)
	third := counterSigned(t, archive, inner.Signature)
	inner.UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDCountersignature, third), cms.NewAttribute(cms.OIDSignatureTimestamp, token)}
	second, err = inner.Marshal()
	require.NoError(t, err)
	stray := counterSigned(t, archive, []byte("une autre valeur"))
	main.UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDCountersignature, second, stray)}

	doc := read(t, message(t, cms.OIDData, []*pkitest.Identity{mayor, prefect, archive}, main), nil)
	byID := map[string]*facts.Signature{}
	for i := range doc.Signatures {
		byID[doc.Signatures[i].ID] = &doc.Signatures[i]
	}
	require.Len(t, byID, 4)
	require.Len(t, doc.Timestamps, 1)
	stampedOne := doc.Timestamps[0].Parent
	for id, parent := range map[string]string{"S-1": "", "S-1-C1": "S-1", "S-1-C2": "S-1", stampedOne + "-C1": stampedOne} {
		require.Contains(t, byID, id)
		require.Equal(t, parent, byID[id].Parent)
	}
	require.True(t, doc.Timestamps[0].References[1].Intact)
	require.Equal(t, "B-T", byID[stampedOne].Level)
	require.Equal(t, []string{stampedOne + "-T1"}, byID[stampedOne].Tokens)
	sounds := 0
	for id, s := range byID {
		if isSound(doc, s) {
			sounds++
			continue
		}
		require.Equal(t, "S-1", s.Parent, id)
		require.True(t, s.References[0].Found, "%s is over a value that is at hand, and not that one", id)
		require.False(t, s.References[0].Intact)
	}
	require.Equal(t, 3, sounds)
}

func TestUnreadableCounterSignatureIsListed(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	main := made(t, id, cms.OIDData, contentDigest())
	main.UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDCountersignature, []byte{5, 0})}
	doc := read(t, message(t, cms.OIDData, []*pkitest.Identity{id}, main), nil)
	require.Len(t, doc.Signatures, 2)
	require.True(t, isSound(doc, &doc.Signatures[0]))
	require.Equal(t, "cms.signer-unreadable", doc.Signatures[1].Problems[0].Code)
	require.Equal(t, "S-1", doc.Signatures[1].Parent)
}

func TestCounterSignaturesAreBounded(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	nested := func(depth int) []byte {
		raw := counterSigned(t, id, []byte("fond"))
		for range depth {
			raw = counterSigned(t, id, []byte("valeur"), cms.NewAttribute(cms.OIDCountersignature, raw))
		}
		main := made(t, id, cms.OIDData, contentDigest())
		main.UnsignedAttributes = []cms.Attribute{cms.NewAttribute(cms.OIDCountersignature, raw)}
		return message(t, cms.OIDData, []*pkitest.Identity{id}, main)
	}
	require.Len(t, read(t, nested(limits.CAdESCounterDepth-1), nil).Signatures, limits.CAdESCounterDepth+1)
	_, err := cades.Read(t.Context(), ades.Bytes(nested(limits.CAdESCounterDepth)), cades.ReadOptions{})
	require.ErrorIs(t, err, cades.ErrNotCMS)
	require.ErrorContains(t, err, "nested")
}

// A content timestamp asks for a digest that nobody announced: the content is read again for it.
func TestContentTimestamp(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	sums, err := ades.Bytes(content).Digests(t.Context(), crypto.SHA512)
	require.NoError(t, err)
	token, err := h.tsa.Timestamp(t.Context(), crypto.SHA512, sums[crypto.SHA512])
	require.NoError(t, err)
	stray, err := h.tsa.Timestamp(t.Context(), crypto.SHA384, make([]byte, 48))
	require.NoError(t, err)
	main := made(t, id, cms.OIDData, contentDigest(), cms.NewAttribute(cms.OIDContentTimestamp, token, stray))
	attached := message(t, cms.OIDData, []*pkitest.Identity{id}, main)
	detached, err := (&cms.SignedData{ContentType: cms.OIDData, Certificates: [][]byte{id.DER}, SignerInfos: []*cms.SignerInfo{main}}).Marshal()
	require.NoError(t, err)
	for name, doc := range map[string]*facts.Document{
		"attached": read(t, attached, nil), "detached": read(t, detached, ades.Bytes(content)), "without content": read(t, detached, nil),
	} {
		require.Equal(t, name != "without content", isSound(doc, &doc.Signatures[0]), name)
		require.Len(t, doc.Timestamps, 2)
		intact := 0
		for _, token := range doc.Timestamps {
			require.Equal(t, facts.ContentTimestamp, token.Type)
			require.Equal(t, name != "without content", token.References[1].Found)
			if token.References[1].Intact {
				intact++
			}
		}
		require.Equal(t, map[string]int{"attached": 1, "detached": 1, "without content": 0}[name], intact)
		require.Equal(t, "B-B", doc.Signatures[0].Level)
	}
}

func TestTimestampFiles(t *testing.T) {
	h := sharedHouse()
	token, err := h.tsa.Timestamp(t.Context(), crypto.SHA256, contentDigest())
	require.NoError(t, err)
	doc := read(t, token, ades.Bytes(content))
	require.Equal(t, facts.Timestamp, doc.Format)
	require.Empty(t, doc.Signatures)
	require.True(t, doc.Timestamps[0].References[1].Intact)
}

// A caller who names a document must not be answered about another one inside the signature.
func TestAttachedAndAnotherDocument(t *testing.T) {
	h := sharedHouse()
	signed := sign(t, signer(t, h.leaf(pkitest.P256)), cades.Options{})
	sums, err := ades.Bytes(content).Digests(t.Context(), crypto.SHA512)
	require.NoError(t, err)
	known, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA512, Sum: sums[crypto.SHA512], Size: -1})
	require.NoError(t, err)
	for name, beside := range map[string]*ades.Document{"the same": ades.Bytes(content), "its digest": known} {
		doc := read(t, signed, beside)
		require.True(t, isSound(doc, &doc.Signatures[0]), name)
	}
	doc := read(t, signed, ades.Bytes([]byte("Autre délibération")))
	require.Equal(t, "cades.other-document", doc.Signatures[0].Problems[0].Code)
	require.True(t, doc.Signatures[0].Problems[0].Fatal)
}

// The forgeries and faults of form that a reader must name.
func TestProblemsAreNamed(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	other := h.ca.Leaf("Autre")
	ids := []*pkitest.Identity{id}
	good := func() *cms.SignerInfo { return made(t, id, cms.OIDData, contentDigest()) }
	otherType := der.MustOID("1.3.6.1.4.1.32473.1")
	for name, c := range map[string]struct {
		file  func() []byte
		code  string
		fatal bool
		level string
	}{
		"content-type attribute of another type": {func() []byte {
			return message(t, cms.OIDData, ids, made(t, id, otherType, contentDigest()))
		}, "cms.content-type-mismatch", true, "B-B"},
		"digest algorithm of another strength": {func() []byte {
			si := good()
			si.DigestAlgorithm = pkix.DigestAlgorithm(crypto.SHA384)
			return message(t, cms.OIDData, ids, si)
		}, "cms.algorithm-disagreement", true, "B-B"},
		"unknown digest algorithm": {func() []byte {
			si := good()
			si.DigestAlgorithm.OID = otherType
			return message(t, cms.OIDData, ids, si)
		}, "cms.unsupported-algorithm", false, "B-B"},
		"attributes out of order": {func() []byte {
			si := good()
			attributes, err := cms.ParseAttributes(si.RawSignedAttributes)
			require.NoError(t, err)
			var swapped []byte
			for i := len(attributes) - 1; i >= 0; i-- {
				swapped = append(swapped, attributes[i].Marshal()...)
			}
			si.RawSignedAttributes = append(bytes.Clone(si.RawSignedAttributes[:len(si.RawSignedAttributes)-len(swapped)]), swapped...)
			value, err := signer(t, id).Sign(t.Context(), ades.NewRequest(si.RawSignedAttributes, crypto.SHA256, false))
			require.NoError(t, err)
			si.Signature = value
			return message(t, cms.OIDData, ids, si)
		}, "cms.attributes-not-der", false, "B-B"},
		"signing time that is none": {func() []byte {
			si, err := cms.Sign(rand.Reader, id.Key, cms.SignerRequest{
				Certificate: certificate(t, id), Digest: contentDigest(),
				Attributes: []cms.Attribute{cms.NewAttribute(cms.OIDSigningTime, []byte{5, 0}), cms.SigningCertificateV2(certificate(t, id), crypto.SHA256)},
			})
			require.NoError(t, err)
			return message(t, cms.OIDData, ids, si)
		}, "cms.attribute-unreadable", false, "B-B"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := read(t, c.file(), nil)
			s := doc.Signatures[0]
			require.NotEmpty(t, s.Problems)
			require.Equal(t, c.code, s.Problems[0].Code)
			require.Equal(t, c.fatal, s.Problems[0].Fatal)
			require.NotEmpty(t, s.Problems[0].Clause)
			require.Equal(t, c.level, s.Level)
		})
	}

	// A signing-certificate attribute that names another certificate: the value verifies, the form is no CAdES.
	wrong, err := cms.Sign(rand.Reader, id.Key, cms.SignerRequest{
		Certificate: certificate(t, id), Digest: contentDigest(),
		Attributes: []cms.Attribute{cms.SigningTime(signingTime), cms.SigningCertificateV2(certificate(t, other), crypto.SHA256)},
	})
	require.NoError(t, err)
	doc := read(t, message(t, cms.OIDData, []*pkitest.Identity{id, other}, wrong), nil)
	require.Equal(t, "PKCS7", doc.Signatures[0].Level)
	require.False(t, isSound(doc, &doc.Signatures[0]))
	require.Equal(t, []string{doc.AddCertificate(other.DER, facts.FromSignature)}, doc.Signatures[0].SigningCertificate[0].Matches)
	require.Equal(t, []string{doc.AddCertificate(id.DER, facts.FromSignature)}, doc.Signatures[0].Candidates)
}

// A signature without signed attributes is over the content itself, unless that content is another signature's attributes.
func TestWithoutSignedAttributes(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	c := certificate(t, id)
	scheme, err := pkix.SchemeFor(&c.PublicKey, crypto.SHA256, false)
	require.NoError(t, err)
	bare := func(over []byte) []byte {
		value, err := signer(t, id).Sign(t.Context(), ades.NewRequest(over, crypto.SHA256, false))
		require.NoError(t, err)
		si := &cms.SignerInfo{SID: cms.IssuerSerialOf(c), DigestAlgorithm: pkix.DigestAlgorithm(crypto.SHA256), Signature: value,
			SignatureAlgorithm: scheme.AlgorithmIdentifier(&c.PublicKey)}
		out, err := (&cms.SignedData{ContentType: cms.OIDData, Certificates: [][]byte{id.DER}, SignerInfos: []*cms.SignerInfo{si}}).MarshalAttached(over)
		require.NoError(t, err)
		return out
	}
	doc := read(t, bare(content), nil)
	require.Empty(t, doc.Signatures[0].Problems)
	require.Empty(t, doc.Signatures[0].ToBeSigned)
	require.Equal(t, contentDigest(), doc.Signatures[0].References[0].Computed)
	require.Equal(t, "PKCS7", doc.Signatures[0].Level)
	require.True(t, verifies(&doc.Signatures[0], &c.PublicKey))

	swapped := bare(made(t, id, cms.OIDData, contentDigest()).RawSignedAttributes)
	doc = read(t, swapped, nil)
	require.True(t, verifies(&doc.Signatures[0], &c.PublicKey), "the value alone does not tell")
	require.Equal(t, "cms.content-looks-like-attributes", doc.Signatures[0].Problems[0].Code)
	require.True(t, doc.Signatures[0].Problems[0].Fatal)
}

func TestReadRefuses(t *testing.T) {
	h := sharedHouse()
	signed := sign(t, signer(t, h.leaf(pkitest.P256)), cades.Options{})
	for name, file := range map[string][]byte{
		"nothing": nil, "text": content, "PDF": []byte("%PDF-1.7"), "cut": signed[:len(signed)-1], "octets behind": append(bytes.Clone(signed), 0),
		"a certificate": h.root.DER, "a sequence": {0x30, 0}, "an endless sequence": {0x30, 0x80},
	} {
		_, err := cades.Read(t.Context(), ades.Bytes(file), cades.ReadOptions{})
		require.ErrorIs(t, err, cades.ErrNotCMS, name)
	}
	_, err := cades.Read(t.Context(), ades.Bytes(signed), cades.ReadOptions{MaxContent: int64(len(content)) - 1})
	require.Error(t, err)
	_, err = cades.Read(t.Context(), ades.Bytes(signed), cades.ReadOptions{MaxContent: int64(len(content))})
	require.NoError(t, err)
	_, err = cades.Read(t.Context(), ades.Bytes(signed), cades.ReadOptions{Content: brokenPipe{}})
	require.ErrorIs(t, err, io.ErrClosedPipe)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = cades.Read(ctx, ades.Bytes(signed), cades.ReadOptions{})
	require.ErrorIs(t, err, context.Canceled)

	known, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: make([]byte, 32), Size: 10})
	require.NoError(t, err)
	_, err = cades.Read(t.Context(), known, cades.ReadOptions{})
	require.ErrorIs(t, err, ades.ErrDigestOnly)
}

// A file of certificates alone holds no signature, and that is no error.
func TestCertificatesOnly(t *testing.T) {
	h := sharedHouse()
	out, err := (&cms.SignedData{ContentType: cms.OIDData, Certificates: h.leaf(pkitest.P256).ChainDER()}).Marshal()
	require.NoError(t, err)
	doc := read(t, out, nil)
	require.Empty(t, doc.Signatures)
	require.Len(t, doc.Certificates, 2)
}

// The certificate may be elsewhere, or unreadable: the signature is read all the same.
func TestWithoutItsCertificate(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	for name, certificates := range map[string][][]byte{"none": nil, "another": {h.root.DER}, "unreadable": {{0x30, 3, 2, 1, 0}}} {
		sd := &cms.SignedData{ContentType: cms.OIDData, Certificates: certificates, SignerInfos: []*cms.SignerInfo{made(t, id, cms.OIDData, contentDigest())}}
		out, err := sd.MarshalAttached(content)
		require.NoError(t, err)
		doc := read(t, out, nil)
		require.Empty(t, doc.Signatures[0].Candidates, name)
		require.True(t, doc.Signatures[0].References[0].Intact, name)
		require.Equal(t, "BES", doc.Signatures[0].Level, name)
		// Given by the caller, it is found.
		doc.AddCertificate(id.DER, facts.FromCaller)
		doc.Designate()
		require.True(t, isSound(doc, &doc.Signatures[0]), name)
	}
}

// Many signers and many certificates cost their sum, not their product.
func TestReadManySigners(t *testing.T) {
	h := sharedHouse()
	id := h.leaf(pkitest.P256)
	sd := &cms.SignedData{ContentType: cms.OIDData, Certificates: [][]byte{id.DER}}
	for range 300 {
		sd.SignerInfos = append(sd.SignerInfos, made(t, id, cms.OIDData, contentDigest()))
	}
	for i := range 3000 {
		fake := bytes.Clone(id.DER)
		fake[len(fake)-1], fake[len(fake)-2] = byte(i), byte(i>>8)
		sd.Certificates = append(sd.Certificates, fake)
	}
	out, err := sd.MarshalAttached(content)
	require.NoError(t, err)
	doc := read(t, out, nil)
	require.Len(t, doc.Signatures, 300)
	require.NotEmpty(t, doc.Signatures[299].Candidates)
}

func TestErrorsReadAsSentences(t *testing.T) {
	_, err := cades.Read(t.Context(), ades.Bytes(content), cades.ReadOptions{})
	require.True(t, strings.HasPrefix(err.Error(), "cades: not a CMS signature"), err.Error())
}
