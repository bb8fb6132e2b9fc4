package facts

import (
	"crypto"
	"encoding/hex"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Finder finds certificates of a document by what signatures say of them: issuer and serial number, key identifier, digest.
// It looks at each certificate once, so that a file with many signers and many certificates costs their sum and not their
// product.
type Finder struct {
	doc      *Document
	known    int              // how many certificates of doc are indexed
	serials  map[string][]int // position by serial number
	odd      []int            // those that are not DER: tried every time
	keys     map[string][]int // by subject key identifier; filled when first needed
	keysDone int
	digests  map[crypto.Hash]map[string][]int
	hashed   map[crypto.Hash]int
}

// NewFinder returns a Finder of doc. Certificates added to doc afterwards are found too.
func NewFinder(doc *Document) *Finder {
	return &Finder{doc: doc, serials: map[string][]int{}, keys: map[string][]int{}, digests: map[crypto.Hash]map[string][]int{}, hashed: map[crypto.Hash]int{}}
}

// Designate fills what depends on the certificates at hand: Candidates, and in each of SigningCertificate Matches and
// IssuerSerialMatches. It may be called again when certificates were added.
func (f *Finder) Designate(s *Signed) {
	f.index()
	sid := cms.SignerID{RawIssuer: s.Signer.Issuer, RawSerial: s.Signer.Serial, SubjectKeyID: s.Signer.SubjectKeyID}
	s.Candidates = f.designated(sid)
	for i := range s.SigningCertificate {
		reference := &s.SigningCertificate[i]
		reference.Matches = f.withDigest(reference)
		reference.IssuerSerialMatches = nil
		if issuer, serial, ok := cms.ParseIssuerSerial(reference.IssuerSerial); ok {
			reference.IssuerSerialMatches = f.designated(cms.SignerID{RawIssuer: issuer, RawSerial: serial})
		}
	}
}

func (f *Finder) index() {
	for ; f.known < len(f.doc.Certificates); f.known++ {
		_, serial, ok := cms.IssuerAndSerial(f.doc.Certificates[f.known].Raw)
		if !ok {
			f.odd = append(f.odd, f.known)
			continue
		}
		key := string(cms.CanonicalSerial(serial))
		f.serials[key] = append(f.serials[key], f.known)
	}
}

func (f *Finder) designated(sid cms.SignerID) (ids []string) {
	var positions []int
	if sid.SubjectKeyID != nil {
		f.indexKeys()
		positions = f.keys[string(sid.SubjectKeyID)]
	} else if serial := string(cms.CanonicalSerial(sid.RawSerial)); len(f.odd) == 0 {
		positions = f.serials[serial]
	} else {
		positions = append(append(positions, f.serials[serial]...), f.odd...)
	}
	for _, position := range positions {
		candidate := &f.doc.Certificates[position]
		if len(cms.Designated(sid, [][]byte{candidate.Raw})) > 0 {
			ids = append(ids, candidate.ID)
		}
	}
	return ids
}

func (f *Finder) indexKeys() {
	for ; f.keysDone < len(f.doc.Certificates); f.keysDone++ {
		c, err := pkix.ParseCertificate(f.doc.Certificates[f.keysDone].Raw)
		if err != nil {
			continue
		}
		key := string(cms.KeyIDOf(c).SubjectKeyID)
		f.keys[key] = append(f.keys[key], f.keysDone)
	}
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
