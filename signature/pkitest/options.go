package pkitest

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"time"
)

// An Option asks for something other than the default. [KeyType] and [Usage] are Options too. An option given to what it
// does not concern, such as [WrongImprint] on a CRL, panics.
type Option interface{ setting() setting }

// A target is what an option applies to.
type target uint16

const (
	onPKI target = 1 << iota
	onCertificate
	onCRL
	onOCSP
	onTSA
	onServer
)

type setting struct {
	name  string
	on    target
	apply func(*spec)
}

func (s setting) setting() setting { return s }

// spec is the sum of the options given. Each maker reads the fields that concern it.
type spec struct {
	// PKI
	clock  func() time.Time
	seed   []byte
	strong bool

	// what is common to signed objects
	at           *time.Time
	hash         crypto.Hash
	pss          bool
	badSignature bool
	wrongKey     bool
	extensions   []extension
	without      map[string]bool
	critical     map[string]bool

	// certificates
	keyType           KeyType
	key               crypto.Signer
	spki              []byte
	restriction       crypto.Hash
	usage             Usage
	isCA              *bool
	pathLen           *int
	country           string
	organization      string
	siret             string
	units             []string
	given, surname    string
	pseudonym         string
	subject           []byte
	serial            []byte
	notBefore         time.Time
	notAfter          time.Time
	revoked           *revocation
	keyUsage          *uint16
	extKeyUsage       []string
	policies          []string
	dns, emails       []string
	ips               []net.IP
	unknownIssuer     bool
	editTBS           func([]byte) []byte
	statements        [][]byte
	noRevocationPoint bool

	crl    crlSpec
	ocsp   ocspSpec
	tsa    tsaSpec
	server serverSpec
}

type extension struct {
	oid      string
	critical bool
	value    []byte
}

// collect applies options to a new spec. what names the maker, for the panic of an option that does not concern it.
func collect(on target, what string, options []Option) *spec {
	s := &spec{without: map[string]bool{}, critical: map[string]bool{}}
	for _, o := range options {
		set := o.setting()
		if set.on&on == 0 {
			panic(fmt.Sprintf("pkitest: the option %s does not apply to a %s", set.name, what))
		}
		set.apply(s)
	}
	return s
}

// split separates the options of a signed object (token, OCSP response) from those of the certificate made to sign it.
func split(on target, options []Option) (object, certificate []Option) {
	for _, o := range options {
		switch wrapped, ok := o.(ForCertificate); {
		case ok:
			certificate = append(certificate, wrapped...)
		case o.setting().on&on != 0:
			object = append(object, o)
		default:
			certificate = append(certificate, o)
		}
	}
	return object, certificate
}

// ForCertificate gives to the certificate of a timestamp authority or a responder the options that would otherwise concern
// what it signs: ForCertificate{LegacySHA1()}.
type ForCertificate []Option

func (f ForCertificate) setting() setting {
	return setting{"ForCertificate", 0, nil}
}

// At sets the date: of the clock in [New], of issue (thisUpdate, producedAt, genTime) elsewhere.
func At(t time.Time) Option {
	return setting{"At", onPKI | onCRL | onOCSP | onTSA, func(s *spec) {
		s.at, s.clock = &t, func() time.Time { return t }
	}}
}

// Clock makes the PKI follow a clock. time.Now is one.
func Clock(now func() time.Time) Option {
	return setting{"Clock", onPKI, func(s *spec) { s.clock = now }}
}

// Deterministic derives keys, serials and salts from a word: two PKIs of the same word, declared alike, are the same octet
// for octet. The keys are as public as the word.
func Deterministic(word string) Option {
	return setting{"Deterministic", onPKI, func(s *spec) { s.seed = append([]byte("confiance pkitest 1 "), word...) }}
}

// StrongKeys makes RSA keys with crypto/rsa, slower, that share nothing.
func StrongKeys() Option { return setting{"StrongKeys", onPKI, func(s *spec) { s.strong = true }} }

// Digest is the hash under the signature: SHA-256, SHA-384, SHA-512 or a SHA-3. By default SHA-256, or what suits a larger
// curve. For SHA-1, see [LegacySHA1].
func Digest(h crypto.Hash) Option {
	return setting{"Digest", onCertificate | onCRL | onOCSP | onTSA, func(s *spec) {
		if h == crypto.SHA1 || h == crypto.MD5 {
			panic("pkitest: use LegacySHA1; MD5 is not offered")
		}
		s.hash = h
	}}
}

// LegacySHA1 signs with SHA-1, broken since 2017: only to see it refused.
func LegacySHA1() Option {
	return setting{"LegacySHA1", onCertificate | onCRL | onOCSP | onTSA, func(s *spec) { s.hash = crypto.SHA1 }}
}

// PSS signs with RSASSA-PSS where the signing key is RSA. An id-RSASSA-PSS key always does.
func PSS() Option {
	return setting{"PSS", onCertificate | onCRL | onOCSP | onTSA, func(s *spec) { s.pss = true }}
}

// WrongNonce answers another nonce than the one asked.
func WrongNonce() Option {
	return setting{"WrongNonce", onOCSP | onTSA, func(s *spec) { s.ocsp.wrongNonce, s.tsa.wrongNonce = true, true }}
}

// BadSignature flips a bit of the signature value. On a timestamp authority or a responder, that of what it signs.
func BadSignature() Option {
	return setting{"BadSignature", onCertificate | onCRL | onOCSP | onTSA, func(s *spec) { s.badSignature = true }}
}

// WrongKey signs with a key that is not the issuer's, whose name and key identifier stay.
func WrongKey() Option {
	return setting{"WrongKey", onCertificate | onCRL | onOCSP | onTSA, func(s *spec) { s.wrongKey = true }}
}

// Extension adds an extension, or replaces the one of the same OID. value is the DER inside extnValue.
func Extension(oid string, critical bool, value []byte) Option {
	return setting{"Extension", onCertificate | onCRL, func(s *spec) {
		s.extensions = append(s.extensions, extension{oid, critical, value})
	}}
}

// Without leaves extensions out, by OID: pkitest.Without(pkitest.OIDAuthorityKeyIdentifier).
func Without(oids ...string) Option {
	return setting{"Without", onCertificate | onCRL, func(s *spec) {
		for _, o := range oids {
			s.without[o] = true
		}
	}}
}

// Critical sets the criticality of an extension that the object has by default.
func Critical(oid string, critical bool) Option {
	return setting{"Critical", onCertificate | onCRL, func(s *spec) { s.critical[oid] = critical }}
}

func certificateOption(name string, apply func(*spec)) Option {
	return setting{name, onCertificate, apply}
}

// Key certifies a key that the caller holds.
func Key(key crypto.Signer) Option {
	return certificateOption("Key", func(s *spec) { s.key = key })
}

// PublicKey certifies any DER SubjectPublicKeyInfo: brainpool, DSA, RSA of 1024 bits, nonsense. The identity has no Key.
func PublicKey(spki []byte) Option {
	return certificateOption("PublicKey", func(s *spec) { s.spki = spki })
}

// PSSRestriction states in an id-RSASSA-PSS key the digest, MGF1 and least salt it signs with: RFC 4055 §3.1.
func PSSRestriction(h crypto.Hash) Option {
	return certificateOption("PSSRestriction", func(s *spec) { s.restriction = h })
}

// Country is the countryName, "FR" by default. Empty leaves it out.
func Country(code string) Option {
	return certificateOption("Country", func(s *spec) { s.country = code })
}

// Organization is the organizationName. Empty leaves it out.
func Organization(name string) Option {
	return certificateOption("Organization", func(s *spec) { s.organization = name })
}

// SIRET is the number (14 digits; 9 for a SIREN) that goes into OU "0002 …" and, for a seal, organizationIdentifier
// "NTRFR-…". It is not checked. Empty leaves both out.
func SIRET(number string) Option {
	return certificateOption("SIRET", func(s *spec) { s.siret = number })
}

// Unit adds organizationalUnitNames after the "0002 …" one.
func Unit(names ...string) Option {
	return certificateOption("Unit", func(s *spec) { s.units = append(s.units, names...) })
}

// Person gives the identity of a natural person by givenName and surname: RGS A4 VII.2.2.
func Person(given, surname string) Option {
	return certificateOption("Person", func(s *spec) { s.given, s.surname = given, surname })
}

// Pseudonym names the holder by a pseudonym.
func Pseudonym(name string) Option {
	return certificateOption("Pseudonym", func(s *spec) { s.pseudonym = name })
}

// RawSubject is the DER of the whole subject Name. [Name] makes one.
func RawSubject(name []byte) Option {
	return certificateOption("RawSubject", func(s *spec) { s.subject = name })
}

// Validity sets notBefore and notAfter.
func Validity(from, to time.Time) Option {
	return certificateOption("Validity", func(s *spec) { s.notBefore, s.notAfter = from, to })
}

// Expired makes a certificate that ended a day before the clock.
func Expired() Option {
	return certificateOption("Expired", func(s *spec) {
		s.notBefore, s.notAfter = relative(-730), relative(-1)
	})
}

// NotYetValid makes a certificate that begins a day after the clock.
func NotYetValid() Option {
	return certificateOption("NotYetValid", func(s *spec) {
		s.notBefore, s.notAfter = relative(1), relative(730)
	})
}

// relative marks a date as days from the clock, which options do not see: an offset from the zero year.
func relative(days int) time.Time { return relativeOrigin.Add(time.Duration(days) * 24 * time.Hour) }

var relativeOrigin = time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC)

func resolve(t, now time.Time) time.Time {
	if t.Year() < -4000 {
		return now.Add(t.Sub(relativeOrigin))
	}
	return t
}

// Revoked revokes the certificate at a date, which may be later than the clock: CRLs and responses of an earlier date do not
// say so. Same as [Authority.Revoke].
func Revoked(at time.Time, reason Reason) Option {
	return certificateOption("Revoked", func(s *spec) { s.revoked = &revocation{at: at, reason: reason} })
}

// Serial is the serial number, by default 16 octets drawn at random. It may be zero or negative.
func Serial(n *big.Int) Option {
	return certificateOption("Serial", func(s *spec) { s.serial = bigInteger(n)[2:] })
}

// SerialOctets is the content of the serial's INTEGER, of any length and form. It must be shorter than 128 octets.
func SerialOctets(content []byte) Option {
	return certificateOption("SerialOctets", func(s *spec) { s.serial = content })
}

// KeyUsage replaces the bits of keyUsage (critical); their numbers are those of crypto/x509. Zero writes an empty one.
func KeyUsage(bits x509.KeyUsage) Option {
	return certificateOption("KeyUsage", func(s *spec) { b := uint16(bits); s.keyUsage = &b })
}

// ExtKeyUsage replaces the purposes of extKeyUsage, by OID; none leaves it out.
func ExtKeyUsage(oids ...string) Option {
	return certificateOption("ExtKeyUsage", func(s *spec) { s.extKeyUsage = append([]string{}, oids...) })
}

// Policies replaces the OIDs of certificatePolicies.
func Policies(oids ...string) Option {
	return certificateOption("Policies", func(s *spec) { s.policies = append([]string{}, oids...) })
}

// DNS adds dNSNames to subjectAltName.
func DNS(names ...string) Option {
	return certificateOption("DNS", func(s *spec) { s.dns = append(s.dns, names...) })
}

// IP adds iPAddresses to subjectAltName.
func IP(addresses ...net.IP) Option {
	return certificateOption("IP", func(s *spec) { s.ips = append(s.ips, addresses...) })
}

// Email adds rfc822Names to subjectAltName.
func Email(addresses ...string) Option {
	return certificateOption("Email", func(s *spec) { s.emails = append(s.emails, addresses...) })
}

// PathLen sets pathLenConstraint, -1 for none. Intermediates have 0 by default, roots none.
func PathLen(n int) Option {
	return certificateOption("PathLen", func(s *spec) { s.pathLen = &n })
}

// AsCA writes basicConstraints cA TRUE (true) or FALSE (false) whatever the certificate is for: a timestamp unit that is a
// CA, an intermediate that is none.
func AsCA(ca bool) Option {
	return certificateOption("AsCA", func(s *spec) { s.isCA = &ca })
}

// Qualified adds QCStatements (EN 319 412-5): QcCompliance, QcType (eSeal for [Seal], web for [ServerAuth], else eSign) and, with
// a device, QcSSCD. It says nothing of an RGS level.
func Qualified(device bool) Option {
	return certificateOption("Qualified", func(s *spec) {
		s.statements = append(s.statements, sequence(oid("0.4.0.1862.1.1")))
		if device {
			s.statements = append(s.statements, sequence(oid("0.4.0.1862.1.4")))
		}
	})
}

// UnknownIssuer writes an issuer name and key identifier that nobody bears.
func UnknownIssuer() Option {
	return certificateOption("UnknownIssuer", func(s *spec) { s.unknownIssuer = true })
}

// EditTBS changes the TBSCertificate just before it is signed: whatever the writer cannot be asked for.
func EditTBS(edit func(tbs []byte) []byte) Option {
	return certificateOption("EditTBS", func(s *spec) { s.editTBS = edit })
}
