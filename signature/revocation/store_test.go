package revocation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/revocation"
)

func put(t testing.TB, s revocation.Store, key string, content []byte, f revocation.Freshness) error {
	k, err := s.Create(context.Background(), key)
	require.NoError(t, err)
	for len(content) > 0 {
		n := min(len(content), 1000)
		if _, err := k.Write(content[:n]); err != nil {
			k.Abandon()
			return err
		}
		content = content[n:]
	}
	return k.Commit(f)
}

func get(t testing.TB, s revocation.Store, key string) ([]byte, bool) {
	kept, err := s.Open(context.Background(), key)
	require.NoError(t, err)
	if kept == nil {
		return nil, false
	}
	content, err := io.ReadAll(kept)
	require.NoError(t, err)
	require.NoError(t, kept.Close())
	return content, true
}

func TestMemory(t *testing.T) {
	const bound = 40_000
	m := revocation.NewMemory(bound)
	f := revocation.Freshness{ThisUpdate: noon, NextUpdate: noon.Add(time.Hour), Fetched: noon}
	require.NoError(t, put(t, m, "a", bytes.Repeat([]byte("a"), 9000), f))
	kept, err := m.Open(context.Background(), "a")
	require.NoError(t, err)
	require.Equal(t, f, kept.Freshness)
	for _, key := range []string{"b", "c", "d"} {
		require.NoError(t, put(t, m, key, bytes.Repeat([]byte(key), 9000), f))
		require.LessOrEqual(t, m.Held(), int64(bound))
	}
	_, ok := get(t, m, "a") // used last from here on
	require.True(t, ok)
	require.NoError(t, put(t, m, "e", bytes.Repeat([]byte("e"), 9000), f))
	_, ok = get(t, m, "b")
	require.False(t, ok, "what was not used for longest is forgotten")
	for _, key := range []string{"a", "c", "d", "e"} {
		content, ok := get(t, m, key)
		require.True(t, ok, key)
		require.Equal(t, bytes.Repeat([]byte(key), 9000), content)
	}
	require.NoError(t, put(t, m, "a", []byte("again"), f))
	content, _ := get(t, m, "a")
	require.Equal(t, "again", string(content))

	require.ErrorIs(t, put(t, m, "large", make([]byte, bound/4+1), f), revocation.ErrNotKept)
	k, _ := m.Create(context.Background(), "large")
	k.Write(make([]byte, bound))
	require.ErrorIs(t, k.Commit(f), revocation.ErrNotKept)
	k, _ = m.Create(context.Background(), "abandoned")
	k.Write([]byte("x"))
	_, ok = get(t, m, "abandoned")
	require.False(t, ok, "not yet committed")
	k.Abandon()
	require.ErrorIs(t, put(t, revocation.NewMemory(0), "x", []byte("x"), f), revocation.ErrNotKept)
	require.ErrorIs(t, put(t, revocation.NewMemory(-1), "x", nil, f), revocation.ErrNotKept)
}

func TestMemoryTogether(t *testing.T) {
	m := revocation.NewMemory(100_000)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 200 {
				key := fmt.Sprint(i, j%20)
				put(t, m, key, []byte(key), revocation.Freshness{})
				if content, ok := get(t, m, key); ok {
					require.Equal(t, key, string(content))
				}
			}
		})
	}
	group.Wait()
	require.LessOrEqual(t, m.Held(), int64(100_000))
}

// What is kept is asked for again when its issuer has something newer, or when older than what is wanted.
func TestFreshness(t *testing.T) {
	for name, client := range map[string]func(*scene, revocation.Store) revocation.Source{
		"list": func(s *scene, store revocation.Store) revocation.Source {
			return s.lists(func(o *revocation.Options) { o.Store = store })
		},
		"response": func(s *scene, store revocation.Store) revocation.Source {
			return s.responders(func(o *revocation.OCSPOptions) { o.Store, o.Post = store, true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			store := revocation.NewMemory(1 << 20)
			source := client(s, store)
			ask := func(after time.Duration, notBefore time.Time, want int) {
				t.Helper()
				s.clock.Store(int64(after / time.Second))
				data, err := s.fetch(source, notBefore)
				require.NoError(t, err)
				require.Len(t, data, 1)
				require.Len(t, s.asked(), want)
				require.Equal(t, "good", string(s.statements(data)[0].Status))
				require.NotEmpty(t, data[0].DER)
			}
			ask(0, time.Time{}, 1)
			ask(time.Hour, time.Time{}, 0)
			ask(23*time.Hour, noon, 0)
			ask(23*time.Hour, noon.Add(time.Hour), 1)                // something newer is wanted, and there is none yet
			ask(23*time.Hour+30*time.Second, noon.Add(time.Hour), 0) // which was seen a moment ago
			ask(24*time.Hour, time.Time{}, 1)                        // nextUpdate
			s.pki.SetTime(noon.Add(24 * time.Hour))
			ask(25*time.Hour, time.Time{}, 1)
			ask(26*time.Hour, noon.Add(24*time.Hour), 0)
			ask(-time.Hour, time.Time{}, 1) // a clock that goes back proves nothing

			// The server is down: what is kept still says what it says.
			s.server.Close()
			s.clock.Store(int64(100 * time.Hour / time.Second))
			data, err := s.fetch(source, noon.Add(99*time.Hour))
			require.NoError(t, err)
			require.Len(t, data, 1)
			_, err = s.fetch(client(s, revocation.NewMemory(1<<20)), time.Time{})
			require.ErrorIs(t, err, revocation.ErrUnreachable)
		})
	}
}

func TestKeepIssuers(t *testing.T) {
	s := newScene(t)
	o := s.options()
	o.Store = revocation.NewMemory(1 << 20)
	client, err := revocation.NewIssuerClient(o)
	require.NoError(t, err)
	for _, step := range []struct {
		after time.Duration
		asked int
	}{{0, 1}, {time.Hour, 0}, {23 * time.Hour, 0}, {25 * time.Hour, 1}} {
		s.clock.Store(int64(step.after / time.Second))
		list, err := client.Issuers(context.Background(), s.leaf.DER)
		require.NoError(t, err)
		require.Equal(t, [][]byte{s.ca.DER}, list)
		require.Len(t, s.asked(), step.asked)
	}
}

// Many that ask at once for the same list make one request.
func TestOneRequest(t *testing.T) {
	s := newScene(t)
	source := s.lists(func(o *revocation.Options) { o.Store = revocation.NewMemory(1 << 20) })
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			data, err := s.fetch(source, time.Time{})
			require.NoError(t, err)
			require.Len(t, data, 1)
		})
	}
	group.Wait()
	require.Len(t, s.asked(), 1)
}

// A store that fails only costs time.
func TestBrokenStore(t *testing.T) {
	s := newScene(t)
	for name, store := range map[string]revocation.Store{"all": brokenStore{all: true}, "writing": brokenStore{}} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				data, err := s.fetch(s.lists(func(o *revocation.Options) { o.Store = store }), time.Time{})
				require.NoError(t, err)
				require.Len(t, data, 1)
				require.Len(t, s.asked(), 1)
			}
		})
	}
	// One that gives back something else is not believed for being ours.
	lying := revocation.NewMemory(1 << 20)
	_, err := s.fetch(s.lists(func(o *revocation.Options) { o.Store = lying }), time.Time{})
	require.NoError(t, err)
	data, err := s.fetch(s.lists(func(o *revocation.Options) { o.Store = cutting{lying} }), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1)
	require.Len(t, s.asked(), 2)
}

var errDisk = errors.New("the disk is full")

type brokenStore struct{ all bool }

func (b brokenStore) Open(context.Context, string) (*revocation.Kept, error) { return nil, errDisk }
func (b brokenStore) Create(context.Context, string) (revocation.Keeper, error) {
	if b.all {
		return nil, errDisk
	}
	return brokenKeeper{}, nil
}

type brokenKeeper struct{}

func (brokenKeeper) Write([]byte) (int, error)         { return 0, errDisk }
func (brokenKeeper) Commit(revocation.Freshness) error { panic("committed what could not be written") }
func (brokenKeeper) Abandon()                          {}

// cutting gives back half of what is kept.
type cutting struct{ *revocation.Memory }

func (c cutting) Open(ctx context.Context, key string) (*revocation.Kept, error) {
	kept, err := c.Memory.Open(ctx, key)
	if kept != nil {
		content, _ := io.ReadAll(kept)
		kept.ReadCloser = io.NopCloser(bytes.NewReader(content[:len(content)/2]))
	}
	return kept, err
}
