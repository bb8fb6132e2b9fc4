package pkitest

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// isECDSA tells whether the value is a SEQUENCE of two INTEGERs.
func (x *cmsScene) isECDSA() bool {
	_, _, ok := x.pair()
	return ok
}

// pair reads an ECDSA value.
func (x *cmsScene) pair() (r, s *big.Int, ok bool) {
	input := cryptobyte.String(x.s.value)
	var content cryptobyte.String
	r, s = new(big.Int), new(big.Int)
	ok = input.ReadASN1(&content, asn1.SEQUENCE) && input.Empty() && content.ReadASN1Integer(r) && content.ReadASN1Integer(s) && content.Empty()
	return r, s, ok
}

// order is that of the curve that goes with the size of a value.
func order(r, s *big.Int) *big.Int {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		if n := curve.Params().N; r.Cmp(n) < 0 && s.Cmp(n) < 0 {
			return n
		}
	}
	return elliptic.P521().Params().N
}

// ecdsaRecipe writes another pair of integers.
func ecdsaRecipe(name, source, about string, write func(r, s, n *big.Int) []byte) cmsRecipe {
	return cmsRecipe{name, "ECDSA value", source, about, BreaksSignature, func(x *cmsScene) []byte {
		r, s, ok := x.pair()
		if !ok {
			return nil
		}
		x.s.value = write(r, s, order(r, s))
		return x.bytes()
	}}
}

const (
	psychic = "CVE-2022-21449, FIPS 186-5 §6.4.2"
	strict  = "RFC 3279 §2.2.3, X.690 §10"
)

// valueRecipes: the signature value.
var valueRecipes = []cmsRecipe{
	{"value-flipped", "value", "RFC 5652 §5.4", "one bit of the value is changed", BreaksSignature, func(x *cmsScene) []byte {
		x.s.value = flipped(x.s.value)
		return x.bytes()
	}},
	{"value-empty", "value", "RFC 5652 §5.4", "the value is empty", BreaksSignature, func(x *cmsScene) []byte {
		x.s.value = nil
		return x.bytes()
	}},
	{"value-zeros", "value", "RFC 5652 §5.4", "the value is zeros", BreaksSignature, func(x *cmsScene) []byte {
		x.s.value = make([]byte, len(x.s.value))
		return x.bytes()
	}},
	{"value-zero-before", "value", "RFC 8017 §8.2.2, X.690 §8.1", "a zero octet precedes the value", BreaksSignature, func(x *cmsScene) []byte {
		x.s.value = append([]byte{0}, x.s.value...)
		return x.bytes()
	}},
	{"value-octet-after", "value", "RFC 8017 §8.2.2, X.690 §8.1", "a zero octet follows the value", BreaksSignature, func(x *cmsScene) []byte {
		x.s.value = append(bytes.Clone(x.s.value), 0)
		return x.bytes()
	}},
	{"value-cut", "value", "RFC 8017 §8.2.2, X.690 §8.1", "the last octet of the value is missing", BreaksSignature, func(x *cmsScene) []byte {
		x.s.value = x.s.value[:len(x.s.value)-1]
		return x.bytes()
	}},
	ecdsaRecipe("ecdsa-zero", psychic, "r and s are zero", func(r, s, n *big.Int) []byte { return sequence(smallInteger(0), smallInteger(0)) }),
	ecdsaRecipe("ecdsa-zero-r", psychic, "r is zero", func(r, s, n *big.Int) []byte { return sequence(smallInteger(0), bigInteger(s)) }),
	ecdsaRecipe("ecdsa-zero-s", psychic, "s is zero", func(r, s, n *big.Int) []byte { return sequence(bigInteger(r), smallInteger(0)) }),
	ecdsaRecipe("ecdsa-order", psychic, "r and s are the order of the curve", func(r, s, n *big.Int) []byte { return sequence(bigInteger(n), bigInteger(n)) }),
	ecdsaRecipe("ecdsa-one", psychic, "r and s are one", func(r, s, n *big.Int) []byte { return sequence(smallInteger(1), smallInteger(1)) }),
	ecdsaRecipe("ecdsa-beyond-r", "FIPS 186-5 §6.4.2", "the order is added to r", func(r, s, n *big.Int) []byte { return sequence(bigInteger(new(big.Int).Add(r, n)), bigInteger(s)) }),
	ecdsaRecipe("ecdsa-beyond-s", "FIPS 186-5 §6.4.2", "the order is added to s", func(r, s, n *big.Int) []byte { return sequence(bigInteger(r), bigInteger(new(big.Int).Add(s, n))) }),
	ecdsaRecipe("ecdsa-negative-s", "FIPS 186-5 §6.4.2", "s is negative, and the same modulo the order", func(r, s, n *big.Int) []byte { return sequence(bigInteger(r), bigInteger(new(big.Int).Sub(s, n))) }),
	ecdsaRecipe("ecdsa-swapped", "FIPS 186-5 §6.4.2", "r and s change places", func(r, s, n *big.Int) []byte { return sequence(bigInteger(s), bigInteger(r)) }),
	ecdsaRecipe("ecdsa-third", strict, "a third integer follows", func(r, s, n *big.Int) []byte { return sequence(bigInteger(r), bigInteger(s), smallInteger(0)) }),
	ecdsaRecipe("ecdsa-long-length", strict, "a length is longer than it must", func(r, s, n *big.Int) []byte { return longLength(sequence(bigInteger(r), bigInteger(s))) }),
	ecdsaRecipe("ecdsa-indefinite", strict, "the SEQUENCE has an indefinite length", func(r, s, n *big.Int) []byte { return inBER(sequence(bigInteger(r), bigInteger(s))) }),
	ecdsaRecipe("ecdsa-zero-padded", strict, "an integer begins with an octet too many", func(r, s, n *big.Int) []byte {
		return sequence(integer(append([]byte{0, 0}, r.Bytes()...)), bigInteger(s))
	}),
	ecdsaRecipe("ecdsa-unsigned", strict, "an integer whose first bit is set lacks its zero octet", func(r, s, n *big.Int) []byte {
		list := [][]byte{integer(r.Bytes()), integer(s.Bytes())}
		if r.Bytes()[0] < 0x80 && s.Bytes()[0] < 0x80 { // nothing to lack: s' = n - s has the bit, or r is written as it is
			list[1] = integer(slices.Concat([]byte{0xff}, s.Bytes()))
		}
		return sequence(list...)
	}),
	ecdsaRecipe("ecdsa-plain", "BSI TR-03111 §5.2.1", "the two integers are written side by side, as other formats do", func(r, s, n *big.Int) []byte {
		size := (n.BitLen() + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}),
}

// stranger is the PKI of an attacker, whom nobody trusts.
func stranger() *Authority {
	return New(Deterministic("attacker")).Root("Autorité d'un inconnu")
}

// recast is a certificate with the names, serial number and extensions of another, and the key of the attacker. Only an
// authority could sign it, so that its signature is the attacker's too.
func recast(certificate []byte, id *Identity, edit ...func(fields [][]byte)) []byte {
	s := cryptobyte.String(certificate)
	var outer, tbs cryptobyte.String
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&tbs, asn1.SEQUENCE) {
		return nil
	}
	fields := elementsOf(tbs)
	if len(fields) < 7 {
		return nil
	}
	how := id.pki.signingWith(id, &spec{})
	fields[2], fields[6] = how.algorithm(), id.spki // after version and serial number; issuer, validity, subject, key
	for _, e := range edit {
		e(fields)
	}
	return how.signed(sequence(fields...))
}

// forgeBy signs the document of the attacker with the key of the attacker, everything else being as in the sound file.
func (x *cmsScene) forgeBy(id *Identity, certificate []byte) {
	how := id.pki.signingWith(id, &spec{})
	x.s.digest, x.s.algorithm = digestAlgorithm(how.scheme.Hash), how.algorithm()
	x.digests = [][]byte{x.s.digest}
	x.attach(other)
	if x.s.attributes != nil {
		x.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(how.scheme.Hash, other))))
	}
	if certificate != nil && find(x.s.attributes, cms.OIDSigningCertificateV2) >= 0 {
		x.s.replace(cms.OIDSigningCertificateV2, signingCertificateV2(certificate))
	}
	x.s.sorted()
	x.s.value = how.sign(x.octetsSigned())
	x.s.unsigned = nil
}

func (x *cmsScene) octetsSigned() []byte {
	if x.s.attributes == nil {
		return other
	}
	return x.s.toBeSigned()
}

// signingCertificateV2 is the attribute that names a certificate by its SHA-256 (RFC 5035 §3).
func signingCertificateV2(certificate []byte) []byte {
	return attribute(cms.OIDSigningCertificateV2, sequence(sequence(sequence(octets(digest(crypto.SHA256, certificate))))))
}

// signerOf returns the index of the certificate that the first signer designates, by issuer and serial number or by key
// identifier, -1 when it is not there, or there twice.
func (x *cmsScene) signerOf() int {
	i := x.designated()
	if i >= 0 && bytes.Count(x.file, x.certificates[i]) > 1 {
		return -1
	}
	return i
}

func (x *cmsScene) designated() int {
	return slices.IndexFunc(x.certificates, func(raw []byte) bool {
		c, err := pkix.ParseCertificate(raw)
		if err != nil {
			return false
		}
		tag, content := open(x.s.sid)
		if tag != asn1.SEQUENCE {
			return bytes.Equal(content, c.SubjectKeyID)
		}
		return bytes.Equal(content, append(bytes.Clone(c.RawIssuer), integer(c.RawSerial)...))
	})
}

const substitution = "RFC 5035 §1, RFC 2634 §5"

// certificateRecipes: somebody else's certificate in the place of the signer's.
var certificateRecipes = []cmsRecipe{
	{"certificate-impostor", "certificate substitution", substitution, "the document of the attacker, his key, and a certificate of his with the signer's names and serial number", BreaksTrust, func(x *cmsScene) []byte {
		i := x.signerOf()
		if i < 0 {
			return nil
		}
		id := stranger().Leaf("Attaquant")
		x.certificates[i] = recast(x.certificates[i], id)
		x.forgeBy(id, x.certificates[i])
		return x.bytes()
	}},
	{"certificate-impostor-beside", "certificate substitution", substitution, "the same, with the signer's own certificate left in the file, first", BreaksTrust, func(x *cmsScene) []byte {
		i := x.signerOf()
		if i < 0 {
			return nil
		}
		id := stranger().Leaf("Attaquant")
		certificate := recast(x.certificates[i], id)
		x.certificates = append(x.certificates, certificate)
		x.forgeBy(id, certificate)
		return x.bytes()
	}},
	{"certificate-impostor-named", "certificate substitution", substitution, "the same, with the attribute that names the signer's own certificate kept", BreaksTrust, func(x *cmsScene) []byte {
		i := x.signerOf()
		if i < 0 || find(x.s.attributes, cms.OIDSigningCertificateV2) < 0 {
			return nil
		}
		id := stranger().Leaf("Attaquant")
		x.certificates = append([][]byte{recast(x.certificates[i], id)}, x.certificates...)
		x.forgeBy(id, nil)
		return x.bytes()
	}},
	{"certificate-swapped", "certificate substitution", "RFC 5652 §5.3", "the signer's certificate is replaced by the impostor's and nothing else: the value is not under that key", BreaksSignature, func(x *cmsScene) []byte {
		i := x.signerOf()
		if i < 0 {
			return nil
		}
		x.certificates[i] = recast(x.certificates[i], stranger().Leaf("Attaquant"))
		return x.bytes()
	}},
	{"certificate-own", "certificate substitution", "RFC 5652 §5.3", "the signer identifier designates the certificate of the attacker", BreaksSignature, func(x *cmsScene) []byte {
		own := stranger().Leaf("Attaquant")
		c, err := pkix.ParseCertificate(own.DER)
		if err != nil {
			return nil
		}
		x.certificates = append(x.certificates, own.DER)
		x.s.sid = sequence(c.RawIssuer, integer(c.RawSerial))
		return x.bytes()
	}},
	{"certificate-removed", "certificate substitution", "RFC 5652 §5.6", "the signer's certificate is taken out: nobody can say who signed", BreaksSignature, func(x *cmsScene) []byte {
		i := x.signerOf()
		if i < 0 {
			return nil
		}
		x.certificates = slices.Delete(x.certificates, i, i+1)
		return x.bytes()
	}},
	{"certificate-damaged", "certificate substitution", "RFC 5280 §4.1", "one bit of the signer's certificate is changed, in its signature: it is not the one that was signed with", BreaksTrust, func(x *cmsScene) []byte {
		i := x.signerOf()
		if i < 0 {
			return nil
		}
		x.certificates[i] = flipped(x.certificates[i])
		return x.bytes()
	}},
	{"certificate-renamed", "certificate substitution", substitution, "a certificate of the attacker's making on the signer's key, under another name, takes the place of the signer's", BreaksTrust, func(x *cmsScene) []byte {
		i := x.signerOf()
		if i < 0 {
			return nil
		}
		parsed, err := pkix.ParseCertificate(x.certificates[i])
		if err != nil {
			return nil
		}
		x.certificates[i] = recast(x.certificates[i], stranger().Leaf("Attaquant"), func(fields [][]byte) {
			fields[5] = Name(AttributeValue{OID: OIDCommonName, Value: "Ministère de l'Intérieur"})
			fields[6] = parsed.RawSPKI
		})
		return x.bytes()
	}},
}
