package fr

import (
	"errors"

	"github.com/cadre-confiance/confiance/identity"
	"github.com/cadre-confiance/confiance/internal/sealed"
	"github.com/cadre-confiance/confiance/internal/siren"
)

// sirene is how people write the numbers: groups of three digits, with a space of any width, a full stop or a hyphen.
const sirene = " \u00a0\u202f.-"

// SIREN numbers a legal unit of the register SIRENE (code de commerce, art. R. 123-221): 9 digits with a Luhn key, in groups of three for
// people. It names a company, an association, a public body; it is public by law, that of a sole trader included.
var SIREN = identity.MustScheme(identity.Definition{
	Name:       "fr.siren",
	Title:      "Numéro SIREN",
	Country:    "FR",
	Source:     "INSEE, répertoire SIRENE",
	Separators: sirene,
	Check:      checkSIREN[string],
	CheckBytes: checkSIREN[[]byte],
	Layout:     func(v string) string { return v[:3] + " " + v[3:6] + " " + v[6:] },
})

// SIRET numbers an establishment: the 9 digits of its legal unit, 5 of its own (NIC), a Luhn key over the 14, except La Poste's
// establishments whose digits add up to a multiple of 5 (356 000 000, its head office apart). For people: "732 829 320 00074".
var SIRET = identity.MustScheme(identity.Definition{
	Name:       "fr.siret",
	Title:      "Numéro SIRET",
	Country:    "FR",
	Source:     "INSEE, répertoire SIRENE",
	Separators: sirene,
	Check:      checkSIRET[string],
	CheckBytes: checkSIRET[[]byte],
	Layout:     func(v string) string { return v[:3] + " " + v[3:6] + " " + v[6:9] + " " + v[9:] },
})

func checkSIREN[T string | []byte](v T) error { return faultOf(siren.CheckSIREN(v), v) }
func checkSIRET[T string | []byte](v T) error { return faultOf(siren.CheckSIRET(v), v) }

func faultOf[T string | []byte](f siren.Fault, v T) error {
	switch f {
	case siren.None:
		return nil
	case siren.Length:
		return lengthOrFormat(v)
	case siren.Digits:
		return identity.ErrFormat
	case siren.Zeros:
		return identity.ErrComponent
	}
	return identity.ErrChecksum
}

// lengthOrFormat tells a number that is cut or continued from one with something else in it, which is the better answer to separators
// and white space. Longer inputs are not looked at.
func lengthOrFormat[T string | []byte](v T) error {
	if len(v) > 64 {
		return identity.ErrLength
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return identity.ErrFormat
		}
	}
	return identity.ErrLength
}

var errNotSIRET = errors.New("fr: not a SIRET")

// SIRENOf returns the SIREN of the legal unit that an establishment belongs to. It fails for anything but a SIRET.
func SIRENOf(siret identity.ID) (identity.ID, error) {
	v, ok := sealed.Of(siret)
	if !ok || siret.Scheme() != SIRET {
		return identity.ID{}, errNotSIRET
	}
	return SIREN.Parse(v[:9])
}
