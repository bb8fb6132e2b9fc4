// Package pkitest is a public key infrastructure in memory, for tests: ours and those of the library's users. Authorities,
// certificates of any usage and key, CRLs, OCSP responses and RFC 3161 timestamps, at any date and with any fault.
//
//	pki := pkitest.New(pkitest.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
//	root := pki.Root("Racine d'essai")
//	ca := root.Intermediate("AC d'essai", pkitest.RSA3072)
//	seal := ca.Leaf("Mairie de Boisjoli", pkitest.Seal, pkitest.SIRET("99900000300015"))
//	tsa := ca.TimestampAuthority("Horodatage d'essai")
//
// seal.Key signs, seal.Chain() vouches, ca.CRL() says who is revoked, tsa.Timestamp makes tokens. [PKI.Serve] puts CRLs,
// OCSP, certificates and timestamps on a loopback HTTP server and, when it is called first, its URLs into the certificates.
// Identities are written as PEM and PKCS#12 for other tools.
//
// What is made is sound unless asked otherwise: by default a certificate follows the profiles of RGS annexe A4 (country FR,
// OU "0002" and the SIRET, critical KeyUsage of one usage, identifiers, policies, CRL distribution point). A fault is one
// more option:
//
//	pkitest.Expired()                          // on a certificate
//	ca.CRL(pkitest.Late())                     // on a CRL
//	ca.TimestampAuthority("…", pkitest.WrongImprint())
//
// No wall clock is read: the clock is [At], and [DefaultTime] without it. Keys are new in each PKI, or derived from a word
// by [Deterministic], so that golden files stay the same. Declarations that cannot be honoured panic with a message, as
// test programs want; what happens later (a timestamp, a server) returns errors. All of it is safe for concurrent use.
//
// Never use it for anything but tests: deterministic keys are public, RSA keys of one process share their primes, nothing is
// constant-time, and no key is protected. An OID below 1.3.6.1.4.1.32473 is the documentation arc of RFC 5612.
package pkitest

import (
	"crypto/rand"
	"crypto/sha3"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// DefaultTime is the date of a PKI that is given none.
var DefaultTime = time.Date(2026, time.January, 15, 10, 0, 0, 0, time.UTC)

// A PKI is a set of authorities that share a clock and, once [PKI.Serve] was called, a server.
type PKI struct {
	seed          []byte
	deterministic bool
	strong        bool

	mu          sync.Mutex
	clock       func() time.Time
	base        string         // URL of the server, or of a host that does not exist
	served      bool           // a server exists: certificates name its OCSP and caIssuers too
	names       map[string]int // how many identities were declared under each path
	authorities []*Authority
	tsas        []*TimestampAuthority
	responders  map[*Authority]*Responder
}

// New declares a PKI. Options: [At], [Clock], [Deterministic], [StrongKeys].
func New(options ...Option) *PKI {
	s := collect(onPKI, "PKI", options)
	p := &PKI{
		deterministic: s.seed != nil,
		strong:        s.strong,
		clock:         s.clock,
		base:          "http://pki.invalid",
		names:         map[string]int{},
		responders:    map[*Authority]*Responder{},
	}
	if p.clock == nil {
		p.clock = func() time.Time { return DefaultTime }
	}
	if p.seed = s.seed; p.seed == nil {
		p.seed = make([]byte, 32)
		rand.Read(p.seed)
	}
	return p
}

// Now is the date on the PKI's clock, in UTC.
func (p *PKI) Now() time.Time {
	p.mu.Lock()
	clock := p.clock
	p.mu.Unlock()
	return clock().UTC()
}

// SetTime stops the clock at t: CRLs, OCSP responses and timestamps made from now on bear that date.
func (p *PKI) SetTime(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock = func() time.Time { return t }
}

// stream is a reader of octets that depend on the seed and on the labels alone.
func (p *PKI) stream(labels ...string) io.Reader {
	x := sha3.NewSHAKE256()
	for _, label := range append([]string{string(p.seed)}, labels...) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(label)))
		x.Write(length[:])
		x.Write([]byte(label))
	}
	return x
}

// path names an identity inside the PKI: its key and serial derive from it, so that adding an identity changes no other.
func (p *PKI) path(issuer, name string) string {
	path := issuer + "/" + name
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[path]++
	if n := p.names[path]; n > 1 {
		path = fmt.Sprintf("%s#%d", path, n)
	}
	return path
}
