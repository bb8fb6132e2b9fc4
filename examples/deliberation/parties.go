package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
	"github.com/cadre-confiance/confiance/signature/timestamp"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// Numbers of no organisation, whose keys are right.
const (
	mairieSIRET     = "99900001100018"
	prefectureSIRET = "99900002900010"
)

// parties are who signs, who seals, who receives, who dates, and whom each believes.
type parties struct {
	maire      ades.Signer // signs the document
	mairie     ades.Signer // seals the pli
	prefecture ades.Signer // seals the receipt
	reader     *exchange.Identity
	readerCert *x509.Certificate
	authority  timestamp.Authority

	anchors    *trust.Set // of signers and seals
	timeAnchor *trust.Set // of the timestamp authority

	revocation        revocation.Source // lists of the authorities
	unknownRevocation bool              // there is none for the caller's own key or timestamp authority

	remarks []string // what a reader of the results should know of the keys
	files   map[string][]byte
}

// declare makes the parties: those of a PKI in memory, replaced by the caller's key and timestamp authority where given.
func (j *journey) declare(ctx context.Context) (*parties, error) {
	pki := pkitest.New(pkitest.Clock(j.now), pkitest.StrongKeys())
	root := pki.Root("Racine de démonstration")
	ca := root.Intermediate("AC de démonstration")
	maire := ca.Leaf("Camille Exemple", pkitest.Sign, pkitest.RSA3072, pkitest.Person("Camille", "Exemple"),
		pkitest.Organization("Commune de Valmont-les-Essais"), pkitest.SIRET(mairieSIRET))
	mairie := ca.Leaf("Cachet de Valmont-les-Essais", pkitest.Seal, pkitest.Organization("Commune de Valmont-les-Essais"), pkitest.SIRET(mairieSIRET))
	prefecture := ca.Leaf("Cachet de la préfecture d'essai", pkitest.Seal, pkitest.Organization("Préfecture d'essai"), pkitest.SIRET(prefectureSIRET))
	reader := ca.Leaf("Réception de la préfecture d'essai", pkitest.Encrypt, pkitest.Organization("Préfecture d'essai"), pkitest.SIRET(prefectureSIRET))
	authority := ca.TimestampAuthority("Horodatage de démonstration")

	p := &parties{authority: authority, readerCert: reader.Certificate, files: map[string][]byte{
		"racine.pem": root.PEM(), "ac.pem": ca.PEM(), "maire.pem": maire.PEM(), "cachet-mairie.pem": mairie.PEM(),
		"cachet-prefecture.pem": prefecture.PEM(), "reception-prefecture.pem": reader.PEM(), "horodatage.pem": authority.PEM(),
		// A key that opens the capsule with other tools. It is worth nothing: it was made for this run.
		"reception-prefecture.cle-de-demonstration.pem": reader.KeyPEM(),
	}}
	var err error
	for name, id := range map[string]*pkitest.Identity{"reception-prefecture": reader, "cachet-mairie": mairie} { // for examples/seal
		if p.files[name+".cle-de-demonstration.p12"], err = id.PKCS12("demonstration"); err != nil {
			return nil, err
		}
	}
	for _, made := range []struct {
		signer *ades.Signer
		who    *pkitest.Identity
	}{{&p.maire, maire}, {&p.mairie, mairie}, {&p.prefecture, prefecture}} {
		if *made.signer, err = ades.FromKey(made.who.Key, made.who.Chain()); err != nil {
			return nil, err
		}
	}
	if p.reader, err = exchange.NewIdentity(reader.Certificate, reader.Key); err != nil {
		return nil, err
	}
	if p.anchors, err = trust.NewSet(trust.Anchor{Certificate: root.DER, Source: "racine.pem"}); err != nil {
		return nil, err
	}
	p.timeAnchor = p.anchors
	p.files["racine.crl"], p.files["ac.crl"] = pkitest.CRLPEM(root.CRL()), pkitest.CRLPEM(ca.CRL())
	if p.revocation, err = revocation.NewStatic(ctx, ades.Bytes(p.files["racine.crl"]), ades.Bytes(p.files["ac.crl"])); err != nil {
		return nil, err
	}
	p.unknownRevocation = j.p12 != "" || j.authorityURL != ""
	if j.p12 != "" {
		if err := p.replaceSigner(j.p12, j.password); err != nil {
			return nil, err
		}
	}
	if j.authorityURL != "" {
		err = p.replaceAuthority(ctx, j.authorityURL, j.authorityAnchors, j.now)
	}
	return p, err
}

// replaceSigner makes the caller's key that of the maire and of the seal. The top of its chain is believed, since it is his.
func (p *parties) replaceSigner(path, password string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	credentials, err := signature.LoadPKCS12(bytes.NewReader(content), password)
	if err != nil {
		return fmt.Errorf("%s : %w", path, err)
	}
	signer, err := credentials.Signer()
	if err != nil {
		return fmt.Errorf("%s : %w", path, err)
	}
	chain := credentials.Chain
	top := chain[len(chain)-1]
	set, err := trust.NewSet(trust.Anchor{Certificate: top.Raw, Source: path})
	if err != nil {
		return err
	}
	if p.anchors, err = trust.Union(p.anchors, set); err != nil {
		return err
	}
	p.maire, p.mairie = signer, signer
	p.remarks = append(p.remarks, fmt.Sprintf("la clé de %s signe et scelle ; le sommet de sa chaîne (%s) est tenu pour ancre", filepath.Base(path), top.Subject))
	p.files["maire.pem"], p.files["cachet-mairie.pem"] = toPEM(chain[0]), toPEM(chain[0])
	p.files["racine-p12.pem"] = toPEM(top)
	delete(p.files, "cachet-mairie.cle-de-demonstration.p12")
	return nil
}

// replaceAuthority asks an RFC 3161 authority over HTTP. Without anchors for it, its first token says which certificates it shows, and
// the topmost is believed for this run.
func (p *parties) replaceAuthority(ctx context.Context, url, anchors string, now func() time.Time) error {
	options := timestamp.Options{URL: url, HTTPClient: &http.Client{Timeout: 30 * time.Second}, Now: now}
	set, err := p.timeAnchors(ctx, options, anchors)
	if err != nil {
		return err
	}
	p.timeAnchor = set
	for _, a := range set.All() {
		options.Anchors = append(options.Anchors, a.Certificate)
	}
	p.authority, err = timestamp.NewClient(options)
	return err
}

func (p *parties) timeAnchors(ctx context.Context, options timestamp.Options, path string) (*trust.Set, error) {
	if path != "" {
		return trust.Load(path)
	}
	options.UnsafeAnyAuthority = true
	client, err := timestamp.NewClient(options)
	if err != nil {
		return nil, err
	}
	probe := sha256.Sum256([]byte("confiance"))
	token, err := client.Timestamp(ctx, crypto.SHA256, probe[:])
	if err != nil {
		return nil, err
	}
	_, certificates, err := timestamp.Parse(token)
	if err != nil {
		return nil, err
	}
	top := topmost(certificates)
	if top == nil {
		return nil, fmt.Errorf("l'autorité %s ne montre aucun certificat ; donnez -tsa-anchors", options.URL)
	}
	p.remarks = append(p.remarks, fmt.Sprintf("l'autorité d'horodatage est crue sur parole (%s) ; donnez -tsa-anchors pour l'ancrer", top.Subject))
	return trust.NewSet(trust.Anchor{Certificate: top.Raw, Purposes: []trust.Purpose{trust.Timestamp}, Source: options.URL})
}

// topmost returns the certificate that no other of the list issued, an authority if there is one.
func topmost(list [][]byte) *x509.Certificate {
	var certificates []*x509.Certificate
	for _, der := range list {
		if c, err := x509.ParseCertificate(der); err == nil {
			certificates = append(certificates, c)
		}
	}
	var top *x509.Certificate
	for _, c := range certificates {
		issued := false
		for _, issuer := range certificates {
			issued = issued || issuer != c && bytes.Equal(c.RawIssuer, issuer.RawSubject)
		}
		if !issued && (top == nil || c.IsCA) {
			top = c
		}
	}
	return top
}

func toPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// holders is the directory of this journey: which establishment a seal signs for.
func (p *parties) holders(_ context.Context, certificate exchange.Hash) ([]exchange.SIRET, error) {
	for siret, seal := range map[exchange.SIRET]ades.Signer{mairieSIRET: p.mairie, prefectureSIRET: p.prefecture} {
		if sum := sha256.Sum256(seal.Chain()[0].Raw); bytes.Equal(sum[:], certificate[:]) {
			return []exchange.SIRET{siret}, nil
		}
	}
	return nil, nil
}
