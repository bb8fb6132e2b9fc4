//go:build !sweep

package pades_test

// flipStep is odd and prime to 8: all bits of an octet get their turn.
const flipStep = 97
