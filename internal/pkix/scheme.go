package pkix

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"strconv"

	"github.com/cadre-confiance/confiance/internal/der"
)

// A SchemeKind is a family of signature schemes.
type SchemeKind string

// The families that are verified here. RSAKey is none of them: it marks an identifier that names a key and leaves the digest
// to CMS.
const (
	PKCS1v15 SchemeKind = "RSASSA-PKCS1-v1_5" // RFC 8017 §8.2
	PSS      SchemeKind = "RSASSA-PSS"        // RFC 8017 §8.1
	ECDSA    SchemeKind = "ECDSA"             // FIPS 186-5 §6
	EdDSA    SchemeKind = "Ed25519"           // RFC 8032, pure
	DSA      SchemeKind = "DSA"               // FIPS 186-4 §4
	RSAKey   SchemeKind = "rsaEncryption"
)

// A Scheme is everything that makes a signature value mean something, but the key.
type Scheme struct {
	Kind       SchemeKind
	Hash       crypto.Hash // of the message; SHA-512 for Ed25519, which is what CMS calls its digest (RFC 8419 §3.1)
	SaltLength int         // PSS only, in octets
	MGFHash    crypto.Hash // PSS only
}

type signatureAlgorithm struct {
	kind    SchemeKind
	hash    crypto.Hash
	fromKey bool // the identifier is that of a key: the digest comes from elsewhere
}

var (
	oidRSA     = der.MustOID("1.2.840.113549.1.1.1")
	oidX500RSA = der.MustOID("2.5.8.1.1") // X.509 annex, before PKCS #1 had its own; some signers still write it
	oidRSAOAEP = der.MustOID("1.2.840.113549.1.1.7")
	oidPSS     = der.MustOID("1.2.840.113549.1.1.10")
	oidEC      = der.MustOID("1.2.840.10045.2.1")
	oidDSA     = der.MustOID("1.2.840.10040.4.1")
	oidX25519  = der.MustOID("1.3.101.110")
	oidX448    = der.MustOID("1.3.101.111")
	oidEd25519 = der.MustOID("1.3.101.112")
	oidEd448   = der.MustOID("1.3.101.113")
)

// signatureAlgorithms: RFC 4055 §5, RFC 5758 §3, RFC 5754 §3, RFC 8017 §A.2.4, RFC 8410, RFC 9688 §3.
var signatureAlgorithms = map[der.OID]signatureAlgorithm{
	oidRSA:     {RSAKey, 0, true},
	oidX500RSA: {RSAKey, 0, true},
	oidPSS:     {PSS, 0, false},
	oidEC:      {ECDSA, 0, true},
	oidDSA:     {DSA, 0, true},
	oidEd25519: {EdDSA, crypto.SHA512, false},

	der.MustOID("1.2.840.113549.1.1.5"):    {PKCS1v15, crypto.SHA1, false},
	der.MustOID("1.2.840.113549.1.1.11"):   {PKCS1v15, crypto.SHA256, false},
	der.MustOID("1.2.840.113549.1.1.12"):   {PKCS1v15, crypto.SHA384, false},
	der.MustOID("1.2.840.113549.1.1.13"):   {PKCS1v15, crypto.SHA512, false},
	der.MustOID("1.2.840.113549.1.1.14"):   {PKCS1v15, crypto.SHA224, false},
	der.MustOID("1.2.840.113549.1.1.15"):   {PKCS1v15, crypto.SHA512_224, false},
	der.MustOID("1.2.840.113549.1.1.16"):   {PKCS1v15, crypto.SHA512_256, false},
	der.MustOID("2.16.840.1.101.3.4.3.13"): {PKCS1v15, crypto.SHA3_224, false},
	der.MustOID("2.16.840.1.101.3.4.3.14"): {PKCS1v15, crypto.SHA3_256, false},
	der.MustOID("2.16.840.1.101.3.4.3.15"): {PKCS1v15, crypto.SHA3_384, false},
	der.MustOID("2.16.840.1.101.3.4.3.16"): {PKCS1v15, crypto.SHA3_512, false},
	der.MustOID("1.3.14.3.2.29"):           {PKCS1v15, crypto.SHA1, false}, // OIW, before PKCS #1 had its own

	der.MustOID("1.2.840.10045.4.1"):       {ECDSA, crypto.SHA1, false},
	der.MustOID("1.2.840.10045.4.3.1"):     {ECDSA, crypto.SHA224, false},
	der.MustOID("1.2.840.10045.4.3.2"):     {ECDSA, crypto.SHA256, false},
	der.MustOID("1.2.840.10045.4.3.3"):     {ECDSA, crypto.SHA384, false},
	der.MustOID("1.2.840.10045.4.3.4"):     {ECDSA, crypto.SHA512, false},
	der.MustOID("2.16.840.1.101.3.4.3.9"):  {ECDSA, crypto.SHA3_224, false},
	der.MustOID("2.16.840.1.101.3.4.3.10"): {ECDSA, crypto.SHA3_256, false},
	der.MustOID("2.16.840.1.101.3.4.3.11"): {ECDSA, crypto.SHA3_384, false},
	der.MustOID("2.16.840.1.101.3.4.3.12"): {ECDSA, crypto.SHA3_512, false},

	der.MustOID("1.2.840.10040.4.3"):      {DSA, crypto.SHA1, false},
	der.MustOID("1.3.14.3.2.27"):          {DSA, crypto.SHA1, false}, // OIW
	der.MustOID("2.16.840.1.101.3.4.3.1"): {DSA, crypto.SHA224, false},
	der.MustOID("2.16.840.1.101.3.4.3.2"): {DSA, crypto.SHA256, false},
	der.MustOID("2.16.840.1.101.3.4.3.3"): {DSA, crypto.SHA384, false},
	der.MustOID("2.16.840.1.101.3.4.3.4"): {DSA, crypto.SHA512, false},
	der.MustOID("2.16.840.1.101.3.4.3.5"): {DSA, crypto.SHA3_224, false},
	der.MustOID("2.16.840.1.101.3.4.3.6"): {DSA, crypto.SHA3_256, false},
	der.MustOID("2.16.840.1.101.3.4.3.7"): {DSA, crypto.SHA3_384, false},
	der.MustOID("2.16.840.1.101.3.4.3.8"): {DSA, crypto.SHA3_512, false},
}

// foreignSignatures are recognised so that a finding can name them, and never verified.
var foreignSignatures = map[der.OID]string{
	der.MustOID("1.2.840.113549.1.1.2"):    "md2WithRSAEncryption",
	der.MustOID("1.2.840.113549.1.1.3"):    "md4WithRSAEncryption",
	der.MustOID("1.2.840.113549.1.1.4"):    "md5WithRSAEncryption",
	der.MustOID("1.3.36.3.3.1.2"):          "RSA with RIPEMD-160",
	der.MustOID("1.3.36.3.3.1.3"):          "RSA with RIPEMD-128",
	der.MustOID("1.3.36.3.3.1.4"):          "RSA with RIPEMD-256",
	der.MustOID("1.2.840.10045.4.2"):       "ecdsa-with-Recommended",
	der.MustOID("1.2.840.10045.4.3"):       "ecdsa-with-Specified",
	der.MustOID("0.4.0.127.0.7.1.1.4.1.1"): "plain ECDSA with SHA-1",
	der.MustOID("0.4.0.127.0.7.1.1.4.1.2"): "plain ECDSA with SHA-224",
	der.MustOID("0.4.0.127.0.7.1.1.4.1.3"): "plain ECDSA with SHA-256",
	der.MustOID("0.4.0.127.0.7.1.1.4.1.4"): "plain ECDSA with SHA-384",
	der.MustOID("0.4.0.127.0.7.1.1.4.1.5"): "plain ECDSA with SHA-512",
	der.MustOID("0.4.0.127.0.7.1.1.4.1.6"): "plain ECDSA with RIPEMD-160",
	oidEd448:                               "Ed448",
	der.MustOID("1.3.6.1.5.5.7.6.30"):      "RSASSA-PSS with SHAKE128",
	der.MustOID("1.3.6.1.5.5.7.6.31"):      "RSASSA-PSS with SHAKE256",
	der.MustOID("1.3.6.1.5.5.7.6.32"):      "ECDSA with SHAKE128",
	der.MustOID("1.3.6.1.5.5.7.6.33"):      "ECDSA with SHAKE256",
	der.MustOID("2.16.840.1.101.3.4.3.17"): "ML-DSA-44",
	der.MustOID("2.16.840.1.101.3.4.3.18"): "ML-DSA-65",
	der.MustOID("2.16.840.1.101.3.4.3.19"): "ML-DSA-87",
	der.MustOID("1.2.643.2.2.3"):           "GOST R 34.10-2001",
	der.MustOID("1.2.643.7.1.1.3.2"):       "GOST R 34.10-2012 (256 bits)",
	der.MustOID("1.2.643.7.1.1.3.3"):       "GOST R 34.10-2012 (512 bits)",
	der.MustOID("1.2.156.10197.1.501"):     "SM2 with SM3",
}

// AlgorithmName returns how people call a signature algorithm, whether or not it can be verified, key or no key: "ECDSA with
// SHA-256", "md5WithRSAEncryption", or the dotted OID.
func AlgorithmName(a AlgorithmIdentifier) string {
	if s, err := ParseScheme(a, nil, 0); err == nil {
		return s.Name()
	}
	if name, ok := foreignSignatures[a.OID]; ok {
		return name
	}
	if known, ok := signatureAlgorithms[a.OID]; ok {
		return string(known.kind)
	}
	return a.OID.String()
}

// ParseScheme reads a signatureAlgorithm. digest is the CMS digestAlgorithm of the signer, used when a is rsaEncryption,
// id-ecPublicKey or id-dsa and so names no digest; pass 0 where there is none (certificates, CRLs). Whether a digest that a
// does name agrees with the signer's is the caller's to compare: Scheme.Hash against digest.
//
// key may be nil, then only a is looked at. Otherwise the key must be of the kind that a asks for, and the restrictions of an
// id-RSASSA-PSS key hold (RFC 4055 §3.3). Errors wrap ErrUnsupported, or ErrAlgorithm for a fault.
func ParseScheme(a AlgorithmIdentifier, key *PublicKeyInfo, digest crypto.Hash) (Scheme, error) {
	known, ok := signatureAlgorithms[a.OID]
	if !ok {
		if name, ok := foreignSignatures[a.OID]; ok {
			return Scheme{}, fmt.Errorf("pkix: signature algorithm %s: %w", name, ErrUnsupported)
		}
		return Scheme{}, fmt.Errorf("pkix: signature algorithm %s: %w", a.OID, ErrUnsupported)
	}
	s := Scheme{Kind: known.kind, Hash: known.hash}
	if known.fromKey {
		if !knownDigest(digest) {
			return Scheme{}, fmt.Errorf("pkix: signature algorithm %s names no digest: %w", known.kind, ErrAlgorithm)
		}
		s.Hash = digest
		if known.kind == RSAKey {
			s.Kind = PKCS1v15
		}
	}
	switch {
	case s.Kind == PSS:
		p, err := ParsePSSParameters(a.Parameters)
		if err != nil {
			return Scheme{}, err
		}
		s.Hash, s.MGFHash, s.SaltLength = p.Hash, p.MGFHash, p.SaltLength
	case !a.plain() && !known.fromKey:
		return Scheme{}, fmt.Errorf("pkix: signature algorithm %s with parameters: %w", s.Name(), ErrAlgorithm)
	}
	if key == nil {
		return s, nil
	}
	return s, s.fits(key)
}

// fits reports whether a key can carry the scheme, by its kind and by its own restrictions.
func (s Scheme) fits(key *PublicKeyInfo) error {
	var wanted KeyKind
	switch s.Kind {
	case PKCS1v15:
		wanted = KeyRSA
	case PSS:
		wanted = KeyRSA
		if key.Kind == KeyRSAPSS {
			wanted = KeyRSAPSS
		}
	case ECDSA:
		wanted = KeyEC
	case EdDSA:
		wanted = KeyEd25519
	case DSA:
		wanted = KeyDSA
	}
	if key.Kind != wanted {
		return fmt.Errorf("pkix: %s with a key of kind %s: %w", s.Name(), key.Kind, ErrAlgorithm)
	}
	if key.PSS != nil && !key.PSS.allows(PSSParameters{Hash: s.Hash, MGFHash: s.MGFHash, SaltLength: s.SaltLength}) {
		return fmt.Errorf("pkix: %s with a key restricted to %s (RFC 4055 §3.3): %w", s.Name(),
			Scheme{PSS, key.PSS.Hash, key.PSS.SaltLength, key.PSS.MGFHash}.Name(), ErrAlgorithm)
	}
	return nil
}

// SchemeFor returns the scheme to sign with under key. h may be 0: the digest is then the one that matches the strength of
// the key (RSA and P-256 SHA-256, P-384 SHA-384, P-521 SHA-512). pss asks RSASSA-PSS of an RSA key, with MGF1 over the same
// digest and a salt of its length; a key that is id-RSASSA-PSS always has it, with its own restrictions. Nothing is signed
// with SHA-1 or DSA: ErrUnsupported, as for every key that cannot be computed here.
func SchemeFor(key *PublicKeyInfo, h crypto.Hash, pss bool) (Scheme, error) {
	if key.Public == nil {
		return Scheme{}, key.uncomputable()
	}
	s := Scheme{Hash: h}
	switch key.Kind {
	case KeyRSA, KeyRSAPSS:
		s.Kind = PKCS1v15
		if pss || key.Kind == KeyRSAPSS {
			s.Kind = PSS
		}
	case KeyEC:
		s.Kind = ECDSA
	case KeyEd25519:
		return Scheme{Kind: EdDSA, Hash: crypto.SHA512}, nil
	default:
		return Scheme{}, fmt.Errorf("pkix: signing with a key of kind %s: %w", key.Kind, ErrUnsupported)
	}
	if h == 0 {
		s.Hash = defaultDigest(key)
	}
	if !knownDigest(s.Hash) || s.Hash == crypto.SHA1 {
		return Scheme{}, fmt.Errorf("pkix: signing with digest %s: %w", DigestName(s.Hash), ErrUnsupported)
	}
	if s.Kind == PSS {
		s.MGFHash, s.SaltLength = s.Hash, s.Hash.Size()
		if key.PSS != nil {
			s.MGFHash, s.SaltLength = key.PSS.MGFHash, max(s.SaltLength, key.PSS.SaltLength)
		}
	}
	return s, s.fits(key)
}

func defaultDigest(key *PublicKeyInfo) crypto.Hash {
	switch {
	case key.PSS != nil:
		return key.PSS.Hash
	case key.Kind == KeyEC && key.Bits > 384:
		return crypto.SHA512
	case key.Kind == KeyEC && key.Bits > 256:
		return crypto.SHA384
	}
	return crypto.SHA256
}

// AlgorithmIdentifier returns the identifier to write for s: with NULL for PKCS#1 (RFC 4055 §5, RFC 9688 §3.1),
// RSASSA-PSS-params for PSS, and without parameters otherwise (RFC 5758 §3, RFC 8419 §2.2). key is not looked at
// by any scheme of today and may be nil. It is the zero value for a combination that has no identifier.
func (s Scheme) AlgorithmIdentifier(key *PublicKeyInfo) AlgorithmIdentifier {
	if s.Kind == PSS {
		return AlgorithmIdentifier{oidPSS, PSSParameters{s.Hash, s.MGFHash, s.SaltLength, 1}.Marshal()}
	}
	a := AlgorithmIdentifier{OID: identifiers[signatureAlgorithm{s.Kind, s.Hash, false}]}
	if s.Kind == PKCS1v15 && a.OID != "" {
		a.Parameters = null
	}
	return a
}

// identifiers is signatureAlgorithms the other way, without the OIW duplicates.
var identifiers = func() map[signatureAlgorithm]der.OID {
	table := make(map[signatureAlgorithm]der.OID)
	for oid, known := range signatureAlgorithms {
		if known.fromKey || known.kind == PSS || oid == der.MustOID("1.3.14.3.2.29") || oid == der.MustOID("1.3.14.3.2.27") {
			continue
		}
		table[known] = oid
	}
	return table
}()

// Name returns how people call the scheme: "RSASSA-PSS with SHA-256", and what departs from the usual choice: "RSASSA-PSS
// with SHA-256, MGF1 with SHA-1, salt of 20 octets".
func (s Scheme) Name() string {
	if s.Kind == EdDSA || s.Hash == 0 {
		return string(s.Kind)
	}
	name := string(s.Kind) + " with " + DigestName(s.Hash)
	if s.Kind == PSS {
		if s.MGFHash != s.Hash {
			name += ", MGF1 with " + DigestName(s.MGFHash)
		}
		if s.SaltLength != s.Hash.Size() {
			name += ", salt of " + strconv.Itoa(s.SaltLength) + " octets"
		}
	}
	return name
}

// SignerOpts returns what a crypto.Signer needs to make a value of this scheme: over the digest of the message, or over the
// message itself for Ed25519, for which HashFunc is 0.
func (s Scheme) SignerOpts() crypto.SignerOpts {
	switch s.Kind {
	case EdDSA:
		return crypto.Hash(0)
	case PSS:
		return &rsa.PSSOptions{SaltLength: s.SaltLength, Hash: s.Hash}
	}
	return s.Hash
}
