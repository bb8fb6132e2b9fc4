package cades

import (
	"context"
	"crypto"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// An Embedded is the SignedData of a signature that another format carries (PAdES), before the content that it signs is known.
type Embedded struct {
	Size     int  // octets of the message, without the zeros that may follow it
	Signers  int  // SignerInfos
	Attached bool // it holds content of its own

	sd *cms.SignedData
}

// ParseEmbedded reads a message that zero octets may follow: the room that a format kept for it. Anything else behind it is
// an error that matches [ErrNotCMS].
func ParseEmbedded(b []byte) (*Embedded, error) {
	sd, _, size, err := cms.ParsePadded(b)
	if err != nil {
		return nil, notCMS(err)
	}
	return &Embedded{Size: size, Signers: len(sd.SignerInfos), Attached: sd.Attached, sd: sd}, nil
}

// Digests lists the digests of the content that the signature and the timestamps in it ask for.
func (e *Embedded) Digests() []crypto.Hash { return (&reader{sd: e.sd}).wantedDigests() }

// Signed is what an embedded signature is over.
type Signed struct {
	Name    string                 // for a reader: "bytes 0-1023, 4096-9000"
	Digests map[crypto.Hash][]byte // those of Embedded.Digests; nil when the content is not at hand
	Head    []byte                 // first octets, up to 4 KiB
	Size    int64                  // octets, -1 when unknown
}

// Add puts the signature, its counter-signatures, timestamps and certificates at the end of doc. The first Signature added is
// the one asked for, with that id; the level of each is that of a CAdES signature, for the caller to replace. A message of
// several signers gives the first.
func (e *Embedded) Add(ctx context.Context, doc *facts.Document, id string, content Signed) error {
	r := &reader{ctx: ctx, sd: e.sd, doc: doc, digests: content.Digests, present: content.Digests != nil}
	for _, raw := range e.sd.Certificates {
		if len(raw) > 0 && raw[0] == 0x30 {
			doc.AddCertificate(raw, facts.FromSignature)
		}
	}
	for _, p := range e.sd.Problems {
		r.problems = append(r.problems, facts.Problem(p))
	}
	if len(e.sd.SignerInfos) == 0 {
		return nil
	}
	about := facts.Content{Type: e.sd.ContentType.String(), Name: content.Name, Head: content.Head, Size: content.Size, Parsed: e.sd.SignerInfos[0]}
	if r.present {
		about.Digest = r.digest
	}
	first := len(doc.Signatures)
	if err := r.add(e.sd.SignerInfos[0].Raw, signer{id: id, content: about}); err != nil {
		return err
	}
	return r.addRevocations(first)
}
