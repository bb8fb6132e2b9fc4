package rgs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/rgs"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// Which certificate serves which function: a sound certificate in another's place is refused.
func TestFunctionAsked(t *testing.T) {
	usages := map[rgs.Function]pkitest.Usage{
		rgs.Sign: pkitest.Sign, rgs.Auth: pkitest.Auth, rgs.AuthSign: pkitest.AuthSign, rgs.Encrypt: pkitest.Encrypt, rgs.Seal: pkitest.Seal,
		rgs.TSU: pkitest.TSA, rgs.OCSP: pkitest.OCSPSigner, rgs.ServerAuth: pkitest.ServerAuth, rgs.ClientAuth: pkitest.ClientAuth, rgs.Code: pkitest.Code,
	}
	ca := pkitest.New(pkitest.At(at)).Root("Racine").Intermediate("AC")
	for shown, usage := range usages {
		name := "Mairie"
		if shown == rgs.ServerAuth {
			name = "www.mairie.example"
		}
		leaf := ca.Leaf(name, usage)
		for asked := range usages {
			report, err := rgs.Default().Certificate(leaf.DER, rgs.Input{Time: at, Function: asked})
			require.NoError(t, err)
			finding := of(report, "rgs_function")[0]
			person := shown == rgs.Sign || shown == rgs.Auth || shown == rgs.AuthSign
			want := rgs.Fail
			switch {
			case asked == shown:
				want = rgs.Pass
			case asked == rgs.Seal && person: // a seal of before organizationIdentifier looks like this
				want = rgs.Undetermined
			}
			require.Equal(t, want, finding.Status, "%s as %s", shown, asked)
			require.Equal(t, "extensions.keyUsage", finding.Path)
			require.Equal(t, asked != shown, report.Failed(), "%s as %s: %v", shown, asked, report.Findings)
		}
	}
	for name, c := range map[string]struct {
		identity *pkitest.Identity
		path     string
	}{
		"authority": {&ca.Identity, "extensions.basicConstraints"},
		"no usage":  {ca.Leaf("x", pkitest.KeyUsage(0)), "extensions.keyUsage"},
		"a person":  {ca.Leaf("x", pkitest.Person("Camille", "Essai")), "extensions.keyUsage"},
	} {
		report, err := rgs.Default().Certificate(c.identity.DER, rgs.Input{Time: at, Function: rgs.Seal})
		require.NoError(t, err)
		require.Equal(t, rgs.Fail, of(report, "rgs_function")[0].Status, name)
		require.Equal(t, c.path, of(report, "rgs_function")[0].Path, name)
	}
	require.Equal(t, rgs.NotApplicable, of(judged(t, false, "", at, nil), "rgs_function")[0].Status)
}

func TestDoubleUsage(t *testing.T) {
	ca := pkitest.New(pkitest.At(at)).Root("Racine").Intermediate("AC")
	status := func(level rgs.Level, options ...pkitest.Option) rgs.Status {
		report, err := rgs.Default().Certificate(ca.Leaf("Camille Essai", options...).DER, rgs.Input{Time: at, Level: level, All: true})
		require.NoError(t, err)
		finding := of(report, "rgs_a2_double_usage")[0]
		if finding.Status == rgs.Fail {
			require.Equal(t, "extensions.keyUsage", finding.Path)
		}
		return finding.Status
	}
	require.Equal(t, rgs.Fail, status(rgs.ThreeStars, pkitest.AuthSign))
	require.Equal(t, rgs.Pass, status(rgs.ThreeStars, pkitest.Sign))
	require.Equal(t, rgs.NotApplicable, status(rgs.ThreeStars, pkitest.TSA))
	require.Equal(t, rgs.NotApplicable, status(rgs.TwoStars, pkitest.AuthSign))
	require.Equal(t, rgs.NotApplicable, status(0, pkitest.AuthSign))
}

// Algorithms alone, for whoever has no certificate in hand.
func TestDigest(t *testing.T) {
	now, before := at, time.Date(2019, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		date time.Time
		want map[string]rgs.Status
	}{
		{"SHA-256", now, map[string]rgs.Status{"rgs_b1_hash_2": rgs.Pass, "rgs_b1_hash_3": rgs.Pass}},
		{"SHA3-512", now, map[string]rgs.Status{"rgs_b1_hash_2": rgs.Pass, "rgs_b1_hash_3": rgs.Pass}},
		{"SHA-224", now, map[string]rgs.Status{"rgs_b1_hash_2": rgs.Fail, "rgs_b1_hash_3": rgs.Pass}},
		{"SHA-224", before, map[string]rgs.Status{"rgs_b1_hash_1": rgs.Pass, "rgs_b1_hash_3": rgs.Pass}},
		{"SHA-1", now, map[string]rgs.Status{"rgs_b1_hash_2": rgs.Fail, "rgs_b1_hash_3": rgs.Fail}},
		{"SHA-1", before, map[string]rgs.Status{"rgs_b1_hash_1": rgs.Fail, "rgs_b1_hash_3": rgs.Fail}},
		{"SNEFRU", now, map[string]rgs.Status{"rgs_b1_hash_2": rgs.Undetermined, "rgs_b1_hash_3": rgs.Undetermined}},
	} {
		got := map[string]rgs.Status{}
		for _, f := range rgs.Digest(c.name, c.date, "signatures[0].digestAlgorithm") {
			got[f.Rule] = f.Status
			require.Equal(t, "signatures[0].digestAlgorithm", f.Path)
			require.NotEmpty(t, f.Clause)
		}
		require.Equal(t, c.want, got, "%s %v", c.name, c.date)
	}
}

func TestPublicKey(t *testing.T) {
	judge := func(spki []byte, until time.Time, encrypts bool) map[string]rgs.Status {
		list, err := rgs.PublicKey(spki, until, encrypts, "key")
		require.NoError(t, err)
		got := map[string]rgs.Status{}
		for _, f := range list {
			got[f.Rule] = f.Status
			require.Equal(t, "key", f.Path)
		}
		return got
	}
	beyond := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, map[string]rgs.Status{"rgs_b1_fact_1": rgs.Pass, "rgs_b1_recomfact_1": rgs.Warn, "rgs_b1_recomfact_2": rgs.Pass}, judge(rsaKey(t, 2048, 65537), at, false))
	require.Equal(t, map[string]rgs.Status{"rgs_b1_fact_2": rgs.Fail, "rgs_b1_recomfact_1": rgs.Warn, "rgs_b1_recomfact_2": rgs.Warn, "rgs_b1_fact_4": rgs.Fail}, judge(rsaKey(t, 2048, 3), beyond, true))
	require.Equal(t, map[string]rgs.Status{"rgs_b1_ecp_2": rgs.Pass, "rgs_b1_ec_named": rgs.Notice}, judge(ec(t, "1.3.36.3.3.2.8.1.1.7", 32), at, false))
	_, err := rgs.PublicKey([]byte("key"), at, false, "")
	require.ErrorIs(t, err, rgs.ErrNotPublicKey)
}

func TestTestIdentitiesAreMarked(t *testing.T) {
	name := func(values ...pkitest.AttributeValue) opts { return opts{pkitest.RawSubject(pkitest.Name(values...))} }
	for path, options := range map[string]opts{
		"subject.givenName[0]":              name(pkitest.AttributeValue{OID: pkitest.OIDGivenName, Value: "TEST Camille"}),
		"subject.pseudonym[0]":              name(pkitest.AttributeValue{OID: pkitest.OIDPseudonym, Value: "TEST agent"}),
		"subject.organizationalUnitName[0]": name(pkitest.AttributeValue{OID: pkitest.OIDOrganizationalUnitName, Value: "TEST service"}),
	} {
		finding := of(judged(t, false, "", at, options), "rgs_a4_test_prefix")[0]
		require.Equal(t, rgs.Notice, finding.Status)
		require.Equal(t, path, finding.Path)
	}
}

// Under a small exponent PKCS#1 v1.5 is only as good as padding checks that nobody sees: where the signing key is at hand, it fails.
func TestPKCS1WithSmallExponent(t *testing.T) {
	root := pkitest.New(pkitest.At(at)).Root("Racine", pkitest.RSA2048)
	self := func(exponent int) rgs.Status {
		leaf := root.Leaf("x", pkitest.RawSubject(root.Certificate.RawSubject), pkitest.PublicKey(rsaKey(t, 2048, exponent)))
		report, err := rgs.Default().Certificate(leaf.DER, rgs.Input{Time: at})
		require.NoError(t, err)
		return of(report, "rgs_b1_sign_pkcs1")[0].Status
	}
	require.Equal(t, rgs.Fail, self(3))
	require.Equal(t, rgs.Notice, self(65537))
}
