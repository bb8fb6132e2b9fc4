package pkix_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

func FuzzReadCRL(f *testing.F) {
	names, err := filepath.Glob("../../signature/validation/testdata/pkits/crls/*.crl")
	require.NoError(f, err)
	require.NotEmpty(f, names)
	for i, name := range names {
		if raw, err := os.ReadFile(name); err == nil && (i%8 == 0 || strings.Contains(name, "ndirect") || strings.Contains(name, "delta")) {
			f.Add(raw)
		}
	}
	f.Add(list(f, march, april, seq(entry([]byte{1}, reason(1), certificateIssuer(otherName))), crlExtensions(crlExtension(pkix.OIDIssuingDistributionPoint, true, seq(unhex("8401ff"))))))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list(f, march)}))
	f.Add([]byte{0x30, 0x80})
	key := must(pkix.NewPublicKeyInfo(rsaKey().Public()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		crl, err := pkix.ReadCRL(context.Background(), bytes.NewReader(raw), []byte{1}, []byte{0x40})
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20+64*uint64(len(raw)) {
			t.Fatalf("%d octets allocated for %d", spent, len(raw))
		}
		if err != nil {
			require.Nil(t, crl)
			_, err := pkix.ParseCRL(raw, []byte{1}, []byte{0x40})
			require.Error(t, err)
			return
		}
		same, err := pkix.ParseCRL(raw, []byte{1}, []byte{0x40})
		require.NoError(t, err)
		require.Equal(t, crl, same)
		require.LessOrEqual(t, len(crl.Entries), crl.Count)
		require.False(t, crl.ThisUpdate.IsZero())
		if !slices.Contains(crlCodes(crl), pkix.CodeBER) {
			require.LessOrEqual(t, crl.Size, int64(len(raw)))
			require.Equal(t, hashOf(crypto.SHA256, raw[:crl.Size]), crl.ID[:])
		}
		crl.Verify(key)
	})
}

func FuzzParseOCSPResponse(f *testing.F) {
	ca, leaf := ocspScene()
	for _, options := range [][]pkitest.Option{
		{}, {pkitest.ByName()}, {pkitest.CertHash(true)}, {pkitest.ArchiveCutOff(fixed)}, {pkitest.Says(pkitest.Unknown)}, {pkitest.ResponseStatus(3)},
	} {
		f.Add(ca.OCSP(leaf, options...))
		f.Add(ca.Responder("Répondeur").OCSP(leaf, options...))
	}
	key := &parsed(f, ca.DER).PublicKey
	f.Fuzz(func(t *testing.T, raw []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		response, err := pkix.ParseOCSPResponse(raw)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<18+64*uint64(len(raw)) {
			t.Fatalf("%d octets allocated for %d", spent, len(raw))
		}
		if err != nil || response.Basic == nil {
			return
		}
		b := response.Basic
		require.False(t, b.ProducedAt.IsZero())
		require.True(t, (b.ResponderName == nil) != (b.ResponderKey == nil))
		require.NoError(t, der.CheckStructure(b.Raw, der.Limits{}))
		alone, err := pkix.ParseOCSPResponse(b.Raw)
		require.NoError(t, err)
		require.Equal(t, b.ID, alone.Basic.ID)
		b.Verify(key)
	})
}

func FuzzParseOCSPRequest(f *testing.F) {
	ca, leaf := ocspScene()
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		f.Add(pkitest.OCSPRequest(leaf, h, nil))
		f.Add(pkitest.OCSPRequest(ca.Leaf("Autre"), h, []byte("nonce")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		request, err := pkix.ParseOCSPRequest(raw)
		if err != nil || len(request.Nonce) > limits.OCSPNonce {
			return
		}
		again, err := request.Marshal()
		require.NoError(t, err)
		same, err := pkix.ParseOCSPRequest(again)
		require.NoError(t, err)
		require.Equal(t, request, same)
	})
}
