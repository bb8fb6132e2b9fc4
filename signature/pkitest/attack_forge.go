package pkitest

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A Forge makes attacks that take keys: those of a signer who was careless or lied, of authorities that certified the wrong
// thing, of timestamp authorities, and of an attacker. It has its own PKI, so that the attacks are the same everywhere:
//
//	forge := pkitest.NewForge()
//	attacks, err := forge.Attacks()
//	// validate each at forge.Time, with forge.Anchors and forge.TimestampAnchors, without revocation data
//
// Attacks that take no key are made of any sound file by [AttackCMS] and [AttackPDF]; Attacks includes those on the Forge's own.
type Forge struct {
	PKI *PKI
	// Time is when to validate.
	Time time.Time
	// Root is trusted for signatures, and TimeRoot for timestamps.
	Root, TimeRoot *Authority
	// Authority issues the certificate of Victim, and TSA timestamps; neither ever lies.
	Authority *Authority
	TSA       *TimestampAuthority
	Victim    *Identity
	// Document is what Victim signs in CMS, and PDF in PAdES.
	Document, PDF []byte
}

// NewForge declares the PKI. Options are those of [New]; without them it is the same every time.
func NewForge(options ...Option) *Forge {
	if len(options) == 0 {
		options = []Option{Deterministic("forge")}
	}
	f := &Forge{PKI: New(options...)}
	f.Time = f.PKI.Now()
	f.Root = f.PKI.Root("Racine d'essai")
	f.TimeRoot = f.PKI.Root("Racine d'horodatage d'essai")
	f.Authority = f.Root.Intermediate("AC d'essai")
	f.TSA = f.TimeRoot.TimestampAuthority("Horodatage d'essai")
	f.Victim = f.Authority.Leaf("Camille Dubois")
	f.Document = []byte("Délibération du conseil municipal de Boisjoli : le maire est autorisé à payer mille euros.\n")
	f.PDF = attackedDocument(nil)
	return f
}

// Anchors are the certificates to trust for signatures, and TimestampAnchors those for timestamps.
func (f *Forge) Anchors() [][]byte { return [][]byte{f.Root.DER} }

// TimestampAnchors are the certificates to trust for timestamps.
func (f *Forge) TimestampAnchors() [][]byte { return [][]byte{f.TimeRoot.DER} }

// Attacks returns all of them: those of [AttackCMS] on an attached signature by an EC key and on a detached one by an RSA key,
// those of [AttackPDF] on a signed PDF, and those that take keys.
func (f *Forge) Attacks() ([]Attack, error) {
	out, err := AttackCMS(f.sign(f.Victim, nil).bytes(), nil)
	if err != nil {
		return nil, err
	}
	rsa := f.Authority.Leaf("Dominique Martin", RSA3072)
	detached, err := AttackCMS(f.sign(rsa, func(d *draft) { d.message.content = nil }).bytes(), f.Document)
	if err != nil {
		return nil, err
	}
	for _, a := range detached {
		a.Name += " (detached, RSA)"
		out = append(out, a)
	}
	for _, list := range []func() []Attack{f.signerAttacks, f.rsaAttacks, f.identityAttacks, f.chainAttacks, f.tokenAttacks, f.formatAttacks} {
		out = append(out, list()...)
	}
	pdfs, err := f.pdfAttacks()
	return append(out, pdfs...), err
}

// A draft is a signature that the Forge is making.
type draft struct {
	*message
	forge   *Forge
	by      *Identity
	how     signing
	content []byte // what is hashed and signed
	s       *signerInfo
	signed  func(toBeSigned []byte) []byte // makes the value; nil signs with the key
}

// sign makes an attached CAdES signature of the document. edit changes it before its value is made over what it then holds.
func (f *Forge) sign(by *Identity, edit func(*draft), options ...Option) *draft {
	d := f.draft(by, f.Document, options...)
	if edit != nil {
		edit(d)
	}
	return d.finish()
}

func (f *Forge) draft(by *Identity, content []byte, options ...Option) *draft {
	d := &draft{forge: f, by: by, content: content, how: by.pki.signingWith(by, collect(onCertificate, "signature", options))}
	hash := d.how.scheme.Hash
	algorithm := digestAlgorithm(hash)
	c, err := pkix.ParseCertificate(by.DER)
	if err != nil {
		panic(fmt.Sprintf("pkitest: the certificate of %q: %v", by.Name, err))
	}
	d.message = &message{
		version: smallInteger(1), digests: [][]byte{algorithm}, contentType: oid(cms.OIDData.String()),
		content: [][]byte{octets(content)}, certificates: by.ChainDER(),
		signers: []signerInfo{{
			version: smallInteger(1), sid: sequence(c.RawIssuer, integer(c.RawSerial)), digest: algorithm, algorithm: d.how.algorithm(),
		}},
	}
	d.s = &d.signers[0]
	d.s.attributes = [][]byte{
		attribute(cms.OIDContentType, d.contentType),
		attribute(cms.OIDMessageDigest, octets(digest(hash, content))),
		attribute(cms.OIDSigningTime, validityTime(f.Time.Add(-time.Hour))),
		signingCertificateV2(by.DER),
	}
	d.s.sorted()
	return d
}

// finish makes the value over the attributes in the order they are in, or over the content without them.
func (d *draft) finish() *draft {
	message := d.content
	if d.s.attributes != nil {
		message = d.s.toBeSigned()
	}
	sign := d.signed
	if sign == nil {
		sign = d.how.sign
	}
	d.s.value = sign(message)
	return d
}

// stamp adds a signature timestamp over the value.
func (d *draft) stamp(by *TimestampAuthority) *draft { return d.carry(d.forge.token(by, d.s.value)) }

// carry adds a token as a signature timestamp.
func (d *draft) carry(token []byte) *draft {
	d.s.unsigned = append(d.s.unsigned, attribute(cms.OIDSignatureTimestamp, token))
	return d
}

func (f *Forge) token(by *TimestampAuthority, over []byte) []byte {
	token, err := by.Timestamp(context.Background(), crypto.SHA256, digest(crypto.SHA256, over))
	if err != nil {
		panic(fmt.Sprintf("pkitest: %v", err))
	}
	return token
}

// attack names one, with the sound signature as its twin unless another is given.
func (f *Forge) attack(name, class, source, about string, breaks Breaks, file []byte, twin ...[]byte) Attack {
	a := Attack{Name: name, Class: class, Source: source, About: about, Breaks: breaks, File: file}
	if len(twin) == 0 {
		a.Twin = f.sign(f.Victim, nil).bytes()
	} else {
		a.Twin = twin[0]
	}
	return a
}

// signerAttacks: signatures whose value verifies and that break a rule that makes it mean something. The signer made them, or
// somebody made the signer make them.
func (f *Forge) signerAttacks() []Attack {
	row := func(name, class, source, about string, breaks Breaks, edit func(*draft)) Attack {
		return f.attack("signer/"+name, class, source, about, breaks, f.sign(f.Victim, edit).bytes())
	}
	second := octets(digest(crypto.SHA256, other))
	out := []Attack{
		row("content-type-mismatch", "content type", "RFC 5652 §11.1", "content-type names another type than eContentType", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDContentType, attribute(cms.OIDContentType, oid("1.2.840.113549.1.9.16.1.5")))
		}),
		row("content-type-missing", "content type", "RFC 5652 §5.3", "there are signed attributes, and no content-type", BreaksSignature, func(d *draft) {
			d.s.drop(cms.OIDContentType)
		}),
		row("content-type-twice", "duplicate attribute", "RFC 5652 §11.1", "there are two content-types", BreaksSignature, func(d *draft) {
			d.s.add(attribute(cms.OIDContentType, oid("1.2.840.113549.1.9.16.1.5")))
		}),
		row("content-type-two-values", "duplicate attribute", "RFC 5652 §11.1", "content-type has two values", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDContentType, attribute(cms.OIDContentType, oid(cms.OIDData.String()), oid("1.2.840.113549.1.9.16.1.5")))
		}),
		row("content-type-no-value", "empty attribute", "RFC 5652 §11.1", "content-type has no value", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDContentType, attribute(cms.OIDContentType))
		}),
		row("message-digest-missing", "message digest", "RFC 5652 §5.3", "there are signed attributes, and no message-digest: any document will do", BreaksSignature, func(d *draft) {
			d.s.drop(cms.OIDMessageDigest)
		}),
		row("message-digest-twice", "duplicate attribute", "RFC 5652 §11.2", "two message-digests, for two documents", BreaksSignature, func(d *draft) {
			d.s.add(attribute(cms.OIDMessageDigest, second))
		}),
		row("message-digest-twice-first", "duplicate attribute", "RFC 5652 §11.2", "the same, in the other order", BreaksSignature, func(d *draft) {
			d.s.attributes = append([][]byte{attribute(cms.OIDMessageDigest, second)}, d.s.attributes...)
		}),
		row("message-digest-two-values", "duplicate attribute", "RFC 5652 §11.2", "message-digest has two values, for two documents", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(crypto.SHA256, d.content)), second))
		}),
		row("message-digest-no-value", "empty attribute", "RFC 5652 §11.2", "message-digest has no value", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest))
		}),
		row("message-digest-empty", "empty attribute", "RFC 5652 §11.2", "message-digest is a digest of no octet", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(nil)))
		}),
		row("message-digest-cut", "message digest", "RFC 5652 §11.2", "message-digest is the first octet of the digest", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(crypto.SHA256, d.content)[:1])))
		}),
		row("message-digest-longer", "message digest", "RFC 5652 §11.2", "octets follow the digest", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(append(digest(crypto.SHA256, d.content), 0))))
		}),
		row("message-digest-of-nothing", "message digest", "RFC 5652 §11.2", "message-digest is that of the empty document", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(crypto.SHA256, nil))))
		}),
		row("message-digest-type", "message digest", "RFC 5652 §11.2", "message-digest is not an OCTET STRING", BreaksSignature, func(d *draft) {
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, bitString(digest(crypto.SHA256, d.content))))
		}),
		row("digest-disagreement", "algorithm confusion", "RFC 5754 §3", "the document is hashed by SHA-512 and the attributes by SHA-256", BreaksSignature, func(d *draft) {
			d.s.digest = digestAlgorithm(crypto.SHA512)
			d.digests = [][]byte{d.s.digest}
			d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(crypto.SHA512, d.content))))
		}),
		row("digest-unknown", "algorithm confusion", "RFC 5652 §5.3", "nobody knows the digest algorithm of the document", BreaksSignature, func(d *draft) {
			d.s.digest = algorithmDER(TimestampPolicy)
			d.digests = [][]byte{d.s.digest}
		}),
		row("algorithm-protection", "algorithm confusion", "RFC 6211 §3", "the signed copy of the algorithms is that of others", BreaksSignature, func(d *draft) {
			d.s.add(attribute(cms.OIDAlgorithmProtection, sequence(digestAlgorithm(crypto.SHA512), element(context1, oid("1.2.840.10045.4.3.4")))))
		}),
		row("algorithm-protection-bare", "algorithm confusion", "RFC 6211 §2", "the signed copy of the algorithms has no signature algorithm", BreaksSignature, func(d *draft) {
			d.s.add(attribute(cms.OIDAlgorithmProtection, sequence(digestAlgorithm(crypto.SHA256))))
		}),
		row("signing-time-twice", "duplicate attribute", "RFC 5652 §11.3", "two signing times", BreaksSignature, func(d *draft) {
			d.s.add(attribute(cms.OIDSigningTime, validityTime(f.Time.AddDate(-1, 0, 0))))
		}),
		row("no-attributes-typed", "attribute swap", "RFC 5652 §5.3", "content that is not plain data is signed without signed attributes", BreaksSignature, func(d *draft) {
			d.contentType = oid("1.2.840.113549.1.9.16.1.5")
			d.s.attributes = nil
		}),
		row("attributes-long", "attribute swap", eufCMA, "the signed attributes, longer than what is looked at first, become the content", BreaksSignature, func(d *draft) {
			d.s.add(attribute(cms.OIDContentHints, sequence(element(asn1.UTF8String, bytes.Repeat([]byte("a"), 20_000)), oid(cms.OIDData.String()))))
			d.s.sorted()
			d.signed = func(toBeSigned []byte) []byte {
				d.message.content, d.s.attributes = [][]byte{octets(toBeSigned)}, nil
				return d.how.sign(toBeSigned)
			}
		}),
	}
	return slices.Concat(out, f.valueAttacks(), f.counterAttacks())
}

// valueAttacks: the value is over something else than the DER of the signed attributes (RFC 5652 §5.4), or under a key that
// proves nothing.
func (f *Forge) valueAttacks() []Attack {
	row := func(name, class, source, about string, breaks Breaks, by *Identity, over func(d *draft, toBeSigned []byte) []byte, options ...Option) Attack {
		file := f.sign(by, func(d *draft) {
			if over != nil {
				d.signed = func(toBeSigned []byte) []byte { return over(d, toBeSigned) }
			}
		}, options...).bytes()
		return f.attack("signer/"+name, class, source, about, breaks, file, f.sign(by, nil).bytes())
	}
	const class, clause = "octets under the value", "RFC 5652 §5.4"
	ed := f.Authority.Leaf("Camille Edwards", Ed25519)
	one := f.Authority.Leaf("Camille Un", PublicKey(exponentOne()))
	return []Attack{
		row("value-over-implicit", class, clause, "the value is over the attributes with their tag [0]", BreaksSignature, f.Victim, func(d *draft, _ []byte) []byte {
			return d.how.sign(element(context0, d.s.attributes...))
		}),
		row("value-over-attribute-contents", class, clause, "the value is over the attributes without the header of their set", BreaksSignature, f.Victim, func(d *draft, _ []byte) []byte {
			return d.how.sign(slices.Concat(d.s.attributes...))
		}),
		row("value-over-content", class, clause, "the value is over the document, and there are signed attributes", BreaksSignature, f.Victim, func(d *draft, _ []byte) []byte {
			return d.how.sign(d.content)
		}),
		row("value-over-digest", class, clause, "the value is over the digest of the attributes, hashed again", BreaksSignature, f.Victim, func(d *draft, toBeSigned []byte) []byte {
			return d.how.sign(digest(crypto.SHA256, toBeSigned))
		}),
		row("value-over-nothing", class, clause, "the value is over no octet", BreaksSignature, f.Victim, func(d *draft, _ []byte) []byte { return d.how.sign(nil) }),
		row("ed25519-beyond", "Ed25519 value", "RFC 8032 §5.1.7", "the order of the group is added to s", BreaksSignature, ed, func(d *draft, toBeSigned []byte) []byte {
			value := d.how.sign(toBeSigned)
			s := new(big.Int).SetBytes(reversed(value[32:]))
			s.Add(s, edOrder)
			return slices.Concat(value[:32], reversed(s.FillBytes(make([]byte, 32))))
		}),
		f.attack("signer/exponent-one", "key that proves nothing", "RFC 8017 §3.1", "the exponent of the signer's key is one: the value is the encoded message, which anybody can write", BreaksSignature,
			f.sign(f.Victim, func(d *draft) {
				d.certificates[0] = one.DER
				d.s.sid = sequence(f.Authority.subject(), integer(one.serial))
				d.s.replace(cms.OIDSigningCertificateV2, signingCertificateV2(one.DER))
				d.s.algorithm = sequence(oid("1.2.840.113549.1.1.11"), null())
				d.signed = func(toBeSigned []byte) []byte {
					return padded(256, 1, digestInfo(sha256WithNull(), digest(crypto.SHA256, toBeSigned)))
				}
			}).bytes()),
		row("sha1", "algorithms", "TS 119 312 §5.1.1", "the document and the attributes are hashed by SHA-1", BreaksTrust, f.Victim, nil, LegacySHA1()),
	}
}

// edOrder is that of the group of Ed25519: 2^252 + 27742317777372353535851937790883648493.
var edOrder, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

func reversed(b []byte) []byte {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return b
}

// exponentOne is the public key of a modulus of 2,048 bits and the exponent 1.
func exponentOne() []byte {
	n := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2048), big.NewInt(1))
	return sequence(sequence(oid("1.2.840.113549.1.1.1"), null()), bitString(sequence(bigInteger(n), smallInteger(1))))
}

// counter is a countersignature of a value, by someone.
func (f *Forge) counter(by *Identity, value []byte, edit func(*draft)) []byte {
	d := f.draft(by, value)
	d.s.drop(cms.OIDContentType) // RFC 5652 §11.4
	if edit != nil {
		edit(d)
	}
	return d.finish().s.bytes()
}

// counterAttacks: countersignatures (RFC 5652 §11.4) in the wrong place.
func (f *Forge) counterAttacks() []Attack {
	witness := f.Authority.Leaf("Témoin")
	countersigned := func(over func(*draft) []byte, edit func(*draft)) []byte {
		d := f.sign(f.Victim, nil)
		d.certificates = append(d.certificates, witness.DER)
		d.s.unsigned = [][]byte{attribute(cms.OIDCountersignature, f.counter(witness, over(d), edit))}
		return d.bytes()
	}
	value := func(d *draft) []byte { return d.s.value }
	twin := countersigned(value, nil)
	row := func(name, about string, breaks Breaks, file []byte) Attack {
		return f.attack("signer/countersignature-"+name, "countersignature", "RFC 5652 §11.4", about, breaks, file, twin)
	}

	lifted := f.sign(f.Victim, nil)
	counter, _ := readSignerInfo(f.counter(witness, lifted.s.value, nil))
	alone := lifted.message.clone()
	alone.content, alone.certificates, alone.signers = [][]byte{octets(lifted.s.value)}, witness.ChainDER(), []signerInfo{counter}

	beside := lifted.message.clone()
	beside.certificates = append(beside.certificates, witness.DER)
	beside.signers = append(beside.signers, counter)
	return []Attack{
		row("elsewhere", "the countersignature is that of another signature", BreaksSignature,
			countersigned(func(*draft) []byte { return f.sign(witness, nil).s.value }, nil)),
		row("of-the-document", "the countersignature is over the document", BreaksSignature, countersigned(func(d *draft) []byte { return d.content }, nil)),
		row("typed", "the countersignature has a content-type", BreaksSignature, countersigned(value, func(d *draft) {
			d.s.add(attribute(cms.OIDContentType, oid(cms.OIDData.String())))
			d.s.sorted()
		})),
		row("as-signature", "the countersignature is presented as a signature of a document, which is the value that it countersigns", BreaksSignature, alone.bytes()),
		row("as-second-signature", "the countersignature is presented as a second signature of the document", BreaksSignature, beside.bytes()),
	}
}

// identityAttacks: whose signature is it?
func (f *Forge) identityAttacks() []Attack {
	other := f.Authority.Leaf("Claude Autre")
	row := func(name, about string, breaks Breaks, file []byte, twin ...[]byte) Attack {
		return f.attack("signer/"+name, "certificate substitution", substitution, about, breaks, file, twin...)
	}
	v1 := func(certificate []byte) []byte {
		return attribute(cms.OIDSigningCertificate, sequence(sequence(sequence(octets(digest(crypto.SHA1, certificate))))))
	}
	both := func(first, second []byte) []byte {
		return f.sign(f.Victim, func(d *draft) {
			d.s.add(v1(first))
			d.s.replace(cms.OIDSigningCertificateV2, signingCertificateV2(second))
			d.s.sorted()
		}).bytes()
	}
	// The same names, serial number and key as the victim's, certified by another authority that the relying party trusts too.
	twinned := f.Root.Intermediate("AC d'essai").Leaf("Camille Dubois", Key(f.Victim.Key), SerialOctets(f.Victim.SerialOctets()), Organization("Autre collectivité"))
	byKeyID := func(edit func(*draft)) []byte {
		return f.sign(f.Victim, func(d *draft) {
			d.version, d.s.version = smallInteger(3), smallInteger(3)
			d.s.sid = implicit(0, keyID(f.Victim.spki))
			edit(d)
		}).bytes()
	}
	soundByKeyID := byKeyID(func(*draft) {})
	return []Attack{
		row("certificate-named-other", "the attribute that names the signing certificate names another one, which is in the file", BreaksTrust, f.sign(f.Victim, func(d *draft) {
			d.certificates = append(d.certificates, other.DER)
			d.s.replace(cms.OIDSigningCertificateV2, signingCertificateV2(other.DER))
		}).bytes()),
		row("certificate-named-nobody", "it names a certificate that is not there", BreaksTrust, f.sign(f.Victim, func(d *draft) {
			d.s.replace(cms.OIDSigningCertificateV2, signingCertificateV2([]byte("nobody")))
		}).bytes()),
		row("certificate-named-twice", "there are two such attributes of the same kind, for two certificates", BreaksSignature, f.sign(f.Victim, func(d *draft) {
			d.certificates = append(d.certificates, other.DER)
			d.s.add(signingCertificateV2(other.DER))
		}).bytes()),
		row("certificate-v1-wrong", "the attribute of RFC 2634 names another certificate than that of RFC 5035, which is right", BreaksTrust, both(other.DER, f.Victim.DER), both(f.Victim.DER, f.Victim.DER)),
		row("certificate-v2-wrong", "the attribute of RFC 5035 names another certificate than that of RFC 2634, which is right", BreaksTrust, both(f.Victim.DER, other.DER), both(f.Victim.DER, f.Victim.DER)),
		row("certificate-named-unreadably", "the attribute that names the signing certificate cannot be read", BreaksTrust, f.sign(f.Victim, func(d *draft) {
			d.s.replace(cms.OIDSigningCertificateV2, attribute(cms.OIDSigningCertificateV2, sequence(smallInteger(1))))
		}).bytes()),
		row("certificate-unnamed", "two certificates on the signer's key, of the same issuer name and serial number, and no signed attribute that says which is his", BreaksTrust, f.sign(f.Victim, func(d *draft) {
			d.s.drop(cms.OIDSigningCertificateV2)
			d.certificates = append([][]byte{twinned.DER, twinned.issuer.DER}, d.certificates...)
		}).bytes()),
		row("key-identifier-twice", "two certificates on the signer's key have the identifier that designates it, and no signed attribute says which is his", BreaksTrust, byKeyID(func(d *draft) {
			d.s.drop(cms.OIDSigningCertificateV2)
			d.certificates = append([][]byte{twinned.DER, twinned.issuer.DER}, d.certificates...)
		}), soundByKeyID),
		row("key-identifier-other", "the key identifier is that of another certificate of the file", BreaksSignature, byKeyID(func(d *draft) {
			d.certificates = append(d.certificates, other.DER)
			d.s.sid = implicit(0, keyID(other.spki))
		}), soundByKeyID),
		row("key-identifier-empty", "the key identifier has no octet", BreaksSignature, byKeyID(func(d *draft) { d.s.sid = implicit(0, nil) }), soundByKeyID),
		row("several-one-wrong", "of three signers, the second signed something else", BreaksSignature, f.parallel(true), f.parallel(false)),
	}
}

// parallel is a document signed by three.
func (f *Forge) parallel(isWrong bool) []byte {
	d := f.sign(f.Victim, nil)
	for i, name := range []string{"Adjointe", "Secrétaire"} {
		id := f.Authority.Leaf(name)
		next := f.sign(id, func(d *draft) {
			if i == 0 && isWrong {
				d.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(crypto.SHA256, other))))
			}
		})
		d.certificates, d.signers = append(d.certificates, id.DER), append(d.signers, next.signers[0])
	}
	return d.bytes()
}
