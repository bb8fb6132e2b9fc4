package pades_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// Sign a document with a key at hand, then read what the signed document says.
func Example() {
	pki := pkitest.New()
	mayor := pki.Root("Racine d'essai").Leaf("Camille Dubois")
	signer, err := ades.FromKey(mayor.Key, mayor.Chain())
	if err != nil {
		panic(err)
	}
	document, err := ades.OpenDocument("testdata/producers/libreoffice.pdf")
	if err != nil {
		panic(err)
	}
	defer document.Close()

	var signed bytes.Buffer
	options := pades.Options{Time: pki.Now(), Reason: "Approuvé en séance"}
	if err := pades.Sign(context.Background(), &signed, document, signer, options); err != nil {
		panic(err)
	}
	found, err := pades.Read(context.Background(), ades.Bytes(signed.Bytes()))
	if err != nil {
		panic(err)
	}
	for _, s := range found.Signatures {
		fmt.Println(s.Field, s.Level, s.PDF.Reason, s.References[0].Intact, len(s.Modifications))
	}
	// Output: Signature1 B-B Approuvé en séance true 0
}

// Sign with a key that is elsewhere: what Prepare returns is saved, and its Request is all that the key needs to see.
func ExamplePrepare() {
	pki := pkitest.New()
	mayor := pki.Root("Racine d'essai").Leaf("Camille Dubois")
	pdf, err := os.ReadFile("testdata/producers/libreoffice.pdf")
	if err != nil {
		panic(err)
	}
	prepared, err := pades.Prepare(context.Background(), ades.Bytes(pdf), mayor.Chain(), pades.Options{Time: pki.Now()})
	if err != nil {
		panic(err)
	}

	remote, err := ades.FromKey(mayor.Key, mayor.Chain()) // stands for the card, or the service
	if err != nil {
		panic(err)
	}
	value, err := remote.Sign(context.Background(), prepared.Request)
	if err != nil {
		panic(err)
	}

	var signed bytes.Buffer
	err = pades.Complete(context.Background(), &signed, ades.Bytes(pdf), prepared, value, nil)
	fmt.Println(err, bytes.HasPrefix(signed.Bytes(), pdf))
	// Output: <nil> true
}
