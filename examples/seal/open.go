package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/internal/progress"
)

func openCommand(c *command) {
	var o openFlags
	c.keys.add(c.flags, "key", "PKCS#12 file of the encryption key")
	c.trust.add(c.flags)
	c.flags.StringVar(&o.in, "in", "", "the pli")
	c.flags.StringVar(&o.out, "out", "", "folder for its files; made if need be")
	c.flags.BoolVar(&o.force, "force", false, "replace files of the same names")
	c.required = []string{"key", "in", "out"}
	c.run = o.run
}

type openFlags struct {
	in, out string
	force   bool
}

func (f *openFlags) run(ctx context.Context, c *command) (result, error) {
	m, pli, err := c.open(ctx, f.in)
	if err != nil {
		return nil, err
	}
	defer pli.Close()
	for _, finding := range m.Findings {
		fmt.Fprintf(c.err, "seal open: warning: %s\n", finding)
	}
	total := int64(0)
	for _, p := range m.Manifest.Parts {
		total += p.Size
	}
	update, end := progress.Bar(c.err, "opening", total)
	err = m.Extract(ctx, f.out, exchange.ExtractOptions{Force: f.force, Sync: true, Progress: update})
	end()
	if err != nil {
		return nil, err
	}
	return &openResult{1, "open", m.Manifest.ID, f.out, m.Recipient, append([]string{}, m.Findings...),
		newManifestResult(m.Manifest, m.ManifestDigest, m.Addenda)}, nil
}

// open opens a pli with the key and the trust that the flags give.
func (c *command) open(ctx context.Context, path string) (*exchange.Message, *os.File, error) {
	o, err := c.options()
	if err != nil {
		return nil, nil, err
	}
	identities, err := c.identities()
	if err != nil {
		return nil, nil, err
	}
	return openFile(ctx, path, identities, o)
}

func openFile(ctx context.Context, path string, identities []*exchange.Identity, o exchange.OpenOptions) (*exchange.Message, *os.File, error) {
	pli, size, err := regular(path)
	if err != nil {
		return nil, nil, err
	}
	m, err := exchange.Open(ctx, pli, size, identities, o)
	if err != nil {
		pli.Close()
		return nil, nil, err
	}
	return m, pli, nil
}

func regular(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

type openResult struct {
	Schema    int            `json:"schema"`
	Command   string         `json:"command"`
	ID        exchange.ID    `json:"id"`
	Folder    string         `json:"folder"`
	Recipient exchange.SIRET `json:"recipient"`
	Findings  []string       `json:"findings"`
	manifestResult
}

func (r *openResult) print(w io.Writer) {
	fmt.Fprintf(w, "opened      id %s, for %s, into %s\n", r.ID, r.Recipient, r.Folder)
	r.manifestResult.print(w)
}
