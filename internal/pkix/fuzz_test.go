package pkix_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"go/build"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// certificateSeeds are a certificate of each kind of key, some of NIST, BER, and what broke other parsers.
func certificateSeeds(f *testing.F) [][]byte {
	seeds := [][]byte{usual(f, rsaKey()), usual(f, ecKey()), usual(f, edKey()), {0x1f, 0x80}, {0x30, 0x81}, {0x30, 0x80, 0, 0}}
	overlapping, err := base64.StdEncoding.DecodeString("MIAwAjACMAIwAjACMAIwMDACMDAwAjAwMAIwIDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwMDACMAIwAjACMAIwAjACMDAwAjAwMAIwMDACMCAwAjAgMAIwIDACMCAwAjACMAIwAjACMAIwAjACMAIwAjACMAIwAjACQQIwMDA=")
	require.NoError(f, err)
	seeds = append(seeds, overlapping, append(append([]byte{0x30, 0x80}, seeds[1][4:]...), 0, 0))
	dir := filepath.Join(build.Default.GOROOT, "src/crypto/x509/testdata/nist-pkits/certs")
	for _, name := range []string{"DSAParametersInheritedCACert.crt", "InvalidNegativeSerialNumberTest15EE.crt", "nameConstraintsDN1CACert.crt",
		"UserNoticeQualifierTest16EE.crt", "ValiddistributionPointTest4EE.crt", "ValidRFC822nameConstraintsTest21EE.crt"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(f, err)
		seeds = append(seeds, raw)
	}
	require.GreaterOrEqual(f, len(seeds), 14)
	return seeds
}

// allocatedBy returns the octets that f allocates, freed or not.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzParseCertificate(f *testing.F) {
	for _, seed := range certificateSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var c *pkix.Certificate
		var err error
		before := bytes.Clone(raw)
		// 100 octets for each of the input: an attribute of a name takes 72 and is written in 9, in lists that double.
		if got := allocatedBy(func() { c, err = pkix.ParseCertificate(raw) }); got > uint64(100*len(raw))+65536 {
			t.Fatalf("%d octets allocated for %d", got, len(raw))
		}
		if !bytes.Equal(before, raw) {
			t.Fatal("the input was written to")
		}
		std, stdErr := x509.ParseCertificate(raw)
		if err != nil {
			if !errors.Is(err, pkix.ErrCertificate) || c != nil {
				t.Fatalf("%v", err)
			}
			if stdErr == nil && !errors.Is(err, der.ErrLimit) {
				t.Fatalf("crypto/x509 reads it: %v", err)
			}
			return
		}
		if !bytes.HasPrefix(raw, c.Raw) || !bytes.Contains(c.Raw, c.RawTBS) || c.ID != sha256.Sum256(c.Raw) || c.Serial == nil {
			t.Fatal("what is kept is not what was read")
		}
		for _, a := range c.Anomalies {
			if a.Code == "" || a.Message == "" || a.Offset < 0 || a.Offset > 2*len(raw) {
				t.Fatalf("%+v", a)
			}
		}
		if len(c.Anomalies) > limits.CertificateAnomalies {
			t.Fatal("too many anomalies")
		}
		_, _, _ = c.Subject.String(), c.Issuer.String(), c.Subject.Equal(c.Issuer)
		_, _ = c.QCStatements()
		_ = c.QCTypes()
		_ = c.PublicKey.Describe()
		checked := pkix.CheckIssued(c, c)
		if stdErr != nil {
			return
		}
		if !bytes.Equal(std.RawTBSCertificate, c.RawTBS) || std.SerialNumber.Cmp(c.Serial) != 0 || !bytes.Equal(std.RawSubject, c.RawSubject) ||
			!bytes.Equal(std.RawSubjectPublicKeyInfo, c.RawSPKI) || std.Version != c.Version || c.Version == 3 && len(std.Extensions) != len(c.Extensions) {
			t.Fatal("crypto/x509 reads something else")
		}
		if c.Version == 3 && std.IsCA != c.IsCA() { // crypto/x509 reads no extension of older versions
			t.Fatalf("crypto/x509 says CA %v", std.IsCA)
		}
		if stdChecked := std.CheckSignature(std.SignatureAlgorithm, std.RawTBSCertificate, std.Signature); (stdChecked == nil) != (checked == nil) &&
			!errors.Is(checked, pkix.ErrAlgorithm) && std.SignatureAlgorithm != x509.SHA1WithRSA && std.SignatureAlgorithm != x509.ECDSAWithSHA1 &&
			len(c.Anomalies) == 0 {
			t.Fatalf("crypto/x509: %v, here: %v", stdChecked, checked)
		}
	})
}

func FuzzParsePublicKeyInfo(f *testing.F) {
	for _, raw := range certificateSeeds(f)[:3] {
		c, err := pkix.ParseCertificate(raw)
		require.NoError(f, err)
		f.Add(c.RawSPKI)
	}
	for _, seed := range [][]byte{
		spki("1.2.840.10045.2.1", oidHex("1.2.250.1.223.101.256.1"), hexOctets(frpPoint)), spki("1.2.840.10040.4.1", "", hexOctets("020105")),
		spki("1.2.840.113549.1.1.10", hexOf(pkix.PSSParameters{Hash: crypto.SHA256, MGFHash: crypto.SHA256, SaltLength: 32}.Marshal()), nil),
		spki("1.3.101.113", "", make([]byte, 57)), spki("1.2.840.10045.2.1", "3003020101", make([]byte, 65)), keyInfo(f, &dsaKey().PublicKey).Raw,
		{0x1f, 0x80}, {0x30, 0x81},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var key *pkix.PublicKeyInfo
		var err error
		if got := allocatedBy(func() { key, _, err = pkix.ParsePublicKeyInfo(raw) }); got > uint64(60*len(raw))+65536 {
			t.Fatalf("%d octets allocated for %d", got, len(raw))
		}
		if err != nil {
			return
		}
		if key.Kind == "" || key.Bits < 0 || key.Describe() == "" {
			t.Fatalf("%+v", key)
		}
		again, _, err := pkix.ParsePublicKeyInfo(key.Raw)
		if err != nil || !bytes.Equal(again.Raw, key.Raw) || again.Kind != key.Kind || again.Bits != key.Bits || (again.Public == nil) != (key.Public == nil) {
			t.Fatalf("read again: %v", err)
		}
		for _, s := range []pkix.Scheme{{Kind: pkix.PKCS1v15, Hash: crypto.SHA256}, {Kind: pkix.PSS, Hash: crypto.SHA256, MGFHash: crypto.SHA1}, {Kind: pkix.ECDSA, Hash: crypto.SHA256},
			{Kind: pkix.DSA, Hash: crypto.SHA256}, {Kind: pkix.EdDSA, Hash: crypto.SHA512}} {
			if key.Bits <= 4096 && s.Verify(key, []byte("message"), key.Key) == nil && key.Kind != pkix.KeyRSA && key.Kind != pkix.KeyRSAPSS {
				t.Fatal("a key verifies itself")
			}
		}
	})
}
