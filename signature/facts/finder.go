package facts

import (
	"crypto"
	"encoding/hex"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Finder finds certificates of a document by what signatures say of them: issuer and serial number, key identifier, digest.
// It looks at each certificate once and remembers its answers, so that a file with many signers and many certificates costs
// their sum and not their product.
type Finder struct {
	doc     *Document
	names   []cms.SignerID   // issuer and serial of each certificate looked at so far, empty when it has none
	serials map[string][]int // positions by issuer and serial, when there are more than fewCertificates
	keys    map[string][]int // positions by subject key identifier, filled when first needed
	keysOf  int              // how many certificates are in keys
	answers map[string][]string
	digests map[crypto.Hash]map[string][]int
	hashed  map[crypto.Hash]int
}

// fewCertificates are compared one by one: indexing them costs more.
const fewCertificates = 16

// NewFinder returns a Finder of doc. Certificates added to doc afterwards are found too.
func NewFinder(doc *Document) *Finder { return &Finder{doc: doc} }

// Designate fills what depends on the certificates at hand: Candidates, and in each of SigningCertificate Matches and
// IssuerSerialMatches. It may be called again when certificates were added. Signatures may share the slices.
func (f *Finder) Designate(s *Signed) {
	f.look()
	s.Candidates = f.designated(cms.SignerID{RawIssuer: s.Signer.Issuer, RawSerial: s.Signer.Serial, SubjectKeyID: s.Signer.SubjectKeyID})
	for i := range s.SigningCertificate {
		reference := &s.SigningCertificate[i]
		reference.Matches = f.withDigest(reference)
		reference.IssuerSerialMatches = nil
		if issuer, serial, ok := cms.ParseIssuerSerial(reference.IssuerSerial); ok {
			reference.IssuerSerialMatches = f.designated(cms.SignerID{RawIssuer: issuer, RawSerial: serial})
		}
	}
}

// look takes issuer and serial of the certificates that are new.
func (f *Finder) look() {
	if len(f.names) == len(f.doc.Certificates) {
		return
	}
	f.answers = nil
	for _, c := range f.doc.Certificates[len(f.names):] {
		issuer, serial, ok := cms.IssuerAndSerial(c.Raw)
		if !ok { // in BER, or no certificate
			if parsed, err := pkix.ParseCertificate(c.Raw); err == nil {
				issuer, serial = parsed.RawIssuer, parsed.RawSerial
			}
		}
		f.names = append(f.names, cms.SignerID{RawIssuer: issuer, RawSerial: serial})
	}
	if len(f.names) <= fewCertificates {
		return
	}
	f.serials = make(map[string][]int, len(f.names))
	for position, sid := range f.names {
		if len(sid.RawSerial) > 0 {
			key := canonical(sid)
			f.serials[key] = append(f.serials[key], position)
		}
	}
}

// canonical is the same for two issuers and serials that match: RFC 5280 §7.1.
func canonical(sid cms.SignerID) string {
	name, ok := pkix.CanonicalName(sid.RawIssuer)
	if !ok {
		name = string(sid.RawIssuer)
	}
	return string(cms.CanonicalSerial(sid.RawSerial)) + "/" + name
}

func (f *Finder) designated(sid cms.SignerID) (ids []string) {
	if len(f.names) <= fewCertificates && sid.SubjectKeyID == nil {
		for position, of := range f.names {
			if sid.Matches(&pkix.Certificate{RawIssuer: of.RawIssuer, RawSerial: of.RawSerial}) {
				ids = append(ids, f.doc.Certificates[position].ID)
			}
		}
		return ids
	}
	key := "k" + string(sid.SubjectKeyID)
	if sid.SubjectKeyID == nil {
		key = "i" + canonical(sid)
	}
	if ids, ok := f.answers[key]; ok {
		return ids
	}
	positions := f.serials[key[1:]]
	if sid.SubjectKeyID != nil {
		positions = f.withKey(sid.SubjectKeyID)
	}
	for _, position := range positions {
		ids = append(ids, f.doc.Certificates[position].ID)
	}
	if f.answers == nil {
		f.answers = map[string][]string{}
	}
	f.answers[key] = ids
	return ids
}

func (f *Finder) withKey(identifier []byte) []int {
	if f.keys == nil {
		f.keys = map[string][]int{}
	}
	for ; f.keysOf < len(f.doc.Certificates); f.keysOf++ {
		if c, err := pkix.ParseCertificate(f.doc.Certificates[f.keysOf].Raw); err == nil {
			key := string(cms.KeyIDOf(c).SubjectKeyID)
			f.keys[key] = append(f.keys[key], f.keysOf)
		}
	}
	return f.keys[string(identifier)]
}

// withDigest returns the certificates whose digest is that of the reference. That under SHA-256 is their ID.
func (f *Finder) withDigest(r *CertificateReference) (ids []string) {
	h, ok := hashByName(r.Digest)
	if !ok || !h.Available() {
		return nil
	}
	if h == crypto.SHA256 {
		if c := f.doc.Certificate(hex.EncodeToString(r.Value)); c != nil {
			ids = append(ids, c.ID)
		}
		return ids
	}
	if f.digests == nil {
		f.digests, f.hashed = map[crypto.Hash]map[string][]int{}, map[crypto.Hash]int{}
	}
	table := f.digests[h]
	if table == nil {
		table = map[string][]int{}
		f.digests[h] = table
	}
	for ; f.hashed[h] < len(f.doc.Certificates); f.hashed[h]++ {
		state := h.New()
		state.Write(f.doc.Certificates[f.hashed[h]].Raw)
		sum := string(state.Sum(nil))
		table[sum] = append(table[sum], f.hashed[h])
	}
	for _, position := range table[string(r.Value)] {
		ids = append(ids, f.doc.Certificates[position].ID)
	}
	return ids
}

var hashes = []crypto.Hash{
	crypto.SHA256, crypto.SHA1, crypto.SHA384, crypto.SHA512, crypto.SHA224, crypto.SHA512_224, crypto.SHA512_256,
	crypto.SHA3_224, crypto.SHA3_256, crypto.SHA3_384, crypto.SHA3_512,
}

func hashByName(name string) (crypto.Hash, bool) {
	for _, h := range hashes {
		if pkix.DigestName(h) == name {
			return h, true
		}
	}
	return 0, false
}
