package pkitest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

const x509OCSPSigning = x509.ExtKeyUsageOCSPSigning

func containsBytes(b, part []byte) bool { return bytes.Contains(b, part) }

// mustBasic is the certificate inside a response that cannot be verified without it.
func mustBasic(t *testing.T, response []byte) *x509.Certificate {
	t.Helper()
	r, err := ocsp.ParseResponse(response, nil)
	require.NoError(t, err)
	return r.Certificate
}

// The structures of RFC 3161, read by encoding/asn1: not by the code under test.
type tsRequest struct {
	Version int
	Imprint imprint
	Policy  asn1.ObjectIdentifier `asn1:"optional"`
	Nonce   *big.Int              `asn1:"optional"`
	CertReq bool                  `asn1:"optional"`
}

type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

type tsResponse struct {
	Status struct {
		Status   int
		Text     []string       `asn1:"optional,utf8"`
		FailInfo asn1.BitString `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  imprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct {
		Seconds int `asn1:"optional"`
		Millis  int `asn1:"optional,tag:0"`
		Micros  int `asn1:"optional,tag:1"`
	} `asn1:"optional"`
	Ordering bool          `asn1:"optional"`
	Nonce    *big.Int      `asn1:"optional"`
	TSA      asn1.RawValue `asn1:"optional,tag:0"`
}

var bonjour = sha256.Sum256([]byte("bonjour"))

func request(t *testing.T, change func(*tsRequest)) []byte {
	t.Helper()
	r := tsRequest{Version: 1, Nonce: big.NewInt(0x7fff1234), CertReq: true, Imprint: imprint{
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, Parameters: asn1.NullRawValue},
		Digest:    bonjour[:],
	}}
	if change != nil {
		change(&r)
	}
	der, err := asn1.Marshal(r)
	require.NoError(t, err)
	return der
}

func respond(t *testing.T, tsa *pkitest.TimestampAuthority, request []byte) tsResponse {
	t.Helper()
	der, err := tsa.Respond(context.Background(), request)
	require.NoError(t, err)
	var r tsResponse
	rest, err := asn1.Unmarshal(der, &r)
	require.NoError(t, err)
	require.Empty(t, rest)
	return r
}

func readInfo(t *testing.T, token []byte) (tstInfo, *pkcs7.PKCS7) {
	t.Helper()
	p7, err := pkcs7.Parse(token)
	require.NoError(t, err)
	var info tstInfo
	rest, err := asn1.Unmarshal(p7.Content, &info)
	require.NoError(t, err)
	require.Empty(t, rest)
	return info, p7
}

func TestTimestamp(t *testing.T) {
	pki := pkitest.New(pkitest.At(time.Date(2026, 3, 2, 9, 0, 0, 250e6, time.UTC)))
	root := pki.Root("Racine")
	ca := root.Intermediate("AC")
	for _, k := range []pkitest.KeyType{pkitest.P256, pkitest.P384, pkitest.RSA2048} {
		t.Run(k.String(), func(t *testing.T) {
			tsa := ca.TimestampAuthority("Horodatage", k)
			response := respond(t, tsa, request(t, nil))
			require.Equal(t, 0, response.Status.Status)
			require.LessOrEqual(t, len(response.Token.FullBytes), tsa.TokenSize())
			info, p7 := readInfo(t, response.Token.FullBytes)
			require.NoError(t, p7.Verify())
			require.Equal(t, 1, info.Version)
			require.Equal(t, pkitest.TimestampPolicy, info.Policy.String())
			require.Equal(t, bonjour[:], info.Imprint.Digest)
			require.Equal(t, pki.Now(), info.Time.UTC())
			require.True(t, containsBytes(p7.Content, []byte("20260302090000.25Z")))
			require.Equal(t, 1, info.Accuracy.Seconds)
			require.Equal(t, big.NewInt(0x7fff1234), info.Nonce)
			require.False(t, info.Ordering)
			require.Empty(t, info.TSA.FullBytes)
			var certs []string
			for _, c := range p7.Certificates {
				certs = append(certs, c.Subject.CommonName)
			}
			require.ElementsMatch(t, []string{"Horodatage", "AC"}, certs)
			again, _ := readInfo(t, respond(t, tsa, request(t, nil)).Token.FullBytes)
			require.NotEqual(t, info.Serial, again.Serial)
		})
	}
	tsa := ca.TimestampAuthority("Horodatage")
	token, err := tsa.Timestamp(context.Background(), crypto.SHA256, bonjour[:])
	require.NoError(t, err)
	info, p7 := readInfo(t, token)
	require.NoError(t, p7.Verify())
	require.Nil(t, info.Nonce)

	response := respond(t, tsa, request(t, func(r *tsRequest) { r.CertReq = false }))
	_, p7 = readInfo(t, response.Token.FullBytes)
	require.Empty(t, p7.Certificates)

	response = respond(t, tsa, request(t, func(r *tsRequest) { r.Policy = asn1.ObjectIdentifier{1, 2, 3} }))
	require.Equal(t, 2, response.Status.Status)
	require.Equal(t, 1, response.Status.FailInfo.At(15))
	require.Empty(t, response.Token.FullBytes)
	response = respond(t, tsa, request(t, func(r *tsRequest) { r.Imprint.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 3} }))
	require.Equal(t, 1, response.Status.FailInfo.At(0))
	response = respond(t, tsa, request(t, func(r *tsRequest) { r.Imprint.Digest = r.Imprint.Digest[:20] }))
	require.Equal(t, 1, response.Status.FailInfo.At(2))
	for _, bad := range [][]byte{nil, []byte("bonjour"), {0x30, 0}, request(t, func(r *tsRequest) { r.Version = 2 }), append(request(t, nil), 0)} {
		require.Equal(t, 1, respond(t, tsa, bad).Status.FailInfo.At(2))
	}
	_, err = tsa.Timestamp(context.Background(), crypto.SHA256, []byte{1})
	require.ErrorContains(t, err, "status 2")
}

func TestLyingTimestamps(t *testing.T) {
	pki := pkitest.New()
	ca := pki.Root("Racine").Intermediate("AC")
	token := func(t *testing.T, options ...pkitest.Option) (tstInfo, *pkcs7.PKCS7) {
		t.Helper()
		return readInfo(t, respond(t, ca.TimestampAuthority("Horodatage", options...), request(t, nil)).Token.FullBytes)
	}
	info, p7 := token(t, pkitest.WrongImprint())
	require.NotEqual(t, bonjour[:], info.Imprint.Digest)
	require.NoError(t, p7.Verify(), "a lie is well signed")
	info, _ = token(t, pkitest.WrongNonce())
	require.Equal(t, big.NewInt(0x7fff1235), info.Nonce)
	info, _ = token(t, pkitest.DropNonce())
	require.Nil(t, info.Nonce)
	info, _ = token(t, pkitest.WrongPolicy())
	require.NotEqual(t, pkitest.TimestampPolicy, info.Policy.String())
	info, _ = token(t, pkitest.TokenPolicy("1.2.250.1.8.1.1.1.1.7"), pkitest.Ordering(), pkitest.Named(), pkitest.Accuracy(1234567*time.Microsecond))
	require.Equal(t, "1.2.250.1.8.1.1.1.1.7", info.Policy.String())
	require.True(t, info.Ordering)
	require.NotEmpty(t, info.TSA.FullBytes)
	require.Equal(t, [3]int{1, 234, 567}, [3]int{info.Accuracy.Seconds, info.Accuracy.Millis, info.Accuracy.Micros})
	info, _ = token(t, pkitest.Accuracy(0))
	require.Zero(t, info.Accuracy)
	info, _ = token(t, pkitest.Shift(-48*time.Hour))
	require.Equal(t, pki.Now().Add(-48*time.Hour), info.Time.UTC())
	info, _ = token(t, pkitest.At(pki.Now().AddDate(-3, 0, 0)))
	require.Equal(t, pki.Now().AddDate(-3, 0, 0), info.Time.UTC())
	for name, option := range map[string]pkitest.Option{"bit": pkitest.BadSignature(), "key": pkitest.WrongKey()} {
		_, p7 = token(t, option)
		require.ErrorContains(t, p7.Verify(), "verification failure", name)
	}
	unit := func(options ...pkitest.Option) *x509.Certificate {
		return ca.TimestampAuthority("Horodatage", options...).Certificate
	}
	_, _, ok := extension(unit(pkitest.Without(pkitest.OIDExtKeyUsage)), pkitest.OIDExtKeyUsage)
	require.False(t, ok)
	_, critical, ok := extension(unit(pkitest.Critical(pkitest.OIDExtKeyUsage, false)), pkitest.OIDExtKeyUsage)
	require.True(t, ok && !critical)
	require.True(t, unit(pkitest.AsCA(true)).IsCA)
	require.Equal(t, x509.ECDSAWithSHA1, unit(pkitest.ForCertificate{pkitest.LegacySHA1()}).SignatureAlgorithm)
	_, p7 = token(t, pkitest.LegacySHA1(), pkitest.RSA2048)
	require.True(t, p7.Signers[0].DigestAlgorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA1))
	require.Equal(t, x509.ECDSAWithSHA256, unit(pkitest.LegacySHA1()).SignatureAlgorithm)

	// Which certificate the token binds: RFC 5035.
	attribute := func(p7 *pkcs7.PKCS7, arc int) (raw asn1.RawValue, ok bool) {
		err := p7.UnmarshalSignedAttribute(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, arc}, &raw)
		return raw, err == nil
	}
	tsa := ca.TimestampAuthority("Horodatage")
	sum := sha256.Sum256(tsa.DER)
	_, p7 = readInfo(t, respond(t, tsa, request(t, nil)).Token.FullBytes)
	raw, ok := attribute(p7, 47)
	require.True(t, ok)
	require.True(t, containsBytes(raw.FullBytes, sum[:]))
	tsa.Behave(pkitest.WrongESSCertID())
	_, p7 = readInfo(t, respond(t, tsa, request(t, nil)).Token.FullBytes)
	raw, ok = attribute(p7, 47)
	require.True(t, ok)
	require.False(t, containsBytes(raw.FullBytes, sum[:]))
	_, p7 = token(t, pkitest.NoESSCertID())
	_, ok = attribute(p7, 47)
	require.False(t, ok)
	_, p7 = token(t, pkitest.LegacyESSCertID())
	_, ok = attribute(p7, 12)
	require.True(t, ok)

	require.Equal(t, 1, respond(t, ca.TimestampAuthority("H", pkitest.GrantedWithMods()), request(t, nil)).Status.Status)
	rejected := respond(t, ca.TimestampAuthority("H", pkitest.Rejects(2, 25)), request(t, nil))
	require.Equal(t, 2, rejected.Status.Status)
	require.Equal(t, 1, rejected.Status.FailInfo.At(25))
	require.Empty(t, respond(t, ca.TimestampAuthority("H", pkitest.Rejects(3, -1)), request(t, nil)).Status.FailInfo.Bytes)
	response := respond(t, ca.TimestampAuthority("H", pkitest.TokenVersion(1), pkitest.TokenContentType("1.2.840.113549.1.7.1")), request(t, nil))
	require.False(t, containsBytes(response.Token.FullBytes, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4}))
	require.True(t, containsBytes(response.Token.FullBytes, []byte{2, 1, 1, 0x31}))

	garbage, err := ca.TimestampAuthority("H", pkitest.Garbage([]byte("???"))).Timestamp(context.Background(), crypto.SHA256, bonjour[:])
	require.NoError(t, err)
	require.Equal(t, "???", string(garbage))
	_, err = ca.TimestampAuthority("H", pkitest.Rejects(2, 14)).Timestamp(context.Background(), crypto.SHA256, bonjour[:])
	require.ErrorContains(t, err, "status 2")

	flaky := ca.TimestampAuthority("H", pkitest.Unavailable(2))
	for i := range 3 {
		_, err := flaky.Timestamp(context.Background(), crypto.SHA256, bonjour[:])
		require.Equal(t, i < 2, err == pkitest.ErrUnavailable)
	}
	slow := ca.TimestampAuthority("H", pkitest.Slow(time.Minute))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = slow.Timestamp(ctx, crypto.SHA256, bonjour[:])
	require.ErrorIs(t, err, context.DeadlineExceeded)

	seal := ca.Leaf("Un cachet qui horodate", pkitest.Seal)
	_, p7 = readInfo(t, respond(t, pki.TimestampAuthorityOf(seal), request(t, nil)).Token.FullBytes)
	require.Equal(t, seal.Certificate.Subject.CommonName, p7.GetOnlySigner().Subject.CommonName)
}
