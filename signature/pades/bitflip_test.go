package pades_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// flipped is a small signed document: three revisions, of which the last is signed at level B-T.
func flipped(t testing.TB) []byte {
	w := theWorld()
	var out bytes.Buffer
	require.NoError(t, pades.Sign(t.Context(), &out, ades.Bytes(sample(t, "objstm.pdf")), w.signer(t, w.leaf), pades.Options{
		Time: pkitest.DefaultTime, Level: ades.BaselineT, Authority: w.tsa, Reason: "Approuvé",
	}))
	return out.Bytes()
}

// TestBitFlips flips bits of a signed document, one at a time. No flip under the signature leaves it sound; inside /Contents,
// which nobody can sign, it may only where the same signature, by the same signer, over the same octets, is still read:
//
//   - the case of a hexadecimal digit, a to f;
//   - unsigned attributes, here the timestamp: its own reading then says that it is wrong, or shows what changed;
//   - certificates that the signature does not need: the chain above the signer's;
//   - structure with no meaning: the versions, the list of digest algorithms, and in the SignerInfo the issuer's name, which
//     designates the same certificate in capitals or as another type of string.
//
// Digits of the padding never do: what follows the value must be zero. All bits are flipped with the tag sweep, one in
// flipStep otherwise.
func TestBitFlips(t *testing.T) {
	b := flipped(t)
	honest := read(t, b)
	require.Equal(t, "valid", stands(honest, &honest.Signatures[0]))
	gap, after := honest.Signatures[0].ByteRange[1], honest.Signatures[0].ByteRange[2]
	message := messageLength(t, b[gap+1:after-1])
	tolerated := map[string][]int64{}
	for bit := 0; bit < len(b)*8; bit += flipStep {
		at := int64(bit / 8)
		changed := bytes.Clone(b)
		changed[at] ^= 1 << (bit % 8)
		doc, err := pades.Read(t.Context(), ades.Bytes(changed))
		// Level PKCS7: the signing-certificate attribute names no certificate of the file, which is then another signer's.
		if err != nil || len(doc.Signatures) == 0 || stands(doc, &doc.Signatures[0]) != "valid" || doc.Signatures[0].Level == "PKCS7" {
			continue
		}
		where := fmt.Sprintf("bit %d of octet %d", bit%8, at)
		if at < gap || at >= after {
			require.EqualValues(t, len(b)-1, at, where) // the end of line after %%EOF, when it becomes other white space
			t.Fatalf("%s is under the signature and can be flipped", where)
		}
		require.Less(t, at-gap-1, int64(2*message), "%s is in the padding and can be flipped", where)
		require.Equal(t, signedPart(honest), signedPart(doc), where)
		name := class(b[at], changed[at], honest, doc)
		tolerated[name] = append(tolerated[name], at)
	}
	for name, octets := range tolerated {
		t.Logf("%s: %d flips, in octets%s", name, len(octets), ranges(octets))
		require.Contains(t, []string{"case of a digit", "timestamp", "certificate that is not the signer's", "structure with no meaning"}, name)
	}
}

// ranges lists positions, in order, as ranges.
func ranges(octets []int64) (list string) {
	for from := 0; from < len(octets); {
		to := from
		for to+1 < len(octets) && octets[to+1] <= octets[to]+1 {
			to++
		}
		list += fmt.Sprintf(" %d-%d", octets[from], octets[to])
		from = to + 1
	}
	return list
}

// signedPart is what must not change.
func signedPart(doc *facts.Document) string {
	s := doc.Signatures[0]
	return fmt.Sprintf("%x %x %v %v %v %v", s.ToBeSigned, s.Value, s.Candidates, s.References[0].Computed, s.SignatureAlgorithm, s.ByteRange)
}

// class names why a flip is tolerated.
func class(was, is byte, honest, doc *facts.Document) string {
	if was^is == 0x20 {
		return "case of a digit"
	}
	if fmt.Sprint(honest.Timestamps) != fmt.Sprint(doc.Timestamps) || fmt.Sprint(honest.Signatures[0].UnsignedAttributes) != fmt.Sprint(doc.Signatures[0].UnsignedAttributes) {
		return "timestamp"
	}
	if len(honest.Certificates) != len(doc.Certificates) || fmt.Sprint(honest.Certificates) != fmt.Sprint(doc.Certificates) {
		return "certificate that is not the signer's"
	}
	return "structure with no meaning"
}

// messageLength is how many octets of a hexadecimal text are before its trailing zeros, the last element complete.
func messageLength(t testing.TB, text []byte) int {
	trimmed := bytes.TrimRight(text, "0")
	return (len(trimmed) + 1) / 2
}
