// Command rgscheck judges certificates by the Référentiel Général de Sécurité.
//
//	rgscheck [-json] [-level N] [-function F] [-at T] [-all] [-lang fr|en] FILE…
//
// A FILE holds certificates, as many as it likes: PEM, or DER end to end. The report is text, French unless -lang en, or with -json one line
// per certificate:
//
//	{"schema":1,"object","kind","subject","issuer","serial","notBefore","notAfter","time","usages":[…],"level","evidence":[…],
//	 "findings":[{"rule","status","path","clause","message","english"}]}
//
// object is the path as given, with "#2" and so on for the further certificates of one file; kind is certificate; names are as RFC 4514, serial
// is decimal, times are RFC 3339 and time is the date of use; level is empty, "*", "**" or "***", with its evidence. Statuses are pass, fail,
// warn, notice, undetermined, and with -all not-applicable and not-effective. What cannot be read gives {"schema":1,"object","error"}.
// Members are added, never changed; lists are never null.
//
// The exit status is 0 if no rule fails, 1 if one does or if the level or the function asked is not established, 2 if a file could not be read or
// the command line is wrong.
package main

import (
	"bytes"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cadre-confiance/confiance/rgs"
)

// Exit statuses.
const (
	exitConforms   = 0
	exitFails      = 1
	exitUnreadable = 2
)

// maxFile bounds a file of certificates.
const maxFile = 16 << 20

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, time.Now)) }

type command struct {
	json     bool
	language rgs.Language
	registry *rgs.Registry
	input    rgs.Input
	out      io.Writer
}

func run(args []string, stdout, stderr io.Writer, now func() time.Time) int {
	flags := flag.NewFlagSet("rgscheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "one JSON line per certificate")
	all := flags.Bool("all", false, "keep rules that do not apply")
	level := flags.String("level", "", "level asked: 1, 2 or 3 (stars)")
	function := flags.String("function", "", "function asked: sign, auth, auth_sign, encrypt, seal, server_auth, client_auth, tsu, ocsp, code")
	at := flags.String("at", "", "date of use, RFC 3339; now unless told")
	lang := flags.String("lang", "fr", "language of the text: fr or en")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: rgscheck [flags] FILE…")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitConforms
	case err != nil:
		return exitUnreadable
	}
	c := command{json: *asJSON, language: rgs.Language(*lang), registry: rgs.Default(), out: stdout, input: rgs.Input{All: *all}}
	if err := c.configure(*level, *function, *at, now); err != nil {
		fmt.Fprintln(stderr, "rgscheck:", err)
		return exitUnreadable
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(stderr, "rgscheck: no file; usage: rgscheck [flags] FILE…")
		return exitUnreadable
	}
	status := exitConforms
	for _, path := range flags.Args() {
		status = max(status, c.file(path, stderr))
	}
	return status
}

func (c *command) configure(level, function, at string, now func() time.Time) (err error) {
	if c.language != rgs.French && c.language != rgs.English {
		return fmt.Errorf("-lang is fr or en, not %q", c.language)
	}
	if err = c.input.Level.UnmarshalText([]byte(level)); err != nil {
		return fmt.Errorf("-level is 1, 2 or 3, not %q", level)
	}
	if function != "" {
		if c.input.Function, err = rgs.ParseFunction(function); err != nil {
			return fmt.Errorf("-function: %w", err)
		}
	}
	c.input.Time = now()
	if at != "" {
		if c.input.Time, err = time.Parse(time.RFC3339, at); err != nil {
			return fmt.Errorf("-at is a time such as 2026-04-02T12:00:00Z, not %q", at)
		}
	}
	return nil
}

// file judges every certificate of a file and returns the exit status that it calls for.
func (c *command) file(path string, stderr io.Writer) int {
	certificates, err := read(path)
	status := exitConforms
	for i, der := range certificates {
		object := path
		if i > 0 {
			object = fmt.Sprintf("%s#%d", path, i+1)
		}
		report, judged := c.registry.Certificate(der, c.input)
		if judged != nil {
			err = errors.Join(err, judged)
			continue
		}
		report.Object = object
		if report.Failed() {
			status = max(status, exitFails)
		}
		if written := c.write(report); written != nil {
			fmt.Fprintln(stderr, "rgscheck:", written)
			return exitUnreadable
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "rgscheck: %s: %v\n", path, err)
		if c.json {
			json.NewEncoder(c.out).Encode(struct {
				Schema int    `json:"schema"`
				Object string `json:"object"`
				Error  string `json:"error"`
			}{rgs.Schema, path, err.Error()})
		}
		return exitUnreadable
	}
	return status
}

func (c *command) write(report *rgs.Report) error {
	if c.json {
		encoder := json.NewEncoder(c.out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(report)
	}
	if _, err := fmt.Fprintf(c.out, "%s\n", report.Object); err != nil {
		return err
	}
	return report.WriteText(c.out, c.language)
}

// read returns the certificates of a file, DER.
func read(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > maxFile:
		return nil, fmt.Errorf("more than %d octets", maxFile)
	case !bytes.Contains(content, []byte("-----BEGIN")):
		return split(content), nil
	}
	var found [][]byte
	for rest := content; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" || block.Type == "X509 CERTIFICATE" || block.Type == "TRUSTED CERTIFICATE" {
			found = append(found, block.Bytes)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("PEM without a certificate")
	}
	return found, nil
}

// split cuts DER elements that follow one another. What is not DER is left whole, for the rules to say so.
func split(content []byte) (found [][]byte) {
	for rest := content; len(rest) > 0; {
		var element asn1.RawValue
		after, err := asn1.Unmarshal(rest, &element)
		if err != nil {
			return append(found, rest)
		}
		found, rest = append(found, element.FullBytes), after
	}
	if len(found) == 0 {
		return [][]byte{content}
	}
	return found
}
