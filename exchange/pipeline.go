package exchange

import (
	"context"
	"sync"
)

// A pipeline decrypts and checks leaves in several goroutines and hands them out in order.
type pipeline struct {
	ctx   context.Context
	p     *payload
	sink  func(part int, leaf []byte) error // called by the goroutine that owns the pipeline
	all   []*leafJob
	free  []*leafJob
	queue []*leafJob    // pushed, oldest first
	work  chan *leafJob // nil when there is one worker: jobs then run when they are handed out
	group sync.WaitGroup
}

// A leafJob is a leaf on its way from the source to who wanted it.
type leafJob struct {
	part  int
	i     int64
	want  Hash
	w     *window
	plain []byte
	err   error
	done  chan struct{}
}

func newPipeline(ctx context.Context, p *payload, workers int, sink func(int, []byte) error) *pipeline {
	l := &pipeline{ctx: ctx, p: p, sink: sink}
	jobs := 1
	if workers > 1 {
		jobs = workers + 1
		l.work = make(chan *leafJob, jobs)
		for range workers {
			l.group.Go(func() {
				for j := range l.work {
					l.run(j)
					j.done <- struct{}{}
				}
			})
		}
	}
	for range jobs {
		l.all = append(l.all, &leafJob{w: newWindow(), done: make(chan struct{}, 1)})
	}
	l.free = append(l.free, l.all...)
	return l
}

// close ends the workers, whatever happened.
func (l *pipeline) close() {
	if l.work != nil {
		close(l.work)
		l.group.Wait()
	}
	for _, j := range l.all {
		j.w.free()
	}
}

func (l *pipeline) run(j *leafJob) { j.plain, j.err = l.p.loadLeaf(l.ctx, j.w, j.part, j.i, j.want) }

// push begins a leaf, and hands out the oldest one if all jobs are busy.
func (l *pipeline) push(part int, i int64, want Hash) error {
	if len(l.free) == 0 {
		if err := l.pop(); err != nil {
			return err
		}
	}
	j := l.free[len(l.free)-1]
	l.free = l.free[:len(l.free)-1]
	j.part, j.i, j.want = part, i, want
	l.queue = append(l.queue, j)
	if l.work != nil {
		l.work <- j
	}
	return nil
}

// pop hands out the oldest leaf, if it is what was signed.
func (l *pipeline) pop() error {
	j := l.queue[0]
	l.queue = append(l.queue[:0], l.queue[1:]...)
	if l.work != nil {
		<-j.done
	} else {
		l.run(j)
	}
	l.free = append(l.free, j)
	if j.err != nil {
		return j.err
	}
	return l.sink(j.part, j.plain)
}

// stream hands the leaves of parts first … last-1 to sink, in order, each checked; an empty part has none. The first part begins
// at leaf skip. Leaves are decrypted and hashed by several goroutines; sink is called by this one.
func (p *payload) stream(ctx context.Context, first, last int, skip int64, workers int, sink func(part int, leaf []byte) error) error {
	total := -skip
	for part := first; part < last; part++ {
		total += leafCount(p.parts[part].Size)
	}
	if total <= 0 {
		return nil
	}
	l := newPipeline(ctx, p, int(min(int64(workers), total)), sink)
	defer l.close()
	cache := new(pageCache)
	defer cache.free()
	for part := first; part < last; part++ {
		for i := skip; i < leafCount(p.parts[part].Size); i++ {
			want, err := p.leaf(ctx, cache, part, i)
			if err != nil {
				return err
			}
			if err := l.push(part, i, want); err != nil {
				return err
			}
		}
		skip = 0
	}
	for len(l.queue) > 0 {
		if err := l.pop(); err != nil {
			return err
		}
	}
	return nil
}
