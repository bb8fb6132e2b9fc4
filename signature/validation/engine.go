package validation

import (
	"cmp"
	"slices"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// engine is what one call of Conclude works with.
type engine struct {
	doc        *facts.Document
	in         Input
	policy     *Policy
	byID       map[string]*certificate
	bySubject  map[trust.Name][]*certificate // certificates of the file, in order of ID
	anchored   map[anchorKey][]*certificate  // in order of ID; filled as names are asked for
	issuance   map[pair]facts.ValueState
	ids        map[string]int // how many signatures and tokens have an ID
	tokens     map[string]int // position of each token, by ID
	covering   []int          // positions of the document timestamps
	steps      int
	needs      [2]needs // of signatures, of timestamps: when work is bounded, signatures come first
	timestamps []TimestampConclusion

	revocationFinder *facts.RevocationFinder
	met              map[string]*certificate // anchors that the finder knows, by ID
	statuses         map[statusKey]*status
	revocationWork   int // what may still be spent on revocation data
}

type pair struct{ subject, issuer string }

type anchorKey struct {
	purpose trust.Purpose
	subject trust.Name
}

func newEngine(doc *facts.Document, in Input) *engine {
	e := &engine{
		doc: doc, in: in, policy: in.Policy,
		byID: map[string]*certificate{}, bySubject: map[trust.Name][]*certificate{}, anchored: map[anchorKey][]*certificate{},
		issuance: map[pair]facts.ValueState{}, ids: map[string]int{}, tokens: map[string]int{},
		met: map[string]*certificate{}, statuses: map[statusKey]*status{}, revocationWork: limits.RevocationWork,
	}
	for i := range doc.Certificates {
		f := &doc.Certificates[i]
		c := in.Memo.read(f.Raw)
		if c == nil || c.id != f.ID || e.byID[f.ID] != nil {
			continue // an ID that is not that of the octets designates nothing
		}
		e.byID[f.ID] = c
		e.bySubject[c.subject] = append(e.bySubject[c.subject], c)
	}
	for _, list := range e.bySubject {
		slices.SortFunc(list, byID)
	}
	for _, i := range doc.Issuance {
		key := pair{i.Subject, i.Issuer}
		if known, ok := e.issuance[key]; ok && known != i.Result {
			e.issuance[key] = facts.Wrong // facts that contradict each other prove nothing
			continue
		}
		e.issuance[key] = i.Result
	}
	for i := range doc.Signatures {
		e.ids[doc.Signatures[i].ID]++
	}
	for i := range doc.Timestamps {
		t := &doc.Timestamps[i]
		e.ids[t.ID]++
		e.tokens[t.ID] = i
		if t.Type == facts.DocumentTimestamp {
			e.covering = append(e.covering, i)
		}
	}
	return e
}

func byID(a, b *certificate) int { return cmp.Compare(a.id, b.id) }

// anchorsFor returns the set that is believed for a purpose.
func (e *engine) anchorsFor(p trust.Purpose) *trust.Set {
	if p == trust.Timestamp && e.in.TimestampAnchors != nil {
		return e.in.TimestampAnchors
	}
	return e.in.Anchors
}

// anchor returns the trust put in a certificate for a purpose.
func (e *engine) anchor(id string, p trust.Purpose) (trust.Anchor, bool) {
	a, ok := e.anchorsFor(p).Find(id)
	return a, ok && a.Serves(p)
}

// anchorsNamed returns the anchors whose subject is the issuer of c.
func (e *engine) anchorsNamed(c *certificate, p trust.Purpose) []*certificate {
	key := anchorKey{p, c.issuer}
	if list, ok := e.anchored[key]; ok {
		return list
	}
	var list []*certificate
	for _, a := range e.anchorsFor(p).Named(c.issuer) {
		if !a.Serves(p) {
			continue
		}
		if parsed := e.in.Memo.read(a.Certificate); parsed != nil {
			list = append(list, parsed)
		}
	}
	slices.SortFunc(list, byID)
	e.anchored[key] = list
	return list
}

// A subject is one signature or timestamp under examination.
type subject struct {
	e             *engine
	signed        *facts.Signed
	scope         scope
	purpose       trust.Purpose
	isCounter     bool
	modifications []facts.Modification
	time          *time.Time // claimed signing time, or genTime

	signer                        *certificate // nil if none is at hand
	fc, isc, vci, xcv, cv, sav    *builder
	chain                         []string
	references                    bool // every reference found and intact
	contentTimestamps, timestamps []*TimestampConclusion
}

func (e *engine) signature(s *facts.Signature) *subject {
	return &subject{
		e: e, signed: &s.Signed, scope: signatureScope, purpose: trust.Signature,
		isCounter: s.Parent != "", modifications: s.Modifications, time: s.ClaimedTime,
	}
}

func (e *engine) token(t *facts.Token) *subject {
	genTime := t.Time.UTC()
	return &subject{
		e: e, signed: &t.Signed, scope: timestampScope, purpose: trust.Timestamp,
		modifications: t.Modifications, time: &genTime,
	}
}

// need names what would let the conclusion on x go further.
func (x *subject) need(n Need) { x.e.needs[x.scope].add(n) }

func (x *subject) block(name string) *builder { return x.e.policy.block(name, x.scope) }

// run makes the building blocks, in the order of the standard. Those that need the signing certificate are left out when
// there is none.
func (x *subject) run(at time.Time) {
	x.checkFormat()
	x.identify()
	x.checkContext()
	x.checkCryptography()
	if x.signer != nil {
		x.checkChain(at)
		x.sav = x.accept(at)
	}
}

// blocks returns the blocks made, in the order of the standard.
func (x *subject) blocks() []Block {
	var out []Block
	for _, b := range []*builder{x.fc, x.isc, x.vci, x.xcv, x.cv, x.sav} {
		if b != nil {
			out = append(out, b.Block)
		}
	}
	return out
}

// value returns whether the signature value verified under the key of a candidate, and whether that is known.
func (x *subject) value(id string) (state facts.ValueState, detail string) {
	for _, k := range x.signed.Keys {
		switch {
		case k.Certificate != id || k.Result == state:
		case state == "":
			state, detail = k.Result, k.Detail
		default:
			return facts.Wrong, "the facts contradict each other"
		}
	}
	return state, detail
}

// crypto sums up whether the signed octets are what was signed.
func (x *subject) crypto() Crypto {
	unknown := false
	for _, p := range x.signed.Problems {
		unknown = unknown || p.Unsupported
		if p.Fatal && !p.Unsupported {
			return CryptoInvalid
		}
	}
	if len(x.modifications) > 0 || x.e.ids[x.signed.ID] > 1 || x.fc.Failed() && !unknown {
		return CryptoInvalid
	}
	if len(x.signed.References) == 0 && !unknown {
		return CryptoInvalid // a value that covers nothing
	}
	for i := range x.signed.References {
		switch stateOf(&x.signed.References[i], x.coversDirectly()) {
		case referenceBroken:
			return CryptoInvalid
		case referenceUncomputed:
			if !unknown {
				return CryptoInvalid
			}
		case referenceMissing:
			unknown = true
		}
	}
	if x.signer == nil {
		return CryptoUnknown
	}
	switch state, _ := x.value(x.signer.id); state {
	case facts.Wrong:
		return CryptoInvalid
	case facts.Verified:
		if !unknown {
			return CryptoValid
		}
	}
	return CryptoUnknown
}

// Failed reports whether the block ended with FAILED.
func (b *builder) Failed() bool { return b.Indication == Failed }

// scheme reads the signature algorithm together with the key of the signer.
func (x *subject) scheme(key *pkix.PublicKeyInfo) (pkix.Scheme, error) {
	a, err := algorithmIdentifier(x.signed.SignatureAlgorithm)
	if err != nil {
		return pkix.Scheme{}, err
	}
	d, err := algorithmIdentifier(x.signed.DigestAlgorithm)
	if err != nil {
		return pkix.Scheme{}, err
	}
	digest, _ := pkix.DigestByOID(d)
	return pkix.ParseScheme(a, key, digest)
}
