//go:build sweep

package cades_test

import (
	"testing"

	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// Every bit.
func TestSweep(t *testing.T) {
	for _, key := range []pkitest.KeyType{pkitest.P256, pkitest.RSA2048, pkitest.Ed25519} {
		for _, level := range []ades.Level{ades.BaselineB, ades.BaselineT} {
			t.Log(key, level, describeFlips(flips(t, key, level, 1)))
		}
	}
}
