package signature_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// The mayor signs a délibération with the key of a PKCS#12 file; the préfecture validates it.
func Example() {
	// A PKI for tests stands for the mayor's file, the timestamp authority and the root that the préfecture trusts.
	pki := pkitest.New()
	root := pki.Root("Racine d'essai")
	authority := root.TimestampAuthority("Horodatage d'essai")
	file, err := root.Leaf("Camille Maire").PKCS12("secret")
	check(err)

	credentials, err := signature.LoadPKCS12(bytes.NewReader(file), "secret")
	check(err)
	signer, err := credentials.Signer()
	check(err)
	document := ades.Bytes([]byte("Le conseil municipal décide."))
	var signed bytes.Buffer
	err = signature.Sign(context.Background(), &signed, document, signer, signature.Options{
		Level: ades.BaselineT, Authority: authority, Time: pki.Now(),
	})
	check(err)

	anchors, err := trust.NewSet(trust.Anchor{Certificate: root.DER})
	check(err)
	validator, err := signature.NewValidator(signature.ValidatorOptions{Anchors: anchors, UnsafeNoRevocation: true})
	check(err)
	result, err := validator.Validate(context.Background(), ades.Bytes(signed.Bytes()), signature.ValidateOptions{Time: pki.Now().Add(time.Minute)})
	check(err)
	for _, s := range result.Signatures {
		fmt.Println(s.Level, s.Indication)
		var content bytes.Buffer
		check(result.Content(context.Background(), s.ID, &content))
		fmt.Println(content.String())
	}
	// Output:
	// B-T TOTAL-PASSED
	// Le conseil municipal décide.
}

// The key is in a remote service: what it must sign goes there, the value comes back days later in another process.
func ExamplePrepare() {
	pki := pkitest.New()
	remote := pki.Root("Racine d'essai").Leaf("Camille Maire")
	document := ades.Bytes([]byte("Le conseil municipal décide."))

	prepared, err := signature.Prepare(context.Background(), document, remote.Chain(), signature.Options{Time: pki.Now(), Detached: true})
	check(err)
	saved, err := json.Marshal(prepared)
	check(err)

	// The service holds the key. It signs prepared.Request.Digest.
	service, err := ades.FromKey(remote.Key, remote.Chain())
	check(err)
	value, err := service.Sign(context.Background(), prepared.Request)
	check(err)

	prepared, err = ades.ReadPrepared(saved)
	check(err)
	var signed bytes.Buffer
	check(signature.Complete(context.Background(), &signed, document, prepared, value, nil))

	other := ades.Bytes([]byte("Le conseil municipal refuse."))
	err = signature.Complete(context.Background(), &signed, other, prepared, value, nil)
	fmt.Println(err)
	// Output:
	// ades: this is not the document that was prepared: it has 28 octets and not 29
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
