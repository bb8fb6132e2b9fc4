package timestamp

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// A Place says where a token was found and what it covers there.
type Place struct {
	ID     string          // of the token in its document
	Parent string          // the signature that carries it, empty for none
	Type   facts.TokenType // what it covers
	Name   string          // the same for a reader: "signature value"
	// Imprint returns the digest of what the token covers; false, or a nil Imprint, says that it is not at hand.
	Imprint func(crypto.Hash) ([]byte, bool)
}

// Parse reads one token (RFC 3161 §2.4.2) into facts, and the DER of the certificates it carries. Its References are the
// message-digest over the TSTInfo that it holds, and the imprint, with Found false. The error says that it is no token.
//
// Nothing is verified but digests: see package validation. The result shares memory with token.
func Parse(token []byte) (*facts.Token, [][]byte, error) {
	t, c, err := parse(token, Place{Type: facts.DetachedTimestamp})
	return t, c.certificates, err
}

// Add reads a token into a document: its certificates, and a Token at the end of doc.Timestamps. Of what cannot be read there
// remains a Token with a fatal Problem, so that nobody takes it for absent. Call doc.Designate when all is added.
func Add(doc *facts.Document, token []byte, p Place) {
	t, carried, err := parse(token, p)
	if err != nil {
		t = &facts.Token{Signed: facts.Signed{ID: p.ID, Problems: []facts.Problem{{
			Code: "timestamp.unreadable", Clause: "RFC 3161 §2.4.2", Message: err.Error(), Fatal: true,
		}}}, Parent: p.Parent, Type: p.Type}
	}
	carried.addTo(doc, t)
	doc.Timestamps = append(doc.Timestamps, *t)
}

// carried is what a token holds for its validation.
type carried struct{ certificates, revocations [][]byte }

func (c *carried) addTo(doc *facts.Document, t *facts.Token) {
	for _, raw := range c.certificates {
		doc.AddCertificate(raw, facts.FromTimestamp)
	}
	// Nothing flows here, so that there is nothing to interrupt.
	problems, _ := doc.ReadEmbeddedRevocations(context.Background(), &t.Signed, c.revocations, facts.FromTimestamp)
	t.Problems = append(t.Problems, problems...)
}

func parse(token []byte, p Place) (t *facts.Token, c carried, err error) {
	sd, content, err := cms.Parse(token)
	if err != nil {
		return nil, c, fmt.Errorf("timestamp: %w", err)
	}
	if sd.ContentType != cms.OIDTSTInfo || content == nil {
		return nil, c, fmt.Errorf("%w: its content, of type %s, is not a TSTInfo", ErrMalformed, sd.ContentType)
	}
	if len(sd.SignerInfos) != 1 {
		return nil, c, fmt.Errorf("%w: %d signatures instead of one", ErrMalformed, len(sd.SignerInfos))
	}
	info, err := tsp.ParseInfo(content)
	if err != nil && !errors.Is(err, tsp.ErrExtension) {
		return nil, c, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	critical := err
	signed, err := facts.ReadSigner(sd.SignerInfos[0].Raw, facts.Content{
		Type: sd.ContentType.String(), Name: "TSTInfo", Head: sd.ContentHead, Size: sd.ContentSize, Parsed: sd.SignerInfos[0],
		Digest: func(h crypto.Hash) ([]byte, bool) { return digestOf(h, content) },
	})
	if err != nil {
		return nil, c, err
	}
	t = &facts.Token{
		Signed: signed, Parent: p.Parent, Type: p.Type, Time: info.Time.UTC(), Policy: info.Policy.String(),
		Serial: info.Serial.Bytes(), Accuracy: facts.Duration(info.Accuracy), Ordering: info.Ordering,
	}
	t.ID = p.ID
	if critical != nil {
		t.Problems = append(t.Problems, facts.Problem{Code: "timestamp.extension", Clause: "RFC 3161 §2.4.2", Message: critical.Error(), Fatal: true})
	}
	for _, problem := range sd.Problems {
		t.Problems = append(t.Problems, facts.Problem(problem))
	}
	if info.Hash == 0 {
		t.Problems = append(t.Problems, facts.Problem{
			Code: "timestamp.imprint-algorithm", Clause: "RFC 3161 §2.4.2", Unsupported: true,
			Message: fmt.Sprintf("the digest algorithm %s of the imprint is not supported", info.ImprintAlgorithm.OID),
		})
	}
	t.References = append(t.References, imprintReference(info, p))
	return t, carried{certificatesOf(sd), sd.CRLs}, nil
}

// imprintReference compares what the token covers with the imprint in it.
func imprintReference(info *tsp.Info, p Place) facts.Reference {
	r := facts.Reference{Type: "imprint", Name: p.Name, Digest: info.ImprintAlgorithm.OID.String(), Expected: info.Imprint}
	if info.Hash != 0 {
		r.Digest = pkix.DigestName(info.Hash)
	}
	switch {
	case p.Imprint == nil:
	case info.Hash == 0: // at hand or not, it cannot be computed
		_, r.Found = p.Imprint(crypto.SHA256)
	default:
		r.Computed, r.Found = p.Imprint(info.Hash)
		r.Intact = r.Found && bytes.Equal(r.Computed, r.Expected)
	}
	return r
}

// certificatesOf keeps what may be a certificate: RFC 5652 §10.2.2 has other choices.
func certificatesOf(sd *cms.SignedData) (certificates [][]byte) {
	for _, raw := range sd.Certificates {
		if len(raw) > 0 && raw[0] == 0x30 {
			certificates = append(certificates, raw)
		}
	}
	return certificates
}
