package report

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// attributes is annex A: what the signature says of itself.
func (e *etsi) attributes(s *Signature, f *facts.Signature) {
	x := &attributeWriter{etsi: e}
	if s.ClaimedTime != nil {
		x.open("SigningTime", "Signed", "true")
		e.instant("Time", *s.ClaimedTime)
		e.end()
	}
	x.signingCertificate(f)
	if contentType, ok := dotted(f.ContentType); ok {
		x.open("DataObjectFormat", "Signed", "true")
		e.leaf("ContentType", "urn:oid:"+contentType)
		e.end()
	}
	x.oids(f)
	for i := range s.Timestamps {
		x.timestamp(&s.Timestamps[i])
	}
	for i := range e.Timestamps {
		if t := &e.Timestamps[i]; s.proofs[t.ID] && e.links < limits.ReportLinks {
			e.links++
			x.timestamp(t)
		}
	}
	for i := range e.Signatures {
		if counter := &e.Signatures[i]; counter.Parent == s.ID {
			x.counterSignature(counter)
		}
	}
	if len(f.References) > 0 && f.References[0].Type == "message-digest" && len(f.References[0].Expected) > 0 && len(f.References[0].Expected) <= longestDigest {
		x.open("MessageDigest", "Signed", "true")
		e.octets("Digest", f.References[0].Expected)
		e.end()
	}
	x.pdf(f)
	x.close()
}

// attributeWriter opens SignatureAttributes when there is one.
type attributeWriter struct {
	*etsi
	isOpen bool
}

func (x *attributeWriter) open(name string, attributes ...string) {
	x.begin()
	x.start(name, attributes...)
}

func (x *attributeWriter) begin() {
	if !x.isOpen {
		x.start("SignatureAttributes")
		x.isOpen = true
	}
}

func (x *attributeWriter) close() {
	if x.isOpen {
		x.end()
	}
}

func (x *attributeWriter) signingCertificate(f *facts.Signature) {
	if len(f.SigningCertificate) == 0 {
		return
	}
	x.open("SigningCertificate", "Signed", "true")
	references := f.SigningCertificate[:min(len(f.SigningCertificate), limits.ReportReferences)]
	var objects []string
	for _, r := range references {
		for _, id := range r.Matches[:min(len(r.Matches), limits.ReportReferences)] {
			if object := x.reference(id); object != "" {
				objects = add(objects, object)
			}
		}
	}
	for _, object := range objects {
		x.empty("AttributeObject", "VOReference", object)
	}
	for _, r := range references {
		if digests[r.Digest] == "" || len(r.Value) > longestDigest {
			continue
		}
		x.start("CertID")
		if !x.Redacted && len(r.IssuerSerial) > 0 && len(r.IssuerSerial) <= limits.ReportValue {
			x.octets("X509IssuerSerial", r.IssuerSerial)
		}
		x.empty("ds:DigestMethod", "Algorithm", digests[r.Digest])
		x.octets("ds:DigestValue", r.Value)
		x.end()
	}
	x.end()
}

// Attributes whose value starts with an OID that says all that the report needs.
const (
	oidPolicy     = "1.2.840.113549.1.9.16.2.15" // id-aa-ets-sigPolicyId
	oidCommitment = "1.2.840.113549.1.9.16.2.16" // id-aa-ets-commitmentType
)

func (x *attributeWriter) oids(f *facts.Signature) {
	for _, a := range f.SignedAttributes {
		element, child := "CommitmentTypeIndication", "CommitmentTypeIdentifier"
		switch a.OID {
		case oidPolicy:
			element, child = "SigPolicyIdentifier", "SigPolicyId"
		case oidCommitment:
		default:
			continue
		}
		if len(a.Values) == 0 {
			continue
		}
		if oid, ok := firstOID(a.Values[0]); ok {
			x.open(element, "Signed", "true")
			x.leaf(child, "urn:oid:"+oid)
			x.end()
		}
	}
}

// firstOID reads a SEQUENCE that begins with an OID.
func firstOID(value []byte) (string, bool) {
	sequence, err := der.ReadHeader(value)
	if err != nil || sequence.Tag() != 0x30 {
		return "", false
	}
	value = value[sequence.Size:]
	first, err := der.ReadHeader(value)
	if err != nil || first.Tag() != 0x06 || first.Length < 1 || first.Length > len(value)-first.Size {
		return "", false
	}
	return dotted(der.OID(value[first.Size : first.Size+first.Length]).String())
}

var timestampElements = map[facts.TokenType]string{
	facts.ContentTimestamp: "AllDataObjectsTimeStamp", facts.SignatureTimestamp: "SignatureTimeStamp",
	facts.ArchiveTimestamp: "ArchiveTimeStamp", facts.ReferencesTimestamp: "SigAndRefsTimeStamp",
	facts.DocumentTimestamp: "DocTimeStamp",
}

func (x *attributeWriter) timestamp(t *Timestamp) {
	element, object := timestampElements[t.Type], x.reference(t.ID)
	if element == "" || object == "" || t.Time == nil {
		return
	}
	x.open(element, "Signed", strconv.FormatBool(t.Type == facts.ContentTimestamp))
	x.empty("AttributeObject", "VOReference", object)
	x.instant("TimeStampValue", *t.Time)
	x.end()
}

func (x *attributeWriter) counterSignature(counter *Signature) {
	f := x.source.signatures[counter.ID]
	if f == nil {
		return
	}
	sum := sha256.Sum256(f.Value)
	x.open("CounterSignature", "Signed", "false")
	x.start("CounterSignature")
	x.leaf("DigestMethod", digests["SHA-256"])
	x.octets("DigestValue", sum[:])
	x.end()
	x.end()
}

// subFilters are those of ISO 32000-2 §12.8.3.3.1 and EN 319 142-1.
var subFilters = []string{
	"ETSI.CAdES.detached", "adbe.pkcs7.detached", "adbe.pkcs7.sha1", "adbe.x509.rsa_sha1", "ETSI.RFC3161",
}

// pdf is what the signature dictionary of a PDF says. Its texts name people and places.
func (x *attributeWriter) pdf(f *facts.Signature) {
	if p := f.PDF; p != nil && !x.Redacted {
		for _, t := range [...]struct{ element, child, text string }{
			{"SignatureProductionPlace", "AddressString", p.Location}, {"Reason", "ReasonElement", p.Reason},
			{"Name", "NameElement", p.Name}, {"ContactInfo", "ContactInfoElement", p.ContactInfo},
		} {
			if shown := sentence(t.text); shown != "" {
				x.open(t.element, "Signed", "true")
				x.leaf(t.child, shown)
				x.end()
			}
		}
	}
	if sub := oneOf(f.SubFilter, subFilters...); sub != "" {
		x.open("SubFilter", "Signed", "true")
		x.leaf("SubFilterElement", sub)
		x.end()
	}
	if n := len(f.ByteRange); n > 0 && n <= limits.ReportReferences {
		x.begin()
		var numbers []string
		for _, n := range f.ByteRange {
			numbers = append(numbers, strconv.FormatInt(n, 10))
		}
		x.leaf("ByteRange", strings.Join(numbers, " "))
	}
}
