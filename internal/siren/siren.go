// Package siren checks the numbers of the French register of enterprises (SIRENE): 9 digits for a legal unit, 14 for one of its
// establishments. It allocates nothing.
package siren

// ValidSIREN reports whether s is nine ASCII digits whose Luhn sum is a multiple of 10, zero excepted.
func ValidSIREN[T string | []byte](s T) bool {
	return len(s) == 9 && digits(s) && luhn(s) && !zero(s)
}

// ValidSIRET reports whether s is fourteen ASCII digits that begin with a valid SIREN and have a valid key: the Luhn sum, or for
// La Poste's establishments, its head office excepted, a sum of digits that is a multiple of 5.
func ValidSIRET[T string | []byte](s T) bool {
	if len(s) != 14 || !digits(s) || !luhn(s[:9]) || zero(s[:9]) {
		return false
	}
	if string(s[:9]) == laPoste && string(s) != laPosteHeadOffice {
		sum := 0
		for i := range len(s) {
			sum += int(s[i] - '0')
		}
		return sum%5 == 0
	}
	return luhn(s)
}

const (
	laPoste           = "356000000"
	laPosteHeadOffice = "35600000000048"
)

func digits[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func zero[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

// luhn doubles every second digit from the right (ISO/IEC 7812-1, annex B).
func luhn[T string | []byte](s T) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
