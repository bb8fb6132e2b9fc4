package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cadre-confiance/confiance/exchange"
	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/trust"
)

// maxKeyFile bounds files of keys and certificates.
const maxKeyFile = 16 << 20

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err == nil && len(data) > maxKeyFile {
		err = fmt.Errorf("%s: more than %d octets", path, maxKeyFile)
	}
	return data, err
}

// keyFlags name a PKCS#12 file and its password.
type keyFlags struct{ path, password, passwordFile string }

func (k *keyFlags) add(flags *flag.FlagSet, name, usage string) {
	flags.StringVar(&k.path, name, "", usage)
	flags.StringVar(&k.password, "password", "", "password of the PKCS#12 file; seen by who lists processes, so better -password-file")
	flags.StringVar(&k.passwordFile, "password-file", "", "file whose first line is the password")
}

func (k *keyFlags) load() (*signature.Credentials, error) {
	password := k.password
	if k.passwordFile != "" {
		if k.password != "" {
			return nil, fmt.Errorf("%w: -password or -password-file", errUsage)
		}
		line, err := readSmall(k.passwordFile)
		if err != nil {
			return nil, err
		}
		password, _, _ = strings.Cut(string(line), "\n")
		password = strings.TrimSuffix(password, "\r")
	}
	f, err := os.Open(k.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	credentials, err := signature.LoadPKCS12(f, password)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.path, err)
	}
	return credentials, nil
}

// identities loads the key that opens, if one was given.
func (c *command) identities() ([]*exchange.Identity, error) {
	if c.keys.path == "" {
		return nil, nil
	}
	credentials, err := c.keys.load()
	if err != nil {
		return nil, err
	}
	id, err := exchange.NewIdentity(credentials.Chain[0], credentials.Key)
	if err != nil {
		return nil, err
	}
	return []*exchange.Identity{id}, nil
}

// readCertificate reads the first certificate of a PEM file, or a DER one, and the SIRET before it if the argument is SIRET=FILE.
func readCertificate(argument string) (exchange.SIRET, *x509.Certificate, error) {
	siret, path, named := strings.Cut(argument, "=")
	if !named || len(siret) != 14 {
		siret, path = "", argument
	}
	data, err := readSmall(path)
	if err != nil {
		return "", nil, err
	}
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			data = block.Bytes
			break
		}
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		return "", nil, fmt.Errorf("%s: no certificate that can be read, PEM or DER: %w", path, err)
	}
	if siret == "" {
		s, ok := exchange.SIRETOf(c)
		if !ok {
			return "", nil, fmt.Errorf("%s: the certificate carries no SIRET of 14 digits; give SIRET=%s", path, path)
		}
		return s, c, nil
	}
	s, err := exchange.ParseSIRET(siret)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, c, nil
}

// trustFlags say whom to believe.
type trustFlags struct {
	anchors list
	senders list
	siret   string
	at      moment
	anyone  bool
}

func (t *trustFlags) add(flags *flag.FlagSet) {
	flags.Var(&t.anchors, "anchors", "PEM file or folder of the authorities that vouch for senders; repeated")
	flags.Var(&t.senders, "sender", "[SIRET=]CERT.pem: the seal of an establishment, for seals that do not carry their SIRET; repeated")
	flags.StringVar(&t.siret, "siret", "", "the establishment that reads; that of the key's certificate when absent")
	flags.Var(&t.at, "at", "time of reading, RFC 3339; now when absent")
	flags.BoolVar(&t.anyone, "unsafe-any-sender", false, "believe whoever signed")
}

var errNoAnchors = errors.New("no -anchors to believe a sender by; -unsafe-any-sender believes whoever signed")

// options turns the flags into those of the library.
func (c *command) options() (o exchange.OpenOptions, err error) {
	t := &c.trust
	o = exchange.OpenOptions{At: c.now, UnsafeAnySender: t.anyone, UnsafeNoRevocation: true, Workers: c.workers}
	if !t.at.IsZero() {
		o.At = t.at.Time
	}
	if t.siret != "" {
		if o.SIRET, err = exchange.ParseSIRET(t.siret); err != nil {
			return o, fmt.Errorf("%w: -siret: %w", errUsage, err)
		}
	}
	if len(t.anchors) > 0 {
		if o.Anchors, err = trust.Load(t.anchors...); err != nil {
			return o, err
		}
	} else if !t.anyone {
		return o, errNoAnchors
	}
	known := map[exchange.Hash][]exchange.SIRET{}
	for _, argument := range t.senders {
		s, certificate, err := readCertificate(argument)
		if err != nil {
			return o, err
		}
		known[sha256.Sum256(certificate.Raw)] = append(known[sha256.Sum256(certificate.Raw)], s)
	}
	if len(known) > 0 {
		o.Holders = func(_ context.Context, certificate exchange.Hash) ([]exchange.SIRET, error) {
			return known[certificate], nil
		}
	}
	return o, nil
}
