package pkix_test

import (
	"crypto/x509"
	stdname "crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// pair writes an AttributeTypeAndValue; value is its encoded element.
func pair(oid der.OID, tag byte, value string) []byte {
	return wrap(0x30, wrap(6, []byte(oid)), wrap(tag, []byte(value)))
}

// name writes a Name with one attribute to each RDN.
func name(pairs ...[]byte) []byte {
	sets := make([][]byte, len(pairs))
	for i, p := range pairs {
		sets[i] = wrap(0x31, p)
	}
	return wrap(0x30, sets...)
}

func mustName(t testing.TB, raw []byte) pkix.Name {
	n, ok := pkix.ParseName(raw)
	require.True(t, ok)
	require.Equal(t, raw, n.Raw)
	return n
}

func TestNameText(t *testing.T) {
	cn, o, ou := pkix.OIDCommonName, pkix.OIDOrganization, pkix.OIDOrganizationalUnit
	for want, raw := range map[string][]byte{
		"":                                     name(),
		"CN=Steve Kille,O=Isode":               name(pair(o, 12, "Isode"), pair(cn, 12, "Steve Kille")),
		`CN=L. Eagle,O=Sue\, Grabbit and Runn`: name(pair(o, 12, "Sue, Grabbit and Runn"), pair(cn, 19, "L. Eagle")),
		"OU=Sales+CN=J. Smith,O=W":             wrap(0x30, wrap(0x31, pair(o, 12, "W")), wrap(0x31, pair(ou, 12, "Sales"), pair(cn, 12, "J. Smith"))),
		`CN=\#a\"b\+c\;d\<e\>f\=g\\`:           name(pair(cn, 12, `#a"b+c;d<e>f=g\`)),
		`CN=\ un espace\ `:                     name(pair(cn, 12, " un espace ")),
		`CN=\ `:                                name(pair(cn, 12, " ")),
		`CN=a\0d\0a\00\1bb`:                    name(pair(cn, 12, "a\r\n\x00\x1bb")),
		`CN=a\e2\80\aeb\c2\85`:                 name(pair(cn, 12, "a\u202eb\u0085")), // what would reorder or break a line of a log
		"CN=Mairie d'Évry":                     name(pair(cn, 12, "Mairie d'Évry")),
		"CN=É":                                 name(pair(cn, 30, "\x00\xc9")),
		"CN=𝄞":                                 name(pair(cn, 30, "\xd8\x34\xdd\x1e")),
		"CN=Ép":                                name(pair(cn, 20, "\xc9p")),
		"CN=É€":                                name(pair(cn, 28, "\x00\x00\x00\xc9\x00\x00\x20\xac")),
		"CN=\uFFFD":                            name(pair(cn, 28, "\x00\x11\x00\x00")),
		"CN=a\uFFFDb":                          name(pair(cn, 12, "a\xffb")),
		"CN=é":                                 name(pair(cn, 19, "é")), // UTF-8 where there should be none
		`CN=#04020102`:                         name(pair(cn, 4, "\x01\x02")),
		"1.2.3.4=x":                            name(pair(der.MustOID("1.2.3.4"), 12, "x")),
		"organizationIdentifier=NTRFR-217500016,C=FR": name(pair(pkix.OIDCountry, 19, "FR"), pair(pkix.OIDOrganizationIdentifier, 12, "NTRFR-217500016")),
	} {
		require.Equal(t, want, mustName(t, raw).String())
	}
}

func TestNameAgreesWithStandardLibrary(t *testing.T) {
	raw := usual(t, ecKey())
	std, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	var rdns stdname.RDNSequence
	_, err = asn1.Unmarshal(std.RawSubject, &rdns)
	require.NoError(t, err)
	require.Equal(t, strings.Replace(rdns.String(), "2.5.4.97=#130f4e545246522d323137353030303136", "organizationIdentifier=NTRFR-217500016", 1),
		parse(t, raw).Subject.String())
}

func TestNameGet(t *testing.T) {
	n := mustName(t, name(pair(pkix.OIDOrganizationalUnit, 12, "0002 21750001600019"), pair(pkix.OIDCommonName, 12, "x"), pair(pkix.OIDOrganizationalUnit, 19, "b")))
	require.Equal(t, []string{"0002 21750001600019", "b"}, n.Get(pkix.OIDOrganizationalUnit))
	require.Nil(t, n.Get(pkix.OIDCountry))
	require.Equal(t, []int{0, 1, 2}, []int{n.Attributes[0].RDN, n.Attributes[1].RDN, n.Attributes[2].RDN})
	require.EqualValues(t, 19, n.Attributes[2].Tag)
}

func TestNameEqual(t *testing.T) {
	cn, o := pkix.OIDCommonName, pkix.OIDOrganization
	base := mustName(t, name(pair(o, 12, "Ville de Paris"), pair(cn, 12, "AC Été")))
	for what, c := range map[string]struct {
		raw  []byte
		want bool
	}{
		"itself":           {base.Raw, true},
		"case":             {name(pair(o, 12, "VILLE DE PARIS"), pair(cn, 12, "ac été")), true},
		"white space":      {name(pair(o, 12, "  Ville  de\tParis "), pair(cn, 12, "AC Été")), true},
		"another type":     {name(pair(o, 19, "Ville de Paris"), pair(cn, 30, "\x00A\x00C\x00 \x00\xc9\x00t\x00\xe9")), true},
		"another order":    {name(pair(cn, 12, "AC Été"), pair(o, 12, "Ville de Paris")), false},
		"another text":     {name(pair(o, 12, "Ville de Lyon"), pair(cn, 12, "AC Été")), false},
		"one fewer":        {name(pair(o, 12, "Ville de Paris")), false},
		"another type OID": {name(pair(o, 12, "Ville de Paris"), pair(o, 12, "AC Été")), false},
		"one RDN":          {wrap(0x30, wrap(0x31, pair(cn, 12, "AC Été"), pair(o, 12, "Ville de Paris"))), false},
		"nothing":          {name(), false},
	} {
		other := pkix.Name{Raw: c.raw}
		if n, ok := pkix.ParseName(c.raw); ok {
			other = n
		}
		require.Equal(t, c.want, base.Equal(other), what)
		require.Equal(t, c.want, other.Equal(base), what)
	}
}

func TestParseNameRefuses(t *testing.T) {
	for _, raw := range [][]byte{nil, hexOctets("3100"), hexOctets("30023100"), append(name(), 0), name(pair("", 12, "x")), name(hexOctets("3000")),
		hexOctets("3016 3114 3008 0603550403 0c0162 3008 0603550403 0c0161")} {
		_, ok := pkix.ParseName(raw)
		require.False(t, ok, "%x", raw)
	}
}
