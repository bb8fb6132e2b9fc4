package pkitest

import "fmt"

// An Attack is a signed file that no validator may believe, beside a legitimate Twin that every validator must. A validator that
// refuses everything passes no test, so try both:
//
//	attacks, err := pkitest.NewForge().Attacks()
//	for _, a := range attacks {
//		believed(a.Twin, a.TwinContent) // must be true
//		believed(a.File, a.Content)     // must be false
//	}
//
// What "believed" means is in Breaks. [AttackCMS] and [AttackPDF] make attacks of your own files.
type Attack struct {
	// Name is stable: "cms/attribute-swap". What is before the slash is the family.
	Name string
	// Class groups the variants of one idea: "attribute swap".
	Class string
	// Source is where the idea was published, or the clause that the file breaks.
	Source string
	// About says in a sentence what was done.
	About string
	// Breaks says what must not be believed.
	Breaks Breaks

	// File is the attack. Content is the document to give beside when the signature is detached, nil otherwise.
	File, Content []byte
	// Twin and TwinContent are the same of the file that looks most like it and is sound.
	Twin, TwinContent []byte
}

// Breaks says what an attack asks a validator to believe wrongly.
type Breaks int

// What attacks break.
const (
	// BreaksSignature: what is signed, or what a reader will see, is not what the signer signed; or the value is no signature.
	// At least one signature of the file must not be reported as sound: a refusal of the file, no signature reported at all, an
	// algorithm that is not known and an invalid signature will all do.
	BreaksSignature Breaks = iota
	// BreaksTrust: the value verifies under a key, but nothing that the relying party trusts says that the key is the
	// signer's, that it could sign, or that it could at that time. The signature must not be TOTAL-PASSED.
	BreaksTrust
)

// String returns "signature" or "trust".
func (b Breaks) String() string {
	switch b {
	case BreaksSignature:
		return "signature"
	case BreaksTrust:
		return "trust"
	}
	return fmt.Sprintf("Breaks(%d)", int(b))
}
