package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/internal/progress"
)

func showCommand(c *command) {
	var s showFlags
	c.keys.add(c.flags, "key", "PKCS#12 file of an encryption key: shows the manifest and the digests of the parts too")
	c.trust.add(c.flags)
	c.flags.StringVar(&s.in, "in", "", "the pli")
	c.required = []string{"in"}
	c.run = s.run
}

type showFlags struct{ in string }

func (f *showFlags) run(ctx context.Context, c *command) (result, error) {
	header, err := f.header()
	if err != nil {
		return nil, err
	}
	r := &showResult{Schema: 1, Command: "show", File: f.in, ID: header.ID, Recipients: header.Recipients, Profile: header.Profile,
		NotAfter: header.NotAfter.Format(time.RFC3339), PayloadSize: header.PayloadSize, CapsuleSize: header.CapsuleSize,
		CapsuleSHA256: header.CapsuleHash.String(), Findings: []string{}}
	if c.keys.path == "" {
		return r, nil
	}
	if len(c.trust.anchors) == 0 {
		c.trust.anyone = true
	}
	o, err := c.options()
	if err != nil {
		return nil, err
	}
	if c.trust.at.IsZero() && o.At.After(header.NotAfter) {
		o.At = header.NotAfter // a pli that has expired can still be looked at
		r.Findings = append(r.Findings, "the time of its first reception is over")
	}
	identities, err := c.identities()
	if err != nil {
		return nil, err
	}
	m, pli, err := openFile(ctx, f.in, identities, o)
	if err != nil {
		return nil, err
	}
	defer pli.Close()
	r.Findings = append(r.Findings, m.Findings...)
	manifest := newManifestResult(m.Manifest, m.ManifestDigest, m.Addenda)
	for i := range manifest.Parts {
		if manifest.Parts[i].SHA256, err = c.digest(ctx, m, i); err != nil {
			return nil, err
		}
	}
	r.Manifest = &manifest
	return r, nil
}

func (f *showFlags) header() (*exchange.Header, error) {
	pli, size, err := regular(f.in)
	if err != nil {
		return nil, err
	}
	defer pli.Close()
	report, err := exchange.Verify(context.Background(), pli, size, exchange.VerifyOptions{})
	if err != nil {
		return nil, err
	}
	return report.Header, nil
}

// digest is what sha256sum prints of a part.
func (c *command) digest(ctx context.Context, m *exchange.Message, i int) (string, error) {
	part, err := m.Part(ctx, i)
	if err != nil {
		return "", err
	}
	update, end := progress.Bar(c.err, "hashing", part.Size())
	defer end()
	d := sha256.New()
	done := int64(0)
	_, err = part.WriteTo(writerFunc(func(b []byte) (int, error) {
		done += int64(len(b))
		update(done)
		return d.Write(b)
	}))
	return hex.EncodeToString(d.Sum(nil)), err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

type showResult struct {
	Schema        int              `json:"schema"`
	Command       string           `json:"command"`
	File          string           `json:"file"`
	ID            exchange.ID      `json:"id"`
	Recipients    []exchange.SIRET `json:"recipients"`
	Profile       string           `json:"profile"`
	NotAfter      string           `json:"notAfter"`
	PayloadSize   int64            `json:"payloadSize"`
	CapsuleSize   int64            `json:"capsuleSize"`
	CapsuleSHA256 string           `json:"capsuleSha256"`
	Findings      []string         `json:"findings"`
	Manifest      *manifestResult  `json:"manifest,omitempty"`
}

func (r *showResult) print(w io.Writer) {
	fmt.Fprintf(w, "pli         %s, profile %s\n", r.ID, r.Profile)
	fmt.Fprintf(w, "payload     %d octets\ncapsule     %d octets, sha256 %s\n", r.PayloadSize, r.CapsuleSize, r.CapsuleSHA256)
	if r.Manifest == nil {
		for _, s := range r.Recipients {
			fmt.Fprintf(w, "recipient   %s (not verified: that takes a key)\n", s)
		}
		fmt.Fprintf(w, "to be received by %s\n", r.NotAfter)
		return
	}
	r.Manifest.print(w)
	for _, f := range r.Findings {
		fmt.Fprintf(w, "note: %s\n", f)
	}
}
