//go:build sweep

package exchange

func init() { sweepStep = 1 }
