package rgs

import (
	"fmt"
	"strings"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/siren"
)

// names holds the rules of annexe A4 chapter VII on distinguished names, and its mark of test certificates (II.4).
func names() []*Rule {
	rule := func(id, clause string, fails Status, fr, en string, check func(*certificate, *findings)) *Rule {
		return &Rule{ID: id, Name: "A4 " + clause, Kind: Profil, Clause: "A4 " + clause, Source: AnnexeA4, Evidence: OnCertificate, Fails: fails, Title: Text{fr, en}, check: check}
	}
	return []*Rule{
		rule("rgs_a4_dn_c_upper", "VII.1", Fail, "C : code de pays à deux lettres majuscules", "C: country code of two capital letters", func(c *certificate, f *findings) {
			countries := c.Subject.Get(pkix.OIDCountry)
			if len(countries) == 0 {
				f.unknown("subject.countryName", Text{"le sujet n'a pas de pays", "the subject has no country"})
			}
			for i, country := range countries {
				ok := len(country) == 2 && country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' && country[1] <= 'Z'
				f.verdict(ok, index("subject.countryName", i), Text{"C=" + printable(country), "C=" + printable(country)})
			}
		}),
		rule("rgs_a4_dn_o", "VII.1", Fail, "O : nom officiel complet de l'organisme", "O: full official name of the organisation", func(c *certificate, f *findings) {
			const path = "subject.organizationName"
			switch {
			case c.hasSubject(pkix.OIDOrganization):
				f.pass(path, Text{"organisme présent", "organisation present"})
			case c.function == OCSP || c.function == Code || !c.ca && !service(c.function):
				f.unknown(path, Text{"organisme absent : admis pour un particulier", "organisation absent: allowed for a private person"})
			default:
				f.fails(path, Text{"organisme absent", "organisation absent"})
			}
		}),
		rule("rgs_a4_dn_ou_iso6523", "VII.1", Fail, "OU : « 0002 » suivi du SIREN ou du SIRET, pour une entité française", "OU: \"0002\" followed by the SIREN or SIRET, for a French entity", func(c *certificate, f *findings) {
			const path = "subject.organizationalUnitName"
			tried := -1
			for i, ou := range c.Subject.Get(pkix.OIDOrganizationalUnit) {
				if _, ok := iso6523(ou); ok {
					f.pass(index(path, i), Text{"identifiant ISO 6523 de l'organisme", "ISO 6523 identifier of the organisation"})
					return
				}
				if leadingDigits(ou) >= 3 {
					tried = i
				}
			}
			switch {
			case !c.french():
				f.skip(Text{"l'entité n'est pas française", "the entity is not French"})
			case tried >= 0:
				f.fails(index(path, tried), Text{"l'OU n'est pas « 0002 » suivi de 9 ou 14 chiffres", "the OU is not \"0002\" followed by 9 or 14 digits"})
			default:
				f.unknown(path, Text{"aucune OU ISO 6523 : hors du profil RGS, ou certificat eIDAS seul", "no ISO 6523 OU: outside the RGS profile, or an eIDAS-only certificate"})
			}
		}),
		rule("rgs_a4_dn_ou_other4digits", "VII.1", Fail, "une seule OU commence par quatre chiffres", "one OU only begins with four digits", func(c *certificate, f *findings) {
			const path = "subject.organizationalUnitName"
			identifiers := 0
			for i, ou := range c.Subject.Get(pkix.OIDOrganizationalUnit) {
				_, ok := iso6523(ou)
				switch {
				case ok && identifiers == 0:
					identifiers++
				case ok || leadingDigits(ou) >= 4 && identifiers > 0:
					f.fails(index(path, i), Text{"une autre OU commence par quatre chiffres", "another OU begins with four digits"})
					return
				}
			}
			if identifiers == 0 {
				f.skip(Text{"aucune OU ISO 6523", "no ISO 6523 OU"})
				return
			}
			f.pass(path, Text{"aucune autre OU ne commence par quatre chiffres", "no other OU begins with four digits"})
		}),
		rule("rgs_a4_dn_string_type", "VII", Fail, "attributs du sujet en PrintableString ou UTF8String", "subject attributes in PrintableString or UTF8String", stringTypes),
		rule("rgs_a4_dn_no_gn_sn_service", "VII.3", Fail, "ni givenName ni surname pour un service", "neither givenName nor surname for a service", func(c *certificate, f *findings) {
			if c.ca || !service(c.function) {
				f.skip(Text{"ce n'est pas un service", "this is not a service"})
				return
			}
			if c.hasSubject(pkix.OIDGivenName) || c.hasSubject(pkix.OIDSurname) {
				f.fails("subject", Text{"identité de personne dans un certificat de service", "identity of a person in the certificate of a service"})
			} else {
				f.pass("subject", Text{"aucune identité de personne", "no identity of a person"})
			}
		}),
		rule("rgs_a4_dn_tls_san", "II.3.2", Fail, "serveur : au moins un nom de domaine complet dans subjectAltName", "server: at least one full domain name in subjectAltName", func(c *certificate, f *findings) {
			if c.ca || c.function != ServerAuth {
				f.skip(Text{"ce n'est pas un serveur", "this is not a server"})
				return
			}
			ok := false
			for _, name := range c.DNSNames {
				ok = ok || fullDomain(name)
			}
			f.verdict(ok, "extensions.subjectAltName.dNSName", Text{fmt.Sprintf("%d noms de domaine", len(c.DNSNames)), fmt.Sprintf("%d domain names", len(c.DNSNames))})
		}),
		rule("rgs_a4_dn_tls_cn_in_san", "VII.3", Fail, "serveur : le CN, s'il y en a un, est un nom de domaine présent dans subjectAltName", "server: the CN, if any, is a domain name present in subjectAltName", func(c *certificate, f *findings) {
			if c.ca || c.function != ServerAuth || !c.hasSubject(pkix.OIDCommonName) {
				f.skip(Text{"pas un serveur, ou sans CN", "not a server, or without CN"})
				return
			}
			for i, cn := range c.Subject.Get(pkix.OIDCommonName) {
				ok := false
				for _, name := range c.DNSNames {
					ok = ok || strings.EqualFold(name, cn)
				}
				if ok && fullDomain(cn) {
					f.pass(index("subject.commonName", i), Text{"le CN est l'un des noms de domaine", "the CN is one of the domain names"})
				} else {
					f.fails(index("subject.commonName", i), Text{"le CN n'est pas l'un des noms de domaine", "the CN is not one of the domain names"})
				}
			}
		}),
		rule("rgs_a4_code_cn_not_fqdn", "VII.3", Fail, "signature de code : le CN n'est pas un nom de domaine", "code signing: the CN is not a domain name", func(c *certificate, f *findings) {
			if c.ca || c.function != Code || !c.hasSubject(pkix.OIDCommonName) {
				f.skip(Text{"pas une signature de code, ou sans CN", "not code signing, or without CN"})
				return
			}
			for i, cn := range c.Subject.Get(pkix.OIDCommonName) {
				if fullDomain(cn) {
					f.fails(index("subject.commonName", i), Text{"le CN est un nom de domaine", "the CN is a domain name"})
				} else {
					f.pass(index("subject.commonName", i), Text{"le CN n'est pas un nom de domaine", "the CN is not a domain name"})
				}
			}
		}),
		rule("rgs_a4_siren_luhn", "VII.1 (ISO 6523, INSEE)", Warn, "SIREN ou SIRET dont la clé est juste", "SIREN or SIRET whose check digit is right", func(c *certificate, f *findings) {
			found := c.registered()
			if len(found) == 0 {
				f.skip(Text{"aucun SIREN ni SIRET", "no SIREN or SIRET"})
			}
			for _, n := range found {
				ok := siren.ValidSIREN(n.digits) || siren.ValidSIRET(n.digits)
				f.verdict(ok, n.path, Text{"clé du numéro " + n.digits, "check digit of " + n.digits})
			}
		}),
		rule("rgs_a4_ou_orgid_agree", "VII.1 (EN 319 412-1 §5.1.4)", Warn, "OU et organizationIdentifier désignent le même organisme", "OU and organizationIdentifier name the same organisation", func(c *certificate, f *findings) {
			found := c.registered()
			if len(found) < 2 {
				f.skip(Text{"un seul identifiant d'organisme", "one identifier of the organisation at most"})
				return
			}
			for _, n := range found[1:] {
				f.verdict(n.digits[:9] == found[0].digits[:9], n.path, Text{"SIREN " + found[0].digits[:9] + " et " + n.digits[:9], "SIREN " + found[0].digits[:9] + " and " + n.digits[:9]})
			}
		}),
		rule("rgs_a4_test_prefix", "II.4", Notice, "certificat de recette : le nom commence par « TEST »", "test certificate: the name begins with \"TEST\"", func(c *certificate, f *findings) {
			marked := func(path string, values []string) bool {
				for i, value := range values {
					if strings.HasPrefix(value, "TEST ") {
						f.fails(index(path, i), Text{"certificat de recette, à refuser en production", "test certificate, to be refused in production"})
						return true
					}
				}
				return false
			}
			// Persons: every part of the identity is marked. Services: the CN; without one, an OU.
			if marked("subject.commonName", c.Subject.Get(pkix.OIDCommonName)) || marked("subject.givenName", c.Subject.Get(pkix.OIDGivenName)) ||
				marked("subject.surname", c.Subject.Get(pkix.OIDSurname)) || marked("subject.pseudonym", c.Subject.Get(pkix.OIDPseudonym)) {
				return
			}
			if !c.hasSubject(pkix.OIDCommonName) && marked("subject.organizationalUnitName", c.Subject.Get(pkix.OIDOrganizationalUnit)) {
				return
			}
			f.skip(Text{"ce n'est pas un certificat de recette", "this is not a test certificate"})
		}),
	}
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// printable keeps what a terminal shows as it is, and bounds it: names come from whoever made the certificate.
func printable(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, s)
}

// iso6523 reads "0002 <SIREN or SIRET>" and returns the digits.
func iso6523(ou string) (string, bool) {
	digits, ok := strings.CutPrefix(ou, "0002 ")
	if !ok || len(digits) != 9 && len(digits) != 14 || leadingDigits(digits) != len(digits) {
		return "", false
	}
	return digits, true
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func (c *certificate) french() bool {
	for _, country := range c.Subject.Get(pkix.OIDCountry) {
		if strings.EqualFold(country, "FR") {
			return true
		}
	}
	return false
}

// A registered number is a SIREN or SIRET of the subject, with where it stands.
type registered struct{ digits, path string }

// registered finds the numbers of OU (ISO 6523) and organizationIdentifier (EN 319 412-1 §5.1.4, and the older SI:FR- form).
func (c *certificate) registered() []registered {
	var found []registered
	for i, ou := range c.Subject.Get(pkix.OIDOrganizationalUnit) {
		if digits, ok := iso6523(ou); ok {
			found = append(found, registered{digits, index("subject.organizationalUnitName", i)})
		}
	}
	for i, id := range c.Subject.Get(pkix.OIDOrganizationIdentifier) {
		digits := ""
		if rest, ok := strings.CutPrefix(id, "NTRFR-"); ok {
			digits = rest
		} else if rest, ok := strings.CutPrefix(id, "SI:FR-"); ok {
			digits = rest
		} else if rest, ok := strings.CutPrefix(id, "VATFR-"); ok && len(rest) == 11 { // a key of two characters, then the SIREN
			digits = rest[2:]
		}
		if leadingDigits(digits) == len(digits) && (len(digits) == 9 || len(digits) == 14) {
			found = append(found, registered{digits, index("subject.organizationIdentifier", i)})
		}
	}
	return found
}

// fullDomain reports whether a name has the form of a fully qualified domain name, wildcard labels aside.
func fullDomain(name string) bool {
	labels := strings.Split(strings.TrimPrefix(name, "*."), ".")
	if len(labels) < 2 || len(name) > 253 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if b := label[i]; !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-') {
				return false
			}
		}
	}
	return leadingDigits(labels[len(labels)-1]) != len(labels[len(labels)-1]) // not an IPv4 address
}

// ASN.1 tags of strings (X.680 §8.4).
const (
	tagUTF8      = 12
	tagPrintable = 19
	tagIA5       = 22
)

// stringTypes allows, beside the two types of A4, the IA5String that RFC 5280 prescribes for an e-mail address or a domain component.
func stringTypes(c *certificate, f *findings) {
	odd := false
	for i := range c.Subject.Attributes {
		a := &c.Subject.Attributes[i]
		path := index("subject", a.RDN)
		switch {
		case a.Tag == tagUTF8 || a.Tag == tagPrintable:
		case a.Tag == tagIA5 && (a.Type == pkix.OIDEmailAddress || a.Type == pkix.OIDDomainComponent):
			odd = true
			f.unknown(path, Text{"IA5String, que la RFC 5280 impose à cet attribut", "IA5String, which RFC 5280 prescribes for this attribute"})
		default:
			odd = true
			f.fails(path, Text{fmt.Sprintf("type de chaîne ASN.1 %d", a.Tag), fmt.Sprintf("ASN.1 string type %d", a.Tag)})
		}
	}
	if !odd {
		f.pass("subject", Text{"PrintableString et UTF8String seulement", "PrintableString and UTF8String only"})
	}
}
