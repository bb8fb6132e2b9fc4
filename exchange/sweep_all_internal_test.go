//go:build sweep

package exchange

import "testing"

func TestSweep(t *testing.T) { sweep(t, 1) }
