package pkix_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// What crypto/rsa cannot verify is verified all the same, and as strictly: exponents over 31 bits, a PSS salt of no octet, MGF1
// over another digest.
func TestRSABeyondStandardLibrary(t *testing.T) {
	wide := widePrivate(t)
	wideInfo, _, err := pkix.ParsePublicKeyInfo(spki("1.2.840.113549.1.1.1", "0500", rsaOctets(wide.n, wide.e)))
	require.NoError(t, err)
	require.Nil(t, wideInfo.Public)
	require.Equal(t, wide.n.BitLen(), wideInfo.Bits)
	_, err = pkix.SchemeFor(wideInfo, crypto.SHA256, false)
	require.ErrorIs(t, err, pkix.ErrUnsupported, "nothing is signed with it")

	usualKey := private{rsaKey().N, big.NewInt(int64(rsaKey().E)), rsaKey().D}
	usualInfo := keyInfo(t, &rsaKey().PublicKey)
	oddKey := oddPrivate(t) // a modulus of 1025 bits: the encoded message is one octet shorter
	oddInfo, _, err := pkix.ParsePublicKeyInfo(spki("1.2.840.113549.1.1.1", "0500", rsaOctets(oddKey.n, oddKey.e)))
	require.NoError(t, err)
	require.Equal(t, 1025, oddInfo.Bits)

	for _, c := range []struct {
		key  private
		info *pkix.PublicKeyInfo
		s    pkix.Scheme
	}{
		{wide, wideInfo, pkix.Scheme{Kind: pkix.PKCS1v15, Hash: crypto.SHA256}},
		{wide, wideInfo, pkix.Scheme{Kind: pkix.PKCS1v15, Hash: crypto.SHA3_384}},
		{wide, wideInfo, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}},
		{usualKey, usualInfo, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 0}},
		{usualKey, usualInfo, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA1, SaltLength: 20}},
		{usualKey, usualInfo, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}},
		{oddKey, oddInfo, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA512, SaltLength: 0}},
		{oddKey, oddInfo, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}},
	} {
		t.Run(fmt.Sprint(c.info.Bits, " ", c.s.Name()), func(t *testing.T) {
			encoded := encodePKCS1(t, c.s.Hash, c.info.Bits)
			if c.s.Kind == pkix.PSS {
				encoded = encodePSS(c.s, c.info.Bits-1)
			}
			require.NoError(t, c.s.Verify(c.info, message, c.key.raw(encoded, c.info.Bits)))
			require.ErrorIs(t, c.s.Verify(c.info, message[1:], c.key.raw(encoded, c.info.Bits)), pkix.ErrSignature)
			for at := range encoded { // every octet of the encoded message counts, padding and salt included
				bad := bytes.Clone(encoded)
				bad[at] ^= 4
				if at == 0 && c.s.Kind == pkix.PSS {
					bad[at] = encoded[at] ^ 1 // stay under the modulus
				}
				require.ErrorIs(t, c.s.Verify(c.info, message, c.key.raw(bad, c.info.Bits)), pkix.ErrSignature, "octet %d", at)
			}
			value := c.key.raw(encoded, c.info.Bits)
			for _, bad := range [][]byte{value[1:], append([]byte{0}, value...), nil, make([]byte, len(value)), bytes.Repeat([]byte{0xff}, len(value)),
				new(big.Int).Add(new(big.Int).SetBytes(value), c.key.n).Bytes()} {
				require.ErrorIs(t, c.s.Verify(c.info, message, bad), pkix.ErrSignature)
			}
			if c.s.Kind == pkix.PSS {
				for _, salt := range []int{c.s.SaltLength + 1, max(c.s.SaltLength-1, 1), 4096} {
					other := c.s
					if other.SaltLength = salt; salt != c.s.SaltLength {
						require.ErrorIs(t, other.Verify(c.info, message, value), pkix.ErrSignature, "salt of %d", salt)
					}
				}
			}
		})
	}
}

type private struct{ n, e, d *big.Int }

func (p private) raw(encoded []byte, bits int) []byte {
	m := new(big.Int).SetBytes(encoded)
	return m.Exp(m, p.d, p.n).FillBytes(make([]byte, (bits+7)/8))
}

func makePrivate(t testing.TB, bitsP, bitsQ int, e *big.Int) private {
	for {
		p, q := must(rand.Prime(rand.Reader, bitsP)), must(rand.Prime(rand.Reader, bitsQ))
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d := new(big.Int).ModInverse(e, phi); d != nil && new(big.Int).Mul(p, q).BitLen() == bitsP+bitsQ {
			return private{new(big.Int).Mul(p, q), e, d}
		}
	}
}

// widePrivate has an exponent of 32 bits, as some authorities on national lists do.
func widePrivate(t testing.TB) private { return makePrivate(t, 512, 512, big.NewInt(4095356657)) }

func oddPrivate(t testing.TB) private { return makePrivate(t, 512, 513, big.NewInt(65537)) }

func encodePKCS1(t testing.TB, h crypto.Hash, bits int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(0x30, func(b *cryptobyte.Builder) {
		pkix.AlgorithmIdentifier{OID: pkix.DigestAlgorithm(h).OID, Parameters: []byte{5, 0}}.Add(b)
		b.AddASN1OctetString(digestOf(h, message))
	})
	info := b.BytesOrPanic()
	padding := (bits+7)/8 - 3 - len(info)
	return append(append(append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, padding)...), 0), info...)
}

// encodePSS is EMSA-PSS-ENCODE (RFC 8017 §9.1.1).
func encodePSS(s pkix.Scheme, bits int) []byte {
	size := (bits + 7) / 8
	salt := bytes.Repeat([]byte{0xa5}, s.SaltLength)
	h := digestOf(s.Hash, append(append(make([]byte, 8), digestOf(s.Hash, message)...), salt...))
	db := append(make([]byte, size-s.SaltLength-len(h)-2), 1)
	db = append(db, salt...)
	var mask []byte
	for i := byte(0); len(mask) < len(db); i++ {
		mask = append(mask, digestOf(s.MGFHash, append(bytes.Clone(h), 0, 0, 0, i))...)
	}
	for i := range db {
		db[i] ^= mask[i]
	}
	db[0] &= 0xff >> (8*size - bits)
	return append(append(db, h...), 0xbc)
}
