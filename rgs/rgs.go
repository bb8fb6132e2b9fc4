// Package rgs judges certificates and algorithms by the Référentiel Général de Sécurité, rule by rule, with the clause, the dates
// between which the rule holds, and what was looked at.
//
// Judge a certificate on a date:
//
//	report, err := rgs.Default().Certificate(der, rgs.Input{Time: time.Now(), Function: rgs.Seal})
//	if report.Failed() { report.WriteText(os.Stdout, rgs.French) }
//
// Every rule that was evaluated gives at least one [Finding], passes included. A rule that does not concern the object is
// [NotApplicable], one outside its dates is [NotEffective], one that lacks a fact is [Undetermined] and says which; the first two
// are left out unless Input.All.
//
// Annexe B1 §1.4 says that its rules are generally necessary and never sufficient: a report says which rules an object does not
// respect. It never certifies, and a certificate whose every finding passes has no RGS level for that reason alone.
//
// The package reads certificates itself, leniently: a brainpool or FRP256v1 key, a negative serial or an odd encoding gets
// findings, not an error. It asks nothing of the network or the clock.
package rgs

import "fmt"

// A Level is a level of the RGS: one, two or three stars (RGS v2.0 §3.2; annexe A1).
type Level int

// The levels. The zero Level means that none is asked or known.
const (
	OneStar Level = iota + 1
	TwoStars
	ThreeStars
)

// String returns the stars, "**", or nothing for no level.
func (l Level) String() string {
	if l < OneStar || l > ThreeStars {
		return ""
	}
	return "***"[:l]
}

// MarshalText writes the stars.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the stars, or the digits "1" to "3"; nothing reads as no level.
func (l *Level) UnmarshalText(text []byte) error {
	for level := Level(0); level <= ThreeStars; level++ {
		if string(text) == level.String() || string(text) == fmt.Sprint(int(level)) {
			*l = level
			return nil
		}
	}
	return fmt.Errorf("rgs: a level is *, ** or ***, not %q", text)
}

// A Function is a security function of the RGS that a certificate serves (annexes A2 and A3).
type Function string

// The functions.
const (
	Sign       Function = "sign"        // signature électronique d'une personne
	Auth       Function = "auth"        // authentification d'une personne
	AuthSign   Function = "auth_sign"   // double usage, one and two stars
	Encrypt    Function = "encrypt"     // confidentialité
	Seal       Function = "seal"        // cachet d'un service
	ServerAuth Function = "server_auth" // authentification serveur
	ClientAuth Function = "client_auth" // authentification serveur, côté client
	TSU        Function = "tsu"         // unité d'horodatage
	OCSP       Function = "ocsp"        // répondeur OCSP
	Code       Function = "code"        // signature de code
)

// Functions lists every Function.
var functions = []Function{Sign, Auth, AuthSign, Encrypt, Seal, ServerAuth, ClientAuth, TSU, OCSP, Code}

// ParseFunction reads a function's name.
func ParseFunction(name string) (Function, error) {
	for _, f := range functions {
		if string(f) == name {
			return f, nil
		}
	}
	return "", fmt.Errorf("rgs: no function %q; they are %v", name, functions)
}
