package cms

// CheckCountersignatureForm is the part of VerifyCountersignature that needs no certificate. parentDigest returns the digest
// of the signature value that is countersigned.
func (si *SignerInfo) CheckCountersignatureForm(parentDigest DigestFunc) []Finding {
	c := &check{si: si, counter: true, size: -1, digest: parentDigest}
	c.form()
	return c.findings
}
