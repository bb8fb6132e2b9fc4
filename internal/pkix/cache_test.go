package pkix_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

func TestCacheForgetsTheOldestAndKeepsWhatIsUsed(t *testing.T) {
	cache := pkix.NewCache[int, string](4)
	cache.Put(0, "kept")
	for i := 1; i <= 100; i++ {
		cache.Put(i, "passing")
		got, ok := cache.Get(0)
		require.True(t, ok, "the value that is asked for all the time was forgotten at %d", i)
		require.Equal(t, "kept", got)
	}
	found := 0
	for i := 1; i <= 100; i++ {
		if _, ok := cache.Get(i); ok {
			found++
		}
	}
	require.Less(t, found, 8, "the cache holds more than twice its size")

	cache.Put(0, "changed")
	got, _ := cache.Get(0)
	require.Equal(t, "changed", got)
}

func TestCacheNilRemembersNothing(t *testing.T) {
	var cache *pkix.Cache[string, int]
	cache.Put("a", 1)
	_, ok := cache.Get("a")
	require.False(t, ok)
}

func TestCacheServesManyAtOnce(t *testing.T) {
	cache := pkix.NewCache[int, int](16)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				cache.Put(i%40, i%40)
				if v, ok := cache.Get(i % 40); ok && v != i%40 {
					t.Errorf("key %d gave %d", i%40, v)
				}
			}
		})
	}
	all.Wait()
}
