package validation

import (
	"slices"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// otherPurposes are those of certificates that belong to a service, and that authorities give to those who run it: none is to
// sign documents.
var otherPurposes = map[der.OID]bool{
	pkix.OIDPurposeServerAuth: true, pkix.OIDPurposeCodeSigning: true, pkix.OIDPurposeTimeStamping: true, pkix.OIDPurposeOCSPSigning: true,
}

// checkPurpose asks of a document's signer that the purposes of the certificate, if it has any, leave room for documents. What a
// purpose unknown here is for cannot be told, and signers have long been given those of mail and of clients: only a certificate
// for nothing but other services is refused. A timestamp authority must have the purpose of its own, see ruleTSAUsage.
func (x *subject) checkPurpose(b *builder, c *certificate) {
	if x.scope != signatureScope || len(c.ExtKeyUsage) == 0 {
		return
	}
	if !slices.ContainsFunc(c.ExtKeyUsage, func(purpose der.OID) bool { return !otherPurposes[purpose] }) {
		b.breaks(rulePurpose, c.id, "the certificate of the signer is for servers, programs, timestamps or OCSP responses alone")
		return
	}
	b.holds(rulePurpose, c.id)
}
