package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

const (
	// fetchTimeout is how long one request may take, its answer included.
	fetchTimeout = 20 * time.Second
	// fetchStore is how many octets of lists and responses are kept from one file to the next.
	fetchStore = 64 << 20
)

// sources are where revocation data and the certificates of issuers come from; nil for those that were not asked for.
func (v *validator) sources() (revocation.Source, revocation.IssuerSource, error) {
	given, err := v.givenRevocations()
	if err != nil {
		return nil, nil, err
	}
	if !v.online {
		return given, nil, nil
	}
	o := revocation.Options{
		HTTPClient: &http.Client{Timeout: fetchTimeout}, Now: v.now, Timeout: fetchTimeout, Store: revocation.NewMemory(fetchStore),
	}
	responders, err := revocation.NewOCSPClient(revocation.OCSPOptions{Options: o})
	if err != nil {
		return nil, nil, err
	}
	lists, err := revocation.NewCRLClient(o)
	if err != nil {
		return nil, nil, err
	}
	issuers, err := revocation.NewIssuerClient(o)
	if err != nil {
		return nil, nil, err
	}
	return revocation.FirstOf(given, responders, lists), issuers, nil
}

// givenRevocations opens the files of -crls and -ocsps, and those of the folders named there; nil when there are none.
func (v *validator) givenRevocations() (revocation.Source, error) {
	var list []revocation.Source
	for _, name := range v.revocations {
		files, err := filesOf(name)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			doc, err := ades.OpenDocument(file)
			if err != nil {
				return nil, err
			}
			v.given = append(v.given, doc)
			static, err := revocation.NewStatic(context.Background(), doc)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			list = append(list, static)
		}
	}
	if list == nil {
		return nil, nil
	}
	return revocation.All(list...), nil
}

// filesOf returns the files of a folder, or the file itself.
func filesOf(name string) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return []string{name}, err
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() {
			files = append(files, filepath.Join(name, e.Name()))
		}
	}
	return files, nil
}
