package exchange

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func sampleManifest() *Manifest {
	m := &Manifest{Version: 1, ID: "01234567-89ab-7cde-8f01-23456789abcd", Created: craftTime, NotAfter: craftTime.AddDate(0, 0, 400),
		Sender: Sender{siretA, Hash{1}}, Recipients: []SIRET{siretB, siretC}, Profile: "standard", Purpose: `é "quoted" \ / <&>`,
		InReplyTo: "01234567-89ab-7cde-8f01-000000000001", Conversation: "01234567-89ab-7cde-8f01-000000000002", Sequence: 3, Previous: &Hash{4},
		Parts:   []PartInfo{{Name: "a/é.txt", MediaType: "text/plain", Size: 1 << 40, Hash: Hash{5}, Salt: [16]byte{6}}},
		Payload: PayloadInfo{1<<53 - 1, Hash{7}}}
	return m
}

func TestManifestRoundTrip(t *testing.T) {
	m := sampleManifest()
	b := m.marshal()
	require.True(t, json.Valid(b))
	got, err := ParseManifest(b)
	require.NoError(t, err)
	require.Equal(t, m, got)
	require.Equal(t, b, got.marshal())
	spelled := 0
	for i := range m.Parts {
		spelled += m.Parts[i].spelling()
	}
	require.Less(t, spelled, len(b))

	// Any other spelling of the same is the same manifest: what is signed is the octets.
	spaced := strings.NewReplacer(`,"`, " ,\n\t\"", `"é `, `"\u00E9 `, `"text/plain"`, `"\u0074ext\/plain"`).Replace(string(b))
	got, err = ParseManifest([]byte(spaced))
	require.NoError(t, err)
	require.Equal(t, m, got)
}

func TestReceiptAndAddendumRoundTrip(t *testing.T) {
	r := &Receipt{Version: 1, ID: "01234567-89ab-7cde-8f01-23456789abcd", Manifest: Hash{1}, PayloadSize: 9, PayloadHash: Hash{2},
		Recipient: Sender{siretB, Hash{3}}, Parts: []ReceivedPart{{1, Hash{4}}, {0, Hash{5}}}, Time: craftTime, Verdict: Refused, Reason: "illisible"}
	got, err := parseReceipt(r.marshal())
	require.NoError(t, err)
	require.Equal(t, r, got)
	for _, bad := range []string{`"verdict":"accepted"`, `"verdict":"refused","reason":""`, `"verdict":"maybe"`} {
		b := strings.Replace(string(r.marshal()), `"verdict":"refused"`, bad, 1)
		if strings.Contains(bad, "reason") {
			b = strings.Replace(b, `,"reason":"illisible"`, "", 1)
		}
		_, err := parseReceipt([]byte(b))
		require.ErrorIs(t, err, ErrReceipt, bad)
	}
	a := &Addendum{Version: 1, ID: r.ID, Manifest: Hash{1}, Recipients: []SIRET{siretD}, Created: craftTime}
	back, err := parseAddendum(a.marshal())
	require.NoError(t, err)
	require.Equal(t, a, back)
}

// The reader takes what encoding/json takes as strings and refuses more.
func TestJSONStrings(t *testing.T) {
	for text, want := range map[string]string{
		`"a"`: "a", `""`: "", `"\""`: `"`, `"\u00e9"`: "é", `"\u00E9\/\b\f\n\r\t\\"`: "é/\b\f\n\r\t\\", `"\ud83d\ude00"`: "😀", `"😀"`: "😀",
	} {
		r := &jsonReader{b: []byte(text)}
		got, err := r.text(100)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
		require.NoError(t, r.end())
		var std string
		require.NoError(t, json.Unmarshal([]byte(text), &std))
		require.Equal(t, std, got)
	}
	for _, text := range []string{
		``, `a`, `"`, `"a`, `"\`, `"\u`, `"\u12`, `"\u12g4"`, `"\x"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00"`, "\"\n\"", "\"\x00\"", "\"\xff\"",
		"\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xf5\x80\x80\x80\"",
	} {
		_, err := (&jsonReader{b: []byte(text)}).text(100)
		require.ErrorIs(t, err, errJSON, "%q", text)
	}
	for text, limit := range map[string]int{`"abc"`: 2, `"é"`: 1, `"\u0061\u0061"`: 1, `"` + strings.Repeat("a", 1000): 10} {
		_, err := (&jsonReader{b: []byte(text)}).text(limit)
		require.ErrorIs(t, err, ErrLimit, text)
	}
}

func TestJSONIntegers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1": 1, "9007199254740991": 1<<53 - 1, " 7": 7} {
		got, err := (&jsonReader{b: []byte(text)}).integer()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "-1", "+1", "01", "00", "9007199254740992", "99999999999999999999", "x", `"1"`, "１"} {
		_, err := (&jsonReader{b: []byte(text)}).integer()
		require.ErrorIs(t, err, errJSON, text)
	}
	for _, text := range []string{"1.0", "1e3", "1E3", "0x1"} {
		r := &jsonReader{b: []byte(text)}
		_, err := r.integer()
		require.NoError(t, err)
		require.ErrorIs(t, r.end(), errJSON, text)
	}
}

func TestJSONForm(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"a":1}`, `{"a":1,"b":2,}`, `{,"a":1,"b":2}`, `{"a":1 "b":2}`, `{"a":1,"b":2`, `{"a":1,"b":2}}`, `{"a":1,"b":2}x`, `[1,2]`,
		`{"a":1,"a":1,"b":2}`, `{"a":1,"b":2,"c":3}`, `{"A":1,"b":2}`, `{a:1,"b":2}`, `{"a"=1,"b":2}`, `null`, `{"a":null,"b":2}`, "\ufeff" + `{"a":1,"b":2}`,
		`{"a":1,"b":2}` + "\x00", `{"` + strings.Repeat("a", 200) + `":1}`,
	} {
		r := &jsonReader{b: []byte(text)}
		var a, b int64
		err := r.object(member{name: "a", read: r.size(&a)}, member{name: "b", read: r.size(&b)})
		if err == nil {
			err = r.end()
		}
		require.Error(t, err, text)
	}
	r := &jsonReader{b: []byte(strings.Repeat("[", 100_000))}
	var nested func() error
	nested = func() error { return r.array(10, nested) }
	require.ErrorContains(t, nested(), "8 levels")

	r = &jsonReader{b: []byte(`[1,2,3]`)}
	var n int64
	require.ErrorIs(t, r.array(2, r.size(&n)), ErrLimit)
}

func TestIDs(t *testing.T) {
	id := newID(craftTime, [10]byte{0xff, 0xff, 0xff, 1})
	require.True(t, id.valid())
	require.Equal(t, byte('7'), id[14])
	require.Contains(t, "89ab", string(id[19]))
	require.Equal(t, "019cadc6", string(newID(craftTime, [10]byte{})[:8]))
	for _, bad := range []ID{"", "01234567-89ab-7cde-8f01-23456789abc", "01234567-89AB-7cde-8f01-23456789abcd", "0123456789ab-7cde-8f01-23456789abcd-", "01234567-89ab-7cde-8f01-23456789abcg"} {
		require.False(t, bad.valid(), string(bad))
	}
}

func TestReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range reasons {
		require.False(t, seen[r.word])
		seen[r.word] = true
		require.Equal(t, r.word, Reason(refuse(r.err, "x %w", ErrSignature)))
		require.ErrorIs(t, refuse(r.err, "x"), r.err)
	}
	require.Empty(t, Reason(nil))
	require.Empty(t, Reason(errJSON))
}
