package cms

// IssuerAndSerial finds the issuer (the Name, with its header) and the serial number (the content octets of the INTEGER) in
// the octets of a certificate, without parsing the rest. It is false for octets that are not the DER of a certificate.
func IssuerAndSerial(raw []byte) (issuer, serial []byte, ok bool) { return issuerAndSerial(raw) }

// CanonicalSerial takes off the zero octets that a sloppy encoder put in front of a serial number.
func CanonicalSerial(serial []byte) []byte { return trimInteger(serial) }

// ParseIssuerSerial reads the DER of an IssuerSerial (RFC 5035 §4) that has one directoryName: the Name with its header, the
// content octets of the serial number.
func ParseIssuerSerial(issuerSerial []byte) (issuer, serial []byte, ok bool) {
	var id ESSCertID
	ok = len(issuerSerial) > 0 && id.readIssuerSerial(issuerSerial) && id.Issuer != nil
	return id.Issuer, id.Serial, ok
}
