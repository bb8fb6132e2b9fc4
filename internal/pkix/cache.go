package pkix

import "sync"

// A Cache keeps values that were costly to compute, between about size and twice that many. It forgets by generations: when
// the young one is full it becomes the old one, and what was old and not asked for since is dropped. Adding and finding cost
// one or two map operations whatever the size, and no input can make it grow. It is safe for concurrent use; a nil Cache
// remembers nothing.
type Cache[K comparable, V any] struct {
	mu         sync.Mutex
	size       int
	young, old map[K]V
}

// NewCache returns a cache that remembers at least the size values used last. A size under 1 is 1.
func NewCache[K comparable, V any](size int) *Cache[K, V] {
	return &Cache[K, V]{size: max(size, 1), young: map[K]V{}}
}

// Get returns the value kept for a key.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	if c == nil {
		var none V
		return none, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.young[key]; ok {
		return v, true
	}
	v, ok := c.old[key]
	if ok {
		c.put(key, v)
	}
	return v, ok
}

// Put keeps a value. It replaces the one that the key had.
func (c *Cache[K, V]) Put(key K, value V) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, value)
}

func (c *Cache[K, V]) put(key K, value V) {
	if _, ok := c.young[key]; !ok && len(c.young) >= c.size {
		c.old, c.young = c.young, make(map[K]V, c.size)
	}
	c.young[key] = value
}
