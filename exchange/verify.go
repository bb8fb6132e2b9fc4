package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// VerifyOptions say what a verifier holds besides the file. With nothing but a time he can check what a carrier can; with the
// manifest, who sent what to whom; with the content too, that it is what was sent; with an identity, everything.
type VerifyOptions struct {
	OpenOptions
	Identities []*Identity
	// Manifest is the SignedData of the manifest, from the sender or the recipient, for a verifier without a key.
	Manifest []byte
	// Content returns part i as the verifier received it, or nil if he did not. It is closed after. It needs a manifest or an identity.
	Content func(i int, p PartInfo) (io.ReadCloser, error)
}

// A State is the outcome of a step of verification.
type State string

// The states of a step.
const (
	Passed  State = "passed"
	Failed  State = "failed"
	Skipped State = "skipped" // what it takes was not given, or a step before failed
)

// A Step is one group of checks of docs/pli.md.
type Step struct {
	Name   string
	State  State
	Detail string // why it failed or was skipped
}

// A Report says which checks were made and passed.
type Report struct {
	Steps    []Step
	Header   *Header     // nil when it could not be read
	Manifest *Manifest   // nil when it was not at hand, or not verified
	Digest   Hash        // of the manifest
	Addenda  []*Addendum // verified; with an identity only
	Findings []string    // what the options allowed
}

// Verify checks a pli as far as what is given allows. The report is never nil. The error is nil if everything that could be checked
// passed, which the report lists: without key and manifest, that is little. It hands out no content.
func Verify(ctx context.Context, src io.ReaderAt, size int64, o VerifyOptions) (*Report, error) {
	r := &reading{ctx: ctx, src: src, size: size, identities: o.Identities, o: o.OpenOptions}
	steps := slices.Clone(outerSteps)
	withManifest := slices.Concat(manifestSteps, []step{
		{"addressees", (*reading).checkAgreement}, {"payload size", (*reading).checkSize}, {"payload key", (*reading).checkCommitment}})
	switch {
	case len(o.Identities) > 0:
		steps = slices.Concat(openSteps, []step{{"content", (*reading).checkContent}})
		if o.Manifest != nil {
			steps = append(steps, step{"manifest given", func(r *reading) error { return r.sameManifest(o.Manifest) }})
		}
	case o.Manifest != nil:
		steps = append(steps, step{"capsule form", (*reading).checkCapsuleForm})
		r.content = &capsuleContent{manifest: o.Manifest}
		steps = slices.Concat(steps, withManifest)
	default:
		steps = append(steps, step{"capsule form", (*reading).checkCapsuleForm})
	}
	if o.Content != nil {
		steps = append(steps, step{"content given", func(r *reading) error { return r.compare(o.Content) }})
	}
	err := r.optionsFor(o)
	if err == nil {
		err = r.run(steps)
	}
	for _, s := range steps[len(r.steps):] {
		r.steps = append(r.steps, Step{Name: s.name, State: Skipped, Detail: "a step before failed"})
	}
	for _, s := range openSteps {
		if slices.ContainsFunc(r.steps, func(t Step) bool { return t.Name == s.name }) {
			continue
		}
		detail := "it takes a key"
		if slices.ContainsFunc(withManifest, func(t step) bool { return t.name == s.name }) {
			detail += ", or the manifest"
		}
		r.steps = append(r.steps, Step{Name: s.name, State: Skipped, Detail: detail})
	}
	report := &Report{Steps: r.steps, Header: r.header, Findings: r.findings}
	if r.passed("manifest") {
		report.Manifest, report.Digest = r.manifest, r.signed.digest()
	}
	if r.passed("addenda") {
		report.Addenda = r.addenda
	}
	return report, err
}

func (r *reading) optionsFor(o VerifyOptions) error {
	if len(o.Identities) == 0 && o.Manifest == nil {
		if o.Content != nil {
			return refuse(ErrOptions, "content is compared with a manifest: give it, or a key")
		}
		return nil // no step looks at the time or believes anybody
	}
	return r.options()
}

func (r *reading) record(name string, err error) {
	s := Step{Name: name, State: Passed}
	if err != nil {
		s.State, s.Detail = Failed, err.Error()
	}
	r.steps = append(r.steps, s)
}

func (r *reading) passed(name string) bool {
	return slices.ContainsFunc(r.steps, func(s Step) bool { return s.Name == name && s.State == Passed })
}

// withKey reports whether the capsule was opened, rather than the manifest given.
func (r *reading) withKey() bool { return len(r.identities) > 0 }

func (r *reading) checkCapsuleForm() error {
	return capsuleError(cms.CheckAuthEnveloped(r.capsule))
}

func (r *reading) checkContent() error { return r.message().Check(r.ctx, nil) }

// sameManifest compares digests of the JSON: two SignedData of one manifest may differ in their signature value.
func (r *reading) sameManifest(given []byte) error {
	digest, err := ManifestDigest(given)
	if err != nil {
		return err
	}
	if digest != r.signed.digest() {
		return refuse(ErrMismatch, "the manifest given is not that of this pli")
	}
	return nil
}

// compare hashes content that the verifier holds and compares it with what was signed.
func (r *reading) compare(content func(int, PartInfo) (io.ReadCloser, error)) error {
	for i, p := range r.manifest.Parts {
		c, err := content(i, p)
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		size, hash, err := HashPart(r.ctx, c)
		err = errors.Join(err, c.Close())
		if err != nil {
			return err
		}
		if size != p.Size || hash != p.Hash {
			return refuse(ErrContent, "part %d is not what was given", i+1)
		}
	}
	return nil
}

// HashPart returns the length of content and the hash that a manifest has of it: the root of the RFC 6962 tree of its leaves.
func HashPart(ctx context.Context, content io.Reader) (int64, Hash, error) {
	var (
		t    tree
		size int64
		leaf = sha256.New()
		buf  = make([]byte, writeSize)
		used = 0 // octets in leaf
	)
	end := func() {
		if used > 0 {
			t.add(Hash(leaf.Sum(nil)))
			used = 0
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return 0, Hash{}, err
		}
		n, err := io.ReadFull(content, buf)
		if n > 0 {
			if used == 0 {
				leaf.Reset()
				leaf.Write(leafMark)
			}
			leaf.Write(buf[:n])
			size += int64(n)
			if used += n; used == LeafSize {
				end()
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			end()
			return size, t.root(), nil
		default:
			return 0, Hash{}, fmt.Errorf("exchange: reading the content: %w", err)
		}
	}
}
