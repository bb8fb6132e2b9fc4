package report_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
	"github.com/cadre-confiance/confiance/signature/report"
)

// secretsOf are all the words that tell who someone is, in every shape that a report could write them.
func secretsOf(t *testing.T, s scene) []string {
	t.Helper()
	secrets := append([]string{}, personal...)
	for _, c := range s.Facts.Certificates {
		parsed, err := pkix.ParseCertificate(c.Raw)
		require.NoError(t, err)
		secrets = append(secrets, parsed.Serial.String(), fmt.Sprintf("%x", parsed.Serial), hex.EncodeToString(parsed.RawSerial),
			base64.StdEncoding.EncodeToString(parsed.RawSerial), parsed.Subject.String(), base64.StdEncoding.EncodeToString(c.Raw)[:40])
		for _, a := range append(parsed.Subject.Attributes, parsed.Issuer.Attributes...) {
			if text := a.Text(); len(text) > 2 { // not the country
				secrets = append(secrets, text)
			}
		}
	}
	for _, c := range s.Conclusion.Signatures {
		if c.Signer != nil {
			secrets = append(secrets, c.Signer.Subject, c.Signer.Issuer, c.Signer.Serial)
		}
	}
	return secrets
}

func TestRedactLeaksNothing(t *testing.T) {
	for name, s := range scenes(t) {
		secrets := secretsOf(t, s)
		for _, l := range []report.Language{report.French, report.English} {
			for _, detailed := range []bool{false, true} {
				r := report.New(s.Facts, &s.Conclusion, report.Options{File: s.File, Language: l, Detailed: detailed, Redact: true})
				for _, f := range forms {
					got := strings.ToLower(written(t, r, f))
					for _, secret := range secrets {
						require.NotContains(t, got, strings.ToLower(secret), "%s.%s %s detailed %v: %q", name, f.extension, l, detailed, secret)
					}
				}
			}
		}
	}
}

// The same secrets are there when nothing is redacted: the test above looks for what can be found.
func TestWithoutRedactNamesAreThere(t *testing.T) {
	s := scenes(t)["pdf-modified"]
	r := report.New(s.Facts, &s.Conclusion, report.Options{File: s.File, Detailed: true})
	for _, f := range forms {
		for _, secret := range []string{"Camille", "Dubois"} {
			require.Contains(t, written(t, r, f), secret, f.extension)
		}
	}
	require.Contains(t, written(t, r, forms[3]), "bon pour accord")
	require.Contains(t, written(t, r, forms[3]), "Hôtel de ville")
}

// Redact hides what the facts may hold, not only what they do hold today: every string of them, and of the conclusion, is
// turned into a name.
func TestRedactHidesEveryString(t *testing.T) {
	const secret = "Zénobie"
	for name, original := range scenes(t) {
		saved, err := json.Marshal(original)
		require.NoError(t, err)
		var s scene
		require.NoError(t, json.Unmarshal(saved, &s))
		n := 0
		spoil(reflect.ValueOf(s.Facts).Elem(), secret, &n)
		policy := s.Conclusion.Policy
		spoil(reflect.ValueOf(&s.Conclusion).Elem(), secret, &n)
		s.Conclusion.Policy = policy // the caller's own word
		require.Greater(t, n, 2, name)
		for _, detailed := range []bool{false, true} {
			r := report.New(s.Facts, &s.Conclusion, report.Options{File: secret, Detailed: detailed, Redact: true})
			for _, f := range forms {
				require.NotContains(t, written(t, r, f), secret, "%s.%s", name, f.extension)
			}
		}
		if name != "pdf-modified" {
			continue
		}
		// And one at a time, so that nothing hides because something else is gone. Text and HTML say no more than JSON.
		for i := range n {
			var s scene
			require.NoError(t, json.Unmarshal(saved, &s))
			k, only := 0, i
			spoilOne(reflect.ValueOf(s.Facts).Elem(), secret, &k, only)
			spoilOne(reflect.ValueOf(&s.Conclusion).Elem(), secret, &k, only)
			if s.Conclusion.Policy == secret {
				continue
			}
			r := report.New(s.Facts, &s.Conclusion, report.Options{Detailed: true, Redact: true})
			for _, f := range []form{forms[1], forms[3]} {
				if strings.Contains(written(t, r, f), secret) {
					t.Fatalf("%s.%s, string %d", name, f.extension, i)
				}
			}
		}
	}
}

func spoil(v reflect.Value, secret string, n *int) {
	eachString(v, n, func(int) string { return secret })
}

func spoilOne(v reflect.Value, secret string, n *int, only int) {
	eachString(v, n, func(i int) string {
		if i == only {
			return secret
		}
		return ""
	})
}

// eachString replaces the exported strings below a value, those that replace gives.
func eachString(v reflect.Value, n *int, replace func(int) string) {
	switch v.Kind() {
	case reflect.String:
		if !v.CanSet() {
			return
		}
		if s := replace(*n); s != "" {
			v.SetString(s)
		}
		*n++
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachString(v.Field(i), n, replace)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), n, replace)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			eachString(v.Elem(), n, replace)
		}
	}
}
