package report

import (
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// source is what a report was made from: what its forms need besides what they show.
type source struct {
	signatures map[string]*facts.Signature // by ID in the report
	tokens     map[string]*facts.Token
	blocks     map[string][]validation.Block // of signatures and timestamps
	raw        map[string][]byte             // certificates, by ID
	positions  map[string]int                // of certificates in the report
	shown      map[string]string             // IDs of the facts, as the report writes them
	data       map[string]bool               // CRLs and responses, by ID
	detailed   bool
}

// builder makes one report.
type builder struct {
	*Report
	*prose
	source       *source
	detailed     bool
	doc          *facts.Document
	conclusion   *validation.Conclusion
	factsByID    map[string]*facts.Signature
	tokensByID   map[string]*facts.Token
	concluded    map[string]*validation.TimestampConclusion
	certificates map[string]*facts.Certificate
	shown        map[string]string
	used         map[string]bool
	names        [2][]string // of signatures and of timestamps, in the order of the conclusion
	positions    map[string]int
	data         map[string]int // positions of CRLs and responses in the facts
	checks       int            // listed so far
	finder       *facts.RevocationFinder
	asked        map[string]bool // certificates whose status was looked for
}

// New makes the report of a conclusion. doc is the facts that it was drawn from; without them (nil) the report says only
// what the conclusion knows. Neither is changed; both must stay as they are while the report is in use.
func New(doc *facts.Document, c *validation.Conclusion, o Options) *Report {
	if doc == nil {
		doc = &facts.Document{}
	}
	b := newBuilder(doc, c, o)
	b.Format = oneOf(doc.Format, formats...)
	b.Policy, b.Time = name(c.Policy), known(c.Time)
	b.index()
	b.indexRevocations()
	owned := b.addTimestamps()
	for i := range c.Signatures {
		if i == limits.ReportSignatures {
			b.Omitted.Signatures = len(c.Signatures) - i
			break
		}
		b.Signatures = append(b.Signatures, b.signature(b.names[0][i], &c.Signatures[i], owned))
	}
	b.addRevocations()
	b.addRevisions()
	b.Report.Verdict = verdictOf(c)
	b.Words = b.fileWords(c)
	return b.Report
}

// Unreadable makes the report on a file that could not be read, and why. With Redact the reason is not told: it may hold the
// name of the file.
func Unreadable(err error, o Options) *Report {
	b := newBuilder(&facts.Document{}, &validation.Conclusion{}, o)
	b.Report.Verdict = Indeterminate
	b.Error = unreadable.in(b.language)
	if err != nil && !o.Redact {
		b.Error = sentence(err.Error())
	}
	b.Words = newWords(unreadable.in(b.language))
	return b.Report
}

func newBuilder(doc *facts.Document, c *validation.Conclusion, o Options) *builder {
	if o.Language != English {
		o.Language = French
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	p := &prose{language: o.Language, zone: o.Zone, redact: o.Redact}
	src := source{
		signatures: map[string]*facts.Signature{}, tokens: map[string]*facts.Token{}, blocks: map[string][]validation.Block{},
		raw: map[string][]byte{}, positions: map[string]int{}, shown: map[string]string{},
		data: map[string]bool{}, detailed: o.Detailed,
	}
	r := &Report{
		Schema: Schema, Language: o.Language, Redacted: o.Redact, Signatures: []Signature{}, Timestamps: []Timestamp{},
		Certificates: []Certificate{}, Revocations: []Revocation{}, Revisions: []Revision{}, prose: p, source: src,
	}
	if !o.Redact {
		r.File = o.File[:min(len(o.File), limits.ReportRead)]
	}
	return &builder{
		Report: r, prose: p, source: &r.source, detailed: o.Detailed, doc: doc, conclusion: c,
		factsByID: map[string]*facts.Signature{}, tokensByID: map[string]*facts.Token{},
		concluded: map[string]*validation.TimestampConclusion{}, certificates: map[string]*facts.Certificate{},
		shown: src.shown, used: map[string]bool{}, asked: map[string]bool{}, positions: src.positions,
	}
}

var formats = []facts.Format{facts.CAdES, facts.PAdES, facts.Timestamp}

// index finds facts by ID. Of those with one ID the first counts, as nothing good is concluded of them.
func (b *builder) index() {
	for i := range b.doc.Signatures {
		if s := &b.doc.Signatures[i]; b.factsByID[s.ID] == nil {
			b.factsByID[s.ID] = s
		}
	}
	for i := range b.doc.Timestamps {
		if t := &b.doc.Timestamps[i]; b.tokensByID[t.ID] == nil {
			b.tokensByID[t.ID] = t
		}
	}
	for i := range b.doc.Certificates {
		if c := &b.doc.Certificates[i]; b.certificates[c.ID] == nil {
			b.certificates[c.ID] = c
		}
	}
	for i := range b.conclusion.Signatures {
		b.names[0] = append(b.names[0], b.identify("S", i, b.conclusion.Signatures[i].ID))
	}
	for i := range b.conclusion.Timestamps {
		if c := &b.conclusion.Timestamps[i]; b.concluded[c.ID] == nil {
			b.concluded[c.ID] = c
		}
		b.names[1] = append(b.names[1], b.identify("T", i, b.conclusion.Timestamps[i].ID))
	}
}

// identify gives a signature or timestamp the identifier that the report writes: that of the facts, or one of its own when that
// has another shape than ours or was taken. A reference to an identifier is to the first that has it.
func (b *builder) identify(prefix string, position int, id string) string {
	own, ok := identifier(id)
	for n := position + 1; !ok || b.used[own]; n++ {
		own, ok = fmt.Sprintf("%s-%d", prefix, n), true
	}
	b.used[own] = true
	if b.shown[id] == "" {
		b.shown[id] = own
	}
	return own
}

func (b *builder) signature(id string, c *validation.SignatureConclusion, owned map[string][]Timestamp) Signature {
	f := b.factsByID[c.ID]
	s := Signature{
		ID: id, Parent: b.shown[c.Parent], Format: oneOf(c.Format, formats...), Level: oneOf(c.Level, levels...),
		Crypto: cryptoOf(c.Crypto), Modifications: []Modification{}, Timestamps: owned[c.ID],
	}
	if s.Timestamps == nil {
		s.Timestamps = []Timestamp{}
	}
	s.Indication, s.SubIndication = verdictWords(c.Verdict)
	delete(owned, c.ID) // a second signature with that ID has none of its own
	if c.ClaimedTime != nil {
		s.ClaimedTime = known(*c.ClaimedTime)
	}
	s.BestSignatureTime, s.Proof = known(c.BestSignatureTime), b.proof(c)
	s.proofs = map[string]bool{}
	for _, id := range c.Timestamps[:min(len(c.Timestamps), limits.ReportTimestamps)] {
		s.proofs[b.shown[id]] = true
	}
	s.Chain, s.anchored = b.chain(c.Chain, c.Blocks, RoleSigner)
	s.Signer = b.signer(c.Signer, s.Chain, RoleSigner)
	if f != nil {
		b.source.signatures[s.ID] = f
		s.Modifications = b.modifications(f.Modifications)
	}
	s.Covers = b.coverage(f, c.Parent)
	b.source.blocks[s.ID] = c.Blocks
	about := b.about(scopeSignature, s.Signer)
	s.Findings, s.Blocks = b.blocks(c.Blocks, about)
	s.Words = b.signatureWords(c, about)
	s.reserved = verdictOn(c) == Valid && hasReserve(c.Blocks)
	return s
}

// proof says what the best signature time rests on.
func (b *builder) proof(c *validation.SignatureConclusion) Proof {
	for _, id := range c.Timestamps {
		if t := b.concluded[id]; t != nil && t.Passed() && t.Time.Equal(c.BestSignatureTime) {
			return Proof{ProvedByTimestamp, b.shown[id]}
		}
	}
	if c.BestSignatureTime.Equal(b.conclusion.Time) || c.BestSignatureTime.IsZero() {
		return Proof{Kind: NotProved}
	}
	return Proof{Kind: ProvedByCaller}
}

// addTimestamps describes the timestamps: those of no signature at the top, the others by the signature that carries them.
func (b *builder) addTimestamps() map[string][]Timestamp {
	owned, signatures := map[string][]Timestamp{}, map[string]bool{}
	for i := range b.conclusion.Signatures[:min(len(b.conclusion.Signatures), limits.ReportSignatures)] {
		signatures[b.conclusion.Signatures[i].ID] = true
	}
	for i := range b.conclusion.Timestamps {
		if i == limits.ReportTimestamps {
			b.Omitted.Timestamps = len(b.conclusion.Timestamps) - i
			break
		}
		c := &b.conclusion.Timestamps[i]
		t := b.timestamp(b.names[1][i], c)
		if signatures[c.Parent] {
			owned[c.Parent] = append(owned[c.Parent], t)
		} else {
			b.Timestamps = append(b.Timestamps, t)
		}
	}
	return owned
}

func (b *builder) timestamp(id string, c *validation.TimestampConclusion) Timestamp {
	t := Timestamp{
		ID: id, Parent: b.shown[c.Parent], Type: oneOf(c.Type, tokenTypes...), Time: known(c.Time), Crypto: cryptoOf(c.Crypto),
	}
	t.Indication, t.SubIndication = verdictWords(c.Verdict)
	f := b.tokensByID[c.ID]
	if f != nil {
		b.source.tokens[t.ID] = f
	}
	t.Chain, t.anchored = b.chain(c.Chain, c.Blocks, RoleTimestamp)
	t.Signer = b.signer(c.Signer, t.Chain, RoleTimestamp)
	t.Covers = b.tokenCoverage(f)
	b.source.blocks[t.ID] = c.Blocks
	about := b.about(scopeTimestamp, t.Signer)
	t.Findings, t.Blocks = b.blocks(c.Blocks, about)
	t.Words = b.timestampWords(c, about)
	t.reserved = t.verdict() == Valid && hasReserve(c.Blocks)
	return t
}

var tokenTypes = []facts.TokenType{
	facts.ContentTimestamp, facts.SignatureTimestamp, facts.ArchiveTimestamp, facts.ReferencesTimestamp, facts.DocumentTimestamp,
	facts.DetachedTimestamp,
}

// verdictWords and cryptoOf keep the words of the standard: a conclusion that was saved may hold others.
func verdictWords(v validation.Verdict) (validation.Indication, validation.SubIndication) {
	i := oneOf(v.Indication, validation.TotalPassed, validation.TotalFailed, validation.Passed, validation.Failed)
	if i == "" {
		i = validation.Indeterminate
	}
	return i, oneOf(v.SubIndication, validation.SubIndications()...)
}

func cryptoOf(c validation.Crypto) validation.Crypto {
	if c != validation.CryptoValid && c != validation.CryptoInvalid {
		return validation.CryptoUnknown
	}
	return c
}

// modifications keeps the changes. Their messages tell names of fields, so that Redact keeps none.
func (b *builder) modifications(list []facts.Modification) []Modification {
	out := []Modification{}
	for i, m := range list {
		if i == limits.ReportModifications {
			b.Omitted.Others += len(list) - i
			break
		}
		shown := Modification{Revision: m.Revision, Object: object(m.Object), Kind: oneOf(m.Kind, "undefined", "docmdp", "lock")}
		if !b.redact {
			shown.Message = sentence(m.Message)
		}
		out = append(out, shown)
	}
	return out
}

// object keeps "12 0", the number and generation of a PDF object, and nothing else.
func object(s string) string {
	if len(s) > 24 {
		return ""
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && c != ' ' {
			return ""
		}
	}
	return s
}

func (b *builder) addRevisions() {
	for i := range b.doc.Revisions {
		if i == limits.ReportRevisions {
			b.Omitted.Revisions = len(b.doc.Revisions) - i
			break
		}
		r := &b.doc.Revisions[i]
		b.Revisions = append(b.Revisions, Revision{
			Number: i + 1, End: r.End, Signature: b.shown[r.Signature], Added: len(r.Added), Changed: len(r.Changed), Freed: len(r.Freed),
		})
	}
}
