package report

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/cadre-confiance/confiance/signature/facts"
)

// coverage says what a signature is over.
func (b *builder) coverage(f *facts.Signature, parent string) Coverage {
	c := Coverage{Kind: CoversDocument}
	var references []facts.Reference
	if f != nil {
		references = f.References
	}
	about := text{"un document qui n'est pas à disposition", "a document that is not at hand"}
	switch {
	case parent != "":
		c.Kind = CoversSignature
		about = text{"la signature " + b.shown[parent] + " (contreseing)", "signature " + b.shown[parent] + " (countersignature)"}
	case f != nil && f.Format == facts.PAdES:
		c = b.revision(f.Revision)
		about = b.revisionWords(c)
	case len(references) > 0 && references[0].Found:
		about = wholeOrOther(&references[0])
	}
	return b.cover(c, references, about)
}

func wholeOrOther(r *facts.Reference) text {
	if r.Intact {
		return text{"le document, en entier", "the document, whole"}
	}
	return text{"un autre document que celui qui est présenté", "another document than the one presented"}
}

// tokenCoverage says what a timestamp is over.
func (b *builder) tokenCoverage(f *facts.Token) Coverage {
	c := Coverage{Kind: CoversDocument}
	about := text{"un document qui n'est pas à disposition", "a document that is not at hand"}
	if f == nil {
		return b.cover(c, nil, about)
	}
	references := f.References
	// The first reference of a token is to its own content; what it dates is the imprint.
	if i := slices.IndexFunc(references, func(r facts.Reference) bool { return r.Type == "imprint" }); i >= 0 {
		references = references[i:]
	}
	parent := b.shown[f.Parent]
	switch f.Type {
	case facts.DocumentTimestamp:
		c = b.revision(f.Revision)
		about = b.revisionWords(c)
	case facts.SignatureTimestamp:
		c.Kind, about = CoversSignature, text{"la signature " + parent, "signature " + parent}
	case facts.ArchiveTimestamp:
		c.Kind = CoversSignature
		about = text{"la signature " + parent + " et ses données de validation", "signature " + parent + " and its validation data"}
	case facts.ReferencesTimestamp:
		c.Kind = CoversSignature
		about = text{"les références aux données de validation de la signature " + parent, "the references to validation data of signature " + parent}
	case facts.ContentTimestamp:
		about = text{"le document, avant sa signature", "the document, before it was signed"}
	default:
		if len(references) > 0 && references[0].Found {
			about = wholeOrOther(&references[0])
		}
	}
	return b.cover(c, references, about)
}

// revision says how much of a PDF is under what closes a revision.
func (b *builder) revision(n int) Coverage {
	total := len(b.doc.Revisions)
	switch {
	case n < 1 || n > total:
		return Coverage{Kind: CoversPart, Revisions: total}
	case n == total:
		return Coverage{Kind: CoversFile, Revision: n, Revisions: total}
	}
	return Coverage{Kind: CoversRevision, Revision: n, Revisions: total}
}

func (b *builder) revisionWords(c Coverage) text {
	switch c.Kind {
	case CoversFile:
		return text{"le fichier entier", "the whole file"}
	case CoversRevision:
		return text{
			fmt.Sprintf("le PDF tel qu'il était à la révision %d, sur %d", c.Revision, c.Revisions),
			fmt.Sprintf("the PDF as it was at revision %d of %d", c.Revision, c.Revisions),
		}
	}
	return text{"une partie seulement du fichier, qui n'en est pas une révision entière", "only a part of the file, which is no whole revision of it"}
}

func (b *builder) cover(c Coverage, references []facts.Reference, about text) Coverage {
	if len(references) > 0 && references[0].Found {
		c.Found, c.Intact = true, references[0].Intact
		if r := &references[0]; len(r.Computed) > 0 && len(r.Computed) <= longestDigest {
			c.DigestAlgorithm, c.Digest = digestName(r.Digest), hex.EncodeToString(r.Computed)
		}
	}
	c.Words = about.in(b.language)
	return c
}

// longestDigest is that of SHA-512, in octets.
const longestDigest = 64
