package pkix_test

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func ocspScene() (ca *pkitest.Authority, leaf *pkitest.Identity) {
	pki := pkitest.New(pkitest.At(fixed), pkitest.Deterministic("ocsp"))
	ca = pki.Root("Racine d'essai").Intermediate("AC d'essai")
	return ca, ca.Leaf("Mairie de Boisjoli", pkitest.Revoked(fixed.Add(-time.Hour), pkitest.Superseded))
}

func parsed(t testing.TB, raw []byte) *pkix.Certificate {
	c, err := pkix.ParseCertificate(raw)
	require.NoError(t, err)
	return c
}

func TestOCSPRequest(t *testing.T) {
	ca, leaf := ocspScene()
	other := ca.Leaf("Mairie de Hautbois")
	issuer := parsed(t, ca.DER)
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		id, err := pkix.NewCertID(h, parsed(t, leaf.DER), issuer)
		require.NoError(t, err)
		second, err := pkix.NewCertID(h, parsed(t, other.DER), issuer)
		require.NoError(t, err)
		nonce := bytes.Repeat([]byte{7}, 32)
		raw, err := (&pkix.OCSPRequest{Certificates: []pkix.CertID{id, second}, Nonce: nonce}).Marshal()
		require.NoError(t, err)
		require.NoError(t, der.Check(raw, der.Limits{}))

		again, err := pkix.ParseOCSPRequest(raw)
		require.NoError(t, err)
		require.Equal(t, []pkix.CertID{id, second}, again.Certificates)
		require.Equal(t, nonce, again.Nonce)

		// What x/crypto and the test responder read and answer.
		theirs, err := ocsp.ParseRequest(raw)
		require.NoError(t, err)
		require.Equal(t, leaf.Certificate.SerialNumber, theirs.SerialNumber)
		require.Equal(t, h, theirs.HashAlgorithm)
		answer, err := ca.DirectResponder().Respond(raw)
		require.NoError(t, err)
		response, err := pkix.ParseOCSPResponse(answer)
		require.NoError(t, err)
		require.Len(t, response.Basic.Singles, 2)
		require.Equal(t, pkix.OCSPRevoked, response.Basic.Singles[0].Status)
		require.Equal(t, pkix.OCSPGood, response.Basic.Singles[1].Status)
		require.Equal(t, nonce, response.Basic.Nonce)

		named, err := id.Names(parsed(t, leaf.DER), issuer)
		require.NoError(t, err)
		require.True(t, named)
		for _, wrong := range [][2]*pkix.Certificate{
			{parsed(t, other.DER), issuer}, {parsed(t, leaf.DER), parsed(t, other.DER)}, {parsed(t, ca.DER), issuer},
		} {
			named, err := id.Names(wrong[0], wrong[1])
			require.NoError(t, err)
			require.False(t, named)
		}
	}
	_, err := pkix.NewCertID(crypto.MD5, parsed(t, leaf.DER), issuer)
	require.ErrorIs(t, err, pkix.ErrUnsupported)
	id, err := pkix.NewCertID(crypto.SHA1, parsed(t, leaf.DER), issuer)
	require.NoError(t, err)
	require.Equal(t, id.KeyHash, hashOf(crypto.SHA1, issuer.PublicKey.Key))
	id.Algorithm.OID = der.MustOID("1.2.840.113549.2.5")
	_, err = id.Names(parsed(t, leaf.DER), issuer)
	require.ErrorIs(t, err, pkix.ErrUnsupported)
}

func TestOCSPRequestRefused(t *testing.T) {
	ca, leaf := ocspScene()
	id, err := pkix.NewCertID(crypto.SHA256, parsed(t, leaf.DER), parsed(t, ca.DER))
	require.NoError(t, err)
	for _, r := range []pkix.OCSPRequest{
		{}, {Certificates: []pkix.CertID{id}, Nonce: []byte{}}, {Certificates: []pkix.CertID{id}, Nonce: make([]byte, limits.OCSPNonce+1)},
		{Certificates: make([]pkix.CertID, limits.OCSPSingles+1)},
	} {
		_, err := r.Marshal()
		require.ErrorIs(t, err, pkix.ErrOCSP)
	}
	raw, err := (&pkix.OCSPRequest{Certificates: []pkix.CertID{id}, Nonce: []byte("nonce")}).Marshal()
	require.NoError(t, err)
	for i := range raw {
		_, err := pkix.ParseOCSPRequest(raw[:i])
		require.ErrorIs(t, err, pkix.ErrOCSP)
	}
	_, err = pkix.ParseOCSPRequest(append(raw, 0))
	require.ErrorIs(t, err, pkix.ErrOCSP)
	_, err = pkix.ParseOCSPRequest(seq(seq(seq())))
	require.ErrorContains(t, err, "about nothing")
	many := bytes.Repeat(seq(seq(ecAlg, element(4, []byte{1}), element(4, []byte{1}), element(2, []byte{1}))), limits.OCSPSingles+1)
	_, err = pkix.ParseOCSPRequest(seq(seq(seq(many))))
	require.ErrorIs(t, err, der.ErrLimit)
}

func TestOCSPResponse(t *testing.T) {
	ca, leaf := ocspScene()
	cutoff := fixed.AddDate(-10, 0, 0)
	responder := ca.Responder("Répondeur")
	raw := responder.OCSP(leaf, pkitest.ArchiveCutOff(cutoff), pkitest.CertHash(true), pkitest.NextUpdate(fixed.Add(time.Hour)))
	whole, err := pkix.ParseOCSPResponse(raw)
	require.NoError(t, err)
	require.Equal(t, pkix.OCSPSuccessful, whole.Status)
	b := whole.Basic
	require.Empty(t, b.Anomalies)
	require.Equal(t, hashOf(crypto.SHA256, b.Raw), b.ID[:])
	require.Equal(t, fixed, b.ProducedAt)
	require.Nil(t, b.ResponderName)
	require.Nil(t, b.Nonce)
	require.Equal(t, [][]byte{responder.DER}, b.Certificates)
	require.Len(t, b.Singles, 1)
	s := b.Singles[0]
	require.Equal(t, pkix.OCSPRevoked, s.Status)
	require.Equal(t, fixed.Add(-time.Hour), s.RevokedAt)
	require.Equal(t, 4, s.Reason)
	require.Equal(t, fixed, s.ThisUpdate)
	require.Equal(t, fixed.Add(time.Hour), s.NextUpdate)
	require.Equal(t, cutoff, s.ArchiveCutoff)
	require.Equal(t, hashOf(crypto.SHA256, leaf.DER), s.CertHash)

	require.True(t, pkix.IsResponder(b.ResponderName, b.ResponderKey, parsed(t, responder.DER)))
	require.False(t, pkix.IsResponder(b.ResponderName, b.ResponderKey, parsed(t, ca.DER)))
	keyHash := sha1.Sum(parsed(t, responder.DER).PublicKey.Key)
	require.Equal(t, keyHash[:], b.ResponderKey)
	require.NoError(t, b.Verify(&parsed(t, responder.DER).PublicKey))
	require.ErrorIs(t, b.Verify(&parsed(t, ca.DER).PublicKey), pkix.ErrSignature)

	// The same response without its wrapper is the same object.
	alone, err := pkix.ParseOCSPResponse(b.Raw)
	require.NoError(t, err)
	require.Equal(t, b.ID, alone.Basic.ID)
	wrapped, err := pkix.WrapOCSP(b.Raw)
	require.NoError(t, err)
	require.Equal(t, raw, wrapped)

	named, err := pkix.ParseOCSPResponse(responder.OCSP(leaf, pkitest.ByName()))
	require.NoError(t, err)
	require.True(t, pkix.IsResponder(named.Basic.ResponderName, named.Basic.ResponderKey, parsed(t, responder.DER)))
	require.False(t, pkix.IsResponder(named.Basic.ResponderName, named.Basic.ResponderKey, parsed(t, leaf.DER)))

	refusal, err := pkix.ParseOCSPResponse(ca.OCSP(leaf, pkitest.ResponseStatus(pkix.OCSPTryLater)))
	require.NoError(t, err)
	require.Nil(t, refusal.Basic)
	require.Equal(t, "tryLater", pkix.OCSPStatusName(refusal.Status))
}

// Responses made by hand around one that is sound.
func TestOCSPResponseForms(t *testing.T) {
	certID := seq(seq(element(6, []byte(der.MustOID("1.3.14.3.2.26")))), element(4, make([]byte, 20)), element(4, make([]byte, 20)), element(2, []byte{5}))
	now := element(24, []byte("20260301120000Z"))
	responder := element(0xa2, element(4, make([]byte, 20)))
	good := unhex("8000")
	single := seq(certID, good, now)
	signature := element(3, []byte{0, 1})
	basic := func(data ...[]byte) []byte { return seq(seq(data...), ecAlg, signature) }
	revoked := func(content ...[]byte) []byte {
		return basic(responder, now, seq(seq(certID, element(0xa1, content...), now)))
	}
	extended := func(extensions ...[]byte) []byte {
		return basic(responder, now, seq(single), element(0xa1, seq(extensions...)))
	}
	nonce := crlExtension(pkix.OIDOCSPNonce, false, element(4, []byte("nonce")))
	unknown := crlExtension(der.MustOID("1.2.3"), true, []byte{5, 0})
	for name, c := range map[string]struct {
		raw   []byte
		check func(*pkix.BasicOCSPResponse) bool
		code  string // of an anomaly
	}{
		"plain":             {basic(responder, now, seq(single)), func(b *pkix.BasicOCSPResponse) bool { return b.Singles[0].Status == pkix.OCSPGood }, ""},
		"version written":   {basic(unhex("a003 020100"), responder, now, seq(single)), nil, pkix.CodeVersion},
		"fraction":          {basic(responder, element(24, []byte("20260301120000.5Z")), seq(single)), func(b *pkix.BasicOCSPResponse) bool { return b.ProducedAt.Nanosecond() == 5e8 }, ""},
		"UTCTime":           {basic(responder, march, seq(single)), func(b *pkix.BasicOCSPResponse) bool { return b.ProducedAt.Month() == 3 }, pkix.CodeTime},
		"time with a zone":  {basic(responder, element(24, []byte("20260301120000+0100")), seq(single)), func(b *pkix.BasicOCSPResponse) bool { return b.ProducedAt.Hour() == 11 }, pkix.CodeTime},
		"no single":         {basic(responder, now, seq()), func(b *pkix.BasicOCSPResponse) bool { return len(b.Singles) == 0 }, ""},
		"several":           {basic(responder, now, seq(single, single)), func(b *pkix.BasicOCSPResponse) bool { return len(b.Singles) == 2 }, ""},
		"revoked":           {revoked(now), func(b *pkix.BasicOCSPResponse) bool { return b.Singles[0].Reason == -1 }, ""},
		"reason":            {revoked(now, unhex("a003 0a0106")), func(b *pkix.BasicOCSPResponse) bool { return b.Singles[0].Reason == 6 }, ""},
		"reason 7":          {revoked(now, unhex("a003 0a0107")), func(b *pkix.BasicOCSPResponse) bool { return b.Singles[0].Reason == 0 }, pkix.CodeExtension},
		"nonce":             {extended(nonce), func(b *pkix.BasicOCSPResponse) bool { return string(b.Nonce) == "nonce" }, ""},
		"nonce of RFC 2560": {extended(crlExtension(pkix.OIDOCSPNonce, false, []byte("abc"))), func(b *pkix.BasicOCSPResponse) bool { return string(b.Nonce) == "abc" }, ""},
		"nonce too long":    {extended(crlExtension(pkix.OIDOCSPNonce, false, element(4, make([]byte, 129)))), func(b *pkix.BasicOCSPResponse) bool { return b.Nonce == nil }, pkix.CodeExtension},
		"nonce twice":       {extended(nonce, nonce), nil, pkix.CodeDuplicate},
		"unknown critical":  {extended(unknown), func(b *pkix.BasicOCSPResponse) bool { return len(b.UnknownCritical) == 1 }, ""},
		"unknown critical in a single": {basic(responder, now, seq(seq(certID, good, now, element(0xa1, seq(unknown))))),
			func(b *pkix.BasicOCSPResponse) bool { return len(b.Singles[0].UnknownCritical) == 1 }, ""},
		"bad certHash":          {basic(responder, now, seq(seq(certID, good, now, element(0xa1, seq(crlExtension(pkix.OIDCertHash, false, []byte{5, 0})))))), nil, pkix.CodeExtension},
		"signature of odd bits": {seq(seq(responder, now, seq(single)), ecAlg, element(3, []byte{1, 2})), nil, pkix.CodeBitString},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := pkix.ParseOCSPResponse(c.raw)
			require.NoError(t, err)
			if c.check != nil {
				require.True(t, c.check(response.Basic))
			}
			var codes []string
			for _, a := range response.Basic.Anomalies {
				codes = append(codes, a.Code)
			}
			if c.code == "" {
				require.Empty(t, codes)
			} else {
				require.Contains(t, codes, c.code)
			}
		})
	}
	status := func(code byte) []byte { return []byte{10, 1, code} }
	many := bytes.Repeat(single, limits.OCSPSingles+1)
	for name, raw := range map[string][]byte{
		"empty":                     {},
		"html":                      []byte("<html>"),
		"no status":                 seq(),
		"negative status":           seq(status(0x80)),
		"status with a response":    seq(status(6), element(0xa0, seq(element(6, []byte(pkix.OIDOCSPBasic)), element(4, basic(responder, now, seq(single)))))),
		"success without response":  seq(status(0)),
		"another type":              seq(status(0), element(0xa0, seq(element(6, []byte(der.MustOID("1.2.3"))), element(4, basic(responder, now, seq(single)))))),
		"version 2":                 basic(unhex("a003 020101"), responder, now, seq(single)),
		"no responder":              basic(now, seq(single)),
		"responder of a third kind": basic(element(0xa3, element(4, []byte{1})), now, seq(single)),
		"two responders":            basic(element(0xa2, element(4, []byte{1}), element(4, []byte{1})), now, seq(single)),
		"an empty key hash":         basic(element(0xa2, element(4)), now, seq(single)),
		"no time":                   basic(responder, seq(single)),
		"a day that is none":        basic(responder, element(24, []byte("20260230120000Z")), seq(single)),
		"a status of its own":       basic(responder, now, seq(seq(certID, unhex("8300"), now))),
		"good with a content":       basic(responder, now, seq(seq(certID, unhex("800100"), now))),
		"revoked without date":      revoked(),
		"revoked and more":          revoked(now, unhex("a003 0a0106"), unhex("0500")),
		"single and more":           basic(responder, now, seq(seq(certID, good, now, unhex("0500")))),
		"an empty serial":           basic(responder, now, seq(seq(seq(ecAlg, element(4), element(4), element(2)), good, now))),
		"too many singles":          basic(responder, now, seq(many)),
		"data and more":             basic(responder, now, seq(single), unhex("0500")),
		"certificates and more":     seq(seq(responder, now, seq(single)), ecAlg, signature, element(0xa0, seq(), seq())),
		"too many certificates":     seq(seq(responder, now, seq(single)), ecAlg, signature, element(0xa0, seq(bytes.Repeat(seq(), limits.OCSPCertificates+1)))),
		"indefinite length":         append(append([]byte{0x30, 0x80}, status(6)...), 0, 0),
		"too long":                  seq(make([]byte, limits.OCSPResponseSize)),
	} {
		t.Run(name, func(t *testing.T) {
			response, err := pkix.ParseOCSPResponse(raw)
			require.ErrorIs(t, err, pkix.ErrOCSP)
			if response != nil {
				require.Nil(t, response.Basic)
			}
		})
	}
}
