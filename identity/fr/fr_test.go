package fr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/identity"
	"github.com/cadre-confiance/confiance/identity/fr"
)

func TestSIREN(t *testing.T) {
	for _, v := range []string{"732829320", "552008443", "404833048", "356000000"} {
		require.NoError(t, fr.SIREN.Validate(v), v)
		require.NoError(t, fr.SIREN.ValidateBytes([]byte(v)), v)
	}
	requireKinds(t, fr.SIREN, map[string]error{
		"404833047": identity.ErrChecksum,
		"000000000": identity.ErrComponent,
		"":          identity.ErrLength, "73282932": identity.ErrLength, "7328293200": identity.ErrLength,
	})
}

func TestSIRET(t *testing.T) {
	for _, v := range []string{"73282932000074", "35600000049837", "35600000000048", "21750001600019"} {
		require.NoError(t, fr.SIRET.Validate(v), v)
		require.NoError(t, fr.SIRET.ValidateBytes([]byte(v)), v)
	}
	requireKinds(t, fr.SIRET, map[string]error{
		"73282932000079": identity.ErrChecksum, "35600000049838": identity.ErrChecksum,
		"00000000000000": identity.ErrComponent,
		"732829320":      identity.ErrLength, "732829320000741": identity.ErrLength,
	})
}

func requireKinds(t *testing.T, s identity.Scheme, kinds map[string]error) {
	for v, kind := range kinds {
		err := s.Validate(v)
		require.ErrorIs(t, err, kind, v)
		require.ErrorIs(t, s.ValidateBytes([]byte(v)), kind, v)
		var typed *identity.Error
		require.ErrorAs(t, err, &typed)
		require.Equal(t, s.Name(), typed.Scheme)
		_, err = s.Parse(v)
		require.ErrorIs(t, err, kind, v)
		require.ErrorIs(t, s.Validate(v, identity.Lenient), kind, v)
	}
}

// Inputs that other validators take, or stumble over.
func TestHostile(t *testing.T) {
	for v, kind := range map[string]error{
		"732829320\n": identity.ErrFormat, "\n732829320": identity.ErrFormat, "73282\n9320": identity.ErrFormat, "73282932\n": identity.ErrFormat,
		"732829320\r": identity.ErrFormat, "732829320\x00": identity.ErrFormat, " 732829320": identity.ErrFormat, "732829320 ": identity.ErrFormat,
		"７３２８２９３２０": identity.ErrFormat, "٧٣٢٨٢٩٣٢٠": identity.ErrFormat, "⁷³²⁸²⁹³²⁰": identity.ErrFormat,
		"+73282932": identity.ErrFormat, "-73282932": identity.ErrFormat, "7328293.2": identity.ErrFormat, "0x7328293": identity.ErrFormat,
		"732829320\u0301": identity.ErrFormat, "\u202e732829320": identity.ErrFormat, "\xff\xfe": identity.ErrFormat,
		"732829320" + "732829320": identity.ErrLength, strings.Repeat("7", 1<<20): identity.ErrLength, strings.Repeat(" ", 1<<20): identity.ErrLength,
	} {
		require.ErrorIs(t, fr.SIREN.Validate(v), kind, "%.20q", v)
		require.ErrorIs(t, fr.SIREN.ValidateBytes([]byte(v)), kind, "%.20q", v)
		require.Error(t, fr.SIREN.Validate(v, identity.Lenient), "%.20q", v)
		require.Error(t, fr.SIREN.ValidateBytes([]byte(v), identity.Lenient), "%.20q", v)
	}
}

func TestLenientSeparators(t *testing.T) {
	for _, v := range []string{"732 829 320 00074", "732\u00a0829\u00a0320\u00a000074", "732\u202f829\u202f320\u202f00074", "732.829.320.00074", "732-829-320-00074", "73282932000074", "7 3 2829320 00074"} {
		require.NoError(t, fr.SIRET.Validate(v, identity.Lenient), v)
		require.NoError(t, fr.SIRET.ValidateBytes([]byte(v), identity.Lenient), v)
		id, err := fr.SIRET.Parse(v, identity.Lenient)
		require.NoError(t, err)
		canonical, err := identity.Public(id)
		require.NoError(t, err)
		require.Equal(t, "73282932000074", canonical)
		if v != canonical {
			require.ErrorIs(t, fr.SIRET.Validate(v), identity.ErrFormat, "strict is the default")
		}
	}
	for v, kind := range map[string]error{
		" 73282932000074": identity.ErrFormat, "73282932000074 ": identity.ErrFormat, "732  829 320 00074": identity.ErrFormat,
		"732 -829 320 00074": identity.ErrFormat, "732\u2009829320 00074": identity.ErrFormat, "732_829_320_00074": identity.ErrFormat,
		"732 829 320\xff00074": identity.ErrFormat, "732 829 320 00079": identity.ErrChecksum, "000 000 000 00000": identity.ErrComponent,
		"732 829 320": identity.ErrLength, strings.Repeat("7 ", 1000): identity.ErrLength, "-": identity.ErrFormat,
	} {
		require.ErrorIs(t, fr.SIRET.Validate(v, identity.Lenient), kind, "%.20q", v)
		require.ErrorIs(t, fr.SIRET.ValidateBytes([]byte(v), identity.Lenient), kind, "%.20q", v)
	}
}

func TestFormat(t *testing.T) {
	text, err := fr.SIREN.Format("732829320")
	require.NoError(t, err)
	require.Equal(t, "732 829 320", text)
	require.NoError(t, fr.SIREN.Validate(text, identity.Lenient), "what we write, we read")
	text, err = fr.SIRET.Format("732-829-320-00074", identity.Lenient)
	require.NoError(t, err)
	require.Equal(t, "732 829 320 00074", text)
	text, err = fr.SIRET.Format("73282932000079")
	require.ErrorIs(t, err, identity.ErrChecksum)
	require.Empty(t, text)
}

func TestSIRENOf(t *testing.T) {
	siret, err := fr.SIRET.Parse("35600000049837")
	require.NoError(t, err)
	siren, err := fr.SIRENOf(siret)
	require.NoError(t, err)
	v, err := identity.Public(siren)
	require.NoError(t, err)
	require.Equal(t, "356000000", v)
	require.Equal(t, fr.SIREN, siren.Scheme())
	for _, id := range []identity.ID{{}, siren} {
		_, err = fr.SIRENOf(id)
		require.Error(t, err)
	}
}

func TestSchemes(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range fr.Schemes() {
		require.False(t, seen[s.Name()])
		seen[s.Name()] = true
		d := s.Definition()
		require.True(t, strings.HasPrefix(d.Name, "fr.") && d.Country == "FR" && d.Title != "" && d.Source != "", d.Name)
		require.False(t, s.Personal())
	}
	require.Equal(t, map[string]bool{"fr.siren": true, "fr.siret": true}, seen)
}

func TestNoAllocation(t *testing.T) {
	b, wrong, long := []byte("73282932000074"), "73282932000079", strings.Repeat("7", 1<<20)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_ = fr.SIRET.ValidateBytes(b)
		_ = fr.SIRET.Validate(wrong)
		_ = fr.SIREN.Validate(long)
		_ = fr.SIREN.Validate("732829320")
	}))
}

// Strict and lenient agree with each other and with the check of the register, whatever comes.
func FuzzSIRET(f *testing.F) {
	for _, v := range []string{"73282932000074", "35600000049837", "732 829 320 00074", "00000000000000", "732829320\n", "７３２"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		strict, octets, lenient := fr.SIRET.Validate(v), fr.SIRET.ValidateBytes([]byte(v)), fr.SIRET.Validate(v, identity.Lenient)
		require.Equal(t, strict, octets)
		if strict == nil {
			require.NoError(t, lenient)
			require.Len(t, v, 14)
		}
		if lenient == nil {
			id, err := fr.SIRET.Parse(v, identity.Lenient)
			require.NoError(t, err)
			canonical, err := identity.Public(id)
			require.NoError(t, err)
			require.NoError(t, fr.SIRET.Validate(canonical))
			text, err := fr.SIRET.Format(canonical)
			require.NoError(t, err)
			require.NoError(t, fr.SIRET.Validate(text, identity.Lenient))
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	for _, c := range []struct {
		scheme identity.Scheme
		value  string
	}{{fr.SIREN, "732829320"}, {fr.SIRET, "73282932000074"}, {fr.SIRET, "35600000049837"}} {
		b.Run(c.scheme.Name()+" "+c.value[:3], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.scheme.Validate(c.value) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
	long := strings.Repeat("7", 1<<20)
	b.Run("1 MB refused", func(b *testing.B) {
		for b.Loop() {
			_ = fr.SIREN.Validate(long)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = fr.SIRET.Parse("73282932000074")
	}
}
