package pkitest_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func parseCRL(t *testing.T, der []byte) *x509.RevocationList {
	t.Helper()
	list, err := x509.ParseRevocationList(der)
	require.NoError(t, err)
	return list
}

func TestCRL(t *testing.T) {
	pki := pkitest.New()
	now := pki.Now()
	root := pki.Root("Racine")
	ca := root.Intermediate("AC")
	good := ca.Leaf("Bon")
	revoked := ca.Leaf("Révoqué", pkitest.Revoked(now.Add(-2*time.Hour), pkitest.KeyCompromise))
	held := ca.Leaf("Suspendu")
	ca.Revoke(held, now.Add(-3*time.Hour), pkitest.CertificateHold)
	ca.Release(held, now.Add(-time.Hour))
	later := ca.Leaf("Plus tard", pkitest.Revoked(now.Add(time.Hour), pkitest.Unspecified))

	serials := func(options ...pkitest.Option) (list []string) {
		for _, e := range parseCRL(t, ca.CRL(options...)).RevokedCertificateEntries {
			list = append(list, e.SerialNumber.String())
		}
		return list
	}
	name := func(id *pkitest.Identity) string { return id.Certificate.SerialNumber.String() }
	require.Equal(t, []string{name(revoked)}, serials())
	require.Equal(t, []string{name(revoked), name(held)}, serials(pkitest.At(now.Add(-90*time.Minute))))
	require.Equal(t, []string{name(held)}, serials(pkitest.At(now.Add(-150*time.Minute))))
	require.Empty(t, serials(pkitest.At(now.Add(-5*time.Hour))))
	require.Equal(t, []string{name(revoked), name(later)}, serials(pkitest.At(now.Add(2*time.Hour))))
	require.NotContains(t, serials(), name(good))

	first, second := parseCRL(t, ca.CRL()), parseCRL(t, ca.CRL())
	require.NoError(t, first.CheckSignatureFrom(ca.Certificate))
	require.Equal(t, now, first.ThisUpdate)
	require.Equal(t, now.Add(24*time.Hour), first.NextUpdate)
	require.Equal(t, ca.Certificate.SubjectKeyId, first.AuthorityKeyId)
	require.Equal(t, ca.Certificate.RawSubject, first.RawIssuer)
	require.Equal(t, big.NewInt(1), new(big.Int).Sub(second.Number, first.Number))
	require.Equal(t, 1, first.RevokedCertificateEntries[0].ReasonCode)
	require.Equal(t, now.Add(-2*time.Hour), first.RevokedCertificateEntries[0].RevocationTime)
	require.Empty(t, parseCRL(t, ca.CRL(pkitest.At(now.Add(2*time.Hour)))).RevokedCertificateEntries[1].Extensions)

	late := parseCRL(t, ca.CRL(pkitest.Late()))
	require.True(t, late.NextUpdate.Before(now))
	require.Error(t, parseCRL(t, ca.CRL(pkitest.WrongKey())).CheckSignatureFrom(ca.Certificate))
	require.Error(t, parseCRL(t, ca.CRL(pkitest.BadSignature())).CheckSignatureFrom(ca.Certificate))
	require.True(t, parseCRL(t, ca.CRL(pkitest.NoNextUpdate())).NextUpdate.IsZero())
	require.Equal(t, now.Add(72*time.Hour), parseCRL(t, ca.CRL(pkitest.NextUpdate(now.Add(72*time.Hour)))).NextUpdate)
	require.Equal(t, int64(41), parseCRL(t, ca.CRL(pkitest.Number(41))).Number.Int64())
	require.Equal(t, x509.ECDSAWithSHA1, parseCRL(t, ca.CRL(pkitest.LegacySHA1())).SignatureAlgorithm)
	require.Equal(t, x509.ECDSAWithSHA512, parseCRL(t, ca.CRL(pkitest.Digest(crypto.SHA512))).SignatureAlgorithm)
	require.Len(t, serials(pkitest.Filler(1000)), 1001)
	bare := parseCRL(t, ca.CRL(pkitest.Without(pkitest.OIDAuthorityKeyIdentifier, pkitest.OIDCRLNumber)))
	require.Empty(t, bare.Extensions)

	block, rest := pem.Decode(pkitest.CRLPEM(ca.CRL()))
	require.Equal(t, "X509 CRL", block.Type)
	require.Empty(t, rest)
	require.NotEmpty(t, parseCRL(t, block.Bytes).Extensions)
}

func TestCRLScope(t *testing.T) {
	pki := pkitest.New()
	root := pki.Root("Racine")
	sub := root.Intermediate("AC", pkitest.Revoked(pki.Now(), pkitest.CACompromise))
	leaf := root.Leaf("Mairie", pkitest.Revoked(pki.Now(), pkitest.PrivilegeWithdrawn))
	for _, c := range []struct {
		scope pkitest.Scope
		hex   string // of the extension, after the distribution point
		want  []*pkitest.Identity
	}{
		{pkitest.Scope{}, "", []*pkitest.Identity{&sub.Identity, leaf}},
		{pkitest.Scope{OnlyUsers: true}, "8101ff", []*pkitest.Identity{leaf}},
		{pkitest.Scope{OnlyAuthorities: true}, "8201ff", []*pkitest.Identity{&sub.Identity}},
		{pkitest.Scope{OnlyAttributes: true}, "8501ff", []*pkitest.Identity{&sub.Identity, leaf}},
		{pkitest.Scope{Indirect: true}, "8401ff", []*pkitest.Identity{&sub.Identity, leaf}},
		{pkitest.Scope{Reasons: []pkitest.Reason{pkitest.KeyCompromise, pkitest.AACompromise}}, "8303074080", []*pkitest.Identity{&sub.Identity, leaf}},
	} {
		list := parseCRL(t, root.CRL(c.scope))
		var want, got []string
		for _, id := range c.want {
			want = append(want, id.Certificate.SerialNumber.String())
		}
		for _, e := range list.RevokedCertificateEntries {
			got = append(got, e.SerialNumber.String())
		}
		require.Equal(t, want, got)
		found := false
		for _, e := range list.Extensions {
			if e.Id.String() == pkitest.OIDIssuingDistributionPoint {
				found = true
				require.True(t, e.Critical)
				require.Contains(t, hexString(e.Value), c.hex)
				require.Contains(t, string(e.Value), "http://pki.invalid/ca1.crl")
			}
		}
		require.True(t, found)
	}
	delta := parseCRL(t, root.CRL(pkitest.Delta(7), pkitest.Critical(pkitest.OIDDeltaCRLIndicator, false)))
	require.Equal(t, pkitest.OIDDeltaCRLIndicator, delta.Extensions[2].Id.String())
	require.False(t, delta.Extensions[2].Critical)
	require.Contains(t, string(root.CRL(pkitest.Scope{URL: "http://other.example/x.crl"})), "http://other.example/x.crl")
}
