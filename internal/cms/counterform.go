package cms

// CheckCountersignatureForm is the part of VerifyCountersignature that needs no certificate. parentDigest returns the digest
// of the signature value that is countersigned, head is the first octets of that value and size its length, -1 when it is not
// known.
func (si *SignerInfo) CheckCountersignatureForm(parentDigest DigestFunc, head []byte, size int64) []Finding {
	c := &check{si: si, counter: true, head: head, size: size, digest: parentDigest}
	c.form()
	return c.findings
}
