package pkix

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// A KeyKind names what a public key is, from its algorithm identifier.
type KeyKind string

// The kinds of keys that are told apart.
const (
	KeyRSA     KeyKind = "RSA"      // rsaEncryption, RFC 3279 §2.3.1
	KeyRSAPSS  KeyKind = "RSA-PSS"  // id-RSASSA-PSS, RFC 4055 §1.2: signs with PSS only
	KeyRSAOAEP KeyKind = "RSA-OAEP" // id-RSAES-OAEP, RFC 4055 §1.2: never signs
	KeyEC      KeyKind = "EC"       // id-ecPublicKey, RFC 5480
	KeyDSA     KeyKind = "DSA"      // id-dsa, RFC 3279 §2.3.2
	KeyEd25519 KeyKind = "Ed25519"  // RFC 8410
	KeyEd448   KeyKind = "Ed448"    // RFC 8410
	KeyX25519  KeyKind = "X25519"   // RFC 8410
	KeyX448    KeyKind = "X448"     // RFC 8410
	KeyUnknown KeyKind = "unknown"  // anything else
)

// PublicKeyInfo is a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): named and measured as far as its octets allow, computable if
// the standard library can.
type PublicKeyInfo struct {
	Raw       []byte              // DER of the whole
	Algorithm AlgorithmIdentifier // as found
	Key       []byte              // content of the BIT STRING, without the octet of unused bits

	Kind  KeyKind
	Bits  int    // RSA: modulus. DSA: p, 0 when inherited. Curves: order of the base point. 0 when not known
	Curve string // "P-256", "brainpoolP256r1", "FRP256v1"… of an EC key; "explicit"; the dotted OID of an unknown curve

	Public   crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey, *dsa.PublicKey, *ecdh.PublicKey; nil when not computable here
	PSS      *PSSParameters   // the restriction of an id-RSASSA-PSS key, nil if it has none
	Modulus  *big.Int         // RSA; may be shown even when the key is not computable
	Exponent *big.Int         // RSA

	fault        error // why Public is nil; wraps ErrUnsupported, ErrKey or ErrAlgorithm
	wideExponent bool  // RSA: only crypto/rsa stands in the way, signatures can be verified
}

// uncomputable returns why Public is nil.
func (k *PublicKeyInfo) uncomputable() error {
	if k.fault != nil {
		return k.fault
	}
	return fmt.Errorf("pkix: %s key: %w", k.Kind, ErrUnsupported)
}

// Describe names the key in a few words: "RSA 2048", "EC brainpoolP256r1", "Ed25519".
func (k *PublicKeyInfo) Describe() string {
	switch {
	case k.Kind == KeyEC:
		return "EC " + k.Curve
	case k.Kind == KeyUnknown:
		return "key of algorithm " + k.Algorithm.OID.String()
	case k.Modulus != nil || k.Kind == KeyDSA:
		return fmt.Sprintf("%s %d", k.Kind, k.Bits)
	}
	return string(k.Kind)
}

// ParsePublicKeyInfo reads a SubjectPublicKeyInfo that is the whole of raw. It fails only if raw has not that shape: a key
// that cannot be computed, or is malformed inside, has a nil Public and comes with anomalies.
func ParsePublicKeyInfo(raw []byte) (*PublicKeyInfo, []Anomaly, error) {
	if len(raw) > limits.CertificateSize {
		return nil, nil, fmt.Errorf("pkix: public key of %d octets: %w", len(raw), der.ErrLimit)
	}
	clean, err := der.Normalize(raw, der.Limits{})
	if err != nil {
		return nil, nil, fmt.Errorf("pkix: not a SubjectPublicKeyInfo: %w", err)
	}
	c := &collector{base: clean}
	if strict := der.CheckStructure(raw, der.Limits{}); strict != nil {
		c.addSyntax("", strict)
	}
	input := cryptobyte.String(clean)
	key := new(PublicKeyInfo)
	if !key.read(&input, c) {
		return nil, nil, fmt.Errorf("pkix: not a SubjectPublicKeyInfo: %w", ErrKey)
	}
	return key, c.anomalies, nil
}

func (c *collector) addSyntax(path string, err error) {
	var at *der.SyntaxError
	if errors.As(err, &at) {
		c.add(CodeBER, path, at.Offset, at.Reason)
	}
}

// read fills k from the element at the start of s and reports whether it has the shape of a SubjectPublicKeyInfo.
func (k *PublicKeyInfo) read(s *cryptobyte.String, c *collector) bool {
	var content, bits cryptobyte.String
	if !s.ReadASN1Element((*cryptobyte.String)(&k.Raw), asn1.SEQUENCE) {
		return false
	}
	whole := cryptobyte.String(k.Raw)
	if !whole.ReadASN1(&content, asn1.SEQUENCE) || !k.Algorithm.readLenient(&content, c, "algorithm") ||
		!content.ReadASN1(&bits, asn1.BIT_STRING) || len(bits) == 0 {
		return false
	}
	if !content.Empty() {
		c.at(content, CodeTrailing, "", "octets after subjectPublicKey")
	}
	if bits[0] != 0 {
		c.at(bits, CodeBitString, "subjectPublicKey", "a key is whole octets (RFC 5280 §4.1.2.7)")
	}
	k.Key = bits[1:]
	switch k.Algorithm.OID {
	case oidRSA, oidX500RSA:
		k.Kind = KeyRSA
		k.readRSA(c)
	case oidPSS:
		k.Kind = KeyRSAPSS
		k.readRSA(c)
		k.readRestriction(c)
	case oidRSAOAEP:
		k.Kind = KeyRSAOAEP
		k.readRSA(c)
	case oidEC:
		k.Kind = KeyEC
		k.readEC(c)
	case oidDSA:
		k.Kind = KeyDSA
		k.readDSA(c)
	case oidEd25519:
		k.readFixed(c, KeyEd25519, 253, ed25519.PublicKeySize)
	case oidEd448:
		k.readFixed(c, KeyEd448, 446, 57)
	case oidX25519:
		k.readFixed(c, KeyX25519, 253, 32)
	case oidX448:
		k.readFixed(c, KeyX448, 446, 56)
	default:
		k.Kind = KeyUnknown
		k.fault = fmt.Errorf("pkix: key of algorithm %s: %w", k.Algorithm.OID, ErrUnsupported)
	}
	return true
}

func (k *PublicKeyInfo) malformed(c *collector, why string) {
	c.at(k.Key, CodeKey, "subjectPublicKey", why)
	k.Public, k.fault = nil, fmt.Errorf("pkix: %s key: %s: %w", k.Kind, why, ErrKey)
}

func (k *PublicKeyInfo) unsupported(why string) {
	k.fault = fmt.Errorf("pkix: %s key: %s: %w", k.Kind, why, ErrUnsupported)
}

// readInteger reads an INTEGER, minimal or not.
func readInteger(s *cryptobyte.String, out *big.Int) (minimal, ok bool) {
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.INTEGER) || len(content) == 0 {
		return false, false
	}
	der.SetInteger(out, content)
	return der.MinimalInteger(content), true
}

func (k *PublicKeyInfo) readRSA(c *collector) {
	if k.Kind == KeyRSA && k.Algorithm.Parameters == nil {
		c.at(k.Raw, CodeAlgorithm, "algorithm", "rsaEncryption without NULL parameters (RFC 3279 §2.3.1)")
	} else if k.Kind == KeyRSA && !k.Algorithm.plain() {
		c.at(k.Raw, CodeAlgorithm, "algorithm", "rsaEncryption with parameters (RFC 3279 §2.3.1)")
	}
	input := cryptobyte.String(k.Key)
	var content cryptobyte.String
	modulus, exponent := new(big.Int), new(big.Int)
	if !input.ReadASN1(&content, asn1.SEQUENCE) {
		k.malformed(c, "no RSAPublicKey (RFC 8017 §A.1.1)")
		return
	}
	minimalN, okN := readInteger(&content, modulus)
	minimalE, okE := readInteger(&content, exponent)
	if !okN || !okE {
		k.malformed(c, "no RSAPublicKey (RFC 8017 §A.1.1)")
		return
	}
	k.Modulus, k.Exponent, k.Bits = modulus, exponent, modulus.BitLen()
	if !minimalN || !minimalE {
		c.at(k.Key, CodeInteger, "subjectPublicKey", "an INTEGER with an octet too many (X.690 §8.3.2)")
	}
	if !content.Empty() || !input.Empty() {
		c.at(k.Key, CodeTrailing, "subjectPublicKey", "octets after RSAPublicKey")
	}
	switch {
	case modulus.Sign() <= 0 || modulus.Bit(0) == 0:
		k.malformed(c, "the modulus is negative, zero or even")
	case exponent.Cmp(big.NewInt(2)) <= 0 || exponent.Bit(0) == 0 || exponent.Cmp(modulus) >= 0:
		k.malformed(c, "the exponent is under 3, even, or not under the modulus")
	case k.Bits < limits.RSAMinBits:
		k.unsupported(fmt.Sprintf("a modulus of %d bits, crypto/rsa computes none under %d", k.Bits, limits.RSAMinBits))
	case k.Bits > limits.RSAMaxBits:
		k.unsupported(fmt.Sprintf("a modulus of %d bits, the bound is %d", k.Bits, limits.RSAMaxBits))
	case exponent.BitLen() > limits.RSAExponentBits:
		k.unsupported(fmt.Sprintf("an exponent of %d bits, the bound is %d (FIPS 186-5 §A.1.1)", exponent.BitLen(), limits.RSAExponentBits))
	case exponent.Cmp(big.NewInt(math.MaxInt32)) > 0:
		// They exist on national lists. rsa.go verifies their signatures.
		k.unsupported("an exponent of more than 31 bits, which crypto/rsa does not compute")
		k.wideExponent = true
	default:
		k.Public = &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	}
}

func (k *PublicKeyInfo) readRestriction(c *collector) {
	if k.Algorithm.plain() {
		if k.Algorithm.Parameters != nil {
			c.at(k.Raw, CodeAlgorithm, "algorithm", "NULL where an id-RSASSA-PSS key without restriction has nothing (RFC 4055 §3.3)")
		}
		return
	}
	restriction, err := ParsePSSParameters(k.Algorithm.Parameters)
	if err != nil {
		// A restriction that cannot be read cannot be enforced: the key verifies nothing.
		c.at(k.Raw, CodeAlgorithm, "algorithm", "the restriction of the id-RSASSA-PSS key cannot be read")
		k.Public, k.wideExponent = nil, false
		k.fault = fmt.Errorf("pkix: restriction of the RSA-PSS key: %w", err)
		return
	}
	k.PSS = restriction
}

func (k *PublicKeyInfo) readEC(c *collector) {
	parameters := cryptobyte.String(k.Algorithm.Parameters)
	var oid der.OID
	if parameters.PeekASN1Tag(asn1.SEQUENCE) {
		k.Curve = "explicit"
		if n := len(k.Key); n > 2 && k.Key[0] == 4 {
			k.Bits = (n - 1) / 2 * 8
		} else if n > 1 && (k.Key[0] == 2 || k.Key[0] == 3) {
			k.Bits = (n - 1) * 8
		}
		c.at(k.Raw, CodeKey, "algorithm", "explicit curve parameters, where RFC 5480 §2.1.1 wants a name")
		k.unsupported("explicit curve parameters (RFC 5480 §2.1.1)")
		return
	}
	if !der.ReadOID(&parameters, &oid) || !parameters.Empty() {
		k.malformed(c, "no named curve (RFC 5480 §2.1.1)")
		return
	}
	named, ok := curves[oid]
	if !ok {
		k.Curve = oid.String()
		k.unsupported("curve " + k.Curve)
		return
	}
	k.Curve, k.Bits = named.name, named.bits
	if named.std == nil {
		k.unsupported("curve " + named.name)
		return
	}
	public, err := named.parsePoint(k.Key)
	if err != nil {
		k.malformed(c, "the point is not on curve "+named.name)
		return
	}
	if len(k.Key) == 1+named.field {
		c.at(k.Key, CodeKey, "subjectPublicKey", "a compressed point, which readers may refuse (RFC 5480 §2.2)")
	}
	k.Public = public
}

func (k *PublicKeyInfo) readFixed(c *collector, kind KeyKind, bits, size int) {
	k.Kind, k.Bits = kind, bits
	if k.Algorithm.Parameters != nil {
		c.at(k.Raw, CodeAlgorithm, "algorithm", "parameters where there must be none (RFC 8410 §3)")
	}
	if len(k.Key) != size {
		k.malformed(c, fmt.Sprintf("%d octets where there must be %d (RFC 8410 §4)", len(k.Key), size))
		return
	}
	switch kind {
	case KeyEd25519:
		k.Public = ed25519.PublicKey(k.Key)
	case KeyX25519:
		public, err := ecdh.X25519().NewPublicKey(k.Key)
		if err != nil {
			k.malformed(c, "no X25519 key")
			return
		}
		k.Public = public
	default:
		k.unsupported("not in the standard library")
	}
}

// NewPublicKeyInfo returns the SubjectPublicKeyInfo of a key of the standard library: RSA, ECDSA, Ed25519, X25519, as
// x509.MarshalPKIXPublicKey writes them.
func NewPublicKeyInfo(public crypto.PublicKey) (*PublicKeyInfo, error) {
	raw, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("pkix: key of type %T: %w", public, ErrUnsupported)
	}
	key, _, err := ParsePublicKeyInfo(raw)
	return key, err
}

// MarshalPublicKeyInfo writes a SubjectPublicKeyInfo. It returns nil if the OID of the algorithm is not valid.
func MarshalPublicKeyInfo(algorithm AlgorithmIdentifier, key []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		algorithm.Add(b)
		b.AddASN1BitString(key)
	})
	raw, err := b.Bytes()
	if err != nil {
		return nil
	}
	return raw
}
