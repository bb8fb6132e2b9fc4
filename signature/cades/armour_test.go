package cades

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHiddenBegin: a reader that cuts long lines, as OpenSSL does after 254 octets, would take another message than ours.
func TestHiddenBegin(t *testing.T) {
	const block = "-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n"
	read := func(text string) error {
		a := &armourReader{r: bufio.NewReaderSize(strings.NewReader(text), 64)}
		if _, err := io.ReadAll(a); err != nil {
			return err
		}
		return a.rest()
	}
	for _, text := range []string{
		block, "Bonjour,\n\n" + block + "-- \nCamille\n", "\ufeff" + block, strings.Repeat("x", 254) + "\n" + block,
		block + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
	} {
		require.NoError(t, read(text), text)
	}
	for n := range 140 {
		hidden := strings.Repeat("x", n+1) + block
		require.ErrorIs(t, read(hidden+block), errArmour, n)
		require.ErrorIs(t, read(block+hidden), errArmour, n)
	}
	require.ErrorIs(t, read("-----BEGIN CMS-----\r"+block), errArmour)
	require.ErrorIs(t, read(block+block), errArmour)
}
