package cms_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/cms"
)

// BenchmarkEnvelope sets the streams beside the standard library's GCM over the same octets, from memory to memory; 64 MiB
// at once, so that what is per message does not show. The raw operation seals 64 KiB at a time, which stays in the cache.
func BenchmarkEnvelope(b *testing.B) {
	const size = 64 << 20
	content := make([]byte, size)
	recipients := []cms.Recipient{keyP256().byIssuer()}
	ctx := context.Background()
	b.Run("raw GCM", func(b *testing.B) {
		block, _ := aes.NewCipher(make([]byte, 32))
		gcm, _ := cipher.NewGCM(block)
		nonce, out := make([]byte, 12), make([]byte, 64<<10+16)
		b.SetBytes(size)
		for b.Loop() {
			for at := 0; at < size; at += 64 << 10 {
				gcm.Seal(out[:0], nonce, content[at:at+64<<10], nil)
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			require.NoError(b, cms.WriteAuthEnveloped(ctx, io.Discard, onlyReader{bytes.NewReader(content)}, size, recipients))
		}
	})
	sealed := writeBytes(b, content, false, recipients...)
	b.Run("read, two passes", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			_, err := cms.ReadAuthEnveloped(ctx, bytes.NewReader(sealed), int64(len(sealed)), io.Discard, keyP256().opener())
			require.NoError(b, err)
		}
	})
}

func BenchmarkCapsule(b *testing.B) {
	content := make([]byte, 1000)
	for name, key := range allKeys() {
		sealed := sealBytes(b, content, key.byIssuer())
		b.Run("seal "+name, func(b *testing.B) {
			for b.Loop() {
				sealBytes(b, content, key.byIssuer())
			}
		})
		b.Run("open "+name, func(b *testing.B) {
			for b.Loop() {
				_, _, err := cms.OpenAuthEnveloped(sealed, key.opener())
				require.NoError(b, err)
			}
		})
	}
}
