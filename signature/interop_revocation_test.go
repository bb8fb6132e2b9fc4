//go:build interop

package signature_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/cades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

// judgeOfDSS runs EU DSS over a file and returns its indication and sub-indication, in our words.
func judgeOfDSS(t *testing.T, args ...string) string {
	folder := os.Getenv("CONFIANCE_SHARED")
	if folder == "" {
		at, err := os.Getwd()
		require.NoError(t, err)
		folder = filepath.Join(at, "..", "..", "shared")
	}
	command := exec.Command(filepath.Join(folder, "peers", "dss", "dss"), append([]string{"validate"}, args...)...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	require.NoError(t, err, complaints.String())
	var line struct {
		Signatures []struct{ Indication, SubIndication string }
	}
	require.NoError(t, json.Unmarshal(out, &line), string(out))
	require.Len(t, line.Signatures, 1)
	verdict := strings.ReplaceAll(line.Signatures[0].Indication, "_", "-")
	if sub := line.Signatures[0].SubIndication; sub != "" {
		verdict += " (" + sub + ")"
	}
	return verdict
}

// TestRevocationAsDSS: the same file, lists, anchor and time give the same indication and sub-indication as EU DSS, but where a
// clause leaves no choice.
func TestRevocationAsDSS(t *testing.T) {
	yesterday, lastWeek := noon.AddDate(0, 0, -1), noon.AddDate(0, 0, -7)
	type lists func(root, ca *pkitest.Authority) [][]byte
	both := func(o ...pkitest.Option) lists {
		return func(root, ca *pkitest.Authority) [][]byte { return [][]byte{root.CRL(), ca.CRL(o...)} }
	}
	authorityRevoked := func(root, ca *pkitest.Authority) [][]byte {
		root.Revoke(&ca.Identity, yesterday, pkitest.CACompromise)
		return [][]byte{root.CRL(), ca.CRL()}
	}
	revoked := func(at time.Time, why pkitest.Reason) []pkitest.Option {
		return []pkitest.Option{pkitest.Revoked(at, why)}
	}
	expired := []pkitest.Option{pkitest.Expired()}
	for _, r := range []struct {
		name    string
		at      time.Time
		stamped bool
		options []pkitest.Option
		lists   lists
		ours    string // when it is not what DSS says
	}{
		{name: "good", at: yesterday, lists: both()},
		{name: "none", at: yesterday, lists: func(root, _ *pkitest.Authority) [][]byte { return [][]byte{root.CRL()} }},
		{name: "revoked", at: yesterday, options: revoked(yesterday, pkitest.KeyCompromise), lists: both()},
		{name: "revoked after", at: lastWeek, stamped: true, options: revoked(yesterday, pkitest.KeyCompromise), lists: both()},
		{name: "revoked before", at: yesterday, stamped: true, options: revoked(lastWeek, pkitest.KeyCompromise), lists: both()},
		{name: "on hold", at: yesterday, options: revoked(yesterday, pkitest.CertificateHold), lists: both()},
		{name: "on hold after", at: lastWeek, stamped: true, options: revoked(yesterday, pkitest.CertificateHold), lists: both()},
		{name: "authority revoked", at: yesterday, lists: authorityRevoked},
		{name: "authority revoked after", at: lastWeek, stamped: true, lists: authorityRevoked},
		{name: "late", at: yesterday, lists: both(pkitest.Late())},
		{name: "forged", at: yesterday, lists: both(pkitest.BadSignature())},
		{name: "without an announced end", at: yesterday, lists: both(pkitest.NoNextUpdate())},
		{name: "before the certificate", at: yesterday, lists: both(pkitest.At(noon.AddDate(-5, 0, 0)))},
		{name: "expired", at: lastWeek, options: expired, lists: both(pkitest.At(noon.AddDate(0, 0, -2)))},
		{name: "expired and stamped", at: lastWeek, stamped: true, options: expired, lists: both(pkitest.At(noon.AddDate(0, 0, -2)))},
		{name: "expired and perhaps forgotten", at: lastWeek, stamped: true, options: expired, lists: both()},
		// A list of authorities alone says nothing of an end user: RFC 5280 §6.3.3 (b) (2) (ii). DSS does not look.
		{name: "another scope", at: yesterday, lists: both(pkitest.Scope{OnlyAuthorities: true}), ours: "INDETERMINATE (CERTIFICATE_CHAIN_GENERAL_FAILURE)"},
	} {
		t.Run(r.name, func(t *testing.T) {
			v := newVillage(t)
			edit := []func(*cades.Options){func(o *cades.Options) { o.Time = r.at }}
			if r.stamped {
				edit = append(edit, with(v.root.TimestampAuthority("Horodatage", pkitest.Shift(r.at.Sub(noon)))))
			}
			signed := v.sign(v.ca.Leaf("Mairie de Boisjoli", append([]pkitest.Option{pkitest.RSA3072}, r.options...)...), edit...)
			dir := t.TempDir()
			save := func(name string, b []byte) string {
				path := filepath.Join(dir, name)
				require.NoError(t, os.WriteFile(path, b, 0o600))
				return path
			}
			var names []string
			var documents []*ades.Document
			for i, list := range r.lists(v.root, v.ca) {
				names = append(names, save(string(rune('0'+i))+".crl", list))
				documents = append(documents, ades.Bytes(list))
			}
			given, err := revocation.NewStatic(context.Background(), documents...)
			require.NoError(t, err)
			got := validate(t, v.validator(func(o *signature.ValidatorOptions) { o.UnsafeNoRevocation, o.Revocation = false, given }), signed)
			theirs := judgeOfDSS(t, "-anchors", save("root.pem", v.root.PEM()), "-crls", strings.Join(names, ","), "-at", noon.Format(time.RFC3339), save("signed.p7", signed))
			if r.ours != "" {
				require.NotEqual(t, r.ours, theirs, "DSS agrees now")
				theirs = r.ours
			}
			require.Equal(t, theirs, got.Signatures[0].Verdict.String(), "%+v", got.Signatures[0].Findings())
		})
	}
}
