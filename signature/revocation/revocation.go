// Package revocation finds out whether certificates were revoked: it fetches CRLs (RFC 5280 §5) and OCSP responses (RFC 6960),
// reads them into facts, and keeps them. It concludes nothing.
//
// A [Source] is asked about one certificate at a time. What a program usually wants is an OCSP client, then CRLs, both with one
// store, and beside them the files that its user gave:
//
//	options := revocation.Options{HTTPClient: &http.Client{}, Now: time.Now, Store: revocation.NewMemory(16 << 20)}
//	responders, err := revocation.NewOCSPClient(revocation.OCSPOptions{Options: options})
//	lists, err := revocation.NewCRLClient(options)
//	source := revocation.FirstOf(given, responders, lists)
//
//	data, err := source.Fetch(ctx, certificate, issuer, notBefore)
//	for _, d := range data {
//		d.AddTo(doc) // *facts.Document
//	}
//
// [NewStatic] holds lists and responses given as files or octets. [NewIssuerClient] fetches the certificates of issuers, by the
// address that certificates give (AIA caIssuers). Nothing here touches the network or the clock unless an http.Client and a
// clock are given; nil is offline.
//
// # Concluding from facts
//
// What is fetched becomes a [facts.Revocation], which needs no octets to be judged: a CRL of any length is its header, its scope
// and the entries of the serials looked for. [facts.RevocationFinder] computes, with no policy, what a conclusion by EN 319 102-1
// rests on:
//
//   - Revocation acceptance checking (RAC). Finder.About gives the statements about a certificate: scope, distribution point,
//     delta and indirect lists by RFC 5280 §6.3.3, certHash and CertID of responses. One with Faults is not acceptable. For each
//     object in Statement.Data, Finder.Signers gives who may have signed it: a need of NeedValue where Value is empty (computed by
//     [Verify]), of NeedIssuance where Delegation is. It is acceptable under an Authorised signer whose own chain is then validated
//     like any other, to the same anchor, without its own revocation when NoCheck, and at ProducedAt for a response. A responder's
//     word on its own certificate is worth nothing; a list may speak of the certificate of its signer (PKITS 4.14.30). ThisUpdate
//     must not be before the certificate's notBefore, and KnowsExpired tells a good status from one that was forgotten.
//   - Revocation selection (CRS). About is ordered by ThisUpdate, the most recent first: the first acceptable one speaks. Lists
//     limited to some reasons (Statement.Reasons) are put together with [facts.Join] once each is acceptable.
//   - Revocation freshness (RFC, §5.2.5). ThisUpdate, NextUpdate and ProducedAt are in the statement; the allowed age is the
//     policy's, or NextUpdate - ThisUpdate. When nothing is fresh enough, a need of NeedRevocation with NotBefore set to the
//     validation time minus that age is what Fetch takes.
//   - Past validation (§5.6.2). Proofs of existence are by ID: Statement.Data names the objects that need one. StatusAt gives the
//     status at a control time, RevokedAt and Reason move it, ThisUpdate slides it when the data were not fresh.
//
// A statement about a certificate that was not looked for when a list was read has the fault "crl.not-sought": the list is to be
// read again, by ReadRevocations or by a source, and the facts then hold the union.
package revocation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cadre-confiance/confiance/signature/facts"
)

// A Source gives revocation data. Implementations are safe for concurrent use.
type Source interface {
	// Fetch returns lists and responses about a certificate, given with the certificate of its issuer, both in DER. Data that
	// are older than notBefore are worth less: a source that has something newer, or can have it, gives that, and one that only
	// has older data gives those. The zero notBefore asks for nothing in particular.
	//
	// A source that has nothing returns no data and no error. An error means that it tried and failed.
	Fetch(ctx context.Context, certificate, issuer []byte, notBefore time.Time) ([]Datum, error)
}

// A Datum is one CRL or OCSP response.
type Datum struct {
	// Facts is what it says. The serial of the certificate asked about was looked for.
	Facts facts.Revocation
	// Certificates are those that a response carries, in DER.
	Certificates [][]byte
	// DER is the object itself, for a signature to embed: a CertificateList or an OCSPResponse. It is nil for a list that is
	// longer than the source hands over.
	DER []byte
}

// AddTo adds the datum to the facts of a document, and reports whether they have more in them now.
func (d *Datum) AddTo(doc *facts.Document) bool { return doc.AddRevocation(d.Facts, d.Certificates...) }

// FirstOf asks the sources in order until one has a status of the certificate that its issuer vouches for and that is not older
// than notBefore, and returns all that was found until then. The error holds what each said, when none had any data. A cancelled
// context ends it at once.
func FirstOf(sources ...Source) Source { return firstOf(sources) }

type firstOf []Source

func (f firstOf) Fetch(ctx context.Context, certificate, issuer []byte, notBefore time.Time) ([]Datum, error) {
	var found []Datum
	var failures []error
	for _, source := range f {
		if source == nil {
			continue
		}
		data, err := source.Fetch(ctx, certificate, issuer, notBefore)
		if err != nil {
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("revocation: %w", context.Cause(ctx))
		}
		found = append(found, data...)
		if len(data) > 0 {
			if a := assess(certificate, issuer, found); a.authentic && !a.thisUpdate.Before(notBefore) {
				return found, nil
			}
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, errors.Join(failures...)
}

// All asks every source, and returns all that they have. The error holds what each said, when none had any data.
func All(sources ...Source) Source { return all(sources) }

type all []Source

func (a all) Fetch(ctx context.Context, certificate, issuer []byte, notBefore time.Time) ([]Datum, error) {
	var found []Datum
	var failures []error
	for _, source := range a {
		if source == nil {
			continue
		}
		data, err := source.Fetch(ctx, certificate, issuer, notBefore)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("revocation: %w", context.Cause(ctx))
		}
		if err != nil {
			failures = append(failures, err)
		}
		found = append(found, data...)
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, errors.Join(failures...)
}
