// Command seal seals files for one or several establishments, and opens, verifies and shows what was sealed.
//
//	seal seal   -from P12 [-password P | -password-file F] [-sender SIRET] -to [SIRET=]CERT.pem … -in FILE … -out PLI
//	            [-purpose TEXT] [-not-after RFC3339] [-manifest FILE] [-j N] [-json]
//	seal open   -key P12 [-password P | -password-file F] [-siret SIRET] -anchors PEM|FOLDER … [-at RFC3339] -in PLI -out DIR
//	            [-force] [-sender [SIRET=]CERT.pem …] [-unsafe-any-sender] [-j N] [-json]
//	seal verify -in PLI -anchors PEM|FOLDER … [-key P12 [-password …] [-siret SIRET] | -manifest FILE] [-at RFC3339] [-content FILE …]
//	            [-sender …] [-unsafe-any-sender] [-j N] [-json]
//	seal show   -in PLI [-key P12 [-password …] [-siret SIRET]] [-anchors PEM|FOLDER …] [-j N] [-json]
//
// The sender's certificate must be one that signs (a cachet), the recipients' ones that encrypt: the RGS gives a key one usage. A SIRET
// is that of the flag, else that of the certificate: 14 digits after "0002 " in an organizationalUnitName, or after "NTRFR-" in the
// organizationIdentifier. A seal that carries nine digits only, as most do, is known to an opener by -sender SIRET=CERT.pem.
//
// open writes nothing in DIR before all of the pli is verified: after a failure DIR is as it was. It replaces no file without -force.
// open and verify refuse to believe a sender without -anchors, unless -unsafe-any-sender. Revocation is not checked in this version,
// and they say so. verify without a key or a manifest checks the outer parts only. show believes nobody: what it prints is what the
// sender claims, unless -anchors.
//
// -json prints one line. Members are added to it, never changed; lists are never null, times are RFC 3339:
//
//	seal    {"schema":1,"command":"seal","id","file","size",M}
//	open    {"schema":1,"command":"open","id","folder","recipient","findings":[…],M}
//	verify  {"schema":1,"command":"verify","file","id","verdict","complete","steps":[{"step","state","detail"}],"findings":[…],"error","manifest":{M}}
//	show    {"schema":1,"command":"show","file","id","recipients":[…],"profile","notAfter","payloadSize","capsuleSize","capsuleSha256",
//	         "findings":[…],"manifest":{M}}
//
// where M is "sender","senderCertificate","recipients":[…],"created","notAfter","purpose","manifestDigest",
// "parts":[{"name","mediaType","size","hash","salted"}], and with show "sha256" of a part. verdict is valid or invalid, state is passed, failed
// or skipped; complete is true if nothing was skipped. detail, id, error and manifest are left out when there is none. On a failure of the other
// three: {"schema":1,"command","error":{"reason","message"}}, where reason is a word of docs/pli.md ("signature", "content"…), or empty.
//
// The exit status is 0 if all went well, 1 if the pli was refused or something failed, 2 if the command line is wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cadre-confiance/confiance/exchange"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // nothing is left behind
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, time.Now)
	stop()
	os.Exit(status)
}

// A command is one of the four, with its flags.
type command struct {
	name     string
	flags    *flag.FlagSet
	required []string // flags that must be given
	run      func(ctx context.Context, c *command) (result, error)

	json    bool
	workers int
	keys    keyFlags
	trust   trustFlags
	out     io.Writer
	err     io.Writer
	now     time.Time
}

// A result is what -json prints, and what is printed without it.
type result interface{ print(w io.Writer) }

// errUsage marks an error of the command line.
var errUsage = errors.New("usage")

func run(ctx context.Context, args []string, stdout, stderr io.Writer, now func() time.Time) int {
	commands := map[string]func(*command){"seal": sealCommand, "open": openCommand, "verify": verifyCommand, "show": showCommand}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprintln(stderr, "usage: seal seal|open|verify|show [flags]; seal COMMAND -h lists them")
		if len(args) > 0 && slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
			return exitDone
		}
		return exitUsage
	}
	c := &command{name: args[0], flags: flag.NewFlagSet("seal "+args[0], flag.ContinueOnError), out: stdout, err: stderr, now: now()}
	c.flags.SetOutput(stderr)
	c.flags.BoolVar(&c.json, "json", false, "print one JSON line")
	c.flags.IntVar(&c.workers, "j", 0, "cores to use; all when 0")
	commands[args[0]](c)
	switch err := c.flags.Parse(args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	given := map[string]bool{}
	c.flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, name := range c.required {
		if !given[name] {
			fmt.Fprintf(stderr, "seal %s: -%s is missing\n", c.name, name)
			return exitUsage
		}
	}
	if c.flags.NArg() > 0 {
		fmt.Fprintf(stderr, "seal %s: %q follows the flags; files are given with -in\n", c.name, c.flags.Arg(0))
		return exitUsage
	}
	res, err := c.run(ctx, c)
	if res != nil && (err == nil || c.name == "verify") {
		c.print(res)
	} else if err != nil && c.json {
		c.print(failure{Schema: 1, Command: c.name, Error: reasonOf(err)})
	}
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "seal %s: %v\n", c.name, err)
		return exitUsage
	case err != nil:
		fmt.Fprintf(stderr, "seal %s: %v\n", c.name, err)
		return exitFailed
	}
	return exitDone
}

func (c *command) print(r result) {
	if !c.json {
		r.print(c.out)
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		fmt.Fprintln(c.err, err)
		return
	}
	c.out.Write(append(line, '\n'))
}

// A reason is an error in JSON.
type reason struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func reasonOf(err error) reason { return reason{exchange.Reason(err), err.Error()} }

type failure struct {
	Schema  int    `json:"schema"`
	Command string `json:"command"`
	Error   reason `json:"error"`
}

func (failure) print(io.Writer) {}

// A list is a flag that is given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(s string) error {
	if s == "" {
		return errors.New("empty")
	}
	*l = append(*l, s)
	return nil
}

// A moment is a flag that holds an RFC 3339 time.
type moment struct{ time.Time }

func (m *moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

func (m *moment) Set(s string) (err error) {
	if m.Time, err = time.Parse(time.RFC3339, s); err != nil {
		return errors.New("a time is written 2026-04-02T12:00:00Z")
	}
	return nil
}
