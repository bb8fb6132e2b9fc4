package signature_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// TestAttacksOnEveryProducer makes the attacks of PDFs of other producers and cross-reference forms, signed by this library, and
// of CAdES of every kind: none is believed, every twin is.
func TestAttacksOnEveryProducer(t *testing.T) {
	v := newVillage(t)
	validator := v.validator()
	seal := v.ca.Leaf("Mairie de Boisjoli", pkitest.Seal)
	tsa := v.ca.TimestampAuthority("Horodatage d'essai")
	try := func(t *testing.T, list []pkitest.Attack, err error, atLeast int) {
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(list), atLeast)
		for _, a := range list {
			require.True(t, sound(validator, a.Twin, a.TwinContent), "the twin of %s", a.Name)
			if _, open := opened[a.Name]; a.Breaks == pkitest.BreaksSignature && !open {
				require.False(t, sound(validator, a.File, a.Content), "%s is believed", a.Name)
			}
		}
	}
	var files []string
	for _, pattern := range []string{"pades/testdata/producers/*.pdf", "../internal/pdf/testdata/*.pdf"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	require.GreaterOrEqual(t, len(files), 15)
	made := 0
	for _, path := range files {
		switch filepath.Base(path) {
		case "encrypted-aes256.pdf": // not signed by this version
			continue
		case "prefixed.pdf": // an update of it is refused, since readers count its offsets in two ways
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			document, err := os.ReadFile(path)
			require.NoError(t, err)
			var signed bytes.Buffer
			require.NoError(t, signature.Sign(context.Background(), &signed, ades.Bytes(document), v.signer(seal), signature.Options{Time: noon}))
			list, err := pkitest.AttackPDF(signed.Bytes())
			try(t, list, err, 70)
			made += len(list)
		})
	}
	for name, o := range map[string]signature.Options{
		"attached": {}, "detached": {Detached: true}, "timestamped": {Level: ades.BaselineT, Authority: tsa}, "roles": {Roles: []string{"Maire"}},
	} {
		t.Run(name, func(t *testing.T) {
			o.Time = noon
			var signed bytes.Buffer
			require.NoError(t, signature.Sign(context.Background(), &signed, ades.Bytes(deliberation), v.signer(seal), o))
			var beside []byte
			if o.Detached {
				beside = deliberation
			}
			list, err := pkitest.AttackCMS(signed.Bytes(), beside)
			try(t, list, err, 80)
			made += len(list)
		})
	}
	require.GreaterOrEqual(t, made, 1500)
}
