package cades

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// Options say which signature is made. Time is required; every other zero value is a sound choice.
type Options struct {
	Level ades.Level // BaselineB when zero, or BaselineT
	// Time is the signing time that the signer claims. It proves nothing and is never taken from a clock here.
	Time time.Time
	// Authority timestamps the signature value; required from BaselineT on.
	Authority timestamp.Authority
	Detached  bool

	// Digest is that of the document and of the signed attributes: SHA-256, SHA-384, SHA-512 or of SHA-3. Zero is the digest of
	// a document known by its digest, else the one that suits the key (SHA-256 for RSA and P-256, SHA-384 for P-384, SHA-512
	// for P-521). Ed25519 has SHA-512 and no other.
	Digest crypto.Hash
	PSS    bool // RSASSA-PSS instead of PKCS#1 v1.5; a certificate that is for PSS always has it

	MIMEType   string    // of the document, "application/pdf": EN 319 122-1 §5.2.4.2
	Commitment string    // OID of the commitment made, such as [ProofOfApproval]: EN 319 122-1 §5.2.3
	Location   *Location // where the signer says to be: EN 319 122-1 §5.2.5
	Roles      []string  // roles that the signer claims, "Maire de Boisjoli": EN 319 122-1 §5.2.6
	OmitTime   bool      // no signing-time attribute: for PAdES, whose claimed time is elsewhere (EN 319 142-1 §6.3)

	// UnsafeUnfitCertificate signs even with a certificate that is expired, not yet valid at Time, or whose key usage does not
	// sign. Nobody will accept the result; tests and archives of the past need it.
	UnsafeUnfitCertificate bool
}

// Commitments that have an identifier of their own: RFC 5126 §5.11.1.
const (
	ProofOfOrigin   = "1.2.840.113549.1.9.16.6.1"
	ProofOfReceipt  = "1.2.840.113549.1.9.16.6.2"
	ProofOfDelivery = "1.2.840.113549.1.9.16.6.3"
	ProofOfSender   = "1.2.840.113549.1.9.16.6.4"
	ProofOfApproval = "1.2.840.113549.1.9.16.6.5"
	ProofOfCreation = "1.2.840.113549.1.9.16.6.6"
)

// A Location is where a signer says to be. Empty fields are left out; PostalAddress has at most six lines.
type Location struct {
	Country       string // "FR"
	Locality      string
	PostalAddress []string
}

// ErrOptions is matched by the error of options that contradict each other or the document.
var ErrOptions = errors.New("cades: options")

// plan is options checked against a certificate and a document.
type plan struct {
	options     Options
	chain       [][]byte
	certificate *pkix.Certificate
	scheme      pkix.Scheme
}

func (o Options) plan(chain []*x509.Certificate, doc *ades.Document) (*plan, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	known, digestOnly := doc.Digest()
	if digestOnly {
		switch {
		case !o.Detached:
			return nil, fmt.Errorf("cades: an attached signature holds the document: %w", ades.ErrDigestOnly)
		case o.Digest == 0:
			o.Digest = known.Algorithm
		case o.Digest != known.Algorithm:
			return nil, fmt.Errorf("%w: Digest is %s, the document is known by its %s", ErrOptions, pkix.DigestName(o.Digest), pkix.DigestName(known.Algorithm))
		}
	}
	p, err := o.planFor(chain)
	if err == nil && digestOnly && p.scheme.Hash != known.Algorithm {
		return nil, fmt.Errorf("%w: %s needs the %s digest of the document, it is known by its %s", ErrOptions, p.scheme.Name(),
			pkix.DigestName(p.scheme.Hash), pkix.DigestName(known.Algorithm))
	}
	return p, err
}

// planFor checks the certificate and picks the scheme.
func (o Options) planFor(chain []*x509.Certificate) (*plan, error) {
	if len(chain) == 0 || chain[0] == nil {
		return nil, ades.ErrNoCertificate
	}
	p := &plan{options: o, chain: make([][]byte, 0, len(chain))}
	for _, c := range chain {
		p.chain = append(p.chain, c.Raw)
	}
	var err error
	if p.certificate, err = signerCertificate(chain[0]); err != nil {
		return nil, err
	}
	if !o.UnsafeUnfitCertificate {
		if err := fitToSign(p.certificate, o.Time); err != nil {
			return nil, err
		}
	}
	if p.scheme, err = pkix.SchemeFor(&p.certificate.PublicKey, o.Digest, o.PSS); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	if p.scheme.Kind == pkix.EdDSA && o.Digest != 0 && o.Digest != p.scheme.Hash {
		return nil, fmt.Errorf("%w: Ed25519 goes with SHA-512 and not with %s (RFC 8419 §3.1)", ErrOptions, pkix.DigestName(o.Digest))
	}
	if o.PSS && p.scheme.Kind != pkix.PSS {
		return nil, fmt.Errorf("%w: PSS is for RSA keys, this one is %s", ErrOptions, p.certificate.PublicKey.Describe())
	}
	if p.scheme.Kind == pkix.PSS && (p.scheme.MGFHash != p.scheme.Hash || p.scheme.SaltLength != p.scheme.Hash.Size()) {
		return nil, fmt.Errorf("%w: the certificate asks for %s, which signers here do not make", ErrOptions, p.scheme.Name())
	}
	return p, nil
}

func (o Options) check() error {
	switch o.Level {
	case 0, ades.BaselineB:
	case ades.BaselineT:
		if o.Authority == nil {
			return fmt.Errorf("%w: level B-T needs an Authority", ErrOptions)
		}
	default:
		return fmt.Errorf("%w: level %s is not made here", ErrOptions, o.Level)
	}
	if o.Time.IsZero() {
		return fmt.Errorf("%w: Time, the claimed signing time, is missing", ErrOptions)
	}
	return nil
}

// digest reads the document, unless its digest is what is known of it.
func (p *plan) digest(ctx context.Context, doc *ades.Document) (ades.Digest, error) {
	sums, err := doc.Digests(ctx, p.scheme.Hash)
	if err != nil {
		return ades.Digest{}, err
	}
	return ades.Digest{Algorithm: p.scheme.Hash, Sum: sums[p.scheme.Hash], Size: doc.Size()}, nil
}
