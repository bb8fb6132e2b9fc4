package cms

import (
	"errors"
	"fmt"
)

// AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084), for recipients that hold an RSA key (RSAES-OAEP with SHA-256,
// RFC 3560) or a key on P-256, P-384 or P-521 (ephemeral-static ECDH with AES-256 key wrap, RFC 5753).
//
// Two ways to write, two to read:
//
//   - [SealAuthEnveloped] and [OpenAuthEnveloped]: in one piece, in the one canonical DER. The reader writes again what it
//     read and compares: there is a single file for what it accepts.
//   - [WriteAuthEnveloped] and [ReadAuthEnveloped]: content of any size, memory flat. The reader takes BER and what other
//     writers add, and gives nothing out before the tag over everything is verified.
//
// Nothing is read for the sake of old files: no CBC, no PKCS#1 v1.5, no SHA-1, no shorter key, tag or nonce.

var (
	// ErrDecrypt is the only answer to whatever fails between a private key and the tag: no RecipientInfo for the key, a
	// wrong key, a RecipientInfo, content or tag that was altered. Always this value, with nothing around it: telling one
	// from another would help whoever sends altered files and watches the answers.
	ErrDecrypt = errors.New("cms: cannot be decrypted: not addressed to this key, or altered")

	// ErrEnvelope is matched by the error of an input that is not an AuthEnvelopedData as it should be. It depends on public
	// octets only.
	ErrEnvelope = errors.New("cms: not an acceptable AuthEnvelopedData")

	// ErrEnvelopeAlgorithm is matched, besides ErrEnvelope, when the cause is an algorithm that is refused.
	ErrEnvelopeAlgorithm = errors.New("cms: algorithm refused")

	// ErrOpener is matched by the error of a key that cannot be used as it was given. It depends on no input.
	ErrOpener = errors.New("cms: unusable decryption key")

	// ErrRecipient is matched by the error of a recipient to whom nothing can be encrypted as it was given.
	ErrRecipient = errors.New("cms: unusable recipient")

	// ErrSourceChanged: the source gave other octets when it was read for the second time. What was written until then is
	// authentic, and incomplete.
	ErrSourceChanged = errors.New("cms: the source changed while it was read; what was written is incomplete")
)

func envelopeError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrEnvelope, fmt.Errorf(format, args...))
}

func envelopeAlgorithmError(what string) error {
	return fmt.Errorf("%w: %w: %s", ErrEnvelope, ErrEnvelopeAlgorithm, what)
}
