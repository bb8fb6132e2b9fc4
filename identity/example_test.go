package identity_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/cadre-confiance/confiance/identity"
	"github.com/cadre-confiance/confiance/identity/fr"
)

func Example() {
	id, err := fr.SIRET.Parse("732 829 320 00074", identity.Lenient)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v %+v\n", id, struct{ owner identity.ID }{id}.owner)

	value, err := identity.Public(id) // an establishment is no person
	fmt.Println(value, err)

	_, err = fr.SIRET.Parse("73282932000079")
	fmt.Println(err, errors.Is(err, identity.ErrChecksum))
	// Output:
	// fr.siret:•••• fr.siret:••••
	// 73282932000074 <nil>
	// identity: fr.siret: the check digits do not fit true
}

func ExampleGate_Reveal() {
	id, _ := fr.SIREN.Parse("732829320")
	gate := identity.Gate{
		Policy: func(_ context.Context, r identity.Request) error {
			if r.Purpose != "instruction d'une subvention" {
				return errors.New("not a declared purpose")
			}
			return nil
		},
		Audit: func(_ context.Context, e identity.Event) error {
			fmt.Println("recorded:", e.ID, e.Purpose, e.Refused)
			return nil
		},
	}
	value, err := gate.Reveal(context.Background(), id, "instruction d'une subvention")
	fmt.Println(value, err)
	_, err = gate.Reveal(context.Background(), id, "curiosité")
	fmt.Println(errors.Is(err, identity.ErrRefused))
	// Output:
	// recorded: fr.siren:•••• instruction d'une subvention <nil>
	// 732829320 <nil>
	// recorded: fr.siren:•••• curiosité identity: disclosure refused by the policy: not a declared purpose
	// true
}

func ExampleNewRegistry() {
	registry, err := identity.NewRegistry(fr.Schemes()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(registry.Validate("fr.siren", "732829320"))
	fmt.Println(registry.Validate("fr.siren", "000000000"))
	fmt.Println(registry.Validate("fr.inconnu", "1"))
	// Output:
	// <nil>
	// identity: fr.siren: a part has a value that it cannot have
	// identity: unknown scheme
}
