package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A KeyType is a kind and a size of key. It is an option: ca.Leaf("…", pkitest.RSA3072).
type KeyType int

// The types of key. P256 is the default.
const (
	P256 KeyType = iota
	P384
	P521
	RSA2048
	RSA3072
	RSA4096
	RSAPSS2048 // the certificate's algorithm is id-RSASSA-PSS without parameters: RFC 4055 §1.2, §3.1
	RSAPSS3072
	RSAPSS4096
	Ed25519 // RFC 8410
)

var keyTypes = map[KeyType]struct {
	name  string
	curve elliptic.Curve
	bits  int // RSA
	pss   bool
}{
	P256:       {name: "P-256", curve: elliptic.P256()},
	P384:       {name: "P-384", curve: elliptic.P384()},
	P521:       {name: "P-521", curve: elliptic.P521()},
	RSA2048:    {name: "RSA-2048", bits: 2048},
	RSA3072:    {name: "RSA-3072", bits: 3072},
	RSA4096:    {name: "RSA-4096", bits: 4096},
	RSAPSS2048: {name: "RSA-PSS-2048", bits: 2048, pss: true},
	RSAPSS3072: {name: "RSA-PSS-3072", bits: 3072, pss: true},
	RSAPSS4096: {name: "RSA-PSS-4096", bits: 4096, pss: true},
	Ed25519:    {name: "Ed25519"},
}

// String returns a name such as "RSA-3072".
func (t KeyType) String() string { return keyTypes[t].name }

func (t KeyType) setting() setting {
	return setting{t.String(), onCertificate, func(s *spec) { s.keyType = t }}
}

// newKey makes the key of the identity at path. The same seed and path give the same key.
func (p *PKI) newKey(t KeyType, path string) crypto.Signer {
	kind, ok := keyTypes[t]
	switch {
	case !ok:
		panic(fmt.Sprintf("pkitest: unknown key type %d", int(t)))
	case kind.curve != nil:
		return newECDSA(kind.curve, p.stream("key", kind.name, path))
	case kind.bits == 0:
		seed := make([]byte, ed25519.SeedSize)
		io.ReadFull(p.stream("key", kind.name, path), seed)
		return ed25519.NewKeyFromSeed(seed)
	case p.strong:
		key, err := rsa.GenerateKey(rand.Reader, kind.bits)
		if err != nil {
			panic("pkitest: " + err.Error())
		}
		return key
	case p.deterministic:
		return seededRSA(kind.bits, string(p.seed)+"\x00"+path, p.stream("key", kind.name, path))
	}
	return pooledRSA(kind.bits)
}

// newECDSA takes the first scalar of the stream that the curve accepts: FIPS 186-5 A.2.2 from a chosen source.
func newECDSA(curve elliptic.Curve, source io.Reader) *ecdsa.PrivateKey {
	bits := curve.Params().N.BitLen()
	scalar := make([]byte, (bits+7)/8)
	for {
		io.ReadFull(source, scalar)
		scalar[0] &= byte(0xff >> (uint(len(scalar)*8-bits) & 7))
		if key, err := ecdsa.ParseRawPrivateKey(curve, scalar); err == nil {
			return key
		}
	}
}

// publicKeyInfo is the DER of the SubjectPublicKeyInfo of a key. restriction is that of an id-RSASSA-PSS key, 0 for none.
func publicKeyInfo(key crypto.PublicKey, pss bool, restriction crypto.Hash) ([]byte, error) {
	public, ok := key.(*rsa.PublicKey)
	if !ok || !pss {
		return x509.MarshalPKIXPublicKey(key)
	}
	return pkix.MarshalPublicKeyInfo(pssKeyAlgorithm(restriction), x509.MarshalPKCS1PublicKey(public)), nil
}

func pssKeyAlgorithm(restriction crypto.Hash) pkix.AlgorithmIdentifier {
	algorithm := pkix.AlgorithmIdentifier{OID: oidRSASSAPSS}
	if restriction != 0 {
		algorithm.Parameters = pkix.PSSParameters{Hash: restriction, MGFHash: restriction, SaltLength: restriction.Size(), Trailer: 1}.Marshal()
	}
	return algorithm
}

var oidRSASSAPSS = der.MustOID("1.2.840.113549.1.1.10")
