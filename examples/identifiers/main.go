// Command identifiers validates identifiers, one a line.
//
//	identifiers [-lenient] < LINES
//	identifiers -list
//
// Each line of the standard input is the name of a scheme, one space, and the identifier: the rest of the line as it is, white space
// included, up to the line feed. For each there is one line of JSON on the standard output, in the same order:
//
//	{"schema":1,"line":1,"scheme":"fr.siret","valid":true,"error":""}
//
// line counts from 1. error is "" when the identifier is valid, else "format" (a character that does not belong), "length", "checksum",
// "component" (a part has a value that it cannot have) or "unknown-scheme"; scheme is then "". Nothing of a line is
// ever repeated but the name of a scheme that is known: where the name should be, there may be an identifier.
// A line longer than 64 KiB is not valid, by its length.
//
// -lenient accepts identifiers as people write them, with the separators that the scheme documents. -list prints the schemes, one a
// line: name, country, title.
//
// The exit status is 0 if every line is valid, 1 if some are not, 2 if the input could not be read to its end, the output not be
// written, or the command line is wrong.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/cadre-confiance/confiance/identity"
	"github.com/cadre-confiance/confiance/identity/fr"
)

// Exit statuses.
const (
	exitValid   = 0
	exitInvalid = 1
	exitFailed  = 2
)

// maxLine bounds a line, in octets: it is the buffer.
const maxLine = 64 << 10

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("identifiers", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error of the package flag repeats the argument, which may be an identifier
	lenient := flags.Bool("lenient", false, "accept the separators that a scheme documents")
	list := flags.Bool("list", false, "print the schemes and exit")
	usage := func() {
		flags.SetOutput(stderr)
		fmt.Fprintln(stderr, "usage: identifiers [-lenient] < LINES\n       identifiers -list\nA line is the name of a scheme, one space, and an identifier.")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		usage()
		if errors.Is(err, flag.ErrHelp) {
			return exitValid
		}
		fmt.Fprintln(stderr, "identifiers: a flag is not one of these")
		return exitFailed
	}
	if flags.NArg() > 0 { // not repeated: it may be an identifier
		fmt.Fprintln(stderr, "identifiers: identifiers come by the standard input, not as arguments")
		return exitFailed
	}
	registry, err := identity.NewRegistry(fr.Schemes()...)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	out := bufio.NewWriterSize(stdout, maxLine)
	status := exitValid
	if *list {
		for _, s := range registry.Schemes() {
			d := s.Definition()
			fmt.Fprintf(out, "%s\t%s\t%s\n", d.Name, d.Country, d.Title)
		}
	} else {
		allValid, err := newValidator(registry, *lenient).all(bufio.NewReaderSize(stdin, maxLine), out)
		switch {
		case err != nil:
			fmt.Fprintln(stderr, "identifiers:", err)
			status = exitFailed
		case !allValid:
			status = exitInvalid
		}
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(stderr, "identifiers: writing:", err)
		return exitFailed
	}
	return status
}

// A validator turns lines into answers without an allocation.
type validator struct {
	schemes map[string]*answers
	unknown *answers
	options []identity.Option
	out     []byte
}

// answers are the ends of the JSON lines of one scheme.
type answers struct {
	scheme                                             identity.Scheme
	valid, format, length, checksum, component, notOne []byte
}

func newValidator(r *identity.Registry, lenient bool) *validator {
	v := &validator{schemes: map[string]*answers{}, unknown: newAnswers(identity.Scheme{})}
	for _, s := range r.Schemes() {
		v.schemes[s.Name()] = newAnswers(s)
	}
	if lenient {
		v.options = []identity.Option{identity.Lenient}
	}
	return v
}

func newAnswers(s identity.Scheme) *answers {
	end := func(valid bool, code string) []byte { // a name has letters, digits, "." and "-": nothing that JSON escapes
		return fmt.Appendf(nil, `,"scheme":"%s","valid":%t,"error":"%s"}`+"\n", s.Name(), valid, code)
	}
	return &answers{s, end(true, ""), end(false, "format"), end(false, "length"), end(false, "checksum"), end(false, "component"), end(false, "unknown-scheme")}
}

// all answers each line, and reports whether all were valid.
func (v *validator) all(in *bufio.Reader, out *bufio.Writer) (allValid bool, err error) {
	allValid = true
	for n := int64(1); ; n++ {
		line, err := in.ReadSlice('\n')
		tooLong := err == bufio.ErrBufferFull
		if err == io.EOF && len(line) == 0 {
			return allValid, nil
		}
		if err != nil && err != io.EOF && !tooLong {
			return allValid, fmt.Errorf("reading line %d: %w", n, err)
		}
		answer, valid := v.answer(bytes.TrimSuffix(line, []byte("\n")), tooLong)
		allValid = allValid && valid
		v.out = strconv.AppendInt(append(v.out[:0], `{"schema":1,"line":`...), n, 10)
		v.out = append(v.out, answer...)
		if _, err := out.Write(v.out); err != nil {
			return allValid, fmt.Errorf("writing: %w", err)
		}
		for tooLong {
			_, err := in.ReadSlice('\n')
			if tooLong = err == bufio.ErrBufferFull; !tooLong && err != nil && err != io.EOF {
				return allValid, fmt.Errorf("reading line %d: %w", n, err)
			}
		}
	}
}

func (v *validator) answer(line []byte, tooLong bool) (end []byte, valid bool) {
	name, value, found := bytes.Cut(line, []byte(" "))
	a, known := v.schemes[string(name)]
	switch {
	case !known:
		return v.unknown.notOne, false
	case tooLong:
		return a.length, false
	case !found:
		value = nil // a name alone: an identifier of no character
	}
	err := a.scheme.ValidateBytes(value, v.options...)
	switch {
	case err == nil:
		return a.valid, true
	case errors.Is(err, identity.ErrLength):
		return a.length, false
	case errors.Is(err, identity.ErrChecksum):
		return a.checksum, false
	case errors.Is(err, identity.ErrComponent):
		return a.component, false
	}
	return a.format, false
}
