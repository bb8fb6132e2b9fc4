// Command validate says what signatures are worth: PAdES, CAdES and timestamps, by EN 319 102-1.
//
//	validate -anchors racines/ -tsa-anchors horodatage.pem deliberation.pdf
//	validate -json -detached budget.xml -anchors racines/ budget.xml.p7s
//
// It prints a block of text per file, or with -json one line of JSON per file, described in its README. It ends with status 0
// when every file is valid, 1 when some are not, 2 when some could not be read or the command line is wrong.
//
// Nothing is trusted but what -anchors names, and nothing is fetched without -online. Revocation data come from the file, from
// -crls and -ocsps, and with -online from the addresses that certificates name; a signature for which there are none stays
// indeterminate without -unsafe-no-revocation.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/collect"
	"github.com/cadre-confiance/confiance/signature/trust"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, time.Now))
}

// The status of the command.
const (
	allValid   = 0
	someNot    = 1
	unreadable = 2
)

// settings are the command line, read.
type settings struct {
	json, noRevocation, anchorsFromFile bool
	online                              bool
	detached, extract                   string
	anchors, tsaAnchors, certificates   []string
	revocations                         []string // CRLs and OCSP responses
	at                                  time.Time
	now                                 func() time.Time
	workers                             int
	files                               []string
}

func parse(args []string, stderr io.Writer, now func() time.Time) (*settings, error) {
	s := &settings{now: now}
	flags := flag.NewFlagSet("validate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: validate [flags] FILE…")
		flags.PrintDefaults()
	}
	list := func(name, usage string, into *[]string) {
		flags.Func(name, usage, func(value string) error {
			*into = append(*into, value)
			return nil
		})
	}
	flags.BoolVar(&s.json, "json", false, "one line of JSON per file")
	flags.StringVar(&s.detached, "detached", "", "`FILE` that detached signatures are over")
	list("anchors", "trust anchors: a `PEM` file or a folder of them; may be repeated", &s.anchors)
	list("certs", "`PEM` file of certificates that complete chains and are not trusted; may be repeated", &s.certificates)
	list("tsa-anchors", "trust anchors of timestamp authorities, instead of -anchors: a `PEM` file or a folder; may be repeated", &s.tsaAnchors)
	list("crls", "CRL `FILE`, DER or PEM, or a folder of them; may be repeated", &s.revocations)
	list("ocsps", "OCSP response `FILE`, DER or PEM, or a folder of them; may be repeated", &s.revocations)
	flags.BoolVar(&s.online, "online", false, "fetch CRLs, OCSP responses and certificates of issuers, over HTTP from where certificates say")
	at := flags.String("at", "", "`TIME` of validation, RFC 3339; now unless told")
	flags.BoolVar(&s.noRevocation, "unsafe-no-revocation", false, "accept certificates whose revocation is not known")
	flags.BoolVar(&s.anchorsFromFile, "unsafe-anchors-from-file", false, "trust the topmost certificates that the file itself carries: anybody can make them")
	flags.StringVar(&s.extract, "extract", "", "write what was signed and verified into `DIR`")
	flags.IntVar(&s.workers, "j", runtime.NumCPU(), "validate `N` files at a time")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	s.files = flags.Args()
	if len(s.files) == 0 {
		flags.Usage()
		return nil, errors.New("no file to validate")
	}
	if s.workers < 1 {
		return nil, fmt.Errorf("-j %d: at least one file at a time", s.workers)
	}
	s.at = now()
	if *at != "" {
		var err error
		if s.at, err = time.Parse(time.RFC3339, *at); err != nil {
			return nil, fmt.Errorf("-at %s: a time such as 2026-04-02T12:00:00Z: %w", *at, err)
		}
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer, now func() time.Time) int {
	s, err := parse(args, stderr, now)
	if errors.Is(err, flag.ErrHelp) {
		return allValid
	}
	if err == nil {
		var v *validator
		if v, err = newValidator(s); err == nil {
			defer v.close()
			out := bufio.NewWriter(stdout)
			status := v.all(ctx, out)
			if err := out.Flush(); err != nil {
				fmt.Fprintln(stderr, "validate:", err)
				return unreadable
			}
			return status
		}
	}
	fmt.Fprintln(stderr, "validate:", err)
	return unreadable
}

// validator is what validates all files of one command.
type validator struct {
	*settings
	validator *signature.Validator
	detached  *ades.Document
	given     []*ades.Document // revocation data, open while files are validated
}

func newValidator(s *settings) (*validator, error) {
	o := signature.ValidatorOptions{UnsafeNoRevocation: s.noRevocation, UnsafeAnchorsFromFile: s.anchorsFromFile}
	if len(s.anchors) > 0 {
		set, err := trust.Load(s.anchors...)
		if err != nil {
			return nil, err
		}
		o.Anchors = set
	}
	if len(s.tsaAnchors) > 0 {
		set, err := trust.Load(s.tsaAnchors...)
		if err != nil {
			return nil, err
		}
		o.TimestampAnchors = set
	}
	var files [][]byte
	for _, name := range s.certificates {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, data)
	}
	pool, err := collect.ParsePool(files...)
	if err != nil {
		return nil, err
	}
	o.Certificates = pool
	if s.extract != "" {
		if err := os.MkdirAll(s.extract, 0o777); err != nil {
			return nil, err
		}
	}
	v := &validator{settings: s}
	if o.Revocation, o.Issuers, err = v.sources(); err != nil {
		v.close()
		return nil, err
	}
	if v.validator, err = signature.NewValidator(o); err != nil {
		return nil, err
	}
	if s.detached != "" {
		if v.detached, err = ades.OpenDocument(s.detached); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *validator) close() {
	for _, doc := range v.given {
		doc.Close()
	}
	if v.detached != nil {
		v.detached.Close()
	}
}
