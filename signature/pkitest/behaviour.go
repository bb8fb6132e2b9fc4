package pkitest

import (
	"slices"
	"sync"
)

// behaviour is the list of options that a responder or a timestamp authority follows until told otherwise.
type behaviour struct {
	mu   sync.Mutex
	list []Option
	left int // answers that still fail: Unavailable
}

func (b *behaviour) set(options []Option) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = slices.Clone(options)
	b.left = 0
	for _, o := range options {
		if u, ok := o.(unavailable); ok {
			b.left = int(u)
		}
	}
}

func (b *behaviour) options() []Option {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.list)
}

// fails counts down the answers that Unavailable refuses.
func (b *behaviour) fails() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 {
		return false
	}
	if b.left > 0 {
		b.left--
	}
	return true
}

// unavailable is the option of that name.
type unavailable int

func (u unavailable) setting() setting {
	return setting{"Unavailable", onOCSP | onTSA | onCRL, func(*spec) {}}
}

// Unavailable makes the first n answers fail: HTTP 500, or an error in process. Negative: for ever.
func Unavailable(n int) Option { return unavailable(n) }
