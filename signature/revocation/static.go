package revocation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// A Static is a [Source] of lists and responses that were given, as files or octets. Lists stay where they are and are read
// again for each certificate, so that their length is not a matter of memory. It does not change once made, and is safe for
// concurrent use.
type Static struct {
	lists     []staticList
	responses []Datum
}

type staticList struct {
	document *ades.Document
	header   facts.Revocation // without entries, unless the list is kept whole
}

// NewStatic reads documents, each of which is one CRL (DER or PEM), one OCSP response (DER or PEM), or PEM with any number of
// CRLs. They must stay open. One that is nothing of the kind is an error that matches facts.ErrRevocation.
func NewStatic(ctx context.Context, documents ...*ades.Document) (*Static, error) {
	s := new(Static)
	for i, document := range documents {
		if err := s.add(ctx, document); err != nil {
			return nil, fmt.Errorf("revocation: object %d: %w", i+1, err)
		}
	}
	return s, nil
}

func (s *Static) add(ctx context.Context, document *ades.Document) error {
	if document.Size() <= staticWhole {
		raw, err := io.ReadAll(document.Reader(ctx))
		if err != nil {
			return err
		}
		if blocks := blocksOf(raw); len(blocks) > 0 {
			for _, block := range blocks {
				if err := s.addOne(ctx, ades.Bytes(block), block); err != nil {
					return err
				}
			}
			return nil
		}
		return s.addOne(ctx, document, raw)
	}
	return s.addOne(ctx, document, nil)
}

// staticWhole is the longest document looked into for several PEM blocks, or for a response.
const staticWhole = 8 << 20

// blocksOf returns what the PEM blocks of a file hold that are lists and responses.
func blocksOf(raw []byte) (blocks [][]byte) {
	for len(blocks) < limits.RevocationData {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		switch block.Type {
		case "X509 CRL", "CRL", "OCSP RESPONSE":
			blocks = append(blocks, block.Bytes)
		}
	}
	return blocks
}

func (s *Static) addOne(ctx context.Context, document *ades.Document, raw []byte) error {
	if len(s.lists)+len(s.responses) >= limits.RevocationData {
		return fmt.Errorf("%w: more than %d objects", facts.ErrRevocation, limits.RevocationData)
	}
	response, certificates, err := facts.ReadOCSP(raw)
	var refusal *facts.ResponseStatusError
	switch {
	case errors.As(err, &refusal):
		return err
	case err == nil:
		response.Origin = facts.FromCaller
		datum, err := newResponse(response, certificates)
		s.responses = append(s.responses, datum)
		return err
	}
	list, err := facts.ReadCRL(ctx, document.Reader(ctx))
	if err != nil {
		return err
	}
	list.Origin = facts.FromCaller
	s.lists = append(s.lists, staticList{document, list})
	return nil
}

// Fetch returns the responses about a certificate, and the lists that may be about it: those under the name of its issuer, or of
// one that its distribution points name. How old they are does not matter.
func (s *Static) Fetch(ctx context.Context, certificate, issuer []byte, _ time.Time) ([]Datum, error) {
	if s == nil {
		return nil, nil
	}
	subject, err := pkix.ParseCertificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	names := issuersOf(subject)
	var found []Datum
	for i := range s.lists {
		list := &s.lists[i]
		if name, ok := pkix.CanonicalName(list.header.CRL.Issuer); !ok || !names[name] {
			continue
		}
		datum, err := list.read(ctx, subject.RawSerial)
		if err != nil {
			return nil, fmt.Errorf("revocation: a list that was given: %w", err)
		}
		found = append(found, datum)
	}
	for _, response := range s.responses {
		if isAbout(certificate, issuer, response) {
			found = append(found, response)
		}
	}
	return found, nil
}

// issuersOf returns the canonical names under which a list about a certificate may be.
func issuersOf(c *pkix.Certificate) map[string]bool {
	names := map[string]bool{}
	if name, ok := pkix.CanonicalName(c.RawIssuer); ok {
		names[name] = true
	}
	e, _ := c.Extension(pkix.OIDCRLDistributionPoints)
	points, _ := pkix.ParseDistributionPoints(e.Value)
	for _, p := range points {
		for _, issuer := range p.CRLIssuers {
			if name, ok := pkix.CanonicalName(issuer.Value); ok && issuer.Form == pkix.FormDirectory {
				names[name] = true
			}
		}
	}
	return names
}

func isAbout(certificate, issuer []byte, d Datum) bool {
	doc := new(facts.Document)
	subject, from := doc.AddCertificate(certificate, facts.FromCaller), doc.AddCertificate(issuer, facts.FromCaller)
	d.AddTo(doc)
	return len(facts.NewRevocationFinder(doc).About(subject, from)) > 0
}

// read looks for a serial in a list. A document that changed since it was given is an error.
func (l *staticList) read(ctx context.Context, serial []byte) (Datum, error) {
	datum := Datum{Facts: l.header}
	if l.document.Size() <= limits.RevocationHeld {
		raw, err := io.ReadAll(l.document.Reader(ctx))
		if err != nil {
			return Datum{}, err
		}
		datum.DER = (&holder{octets: raw}).list(l.header.Size)
	}
	if l.header.CRL.Complete {
		sum := sha256.Sum256(datum.DER)
		if hex.EncodeToString(sum[:]) != l.header.ID {
			return Datum{}, errChanged
		}
		return datum, nil
	}
	r := l.document.Reader(ctx)
	if datum.DER != nil {
		r = bytes.NewReader(datum.DER)
	}
	again, err := facts.ReadCRL(ctx, r, serial)
	if err != nil {
		return Datum{}, err
	}
	if again.ID != l.header.ID {
		return Datum{}, errChanged
	}
	again.Origin = facts.FromCaller
	datum.Facts = again
	return datum, nil
}

var errChanged = errors.New("it has changed since")
