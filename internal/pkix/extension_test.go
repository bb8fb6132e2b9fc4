package pkix_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// withExtension returns a certificate whose only extension is this one.
func withExtension(t testing.TB, oid der.OID, value []byte) *pkix.Certificate {
	f := take(t, usual(t, ecKey()))
	f.setExtensions(extension(oid, "", value))
	return parse(t, f.put())
}

func uri(text string) []byte { return wrap(0x86, []byte(text)) }

func TestDistributionPoints(t *testing.T) {
	directory := wrap(0xa4, name())
	full := func(names ...[]byte) []byte { return wrap(0x30, wrap(0xa0, wrap(0xa0, names...))) }
	relative := wrap(0x30, wrap(0xa0, wrap(0xa1, pair(pkix.OIDCommonName, 12, "x"))))
	reasons := wrap(0x30, hexOctets("8102 0780"), wrap(0xa2, directory))
	value := wrap(0x30, full(uri("http://a/1"), directory, uri("ldap://b/2")), relative, reasons, full(uri("http://c/3")))
	c := withExtension(t, pkix.OIDCRLDistributionPoints, value)
	require.Empty(t, c.Anomalies)
	require.Equal(t, []string{"http://a/1", "ldap://b/2", "http://c/3"}, c.CRLDistributionPoints)
	uris, ok := pkix.DistributionPoints(value)
	require.True(t, ok)
	require.Equal(t, c.CRLDistributionPoints, uris)
	for _, bad := range [][]byte{nil, hexOctets("0500"), hexOctets("30020500"), append(wrap(0x30), 0), wrap(0x30, wrap(0x30, hexOctets("a00101"))),
		wrap(0x30, wrap(0x30, wrap(0xa0, hexOctets("a00101")))), wrap(0x30, full(hexOctets("8605 41"))), wrap(0x30, bytes.Repeat([]byte{0x30, 0}, limits.ExtensionItems+1)),
		wrap(0x30, full(bytes.Repeat([]byte{0x86, 0}, limits.ExtensionItems+1)))} {
		_, ok := pkix.DistributionPoints(bad)
		require.False(t, ok, "%.20x", bad)
		c := withExtension(t, pkix.OIDCRLDistributionPoints, bad)
		require.Len(t, c.Anomalies, 1)
		require.Nil(t, c.CRLDistributionPoints)
	}
}

func TestAuthorityInfoAccess(t *testing.T) {
	access := func(method der.OID, location []byte) []byte { return wrap(0x30, wrap(6, []byte(method)), location) }
	c := withExtension(t, pkix.OIDAuthorityInfoAccess, wrap(0x30, access(pkix.OIDAccessOCSP, uri("http://o/1")), access(pkix.OIDAccessCAIssuers, uri("http://i/1")),
		access(pkix.OIDAccessCAIssuers, wrap(0xa4, name())), access(der.MustOID("1.2.3"), uri("http://x")), access(pkix.OIDAccessOCSP, uri("http://o/2"))))
	require.Empty(t, c.Anomalies)
	require.Equal(t, []string{"http://o/1", "http://o/2"}, c.OCSPServers)
	require.Equal(t, []string{"http://i/1"}, c.CAIssuers)
	for _, bad := range [][]byte{nil, hexOctets("30020500"), wrap(0x30, wrap(0x30, uri("x"))), wrap(0x30, wrap(0x30, wrap(6, []byte(pkix.OIDAccessOCSP)))),
		wrap(0x30, bytes.Repeat(access(pkix.OIDAccessOCSP, uri("x")), limits.ExtensionItems+1))} {
		c := withExtension(t, pkix.OIDAuthorityInfoAccess, bad)
		require.Len(t, c.Anomalies, 1)
		require.Nil(t, c.OCSPServers)
	}
}

func TestSubjectAltName(t *testing.T) {
	c := withExtension(t, pkix.OIDSubjectAltName, wrap(0x30, wrap(0x81, []byte("a@b.example")), wrap(0x82, []byte("b.example")), uri("urn:x"),
		wrap(0x87, []byte{127, 0, 0, 1}), wrap(0xa4, name()), wrap(0xa0, wrap(6, []byte(der.MustOID("1.2.3"))), wrap(0xa0, hexOctets("0c0161"))), wrap(0x82, []byte("c.example"))))
	require.Empty(t, c.Anomalies)
	require.Equal(t, []string{"a@b.example"}, c.EmailAddresses)
	require.Equal(t, []string{"b.example", "c.example"}, c.DNSNames)
	require.Equal(t, []string{"urn:x"}, c.URIs)
	require.Len(t, withExtension(t, pkix.OIDSubjectAltName, hexOctets("30028205")).Anomalies, 1)
}

func TestUnreadableExtensions(t *testing.T) {
	for oid, values := range map[der.OID][]string{
		pkix.OIDBasicConstraints:    {"", "0500", "30020500", "3006 0101ff 020180", "3009 0101ff 020101 0500", "3003 010200", "30000500"},
		pkix.OIDKeyUsage:            {"", "0300", "030108", "030101", "03020780 00"},
		pkix.OIDExtKeyUsage:         {"", "3000", "30020500", "3003 060180"},
		pkix.OIDSubjectKeyID:        {"", "0500", "04000500"},
		pkix.OIDAuthorityKeyID:      {"", "0500", "3002 8005"},
		pkix.OIDCertificatePolicies: {"", "3000", "30020500", "3004 3002 0500"},
	} {
		for _, value := range values {
			c := withExtension(t, oid, hexOctets(value))
			require.Len(t, c.Anomalies, 1, "%s %s", oid, value)
			require.Equal(t, pkix.CodeExtension, c.Anomalies[0].Code)
			require.Len(t, c.Extensions, 1, "kept as found")
			require.False(t, c.UnreadCritical)
		}
	}
	c := withExtension(t, pkix.OIDAuthorityKeyID, hexOctets("3005 a103 860178"))
	require.Empty(t, c.Anomalies, "an issuer and no key identifier")
	require.Nil(t, c.AuthorityKeyID)
	c = withExtension(t, der.MustOID("1.2.3"), hexOctets("ff"))
	require.Empty(t, c.Anomalies, "what is not known is not read")
}
