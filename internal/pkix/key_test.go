package pkix_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// spki writes a SubjectPublicKeyInfo; parameters is hexadecimal.
func spki(algorithm, parameters string, key []byte) []byte {
	a := pkix.AlgorithmIdentifier{OID: der.MustOID(algorithm)}
	if parameters != "" {
		a.Parameters = hexOctets(parameters)
	}
	return pkix.MarshalPublicKeyInfo(a, key)
}

// rsaOctets writes an RSAPublicKey.
func rsaOctets(n, e *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(0x30, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(n)
		b.AddASN1BigInt(e)
	})
	return b.BytesOrPanic()
}

func odd(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return n.SetBit(n, 0, 1)
}

func oidHex(dotted string) string {
	oid := der.MustOID(dotted)
	return hexOf(wrap(6, []byte(oid)))
}

// The base point of FRP256v1 (JO n° 241 of 16 October 2011), uncompressed.
const frpPoint = "04 B6B3D4C356C139EB31183D4749D423958C27D2DCAF98B70164C97A2DD98F5CFF 6142E0F7C8B204911F9271F0F3ECEF8C2701C307E8E4C9E183115A1554062CFB"

// Each key is named and measured; public says whether it is computable, fault what Verify answers when it is not.
func TestPublicKeys(t *testing.T) {
	const (
		rsaOID = "1.2.840.113549.1.1.1"
		pssOID = "1.2.840.113549.1.1.10"
		ecOID  = "1.2.840.10045.2.1"
		dsaOID = "1.2.840.10040.4.1"
	)
	e := big.NewInt(65537)
	p256 := must(ecKey().PublicKey.Bytes())
	compressed := elliptic.MarshalCompressed(elliptic.P256(), ecKey().X, ecKey().Y)
	offCurve := append([]byte{}, p256...)
	offCurve[40] ^= 1
	for _, c := range []struct {
		name, describe string
		raw            []byte
		kind           pkix.KeyKind
		bits           int
		public         bool
		fault          error
		anomaly        string
	}{
		{"RSA 2048", "RSA 2048", spki(rsaOID, "0500", rsaOctets(odd(2048), e)), pkix.KeyRSA, 2048, true, nil, ""},
		{"RSA without NULL", "RSA 2048", spki(rsaOID, "", rsaOctets(odd(2048), e)), pkix.KeyRSA, 2048, true, nil, pkix.CodeAlgorithm},
		{"RSA with parameters", "RSA 2048", spki(rsaOID, "020101", rsaOctets(odd(2048), e)), pkix.KeyRSA, 2048, true, nil, pkix.CodeAlgorithm},
		{"RSA 1024", "RSA 1024", spki(rsaOID, "0500", rsaOctets(odd(1024), e)), pkix.KeyRSA, 1024, true, nil, ""},
		{"RSA 1023", "RSA 1023", spki(rsaOID, "0500", rsaOctets(odd(1023), e)), pkix.KeyRSA, 1023, false, pkix.ErrUnsupported, ""},
		{"RSA at the bound", "RSA 16384", spki(rsaOID, "0500", rsaOctets(odd(limits.RSAMaxBits), e)), pkix.KeyRSA, limits.RSAMaxBits, true, nil, ""},
		{"RSA over the bound", "RSA 16385", spki(rsaOID, "0500", rsaOctets(odd(limits.RSAMaxBits+1), e)), pkix.KeyRSA, limits.RSAMaxBits + 1, false, pkix.ErrUnsupported, ""},
		{"RSA e = 3", "RSA 2048", spki(rsaOID, "0500", rsaOctets(odd(2048), big.NewInt(3))), pkix.KeyRSA, 2048, true, nil, ""},
		{"RSA e = 1", "RSA 2048", spki(rsaOID, "0500", rsaOctets(odd(2048), big.NewInt(1))), pkix.KeyRSA, 2048, false, pkix.ErrKey, pkix.CodeKey},
		{"RSA e even", "RSA 2048", spki(rsaOID, "0500", rsaOctets(odd(2048), big.NewInt(65536))), pkix.KeyRSA, 2048, false, pkix.ErrKey, pkix.CodeKey},
		{"RSA e of 31 bits", "RSA 2048", spki(rsaOID, "0500", rsaOctets(odd(2048), odd(31))), pkix.KeyRSA, 2048, true, nil, ""},
		{"RSA e of 257 bits", "RSA 2048", spki(rsaOID, "0500", rsaOctets(odd(2048), odd(257))), pkix.KeyRSA, 2048, false, pkix.ErrUnsupported, ""},
		{"RSA modulus even", "RSA 2048", spki(rsaOID, "0500", rsaOctets(new(big.Int).Lsh(big.NewInt(1), 2047), e)), pkix.KeyRSA, 2048, false, pkix.ErrKey, pkix.CodeKey},
		{"RSA modulus negative", "RSA 2048", spki(rsaOID, "0500", rsaOctets(new(big.Int).Neg(odd(2048)), e)), pkix.KeyRSA, 2048, false, pkix.ErrKey, pkix.CodeKey},
		{"RSA modulus padded", "RSA 2048", spki(rsaOID, "0500", wrap(0x30, wrap(2, append([]byte{0, 0}, odd(2048).Bytes()...)), hexOctets("0203010001"))), pkix.KeyRSA, 2048, true, nil, pkix.CodeInteger},
		{"RSA with more", "RSA 2048", spki(rsaOID, "0500", append(rsaOctets(odd(2048), e), 5, 0)), pkix.KeyRSA, 2048, true, nil, pkix.CodeTrailing},
		{"RSA of nothing", "RSA", spki(rsaOID, "0500", nil), pkix.KeyRSA, 0, false, pkix.ErrKey, pkix.CodeKey},
		{"RSA-PSS", "RSA-PSS 2048", spki(pssOID, "", rsaOctets(odd(2048), e)), pkix.KeyRSAPSS, 2048, true, nil, ""},
		{"RSA-PSS with NULL", "RSA-PSS 2048", spki(pssOID, "0500", rsaOctets(odd(2048), e)), pkix.KeyRSAPSS, 2048, true, nil, pkix.CodeAlgorithm},
		{"RSA-PSS with a restriction that cannot be read", "RSA-PSS 2048", spki(pssOID, "3002 0500", rsaOctets(odd(2048), e)), pkix.KeyRSAPSS, 2048, false, pkix.ErrAlgorithm, pkix.CodeAlgorithm},
		{"RSA-OAEP", "RSA-OAEP 2048", spki("1.2.840.113549.1.1.7", "3000", rsaOctets(odd(2048), e)), pkix.KeyRSAOAEP, 2048, true, nil, ""},
		{"P-256", "EC P-256", spki(ecOID, oidHex("1.2.840.10045.3.1.7"), p256), pkix.KeyEC, 256, true, nil, ""},
		{"P-256 compressed", "EC P-256", spki(ecOID, oidHex("1.2.840.10045.3.1.7"), compressed), pkix.KeyEC, 256, true, nil, pkix.CodeKey},
		{"P-256 off the curve", "EC P-256", spki(ecOID, oidHex("1.2.840.10045.3.1.7"), offCurve), pkix.KeyEC, 256, false, pkix.ErrKey, pkix.CodeKey},
		{"P-256 at infinity", "EC P-256", spki(ecOID, oidHex("1.2.840.10045.3.1.7"), []byte{0}), pkix.KeyEC, 256, false, pkix.ErrKey, pkix.CodeKey},
		{"P-256 hybrid", "EC P-256", spki(ecOID, oidHex("1.2.840.10045.3.1.7"), append([]byte{6}, p256[1:]...)), pkix.KeyEC, 256, false, pkix.ErrKey, pkix.CodeKey},
		{"P-256 under P-384", "EC P-384", spki(ecOID, oidHex("1.3.132.0.34"), p256), pkix.KeyEC, 384, false, pkix.ErrKey, pkix.CodeKey},
		{"FRP256v1", "EC FRP256v1", spki(ecOID, oidHex("1.2.250.1.223.101.256.1"), hexOctets(frpPoint)), pkix.KeyEC, 256, false, pkix.ErrUnsupported, ""},
		{"brainpoolP384r1", "EC brainpoolP384r1", spki(ecOID, oidHex("1.3.36.3.3.2.8.1.1.11"), make([]byte, 97)), pkix.KeyEC, 384, false, pkix.ErrUnsupported, ""},
		{"secp256k1", "EC secp256k1", spki(ecOID, oidHex("1.3.132.0.10"), make([]byte, 65)), pkix.KeyEC, 256, false, pkix.ErrUnsupported, ""},
		{"B-283", "EC B-283", spki(ecOID, oidHex("1.3.132.0.17"), make([]byte, 73)), pkix.KeyEC, 282, false, pkix.ErrUnsupported, ""},
		{"an unknown curve", "EC 1.2.3.4", spki(ecOID, oidHex("1.2.3.4"), p256), pkix.KeyEC, 0, false, pkix.ErrUnsupported, ""},
		{"explicit parameters", "EC explicit", spki(ecOID, "3003020101", p256), pkix.KeyEC, 256, false, pkix.ErrUnsupported, pkix.CodeKey},
		{"EC without a curve", "EC ", spki(ecOID, "", p256), pkix.KeyEC, 0, false, pkix.ErrKey, pkix.CodeKey},
		{"EC with an implicit curve", "EC ", spki(ecOID, "0500", p256), pkix.KeyEC, 0, false, pkix.ErrKey, pkix.CodeKey},
		{"Ed25519", "Ed25519", spki("1.3.101.112", "", edKey().Public().(ed25519.PublicKey)), pkix.KeyEd25519, 253, true, nil, ""},
		{"Ed25519 with NULL", "Ed25519", spki("1.3.101.112", "0500", make([]byte, 32)), pkix.KeyEd25519, 253, true, nil, pkix.CodeAlgorithm},
		{"Ed25519 short", "Ed25519", spki("1.3.101.112", "", make([]byte, 31)), pkix.KeyEd25519, 253, false, pkix.ErrKey, pkix.CodeKey},
		{"Ed448", "Ed448", spki("1.3.101.113", "", make([]byte, 57)), pkix.KeyEd448, 446, false, pkix.ErrUnsupported, ""},
		{"X25519", "X25519", spki("1.3.101.110", "", make([]byte, 32)), pkix.KeyX25519, 253, true, nil, ""},
		{"X448", "X448", spki("1.3.101.111", "", make([]byte, 56)), pkix.KeyX448, 446, false, pkix.ErrUnsupported, ""},
		{"DSA that inherits", "DSA 0", spki(dsaOID, "", hexOctets("020105")), pkix.KeyDSA, 0, false, pkix.ErrUnsupported, ""},
		{"DSA of nonsense", "DSA 5", spki(dsaOID, hexOf(wrap(0x30, hexOctets("020117 020103 020102"))), hexOctets("020175")), pkix.KeyDSA, 5, false, pkix.ErrKey, pkix.CodeKey},
		{"DSA without y", "DSA 0", spki(dsaOID, "", nil), pkix.KeyDSA, 0, false, pkix.ErrKey, pkix.CodeKey},
		{"anything else", "key of algorithm 1.2.3", spki("1.2.3", "", nil), pkix.KeyUnknown, 0, false, pkix.ErrUnsupported, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, anomalies, err := pkix.ParsePublicKeyInfo(c.raw)
			require.NoError(t, err)
			require.Equal(t, c.raw, key.Raw)
			require.Equal(t, c.kind, key.Kind)
			require.Equal(t, c.bits, key.Bits)
			require.Equal(t, c.describe, key.Describe())
			require.Equal(t, c.public, key.Public != nil)
			if c.anomaly == "" {
				require.Empty(t, anomalies)
			} else {
				require.Len(t, anomalies, 1)
				require.Equal(t, c.anomaly, anomalies[0].Code)
			}
			require.Equal(t, c.raw, pkix.MarshalPublicKeyInfo(key.Algorithm, key.Key), "written back")
			if c.fault == nil {
				return
			}
			for _, scheme := range []pkix.Scheme{{Kind: pkix.PKCS1v15, Hash: crypto.SHA256}, {Kind: pkix.ECDSA, Hash: crypto.SHA256},
				{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}, {Kind: pkix.DSA, Hash: crypto.SHA1}, {Kind: pkix.EdDSA}} {
				err := scheme.Verify(key, []byte("message"), make([]byte, 256))
				require.NotErrorIs(t, err, pkix.ErrSignature, "a key that cannot be computed condemns no signature")
				require.Error(t, err)
			}
			_, err = pkix.SchemeFor(key, crypto.SHA256, false)
			require.ErrorIs(t, err, c.fault)
		})
	}
}

func TestPublicKeyFaultsAreNamed(t *testing.T) {
	for want, raw := range map[string][]byte{
		"RSA key: a modulus of 512 bits, crypto/rsa computes none under 1024: not supported": spki("1.2.840.113549.1.1.1", "0500", rsaOctets(odd(512), big.NewInt(65537))),
		"EC key: curve brainpoolP256r1: not supported":                                       spki("1.2.840.10045.2.1", oidHex("1.3.36.3.3.2.8.1.1.7"), make([]byte, 65)),
		"EC key: the point is not on curve P-256: malformed public key":                      spki("1.2.840.10045.2.1", oidHex("1.2.840.10045.3.1.7"), make([]byte, 65)),
	} {
		key, _, err := pkix.ParsePublicKeyInfo(raw)
		require.NoError(t, err)
		scheme := pkix.Scheme{Kind: pkix.PKCS1v15, Hash: crypto.SHA256}
		if key.Kind == pkix.KeyEC {
			scheme.Kind = pkix.ECDSA
		}
		require.ErrorContains(t, scheme.Verify(key, nil, make([]byte, 64)), want)
	}
}

func TestNotAPublicKey(t *testing.T) {
	for name, raw := range map[string][]byte{"nothing": nil, "a number": hexOctets("020101"), "no bits": hexOctets("3007 3005 06032b6570"),
		"empty bits": hexOctets("3009 3005 06032b6570 0300"), "cut": spki("1.3.101.112", "", make([]byte, 32))[:20], "two elements": hexOctets("300a 3005 06032b6570 030100 00")} {
		_, _, err := pkix.ParsePublicKeyInfo(raw)
		require.Error(t, err, name)
	}
	_, _, err := pkix.ParsePublicKeyInfo(make([]byte, limits.CertificateSize+1))
	require.ErrorIs(t, err, der.ErrLimit)
	require.Nil(t, pkix.MarshalPublicKeyInfo(pkix.AlgorithmIdentifier{}, nil))
}

func TestPublicKeyInBER(t *testing.T) {
	clean := spki("1.3.101.112", "", make([]byte, 32))
	ber := append(append([]byte{0x30, 0x80}, clean[2:]...), 0, 0)
	key, anomalies, err := pkix.ParsePublicKeyInfo(ber)
	require.NoError(t, err)
	require.Equal(t, clean, key.Raw)
	require.Len(t, anomalies, 1)
	require.Equal(t, pkix.CodeBER, anomalies[0].Code)
}

func TestNewPublicKeyInfo(t *testing.T) {
	x25519 := must(ecdh.X25519().GenerateKey(rand.Reader))
	for kind, public := range map[pkix.KeyKind]crypto.PublicKey{pkix.KeyRSA: &rsaKey().PublicKey, pkix.KeyEC: &ecKey().PublicKey,
		pkix.KeyEd25519: edKey().Public(), pkix.KeyX25519: x25519.PublicKey()} {
		key, err := pkix.NewPublicKeyInfo(public)
		require.NoError(t, err)
		require.Equal(t, kind, key.Kind)
		require.True(t, key.Public.(interface{ Equal(crypto.PublicKey) bool }).Equal(public))
	}
	_, err := pkix.NewPublicKeyInfo("a text")
	require.ErrorIs(t, err, pkix.ErrUnsupported)
}
