// DSA is read and verified, never made: old certificates and the vectors of NIST have it.
//
//lint:file-ignore SA1019 crypto/dsa is deprecated for new uses

package pkix

import (
	"crypto/dsa"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

func (k *PublicKeyInfo) readDSA(c *collector) {
	input := cryptobyte.String(k.Key)
	public := &dsa.PublicKey{Y: new(big.Int)}
	if minimal, ok := readInteger(&input, public.Y); !ok || !input.Empty() {
		k.malformed(c, "no DSAPublicKey (RFC 3279 §2.3.2)")
		return
	} else if !minimal {
		c.at(k.Key, CodeInteger, "subjectPublicKey", "an INTEGER with an octet too many (X.690 §8.3.2)")
	}
	if k.Algorithm.plain() {
		k.unsupported("its parameters are those of the issuer's key (RFC 3279 §2.3.2)")
		return
	}
	parameters := cryptobyte.String(k.Algorithm.Parameters)
	var content cryptobyte.String
	public.P, public.Q, public.G = new(big.Int), new(big.Int), new(big.Int)
	ok := parameters.ReadASN1(&content, asn1.SEQUENCE)
	for _, n := range []*big.Int{public.P, public.Q, public.G} {
		ok = ok && der.ReadInteger(&content, n)
	}
	if !ok || !content.Empty() {
		k.malformed(c, "no Dss-Parms (RFC 3279 §2.3.2)")
		return
	}
	k.setDSA(public, c)
}

func (k *PublicKeyInfo) setDSA(public *dsa.PublicKey, c *collector) {
	k.Bits = public.P.BitLen()
	one := big.NewInt(1)
	switch {
	case public.P.Sign() <= 0 || public.P.Bit(0) == 0 || public.Q.Sign() <= 0 || public.Q.Cmp(public.P) >= 0 ||
		public.G.Cmp(one) <= 0 || public.G.Cmp(public.P) >= 0 || public.Y.Cmp(one) <= 0 || public.Y.Cmp(public.P) >= 0:
		k.malformed(c, "p, q, g or y out of range (FIPS 186-4 §4.1)")
	case k.Bits > limits.DSAMaxBits:
		k.unsupported(fmt.Sprintf("a modulus of %d bits, the bound is %d", k.Bits, limits.DSAMaxBits))
	case public.Q.BitLen()%8 != 0:
		k.unsupported(fmt.Sprintf("a subgroup of %d bits, crypto/dsa computes whole octets", public.Q.BitLen()))
	default:
		k.Public, k.fault = public, nil
	}
}

// InheritDSA returns k with the DSA parameters of issuer's key, when k is a DSA key that has none of its own (RFC 5280
// §4.1.2.7, §6.1.4 (e)). Any other key is returned as it is.
func (k *PublicKeyInfo) InheritDSA(issuer *PublicKeyInfo) *PublicKeyInfo {
	from, ok := issuer.Public.(*dsa.PublicKey)
	if k.Kind != KeyDSA || !k.Algorithm.plain() || k.Public != nil || !ok {
		return k
	}
	heir, c := *k, &collector{base: k.Raw}
	y, input := new(big.Int), cryptobyte.String(k.Key)
	if _, ok := readInteger(&input, y); !ok {
		return k
	}
	heir.setDSA(&dsa.PublicKey{Parameters: from.Parameters, Y: y}, c)
	return &heir
}

// verifyDSA truncates the digest to the size of the subgroup (FIPS 186-4 §4.7), which crypto/dsa leaves to its caller.
func verifyDSA(key *PublicKeyInfo, digest, signature []byte) bool {
	public, ok := key.Public.(*dsa.PublicKey)
	input := cryptobyte.String(signature)
	var content cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	if !ok || !input.ReadASN1(&content, asn1.SEQUENCE) || !input.Empty() ||
		!der.ReadInteger(&content, r) || !der.ReadInteger(&content, s) || !content.Empty() {
		return false
	}
	if size := public.Q.BitLen() / 8; len(digest) > size {
		digest = digest[:size]
	}
	return dsa.Verify(public, digest, r, s)
}
