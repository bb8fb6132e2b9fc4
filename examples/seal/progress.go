package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// large is the size from which a terminal gets a progress bar.
const large = 16 << 20

// progress returns a function that draws a bar on stderr, and one that ends it. Both do nothing when stderr is not a terminal or
// the work is short.
func (c *command) progress(what string, total int64) (update func(done int64), end func()) {
	f, ok := c.err.(*os.File)
	if total < large || !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int64) {}, func() {}
	}
	var last time.Time
	begun := time.Now()
	draw := func(done int64) {
		if now := time.Now(); now.Sub(last) >= 100*time.Millisecond || done == total {
			last = now
			io.WriteString(f, "\r"+bar(what, done, total, now.Sub(begun)))
		}
	}
	return draw, func() { io.WriteString(f, "\n") }
}

// bar is one line of progress: what, how much, how fast.
func bar(what string, done, total int64, elapsed time.Duration) string {
	const width = 30
	full := int(min(done, total) * width / max(total, 1))
	rate := float64(done) / (1 << 20) / max(elapsed.Seconds(), 0.001)
	return fmt.Sprintf("%-8s [%s%s] %3d %%  %.0f MiB/s ", what, strings.Repeat("=", full), strings.Repeat(" ", width-full),
		min(done, total)*100/max(total, 1), rate)
}
