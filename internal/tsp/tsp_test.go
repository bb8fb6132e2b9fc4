package tsp_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
)

var (
	sum    = sha256.Sum256([]byte("délibération"))
	policy = der.MustOID("1.2.250.1.999.3")
	at     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func hexOctets(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func wrap(tag byte, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}

// imprint is the MessageImprint of sum, with absent parameters.
var imprint = wrap(0x30, hexOctets("300b0609608648016503040201"), wrap(4, sum[:]))

func policyOctets() []byte { return wrap(6, []byte(policy)) }

func TestRequest(t *testing.T) {
	for name, c := range map[string]struct {
		r    tsp.Request
		want []byte
	}{
		"the least": {tsp.Request{Hash: crypto.SHA256, Imprint: sum[:]}, wrap(0x30, hexOctets("020101"), imprint)},
		"everything": {tsp.Request{Hash: crypto.SHA256, Imprint: sum[:], Policy: policy, Nonce: big.NewInt(0x80), CertReq: true,
			RawExtensions: hexOctets("a009 3007 06012a 0402 0500")},
			wrap(0x30, hexOctets("020101"), imprint, policyOctets(), hexOctets("02020080 0101ff"), hexOctets("a009 3007 06012a 0402 0500"))},
	} {
		got, err := c.r.Marshal()
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
		again, err := tsp.ParseRequest(got)
		require.NoError(t, err, name)
		require.Equal(t, c.r.Imprint, again.Imprint)
		require.Equal(t, c.r.Hash, again.Hash)
		require.Equal(t, c.r.Policy, again.Policy)
		require.Equal(t, c.r.Nonce, again.Nonce)
		require.Equal(t, c.r.CertReq, again.CertReq)
		require.Empty(t, again.Anomalies)
		same, err := again.Marshal()
		require.NoError(t, err)
		require.Equal(t, got, same)
	}
	_, err := tsp.Request{Hash: crypto.SHA256, Imprint: sum[:20]}.Marshal()
	require.ErrorIs(t, err, tsp.ErrSyntax)
	_, err = tsp.Request{Hash: crypto.MD5, Imprint: sum[:16]}.Marshal()
	require.ErrorIs(t, err, tsp.ErrSyntax)
}

func TestRequestRefused(t *testing.T) {
	version, after := hexOctets("020101"), hexOctets("0500")
	for want, b := range map[string][]byte{
		"request: malformed":    nil,
		"version":               wrap(0x30, hexOctets("020102"), imprint),
		"messageImprint":        wrap(0x30, version, after),
		"20 octets for SHA-256": wrap(0x30, version, wrap(0x30, hexOctets("300b0609608648016503040201"), wrap(4, sum[:20]))),
		"with parameters":       wrap(0x30, version, wrap(0x30, hexOctets("300e0609608648016503040201020101"), wrap(4, sum[:]))),
		"nonce":                 wrap(0x30, version, imprint, wrap(2, append([]byte{1}, make([]byte, limits.TimestampSerial)...))),
		"fields after":          wrap(0x30, version, imprint, after),
		"BOOLEAN":               wrap(0x30, version, imprint, hexOctets("010101")),
		"extensions":            wrap(0x30, version, imprint, hexOctets("a0020500")),
		"indefinite":            append(append(append([]byte{0x30, 0x80}, version...), imprint...), 0, 0),
	} {
		_, err := tsp.ParseRequest(b)
		require.ErrorIs(t, err, tsp.ErrSyntax, want)
		require.ErrorContains(t, err, want)
	}
	r, err := tsp.ParseRequest(wrap(0x30, version, imprint, hexOctets("010100")))
	require.NoError(t, err, "FALSE is written by some")
	require.Len(t, r.Anomalies, 1)
	r, err = tsp.ParseRequest(wrap(0x30, version, imprint, hexOctets("a00c 300a 06012a 0101ff 0402 0500")))
	require.ErrorIs(t, err, tsp.ErrExtension)
	require.ErrorContains(t, err, "1.2")
	require.Equal(t, sum[:], r.Imprint, "read all the same")
}

// info is a TSTInfo with the fields that must be there, then more.
func info(genTime string, more ...[]byte) []byte {
	return wrap(0x30, hexOctets("020101"), policyOctets(), imprint, hexOctets("020107"), wrap(24, []byte(genTime)), bytes.Join(more, nil))
}

func TestInfo(t *testing.T) {
	const noon = "20260301120000Z"
	least := tsp.Info{Policy: policy, Hash: crypto.SHA256, Imprint: sum[:], Serial: big.NewInt(7), Time: at}
	with := func(change func(i *tsp.Info)) tsp.Info {
		i := least
		change(&i)
		return i
	}
	tsa := wrap(0xa4, wrap(0x30))
	for name, c := range map[string]struct {
		info tsp.Info
		want []byte
	}{
		"the least":    {least, info(noon)},
		"a fraction":   {with(func(i *tsp.Info) { i.Time = at.Add(120 * time.Millisecond) }), info("20260301120000.12Z")},
		"a nanosecond": {with(func(i *tsp.Info) { i.Time = at.Add(1) }), info("20260301120000.000000001Z")},
		"another zone": {with(func(i *tsp.Info) { i.Time = at.In(time.FixedZone("", 3600)) }), info(noon)},
		"seconds":      {with(func(i *tsp.Info) { i.HasAccuracy, i.Accuracy = true, time.Second }), info(noon, hexOctets("3003020101"))},
		"milliseconds": {with(func(i *tsp.Info) { i.HasAccuracy, i.Accuracy = true, 500*time.Millisecond }), info(noon, hexOctets("3004800201f4"))},
		"microseconds": {with(func(i *tsp.Info) { i.HasAccuracy, i.Accuracy = true, 999*time.Microsecond }), info(noon, hexOctets("3004810203e7"))},
		"all of them":  {with(func(i *tsp.Info) { i.HasAccuracy, i.Accuracy = true, time.Hour+2001*time.Microsecond }), info(noon, hexOctets("300a 02020e10 800102 810101"))},
		"no accuracy":  {with(func(i *tsp.Info) { i.HasAccuracy = true }), info(noon, hexOctets("3000"))},
		"ordering":     {with(func(i *tsp.Info) { i.Ordering = true }), info(noon, hexOctets("0101ff"))},
		"nonce":        {with(func(i *tsp.Info) { i.Nonce = big.NewInt(-5) }), info(noon, hexOctets("0201fb"))},
		"tsa":          {with(func(i *tsp.Info) { i.TSA = tsa }), info(noon, wrap(0xa0, tsa))},
		"extensions":   {with(func(i *tsp.Info) { i.RawExtensions = hexOctets("a109 3007 06012a 0402 0500") }), info(noon, hexOctets("a109 3007 06012a 0402 0500"))},
		"everything": {with(func(i *tsp.Info) {
			i.HasAccuracy, i.Accuracy, i.Ordering, i.Nonce, i.TSA = true, time.Second, true, big.NewInt(1), tsa
		}), info(noon, hexOctets("3003020101 0101ff 020101"), wrap(0xa0, tsa))},
		"a serial of 160": {with(func(i *tsp.Info) { i.Serial = new(big.Int).Lsh(big.NewInt(1), 159) }), wrap(0x30, hexOctets("020101"), policyOctets(), imprint, hexOctets("0215 0080"+strings.Repeat("00", 19)), wrap(24, []byte(noon)))},
		"SHA-1 with NULL": {with(func(i *tsp.Info) {
			i.Hash, i.Imprint, i.ImprintAlgorithm = crypto.SHA1, sum[:20], pkix.AlgorithmIdentifier{OID: der.MustOID("1.3.14.3.2.26"), Parameters: []byte{5, 0}}
		}), wrap(0x30, hexOctets("020101"), policyOctets(), wrap(0x30, hexOctets("300906052b0e03021a0500"), wrap(4, sum[:20])), hexOctets("020107"), wrap(24, []byte(noon)))},
		"a digest of others": {with(func(i *tsp.Info) {
			i.Hash, i.Imprint, i.ImprintAlgorithm = 0, sum[:16], pkix.AlgorithmIdentifier{OID: der.MustOID("1.2.840.113549.2.5")}
		}), wrap(0x30, hexOctets("020101"), policyOctets(), wrap(0x30, hexOctets("300a06082a864886f70d0205"), wrap(4, sum[:16])), hexOctets("020107"), wrap(24, []byte(noon)))},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.info.Marshal()
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(c.want), hex.EncodeToString(got))
			again, err := tsp.ParseInfo(got)
			require.NoError(t, err)
			require.Empty(t, again.Anomalies)
			require.Equal(t, got, again.Raw)
			require.True(t, c.info.Time.Equal(again.Time))
			require.Equal(t, time.UTC, again.Time.Location())
			require.Equal(t, []any{c.info.Policy, c.info.Hash, c.info.Imprint, c.info.Serial, c.info.Accuracy, c.info.HasAccuracy, c.info.Ordering, c.info.Nonce, c.info.TSA, c.info.RawExtensions},
				[]any{again.Policy, again.Hash, again.Imprint, again.Serial, again.Accuracy, again.HasAccuracy, again.Ordering, again.Nonce, again.TSA, again.RawExtensions})
			same, err := again.Marshal()
			require.NoError(t, err)
			require.Equal(t, got, same)
		})
	}
	for name, i := range map[string]tsp.Info{
		"no policy":      with(func(i *tsp.Info) { i.Policy = "" }),
		"no serial":      with(func(i *tsp.Info) { i.Serial = nil }),
		"no digest":      with(func(i *tsp.Info) { i.Hash = 0 }),
		"a short digest": with(func(i *tsp.Info) { i.Imprint = sum[:31] }),
		"a fine accuracy": with(func(i *tsp.Info) {
			i.HasAccuracy, i.Accuracy = true, 1
		}),
		"a negative accuracy": with(func(i *tsp.Info) { i.HasAccuracy, i.Accuracy = true, -time.Second }),
		"year 10000":          with(func(i *tsp.Info) { i.Time = at.AddDate(8000, 0, 0) }),
	} {
		_, err := i.Marshal()
		require.Error(t, err, name)
	}
}

// What authorities in service write is read, and named.
func TestInfoTolerates(t *testing.T) {
	const noon = "20260301120000Z"
	for name, c := range map[string]struct {
		b    []byte
		path string
		code string
	}{
		"ordering FALSE":       {info(noon, hexOctets("010100")), "ordering", pkix.CodeBoolean},
		"zero seconds":         {info(noon, hexOctets("3006 020100 800101")), "accuracy", pkix.CodeInteger},
		"zero milliseconds":    {info(noon, hexOctets("3006 020101 800100")), "accuracy", pkix.CodeInteger},
		"zero microseconds":    {info(noon, hexOctets("3006 020101 810100")), "accuracy", pkix.CodeInteger},
		"critical FALSE":       {info(noon, hexOctets("a10c 300a 06012a 010100 0402 0500")), "extensions.critical", pkix.CodeBoolean},
		"a fraction of zero":   {info("20260301120000.000Z"), "genTime", pkix.CodeTime},
		"a fraction with zero": {info("20260301120000.000000Z"), "genTime", pkix.CodeTime},
	} {
		i, err := tsp.ParseInfo(c.b)
		require.NoError(t, err, name)
		require.Len(t, i.Anomalies, 1, name)
		require.Equal(t, c.path, i.Anomalies[0].Path)
		require.Equal(t, c.code, i.Anomalies[0].Code)
		require.Greater(t, len(c.b), i.Anomalies[0].Offset)
		require.Equal(t, at, i.Time)
		clean, err := i.Marshal()
		require.NoError(t, err)
		if again, err := tsp.ParseInfo(clean); name != "critical FALSE" { // extensions are kept as found
			require.NoError(t, err)
			require.Empty(t, again.Anomalies, name)
		}
	}
	i, err := tsp.ParseInfo(info("20260301120000.5100Z"))
	require.NoError(t, err)
	require.Equal(t, at.Add(510*time.Millisecond), i.Time)

	i, err = tsp.ParseInfo(info(noon, hexOctets("a10c 300a 06012a 0101ff 0402 0500")))
	require.ErrorIs(t, err, tsp.ErrExtension)
	require.Equal(t, at, i.Time, "read all the same")
	require.True(t, i.Extensions[0].Critical)
}

func TestInfoRefused(t *testing.T) {
	const noon = "20260301120000Z"
	version, serial := hexOctets("020101"), hexOctets("020107")
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":                     {nil, "TSTInfo"},
		"version 2":                   {wrap(0x30, hexOctets("020102"), policyOctets()), "version"},
		"no policy":                   {wrap(0x30, version, imprint), "policy"},
		"no imprint":                  {wrap(0x30, version, policyOctets(), serial), "messageImprint"},
		"no serial":                   {wrap(0x30, version, policyOctets(), imprint), "serialNumber"},
		"a serial of 65":              {wrap(0x30, version, policyOctets(), imprint, wrap(2, append([]byte{1}, make([]byte, 64)...))), "serialNumber"},
		"a padded serial":             {wrap(0x30, version, policyOctets(), imprint, hexOctets("02020007")), "INTEGER"},
		"no time":                     {wrap(0x30, version, policyOctets(), imprint, serial), "genTime"},
		"UTCTime":                     {wrap(0x30, version, policyOctets(), imprint, serial, wrap(23, []byte("260301120000Z"))), "genTime"},
		"local time":                  {info("20260301120000"), "genTime"},
		"a zone":                      {info("20260301120000+0100"), "genTime"},
		"a comma":                     {info("20260301120000,5Z"), "genTime"},
		"a point and nothing":         {info("20260301120000.Z"), "genTime"},
		"no seconds":                  {info("202603011200Z"), "genTime"},
		"a leap second":               {info("20161231235960Z"), "genTime"},
		"finer than a nanosecond":     {info("20260301120000.0000000001Z"), "genTime"},
		"accuracy of nonsense":        {info(noon, hexOctets("30020500")), "accuracy"},
		"negative accuracy":           {info(noon, hexOctets("30030201ff")), "accuracy"},
		"1000 milliseconds":           {info(noon, hexOctets("3004 800203e8")), "accuracy"},
		"microseconds, milliseconds":  {info(noon, hexOctets("3006 810101 800101")), "accuracy"},
		"accuracy of a thousand ages": {info(noon, hexOctets("300a 02087fffffffffffffff")), "accuracy"},
		"a long nonce":                {info(noon, wrap(2, append([]byte{1}, make([]byte, 64)...))), "nonce"},
		"a tsa of nothing":            {info(noon, hexOctets("a000")), "tsa"},
		"two names":                   {info(noon, hexOctets("a004 0500 0500")), "tsa"},
		"no extension":                {info(noon, hexOctets("a100")), "extensions"},
		"an extension without value":  {info(noon, hexOctets("a105 3003 06012a")), "extensions"},
		"out of order":                {info(noon, hexOctets("020101 0101ff")), "fields after"},
		"fields after":                {info(noon, hexOctets("0500")), "fields after"},
		"trailing octets":             {append(info(noon), 0), "octets after"},
		"ordering 01":                 {info(noon, hexOctets("010101")), "BOOLEAN"},
	} {
		i, err := tsp.ParseInfo(c.b)
		require.ErrorIs(t, err, tsp.ErrSyntax, name)
		require.ErrorContains(t, err, c.want, name)
		require.Nil(t, i)
	}
	_, err := tsp.ParseInfo(make([]byte, limits.TimestampInfo+1))
	require.ErrorIs(t, err, der.ErrLimit)
}

func TestMatches(t *testing.T) {
	i, err := tsp.ParseInfo(info("20260301120000Z", hexOctets("020105")))
	require.NoError(t, err)
	asked := tsp.Request{Hash: crypto.SHA256, Imprint: sum[:], Nonce: big.NewInt(5), Policy: policy}
	require.NoError(t, i.Matches(&asked))
	for want, change := range map[string]func(r *tsp.Request){
		"imprint":                             func(r *tsp.Request) { r.Imprint = make([]byte, 32) },
		"imprint is not":                      func(r *tsp.Request) { r.Hash = crypto.SHA3_256 },
		"nonce is not":                        func(r *tsp.Request) { r.Nonce = big.NewInt(6) },
		"none was asked":                      func(r *tsp.Request) { r.Nonce = nil },
		"policy 1.2.250.1.999.3 is not 1.2.3": func(r *tsp.Request) { r.Policy = der.MustOID("1.2.3") },
	} {
		r := asked
		change(&r)
		require.ErrorContains(t, i.Matches(&r), want)
	}
	asked.Policy = ""
	require.NoError(t, i.Matches(&asked), "any policy")
	i.Nonce = nil
	require.ErrorContains(t, i.Matches(&asked), "nonce")
}

func TestResponse(t *testing.T) {
	token := hexOctets("3003020101")
	for name, c := range map[string]struct {
		r    tsp.Response
		want string
	}{
		"granted":       {tsp.Response{Token: token}, "300a 3003020100 3003020101"},
		"modifications": {tsp.Response{Status: tsp.GrantedWithMods, Token: token}, "300a 3003020101 3003020101"},
		"refused":       {tsp.Response{Status: tsp.Rejection, StatusText: []string{"non", "é"}, FailInfo: tsp.BadAlg}, "3014 3012 020102 3009 0c036e6f6e 0c02c3a9 03020780"},
		"why":           {tsp.Response{Status: tsp.Rejection, FailInfo: tsp.TimeNotAvailable | tsp.UnacceptedPolicy}, "300a 3008 020102 0303000003"},
		"system":        {tsp.Response{Status: tsp.Rejection, FailInfo: tsp.SystemFailure}, "300c 300a 020102 03050600000040"},
		"waiting":       {tsp.Response{Status: tsp.Waiting}, "3005 3003 020103"},
		"of no RFC":     {tsp.Response{Status: 77}, "3005 3003 02014d"},
	} {
		got, err := c.r.Marshal()
		require.NoError(t, err, name)
		require.Equal(t, strings.ReplaceAll(c.want, " ", ""), hex.EncodeToString(got), name)
		again, err := tsp.ParseResponse(got)
		require.NoError(t, err, name)
		require.Equal(t, &c.r, again, name)
	}
	require.Equal(t, "badAlg+bit 1+systemFailure", (tsp.BadAlg | 2 | tsp.SystemFailure).String())
	r := tsp.Response{Status: tsp.Rejection, FailInfo: tsp.BadAlg, StatusText: []string{"no\n\"way\"", strings.Repeat("é", 200)}}
	require.Equal(t, `rejected (badAlg) "no\n\"way\"" "`+strings.Repeat("é", 100)+`…"`, r.Explain())
	unknown := tsp.Response{Status: 77}
	require.Equal(t, "status 77", unknown.Explain())
}

func TestResponseInBER(t *testing.T) {
	r, err := tsp.ParseResponse(hexOctets("3080 3080 020100 0000 3080 2480 040101 0000 0000 0000"))
	require.NoError(t, err)
	require.Equal(t, "3003040101", hex.EncodeToString(r.Token), "the token in DER")
	r, err = tsp.ParseResponse(hexOctets("3009 3007 020102 03020080"))
	require.NoError(t, err, "trailing zeros in failInfo")
	require.Equal(t, tsp.BadAlg, r.FailInfo)
}

func TestResponseRefused(t *testing.T) {
	for want, text := range map[string]string{
		"response: malformed":   "",
		"response":              "30020500",
		"status":                "30023000",
		"grants and has no":     "3005 3003 020100",
		"does not grant and":    "300a 3003 020102 3003020101",
		"timeStampToken":        "3007 3003 020100 0500",
		"timeStampToken: malf":  "300c 3003 020100 3003020101 0500",
		"statusString":          "3009 3007 020102 3002 0500",
		"statusString: malf":    "300a 3008 020102 3003 0c01ff",
		"failInfo":              "3007 3005 020102 0300",
		"failInfo: malf":        "300d 300b 020102 0306 000000000001",
		"fields after those of": "3007 3005 020102 0500",
		"end-of-contents":       "30020000",
	} {
		_, err := tsp.ParseResponse(hexOctets(text))
		require.ErrorIs(t, err, tsp.ErrSyntax, want)
		require.ErrorContains(t, err, want)
	}
	_, err := tsp.ParseResponse(make([]byte, limits.TimestampResponse+1))
	require.Error(t, err)
	lines := strings.Repeat("0c0161", limits.StatusStrings+1)
	status := wrap(0x30, hexOctets("020102"), wrap(0x30, hexOctets(lines)))
	_, err = tsp.ParseResponse(wrap(0x30, status))
	require.ErrorContains(t, err, "statusString")
}
