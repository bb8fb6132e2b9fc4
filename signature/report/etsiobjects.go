package report

import (
	"crypto"
	_ "crypto/sha1" // digests of what was signed are computed under the signature's own algorithm, however old
	"crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"encoding/hex"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// Identifiers of validation objects: XML names, unique in a report.

func certificateID(digest string) string { return "C-" + strings.ToUpper(digest) }

func revocationID(digest string) string { return "R-" + strings.ToUpper(digest) }

// dataID is that of what a signature or timestamp covers.
func dataID(id string) string { return "D-" + id }

// reference is the identifier of the validation object for a certificate, signature or timestamp of the report; empty if the
// report holds none.
func (e *etsi) reference(id string) string {
	switch {
	case id == "":
		return ""
	case e.certificate(id) != nil:
		return certificateID(id)
	case e.source.data[id]:
		return revocationID(id)
	case e.source.signatures[id] != nil, e.source.tokens[id] != nil:
		return id
	}
	return ""
}

// objects is clause 4.4: what the validation rested on.
func (e *etsi) objects() {
	timestamps := e.listed()
	if len(e.Certificates)+len(e.Revocations)+len(timestamps) == 0 && !e.anyData() || e.Time == nil {
		return
	}
	e.start("SignatureValidationObjects")
	for i := range e.Certificates {
		e.certificateObject(&e.Certificates[i])
	}
	for i := range e.Revocations {
		e.revocationObject(&e.Revocations[i])
	}
	for i := range e.Signatures {
		if s := &e.Signatures[i]; e.hasData(s) {
			e.dataObject(s)
		}
	}
	for _, t := range timestamps {
		e.timestampObject(t)
	}
	e.end()
}

// listed are all the timestamps of the report.
func (e *etsi) listed() []*Timestamp {
	var out []*Timestamp
	for i := range e.Signatures {
		for j := range e.Signatures[i].Timestamps {
			out = append(out, &e.Signatures[i].Timestamps[j])
		}
	}
	for i := range e.Timestamps {
		out = append(out, &e.Timestamps[i])
	}
	kept := out[:0]
	for _, t := range out {
		if e.source.tokens[t.ID] != nil {
			kept = append(kept, t)
		}
	}
	return kept
}

func (e *etsi) hasData(s *Signature) bool {
	return e.source.signatures[s.ID] != nil && s.Covers.Kind != CoversSignature && s.Covers.Digest != ""
}

func (e *etsi) anyData() bool {
	for i := range e.Signatures {
		if e.hasData(&e.Signatures[i]) {
			return true
		}
	}
	return false
}

func (e *etsi) startObject(id, kind string) {
	e.start("ValidationObject", "id", id)
	e.leaf("ObjectType", objectPrefix+kind)
	e.start("ValidationObjectRepresentation")
}

// poe is clause 4.4.6: what shows that an object existed at a time.
func (e *etsi) poe(at time.Time, proof string) {
	e.start("POE")
	e.instant("POETime", at)
	e.leaf("TypeOfProof", poeValidation)
	if proof != "" {
		e.empty("POEObject", "VOReference", proof)
	}
	e.end()
}

func (e *etsi) certificateObject(c *Certificate) {
	e.startObject(certificateID(c.ID), "certificate")
	raw := e.source.raw[c.ID]
	if e.source.detailed && !e.Redacted && len(raw) > 0 && len(raw) <= e.raw {
		e.raw -= len(raw)
		e.octets("base64", raw)
	} else {
		e.digestAlgAndValue("SHA-256", fromHex(c.ID))
	}
	e.end()
	e.poe(*e.Time, "")
	e.end()
}

func (e *etsi) revocationObject(r *Revocation) {
	kind := "CRL"
	if r.Kind == facts.KindOCSP {
		kind = "OCSPResponse"
	}
	e.startObject(revocationID(r.ID), kind)
	e.digestAlgAndValue("SHA-256", fromHex(r.ID))
	e.end()
	e.poe(*e.Time, "")
	e.end()
}

// dataObject is what a signature covers, known by its digest. It existed when the signature did.
func (e *etsi) dataObject(s *Signature) {
	e.startObject(dataID(s.ID), "signedData")
	e.digestAlgAndValue(s.Covers.DigestAlgorithm, fromHex(s.Covers.Digest))
	e.end()
	if s.Proof.Kind == ProvedByTimestamp && s.BestSignatureTime != nil {
		e.poe(*s.BestSignatureTime, e.reference(s.Proof.Timestamp))
	} else {
		e.poe(*e.Time, "")
	}
	e.end()
}

// timestampObject is a timestamp, what it proves to have existed, and the report on it.
func (e *etsi) timestampObject(t *Timestamp) {
	f := e.source.tokens[t.ID]
	e.startObject(t.ID, "timestamp")
	sum := sha256.Sum256(f.Value)
	e.digestAlgAndValue("SHA-256", sum[:])
	e.end()
	e.poe(*e.Time, "")
	if t.verdict() == Valid && t.Time != nil {
		e.provisioning(t)
	}
	e.start("ValidationReport")
	e.identifier(t.ID+".signature", &f.Signed)
	e.constraints(e.source.blocks[t.ID])
	e.signer(t.Signer)
	e.status(t.Indication, t.SubIndication, &conclusion{t.ID, t.Chain, t.anchored, t.Findings, t.Words, uriOf(&f.Signed)})
	e.end()
	e.end()
}

// provisioning is clause 4.4.7: the objects that a valid timestamp proves, and the signatures, by the digest of their value.
func (e *etsi) provisioning(t *Timestamp) {
	var data []string
	var covered []*facts.Signature
	for i := range e.Signatures {
		s := &e.Signatures[i]
		f := e.source.signatures[s.ID]
		if f == nil || !s.proofs[t.ID] || e.links == limits.ReportLinks {
			continue
		}
		e.links++
		if e.hasData(s) {
			data = append(data, dataID(s.ID))
		}
		if t.Type != facts.ContentTimestamp {
			covered = append(covered, f)
		}
	}
	e.start("POEProvisioning")
	e.instant("POETime", *t.Time)
	for _, id := range data {
		e.empty("ValidationObject", "VOReference", id)
	}
	for _, f := range covered {
		sum := sha256.Sum256(f.Value)
		e.start("SignatureReference")
		e.leaf("DigestMethod", digests["SHA-256"])
		e.octets("DigestValue", sum[:])
		e.end()
	}
	e.end()
}

var hashes = map[string]crypto.Hash{
	"SHA-1": crypto.SHA1, "SHA-224": crypto.SHA224, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	"SHA3-224": crypto.SHA3_224, "SHA3-256": crypto.SHA3_256, "SHA3-384": crypto.SHA3_384, "SHA3-512": crypto.SHA3_512,
}

// signedDigest is the digest that the signature value is over: that of the signed attributes or, without them, of the content.
func signedDigest(f *facts.Signed) (algorithm string, sum []byte, ok bool) {
	algorithm = f.SignatureAlgorithm.Digest
	if algorithm == "" {
		algorithm = f.DigestAlgorithm.Name
	}
	if len(f.ToBeSigned) == 0 {
		if len(f.References) == 0 || digests[f.References[0].Digest] == "" || len(f.References[0].Computed) == 0 || len(f.References[0].Computed) > longestDigest {
			return "", nil, false
		}
		return f.References[0].Digest, f.References[0].Computed, true
	}
	h := hashes[algorithm]
	if !h.Available() {
		return "", nil, false
	}
	state := h.New()
	state.Write(f.ToBeSigned)
	return algorithm, state.Sum(nil), true
}

// algorithmOf returns the URI of the algorithm of a signature, empty if it has none.
func algorithmOf(f *facts.Signature) string {
	if f == nil {
		return ""
	}
	return uriOf(&f.Signed)
}

func uriOf(f *facts.Signed) string {
	name, _, _ := strings.Cut(f.SignatureAlgorithm.Name, ",") // parameters that are not the usual ones follow
	if uri, ok := schemes[name]; ok {
		return uri
	}
	if oid, ok := dotted(f.SignatureAlgorithm.OID); ok {
		return "urn:oid:" + oid
	}
	return ""
}

// dotted keeps an object identifier, digits and dots, and nothing else.
func dotted(oid string) (string, bool) {
	return oid, oid != "" && len(oid) <= limits.ReportName && strings.Trim(oid, "0123456789.") == ""
}

// fromHex decodes what this package encoded.
func fromHex(s string) []byte {
	b, _ := hex.DecodeString(s)
	return b
}
