//go:build corpus

package tsp_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
)

// shared returns the folder beside the repository that holds corpora and peers.
func shared(t testing.TB) string {
	if path := os.Getenv("CONFIANCE_SHARED"); path != "" {
		return path
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared")
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, dir, parent, "no go.mod above the tests")
		dir = parent
	}
}

// tokenContent walks to the eContent of a token.
func tokenContent(t testing.TB, token []byte) []byte {
	clean, err := der.Normalize(token, der.Limits{})
	require.NoError(t, err)
	s := cryptobyte.String(clean)
	var info, explicit, signed, encapsulated, content cryptobyte.String
	tag0 := asn1.Tag(0).ContextSpecific().Constructed()
	require.True(t, s.ReadASN1(&info, asn1.SEQUENCE) && info.SkipASN1(asn1.OBJECT_IDENTIFIER) && info.ReadASN1(&explicit, tag0))
	require.True(t, explicit.ReadASN1(&signed, asn1.SEQUENCE) && signed.SkipASN1(asn1.INTEGER) && signed.SkipASN1(asn1.SET))
	require.True(t, signed.ReadASN1(&encapsulated, asn1.SEQUENCE) && encapsulated.SkipASN1(asn1.OBJECT_IDENTIFIER))
	require.True(t, encapsulated.ReadASN1(&explicit, tag0) && explicit.ReadASN1(&content, asn1.OCTET_STRING))
	return content
}

// Every token of the corpus says what its table states, and writes itself back.
func TestCorpusTokens(t *testing.T) {
	dir := filepath.Join(shared(t), "corpus", "certificates")
	data, err := os.ReadFile(filepath.Join(dir, "tokens.tsv"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")[1:]
	require.GreaterOrEqual(t, len(lines), 90)
	odd := 0
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		t.Run(cells[0], func(t *testing.T) {
			token, err := os.ReadFile(filepath.Join(dir, cells[0]))
			require.NoError(t, err)
			content := tokenContent(t, token)
			info, err := tsp.ParseInfo(content)
			require.NoError(t, err)
			require.Equal(t, cells[2], info.Time.Truncate(time.Second).Format(time.RFC3339))
			require.Equal(t, cells[3], info.Policy.String())
			accuracy := ""
			if info.HasAccuracy {
				// The table counts milliseconds.
				accuracy = strconv.FormatFloat(info.Accuracy.Truncate(time.Millisecond).Seconds(), 'f', -1, 64)
			}
			require.Equal(t, cells[4], accuracy)
			require.Equal(t, cells[5] == "yes", info.Ordering)
			require.Equal(t, cells[6] != "", info.TSA != nil)
			require.Equal(t, cells[7] == "yes", info.Nonce != nil)
			require.Equal(t, cells[8], strconv.Itoa(info.Serial.BitLen()))
			require.Equal(t, cells[9], strings.ToLower(strings.ReplaceAll(pkix.DigestName(info.Hash), "-", "")))
			var oids []string
			for _, e := range info.Extensions {
				oids = append(oids, e.OID.String())
			}
			require.Equal(t, cells[11], strings.Join(oids, " "))
			again, err := info.Marshal()
			require.NoError(t, err)
			if len(info.Anomalies) == 0 {
				require.Equal(t, content, again)
			} else {
				odd++
			}
		})
	}
	require.Equal(t, 7, odd, "tokens in service that write defaults")
}
