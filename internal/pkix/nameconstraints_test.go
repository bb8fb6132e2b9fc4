package pkix_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func constrained(permitted, excluded [][]byte) []byte {
	element := func(tag byte, content []byte) []byte {
		if len(content) < 128 {
			return append([]byte{tag, byte(len(content))}, content...)
		}
		return append([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
	}
	var out []byte
	for i, names := range [][][]byte{permitted, excluded} {
		var list []byte
		for _, n := range names {
			list = append(list, element(0x30, n)...)
		}
		if list != nil {
			out = append(out, element(0xa0+byte(i), list)...)
		}
	}
	return element(0x30, out)
}

func general(form byte, value string) []byte {
	return append([]byte{0x80 | form, byte(len(value))}, value...)
}

func dn(attributes ...pkitest.AttributeValue) []byte {
	name := pkitest.Name(attributes...)
	return append([]byte{0xa4, byte(len(name))}, name...)
}

func TestNameConstraints(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("constraints"))
	ca := pki.Root("Racine d'essai")
	leaf := func(options ...pkitest.Option) *pkix.Certificate {
		c, err := pkix.ParseCertificate(ca.Leaf("Mairie de Boisjoli", options...).DER)
		require.NoError(t, err)
		return c
	}
	country := func(code string) pkitest.AttributeValue {
		return pkitest.AttributeValue{OID: pkitest.OIDCountryName, Value: code}
	}
	organization := pkitest.AttributeValue{OID: pkitest.OIDOrganizationName, Value: "Boisjoli"}
	mail := pkitest.RawSubject(pkitest.Name(country("FR"), pkitest.AttributeValue{OID: "1.2.840.113549.1.9.1", Value: "mairie@boisjoli.example", Tag: 22}))
	address := func(a, mask string) string {
		if ip := net.ParseIP(a).To4(); ip != nil {
			return string(ip) + string(net.ParseIP(mask).To4())
		}
		return string(net.ParseIP(a)) + string(net.ParseIP(mask))
	}
	uri := func(text string) pkitest.Option {
		return pkitest.Extension(pkitest.OIDSubjectAltName, false, append([]byte{0x30, byte(len(text) + 2)}, general(6, text)...))
	}
	rows := []struct {
		name                string
		permitted, excluded [][]byte
		leaf                *pkix.Certificate
		fails               error
	}{
		{"directory above", [][]byte{dn(country("FR"))}, nil, leaf(), nil},
		{"directory above, in other letters", [][]byte{dn(country("fr"))}, nil, leaf(), nil},
		{"directory elsewhere", [][]byte{dn(country("BE"))}, nil, leaf(), pkix.ErrNameNotPermitted},
		{"directory below", [][]byte{dn(country("FR"), organization, organization, organization, organization)}, nil, leaf(), pkix.ErrNameNotPermitted},
		{"empty directory holds all", [][]byte{{0xa4, 2, 0x30, 0}}, nil, leaf(), nil},
		{"empty directory excludes all", nil, [][]byte{{0xa4, 2, 0x30, 0}}, leaf(), pkix.ErrNameNotPermitted},
		{"excluded within permitted", [][]byte{dn(country("FR"))}, [][]byte{dn(country("FR"))}, leaf(), pkix.ErrNameNotPermitted},
		{"no name of the form", [][]byte{general(2, "boisjoli.example")}, nil, leaf(), nil},

		{"host of the domain", [][]byte{general(2, "boisjoli.example")}, nil, leaf(pkitest.DNS("boisjoli.example", "www.boisjoli.example.")), nil},
		{"host that ends alike", [][]byte{general(2, "boisjoli.example")}, nil, leaf(pkitest.DNS("grandboisjoli.example")), pkix.ErrNameNotPermitted},
		{"one host of two", [][]byte{general(2, "boisjoli.example")}, nil, leaf(pkitest.DNS("www.boisjoli.example", "www.example")), pkix.ErrNameNotPermitted},
		{"excluded host", nil, [][]byte{general(2, "secret.boisjoli.example")}, leaf(pkitest.DNS("a.SECRET.boisjoli.example")), pkix.ErrNameNotPermitted},

		{"mailbox", [][]byte{general(1, "mairie@boisjoli.example")}, nil, leaf(pkitest.Email("mairie@Boisjoli.example")), nil},
		{"mailbox in other letters", [][]byte{general(1, "mairie@boisjoli.example")}, nil, leaf(pkitest.Email("Mairie@boisjoli.example")), pkix.ErrNameNotPermitted},
		{"mail host", [][]byte{general(1, "boisjoli.example")}, nil, leaf(pkitest.Email("a@boisjoli.example")), nil},
		{"mail host below", [][]byte{general(1, "boisjoli.example")}, nil, leaf(pkitest.Email("a@mail.boisjoli.example")), pkix.ErrNameNotPermitted},
		{"mail domain", [][]byte{general(1, ".boisjoli.example")}, nil, leaf(pkitest.Email("a@mail.boisjoli.example")), nil},
		{"mail domain itself", [][]byte{general(1, ".boisjoli.example")}, nil, leaf(pkitest.Email("a@boisjoli.example")), pkix.ErrNameNotPermitted},
		{"mail address of the subject", nil, [][]byte{general(1, "boisjoli.example")}, leaf(mail), pkix.ErrNameNotPermitted},
		{"mail address of the subject and another", nil, [][]byte{general(1, "boisjoli.example")}, leaf(mail, pkitest.Email("a@ailleurs.example")), pkix.ErrNameNotPermitted},
		{"mail address with a zero", [][]byte{general(1, "boisjoli.example")}, nil, leaf(pkitest.Email("a@ailleurs.example\x00@boisjoli.example")), pkix.ErrNameConstraints},
		{"host with a zero", [][]byte{general(2, "boisjoli.example")}, nil, leaf(pkitest.DNS("ailleurs.example\x00.boisjoli.example")), pkix.ErrNameConstraints},
		{"mail address without host", [][]byte{general(1, "boisjoli.example")}, nil, leaf(pkitest.Email("mairie")), pkix.ErrNameConstraints},

		{"URI on the host", [][]byte{general(6, "www.boisjoli.example")}, nil, leaf(uri("https://www.boisjoli.example:443/a")), nil},
		{"URI below the host", [][]byte{general(6, "boisjoli.example")}, nil, leaf(uri("https://www.boisjoli.example/")), pkix.ErrNameNotPermitted},
		{"URI in the domain", [][]byte{general(6, ".boisjoli.example")}, nil, leaf(uri("https://www.boisjoli.example/")), nil},
		{"URI on an address", [][]byte{general(6, ".boisjoli.example")}, nil, leaf(uri("https://192.0.2.1/")), pkix.ErrNameConstraints},
		{"URI without host", nil, [][]byte{general(6, ".boisjoli.example")}, leaf(uri("urn:a:b")), pkix.ErrNameConstraints},

		{"address in the network", [][]byte{general(7, address("192.0.2.0", "255.255.255.0"))}, nil, leaf(pkitest.IP(net.IPv4(192, 0, 2, 77))), nil},
		{"address out of the network", [][]byte{general(7, address("192.0.2.0", "255.255.255.0"))}, nil, leaf(pkitest.IP(net.IPv4(192, 0, 3, 77))), pkix.ErrNameNotPermitted},
		{"address of the other family", [][]byte{general(7, address("192.0.2.0", "255.255.255.0"))}, nil, leaf(pkitest.IP(net.ParseIP("2001:db8::1"))), pkix.ErrNameNotPermitted},
		{"network of the other family excluded", nil, [][]byte{general(7, address("2001:db8::", "ffff:ffff::"))}, leaf(pkitest.IP(net.ParseIP("2001:db8::1"))), pkix.ErrNameNotPermitted},
		{"network that is none", [][]byte{general(7, "192")}, nil, leaf(pkitest.IP(net.IPv4(192, 0, 2, 77))), pkix.ErrNameConstraints},

		{"form that is not compared", [][]byte{general(8, "\x2a")}, nil, leaf(pkitest.Extension(pkitest.OIDSubjectAltName, false, append([]byte{0x30, 3}, general(8, "\x2a")...))), pkix.ErrNameConstraints},
		{"alternative names that cannot be read", [][]byte{general(2, "a")}, nil, leaf(pkitest.Extension(pkitest.OIDSubjectAltName, false, []byte{4, 0})), pkix.ErrNameConstraints},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			constraints, err := pkix.ParseNameConstraints(constrained(r.permitted, r.excluded))
			require.NoError(t, err)
			err = constraints.Check(r.leaf)
			if r.fails == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, r.fails)
			require.NotContains(t, err.Error(), "oisjoli", "the error says a name")
		})
	}
}

func TestNameConstraintsThatCannotBeRead(t *testing.T) {
	subtree := general(2, "a")
	for name, value := range map[string][]byte{
		"nothing":        {},
		"no subtrees":    {0x30, 0},
		"not a sequence": {4, 0},
		"trailing":       append(constrained([][]byte{subtree}, nil), 0),
		"out of order":   {0x30, 10, 0xa1, 3, 0x30, 1, 0, 0xa0, 3, 0x30, 1, 0},
		"a maximum":      constrained([][]byte{append(subtree, 0x81, 1, 3)}, nil),
		"a minimum of 0": constrained([][]byte{append(subtree, 0x80, 1, 0)}, nil),
		"no name":        constrained([][]byte{{5, 0}}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pkix.ParseNameConstraints(value)
			require.ErrorIs(t, err, pkix.ErrNameConstraints)
		})
	}
}

// TestNameConstraintsWork: many constraints against many names are refused instead of compared.
func TestNameConstraintsWork(t *testing.T) {
	pki := pkitest.New(pkitest.Deterministic("constraints"))
	names := make([]string, 400)
	for i := range names {
		names[i] = strings.Repeat("a", i%50+1) + ".example"
	}
	c, err := pkix.ParseCertificate(pki.Root("Racine d'essai").Leaf("Mairie de Boisjoli", pkitest.DNS(names...)).DER)
	require.NoError(t, err)
	subtrees := make([][]byte, 400)
	for i := range subtrees {
		subtrees[i] = general(2, "b.example")
	}
	constraints, err := pkix.ParseNameConstraints(constrained(nil, subtrees))
	require.NoError(t, err)
	require.ErrorIs(t, constraints.Check(c), pkix.ErrNameConstraints)
}

func TestCanonicalName(t *testing.T) {
	name := func(values ...pkitest.AttributeValue) string {
		canonical, ok := pkix.CanonicalName(pkitest.Name(values...))
		require.True(t, ok)
		return canonical
	}
	cn := func(text string) pkitest.AttributeValue {
		return pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: text}
	}
	a := name(cn("Mairie de Boisjoli"))
	require.Equal(t, a, name(cn("  MAIRIE  de\tboisjoli ")))
	require.NotEqual(t, a, name(cn("Mairie deBoisjoli")))
	require.NotEqual(t, a, name(cn("Mairie"), cn("de Boisjoli")))
	require.NotEqual(t, a, name(pkitest.AttributeValue{OID: pkitest.OIDOrganizationName, Value: "Mairie de Boisjoli"}))
	require.Equal(t, name(pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "a", Tag: 12}), name(pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "A", Tag: 19}))

	// Two attributes of one RDN, in either order.
	x, y := []byte{0x30, 8, 6, 3, 0x55, 4, 3, 12, 1, 'x'}, []byte{0x30, 8, 6, 3, 0x55, 4, 10, 12, 1, 'y'}
	one, ok := pkix.CanonicalName(append(append([]byte{0x30, 22, 0x31, 20}, x...), y...))
	require.True(t, ok)
	two, ok := pkix.CanonicalName(append(append([]byte{0x30, 22, 0x31, 20}, y...), x...))
	require.True(t, ok)
	require.Equal(t, one, two)

	for _, broken := range [][]byte{nil, {0x30}, {0x31, 0}, {0x30, 0, 0}, {0x30, 2, 0x30, 0}, {0x30, 4, 0x31, 2, 0x30, 0}} {
		_, ok := pkix.CanonicalName(broken)
		require.False(t, ok, "%x", broken)
	}
}

func FuzzNameConstraints(f *testing.F) {
	pki := pkitest.New(pkitest.Deterministic("constraints"))
	leaf, err := pkix.ParseCertificate(pki.Root("Racine d'essai").Leaf("Mairie de Boisjoli", pkitest.DNS("www.boisjoli.example"), pkitest.Email("a@boisjoli.example")).DER)
	require.NoError(f, err)
	f.Add(constrained([][]byte{general(2, "boisjoli.example")}, [][]byte{general(1, ".example")}), leaf.RawSubject)
	f.Add(constrained([][]byte{general(7, "\x01\x02\x03\x04\xff\xff\xff\xff")}, nil), []byte{0x30, 0})
	f.Fuzz(func(t *testing.T, constraints, name []byte) {
		first, ok := pkix.CanonicalName(name)
		again, okAgain := pkix.CanonicalName(name)
		require.Equal(t, ok, okAgain)
		require.Equal(t, first, again)
		parsed, err := pkix.ParseNameConstraints(constraints)
		if err != nil {
			return
		}
		if err := parsed.Check(leaf); err != nil {
			require.True(t, errorIsOneOf(err, pkix.ErrNameConstraints, pkix.ErrNameNotPermitted))
		}
	})
}

func errorIsOneOf(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
