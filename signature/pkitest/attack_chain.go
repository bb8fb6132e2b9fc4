package pkitest

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"io"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// chainAttacks: the value verifies, and the certificate is worth nothing.
func (f *Forge) chainAttacks() []Attack {
	signed := func(by *Identity) []byte { return f.sign(by, nil).bytes() }
	row := func(name, class, source, about string, by *Identity, twin ...*Identity) Attack {
		a := f.attack("chain/"+name, class, source, about, BreaksTrust, signed(by))
		if len(twin) > 0 {
			a.Twin = signed(twin[0])
		}
		return a
	}
	unknown := New(Deterministic("attacker"))
	impostor := unknown.Root(f.Root.Name, RawSubject(f.Root.subject()))
	renamed := f.PKI.Root("Racine sous un autre nom", Key(f.Root.Key))
	deep := f.Root.Intermediate("AC mère", PathLen(1))
	crossed := unknown.Root("AC en boucle, A")
	loop := unknown.Root("AC en boucle, B").CrossCertify(crossed)
	required := f.Root.Intermediate("AC à politique", Extension("2.5.29.36", true, sequence(implicit(0, []byte{0}))))

	const (
		forged      = "forged authority"
		constraints = "basic constraints"
		usage       = "key usage"
		purpose     = "extended key usage"
		dates       = "validity"
		extensions  = "extensions"
		algorithms  = "algorithms"
	)
	out := []Attack{
		row("self-signed", forged, "RFC 5280 §6.1", "the signer certified himself", &unknown.Root("Camille Dubois", AsCA(false), KeyUsage(x509.KeyUsageContentCommitment)).Identity),
		row("unknown-authority", forged, "RFC 5280 §6.1", "nobody trusts the authority", unknown.Root("Autorité inconnue").Leaf("Camille Dubois")),
		row("impostor-root", forged, "RFC 5280 §6.1", "the root has the name of the trust anchor, and another key", impostor.Leaf("Camille Dubois")),
		row("impostor-key-identifier", forged, "RFC 5280 §6.1.3", "the certificate names the trusted authority and its key, and was signed by another key", f.Authority.Leaf("Camille Dubois", WrongKey())),
		row("anchor-key-other-name", forged, "RFC 5280 §6.1.3 (a) (4)", "the authority has the key of the trust anchor and another name", renamed.Leaf("Camille Dubois")),
		row("unnamed-issuer", forged, "RFC 5280 §6.1.3 (a) (4)", "the trusted key signed, and the issuer named is nobody", f.Authority.Leaf("Camille Dubois", UnknownIssuer())),
		row("flipped", forged, "RFC 5280 §6.1.3 (a) (1)", "one bit of the certificate's signature is wrong", f.Authority.Leaf("Camille Dubois", BadSignature())),
		row("psychic", forged, psychic, "the certificate's signature is r = s = 0", f.resigned(f.Authority, func([]byte) []byte { return sequence(smallInteger(0), smallInteger(0)) })),
		row("cube-garbage-after", forged, bleichenbacher, "the authority has an RSA key of exponent 3, and the certificate a signature made without it", f.cubed()),
		row("curveball", forged, "CVE-2020-0601, RFC 5480 §2.1.1", "a root with the name and the public point of the trust anchor, on a curve whose generator the attacker chose", f.curveball()),
		row("loop", forged, "RFC 5280 §6.1", "two authorities certify one another", loop.Leaf("Camille Dubois")),
		row("for-timestamps", forged, "EN 319 102-1 §5.2.6", "the root is trusted for timestamps only", f.TimeRoot.Leaf("Camille Dubois")),

		row("not-an-authority", constraints, "RFC 5280 §4.2.1.9", "basicConstraints of the issuer says that it is no authority", f.Root.Intermediate("Pas une AC", AsCA(false)).Leaf("Camille Dubois")),
		row("no-basic-constraints", constraints, "RFC 5280 §6.1.4 (k)", "the issuer has no basicConstraints", f.Root.Intermediate("AC muette", Without(OIDBasicConstraints)).Leaf("Camille Dubois")),
		row("signer-issues", constraints, "CVE-2002-0862, RFC 5280 §6.1.4 (k)", "a signer certified another one", f.Authority.Intermediate("Camille Dubois", AsCA(false), KeyUsage(x509.KeyUsageContentCommitment)).Leaf("Maire")),
		row("path-length", constraints, "RFC 5280 §6.1.4 (l)", "an authority that may certify none certified one", f.Authority.Intermediate("AC de trop").Leaf("Camille Dubois")),
		row("path-length-deeper", constraints, "RFC 5280 §6.1.4 (l)", "three authorities are below one that allows one below it", deep.Intermediate("AC fille", PathLen(5)).Intermediate("AC petite-fille").Leaf("Camille Dubois"), deep.Intermediate("AC sœur").Leaf("Camille Dubois")),
		row("version-1-authority", constraints, "RFC 5280 §6.1.4 (k)", "the issuer is a certificate of version 1, which cannot say what it is", f.versionOne().Leaf("Camille Dubois")),
		row("basic-constraints-twice", extensions, "RFC 5280 §4.2", "the issuer has two basicConstraints, the first of which says that it is an authority", f.Root.Intermediate("AC double", EditTBS(doubledConstraints)).Leaf("Camille Dubois")),

		row("no-cert-sign", usage, "RFC 5280 §6.1.4 (n)", "the key of the issuer may sign CRLs and not certificates", f.Root.Intermediate("AC de CRL", KeyUsage(x509.KeyUsageCRLSign)).Leaf("Camille Dubois")),
		row("encryption", usage, "RFC 5280 §4.2.1.3", "the key of the signer is for encryption", f.Authority.Leaf("Camille Dubois", KeyUsage(x509.KeyUsageKeyEncipherment))),
		row("authority-signs", usage, "RFC 5280 §4.2.1.3", "the authority itself signed the document, with a key that may only sign certificates", &f.Root.Intermediate("AC signataire").Identity),
		row("no-usage", usage, "RFC 5280 §4.2.1.3", "keyUsage allows nothing", f.Authority.Leaf("Camille Dubois", KeyUsage(0))),

		row("timestamp-unit-signs", purpose, "RFC 5280 §4.2.1.12, RFC 3161 §2.3", "the signer is a timestamp unit of the authority", f.Authority.TimestampAuthority("Horodatage").Identity),
		row("responder-signs", purpose, "RFC 5280 §4.2.1.12", "the signer is an OCSP responder of the authority", f.Authority.Leaf("OCSP", OCSPSigner)),
		row("server-signs", purpose, "RFC 5280 §4.2.1.12", "the signer is a web server", f.Authority.Leaf("www.boisjoli.example", ServerAuth)),
		row("code-signer-signs", purpose, "RFC 5280 §4.2.1.12", "the signer's certificate is for programs", f.Authority.Leaf("Éditeur", Code)),

		row("expired", dates, "EN 319 102-1 §5.2.6", "the signer's certificate has expired, and nothing says that the signature is older", f.Authority.Leaf("Camille Dubois", Expired())),
		row("not-yet-valid", dates, "EN 319 102-1 §5.2.6", "the signer's certificate is not valid yet", f.Authority.Leaf("Camille Dubois", NotYetValid())),
		row("authority-expired", dates, "RFC 5280 §6.1.3 (a) (2)", "the authority's certificate has expired", f.Root.Intermediate("AC expirée", Expired()).Leaf("Camille Dubois")),
		row("authority-not-yet-valid", dates, "RFC 5280 §6.1.3 (a) (2)", "the authority's certificate is not valid yet", f.Root.Intermediate("AC future", NotYetValid()).Leaf("Camille Dubois")),

		row("critical-extension", extensions, "RFC 5280 §4.2", "the signer's certificate has a critical extension that nobody knows", f.Authority.Leaf("Camille Dubois", Extension(TimestampPolicy, true, null())), f.Authority.Leaf("Camille Dubois", Extension(TimestampPolicy, false, null()))),
		row("critical-extension-authority", extensions, "RFC 5280 §4.2", "the authority's certificate has one", f.Root.Intermediate("AC critique", Extension(TimestampPolicy, true, null())).Leaf("Camille Dubois")),
		row("key-usage-unreadable", extensions, "RFC 5280 §4.2", "the keyUsage of the authority cannot be read", f.Root.Intermediate("AC illisible", Extension(OIDKeyUsage, true, octets([]byte{1}))).Leaf("Camille Dubois")),
		row("ocsp-no-check", extensions, "RFC 6960 §4.2.2.2.1", "the signer's certificate claims the exemption of OCSP responders from revocation", f.Authority.Leaf("Camille Dubois", Extension(OIDOCSPNoCheck, false, null()))),
		row("policy-required", extensions, "RFC 5280 §6.1.5 (g)", "the authority requires a policy, and the signer's certificate has none", required.Leaf("Camille Dubois", Policies()), f.Root.Intermediate("AC à politique").Leaf("Camille Dubois", Policies())),

		row("sha1", algorithms, "TS 119 312 §5.1.1", "the certificate is signed with SHA-1", f.Authority.Leaf("Camille Dubois", LegacySHA1())),
		row("rsa-1024", algorithms, "TS 119 312 §6.2.2.1", "the key of the signer has 1,024 bits", f.Authority.Leaf("Camille Dubois", Key(weakRSA(f.PKI.stream("weak"))))),
		row("inner-algorithm", algorithms, "RFC 5280 §4.1.1.2", "the algorithm inside the certificate is not that outside", f.Authority.Leaf("Camille Dubois", EditTBS(otherInnerAlgorithm))),
	}
	return append(out, f.nameAttacks()...)
}

// resigned is a signer whose certificate has a signature that its issuer did not make.
func (f *Forge) resigned(issuer *Authority, value func(tbs []byte) []byte) *Identity {
	id := issuer.Leaf("Camille Dubois")
	s := cryptobyte.String(id.DER)
	var fields cryptobyte.String
	s.ReadASN1(&fields, asn1.SEQUENCE)
	list := elementsOf(fields)
	id.DER = sequence(list[0], list[1], bitString(value(list[0])))
	return id
}

// cubed is certified by an authority of exponent 3, without its key.
func (f *Forge) cubed() *Identity {
	key := smallExponentKey(f.PKI.stream("small exponent, authority"))
	return f.resigned(f.Root.Intermediate("AC d'exposant 3", Key(key)), func(tbs []byte) []byte {
		prefix := slices.Concat([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, digestInfo(sha256WithNull(), digest(crypto.SHA256, tbs)))
		target := new(big.Int).SetBytes(append(prefix, make([]byte, key.Size()-len(prefix))...))
		return cubeRootAbove(target).FillBytes(make([]byte, key.Size()))
	})
}

// versionOne is an authority whose certificate has no extensions, as before 1996.
func (f *Forge) versionOne() *Authority {
	return f.Root.Intermediate("AC ancienne", EditTBS(func(tbs []byte) []byte {
		_, content := open(tbs)
		fields := elementsOf(content)
		return sequence(fields[1:7]...)
	}))
}

// doubledConstraints adds a second basicConstraints, that of a signer, after the last extension.
func doubledConstraints(tbs []byte) []byte {
	_, content := open(tbs)
	fields := elementsOf(content)
	_, explicitly := open(fields[7])
	_, list := open(explicitly)
	second := sequence(oid(OIDBasicConstraints), boolean(true), octets(sequence()))
	fields[7] = explicit(3, sequence(append(elementsOf(list), second)...))
	return sequence(fields...)
}

func otherInnerAlgorithm(tbs []byte) []byte {
	_, content := open(tbs)
	fields := elementsOf(content)
	fields[2] = algorithmDER("1.2.840.10045.4.3.4")
	return sequence(fields...)
}

// weakRSA is a key of 1,024 bits.
func weakRSA(source io.Reader) *rsa.PrivateKey {
	return rsaFromPrimes(newPrime(512, source), newPrime(512, source))
}

// curveball is certified by a root that has the name and the public point Q of the trust anchor, in explicit parameters whose
// generator is Q itself: the private key is then 1.
func (f *Forge) curveball() *Identity {
	curve := elliptic.P256().Params()
	anchor, ok := f.Root.Key.Public().(*ecdsa.PublicKey)
	if !ok || anchor.Curve != elliptic.P256() {
		panic("pkitest: the anchor of a Forge has a key on P-256")
	}
	point, err := anchor.Bytes()
	if err != nil {
		panic("pkitest: " + err.Error())
	}
	a := new(big.Int).Sub(curve.P, big.NewInt(3))
	parameters := sequence(smallInteger(1), sequence(oid("1.2.840.10045.1.1"), bigInteger(curve.P)),
		sequence(octets(a.FillBytes(make([]byte, 32))), octets(curve.B.FillBytes(make([]byte, 32)))), octets(point), bigInteger(curve.N), smallInteger(1))
	spki := sequence(sequence(oid("1.2.840.10045.2.1"), parameters), bitString(point))
	// With d = 1 and G = Q: r is the abscissa of kQ, s = (h + r) / k.
	sign := func(tbs []byte) []byte {
		nonce, err := ecdh.P256().NewPrivateKey(digest(crypto.SHA256, append([]byte("curveball"), tbs...)))
		public, err2 := ecdh.P256().NewPublicKey(point)
		if err != nil || err2 != nil {
			panic("pkitest: curveball")
		}
		x, err := nonce.ECDH(public)
		if err != nil {
			panic("pkitest: " + err.Error())
		}
		k := new(big.Int).SetBytes(nonce.Bytes())
		r := new(big.Int).Mod(new(big.Int).SetBytes(x), curve.N)
		h := new(big.Int).SetBytes(digest(crypto.SHA256, tbs))
		s := new(big.Int).Mul(new(big.Int).ModInverse(k, curve.N), h.Add(h, r))
		return sequence(bigInteger(r), bigInteger(s.Mod(s, curve.N)))
	}
	_, content := open(f.Root.DER)
	_, tbs := open(elementsOf(content)[0])
	fields := elementsOf(tbs)
	fields[1], fields[6] = smallInteger(666), spki
	root := sequence(fields...)
	leaf := f.resigned(f.Root, sign)
	stub := &Authority{Identity: Identity{Name: f.Root.Name, pki: f.PKI, DER: sequence(root, algorithmDER("1.2.840.10045.4.3.2"), bitString(sign(root)))}}
	stub.issuer = f.Root // so that it goes into the file: roots do not
	leaf.issuer = stub
	return leaf
}

// nameConstraints writes the extension (RFC 5280 §4.2.1.10) from GeneralNames.
func nameConstraints(permitted, excluded [][]byte) Option {
	var parts [][]byte
	for i, list := range [][][]byte{permitted, excluded} {
		var subtrees [][]byte
		for _, base := range list {
			subtrees = append(subtrees, sequence(base))
		}
		if subtrees != nil {
			parts = append(parts, explicit(uint8(i), subtrees...))
		}
	}
	return Extension(OIDNameConstraints, true, sequence(parts...))
}

// nameAttacks: names that the authority may not certify.
func (f *Forge) nameAttacks() []Attack {
	dns := func(name string) []byte { return implicit(2, []byte(name)) }
	mail := func(address string) []byte { return implicit(1, []byte(address)) }
	org := func(names ...string) []byte {
		list := []AttributeValue{{OID: OIDCountryName, Value: "FR"}}
		for _, n := range names {
			list = append(list, AttributeValue{OID: OIDOrganizationName, Value: n})
		}
		return Name(list...)
	}
	directory := func(name []byte) []byte { return explicit(4, name) }
	permitting := func(names ...[]byte) Option { return nameConstraints(names, nil) }
	excluding := func(names ...[]byte) Option { return nameConstraints(nil, names) }
	san := func(names ...[]byte) Option { return Extension(OIDSubjectAltName, false, sequence(names...)) }
	dn := func(attributes ...AttributeValue) Option { return RawSubject(Name(attributes...)) }
	emailDN := AttributeValue{OID: "1.2.840.113549.1.9.1", Value: "maire@ailleurs.example", Tag: asn1.IA5String}
	country, boisjoli := AttributeValue{OID: OIDCountryName, Value: "FR"}, AttributeValue{OID: OIDOrganizationName, Value: "Boisjoli"}
	smtpUTF8 := explicit(0, oid("1.3.6.1.5.5.7.8.9"), explicit(0, element(asn1.UTF8String, []byte("maire@ailleurs.example"))))
	rows := []struct {
		name, source, about string
		constraint          Option
		attack, twin        []Option
	}{
		{"dns", "RFC 5280 §4.2.1.10", "a host outside the domain permitted", permitting(dns("boisjoli.example")), []Option{DNS("ailleurs.example")}, []Option{DNS("www.boisjoli.example")}},
		{"dns-suffix", "RFC 5280 §4.2.1.10", "a host whose name ends like the domain permitted, without the point", permitting(dns("boisjoli.example")), []Option{DNS("pasboisjoli.example")}, []Option{DNS("www.boisjoli.example")}},
		{"dns-second", "RFC 5280 §6.1.3 (b)", "the second of two hosts is outside", permitting(dns("boisjoli.example")), []Option{DNS("www.boisjoli.example", "ailleurs.example")}, []Option{DNS("www.boisjoli.example", "boisjoli.example")}},
		{"dns-excluded-case", "RFC 5280 §7.2", "a host of the domain excluded, in capitals", excluding(dns("ailleurs.example")), []Option{DNS("WWW.AILLEURS.EXAMPLE")}, []Option{DNS("www.boisjoli.example")}},
		{"dns-excluded-point", "RFC 5280 §4.2.1.10", "a host of the domain excluded, with a final point", excluding(dns("ailleurs.example")), []Option{DNS("www.ailleurs.example.")}, []Option{DNS("www.boisjoli.example")}},
		{"dns-zero", "CVE-2009-2408", "a host with a zero octet in the middle of its name, where other readers stop", permitting(dns("boisjoli.example")), []Option{DNS("ailleurs.example\x00.boisjoli.example")}, []Option{DNS("www.boisjoli.example")}},
		{"mail", "RFC 5280 §4.2.1.10", "an address at another host than the one permitted", permitting(mail("boisjoli.example")), []Option{Email("maire@ailleurs.example")}, []Option{Email("maire@boisjoli.example")}},
		{"mail-subdomain", "RFC 5280 §4.2.1.10", "an address at a host below the one permitted", permitting(mail("boisjoli.example")), []Option{Email("maire@x.boisjoli.example")}, []Option{Email("maire@boisjoli.example")}},
		{"mail-two-at", "RFC 5321 §4.1.2", "the local part of the address holds the host permitted", permitting(mail("boisjoli.example")), []Option{Email(`"maire@boisjoli.example"@ailleurs.example`)}, []Option{Email("maire@boisjoli.example")}},
		{"mail-zero", "CVE-2009-2408", "an address with a zero octet before the host that is permitted", permitting(mail("boisjoli.example")), []Option{Email("maire@ailleurs.example\x00@boisjoli.example")}, []Option{Email("maire@boisjoli.example")}},
		{"mail-in-subject", "RFC 5280 §4.2.1.10", "the address is in the subject, and there is no alternative name", permitting(mail("boisjoli.example")), []Option{dn(country, emailDN)}, []Option{Email("maire@boisjoli.example")}},
		{"mail-behind-another", "RFC 5280 §4.2.1.10", "the address is in the subject, behind one that is permitted in the alternative names", permitting(mail("boisjoli.example")), []Option{dn(country, emailDN), Email("maire@boisjoli.example")}, []Option{Email("maire@boisjoli.example")}},
		{"mail-in-utf8", "RFC 9598 §6", "the address is an SmtpUTF8Mailbox", permitting(mail("boisjoli.example")), []Option{san(smtpUTF8)}, []Option{Email("maire@boisjoli.example")}},
		{"directory", "RFC 5280 §7.1", "another organisation than the one permitted", permitting(directory(org("Boisjoli"))), []Option{dn(country, AttributeValue{OID: OIDOrganizationName, Value: "Ailleurs"})}, []Option{dn(country, boisjoli, AttributeValue{OID: OIDCommonName, Value: "Maire"})}},
		{"directory-order", "RFC 5280 §4.2.1.10", "the organisation permitted comes after another one", permitting(directory(org("Boisjoli"))), []Option{dn(country, AttributeValue{OID: OIDOrganizationName, Value: "Ailleurs"}, boisjoli)}, []Option{dn(country, boisjoli)}},
		{"directory-excluded-form", "RFC 5280 §7.1", "the organisation excluded, in other letters, spaces and string type", excluding(directory(org("Ailleurs les Bains"))), []Option{dn(country, AttributeValue{OID: OIDOrganizationName, Value: " AILLEURS  les bains", Tag: asn1.PrintableString})}, []Option{dn(country, boisjoli)}},
		{"directory-alternative", "RFC 5280 §4.2.1.10", "the organisation excluded, as an alternative name", excluding(directory(org("Ailleurs"))), []Option{san(directory(org("Ailleurs")))}, []Option{san(directory(org("Boisjoli")))}},
		{"uri-user", "RFC 3986 §3.2.1", "the host permitted is the user of a URI elsewhere", permitting(implicit(6, []byte("boisjoli.example"))), []Option{san(implicit(6, []byte("https://boisjoli.example@ailleurs.example/")))}, []Option{san(implicit(6, []byte("https://boisjoli.example/")))}},
		{"address", "RFC 5280 §4.2.1.10", "an address outside the network permitted", permitting(implicit(7, []byte{192, 0, 2, 0, 255, 255, 255, 0})), []Option{san(implicit(7, []byte{198, 51, 100, 1}))}, []Option{san(implicit(7, []byte{192, 0, 2, 1}))}},
		{"unreadable", "RFC 5280 §4.2", "the constraint cannot be read", Extension(OIDNameConstraints, true, octets(nil)), nil, nil},
		{"minimum", "RFC 5280 §4.2.1.10", "the constraint has a minimum, which must not be", Extension(OIDNameConstraints, true, sequence(explicit(0, sequence(directory(org()), implicit(0, []byte{1}))))), nil, nil},
	}
	var out []Attack
	for _, r := range rows {
		ca := f.Root.Intermediate("AC contrainte "+r.name, r.constraint)
		a := f.attack("chain/name-"+r.name, "name constraints", r.source, r.about, BreaksTrust, f.sign(ca.Leaf("Camille Dubois", r.attack...), nil).bytes())
		if r.twin != nil {
			a.Twin = f.sign(ca.Leaf("Camille Dubois", r.twin...), nil).bytes()
		}
		out = append(out, a)
	}
	above := f.Root.Intermediate("AC contrainte", PathLen(1), permitting(directory(org("Boisjoli"))))
	below := above.Intermediate("AC fille", RawSubject(org("Boisjoli")))
	a := f.attack("chain/name-from-above", "name constraints", "RFC 5280 §6.1.4 (g)", "the constraint is that of the issuer's issuer", BreaksTrust,
		f.sign(below.Leaf("Camille Dubois", RawSubject(org("Ailleurs"))), nil).bytes())
	a.Twin = f.sign(below.Leaf("Camille Dubois", RawSubject(org("Boisjoli", "Mairie"))), nil).bytes()
	return append(out, a)
}
