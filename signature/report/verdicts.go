package report

import (
	"fmt"
	"slices"

	"github.com/cadre-confiance/confiance/signature/validation"
)

var unreadable = text{"Le fichier n'a pas pu être lu.", "The file could not be read."}

// verdictOf is the verdict on a file: that of its weakest signature.
func verdictOf(c *validation.Conclusion) Verdict {
	verdict := Valid
	for i := range c.Signatures {
		switch one := verdictOn(&c.Signatures[i]); one {
		case Invalid:
			return Invalid
		case Indeterminate:
			verdict = one
		}
	}
	if len(c.Signatures) == 0 {
		return None
	}
	return verdict
}

func verdictOn(c *validation.SignatureConclusion) Verdict {
	switch {
	case c.Indication == validation.TotalFailed, c.Crypto == validation.CryptoInvalid:
		return Invalid
	case c.Indication == validation.TotalPassed:
		return Valid
	}
	return Indeterminate
}

// verdict is that of one signature, in the same words as that of a file.
func (s *Signature) verdict() Verdict {
	return verdictOn(&validation.SignatureConclusion{Crypto: s.Crypto, Verdict: validation.Verdict{Indication: s.Indication}})
}

func (t *Timestamp) verdict() Verdict {
	switch {
	case t.Indication == validation.Failed, t.Crypto == validation.CryptoInvalid:
		return Invalid
	case t.Indication == validation.Passed:
		return Valid
	}
	return Indeterminate
}

var signatureVerdicts = map[Verdict]text{
	Valid:         {"Signature valide", "Valid signature"},
	Invalid:       {"Signature non valide", "Signature not valid"},
	Indeterminate: {"Validité indéterminée", "Validity undetermined"},
}

var timestampVerdicts = map[Verdict]text{
	Valid:         {"Horodatage valide", "Valid timestamp"},
	Invalid:       {"Horodatage non valide", "Timestamp not valid"},
	Indeterminate: {"Horodatage de validité indéterminée", "Timestamp of undetermined validity"},
}

// shortVerdicts are for where what is judged was just named.
var shortVerdicts = map[Verdict]text{
	Valid: {"valide", "valid"}, Invalid: {"non valide", "not valid"}, Indeterminate: {"indéterminée", "undetermined"},
}

// shortTokenVerdicts agree with "horodatage".
var shortTokenVerdicts = map[Verdict]text{
	Valid: {"valide", "valid"}, Invalid: {"non valide", "not valid"}, Indeterminate: {"indéterminé", "undetermined"},
}

// short is the verdict on a signature in a word.
func (r *Report) short(s *Signature) string {
	word := shortVerdicts[s.verdict()].in(r.prose.language)
	if s.reserved {
		word += reserve.in(r.prose.language)
	}
	return word
}

// shortToken is the verdict on a timestamp in a word.
func (r *Report) shortToken(t *Timestamp) string {
	word := shortTokenVerdicts[t.verdict()].in(r.prose.language)
	if t.reserved {
		word += reserve.in(r.prose.language)
	}
	return word
}

// reserveChecks are those that a caller may tell to pass although nothing proves what they ask. A pass is then with a reserve.
var reserveChecks = []string{"revocation.available", "revocation.acceptable", "chain.anchor-given"}

var reserveWords = map[string]text{
	"revocation.available": {"Réserve : rien n'indique si les certificats ont été révoqués.", "Reserve: nothing says whether the certificates were revoked."},
	"revocation.acceptable": {"Réserve : ce qui dit si les certificats ont été révoqués n'est pas recevable.",
		"Reserve: what says whether the certificates were revoked is not acceptable."},
	"chain.anchor-given": {"Réserve : la confiance vient du fichier lui-même, que n'importe qui peut avoir fabriqué.",
		"Reserve: the trust comes from the file itself, which anybody can have made."},
}

// hasReserve reports whether a signature passed only because the caller accepted what nothing proves.
func hasReserve(blocks []validation.Block) bool {
	return slices.ContainsFunc(reserveChecks, func(check string) bool { return isDoubted(blocks, check) })
}

func isDoubted(blocks []validation.Block, check string) bool {
	return slices.ContainsFunc(blocks, func(block validation.Block) bool {
		return slices.ContainsFunc(block.Checks, func(c validation.Check) bool { return c.ID == check && c.Status != validation.Held })
	})
}

var reserve = text{", sous réserve", ", with a reserve"}

// undetermined says what the word means to someone who meets it for the first time.
var undetermined = text{
	"Indéterminée ne veut pas dire fausse : il manque de quoi conclure.",
	"Undetermined does not mean false: something is missing to conclude.",
}

func (b *builder) signatureWords(c *validation.SignatureConclusion, a about) Words {
	verdict := verdictOn(c)
	w := newWords(signatureVerdicts[verdict].in(b.language))
	if verdict == Valid && hasReserve(c.Blocks) {
		w.Verdict += reserve.in(b.language)
	}
	b.explain(c.Verdict, c.Blocks, a, &w)
	return w
}

func (b *builder) timestampWords(c *validation.TimestampConclusion, a about) Words {
	one := Timestamp{Indication: c.Indication, Crypto: c.Crypto}
	w := newWords(timestampVerdicts[one.verdict()].in(b.language))
	if one.verdict() == Valid && hasReserve(c.Blocks) {
		w.Verdict += reserve.in(b.language)
	}
	b.explain(c.Verdict, c.Blocks, a, &w)
	return w
}

var (
	aSignature  = text{"signature", "signature"}
	signatures  = text{"signatures", "signatures"}
	aTimestamp  = text{"horodatage", "timestamp"}
	timestamps  = text{"horodatages", "timestamps"}
	noSignature = text{"Aucune signature dans ce fichier", "No signature in this file"}
)

// fileWords sums a file up: how many signatures are what.
func (b *builder) fileWords(c *validation.Conclusion) Words {
	count := map[Verdict]int{}
	reserved := false
	for i := range c.Signatures {
		count[verdictOn(&c.Signatures[i])]++
		reserved = reserved || c.Signatures[i].Passed() && hasReserve(c.Signatures[i].Blocks)
	}
	l, n := b.language, len(c.Signatures)
	w := newWords("")
	switch {
	case n == 0:
		w.Verdict = noSignature.in(l)
		switch tokens := len(c.Timestamps); {
		case tokens == 1 && len(b.Timestamps) == 1:
			w.Verdict += text{" ; ", "; "}.in(l) + uncapital(b.Timestamps[0].Words.Verdict)
		case tokens > 0:
			w.Verdict += text{" ; ", "; "}.in(l) + plural(l, tokens, aTimestamp, timestamps)
		}
	case n == 1:
		w.Verdict = signatureVerdicts[b.Report.Verdict].in(l)
	case b.Report.Verdict == Valid:
		w.Verdict = fmt.Sprintf(text{"Les %d signatures sont valides", "All %d signatures are valid"}.in(l), n)
	case b.Report.Verdict == Invalid && count[Invalid] == n:
		w.Verdict = fmt.Sprintf(text{"Aucune des %d signatures n'est valide", "None of the %d signatures is valid"}.in(l), n)
	case b.Report.Verdict == Invalid && count[Invalid] == 1:
		w.Verdict = fmt.Sprintf(text{"Une signature sur %d n'est pas valide", "One of %d signatures is not valid"}.in(l), n)
	case b.Report.Verdict == Invalid:
		w.Verdict = fmt.Sprintf(text{"%d signatures sur %d ne sont pas valides", "%d of %d signatures are not valid"}.in(l), count[Invalid], n)
	case count[Indeterminate] == 1:
		w.Verdict = fmt.Sprintf(text{"Une signature sur %d est de validité indéterminée", "One of %d signatures is of undetermined validity"}.in(l), n)
	default:
		w.Verdict = fmt.Sprintf(text{"%d signatures sur %d sont de validité indéterminée", "%d of %d signatures are of undetermined validity"}.in(l), count[Indeterminate], n)
	}
	switch {
	case b.Report.Verdict == Valid && reserved:
		w.Verdict += reserve.in(l)
		for _, check := range reserveChecks {
			for i := range c.Signatures {
				if isDoubted(c.Signatures[i].Blocks, check) {
					w.Notes = add(w.Notes, reserveWords[check].in(l))
					break
				}
			}
		}
	case b.Report.Verdict == Indeterminate:
		w.Notes = add(w.Notes, undetermined.in(l))
	}
	return w
}
