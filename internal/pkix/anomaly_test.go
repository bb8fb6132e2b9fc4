package pkix_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

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
		{"an algorithm with two parameters", func(f *fields) {
			f.algorithm = hexOctets("300e06082a8648ce3d0403020500 0500")
			f.outer = hexOctets("300a06082a8648ce3d040302")
		}, pkix.CodeTrailing, "tbsCertificate.signature", nil},
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
