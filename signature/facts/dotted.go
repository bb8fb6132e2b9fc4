package facts

import (
	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// usual holds the dotted form of the identifiers that nearly every signature has: writing them again for each would cost a
// tenth of reading it.
var usual = func() map[der.OID]string {
	list := []der.OID{
		cms.OIDData, cms.OIDTSTInfo, cms.OIDContentType, cms.OIDMessageDigest, cms.OIDSigningTime, cms.OIDAlgorithmProtection,
		cms.OIDSigningCertificate, cms.OIDSigningCertificateV2, cms.OIDMIMEType, cms.OIDSignaturePolicy, cms.OIDSignatureTimestamp,
		cms.OIDRevocationInfoArchival, cms.OIDArchiveTimestampV3, cms.OIDCountersignature,
	}
	for _, h := range hashes {
		list = append(list, pkix.DigestAlgorithm(h).OID)
		for _, kind := range []pkix.SchemeKind{pkix.PKCS1v15, pkix.PSS, pkix.ECDSA, pkix.EdDSA} {
			list = append(list, pkix.Scheme{Kind: kind, Hash: h, MGFHash: h, SaltLength: h.Size()}.AlgorithmIdentifier(nil).OID)
		}
	}
	table := make(map[der.OID]string, len(list))
	for _, oid := range list {
		if oid != "" {
			table[oid] = oid.String()
		}
	}
	return table
}()

func dotted(oid der.OID) string {
	if text, ok := usual[oid]; ok {
		return text
	}
	return oid.String()
}

var usualOIDs = func() map[string]der.OID {
	table := make(map[string]der.OID, len(usual))
	for oid, text := range usual {
		table[text] = oid
	}
	return table
}()

func parseDotted(text string) (der.OID, error) {
	if oid, ok := usualOIDs[text]; ok {
		return oid, nil
	}
	return der.ParseOID(text)
}
