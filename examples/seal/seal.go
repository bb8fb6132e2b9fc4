package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/internal/progress"
)

func sealCommand(c *command) {
	var s sealFlags
	c.keys.add(c.flags, "from", "PKCS#12 file of the sender's seal")
	c.flags.StringVar(&s.sender, "sender", "", "the sender's SIRET; that of the certificate when absent")
	c.flags.Var(&s.to, "to", "[SIRET=]CERT.pem: an establishment and its encryption certificate; repeated")
	c.flags.Var(&s.in, "in", "file to seal; repeated")
	c.flags.StringVar(&s.out, "out", "", "the pli to write")
	c.flags.StringVar(&s.purpose, "purpose", "", "what it is sent for, at most 1,000 octets")
	c.flags.Var(&s.notAfter, "not-after", "last moment of a first reception, RFC 3339; 30 days from now when absent")
	c.flags.StringVar(&s.manifest, "manifest", "", "file for the signed manifest, which proves the sending and verifies receipts")
	c.required = []string{"from", "to", "in", "out"}
	c.run = s.run
}

type sealFlags struct {
	sender, out, purpose, manifest string
	to, in                         list
	notAfter                       moment
}

func (s *sealFlags) run(ctx context.Context, c *command) (result, error) {
	o := exchange.SealOptions{Created: c.now, NotAfter: s.notAfter.Time, Purpose: s.purpose, Workers: c.workers}
	credentials, err := c.keys.load()
	if err != nil {
		return nil, err
	}
	if o.Signer, err = credentials.Signer(); err != nil {
		return nil, err
	}
	if s.sender != "" {
		if o.Sender, err = exchange.ParseSIRET(s.sender); err != nil {
			return nil, fmt.Errorf("%w: -sender: %w", errUsage, err)
		}
	}
	if o.Recipients, err = recipients(s.to); err != nil {
		return nil, err
	}
	total, err := sizeOf(s.in)
	if err != nil {
		return nil, err
	}
	update, end := progress.Bar(c.err, "sealing", total)
	o.Progress = update
	sealed, err := s.write(ctx, o)
	end()
	if err != nil {
		return nil, err
	}
	return newSealResult(sealed, s.out), nil
}

// recipients gathers the certificates of each establishment.
func recipients(arguments list) (all []exchange.RecipientKey, err error) {
	place := map[exchange.SIRET]int{}
	for _, argument := range arguments {
		siret, certificate, err := readCertificate(argument)
		if err != nil {
			return nil, err
		}
		i, ok := place[siret]
		if !ok {
			i = len(all)
			place[siret] = i
			all = append(all, exchange.RecipientKey{SIRET: siret})
		}
		all[i].Certificates = append(all[i].Certificates, certificate)
	}
	return all, nil
}

func sizeOf(paths list) (total int64, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		if !info.Mode().IsRegular() {
			return 0, fmt.Errorf("%s is not a regular file", path)
		}
		total += info.Size()
	}
	return total, nil
}

// files opens each file when its turn comes.
func files(paths list) iter.Seq2[exchange.Part, error] {
	return func(yield func(exchange.Part, error) bool) {
		for _, path := range paths {
			f, err := os.Open(path)
			if err != nil {
				yield(exchange.Part{}, err)
				return
			}
			info, err := f.Stat()
			part := exchange.Part{Name: exchange.NormalName(filepath.Base(path)), MediaType: mediaType(path), Content: f}
			if err == nil {
				part.Size = info.Size()
			}
			more := yield(part, err)
			f.Close()
			if !more || err != nil {
				return
			}
		}
	}
}

func mediaType(path string) string {
	t, _, err := mime.ParseMediaType(mime.TypeByExtension(filepath.Ext(path)))
	if err != nil || !strings.Contains(t, "/") {
		return "application/octet-stream"
	}
	return t
}

// write makes the pli beside its final place, and gives it its name when it is whole.
func (s *sealFlags) write(ctx context.Context, o exchange.SealOptions) (sealed *exchange.Sealed, err error) {
	err = whole(s.out, 0o644, func(w io.Writer) (err error) {
		sealed, err = exchange.Seal(ctx, w, files(s.in), o)
		return err
	})
	if err == nil && s.manifest != "" {
		// It tells the names of the files: for its owner only.
		err = whole(s.manifest, 0o600, func(w io.Writer) error { _, err := w.Write(sealed.SignedManifest); return err })
	}
	return sealed, err
}

// whole writes a file under a temporary name and renames it: under its name there is all of it or what was there before.
func whole(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is there and not a regular file: give another name", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".seal-")
	if failed := new(fs.PathError); errors.As(err, &failed) { // whose path is that of the temporary file
		return fmt.Errorf("writing %s: %w", path, failed.Err)
	} else if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

type partResult struct {
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
	Hash      string `json:"hash"`   // tree of hashes
	Salted    string `json:"salted"` // SHA-256 of salt and hash: what receipts say
	SHA256    string `json:"sha256,omitempty"`
}

func partResults(m *exchange.Manifest) (parts []partResult) {
	for _, p := range m.Parts {
		parts = append(parts, partResult{Name: p.Name, MediaType: p.MediaType, Size: p.Size, Hash: p.Hash.String(), Salted: p.Salted().String()})
	}
	return parts
}

type manifestResult struct {
	Sender            exchange.SIRET   `json:"sender"`
	SenderCertificate string           `json:"senderCertificate"`
	Recipients        []exchange.SIRET `json:"recipients"`
	Created           string           `json:"created"`
	NotAfter          string           `json:"notAfter"`
	Purpose           string           `json:"purpose"`
	ManifestDigest    string           `json:"manifestDigest"`
	Parts             []partResult     `json:"parts"`
}

func newManifestResult(m *exchange.Manifest, digest exchange.Hash, addenda []*exchange.Addendum) manifestResult {
	r := manifestResult{
		Sender: m.Sender.SIRET, SenderCertificate: m.Sender.Certificate.String(), Recipients: m.Recipients,
		Created: m.Created.Format(time.RFC3339), NotAfter: m.NotAfter.Format(time.RFC3339), Purpose: m.Purpose,
		ManifestDigest: digest.String(), Parts: partResults(m),
	}
	for _, a := range addenda {
		r.Recipients = append(r.Recipients[:len(r.Recipients):len(r.Recipients)], a.Recipients...)
	}
	return r
}

func (m manifestResult) print(w io.Writer) {
	fmt.Fprintf(w, "sender      %s, certificate %s\n", m.Sender, m.SenderCertificate)
	for _, s := range m.Recipients {
		fmt.Fprintf(w, "recipient   %s\n", s)
	}
	fmt.Fprintf(w, "created     %s, to be received by %s\n", m.Created, m.NotAfter)
	if m.Purpose != "" {
		fmt.Fprintf(w, "purpose     %q\n", m.Purpose)
	}
	fmt.Fprintf(w, "manifest    %s\n", m.ManifestDigest)
	for _, p := range m.Parts {
		fmt.Fprintf(w, "part        %q, %s, %d octets\n  tree      %s\n  salted    %s\n", p.Name, p.MediaType, p.Size, p.Hash, p.Salted)
		if p.SHA256 != "" {
			fmt.Fprintf(w, "  sha256    %s\n", p.SHA256)
		}
	}
}

type sealResult struct {
	Schema  int         `json:"schema"`
	Command string      `json:"command"`
	ID      exchange.ID `json:"id"`
	File    string      `json:"file"`
	Size    int64       `json:"size"`
	manifestResult
}

func newSealResult(s *exchange.Sealed, path string) *sealResult {
	return &sealResult{1, "seal", s.Manifest.ID, path, s.Size, newManifestResult(s.Manifest, s.ManifestDigest, nil)}
}

func (r *sealResult) print(w io.Writer) {
	fmt.Fprintf(w, "sealed      %s, %d octets, id %s\n", r.File, r.Size, r.ID)
	r.manifestResult.print(w)
}
