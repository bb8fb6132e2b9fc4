//go:build interop

package pkitest_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// openssl runs a command in dir and returns what it printed; wantOK says how it must end.
func openssl(t *testing.T, dir string, wantOK bool, args ...string) string {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if wantOK {
		require.NoError(t, err, "openssl %v\n%s", args, out)
	} else {
		require.Error(t, err, "openssl %v\n%s", args, out)
	}
	return string(out)
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
}

// Every usage and every key, with revocation checked along the chain.
func TestOpenSSLVerify(t *testing.T) {
	pki := pkitest.New()
	at := fmt.Sprint(pki.Now().Unix())
	for _, k := range keyTypes {
		t.Run(k.String(), func(t *testing.T) {
			dir := t.TempDir()
			root := pki.Root("Racine d'essai", k)
			ca := root.Intermediate("AC d'essai", k)
			write(t, dir, "root.pem", root.PEM())
			write(t, dir, "ca.pem", ca.PEM())
			revoked := ca.Leaf("Révoqué", pkitest.Revoked(pki.Now().Add(-time.Hour), pkitest.KeyCompromise))
			for _, u := range []pkitest.Usage{pkitest.Sign, pkitest.Auth, pkitest.AuthSign, pkitest.Encrypt, pkitest.Seal,
				pkitest.TSA, pkitest.OCSPSigner, pkitest.ServerAuth, pkitest.ClientAuth, pkitest.Code} {
				write(t, dir, u.String()+".pem", ca.Leaf("Mairie", u, k).PEM())
			}
			write(t, dir, "revoked.pem", revoked.PEM())
			write(t, dir, "crls.pem", append(pkitest.CRLPEM(root.CRL()), pkitest.CRLPEM(ca.CRL())...))
			write(t, dir, "late.pem", append(pkitest.CRLPEM(root.CRL()), pkitest.CRLPEM(ca.CRL(pkitest.Late()))...))
			write(t, dir, "wrong.pem", append(pkitest.CRLPEM(root.CRL()), pkitest.CRLPEM(ca.CRL(pkitest.WrongKey()))...))
			verify := []string{"verify", "-x509_strict", "-attime", at, "-CAfile", "root.pem", "-untrusted", "ca.pem", "-crl_check_all", "-CRLfile"}
			openssl(t, dir, true, append(verify, "crls.pem", "sign.pem", "auth.pem", "auth_sign.pem", "encrypt.pem", "seal.pem",
				"tsu.pem", "ocsp.pem", "server_auth.pem", "client_auth.pem", "code.pem")...)
			openssl(t, dir, true, append([]string{"verify", "-purpose", "timestampsign"}, append(verify[1:], "crls.pem", "tsu.pem")...)...)
			require.Contains(t, openssl(t, dir, false, append(verify, "crls.pem", "revoked.pem")...), "certificate revoked")
			require.Contains(t, openssl(t, dir, false, append(verify, "late.pem", "sign.pem")...), "CRL has expired")
			require.Contains(t, openssl(t, dir, false, append(verify, "wrong.pem", "sign.pem")...), "CRL signature failure")
		})
	}
}

// Algorithms that crypto/x509 does not verify. openssl 3.0 knows no ECDSA over SHA-3: that one is in the plain tests.
func TestOpenSSLAlgorithms(t *testing.T) {
	for name, options := range map[string][]pkitest.Option{
		"SHA3-512 RSA":    {pkitest.RSA2048, pkitest.Digest(crypto.SHA3_512)},
		"PSS SHA-512":     {pkitest.RSA2048, pkitest.PSS(), pkitest.Digest(crypto.SHA512)},
		"PSS key SHA-384": {pkitest.RSAPSS2048, pkitest.PSSRestriction(crypto.SHA384)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pki := pkitest.New()
			root := pki.Root("Racine d'essai", options...)
			leaf := root.Leaf("Mairie", options...)
			write(t, dir, "root.pem", root.PEM())
			write(t, dir, "leaf.pem", leaf.PEM())
			openssl(t, dir, true, "verify", "-x509_strict", "-check_ss_sig", "-attime", fmt.Sprint(pki.Now().Unix()), "-CAfile", "root.pem", "leaf.pem")
		})
	}
}

func TestOpenSSLPKCS12(t *testing.T) {
	for _, k := range keyTypes {
		t.Run(k.String(), func(t *testing.T) {
			dir := t.TempDir()
			id := pkitest.New().Root("Racine").Intermediate("AC").Leaf("Mairie", k)
			modern, err := id.PKCS12("secret")
			require.NoError(t, err)
			legacy, err := id.LegacyPKCS12("secret")
			require.NoError(t, err)
			write(t, dir, "id.p12", modern)
			write(t, dir, "old.p12", legacy)
			write(t, dir, "key.pem", id.KeyPEM())
			out := openssl(t, dir, true, "pkcs12", "-in", "id.p12", "-passin", "pass:secret", "-nodes")
			require.Contains(t, out, "PRIVATE KEY")
			openssl(t, dir, true, "pkcs12", "-legacy", "-in", "old.p12", "-passin", "pass:secret", "-nodes")
			openssl(t, dir, false, "pkcs12", "-in", "id.p12", "-passin", "pass:wrong", "-nodes")
			openssl(t, dir, true, "pkey", "-in", "key.pem", "-check", "-noout")
		})
	}
}

// openssl asks our authority and verifies its answers, for each key, digest and request form.
func TestOpenSSLTimestamp(t *testing.T) {
	pki := pkitest.New()
	at := fmt.Sprint(pki.Now().Unix())
	server, err := pki.Serve()
	require.NoError(t, err)
	defer server.Close()
	root := pki.Root("Racine")
	ca := root.Intermediate("AC")
	dir := t.TempDir()
	write(t, dir, "root.pem", root.PEM())
	write(t, dir, "ca.pem", ca.PEM())
	write(t, dir, "content", []byte("bonjour"))
	ask := func(t *testing.T, tsa *pkitest.TimestampAuthority, query ...string) {
		t.Helper()
		openssl(t, dir, true, append([]string{"ts", "-query", "-data", "content", "-out", "query.tsq"}, query...)...)
		request, err := os.Open(filepath.Join(dir, "query.tsq"))
		require.NoError(t, err)
		defer request.Close()
		response, err := http.Post(tsa.URL(), "application/timestamp-query", request)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, http.StatusOK, response.StatusCode)
		file, err := os.Create(filepath.Join(dir, "reply.tsr"))
		require.NoError(t, err)
		_, err = file.ReadFrom(response.Body)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	verify := []string{"ts", "-verify", "-in", "reply.tsr", "-queryfile", "query.tsq", "-CAfile", "root.pem", "-attime", at}
	for _, k := range keyTypes {
		t.Run(k.String(), func(t *testing.T) {
			if k == pkitest.Ed25519 {
				t.Skip("openssl 3.0 does not verify Ed25519 in CMS")
			}
			tsa := ca.TimestampAuthority("Horodatage", k)
			for _, h := range []string{"-sha256", "-sha384", "-sha512", "-sha3-256"} {
				ask(t, tsa, h, "-cert")
				openssl(t, dir, true, append(verify, "-untrusted", "ca.pem")...)
				ask(t, tsa, h, "-no_nonce")
				write(t, dir, "tsa.pem", append(tsa.PEM(), ca.PEM()...))
				openssl(t, dir, true, append(verify, "-untrusted", "tsa.pem")...)
			}
		})
	}
	for _, h := range []crypto.Hash{crypto.SHA384, crypto.SHA512} {
		tsa := ca.TimestampAuthority("Horodatage", pkitest.RSA2048, pkitest.PSS(), pkitest.Digest(h), pkitest.Named(), pkitest.Accuracy(1500*time.Microsecond))
		ask(t, tsa, "-sha256", "-cert")
		openssl(t, dir, true, "ts", "-reply", "-in", "reply.tsr", "-token_out", "-out", "pss.token")
		openssl(t, dir, true, "cms", "-verify", "-inform", "DER", "-in", "pss.token", "-CAfile", "root.pem", "-attime", at,
			"-purpose", "timestampsign", "-out", "info") // "ts -verify" knows no PSS under an rsaEncryption key
	}
	for name, c := range map[string]struct {
		options []pkitest.Option
		says    string
	}{
		"imprint":         {[]pkitest.Option{pkitest.WrongImprint()}, "message imprint mismatch"},
		"nonce":           {[]pkitest.Option{pkitest.WrongNonce()}, "nonce mismatch"},
		"no nonce":        {[]pkitest.Option{pkitest.DropNonce()}, "nonce not returned"},
		"signature":       {[]pkitest.Option{pkitest.BadSignature()}, "signature failure"},
		"wrong key":       {[]pkitest.Option{pkitest.WrongKey()}, "signature failure"},
		"no EKU":          {[]pkitest.Option{pkitest.Without(pkitest.OIDExtKeyUsage)}, "certificate verify error"},
		"EKU uncritical":  {[]pkitest.Option{pkitest.Critical(pkitest.OIDExtKeyUsage, false)}, "certificate verify error"},
		"expired":         {[]pkitest.Option{pkitest.Expired()}, "certificate verify error"},
		"ESS":             {[]pkitest.Option{pkitest.WrongESSCertID()}, "ess cert id not found"},
		"no ESS":          {[]pkitest.Option{pkitest.NoESSCertID()}, "missing signing certificate attribute"},
		"content type":    {[]pkitest.Option{pkitest.TokenContentType("1.2.840.113549.1.7.1")}, "bad pkcs7 type"},
		"rejection":       {[]pkitest.Option{pkitest.Rejects(2, 14)}, "failure codes: timeNotAvailable"},
		"no certificates": {[]pkitest.Option{pkitest.WithoutCertificates()}, "signer certificate"},
		"garbage":         {[]pkitest.Option{pkitest.Garbage([]byte("bonjour"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ask(t, ca.TimestampAuthority("Horodatage", c.options...), "-sha256", "-cert")
			require.Contains(t, openssl(t, dir, false, verify...), c.says)
		})
	}
	// In process, the token alone.
	sum := sha256.Sum256([]byte("bonjour"))
	tsa := ca.TimestampAuthority("Horodatage", pkitest.LegacyESSCertID())
	token, err := tsa.Timestamp(context.Background(), crypto.SHA256, sum[:])
	require.NoError(t, err)
	write(t, dir, "token", token)
	openssl(t, dir, true, "ts", "-verify", "-in", "token", "-token_in", "-data", "content", "-CAfile", "root.pem", "-attime", at)
	openssl(t, dir, true, "ts", "-reply", "-in", "token", "-token_in", "-text", "-token_out")
}

func TestOpenSSLOCSP(t *testing.T) {
	pki := pkitest.New(pkitest.At(time.Now())) // openssl ocsp compares dates with its clock
	server, err := pki.Serve()
	require.NoError(t, err)
	defer server.Close()
	root := pki.Root("Racine")
	dir := t.TempDir()
	write(t, dir, "root.pem", root.PEM())
	for _, k := range keyTypes {
		t.Run(k.String(), func(t *testing.T) {
			ca := root.Intermediate("AC "+k.String(), k)
			good, revoked := ca.Leaf("Bon"), ca.Leaf("Révoqué", pkitest.Revoked(pki.Now().Add(-time.Hour), pkitest.Superseded))
			write(t, dir, "ca.pem", ca.PEM())
			write(t, dir, "good.pem", good.PEM())
			write(t, dir, "revoked.pem", revoked.PEM())
			ask := []string{"ocsp", "-issuer", "ca.pem", "-url", ca.OCSPURL(), "-CAfile", "root.pem", "-verify_other", "ca.pem", "-cert"}
			check := func() {
				t.Helper()
				out := openssl(t, dir, true, append(ask, "good.pem")...)
				require.Contains(t, out, "Response verify OK")
				require.Contains(t, out, "good.pem: good")
				require.NotContains(t, out, "nonce")
				out = openssl(t, dir, true, append(ask, "revoked.pem")...)
				require.Contains(t, out, "revoked.pem: revoked")
				require.Contains(t, out, "superseded")
				out = openssl(t, dir, true, append(ask[:len(ask)-1:len(ask)-1], "-serial", "0x1234")...)
				require.Contains(t, out, "0x1234: unknown")
			}
			check() // by the authority itself
			ca.Responder("Répondeur", k)
			check()
			ca.Responder("Répondeur", k, pkitest.ByName())
			check()
			for name, c := range map[string]struct {
				options []pkitest.Option
				says    string
			}{
				"no EKU":    {[]pkitest.Option{pkitest.Without(pkitest.OIDExtKeyUsage)}, "missing ocspsigning usage"},
				"signature": {[]pkitest.Option{pkitest.BadSignature()}, "signature failure"},
				"wrong key": {[]pkitest.Option{pkitest.WrongKey()}, "signature failure"},
				"late":      {[]pkitest.Option{pkitest.Late()}, "status expired"},
				"no nonce":  {[]pkitest.Option{pkitest.NoNonce()}, "no nonce in response"},
				"nonce":     {[]pkitest.Option{pkitest.WrongNonce()}, "Nonce Verify error"},
				"try later": {[]pkitest.Option{pkitest.ResponseStatus(3)}, "trylater"},
				"other":     {[]pkitest.Option{pkitest.OtherCertificate()}, "No Status found"},
				"says":      {[]pkitest.Option{pkitest.Says(pkitest.Unknown)}, "good.pem: unknown"},
			} {
				t.Run(name, func(t *testing.T) {
					ca.Responder("Menteur", append(c.options, k)...)
					cmd := exec.Command("openssl", append(ask, "good.pem")...)
					cmd.Dir = dir
					out, _ := cmd.CombinedOutput() // its exit code does not say
					require.Contains(t, string(out), c.says)
				})
			}
		})
	}
}
