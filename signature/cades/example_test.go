package cades_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func Example() {
	pki := pkitest.New() // stands for the mayor's key and the timestamp authority
	root := pki.Root("Racine d'essai")
	mayor, authority := root.Leaf("Camille Maire"), root.TimestampAuthority("Horodatage d'essai")
	signer, err := ades.FromKey(mayor.Key, mayor.Chain())
	if err != nil {
		log.Fatal(err)
	}

	document := ades.Bytes([]byte("Le conseil municipal décide."))
	var signed bytes.Buffer
	err = cades.Sign(context.Background(), &signed, document, signer, cades.Options{
		Level: ades.BaselineT, Time: pki.Now(), Authority: authority, Detached: true, Roles: []string{"Maire de Boisjoli"},
	})
	if err != nil {
		log.Fatal(err)
	}

	found, err := cades.Read(context.Background(), ades.Bytes(signed.Bytes()), cades.ReadOptions{Detached: document})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range found.Signatures {
		fmt.Println(s.ID, s.Level, s.SignatureAlgorithm.Name, "content intact:", s.References[0].Intact)
	}
	// Output: S-1 B-T ECDSA with SHA-256 content intact: true
}

// A second signer beside the first, then a timestamp over both.
func ExampleAddSigner() {
	pki := pkitest.New()
	root := pki.Root("Racine d'essai")
	authority := root.TimestampAuthority("Horodatage d'essai")
	signer := func(name string) ades.Signer {
		id := root.Leaf(name)
		s, err := ades.FromKey(id.Key, id.Chain())
		if err != nil {
			log.Fatal(err)
		}
		return s
	}
	ctx, o := context.Background(), cades.Options{Time: pki.Now()}
	var first, both, stamped bytes.Buffer
	for _, err := range []error{
		cades.Sign(ctx, &first, ades.Bytes([]byte("Convention")), signer("Camille Maire"), o),
		cades.AddSigner(ctx, &both, ades.Bytes(first.Bytes()), nil, signer("Dominique Présidente"), o),
		cades.Extend(ctx, &stamped, ades.Bytes(both.Bytes()), cades.ExtendOptions{Level: ades.BaselineT, Authority: authority}),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
	found, err := cades.Read(ctx, ades.Bytes(stamped.Bytes()), cades.ReadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Signatures[0].Level, found.Signatures[1].Level)
	// Output: B-T B-T
}
