package pkitest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha3"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	xasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

const goldenLeaf = "9ec8a493839a2776ce837cec435f3c6156ddcd8c9fd05d69278735cceec010f4"

func hexString(b []byte) string { return hex.EncodeToString(b) }

func extension(c *x509.Certificate, oid string) (value []byte, critical, ok bool) {
	for _, e := range c.Extensions {
		if e.Id.String() == oid {
			return e.Value, e.Critical, true
		}
	}
	return nil, false, false
}

func values(c *x509.Certificate, oid string) (list []string) {
	for _, n := range c.Subject.Names {
		if n.Type.String() == oid {
			list = append(list, n.Value.(string))
		}
	}
	return list
}

// What RGS A4 asks of each usage, as crypto/x509 sees it.
func TestProfiles(t *testing.T) {
	pki := pkitest.New()
	ca := pki.Root("Racine").Intermediate("AC d'essai")
	const dS, nR = x509.KeyUsageDigitalSignature, x509.KeyUsageContentCommitment
	for _, c := range []struct {
		usage pkitest.Usage
		key   pkitest.KeyType
		ku    x509.KeyUsage
		eku   string
	}{
		{pkitest.Sign, pkitest.P256, nR, ""},
		{pkitest.Auth, pkitest.P256, dS, ""},
		{pkitest.AuthSign, pkitest.P256, dS | nR, ""},
		{pkitest.Encrypt, pkitest.RSA2048, x509.KeyUsageKeyEncipherment, ""},
		{pkitest.Encrypt, pkitest.P256, x509.KeyUsageKeyAgreement, ""},
		{pkitest.Seal, pkitest.P256, dS, ""},
		{pkitest.TSA, pkitest.P256, dS, pkitest.EKUTimeStamping},
		{pkitest.OCSPSigner, pkitest.P256, dS, pkitest.EKUOCSPSigning},
		{pkitest.ServerAuth, pkitest.P256, dS, pkitest.EKUServerAuth},
		{pkitest.ClientAuth, pkitest.P256, dS, pkitest.EKUClientAuth},
		{pkitest.Code, pkitest.P256, dS, pkitest.EKUCodeSigning},
	} {
		t.Run(c.usage.String()+" "+c.key.String(), func(t *testing.T) {
			cert := ca.Leaf("www.boisjoli.example", c.usage, c.key, pkitest.Organization("Commune de Boisjoli")).Certificate
			require.Equal(t, 3, cert.Version)
			require.Equal(t, c.ku, cert.KeyUsage)
			for oid, want := range map[string]bool{
				pkitest.OIDKeyUsage: true, pkitest.OIDSubjectKeyIdentifier: false, pkitest.OIDAuthorityKeyIdentifier: false,
				pkitest.OIDCertificatePolicies: false,
			} {
				_, critical, ok := extension(cert, oid)
				require.True(t, ok, oid)
				require.Equal(t, want, critical, oid)
			}
			value, critical, ok := extension(cert, pkitest.OIDExtKeyUsage)
			require.Equal(t, c.eku != "", ok)
			if ok {
				var purposes []asn1.ObjectIdentifier
				_, err := asn1.Unmarshal(value, &purposes)
				require.NoError(t, err)
				require.Len(t, purposes, 1)
				require.Equal(t, c.eku, purposes[0].String())
				require.Equal(t, c.usage == pkitest.TSA, critical)
			}
			require.Equal(t, ca.Certificate.SubjectKeyId, cert.AuthorityKeyId)
			require.False(t, cert.BasicConstraintsValid)
			require.Equal(t, []string{"FR"}, cert.Subject.Country)
			require.Equal(t, []string{"Commune de Boisjoli"}, cert.Subject.Organization)
			require.Equal(t, []string{"0002 " + pkitest.DefaultSIRET}, cert.Subject.OrganizationalUnit)
			require.Equal(t, "www.boisjoli.example", cert.Subject.CommonName)
			require.Less(t, cert.NotAfter.Sub(cert.NotBefore), 3*365*24*time.Hour)
			require.Equal(t, 16, len(cert.SerialNumber.Bytes()))
			if c.usage == pkitest.Seal {
				require.Equal(t, []string{"NTRFR-" + pkitest.DefaultSIRET}, values(cert, pkitest.OIDOrganizationIdentifier))
			} else {
				require.Empty(t, values(cert, pkitest.OIDOrganizationIdentifier))
			}
			if c.usage == pkitest.OCSPSigner {
				_, _, ok := extension(cert, pkitest.OIDOCSPNoCheck)
				require.True(t, ok)
				require.Empty(t, cert.CRLDistributionPoints)
			} else {
				require.Equal(t, []string{"http://pki.invalid/ca2.crl"}, cert.CRLDistributionPoints)
			}
			if c.usage == pkitest.ServerAuth {
				require.NoError(t, cert.VerifyHostname("www.boisjoli.example"))
			}
			require.True(t, cert.NotAfter.Before(ca.Certificate.NotAfter))
		})
	}
	for _, a := range []*pkitest.Authority{ca, pki.Root("Racine")} {
		cert := a.Certificate
		require.True(t, cert.IsCA)
		require.Equal(t, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, cert.KeyUsage)
		_, critical, _ := extension(cert, pkitest.OIDBasicConstraints)
		require.True(t, critical)
		require.Equal(t, a == ca, cert.MaxPathLenZero)
		require.Equal(t, 2030, pkitest.New(pkitest.At(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC))).Root("R").Certificate.NotAfter.Year())
	}
}

func TestCertificateOptions(t *testing.T) {
	pki := pkitest.New()
	now := pki.Now()
	root := pki.Root("Racine")
	for name, c := range map[string]struct {
		options []pkitest.Option
		check   func(t *testing.T, id *pkitest.Identity)
	}{
		"expired": {[]pkitest.Option{pkitest.Expired()}, func(t *testing.T, id *pkitest.Identity) {
			require.ErrorContains(t, verify(root, id, now), "expired")
			require.NoError(t, verify(root, id, now.AddDate(0, 0, -2)))
		}},
		"not yet valid": {[]pkitest.Option{pkitest.NotYetValid()}, func(t *testing.T, id *pkitest.Identity) {
			require.ErrorContains(t, verify(root, id, now), "not yet valid")
			require.NoError(t, verify(root, id, now.AddDate(0, 0, 2)))
		}},
		"validity": {[]pkitest.Option{pkitest.Validity(now, now.AddDate(30, 0, 0))}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, now.AddDate(30, 0, 0), id.Certificate.NotAfter) // GeneralizedTime
		}},
		"bad signature": {[]pkitest.Option{pkitest.BadSignature()}, func(t *testing.T, id *pkitest.Identity) {
			require.Error(t, id.Certificate.CheckSignatureFrom(root.Certificate))
		}},
		"wrong key": {[]pkitest.Option{pkitest.WrongKey()}, func(t *testing.T, id *pkitest.Identity) {
			require.Error(t, id.Certificate.CheckSignatureFrom(root.Certificate))
			require.Equal(t, root.Certificate.SubjectKeyId, id.Certificate.AuthorityKeyId)
		}},
		"unknown issuer": {[]pkitest.Option{pkitest.UnknownIssuer()}, func(t *testing.T, id *pkitest.Identity) {
			require.ErrorContains(t, verify(root, id, now), "unknown authority")
			require.NotEqual(t, root.Certificate.RawSubject, id.Certificate.RawIssuer)
		}},
		"sha384": {[]pkitest.Option{pkitest.Digest(crypto.SHA384)}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, x509.ECDSAWithSHA384, id.Certificate.SignatureAlgorithm)
			require.NoError(t, verify(root, id, now))
		}},
		"sha1": {[]pkitest.Option{pkitest.LegacySHA1()}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, x509.ECDSAWithSHA1, id.Certificate.SignatureAlgorithm)
			require.ErrorContains(t, verify(root, id, now), "insecure")
		}},
		"sha3": {[]pkitest.Option{pkitest.Digest(crypto.SHA3_256)}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, x509.UnknownSignatureAlgorithm, id.Certificate.SignatureAlgorithm)
			sum := sha3.Sum256(id.Certificate.RawTBSCertificate)
			require.True(t, ecdsa.VerifyASN1(root.Certificate.PublicKey.(*ecdsa.PublicKey), sum[:], id.Certificate.Signature))
			require.Contains(t, hexString(id.DER), "300b060960864801650304030a", "ecdsa-with-SHA3-256, RFC 9688")
		}},
		"serial": {[]pkitest.Option{pkitest.Serial(big.NewInt(0x1234))}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, int64(0x1234), id.Certificate.SerialNumber.Int64())
		}},
		"negative serial": {[]pkitest.Option{pkitest.SerialOctets([]byte{0xff})}, func(t *testing.T, id *pkitest.Identity) {
			require.Nil(t, id.Certificate) // crypto/x509 refuses it
			require.Equal(t, []byte{0xff}, id.SerialOctets())
		}},
		"key usage": {[]pkitest.Option{pkitest.KeyUsage(x509.KeyUsageDecipherOnly | x509.KeyUsageKeyAgreement)}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, x509.KeyUsageDecipherOnly|x509.KeyUsageKeyAgreement, id.Certificate.KeyUsage)
		}},
		"no key usage": {[]pkitest.Option{pkitest.Without(pkitest.OIDKeyUsage, pkitest.OIDAuthorityKeyIdentifier)}, func(t *testing.T, id *pkitest.Identity) {
			require.Zero(t, id.Certificate.KeyUsage)
			require.Empty(t, id.Certificate.AuthorityKeyId)
			require.NotEmpty(t, id.Certificate.SubjectKeyId)
		}},
		"key usage not critical": {[]pkitest.Option{pkitest.Critical(pkitest.OIDKeyUsage, false)}, func(t *testing.T, id *pkitest.Identity) {
			_, critical, ok := extension(id.Certificate, pkitest.OIDKeyUsage)
			require.True(t, ok)
			require.False(t, critical)
		}},
		"extension replaced": {[]pkitest.Option{pkitest.Extension(pkitest.OIDKeyUsage, true, []byte{3, 2, 7, 0x80})}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, x509.KeyUsageDigitalSignature, id.Certificate.KeyUsage)
		}},
		"extension added": {[]pkitest.Option{pkitest.Extension("2.25.329800735698586629295641978511506172918", false, []byte{5, 0})}, func(t *testing.T, id *pkitest.Identity) {
			require.Contains(t, hexString(id.DER), "0500")
		}},
		"purposes": {[]pkitest.Option{pkitest.ExtKeyUsage(pkitest.EKUEmailProtection, pkitest.EKUClientAuth)}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth}, id.Certificate.ExtKeyUsage)
		}},
		"policies": {[]pkitest.Option{pkitest.Policies("1.2.250.1.200.2.3.1.1")}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, "1.2.250.1.200.2.3.1.1", id.Certificate.PolicyIdentifiers[0].String())
		}},
		"names": {[]pkitest.Option{pkitest.DNS("a.example"), pkitest.IP(net.IPv4(127, 0, 0, 1), net.IPv6loopback), pkitest.Email("mairie@example.org")}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, []string{"a.example"}, id.Certificate.DNSNames)
			require.Equal(t, []string{"mairie@example.org"}, id.Certificate.EmailAddresses)
			require.Len(t, id.Certificate.IPAddresses, 2)
			require.NoError(t, id.Certificate.VerifyHostname("127.0.0.1"))
		}},
		"a leaf that is a CA": {[]pkitest.Option{pkitest.AsCA(true), pkitest.PathLen(3)}, func(t *testing.T, id *pkitest.Identity) {
			require.True(t, id.Certificate.IsCA)
			require.Equal(t, 3, id.Certificate.MaxPathLen)
		}},
		"person": {[]pkitest.Option{pkitest.Person("Camille", "Martin"), pkitest.Unit("Service des actes")}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, []string{"Camille"}, values(id.Certificate, pkitest.OIDGivenName))
			require.Equal(t, []string{"Martin"}, values(id.Certificate, pkitest.OIDSurname))
			require.Equal(t, []string{"0002 " + pkitest.DefaultSIRET, "Service des actes"}, id.Certificate.Subject.OrganizationalUnit)
		}},
		"pseudonym": {[]pkitest.Option{pkitest.Pseudonym("agent 7"), pkitest.Organization(""), pkitest.SIRET(""), pkitest.Country("")}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, "CN=Mairie,2.5.4.65=#13076167656e742037", id.Certificate.Subject.String())
		}},
		"raw subject": {[]pkitest.Option{pkitest.RawSubject(pkitest.Name(
			pkitest.AttributeValue{OID: pkitest.OIDCountryName, Value: "fr"},
			pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "Mairie", Tag: xasn1.T61String}))}, func(t *testing.T, id *pkitest.Identity) {
			require.Contains(t, hexString(id.Certificate.RawSubject), "13026672") // PrintableString "fr"
			require.Contains(t, hexString(id.Certificate.RawSubject), "14064d6169726965")
		}},
		"qualified": {[]pkitest.Option{pkitest.Seal, pkitest.Qualified(true)}, func(t *testing.T, id *pkitest.Identity) {
			value, _, ok := extension(id.Certificate, pkitest.OIDQCStatements)
			require.True(t, ok)
			require.Equal(t, "30293008060604008e4601013008060604008e4601043013060604008e4601063009060704008e46010602", hexString(value))
		}},
		"restricted PSS": {[]pkitest.Option{pkitest.RSAPSS2048, pkitest.PSSRestriction(crypto.SHA384)}, func(t *testing.T, id *pkitest.Identity) {
			require.Contains(t, hexString(id.Certificate.RawSubjectPublicKeyInfo), "06092a864886f70d01010a3034a00f300d0609608648016503040202")
			require.Contains(t, hexString(id.KeyDER()), "06092a864886f70d01010a3034a00f300d0609608648016503040202")
		}},
		"foreign key": {[]pkitest.Option{pkitest.Key(root.Key)}, func(t *testing.T, id *pkitest.Identity) {
			require.Equal(t, root.Certificate.RawSubjectPublicKeyInfo, id.Certificate.RawSubjectPublicKeyInfo)
		}},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, root.Leaf("Mairie", c.options...)) })
	}
}

// Keys that crypto/x509 does not read still get a certificate.
func TestAnyPublicKey(t *testing.T) {
	// A point of brainpoolP256r1.
	spki, err := hex.DecodeString("305a301406072a8648ce3d020106092b2403030208010107034200" +
		"048bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997")
	require.NoError(t, err)
	id := pkitest.New().Root("Racine").Leaf("Mairie", pkitest.PublicKey(spki))
	require.Nil(t, id.Certificate)
	require.Nil(t, id.Key)
	require.Contains(t, hexString(id.DER), hexString(spki))
	_, err = id.PKCS12("x")
	require.ErrorContains(t, err, "PKCS#12 needs a key")
}

func TestTBSByHand(t *testing.T) {
	pki := pkitest.New()
	root := pki.Root("Racine")
	edited := root.Leaf("Mairie", pkitest.EditTBS(func(tbs []byte) []byte {
		out := append([]byte{}, tbs...)
		for i := range out { // CN Mairie -> Fairie
			if string(out[i:min(i+6, len(out))]) == "Mairie" {
				out[i] = 'F'
			}
		}
		return out
	}))
	require.Equal(t, "Fairie", edited.Certificate.Subject.CommonName)
	require.NoError(t, edited.Certificate.CheckSignatureFrom(root.Certificate))

	der := root.SignTBS(edited.Certificate.RawTBSCertificate)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	require.NoError(t, cert.CheckSignatureFrom(root.Certificate))
	der = root.SignTBS(edited.Certificate.RawTBSCertificate, pkitest.BadSignature())
	cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	require.Error(t, cert.CheckSignatureFrom(root.Certificate))
	require.NotEmpty(t, root.SignTBS([]byte("anything")))
}
