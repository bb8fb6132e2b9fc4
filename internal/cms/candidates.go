package cms

import (
	"bytes"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// CertificatesFor returns the certificates of the message that a signer designates, in order, each once. More than one is
// possible: certificates may share a key identifier, or lie about their issuer; which of them is the signer's is for the
// signature value and the signing-certificate attribute to say. What does not parse as a certificate is passed over.
func (sd *SignedData) CertificatesFor(si *SignerInfo) []*pkix.Certificate {
	return Designated(si.SID, sd.Certificates)
}

// Designated returns, of raw certificates, those that id designates. Only those whose issuer and serial number match are
// parsed; with a key identifier, those in which its octets occur, and only if there are none, all of them, for certificates
// without the extension.
func Designated(id SignerID, raw [][]byte) (found []*pkix.Certificate) {
	try := func(r []byte) {
		for _, c := range found {
			if bytes.Equal(c.Raw, r) {
				return
			}
		}
		if c, err := pkix.ParseCertificate(r); err == nil && id.Matches(c) {
			found = append(found, c)
		}
	}
	if id.SubjectKeyID == nil {
		for _, r := range raw {
			if _, serial, ok := issuerAndSerial(r); !ok || sameInteger(serial, id.RawSerial) {
				try(r)
			}
		}
		return found
	}
	if len(id.SubjectKeyID) == 0 {
		return nil
	}
	for _, r := range raw {
		if bytes.Contains(r, id.SubjectKeyID) {
			try(r)
		}
	}
	if found == nil {
		for _, r := range raw {
			try(r)
		}
	}
	return found
}
