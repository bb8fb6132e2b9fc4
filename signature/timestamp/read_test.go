package timestamp_test

import (
	"crypto"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/tsp"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

var content = []byte("Le conseil municipal décide.")

// stamped returns a token over content and the response around it.
func stamped(t testing.TB, options ...pkitest.Option) (unit *pkitest.TimestampAuthority, token, response []byte) {
	unit = pkitest.New(pkitest.Deterministic("read")).Root("Racine").TimestampAuthority("Unité", options...)
	token, err := unit.Timestamp(t.Context(), crypto.SHA256, digest)
	require.NoError(t, err)
	request, err := tsp.Request{Hash: crypto.SHA256, Imprint: digest, Nonce: big.NewInt(7), CertReq: true}.Marshal()
	require.NoError(t, err)
	response, err = unit.Respond(t.Context(), request)
	require.NoError(t, err)
	return unit, token, response
}

func TestReadTokenAndResponse(t *testing.T) {
	unit, token, response := stamped(t, pkitest.Accuracy(1500*time.Millisecond), pkitest.Ordering())
	known, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA256, Sum: digest, Size: -1})
	require.NoError(t, err)
	otherDigest, err := ades.DigestOnly(ades.Digest{Algorithm: crypto.SHA512, Sum: make([]byte, 64), Size: -1})
	require.NoError(t, err)
	for name, file := range map[string][]byte{"token": token, "response": response} {
		for name, c := range map[string]struct {
			detached      *ades.Document
			found, intact bool
		}{
			name + " and its document":      {ades.Bytes(content), true, true},
			name + " and another document":  {ades.Bytes([]byte("Le conseil municipal décide")), true, false},
			name + " alone":                 {nil, false, false},
			name + " and the digest":        {known, true, true},
			name + " and a digest no use":   {otherDigest, false, false},
			name + " and an empty document": {new(ades.Document), true, false},
		} {
			t.Run(name, func(t *testing.T) {
				doc, err := timestamp.Read(t.Context(), ades.Bytes(file), c.detached)
				require.NoError(t, err)
				require.Equal(t, facts.Timestamp, doc.Format)
				require.Len(t, doc.Timestamps, 1)
				token := doc.Timestamps[0]
				require.Empty(t, token.Problems)
				require.Equal(t, []string{doc.Certificates[0].ID}, token.Candidates)
				require.Equal(t, []string{doc.Certificates[0].ID}, token.SigningCertificate[0].Matches)
				require.Equal(t, unit.DER, doc.Certificates[0].Raw)
				require.Equal(t, facts.FromTimestamp, doc.Certificates[0].Origin)
				require.Equal(t, facts.Duration(1500*time.Millisecond), token.Accuracy)
				require.True(t, token.Ordering)
				require.Equal(t, pkitest.DefaultTime, token.Time)
				require.Equal(t, pkitest.TimestampPolicy, token.Policy)
				require.True(t, token.References[0].Intact, "the TSTInfo")
				require.Equal(t, c.found, token.References[1].Found)
				require.Equal(t, c.intact, token.References[1].Intact)
				_, err = json.Marshal(doc)
				require.NoError(t, err)
			})
		}
	}
}

func TestReadRefuses(t *testing.T) {
	_, token, response := stamped(t)
	_, _, refusal := stampedBy(t, pkitest.Rejects(2, 14))
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"cut token":    {token[:len(token)-1], nil},
		"cut response": {response[:len(response)-1], timestamp.ErrMalformed},
		"nothing":      {nil, nil},
		"text":         {content, nil},
		"trailing":     {append(token[:len(token):len(token)], 0), nil},
	} {
		_, err := timestamp.Read(t.Context(), ades.Bytes(c.file), nil)
		require.Error(t, err, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
	}
	var status *timestamp.StatusError
	_, err := timestamp.Read(t.Context(), ades.Bytes(refusal), nil)
	require.ErrorAs(t, err, &status)
	require.Equal(t, 2, status.Status)

	_, err = timestamp.Read(t.Context(), ades.NewDocument(nil, 1<<40), nil)
	require.ErrorIs(t, err, timestamp.ErrTooLarge)
}

func stampedBy(t *testing.T, options ...pkitest.Option) (unit *pkitest.TimestampAuthority, request, response []byte) {
	unit = pkitest.New().Root("Racine").TimestampAuthority("Unité", options...)
	request, err := tsp.Request{Hash: crypto.SHA256, Imprint: digest, CertReq: true}.Marshal()
	require.NoError(t, err)
	response, err = unit.Respond(t.Context(), request)
	require.NoError(t, err)
	return unit, request, response
}

// A token with a fault of form is read, and the fault is named.
func TestParseNamesProblems(t *testing.T) {
	for name, c := range map[string]struct {
		option pkitest.Option
		code   string
	}{
		"version": {pkitest.TokenVersion(1), "cms.version"},
	} {
		_, token, _ := stamped(t, c.option)
		parsed, _, err := timestamp.Parse(token)
		require.NoError(t, err, name)
		require.Len(t, parsed.Problems, 1, name)
		require.Equal(t, c.code, parsed.Problems[0].Code)
	}
	_, token, _ := stamped(t, pkitest.TokenContentType("1.2.840.113549.1.7.1"))
	_, _, err := timestamp.Parse(token)
	require.ErrorIs(t, err, timestamp.ErrMalformed)
}

// What cannot be read is listed all the same: a damaged token must not pass for an absent one.
func TestAddKeepsAnUnreadableToken(t *testing.T) {
	doc := &facts.Document{Schema: facts.Schema}
	timestamp.Add(doc, []byte("garbage"), timestamp.Place{ID: "S1.T1", Parent: "S1", Type: facts.SignatureTimestamp})
	require.Len(t, doc.Timestamps, 1)
	require.Equal(t, "S1.T1", doc.Timestamps[0].ID)
	require.Equal(t, "S1", doc.Timestamps[0].Parent)
	require.Equal(t, "timestamp.unreadable", doc.Timestamps[0].Problems[0].Code)
	require.True(t, doc.Timestamps[0].Problems[0].Fatal)
}

// Each bit of a token flipped: none of them under the signature passes for intact.
func TestFlippedTokens(t *testing.T) {
	_, token, _ := stamped(t)
	step := 1
	if testing.Short() {
		step = 7
	}
	sd, _, err := timestamp.Parse(token)
	require.NoError(t, err)
	for bit := 0; bit < 8*len(token); bit += step {
		flipped := append([]byte(nil), token...)
		flipped[bit/8] ^= 1 << (bit % 8)
		parsed, _, err := timestamp.Parse(flipped)
		if err != nil || len(parsed.Problems) > 0 || !parsed.References[0].Intact {
			continue
		}
		// Read without a complaint: then what it says is what was said, or the value cannot verify any more.
		same := parsed.Time.Equal(sd.Time) && string(parsed.References[1].Expected) == string(sd.References[1].Expected)
		require.True(t, same, "bit %d changes what the token says and nothing shows it", bit)
	}
}

func FuzzRead(f *testing.F) {
	_, token, response := stamped(f)
	f.Add(token)
	f.Add(response)
	f.Add([]byte{0x30, 0x80, 0x30, 0x80, 2, 1, 0, 0, 0, 0, 0})
	if normal, err := der.Normalize(token, der.Limits{}); err != nil || len(normal) == 0 {
		f.Fatal("the seed is not sound")
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		doc, err := timestamp.Read(t.Context(), ades.Bytes(file), ades.Bytes(content))
		if err != nil {
			return
		}
		if _, err := json.Marshal(doc); err != nil {
			t.Fatal(err)
		}
	})
}
