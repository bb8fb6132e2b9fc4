package pades_test

import (
	"errors"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/facts"
)

// stands says whether a signature is sound, whatever the trust: valid, invalid or unknown. It is a second reading of the
// facts, apart from package validation.
func stands(doc *facts.Document, s *facts.Signature) string {
	if len(s.Modifications) > 0 {
		return "invalid"
	}
	out := "valid"
	for _, p := range s.Problems {
		if p.Fatal {
			return "invalid"
		}
		if p.Unsupported {
			out = "unknown"
		}
	}
	if len(s.References) == 0 {
		return "unknown"
	}
	for _, r := range s.References {
		if !r.Found {
			out = "unknown"
		} else if !r.Intact {
			return "invalid"
		}
	}
	best := "invalid"
	if len(s.Candidates) == 0 {
		best = "unknown"
	}
	for _, id := range s.Candidates {
		switch err := verifyWith(doc, s, id); {
		case err == nil:
			return out
		case errors.Is(err, pkix.ErrUnsupported):
			best = "unknown"
		}
	}
	return best
}

func verifyWith(doc *facts.Document, s *facts.Signature, id string) error {
	certificate, err := pkix.ParseCertificate(doc.Certificate(id).Raw)
	if err != nil {
		return pkix.ErrUnsupported
	}
	hash, err := pkix.DigestByOID(algorithm(s.DigestAlgorithm))
	if err != nil {
		return pkix.ErrUnsupported
	}
	scheme, err := pkix.ParseScheme(algorithm(s.SignatureAlgorithm), &certificate.PublicKey, hash)
	if err != nil {
		return pkix.ErrUnsupported
	}
	if s.ToBeSigned == nil {
		err = scheme.VerifyDigest(&certificate.PublicKey, s.References[0].Computed, s.Value)
	} else {
		err = scheme.Verify(&certificate.PublicKey, s.ToBeSigned, s.Value)
	}
	return err
}

func algorithm(a facts.Algorithm) pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{OID: der.MustOID(a.OID), Parameters: a.Parameters}
}
