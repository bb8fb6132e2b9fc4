package identity_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/identity"
	"github.com/cadre-confiance/confiance/identity/fr"
)

func gateThatAllows() identity.Gate {
	return identity.Gate{
		Policy: func(context.Context, identity.Request) error { return nil },
		Audit:  func(context.Context, identity.Event) error { return nil },
	}
}

func TestZeroGateRefuses(t *testing.T) {
	id, err := secret.Parse(canary)
	require.NoError(t, err)
	whole := gateThatAllows()
	for name, g := range map[string]identity.Gate{"zero": {}, "no audit": {Policy: whole.Policy}, "no policy": {Audit: whole.Audit}} {
		v, err := g.Reveal(context.Background(), id, "essai")
		require.ErrorIs(t, err, identity.ErrRefused, name)
		require.Empty(t, v)
	}
	_, err = whole.Reveal(context.Background(), identity.ID{}, "essai")
	require.ErrorIs(t, err, identity.ErrNone)
	for _, purpose := range []identity.Purpose{"", "a\nb", identity.Purpose(strings.Repeat("x", 257)), "\xff"} {
		_, err = whole.Reveal(context.Background(), id, purpose)
		require.ErrorIs(t, err, identity.ErrRefused)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = whole.Reveal(ctx, id, "essai")
	require.ErrorIs(t, err, identity.ErrRefused)
	require.ErrorIs(t, err, context.Canceled)
}

func TestGateAsksRecordsThenDiscloses(t *testing.T) {
	id, err := secret.Parse(canary)
	require.NoError(t, err)
	var steps []string
	var last identity.Event
	var policyErr, auditErr error
	g := identity.Gate{
		Policy: func(_ context.Context, r identity.Request) error {
			steps = append(steps, "policy")
			require.Equal(t, identity.Purpose("instruction d'une demande"), r.Purpose)
			require.True(t, identity.Equal(id, r.ID))
			return policyErr
		},
		Audit: func(_ context.Context, e identity.Event) error {
			steps, last = append(steps, "audit"), e
			return auditErr
		},
	}
	v, err := g.Reveal(context.Background(), id, "instruction d'une demande")
	require.NoError(t, err)
	require.Equal(t, canary, v)
	require.Equal(t, []string{"policy", "audit"}, steps)
	require.NoError(t, last.Refused)

	auditErr = errors.New("disk full")
	v, err = g.Reveal(context.Background(), id, "instruction d'une demande")
	require.ErrorIs(t, err, identity.ErrRefused)
	require.ErrorIs(t, err, auditErr)
	require.Empty(t, v, "nothing is disclosed that was not recorded")

	policyErr = errors.New("not your file")
	v, err = g.Reveal(context.Background(), id, "instruction d'une demande")
	require.ErrorIs(t, err, identity.ErrRefused)
	require.ErrorIs(t, err, policyErr)
	require.ErrorIs(t, err, auditErr)
	require.ErrorIs(t, last.Refused, policyErr, "a refusal is recorded too")
	require.Empty(t, v)
}

func TestPublic(t *testing.T) {
	id, err := fr.SIRET.Parse("73282932000074")
	require.NoError(t, err)
	v, err := identity.Public(id)
	require.NoError(t, err)
	require.Equal(t, "73282932000074", v)
	personal, err := secret.Parse(canary)
	require.NoError(t, err)
	v, err = identity.Public(personal)
	require.Equal(t, identity.ErrPersonal, err)
	require.Empty(t, v)
	_, err = identity.Public(identity.ID{})
	require.Equal(t, identity.ErrNone, err)
}

func TestRegistry(t *testing.T) {
	r, err := identity.NewRegistry(append(fr.Schemes(), secret)...)
	require.NoError(t, err)
	require.NoError(t, r.Validate("fr.siren", "732829320"))
	require.ErrorIs(t, r.Validate("fr.siren", "732829321"), identity.ErrChecksum)
	id, err := r.Parse("fr.siret", "732 829 320 00074", identity.Lenient)
	require.NoError(t, err)
	require.Equal(t, "fr.siret:••••", id.String())
	text, err := r.Format("fr.siret", "73282932000074")
	require.NoError(t, err)
	require.Equal(t, "732 829 320 00074", text)
	s, err := r.Lookup("test.secret")
	require.NoError(t, err)
	require.True(t, s.Personal())
	require.Equal(t, []identity.Scheme{fr.SIREN, fr.SIRET, secret}, r.Schemes())

	for _, name := range []string{"", "fr.SIREN", "73282932000074", "fr.siren ", "fr"} {
		_, err := r.Lookup(name)
		require.ErrorIs(t, err, identity.ErrUnknownScheme)
		require.ErrorIs(t, r.Validate(name, "1"), identity.ErrUnknownScheme)
		_, err = r.Parse(name, "1")
		require.ErrorIs(t, err, identity.ErrUnknownScheme)
		_, err = r.Format(name, "1")
		require.ErrorIs(t, err, identity.ErrUnknownScheme)
		require.Equal(t, "identity: unknown scheme", err.Error())
	}
	_, err = identity.NewRegistry(fr.SIREN, fr.SIRET, fr.SIREN)
	require.ErrorIs(t, err, identity.ErrDefinition)
	_, err = identity.NewRegistry(identity.Scheme{})
	require.ErrorIs(t, err, identity.ErrDefinition)
}

func TestDefinitions(t *testing.T) {
	check := func(string) error { return nil }
	for _, name := range []string{"", "siren", "Fr.siren", "fr.", ".siren", "fr..siren", "fr.si ren", "fr.é", strings.Repeat("a", 63) + ".b"} {
		_, err := identity.NewScheme(identity.Definition{Name: name, Check: check})
		require.ErrorIs(t, err, identity.ErrDefinition, name)
	}
	_, err := identity.NewScheme(identity.Definition{Name: "x.y"})
	require.ErrorIs(t, err, identity.ErrDefinition)
	require.Panics(t, func() { identity.MustScheme(identity.Definition{}) })

	var zero identity.Scheme
	require.ErrorIs(t, zero.Validate("1"), identity.ErrUnknownScheme)
	require.ErrorIs(t, zero.ValidateBytes(nil), identity.ErrUnknownScheme)
	_, err = zero.Parse("1")
	require.ErrorIs(t, err, identity.ErrUnknownScheme)
	_, err = zero.Format("1")
	require.ErrorIs(t, err, identity.ErrUnknownScheme)
	require.Empty(t, zero.Name()+zero.String())
}

// Whatever a Check returns, what comes out is one of the four kinds and holds nothing of the input.
func TestCheckCannotLeak(t *testing.T) {
	careless := identity.MustScheme(identity.Definition{Name: "test.careless", Check: func(v string) error {
		return errors.New("not good: " + v)
	}})
	err := careless.Validate(canary)
	require.ErrorIs(t, err, identity.ErrFormat)
	require.False(t, leaks(err.Error(), canary))
	require.ErrorIs(t, careless.ValidateBytes([]byte(canary)), identity.ErrFormat)
	wrapped := identity.MustScheme(identity.Definition{Name: "test.wrapped", Check: func(v string) error {
		return errors.Join(identity.ErrComponent, errors.New(v))
	}})
	err = wrapped.Validate(canary)
	require.ErrorIs(t, err, identity.ErrComponent)
	require.False(t, leaks(err.Error(), canary))
	var typed *identity.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, "test.wrapped", typed.Scheme)
}
