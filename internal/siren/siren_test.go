package siren_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/siren"
)

func TestSIREN(t *testing.T) {
	for _, s := range []string{"732829320", "552008443", "404833048", "356000000"} {
		require.True(t, siren.ValidSIREN(s), s)
	}
	for _, s := range []string{"", "404833047", "000000000", "73282932", "7328293200", "73282932x", "７３２８２９３２０"} {
		require.False(t, siren.ValidSIREN(s), s)
	}
}

func TestSIRET(t *testing.T) {
	for _, s := range []string{"73282932000074", "35600000049837", "35600000000048"} {
		require.True(t, siren.ValidSIRET(s), s)
		require.True(t, siren.ValidSIRET([]byte(s)), s)
	}
	for _, s := range []string{"", "73282932000079", "35600000049838", "00000000000000", "7328293200007", "732829320000741", "40483304700000"} {
		require.False(t, siren.ValidSIRET(s), s)
	}
}

func TestNoAllocation(t *testing.T) {
	b := []byte("35600000049837")
	require.Zero(t, testing.AllocsPerRun(100, func() { siren.ValidSIRET(b); siren.ValidSIREN(b) }))
}
