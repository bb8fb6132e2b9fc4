package revocation

import (
	"errors"
	"fmt"
)

// Why data were not accepted. The errors of fetchers match one of these, or are a [*HTTPError], or come from the http.Client;
// those of reading match facts.ErrRevocation or are a *facts.ResponseStatusError.
var (
	ErrOptions      = errors.New("revocation: options")
	ErrCertificate  = errors.New("revocation: not a certificate")
	ErrAddress      = errors.New("revocation: an address that is not asked")
	ErrUnreachable  = errors.New("revocation: no answer from the server")
	ErrTooLarge     = errors.New("revocation: the answer is larger than the limit")
	ErrSignature    = errors.New("revocation: the signature of the answer does not verify with the key of the issuer")
	ErrUnauthorised = errors.New("revocation: who signed the answer may not do so for the issuer")  // RFC 6960 §4.2.2.2, RFC 5280 §6.3.3 (f)
	ErrOther        = errors.New("revocation: the answer is not about the certificate")             // RFC 6960 §3.2, RFC 5280 §6.3.3 (b)
	ErrNonce        = errors.New("revocation: the answer does not repeat the nonce of the request") // RFC 9654 §2.1
	ErrNoIssuer     = errors.New("revocation: no certificate in the answer has the issuer's name")  // RFC 5280 §4.2.2.1
	ErrNotKept      = errors.New("revocation: the store has no room for the object")
)

// An HTTPError is an answer with another HTTP status than 200.
type HTTPError struct {
	Address string // without user and query
	Code    int
}

func (e *HTTPError) Error() string {
	return fmt.Sprintf("revocation: %s answers HTTP %d", e.Address, e.Code)
}
