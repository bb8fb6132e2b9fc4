package pkitest_test

import (
	"crypto"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func TestOCSP(t *testing.T) {
	pki := pkitest.New()
	now := pki.Now()
	root := pki.Root("Racine")
	ca := root.Intermediate("AC")
	good := ca.Leaf("Bon")
	revoked := ca.Leaf("Révoqué", pkitest.Revoked(now.Add(-2*time.Hour), pkitest.KeyCompromise))
	foreign := root.Intermediate("Autre AC").Leaf("Étranger")
	parse := func(response []byte, issuer *pkitest.Authority) *ocsp.Response {
		t.Helper()
		r, err := ocsp.ParseResponse(response, issuer.Certificate)
		require.NoError(t, err)
		return r
	}
	for name, r := range map[string]*pkitest.Responder{
		"direct":    ca.DirectResponder(),
		"delegated": ca.Responder("Répondeur", pkitest.RSA2048),
		"by name":   ca.Responder("Répondeur", pkitest.ByName()),
	} {
		t.Run(name, func(t *testing.T) {
			response := parse(r.OCSP(good), ca)
			require.Equal(t, ocsp.Good, response.Status)
			require.Equal(t, good.Certificate.SerialNumber, response.SerialNumber)
			require.Equal(t, now, response.ThisUpdate)
			require.Equal(t, now, response.ProducedAt)
			require.Equal(t, now.Add(24*time.Hour), response.NextUpdate)
			if name == "direct" {
				require.Nil(t, response.Certificate)
			} else {
				require.Equal(t, r.DER, response.Certificate.Raw)
				require.Contains(t, response.Certificate.ExtKeyUsage, x509OCSPSigning)
			}
			require.Equal(t, name == "by name", response.ResponderKeyHash == nil)

			response = parse(r.OCSP(revoked), ca)
			require.Equal(t, ocsp.Revoked, response.Status)
			require.Equal(t, 1, response.RevocationReason)
			require.Equal(t, now.Add(-2*time.Hour), response.RevokedAt)
			require.Equal(t, ocsp.Good, parse(r.OCSP(revoked, pkitest.At(now.Add(-3*time.Hour))), ca).Status)

			// Asked about what another authority issued.
			answer, err := r.Respond(pkitest.OCSPRequest(foreign, crypto.SHA1, nil))
			require.NoError(t, err)
			require.Equal(t, ocsp.Unknown, parse(answer, ca).Status)
		})
	}
	_, err := ocsp.ParseResponse(ca.OCSP(good, pkitest.BadSignature()), ca.Certificate)
	require.ErrorContains(t, err, "signature")
	_, err = ocsp.ParseResponse(ca.OCSP(good, pkitest.WrongKey()), ca.Certificate)
	require.ErrorContains(t, err, "signature")
	_, err = ocsp.ParseResponse(ca.Responder("R", pkitest.Without(pkitest.OIDExtKeyUsage)).OCSP(good), ca.Certificate)
	require.NoError(t, err) // x/crypto/ocsp does not look; openssl does, see interop
	_, err = ocsp.ParseResponse(ca.ResponderOf(foreign).OCSP(good), ca.Certificate)
	require.ErrorContains(t, err, "signature")
	require.True(t, parse(ca.OCSP(good, pkitest.Late()), ca).NextUpdate.Before(now))
	require.True(t, parse(ca.OCSP(good, pkitest.NoNextUpdate()), ca).NextUpdate.IsZero())
	require.Equal(t, ocsp.Unknown, parse(ca.OCSP(good, pkitest.Says(pkitest.Unknown)), ca).Status)
	require.Equal(t, ocsp.Revoked, parse(ca.OCSP(good, pkitest.Says(pkitest.IsRevoked)), ca).Status)
	require.Equal(t, ocsp.Good, parse(ca.OCSP(revoked, pkitest.Says(pkitest.Good)), ca).Status)
	require.NotEqual(t, good.Certificate.SerialNumber, parse(ca.OCSP(good, pkitest.OtherCertificate()), ca).SerialNumber)
	require.Nil(t, mustBasic(t, ca.Responder("R").OCSP(good, pkitest.WithoutCertificates())))
	_, err = ocsp.ParseResponse(ca.OCSP(good, pkitest.ResponseStatus(3)), ca.Certificate)
	require.ErrorContains(t, err, "try later")

	find := func(r *ocsp.Response, oid string) []byte {
		for _, e := range r.Extensions {
			if e.Id.String() == oid {
				return e.Value
			}
		}
		return nil
	}
	right, wrong := parse(ca.OCSP(good, pkitest.CertHash(true)), ca), parse(ca.OCSP(good, pkitest.CertHash(false)), ca)
	require.NotNil(t, find(right, pkitest.OIDCertHash))
	require.NotEqual(t, find(right, pkitest.OIDCertHash), find(wrong, pkitest.OIDCertHash))
	require.NotNil(t, find(parse(ca.OCSP(good, pkitest.ArchiveCutOff(now.AddDate(-10, 0, 0))), ca), pkitest.OIDArchiveCutOff))
	require.Equal(t, []byte{5, 0}, find(parse(ca.OCSP(good, pkitest.SingleExtension("1.2.3", false, []byte{5, 0})), ca), "1.2.3"))

	for _, bad := range [][]byte{nil, {0x30, 0}, []byte("bonjour"), append(pkitest.OCSPRequest(good, crypto.SHA256, nil), 0)} {
		_, err := ca.DirectResponder().Respond(bad)
		require.ErrorContains(t, err, "not an OCSPRequest")
	}
}

func TestOCSPNonce(t *testing.T) {
	ca := pkitest.New().Root("Racine")
	id := ca.Leaf("Mairie")
	request := pkitest.OCSPRequest(id, crypto.SHA256, []byte("0123456789abcdef"))
	for _, c := range []struct {
		option pkitest.Option
		echo   bool
		any    bool
	}{
		{pkitest.Says(pkitest.Good), true, true},
		{pkitest.NoNonce(), false, false},
		{pkitest.WrongNonce(), false, true},
	} {
		response, err := ca.DirectResponder(c.option).Respond(request)
		require.NoError(t, err)
		require.Equal(t, c.echo, containsBytes(response, []byte("0123456789abcdef")))
		require.Equal(t, c.any, containsBytes(response, []byte("0123456789abcde")))
	}
}

// Requests come from whoever finds the loopback port: anything is answered or refused, within bounds.
func FuzzOCSPRequest(f *testing.F) {
	ca := pkitest.New().Root("Racine")
	id := ca.Leaf("Mairie")
	seeds := [][]byte{
		pkitest.OCSPRequest(id, crypto.SHA1, nil), pkitest.OCSPRequest(id, crypto.SHA512, []byte("0123456789abcdef")),
		{0x30, 0x80}, {0x30, 0x04, 0x30, 0x02, 0x30, 0x00},
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	responder := ca.DirectResponder()
	f.Fuzz(func(t *testing.T, request []byte) {
		response, err := responder.Respond(request)
		if (response == nil) == (err == nil) {
			t.Fatal("an answer or an error, one of the two")
		}
		if len(response) > 1<<10+64*len(request) {
			t.Fatalf("%d octets for %d", len(response), len(request))
		}
	})
}
