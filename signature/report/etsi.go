package report

import (
	"io"
	"strconv"
	"strings"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// Namespaces and identifiers of ETSI TS 119 102-2 v1.4.1.
const (
	nsReport = "http://uri.etsi.org/19102/v1.4.1#"
	nsDS     = "http://www.w3.org/2000/09/xmldsig#"
	nsXAdES  = "http://uri.etsi.org/01903/v1.3.2#"
	nsXSI    = "http://www.w3.org/2001/XMLSchema-instance"
	nsXS     = "http://www.w3.org/2001/XMLSchema"

	statusApplied    = "urn:etsi:019102:constraintStatus:applied"    // clause 4.3.5.4.2
	poeValidation    = "urn:etsi:019102:poetype:validation"          // clause 4.4.6.2
	poeProvided      = "urn:etsi:019102:poetype:provided"            // clause 4.4.6.2
	processLongTerm  = "urn:etsi:019102:validationprocess:LTVM"      // EN 319 102-1 §5.5
	objectPrefix     = "urn:etsi:019102:validationObject:"           // clause 4.4.4
	noSignatureFound = "urn:cef:dss:mainindication:noSignatureFound" // the standard has none; EU DSS writes this one

	// Ours: the standard leaves the identifiers of constraints and of additional data to who validates.
	checkPrefix   = "https://github.com/cadre-confiance/confiance/signature/validation/check#"
	messagePrefix = "https://github.com/cadre-confiance/confiance/signature/report/message#"
)

// ETSI writes the report as XML of ETSI TS 119 102-2 v1.4.1: a SignatureValidationReport per signature, with every check of
// the validation as a constraint, and the certificates, timestamps and signed data that it rests on as validation objects.
// Certificates are there by their SHA-256, or whole with Options.Detailed and without Redact. A file without signature has one
// report whose main indication says so. The report is not signed.
func (r *Report) ETSI(w io.Writer) error {
	r = r.ready()
	e := &etsi{xmlWriter: newXMLWriter(w), Report: r, raw: limits.ReportRaw}
	e.start("ValidationReport", "xmlns", nsReport, "xmlns:ds", nsDS, "xmlns:xades", nsXAdES, "xmlns:xsi", nsXSI, "xmlns:xs", nsXS)
	for i := range r.Signatures {
		e.signature(&r.Signatures[i])
	}
	if len(r.Signatures) == 0 {
		e.start("SignatureValidationReport")
		e.noSignature()
		e.end()
	}
	e.objects()
	e.end()
	return e.flush()
}

type etsi struct {
	*xmlWriter
	*Report
	raw    int // octets of certificates that may still be written
	checks int // written so far
	links  int // from timestamps to signatures, written so far
}

func (e *etsi) noSignature() {
	if e.Time != nil {
		e.start("ValidationTimeInfo")
		e.instant("ValidationTime", *e.Time)
		e.start("BestSignatureTime")
		e.instant("POETime", *e.Time)
		e.leaf("TypeOfProof", poeValidation)
		e.end()
		e.end()
	}
	e.start("SignatureValidationStatus")
	if e.Error != "" {
		e.leaf("MainIndication", validation.Indeterminate.URI())
		e.leaf("SubIndication", validation.SignedDataNotFound.URI())
		e.start("AssociatedValidationReportData")
		e.start("AdditionalValidationReportData")
		e.message("error", e.Error)
		e.end()
		e.end()
	} else {
		e.leaf("MainIndication", noSignatureFound)
	}
	e.end()
}

func (e *etsi) signature(s *Signature) {
	f := e.source.signatures[s.ID]
	e.start("SignatureValidationReport")
	if f != nil {
		e.identifier(s.ID, &f.Signed)
	}
	e.constraints(e.source.blocks[s.ID])
	e.timeInfo(s)
	if f != nil && s.Covers.Kind != CoversSignature && s.Covers.Digest != "" {
		e.start("SignersDocument")
		e.digestAlgAndValue(s.Covers.DigestAlgorithm, fromHex(s.Covers.Digest))
		e.empty("SignersDocumentRepresentation", "VOReference", dataID(s.ID))
		e.end()
	}
	if f != nil {
		e.attributes(s, f)
	}
	e.signer(s.Signer)
	if uri, ok := levelURIs[s.Level]; ok && s.Indication == validation.TotalPassed {
		e.start("SignatureQuality")
		e.leaf("SignatureQualityInformation", uri)
		e.end()
	}
	e.start("SignatureValidationProcess")
	e.leaf("SignatureValidationProcessID", processLongTerm)
	e.end()
	e.status(s.Indication, s.SubIndication, &conclusion{s.ID, s.Chain, s.anchored, s.Findings, s.Words, algorithmOf(f)})
	e.end()
}

// identifier is clause 4.3.3: the digest of what was signed, and the value.
func (e *etsi) identifier(id string, f *facts.Signed) {
	e.start("SignatureIdentifier", "id", id)
	if name, sum, ok := signedDigest(f); ok {
		e.digestAlgAndValue(name, sum)
	}
	if len(f.Value) > 0 && len(f.Value) <= limits.ReportValue {
		e.octets("ds:SignatureValue", f.Value)
	}
	e.leaf("HashOnly", "false")
	e.leaf("DocHashOnly", "false")
	e.end()
}

func (e *etsi) digestAlgAndValue(algorithm string, value []byte) {
	e.start("DigestAlgAndValue")
	e.empty("ds:DigestMethod", "Algorithm", digests[algorithm])
	e.octets("ds:DigestValue", value)
	e.end()
}

// constraints is clause 4.3.5: the policy, and each check that was made.
func (e *etsi) constraints(blocks []validation.Block) {
	e.start("ValidationConstraintsEvaluationReport")
	if e.Policy != "" {
		e.start("SignatureValidationPolicy")
		e.start("SignaturePolicyIdentifier")
		e.empty("xades:SignaturePolicyImplied")
		e.end()
		e.leaf("PolicyName", e.Policy)
		e.end()
	}
	n := 0
	for _, block := range blocks {
		for _, c := range block.Checks {
			if n == limits.ReportChecks || e.checks == limits.ReportAllChecks {
				break
			}
			n++
			e.checks++
			e.constraint(e.plain(c))
		}
	}
	e.end()
}

func (e *etsi) constraint(c Check) {
	e.start("ValidationConstraint")
	e.leaf("ValidationConstraintIdentifier", checkPrefix+anchor(c.ID))
	e.start("ConstraintStatus")
	e.leaf("Status", statusApplied)
	e.end()
	indication, sub := validation.Passed, validation.SubIndication("")
	if c.Status == validation.Broken {
		indication, sub = validation.Indeterminate, asked()[c.ID].SubIndication
		if (validation.Verdict{Indication: validation.Failed, SubIndication: sub}).Consistent() {
			indication = validation.Failed
		}
	}
	e.start("ValidationStatus")
	e.leaf("MainIndication", indication.URI())
	if sub != "" {
		e.leaf("SubIndication", sub.URI())
	}
	object := e.reference(c.Object)
	if object != "" || c.Status != validation.Held {
		e.start("AssociatedValidationReportData")
		if object != "" {
			e.empty("RelatedValidationObject", "VOReference", object)
		}
		e.start("AdditionalValidationReportData")
		e.message("clause", c.Clause)
		if c.Status != validation.Held {
			e.message(messageKinds[c.Status], c.Message)
		}
		e.end()
		e.end()
	}
	e.end()
	e.end()
}

var messageKinds = map[validation.Status]string{
	validation.Broken: "error", validation.Warning: "warning", validation.Information: "information",
}

// message is one TypedDataType of clause 4.3.12.8.
func (e *etsi) message(kind, text string) {
	e.start("ReportData")
	e.leaf("Type", messagePrefix+kind)
	e.leaf("Value", text, "xsi:type", "xs:string")
	e.end()
}

// timeInfo is clause 4.3.6.
func (e *etsi) timeInfo(s *Signature) {
	if e.Time == nil || s.BestSignatureTime == nil {
		return
	}
	e.start("ValidationTimeInfo")
	e.instant("ValidationTime", *e.Time)
	e.start("BestSignatureTime")
	e.instant("POETime", *s.BestSignatureTime)
	switch s.Proof.Kind {
	case ProvedByCaller:
		e.leaf("TypeOfProof", poeProvided)
	default:
		e.leaf("TypeOfProof", poeValidation)
		if id := e.reference(s.Proof.Timestamp); id != "" {
			e.empty("POEObject", "VOReference", id)
		}
	}
	e.end()
	e.end()
}

// signer is clause 4.3.9.
func (e *etsi) signer(s *Signer) {
	if s == nil || s.Certificate == "" {
		return
	}
	id := e.reference(s.Certificate)
	if id == "" {
		return
	}
	var attributes []string
	if c := e.certificate(s.Certificate); c != nil && c.NotAfter != nil {
		attributes = []string{"Pseudonym", strconv.FormatBool(c.pseudonym)}
	}
	e.start("SignerInformation", attributes...)
	e.empty("SignerCertificate", "VOReference", id)
	if s.Name != "" {
		e.leaf("Signer", s.Name)
	}
	e.end()
}

// conclusion is what a status rests on.
type conclusion struct {
	id        string
	chain     []string
	anchored  bool
	findings  []Check
	words     Words
	algorithm string // URI
}

// status is clause 4.3.4 and the data of clause 4.3.12.
func (e *etsi) status(i validation.Indication, s validation.SubIndication, c *conclusion) {
	e.start("SignatureValidationStatus")
	e.leaf("MainIndication", i.URI())
	if s != "" {
		e.leaf("SubIndication", s.URI())
	}
	e.start("AssociatedValidationReportData")
	if c.anchored {
		e.empty("TrustAnchor", "VOReference", e.reference(c.chain[len(c.chain)-1]))
	}
	e.chain(c)
	e.revocationStatus(c)
	if object := e.reference(c.id); object != "" && c.algorithm != "" {
		e.start("CryptoInformation")
		e.empty("ValidationObjectId", "VOReference", object)
		e.leaf("Algorithm", c.algorithm)
		e.leaf("SecureAlgorithm", strconv.FormatBool(!isWeak(c.findings)))
		e.end()
	}
	e.start("AdditionalValidationReportData")
	e.message("verdict", c.words.Verdict)
	for _, f := range c.findings {
		e.message(messageKinds[f.Status], f.ID+": "+f.Message)
	}
	for _, remedy := range c.words.Remedies {
		e.message("remedy", remedy)
	}
	e.end()
	e.end()
	e.end()
}

// chain is clause 4.3.12.4.
func (e *etsi) chain(c *conclusion) {
	var ids []string
	for _, id := range c.chain {
		if id = e.reference(id); id == "" {
			break
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return
	}
	e.start("CertificateChain")
	e.empty("SigningCertificate", "VOReference", ids[0])
	for i, id := range ids[1:] {
		element := "IntermediateCertificate"
		if c.anchored && i+2 == len(c.chain) {
			element = "TrustAnchor"
		}
		e.empty(element, "VOReference", id)
	}
	e.end()
}

// revocationStatus is clause 4.3.12.6: the first certificate of the chain that revocation data say is revoked.
func (e *etsi) revocationStatus(c *conclusion) {
	for _, id := range c.chain {
		certificate := e.certificate(id)
		if certificate == nil || certificate.Revocation == nil || certificate.Revocation.RevokedAt == nil {
			continue
		}
		status := certificate.Revocation
		e.start("RevocationStatusInformation")
		e.empty("ValidationObjectId", "VOReference", e.reference(id))
		e.instant("RevocationTime", *status.RevokedAt)
		if status.Reason != "" {
			e.leaf("RevocationReason", "urn:etsi:019102:revocationReason:"+string(status.Reason))
		}
		if object := e.reference(status.Data[0]); object != "" {
			e.empty("RevocationObject", "VOReference", object)
		}
		e.end()
		return
	}
}

// isWeak reports whether an algorithm of the signature itself was found not to be accepted.
func isWeak(findings []Check) bool {
	for _, f := range findings {
		if strings.HasPrefix(f.ID, "algorithm.") && f.Status == validation.Broken {
			return true
		}
	}
	return false
}

// levelURIs are those of ETSI TS 119 192 §4.2.
var levelURIs = map[string]string{
	"B-B":   "http://uri.etsi.org/ades/191x2/level/baseline/B-B#",
	"B-T":   "http://uri.etsi.org/ades/191x2/level/baseline/B-T#",
	"B-LT":  "http://uri.etsi.org/ades/191x2/level/baseline/B-LT#",
	"B-LTA": "http://uri.etsi.org/ades/191x2/level/baseline/B-LTA#",
	"BES":   "http://uri.etsi.org/ades/191x2/level/extended/E-BES#",
	"T":     "http://uri.etsi.org/ades/191x2/level/extended/E-T#",
	"A":     "http://uri.etsi.org/ades/191x2/level/extended/E-A#",
	"ERS":   "http://uri.etsi.org/ades/191x2/level/extended/E-ERS#",
}

// anchor keeps what may stand in the fragment of a URI (RFC 3986 §3.5).
func anchor(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, s)
}
