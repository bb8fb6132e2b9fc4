package cades_test

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// region names a part of a signed file in which a flipped bit may leave the signature sound.
type region struct {
	name       string
	start, end int
}

// tolerated are the regions that no signature covers: EN 319 122-1 §5 has no rule that they must be intact, and what is read
// of the signature stays what was signed.
func tolerated(t testing.TB, signed, signerCertificate []byte) (regions []region) {
	sd, _, err := cms.Parse(signed)
	require.NoError(t, err)
	at := func(part []byte) int {
		i := bytes.Index(signed, part)
		require.GreaterOrEqual(t, i, 0)
		return i
	}
	for _, c := range sd.Certificates {
		if !bytes.Equal(c, signerCertificate) {
			regions = append(regions, region{"certificate that is not the signer's", at(c), at(c) + len(c)})
		}
	}
	si := sd.SignerInfos[0]
	if raw := si.RawUnsignedAttributes; raw != nil {
		regions = append(regions, region{"unsigned attributes", at(raw), at(raw) + len(raw)})
	}
	// The name of the issuer in the signer identifier is compared as RFC 5280 §7.1 says: the case of a letter and the type of a
	// string are no difference. The certificate is still named by digest, in a signed attribute.
	issuer := at(si.Raw) + bytes.Index(si.Raw, si.SID.RawIssuer)
	regions = append(regions, region{"case or string type in the signer identifier's issuer", issuer, issuer + len(si.SID.RawIssuer)})
	return regions
}

func regionOf(regions []region, at int) string {
	for _, r := range regions {
		if r.start <= at && at < r.end {
			return r.name
		}
	}
	return ""
}

// flips turns every step-th bit of a small CAdES and returns the octets in which one leaves what is read sound, by region.
func flips(t *testing.T, key pkitest.KeyType, level ades.Level, step int) map[string][]int {
	h := sharedHouse()
	id := h.leaf(key)
	signed := sign(t, signer(t, id), cades.Options{Level: level, Authority: h.tsa})
	regions := tolerated(t, signed, id.DER)
	original := read(t, signed, nil).Signatures[0]
	accepted := map[string][]int{}
	for bit := 0; bit < 8*len(signed); bit += step {
		flipped := bytes.Clone(signed)
		flipped[bit/8] ^= 1 << (bit % 8)
		var inside bytes.Buffer
		doc, err := cades.Read(t.Context(), ades.Bytes(flipped), cades.ReadOptions{Content: &inside})
		if err != nil || len(doc.Signatures) == 0 || !isSound(doc, &doc.Signatures[0]) {
			continue
		}
		now := doc.Signatures[0]
		where := regionOf(regions, bit/8)
		require.NotEmpty(t, where, "bit %d, octet %d (0x%02x): nothing says that it may change", bit, bit/8, signed[bit/8])
		accepted[where] = append(accepted[where], bit/8)
		require.Equal(t, original.Value, now.Value)
		require.Equal(t, original.ToBeSigned, now.ToBeSigned)
		require.Equal(t, content, inside.Bytes())
		require.Equal(t, original.SigningCertificate[0].Value, now.SigningCertificate[0].Value)
		require.Equal(t, id.DER, signerOf(doc, &now))
	}
	return accepted
}

func signerOf(doc *facts.Document, s *facts.Signature) []byte {
	return doc.Certificate(s.SigningCertificate[0].Matches[0]).Raw
}

// describeFlips lists every octet in which a flip was tolerated, as ranges.
func describeFlips(accepted map[string][]int) string {
	var lines []string
	for where, octets := range accepted {
		line := fmt.Sprintf("\n  %s: %d flips, in octets", where, len(octets))
		for from := 0; from < len(octets); {
			to := from
			for to+1 < len(octets) && octets[to+1] <= octets[to]+1 {
				to++
			}
			line += fmt.Sprintf(" %d-%d", octets[from], octets[to])
			from = to + 1
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// A sample of the bits: each octet once, each time another bit of it. The sweep of all is under the tag sweep.
func TestFlippedBits(t *testing.T) {
	for _, key := range []pkitest.KeyType{pkitest.P256, pkitest.RSA2048} {
		for _, level := range []ades.Level{ades.BaselineB, ades.BaselineT} {
			accepted := flips(t, key, level, 9)
			t.Log(key, level, describeFlips(accepted))
			require.NotEmpty(t, accepted, "flips in the issuer's certificate leave the signature what it is")
		}
	}
}
