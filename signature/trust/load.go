package trust

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Errors of Load.
var (
	// ErrNoAnchor is returned for a file or a folder in which there is no certificate: trusting nothing must be said, not
	// happen by a wrong path.
	ErrNoAnchor = errors.New("trust: no certificate found")
	// ErrConstraintsFile is returned for a JSON file of constraints that cannot be read, or that names an anchor which is
	// not there.
	ErrConstraintsFile = errors.New("trust: the constraints beside the anchors cannot be applied")
)

// ConstraintsSchema is the number of the form of the JSON files that Load reads beside anchors.
const ConstraintsSchema = 1

// constraintsFile is that form. A field that is not known is an error: a constraint that is misspelt would otherwise be trust
// without end.
type constraintsFile struct {
	Schema  int `json:"schema"`
	Anchors []struct {
		SHA256   string     `json:"sha256,omitempty"` // of the certificate, hexadecimal; empty is every certificate of the file
		Sunset   *time.Time `json:"sunset,omitempty"`
		Periods  []Period   `json:"periods,omitempty"`
		Purposes []Purpose  `json:"purposes,omitempty"`
	} `json:"anchors"`
}

// Load reads anchors from files and folders. A file holds certificates in PEM, as many as it likes, or one in DER. In a
// folder every file whose name ends in .pem, .crt, .cer or .der counts, without going further down; one in PEM that holds
// other things only (a key, a CRL) is passed over. Whatever should be a certificate and cannot be read is an error.
//
// Beside NAME.pem, NAME.json may say until when, during which periods and for what its anchors are believed:
//
//	{"schema":1, "anchors":[{"sha256":"5f…", "sunset":"2027-01-01T00:00:00Z",
//	  "periods":[{"from":"2019-05-01T00:00:00Z","to":"2026-05-01T00:00:00Z"}], "purposes":["signature"]}]}
//
// Without sha256 an entry is about every certificate of the file that no other entry names. What it cannot be applied to is
// an error, and so is a .json file in a folder that is beside nothing.
func Load(paths ...string) (*Set, error) {
	var all []Anchor
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("trust: %w", err)
		}
		var anchors []Anchor
		if info.IsDir() {
			anchors, err = loadFolder(path)
		} else {
			anchors, err = loadFile(path)
		}
		if err != nil {
			return nil, err
		}
		if len(anchors) == 0 {
			return nil, fmt.Errorf("%w in %s", ErrNoAnchor, path)
		}
		all = append(all, anchors...)
	}
	return NewSet(all...)
}

func loadFolder(path string) ([]Anchor, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	defer folder.Close()
	entries, err := folder.ReadDir(limits.TrustFiles + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if len(entries) > limits.TrustFiles {
		return nil, fmt.Errorf("trust: %s holds more than %d files", path, limits.TrustFiles)
	}
	var all []Anchor
	applied, constraints := map[string]bool{}, []string{}
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		extension := strings.ToLower(filepath.Ext(name))
		switch extension {
		case ".json":
			constraints = append(constraints, name)
			continue
		case ".pem", ".crt", ".cer", ".der":
		default:
			continue
		}
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		anchors, err := loadFile(name)
		if err != nil {
			return nil, err
		}
		if len(anchors) > 0 {
			applied[beside(name)] = true
		}
		all = append(all, anchors...)
	}
	for _, name := range constraints {
		if !applied[name] {
			return nil, fmt.Errorf("%w: %s is beside no file of certificates", ErrConstraintsFile, name)
		}
	}
	return all, nil
}

func beside(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".json" }

func loadFile(path string) ([]Anchor, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	if !mentionsCertificate(data) {
		return nil, nil
	}
	certificates, unreadable := pkix.ParseCertificates(data)
	if len(unreadable) > 0 {
		return nil, fmt.Errorf("%w: %s: %w", ErrNotCertificate, path, unreadable[0])
	}
	anchors := make([]Anchor, 0, len(certificates))
	for _, c := range certificates {
		anchors = append(anchors, Anchor{Certificate: c.Raw, Source: path})
	}
	saved, err := readBounded(beside(path))
	if errors.Is(err, os.ErrNotExist) {
		return anchors, nil
	}
	if err == nil {
		err = constrain(anchors, saved)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrConstraintsFile, beside(path), err)
	}
	return anchors, nil
}

// mentionsCertificate says whether a file is DER, or PEM with at least one certificate in it.
func mentionsCertificate(data []byte) bool {
	block, rest := pem.Decode(data)
	if block == nil {
		return true
	}
	for ; block != nil; block, rest = pem.Decode(rest) {
		if strings.Contains(block.Type, "CERTIFICATE") && !strings.Contains(block.Type, "REQUEST") {
			return true
		}
	}
	return false
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limits.TrustFile+1))
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if len(data) > limits.TrustFile {
		return nil, fmt.Errorf("trust: %s is longer than %d octets", path, limits.TrustFile)
	}
	return data, nil
}

// constrain applies the JSON beside a file to its anchors.
func constrain(anchors []Anchor, saved []byte) error {
	var file constraintsFile
	decoder := json.NewDecoder(bytes.NewReader(saved))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	if file.Schema != ConstraintsSchema {
		return fmt.Errorf("schema %d, this version reads %d", file.Schema, ConstraintsSchema)
	}
	named, byDefault := map[string]int{}, -1
	for i, entry := range file.Anchors {
		id := strings.ToLower(entry.SHA256)
		if id == "" {
			if byDefault >= 0 {
				return errors.New("two entries without sha256")
			}
			byDefault = i
			continue
		}
		if sum, err := hex.DecodeString(id); err != nil || len(sum) != 32 {
			return fmt.Errorf("sha256 %q is not 64 hexadecimal digits", entry.SHA256)
		}
		if _, twice := named[id]; twice {
			return fmt.Errorf("two entries for %s", id)
		}
		named[id] = i
	}
	found := map[string]bool{}
	for i := range anchors {
		id := anchors[i].ID()
		found[id] = true
		index, ok := named[id]
		if !ok {
			index = byDefault
		}
		if index < 0 {
			continue
		}
		entry := file.Anchors[index]
		anchors[i].Sunset, anchors[i].Periods, anchors[i].Purposes = entry.Sunset, entry.Periods, entry.Purposes
	}
	for _, entry := range file.Anchors {
		id := strings.ToLower(entry.SHA256)
		if id == "" || found[id] {
			continue
		}
		return fmt.Errorf("no certificate of the file has SHA-256 %s", id)
	}
	return nil
}
