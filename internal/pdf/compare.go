package pdf

import (
	"bytes"
	"context"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// References calls visit for each reference inside o, with the nearest dictionary key above it.
func References(o Object, visit func(key Name, ref Ref)) { references(o, "", visit) }

func references(o Object, key Name, visit func(Name, Ref)) {
	switch o := o.(type) {
	case Ref:
		visit(key, o)
	case Array:
		for _, v := range o {
			references(v, key, visit)
		}
	case Dict:
		for _, e := range o {
			references(e.Value, e.Key, visit)
		}
	case *Stream:
		references(o.Dict, key, visit)
	}
}

// EqualObjects reports whether object x in state a has the value of object y in state b: data included when they are streams.
// The /Length of a stream is compared once resolved.
func EqualObjects(ctx context.Context, a *State, x Object, b *State, y Object) (bool, error) {
	xs, ok := x.(*Stream)
	ys, ok2 := y.(*Stream)
	if !ok || !ok2 {
		return !ok && !ok2 && Equal(x, y), nil
	}
	if !Equal(xs.Dict.Without("Length"), ys.Dict.Without("Length")) {
		return false, nil
	}
	xn, err := a.StreamLength(xs)
	if err != nil {
		return false, err
	}
	yn, err := b.StreamLength(ys)
	if err != nil || xn != yn {
		return false, err
	}
	return a.f.equalData(ctx, xs.Start, ys.Start, xn)
}

// equalData compares n octets at two offsets.
func (f *File) equalData(ctx context.Context, x, y, n int64) (bool, error) {
	if x == y {
		return true, nil
	}
	left, right := make([]byte, min(n, 32<<10)), make([]byte, min(n, 32<<10))
	for done := int64(0); done < n; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		m := min(n-done, int64(len(left)))
		if f.compared += m; f.compared > limits.PDFCompared+4*f.source.size {
			return false, limit(x, "more than %d octets of streams to compare", f.compared)
		}
		if err := f.source.read(left[:m], x+done); err != nil {
			return false, err
		}
		if err := f.source.read(right[:m], y+done); err != nil {
			return false, err
		}
		if !bytes.Equal(left[:m], right[:m]) {
			return false, nil
		}
		done += m
	}
	return true, nil
}
