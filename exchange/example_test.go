package exchange_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// A commune seals a délibération for the préfecture, which opens it and acknowledges.
func Example() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const commune, prefecture = "99900001100018", "99900002900010"

	// In production these come from a PKCS#12 file or an HSM, and the anchors from a folder.
	ca := pkitest.New(pkitest.At(now)).Root("Autorité d'essai")
	seal := ca.Leaf("Commune", pkitest.Seal, pkitest.SIRET(commune))
	theirSeal := ca.Leaf("Préfecture, cachet", pkitest.Seal, pkitest.SIRET(prefecture))
	theirKey := ca.Leaf("Préfecture, chiffrement", pkitest.Encrypt, pkitest.SIRET(prefecture))
	anchors, _ := trust.NewSet(trust.Anchor{Certificate: ca.DER})

	// The commune.
	signer, _ := ades.FromKey(seal.Key, seal.Chain())
	var pli bytes.Buffer
	sealed, err := exchange.Seal(ctx, &pli, exchange.Parts(exchange.Part{
		Name: "délibération.txt", MediaType: "text/plain", Size: -1, Content: strings.NewReader("Le conseil délibère."),
	}), exchange.SealOptions{
		Signer: signer, Created: now, Purpose: "contrôle de légalité",
		Recipients: []exchange.RecipientKey{{SIRET: prefecture, Certificates: []*x509.Certificate{theirKey.Certificate}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// The préfecture. Revocation is not checked here: the name of the option says so.
	identity, _ := exchange.NewIdentity(theirKey.Certificate, theirKey.Key)
	m, err := exchange.Open(ctx, bytes.NewReader(pli.Bytes()), sealed.Size, []*exchange.Identity{identity},
		exchange.OpenOptions{Anchors: anchors, At: now.Add(time.Hour), UnsafeNoRevocation: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	part, _ := m.Part(ctx, 0)
	content, err := io.ReadAll(part)
	fmt.Println(m.Manifest.Sender.SIRET, m.Manifest.Parts[0].Name, string(content), err)
	theirSigner, _ := ades.FromKey(theirSeal.Key, theirSeal.Chain())
	receipt, err := m.Receipt(ctx, exchange.ReceiptOptions{Signer: theirSigner, Stamper: ca.TimestampAuthority("Horodatage"), Time: now})
	if err != nil {
		fmt.Println(err)
		return
	}

	// The commune again.
	said, _, err := exchange.VerifyReceipt(ctx, receipt, exchange.VerifyReceiptOptions{
		Manifest: sealed.SignedManifest, Anchors: anchors, TimestampAnchors: anchors, At: now.Add(time.Hour), UnsafeNoRevocation: true})
	fmt.Println(said.Verdict, said.Recipient.SIRET, said.Stamped.Format(time.DateOnly), err)
	// Output:
	// 99900001100018 délibération.txt Le conseil délibère. <nil>
	// accepted 99900002900010 2026-03-02 <nil>
}
