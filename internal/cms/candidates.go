package cms

import (
	"bytes"
	"crypto"
	"slices"
	"sync"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// CertificatesFor returns the certificates of the message that a signer designates, in order, each once. More than one is
// possible: certificates may share a key identifier, or lie about their issuer; which of them is the signer's is for the
// signature value and the signing-certificate attribute to say. What does not parse as a certificate is passed over.
//
// A message that was read with several signers parses each of its certificates once at most.
func (sd *SignedData) CertificatesFor(si *SignerInfo) []*pkix.Certificate {
	if sd.found == nil || len(sd.SignerInfos) == 1 { // nothing to share
		return Designated(si.SID, sd.Certificates)
	}
	return designated(si.SID, sd.Certificates, sd.found.certificate)
}

// Designated returns, of raw certificates, those that id designates. Only those whose serial number is that of id are
// parsed; with a key identifier, those in which its octets occur, and only if there are none, those without the extension.
func Designated(id SignerID, raw [][]byte) []*pkix.Certificate {
	return designated(id, raw, parseCertificate)
}

func parseCertificate(raw []byte) *pkix.Certificate {
	c, err := pkix.ParseCertificate(raw)
	if err != nil {
		return nil
	}
	return c
}

// keyIDExtension begins the subjectKeyIdentifier extension (RFC 5280 §4.2.1.2).
var keyIDExtension = []byte{6, 3, 0x55, 0x1d, 0x0e}

func designated(id SignerID, raw [][]byte, parse func([]byte) *pkix.Certificate) (found []*pkix.Certificate) {
	try := func(r []byte) {
		if slices.ContainsFunc(found, func(c *pkix.Certificate) bool { return bytes.Equal(c.Raw, r) }) {
			return
		}
		if c := parse(r); c != nil && id.Matches(c) {
			found = append(found, c)
		}
	}
	switch {
	case id.SubjectKeyID == nil:
		for _, r := range raw {
			if _, serial, ok := issuerAndSerial(r); !ok || sameInteger(serial, id.RawSerial) {
				try(r)
			}
		}
		return found
	case len(id.SubjectKeyID) == 0:
		return nil
	}
	for _, r := range raw {
		if bytes.Contains(r, id.SubjectKeyID) {
			try(r)
		}
	}
	if found != nil {
		return found
	}
	for _, r := range raw {
		if !bytes.Contains(r, keyIDExtension) {
			try(r)
		}
	}
	return found
}

// A memo keeps what is costly to compute from a message in memory, and the same for each of a thousand signers.
type memo struct {
	mu           sync.Mutex
	certificates map[*byte]*pkix.Certificate // by where the octets are; nil for what does not parse
	digests      []memoDigest                // one or two
}

type memoDigest struct {
	hash crypto.Hash
	sum  []byte
}

// certificate parses raw once.
func (m *memo) certificate(raw []byte) *pkix.Certificate {
	if len(raw) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.certificates[&raw[0]]; ok && (c == nil || len(c.Raw) == len(raw)) {
		return c
	}
	c := parseCertificate(raw)
	if m.certificates == nil {
		m.certificates = make(map[*byte]*pkix.Certificate)
	}
	m.certificates[&raw[0]] = c
	return c
}

// digest hashes content once for each algorithm.
func (m *memo) digest(h crypto.Hash, content []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.digests {
		if d.hash == h {
			return d.sum
		}
	}
	sum := digestOf(h, content)
	m.digests = append(m.digests, memoDigest{h, sum})
	return sum
}
