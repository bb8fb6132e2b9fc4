package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// Content is cut into jobs of whole leaves, about 1 MiB each, that workers hash and encrypt while one goroutine reads the parts and
// writes the payload in order. Hashing and encrypting the same octets in the same worker keeps both cores equally busy, which one
// goroutine for each would not (SHA-256 costs three times AES-GCM). Jobs are few and recycled, so that memory is flat.
const (
	jobChunks  = LeafSize/chunkSize + 1 // a leaf and the beginning of a chunk left by the job before
	jobPlain   = jobChunks * chunkSize
	maxWorkers = 16
	writeSize  = 64 << 10
)

func workers(asked int) int {
	if asked <= 0 {
		asked = runtime.GOMAXPROCS(0)
	}
	return min(asked, maxWorkers)
}

// A sealJob holds plaintext with tagSize octets of room after each chunk, so that it is encrypted where it is.
type sealJob struct {
	buf    [jobChunks * sealedChunk]byte
	used   int   // octets of plaintext
	first  int64 // number of the first chunk
	final  bool  // the chunk that used ends in is the last of the payload
	leaves []sealLeaf
	nonce  [chunkNonce]byte
	done   chan struct{}
}

type sealLeaf struct {
	part     int
	from, to int // octets of plaintext
	hash     Hash
}

// room is the rest of the chunk at offset used: where plaintext comes next.
func (j *sealJob) room() []byte {
	at := j.used/chunkSize*sealedChunk + j.used%chunkSize
	return j.buf[at : at+chunkSize-j.used%chunkSize]
}

// sealed is the encrypted form, once run has run.
func (j *sealJob) sealed() []byte {
	n := j.used / chunkSize * sealedChunk
	if j.final {
		n += j.used%chunkSize + tagSize
	}
	return j.buf[:n]
}

func (j *sealJob) run(c *cobblestone) {
	digest := sha256.New()
	leaf := 0
	at := 0
	// Each chunk is hashed, then encrypted, while it is in the cache.
	for i := range jobChunks {
		end := min((i+1)*chunkSize, j.used)
		for at < end && leaf < len(j.leaves) {
			l := &j.leaves[leaf]
			if at <= l.from {
				at = l.from // octets before it belong to a leaf of the job before
				if at >= end {
					break
				}
				digest.Reset()
				digest.Write(leafMark)
			}
			to := min(l.to, end)
			digest.Write(j.buf[i*sealedChunk+at-i*chunkSize : i*sealedChunk+to-i*chunkSize])
			if at = to; at == l.to {
				digest.Sum(l.hash[:0])
				leaf++
			}
		}
		if end == (i+1)*chunkSize {
			c.seal(j.buf[i*sealedChunk:(i+1)*sealedChunk], j.first+int64(i), &j.nonce)
		}
	}
	if j.final {
		i := j.used / chunkSize
		c.seal(j.buf[i*sealedChunk:i*sealedChunk+j.used%chunkSize+tagSize], j.first+int64(i), &j.nonce)
	}
}

// A payloadSealer writes a payload: parts, then index.
type payloadSealer struct {
	ctx      context.Context
	dst      io.Writer
	c        *cobblestone
	spread   int // workers, once there is more than one job
	progress func(int64)

	job     *sealJob
	queue   []*sealJob // dispatched, oldest first
	free    []*sealJob
	work    chan *sealJob // nil when there is one worker: jobs then run at once
	workers sync.WaitGroup

	trees   []tree // of the parts
	index   []*[pageLeaves]Hash
	leaves  int
	written int64
	total   int64 // octets of the parts
}

// jobs are kept between plis: one is a MiB, and many plis are small.
var sealJobs = sync.Pool{New: func() any { return &sealJob{done: make(chan struct{}, 1)} }}

func newPayloadSealer(ctx context.Context, dst io.Writer, c *cobblestone, workers int) *payloadSealer {
	s := &payloadSealer{ctx: ctx, dst: dst, c: c, spread: workers}
	s.begin(sealJobs.Get().(*sealJob), 0, 0)
	return s
}

// start begins the workers, when the first job is full.
func (s *payloadSealer) start() {
	if s.work != nil || s.spread < 2 {
		return
	}
	jobs := s.spread + 2 // one that is filled, one that is written
	s.work = make(chan *sealJob, jobs)
	for range s.spread {
		s.workers.Go(func() {
			for j := range s.work {
				j.run(s.c)
				j.done <- struct{}{}
			}
		})
	}
	for range jobs - 1 {
		s.free = append(s.free, sealJobs.Get().(*sealJob))
	}
}

// close ends the workers; it is called once, whatever happened.
func (s *payloadSealer) close() {
	if s.work != nil {
		close(s.work)
		s.workers.Wait()
	}
	for _, j := range append(append(s.free, s.queue...), s.job) {
		select {
		case <-j.done: // run, and never collected
		default:
		}
		clear(j.buf[:]) // an incomplete chunk is plaintext
		sealJobs.Put(j)
	}
}

// errSize is the reason why a part is not of the length announced.
var errSize = errors.New("the content is not of the size announced")

// part seals one part and returns its size. size is -1 when unknown.
func (s *payloadSealer) part(r io.Reader, size int64) (int64, error) {
	part := len(s.trees)
	s.trees = append(s.trees, tree{})
	done := int64(0)
	for size < 0 || done < size {
		want := int64(LeafSize)
		if size >= 0 {
			want = min(want, size-done)
		}
		if s.job.used+int(want) > jobPlain {
			s.start()
			if err := s.dispatch(); err != nil {
				return done, err
			}
		}
		n, err := s.fill(r, int(want))
		if n > 0 {
			s.job.leaves = append(s.job.leaves, sealLeaf{part: part, from: s.job.used - n, to: s.job.used})
		}
		done += int64(n)
		if s.total += int64(n); s.total > limits.PliSize {
			return done, refuse(ErrLimit, "parts of more than %d octets in all", int64(limits.PliSize))
		}
		if s.progress != nil {
			s.progress(s.total)
		}
		if err == io.EOF && size < 0 {
			return done, nil
		}
		if err == io.EOF {
			return done, refuse(ErrOptions, "%w: %d octets instead of %d", errSize, done, size)
		}
		if err != nil {
			return done, err
		}
	}
	if size >= 0 {
		if err := atEnd(r); err != nil {
			return done, err
		}
	}
	return done, nil
}

// atEnd checks that a reader has nothing left.
func atEnd(r io.Reader) error {
	var one [1]byte
	for range 100 {
		n, err := r.Read(one[:])
		switch {
		case n > 0:
			return refuse(ErrOptions, "%w: there is more", errSize)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// fill reads up to n octets into the job; io.EOF tells that the reader ended before n.
func (s *payloadSealer) fill(r io.Reader, n int) (int, error) {
	got, idle := 0, 0
	for got < n {
		if err := s.ctx.Err(); err != nil {
			return got, err
		}
		room := s.job.room()
		m, err := r.Read(room[:min(len(room), n-got)])
		if m < 0 || m > len(room) {
			return got, errors.New("exchange: a reader returned an impossible count")
		}
		got += m
		s.job.used += m
		if err == io.EOF && got == n {
			break // the next call meets the end again
		}
		if err != nil {
			return got, err
		}
		if m > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return got, io.ErrNoProgress
		}
	}
	return got, nil
}

// dispatch gives the job to a worker and begins the next one with the chunk that it leaves incomplete.
func (s *payloadSealer) dispatch() error {
	j := s.job
	if s.work == nil {
		j.run(s.c)
		if err := s.write(j); err != nil {
			return err
		}
		// The incomplete chunk moves to the front of the same buffer.
		rest := j.used % chunkSize
		copy(j.buf[:rest], j.buf[j.used/chunkSize*sealedChunk:])
		s.begin(j, j.first+int64(j.used/chunkSize), rest)
		return nil
	}
	if len(s.free) == 0 {
		if err := s.collect(); err != nil {
			return err
		}
	}
	next := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	rest := j.used % chunkSize
	copy(next.buf[:rest], j.buf[j.used/chunkSize*sealedChunk:])
	s.begin(next, j.first+int64(j.used/chunkSize), rest)
	s.queue = append(s.queue, j)
	s.work <- j
	return nil
}

func (s *payloadSealer) begin(j *sealJob, first int64, used int) {
	j.first, j.used, j.final, j.leaves = first, used, false, j.leaves[:0]
	s.job = j
}

// collect waits for the oldest job and writes it.
func (s *payloadSealer) collect() error {
	j := s.queue[0]
	s.queue = append(s.queue[:0], s.queue[1:]...)
	<-j.done
	s.free = append(s.free, j)
	return s.write(j)
}

func (s *payloadSealer) write(j *sealJob) error {
	for i := range j.leaves {
		s.trees[j.leaves[i].part].add(j.leaves[i].hash)
		if s.leaves%pageLeaves == 0 {
			s.index = append(s.index, new([pageLeaves]Hash))
		}
		s.index[s.leaves/pageLeaves][s.leaves%pageLeaves] = j.leaves[i].hash
		s.leaves++
	}
	return s.emit(j.sealed())
}

func (s *payloadSealer) emit(b []byte) error {
	for len(b) > 0 {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n := min(len(b), writeSize)
		if m, err := s.dst.Write(b[:n]); err != nil {
			return err
		} else if m != n {
			return io.ErrShortWrite
		}
		s.written += int64(n)
		b = b[n:]
	}
	return nil
}

// finish writes the index and the final chunk, and returns the hashes of the parts.
func (s *payloadSealer) finish() ([]Hash, error) {
	// The hashes of the last leaves are known when their jobs are done.
	if err := s.dispatch(); err != nil {
		return nil, err
	}
	for len(s.queue) > 0 {
		if err := s.collect(); err != nil {
			return nil, err
		}
	}
	for i := range s.leaves {
		hash := s.index[i/pageLeaves][i%pageLeaves][:]
		for len(hash) > 0 {
			n := copy(s.job.room(), hash)
			s.job.used += n
			hash = hash[n:]
		}
		if s.job.used > jobPlain-chunkSize {
			if err := s.dispatch(); err != nil {
				return nil, err
			}
		}
	}
	s.job.final = true
	s.job.run(s.c)
	for len(s.queue) > 0 {
		if err := s.collect(); err != nil {
			return nil, err
		}
	}
	if err := s.write(s.job); err != nil {
		return nil, err
	}
	roots := make([]Hash, len(s.trees))
	for i := range s.trees {
		roots[i] = s.trees[i].root()
	}
	return roots, nil
}
