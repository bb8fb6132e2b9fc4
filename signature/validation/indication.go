package validation

import "slices"

// An Indication is what a block or a process of EN 319 102-1 returns, or the main indication of a signature (§5.1.3).
type Indication string

// The indications. Those with TOTAL belong to a whole signature; blocks and timestamps have the short ones.
const (
	TotalPassed   Indication = "TOTAL-PASSED"
	TotalFailed   Indication = "TOTAL-FAILED"
	Passed        Indication = "PASSED"
	Failed        Indication = "FAILED"
	Indeterminate Indication = "INDETERMINATE"
)

// URI returns the identifier that TS 119 102-2 gives to the indication.
func (i Indication) URI() string {
	const prefix = "urn:etsi:019102:mainindication:"
	switch i {
	case TotalPassed:
		return prefix + "total-passed"
	case TotalFailed:
		return prefix + "total-failed"
	case Passed:
		return prefix + "passed"
	case Failed:
		return prefix + "failed"
	}
	return prefix + "indeterminate"
}

// A SubIndication says why a verdict is not a pass (EN 319 102-1 §5.1.3, table 5).
type SubIndication string

// The sub-indications that come with TOTAL-FAILED.
const (
	FormatFailure    SubIndication = "FORMAT_FAILURE"     // too far from its base format to be processed
	HashFailure      SubIndication = "HASH_FAILURE"       // a signed object does not have the digest that was signed
	SigCryptoFailure SubIndication = "SIG_CRYPTO_FAILURE" // the value does not verify under the signer's key
	Revoked          SubIndication = "REVOKED"            // proof that signing came after revocation
	Expired          SubIndication = "EXPIRED"            // proof that signing came after the end of validity
	NotYetValid      SubIndication = "NOT_YET_VALID"      // proof that signing came before the start of validity
)

// The sub-indications that come with INDETERMINATE.
const (
	SigConstraintsFailure          SubIndication = "SIG_CONSTRAINTS_FAILURE"           // an attribute breaks the policy
	ChainConstraintsFailure        SubIndication = "CHAIN_CONSTRAINTS_FAILURE"         // the chain breaks the policy
	CertificateChainGeneralFailure SubIndication = "CERTIFICATE_CHAIN_GENERAL_FAILURE" // path validation fails otherwise
	// CryptoConstraintsFailure: something was made after the end of its algorithm, and nothing protected it before.
	CryptoConstraintsFailure SubIndication = "CRYPTO_CONSTRAINTS_FAILURE"
	// CryptoConstraintsFailureNoPOE: an algorithm is past its end and nothing proves that what it made is older.
	CryptoConstraintsFailureNoPOE SubIndication = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
	PolicyProcessingError         SubIndication = "POLICY_PROCESSING_ERROR"        // signature policy unreadable, or another
	SignaturePolicyNotAvailable   SubIndication = "SIGNATURE_POLICY_NOT_AVAILABLE" // signature policy missing
	TimestampOrderFailure         SubIndication = "TIMESTAMP_ORDER_FAILURE"        // timestamps in an impossible order
	NoSigningCertificateFound     SubIndication = "NO_SIGNING_CERTIFICATE_FOUND"   // signer's certificate not identified
	NoCertificateChainFound       SubIndication = "NO_CERTIFICATE_CHAIN_FOUND"     // no chain to an anchor
	// NoCertificateChainFoundNoPOE: the anchor is past its sunset and nothing proves that signing was before (v1.4.1).
	NoCertificateChainFoundNoPOE SubIndication = "NO_CERTIFICATE_CHAIN_FOUND_NO_POE"
	RevokedNoPOE                 SubIndication = "REVOKED_NO_POE"            // signer revoked, order unknown
	RevokedCANoPOE               SubIndication = "REVOKED_CA_NO_POE"         // an intermediate authority is revoked
	OutOfBoundsNotRevoked        SubIndication = "OUT_OF_BOUNDS_NOT_REVOKED" // outside validity, known not revoked
	OutOfBoundsNoPOE             SubIndication = "OUT_OF_BOUNDS_NO_POE"      // outside validity, no proof of time
	RevocationOutOfBoundsNoPOE   SubIndication = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
	NoPOE                        SubIndication = "NO_POE"                // a proof of existence is missing
	TryLater                     SubIndication = "TRY_LATER"             // fresher revocation data may settle it
	SignedDataNotFound           SubIndication = "SIGNED_DATA_NOT_FOUND" // the signed data are not at hand
)

var withFailed = []SubIndication{FormatFailure, HashFailure, SigCryptoFailure, Revoked, Expired, NotYetValid}

var withIndeterminate = []SubIndication{
	SigConstraintsFailure, ChainConstraintsFailure, CertificateChainGeneralFailure, CryptoConstraintsFailure,
	CryptoConstraintsFailureNoPOE, PolicyProcessingError, SignaturePolicyNotAvailable, TimestampOrderFailure,
	NoSigningCertificateFound, NoCertificateChainFound, NoCertificateChainFoundNoPOE, RevokedNoPOE, RevokedCANoPOE,
	OutOfBoundsNotRevoked, OutOfBoundsNoPOE, RevocationOutOfBoundsNoPOE, NoPOE, TryLater, SignedDataNotFound,
}

// SubIndications returns all of them.
func SubIndications() []SubIndication { return slices.Concat(withFailed, withIndeterminate) }

// URI returns the identifier that TS 119 102-2 gives to the sub-indication.
func (s SubIndication) URI() string { return "urn:etsi:019102:subindication:" + string(s) }

// A Verdict is an indication and, unless it is a pass, the reason. Every verdict that this package returns is Consistent.
type Verdict struct {
	Indication    Indication    `json:"indication"`
	SubIndication SubIndication `json:"subIndication,omitempty"`
}

// because returns the verdict of a block that fails for this reason.
func because(s SubIndication) Verdict {
	if slices.Contains(withFailed, s) {
		return Verdict{Failed, s}
	}
	return Verdict{Indeterminate, s}
}

// Passed reports whether the verdict is PASSED or TOTAL-PASSED.
func (v Verdict) Passed() bool { return v.Indication == Passed || v.Indication == TotalPassed }

// Consistent reports whether the verdict is one that the standard knows: a pass without sub-indication, or another indication
// with a sub-indication that belongs to it.
func (v Verdict) Consistent() bool {
	switch v.Indication {
	case Passed, TotalPassed:
		return v.SubIndication == ""
	case Failed, TotalFailed:
		return slices.Contains(withFailed, v.SubIndication)
	case Indeterminate:
		return slices.Contains(withIndeterminate, v.SubIndication)
	}
	return false
}

// total returns the main indication of a signature whose process ended so.
func (v Verdict) total() Verdict {
	switch v.Indication {
	case Passed:
		v.Indication = TotalPassed
	case Failed:
		v.Indication = TotalFailed
	}
	return v
}

// String returns "TOTAL-PASSED", or "INDETERMINATE (TRY_LATER)".
func (v Verdict) String() string {
	if v.SubIndication == "" {
		return string(v.Indication)
	}
	return string(v.Indication) + " (" + string(v.SubIndication) + ")"
}
