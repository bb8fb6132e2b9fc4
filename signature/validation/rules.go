package validation

import "slices"

// A Rule declares one check: its stable name, its clause, what it asks, and the reason given when it breaks at level fail.
// Policies give a level to each.
type Rule struct {
	ID            string        `json:"check"`
	Block         string        `json:"block"`
	Clause        string        `json:"clause"`
	Asks          string        `json:"asks"`
	SubIndication SubIndication `json:"subIndication"`
	// Fixed says that no policy may give the check another level than fail: without it a signature would mean nothing.
	Fixed bool `json:"fixed,omitempty"`
}

// rules lists every rule declared below.
var rules []*Rule

func declare(block, id, clause string, s SubIndication, asks string) *Rule {
	r := &Rule{ID: id, Block: block, Clause: clause, Asks: asks, SubIndication: s}
	rules = append(rules, r)
	return r
}

func fixed(r *Rule) *Rule {
	r.Fixed = true
	return r
}

// Rules returns the checks that this version knows, in the order of the standard.
func Rules() []Rule {
	out := make([]Rule, len(rules))
	for i, r := range rules {
		out[i] = *r
	}
	return out
}

func ruleByID(id string) *Rule {
	i := slices.IndexFunc(rules, func(r *Rule) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return rules[i]
}

// Format checking.
var (
	ruleFormat = fixed(declare("FC", "format.base", "EN 319 102-1 §5.2.2", FormatFailure,
		"the signature conforms to its base format"))
	ruleDeviation = declare("FC", "format.deviation", "EN 319 102-1 §5.2.2", FormatFailure,
		"the encoding deviates in nothing")
	ruleUniqueID = fixed(declare("FC", "format.unambiguous", "EN 319 102-1 §5.2.2", FormatFailure,
		"no other signature of the file has the same identifier"))
	ruleModifications = declare("FC", "pdf.modifications", "EN 319 142-1 §5.5, ISO 32000-2 §12.8.2", FormatFailure,
		"later revisions add nothing but signatures, document timestamps and validation data")
	ruleTokenType = fixed(declare("FC", "timestamp.content-type", "RFC 3161 §2.4.2", FormatFailure,
		"the token signs a TSTInfo"))
)

// Identification of the signing certificate.
var (
	ruleSigner = fixed(declare("ISC", "signer.identified", "EN 319 102-1 §5.2.3", NoSigningCertificateFound,
		"the signing certificate is at hand"))
	ruleSignerDigest = declare("ISC", "signer.digest", "EN 319 102-1 §5.2.3, RFC 5035 §5.4", NoSigningCertificateFound,
		"the signing-certificate attribute has the digest of the signing certificate")
	ruleSignerIssuerSerial = declare("ISC", "signer.issuer-serial", "EN 319 102-1 §5.2.3, RFC 5035 §5.4", NoSigningCertificateFound,
		"the issuer and serial number of the signing-certificate attribute are those of the signing certificate")
	ruleSignerAlone = declare("ISC", "signer.unambiguous", "EN 319 102-1 §5.2.3", NoSigningCertificateFound,
		"one certificate only can be the signer's")
)

// Validation context.
var rulePolicy = declare("VCI", "policy.processed", "EN 319 102-1 §5.2.4", SignaturePolicyNotAvailable,
	"no signature policy that would have to be processed is named")

// X.509 certificate validation.
var (
	ruleChain = fixed(declare("XCV", "chain.anchored", "EN 319 102-1 §5.2.6, RFC 5280 §6.1", NoCertificateChainFound,
		"a chain leads from the signing certificate to a trust anchor"))
	ruleSunset = declare("XCV", "chain.sunset", "EN 319 102-1 §5.2.6", NoCertificateChainFoundNoPOE,
		"the trust anchor is believed at this time")
	ruleFileAnchor = declare("XCV", "chain.anchor-given", "EN 319 102-1 §5.2.6", NoCertificateChainFound,
		"the trust anchor comes from the caller, not from the file")
	ruleExtension = declare("XCV", "certificate.extensions", "RFC 5280 §4.2", CertificateChainGeneralFailure,
		"every critical extension is known and readable, and none is there twice")
	ruleEncoding = declare("XCV", "certificate.encoding", "RFC 5280 §4.1", CertificateChainGeneralFailure,
		"the certificate is encoded as it must be")
	ruleEnvelope = declare("XCV", "certificate.envelope", "RFC 5280 §4.1.1", CertificateChainGeneralFailure,
		"nothing but the signature, in whole octets, is outside what the issuer signed")
	ruleInnerAlgorithm = declare("XCV", "certificate.algorithm-agreement", "RFC 5280 §4.1.1.2", CertificateChainGeneralFailure,
		"the certificate names its signature algorithm twice alike")
	ruleForbiddenExtension = declare("XCV", "certificate.forbidden-extensions", "EN 319 102-1 §5.2.6, RFC 6960 §4.2.2.2.1, RFC 9608 §3", CertificateChainGeneralFailure,
		"no extension is there that belongs to another kind of certificate")
	ruleNames = declare("XCV", "certificate.name-constraints", "RFC 5280 §4.2.1.10, §6.1.3 (b) (c)", CertificateChainGeneralFailure,
		"the names are within the name constraints of the issuers")
	rulePolicies = declare("XCV", "certificate.policies", "RFC 5280 §6.1.3 (d) to (f), §6.1.5 (g)", CertificateChainGeneralFailure,
		"the certificate policies that the chain requires are there")
	ruleCA = fixed(declare("XCV", "ca.basic-constraints", "RFC 5280 §4.2.1.9, §6.1.4 (k)", CertificateChainGeneralFailure,
		"the issuer is a certification authority"))
	rulePathLength = declare("XCV", "ca.path-length", "RFC 5280 §4.2.1.9, §6.1.4 (l) (m)", CertificateChainGeneralFailure,
		"no more authorities are below the issuer than it allows")
	ruleCertSign = fixed(declare("XCV", "ca.key-usage", "RFC 5280 §4.2.1.3, §6.1.4 (n)", CertificateChainGeneralFailure,
		"the key of the issuer may sign certificates"))
	ruleCAValidity = declare("XCV", "ca.validity", "RFC 5280 §6.1.3 (a) (2)", CertificateChainGeneralFailure,
		"the certificate of the authority is within its validity")
	ruleCAKeyID = declare("XCV", "ca.subject-key-identifier", "RFC 5280 §4.2.1.2", CertificateChainGeneralFailure,
		"the certificate of the authority has a key identifier")
	ruleAuthorityKeyID = declare("XCV", "certificate.authority-key-identifier", "RFC 5280 §4.2.1.1", CertificateChainGeneralFailure,
		"the certificate says under which key it was issued")
	ruleRevocation = declare("XCV", "revocation.available", "EN 319 102-1 §5.2.6, RFC 5280 §6.1.3 (a) (3)", CertificateChainGeneralFailure,
		"revocation data say whether the certificate is revoked")
	ruleAcceptable = declare("XCV", "revocation.acceptable", "EN 319 102-1 §5.2.5, RFC 5280 §6.3.3, RFC 6960 §3.2", CertificateChainGeneralFailure,
		"the revocation data are about the certificate and come from someone entitled to give them")
	ruleSignerNotRevoked = fixed(declare("XCV", "signer.not-revoked", "EN 319 102-1 §5.2.6", RevokedNoPOE,
		"the certificate of the signer is not revoked"))
	ruleCANotRevoked = fixed(declare("XCV", "ca.not-revoked", "EN 319 102-1 §5.2.6", RevokedCANoPOE,
		"the certificate of the authority is not revoked"))
	ruleHold = declare("XCV", "revocation.not-on-hold", "EN 319 102-1 §5.2.6", TryLater,
		"the certificate is not suspended")
	ruleNextUpdate = declare("XCV", "revocation.next-update", "RFC 5280 §5.1.2.5", CertificateChainGeneralFailure,
		"the list says when the next one will be issued")
	ruleFresh = declare("XCV", "revocation.fresh", "EN 319 102-1 §5.2.5", TryLater,
		"the revocation data are recent enough")
	ruleRevocationAlgorithm = declare("XCV", "revocation.algorithm", "EN 319 102-1 §5.2.6, TS 119 312", CryptoConstraintsFailureNoPOE,
		"the revocation data are signed by an algorithm accepted at this time")
	ruleSignerUsage = declare("XCV", "signer.key-usage", "EN 319 102-1 §5.2.6, RFC 5280 §4.2.1.3", ChainConstraintsFailure,
		"the key of the signer is for non-repudiation")
	ruleSignerSigns = declare("XCV", "signer.key-signs", "RFC 5280 §4.2.1.3", ChainConstraintsFailure,
		"the key of the signer may sign")
	rulePurpose = declare("XCV", "signer.extended-key-usage", "RFC 5280 §4.2.1.12", ChainConstraintsFailure,
		"the purposes of the signer's certificate leave room for documents")
	ruleSelfSigned = declare("XCV", "signer.not-self-signed", "EN 319 102-1 §5.2.6", ChainConstraintsFailure,
		"the certificate of the signer was issued by someone else")
	ruleTSAUsage = declare("XCV", "timestamp.extended-key-usage", "RFC 3161 §2.3", ChainConstraintsFailure,
		"the certificate of the timestamp authority is for timestamps alone, critically")
	ruleTSANotCA = declare("XCV", "timestamp.authority-not-ca", "RFC 3161 §2.3, RFC 5280 §4.2.1.9", ChainConstraintsFailure,
		"the certificate of the timestamp authority is not that of a certification authority")
	ruleCertificateAlgorithm = declare("XCV", "certificate.algorithm", "EN 319 102-1 §5.2.6, TS 119 312", CryptoConstraintsFailureNoPOE,
		"the algorithms of the certificate are accepted at this time")
	ruleValidity = declare("XCV", "signer.validity", "EN 319 102-1 §5.2.6", OutOfBoundsNoPOE,
		"the certificate of the signer is within its validity")
	ruleRevocationSigner = declare("XCV", "revocation.signer-validity", "EN 319 102-1 §5.2.6, §5.6.2.4", RevocationOutOfBoundsNoPOE,
		"who signed the revocation data of the signer's certificate is within validity")
)

// Cryptographic verification.
var (
	ruleFound = fixed(declare("CV", "reference.found", "EN 319 102-1 §5.2.7", SignedDataNotFound,
		"what is signed is at hand"))
	ruleIntact = fixed(declare("CV", "reference.intact", "EN 319 102-1 §5.2.7", HashFailure,
		"what is signed has the digest that was signed"))
	ruleSupported = fixed(declare("CV", "value.supported", "EN 319 102-1 §5.2.7", CryptoConstraintsFailureNoPOE,
		"the algorithms of the signature can be computed"))
	ruleValue = fixed(declare("CV", "value.intact", "EN 319 102-1 §5.2.7", SigCryptoFailure,
		"the signature value verifies under the key of the signing certificate"))
)

// Signature acceptance.
var (
	ruleSignerAttribute = declare("SAV", "attribute.signing-certificate", "EN 319 102-1 §5.2.8, EN 319 122-1 §5.2.2", SigConstraintsFailure,
		"the signing certificate is referred to by a signed attribute")
	ruleSignerOnce = declare("SAV", "attribute.signing-certificate-unique", "EN 319 102-1 §5.2.8", SigConstraintsFailure,
		"one signed attribute only refers to the signing certificate")
	ruleSigningTime = declare("SAV", "attribute.signing-time", "EN 319 102-1 §5.2.8, EN 319 122-1 §5.2.1", SigConstraintsFailure,
		"the signer claims a signing time")
	ruleSigningTimeValidity = declare("SAV", "attribute.signing-time-in-validity", "EN 319 102-1 §5.2.8", SigConstraintsFailure,
		"the time claimed is within the validity of the signing certificate")
	ruleMessageDigest = declare("SAV", "attribute.message-digest", "EN 319 102-1 §5.2.8, RFC 5652 §11.2", SigConstraintsFailure,
		"the digest of the content is a signed attribute")
	ruleContentType = declare("SAV", "attribute.content-type", "EN 319 102-1 §5.2.8, RFC 5652 §11.1", SigConstraintsFailure,
		"the type of the content is a signed attribute and is the one announced")
	ruleDigestAgreement = declare("SAV", "algorithm.agreement", "RFC 5652 §5.3, RFC 8933 §3", SigConstraintsFailure,
		"content and attributes are hashed by the same algorithm")
	ruleReferenceAlgorithm = declare("SAV", "algorithm.signing-certificate-digest", "EN 319 102-1 §5.2.8, TS 119 312", CryptoConstraintsFailureNoPOE,
		"the signing certificate is referred to by an accepted digest algorithm")
	ruleDigestAlgorithm = declare("SAV", "algorithm.digest", "EN 319 102-1 §5.2.8, TS 119 312", CryptoConstraintsFailureNoPOE,
		"what is signed is hashed by an algorithm accepted at this time")
	ruleSignatureAlgorithm = declare("SAV", "algorithm.signature", "EN 319 102-1 §5.2.8, TS 119 312", CryptoConstraintsFailureNoPOE,
		"the signature algorithm and the key are accepted at this time")
)

// Comparison of times.
var (
	ruleTokenUsed = declare("LTV", "timestamp.used", "EN 319 102-1 §5.5.4 (3)", SigConstraintsFailure,
		"the timestamp is valid and proves when the signature existed")
	ruleNotBefore = fixed(declare("LTV", "time.not-before", "EN 319 102-1 §5.5.4 (4)", NotYetValid,
		"the signature did not exist before its certificate was valid"))
	ruleNotAfter = fixed(declare("LTV", "time.not-after", "EN 319 102-1 §5.5.4 (4)", OutOfBoundsNoPOE,
		"the signature is proved to have existed while its certificate was valid"))
	ruleReliableThen = fixed(declare("LTV", "time.algorithms", "EN 319 102-1 §5.5.4 (4)", CryptoConstraintsFailureNoPOE,
		"the algorithms were accepted when the signature is proved to have existed"))
	ruleContentAfterExpiry = fixed(declare("LTV", "time.content-timestamp", "EN 319 102-1 §5.3.4", Expired,
		"the content was not timestamped after the end of the signer's validity"))
	ruleBeforeRevocation = fixed(declare("LTV", "time.before-revocation", "EN 319 102-1 §5.5.4 (4) (a)", RevokedNoPOE,
		"the signature is proved to have existed before the certificate was revoked"))
	ruleBeforeSuspension = fixed(declare("LTV", "time.before-suspension", "EN 319 102-1 §5.5.4 (7)", TryLater,
		"the signature is proved to have existed before the certificate was suspended"))
	ruleFreshThen = fixed(declare("LTV", "time.revocation-fresh", "EN 319 102-1 §5.5.4 (6)", TryLater,
		"the revocation data were recent enough when the signature is proved to have existed"))
	ruleContentAfterRevocation = fixed(declare("LTV", "time.content-timestamp-revocation", "EN 319 102-1 §5.3.4", Revoked,
		"the content was not timestamped after the revocation of the signer's certificate"))
	ruleOrder = declare("LTV", "timestamp.order", "EN 319 102-1 §5.5.4 (4) (e), RFC 3161 §2.4.2", TimestampOrderFailure,
		"timestamps were made in a possible order")
)
