package rgs

import (
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// profile holds the rules of annexe A4 on fields, extensions, usages and authorities.
func profile() []*Rule {
	rule := func(id, clause string, fails Status, fr, en string, check func(*certificate, *findings)) *Rule {
		return &Rule{ID: id, Name: "A4 " + clause, Kind: Profil, Clause: "A4 " + clause, Source: AnnexeA4, Evidence: OnCertificate, Fails: fails, Title: Text{fr, en}, check: check}
	}
	// present and nonCritical are the two questions that A4's tables ask of an extension.
	present := func(oid der.OID, path, name string) func(*certificate, *findings) {
		return func(c *certificate, f *findings) {
			if c.extension(oid) == nil {
				f.fails(path, Text{"extension " + name + " absente", name + " extension absent"})
			} else {
				f.pass(path, Text{"extension " + name + " présente", name + " extension present"})
			}
		}
	}
	criticality := func(oid der.OID, want bool, path, name string) func(*certificate, *findings) {
		return func(c *certificate, f *findings) {
			e := c.extension(oid)
			switch {
			case e == nil:
				f.skip(Text{"extension absente", "extension absent"})
			case e.Critical:
				f.verdict(want, path, Text{name + " est critique", name + " is critical"})
			default:
				f.verdict(!want, path, Text{name + " n'est pas critique", name + " is not critical"})
			}
		}
	}
	return []*Rule{
		rule("rgs_a4_version", "II.1.1, II.2.1, II.3.1", Fail, "certificat X.509 version 3", "X.509 version 3 certificate", func(c *certificate, f *findings) {
			f.verdict(c.Version == 3, "version", Text{fmt.Sprintf("version %d", c.Version), fmt.Sprintf("version %d", c.Version)})
		}),
		rule("rgs_a4_uniqueid", "II.1.1, II.2.1, II.3.1", Fail, "ni issuerUniqueID ni subjectUniqueID", "neither issuerUniqueID nor subjectUniqueID", func(c *certificate, f *findings) {
			if c.HasUniqueID {
				f.fails("tbsCertificate", Text{"identifiants uniques présents", "unique identifiers present"})
			} else {
				f.pass("tbsCertificate", Text{"aucun identifiant unique", "no unique identifier"})
			}
		}),
		rule("rgs_a4_serial_entropy", "II.1.1, II.2.1", Warn, "numéro de série non prévisible (64 bits au moins)", "unpredictable serial number (at least 64 bits)", func(c *certificate, f *findings) {
			n := c.Serial.BitLen()
			f.verdict(n >= 64, "serialNumber", Text{fmt.Sprintf("numéro de série de %d bits", n), fmt.Sprintf("serial number of %d bits", n)})
		}),
		rule("rgs_a4_serial_len", "II.1.1 (RFC 5280 §4.1.2.2)", Notice, "numéro de série de 20 octets au plus", "serial number of at most 20 octets", func(c *certificate, f *findings) {
			n := len(c.RawSerial)
			f.verdict(n <= 20, "serialNumber", Text{fmt.Sprintf("numéro de série de %d octets", n), fmt.Sprintf("serial number of %d octets", n)})
		}),
		rule("rgs_a4_aki", "II.1.2, II.2.2, II.3.2", Fail, "authorityKeyIdentifier présent, non critique, avec l'identifiant de clé", "authorityKeyIdentifier present, not critical, with the key identifier", func(c *certificate, f *findings) {
			const path = "extensions.authorityKeyIdentifier"
			e := c.extension(pkix.OIDAuthorityKeyID)
			switch {
			case e == nil && c.selfIssued:
				f.unknown(path, Text{"absent d'un certificat auto-émis, où il n'apprendrait rien", "absent from a self-issued certificate, where it would teach nothing"})
			case e == nil:
				f.fails(path, Text{"authorityKeyIdentifier absent", "authorityKeyIdentifier absent"})
			case e.Critical:
				f.fails(path, Text{"authorityKeyIdentifier est critique", "authorityKeyIdentifier is critical"})
			case len(c.AuthorityKeyID) == 0:
				f.unknown(path, Text{"authorityKeyIdentifier sans identifiant de clé", "authorityKeyIdentifier without a key identifier"})
			default:
				f.pass(path, Text{"authorityKeyIdentifier présent", "authorityKeyIdentifier present"})
			}
		}),
		rule("rgs_a4_ku_present", "II.1.2, II.2.2, II.3.2", Fail, "keyUsage présent", "keyUsage present", present(pkix.OIDKeyUsage, "extensions.keyUsage", "keyUsage")),
		rule("rgs_a4_ku_critical", "II.1.2, II.2.2, II.3.2", Fail, "keyUsage critique", "keyUsage critical", criticality(pkix.OIDKeyUsage, true, "extensions.keyUsage", "keyUsage")),
		rule("rgs_a4_cp_present", "II.1.2, II.2.2, II.3.2", Fail, "certificatePolicies présent", "certificatePolicies present", func(c *certificate, f *findings) {
			const path = "extensions.certificatePolicies"
			if c.extension(pkix.OIDCertificatePolicies) == nil && (c.selfIssued || c.function == OCSP) {
				f.unknown(path, Text{"absent d'un certificat auto-émis ou d'un répondeur OCSP", "absent from a self-issued certificate or an OCSP responder"})
				return
			}
			present(pkix.OIDCertificatePolicies, path, "certificatePolicies")(c, f)
		}),
		rule("rgs_a4_cp_noncrit", "II.1.2, II.2.2, II.3.2", Fail, "certificatePolicies non critique", "certificatePolicies not critical", criticality(pkix.OIDCertificatePolicies, false, "extensions.certificatePolicies", "certificatePolicies")),
		rule("rgs_a4_san_noncrit", "II.1.2, II.2.2, II.3.2", Fail, "subjectAltName non critique", "subjectAltName not critical", criticality(pkix.OIDSubjectAltName, false, "extensions.subjectAltName", "subjectAltName")),
		rule("rgs_a4_ian_noncrit", "II.1.2, II.2.2, II.3.2", Fail, "issuerAltName non critique", "issuerAltName not critical", criticality(pkix.OIDIssuerAltName, false, "extensions.issuerAltName", "issuerAltName")),
		rule("rgs_a4_crldp_or_ocsp", "II.1.2, II.2.2, II.3.2", Fail, "adresse d'une LCR ou d'un répondeur OCSP", "address of a CRL or of an OCSP responder", func(c *certificate, f *findings) {
			const path = "extensions.cRLDistributionPoints"
			switch ok := c.extension(pkix.OIDCRLDistributionPoints) != nil || len(c.OCSPServers) > 0; {
			case !ok && (c.selfIssued || c.function == OCSP):
				f.unknown(path, Text{"absent d'un certificat auto-émis ou d'un répondeur OCSP", "absent from a self-issued certificate or an OCSP responder"})
			case !ok:
				f.fails(path, Text{"aucun accès à l'état de révocation", "no access to the revocation status"})
			default:
				f.pass(path, Text{"accès à l'état de révocation", "access to the revocation status"})
			}
		}),
		rule("rgs_a4_ca_ku", "II.1.2", Fail, "autorité : keyCertSign et cRLSign", "authority: keyCertSign and cRLSign", func(c *certificate, f *findings) {
			const path, want = "extensions.keyUsage", uint16(kuKeyCertSign | kuCRLSign)
			switch bits := c.bits(); {
			case !c.ca:
				f.skip(Text{"ce n'est pas une autorité", "this is not an authority"})
			case c.KeyUsage == nil:
				f.unknown(path, Text{"keyUsage absent", "keyUsage absent"})
			case bits&want != want:
				f.fails(path, keyUsageText(bits))
			case bits&^(want|kuDigitalSignature) != 0:
				f.add(Notice, path, Text{keyUsageString(bits) + " : usages de plus que ceux d'une autorité", keyUsageString(bits) + ": more usages than those of an authority"})
			default:
				f.pass(path, keyUsageText(bits))
			}
		}),
		rule("rgs_a4_ca_bc_critical", "II.1.2", Fail, "autorité : basicConstraints critique", "authority: basicConstraints critical", func(c *certificate, f *findings) {
			if !c.ca {
				f.skip(Text{"ce n'est pas une autorité", "this is not an authority"})
				return
			}
			criticality(pkix.OIDBasicConstraints, true, "extensions.basicConstraints", "basicConstraints")(c, f)
		}),
		rule("rgs_a4_ca_pathlen0", "II.1.2", Fail, "autorité qui émet pour des personnes ou des services : pathLenConstraint = 0", "authority that issues to persons or services: pathLenConstraint = 0", func(c *certificate, f *findings) {
			const path = "extensions.basicConstraints.pathLenConstraint"
			switch {
			case !c.ca:
				f.skip(Text{"ce n'est pas une autorité", "this is not an authority"})
			case c.BasicConstraints.PathLen == 0:
				f.pass(path, Text{"pathLenConstraint = 0", "pathLenConstraint = 0"})
			default:
				f.unknown(path, Text{"pathLenConstraint différent de 0 : il faut savoir pour qui l'autorité émet", "pathLenConstraint is not 0: whom the authority issues to must be known"})
			}
		}),
		keyUsageRule(Sign, "II.2.2", "nonRepudiation seul", "nonRepudiation alone"),
		keyUsageRule(Auth, "II.2.2", "digitalSignature seul", "digitalSignature alone"),
		keyUsageRule(AuthSign, "II.2.2", "digitalSignature et nonRepudiation, sans autre", "digitalSignature and nonRepudiation, no other"),
		keyUsageRule(Encrypt, "II.2.2", "keyEncipherment, keyAgreement ou dataEncipherment, un seul", "keyEncipherment, keyAgreement or dataEncipherment, exactly one"),
		keyUsageRule(Seal, "II.3.2", "digitalSignature, nonRepudiation permis", "digitalSignature, nonRepudiation allowed"),
		keyUsageRule(TSU, "II.3.2", "digitalSignature", "digitalSignature"),
		keyUsageRule(OCSP, "II.3.2", "digitalSignature", "digitalSignature"),
		keyUsageRule(Code, "II.3.2", "digitalSignature", "digitalSignature"),
		keyUsageRule(ServerAuth, "II.3.2", "keyEncipherment, digitalSignature ou keyAgreement selon l'échange de clé", "keyEncipherment, digitalSignature or keyAgreement after the key exchange"),
		keyUsageRule(ClientAuth, "II.3.2", "digitalSignature ou keyAgreement, un seul", "digitalSignature or keyAgreement, exactly one"),
		purposeRule(TSU, "II.3.2, A5 VIII.2", pkix.OIDPurposeTimeStamping, true),
		purposeRule(OCSP, "II.3.2", pkix.OIDPurposeOCSPSigning, false),
		purposeRule(Code, "II.3.2", pkix.OIDPurposeCodeSigning, false),
		purposeRule(ServerAuth, "II.3.2", pkix.OIDPurposeServerAuth, false),
		purposeRule(ClientAuth, "II.3.2", pkix.OIDPurposeClientAuth, false),
	}
}

func keyUsageText(bits uint16) Text { s := keyUsageString(bits); return Text{s, s} }

// usageOK says whether bits are those that A4's tables give to a function, and whether it is certain.
func usageOK(f Function, bits uint16) (ok, certain bool) {
	one := func(of uint16) bool { b := bits & of; return b != 0 && b&(b-1) == 0 && bits&^of == 0 }
	const both = uint16(kuDigitalSignature | kuNonRepudiation)
	switch f {
	case Sign:
		return bits == kuNonRepudiation, true
	case Auth:
		return bits == kuDigitalSignature, true
	case AuthSign:
		return bits == both, true
	case Encrypt:
		return one(kuKeyEncipherment | kuDataEncipherment | kuKeyAgreement), true
	case Seal: // nR is allowed beside dS; nR alone is what several qualified seals carry
		return bits == kuDigitalSignature || bits == both, bits != kuNonRepudiation
	case TSU, OCSP, Code: // dS; nR beside it is met on most eIDAS units and is not forbidden in so many words
		return bits == kuDigitalSignature, bits&kuDigitalSignature == 0 || bits == kuDigitalSignature
	case ServerAuth:
		return bits != 0 && bits&^uint16(kuKeyEncipherment|kuDigitalSignature|kuKeyAgreement) == 0, true
	case ClientAuth:
		return one(kuDigitalSignature | kuKeyAgreement), true
	}
	return false, false
}

func keyUsageRule(function Function, clause, fr, en string) *Rule {
	return &Rule{ID: "rgs_a4_ku_" + string(function), Name: "A4 " + clause, Kind: Profil, Clause: "A4 " + clause, Source: AnnexeA4, Evidence: OnCertificate, Fails: Fail,
		Title: Text{"keyUsage pour l'usage " + string(function) + " : " + fr, "keyUsage for " + string(function) + ": " + en},
		check: func(c *certificate, f *findings) {
			const path = "extensions.keyUsage"
			if c.ca || c.function != function {
				f.skip(Text{"autre usage", "other usage"})
				return
			}
			if c.KeyUsage == nil {
				f.unknown(path, Text{"keyUsage absent", "keyUsage absent"})
				return
			}
			bits := c.bits()
			switch ok, certain := usageOK(function, bits); {
			case !certain:
				f.unknown(path, Text{keyUsageString(bits) + " : l'annexe ne tranche pas", keyUsageString(bits) + ": the annex does not settle it"})
			default:
				f.verdict(ok, path, keyUsageText(bits))
			}
		}}
}

// purposeRule asks for one purpose alone. Only a timestamping unit must mark it critical: A4's table says not critical, A5 VIII.2
// and RFC 3161 §2.3 say critical, and the two latter are about this very unit.
func purposeRule(function Function, clause string, oid der.OID, critical bool) *Rule {
	return &Rule{ID: "rgs_a4_eku_" + string(function), Name: "A4 " + clause, Kind: Profil, Clause: "A4 " + clause, Source: AnnexeA4, Evidence: OnCertificate, Fails: Fail,
		Title: Text{"extKeyUsage pour l'usage " + string(function) + ", seul", "extKeyUsage for " + string(function) + ", alone"},
		check: func(c *certificate, f *findings) {
			const path = "extensions.extKeyUsage"
			switch {
			case c.ca || c.function != function:
				f.skip(Text{"autre usage", "other usage"})
			case !c.hasPurpose(oid):
				f.fails(path, Text{"l'usage étendu attendu manque", "the expected extended usage is missing"})
			case len(c.ExtKeyUsage) > 1 && function == TSU:
				f.fails(path, Text{"d'autres usages étendus l'accompagnent", "other extended usages stand beside it"})
			case len(c.ExtKeyUsage) > 1:
				f.unknown(path, Text{"d'autres usages étendus l'accompagnent", "other extended usages stand beside it"})
			case critical && !c.ExtKeyUsageCritical:
				f.fails(path, Text{"extKeyUsage n'est pas critique", "extKeyUsage is not critical"})
			case !critical && c.ExtKeyUsageCritical:
				f.unknown(path, Text{"extKeyUsage est critique, l'annexe le prévoit non critique", "extKeyUsage is critical, the annex has it not critical"})
			default:
				f.pass(path, Text{"extKeyUsage attendu, seul", "expected extKeyUsage, alone"})
			}
		}}
}

// level holds the rule that gives a certificate its level: the offer behind its policy OID.
func level() []*Rule {
	return []*Rule{{ID: "rgs_level_policy", Name: "Niveau de l'offre", Kind: Profil, Clause: "A1 III.1", Source: AnnexeA1, Evidence: OnCertificate, Fails: Fail,
		Title: Text{"niveau de l'offre désignée par la politique de certification", "level of the offer that the certificate policy names"},
		check: func(c *certificate, f *findings) {
			if c.in.Level == 0 {
				f.skip(Text{"aucun niveau n'est demandé", "no level is asked"})
				return
			}
			f.unknown("extensions.certificatePolicies", Text{
				"niveau " + c.in.Level.String() + " demandé : la table des offres (politique, usage, niveau, dates) n'est pas connue, le niveau n'est donc pas établi",
				"level " + c.in.Level.String() + " asked: the table of offers (policy, usage, level, dates) is not known, so the level is not established"})
		}}}
}

// validity holds the rule of A2 and A3 VI.3.2 on how long a holder's certificate lasts.
func validity() []*Rule {
	return []*Rule{{ID: "rgs_a2_validity", Name: "A2 VI.3.2, A3 VI.3.2", Kind: Regle, Clause: "A2/A3 VI.3.2, errata 2016-10-19", Source: AnnexeA2, Evidence: OnCertificate, Fails: Fail,
		Title: Text{"trois ans au plus pour un certificat de personne ou de service, unités d'horodatage exceptées", "at most three years for the certificate of a person or service, timestamping units excepted"},
		check: func(c *certificate, f *findings) {
			const path = "validity"
			days := int(c.NotAfter.Sub(c.NotBefore) / (24 * time.Hour))
			limit := c.NotBefore.AddDate(3, 0, 0)
			switch slack := c.NotAfter.Sub(limit); {
			case c.ca:
				f.skip(Text{"c'est une autorité", "this is an authority"})
			case c.hasPurpose(pkix.OIDPurposeTimeStamping):
				f.skip(Text{"une unité d'horodatage est bornée par la vie de sa clé et par celle de son autorité", "a timestamping unit is bounded by the life of its key and of its authority"})
			case slack > 0 && slack <= 48*time.Hour:
				f.unknown(path, Text{fmt.Sprintf("%d jours : trois ans à deux jours près", days), fmt.Sprintf("%d days: three years to within two days", days)})
			case slack > 0 && c.function == OCSP:
				f.unknown(path, Text{fmt.Sprintf("%d jours pour un répondeur OCSP", days), fmt.Sprintf("%d days for an OCSP responder", days)})
			case slack > 0 && !service(c.function) && !c.hasSubject(pkix.OIDOrganization):
				f.unknown(path, Text{fmt.Sprintf("%d jours : cinq ans sont admis pour un particulier", days), fmt.Sprintf("%d days: five years are allowed for a private person", days)})
			default:
				f.verdict(slack <= 0, path, Text{fmt.Sprintf("%d jours", days), fmt.Sprintf("%d days", days)})
			}
		}}}
}
