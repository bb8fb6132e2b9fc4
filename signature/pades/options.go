package pades

import (
	"crypto"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// Options say which signature is made. Time is required; every other zero value is a sound choice.
type Options struct {
	Level ades.Level // BaselineB when zero, or BaselineT
	// Time is the signing time that the signer claims, written in /M to the second (EN 319 142-1 §5.3). It proves nothing and
	// is never taken from a clock here.
	Time time.Time
	// Authority timestamps the signature value; required from BaselineT on.
	Authority timestamp.Authority

	Digest crypto.Hash // of the document and of the signed attributes; zero for what suits the key, see cades.Options
	PSS    bool        // RSASSA-PSS instead of PKCS#1 v1.5

	// Field is the name of the signature field: one that is there and empty, or a new one. Empty for a new one with a name of
	// its own, "Signature1".
	Field string
	// What the signature dictionary says for a reader, in any script (ISO 32000-2 table 255). Nobody vouches for it.
	Name, Reason, Location, ContactInfo string

	Commitment string   // OID of the commitment made, such as cades.ProofOfApproval; not together with Reason (EN 319 142-1 §6.3)
	Roles      []string // roles that the signer claims

	// Room is how many octets are kept for the signature; zero for what it takes, from a dry run and Authority.TokenSize.
	Room int
	// TokenSize is the room for a timestamp when Prepare is given no Authority; 12 KiB when zero.
	TokenSize int

	// UnsafeUnfitCertificate signs even with a certificate that is expired, not yet valid at Time, or whose key usage does not
	// sign: see cades.Options.
	UnsafeUnfitCertificate bool
}

const (
	standardTokenSize = 12 << 10
	maxRoom           = 8 << 20
)

// cades is what the CMS inside has: no signing-time, which /M replaces (EN 319 142-1 §6.3).
func (o Options) cades() cades.Options {
	return cades.Options{Time: o.Time, Digest: o.Digest, PSS: o.PSS, Commitment: o.Commitment, Roles: o.Roles, OmitTime: true,
		UnsafeUnfitCertificate: o.UnsafeUnfitCertificate}
}

// check refuses what no document could be signed with.
func (o Options) check(needAuthority bool) error {
	switch o.Level {
	case 0, ades.BaselineB:
	case ades.BaselineT:
		if needAuthority && o.Authority == nil {
			return fmt.Errorf("%w: level B-T needs an Authority", ErrOptions)
		}
	default:
		return fmt.Errorf("%w: level %s is not made here", ErrOptions, o.Level)
	}
	switch {
	case o.Time.IsZero():
		return fmt.Errorf("%w: Time, the claimed signing time, is missing", ErrOptions)
	case o.Reason != "" && o.Commitment != "":
		return fmt.Errorf("%w: Reason and Commitment exclude each other (EN 319 142-1 §6.3)", ErrOptions)
	case o.Room < 0 || o.Room > maxRoom || o.TokenSize < 0 || o.TokenSize > maxRoom:
		return fmt.Errorf("%w: Room and TokenSize are from 0 to %d", ErrOptions, maxRoom)
	}
	for _, text := range []string{o.Field, o.Name, o.Reason, o.Location, o.ContactInfo} {
		if !utf8.ValidString(text) || len(text) > 64<<10 {
			return fmt.Errorf("%w: a text that is not UTF-8, or too long", ErrOptions)
		}
	}
	return nil
}

// room is how many octets to keep for the signature that draft becomes.
func (o Options) room(draft *cades.Draft) int {
	if o.Room > 0 {
		return o.Room
	}
	token := 0
	switch {
	case o.Level != ades.BaselineT:
	case o.Authority != nil:
		token = o.Authority.TokenSize()
	case o.TokenSize > 0:
		token = o.TokenSize
	default:
		token = standardTokenSize
	}
	return draft.Size(token)
}
