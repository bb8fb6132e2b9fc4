// Command deliberation takes a document from a mairie to a préfecture: signed, checked against the RGS, sealed for its one
// recipient, opened, verified and receipted.
//
//	deliberation [-in FILE.pdf] [-out DIR] [-p12 FILE -password P] [-tsa URL [-tsa-anchors PEM]] [-tamper STEP]
//
// Without flags it uses a délibération and keys of its own making: a public key infrastructure in memory, which vouches for
// nothing beyond this run. With -p12 your key signs and seals; with -tsa your authority timestamps.
//
// Each step is verified before the next. DIR (deliberation-out unless told) receives the signed PDF (PAdES-B-T), the RGS report as
// text and JSON, the pli, the opened PDF, its validation report, the signed receipt (CAdES-B-T) and the certificates, with two keys of
// this run (password "demonstration") to try examples/seal with. The last lines are the commands of OpenSSL, poppler and qpdf that
// check it all again.
//
// A document that others have signed before is signed beside them. Their signatures are told, and must be whole; whom to believe for
// them is not asked here.
//
// -tamper flips one bit at a step (sign, rgs, seal, open, receipt) and shows who notices.
//
// The exit status is 0 if every step verified, 1 if one did not, 2 if the command line is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// Exit statuses.
const (
	exitVerified = 0
	exitRefused  = 1
	exitUsage    = 2
)

// The steps at which one bit can be flipped.
var steps = []string{"sign", "rgs", "seal", "open", "receipt"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, time.Now)
	stop()
	os.Exit(status)
}

type settings struct {
	in, out                        string
	p12, password                  string
	authorityURL, authorityAnchors string
	tamper                         string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer, now func() time.Time) int {
	var s settings
	flags := flag.NewFlagSet("deliberation", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.in, "in", "", "PDF `FILE` to send; the délibération of the example unless told")
	flags.StringVar(&s.out, "out", "deliberation-out", "`FOLDER` for the results")
	flags.StringVar(&s.p12, "p12", "", "PKCS#12 `FILE` of the key that signs and seals")
	flags.StringVar(&s.password, "password", "", "its password")
	flags.StringVar(&s.authorityURL, "tsa", "", "`URL` of an RFC 3161 timestamp authority")
	flags.StringVar(&s.authorityAnchors, "tsa-anchors", "", "`PEM` file or folder that vouches for that authority; without it, its own word is taken, and said so")
	flags.StringVar(&s.tamper, "tamper", "", "flip one bit at a `STEP`: "+strings.Join(steps, ", "))
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: deliberation [flags]")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitVerified
	case err != nil:
		return exitUsage
	}
	if err := s.check(flags.Args()); err != nil {
		fmt.Fprintln(stderr, "deliberation:", err)
		return exitUsage
	}
	j := &journey{settings: s, now: now, out: stdout, err: stderr}
	if err := j.travel(ctx); err != nil {
		fmt.Fprintln(stderr, "deliberation:", err)
		return exitRefused
	}
	return exitVerified
}

func (s *settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q follows the flags; the document is given with -in", rest[0])
	case s.tamper != "" && !slices.Contains(steps, s.tamper):
		return fmt.Errorf("-tamper is one of %s", strings.Join(steps, ", "))
	case s.p12 == "" && s.password != "":
		return errors.New("-password goes with -p12")
	case s.authorityURL == "" && s.authorityAnchors != "":
		return errors.New("-tsa-anchors goes with -tsa")
	}
	return nil
}
