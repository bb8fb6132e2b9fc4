// Package ades says how one signs: the level wanted, who signs, which document, and the state kept between the two steps of a
// remote signature. The formats (cades, pades) and the façade (signature) share these words.
//
// A key held here:
//
//	signer, err := ades.FromKey(key, chain) // any crypto.Signer: a file, an HSM, a KMS
//
// A document, without loading it:
//
//	document, err := ades.OpenDocument("deliberation.pdf")
//	defer document.Close()
package ades

import "fmt"

// A Level is a baseline level of the AdES formats: EN 319 122-1 §6, EN 319 142-1 §6.
type Level int

// The baseline levels, each containing those before it.
const (
	BaselineB   Level = iota + 1 // signature with its signed attributes
	BaselineT                    // B and a timestamp over the signature value
	BaselineLT                   // T and the validation data
	BaselineLTA                  // LT and a timestamp over all of it, renewable
)

// String returns the standard's short name, "B-T".
func (l Level) String() string {
	switch l {
	case BaselineB:
		return "B-B"
	case BaselineT:
		return "B-T"
	case BaselineLT:
		return "B-LT"
	case BaselineLTA:
		return "B-LTA"
	}
	return fmt.Sprintf("Level(%d)", int(l))
}
