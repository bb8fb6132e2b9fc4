package revocation

import (
	"bytes"
	"container/list"
	"context"
	"io"
	"sync"
	"time"
)

// A Store keeps what clients fetched: lists and responses that the issuer vouches for, certificates of issuers. Content may be
// tens of megabytes, so that it flows in and out. A store that fails only costs time: its errors make a client fetch again.
//
// Implementations MUST be safe for concurrent use, MUST give back the octets that were written or nothing, and MUST NOT show
// what was not committed. They MAY forget anything at any time.
type Store interface {
	// Open returns what is kept under a key, nil if nothing is. The caller closes it.
	Open(ctx context.Context, key string) (*Kept, error)
	// Create begins to keep something under a key. It replaces what was there when it is committed.
	Create(ctx context.Context, key string) (Keeper, error)
}

// A Keeper takes the octets of one object.
type Keeper interface {
	io.Writer
	// Commit makes the object visible. Abandon forgets it; it does nothing after Commit.
	Commit(Freshness) error
	Abandon()
}

// Freshness is what tells whether an object may still be used.
type Freshness struct {
	ThisUpdate time.Time // what the object says; zero for certificates
	NextUpdate time.Time // zero when it says nothing
	Fetched    time.Time
}

// fresh reports whether an object answers a wish for data not older than notBefore: it is not, and its issuer has announced
// nothing newer (RFC 5280 §5.1.2.5, RFC 6960 §4.2.2.1). One that was fetched a moment ago is as new as can be had.
func (f Freshness) fresh(now, notBefore time.Time, pause time.Duration) bool {
	if f.Fetched.After(now) {
		return false
	}
	if now.Sub(f.Fetched) < pause {
		return true
	}
	return now.Before(f.NextUpdate) && !f.ThisUpdate.Before(notBefore)
}

// A Kept object is open for reading.
type Kept struct {
	Freshness
	io.ReadCloser
}

// A Memory is a Store in memory that holds a bounded number of octets, and forgets what was not used for longest.
type Memory struct {
	mu    sync.Mutex
	bound int64
	held  int64
	items map[string]*list.Element
	order list.List // of *memoryItem, the last used first
}

type memoryItem struct {
	key     string
	content []byte
	Freshness
}

// itemCost is what an object costs besides its key and its octets.
const itemCost = 256

func (i *memoryItem) cost() int64 { return int64(len(i.key)+len(i.content)) + itemCost }

// NewMemory returns a store of at most so many octets, what it takes to hold them included. An object larger than a quarter
// of it is not kept: one list must not push out all the others.
func NewMemory(octets int64) *Memory {
	return &Memory{bound: max(octets, 0), items: map[string]*list.Element{}}
}

// Open returns what is kept under a key.
func (m *Memory) Open(_ context.Context, key string) (*Kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	element, ok := m.items[key]
	if !ok {
		return nil, nil
	}
	m.order.MoveToFront(element)
	item := element.Value.(*memoryItem)
	return &Kept{item.Freshness, io.NopCloser(bytes.NewReader(item.content))}, nil
}

// Create begins to keep an object. What is written beyond a quarter of the bound is ErrNotKept.
func (m *Memory) Create(_ context.Context, key string) (Keeper, error) {
	return &memoryKeeper{memory: m, key: key}, nil
}

// Held is how many octets are held at the moment.
func (m *Memory) Held() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held
}

type memoryKeeper struct {
	memory  *Memory
	key     string
	content []byte
	over    bool
}

func (k *memoryKeeper) Write(p []byte) (int, error) {
	if k.over || int64(len(k.key)+len(k.content)+len(p))+itemCost > k.memory.bound/4 {
		k.over, k.content = true, nil
		return 0, ErrNotKept
	}
	k.content = append(k.content, p...)
	return len(p), nil
}

func (k *memoryKeeper) Abandon() { k.content = nil }

func (k *memoryKeeper) Commit(f Freshness) error {
	if k.over {
		return ErrNotKept
	}
	m := k.memory
	item := &memoryItem{key: k.key, content: bytes.Clone(k.content), Freshness: f} // without the slack of append
	m.mu.Lock()
	defer m.mu.Unlock()
	if item.cost() > m.bound {
		return ErrNotKept
	}
	if element, ok := m.items[k.key]; ok {
		m.drop(element)
	}
	for m.held+item.cost() > m.bound {
		m.drop(m.order.Back())
	}
	m.items[k.key] = m.order.PushFront(item)
	m.held += item.cost()
	return nil
}

func (m *Memory) drop(element *list.Element) {
	item := m.order.Remove(element).(*memoryItem)
	delete(m.items, item.key)
	m.held -= item.cost()
}
