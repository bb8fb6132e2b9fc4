package pkitest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"io"
	"math/big"
	"slices"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// smallExponentKey is an RSA key of 2048 bits whose exponent is 3: a value whose cube begins as a padding should is found
// without the private key.
func smallExponentKey(source io.Reader) *rsa.PrivateKey {
	three, one := big.NewInt(3), big.NewInt(1)
	prime := func() *big.Int {
		for {
			if p := newPrime(1024, source); new(big.Int).Mod(p, three).Int64() == 2 { // p-1 has an inverse of 3
				return p
			}
		}
	}
	p, q := prime(), prime()
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 3}, D: new(big.Int).ModInverse(three, phi), Primes: []*big.Int{p, q}}
	key.Precompute()
	return key
}

// raise is what a private key does, on any octets: RSASP1 (RFC 8017 §5.2.1).
func raise(key *rsa.PrivateKey, encoded []byte) []byte {
	m := new(big.Int).SetBytes(encoded)
	return m.Exp(m, key.D, key.N).FillBytes(make([]byte, key.Size()))
}

// cubeRootAbove is the least integer whose cube is not less than n.
func cubeRootAbove(n *big.Int) *big.Int {
	low, high := big.NewInt(0), new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()/3+1))
	three, one := big.NewInt(3), big.NewInt(1)
	for low.Cmp(high) < 0 {
		middle := new(big.Int).Add(low, high)
		middle.Rsh(middle, 1)
		if new(big.Int).Exp(middle, three, nil).Cmp(n) < 0 {
			low = middle.Add(middle, one)
		} else {
			high = middle
		}
	}
	return low
}

// digestInfo is DigestInfo (RFC 8017 §9.2) of an AlgorithmIdentifier.
func digestInfo(algorithm, sum []byte) []byte { return sequence(algorithm, octets(sum)) }

func sha256WithNull() []byte { return sequence(oid("2.16.840.1.101.3.4.2.1"), null()) }

// padded is EMSA-PKCS1-v1_5 with a block type and as much padding as there is room for.
func padded(size int, blockType byte, info []byte) []byte {
	out := append([]byte{0, blockType}, bytes.Repeat([]byte{0xff}, size-len(info)-3)...)
	return append(append(out, 0), info...)
}

const (
	bleichenbacher = "Bleichenbacher, CRYPTO 2006 rump session; RFC 8017 §8.2.2"
	berserk        = "CVE-2014-1568 (BERserk); RFC 8017 §8.2.2"
)

// rsaAttacks: encodings under an RSA value that a lenient reader takes for the right one, and parameters of RSASSA-PSS that are not
// those of the value.
func (f *Forge) rsaAttacks() []Attack {
	key := smallExponentKey(f.PKI.stream("small exponent"))
	victim := f.Authority.Leaf("Camille Petit", Key(key))
	size := key.Size()
	twin := f.sign(victim, nil).bytes()
	encode := func(name, source, about string, encoded func(sum []byte) []byte) Attack {
		file := f.sign(victim, func(d *draft) {
			d.signed = func(m []byte) []byte { return encoded(digest(crypto.SHA256, m)) }
		}).bytes()
		return f.attack("rsa/"+name, "PKCS #1 padding", source, about, BreaksSignature, file, twin)
	}
	private := func(encoded func(sum []byte) []byte) func([]byte) []byte {
		return func(sum []byte) []byte { return raise(key, encoded(sum)) }
	}
	cube := func(prefix func(sum []byte) []byte) func([]byte) []byte {
		return func(sum []byte) []byte {
			target := new(big.Int).SetBytes(append(prefix(sum), make([]byte, size-len(prefix(sum)))...))
			return cubeRootAbove(target).FillBytes(make([]byte, size))
		}
	}
	right := func(sum []byte) []byte { return digestInfo(sha256WithNull(), sum) }
	filled := func(around func(garbage []byte) []byte) []byte { // as long as it takes for eight octets of padding
		n := size - 11 - len(around(nil)) - 3
		return around(bytes.Repeat([]byte{0x5a}, n-3))
	}
	out := []Attack{
		encode("cube-garbage-after", bleichenbacher, "no key: octets of chance follow the digest in the cube of the value", cube(func(sum []byte) []byte {
			return slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 8), []byte{0}, right(sum))
		})),
		encode("cube-no-padding", bleichenbacher, "no key: the same, without padding", cube(func(sum []byte) []byte {
			return slices.Concat([]byte{0, 1, 0}, right(sum))
		})),
		encode("cube-one-octet-of-padding", bleichenbacher, "no key: the same, with one octet of padding", cube(func(sum []byte) []byte {
			return slices.Concat([]byte{0, 1, 0xff, 0}, right(sum))
		})),
		encode("garbage-parameters", bleichenbacher, "the parameters of the digest algorithm are octets of chance", private(func(sum []byte) []byte {
			return padded(size, 1, filled(func(g []byte) []byte {
				return digestInfo(sequence(oid("2.16.840.1.101.3.4.2.1"), octets(g)), sum)
			}))
		})),
		encode("garbage-inside", bleichenbacher, "octets of chance follow the digest inside the DigestInfo", private(func(sum []byte) []byte {
			return padded(size, 1, filled(func(g []byte) []byte { return sequence(sha256WithNull(), octets(sum), octets(g)) }))
		})),
		encode("long-length", berserk, "a length in the DigestInfo is longer than it must", private(func(sum []byte) []byte {
			return padded(size, 1, longLength(right(sum)))
		})),
		encode("indefinite-length", berserk, "the DigestInfo has an indefinite length", private(func(sum []byte) []byte {
			return padded(size, 1, inBER(right(sum)))
		})),
		encode("no-null", "RFC 8017 §9.2, appendix B.1", "the parameters of the digest algorithm are absent", private(func(sum []byte) []byte {
			return padded(size, 1, digestInfo(algorithmDER("2.16.840.1.101.3.4.2.1"), sum))
		})),
		encode("no-digest-info", "RFC 8017 §9.2", "the digest is bare", private(func(sum []byte) []byte { return padded(size, 1, sum) })),
		encode("other-digest-info", "RFC 8017 §9.2", "the DigestInfo says SHA3-256", private(func(sum []byte) []byte {
			return padded(size, 1, digestInfo(sequence(oid("2.16.840.1.101.3.4.2.8"), null()), sum))
		})),
		encode("cut-digest", "RFC 8017 §9.2", "the digest is cut to its first octet", private(func(sum []byte) []byte {
			return padded(size, 1, digestInfo(sha256WithNull(), sum[:1]))
		})),
		encode("block-type-2", "RFC 8017 §7.2.1, §8.2.2", "the padding is that of encryption", private(func(sum []byte) []byte { return padded(size, 2, right(sum)) })),
		encode("block-type-0", "RFC 2313 §8.1", "the padding is zeros", private(func(sum []byte) []byte {
			return append(make([]byte, size-len(right(sum))), right(sum)...)
		})),
		encode("padding-altered", "RFC 8017 §9.2", "one octet of the padding is not FF", private(func(sum []byte) []byte {
			encoded := padded(size, 1, right(sum))
			encoded[20] = 0xfe
			return encoded
		})),
		encode("beyond-modulus", "RFC 8017 §5.2.2", "the modulus is added to the value", func(sum []byte) []byte {
			s := new(big.Int).SetBytes(raise(key, padded(size, 1, right(sum))))
			return s.Add(s, key.N).FillBytes(make([]byte, size+1))
		}),
		encode("negated", "RFC 8017 §5.2.2", "the value is subtracted from the modulus", func(sum []byte) []byte {
			s := new(big.Int).SetBytes(raise(key, padded(size, 1, right(sum))))
			return s.Sub(key.N, s).FillBytes(make([]byte, size))
		}),
	}
	return append(out, f.pssAttacks()...)
}

// pssParameters writes RSASSA-PSS-params (RFC 4055 §3.1), whatever they say.
func pssParameters(hash, mgf []byte, salt int64, more ...[]byte) []byte {
	return sequence(append([][]byte{explicit(0, hash), explicit(1, mgf), explicit(2, smallInteger(salt))}, more...)...)
}

func mgf1(hash []byte) []byte { return sequence(oid("1.2.840.113549.1.1.8"), hash) }

// pssEncoded is EMSA-PSS (RFC 8017 §9.1.1) over SHA-256 with a salt of 32 octets, changed before it is masked and after.
func pssEncoded(size int, sum []byte, before func(db []byte), after func(encoded []byte)) []byte {
	salt := bytes.Repeat([]byte{0x2a}, 32)
	h := digest(crypto.SHA256, slices.Concat(make([]byte, 8), sum, salt))
	db := slices.Concat(make([]byte, size-len(h)-1-len(salt)-1), []byte{1}, salt)
	if before != nil {
		before(db)
	}
	for i, counter := 0, uint32(0); i < len(db); counter++ {
		block := digest(crypto.SHA256, append(bytes.Clone(h), byte(counter>>24), byte(counter>>16), byte(counter>>8), byte(counter)))
		for _, octet := range block {
			if i < len(db) {
				db[i] ^= octet
				i++
			}
		}
	}
	db[0] &= 0x7f // the modulus has a multiple of eight bits
	encoded := slices.Concat(db, h, []byte{0xbc})
	if after != nil {
		after(encoded)
	}
	return encoded
}

func (f *Forge) pssAttacks() []Attack {
	const class, source = "PSS parameters", "RFC 4055 §3.1, RFC 8017 §9.1.2"
	key := pooledOrSeeded(f.PKI, "pss")
	victim := f.Authority.Leaf("Camille Sel", Key(key))
	sha256, sha512, sha1 := sha256WithNull(), sequence(oid("2.16.840.1.101.3.4.2.3"), null()), sequence(oid("1.3.14.3.2.26"), null())
	sound := pssParameters(sha256, mgf1(sha256), 32)
	made := func(parameters []byte, before func([]byte), after func([]byte), edit func(*draft)) []byte {
		return f.sign(victim, func(d *draft) {
			d.s.algorithm = sequence(oid("1.2.840.113549.1.1.10"), parameters)
			if parameters == nil {
				d.s.algorithm = algorithmDER("1.2.840.113549.1.1.10")
			}
			d.signed = func(m []byte) []byte {
				return raise(key, pssEncoded(key.Size(), digest(crypto.SHA256, m), before, after))
			}
			if edit != nil {
				edit(d)
			}
		}).bytes()
	}
	twin := made(sound, nil, nil, nil)
	stated := func(name, about string, parameters []byte) Attack {
		return f.attack("rsa/pss-"+name, class, source, about, BreaksSignature, made(parameters, nil, nil, nil), twin)
	}
	encoded := func(name, about string, before, after func([]byte)) Attack {
		return f.attack("rsa/pss-"+name, class, source, about, BreaksSignature, made(sound, before, after, nil), twin)
	}
	out := []Attack{
		stated("salt-shorter", "the parameters say a salt of 20 octets, the value has 32", pssParameters(sha256, mgf1(sha256), 20)),
		stated("salt-longer", "the parameters say a salt of 64 octets, the value has 32", pssParameters(sha256, mgf1(sha256), 64)),
		stated("salt-negative", "the parameters say a salt of -1 octet", pssParameters(sha256, mgf1(sha256), -1)),
		stated("mask-other", "the parameters say MGF1 with SHA-1, the value has SHA-256", pssParameters(sha256, mgf1(sha1), 32)),
		stated("mask-unknown", "nobody knows the mask generation function", pssParameters(sha256, sequence(oid(TimestampPolicy), sha256), 32)),
		stated("hash-other", "the parameters say SHA-512, the value has SHA-256", pssParameters(sha512, mgf1(sha256), 32)),
		stated("trailer-field", "the parameters say a trailer field of 2", pssParameters(sha256, mgf1(sha256), 32, explicit(3, smallInteger(2)))),
		stated("field-unknown", "the parameters have a fifth field", pssParameters(sha256, mgf1(sha256), 32, explicit(4, smallInteger(1)))),
		stated("parameters-absent", "there are no parameters", nil),
		stated("parameters-null", "the parameters are NULL", null()),
		stated("parameters-default", "the parameters are the defaults, SHA-1", sequence()),
		encoded("trailer-octet", "the encoded message ends with CC, as ISO 9796-2 had it", nil, func(em []byte) { em[len(em)-1] = 0xcc }),
		encoded("padding-altered", "an octet of the padding is not zero", func(db []byte) { db[5] = 7 }, nil),
		encoded("separator-missing", "the octet before the salt is zero", func(db []byte) { db[len(db)-33] = 0 }, nil),
		f.attack("rsa/pss-as-pkcs1", class, source, "a value of RSASSA-PSS is presented as one of PKCS #1 v1.5", BreaksSignature, made(sound, nil, nil, func(d *draft) {
			d.s.algorithm = sequence(oid("1.2.840.113549.1.1.11"), null())
		}), twin),
		f.attack("rsa/pss-digest-other", "algorithm confusion", "RFC 4056 §3", "the digest algorithm of the document is not that of the parameters", BreaksSignature, made(sound, nil, nil, func(d *draft) {
			d.s.digest = digestAlgorithm(crypto.SHA512)
			d.digests = [][]byte{d.s.digest}
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(crypto.SHA512, d.content))))
		}), twin),
	}
	return append(out, f.restrictedAttacks()...)
}

// restrictedAttacks: a key that says what it signs with (RFC 4055 §3.3) and signed with something else.
func (f *Forge) restrictedAttacks() []Attack {
	const class, source = "PSS key restriction", "RFC 4055 §1.2, §3.3"
	victim := f.Authority.Leaf("Camille Strict", RSAPSS3072, PSSRestriction(crypto.SHA512))
	free := f.Authority.Leaf("Camille Libre", RSAPSS3072)
	scheme := func(id *Identity, s pkix.Scheme) []byte {
		return f.sign(id, func(d *draft) {
			d.how.scheme = s
			d.s.digest, d.s.algorithm = digestAlgorithm(s.Hash), d.how.algorithm()
			d.digests = [][]byte{d.s.digest}
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(s.Hash, d.content))))
		}).bytes()
	}
	sound := f.sign(victim, nil).bytes()
	return []Attack{
		f.attack("rsa/restricted-hash", class, source, "a key restricted to SHA-512 signs with SHA-256", BreaksSignature,
			scheme(victim, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 64}), sound),
		f.attack("rsa/restricted-salt", class, source, "a key restricted to salts of at least 64 octets signs with one of 32", BreaksSignature,
			scheme(victim, pkix.Scheme{Kind: pkix.PSS, Hash: crypto.SHA512, MGFHash: crypto.SHA512, SaltLength: 32}), sound),
		f.attack("rsa/restricted-kind", class, source, "a key for RSASSA-PSS alone signs with PKCS #1 v1.5", BreaksSignature,
			scheme(free, pkix.Scheme{Kind: pkix.PKCS1v15, Hash: crypto.SHA256}), f.sign(free, nil).bytes()),
	}
}

// pooledOrSeeded is an RSA key of 2048 bits at hand as such, to be used in ways that crypto/rsa has no function for.
func pooledOrSeeded(p *PKI, label string) *rsa.PrivateKey {
	if p.deterministic {
		return seededRSA(2048, string(p.seed)+"\x00"+label, p.stream("key", label))
	}
	return pooledRSA(2048)
}
