package pkix_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

var allHashes = []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA512_224, crypto.SHA512_256,
	crypto.SHA3_224, crypto.SHA3_256, crypto.SHA3_384, crypto.SHA3_512}

var message = []byte("Délibération du conseil municipal du 1er mars")

// sign makes a signature value of a scheme with a standard key.
func sign(t testing.TB, key crypto.Signer, s pkix.Scheme, message []byte) []byte {
	input := message
	if s.SignerOpts().HashFunc() != 0 {
		input = digestOf(s.Hash, message)
	}
	value, err := key.Sign(rand.Reader, input, s.SignerOpts())
	require.NoError(t, err)
	return value
}

func digestOf(h crypto.Hash, message []byte) []byte {
	w := h.New()
	w.Write(message)
	return w.Sum(nil)
}

// Every scheme that is written reads back as itself and verifies, and nothing else does.
func TestSchemes(t *testing.T) {
	keys := map[string]crypto.Signer{"RSA": rsaKey(), "P-224": must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)), "P-256": ecKey(),
		"P-384": must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), "P-521": must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)), "Ed25519": edKey()}
	tried := 0
	for name, key := range keys {
		info := keyInfo(t, key.Public())
		for _, h := range allHashes[1:] {
			for _, pss := range []bool{false, true} {
				s, err := pkix.SchemeFor(info, h, pss)
				require.NoError(t, err)
				if pss && s.Kind != pkix.PSS {
					continue
				}
				a := s.AlgorithmIdentifier(info)
				if a.OID == "" {
					require.Equal(t, pkix.ECDSA, s.Kind, "only ECDSA has no identifier for some digests")
					require.Contains(t, []crypto.Hash{crypto.SHA512_224, crypto.SHA512_256}, h)
					continue
				}
				tried++
				label := fmt.Sprint(name, " ", s.Name())
				require.Empty(t, a.Oddity(), label)
				again, err := pkix.ParseScheme(a, info, h)
				require.NoError(t, err, label)
				require.Equal(t, s, again, label)
				require.Equal(t, s.Name(), pkix.AlgorithmName(a))

				value := sign(t, key, s, message)
				require.NoError(t, s.Verify(info, message, value), label)
				require.ErrorIs(t, s.Verify(info, message[1:], value), pkix.ErrSignature, label)
				for _, at := range []int{0, len(value) / 2, len(value) - 1} {
					bad := bytes.Clone(value)
					bad[at] ^= 1
					require.ErrorIs(t, s.Verify(info, message, bad), pkix.ErrSignature, label)
				}
				for _, bad := range [][]byte{nil, value[:len(value)-1], append(bytes.Clone(value), 0), append([]byte{0}, value...)} {
					require.ErrorIs(t, s.Verify(info, message, bad), pkix.ErrSignature, label)
				}
				if s.Kind == pkix.EdDSA {
					require.ErrorIs(t, s.VerifyDigest(info, digestOf(h, message), value), pkix.ErrAlgorithm)
					continue
				}
				require.NoError(t, s.VerifyDigest(info, digestOf(h, message), value), label)
				require.ErrorIs(t, s.VerifyDigest(info, digestOf(h, message)[1:], value), pkix.ErrAlgorithm, "a digest of another size")
				for other, otherKey := range keys {
					if err := s.Verify(keyInfo(t, otherKey.Public()), message, value); other != name {
						require.Error(t, err, other)
					}
				}
			}
		}
	}
	require.Greater(t, tried, 60)
}

// The octets of each identifier, as RFC 4055, 5754, 5758, 8419 and 9688 write them.
func TestAlgorithmIdentifierOctets(t *testing.T) {
	for want, s := range map[string]pkix.Scheme{
		"300d06092a864886f70d01010b0500": {Kind: pkix.PKCS1v15, Hash: crypto.SHA256},
		"300d060960864801650304030e0500": {Kind: pkix.PKCS1v15, Hash: crypto.SHA3_256},
		"300a06082a8648ce3d040302":       {Kind: pkix.ECDSA, Hash: crypto.SHA256},
		"300b060960864801650304030a":     {Kind: pkix.ECDSA, Hash: crypto.SHA3_256},
		"300506032b6570":                 {Kind: pkix.EdDSA, Hash: crypto.SHA512},
		"300b0609608648016503040302":     {Kind: pkix.DSA, Hash: crypto.SHA256},
		"300906072a8648ce380403":         {Kind: pkix.DSA, Hash: crypto.SHA1},
		// RFC 4055 §3.1 with SHA-256 throughout, as OpenSSL writes it.
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120": {Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32},
		// SHA-3 has no NULL (RFC 9688 §2).
		"303d06092a864886f70d01010a3030a00d300b0609608648016503040208a11a301806092a864886f70d010108300b0609608648016503040208a203020120": {Kind: pkix.PSS, Hash: crypto.SHA3_256, MGFHash: crypto.SHA3_256, SaltLength: 32},
		// Every default is left out (X.690 §11.5).
		"300d06092a864886f70d01010a3000": {Kind: pkix.PSS, Hash: crypto.SHA1, MGFHash: crypto.SHA1, SaltLength: 20},
	} {
		require.Equal(t, want, hexOf(s.AlgorithmIdentifier(nil).Marshal()), s.Name())
		again, err := pkix.ParseScheme(s.AlgorithmIdentifier(nil), nil, 0)
		require.NoError(t, err)
		require.Equal(t, s, again)
	}
	require.Empty(t, pkix.Scheme{Kind: pkix.ECDSA, Hash: crypto.MD5}.AlgorithmIdentifier(nil).OID)
	require.Nil(t, pkix.AlgorithmIdentifier{}.Marshal())
}

func identifier(dotted, parameters string) pkix.AlgorithmIdentifier {
	a := pkix.AlgorithmIdentifier{OID: der.MustOID(dotted)}
	if parameters != "" {
		a.Parameters = hexOctets(parameters)
	}
	return a
}

func TestParseScheme(t *testing.T) {
	const sha256WithRSA, ecdsaSHA256, ed25519OID, pss = "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2", "1.3.101.112", "1.2.840.113549.1.1.10"
	rsaInfo, ecInfo, edInfo := keyInfo(t, &rsaKey().PublicKey), keyInfo(t, &ecKey().PublicKey), keyInfo(t, edKey().Public())
	for _, c := range []struct {
		name      string
		algorithm pkix.AlgorithmIdentifier
		key       *pkix.PublicKeyInfo
		digest    crypto.Hash
		want      string
		err       error
		oddity    bool
	}{
		{"rsaEncryption takes the digest of the signer", identifier("1.2.840.113549.1.1.1", "0500"), rsaInfo, crypto.SHA384, "RSASSA-PKCS1-v1_5 with SHA-384", nil, false},
		{"rsaEncryption without one", identifier("1.2.840.113549.1.1.1", "0500"), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"rsaEncryption without NULL", identifier("1.2.840.113549.1.1.1", ""), rsaInfo, crypto.SHA256, "RSASSA-PKCS1-v1_5 with SHA-256", nil, true},
		{"id-ecPublicKey takes it too", identifier("1.2.840.10045.2.1", ""), ecInfo, crypto.SHA256, "ECDSA with SHA-256", nil, false},
		{"the digest of a full identifier is its own", identifier(sha256WithRSA, "0500"), rsaInfo, crypto.SHA512, "RSASSA-PKCS1-v1_5 with SHA-256", nil, false},
		{"PKCS#1 without NULL", identifier(sha256WithRSA, ""), rsaInfo, 0, "RSASSA-PKCS1-v1_5 with SHA-256", nil, true},
		{"PKCS#1 with parameters", identifier(sha256WithRSA, "020101"), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"ECDSA with NULL", identifier(ecdsaSHA256, "0500"), ecInfo, 0, "ECDSA with SHA-256", nil, true},
		{"Ed25519 with NULL", identifier(ed25519OID, "0500"), edInfo, 0, "Ed25519", nil, true},
		{"Ed25519", identifier(ed25519OID, ""), edInfo, crypto.SHA512, "Ed25519", nil, false},
		{"RSA under an EC key", identifier(sha256WithRSA, "0500"), ecInfo, 0, "", pkix.ErrAlgorithm, false},
		{"ECDSA under an RSA key", identifier(ecdsaSHA256, ""), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"PSS without parameters", identifier(pss, ""), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"PSS of defaults", identifier(pss, "3000"), rsaInfo, 0, "RSASSA-PSS with SHA-1", nil, false},
		{"PSS that states its defaults", identifier(pss, "300a a203020114 a303020101"), rsaInfo, 0, "RSASSA-PSS with SHA-1", nil, false},
		{"PSS with another salt and mask", identifier(pss, "3016 a00f300d06096086480165030402010500 a203020140"), rsaInfo, 0, "RSASSA-PSS with SHA-256, MGF1 with SHA-1, salt of 64 octets", nil, false},
		{"PSS with trailer 2", identifier(pss, "3005 a303020102"), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"PSS with a negative salt", identifier(pss, "3005 a2030201ff"), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"PSS with a salt of kilometres", identifier(pss, "3006 a20402027fff"), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"PSS out of order", identifier(pss, "300a a303020101 a203020114"), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"PSS with another mask function", identifier(pss, "3009 a1073005 06032a0304"), rsaInfo, 0, "", pkix.ErrUnsupported, false},
		{"PSS with MGF1 of nothing", identifier(pss, "300f a10d300b 06092a864886f70d010108"), rsaInfo, 0, "", pkix.ErrAlgorithm, false},
		{"PSS with MD5", identifier(pss, "3010 a00e300c06082a864886f70d02050500"), rsaInfo, 0, "", pkix.ErrUnsupported, false},
		{"MD5", identifier("1.2.840.113549.1.1.4", "0500"), rsaInfo, 0, "", pkix.ErrUnsupported, false},
		{"Ed448", identifier("1.3.101.113", ""), nil, 0, "", pkix.ErrUnsupported, false},
		{"anything else", identifier("1.2.3", ""), nil, 0, "", pkix.ErrUnsupported, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.oddity, c.algorithm.Oddity() != "")
			s, err := pkix.ParseScheme(c.algorithm, c.key, c.digest)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, s.Name())
		})
	}
	require.Equal(t, "md5WithRSAEncryption", pkix.AlgorithmName(identifier("1.2.840.113549.1.1.4", "0500")))
	require.Equal(t, "1.2.3", pkix.AlgorithmName(identifier("1.2.3", "")))
	require.Equal(t, "rsaEncryption", pkix.AlgorithmName(identifier("1.2.840.113549.1.1.1", "0500")))
}

// A key that is id-RSASSA-PSS signs with PSS only, and within what it states (RFC 4055 §3.3).
func TestRestrictedKeys(t *testing.T) {
	octets := rsaOctets(rsaKey().N, big.NewInt(int64(rsaKey().E)))
	restriction := pkix.PSSParameters{Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32, Trailer: 1}
	free, _, err := pkix.ParsePublicKeyInfo(spki("1.2.840.113549.1.1.10", "", octets))
	require.NoError(t, err)
	bound, anomalies, err := pkix.ParsePublicKeyInfo(spki("1.2.840.113549.1.1.10", hexOf(restriction.Marshal()), octets))
	require.NoError(t, err)
	require.Empty(t, anomalies)
	require.Nil(t, free.PSS)
	require.Equal(t, &restriction, bound.PSS)

	for _, c := range []struct {
		name        string
		s           pkix.Scheme
		free, bound error
	}{
		{"the same", pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}, nil, nil},
		{"a longer salt", pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 40}, nil, nil},
		{"a shorter salt", pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 31}, nil, pkix.ErrAlgorithm},
		{"another digest", pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA512, MGFHash: crypto.SHA512, SaltLength: 64}, nil, pkix.ErrAlgorithm},
		{"PKCS#1", pkix.Scheme{Kind: pkix.PKCS1v15, Hash: crypto.SHA256}, pkix.ErrAlgorithm, pkix.ErrAlgorithm},
	} {
		value := sign(t, rsaKey(), c.s, message)
		for key, want := range map[*pkix.PublicKeyInfo]error{free: c.free, bound: c.bound} {
			_, err := pkix.ParseScheme(c.s.AlgorithmIdentifier(nil), key, 0)
			require.ErrorIs(t, err, want, c.name)
			require.ErrorIs(t, c.s.Verify(key, message, value), want, c.name)
		}
	}
	s, err := pkix.SchemeFor(bound, 0, false)
	require.NoError(t, err)
	require.Equal(t, "RSASSA-PSS with SHA-256", s.Name())
	_, err = pkix.SchemeFor(bound, crypto.SHA512, false)
	require.ErrorIs(t, err, pkix.ErrAlgorithm)
	s, err = pkix.SchemeFor(free, crypto.SHA512, false)
	require.NoError(t, err)
	require.Equal(t, pkix.PSS, s.Kind)
}

func TestSchemeForDefaults(t *testing.T) {
	for want, key := range map[string]crypto.PublicKey{
		"RSASSA-PKCS1-v1_5 with SHA-256": &rsaKey().PublicKey,
		"ECDSA with SHA-256":             &ecKey().PublicKey,
		"ECDSA with SHA-384":             must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).Public(),
		"ECDSA with SHA-512":             must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)).Public(),
		"Ed25519":                        edKey().Public(),
	} {
		s, err := pkix.SchemeFor(keyInfo(t, key), 0, false)
		require.NoError(t, err)
		require.Equal(t, want, s.Name())
	}
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.MD5, crypto.RIPEMD160} {
		_, err := pkix.SchemeFor(keyInfo(t, &ecKey().PublicKey), h, false)
		require.ErrorIs(t, err, pkix.ErrUnsupported)
	}
	_, err := pkix.SchemeFor(keyInfo(t, &dsaKey().PublicKey), crypto.SHA256, false)
	require.ErrorIs(t, err, pkix.ErrUnsupported, "DSA is verified and never made")
}

func TestDigests(t *testing.T) {
	for _, h := range allHashes {
		a := pkix.DigestAlgorithm(h)
		require.Nil(t, a.Parameters)
		got, err := pkix.DigestByOID(a)
		require.NoError(t, err)
		require.Equal(t, h, got)
		a.Parameters = hexOctets("0500")
		got, err = pkix.DigestByOID(a)
		require.NoError(t, err)
		require.Equal(t, h, got)
		a.Parameters = hexOctets("020101")
		_, err = pkix.DigestByOID(a)
		require.ErrorIs(t, err, pkix.ErrAlgorithm)
		require.Equal(t, h.String(), pkix.DigestName(h))
		require.True(t, h.Available(), "registered by this package")
	}
	_, err := pkix.DigestByOID(identifier("1.2.840.113549.2.5", ""))
	require.ErrorIs(t, err, pkix.ErrUnsupported)
	require.ErrorContains(t, err, "MD5")
	_, err = pkix.DigestByOID(identifier("1.2.3", ""))
	require.ErrorContains(t, err, "1.2.3")
	require.Equal(t, "unknown", pkix.DigestName(crypto.MD5))
	require.Empty(t, pkix.DigestAlgorithm(crypto.MD5).OID)
}

func TestAlgorithmIdentifierReading(t *testing.T) {
	read := func(text string) (pkix.AlgorithmIdentifier, bool) {
		s := cryptobyte.String(hexOctets(text))
		a := pkix.AlgorithmIdentifier{OID: "kept"}
		return a, pkix.ReadAlgorithmIdentifier(&s, &a)
	}
	for _, text := range []string{"", "0500", "3000", "30020500", "300706012a05000500", "300406012a05", "3004 06 0180 00"} {
		a, ok := read(text)
		require.False(t, ok, text)
		require.EqualValues(t, "kept", a.OID)
	}
	s := cryptobyte.String(hexOctets("300506012a0500 ff"))
	var bare, null pkix.AlgorithmIdentifier
	require.True(t, pkix.ReadAlgorithmIdentifier(&s, &null))
	require.Len(t, s, 1)
	require.Equal(t, "300506012a0500", hexOf(null.Marshal()))
	s = cryptobyte.String(hexOctets("300306012a"))
	require.True(t, pkix.ReadAlgorithmIdentifier(&s, &bare))
	require.Nil(t, bare.Parameters)
	require.True(t, bare.Equal(null))
	require.True(t, null.Equal(null))
	require.False(t, bare.Equal(pkix.AlgorithmIdentifier{OID: bare.OID, Parameters: hexOctets("020101")}))
	require.False(t, bare.Equal(pkix.AlgorithmIdentifier{OID: der.MustOID("1.2.3")}))
}

// An ECDSA or DSA value is one DER SEQUENCE of two positive INTEGERs.
func TestValueEncodings(t *testing.T) {
	dsaInfo := keyInfo(t, &dsaKey().PublicKey)
	sum := digestOf(crypto.SHA256, message)
	r, s := signDSA(t, sum)
	ec := pkix.Scheme{Kind: pkix.ECDSA, Hash: crypto.SHA256}
	old := pkix.Scheme{Kind: pkix.DSA, Hash: crypto.SHA256}
	for name, c := range map[string]struct {
		scheme pkix.Scheme
		key    *pkix.PublicKeyInfo
		value  []byte
	}{
		"ECDSA": {ec, keyInfo(t, &ecKey().PublicKey), sign(t, ecKey(), ec, message)},
		"DSA":   {old, dsaInfo, must(asn1.Marshal(struct{ R, S *big.Int }{r, s}))},
	} {
		require.NoError(t, c.scheme.Verify(c.key, message, c.value), name)
		require.ErrorIs(t, c.scheme.Verify(c.key, message[1:], c.value), pkix.ErrSignature, name)
		input := cryptobyte.String(c.value)
		var content cryptobyte.String
		require.True(t, input.ReadASN1(&content, 0x30))
		r, _, _ := der.ReadElement(&content)
		s, _, _ := der.ReadElement(&content)
		padded := wrap(2, append([]byte{0}, r[2:]...))
		negative := wrap(2, append([]byte{0xff}, r[2:]...))
		for what, bad := range map[string][]byte{
			"trailing octets":   append(bytes.Clone(c.value), 5, 0),
			"a third integer":   wrap(0x30, r, s, hexOctets("020101")),
			"one integer":       wrap(0x30, r),
			"swapped":           wrap(0x30, s, r),
			"padded":            wrap(0x30, padded, s),
			"negative":          wrap(0x30, negative, s),
			"zero":              wrap(0x30, hexOctets("020100"), s),
			"both zero":         hexOctets("3006020100020100"),
			"a set":             wrap(0x31, r, s),
			"indefinite":        append(append(append([]byte{0x30, 0x80}, r...), s...), 0, 0),
			"a longer length":   append([]byte{0x30, 0x81, byte(len(r) + len(s))}, append(bytes.Clone(r), s...)...),
			"nothing":           nil,
			"two bare integers": append(bytes.Clone(r[2:]), s[2:]...),
			"an empty sequence": hexOctets("3000"),
		} {
			if what == "padded" && r[2] >= 0x80 {
				continue
			}
			require.ErrorIs(t, c.scheme.Verify(c.key, message, bad), pkix.ErrSignature, "%s: %s", name, what)
		}
	}
}
