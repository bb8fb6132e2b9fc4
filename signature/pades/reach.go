package pades

import (
	"context"
	"errors"
	"slices"

	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pdf"
)

// A graph knows which objects a reader meets from the trailer of a revision, and, of the objects that later revisions list,
// what designates them. It follows the document from revision to revision, and forgets nothing: an object that was once
// reachable counts as reachable. Its cost is one visit of each object plus one of each change.
type graph struct {
	seen    []uint64 // a bit per object number
	parents map[int][]parent
	broken  map[int]error // reachable objects that cannot be read
	stores  map[int]bool  // dictionaries of a document security store, in any revision
	highest int           // number of an object met
	size    int           // what /Size says in the state that is walked; 0 for nothing
	looked  int           // references of later revisions whose generation was compared
	hidden  int           // number of an object met that is not below it
	stack   []int32
}

// A parent is an object that holds a reference, and the dictionary key under which it does. The trailer is object 0.
type parent struct {
	number int
	key    pdf.Name
}

// parentsKept is how many different parents of one object are told apart; more count as one unknown parent.
const parentsKept = 64

var unknownParent = parent{-1, ""}

// newGraph prepares to follow the objects that the revisions from index first on put elsewhere than they were. touched are
// their numbers, by index of revision.
func newGraph(ctx context.Context, file *pdf.File, first int) (g *graph, touched [][]int, err error) {
	g = &graph{parents: map[int][]parent{}, broken: map[int]error{}, stores: map[int]bool{}}
	touched = make([][]int, len(file.Revisions()))
	listed := 0
	for i := first; i < len(touched); i++ {
		before, after := file.At(i-1), file.At(i)
		seen := map[int]bool{}
		for number := range file.Listed(i) {
			if listed++; listed > limits.PDFTouched {
				return nil, nil, limitError("later revisions list more than %d objects", limits.PDFTouched)
			}
			if listed%1024 == 0 && ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			was, err1 := before.Locate(number)
			is, err2 := after.Locate(number)
			if err := errors.Join(err1, err2); err != nil && !isFormatError(err) {
				return nil, nil, err
			} else if err == nil && was == is || seen[number] {
				continue
			}
			seen[number] = true
			touched[i] = append(touched[i], number)
			g.parents[number] = nil
		}
		slices.Sort(touched[i])
	}
	return g, touched, nil
}

func (g *graph) reached(number int) bool {
	return number/64 < len(g.seen) && g.seen[number/64]&(1<<(number%64)) != 0
}

// push marks an object as met, to be visited if it is for the first time.
func (g *graph) push(number int) {
	if number <= 0 || number > limits.PDFNumber || g.reached(number) {
		return
	}
	for number/64 >= len(g.seen) {
		g.seen = append(g.seen, 0)
	}
	g.seen[number/64] |= 1 << (number % 64)
	g.stack = append(g.stack, int32(number))
}

// scan notes the references inside the value of an object.
func (g *graph) scan(number int, value pdf.Object) {
	pdf.References(value, func(key pdf.Name, ref pdf.Ref) {
		if list, watched := g.parents[ref.Number]; watched {
			p := parent{number, key}
			switch {
			case slices.Contains(list, p) || slices.Contains(list, unknownParent):
			case len(list) == parentsKept:
				g.parents[ref.Number] = append(list, unknownParent)
			default:
				g.parents[ref.Number] = append(list, p)
			}
		}
		g.push(ref.Number)
	})
}

// walk visits what is reachable and was not visited yet, in one state. Generations are not compared: readers differ on a
// reference to another generation, so that both the object and its absence are what is met.
func (g *graph) walk(ctx context.Context, state *pdf.State) error {
	g.scan(0, state.Trailer())
	for n := 0; len(g.stack) > 0; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		number := int(g.stack[len(g.stack)-1])
		g.stack = g.stack[:len(g.stack)-1]
		if err := g.visit(state, number); err != nil {
			if !isFormatError(err) {
				return err
			}
			g.broken[number] = err
		}
	}
	return nil
}

func (g *graph) visit(state *pdf.State, number int) error {
	at, err := state.Locate(number)
	if err != nil || !at.Present() {
		return err
	}
	if at.Kind == pdf.Compressed {
		g.push(at.Container) // its length may be an object of its own
	}
	g.highest = max(g.highest, number)
	if g.size > 0 && number >= g.size {
		g.hidden = number
	}
	object, err := state.ObjectAt(pdf.Ref{Number: number}, at)
	if err != nil {
		return err
	}
	g.scan(number, object.Value)
	if stream, ok := object.Value.(*pdf.Stream); ok {
		return state.Ends(stream)
	}
	return nil
}
