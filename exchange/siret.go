package exchange

import (
	"fmt"

	"github.com/cadre-confiance/confiance/internal/siren"
)

// A SIRET is the 14-digit number of an establishment, by which plis are addressed. It names an organisation, never a person.
type SIRET string

// ParseSIRET checks the digits and the key (La Poste's rule included). The error does not repeat its input.
func ParseSIRET(s string) (SIRET, error) {
	if !siren.ValidSIRET(s) {
		return "", fmt.Errorf("%w: a SIRET has 14 digits and a valid key", ErrOptions)
	}
	return SIRET(s), nil
}

// SIREN returns the nine digits of the legal unit.
func (s SIRET) SIREN() string {
	if len(s) < 9 {
		return ""
	}
	return string(s[:9])
}

func (s SIRET) valid() bool { return siren.ValidSIRET(string(s)) }
