package report_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/facts"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/report"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// withRevocation adds a list and a response to the facts of a scene, with a check that names each.
func withRevocation(t *testing.T, s scene) scene {
	pki := pkitest.New(pkitest.At(noon.Add(-2 * time.Hour)))
	ca := pki.Root("Sommet d'essai").Intermediate("AC d'essai")
	leaf := ca.Leaf("Camille Dubois", pkitest.Revoked(noon.Add(-72*time.Hour), pkitest.KeyCompromise))
	list, err := facts.ReadCRL(context.Background(), bytes.NewReader(ca.CRL()), leaf.SerialOctets())
	require.NoError(t, err)
	response, certificates, err := facts.ReadOCSP(ca.OCSP(leaf))
	require.NoError(t, err)
	s.Facts.AddRevocation(list)
	s.Facts.AddRevocation(response, certificates...)
	require.Len(t, s.Facts.Revocations, 2)
	for i, id := range []string{list.ID, response.ID} {
		s.Conclusion.Signatures[0].Blocks[0].Checks = append(s.Conclusion.Signatures[0].Blocks[0].Checks, validation.Check{
			ID: "certificate.encoding", Clause: "RFC 5280 §5", Level: validation.Warn, Status: validation.Warning, Object: id,
			Message: "something about object " + string(rune('1'+i)),
		})
	}
	return s
}

func TestRevocations(t *testing.T) {
	j, schema := newJudge(t)
	s := withRevocation(t, scenes(t)["valid"])
	r := report.New(s.Facts, &s.Conclusion, report.Options{Detailed: true})
	require.Len(t, r.Revocations, 2)
	list, response := r.Revocations[0], r.Revocations[1]
	require.Equal(t, facts.KindCRL, list.Kind)
	require.Equal(t, facts.KindOCSP, response.Kind)
	require.Equal(t, 1, list.Entries)
	require.Equal(t, 1, response.Entries)
	for _, one := range r.Revocations {
		require.Equal(t, noon.Add(-2*time.Hour), *one.ThisUpdate)
		require.True(t, one.NextUpdate.After(noon))
	}
	require.NoError(t, j.check("", schema, parsed(t, written(t, r, forms[1]))))
	notes := strings.Join(r.Signatures[0].Words.Notes, "\n")
	require.Contains(t, notes, "L'état de révocation (liste CRL) du 2 mars 2026 n'est pas codé")
	require.Contains(t, notes, "L'état de révocation (réponse OCSP) du 2 mars 2026")
	require.Contains(t, written(t, r, forms[0]), "suivante est prévue le 3 mars 2026")

	root := references(t, written(t, r, forms[3]))
	var kinds []string
	for _, o := range root.find("ValidationReport", "SignatureValidationObjects", "ValidationObject") {
		kinds = append(kinds, strings.TrimPrefix(o.find("ObjectType")[0].Text, "urn:etsi:019102:validationObject:"))
	}
	require.Contains(t, kinds, "CRL")
	require.Contains(t, kinds, "OCSPResponse")

	for _, f := range forms {
		got := strings.ToLower(written(t, report.New(s.Facts, &s.Conclusion, report.Options{Detailed: true, Redact: true}), f))
		for _, secret := range secretsOf(t, s) {
			require.NotContains(t, got, strings.ToLower(secret), f.extension)
		}
	}
}

func TestRevocationsAreBounded(t *testing.T) {
	s := withRevocation(t, scenes(t)["valid"])
	for i := range 3000 {
		one := s.Facts.Revocations[0]
		one.ID = strings.Repeat("0", 56) + leadingZeros(i)
		s.Facts.Revocations = append(s.Facts.Revocations, one)
	}
	r := report.New(s.Facts, &s.Conclusion, report.Options{})
	require.Len(t, r.Revocations, 500)
	require.Equal(t, 2502, r.Omitted.Revocations)
}

func leadingZeros(n int) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 8)
	for i := range out {
		out[7-i] = digits[n>>(4*i)&15]
	}
	return string(out)
}

// statusScene is a signature with a CRL beside it, about a certificate with these options; value is what is known of the
// value of the CRL.
func statusScene(v *village, value facts.ValueState, options ...pkitest.Option) scene {
	leaf := v.ca.Leaf("Camille Dubois", options...)
	got := v.validate(v.cades(deliberation, leaf, cades.Options{}))
	v.pki.SetTime(noon.Add(-5 * time.Minute))
	defer v.pki.SetTime(noon.Add(-59 * time.Minute))
	list, err := facts.ReadCRL(context.Background(), bytes.NewReader(v.ca.CRL()), leaf.SerialOctets())
	require.NoError(v.t, err)
	if value != "" {
		sum := sha256.Sum256(v.ca.DER)
		list.Keys = []facts.KeyResult{{Certificate: hex.EncodeToString(sum[:]), Result: value}}
	}
	got.Facts.AddRevocation(list)
	return scene{"deliberation de Boisjoli.p7m", got.Facts, got.Conclusion}
}

// What lists and responses say of a certificate is told once someone who may sign them is known to have signed them.
func TestRevocationStatus(t *testing.T) {
	v := newVillage(t)
	revoked := noon.Add(-30 * time.Minute)
	for _, r := range []struct {
		name    string
		options []pkitest.Option
		value   facts.ValueState
		says    string
		kind    facts.RevocationStatus
	}{
		{"good", nil, facts.Verified, "Non révoqué, selon l'état publié le 2 mars 2026", facts.Good},
		{"revoked", []pkitest.Option{pkitest.Revoked(revoked, pkitest.KeyCompromise)}, facts.Verified, "Révoqué le 2 mars 2026 à 11:30:00 UTC (clé compromise), selon l'état publié", facts.Revoked},
		{"wrong value", []pkitest.Option{pkitest.Revoked(revoked, pkitest.KeyCompromise)}, facts.Wrong, "", ""},
		{"not verified", nil, "", "", ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := statusScene(v, r.value, r.options...)
			one := french(s)
			j, schema := newJudge(t)
			require.NoError(t, j.check("", schema, parsed(t, written(t, one, forms[1]))))
			html := strings.ReplaceAll(written(t, one, forms[2]), "\u00a0", " ")
			root := references(t, written(t, one, forms[3]))
			information := root.find("ValidationReport", "SignatureValidationReport", "SignatureValidationStatus", "AssociatedValidationReportData", "RevocationStatusInformation")
			if r.says == "" {
				for _, c := range one.Certificates {
					require.Nil(t, c.Revocation)
				}
				require.Empty(t, information)
				return
			}
			require.Contains(t, strings.ReplaceAll(html, "&#39;", "'"), r.says)
			require.Equal(t, r.kind, one.Certificates[0].Revocation.Status)
			require.Contains(t, html, map[facts.RevocationStatus]string{facts.Good: `class="published"`, facts.Revoked: "révocation d"}[r.kind])
			if r.kind == facts.Revoked {
				require.Len(t, information, 1)
				require.Equal(t, "2026-03-02T11:30:00Z", information[0].find("RevocationTime")[0].Text)
				require.Equal(t, "urn:etsi:019102:revocationReason:keyCompromise", information[0].find("RevocationReason")[0].Text)
			}
			requireSafe(t, one, r.name)
		})
	}
}
