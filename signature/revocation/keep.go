package revocation

import (
	"context"
)

// keep begins to keep an answer. What cannot be kept is not.
func (w *web) keep(ctx context.Context, key string) Keeper {
	if w.o.Store == nil {
		return forgetful{}
	}
	keeper, err := w.o.Store.Create(ctx, key)
	if err != nil || keeper == nil {
		return forgetful{}
	}
	return &tolerant{Keeper: keeper}
}

// forgetful keeps nothing.
type forgetful struct{}

func (forgetful) Write(p []byte) (int, error) { return len(p), nil }
func (forgetful) Commit(Freshness) error      { return nil }
func (forgetful) Abandon()                    {}

// tolerant lets an answer flow on when the store cannot take it.
type tolerant struct {
	Keeper
	failed bool
}

func (t *tolerant) Write(p []byte) (int, error) {
	if !t.failed {
		n, err := t.Keeper.Write(p)
		t.failed = err != nil || n < len(p)
	}
	return len(p), nil
}

func (t *tolerant) Commit(f Freshness) error {
	if t.failed {
		return ErrNotKept
	}
	return t.Keeper.Commit(f)
}
