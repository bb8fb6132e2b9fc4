package timestamp_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"log"
	"net/http"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// A first authority that does not keep its word, a second that does: the token is the second's.
func Example() {
	pki := pkitest.New() // stands for two authorities on the Internet
	server, err := pki.Serve()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	root := pki.Root("Racine d'essai")
	client := func(unit *pkitest.TimestampAuthority) *timestamp.Client {
		c, err := timestamp.NewClient(timestamp.Options{
			URL: unit.URL(), HTTPClient: http.DefaultClient, Now: pki.Now, Anchors: [][]byte{root.DER},
		})
		if err != nil {
			log.Fatal(err)
		}
		return c
	}
	liar := client(root.TimestampAuthority("Horodatage menteur", pkitest.WrongImprint()))
	honest := client(root.TimestampAuthority("Horodatage d'essai"))

	document := []byte("Le conseil municipal décide.")
	digest := sha256.Sum256(document)
	token, err := timestamp.FailOver(liar, honest).Timestamp(context.Background(), crypto.SHA256, digest[:])
	if err != nil {
		log.Fatal(err)
	}

	found, err := timestamp.Read(context.Background(), ades.Bytes(token), ades.Bytes(document))
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range found.Timestamps {
		fmt.Println(t.Time, "over this document:", t.References[1].Intact)
	}
	// Output: 2026-01-15 10:00:00 +0000 UTC over this document: true
}
