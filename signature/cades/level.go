package cades

import (
	"slices"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// held is what a signature holds of what tells its level.
type held uint32

const (
	contentType held = 1 << iota
	messageDigest
	signingTime
	certificateV1
	certificateV2
	policy
	mimeType
	signatureTimestamp
	certificateRefs
	revocationRefs
	certificateValues
	revocationValues
	referencesTimestamp
	archiveV2
	archiveV3
	evidenceInternal
	evidenceExternal
)

var signedHeld = byOID(map[der.OID]held{
	cms.OIDContentType: contentType, cms.OIDMessageDigest: messageDigest, cms.OIDSigningTime: signingTime,
	cms.OIDSigningCertificate: certificateV1, cms.OIDSigningCertificateV2: certificateV2, cms.OIDSignaturePolicy: policy,
	cms.OIDMIMEType: mimeType,
})

var unsignedHeld = byOID(map[der.OID]held{
	cms.OIDSignatureTimestamp: signatureTimestamp, cms.OIDCertificateRefs: certificateRefs, cms.OIDRevocationRefs: revocationRefs,
	cms.OIDCertificateValues: certificateValues, cms.OIDRevocationValues: revocationValues,
	cms.OIDReferencesTimestamp: referencesTimestamp, cms.OIDCertCRLTimestamp: referencesTimestamp,
	cms.OIDArchiveTimestampV2: archiveV2, cms.OIDArchiveTimestampV3: archiveV3,
	cms.OIDEvidenceRecordInternal: evidenceInternal, cms.OIDEvidenceRecordExternal: evidenceExternal,
})

func byOID(table map[der.OID]held) map[string]held {
	out := make(map[string]held, len(table))
	for oid, h := range table {
		out[oid.String()] = h
	}
	return out
}

func (h held) all(wanted held) bool { return h&wanted == wanted }
func (h held) any(wanted held) bool { return h&wanted != 0 }

// level says which form a signature claims by the attributes and values present, whatever their validity: the baseline levels
// of EN 319 122-1 §6, the extended forms of EN 319 122-2 by their old names, PKCS7 when it is no CAdES.
func level(s *facts.Signature, doc *facts.Document, sd *cms.SignedData) string {
	var h held
	for _, a := range s.SignedAttributes {
		h |= signedHeld[a.OID]
	}
	for _, a := range s.UnsignedAttributes {
		h |= unsignedHeld[a.OID]
	}
	if !isBES(s, h) {
		return "PKCS7"
	}
	baseline := isBaseline(s, sd, h)
	switch {
	case h.any(evidenceInternal) != h.any(evidenceExternal): // both in one signature are none: TS 119 122-3 §5.2
		return "ERS"
	case !h.any(signatureTimestamp) && baseline:
		return "B-B"
	case !h.any(signatureTimestamp) && h.any(policy):
		return "EPES"
	case !h.any(signatureTimestamp):
		return "BES"
	}
	switch {
	case h.all(certificateRefs | revocationRefs):
		return extended(h, holdsRevocation(s, doc, sd))
	case h.any(archiveV2):
		return "A"
	case !baseline:
		return "T"
	case !holdsRevocation(s, doc, sd):
		return "B-T"
	case h.any(archiveV3):
		return "B-LTA"
	}
	return "B-LT"
}

// extended tells the forms with references apart: EN 319 122-2 §5. Values that do not answer for the signer's chain are none.
func extended(h held, complete bool) string {
	values := complete && h.all(certificateValues|revocationValues)
	switch {
	case values && h.any(archiveV2|archiveV3):
		return "A"
	case values:
		return "XL"
	case h.any(referencesTimestamp):
		return "X"
	}
	return "C"
}

// isBES: a signing-certificate attribute that names the signer's certificate, EN 319 122-1 §5.2.2. A wrong one is none.
func isBES(s *facts.Signature, h held) bool {
	if !h.all(messageDigest) || !h.any(certificateV1|certificateV2) || s.Parent == "" && !h.all(contentType) || len(s.SigningCertificate) == 0 {
		return false
	}
	return len(s.Candidates) == 0 || slices.ContainsFunc(s.SigningCertificate[0].Matches, func(id string) bool {
		return slices.Contains(s.Candidates, id)
	})
}

// isBaseline: EN 319 122-1 §6.3, table 1.
func isBaseline(s *facts.Signature, sd *cms.SignedData, h held) bool {
	return h.all(signingTime) && len(s.Candidates) > 0 && len(sd.Certificates) > 0 &&
		(s.Parent != "" || s.ContentType == oidData)
}

var oidData = cms.OIDData.String()
