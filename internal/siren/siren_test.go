package siren_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/siren"
)

func TestSIREN(t *testing.T) {
	for _, s := range []string{"732829320", "552008443", "404833048", "356000000"} {
		require.True(t, siren.ValidSIREN(s), s)
		require.True(t, siren.ValidSIREN([]byte(s)), s)
	}
	for s, fault := range map[string]siren.Fault{
		"": siren.Length, "73282932": siren.Length, "7328293200": siren.Length, "７３２８２９３２０": siren.Length, "732829320\n": siren.Length,
		strings.Repeat("7", 1<<20): siren.Length,
		"73282932x":                siren.Digits, "73282932\n": siren.Digits, "73282932\x00": siren.Digits, "73282932/": siren.Digits, "73282932:": siren.Digits,
		"٧٣٢88\x80": siren.Digits, "-73282932": siren.Digits,
		"404833047": siren.Checksum, "732829321": siren.Checksum,
		"000000000": siren.Zeros,
	} {
		require.Equal(t, fault, siren.CheckSIREN(s), s)
		require.Equal(t, fault, siren.CheckSIREN([]byte(s)), s)
		require.False(t, siren.ValidSIREN(s))
	}
}

func TestSIRET(t *testing.T) {
	for _, s := range []string{"73282932000074", "35600000049837", "35600000000048", "21750001600019"} {
		require.True(t, siren.ValidSIRET(s), s)
		require.True(t, siren.ValidSIRET([]byte(s)), s)
	}
	for s, fault := range map[string]siren.Fault{
		"": siren.Length, "7328293200007": siren.Length, "732829320000741": siren.Length,
		"7328293200007x": siren.Digits, "7328293200007\n": siren.Digits, "x3282932000074": siren.Digits,
		"73282932000079": siren.Checksum, "35600000049838": siren.Checksum,
		"40483304700000": siren.Checksum, // its SIREN is wrong, whatever the key
		"35600000000049": siren.Checksum, // La Poste, not the head office, sum of digits not a multiple of 5
		"00000000000000": siren.Zeros, "00000000000018": siren.Zeros,
	} {
		require.Equal(t, fault, siren.CheckSIRET(s), s)
		require.Equal(t, fault, siren.CheckSIRET([]byte(s)), s)
		require.False(t, siren.ValidSIRET(s))
	}
}

// La Poste's head office has a Luhn key; that of its other establishments is the sum of digits, Luhn or not.
func TestLaPoste(t *testing.T) {
	byFive := 0
	for n := range 100000 {
		s := fmt.Sprintf("356000000%05d", n)
		sum := 0
		for _, d := range s {
			sum += int(d - '0')
		}
		require.Equal(t, s == "35600000000048" || sum%5 == 0, siren.ValidSIRET(s), s)
		if sum%5 == 0 {
			byFive++
		}
	}
	require.Equal(t, 20000, byFive)
}

// The key of Luhn as it is usually written, over random numbers.
func TestLuhn(t *testing.T) {
	for range 20000 {
		s := fmt.Sprintf("%09d", 1+rand.IntN(999999999))
		sum := 0
		for i := range 9 {
			d := int(s[8-i] - '0')
			if i%2 == 1 {
				d *= 2
			}
			sum += d/10 + d%10
		}
		require.Equal(t, sum%10 == 0, siren.ValidSIREN(s), s)
	}
}

func TestNoAllocation(t *testing.T) {
	b, s := []byte("35600000049837"), "73282932000079"
	require.Zero(t, testing.AllocsPerRun(100, func() {
		siren.ValidSIRET(b)
		siren.ValidSIREN(b)
		siren.ValidSIRET(s)
		siren.ValidSIREN(s)
	}))
}

func BenchmarkSIREN(b *testing.B) {
	s := []byte("732829320")
	for b.Loop() {
		siren.ValidSIREN(s)
	}
}

func BenchmarkSIRET(b *testing.B) {
	s := []byte("73282932000074")
	for b.Loop() {
		siren.ValidSIRET(s)
	}
}
