package pkitest_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func Example() {
	pki := pkitest.New(pkitest.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	root := pki.Root("Racine d'essai")
	ca := root.Intermediate("AC d'essai", pkitest.RSA3072)
	seal := ca.Leaf("Mairie de Boisjoli", pkitest.Seal, pkitest.SIRET("99900000300015"))
	tsa := ca.TimestampAuthority("Horodatage d'essai")

	digest := sha256.Sum256([]byte("délibération"))
	token, err := tsa.Timestamp(context.Background(), crypto.SHA256, digest[:])
	fmt.Println(seal.Certificate.Subject.CommonName, seal.Certificate.Subject.OrganizationalUnit, seal.Certificate.NotAfter)
	fmt.Println(len(seal.Chain()), "certificates,", len(token) <= tsa.TokenSize(), err)
	// Output:
	// Mairie de Boisjoli [0002 99900000300015] 2028-03-01 09:00:00 +0000 UTC
	// 2 certificates, true <nil>
}

// A certificate that was revoked on 1 February, seen from before and after.
func ExampleRevoked() {
	pki := pkitest.New()
	ca := pki.Root("Racine d'essai")
	ca.Leaf("Mairie de Boisjoli", pkitest.Revoked(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), pkitest.KeyCompromise))
	january, _ := x509.ParseRevocationList(ca.CRL())
	february, _ := x509.ParseRevocationList(ca.CRL(pkitest.At(time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC))))
	fmt.Println(len(january.RevokedCertificateEntries), len(february.RevokedCertificateEntries))
	// Output: 0 1
}

// Revocation, issuers and timestamps over HTTP: the server is declared before the certificates that name it.
func ExamplePKI_Serve() {
	pki := pkitest.New()
	server, err := pki.Serve()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	ca := pki.Root("Racine d'essai").Intermediate("AC d'essai")
	leaf := ca.Leaf("Mairie de Boisjoli")
	ca.Responder("OCSP d'essai", pkitest.Late()) // whose answers are out of date
	fmt.Println(leaf.Certificate.OCSPServer[0] == ca.OCSPURL())
	// Output: true
}

// A timestamp authority that first does not answer, then answers about something else.
func ExampleTimestampAuthority_Behave() {
	ca := pkitest.New().Root("Racine d'essai")
	tsa := ca.TimestampAuthority("Horodatage d'essai", pkitest.Unavailable(1))
	digest := sha256.Sum256([]byte("délibération"))
	_, err := tsa.Timestamp(context.Background(), crypto.SHA256, digest[:])
	fmt.Println(err)
	tsa.Behave(pkitest.WrongImprint())
	token, err := tsa.Timestamp(context.Background(), crypto.SHA256, digest[:])
	fmt.Println(containsBytes(token, digest[:]), err)
	// Output:
	// pkitest: the timestamp authority is unavailable
	// false <nil>
}

// Whatever the writer cannot be asked for: here, a certificate of X.509 version 1.
func ExampleEditTBS() {
	ca := pkitest.New().Root("Racine d'essai")
	odd := ca.Leaf("Mairie de Boisjoli", pkitest.EditTBS(func(tbs []byte) []byte {
		out := append([]byte{}, tbs...)
		out[8] = 0 // SEQUENCE (4 octets), [0] (2), INTEGER (2), then the version
		return out
	}))
	fmt.Println(odd.Certificate.Version)
	// Output: 1
}
