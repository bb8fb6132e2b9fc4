//go:build corpus

package signature_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature"
	"github.com/cadre-confiance/confiance/signature/ades"
	"github.com/cadre-confiance/confiance/signature/validation"
)

// TestMutations damages every CAdES and PAdES file of the corpus in many ways: nothing panics, nothing takes long, nothing
// that is held afterwards grows, and what still passes is what it was.
func TestMutations(t *testing.T) {
	folder := filepath.Join(shared(t), "corpus")
	table, err := os.ReadFile(filepath.Join(folder, "expected.tsv"))
	require.NoError(t, err)
	validator, err := signature.NewValidator(signature.ValidatorOptions{UnsafeNoRevocation: true, UnsafeAnchorsFromFile: true})
	require.NoError(t, err)
	o := signature.ValidateOptions{Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	random := rand.New(rand.NewPCG(3, 19))
	done, slowest, seen := 0, time.Duration(0), map[string]bool{}
	for _, line := range strings.Split(string(table), "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) < 2 || fields[1] != "cades" && fields[1] != "pades" || seen[fields[0]] {
			continue
		}
		seen[fields[0]] = true
		file, err := os.ReadFile(filepath.Join(folder, fields[0]))
		require.NoError(t, err)
		for range 20 {
			mutated := mutate(random, file)
			started := time.Now()
			got, err := validator.Validate(context.Background(), ades.Bytes(mutated), o)
			slowest = max(slowest, time.Since(started))
			require.Less(t, time.Since(started), 3*time.Second, fields[0])
			done++
			if err != nil {
				continue
			}
			for _, s := range got.Signatures {
				require.True(t, s.Verdict.Consistent(), fields[0])
				require.True(t, s.Crypto == validation.CryptoValid || !s.Passed(), fields[0])
			}
		}
	}
	require.Greater(t, done, 5000)
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	require.Less(t, memory.HeapAlloc, uint64(256<<20))
	t.Logf("%d mutations, the slowest took %s, %d MiB were held from the system", done, slowest, memory.Sys>>20)
}

// mutate damages a file: a bit, a run of octets, a part repeated, moved or left out.
func mutate(random *rand.Rand, file []byte) []byte {
	if len(file) < 16 {
		return file
	}
	out := bytes.Clone(file)
	at, length := random.IntN(len(out)-8), 1+random.IntN(8)
	switch random.IntN(6) {
	case 0, 1:
		out[at] ^= 1 << random.IntN(8)
	case 2:
		for i := range length {
			out[at+i] = byte(random.Uint32())
		}
	case 3:
		out = out[:at]
	case 4:
		out = append(out[:at], file[random.IntN(len(file)-8):]...)
	case 5:
		copy(out[at:], []byte{0x80, 0x84, 0xff, 0xff, 0xff, 0xff}) // lengths that lie
	}
	return out
}
