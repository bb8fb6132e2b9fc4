package pkix

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// A QCStatement is a statement of a qualified certificate (RFC 3739 §3.2.6, EN 319 412-5).
type QCStatement struct {
	ID   der.OID
	Info []byte // the encoded statementInfo, nil when absent
}

// Statements and types of EN 319 412-5 §4.
var (
	OIDQcCompliance  = der.MustOID("0.4.0.1862.1.1")
	OIDQcLimitValue  = der.MustOID("0.4.0.1862.1.2")
	OIDQcRetention   = der.MustOID("0.4.0.1862.1.3")
	OIDQcSSCD        = der.MustOID("0.4.0.1862.1.4")
	OIDQcPDS         = der.MustOID("0.4.0.1862.1.5")
	OIDQcType        = der.MustOID("0.4.0.1862.1.6")
	OIDQcTypeESign   = der.MustOID("0.4.0.1862.1.6.1")
	OIDQcTypeESeal   = der.MustOID("0.4.0.1862.1.6.2")
	OIDQcTypeWeb     = der.MustOID("0.4.0.1862.1.6.3")
	OIDQcLegislation = der.MustOID("0.4.0.1862.1.7")
)

// QCStatements decodes the qcStatements extension. It returns nil and true when there is none, false when it cannot be read.
func (c *Certificate) QCStatements() ([]QCStatement, bool) {
	e, ok := c.Extension(OIDQCStatements)
	if !ok {
		return nil, true
	}
	input, list := cryptobyte.String(e.Value), cryptobyte.String(nil)
	if !input.ReadASN1(&list, asn1.SEQUENCE) || !input.Empty() {
		return nil, false
	}
	var statements []QCStatement
	for !list.Empty() {
		var content, info cryptobyte.String
		var s QCStatement
		if len(statements) == limits.ExtensionItems || !list.ReadASN1(&content, asn1.SEQUENCE) || !der.ReadOID(&content, &s.ID) {
			return nil, false
		}
		if !content.Empty() {
			if !content.ReadAnyASN1Element(&info, nil) || !content.Empty() {
				return nil, false
			}
			s.Info = info
		}
		statements = append(statements, s)
	}
	return statements, true
}

// QCTypes returns the types of the QcType statement; nil when it is absent or cannot be read.
func (c *Certificate) QCTypes() []der.OID {
	statements, _ := c.QCStatements()
	for _, s := range statements {
		if s.ID != OIDQcType {
			continue
		}
		info, list := cryptobyte.String(s.Info), cryptobyte.String(nil)
		if !info.ReadASN1(&list, asn1.SEQUENCE) {
			return nil
		}
		var types []der.OID
		for !list.Empty() {
			var oid der.OID
			if !der.ReadOID(&list, &oid) {
				return nil
			}
			types = append(types, oid)
		}
		return types
	}
	return nil
}
