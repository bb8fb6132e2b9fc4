package pkix_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Elements for lists made by hand, in hexadecimal where they are short.

func unhex(text string) []byte { return must(hex.DecodeString(strings.ReplaceAll(text, " ", ""))) }

func element(tag byte, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	return append(header(tag, len(content)), content...)
}

func seq(parts ...[]byte) []byte { return element(0x30, parts...) }

func crlExtension(oid der.OID, critical bool, value []byte) []byte {
	parts := [][]byte{element(6, []byte(oid))}
	if critical {
		parts = append(parts, []byte{1, 1, 0xff})
	}
	return seq(append(parts, element(4, value))...)
}

var (
	caName    = seq(element(0x31, seq(unhex("06 03 550403"), element(12, []byte("AC")))))
	otherName = seq(element(0x31, seq(unhex("06 03 550403"), element(12, []byte("Autre AC")))))
	march     = element(23, []byte("260301000000Z"))
	april     = element(23, []byte("260401000000Z"))
	january   = element(23, []byte("260102030405Z"))
	version2  = unhex("020101")
	ecAlg     = seq(unhex("06 08 2a8648ce3d040302")) // ecdsa-with-SHA256
)

// entry is one of a list: a serial, and the extensions given.
func entry(serial []byte, extensions ...[]byte) []byte {
	parts := [][]byte{element(2, serial), january}
	if len(extensions) > 0 {
		parts = append(parts, seq(extensions...))
	}
	return seq(parts...)
}

func reason(code byte) []byte { return crlExtension(pkix.OIDReasonCode, false, []byte{10, 1, code}) }

func directory(name []byte) []byte { return element(0xa4, name) }

func certificateIssuer(name []byte) []byte {
	return crlExtension(pkix.OIDCertificateIssuer, true, seq(directory(name)))
}

// list signs a CRL whose fields after the issuer are given.
func list(t testing.TB, fields ...[]byte) []byte {
	return signList(t, seq(append([][]byte{version2, ecAlg, caName}, fields...)...), ecAlg)
}

func signList(t testing.TB, tbs, algorithm []byte) []byte {
	value := must(ecKey().Sign(nil, hashOf(crypto.SHA256, tbs), crypto.SHA256))
	return seq(tbs, algorithm, element(3, []byte{0}, value))
}

func hashOf(h crypto.Hash, b []byte) []byte {
	state := h.New()
	state.Write(b)
	return state.Sum(nil)
}

func crlExtensions(extensions ...[]byte) []byte { return element(0xa0, seq(extensions...)) }

func read(t testing.TB, raw []byte, serials ...[]byte) *pkix.CRL {
	t.Helper()
	crl, err := pkix.ReadCRL(context.Background(), bytes.NewReader(raw), serials...)
	require.NoError(t, err)
	same, err := pkix.ParseCRL(raw, serials...)
	require.NoError(t, err)
	require.Equal(t, crl, same, "from memory and from a reader")
	return crl
}

func crlCodes(c *pkix.CRL) (list []string) {
	for _, a := range c.Anomalies {
		list = append(list, a.Code)
	}
	return list
}

func TestReadCRL(t *testing.T) {
	raw := list(t, march, april,
		seq(entry([]byte{1}, reason(1), crlExtension(pkix.OIDInvalidityDate, false, element(24, []byte("20251224080000Z")))),
			entry([]byte{0, 0x80}, reason(6)), entry([]byte{3})),
		crlExtensions(
			crlExtension(pkix.OIDAuthorityKeyID, false, seq(element(0x80, []byte("key")))),
			crlExtension(pkix.OIDCRLNumber, false, unhex("020200ff")),
			crlExtension(pkix.OIDDeltaCRLIndicator, true, unhex("02020080")),
			crlExtension(pkix.OIDFreshestCRL, false, seq(seq(element(0xa0, element(0xa0, element(0x86, []byte("http://crl/delta"))))))),
			crlExtension(pkix.OIDExpiredCertsOnCRL, false, element(24, []byte("20200101000000Z")))))
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(raw), "octet by octet": iotest.OneByteReader(bytes.NewReader(raw)),
		"data with the end": iotest.DataErrReader(bytes.NewReader(raw)),
	} {
		t.Run(name, func(t *testing.T) {
			crl, err := pkix.ReadCRL(context.Background(), r)
			require.NoError(t, err)
			require.Empty(t, crl.Anomalies)
			require.Equal(t, 2, crl.Version)
			require.Equal(t, caName, crl.Issuer.Raw)
			require.Equal(t, fixed.AddDate(0, 0, 0).Truncate(24*time.Hour), crl.ThisUpdate)
			require.Equal(t, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), crl.NextUpdate)
			require.Equal(t, hashOf(crypto.SHA256, raw), crl.ID[:])
			require.EqualValues(t, len(raw), crl.Size)
			require.Equal(t, "key", string(crl.AuthorityKeyID))
			require.EqualValues(t, 255, crl.Number.Int64())
			require.EqualValues(t, 128, crl.BaseNumber.Int64())
			require.Equal(t, []string{"http://crl/delta"}, crl.FreshestCRL)
			require.Equal(t, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), crl.ExpiredCerts)
			require.True(t, crl.Complete)
			require.Equal(t, 3, crl.Count)
			date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			require.Equal(t, []pkix.CRLEntry{
				{Serial: []byte{1}, Date: date, Reason: 1, Invalidity: time.Date(2025, 12, 24, 8, 0, 0, 0, time.UTC)},
				{Serial: []byte{0, 0x80}, Date: date, Reason: 6}, {Serial: []byte{3}, Date: date, Reason: -1},
			}, crl.Entries)

			key := must(pkix.NewPublicKeyInfo(ecKey().Public()))
			require.NoError(t, crl.Verify(key))
			require.ErrorIs(t, crl.Verify(must(pkix.NewPublicKeyInfo(rsaKey().Public()))), pkix.ErrAlgorithm)
		})
	}
}

func TestCRLSignature(t *testing.T) {
	key := must(pkix.NewPublicKeyInfo(ecKey().Public()))
	raw := list(t, march, april)
	require.NoError(t, read(t, raw).Verify(key))

	altered := bytes.Replace(raw, []byte("260401"), []byte("270401"), 1)
	require.ErrorIs(t, read(t, altered).Verify(key), pkix.ErrSignature)

	// The identifier inside what is signed says another algorithm than the one outside.
	sha384 := seq(unhex("06 08 2a8648ce3d040303"))
	mixed := read(t, signList(t, seq(version2, sha384, caName, march, april), ecAlg))
	require.Contains(t, crlCodes(mixed), pkix.CodeAlgorithmMismatch)
	require.ErrorIs(t, mixed.Verify(key), pkix.ErrAlgorithm)

	md5 := seq(unhex("06 09 2a864886f70d010104 0500"))
	old := read(t, signList(t, seq(version2, md5, caName, march, april), md5))
	require.Nil(t, old.Digest)
	require.ErrorIs(t, old.Verify(must(pkix.NewPublicKeyInfo(rsaKey().Public()))), pkix.ErrUnsupported)
}

// Ed25519 signs the list and not a digest of it: one that is too long to be held is not verified, and says so.
func TestCRLEd25519(t *testing.T) {
	algorithm := seq(unhex("06 03 2b6570"))
	key := must(pkix.NewPublicKeyInfo(edKey().Public()))
	make25519 := func(entries int) []byte {
		var all [][]byte
		for i := range entries {
			all = append(all, entry(bigSerial(i)))
		}
		tbs := seq(version2, algorithm, caName, march, april, seq(all...))
		return seq(tbs, algorithm, element(3, []byte{0}, must(edKey().Sign(nil, tbs, crypto.Hash(0)))))
	}
	short := read(t, make25519(1000))
	require.NoError(t, short.Verify(key))
	short.ToBeSigned[100] ^= 1
	require.ErrorIs(t, short.Verify(key), pkix.ErrSignature)

	long := read(t, make25519(limits.CRLWhole/30))
	require.Nil(t, long.ToBeSigned)
	require.ErrorIs(t, long.Verify(key), pkix.ErrUnsupported)
}

// A list longer than what is kept whole keeps the serials that were asked for, in whatever form they are written.
func TestCRLSought(t *testing.T) {
	var all [][]byte
	for i := range limits.CRLComplete {
		all = append(all, entry([]byte{0x11, byte(i)}))
	}
	whole := read(t, list(t, march, seq(all...)), []byte{9})
	require.True(t, whole.Complete)
	require.Len(t, whole.Entries, limits.CRLComplete)

	all = append(all, entry([]byte{0, 0, 5}), entry([]byte{0xff, 0xff, 0xf0}))
	long := list(t, march, seq(all...))
	some := read(t, long, []byte{5}, []byte{0x11, 7}, []byte{0xf0}, []byte{0, 0xf0})
	require.False(t, some.Complete)
	require.Equal(t, limits.CRLComplete+2, some.Count)
	var serials [][]byte
	for _, e := range some.Entries {
		serials = append(serials, e.Serial)
	}
	require.Equal(t, [][]byte{{0x11, 7}, {0, 0, 5}, {0xff, 0xff, 0xf0}}, serials)
	require.Empty(t, read(t, long).Entries)

	// A list that repeats a serial without end is refused rather than cut.
	all = slices.Repeat([][]byte{entry([]byte{5})}, limits.CRLKept+1)
	_, err := pkix.ReadCRL(context.Background(), bytes.NewReader(list(t, march, seq(all...))), []byte{5})
	require.ErrorIs(t, err, der.ErrLimit)
	require.ErrorContains(t, err, "with a serial number that is looked for")

	_, err = pkix.ReadCRL(context.Background(), bytes.NewReader(long), make([][]byte, limits.CRLSought+1)...)
	require.ErrorIs(t, err, der.ErrLimit)
}

// Entries of an indirect list inherit the issuer of the entry before them (RFC 5280 §5.3.3).
func TestCRLIndirect(t *testing.T) {
	crl := read(t, list(t, march, april,
		seq(entry([]byte{1}), entry([]byte{2}, certificateIssuer(otherName)), entry([]byte{3}, reason(4)),
			entry([]byte{4}, certificateIssuer(caName)), entry([]byte{5}),
			entry([]byte{6}, crlExtension(pkix.OIDCertificateIssuer, true, seq(element(0x86, []byte("http://x"))))), entry([]byte{7})),
		crlExtensions(crlExtension(pkix.OIDIssuingDistributionPoint, true, seq(unhex("8401ff"))))))
	require.True(t, crl.NamesIssuers)
	require.True(t, crl.Point.Indirect)
	var issuers [][]byte
	var unknown []bool
	for _, e := range crl.Entries {
		issuers, unknown = append(issuers, e.Issuer), append(unknown, e.UnknownIssuer)
	}
	require.Equal(t, [][]byte{nil, otherName, otherName, caName, caName, nil, nil}, issuers)
	require.Equal(t, []bool{false, false, false, false, false, true, true}, unknown)
	require.Contains(t, crlCodes(crl), pkix.CodeEntryIssuer)
}

func TestCRLIssuingPoint(t *testing.T) {
	uri := element(0x86, []byte("http://crl/1"))
	relative := seq(unhex("06 03 550403"), element(12, []byte("CRL1")))
	for name, c := range map[string]struct {
		value []byte
		want  *pkix.IssuingDistributionPoint
	}{
		"empty":          {seq(), &pkix.IssuingDistributionPoint{Reasons: pkix.AllReasons}},
		"users":          {seq(unhex("8101ff")), &pkix.IssuingDistributionPoint{OnlyUsers: true, Reasons: pkix.AllReasons}},
		"explicit false": {seq(unhex("810100")), &pkix.IssuingDistributionPoint{Reasons: pkix.AllReasons}},
		"authorities":    {seq(unhex("8201ff")), &pkix.IssuingDistributionPoint{OnlyAuthorities: true, Reasons: pkix.AllReasons}},
		"attributes":     {seq(unhex("8501ff")), &pkix.IssuingDistributionPoint{OnlyAttributes: true, Reasons: pkix.AllReasons}},
		"reasons":        {seq(unhex("8302 0560")), &pkix.IssuingDistributionPoint{Reasons: 1<<1 | 1<<2}},
		"name": {seq(element(0xa0, element(0xa0, uri))), &pkix.IssuingDistributionPoint{
			Name: pkix.DistributionPointName{Full: []pkix.GeneralName{{Form: 6, Value: []byte("http://crl/1")}}}, Reasons: pkix.AllReasons}},
		"relative": {seq(element(0xa0, element(0xa1, relative))), &pkix.IssuingDistributionPoint{
			Name: pkix.DistributionPointName{Relative: relative}, Reasons: pkix.AllReasons}},

		"not a sequence":  {uri, nil},
		"empty name":      {seq(element(0xa0)), nil},
		"no names":        {seq(element(0xa0, element(0xa0))), nil},
		"two choices":     {seq(element(0xa0, element(0xa0, uri), element(0xa0, uri))), nil},
		"unknown choice":  {seq(element(0xa0, element(0xa2, uri))), nil},
		"out of order":    {seq(unhex("8201ff 8101ff")), nil},
		"twice":           {seq(unhex("8101ff 8101ff")), nil},
		"long boolean":    {seq(unhex("8102ffff")), nil},
		"no bits":         {seq(unhex("8300")), nil},
		"trailing octets": {append(seq(), 5, 0), nil},
	} {
		t.Run(name, func(t *testing.T) {
			crl := read(t, list(t, march, crlExtensions(crlExtension(pkix.OIDIssuingDistributionPoint, true, c.value))))
			require.Equal(t, c.want, crl.Point)
			require.Equal(t, c.want == nil, slices.Contains(crlCodes(crl), pkix.CodeExtension))
		})
	}
	name := pkix.DistributionPointName{Relative: relative}.Names(caName)
	require.Equal(t, []pkix.GeneralName{{Form: pkix.FormDirectory, Value: seq(element(0x31, seq(unhex("06 03 550403"), element(12, []byte("AC")))), element(0x31, relative))}}, name)
	require.Nil(t, pkix.DistributionPointName{Relative: relative}.Names([]byte{5, 0}))
}

// What a reader may not ignore is named, in the list or in any entry of it, asked for or not.
func TestCRLCritical(t *testing.T) {
	unknown := der.MustOID("1.3.6.1.4.1.32473.1")
	crl := read(t, list(t, march, seq(entry([]byte{1}, crlExtension(unknown, true, []byte{5, 0})), entry([]byte{2}, crlExtension(unknown, true, []byte{5, 0}))),
		crlExtensions(crlExtension(unknown, true, []byte{5, 0}), crlExtension(pkix.OIDHoldInstruction, false, []byte{5, 0}))))
	require.Equal(t, []der.OID{unknown}, crl.UnknownCritical)
	require.Equal(t, []der.OID{unknown}, crl.UnknownEntryCritical)

	crl = read(t, list(t, march, seq(entry([]byte{1}, crlExtension(unknown, false, []byte{5, 0}))), crlExtensions(crlExtension(unknown, false, []byte{5, 0}))))
	require.Empty(t, crl.UnknownCritical)
	require.Empty(t, crl.UnknownEntryCritical)

	twice := read(t, list(t, march, crlExtensions(crlExtension(pkix.OIDCRLNumber, false, unhex("020101")), crlExtension(pkix.OIDCRLNumber, false, unhex("020102")))))
	require.Contains(t, crlCodes(twice), pkix.CodeDuplicate)
	twice = read(t, list(t, march, seq(entry([]byte{1}, reason(1), reason(8)))))
	require.Contains(t, crlCodes(twice), pkix.CodeDuplicate)
}

func TestCRLAnomalies(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		code string
	}{
		"trailing octets":                 {append(list(t, march), '\n'), pkix.CodeTrailing},
		"PEM":                             {pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list(t, march)}), pkix.CodeBER},
		"PEM after white space":           {append([]byte("\r\n \n"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list(t, march)})...), pkix.CodeBER},
		"version 1 with extensions":       {signList(t, seq(ecAlg, caName, march, crlExtensions(crlExtension(pkix.OIDCRLNumber, false, unhex("020101")))), ecAlg), pkix.CodeVersion},
		"version 3":                       {signList(t, seq(unhex("020102"), ecAlg, caName, march), ecAlg), pkix.CodeVersion},
		"GeneralizedTime":                 {list(t, element(24, []byte("20260301000000Z"))), pkix.CodeTime},
		"empty list":                      {list(t, march, seq()), pkix.CodeEmptyList},
		"negative number":                 {list(t, march, crlExtensions(crlExtension(pkix.OIDCRLNumber, false, unhex("0201ff")))), pkix.CodeExtension},
		"reason 7":                        {list(t, march, seq(entry([]byte{1}, reason(7)))), pkix.CodeExtension},
		"odd invalidity":                  {list(t, march, seq(entry([]byte{1}, crlExtension(pkix.OIDInvalidityDate, false, january)))), pkix.CodeTime},
		"UTCTime of expired certificates": {list(t, march, crlExtensions(crlExtension(pkix.OIDExpiredCertsOnCRL, false, january))), pkix.CodeTime},
	} {
		t.Run(name, func(t *testing.T) {
			crl := read(t, c.raw)
			require.Contains(t, crlCodes(crl), c.code)
			require.NoError(t, crl.Verify(must(pkix.NewPublicKeyInfo(ecKey().Public()))))
		})
	}
}

// Nothing that could be read in two ways is read.
func TestCRLRefused(t *testing.T) {
	good := list(t, march, april, seq(entry([]byte{1}, reason(1))))
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"nothing":                 {nil, "cut"},
		"not ASN.1":               {[]byte("<html>"), ""},
		"cut":                     {good[:len(good)-1], "the list ends within an element"},
		"cut in an entry":         {good[:60], ""},
		"PEM that is cut":         {[]byte("-----BEGIN X509 CRL-----\nMII"), ""},
		"PEM of nothing":          {[]byte("-----BEGIN X509 CRL-----"), ""},
		"PEM that is not base64":  {[]byte("-----BEGIN X509 CRL-----\n****\n-----END X509 CRL-----\n"), "base64"},
		"indefinite length":       {append([]byte{0x30, 0x80}, good[4:]...), "not DER"},
		"a length too long":       {append([]byte{0x30, 0x83, 0}, good[2:]...), "not DER"},
		"a child beyond":          {seq(append([]byte{0x30, 0x7f}, good[10:20]...)), "beyond the parent"},
		"fields after":            {seq(good[len(header(0x30, len(good)-4)):], unhex("0500")), "fields after signatureValue"},
		"no date":                 {list(t, seq()), "thisUpdate is missing"},
		"a date that is none":     {list(t, element(23, []byte("269901000000Z"))), "thisUpdate cannot be read"},
		"fields after the list":   {list(t, march, seq(entry([]byte{1})), seq(entry([]byte{1}))), "fields after the extensions"},
		"an entry without serial": {list(t, march, seq(seq(january))), "without a serial number"},
		"an empty serial":         {list(t, march, seq(seq(element(2), january))), "without a serial number"},
		"an entry without date":   {list(t, march, seq(seq(unhex("020101")))), "without a revocation date"},
		"an entry that is a SET":  {list(t, march, seq(element(0x31, unhex("020101"), january))), "not a SEQUENCE"},
		"empty extensions":        {list(t, march, seq(seq(unhex("020101"), january, seq()))), "extensions of an entry"},
		"octets in an entry":      {list(t, march, seq(seq(unhex("020101"), january, seq(reason(1)), unhex("0500")))), "extensions of an entry"},
		"a bad extension":         {list(t, march, seq(seq(unhex("020101"), january, seq(seq(unhex("0500")))))), "extensions of an entry"},
		"an empty extension list": {list(t, march, crlExtensions()), "crlExtensions cannot be read"},
		"a bad list extension":    {list(t, march, crlExtensions(seq(unhex("0500")))), "crlExtensions cannot be read"},
		"no name":                 {signList(t, seq(version2, ecAlg, element(0x31), march), ecAlg), "issuer is missing"},
		"no algorithm":            {signList(t, seq(version2, caName, march), ecAlg), "tbsCertList.signature is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			crl, err := pkix.ReadCRL(context.Background(), bytes.NewReader(c.raw), []byte{1})
			require.Nil(t, crl)
			require.ErrorIs(t, err, pkix.ErrCRL)
			_, same := pkix.ParseCRL(c.raw, []byte{1})
			require.EqualError(t, same, err.Error())
			if c.want != "cut" {
				require.ErrorContains(t, err, c.want)
			}
		})
	}
}

func TestCRLBounds(t *testing.T) {
	for name, raw := range map[string][]byte{
		"a list of 1 GiB, announced": {0x30, 0x84, 0x40, 0, 0, 0},
		"an issuer":                  list(t)[:0:0],
		"an entry":                   list(t, march, seq(entry([]byte{1}, crlExtension(der.MustOID("1.2.3"), false, make([]byte, limits.CRLEntry))))),
		"extensions":                 list(t, march, crlExtensions(crlExtension(der.MustOID("1.2.3"), false, make([]byte, limits.CRLHead)))),
	} {
		if name == "an issuer" {
			raw = signList(t, seq(version2, ecAlg, seq(make([]byte, limits.CRLHead)), march), ecAlg)
		}
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := pkix.ReadCRL(context.Background(), bytes.NewReader(raw))
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, pkix.ErrCRL)
			require.ErrorIs(t, err, der.ErrLimit)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
		})
	}
}

func TestReadCRLErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := pkix.ReadCRL(ctx, bytes.NewReader(list(t, march)))
	require.ErrorIs(t, err, context.Canceled)
	broken := errors.New("the cable is cut")
	_, err = pkix.ReadCRL(context.Background(), io.MultiReader(bytes.NewReader(list(t, march)[:40]), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, pkix.ErrCRL)
	_, err = pkix.ReadCRL(context.Background(), emptyReader{})
	require.ErrorIs(t, err, io.ErrNoProgress)
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

// Every list of NIST PKITS is read, and those made to be refused show why.
func TestReadPKITSLists(t *testing.T) {
	names, err := filepath.Glob("../../signature/validation/testdata/pkits/crls/*.crl")
	require.NoError(t, err)
	require.Len(t, names, 173)
	odd := map[string]string{"BadCRLSignatureCACRL": pkix.CodeBitString}
	indirect, delta, pointed := 0, 0, 0
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		base := strings.TrimSuffix(filepath.Base(name), ".crl")
		crl, err := pkix.ReadCRL(context.Background(), bytes.NewReader(raw))
		require.NoError(t, err, base)
		require.True(t, crl.Complete, base)
		require.Equal(t, hashOf(crypto.SHA256, raw), crl.ID[:], base)
		if code, isOdd := odd[base]; isOdd {
			require.Equal(t, []string{code}, crlCodes(crl), base)
		} else {
			require.Empty(t, crl.Anomalies, base)
		}
		require.Equal(t, base == "UnknownCRLExtensionCACRL", len(crl.UnknownCritical) > 0, base)
		require.Equal(t, base == "UnknownCRLEntryExtensionCACRL", len(crl.UnknownEntryCritical) > 0, base)
		if crl.Point != nil {
			if pointed++; crl.Point.Indirect {
				indirect++
			}
		}
		if crl.BaseNumber != nil {
			delta++
		}
	}
	require.Equal(t, []int{4, 4, 20}, []int{indirect, delta, pointed})
}
