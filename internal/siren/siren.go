// Package siren checks the numbers of the French register of enterprises (SIRENE): 9 digits for a legal unit, 14 for one of its
// establishments. It allocates nothing, and refuses an input of the wrong length without reading it.
package siren

// A Fault is what is wrong with a number.
type Fault uint8

const (
	None     Fault = iota
	Length         // not 9, or 14, characters
	Digits         // something else than ASCII digits
	Zeros          // the SIREN is all zeros, which satisfies its key and is attributed to nobody
	Checksum       // the key does not fit
)

// ValidSIREN reports whether s is nine ASCII digits whose Luhn sum is a multiple of 10, zero excepted.
func ValidSIREN[T string | []byte](s T) bool { return CheckSIREN(s) == None }

// ValidSIRET reports whether s is fourteen ASCII digits that begin with a valid SIREN and have a valid key: the Luhn sum, or for
// La Poste's establishments, its head office excepted, a sum of digits that is a multiple of 5.
func ValidSIRET[T string | []byte](s T) bool { return CheckSIRET(s) == None }

// CheckSIREN says what is wrong with a SIREN.
func CheckSIREN[T string | []byte](s T) Fault {
	if len(s) != 9 {
		return Length
	}
	luhn, _, zeros, fault := sums(s)
	switch {
	case fault != None:
		return fault
	case zeros == 9:
		return Zeros
	case luhn%10 != 0:
		return Checksum
	}
	return None
}

// CheckSIRET says what is wrong with a SIRET.
func CheckSIRET[T string | []byte](s T) Fault {
	if len(s) != 14 {
		return Length
	}
	luhn, plain, _, fault := sums(s)
	if fault != None {
		return fault
	}
	if fault := CheckSIREN(s[:9]); fault != None {
		return fault
	}
	if string(s[:9]) == laPoste && string(s) != laPosteHeadOffice {
		if plain%5 != 0 {
			return Checksum
		}
		return None
	}
	if luhn%10 != 0 {
		return Checksum
	}
	return None
}

const (
	laPoste           = "356000000"
	laPosteHeadOffice = "35600000000048"
)

// doubled is a digit times two, its own digits added (ISO/IEC 7812-1, annex B).
const doubled = "\x00\x02\x04\x06\x08\x01\x03\x05\x07\x09"

// sums adds the digits: as Luhn does, every second one from the right doubled, and as they are. It also counts the zeros.
func sums[T string | []byte](s T) (luhn, plain, zeros int, fault Fault) {
	odd := len(s)&1 == 0 // whether the digit at hand is doubled
	for i := 0; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, 0, 0, Digits
		}
		if d == 0 {
			zeros++
		}
		plain += int(d)
		if odd {
			d = doubled[d]
		}
		luhn += int(d)
		odd = !odd
	}
	return luhn, plain, zeros, None
}
