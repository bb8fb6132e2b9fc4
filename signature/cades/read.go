package cades

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/internal/tsp"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// ReadOptions say what goes with the signature file. The zero value reads an attached signature and drops the document in it.
type ReadOptions struct {
	// Detached is the document of a detached signature. If the signature holds a document all the same, it must be this one.
	Detached *ades.Document
	// Content receives the document of an attached signature while it is read, before anything is known of it: it must not be
	// shown to anyone as signed. Package signature gives it out when it was verified. nil drops it.
	Content io.Writer
	// MaxContent is the longest document accepted inside the signature, in octets; 0 is no bound.
	MaxContent int64
}

// Read parses any CMS SignedData, DER, BER or PEM, into facts: its signatures and counter-signatures, their attributes, what
// they cover and whether it is intact, their timestamps, the certificates. The document, attached or detached, flows through
// once whatever the number of signatures, and a second time only when a token inside asks for a digest that the message did
// not announce.
//
// A file that is an RFC 3161 token or response alone is read as package timestamp does, with Detached as its document.
//
// Faults of one signature are Problems of its facts. Errors: [ErrNotCMS] for a file that is nothing of the kind or that goes
// beyond internal bounds; those of the documents, of Content and of ctx.
func Read(ctx context.Context, src *ades.Document, o ReadOptions) (*facts.Document, error) {
	file, err := unarmour(ctx, src)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if timestamp.IsResponse(file.start) {
		return timestamp.Read(ctx, file.Document, o.Detached)
	}
	sd, err := file.parse(ctx, o)
	if err != nil {
		return nil, notCMS(err)
	}
	if sd.Attached && sd.ContentType == cms.OIDTSTInfo && file.Size() <= limits.TimestampResponse {
		return timestamp.Read(ctx, file.Document, o.Detached)
	}
	r := &reader{ctx: ctx, file: file, detached: o.Detached, sd: sd}
	if err := r.digestContent(); err != nil {
		return nil, err
	}
	return r.facts()
}

// parse reads the message, in memory when it is small: a buffer for what flows would cost more than the message.
func (f *file) parse(ctx context.Context, o ReadOptions) (*cms.SignedData, error) {
	if int64(len(f.start)) < f.Size() {
		return cms.Read(ctx, f.Reader(ctx), cms.ReadOptions{Content: o.Content, MaxContent: o.MaxContent})
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sd, content, err := cms.Parse(f.start)
	if err != nil {
		return nil, err
	}
	if o.MaxContent > 0 && int64(len(content)) > o.MaxContent {
		return nil, fmt.Errorf("%w: content of more than %d octets", cms.ErrTooLarge, o.MaxContent)
	}
	if o.Content != nil {
		if _, err := o.Content.Write(content); err != nil {
			return nil, err
		}
	}
	return sd, nil
}

// digest returns digests of attached content.
func (f *file) digest(ctx context.Context, sd *cms.SignedData, hashes []crypto.Hash) (map[crypto.Hash][]byte, error) {
	if int64(len(f.start)) == f.Size() {
		sums := make(map[crypto.Hash][]byte, len(hashes))
		for _, h := range hashes {
			if sum, ok := sd.Digest(h); ok {
				sums[h] = sum
			}
		}
		return sums, nil
	}
	sums := sd.ContentDigests
	missing := slices.DeleteFunc(slices.Clone(hashes), func(h crypto.Hash) bool { _, ok := sums[h]; return ok })
	if len(missing) == 0 {
		return sums, nil
	}
	again, err := cms.Read(ctx, f.Reader(ctx), cms.ReadOptions{Digests: missing, SkipDigests: true})
	if err != nil {
		return nil, notCMS(err)
	}
	for h, sum := range again.ContentDigests {
		sums[h] = sum
	}
	return sums, nil
}

// A reader turns one SignedData into facts.
type reader struct {
	ctx      context.Context
	file     *file
	detached *ades.Document
	sd       *cms.SignedData
	problems []facts.Problem // of the file, and so of each of its signatures

	digests map[crypto.Hash][]byte // of the content
	present bool                   // the content is at hand
	doc     *facts.Document
	signers int // so far, counter-signatures included
}

// digestContent computes the digests that the signers and the tokens in them ask for.
func (r *reader) digestContent() error {
	wanted := r.wantedDigests()
	switch {
	case r.sd.Attached:
		r.present = true
		var err error
		if r.digests, err = r.file.digest(r.ctx, r.sd, wanted); err != nil {
			return err
		}
		return r.compareWithDetached()
	case r.detached != nil:
		r.present = true
		var err error
		if r.digests, err = r.detached.Digests(r.ctx, wanted...); err != nil {
			return err
		}
		r.sd.ContentSize = r.detached.Size()
		if _, digestOnly := r.detached.Digest(); !digestOnly && lacksAttributes(r.sd) {
			r.sd.ContentHead, err = headOf(r.detached)
		}
		return err
	}
	return nil
}

// lacksAttributes: only a signature without signed attributes has its content looked at.
func lacksAttributes(sd *cms.SignedData) bool {
	return slices.ContainsFunc(sd.SignerInfos, func(si *cms.SignerInfo) bool { return si.RawSignedAttributes == nil })
}

func headOf(doc *ades.Document) ([]byte, error) {
	b := make([]byte, min(doc.Size(), limits.CMSContentHead))
	n, err := doc.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("cades: reading the document: %w", err)
	}
	return b[:n], nil
}

// wantedDigests are those of the signers and of the content timestamps.
func (r *reader) wantedDigests() []crypto.Hash {
	hashes := signerHashes(r.sd)
	for _, si := range r.sd.SignerInfos {
		if scheme, err := pkix.ParseScheme(si.SignatureAlgorithm, nil, 0); err == nil && si.RawSignedAttributes == nil {
			hashes = append(hashes, scheme.Hash)
		}
		for _, a := range cms.FindAttribute(si.SignedAttributes, cms.OIDContentTimestamp) {
			for _, token := range a.Values {
				if h, ok := imprintHash(token); ok {
					hashes = append(hashes, h)
				}
			}
		}
	}
	return withoutRepeatedHashes(hashes)
}

func imprintHash(token []byte) (crypto.Hash, bool) {
	_, content, err := cms.Parse(token)
	if err != nil {
		return 0, false
	}
	info, _ := tsp.ParseInfo(content)
	if info == nil || !info.Hash.Available() {
		return 0, false
	}
	return info.Hash, true
}

// compareWithDetached makes sure that a caller who names a document gets an answer about that document, and not about another
// one inside the signature.
func (r *reader) compareWithDetached() error {
	if r.detached == nil {
		return nil
	}
	h := crypto.SHA256
	if known, ok := r.detached.Digest(); ok {
		h = known.Algorithm
	}
	given, err := r.detached.Digests(r.ctx, h)
	if err != nil {
		return err
	}
	inside, err := r.file.digest(r.ctx, r.sd, []crypto.Hash{h})
	if err != nil {
		return err
	}
	if string(inside[h]) != string(given[h]) {
		r.problems = append(r.problems, facts.Problem{
			Code: "cades.other-document", Clause: "RFC 5652 §5.2", Fatal: true,
			Message: "the signature holds a document, and it is not the one given beside",
		})
	}
	return nil
}

func (r *reader) digest(h crypto.Hash) ([]byte, bool) {
	sum, ok := r.digests[h]
	return sum, ok
}

func (r *reader) facts() (*facts.Document, error) {
	r.doc = &facts.Document{Schema: facts.Schema, Format: facts.CAdES, Certificates: make([]facts.Certificate, 0, len(r.sd.Certificates))}
	for _, raw := range r.sd.Certificates {
		if len(raw) > 0 && raw[0] == 0x30 { // other choices of RFC 5652 §10.2.2 are not certificates of public keys
			r.doc.AddCertificate(raw, facts.FromSignature)
		}
	}
	for _, p := range r.sd.Problems {
		r.problems = append(r.problems, facts.Problem(p))
	}
	contentType := oidData
	if r.sd.ContentType != cms.OIDData {
		contentType = r.sd.ContentType.String()
	}
	r.doc.Signatures = make([]facts.Signature, 0, len(r.sd.SignerInfos))
	for i, si := range r.sd.SignerInfos {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		content := facts.Content{
			Type: contentType, Name: "content", Head: r.sd.ContentHead, Size: r.sd.ContentSize, Parsed: si,
		}
		if r.present {
			content.Digest = r.digest
		}
		if err := r.add(si.Raw, signer{id: signatureID(i), content: content}); err != nil {
			return nil, err
		}
	}
	if err := r.addRevocations(0); err != nil {
		return nil, err
	}
	r.doc.Designate()
	for i := range r.doc.Signatures {
		s := &r.doc.Signatures[i]
		s.Level = level(s, r.doc, r.sd)
	}
	return r.doc, nil
}

func signatureID(i int) string { return "S-" + strconv.Itoa(i+1) }
