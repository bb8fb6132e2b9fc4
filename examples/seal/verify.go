package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cadre-confiance/confiance/exchange"
)

func verifyCommand(c *command) {
	var v verifyFlags
	c.keys.add(c.flags, "key", "PKCS#12 file of an encryption key: all is verified")
	c.trust.add(c.flags)
	c.flags.StringVar(&v.in, "in", "", "the pli")
	c.flags.StringVar(&v.manifest, "manifest", "", "the signed manifest: who sent what to whom is verified, without a key")
	c.flags.Var(&v.content, "content", "a file that should be the part of the same name; repeated")
	c.required = []string{"in"}
	c.run = v.run
}

type verifyFlags struct {
	in, manifest string
	content      list
}

func (f *verifyFlags) run(ctx context.Context, c *command) (result, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	o := exchange.VerifyOptions{OpenOptions: options}
	if o.Identities, err = c.identities(); err != nil {
		return nil, err
	}
	if f.manifest != "" {
		if o.Manifest, err = readSmall(f.manifest); err != nil {
			return nil, err
		}
	}
	if len(f.content) > 0 {
		o.Content = f.find
	}
	pli, size, err := regular(f.in)
	if err != nil {
		return nil, err
	}
	defer pli.Close()
	report, err := exchange.Verify(ctx, pli, size, o)
	return newVerifyResult(f.in, report, err), err
}

// find gives the file whose name is that of a part.
func (f *verifyFlags) find(_ int, p exchange.PartInfo) (io.ReadCloser, error) {
	for _, path := range f.content {
		if exchange.NormalName(filepath.Base(path)) == filepath.Base(p.Name) {
			return os.Open(path)
		}
	}
	return nil, nil
}

type verifyResult struct {
	Schema   int             `json:"schema"`
	Command  string          `json:"command"`
	File     string          `json:"file"`
	ID       exchange.ID     `json:"id,omitempty"`
	Verdict  string          `json:"verdict"` // "valid": nothing that could be checked is wrong; "invalid"
	Complete bool            `json:"complete"`
	Steps    []stepResult    `json:"steps"`
	Findings []string        `json:"findings"`
	Error    *reason         `json:"error,omitempty"`
	Manifest *manifestResult `json:"manifest,omitempty"`
}

type stepResult struct {
	Step   string `json:"step"`
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"`
}

func newVerifyResult(path string, report *exchange.Report, err error) *verifyResult {
	r := &verifyResult{Schema: 1, Command: "verify", File: path, Verdict: "valid", Complete: err == nil, Steps: []stepResult{}, Findings: append([]string{}, report.Findings...)}
	if report.Header != nil {
		r.ID = report.Header.ID
	}
	for _, s := range report.Steps {
		r.Steps = append(r.Steps, stepResult{s.Name, string(s.State), s.Detail})
		r.Complete = r.Complete && s.State == exchange.Passed
	}
	if err != nil {
		e := reasonOf(err)
		r.Verdict, r.Error = "invalid", &e
	}
	if report.Manifest != nil {
		m := newManifestResult(report.Manifest, report.Digest, report.Addenda)
		r.Manifest = &m
	}
	return r
}

func (r *verifyResult) print(w io.Writer) {
	for _, s := range r.Steps {
		fmt.Fprintf(w, "%-16s %s", s.Step, s.State)
		if s.Detail != "" {
			fmt.Fprintf(w, ": %s", s.Detail)
		}
		fmt.Fprintln(w)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "note: %s\n", f)
	}
	if r.Manifest != nil {
		r.Manifest.print(w)
	}
	switch {
	case r.Verdict != "valid":
		fmt.Fprintln(w, "invalid")
	case r.Complete:
		fmt.Fprintln(w, "valid")
	default:
		fmt.Fprintln(w, "valid, as far as could be checked")
	}
}
