package rgs_test

import (
	"bytes"
	//lint:ignore SA1019 a rule is about such keys
	"crypto/dsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/rgs"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// spki writes a SubjectPublicKeyInfo of any algorithm.
func spki(t *testing.T, algorithm string, parameters, key []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			der.AddOID(b, der.MustOID(algorithm))
			b.AddBytes(parameters)
		})
		b.AddASN1BitString(key)
	})
	out, err := b.Bytes()
	require.NoError(t, err)
	return out
}

func ec(t *testing.T, curve string, octets int) []byte {
	var b cryptobyte.Builder
	der.AddOID(&b, der.MustOID(curve))
	point := bytes.Repeat([]byte{7}, 1+2*octets)
	point[0] = 4
	return spki(t, "1.2.840.10045.2.1", b.BytesOrPanic(), point)
}

func rsaKey(t *testing.T, bits, exponent int) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits)-1)
	n.Add(n, big.NewInt(0x1234567)) // odd, of that length; nothing is computed with it
	out, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: exponent})
	require.NoError(t, err)
	return out
}

func dsaKey(t *testing.T, l, n uint) []byte {
	var parameters, key cryptobyte.Builder
	odd := func(bits uint) *big.Int {
		return new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), bits-1), big.NewInt(1))
	}
	k := dsa.PublicKey{Parameters: dsa.Parameters{P: odd(l), Q: odd(n), G: big.NewInt(2)}, Y: big.NewInt(4)}
	parameters.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(k.P)
		b.AddASN1BigInt(k.Q)
		b.AddASN1BigInt(k.G)
	})
	key.AddASN1BigInt(k.Y)
	return spki(t, "1.2.840.10040.4.1", parameters.BytesOrPanic(), key.BytesOrPanic())
}

// withUniqueID inserts an issuerUniqueID before the extensions.
func withUniqueID(tbs []byte) []byte {
	var b cryptobyte.Builder
	input, content := cryptobyte.String(tbs), cryptobyte.String(nil)
	input.ReadASN1(&content, asn1.SEQUENCE)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for !content.Empty() {
			var element cryptobyte.String
			var tag asn1.Tag
			content.ReadAnyASN1Element(&element, &tag)
			if tag == asn1.Tag(3).ContextSpecific().Constructed() {
				b.AddASN1(asn1.Tag(1).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte{0, 42}) })
			}
			b.AddBytes(element)
		}
	})
	return b.BytesOrPanic()
}

func versionTwo(tbs []byte) []byte {
	return bytes.Replace(tbs, []byte{0xa0, 3, 2, 1, 2}, []byte{0xa0, 3, 2, 1, 1}, 1)
}

type opts = []pkitest.Option

// Each rule is seen respected and not respected, with the path of what was looked at.
var cases = []struct {
	rule     string
	path     string // of the failing finding
	function rgs.Function
	pass     opts
	fail     opts
	ca       bool
}{
	{rule: "rgs_b1_fact_1", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_fact_2", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_recomfact_1", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_fact_4", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_recomfact_2", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_logp_1", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_logp_2", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_logp_3", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_ecp_1", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_ecp_2", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_ec_named", path: "subjectPublicKeyInfo"},
	{rule: "rgs_b1_hash_1", path: "signatureAlgorithm", fail: opts{pkitest.LegacySHA1()}},
	{rule: "rgs_b1_hash_2", path: "signatureAlgorithm", fail: opts{pkitest.LegacySHA1()}},
	{rule: "rgs_b1_hash_3", path: "signatureAlgorithm", fail: opts{pkitest.LegacySHA1()}},
	{rule: "rgs_a4_version", path: "version", fail: opts{pkitest.EditTBS(versionTwo)}},
	{rule: "rgs_a4_uniqueid", path: "tbsCertificate", fail: opts{pkitest.EditTBS(withUniqueID)}},
	{rule: "rgs_a4_serial_entropy", path: "serialNumber", fail: opts{pkitest.Serial(big.NewInt(12))}},
	{rule: "rgs_a4_serial_len", path: "serialNumber", fail: opts{pkitest.SerialOctets(bytes.Repeat([]byte{1}, 21))}},
	{rule: "rgs_a4_aki", path: "extensions.authorityKeyIdentifier", fail: opts{pkitest.Without(pkitest.OIDAuthorityKeyIdentifier)}},
	{rule: "rgs_a4_ku_present", path: "extensions.keyUsage", fail: opts{pkitest.Without(pkitest.OIDKeyUsage)}},
	{rule: "rgs_a4_ku_critical", path: "extensions.keyUsage", fail: opts{pkitest.Critical(pkitest.OIDKeyUsage, false)}},
	{rule: "rgs_a4_cp_present", path: "extensions.certificatePolicies", fail: opts{pkitest.Without(pkitest.OIDCertificatePolicies)}},
	{rule: "rgs_a4_cp_noncrit", path: "extensions.certificatePolicies", fail: opts{pkitest.Critical(pkitest.OIDCertificatePolicies, true)}},
	{rule: "rgs_a4_san_noncrit", path: "extensions.subjectAltName", pass: opts{pkitest.Email("a@b.example")}, fail: opts{pkitest.Email("a@b.example"), pkitest.Critical(pkitest.OIDSubjectAltName, true)}},
	{rule: "rgs_a4_ian_noncrit", path: "extensions.issuerAltName", pass: opts{pkitest.Extension(pkitest.OIDIssuerAltName, false, []byte{0x30, 3, 0x82, 1, 'a'})}, fail: opts{pkitest.Extension(pkitest.OIDIssuerAltName, true, []byte{0x30, 3, 0x82, 1, 'a'})}},
	{rule: "rgs_a4_crldp_or_ocsp", path: "extensions.cRLDistributionPoints", fail: opts{pkitest.Without(pkitest.OIDCRLDistributionPoints, pkitest.OIDAuthorityInfoAccess)}},
	{rule: "rgs_a4_ca_ku", path: "extensions.keyUsage", ca: true, fail: opts{pkitest.KeyUsage(x509.KeyUsageCertSign)}},
	{rule: "rgs_a4_ca_bc_critical", path: "extensions.basicConstraints", ca: true, fail: opts{pkitest.Critical(pkitest.OIDBasicConstraints, false)}},
	{rule: "rgs_a4_ku_sign", path: "extensions.keyUsage", function: rgs.Sign, pass: opts{pkitest.Sign}, fail: opts{pkitest.Sign, pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}},
	{rule: "rgs_a4_ku_auth", path: "extensions.keyUsage", function: rgs.Auth, pass: opts{pkitest.Sign, pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}, fail: opts{pkitest.Sign}},
	{rule: "rgs_a4_ku_auth_sign", path: "extensions.keyUsage", function: rgs.AuthSign, pass: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment)}, fail: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}},
	{rule: "rgs_a4_ku_encrypt", path: "extensions.keyUsage", function: rgs.Encrypt, pass: opts{pkitest.KeyUsage(x509.KeyUsageKeyAgreement)}, fail: opts{pkitest.KeyUsage(x509.KeyUsageKeyAgreement | x509.KeyUsageKeyEncipherment)}},
	{rule: "rgs_a4_ku_seal", path: "extensions.keyUsage", function: rgs.Seal, pass: opts{pkitest.Seal}, fail: opts{pkitest.Seal, pkitest.KeyUsage(x509.KeyUsageKeyEncipherment)}},
	{rule: "rgs_a4_ku_tsu", path: "extensions.keyUsage", function: rgs.TSU, pass: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}, fail: opts{pkitest.KeyUsage(x509.KeyUsageContentCommitment)}},
	{rule: "rgs_a4_ku_ocsp", path: "extensions.keyUsage", function: rgs.OCSP, pass: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}, fail: opts{pkitest.KeyUsage(x509.KeyUsageContentCommitment)}},
	{rule: "rgs_a4_ku_code", path: "extensions.keyUsage", function: rgs.Code, pass: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}, fail: opts{pkitest.KeyUsage(x509.KeyUsageContentCommitment)}},
	{rule: "rgs_a4_ku_server_auth", path: "extensions.keyUsage", function: rgs.ServerAuth, pass: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}, fail: opts{pkitest.KeyUsage(x509.KeyUsageContentCommitment)}},
	{rule: "rgs_a4_ku_client_auth", path: "extensions.keyUsage", function: rgs.ClientAuth, pass: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature)}, fail: opts{pkitest.KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement)}},
	{rule: "rgs_a4_eku_tsu", path: "extensions.extKeyUsage", function: rgs.TSU, pass: opts{pkitest.ExtKeyUsage(pkitest.EKUTimeStamping), pkitest.Critical(pkitest.OIDExtKeyUsage, true)}, fail: opts{pkitest.ExtKeyUsage(pkitest.EKUTimeStamping), pkitest.Critical(pkitest.OIDExtKeyUsage, false)}},
	{rule: "rgs_a4_eku_ocsp", path: "extensions.extKeyUsage", function: rgs.OCSP, pass: opts{pkitest.ExtKeyUsage(pkitest.EKUOCSPSigning), pkitest.Critical(pkitest.OIDExtKeyUsage, false)}, fail: opts{pkitest.ExtKeyUsage(pkitest.EKUClientAuth)}},
	{rule: "rgs_a4_eku_code", path: "extensions.extKeyUsage", function: rgs.Code, pass: opts{pkitest.ExtKeyUsage(pkitest.EKUCodeSigning), pkitest.Critical(pkitest.OIDExtKeyUsage, false)}, fail: opts{pkitest.ExtKeyUsage(pkitest.EKUClientAuth)}},
	{rule: "rgs_a4_eku_server_auth", path: "extensions.extKeyUsage", function: rgs.ServerAuth, pass: opts{pkitest.ExtKeyUsage(pkitest.EKUServerAuth), pkitest.Critical(pkitest.OIDExtKeyUsage, false)}, fail: opts{pkitest.ExtKeyUsage(pkitest.EKUClientAuth)}},
	{rule: "rgs_a4_eku_client_auth", path: "extensions.extKeyUsage", function: rgs.ClientAuth, pass: opts{pkitest.ExtKeyUsage(pkitest.EKUClientAuth), pkitest.Critical(pkitest.OIDExtKeyUsage, false)}, fail: opts{pkitest.ExtKeyUsage(pkitest.EKUServerAuth)}},
	{rule: "rgs_a4_dn_c_upper", path: "subject.countryName[0]", fail: opts{pkitest.Country("fr")}},
	{rule: "rgs_a4_dn_o", path: "subject.organizationName", function: rgs.Seal, fail: opts{pkitest.Organization("")}},
	{rule: "rgs_a4_dn_ou_iso6523", path: "subject.organizationalUnitName[0]", fail: opts{pkitest.SIRET(""), pkitest.Unit("002 435405923")}},
	{rule: "rgs_a4_dn_ou_other4digits", path: "subject.organizationalUnitName[1]", fail: opts{pkitest.Unit("1234 service")}},
	{rule: "rgs_a4_dn_string_type", path: "subject[1]", fail: opts{pkitest.RawSubject(pkitest.Name(pkitest.AttributeValue{OID: pkitest.OIDCountryName, Value: "FR"}, pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "x", Tag: asn1.T61String}))}},
	{rule: "rgs_a4_dn_no_gn_sn_service", path: "subject", function: rgs.Seal, pass: opts{pkitest.Seal}, fail: opts{pkitest.Person("Camille", "Essai")}},
	{rule: "rgs_a4_dn_tls_san", path: "extensions.subjectAltName.dNSName", function: rgs.ServerAuth, pass: opts{pkitest.DNS("mairie.example")}, fail: opts{pkitest.DNS("mairie")}},
	{rule: "rgs_a4_dn_tls_cn_in_san", path: "subject.commonName[0]", function: rgs.ServerAuth, pass: opts{pkitest.DNS("mairie.example"), pkitest.RawSubject(pkitest.Name(pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "mairie.example"}))}, fail: opts{pkitest.DNS("mairie.example")}},
	{rule: "rgs_a4_code_cn_not_fqdn", path: "subject.commonName[0]", function: rgs.Code, fail: opts{pkitest.RawSubject(pkitest.Name(pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: "mairie.example"}))}},
	{rule: "rgs_a4_siren_luhn", path: "subject.organizationalUnitName[0]", fail: opts{pkitest.SIRET("99900000300016")}},
	{rule: "rgs_a4_ou_orgid_agree", path: "subject.organizationIdentifier[0]", pass: opts{pkitest.Seal}, fail: opts{pkitest.RawSubject(pkitest.Name(pkitest.AttributeValue{OID: pkitest.OIDOrganizationalUnitName, Value: "0002 732829320"}, pkitest.AttributeValue{OID: pkitest.OIDOrganizationIdentifier, Value: "NTRFR-552008443"}))}},
	{rule: "rgs_a2_validity", path: "validity", fail: opts{pkitest.Validity(at.AddDate(-1, 0, 0), at.AddDate(4, 0, 0))}},
}

// keyCases complete cases with keys that need the test's means.
func keyCases(t *testing.T) map[string][2]opts {
	key := func(spki []byte, more ...pkitest.Option) opts { return append(opts{pkitest.PublicKey(spki)}, more...) }
	beyond := pkitest.Validity(time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC))
	encrypts := pkitest.KeyUsage(x509.KeyUsageKeyEncipherment)
	p256 := elliptic.P256()
	return map[string][2]opts{
		"rgs_b1_fact_1":      {key(rsaKey(t, 2048, 65537)), key(rsaKey(t, 2047, 65537))},
		"rgs_b1_fact_2":      {key(rsaKey(t, 3072, 65537), beyond), key(rsaKey(t, 3071, 65537), beyond)},
		"rgs_b1_recomfact_1": {key(rsaKey(t, 3072, 65537)), key(rsaKey(t, 2048, 65537))},
		"rgs_b1_fact_4":      {key(rsaKey(t, 2048, 65537), encrypts), key(rsaKey(t, 2048, 3), encrypts)},
		"rgs_b1_recomfact_2": {key(rsaKey(t, 2048, 65537)), key(rsaKey(t, 2048, 17))},
		"rgs_b1_logp_1":      {key(dsaKey(t, 2048, 224)), key(dsaKey(t, 1024, 160))},
		"rgs_b1_logp_2":      {key(dsaKey(t, 3072, 256), beyond), key(dsaKey(t, 2048, 256), beyond)},
		"rgs_b1_logp_3":      {key(dsaKey(t, 2048, 224)), key(dsaKey(t, 2048, 160))},
		"rgs_b1_ecp_1":       {key(ec(t, "1.3.132.0.33", 28)), key(ec(t, "1.2.840.10045.3.1.1", 24))},
		"rgs_b1_ecp_2":       {key(ec(t, "1.2.250.1.223.101.256.1", 32)), key(ec(t, "1.3.132.0.33", 28))},
		"rgs_b1_ec_named":    {key(ec(t, "1.2.250.1.223.101.256.1", p256.Params().BitSize/8)), key(ec(t, "1.3.36.3.3.2.8.1.1.7", 32))},
		"rgs_b1_sign_pkcs1":  {nil, nil},
	}
}

func judged(t *testing.T, ca bool, function rgs.Function, date time.Time, options opts) *rgs.Report {
	pki := pkitest.New(pkitest.At(at))
	root := pki.Root("Racine d'essai")
	var certificate []byte
	if ca {
		certificate = root.Intermediate("AC d'essai", options...).DER
	} else {
		certificate = root.Intermediate("AC d'essai").Leaf("Essai", options...).DER
	}
	report, err := rgs.Default().Certificate(certificate, rgs.Input{Time: date, Function: function, All: true})
	require.NoError(t, err)
	return report
}

func of(report *rgs.Report, rule string) []rgs.Finding {
	return slices.DeleteFunc(slices.Clone(report.Findings), func(f rgs.Finding) bool { return f.Rule != rule })
}

// dates of use for the rules whose window has ended.
var past = map[string]bool{"rgs_b1_ecp_1": true, "rgs_b1_hash_1": true}

func TestRulesBothWays(t *testing.T) {
	keys := keyCases(t)
	rules := map[string]rgs.Rule{}
	for _, r := range rgs.Default().Rules() {
		rules[r.ID] = r
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			rule, known := rules[c.rule]
			require.True(t, known)
			if pair, ok := keys[c.rule]; ok {
				c.pass, c.fail = pair[0], pair[1]
			}
			date := at
			if past[c.rule] {
				date = time.Date(2015, 6, 1, 0, 0, 0, 0, time.UTC)
			}
			passed := of(judged(t, c.ca, c.function, date, c.pass), c.rule)
			require.NotEmpty(t, passed)
			for _, f := range passed {
				require.Equal(t, rgs.Pass, f.Status, f.Message)
				require.NotEmpty(t, f.Message)
				require.NotEmpty(t, f.English)
			}
			failed := of(judged(t, c.ca, c.function, date, c.fail), c.rule)
			i := slices.IndexFunc(failed, func(f rgs.Finding) bool { return f.Status == rule.Fails })
			require.GreaterOrEqual(t, i, 0, "%v", failed)
			require.Equal(t, c.path, failed[i].Path)
			require.Equal(t, rule.Clause, failed[i].Clause)
		})
	}
}

// special holds the rules whose two ways are other tests than the table's.
var special = map[string]string{
	"rgs_b1_sign_pkcs1":  "TestPKCS1IsNoticed",
	"rgs_a4_ca_pathlen0": "TestPathLenAsksWhomTheAuthorityServes",
	"rgs_a4_test_prefix": "TestTestCertificatesAreMarked",
	"rgs_level_policy":   "TestLevelIsNeverInferred",

	"rgs_function":        "TestFunctionAsked",
	"rgs_a2_double_usage": "TestDoubleUsage",
}

// Every rule is exercised, has its citation, its titles and a name, and ids are unique.
func TestEveryRuleIsDeclaredWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range rgs.Default().Rules() {
		require.False(t, seen[rule.ID], rule.ID)
		seen[rule.ID] = true
		require.NotEmpty(t, rule.Name, rule.ID)
		require.NotEmpty(t, rule.Clause, rule.ID)
		require.NotEmpty(t, rule.Source.Document, rule.ID)
		require.NotEmpty(t, rule.Source.Version, rule.ID)
		require.NotEmpty(t, rule.Title.FR, rule.ID)
		require.NotEmpty(t, rule.Title.EN, rule.ID)
		require.Contains(t, []rgs.Kind{rgs.Regle, rgs.Recommandation, rgs.Profil}, rule.Kind, rule.ID)
		require.Contains(t, []rgs.Status{rgs.Fail, rgs.Warn, rgs.Notice}, rule.Fails, rule.ID)
		inTable := false
		for _, c := range cases {
			inTable = inTable || c.rule == rule.ID
		}
		require.True(t, inTable || special[rule.ID] != "", "%s has no test both ways", rule.ID)
	}
}

func TestPKCS1IsNoticed(t *testing.T) {
	pki := pkitest.New(pkitest.At(at))
	judge := func(ca *pkitest.Authority, options ...pkitest.Option) []rgs.Finding {
		report, err := rgs.Default().Certificate(ca.Leaf("Essai", options...).DER, rgs.Input{Time: at, All: true})
		require.NoError(t, err)
		return of(report, "rgs_b1_sign_pkcs1")
	}
	rsaCA := pki.Root("RSA", pkitest.RSA2048)
	require.Equal(t, rgs.Notice, judge(rsaCA)[0].Status)
	require.Equal(t, rgs.NotApplicable, judge(rsaCA, pkitest.PSS())[0].Status)
	require.Equal(t, rgs.NotApplicable, judge(pki.Root("EC"))[0].Status)
}

func TestPathLenAsksWhomTheAuthorityServes(t *testing.T) {
	require.Equal(t, rgs.Pass, of(judged(t, true, "", at, nil), "rgs_a4_ca_pathlen0")[0].Status)
	require.Equal(t, rgs.Undetermined, of(judged(t, true, "", at, opts{pkitest.PathLen(2)}), "rgs_a4_ca_pathlen0")[0].Status)
	require.Equal(t, rgs.NotApplicable, of(judged(t, false, "", at, nil), "rgs_a4_ca_pathlen0")[0].Status)
}

func TestTestCertificatesAreMarked(t *testing.T) {
	name := func(cn string) opts {
		return opts{pkitest.RawSubject(pkitest.Name(pkitest.AttributeValue{OID: pkitest.OIDCommonName, Value: cn}))}
	}
	require.Equal(t, rgs.Notice, of(judged(t, false, "", at, name("TEST Mairie")), "rgs_a4_test_prefix")[0].Status)
	require.Equal(t, rgs.NotApplicable, of(judged(t, false, "", at, name("TESTARD Camille")), "rgs_a4_test_prefix")[0].Status)
}

// A level comes from the offer alone: a certificate that respects every rule has none.
func TestLevelIsNeverInferred(t *testing.T) {
	leaf := pkitest.New(pkitest.At(at)).Root("Racine").Intermediate("AC").Leaf("Essai", pkitest.Seal)
	report, err := rgs.Default().Certificate(leaf.DER, rgs.Input{Time: at})
	require.NoError(t, err)
	require.False(t, report.Failed())
	require.Equal(t, rgs.Level(0), report.Level)
	report, err = rgs.Default().Certificate(leaf.DER, rgs.Input{Time: at, Level: rgs.OneStar})
	require.NoError(t, err)
	require.True(t, report.Failed(), "a level that was asked and is not established is refused")
	require.Equal(t, rgs.Undetermined, of(report, "rgs_level_policy")[0].Status)
}

// A weak digest protects a subordinate certificate badly, and a root not at all.
func TestWeakDigestOfARootIsOnlyNoticed(t *testing.T) {
	root := pkitest.New(pkitest.At(at)).Root("Racine", pkitest.LegacySHA1())
	report, err := rgs.Default().Certificate(root.DER, rgs.Input{Time: at})
	require.NoError(t, err)
	require.Equal(t, rgs.Notice, of(report, "rgs_b1_hash_3")[0].Status)
}

func TestWindows(t *testing.T) {
	options := opts{pkitest.PublicKey(rsaKey(t, 2048, 65537))}
	late := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, rgs.Pass, of(judged(t, false, "", late.Add(-time.Second), options), "rgs_b1_fact_1")[0].Status)
	require.Equal(t, rgs.NotEffective, of(judged(t, false, "", late, options), "rgs_b1_fact_1")[0].Status)
	require.Equal(t, rgs.Fail, of(judged(t, false, "", late, options), "rgs_b1_fact_2")[0].Status)
}

func TestUnreadableInputs(t *testing.T) {
	_, err := rgs.Default().Certificate([]byte("not a certificate"), rgs.Input{Time: at})
	require.ErrorIs(t, err, rgs.ErrNotCertificate)
	_, err = rgs.Default().Certificate(nil, rgs.Input{})
	require.ErrorIs(t, err, rgs.ErrNoTime)
	_, err = rgs.Default().Only("rgs_b1_fact_9")
	require.Error(t, err)
}

func TestRegistriesAreValues(t *testing.T) {
	one, err := rgs.Default().Only("rgs_b1_hash_3")
	require.NoError(t, err)
	require.Len(t, one.Rules(), 1)
	require.Greater(t, len(rgs.Default().Rules()), 50)
	leaf := pkitest.New(pkitest.At(at)).Root("Racine").Leaf("Essai")
	report, err := one.Certificate(leaf.DER, rgs.Input{Time: at})
	require.NoError(t, err)
	require.Len(t, report.Findings, 1)
}

func TestTextReport(t *testing.T) {
	report := judged(t, false, rgs.Seal, at, opts{pkitest.Seal, pkitest.LegacySHA1()})
	for language, word := range map[rgs.Language]string{rgs.French: "NON CONFORME", rgs.English: "FAIL"} {
		var b strings.Builder
		require.NoError(t, report.WriteText(&b, language))
		require.Contains(t, b.String(), word)
		require.Contains(t, b.String(), "RègleHash-3")
		require.NotContains(t, b.String(), "EXPIR")
	}
	for word, of := range map[string]time.Time{"IL EST EXPIRÉ": at.AddDate(9, 0, 0), "PAS ENCORE VALABLE": at.AddDate(-9, 0, 0)} {
		var b strings.Builder
		require.NoError(t, judged(t, false, rgs.Seal, of, opts{pkitest.Seal}).WriteText(&b, rgs.French))
		require.Contains(t, b.String(), word)
	}
}

// FuzzCertificate gives findings or an error on anything, and never panics.
func FuzzCertificate(f *testing.F) {
	pki := pkitest.New(pkitest.At(at))
	root := pki.Root("Racine")
	f.Add(root.DER)
	f.Add(root.Leaf("Mairie", pkitest.Seal).DER)
	f.Add(root.Leaf("Serveur", pkitest.ServerAuth, pkitest.DNS("mairie.example"), pkitest.SIRET("12")).DER)
	f.Add([]byte{0x30, 0x81})
	noise := make([]byte, 300)
	rand.Read(noise)
	f.Add(noise)
	registry := rgs.Default()
	f.Fuzz(func(t *testing.T, der []byte) {
		report, err := registry.Certificate(der, rgs.Input{Time: at, All: true})
		if (report == nil) == (err == nil) {
			t.Fatal("a report or an error, one of the two")
		}
		if report != nil && len(report.Findings) > 1000+len(der) {
			t.Fatalf("%d findings for %d octets", len(report.Findings), len(der))
		}
	})
}
