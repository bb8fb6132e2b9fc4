package ades_test

import (
	"context"
	"crypto"
	"fmt"
	"log"
	"strings"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func ExampleFromKey() {
	mayor := pkitest.New().Root("Racine d'essai").Leaf("Camille Maire") // any crypto.Signer and its certificates
	signer, err := ades.FromKey(mayor.Key, mayor.Chain())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signer.Chain()[0].Subject.CommonName)

	clerk := pkitest.New().Root("Racine d'essai").Leaf("Dominique Secrétaire")
	_, err = ades.FromKey(clerk.Key, mayor.Chain())
	fmt.Println(err)
	// Output:
	// Camille Maire
	// ades: the key is not that of the certificate
}

// What cannot seek (a pipe, an upload) is staged within a bound.
func ExampleStage() {
	upload := strings.NewReader("Le conseil municipal décide.")
	document, err := ades.Stage(context.Background(), upload, 10<<20)
	if err != nil {
		log.Fatal(err)
	}
	defer document.Close()
	sums, err := document.Digests(context.Background(), crypto.SHA256)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d octets, %x…\n", document.Size(), sums[crypto.SHA256][:4])
	// Output: 29 octets, acc0a4d5…
}
