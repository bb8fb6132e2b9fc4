package pkix

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// Tags of a GeneralName (RFC 5280 §4.2.1.6).
var (
	tagEmail = asn1.Tag(1).ContextSpecific()
	tagDNS   = asn1.Tag(2).ContextSpecific()
	tagURI   = asn1.Tag(6).ContextSpecific()
)

func (c *Certificate) readSubjectAltName(e Extension, _ *collector) bool {
	input, names := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&names, asn1.SEQUENCE) || !input.Empty() {
		return false
	}
	return eachName(names, func(tag asn1.Tag, text []byte) {
		switch tag {
		case tagEmail:
			c.EmailAddresses = append(c.EmailAddresses, string(text))
		case tagDNS:
			c.DNSNames = append(c.DNSNames, string(text))
		case tagURI:
			c.URIs = append(c.URIs, string(text))
		}
	})
}

// eachName calls visit with each GeneralName of a list, by its tag and content octets.
func eachName(names cryptobyte.String, visit func(asn1.Tag, []byte)) bool {
	for n := 0; !names.Empty(); n++ {
		var content cryptobyte.String
		var tag asn1.Tag
		if n == limits.ExtensionItems || !names.ReadAnyASN1(&content, &tag) {
			return false
		}
		visit(tag, content)
	}
	return true
}

// readDistributionPoints keeps the URIs of fullName (RFC 5280 §4.2.1.13). Other kinds of names, reasons and cRLIssuer are
// passed over.
func (c *Certificate) readDistributionPoints(e Extension, _ *collector) bool {
	uris, ok := DistributionPoints(e.Value)
	if ok {
		c.CRLDistributionPoints = uris
	}
	return ok
}

// DistributionPoints returns the URIs in a CRLDistributionPoints or FreshestCRL value.
func DistributionPoints(value []byte) (uris []string, ok bool) {
	input, points := cryptobyte.String(value), cryptobyte.String(nil)
	if !input.ReadASN1(&points, asn1.SEQUENCE) || !input.Empty() {
		return nil, false
	}
	for n := 0; !points.Empty(); n++ {
		var point, name, full cryptobyte.String
		var hasName, hasFull bool
		if n == limits.ExtensionItems || !points.ReadASN1(&point, asn1.SEQUENCE) || !point.ReadOptionalASN1(&name, &hasName, contextTag(0)) {
			return nil, false
		}
		if !name.ReadOptionalASN1(&full, &hasFull, contextTag(0)) || hasName && !hasFull && !name.PeekASN1Tag(contextTag(1)) {
			return nil, false // neither fullName nor nameRelativeToCRLIssuer
		}
		isRead := eachName(full, func(tag asn1.Tag, text []byte) {
			if tag == tagURI {
				uris = append(uris, string(text))
			}
		})
		if !isRead {
			return nil, false
		}
	}
	return uris, true
}

func (c *Certificate) readInfoAccess(e Extension, _ *collector) bool {
	input, list := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&list, asn1.SEQUENCE) || !input.Empty() {
		return false
	}
	var ocsp, issuers []string
	for n := 0; !list.Empty(); n++ {
		var description, location cryptobyte.String
		var method der.OID
		var tag asn1.Tag
		if n == limits.ExtensionItems || !list.ReadASN1(&description, asn1.SEQUENCE) || !der.ReadOID(&description, &method) ||
			!description.ReadAnyASN1(&location, &tag) {
			return false
		}
		if tag != tagURI {
			continue
		}
		switch method {
		case OIDAccessOCSP:
			ocsp = append(ocsp, string(location))
		case OIDAccessCAIssuers:
			issuers = append(issuers, string(location))
		}
	}
	c.OCSPServers, c.CAIssuers = ocsp, issuers
	return true
}
