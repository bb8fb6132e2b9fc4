//go:build sweep

package pades_test

const flipStep = 1
