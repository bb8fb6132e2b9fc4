package ades_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// certify makes a self-signed certificate for key: FromKey looks at nothing but the public key in it.
func certify(t *testing.T, key crypto.Signer) *x509.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return certificate
}

func keys(t *testing.T) map[string]crypto.Signer {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return map[string]crypto.Signer{"RSA": rsaKey, "ECDSA": ecKey, "Ed25519": edKey}
}

func TestFromKeySigns(t *testing.T) {
	message := []byte("1\x82 signed attributes")
	digest := sha256.Sum256(message)
	for name, key := range keys(t) {
		signer, err := ades.FromKey(key, []*x509.Certificate{certify(t, key)})
		require.NoError(t, err, name)
		require.Len(t, signer.Chain(), 1)
		value, err := signer.Sign(t.Context(), ades.NewRequest(message, crypto.SHA256, false))
		require.NoError(t, err, name)
		switch public := key.Public().(type) {
		case *rsa.PublicKey:
			require.NoError(t, rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], value))
			value, err = signer.Sign(t.Context(), ades.NewRequest(message, crypto.SHA256, true))
			require.NoError(t, err)
			require.NoError(t, rsa.VerifyPSS(public, crypto.SHA256, digest[:], value, &rsa.PSSOptions{SaltLength: 32}))
		case *ecdsa.PublicKey:
			require.True(t, ecdsa.VerifyASN1(public, digest[:], value))
		case ed25519.PublicKey:
			require.True(t, ed25519.Verify(public, message, value))
		}

		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = signer.Sign(cancelled, ades.NewRequest(message, crypto.SHA256, false))
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestFromKeyRefuses(t *testing.T) {
	ours, others := keys(t), keys(t)
	for name, key := range ours {
		_, err := ades.FromKey(key, []*x509.Certificate{certify(t, others[name])})
		require.ErrorIs(t, err, ades.ErrKeyMismatch, "%s: another key of the same kind", name)
		for other, otherKey := range ours {
			if other != name {
				_, err := ades.FromKey(key, []*x509.Certificate{certify(t, otherKey)})
				require.ErrorIs(t, err, ades.ErrKeyMismatch, "%s key, %s certificate", name, other)
			}
		}
		_, err = ades.FromKey(key, nil)
		require.ErrorIs(t, err, ades.ErrNoCertificate)
		_, err = ades.FromKey(key, []*x509.Certificate{nil})
		require.ErrorIs(t, err, ades.ErrNoCertificate)
	}
	_, err := ades.FromKey(nil, []*x509.Certificate{certify(t, ours["RSA"])})
	require.ErrorIs(t, err, ades.ErrUnsupportedKey)

	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	_, err = ades.FromKey(small, []*x509.Certificate{certify(t, small)})
	require.ErrorIs(t, err, ades.ErrUnsupportedKey)
	require.ErrorContains(t, err, "P-224")

	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, err = ades.FromKey(weak, []*x509.Certificate{certify(t, weak)})
	require.ErrorIs(t, err, ades.ErrUnsupportedKey)
	require.ErrorContains(t, err, "1024")

	_, err = ades.FromKey(strange{}, []*x509.Certificate{certify(t, ours["RSA"])})
	require.ErrorIs(t, err, ades.ErrUnsupportedKey)
}

// strange is a crypto.Signer of a kind that no standard scheme covers.
type strange struct{ crypto.Signer }

func (strange) Public() crypto.PublicKey { return "a key" }

func TestPreparedIsReadBack(t *testing.T) {
	prepared := ades.Prepared{
		Schema: ades.PreparedSchema, Format: "cades", Level: ades.BaselineT, Chain: [][]byte{{0x30, 0}},
		Request: ades.NewRequest([]byte("message"), crypto.SHA512, true), Time: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
		Parameters: json.RawMessage(`{"detached":true}`),
	}
	prepared.Document.Size, prepared.Document.Algorithm, prepared.Document.Digest = 12, uint(crypto.SHA256), make([]byte, 32)
	saved, err := json.Marshal(prepared)
	require.NoError(t, err)
	back, err := ades.ReadPrepared(saved)
	require.NoError(t, err)
	require.Equal(t, &prepared, back)
	sum := sha512.Sum512([]byte("message"))
	require.Equal(t, sum[:], back.Request.Digest)

	for name, damaged := range map[string]string{
		"not JSON":        "{",
		"newer schema":    strings.Replace(string(saved), `"schema":1`, `"schema":2`, 1),
		"no certificate":  strings.Replace(string(saved), `"chain":["MAA="]`, `"chain":[]`, 1),
		"nothing to sign": strings.Replace(string(saved), `"message":"bWVzc2FnZQ=="`, `"message":""`, 1),
	} {
		require.NotEqual(t, string(saved), damaged, name)
		_, err := ades.ReadPrepared([]byte(damaged))
		require.ErrorIs(t, err, ades.ErrPrepared, name)
	}
}

func TestLevelNames(t *testing.T) {
	require.Equal(t, "B-B B-T B-LT B-LTA Level(9)", strings.Join([]string{ades.BaselineB.String(), ades.BaselineT.String(),
		ades.BaselineLT.String(), ades.BaselineLTA.String(), ades.Level(9).String()}, " "))
}

// The certificate of an id-RSASSA-PSS key has no key for crypto/x509; another one is refused all the same.
func TestFromKeyPSS(t *testing.T) {
	root := pkitest.New(pkitest.Deterministic("pss")).Root("Racine")
	ours, other := root.Leaf("Maire", pkitest.RSAPSS2048), root.Leaf("Autre", pkitest.RSAPSS2048)
	require.Nil(t, ours.Certificate.PublicKey)
	s, err := ades.FromKey(ours.Key, ours.Chain())
	require.NoError(t, err)
	require.True(t, ades.IsLocal(s))
	_, err = ades.FromKey(other.Key, ours.Chain())
	require.ErrorIs(t, err, ades.ErrKeyMismatch)
}

func TestIsLocal(t *testing.T) {
	for name, key := range keys(t) {
		s, err := ades.FromKey(key, []*x509.Certificate{certify(t, key)})
		require.NoError(t, err)
		require.True(t, ades.IsLocal(s), name)
		s, err = ades.FromKey(token{key}, []*x509.Certificate{certify(t, key)})
		require.NoError(t, err)
		require.False(t, ades.IsLocal(s), name)
		require.False(t, ades.IsLocal(remote{s}), name)
	}
}

// token is a key in a card, remote a service: what they return was not computed here.
type token struct{ crypto.Signer }

type remote struct{ ades.Signer }
