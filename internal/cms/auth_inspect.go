package cms

// CheckAuthEnveloped reports what [OpenAuthEnveloped] would find wrong with the form of b, without a key: a carrier can refuse
// what no recipient could open. Errors match [ErrEnvelope].
func CheckAuthEnveloped(b []byte) error {
	_, err := parseCapsule(b)
	return err
}
