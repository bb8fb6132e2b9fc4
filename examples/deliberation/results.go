package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// prepare makes the output folder, with the certificates in it and nothing that an earlier journey left: a result that is there was made
// by this one.
func (j *journey) prepare() error {
	if err := os.MkdirAll(j.path(folderCerts), 0o755); err != nil {
		return err
	}
	for _, name := range []string{fileOriginal, fileSigned, fileRGS + ".txt", fileRGS + ".json", filePli, fileCapsule, fileManifest,
		filepath.Join(folderOpened, partName), fileValidation + ".txt", fileValidation + ".json",
		fileValidation + ".html", fileValidation + ".xml", fileReceipt} {
		there, err := os.Stat(j.path(name))
		if err != nil {
			continue
		}
		if given, err := os.Stat(j.in); err == nil && os.SameFile(given, there) {
			return fmt.Errorf("%s est un résultat du dossier %s ; donnez un autre -out", j.in, j.settings.out)
		}
		if err := os.Remove(j.path(name)); err != nil {
			return err
		}
	}
	for name, content := range j.files {
		mode := os.FileMode(0o644)
		if strings.Contains(name, ".cle-") {
			mode = 0o600
		}
		if err := os.WriteFile(j.path(filepath.Join(folderCerts, name)), content, mode); err != nil {
			return err
		}
	}
	return nil
}

// write makes a result whole or not at all: a failed step leaves no half file that could be taken for a result.
func (j *journey) write(name string, content func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(j.settings.out, ".deliberation-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = content(f); err != nil {
		return err
	}
	if err = errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), j.path(name))
}

func (j *journey) writeJSON(name string, value any) error {
	return j.write(name, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	})
}

func (j *journey) copy(ctx context.Context, name string, d *ades.Document) error {
	return j.write(name, func(w io.Writer) error {
		_, err := io.Copy(w, d.Reader(ctx))
		return err
	})
}

// extractCapsule and the manifest stand beside the pli, for tools that do not know the container: docs/pli.md says where they are.
func (j *journey) extractCapsule() error {
	pli, err := os.Open(j.path(filePli))
	if err != nil {
		return err
	}
	defer pli.Close()
	const mark = int64(len("confiance-pli/1\n"))
	section := io.NewSectionReader(pli, mark+j.sealed.Header.PayloadSize, j.sealed.Header.CapsuleSize)
	if err := j.write(fileCapsule, func(w io.Writer) error { _, err := io.Copy(w, section); return err }); err != nil {
		return err
	}
	return os.WriteFile(j.path(fileManifest), j.sealed.SignedManifest, 0o644)
}

// flip changes one bit of a result, if this is the step to tamper with: in the middle, or in the middle of a mark that it holds.
func (j *journey) flip(step, name string, mark []byte) error {
	if j.tamper != step {
		return nil
	}
	f, err := os.OpenFile(j.path(name), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	at := info.Size() / 2
	if mark != nil {
		content := make([]byte, info.Size())
		if _, err := f.ReadAt(content, 0); err != nil {
			return err
		}
		at = int64(bytes.Index(content, mark) + len(mark)/2)
	}
	octet := make([]byte, 1)
	if _, err := f.ReadAt(octet, at); err != nil {
		return err
	}
	octet[0] ^= 1
	if _, err := f.WriteAt(octet, at); err != nil {
		return err
	}
	j.say("  un bit de %s est changé, à l'octet %d", name, at)
	return nil
}

// counter counts what it lets through.
type counter struct {
	w      io.Writer
	done   int64
	update func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.done += int64(n)
	c.update(c.done)
	return n, err
}

func certificates(list ...*x509.Certificate) []*x509.Certificate { return list }

// verdict puts the indication of a signature in a few words.
func verdict(s validation.SignatureConclusion) string {
	words := map[validation.Indication]string{validation.TotalPassed: "VALIDE", validation.TotalFailed: "INVALIDE", validation.Indeterminate: "INDÉTERMINÉE"}
	text := fmt.Sprintf("%s (%s", words[s.Indication], s.Indication)
	if s.SubIndication != "" {
		text += ", " + string(s.SubIndication)
	}
	text += "), niveau " + s.Level
	if s.Signer != nil {
		text += ", par " + s.Signer.Subject
	}
	return text + ", existait le " + s.BestSignatureTime.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// reasons lists the checks that failed.
func reasons(s validation.SignatureConclusion) []string {
	var list []string
	for _, check := range s.Findings() {
		if check.Status == validation.Broken {
			list = append(list, check.Clause+" "+check.ID+" : "+check.Message)
		}
	}
	return list
}

// recheck lists the commands with which anyone checks the results again. A test runs them.
func (j *journey) recheck() []string {
	at := func(name string) string { return quote(j.path(name)) }
	cert := func(name string) string { return at(filepath.Join(folderCerts, name)) }
	root := cert("racine.pem")
	signers := root
	if j.p12 != "" {
		signers = cert("racine-p12.pem")
	}
	lines := []string{
		"qpdf --check " + at(fileSigned),
		// Made anew: certutil asks for the password of a database that is there, for ever when nobody can answer.
		fmt.Sprintf("rm -rf %[1]s && mkdir %[1]s && certutil -N -d sql:%[1]s --empty-password && certutil -A -d sql:%[1]s -n racine -t C,C,C -i %[2]s", at("nss"), signers),
		fmt.Sprintf("pdfsig -nssdir sql:%s %s", at("nss"), at(fileSigned)),
		fmt.Sprintf("cmp %s %s", at(fileSigned), at(filepath.Join(folderOpened, partName))),
		fmt.Sprintf("openssl cms -verify -cades -binary -inform DER -in %s -CAfile %s -purpose any", at(fileManifest), signers),
		fmt.Sprintf("openssl cms -decrypt -binary -inform DER -in %s -recip %s -inkey %s -out %s", at(fileCapsule), cert("reception-prefecture.pem"), cert("reception-prefecture.cle-de-demonstration.pem"), at("capsule-ouverte.der")),
		fmt.Sprintf("openssl cms -verify -cades -binary -inform DER -in %s -CAfile %s -purpose any", at(fileReceipt), root),
	}
	return lines
}

// quote makes a path one word of a POSIX shell.
func quote(path string) string {
	for _, r := range path {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '/' || r == '.' || r == '-' || r == '_') {
			escaped := ""
			for _, r := range path {
				if r == '\'' {
					escaped += `'\''`
				} else {
					escaped += string(r)
				}
			}
			return "'" + escaped + "'"
		}
	}
	return path
}
