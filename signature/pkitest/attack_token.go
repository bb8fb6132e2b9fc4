package pkitest

import (
	"context"
	"crypto"
	"crypto/x509"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// tokenAttacks: the certificate of the signer has expired, and a timestamp that proves nothing says that the signature is
// older. The twin has one that does.
func (f *Forge) tokenAttacks() []Attack {
	late := f.Authority.Leaf("Camille Tardif", Expired()) // ended a day ago
	const before = -48 * time.Hour
	plain := func() *draft {
		return f.sign(late, func(d *draft) {
			d.s.replace(cms.OIDSigningTime, attribute(cms.OIDSigningTime, validityTime(f.Time.Add(before-time.Hour))))
			d.s.sorted()
		})
	}
	honest := f.TimeRoot.TimestampAuthority("Horodatage d'essai", Shift(before))
	twin := plain().stamp(honest).bytes()
	row := func(name, class, source, about string, d *draft) Attack {
		return f.attack("token/"+name, class, source, about, BreaksTrust, d.bytes(), twin)
	}
	by := func(a *Authority, options ...Option) *draft {
		return plain().stamp(a.TimestampAuthority("Horodatage d'essai", append([]Option{Shift(before)}, options...)...))
	}
	over := func(b []byte) []byte { return f.token(honest, b) }
	// edited takes a sound token apart and makes it again.
	edited := func(edit func(t *tokenDraft)) *draft {
		d := plain()
		return d.carry(f.editToken(honest, over(d.s.value), edit))
	}
	unknown := New(At(f.Time), Deterministic("attacker"))
	impostor := unknown.Root(f.TimeRoot.Name, RawSubject(f.TimeRoot.subject()))

	const (
		wrongData = "token over other data"
		notTSA    = "not an authority of timestamps"
		identity  = "token's certificate"
		form      = "token's form"
		place     = "token's place"
	)
	out := []Attack{
		row("absent", place, "EN 319 102-1 §5.5", "there is no timestamp", plain()),
		row("over-the-document", wrongData, "EN 319 122-1 §5.3", "the timestamp is over the document", func() *draft { d := plain(); return d.carry(over(d.content)) }()),
		row("over-the-attributes", wrongData, "EN 319 122-1 §5.3", "the timestamp is over the signed attributes", func() *draft { d := plain(); return d.carry(over(d.s.toBeSigned())) }()),
		row("of-another-signature", wrongData, "EN 319 122-1 §5.3", "the timestamp is that of another signature", plain().carry(over(f.sign(f.Victim, nil).s.value))),
		row("wrong-imprint", wrongData, "RFC 3161 §2.4.2", "the imprint is wrong by a bit", by(f.TimeRoot, WrongImprint())),
		row("imprint-unknown", wrongData, "RFC 3161 §2.4.2", "nobody knows the digest algorithm of the imprint", edited(func(t *tokenDraft) {
			t.info[2] = sequence(algorithmDER(TimestampPolicy), octets(digest(crypto.SHA256, nil)))
		})),
		row("imprint-short", wrongData, "RFC 3161 §2.4.1", "the imprint is the first octet of the digest", edited(func(t *tokenDraft) {
			t.info[2] = sequence(algorithmDER("2.16.840.1.101.3.4.2.1"), octets(t.imprint[:1]))
		})),
		row("imprint-sha1", wrongData, "TS 119 312 §5.1.1", "the imprint is of SHA-1", func() *draft {
			d := plain()
			token, _ := honest.Timestamp(context.Background(), crypto.SHA1, digest(crypto.SHA1, d.s.value))
			return d.carry(token)
		}()),

		row("unknown-authority", notTSA, "RFC 3161 §2.3", "nobody trusts the authority", by(unknown.Root("Horodatage inconnu"))),
		row("impostor-root", notTSA, "RFC 5280 §6.1", "the root has the name of the one that is trusted for timestamps, and another key", by(impostor)),
		row("of-the-signers-root", notTSA, "EN 319 102-1 §5.4", "the root is trusted for signatures only", by(f.Root)),
		row("by-the-signer", notTSA, "RFC 3161 §2.3", "the signer timestamped his own signature", plain().stamp(f.PKI.TimestampAuthorityOf(late, Shift(before)))),
		row("no-purpose", notTSA, "RFC 3161 §2.3", "the certificate does not say that it is for timestamps", by(f.TimeRoot, Without(OIDExtKeyUsage))),
		row("other-purpose", notTSA, "RFC 3161 §2.3", "the certificate is for something else", by(f.TimeRoot, ExtKeyUsage(EKUClientAuth))),
		row("two-purposes", notTSA, "RFC 3161 §2.3", "the certificate is for timestamps and something else", by(f.TimeRoot, ExtKeyUsage(EKUTimeStamping, EKUClientAuth))),
		row("any-purpose", notTSA, "RFC 3161 §2.3", "the certificate is for anything", by(f.TimeRoot, ExtKeyUsage("2.5.29.37.0"))),
		row("purpose-not-critical", notTSA, "RFC 3161 §2.3", "the purpose is not critical", by(f.TimeRoot, Critical(OIDExtKeyUsage, false))),
		row("authority-of-certificates", notTSA, "RFC 5280 §4.2.1.9", "the certificate is that of an authority that certifies", by(f.TimeRoot, AsCA(true))),
		row("encryption", notTSA, "RFC 5280 §4.2.1.3", "the key is for encryption", by(f.TimeRoot, KeyUsage(x509.KeyUsageKeyEncipherment))),
		row("unit-expired", notTSA, "EN 319 102-1 §5.4", "the certificate of the unit has expired too", by(f.TimeRoot, Expired())),
		row("before-the-unit", notTSA, "EN 319 102-1 §5.4", "the time is before the certificate of the unit was valid", by(f.TimeRoot, Validity(f.Time.Add(-24*time.Hour), f.Time.AddDate(1, 0, 0)))),
		row("unit-sha1", notTSA, "TS 119 312 §5.1.1", "the token is signed with SHA-1", by(f.TimeRoot, LegacySHA1())),

		row("flipped", identity, "RFC 5652 §5.6", "the value of the token is wrong by a bit", by(f.TimeRoot, BadSignature())),
		row("wrong-key", identity, "RFC 5652 §5.6", "another key than that of the unit signed the token", by(f.TimeRoot, WrongKey())),
		row("unnamed", identity, "RFC 3161 §2.4.2, RFC 5816", "the token does not name its certificate", by(f.TimeRoot, NoESSCertID())),
		row("named-other", identity, "RFC 3161 §2.4.2, RFC 5816", "the token names another certificate", by(f.TimeRoot, WrongESSCertID())),
		row("swapped", identity, substitution, "the token is signed by the attacker, whose certificate has the names and the serial number of the unit's", edited(func(t *tokenDraft) {
			id := unknown.Root("Attaquant").Leaf("Attaquant")
			t.certificates = [][]byte{recast(honest.DER, id)}
			t.how = id.pki.signingWith(id, &spec{})
			t.s.digest, t.s.algorithm = digestAlgorithm(t.how.scheme.Hash), t.how.algorithm()
			t.s.replace(cms.OIDSigningCertificateV2, signingCertificateV2(t.certificates[0]))
		})),
		row("without-certificate", identity, "RFC 3161 §2.4.1", "the token does not carry the certificate of the unit, and nobody has it", by(f.TimeRoot, WithoutCertificates())),

		row("altered-time", form, "RFC 5652 §5.6", "genTime is another than the one signed", func() *draft {
			d := plain()
			return d.carry(f.editToken(f.TSA, f.token(f.TSA, d.s.value), func(t *tokenDraft) {
				t.kept = true
				t.info[4] = generalizedTime(f.Time.Add(before))
			}))
		}()),
		row("other-content-type", form, "RFC 3161 §2.4.2", "the content type is plain data", by(f.TimeRoot, TokenContentType(cms.OIDData.String()))),
		row("type-disagreement", form, "RFC 5652 §11.1", "eContentType announces a timestamp, and the type signed is plain data", edited(func(t *tokenDraft) {
			t.s.replace(cms.OIDContentType, attribute(cms.OIDContentType, oid(cms.OIDData.String())))
		})),
		row("detached", form, "RFC 3161 §2.4.2", "the TSTInfo is not inside", edited(func(t *tokenDraft) { t.detach = true })),
		row("two-signers", form, "RFC 3161 §2.4.2", "two units signed the token, one of which is the attacker's", edited(func(t *tokenDraft) { t.twice = true })),
		row("no-signer", form, "RFC 3161 §2.4.2", "nobody signed the token", edited(func(t *tokenDraft) { t.none = true })),
		row("version", form, "RFC 3161 §2.4.2", "the TSTInfo is of version 2", edited(func(t *tokenDraft) { t.info[0] = smallInteger(2) })),
		row("critical-extension", form, "RFC 3161 §2.4.2", "the TSTInfo has a critical extension that nobody knows", edited(func(t *tokenDraft) {
			t.info = append(t.info, element(context1, sequence(oid(TimestampPolicy), boolean(true), octets(null()))))
		})),
		row("local-time", form, "RFC 3161 §2.4.2", "genTime is in the time of a place", edited(func(t *tokenDraft) {
			t.info[4] = element(asn1.GeneralizedTime, []byte(f.Time.Add(before).Format("20060102150405")+"+0100"))
		})),
		row("trailing-info", form, "RFC 3161 §2.4.2", "octets follow the TSTInfo", edited(func(t *tokenDraft) { t.after = null() })),
		row("trailing", form, "RFC 5652 §3", "an element follows the SignedData in its ContentInfo", func() *draft {
			d := plain()
			_, content := open(over(d.s.value))
			return d.carry(sequence(content, null()))
		}()),
		row("nested", form, "RFC 5652 §5.1", "the token is the content of one that nobody signed", func() *draft {
			d := plain()
			outer := &message{version: smallInteger(3), contentType: oid(cms.OIDSignedData.String()), content: [][]byte{octets(over(d.s.value))}}
			return d.carry(outer.bytes())
		}()),
		row("response", form, "RFC 3161 §2.4.2", "the attribute holds the whole response of the authority", func() *draft {
			d := plain()
			return d.carry(sequence(sequence(smallInteger(0)), over(d.s.value)))
		}()),

		row("as-content-timestamp", place, "EN 319 122-1 §5.2.8", "the document was timestamped before, which says nothing of the signature", f.sign(late, func(d *draft) {
			d.s.add(attribute(cms.OIDContentTimestamp, over(d.content)))
			d.s.sorted()
		})),
		row("as-signed-attribute", place, "EN 319 122-1 §5.3", "a signature timestamp is among the signed attributes", f.sign(late, func(d *draft) {
			d.s.add(attribute(cms.OIDSignatureTimestamp, over(d.content)))
			d.s.sorted()
		})),
		row("as-archive-timestamp", place, "EN 319 122-1 §5.5.3", "the token over the value is presented as an archive timestamp", func() *draft {
			d := plain()
			d.s.unsigned = [][]byte{attribute(cms.OIDArchiveTimestampV3, over(d.s.value))}
			return d
		}()),
		row("on-the-countersignature", place, "RFC 5652 §11.4", "the token is over the value, and inside a countersignature", func() *draft {
			d := plain()
			counter, _ := readSignerInfo(f.counter(f.Victim, d.s.value, nil))
			counter.unsigned = [][]byte{attribute(cms.OIDSignatureTimestamp, over(d.s.value))}
			d.certificates = append(d.certificates, f.Victim.DER)
			d.s.unsigned = [][]byte{attribute(cms.OIDCountersignature, counter.bytes())}
			return d
		}()),
		row("two-wrong", place, "EN 319 102-1 §5.5.4 (3)", "two timestamps, and neither is good", func() *draft {
			d := plain()
			return d.carry(over(d.content)).stamp(f.Root.TimestampAuthority("Horodatage", Shift(before)))
		}()),
	}
	return append(out, f.timeAttacks()...)
}

// timeAttacks: the timestamp is good, and says something that cannot be.
func (f *Forge) timeAttacks() []Attack {
	const class = "impossible times"
	early := f.TimeRoot.TimestampAuthority("Horodatage d'essai", Validity(f.Time.AddDate(-2, 0, 0), f.Time.AddDate(1, 0, 0)), Shift(-400*24*time.Hour))
	after := f.token(f.TSA, f.Document)
	ordered := func(token []byte, by *TimestampAuthority) []byte {
		return f.sign(f.Victim, func(d *draft) {
			d.s.add(attribute(cms.OIDContentTimestamp, token))
			d.s.sorted()
		}).stamp(by).bytes()
	}
	yesterday := f.TimeRoot.TimestampAuthority("Horodatage d'essai", Shift(-24*time.Hour))
	return []Attack{
		f.attack("token/before-the-certificate", class, "EN 319 102-1 §5.5.4 (4) (b)", "the signature existed before the certificate of its signer", BreaksTrust,
			f.sign(f.Victim, nil).stamp(early).bytes(), f.sign(f.Victim, nil).stamp(f.TSA).bytes()),
		f.attack("token/content-after-signature", class, "EN 319 102-1 §5.5.4 (4) (e)", "the document was timestamped after the signature of it", BreaksTrust,
			ordered(after, yesterday), ordered(after, f.TSA)),
	}
}

// A tokenDraft is a token taken apart.
type tokenDraft struct {
	*message
	s                   *signerInfo
	info                [][]byte // fields of the TSTInfo
	imprint             []byte
	how                 signing
	after               []byte // octets after the TSTInfo
	kept                bool   // the value is left as it was
	detach, twice, none bool
}

// editToken makes a token again, signed by its unit over what edit left of it.
func (f *Forge) editToken(by *TimestampAuthority, token []byte, edit func(*tokenDraft)) []byte {
	m, err := readMessage(token)
	if err != nil {
		panic("pkitest: " + err.Error())
	}
	_, content := open(m.contentOctets())
	t := &tokenDraft{message: m, s: &m.signers[0], info: elementsOf(content), how: by.pki.signingWith(by.Identity, &spec{})}
	_, imprint := open(t.info[2])
	_, t.imprint = open(elementsOf(imprint)[1])
	edit(t)
	info := append(sequence(t.info...), t.after...)
	t.content = [][]byte{octets(info)}
	if t.detach {
		t.content = nil
	}
	if !t.kept {
		t.s.replace(cms.OIDMessageDigest, attribute(cms.OIDMessageDigest, octets(digest(t.how.scheme.Hash, info))))
		t.s.sorted()
		t.s.value = t.how.sign(t.s.toBeSigned())
	}
	if t.twice {
		id := New(Deterministic("attacker")).Root("Horodatage inconnu").TimestampAuthority("Horodatage").Identity
		c, err := pkix.ParseCertificate(id.DER)
		if err != nil {
			panic("pkitest: " + err.Error())
		}
		second := *t.s
		second.sid = sequence(c.RawIssuer, integer(c.RawSerial))
		second.attributes = slices.Clone(second.attributes)
		second.replace(cms.OIDSigningCertificateV2, signingCertificateV2(id.DER))
		second.sorted()
		second.value = id.pki.signingWith(id, &spec{}).sign(second.toBeSigned())
		t.certificates, t.signers = append(t.certificates, id.DER), append(t.signers, second)
	}
	if t.none {
		t.signers = nil
	}
	return t.bytes()
}

// formatAttacks: files of another format, presented as a signature of the document.
func (f *Forge) formatAttacks() []Attack {
	token := f.token(f.TSA, f.Document)
	detached := f.sign(f.Victim, func(d *draft) { d.message.content = nil }).bytes()
	row := func(name, source, about string, file []byte) Attack {
		return Attack{Name: "format/" + name, Class: "another format", Source: source, About: about, Breaks: BreaksSignature,
			File: file, Content: f.Document, Twin: detached, TwinContent: f.Document}
	}
	pdf := f.signPDF(f.PDF, pdfSigning{})
	sealed := sequence(oid(cms.OIDAuthEnvelopedData.String()), explicit(0, sequence(smallInteger(0), set())))
	other := row("pdf", "ISO 32000-2 §12.8.1", "a signed PDF is presented as the signature of the document", pdf)
	other.Twin, other.TwinContent = pdf, nil
	return []Attack{
		other,
		row("token", "RFC 3161 §2.4.2", "a timestamp of the document is presented as a signature of it", token),
		row("token-retyped", "RFC 5652 §11.1", "the same, with the content taken out and its type changed", f.editToken(f.TSA, token, func(t *tokenDraft) {
			t.kept, t.detach, t.contentType = true, true, oid(cms.OIDData.String())
		})),
		row("response", "RFC 3161 §2.4.2", "the response of a timestamp authority is presented as a signature", sequence(sequence(smallInteger(0)), token)),
		row("certificate", "RFC 5280 §4.1", "the certificate of the signer is presented as a signature", f.Victim.DER),
		row("crl", "RFC 5280 §5.1", "a CRL is presented as a signature", f.Authority.CRL()),
		row("envelope", "RFC 5083 §2.1", "a sealed envelope is presented as a signature", sealed),
		row("bare-value", "RFC 5652 §5.3", "the value alone is presented as a signature", f.sign(f.Victim, nil).s.value),
		row("bare-signer", "RFC 5652 §5.3", "one SignerInfo is presented as a signature", f.sign(f.Victim, nil).s.bytes()),
		row("bare-signed-data", "RFC 5652 §3", "the SignedData is not in a ContentInfo", f.sign(f.Victim, func(d *draft) { d.message.content = nil }).signedData()),
		row("nothing", "RFC 5652 §3", "the file is empty", []byte{}),
	}
}
