package cades_test

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func TestAddSigner(t *testing.T) {
	h := sharedHouse()
	for _, detached := range []bool{false, true} {
		for _, second := range []pkitest.KeyType{pkitest.RSA2048, pkitest.P256, pkitest.Ed25519, pkitest.P384} {
			t.Run(fmt.Sprintf("detached %v, %s", detached, second), func(t *testing.T) {
				first := sign(t, signer(t, h.leaf(pkitest.P256)), cades.Options{Level: ades.BaselineT, Authority: h.tsa, Detached: detached})
				var beside *ades.Document
				if detached {
					beside = ades.Bytes(content)
				}
				var out bytes.Buffer
				co := h.ca.Leaf("Première adjointe", second)
				o := cades.Options{Time: signingTime, Level: ades.BaselineT, Authority: h.tsa}
				require.NoError(t, cades.AddSigner(t.Context(), &out, ades.Bytes(first), beside, signer(t, co), o))
				doc := read(t, out.Bytes(), beside)
				require.Len(t, doc.Signatures, 2)
				require.Len(t, doc.Timestamps, 2)
				for i := range doc.Signatures {
					require.True(t, isSound(doc, &doc.Signatures[i]))
					require.Equal(t, "B-T", doc.Signatures[i].Level)
				}
				require.Contains(t, out.String(), string(signerInfo(t, first)), "the first signature is there octet for octet")

				// And a third.
				var third bytes.Buffer
				require.NoError(t, cades.AddSigner(t.Context(), &third, ades.Bytes(out.Bytes()), beside, signer(t, h.ca.Leaf("Secrétaire")), cades.Options{Time: signingTime}))
				doc = read(t, third.Bytes(), beside)
				require.Len(t, doc.Signatures, 3)
				for i := range doc.Signatures {
					require.True(t, isSound(doc, &doc.Signatures[i]))
				}
			})
		}
	}
}

// signerInfo is the first signature of a file as it is there.
func signerInfo(t testing.TB, signed []byte) []byte {
	sd, _, err := cms.Parse(signed)
	require.NoError(t, err)
	return sd.SignerInfos[0].Raw
}

func TestAddSignerRefuses(t *testing.T) {
	h := sharedHouse()
	s := signer(t, h.leaf(pkitest.P256))
	attached, detached := sign(t, s, cades.Options{}), sign(t, s, cades.Options{Detached: true})
	sums, err := ades.Bytes(content).Digests(t.Context(), crypto.SHA256)
	require.NoError(t, err)
	known, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: sums[crypto.SHA256], Size: -1})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		file   []byte
		beside *ades.Document
		key    pkitest.KeyType
		want   error
	}{
		"another document":          {detached, ades.Bytes([]byte("Autre délibération")), pkitest.P256, ades.ErrOtherDocument},
		"no document":               {detached, nil, pkitest.P256, cades.ErrOptions},
		"a document twice":          {attached, ades.Bytes(content), pkitest.P256, cades.ErrOptions},
		"a digest of another kind":  {detached, known, pkitest.Ed25519, cades.ErrOptions},
		"a PDF":                     {[]byte("%PDF-1.7"), nil, pkitest.P256, cades.ErrNotCMS},
		"nothing":                   {nil, nil, pkitest.P256, cades.ErrNotCMS},
		"cut":                       {attached[:len(attached)-3], nil, pkitest.P256, cades.ErrNotCMS},
		"an expired certificate":    {attached, nil, -1, cades.ErrExpired},
		"a digest, and its content": {detached, known, pkitest.P256, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var chosen ades.Signer
			if c.key < 0 {
				chosen = neverSigns{signer(t, h.ca.Leaf("Ancienne maire", pkitest.Expired())), t}
			} else if chosen = signer(t, h.leaf(c.key)); c.want != nil {
				chosen = neverSigns{chosen, t}
			}
			var out bytes.Buffer
			err := cades.AddSigner(t.Context(), &out, ades.Bytes(c.file), c.beside, chosen, cades.Options{Time: signingTime})
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.want)
			require.Zero(t, out.Len())
		})
	}
}

func TestExtend(t *testing.T) {
	h := sharedHouse()
	for _, detached := range []bool{false, true} {
		first := sign(t, signer(t, h.leaf(pkitest.RSA2048)), cades.Options{Detached: detached})
		var beside *ades.Document
		if detached {
			beside = ades.Bytes(content)
		}
		var two bytes.Buffer
		require.NoError(t, cades.AddSigner(t.Context(), &two, ades.Bytes(first), beside, signer(t, h.leaf(pkitest.P384)), cades.Options{Time: signingTime}))

		extend := func(file []byte, ids ...string) ([]byte, error) {
			var out bytes.Buffer
			err := cades.Extend(t.Context(), &out, ades.Bytes(file), cades.ExtendOptions{Level: ades.BaselineT, Authority: h.tsa, Signatures: ids})
			return out.Bytes(), err
		}
		levels := func(file []byte) (levels []string) {
			doc := read(t, file, beside)
			for i := range doc.Signatures {
				require.True(t, isSound(doc, &doc.Signatures[i]))
				levels = append(levels, doc.Signatures[i].Level)
			}
			for _, token := range doc.Timestamps {
				require.True(t, token.References[1].Intact)
			}
			return levels
		}
		require.Equal(t, []string{"B-B", "B-B"}, levels(two.Bytes()))
		one, err := extend(two.Bytes(), "S-1")
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"B-T", "B-B"}, levels(one))
		both, err := extend(one)
		require.NoError(t, err)
		require.Equal(t, []string{"B-T", "B-T"}, levels(both))
		again, err := extend(both)
		require.NoError(t, err)
		require.Equal(t, both, again, "what has the level already is left alone")
		_, err = extend(both, "S-3")
		require.ErrorIs(t, err, cades.ErrOptions)
		_, err = extend([]byte("rien"))
		require.ErrorIs(t, err, cades.ErrNotCMS)
	}
	signed := sign(t, signer(t, h.leaf(pkitest.P256)), cades.Options{})
	err := cades.Extend(t.Context(), io.Discard, ades.Bytes(signed), cades.ExtendOptions{Level: ades.BaselineLTA, Authority: h.tsa})
	require.ErrorIs(t, err, cades.ErrOptions)
	err = cades.Extend(t.Context(), io.Discard, ades.Bytes(signed), cades.ExtendOptions{Level: ades.BaselineT})
	require.ErrorIs(t, err, cades.ErrOptions)

	// A value that is wrong is not worth a timestamp.
	sd, _, err := cms.Parse(signed)
	require.NoError(t, err)
	at := bytes.Index(signed, sd.SignerInfos[0].Signature)
	forged := bytes.Clone(signed)
	forged[at+10] ^= 1
	err = cades.Extend(t.Context(), io.Discard, ades.Bytes(forged), cades.ExtendOptions{Level: ades.BaselineT, Authority: h.tsa})
	require.ErrorIs(t, err, ades.ErrWrongValue)
}

func TestArmour(t *testing.T) {
	h := sharedHouse()
	s := signer(t, h.leaf(pkitest.P256))
	big := bytes.Repeat([]byte("délibération "), 200_000) // beyond what is staged in memory
	for name, text := range map[string][]byte{"small": content, "large": big} {
		var out bytes.Buffer
		require.NoError(t, cades.Sign(t.Context(), &out, ades.Bytes(text), s, cades.Options{Time: signingTime}))
		signed := out.Bytes()
		lines := string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: signed}))
		for form, armoured := range map[string]string{
			"PEM":             lines,
			"CMS":             strings.ReplaceAll(lines, "PKCS7", "CMS"),
			"CRLF":            strings.ReplaceAll(lines, "\n", "\r\n"),
			"a preface":       "Signature de la délibération :\n\n" + lines + "fin\n",
			"a mark":          "\ufeff" + lines,
			"no end of line":  strings.TrimSpace(lines),
			"bare base64":     base64.StdEncoding.EncodeToString(signed),
			"base64 in lines": strings.Join(strings.Split(lines, "\n")[1:len(strings.Split(lines, "\n"))-2], "\n"),
		} {
			doc, err := cades.Read(t.Context(), ades.Bytes([]byte(armoured)), cades.ReadOptions{})
			require.NoError(t, err, "%s %s", name, form)
			require.True(t, isSound(doc, &doc.Signatures[0]), "%s %s", name, form)
			var two bytes.Buffer
			require.NoError(t, cades.AddSigner(t.Context(), &two, ades.Bytes([]byte(armoured)), nil, s, cades.Options{Time: signingTime}), form)
			require.EqualValues(t, 0x30, two.Bytes()[0])
		}
		for form, damaged := range map[string]string{
			"no end":       strings.ReplaceAll(lines, "-----END PKCS7-----\n", ""),
			"two":          strings.Replace(lines, "\n", "\n-----BEGIN PKCS7-----\n", 1),
			"not base64":   strings.Replace(lines, "M", "!", 1),
			"cut":          lines[:len(lines)/2],
			"a key inside": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAA\n-----END PRIVATE KEY-----\n",
			"empty":        "-----BEGIN CMS-----\n-----END CMS-----\n",
		} {
			_, err := cades.Read(t.Context(), ades.Bytes([]byte(damaged)), cades.ReadOptions{})
			require.ErrorIs(t, err, cades.ErrNotCMS, "%s %s", name, form)
		}
	}
}
