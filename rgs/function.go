package rgs

import (
	"slices"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// function holds the rules on what a certificate is for, when somebody asks: the wrong certificate in the right place is refused
// however well it is made.
func function() []*Rule {
	const path = "extensions.keyUsage"
	return []*Rule{
		{ID: "rgs_function", Name: "Fonction demandée", Kind: Profil, Clause: "A4 II.2.2, II.3.2", Source: AnnexeA4, Evidence: OnCertificate, Fails: Fail,
			Title: Text{"le certificat sert la fonction demandée", "the certificate serves the function asked"},
			check: func(c *certificate, f *findings) {
				asked := string(c.in.Function)
				switch {
				case asked == "":
					f.skip(Text{"aucune fonction n'est demandée", "no function is asked"})
				case c.ca:
					f.fails("extensions.basicConstraints", Text{"c'est une autorité, qui ne sert aucune fonction", "this is an authority, which serves no function"})
				case slices.Contains(c.usages, c.in.Function):
					f.pass(path, Text{"le certificat montre l'usage " + asked, "the certificate shows the usage " + asked})
				case c.couldBe(c.in.Function):
					f.unknown(path, Text{"rien dans le certificat ne distingue l'usage " + asked + " de " + string(c.usages[0]),
						"nothing in the certificate tells the usage " + asked + " from " + string(c.usages[0])})
				case len(c.usages) == 0:
					f.fails(path, Text{"le certificat ne montre aucun usage", "the certificate shows no usage"})
				default:
					f.fails(path, Text{"usage " + asked + " demandé, le certificat montre " + string(c.usages[0]), "usage " + asked + " asked, the certificate shows " + string(c.usages[0])})
				}
			}},
		{ID: "rgs_a2_double_usage", Name: "A2 I.1.1", Kind: Regle, Clause: "A2 I.1.1, A1 III.1", Source: AnnexeA2, Levels: []Level{ThreeStars}, Evidence: OnCertificate, Fails: Fail,
			Title: Text{"pas de double usage, authentification et signature, à trois étoiles", "no double usage, authentication and signature, at three stars"},
			check: func(c *certificate, f *findings) {
				const both = uint16(kuDigitalSignature | kuNonRepudiation)
				switch {
				case c.in.Level != ThreeStars:
					f.skip(Text{"trois étoiles ne sont pas demandées", "three stars are not asked"})
				case c.ca || service(c.function):
					f.skip(Text{"ce n'est pas le certificat d'une personne", "this is not the certificate of a person"})
				default:
					f.verdict(c.bits()&both != both, path, keyUsageText(c.bits()))
				}
			}},
	}
}

// couldBe says that the usages fit a function that they also fit less well: the profile of annexe A4 tells the seal of an
// organisation from the certificate of a person by names that are only read by people.
func (c *certificate) couldBe(f Function) bool {
	if len(c.usages) == 0 || c.hasSubject(pkix.OIDGivenName) || c.hasSubject(pkix.OIDSurname) || c.hasSubject(pkix.OIDPseudonym) {
		return false
	}
	switch c.usages[0] {
	case Auth, Sign, AuthSign:
		return f == Seal
	}
	return false
}
