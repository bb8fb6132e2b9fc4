package cms

// A Reason names why a signature is not sound. Reasons are stable: they appear in reports as "cms." and the reason.
type Reason string

// What can be found wrong, or missing, with one signature.
const (
	CertificateMissing  Reason = "certificate-missing"  // no certificate was given
	CertificateMismatch Reason = "certificate-mismatch" // the certificate given is not the one that the sid designates
	KeyMalformed        Reason = "key-malformed"        // the certificate's public key is not a key

	ContentMissing    Reason = "content-missing"    // the digest of the content is not at hand
	ContentUnexamined Reason = "content-unexamined" // no signed attributes, and the content's first octets are not at hand

	ContentTypeMissing    Reason = "content-type-missing"
	ContentTypeMismatch   Reason = "content-type-mismatch" // with eContentType
	MessageDigestMissing  Reason = "message-digest-missing"
	MessageDigestMismatch Reason = "message-digest-mismatch" // the content is not what was signed
	AttributesMissing     Reason = "attributes-missing"      // eContentType is not id-data and there are no signed attributes
	AttributesNotDER      Reason = "attributes-not-der"      // encoding or order of the signed attributes
	AttributeDuplicate    Reason = "attribute-duplicate"     // an attribute or a value twice where once is the rule
	AttributeMalformed    Reason = "attribute-malformed"     // content-type, message-digest or algorithm-protection is not one

	ContentLooksLikeAttributes Reason = "content-looks-like-attributes" // the attribute-swap forgery
	AlgorithmDisagreement      Reason = "algorithm-disagreement"        // between digest, signature and key algorithms
	AlgorithmMalformed         Reason = "algorithm-malformed"           // parameters that the algorithm does not have
	UnsupportedAlgorithm       Reason = "unsupported-algorithm"
	SignatureWrong             Reason = "signature-wrong"
)

// A Finding is one thing wrong or missing with one signature, with the clause that says so.
type Finding struct {
	Reason  Reason
	Clause  string
	Message string
	// Unsupported says that nothing was found wrong: what it takes to judge is not there (an algorithm, the content, the
	// certificate). A signature all of whose findings are so is neither valid nor invalid.
	Unsupported bool
}

// Problem returns the finding as a Problem: fatal unless Unsupported.
func (f Finding) Problem() Problem {
	return Problem{Code: "cms." + string(f.Reason), Clause: f.Clause, Message: f.Message, Fatal: !f.Unsupported, Unsupported: f.Unsupported}
}
