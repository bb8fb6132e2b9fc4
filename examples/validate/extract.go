package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// extractAll writes, for each signature whose cryptography is valid, the document that it is over. Nothing else of the file is
// written, and no file is overwritten.
func (v *validator) extractAll(ctx context.Context, r *report, c *signature.Validation) error {
	for i := range r.Signatures {
		s := &r.Signatures[i]
		if s.Crypto != string(validation.CryptoValid) {
			continue
		}
		path := filepath.Join(v.extract, extractedName(r, s.ID))
		switch err := write(ctx, path, s.ID, c); {
		case errors.Is(err, signature.ErrNoContent):
		case err != nil:
			return fmt.Errorf("extracting what %s is over: %w", s.ID, err)
		default:
			s.Extracted = path
		}
	}
	return nil
}

// extractedName is the name of the signed file without the suffix of signatures, and with the signature's identifier.
func extractedName(r *report, id string) string {
	name := filepath.Base(r.File)
	if r.Format == string(facts.PAdES) {
		extension := filepath.Ext(name)
		return strings.TrimSuffix(name, extension) + "." + id + extension
	}
	for _, suffix := range []string{".p7m", ".p7s", ".p7", ".pkcs7", ".csig", ".sig", ".pem", ".der"} {
		if inside, ok := strings.CutSuffix(name, suffix); ok && inside != "" {
			name = inside
			break
		}
	}
	extension := filepath.Ext(name)
	return strings.TrimSuffix(name, extension) + "." + id + extension
}

// write leaves either the whole verified document or nothing.
func write(ctx context.Context, path, id string, c *signature.Validation) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".extract-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = c.Content(ctx, id, f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Link(f.Name(), path) // fails if the name is taken
}
