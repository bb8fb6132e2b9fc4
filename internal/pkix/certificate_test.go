package pkix_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
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

// fields are the encoded fields of a certificate, to be taken apart and put together otherwise.
type fields struct {
	version, serial, algorithm, issuer, validity, subject, key, unique, extensions []byte
	outer, signature, after                                                        []byte
}

func take(t testing.TB, raw []byte) fields {
	input := cryptobyte.String(raw)
	var certificate, tbs cryptobyte.String
	require.True(t, input.ReadASN1(&certificate, asn1.SEQUENCE) && certificate.ReadASN1(&tbs, asn1.SEQUENCE))
	next := func(s *cryptobyte.String) []byte {
		element, _, ok := der.ReadElement(s)
		require.True(t, ok)
		return element
	}
	return fields{version: next(&tbs), serial: next(&tbs), algorithm: next(&tbs), issuer: next(&tbs), validity: next(&tbs), subject: next(&tbs),
		key: next(&tbs), extensions: next(&tbs), outer: next(&certificate), signature: next(&certificate)}
}

func (f fields) put() []byte {
	tbs := wrap(0x30, f.version, f.serial, f.algorithm, f.issuer, f.validity, f.subject, f.key, f.unique, f.extensions)
	return wrap(0x30, tbs, f.outer, f.signature, f.after)
}

// wrap writes an element of any tag around octets.
func wrap(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(content) })
	return b.BytesOrPanic()
}

func (f *fields) setExtensions(list ...[]byte) { f.extensions = wrap(0xa3, wrap(0x30, list...)) }

// extension writes an Extension; critical is the octets of its BOOLEAN, or none.
func extension(oid der.OID, critical string, value []byte) []byte {
	return wrap(0x30, wrap(6, []byte(oid)), hexOctets(critical), wrap(4, value))
}

func TestAnomalies(t *testing.T) {
	base := take(t, usual(t, ecKey()))
	longSerial := wrap(2, append([]byte{0x7f}, make([]byte, 20)...))
	ku := extension(pkix.OIDKeyUsage, "0101ff", hexOctets("030206c0"))
	for _, c := range []struct {
		name       string
		change     func(f *fields)
		code, path string
		check      func(t *testing.T, c *pkix.Certificate)
	}{
		{"negative serial", func(f *fields) { f.serial = hexOctets("0201ff") }, pkix.CodeSerialNegative, "tbsCertificate.serialNumber",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, "-1", c.Serial.String()) }},
		{"zero serial", func(f *fields) { f.serial = hexOctets("020100") }, pkix.CodeSerialZero, "tbsCertificate.serialNumber", nil},
		{"padded serial", func(f *fields) { f.serial = hexOctets("02020001") }, pkix.CodeInteger, "tbsCertificate.serialNumber",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, []byte{0, 1}, c.RawSerial) }},
		{"long serial", func(f *fields) { f.serial = longSerial }, pkix.CodeSerialLong, "tbsCertificate.serialNumber", nil},
		{"version 4", func(f *fields) { f.version = hexOctets("a003020103") }, pkix.CodeVersion, "tbsCertificate.version", nil},
		{"version of no number", func(f *fields) { f.version = hexOctets("a0020500") }, pkix.CodeVersion, "tbsCertificate.version", nil},
		{"version 1 written", func(f *fields) { f.version, f.extensions = hexOctets("a003020100"), nil }, pkix.CodeVersion, "tbsCertificate.version",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, 1, c.Version) }},
		{"version 1 with extensions", func(f *fields) { f.version = nil }, pkix.CodeVersion, "tbsCertificate.version",
			func(t *testing.T, c *pkix.Certificate) { require.NotNil(t, c.KeyUsage) }},
		{"version 1 with a unique identifier", func(f *fields) { f.version, f.extensions, f.unique = nil, nil, hexOctets("8102 0001") }, pkix.CodeVersion, "tbsCertificate.version",
			func(t *testing.T, c *pkix.Certificate) { require.True(t, c.HasUniqueID) }},
		{"algorithms differ", func(f *fields) { f.outer = hexOctets("300a06082a8648ce3d040303") }, pkix.CodeAlgorithmMismatch, "signatureAlgorithm",
			func(t *testing.T, c *pkix.Certificate) {
				require.ErrorIs(t, pkix.CheckIssued(c, c), pkix.ErrAlgorithm)
			}},
		{"ECDSA with NULL", func(f *fields) {
			f.outer = hexOctets("300c06082a8648ce3d0403020500")
			f.algorithm = f.outer
		}, pkix.CodeAlgorithm, "signatureAlgorithm", nil},
		{"signature of part of an octet", func(f *fields) { f.signature = hexOctets("03020180") }, pkix.CodeBitString, "signatureValue", nil},
		{"fields after the signature", func(f *fields) { f.after = hexOctets("0500") }, pkix.CodeTrailing, "", nil},
		{"UTCTime without seconds", func(f *fields) { f.validity = validity("170b 323630333031313230305a", f.validity) }, pkix.CodeTime, "tbsCertificate.validity.notBefore",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, fixed, c.NotBefore) }},
		{"UTCTime with a zone", func(f *fields) { f.validity = validity("1711 3236303330313133303030302b30313030", f.validity) }, pkix.CodeTime, "tbsCertificate.validity.notBefore",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, fixed, c.NotBefore) }},
		{"GeneralizedTime before 2050", func(f *fields) { f.validity = validity("180f 32303236303330313132303030305a", f.validity) }, pkix.CodeTime, "tbsCertificate.validity.notBefore",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, fixed, c.NotBefore) }},
		{"time of nonsense", func(f *fields) { f.validity = validity("1701 5a", f.validity) }, pkix.CodeTime, "tbsCertificate.validity.notBefore",
			func(t *testing.T, c *pkix.Certificate) { require.True(t, c.NotBefore.IsZero()) }},
		{"no notAfter", func(f *fields) { f.validity = wrap(0x30, hexOctets("170d3236303330313132303030305a")) }, pkix.CodeTime, "tbsCertificate.validity.notAfter",
			func(t *testing.T, c *pkix.Certificate) { require.True(t, c.NotAfter.IsZero()) }},
		{"a third time", func(f *fields) { f.validity = wrap(0x30, f.validity[2:], hexOctets("0500")) }, pkix.CodeTrailing, "tbsCertificate.validity", nil},
		{"an RDN that is no set", func(f *fields) { f.issuer = hexOctets("30020500") }, pkix.CodeName, "tbsCertificate.issuer",
			func(t *testing.T, c *pkix.Certificate) { require.Empty(t, c.Issuer.Attributes) }},
		{"an empty RDN", func(f *fields) { f.subject = hexOctets("30023100") }, pkix.CodeName, "tbsCertificate.subject", nil},
		{"an attribute without value", func(f *fields) { f.subject = hexOctets("3009 3107 3005 0603550403") }, pkix.CodeName, "tbsCertificate.subject", nil},
		{"an RDN out of order", func(f *fields) {
			f.subject = hexOctets("3016 3114 3008 0603550403 0c0162 3008 0603550403 0c0161")
		}, pkix.CodeName, "tbsCertificate.subject",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, "CN=b+CN=a", c.Subject.String()) }},
		{"a key of part of an octet", func(f *fields) { f.key = hexOctets("302a 3005 06032b6570 0321 01" + strings.Repeat("00", 32)) }, pkix.CodeBitString, "tbsCertificate.subjectPublicKeyInfo.subjectPublicKey", nil},
		{"an extension twice", func(f *fields) { f.setExtensions(ku, extension(pkix.OIDKeyUsage, "", hexOctets("03020106"))) }, pkix.CodeDuplicate, "tbsCertificate.extensions.2.5.29.15",
			func(t *testing.T, c *pkix.Certificate) {
				require.Len(t, c.Extensions, 2)
				require.EqualValues(t, pkix.DigitalSignature|pkix.ContentCommitment, c.KeyUsage.Bits, "the first counts")
			}},
		{"critical FALSE", func(f *fields) { f.setExtensions(extension(pkix.OIDKeyUsage, "010100", hexOctets("030206c0"))) }, pkix.CodeBoolean, "tbsCertificate.extensions.critical",
			func(t *testing.T, c *pkix.Certificate) { require.False(t, c.KeyUsage.Critical) }},
		{"critical 01", func(f *fields) { f.setExtensions(extension(pkix.OIDKeyUsage, "010101", hexOctets("030206c0"))) }, pkix.CodeBoolean, "tbsCertificate.extensions.critical",
			func(t *testing.T, c *pkix.Certificate) { require.True(t, c.KeyUsage.Critical) }},
		{"no extension", func(f *fields) { f.setExtensions() }, pkix.CodeExtension, "tbsCertificate.extensions", nil},
		{"extensions that are no list", func(f *fields) { f.extensions = hexOctets("a3020500") }, pkix.CodeExtension, "tbsCertificate.extensions", nil},
		{"an extension that is none", func(f *fields) { f.setExtensions(hexOctets("0500"), ku) }, pkix.CodeExtension, "tbsCertificate.extensions",
			func(t *testing.T, c *pkix.Certificate) {
				require.NotNil(t, c.KeyUsage, "the next one is read")
				require.True(t, c.UnreadCritical)
			}},
		{"an extension with more", func(f *fields) { f.setExtensions(wrap(0x30, ku[2:], hexOctets("0500"))) }, pkix.CodeTrailing, "tbsCertificate.extensions",
			func(t *testing.T, c *pkix.Certificate) {
				require.NotNil(t, c.KeyUsage)
				require.False(t, c.UnreadCritical)
			}},
		{"an unreadable extension that is not critical", func(f *fields) { f.setExtensions(extension(pkix.OIDExtKeyUsage, "", hexOctets("0500"))) }, pkix.CodeExtension, "tbsCertificate.extensions.extKeyUsage",
			func(t *testing.T, c *pkix.Certificate) { require.False(t, c.UnreadCritical) }},
		{"an unreadable key usage", func(f *fields) { f.setExtensions(extension(pkix.OIDKeyUsage, "0101ff", hexOctets("0500"))) }, pkix.CodeExtension, "tbsCertificate.extensions.keyUsage",
			func(t *testing.T, c *pkix.Certificate) {
				require.Nil(t, c.KeyUsage)
				require.Len(t, c.Extensions, 1)
				require.True(t, c.UnreadCritical)
			}},
		{"a key usage with trailing zeros", func(f *fields) { f.setExtensions(extension(pkix.OIDKeyUsage, "0101ff", hexOctets("030200c0"))) }, pkix.CodeBitString, "tbsCertificate.extensions.keyUsage",
			func(t *testing.T, c *pkix.Certificate) {
				require.EqualValues(t, pkix.DigitalSignature|pkix.ContentCommitment, c.KeyUsage.Bits)
			}},
		{"an extension in BER", func(f *fields) {
			f.setExtensions(extension(pkix.OIDSubjectKeyID, "", hexOctets("2480 040101 040102 0000")))
		}, pkix.CodeBER, "tbsCertificate.extensions.subjectKeyIdentifier",
			func(t *testing.T, c *pkix.Certificate) { require.Equal(t, []byte{1, 2}, c.SubjectKeyID) }},
		{"cA FALSE", func(f *fields) { f.setExtensions(extension(pkix.OIDBasicConstraints, "", hexOctets("3003010100"))) }, pkix.CodeBoolean, "tbsCertificate.extensions.basicConstraints.cA",
			func(t *testing.T, c *pkix.Certificate) { require.False(t, c.IsCA()) }},
		{"cA 01", func(f *fields) { f.setExtensions(extension(pkix.OIDBasicConstraints, "", hexOctets("3003010101"))) }, pkix.CodeBoolean, "tbsCertificate.extensions.basicConstraints.cA",
			func(t *testing.T, c *pkix.Certificate) { require.True(t, c.IsCA()) }},
		{"negative path length", func(f *fields) {
			f.setExtensions(extension(pkix.OIDBasicConstraints, "", hexOctets("30060101ff0201ff")))
		}, pkix.CodeExtension, "tbsCertificate.extensions.basicConstraints",
			func(t *testing.T, c *pkix.Certificate) {
				require.False(t, c.IsCA(), "what cannot be read grants nothing")
			}},
		{"no purpose", func(f *fields) { f.setExtensions(extension(pkix.OIDExtKeyUsage, "", hexOctets("3000"))) }, pkix.CodeExtension, "tbsCertificate.extensions.extKeyUsage", nil},
		{"a field after extensions", func(f *fields) { f.extensions = bytes.Join([][]byte{f.extensions, {5, 0}}, nil) }, pkix.CodeTrailing, "tbsCertificate.", nil},
		{"a field instead of extensions", func(f *fields) { f.extensions = hexOctets("0500") }, pkix.CodeTrailing, "tbsCertificate.", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := base
			c.change(&f)
			raw := f.put()
			cert := parse(t, raw)
			require.Len(t, cert.Anomalies, 1, "%v", cert.Anomalies)
			a := cert.Anomalies[0]
			require.Equal(t, c.code, a.Code)
			require.Equal(t, c.path, a.Path)
			require.NotEmpty(t, a.Message)
			require.Greater(t, a.Offset, 0)
			require.LessOrEqual(t, a.Offset, len(raw))
			if c.check != nil {
				c.check(t, cert)
			}
		})
	}
}

// validity replaces notBefore in an encoded Validity.
func validity(notBefore string, old []byte) []byte {
	s := cryptobyte.String(old)
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.SEQUENCE) || !content.SkipASN1(asn1.UTCTime) {
		panic("no validity")
	}
	return wrap(0x30, hexOctets(notBefore), content)
}

func TestAnomalyOffsets(t *testing.T) {
	f := take(t, usual(t, ecKey()))
	f.serial = hexOctets("0201ff")
	raw := f.put()
	a := parse(t, raw).Anomalies[0]
	require.Equal(t, []byte{2, 1, 0xff}, raw[a.Offset-2:a.Offset+1], "the content of the serial number")
	roomy := append(raw, make([]byte, 100)...)[:len(raw)]
	require.Equal(t, a, parse(t, roomy).Anomalies[0], "spare capacity does not move offsets")
}

func TestManyAnomaliesAreBounded(t *testing.T) {
	f := take(t, usual(t, ecKey()))
	var list [][]byte
	for range 200 {
		list = append(list, extension(pkix.OIDKeyUsage, "010100", hexOctets("030206c0")))
	}
	f.setExtensions(list...)
	c := parse(t, f.put())
	require.Len(t, c.Anomalies, limits.CertificateAnomalies)
	require.Equal(t, pkix.CodeMore, c.Anomalies[limits.CertificateAnomalies-1].Code)
	require.Len(t, c.Extensions, 200)

	f.setExtensions(append(list, list...)...)
	require.Len(t, parse(t, f.put()).Extensions, limits.CertificateExtensions)
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
		{"algorithm with two parameters", func(f *fields) { f.algorithm = hexOctets("3007 06012a 0500 0500") }, "tbsCertificate.signature"},
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

func TestBundles(t *testing.T) {
	one, two := usual(t, ecKey()), usual(t, edKey())
	pemOf := func(label string, raw []byte) string { return pemText(label, raw) }
	for name, data := range map[string][]byte{
		"PEM":                   []byte("Bag Attributes\n" + pemOf("CERTIFICATE", one) + "\ntext\n" + pemOf("CERTIFICATE", two)),
		"PEM with other blocks": []byte(pemOf("PRIVATE KEY", []byte{1}) + pemOf("X509 CERTIFICATE", one) + pemOf("X509 CRL", []byte{2}) + pemOf("CERTIFICATE", two)),
		"PEM with CRLF":         []byte(strings.ReplaceAll(pemOf("CERTIFICATE", one)+pemOf("CERTIFICATE", two), "\n", "\r\n")),
		"DER":                   append(bytes.Clone(one), two...),
		"DER with a newline":    append(append(bytes.Clone(one), two...), '\n'),
	} {
		certs, unreadable := pkix.ParseCertificates(data)
		require.Empty(t, unreadable, name)
		require.Len(t, certs, 2, name)
		require.Equal(t, one, certs[0].Raw, name)
		require.Equal(t, two, certs[1].Raw, name)
	}
	certs, unreadable := pkix.ParseCertificates([]byte(pemOf("CERTIFICATE", []byte{5, 0}) + pemOf("CERTIFICATE", two)))
	require.Len(t, certs, 1, "one that cannot be read does not stop the others")
	require.Len(t, unreadable, 1)
	require.ErrorContains(t, unreadable[0], "certificate 1: pkix: not a certificate")
	certs, unreadable = pkix.ParseCertificates(append([]byte{0x30, 2, 5, 0}, one...))
	require.Len(t, certs, 1)
	require.Len(t, unreadable, 1)
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("no certificate here"), "cut": one[:200],
		"only a key": []byte(pemOf("PRIVATE KEY", []byte{1})), "DER then text": append(bytes.Clone(one), "text"...)} {
		_, unreadable := pkix.ParseCertificates(data)
		require.Len(t, unreadable, 1, name)
		require.ErrorIs(t, errors.Join(unreadable...), pkix.ErrCertificate, name)
	}
	certs, unreadable = pkix.ParseCertificates(bytes.Repeat([]byte{5, 0}, limits.BundleCertificates+1))
	require.Empty(t, certs)
	require.ErrorIs(t, unreadable[len(unreadable)-1], der.ErrLimit)
}
