package pkix_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

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
