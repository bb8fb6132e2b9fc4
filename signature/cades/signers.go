package cades

import (
	"crypto"
	"fmt"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/cms"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/timestamp"
)

// signer is where a SignerInfo was found.
type signer struct {
	id      string
	parent  string // signature that it counter-signs
	depth   int    // counter-signatures above it
	content facts.Content
}

// add reads one signature, what hangs on it, and the counter-signatures below it.
func (r *reader) add(raw []byte, at signer) error {
	if r.signers++; r.signers > limits.CMSSigners || at.depth > limits.CAdESCounterDepth {
		return fmt.Errorf("%w: more than %d signatures, or counter-signatures nested deeper than %d", ErrNotCMS, limits.CMSSigners, limits.CAdESCounterDepth)
	}
	position := len(r.doc.Signatures)
	r.doc.Signatures = append(r.doc.Signatures, facts.Signature{Parent: at.parent, Format: facts.CAdES})
	s := &r.doc.Signatures[position]
	var err error
	if s.Signed, err = facts.ReadSigner(raw, at.content); err != nil {
		// Of a counter-signature: those at the top were parsed already. It must not pass for absent.
		s.Problems = []facts.Problem{{Code: "cms.signer-unreadable", Clause: "RFC 5652 §11.4", Message: err.Error(), Fatal: true}}
	}
	s.ID = at.id
	s.Problems = append(s.Problems, r.problems...)
	r.addCertificateValues(s.UnsignedAttributes)
	s.Tokens = r.addTokens(s)
	return r.addCounterSignatures(s.UnsignedAttributes, s.Value, at)
}

// addCounterSignatures may move doc.Signatures.
func (r *reader) addCounterSignatures(unsigned []facts.Attribute, value []byte, at signer) error {
	n := 0
	for _, a := range unsigned {
		if a.OID != oidCounterSignature {
			continue
		}
		for _, raw := range a.Values {
			n++
			below := signer{
				id: at.id + "-C" + strconv.Itoa(n), parent: at.id, depth: at.depth + 1,
				content: facts.Content{
					Name: "signature value of " + at.id, Digest: digestsOf(value),
					Head: value[:min(len(value), limits.CMSContentHead)], Size: int64(len(value)),
				},
			}
			if err := r.add(raw, below); err != nil {
				return err
			}
		}
	}
	return nil
}

// Dotted forms of attributes, as facts have them.
var (
	oidCounterSignature  = cms.OIDCountersignature.String()
	oidCertificateValues = cms.OIDCertificateValues.String()
	oidContentTimestamp  = cms.OIDContentTimestamp.String()

	tokenTypes = map[string]facts.TokenType{
		cms.OIDSignatureTimestamp.String():  facts.SignatureTimestamp,
		cms.OIDReferencesTimestamp.String(): facts.ReferencesTimestamp,
		cms.OIDCertCRLTimestamp.String():    facts.ReferencesTimestamp,
		cms.OIDArchiveTimestampV2.String():  facts.ArchiveTimestamp,
		cms.OIDArchiveTimestampV3.String():  facts.ArchiveTimestamp,
	}
)

// addTokens reads the timestamps of a signature, those of its signed attributes first.
func (r *reader) addTokens(s *facts.Signature) (ids []string) {
	add := func(a *facts.Attribute, kind facts.TokenType) {
		for _, token := range a.Values {
			place := timestamp.Place{ID: s.ID + "-T" + strconv.Itoa(len(ids)+1), Parent: s.ID, Type: kind}
			r.cover(&place, s)
			timestamp.Add(r.doc, token, place)
			ids = append(ids, place.ID)
		}
	}
	for i := range s.SignedAttributes {
		if a := &s.SignedAttributes[i]; a.OID == oidContentTimestamp {
			add(a, facts.ContentTimestamp)
		}
	}
	for i := range s.UnsignedAttributes {
		a := &s.UnsignedAttributes[i]
		if kind, ok := tokenTypes[a.OID]; ok {
			add(a, kind)
		}
	}
	return ids
}

// cover says what a token covers. What an archive or references timestamp covers is not computed in this version: its imprint
// is then not found.
func (r *reader) cover(place *timestamp.Place, s *facts.Signature) {
	switch place.Type {
	case facts.ContentTimestamp:
		place.Name = "content"
		if r.present && s.Parent == "" {
			place.Imprint = r.digest
		}
	case facts.SignatureTimestamp:
		place.Name, place.Imprint = "signature value", digestsOf(s.Value)
	case facts.ReferencesTimestamp:
		place.Name = "references"
	default:
		place.Name = "archive"
	}
}

func digestsOf(b []byte) func(crypto.Hash) ([]byte, bool) {
	return func(h crypto.Hash) ([]byte, bool) {
		if !h.Available() {
			return nil, false
		}
		state := h.New()
		state.Write(b)
		return state.Sum(nil), true
	}
}

// addCertificateValues takes the certificates of the certificate-values attribute, a SEQUENCE OF Certificate: EN 319 122-1
// §A.1.1.2.
func (r *reader) addCertificateValues(attributes []facts.Attribute) {
	for _, a := range attributes {
		if a.OID != oidCertificateValues {
			continue
		}
		for _, value := range a.Values {
			input := cryptobyte.String(value)
			var list, certificate cryptobyte.String
			if !input.ReadASN1(&list, asn1.SEQUENCE) {
				continue
			}
			for n := 0; n < limits.CMSCertificates && list.ReadASN1Element(&certificate, asn1.SEQUENCE); n++ {
				r.doc.AddCertificate(certificate, facts.FromSignature)
			}
		}
	}
}
