//go:build corpus

package signature_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// shared is the folder of material beside the repository.
func shared(t *testing.T) string {
	if folder := os.Getenv("CONFIANCE_SHARED"); folder != "" {
		return folder
	}
	at, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return filepath.Join(at, "..", "shared")
		}
		above := filepath.Dir(at)
		require.NotEqual(t, at, above, "no go.mod above the test")
		at = above
	}
}

// unlike are the rows on which this version does not say what the table says, each for a reason. A row that comes right must
// be taken out.
var unlike = map[string]string{
	"pades/itext/PdfPKCS7Test/extensions/sample-brainpoolP384r1-sha384.pdf": "the standard library has no brainpool curve: unknown",

	"pades/dss/dss-1376/DSS1376-rev_n-1.pdf":                                              "form filled later",
	"pades/dss/dss-1376/DSS1376-rev_n-2.pdf":                                              "form filled later",
	"pades/itext/DocumentRevisionsValidatorIntegrationTest/fullCompressionModeLevel2.pdf": "form filled later",
	"pades/pyhanko/form-update-override-appearance-stream-ap-indirect.pdf":                "form filled later",
	"pades/dss/pades-ltv-with-reason.pdf":                                                 "an object that an earlier revision named and did not have",
	"pades/pyhanko/extensions-indirect.pdf":                                               "/Metadata changed later",
	"pades/pyhanko/extensions-update-indirect.pdf":                                        "/Metadata changed later",
	"pades/dss/DSS-2155.pdf":                                                              "padding of /Contents that is not zero",

	"pades/itext/mac/ReadSignedMacProtectedDocumentTest/thirdPartyMacProtectedAndSignedDocument.pdf":                     "encrypted",
	"pades/itext/mac/SignedDocumentWithMacTest/cmp_signMacProtectedDocInAppendModeTest_signDetached.pdf":                 "encrypted",
	"pades/itext/mac/SignedDocumentWithMacTest/cmp_signMacProtectedDocInAppendModeTest_signExternalContainerReal.pdf":    "encrypted",
	"pades/itext/mac/SignedDocumentWithMacTest/cmp_signMacProtectedDocWithSHA3_384Test_signExternalContainerReal.pdf":    "encrypted",
	"pades/itext/mac/SignedDocumentWithMacTest/cmp_signNotMacProtectedDocInAppendModeTest_signExternalContainerReal.pdf": "encrypted",
	"pades/itext/mac/SignedDocumentWithMacTest/macEncryptedWithPublicHandlerDoc.pdf":                                     "encrypted",
	"pades/itext/mac/TwoStepSigningWithMacTest/cmp_signDeferredWithReaderTest.pdf":                                       "encrypted",
	"pades/itext/mac/TwoStepSigningWithMacTest/cmp_twoPhaseSignerWithDocumentTest.pdf":                                   "encrypted",
}

// TestCorpus runs every CAdES and PAdES file of others through a Validator. Nothing that is expected to be invalid passes, and
// what is expected to be valid is, with the signatures, levels and timestamps that the table states.
func TestCorpus(t *testing.T) {
	folder := filepath.Join(shared(t), "corpus")
	table, err := os.ReadFile(filepath.Join(folder, "expected.tsv"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimRight(string(table), "\n"), "\n")
	columns := strings.Split(lines[0], "\t")
	validator, err := signature.NewValidator(signature.ValidatorOptions{UnsafeNoRevocation: true, UnsafeAnchorsFromFile: true})
	require.NoError(t, err)
	agreeing, total := map[string]int{}, map[string]int{}
	for _, line := range lines[1:] {
		fields := map[string]string{}
		for i, value := range strings.Split(line, "\t") {
			fields[columns[i]] = value
		}
		if fields["format"] != "cades" && fields["format"] != "pades" {
			continue
		}
		name := fields["path"] + fields["detached"]
		t.Run(name, func(t *testing.T) {
			kind := fields["format"] + " " + fields["crypto"]
			total[kind]++
			started := time.Now()
			got, err := validateCorpusFile(t, validator, folder, fields)
			require.Less(t, time.Since(started), 3*time.Second)
			difference := compare(fields, got, err)
			if difference == "" {
				agreeing[kind]++
			}
			if fields["crypto"] == "invalid" {
				require.Empty(t, difference, "AN INVALID SIGNATURE IS ACCEPTED: %s", fields["why"])
			}
			if reason, known := unlike[name]; known {
				require.NotEmpty(t, difference, "this row is right now, and was not: %s", reason)
				return
			}
			require.Empty(t, difference)
		})
	}
	require.Equal(t, 106, total["cades valid"]+total["cades invalid"])
	require.Equal(t, 207, total["pades valid"]+total["pades invalid"]+total["pades none"]+total["pades -"])
	for kind, n := range total {
		t.Logf("%s: %d of %d agree", kind, agreeing[kind], n)
	}
}

func validateCorpusFile(t *testing.T, validator *signature.Validator, folder string, fields map[string]string) (*signature.Validation, error) {
	doc, err := ades.OpenDocument(filepath.Join(folder, fields["path"]))
	require.NoError(t, err)
	defer doc.Close()
	o := signature.ValidateOptions{Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	if fields["detached"] != "" {
		o.Detached, err = ades.OpenDocument(filepath.Join(folder, fields["detached"]))
		require.NoError(t, err)
		defer o.Detached.Close()
	}
	return validator.Validate(context.Background(), doc, o)
}

// compare returns what differs from the table.
func compare(fields map[string]string, got *signature.Validation, err error) string {
	sum := "error"
	if err == nil {
		sum = summary(got)
	}
	switch fields["crypto"] {
	case "-":
		return ""
	case "invalid":
		if sum == "valid" && !refused(got, strings.Split(fields["or_sub"], "|")) {
			return "accepted"
		}
		return ""
	case "none":
		if sum != "none" {
			return sum + " where there is no signature"
		}
		return ""
	}
	if sum != "valid" {
		return sum
	}
	var levels []string
	for _, s := range got.Signatures {
		levels = append(levels, s.Level)
	}
	slices.Sort(levels)
	want := strings.Split(fields["levels"], ";")
	slices.Sort(want)
	switch {
	case fields["signatures"] != "-" && fields["signatures"] != strconv.Itoa(len(got.Signatures)):
		return strconv.Itoa(len(got.Signatures)) + " signatures instead of " + fields["signatures"]
	case fields["levels"] != "-" && !slices.Equal(levels, want):
		return strings.Join(levels, ";") + " instead of " + fields["levels"]
	case fields["timestamps"] != "-" && fields["timestamps"] != strconv.Itoa(len(got.Timestamps)):
		return strconv.Itoa(len(got.Timestamps)) + " timestamps instead of " + fields["timestamps"]
	}
	return ""
}

func summary(got *signature.Validation) string {
	if len(got.Signatures) == 0 {
		return "none"
	}
	sum := "valid"
	for _, s := range got.Signatures {
		switch s.Crypto {
		case validation.CryptoInvalid:
			return "invalid"
		case validation.CryptoUnknown:
			sum = "unknown"
		}
	}
	return sum
}

func refused(got *signature.Validation, subs []string) bool {
	return slices.ContainsFunc(got.Signatures, func(s validation.SignatureConclusion) bool {
		return slices.Contains(subs, string(s.SubIndication)) && s.SubIndication != ""
	})
}
