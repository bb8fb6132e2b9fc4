package pkix

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// Extensions of CRLs and of their entries (RFC 5280 §5.2, §5.3; X.509 (2019) §9.5).
var (
	OIDCRLNumber                = der.MustOID("2.5.29.20")
	OIDReasonCode               = der.MustOID("2.5.29.21")
	OIDHoldInstruction          = der.MustOID("2.5.29.23")
	OIDInvalidityDate           = der.MustOID("2.5.29.24")
	OIDDeltaCRLIndicator        = der.MustOID("2.5.29.27")
	OIDIssuingDistributionPoint = der.MustOID("2.5.29.28")
	OIDCertificateIssuer        = der.MustOID("2.5.29.29")
	OIDExpiredCertsOnCRL        = der.MustOID("2.5.29.60")
)

// ErrCRL is matched by every error of [ReadCRL] but those of the reader and of the context: the octets have not the shape of
// a CRL in DER, or exceed a bound (the error then matches der.ErrLimit too).
var ErrCRL = errors.New("pkix: not a certificate revocation list")

// Codes of anomalies that only a CRL has.
const (
	CodeEntryIssuer = "entry-issuer" // a certificateIssuer that cannot be compared, RFC 5280 §5.3.3
	CodeEmptyList   = "empty-list"   // revokedCertificates without an entry, RFC 5280 §5.1.2.6
)

// A CRL is a CertificateList (RFC 5280 §5.1) as read: everything but the entries that nobody asked for.
type CRL struct {
	ID   [32]byte // SHA-256 of the DER
	Size int64    // of the DER, in octets

	Version                int // 1 or 2 (encoded as absent and 1)
	SignatureAlgorithm     AlgorithmIdentifier
	TBSSignatureAlgorithm  AlgorithmIdentifier
	Issuer                 Name
	ThisUpdate, NextUpdate time.Time // NextUpdate is zero when absent
	Extensions             []Extension
	Signature              []byte

	// Digest is that of tbsCertList under the hash of its signature algorithm, nil when that is not computed here. An algorithm
	// that signs the message itself (Ed25519) leaves it nil and fills ToBeSigned, unless the CRL is longer than limits.CRLWhole.
	Digest     []byte
	Hash       crypto.Hash
	ToBeSigned []byte

	Count    int        // entries on the list
	Entries  []CRLEntry // those asked for, or all if Complete; in order
	Complete bool

	// Decoded from Extensions; zero when absent or unreadable (an anomaly then says so).
	AuthorityKeyID []byte
	Number         *big.Int
	BaseNumber     *big.Int // of a delta CRL: RFC 5280 §5.2.4
	Point          *IssuingDistributionPoint
	FreshestCRL    []string  // URIs
	ExpiredCerts   time.Time // certificates that expired since then are still on the list: X.509 §9.5.2.8

	// NamesIssuers says that some entry has a certificateIssuer, as only indirect CRLs may.
	NamesIssuers bool
	// UnknownCritical are the critical extensions of the CRL, and UnknownEntryCritical those of any of its entries, that are not
	// processed here. The CRL must not be used then (RFC 5280 §5.2, §5.3).
	UnknownCritical      []der.OID
	UnknownEntryCritical []der.OID

	Anomalies []Anomaly
}

// A CRLEntry is one revoked certificate.
type CRLEntry struct {
	Serial     []byte // content octets of the INTEGER
	Date       time.Time
	Reason     int       // CRLReason (RFC 5280 §5.3.1), -1 when absent
	Invalidity time.Time // zero when absent
	// Issuer is the DER of the Name of the certificate's issuer in an indirect CRL, which entries pass on to those after them
	// (RFC 5280 §5.3.3); nil for the issuer of the CRL.
	Issuer []byte
	// UnknownIssuer says that the certificate's issuer is named in a way that is not read: not by a directory name.
	UnknownIssuer bool
}

// ReadCRL reads one CRL as it flows: DER, or DER in PEM. serials are the content octets of those to look for; a list of at
// most limits.CRLComplete entries is kept whole. Memory is a window of 64 KiB and what is kept, whatever the size of the list.
//
// The structure must be DER, so that no two readers can see two lists in it; departures from RFC 5280 that leave no doubt are
// anomalies. A CRL is returned only when it was read to its end.
func ReadCRL(ctx context.Context, r io.Reader, serials ...[]byte) (*CRL, error) {
	return scanCRL(newCRLWindow(ctx, r), serials)
}

// ParseCRL is [ReadCRL] of octets in memory, which the result does not share.
func ParseCRL(raw []byte, serials ...[]byte) (*CRL, error) {
	if len(raw) == 0 || raw[0] != 0x30 { // PEM
		return ReadCRL(context.Background(), bytes.NewReader(raw), serials...)
	}
	return scanCRL(&crlWindow{buf: raw, whole: sha256.New(), drained: true}, serials)
}

func scanCRL(w *crlWindow, serials [][]byte) (*CRL, error) {
	s := crlScan{w: w, crl: new(CRL)}
	if len(serials) > limits.CRLSought {
		return nil, fmt.Errorf("%w: %d serials to look for, the bound is %d: %w", ErrCRL, len(serials), limits.CRLSought, der.ErrLimit)
	}
	s.wanted = make(map[string]bool, len(serials))
	for _, serial := range serials {
		s.wanted[string(TrimInteger(serial))] = true
	}
	if s.read(); s.w.err != nil {
		return nil, s.w.err
	}
	s.crl.Anomalies = s.o.anomalies
	return s.crl, nil
}

// TrimInteger takes off the octets that content octets of an INTEGER have too many: equal numbers become equal octets.
func TrimInteger(content []byte) []byte {
	for len(content) > 1 && (content[0] == 0 && content[1] < 0x80 || content[0] == 0xff && content[1] >= 0x80) {
		content = content[1:]
	}
	return content
}

// Verify checks the signature of the CRL with a key. The algorithm inside and outside of what is signed must be the same
// (RFC 5280 §5.1.1.2), or the error is ErrAlgorithm.
func (c *CRL) Verify(key *PublicKeyInfo) error {
	if !c.SignatureAlgorithm.Equal(c.TBSSignatureAlgorithm) {
		return fmt.Errorf("pkix: signatureAlgorithm and signature differ (RFC 5280 §5.1.1.2): %w", ErrAlgorithm)
	}
	scheme, err := ParseScheme(c.SignatureAlgorithm, key, 0)
	switch {
	case err != nil:
		return err
	case scheme.Kind != EdDSA:
		return scheme.VerifyDigest(key, c.Digest, c.Signature)
	case c.ToBeSigned == nil:
		return fmt.Errorf("pkix: a CRL of %d octets under %s, which needs it whole: %w", c.Size, scheme.Name(), ErrUnsupported)
	}
	return scheme.Verify(key, c.ToBeSigned, c.Signature)
}
