package report_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/report"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A signed file is validated, and its report written for a person.
func Example() {
	// A PKI for the example: yours has its own authorities.
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	pki := pkitest.New(pkitest.At(noon))
	root := pki.Root("Racine de l'exemple")
	mairie := root.Intermediate("AC de l'exemple").Leaf("Mairie de Boisjoli")
	signer, err := ades.FromKey(mairie.Key, mairie.Chain())
	if err != nil {
		panic(err)
	}
	var signed bytes.Buffer
	if err := cades.Sign(context.Background(), &signed, ades.Bytes([]byte("Délibération")), signer, cades.Options{Time: noon}); err != nil {
		panic(err)
	}

	anchors, err := trust.NewSet(trust.Anchor{Certificate: root.DER})
	if err != nil {
		panic(err)
	}
	validator, err := signature.NewValidator(signature.ValidatorOptions{Anchors: anchors})
	if err != nil {
		panic(err)
	}
	v, err := validator.Validate(context.Background(), ades.Bytes(signed.Bytes()), signature.ValidateOptions{Time: noon.Add(time.Hour)})
	if err != nil {
		panic(err)
	}
	r := report.New(v.Facts, &v.Conclusion, report.Options{File: "deliberation.p7m", Language: report.French})
	if err := r.Text(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// deliberation.p7m : VALIDITÉ INDÉTERMINÉE
	// Signature CMS (CAdES), 1 signature. Validé à la date du 2 mars 2026 à 13:00:00
	// UTC, selon la politique AES.
	// Indéterminée ne veut pas dire fausse : il manque de quoi conclure.
	//
	// Signature S-1 : INDÉTERMINÉE
	//   Signataire     Mairie de Boisjoli (Collectivité d'essai)
	//   Garanti par    AC de l'exemple
	//   Date déclarée  2 mars 2026 à 12:00:00 UTC, selon le signataire
	//   Date prouvée   aucune : rien ne prouve quand la signature a été faite
	//   Porte sur      le document, en entier
	//   Intégrité      ce qui a été signé est intact
	//   Niveau annoncé B-B, signature de base
	//   Conclusion     INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)
	//   Pourquoi       État de révocation inconnu pour le certificat du signataire et
	//                  le certificat de l'autorité « AC de l'exemple » : une clé volée
	//                  passerait inaperçue.
	//   Que faire      Fournir l'état de révocation (liste CRL ou réponse OCSP) publié
	//                  par l'autorité qui a émis le certificat.
	//   En détail      no revocation data say whether the certificate is revoked
	//                  [revocation.available]
}

// Names are left out for a report that goes to someone who need not know who signed.
func ExampleOptions_redact() {
	r := report.Unreadable(fmt.Errorf("open /home/dubois/acte.pdf: no such file"), report.Options{File: "acte.pdf", Language: report.English, Redact: true})
	var out strings.Builder
	if err := r.Text(&out); err != nil {
		panic(err)
	}
	fmt.Print(out.String())
	// Output: THE FILE COULD NOT BE READ.
}
