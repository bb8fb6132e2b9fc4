package timestamp

import (
	"errors"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/tsp"
)

// Why an answer of an authority was not accepted. The errors of [Client.Timestamp] match one of these, or are a
// [*StatusError] or an [*HTTPError], or come from the http.Client.
var (
	ErrMalformed   = errors.New("timestamp: not an RFC 3161 response")
	ErrMediaType   = errors.New("timestamp: the answer is not an application/timestamp-reply")
	ErrTooLarge    = errors.New("timestamp: the answer is larger than the limit")
	ErrImprint     = errors.New("timestamp: the token is over something else")                            // RFC 3161 §2.4.2
	ErrNonce       = errors.New("timestamp: the token does not repeat the nonce of the request")          // RFC 3161 §2.4.2
	ErrPolicy      = errors.New("timestamp: the token was made under another policy than the one asked")  // RFC 3161 §2.4.2
	ErrSignature   = errors.New("timestamp: the signature of the token is not sound")                     // RFC 5652 §5.6
	ErrCertificate = errors.New("timestamp: the token does not hold the certificate that it names")       // RFC 3161 §2.4.1, RFC 5816
	ErrKeyUsage    = errors.New("timestamp: the certificate is not for timestamping, critical and alone") // RFC 3161 §2.3
	ErrAuthorityCA = errors.New("timestamp: a certification authority signed the token as a timestamping unit")
	ErrUntrusted   = errors.New("timestamp: no chain from the authority's certificate to an anchor at the time of the token")
	ErrTime        = errors.New("timestamp: the time of the token is not the time of our clock")
	ErrUnsupported = errors.New("timestamp: an algorithm that is not supported")
)

// A StatusError is a refusal by the authority: any PKIStatus but granted (0) and grantedWithMods (1), RFC 3161 §2.4.2.
type StatusError struct {
	Authority string   // its URL, without user and query
	Status    int      // 2 rejection, 3 waiting, 4 revocationWarning, 5 revocationNotification
	Text      []string // what the authority says, for a person
	FailInfo  uint32   // PKIFailureInfo, bit i is 1<<i: 0 badAlg, 2 badRequest, 5 badDataFormat, 14 timeNotAvailable, 15 unacceptedPolicy, 16 unacceptedExtension, 17 addInfoNotAvailable, 25 systemFailure
}

func (e *StatusError) Error() string {
	response := tsp.Response{Status: e.Status, StatusText: e.Text, FailInfo: tsp.FailInfo(e.FailInfo)}
	return fmt.Sprintf("timestamp: %s did not grant a token: %s", e.Authority, response.Explain())
}

// temporary tells a refusal that the same request may not meet again.
func (e *StatusError) temporary() bool {
	return tsp.FailInfo(e.FailInfo)&(tsp.TimeNotAvailable|tsp.SystemFailure) != 0
}

// An HTTPError is an answer with another HTTP status than 200.
type HTTPError struct {
	Authority string
	Code      int
}

func (e *HTTPError) Error() string {
	switch e.Code {
	case 401, 403, 407:
		return fmt.Sprintf("timestamp: %s answers HTTP %d: check the user, the password or the client certificate", e.Authority, e.Code)
	}
	return fmt.Sprintf("timestamp: %s answers HTTP %d", e.Authority, e.Code)
}
