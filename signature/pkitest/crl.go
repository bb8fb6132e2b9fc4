package pkitest

import (
	"io"
	"math/big"
	"time"
)

type crlSpec struct {
	nextUpdate *time.Time
	noNext     bool
	late       bool
	number     *big.Int
	scope      *Scope
	filler     int
	baseNumber *big.Int
}

// NextUpdate sets when the next CRL or response is due.
func NextUpdate(t time.Time) Option {
	return setting{"NextUpdate", onCRL | onOCSP, func(s *spec) { s.crl.nextUpdate = &t }}
}

// NoNextUpdate leaves nextUpdate out.
func NoNextUpdate() Option {
	return setting{"NoNextUpdate", onCRL | onOCSP, func(s *spec) { s.crl.noNext = true }}
}

// Late makes a CRL or a response of eight days ago, whose nextUpdate was yesterday.
func Late() Option {
	return setting{"Late", onCRL | onOCSP, func(s *spec) { s.crl.late = true }}
}

// Number is the CRLNumber, by default one more at each CRL of the authority.
func Number(n int64) Option {
	return setting{"Number", onCRL, func(s *spec) { s.crl.number = big.NewInt(n) }}
}

// Delta makes a delta CRL on the base of that number: a critical deltaCRLIndicator, RFC 5280 §5.2.4. Its entries are not
// reduced.
func Delta(base int64) Option {
	return setting{"Delta", onCRL, func(s *spec) { s.crl.baseNumber = big.NewInt(base) }}
}

// Filler adds n entries of serials that nobody has, to make a CRL large.
func Filler(n int) Option {
	return setting{"Filler", onCRL, func(s *spec) { s.crl.filler = n }}
}

// Scope is an issuingDistributionPoint extension (critical): RFC 5280 §5.2.5. Entries follow OnlyUsers and OnlyAuthorities.
type Scope struct {
	URL             string // distributionPoint; the authority's CRL URL when empty and no other field is set
	OnlyUsers       bool
	OnlyAuthorities bool
	OnlyAttributes  bool
	Indirect        bool
	Reasons         []Reason // onlySomeReasons
}

func (sc Scope) setting() setting {
	return setting{"Scope", onCRL, func(s *spec) { s.crl.scope = &sc }}
}

// CRL is the authority's full list at the clock's date: what was revoked until then. By default v2, the next due after 24
// hours, with authorityKeyIdentifier and cRLNumber. Options: [At], [NextUpdate], [Late], [Number], [Scope], [Delta],
// [Extension], [Without], [Critical], [WrongKey], [BadSignature], [Digest], [LegacySHA1], [PSS].
func (a *Authority) CRL(options ...Option) []byte {
	s := collect(onCRL, "CRL", options)
	thisUpdate, nextUpdate := s.updates(a.pki.Now())
	how := a.pki.signingWith(&a.Identity, s)

	a.mu.Lock()
	a.crlNumber++
	number := big.NewInt(a.crlNumber)
	var entries [][]byte
	for _, r := range a.revoked {
		if r.at.After(thisUpdate) || (!r.released.IsZero() && !r.released.After(thisUpdate)) || !s.crl.covers(a.issued[string(r.serial)]) {
			continue
		}
		entry := [][]byte{integer(r.serial), validityTime(r.at)}
		if r.reason != Unspecified { // RFC 5280 §5.3.1: absent rather than unspecified
			entry = append(entry, sequence(extension{"2.5.29.21", false, enumerated(byte(r.reason))}.marshal()))
		}
		entries = append(entries, sequence(entry...))
	}
	a.mu.Unlock()
	filler := a.pki.stream("filler", a.path)
	for range s.crl.filler {
		serial := make([]byte, 16)
		io.ReadFull(filler, serial)
		serial[0] = serial[0]&0x3f | 0x20 // never one that serialFor draws
		entries = append(entries, sequence(integer(serial), validityTime(thisUpdate)))
	}
	if s.crl.number != nil {
		number = s.crl.number
	}
	extensions := []extension{
		{OIDAuthorityKeyIdentifier, false, sequence(implicit(0, keyID(a.spki)))},
		{OIDCRLNumber, false, bigInteger(number)},
	}
	if s.crl.baseNumber != nil {
		extensions = append(extensions, extension{OIDDeltaCRLIndicator, true, bigInteger(s.crl.baseNumber)})
	}
	if s.crl.scope != nil {
		extensions = append(extensions, extension{OIDIssuingDistributionPoint, true, s.crl.scope.marshal(a.CRLURL())})
	}
	extensions = s.amend(extensions)

	parts := [][]byte{smallInteger(1), how.algorithm(), a.subject(), validityTime(thisUpdate)}
	if nextUpdate != nil {
		parts = append(parts, validityTime(*nextUpdate))
	}
	if len(entries) > 0 { // absent rather than empty: RFC 5280 §5.1.2.6
		parts = append(parts, sequence(entries...))
	}
	if len(extensions) > 0 {
		var list [][]byte
		for _, e := range extensions {
			list = append(list, e.marshal())
		}
		parts = append(parts, explicit(0, sequence(list...)))
	}
	return how.signed(sequence(parts...))
}

// updates are thisUpdate and nextUpdate of a CRL or a response.
func (s *spec) updates(now time.Time) (thisUpdate time.Time, nextUpdate *time.Time) {
	thisUpdate = now.Truncate(time.Second)
	if s.at != nil {
		thisUpdate = s.at.UTC().Truncate(time.Second)
	}
	next := thisUpdate.Add(24 * time.Hour)
	switch {
	case s.crl.late:
		thisUpdate, next = thisUpdate.Add(-8*day), thisUpdate.Add(-day)
	case s.crl.noNext:
		return thisUpdate, nil
	case s.crl.nextUpdate != nil:
		next = *s.crl.nextUpdate
	}
	return thisUpdate, &next
}

func (c *crlSpec) covers(id *Identity) bool {
	if c.scope == nil || id == nil {
		return true
	}
	return !(c.scope.OnlyUsers && id.usage == issuing) && !(c.scope.OnlyAuthorities && id.usage != issuing)
}

func (sc *Scope) marshal(url string) []byte {
	var parts [][]byte
	if sc.URL != "" {
		url = sc.URL
	}
	parts = append(parts, explicit(0, explicit(0, uri(url))))
	flag := func(n uint8, v bool) {
		if v {
			parts = append(parts, implicit(n, []byte{0xff}))
		}
	}
	flag(1, sc.OnlyUsers)
	flag(2, sc.OnlyAuthorities)
	if len(sc.Reasons) > 0 {
		var bits uint32
		for _, r := range sc.Reasons {
			if r >= PrivilegeWithdrawn { // ReasonFlags has no hole: RFC 5280 §4.2.1.13
				r -= 2
			}
			bits |= 1 << uint(r)
		}
		parts = append(parts, implicit(3, namedBits(bits)[2:]))
	}
	flag(4, sc.Indirect)
	flag(5, sc.OnlyAttributes)
	return sequence(parts...)
}
