package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/internal/progress"
	"github.com/cadre-confiance/confiance/rgs"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pades"
	"github.com/cadre-confiance/confiance/signature/report"
	"github.com/cadre-confiance/confiance/signature/validation"
)

//go:embed deliberation.pdf
var example []byte

// The files of the output folder.
const (
	fileOriginal   = "1-deliberation.pdf"
	fileSigned     = "2-deliberation-signee.pdf"
	fileRGS        = "3-rgs" // .txt and .json
	filePli        = "4-deliberation.pli"
	fileCapsule    = "4-capsule.der"
	fileManifest   = "4-manifeste.p7m"
	folderOpened   = "5-ouvert"
	fileValidation = "6-validation" // .txt, .json, .html and .xml
	fileReceipt    = "7-accuse.p7m"
	folderCerts    = "certificats"

	partName = "deliberation-signee.pdf"
)

// journey is one document on its way, with what each step leaves to the next.
type journey struct {
	settings
	now      func() time.Time
	out, err io.Writer

	*parties
	validator *signature.Validator
	sealed    *exchange.Sealed

	original           *ades.Document
	signingCertificate string // SHA-256, as validated
	watching           string // who would notice now that a bit has changed
	message            *exchange.Message
	pli                *os.File
}

// errTampered is the outcome of a step that let a flipped bit pass. No step does.
var errTampered = errors.New("un bit a été changé et personne ne l'a vu")

func (j *journey) path(name string) string { return filepath.Join(j.settings.out, name) }

func (j *journey) say(format string, args ...any) { fmt.Fprintf(j.out, format+"\n", args...) }

func (j *journey) travel(ctx context.Context) (err error) {
	j.original = ades.Bytes(example)
	if j.in != "" {
		if j.original, err = ades.OpenDocument(j.in); err != nil {
			return err
		}
		defer j.original.Close()
	}
	if j.parties, err = j.declare(ctx); err != nil {
		return fmt.Errorf("clés : %w", err)
	}
	if err := j.prepare(); err != nil {
		return err
	}
	if j.validator, err = signature.NewValidator(signature.ValidatorOptions{
		Anchors: j.anchors, TimestampAnchors: j.timeAnchor, Revocation: j.revocation, UnsafeNoRevocation: j.unknownRevocation}); err != nil {
		return err
	}
	j.say("Une délibération de la mairie à la préfecture, dans %s", j.settings.out)
	for _, remark := range j.remarks {
		j.say("  attention : %s", remark)
	}
	if j.unknownRevocation {
		j.say("  la révocation de votre clé ou de votre autorité d'horodatage n'est pas consultée : le rapport le dit")
	}
	j.say("  la révocation des cachets n'est pas consultée à l'ouverture d'un pli, dans cette version")
	for i, step := range []struct {
		name, title string
		do          func(context.Context) error
	}{
		{"sign", "Signature du maire (PAdES-B-T)", j.sign},
		{"rgs", "Contrôle du certificat au regard du RGS", j.check},
		{"seal", "Pli scellé pour la seule préfecture", j.seal},
		{"open", "Ouverture et vérification par la préfecture", j.open},
		{"receipt", "Accusé de réception signé (CAdES-B-T)", j.receipt},
	} {
		j.say("\n%d. %s", i+1, step.title)
		if err := step.do(ctx); err != nil {
			j.say("  REFUSÉ : %v", err)
			if j.tamper != "" {
				j.say("  qui s'en aperçoit : %s", j.watching)
			}
			return fmt.Errorf("étape %s : %w", step.name, err)
		}
	}
	j.say("\nTout est vérifié. Pour le vérifier encore, avec d'autres outils :\n")
	for _, line := range j.recheck() {
		j.say("  $ %s", line)
	}
	return nil
}

// sign signs the PDF and validates what was written.
func (j *journey) sign(ctx context.Context) error {
	if err := j.copy(ctx, fileOriginal, j.original); err != nil {
		return err
	}
	update, end := progress.Bar(j.err, "signature", j.original.Size())
	err := j.write(fileSigned, func(w io.Writer) error {
		return signature.Sign(ctx, &counter{w: w, update: update}, j.original, j.maire, signature.Options{
			Format: signature.PAdES, Level: ades.BaselineT, Time: j.now(), Authority: j.authority,
			Reason: "Délibération exécutoire", Location: "Valmont-les-Essais",
		})
	})
	end()
	if err != nil {
		return j.ofDocument(err)
	}
	j.watching = "la mairie, qui valide la signature avant d'envoyer"
	if err := j.flip("sign", fileSigned, nil); err != nil {
		return err
	}
	signed, err := ades.OpenDocument(j.path(fileSigned))
	if err != nil {
		return err
	}
	defer signed.Close()
	j.say("  %s : %d octets, %d de plus que l'original, dont aucun octet ne change", fileSigned, signed.Size(), signed.Size()-j.original.Size())
	result, err := j.validate(ctx, signed)
	if err != nil {
		return err
	}
	if err := j.judge(&result.Conclusion); err != nil {
		return err
	}
	j.signingCertificate = result.Signatures[len(result.Signatures)-1].Signer.Certificate
	return nil
}

// ofDocument names the document in an error that is about it.
func (j *journey) ofDocument(err error) error {
	for _, fault := range []error{pades.ErrNotPDF, pades.ErrEncrypted, pades.ErrDamaged, pades.ErrUnsupported, pades.ErrLimit, pades.ErrForbidden} {
		if j.in != "" && errors.Is(err, fault) {
			return fmt.Errorf("%s : %w", j.in, err)
		}
	}
	return err
}

// check judges the signing certificate by the rules of the RGS: that of the file, if it is the one that the signature was verified with.
func (j *journey) check(context.Context) error {
	j.watching = "la mairie, qui compare le certificat contrôlé à celui qui a signé"
	path := filepath.Join(folderCerts, "maire.pem")
	if err := j.flip("rgs", path, nil); err != nil {
		return err
	}
	content, err := os.ReadFile(j.path(path))
	if err != nil {
		return err
	}
	var certificate []byte
	if block, _ := pem.Decode(content); block != nil {
		certificate = block.Bytes
	}
	if sum := sha256.Sum256(certificate); hex.EncodeToString(sum[:]) != j.signingCertificate {
		return fmt.Errorf("%s n'est pas le certificat qui a signé : son empreinte SHA-256 diffère", path)
	}
	report, err := rgs.Default().Certificate(certificate, rgs.Input{Time: j.now()})
	if err != nil {
		return err
	}
	report.Object = path
	if err := j.write(fileRGS+".txt", func(w io.Writer) error { return report.WriteText(w, rgs.French) }); err != nil {
		return err
	}
	if err := j.writeJSON(fileRGS+".json", report); err != nil {
		return err
	}
	j.say("  %s.txt : %d règles respectées, %d non respectées, %d recommandations non suivies", fileRGS, report.Count(rgs.Pass), report.Count(rgs.Fail), report.Count(rgs.Warn))
	if report.Failed() {
		return fmt.Errorf("le certificat ne respecte pas %d règle(s) ; lire %s.txt", report.Count(rgs.Fail), fileRGS)
	}
	return nil
}

// seal puts the signed document in a pli for the préfecture.
func (j *journey) seal(ctx context.Context) error {
	signed, err := ades.OpenDocument(j.path(fileSigned))
	if err != nil {
		return err
	}
	defer signed.Close()
	update, end := progress.Bar(j.err, "scellement", signed.Size())
	err = j.write(filePli, func(w io.Writer) (err error) {
		j.sealed, err = exchange.Seal(ctx, w, exchange.Parts(exchange.Part{
			Name: partName, MediaType: "application/pdf", Size: signed.Size(), Content: signed.Reader(ctx),
		}), exchange.SealOptions{
			Signer: j.mairie, Sender: mairieSIRET, Created: j.now(), Purpose: "Transmission au contrôle de légalité", Progress: update,
			Recipients: []exchange.RecipientKey{{SIRET: prefectureSIRET, Certificates: certificates(j.readerCert)}},
		})
		return err
	})
	end()
	if err != nil {
		return err
	}
	if err := j.extractCapsule(); err != nil {
		return err
	}
	if err := j.flip("seal", filePli, nil); err != nil {
		return err
	}
	j.say("  %s : %d octets, identifiant %s", filePli, j.sealed.Size, j.sealed.Manifest.ID)
	j.say("  en clair : le destinataire, la taille et la date limite ; ni l'expéditeur, ni le nom, ni le contenu")
	return nil
}

// open opens the pli as the préfecture, which knows nothing but its own key and its anchors, and validates the document.
func (j *journey) open(ctx context.Context) (err error) {
	j.watching = "la préfecture, qui vérifie le pli avant d'en écrire le contenu"
	if j.pli, err = os.Open(j.path(filePli)); err != nil {
		return err
	}
	info, err := j.pli.Stat()
	if err != nil {
		return err
	}
	j.message, err = exchange.Open(ctx, j.pli, info.Size(), []*exchange.Identity{j.reader}, exchange.OpenOptions{
		Anchors: j.anchors, TimestampAnchors: j.timeAnchor, At: j.now(), SIRET: prefectureSIRET, Holders: j.holders, UnsafeNoRevocation: true,
	})
	if err != nil {
		return err
	}
	update, end := progress.Bar(j.err, "ouverture", j.message.Manifest.Parts[0].Size)
	err = j.message.Extract(ctx, j.path(folderOpened), exchange.ExtractOptions{Force: true, Progress: update})
	end()
	if err != nil {
		return err
	}
	j.watching = "la préfecture, qui valide la signature du document reçu"
	opened := filepath.Join(folderOpened, partName)
	if err := j.flip("open", opened, nil); err != nil {
		return err
	}
	j.say("  expéditeur : SIRET %s, cachet vérifié ; contenu vérifié MiB par MiB avant d'être écrit", j.message.Manifest.Sender.SIRET)
	document, err := ades.OpenDocument(j.path(opened))
	if err != nil {
		return err
	}
	defer document.Close()
	result, err := j.validate(ctx, document)
	if err != nil {
		return err
	}
	said := report.New(result.Facts, &result.Conclusion, report.Options{File: partName, Detailed: true})
	for form, write := range map[string]func(io.Writer) error{".txt": said.Text, ".json": said.JSON, ".html": said.HTML, ".xml": said.ETSI} {
		if err := j.write(fileValidation+form, write); err != nil {
			return err
		}
	}
	j.say("  %s : .html et .txt pour une personne, .json et .xml (ETSI TS 119 102-2) pour un programme", fileValidation)
	return j.judge(&result.Conclusion)
}

// receipt makes the préfecture's receipt, and verifies it as the mairie.
func (j *journey) receipt(ctx context.Context) error {
	defer j.pli.Close()
	receipt, err := j.message.Receipt(ctx, exchange.ReceiptOptions{Signer: j.prefecture, Stamper: j.authority, Time: j.now()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(j.path(fileReceipt), receipt, 0o644); err != nil {
		return err
	}
	j.watching = "la mairie, qui vérifie l'accusé contre ce qu'elle a envoyé"
	if err := j.flip("receipt", fileReceipt, []byte(`"accepted"`)); err != nil {
		return err
	}
	if receipt, err = os.ReadFile(j.path(fileReceipt)); err != nil {
		return err
	}
	sent, err := os.Open(j.path(filePli))
	if err != nil {
		return err
	}
	defer sent.Close()
	payload, err := exchange.PayloadDigest(ctx, sent, j.sealed.Size)
	if err != nil {
		return err
	}
	said, _, err := exchange.VerifyReceipt(ctx, receipt, exchange.VerifyReceiptOptions{
		Manifest: j.sealed.SignedManifest, Payload: &payload, Anchors: j.anchors, TimestampAnchors: j.timeAnchor, At: j.now(), Holders: j.holders, UnsafeNoRevocation: true,
	})
	if err != nil {
		return err
	}
	j.say("  %s : SIRET %s a reçu et accepté le pli %s le %s", fileReceipt, said.Recipient.SIRET, said.ID, said.Time.Format(time.RFC3339))
	if j.tamper != "" {
		return errTampered
	}
	return nil
}

func (j *journey) validate(ctx context.Context, document *ades.Document) (*signature.Validation, error) {
	return j.validator.Validate(ctx, document, signature.ValidateOptions{Time: j.now()})
}

// judge says what a conclusion is, and refuses unless the last signature, which is the maire's, is passed. Those that were there before
// must be whole.
func (j *journey) judge(c *validation.Conclusion) error {
	if len(c.Signatures) == 0 {
		return errors.New("aucune signature")
	}
	last := len(c.Signatures) - 1
	for i, s := range c.Signatures {
		label := "signature"
		if i < last {
			label = "signature antérieure"
		}
		j.say("  %s %s : %s", label, s.ID, verdict(s))
		if i < last && s.Crypto == validation.CryptoInvalid || i == last && s.Indication != validation.TotalPassed {
			return fmt.Errorf("%s %s : %s", label, s.ID, strings.Join(reasons(s), " ; "))
		}
	}
	return nil
}
