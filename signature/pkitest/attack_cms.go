package pkitest

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/der"
)

// AttackCMS makes attacks of one sound signature, CMS or CAdES, attached or detached, without any key of its signer: what
// anybody can do who has the file. content is the document of a detached signature, nil for an attached one. Attacks that do
// not concern the file (on ECDSA values when it is RSA, say) are left out.
//
// The twin of each is the file itself, or the file rewritten in a way that changes nothing. The error matches [ErrNoAttack].
func AttackCMS(file, content []byte) ([]Attack, error) {
	sound, err := readMessage(file)
	if err != nil {
		return nil, err
	}
	if len(sound.signers) == 0 {
		return nil, fmt.Errorf("%w: it has no signer", ErrNoAttack)
	}
	if sound.content != nil && content != nil {
		return nil, fmt.Errorf("%w: an attached signature, and a document beside", ErrNoAttack)
	}
	if sound.content == nil && content == nil {
		return nil, fmt.Errorf("%w: a detached signature without its document", ErrNoAttack)
	}
	var out []Attack
	for _, list := range [][]cmsRecipe{swapRecipes, contentRecipes, attributeRecipes, algorithmRecipes, valueRecipes, certificateRecipes, formRecipes} {
		for _, r := range list {
			x := &cmsScene{file: file, message: sound.clone(), content: content, beside: content}
			x.s = &x.signers[0]
			if x.content == nil {
				x.content = sound.contentOctets()
			}
			x.twin, x.twinBeside = file, content
			if attacked := r.make(x); attacked != nil {
				out = append(out, Attack{Name: "cms/" + r.name, Class: r.class, Source: r.source, About: r.about, Breaks: r.breaks,
					File: attacked, Content: x.beside, Twin: x.twin, TwinContent: x.twinBeside})
			}
		}
	}
	return out, nil
}

// A cmsScene is one sound file about to be attacked.
type cmsScene struct {
	*message
	file             []byte
	s                *signerInfo // the first
	content          []byte      // what is signed
	beside           []byte      // what is given beside the attack
	twin, twinBeside []byte
}

type cmsRecipe struct {
	name, class, source, about string
	breaks                     Breaks
	make                       func(*cmsScene) []byte // nil: does not concern this file
}

// attached puts content into the message.
func (x *cmsScene) attach(content []byte) {
	x.message.content, x.beside = [][]byte{octets(content)}, nil
}

// other is a document of the attacker.
var other = []byte("Le maire est autorisé à payer cent mille euros.\n")

const eufCMA = "draft-ietf-lamps-cms-euf-cma-signeddata"

// swapRecipes: the octets under a value are a set of attributes, or a document. Without the signed attributes the first is taken
// for the second.
var swapRecipes = []cmsRecipe{
	{"attribute-swap", "attribute swap", eufCMA, "the signed attributes become the content, and are removed", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.attach(x.s.toBeSigned())
		x.s.attributes = nil
		return x.bytes()
	}},
	{"attribute-swap-detached", "attribute swap", eufCMA, "the same, with the set of attributes given as a detached document", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.message.content, x.beside = nil, x.s.toBeSigned()
		x.s.attributes = nil
		return x.bytes()
	}},
	{"attribute-swap-segments", "attribute swap", eufCMA, "the same, with the content in two segments of BER", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.message.content, x.beside = [][]byte{inSegments(x.s.toBeSigned(), 2)}, nil
		x.s.attributes = nil
		return x.bytes()
	}},
	{"attribute-swap-pkcs7", "attribute swap", eufCMA + ", RFC 5652 §5.2.1", "the same, with content that is not an OCTET STRING as in PKCS #7", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.message.content, x.beside = [][]byte{sequence(x.s.toBeSigned())}, nil
		x.contentType = oid(TimestampPolicy)
		x.s.attributes = nil
		return x.bytes()
	}},
	{"attribute-swap-type", "attribute swap", "RFC 5652 §5.3", "the same, under a content type that wants signed attributes", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.attach(x.s.toBeSigned())
		x.contentType = oid(cms.OIDTSTInfo.String() + ".1")
		x.s.attributes = nil
		return x.bytes()
	}},
	{"attribute-swap-counter", "attribute swap", eufCMA + ", RFC 5652 §11.4", "the signed attributes become the value of a signature that the signer seems to countersign", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		counter := x.message.clone().signers[0]
		counter.attributes = nil
		x.s.value = x.s.toBeSigned()
		x.s.unsigned = [][]byte{attribute(cms.OIDCountersignature, counter.bytes())}
		return x.bytes()
	}},
	{"attributes-removed", "attribute swap", "RFC 5652 §5.4", "the signed attributes are removed and the document is left", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.s.attributes = nil
		return x.bytes()
	}},
	{"attributes-emptied", "attribute swap", "RFC 5652 §5.3", "the set of signed attributes is left, empty", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.s.attributes = [][]byte{}
		return x.bytes()
	}},
	{"attributes-unsigned", "attribute swap", "RFC 5652 §5.3", "the signed attributes become unsigned ones", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.s.unsigned, x.s.attributes = append(x.s.unsigned, x.s.attributes...), nil
		return x.bytes()
	}},
}

// contentRecipes: another document.
var contentRecipes = []cmsRecipe{
	{"content-altered", "content", "RFC 5652 §5.6", "one bit of the document is changed", BreaksSignature, func(x *cmsScene) []byte {
		if len(x.content) == 0 {
			return nil
		}
		if x.beside != nil {
			x.beside = flipped(x.content)
			return x.file
		}
		x.attach(flipped(x.content))
		return x.bytes()
	}},
	{"content-emptied", "content", "RFC 5652 §5.6", "the document is empty", BreaksSignature, func(x *cmsScene) []byte {
		if len(x.content) == 0 {
			return nil
		}
		x.attach(nil)
		return x.bytes()
	}},
	{"content-other-beside", "detached or attached", "RFC 5652 §5.2", "the signature holds its document, and another one is given beside it", BreaksSignature, func(x *cmsScene) []byte {
		x.twin = func() []byte { m := x.clone(); m.content = [][]byte{octets(x.content)}; return m.bytes() }()
		x.twinBeside = x.content
		x.attach(x.content)
		x.beside = other
		return x.bytes()
	}},
	{"content-other-inside", "detached or attached", "RFC 5652 §5.2", "the right document is given beside, and the signature holds another one", BreaksSignature, func(x *cmsScene) []byte {
		m := x.clone()
		m.content = nil
		x.twin, x.twinBeside = m.bytes(), x.content
		x.attach(other)
		x.beside = x.content
		return x.bytes()
	}},
	{"content-empty-beside", "detached or attached", "RFC 5652 §5.2", "the right document is given beside, and the signature holds an empty one", BreaksSignature, func(x *cmsScene) []byte {
		m := x.clone()
		m.content = nil
		x.twin, x.twinBeside = m.bytes(), x.content
		x.attach(nil)
		x.beside = x.content
		return x.bytes()
	}},
	{"content-twice", "content", "RFC 5652 §5.2", "eContent holds the document and a second one", BreaksSignature, func(x *cmsScene) []byte {
		x.attach(x.content)
		x.message.content = append(x.message.content, octets(other))
		return x.bytes()
	}},
	{"content-appended", "content", "X.690 §8.7.3", "a segment is appended to the document", BreaksSignature, func(x *cmsScene) []byte {
		x.twin, x.twinBeside = func() []byte {
			m := x.clone()
			m.content = [][]byte{inSegments(x.content, 2)}
			return m.bytes()
		}(), nil
		x.message.content, x.beside = [][]byte{element(asn1.OCTET_STRING|0x20, octets(x.content), octets(other))}, nil
		return x.bytes()
	}},
	{"content-nested-segments", "content", "X.690 §8.7.3", "a segment inside a segment holds more of the document", BreaksSignature, func(x *cmsScene) []byte {
		inner := element(asn1.OCTET_STRING|0x20, octets(other))
		x.message.content, x.beside = [][]byte{inBER(element(asn1.OCTET_STRING|0x20, octets(x.content), inner))}, nil
		return x.bytes()
	}},
	{"content-bare", "content", "RFC 5652 §5.2.1", "plain data is written as a SEQUENCE and not as an OCTET STRING", BreaksSignature, func(x *cmsScene) []byte {
		x.message.content, x.beside = [][]byte{sequence(octets(x.content))}, nil
		return x.bytes()
	}},
	{"content-type", "content type", "RFC 5652 §11.1", "eContentType announces another type than the one that is signed", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.contentType = oid("1.2.840.113549.1.9.16.1.5")
		return x.bytes()
	}},
	{"content-type-token", "content type", "RFC 5652 §11.1, RFC 3161 §2.4.2", "eContentType announces a timestamp", BreaksSignature, func(x *cmsScene) []byte {
		x.contentType = oid(cms.OIDTSTInfo.String())
		return x.bytes()
	}},
	{"content-type-signed-data", "content type", "RFC 5652 §5.1", "eContentType announces a SignedData, and the whole file is put inside as one", BreaksSignature, func(x *cmsScene) []byte {
		x.contentType = oid(cms.OIDSignedData.String())
		x.message.content, x.beside = [][]byte{octets(x.message.clone().signedData())}, nil
		return x.bytes()
	}},
}

// attributeRecipes: signed attributes that are not those that were signed.
var attributeRecipes = []cmsRecipe{
	{"message-digest", "message digest", "RFC 5652 §11.2", "message-digest and the document are those of the attacker", BreaksSignature, func(x *cmsScene) []byte {
		if find(x.s.attributes, cms.OIDMessageDigest) < 0 {
			return nil
		}
		x.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(x.s.hashOf(), other))))
		x.attach(other)
		return x.bytes()
	}},
	{"message-digest-second", "duplicate attribute", "RFC 5652 §11.2", "a second message-digest, of the document of the attacker, comes before the first", BreaksSignature, func(x *cmsScene) []byte {
		if find(x.s.attributes, cms.OIDMessageDigest) < 0 {
			return nil
		}
		x.s.attributes = append([][]byte{attribute(cms.OIDMessageDigest, octets(digest(x.s.hashOf(), other)))}, x.s.attributes...)
		x.attach(other)
		return x.bytes()
	}},
	{"message-digest-second-last", "duplicate attribute", "RFC 5652 §11.2", "the same, after it", BreaksSignature, func(x *cmsScene) []byte {
		if find(x.s.attributes, cms.OIDMessageDigest) < 0 {
			return nil
		}
		x.s.add(attribute(cms.OIDMessageDigest, octets(digest(x.s.hashOf(), other))))
		x.attach(other)
		return x.bytes()
	}},
	{"message-digest-two-values", "duplicate attribute", "RFC 5652 §11.2", "message-digest has a second value", BreaksSignature, func(x *cmsScene) []byte {
		value := firstValue(x.s.attributes, cms.OIDMessageDigest)
		if value == nil {
			return nil
		}
		x.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(x.s.hashOf(), other)), value))
		x.attach(other)
		return x.bytes()
	}},
	{"message-digest-removed", "message digest", "RFC 5652 §5.3", "message-digest is taken out of the signed attributes", BreaksSignature, func(x *cmsScene) []byte {
		if find(x.s.attributes, cms.OIDMessageDigest) < 0 {
			return nil
		}
		x.s.drop(cms.OIDMessageDigest)
		x.attach(other)
		return x.bytes()
	}},
	{"message-digest-unsigned", "message digest", "RFC 5652 §11.2", "a message-digest of the document of the attacker is among the unsigned attributes", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.s.unsigned = append(x.s.unsigned, attribute(cms.OIDMessageDigest, octets(digest(x.s.hashOf(), other))))
		x.attach(other)
		return x.bytes()
	}},
	{"signing-time-changed", "attribute altered", "RFC 5652 §5.4", "the signing time is another", BreaksSignature, func(x *cmsScene) []byte {
		if find(x.s.attributes, cms.OIDSigningTime) < 0 {
			return nil
		}
		x.s.replace(cms.OIDSigningTime, attribute(cms.OIDSigningTime, validityTime(DefaultTime.AddDate(0, -1, 0))))
		return x.bytes()
	}},
	{"signing-certificate-removed", "attribute altered", "RFC 5652 §5.4, RFC 5035 §3", "the attribute that names the signing certificate is taken out", BreaksSignature, func(x *cmsScene) []byte {
		if find(x.s.attributes, cms.OIDSigningCertificateV2) < 0 {
			return nil
		}
		x.s.drop(cms.OIDSigningCertificateV2)
		return x.bytes()
	}},
	{"signing-certificate-unsigned", "attribute altered", "RFC 5652 §5.4, RFC 5035 §3", "it is moved to the unsigned attributes", BreaksSignature, func(x *cmsScene) []byte {
		i := find(x.s.attributes, cms.OIDSigningCertificateV2)
		if i < 0 {
			return nil
		}
		x.s.unsigned = append(x.s.unsigned, x.s.attributes[i])
		x.s.drop(cms.OIDSigningCertificateV2)
		return x.bytes()
	}},
	{"attribute-added", "attribute altered", "RFC 5652 §5.4", "a signed attribute is added", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		m := x.clone()
		m.signers[0].unsigned = append(m.signers[0].unsigned, attribute(der.MustOID(TimestampPolicy), null()))
		x.twin = m.bytes()
		x.s.add(attribute(der.MustOID(TimestampPolicy), null()))
		return x.bytes()
	}},
	{"attributes-reordered", "attribute order", "RFC 5652 §5.4, X.690 §11.6", "the signed attributes are in another order: the octets signed are not those of the file", BreaksSignature, func(x *cmsScene) []byte {
		if len(x.s.attributes) < 2 {
			return nil
		}
		slices.Reverse(x.s.attributes)
		return x.bytes()
	}},
}

// algorithmRecipes: identifiers that are not those under which the value was made.
var algorithmRecipes = []cmsRecipe{
	digestRecipe("digest-other", "the digest algorithm is another", algorithmDER("2.16.840.1.101.3.4.2.2")),
	digestRecipe("digest-md5", "the digest algorithm is MD5", algorithmDER("1.2.840.113549.2.5")),
	digestRecipe("digest-unknown", "nobody knows the digest algorithm", algorithmDER(TimestampPolicy)),
	digestRecipe("digest-shake", "the digest algorithm has no fixed length", algorithmDER("2.16.840.1.101.3.4.2.12")),
	digestRecipe("digest-is-a-signature", "the digest algorithm is a signature algorithm", algorithmDER("1.2.840.10045.4.3.2")),
	digestRecipe("digest-parameters", "the digest algorithm has parameters", sequence(oid("2.16.840.1.101.3.4.2.1"), sequence(smallInteger(1)))),
	signatureRecipe("signature-other-digest", "the signature algorithm names another digest", algorithmDER("1.2.840.10045.4.3.4"), sequence(oid("1.2.840.113549.1.1.13"), null())),
	signatureRecipe("signature-other-kind", "the signature algorithm is that of another kind of key", sequence(oid("1.2.840.113549.1.1.11"), null()), algorithmDER("1.2.840.10045.4.3.2")),
	signatureRecipe("signature-unknown", "nobody knows the signature algorithm", algorithmDER(TimestampPolicy), algorithmDER(TimestampPolicy)),
	signatureRecipe("signature-md5", "the signature algorithm is RSA with MD5", algorithmDER("1.2.840.113549.1.1.4"), algorithmDER("1.2.840.113549.1.1.4")),
	signatureRecipe("signature-hmac", "the signature algorithm is a MAC, whose key would be public", algorithmDER("1.2.840.113549.2.9"), algorithmDER("1.2.840.113549.2.9")),
	signatureRecipe("signature-is-a-digest", "the signature algorithm is a digest: there is no key at all", algorithmDER("2.16.840.1.101.3.4.2.1"), algorithmDER("2.16.840.1.101.3.4.2.1")),
	signatureRecipe("signature-pss", "the signature algorithm is RSASSA-PSS, with its defaults of SHA-1", sequence(oid("1.2.840.113549.1.1.10"), sequence()), sequence(oid("1.2.840.113549.1.1.10"), sequence())),
	signatureRecipe("signature-ed25519", "the signature algorithm is Ed25519", algorithmDER("1.3.101.112"), algorithmDER("1.3.101.112")),
	signatureRecipe("signature-ml-dsa", "the signature algorithm is ML-DSA", algorithmDER("2.16.840.1.101.3.4.3.17"), algorithmDER("2.16.840.1.101.3.4.3.17")),
	{"digest-is-the-digest", "algorithm confusion", "RFC 5652 §5.4", "the value is the digest itself under an algorithm that signs nothing", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.attributes == nil {
			return nil
		}
		x.s.algorithm = algorithmDER("2.16.840.1.101.3.4.2.1")
		x.s.value = digest(crypto.SHA256, x.s.toBeSigned())
		return x.bytes()
	}},
}

func algorithmDER(dotted string) []byte { return sequence(oid(dotted)) }

func digestRecipe(name, about string, algorithm []byte) cmsRecipe {
	return cmsRecipe{name, "algorithm confusion", "RFC 5652 §5.3, RFC 5754 §2", about, BreaksSignature, func(x *cmsScene) []byte {
		x.s.digest = algorithm
		x.digests = append(x.digests, algorithm)
		return x.bytes()
	}}
}

// signatureRecipe puts one algorithm into signatures by EC keys, another into those by RSA keys.
func signatureRecipe(name, about string, ec, rsa []byte) cmsRecipe {
	return cmsRecipe{name, "algorithm confusion", "RFC 5652 §5.3, RFC 5754 §3", about, BreaksSignature, func(x *cmsScene) []byte {
		algorithm := rsa
		if x.isECDSA() {
			algorithm = ec
		}
		if bytes.Equal(algorithm, x.s.algorithm) {
			return nil
		}
		x.s.algorithm = algorithm
		return x.bytes()
	}}
}

// formRecipes: files that two readers may read in two ways, or that nobody should.
var formRecipes = []cmsRecipe{
	{"trailing", "trailing data", "RFC 5652 §3", "a second message follows the first", BreaksSignature, func(x *cmsScene) []byte {
		return slices.Concat(x.file, x.file)
	}},
	{"trailing-octet", "trailing data", "RFC 5652 §3", "a zero octet follows the message", BreaksSignature, func(x *cmsScene) []byte {
		return append(bytes.Clone(x.file), 0)
	}},
	{"trailing-inside", "trailing data", "RFC 5652 §5.1", "a second set of signers follows the first", BreaksSignature, func(x *cmsScene) []byte {
		x.middle = append(x.middle, set(x.s.bytes()))
		return x.bytes()
	}},
	{"trailing-signer", "trailing data", "RFC 5652 §5.3", "a second set of unsigned attributes follows the first", BreaksSignature, func(x *cmsScene) []byte {
		x.s.unsigned = append(x.s.unsigned, attribute(der.MustOID(TimestampPolicy), null()))
		x.s.after = [][]byte{element(context1, attribute(der.MustOID(TimestampPolicy), null()))}
		return x.bytes()
	}},
	{"certificates-twice", "duplicate field", "RFC 5652 §5.1", "there are two fields of certificates", BreaksSignature, func(x *cmsScene) []byte {
		if x.certificates == nil {
			return nil
		}
		double := slices.Concat(element(context0, x.certificates...), element(context0, x.certificates...))
		return bytes.Replace(resized(x.message), element(context0, x.certificates...), double, 1)
	}},
	{"no-signer", "no signer", "RFC 5652 §5.1", "there is no signer: the file holds certificates and a document", BreaksSignature, func(x *cmsScene) []byte {
		x.attach(x.content)
		x.signers = nil
		return x.bytes()
	}},
	{"certificates-only", "no signer", "RFC 5652 §5.1", "there is neither signer nor document", BreaksSignature, func(x *cmsScene) []byte {
		x.signers, x.message.content = nil, nil
		return x.bytes()
	}},
	{"data", "not a signature", "RFC 5652 §4", "the document is plain data, not signed", BreaksSignature, func(x *cmsScene) []byte {
		x.beside = nil
		return sequence(oid(cms.OIDData.String()), element(context0, octets(x.content)))
	}},
	{"nested", "nested message", "RFC 5652 §5.1", "the sound message is the content of one that nobody signed", BreaksSignature, func(x *cmsScene) []byte {
		outer := &message{version: smallInteger(3), contentType: oid(cms.OIDSignedData.String()), content: [][]byte{octets(x.signedData())}}
		x.beside = nil
		return outer.bytes()
	}},
	{"unended", "indefinite length", "X.690 §8.1.3.6", "an indefinite length has no end", BreaksSignature, func(x *cmsScene) []byte {
		x.twin = inBER(x.bytes())
		return x.twin[:len(x.twin)-2]
	}},
	{"ended-twice", "indefinite length", "X.690 §8.1.5", "an indefinite length has two ends", BreaksSignature, func(x *cmsScene) []byte {
		x.twin = inBER(x.bytes())
		return append(bytes.Clone(x.twin), 0, 0)
	}},
	{"primitive-indefinite", "indefinite length", "X.690 §8.1.3.2", "the document is a primitive OCTET STRING of indefinite length", BreaksSignature, func(x *cmsScene) []byte {
		x.message.content, x.beside = [][]byte{slices.Concat([]byte{4, 0x80}, x.content, []byte{0, 0})}, nil
		return inBER(x.bytes())
	}},
	{"length-overflow", "length", "X.690 §8.1.3.5", "a length of eight octets, beyond any memory", BreaksSignature, func(x *cmsScene) []byte {
		return append([]byte{0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, x.file...)
	}},
	{"length-lie", "length", "X.690 §8.1.3", "the message is cut in its last octet", BreaksSignature, func(x *cmsScene) []byte {
		return x.file[:len(x.file)-1]
	}},
	{"huge-oid", "size", "RFC 5652 §5.2", "the content type is an object identifier of a thousand octets", BreaksSignature, func(x *cmsScene) []byte {
		x.contentType = element(asn1.OBJECT_IDENTIFIER, append([]byte{0x2a}, append(bytes.Repeat([]byte{0x81}, 1000), 1)...))
		return x.bytes()
	}},
	{"oid-padded", "encoding", "X.690 §8.19.2", "the content type is written with a leading zero in an arc", BreaksSignature, func(x *cmsScene) []byte {
		_, id := open(x.contentType)
		x.contentType = element(asn1.OBJECT_IDENTIFIER, slices.Concat(id[:len(id)-1], []byte{0x80}, id[len(id)-1:]))
		return x.bytes()
	}},
	{"deep", "size", "X.690 §8.1.3.6", "an attribute nests ten thousand deep", BreaksSignature, func(x *cmsScene) []byte {
		deep := slices.Concat(bytes.Repeat([]byte{0x30, 0x80}, 10_000), bytes.Repeat([]byte{0, 0}, 10_000))
		x.s.unsigned = append(x.s.unsigned, attribute(der.MustOID(TimestampPolicy), deep))
		return x.bytes()
	}},
	{"pem-two-blocks", "PEM", "RFC 7468 §2", "the file is two PEM blocks: which one is the signature?", BreaksSignature, func(x *cmsScene) []byte {
		block := pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: x.file})
		x.twin = block
		x.s.value = flipped(x.s.value)
		return append(bytes.Clone(block), pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: x.bytes()})...)
	}},
	{"pem-garbage", "PEM", "RFC 4648 §3.3", "the base64 has a character of no alphabet", BreaksSignature, func(x *cmsScene) []byte {
		block := string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: x.file}))
		x.twin = []byte(block)
		return []byte(strings.Replace(block, "-----\nMI", "-----\nMI*", 1))
	}},
	{"pem-after-padding", "PEM", "RFC 4648 §3.3", "base64 follows the padding that ends it, inside the block", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.unsigned != nil {
			return nil
		}
		for room := range 3 { // an attribute as long as it takes for the base64 to end with padding
			m := x.clone()
			m.signers[0].unsigned = [][]byte{attribute(der.MustOID(TimestampPolicy), octets(make([]byte, room)))}
			text := base64.StdEncoding.EncodeToString(m.bytes())
			if strings.HasSuffix(text, "==") {
				x.twin = []byte("-----BEGIN CMS-----\n" + text + "\n-----END CMS-----\n")
				return []byte("-----BEGIN CMS-----\n" + text + "\n" + text + "\n-----END CMS-----\n")
			}
		}
		return nil
	}},
	{"base64-after-padding", "PEM", "RFC 4648 §3.3", "the same, without the lines of PEM", BreaksSignature, func(x *cmsScene) []byte {
		if x.s.unsigned != nil {
			return nil
		}
		for room := range 3 {
			m := x.clone()
			m.signers[0].unsigned = [][]byte{attribute(der.MustOID(TimestampPolicy), octets(make([]byte, room)))}
			text := base64.StdEncoding.EncodeToString(m.bytes())
			if strings.HasSuffix(text, "=") {
				x.twin = []byte(text)
				return []byte(text + text)
			}
		}
		return nil
	}},
	{"second-signer", "several signers", "RFC 5652 §5.1", "a second signer is added, whose value is wrong", BreaksSignature, func(x *cmsScene) []byte {
		second := x.clone().signers[0]
		second.value = flipped(second.value)
		x.signers = append(x.signers, second)
		return x.bytes()
	}},
	{"signer-as-countersignature", "countersignature", "RFC 5652 §11.4", "the signer countersigns himself by his signature of the document", BreaksSignature, func(x *cmsScene) []byte {
		x.s.unsigned = append(x.s.unsigned, attribute(cms.OIDCountersignature, x.clone().signers[0].bytes()))
		return x.bytes()
	}},
	{"countersignature-unreadable", "countersignature", "RFC 5652 §11.4", "a countersignature is no SignerInfo", BreaksSignature, func(x *cmsScene) []byte {
		x.s.unsigned = append(x.s.unsigned, attribute(cms.OIDCountersignature, sequence(smallInteger(1))))
		return x.bytes()
	}},
}

// resized is the message with the room of one more field of certificates: the outer lengths are those of the whole.
func resized(m *message) []byte {
	c := m.clone()
	c.middle = append(c.middle, element(context0, c.certificates...))
	file := c.bytes()
	at := bytes.LastIndex(file, element(context0, c.certificates...))
	return slices.Delete(file, at, at+len(element(context0, c.certificates...)))
}
