package pkix_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A usual certificate has no anomaly, and says what crypto/x509 says of it.
func TestParseCertificate(t *testing.T) {
	raw := usual(t, ecKey())
	c := parse(t, raw)
	require.Empty(t, c.Anomalies)
	require.Equal(t, sha256.Sum256(raw), c.ID)
	require.Equal(t, 3, c.Version)
	require.False(t, c.HasUniqueID)
	agree(t, raw, c)
	require.Equal(t, bytes.Repeat([]byte{0x5a}, 16), c.RawSerial)
	require.Equal(t, "organizationIdentifier=NTRFR-217500016,CN=Mairie de Boisjoli\\, cachet,OU=0002 21750001600019,O=Commune de Boisjoli,C=FR", c.Subject.String())
	require.Equal(t, &pkix.BasicConstraints{PathLen: -1, Critical: true}, c.BasicConstraints)
	require.True(t, c.KeyUsage.Critical)
	require.True(t, c.KeyUsage.Has(pkix.DigitalSignature|pkix.ContentCommitment))
	require.False(t, c.KeyUsage.Has(pkix.DigitalSignature|pkix.KeyCertSign))
	require.Equal(t, []der.OID{pkix.OIDPurposeEmailProtection}, c.ExtKeyUsage)
	require.False(t, c.ExtKeyUsageCritical)
	require.Equal(t, []der.OID{der.MustOID("1.2.250.1.999.1.2"), der.MustOID("0.4.0.194112.1.3")}, c.Policies)
	require.Equal(t, []string{"http://ac.example.fr/ac.cer"}, c.CAIssuers)
	require.Equal(t, "P-256", c.PublicKey.Curve)
	require.True(t, c.SelfIssued())
	require.False(t, c.IsCA())
	require.NoError(t, pkix.CheckIssued(c, c))
	for i, e := range c.Extensions {
		require.EqualValues(t, 0x30, raw[e.Offset])
		found, ok := c.Extension(e.OID)
		require.True(t, ok)
		require.Equal(t, c.Extensions[i], found)
	}
	_, ok := c.Extension(pkix.OIDNameConstraints)
	require.False(t, ok)
	var none *pkix.KeyUsage
	require.False(t, none.Has(pkix.DigitalSignature))
}

// agree compares every fact that crypto/x509 states too.
func agree(t *testing.T, raw []byte, c *pkix.Certificate) {
	t.Helper()
	std, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	require.Equal(t, std.Raw, c.Raw)
	require.Equal(t, std.RawTBSCertificate, c.RawTBS)
	require.Equal(t, std.RawIssuer, c.RawIssuer)
	require.Equal(t, std.RawSubject, c.RawSubject)
	require.Equal(t, std.RawSubjectPublicKeyInfo, c.RawSPKI)
	require.Equal(t, std.Version, c.Version)
	require.Zero(t, std.SerialNumber.Cmp(c.Serial))
	if len(c.Anomalies) == 0 || c.Anomalies[0].Code != pkix.CodeBitString { // crypto/x509 shifts a signature that has unused bits
		require.Equal(t, std.Signature, c.Signature)
	}
	require.True(t, std.NotBefore.Equal(c.NotBefore))
	require.True(t, std.NotAfter.Equal(c.NotAfter))
	require.Len(t, c.Extensions, len(std.Extensions))
	for i, e := range std.Extensions {
		require.Equal(t, e.Id.String(), c.Extensions[i].OID.String())
		require.Equal(t, e.Critical, c.Extensions[i].Critical)
		require.Equal(t, e.Value, c.Extensions[i].Value)
	}
	require.Equal(t, std.IsCA, c.IsCA())
	if std.KeyUsage != 0 {
		require.EqualValues(t, std.KeyUsage, c.KeyUsage.Bits)
	} else {
		require.True(t, c.KeyUsage == nil || c.KeyUsage.Bits == 0)
	}
	require.Equal(t, std.SubjectKeyId, c.SubjectKeyID)
	require.Equal(t, std.AuthorityKeyId, c.AuthorityKeyID)
	require.Equal(t, std.CRLDistributionPoints, c.CRLDistributionPoints)
	require.Equal(t, std.OCSPServer, c.OCSPServers)
	require.Equal(t, std.IssuingCertificateURL, c.CAIssuers)
	require.Equal(t, std.DNSNames, c.DNSNames)
	require.Equal(t, std.EmailAddresses, c.EmailAddresses)
	require.Len(t, c.Policies, len(std.Policies))
	require.Equal(t, len(std.ExtKeyUsage)+len(std.UnknownExtKeyUsage), len(c.ExtKeyUsage))
	if std.PublicKey != nil && c.PublicKey.Kind != pkix.KeyDSA {
		require.Equal(t, std.PublicKey, c.PublicKey.Public)
	}
}

// Every certificate of NIST PKITS is read, those that crypto/x509 refuses included, and agrees with it on the others.
func TestNISTCertificates(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(build.Default.GOROOT, "src/crypto/x509/testdata/nist-pkits/certs/*.crt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 400, "the certificates that come with Go")
	var certs []*pkix.Certificate
	odd := map[string][]string{}
	refused := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		c, err := pkix.ParseCertificate(raw)
		require.NoError(t, err, file)
		certs = append(certs, c)
		name := strings.TrimSuffix(filepath.Base(file), ".crt")
		for _, a := range c.Anomalies {
			odd[name] = append(odd[name], a.Code)
		}
		if _, err := x509.ParseCertificate(raw); err != nil {
			refused++
			continue
		}
		agree(t, raw, c)
	}
	require.Equal(t, 7, refused, "by crypto/x509")
	require.Equal(t, map[string][]string{
		"BadSignedCACert":                          {pkix.CodeBitString},
		"InvalidDSASignatureTest6EE":               {pkix.CodeBitString},
		"InvalidNegativeSerialNumberTest15EE":      {pkix.CodeSerialNegative},
		"Invalidpre2000UTCEEnotAfterDateTest7EE":   {pkix.CodeTime}, // without seconds
		"ValidGeneralizedTimenotBeforeDateTest4EE": {pkix.CodeTime}, // before 2050
	}, odd)

	verified, wrong := 0, []string{}
	for i, subject := range certs {
		for _, issuer := range certs {
			if !issuer.Subject.Equal(subject.Issuer) || !bytes.Equal(issuer.SubjectKeyID, subject.AuthorityKeyID) {
				continue
			}
			parent := *issuer
			if strings.Contains(issuer.Subject.String(), "Parameters Inherited") {
				for _, grand := range certs {
					if grand.Subject.Equal(issuer.Issuer) {
						parent.PublicKey = *issuer.PublicKey.InheritDSA(&grand.PublicKey)
					}
				}
			}
			if err := pkix.CheckIssued(subject, &parent); err == nil {
				verified++
			} else {
				require.ErrorIs(t, err, pkix.ErrSignature)
				wrong = append(wrong, strings.TrimSuffix(filepath.Base(files[i]), ".crt"))
			}
		}
	}
	require.Equal(t, 399, verified, "the others have no issuer in the set, or a wrong signature")
	require.ElementsMatch(t, []string{"BadSignedCACert", "InvalidEESignatureTest3EE", "InvalidDSASignatureTest6EE"}, wrong,
		"the three whose signature NIST broke")
}

// A certificate in BER is read in its DER form; what is signed and what is hashed stay as found.
func TestCertificateInBER(t *testing.T) {
	raw := usual(t, ecKey())
	want := parse(t, raw)
	input := cryptobyte.String(raw)
	var content cryptobyte.String
	require.True(t, input.ReadASN1(&content, asn1.SEQUENCE))
	ber := append(append([]byte{0x30, 0x80}, content...), 0, 0)
	c := parse(t, ber)
	require.Equal(t, ber, c.Raw)
	require.Equal(t, sha256.Sum256(ber), c.ID)
	require.Equal(t, want.RawTBS, c.RawTBS)
	require.Equal(t, want.Serial, c.Serial)
	require.Equal(t, want.Extensions, c.Extensions)
	require.Len(t, c.Anomalies, 1)
	require.Equal(t, pkix.CodeBER, c.Anomalies[0].Code)
	require.Contains(t, c.Anomalies[0].Message, "indefinite")
	require.NoError(t, pkix.CheckIssued(c, c))

	// BER within the signed part: the signature covers what is there.
	f := take(t, raw)
	f.serial = append([]byte{2, 0x81, 16}, f.serial[2:]...)
	inside := f.put()
	c = parse(t, inside)
	require.Equal(t, inside[4:4+len(c.RawTBS)], c.RawTBS)
	require.Contains(t, string(c.RawTBS), string(f.serial))
	require.Equal(t, want.Serial, c.Serial)
	require.ErrorIs(t, pkix.CheckIssued(c, c), pkix.ErrSignature)
}

func TestCertificateWithTrailingData(t *testing.T) {
	raw := usual(t, ecKey())
	c := parse(t, append(bytes.Clone(raw), 0, 0))
	require.Equal(t, raw, c.Raw)
	require.Equal(t, parse(t, raw).ID, c.ID)
	require.Equal(t, []pkix.Anomaly{{Code: pkix.CodeTrailing, Offset: len(raw), Message: "octets after the certificate"}}, c.Anomalies)
}

// Damage within a value that nobody reads does not hide the rest.
func TestDamagedCertificate(t *testing.T) {
	f := take(t, usual(t, ecKey()))
	f.subject = hexOctets("300d 310b 3009 0603550403 3002 0405")
	raw := append(f.put(), 1, 2)
	c := parse(t, raw)
	require.Equal(t, raw[:len(raw)-2], c.Raw)
	require.Len(t, c.Anomalies, 2)
	require.Equal(t, pkix.CodeTrailing, c.Anomalies[0].Code)
	require.Equal(t, pkix.CodeBER, c.Anomalies[1].Code)
	require.Contains(t, c.Anomalies[1].Message, "beyond the parent")
	require.Equal(t, []byte{4, 5}, raw[c.Anomalies[1].Offset:c.Anomalies[1].Offset+2])
	require.Equal(t, "CN=#30020405", c.Subject.String())
	require.Equal(t, "P-256", c.PublicKey.Curve)

	f.issuer = hexOctets("3005 3004 0405")
	_, err := pkix.ParseCertificate(f.put())
	require.ErrorIs(t, err, pkix.ErrCertificate)
}

func TestNotACertificate(t *testing.T) {
	base := take(t, usual(t, ecKey()))
	for _, c := range []struct {
		name   string
		change func(f *fields)
		want   string
	}{
		{"serial", func(f *fields) { f.serial = nil }, "tbsCertificate.serialNumber"},
		{"inner algorithm", func(f *fields) { f.algorithm = nil }, "tbsCertificate.signature"},
		{"algorithm of nothing", func(f *fields) { f.algorithm = hexOctets("3000") }, "tbsCertificate.signature"},
		{"algorithm with half a parameter", func(f *fields) { f.algorithm = hexOctets("3004 06012a 05") }, "tbsCertificate.signature"},
		{"issuer", func(f *fields) { f.issuer = hexOctets("0500") }, "tbsCertificate.issuer"},
		{"validity", func(f *fields) { f.validity = hexOctets("0500") }, "tbsCertificate.validity"},
		{"subject", func(f *fields) { f.subject = hexOctets("0500") }, "tbsCertificate.subject"},
		{"key", func(f *fields) { f.key = hexOctets("0500") }, "tbsCertificate.subjectPublicKeyInfo"},
		{"key without octets", func(f *fields) { f.key = hexOctets("3009 3005 06032b6570 0300") }, "tbsCertificate.subjectPublicKeyInfo"},
		{"outer algorithm", func(f *fields) { f.outer = nil }, "signatureAlgorithm"},
		{"signature", func(f *fields) { f.signature = nil }, "signatureValue"},
		{"empty signature", func(f *fields) { f.signature = hexOctets("0300") }, "signatureValue"},
	} {
		f := base
		c.change(&f)
		_, err := pkix.ParseCertificate(f.put())
		require.ErrorIs(t, err, pkix.ErrCertificate, c.name)
		require.ErrorContains(t, err, c.want+" is missing or misplaced", c.name)
	}
	for name, raw := range map[string][]byte{"nothing": nil, "text": []byte("hello"), "cut": usual(t, ecKey())[:300], "a number": hexOctets("020105"),
		"an empty sequence": hexOctets("3000"), "panic seeds of others": hexOctets("1f80"), "and": hexOctets("3081")} {
		_, err := pkix.ParseCertificate(raw)
		require.ErrorIs(t, err, pkix.ErrCertificate, name)
		require.NotErrorIs(t, err, der.ErrLimit, name)
	}
	_, err := pkix.ParseCertificate(make([]byte, limits.CertificateSize+1))
	require.ErrorIs(t, err, der.ErrLimit)
}

func TestQCStatements(t *testing.T) {
	f := take(t, usual(t, ecKey()))
	statement := func(oid der.OID, info ...[]byte) []byte {
		return wrap(0x30, append([][]byte{wrap(6, []byte(oid))}, info...)...)
	}
	types := wrap(0x30, wrap(6, []byte(pkix.OIDQcTypeESeal)))
	f.setExtensions(extension(pkix.OIDQCStatements, "", wrap(0x30, statement(pkix.OIDQcCompliance), statement(pkix.OIDQcType, types))))
	c := parse(t, f.put())
	statements, ok := c.QCStatements()
	require.True(t, ok)
	require.Equal(t, []pkix.QCStatement{{ID: pkix.OIDQcCompliance}, {ID: pkix.OIDQcType, Info: types}}, statements)
	require.Equal(t, []der.OID{pkix.OIDQcTypeESeal}, c.QCTypes())

	f.setExtensions(extension(pkix.OIDQCStatements, "", hexOctets("0500")))
	_, ok = parse(t, f.put()).QCStatements()
	require.False(t, ok)
	require.Empty(t, parse(t, f.put()).QCTypes())
	statements, ok = parse(t, usual(t, ecKey())).QCStatements()
	require.True(t, ok)
	require.Empty(t, statements)
}
